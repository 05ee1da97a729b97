//! The reporter: slow readers, what is lost, and a reporter that is gone.

use super::*;

/// A pipe that takes nothing until its gate is dropped.
struct Blocked {
    gate: Receiver<()>,
    written: Written,
}

impl Write for Blocked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Ends with an error when the gate is dropped.
        let _ = self.gate.recv();
        self.written.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn blocked() -> (Report, Sender<()>, Written) {
    let ((open, gate), written) = (channel(), Written::default());
    let out = Blocked {
        gate,
        written: written.clone(),
    };
    let report = Report::new(Format::Json, LogLevel::Debug, Box::new(out)).unwrap();
    (report, open, written)
}

#[test]
fn a_pipe_that_takes_nothing_holds_up_neither_who_tells_nor_the_figures_and_nothing_is_lost() {
    let (report, open, written) = blocked();
    let (collector, recorder, _) = bench();
    report.begins(run_of(Schedule::ONCE));
    report.clock_starts(Watch::at_the_end(collector, no_thresholds()));
    for user in 0..10_000 {
        let mut end = ended(&STEPS[0], Instance::None, StepOutcome::Passed, None);
        end.user = user;
        report.tell(Event::Step(end));
    }
    iteration(&recorder, None, Duration::from_millis(1));
    // Answers though not one byte was written.
    assert!(!report.stopped(STOPPED).unwrap().nothing_ended);
    assert_eq!(written.text(), "");
    drop(open);
    report.ends(Exit::Passed, false);
    let steps = lines(&written, "step");
    let users: Vec<u64> = steps
        .iter()
        .map(|step| step["vu"].as_u64().unwrap())
        .collect();
    assert_eq!(users, (0..10_000).collect::<Vec<u64>>());
    assert!(lines(&written, "warning").is_empty());
    assert!(
        written
            .text()
            .lines()
            .last()
            .unwrap()
            .contains("\"summary\"")
    );
}

#[test]
fn what_a_load_run_could_not_write_is_counted_and_said_at_its_end() {
    let (report, open, written) = blocked();
    let (collector, recorder, _) = bench();
    report.begins(run_of(Schedule::lasting(1, Duration::from_secs(1))));
    report.clock_starts(watch(collector));
    for _ in 0..20_000 {
        report.tell(Event::Message(LogLevel::Info, "again".to_owned()));
    }
    iteration(&recorder, None, Duration::from_millis(1));
    assert!(!report.stopped(STOPPED).unwrap().nothing_ended);
    drop(open);
    report.ends(Exit::Passed, false);
    let warning = lines(&written, "warning").remove(0);
    let said = warning["text"].as_str().unwrap();
    let lost: usize = said.split(' ').next().unwrap().parse().unwrap();
    assert!(lost > 0);
    // The last interval may be among what had no room.
    let there = lines(&written, "info").len() + lines(&written, "interval").len();
    assert!(
        (20_000..=20_001).contains(&(there + lost)),
        "{there} and {lost}"
    );
    assert_eq!(lines(&written, "summary").len(), 1);
}

/// An output with a bug.
struct Panics;

impl Output for Panics {
    fn begins(&mut self, _: &RunDescription) {
        panic!("an output has a bug");
    }
    fn event(&mut self, _: &Event) {}
    fn second(&mut self, _: &Second<'_>) {}
    fn ends(&mut self, _: &Conclusion<'_>) {}
}

#[test]
fn a_reporter_that_panicked_has_no_figures_and_nobody_waits_for_it() {
    let lines = writer::LineWriter::start(Box::new(std::io::sink()), || 80).unwrap();
    let report = Report::of(LogLevel::Info, vec![Box::new(Panics)], lines).unwrap();
    report.begins(run_of(Schedule::ONCE));
    assert!(report.stopped(STOPPED).is_none());
    report.ends(Exit::Bug, false);
}
