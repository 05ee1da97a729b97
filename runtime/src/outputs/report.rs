//! The reporter: a mailbox that all threads of a run put events into, and the thread that feeds the outputs.
//!
//! Whoever puts something in never waits. Under load the mailbox is bounded; what it does not take is counted, and said at
//! the end.

use super::json::JsonLines;
use super::mailbox::{Bounded, Received, Receiver, Sender, answer, mailbox};
use super::summary::TextSummary;
use super::text::{Paint, TextLines};
use super::writer::LineWriter;
use super::{Conclusion, Format, Output, RunDescription};
use crate::event::{Event, EventSink, LogLevel, ResourceEvent};
use crate::exit::Exit;
use crate::judgement::{Judgement, OnFail, Watch};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// Events that may wait under load.
const WAITING: usize = 4096;
/// How long a run that is left at once waits for whoever reads its lines.
const WHEN_LEFT: Duration = Duration::from_secs(1);

/// Where events go. Shared by all threads; nothing on the way of a request under load says anything.
#[derive(Debug)]
pub struct Report {
    level: LogLevel,
    mailbox: Sender<Message>,
}

/// What the reporter is told.
enum Message {
    Begins(RunDescription),
    ClockStarts(Box<Watch>),
    Event(Event),
    Stops,
    Stopped(Stopped, Sender<Judgement>),
    Ends {
        exit: Exit,
        left: bool,
        done: Sender<()>,
    },
    Flush(Sender<()>),
}

/// When a run stopped, since its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    /// No iteration could begin any more.
    pub begins_until: Duration,
    /// And none was running.
    pub at: Duration,
}

impl Report {
    /// Says events up to `level`.
    ///
    /// # Errors
    /// The system has no threads for it.
    pub fn new(format: Format, level: LogLevel, out: Box<dyn Write + Send>) -> io::Result<Self> {
        let lines = LineWriter::start(out)?;
        let mut outputs: Vec<Box<dyn Output>> = Vec::new();
        match format {
            Format::Text { colour } => {
                let paint = Paint(colour);
                outputs.push(Box::new(TextLines::new(lines.clone(), level, paint)));
                outputs.push(Box::new(TextSummary::new(lines.clone(), level, paint)));
            }
            Format::Json => outputs.push(Box::new(JsonLines::new(lines.clone(), level))),
        }
        Self::of(level, outputs, lines)
    }

    /// Feeds `outputs`, whose lines go to `lines`.
    pub(super) fn of(
        level: LogLevel,
        outputs: Vec<Box<dyn Output>>,
        lines: LineWriter,
    ) -> io::Result<Self> {
        let (mailbox, messages) = mailbox(WAITING);
        let reporter = Reporter {
            outputs,
            lines,
            logged: BTreeSet::new(),
            description: None,
            measured: None,
        };
        std::thread::Builder::new()
            .name("report".to_owned())
            .spawn(move || reporter.work(&messages))?;
        Ok(Self { level, mailbox })
    }

    /// On stderr.
    ///
    /// # Errors
    /// The system has no threads for it.
    pub fn stderr(format: Format, level: LogLevel) -> io::Result<Self> {
        Self::new(format, level, Box::new(io::stderr()))
    }

    /// The run begins.
    pub(crate) fn begins(&self, run: RunDescription) {
        if !run.functional {
            self.mailbox.bounded(Bounded::Yes);
        }
        self.mailbox.send(Message::Begins(run));
    }

    /// Iterations may begin: from now on the counts are read each second, if it is a load run.
    pub(crate) fn clock_starts(&self, watch: Watch) {
        self.mailbox.send(Message::ClockStarts(Box::new(watch)));
    }

    /// The run is stopped before its time: no iteration begins any more.
    pub(crate) fn stops(&self) {
        self.mailbox.send(Message::Stops);
    }

    /// All workers are done: takes what is left to read, and returns what the figures come to; `None` when the reporter is gone,
    /// which only a panic does.
    pub(crate) fn stopped(&self, stopped: Stopped) -> Option<Judgement> {
        self.mailbox.bounded(Bounded::No);
        let (sender, judgement) = answer();
        self.mailbox.send(Message::Stopped(stopped, sender));
        match judgement.receive(None) {
            Received::Item(judgement) => Some(judgement),
            Received::Nothing | Received::Closed => None,
        }
    }

    /// Has the end told, and waits until everything is written.
    pub(crate) fn ends(&self, exit: Exit, left: bool) {
        let (done, written) = answer();
        self.mailbox.send(Message::Ends { exit, left, done });
        let latest = left.then(|| Instant::now() + WHEN_LEFT);
        // If the reporter is gone, nothing more will be written.
        let _ = written.receive(latest);
    }

    /// Waits until all that was told before is written.
    pub fn flush(&self) {
        let (done, written) = answer();
        self.mailbox.send(Message::Flush(done));
        // If the reporter is gone, nothing more will be written.
        let _ = written.receive(None);
    }

    /// Something looks wrong.
    pub fn warn(&self, text: &str) {
        self.tell(Event::Message(LogLevel::Warn, text.to_owned()));
    }

    /// Something is wrong.
    pub fn error(&self, text: &str) {
        self.tell(Event::Message(LogLevel::Error, text.to_owned()));
    }
}

impl EventSink for Report {
    fn tell(&self, event: Event) {
        // The summary has an example of each check that failed, at every level.
        if event.level() <= self.level || matches!(event, Event::Check(_)) {
            self.mailbox.offer(Message::Event(event));
        }
    }
}

/// What the reporter's thread works on.
struct Reporter {
    outputs: Vec<Box<dyn Output>>,
    lines: LineWriter,
    /// Failures already logged of any thread, by step or resource and kind.
    logged: BTreeSet<(usize, u32, &'static str)>,
    description: Option<RunDescription>,
    measured: Option<Measured>,
}

/// A run whose clock has started.
struct Measured {
    watch: Watch,
    begins_for: Duration,
}

impl Reporter {
    /// Ends when nobody can tell it anything any more.
    fn work(mut self, messages: &Receiver<Message>) {
        loop {
            let received = match self.next_second() {
                // A second that is over goes before what is told.
                Some(due) if due <= Instant::now() => Received::Nothing,
                due => messages.receive(due),
            };
            match received {
                Received::Item(message) => self.take(message, messages),
                Received::Nothing => self.second_is_over(),
                Received::Closed => return,
            }
        }
    }

    fn take(&mut self, message: Message, messages: &Receiver<Message>) {
        match message {
            Message::Begins(description) => self.begins(description),
            Message::ClockStarts(watch) => self.clock_starts(*watch),
            Message::Event(event) => {
                if self.is_first(&event) {
                    self.tell(&event);
                }
            }
            Message::Stops => {
                if let Some(run) = &mut self.measured {
                    run.watch.stops();
                }
            }
            Message::Stopped(stopped, judgement) => judgement.send(self.stopped(stopped)),
            Message::Ends { exit, left, done } => {
                self.ends(exit, left, messages.lost());
                self.lines.flush(done);
            }
            Message::Flush(done) => self.lines.flush(done),
        }
    }

    /// When the next second is over.
    fn next_second(&self) -> Option<Instant> {
        self.measured.as_ref()?.watch.due()
    }

    fn begins(&mut self, description: RunDescription) {
        if !description.functional {
            self.lines.bounded(Bounded::Yes);
        }
        for output in &mut self.outputs {
            output.begins(&description);
        }
        self.description = Some(description);
    }

    fn clock_starts(&mut self, watch: Watch) {
        self.measured = Some(Measured {
            watch,
            begins_for: Duration::ZERO,
        });
    }

    fn tell(&mut self, event: &Event) {
        for output in &mut self.outputs {
            output.event(event);
        }
    }

    /// Whether no thread told this failure before. (Under load each thread tells it once.)
    fn is_first(&mut self, event: &Event) -> bool {
        let key = match event {
            Event::FirstFailure(end) => end.fault.as_ref().map(|fault| {
                (
                    std::ptr::from_ref(end.info).addr(),
                    end.scenario,
                    fault.kind(),
                )
            }),
            Event::Resource(info, ResourceEvent::CreateFailed { fault }) => {
                Some((std::ptr::from_ref(*info).addr(), 0, fault.kind()))
            }
            // In a functional run each failure is told.
            Event::Check(check) if self.description.as_ref().is_some_and(|run| !run.functional) => {
                Some((std::ptr::from_ref(check.check).addr(), check.scenario, ""))
            }
            _ => None,
        };
        key.is_none_or(|key| self.logged.insert(key))
    }

    fn second_is_over(&mut self) {
        let Some(run) = &mut self.measured else {
            return;
        };
        let Some(second) = run.watch.read() else {
            return;
        };
        for output in &mut self.outputs {
            output.second(&second);
        }
        // That one ends the run is said by whoever ends it.
        let breaks = second
            .judged
            .iter()
            .filter(|one| one.broken_at == Some(second.number) && one.on_fail != OnFail::Abort);
        let texts = breaks.map(|one| format!("threshold {} is broken", one.name));
        for text in texts.collect::<Vec<_>>() {
            self.tell(&Event::Message(LogLevel::Warn, text));
        }
    }

    fn stopped(&mut self, stopped: Stopped) -> Judgement {
        let Some(run) = &mut self.measured else {
            return Judgement::default();
        };
        run.begins_for = stopped.begins_until.min(stopped.at);
        if let Some(second) = run.watch.stop(stopped.at, run.begins_for) {
            for output in &mut self.outputs {
                output.second(&second);
            }
        }
        self.lines.bounded(Bounded::No);
        run.watch.judgement()
    }

    fn ends(&mut self, exit: Exit, left: bool, lost: u64) {
        let lost = lost + self.lines.lost();
        if lost > 0 {
            let text = format!(
                "{lost} lines were left out: whoever reads stderr was slower than they came"
            );
            self.tell(&Event::Message(LogLevel::Warn, text));
        }
        let (Some(description), Some(run)) = (&self.description, &self.measured) else {
            return;
        };
        let conclusion = Conclusion {
            run: description,
            total: run.watch.total(),
            begins_for: run.begins_for,
            verdicts: run.watch.verdicts(),
            fell_behind: run.watch.fell_behind(),
            exit,
            left,
        };
        for output in &mut self.outputs {
            output.ends(run.watch.layout(), &conclusion);
        }
    }
}
