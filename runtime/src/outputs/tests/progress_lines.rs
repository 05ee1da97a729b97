//! Lines of progress on a terminal and elsewhere.

use super::*;

/// Intervals of `count` seconds in each of which so many iterations passed, as slow as their number in milliseconds.
fn feed(output: &mut dyn Output, seconds: std::ops::RangeInclusive<u64>, each: u64) {
    let (mut collector, recorder, _) = bench();
    for second in seconds {
        for _ in 0..each {
            iteration(&recorder, None, Duration::from_millis(second));
        }
        let interval = collector.take(Duration::from_millis(second * 1_000 + second % 7));
        output.second(&Second {
            number: u32::try_from(second).unwrap(),
            layout: collector.layout(),
            interval: &interval,
            judged: &[],
            tried: None,
        });
    }
}

fn ended_of(run: &RunDescription) -> impl FnOnce(&mut dyn Output) {
    let described = run.described();
    move |output| {
        output.ends(&Conclusion {
            described: &described,
            figures: &Figures::new(
                &Layout::default(),
                &Interval::default(),
                (&described, Duration::ZERO),
            ),
            verdicts: &[],
            searches: &[],
            fell_behind: None,
            failed_here: None,
            examples: &Examples::default(),
            exit: Exit::Passed,
            left: false,
        });
    }
}

/// All that is written once `lines` has written it.
fn flushed(lines: &writer::LineWriter, written: &Written) -> String {
    let (done, all) = mailbox::answer();
    lines.flush(done);
    let _ = all.receive(None);
    written.text()
}

#[test]
fn a_plain_line_comes_every_ten_seconds_and_is_over_the_last_ten() {
    let written = Written::default();
    let lines = writer::LineWriter::start(Box::new(written.clone()), || 80).unwrap();
    let mut progress = progress::ProgressLines::new(lines.clone(), Progress::Plain);
    progress.begins(&open_run(30, 60));
    feed(&mut progress, 1..=35, 25);
    let text = flushed(&lines, &written);
    assert_eq!(
        text,
        "10.0s of 1m00s  25.0/s of 30.1/s  failed 0  p95 10.0ms  users 0  iterations 250\n\
         20.0s of 1m00s  25.0/s of 30.0/s  failed 0  p95 20.0ms  users 0  iterations 500\n\
         30.0s of 1m00s  25.0/s of 30.0/s  failed 0  p95 30.0ms  users 0  iterations 750\n"
    );
}

#[test]
fn what_was_asked_stands_only_beside_what_became_of_it() {
    let written = Written::default();
    let lines = writer::LineWriter::start(Box::new(written.clone()), || 80).unwrap();
    let mut progress = progress::ProgressLines::new(lines.clone(), Progress::Plain);
    let mut run = open_run(30, 60);
    run.loads
        .extend(run_of(Schedule::lasting(2, Duration::from_secs(60))).loads);
    progress.begins(&run);
    feed(&mut progress, 1..=10, 25);
    assert_eq!(
        flushed(&lines, &written),
        "10.0s of 1m00s  25.0/s  failed 0  p95 10.0ms  users 0  iterations 250\n"
    );
}

#[test]
fn a_line_that_is_drawn_again_breaks_no_other_line_and_is_gone_at_the_end() {
    let written = Written::default();
    let lines = writer::LineWriter::start(Box::new(written.clone()), || 41).unwrap();
    let mut progress = progress::ProgressLines::new(lines.clone(), Progress::Bar);
    let run = run_of(Schedule::lasting(2, Duration::from_secs(10)));
    progress.begins(&run);
    feed(&mut progress, 1..=1, 5);
    let _ = flushed(&lines, &written);
    lines.put("a warning\n".to_owned());
    feed(&mut progress, 2..=2, 5);
    let _ = flushed(&lines, &written);
    ended_of(&run)(&mut progress);
    lines.put("the summary\n".to_owned());
    let text = flushed(&lines, &written);
    let (first, second) = (
        "[#               ] 1.00s of 10.0s  5.0/s",
        "[###             ] 2.00s of 10.0s  5.0/s",
    );
    assert_eq!(
        text,
        format!("\r\x1b[K{first}\r\x1b[Ka warning\n{first}\r\x1b[K{second}\r\x1b[Kthe summary\n")
    );
}
