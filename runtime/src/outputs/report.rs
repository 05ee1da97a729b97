//! The reporter: a mailbox that all threads of a run put events into, and the thread that feeds the outputs.
//!
//! Whoever puts something in never waits. Under load the mailbox is bounded; what it does not take is counted, and said at
//! the end.

use super::json::JsonLines;
use super::mailbox::{Bounded, Received, Receiver, Sender, answer, mailbox};
use super::progress::{Progress, ProgressLines};
use super::step_names::StepNames;
use super::summary::TextSummary;
use super::terminal;
use super::text::{TextLines, described};
use super::writer::LineWriter;
use super::{Conclusion, Format, Output, RunDescription};
use crate::event::{Event, EventSink, LogLevel, ResourceEvent};
use crate::exit::Exit;
use crate::judgement::{Judgement, OnFail, Watch};
use crate::memory;
use bggo_metrics::report::{Examples, Figures, Paint, Percentiles, checks};
use bggo_values::{OrderedPairs, Text};
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

/// How a report looks on stderr.
#[derive(Debug, Clone)]
pub struct Style {
    /// Lines for people, or for programs.
    pub format: Format,
    /// The least important lines that are written.
    pub level: LogLevel,
    /// How the progress of a load run is shown, in lines for people.
    pub progress: Progress,
    /// Columns of the summary.
    pub percentiles: Percentiles,
}

impl Style {
    /// Of this format and level; no progress is shown.
    pub fn new(format: Format, level: LogLevel) -> Self {
        Self {
            format,
            level,
            progress: Progress::None,
            percentiles: Percentiles::default(),
        }
    }
}

/// What the reporter is told.
enum Message {
    Also(Vec<Box<dyn Output>>),
    Begins(RunDescription),
    ClockStarts(Box<Watch>),
    Event(Event),
    Stops,
    Stopped(Stopped, Sender<Judgement>),
    /// Answered with the exit code, and when everything is written.
    Ends(Ends, Sender<Exit>, Sender<()>),
    Flush(Sender<()>),
}

/// How a run ends, as far as the control thread knows.
#[derive(Debug, Clone, Copy)]
struct Ends {
    exit: Exit,
    left: bool,
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
    /// Says events up to `level` on `out`, without progress.
    ///
    /// # Errors
    /// The system has no threads for it.
    #[cfg(test)]
    pub fn new(format: Format, level: LogLevel, out: Box<dyn Write + Send>) -> io::Result<Self> {
        Self::styled(Style::new(format, level), out, || 80)
    }

    /// Says events on `out`, a screen whose number of columns `width` asks for.
    ///
    /// # Errors
    /// The system has no threads for it.
    pub fn styled(
        style: Style,
        out: Box<dyn Write + Send>,
        width: fn() -> usize,
    ) -> io::Result<Self> {
        let lines = LineWriter::start(out, width)?;
        let mut outputs: Vec<Box<dyn Output>> = Vec::new();
        let level = style.level;
        match style.format {
            Format::Text { colour } => {
                let paint = Paint(colour);
                outputs.push(Box::new(TextLines::new(lines.clone(), level, paint)));
                if style.progress != Progress::None && LogLevel::Info <= level {
                    let progress = ProgressLines::new(lines.clone(), style.progress);
                    outputs.push(Box::new(progress));
                }
                let looks = (paint, style.percentiles);
                outputs.push(Box::new(TextSummary::new(lines.clone(), level, looks)));
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
            logged: OrderedPairs::default(),
            examples: Examples::default(),
            is_whole: true,
            description: None,
            names: StepNames::default(),
            measured: None,
        };
        std::thread::Builder::new()
            .name("report".to_owned())
            .spawn(move || reporter.work(&messages))?;
        Ok(Self { level, mailbox })
    }

    /// Says events up to `level` on stderr, without progress.
    ///
    /// # Errors
    /// The system has no threads for it.
    pub fn stderr(format: Format, level: LogLevel) -> io::Result<Self> {
        Self::on_stderr(Style::new(format, level))
    }

    /// The same in a style.
    ///
    /// # Errors
    /// The system has no threads for it.
    pub fn on_stderr(style: Style) -> io::Result<Self> {
        Self::styled(style, Box::new(io::stderr()), columns)
    }

    /// Feeds further outputs from now on. They are told of an end before those on stderr, which tell of their troubles.
    pub fn also(&self, outputs: Vec<Box<dyn Output>>) {
        self.mailbox.send(Message::Also(outputs));
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

    /// Has the end told, and waits until everything is written. Returns the exit code, which is another one if a file could
    /// not be written.
    pub(crate) fn ends(&self, exit: Exit, left: bool) -> Exit {
        let (done, written) = answer();
        let (sender, exits) = answer();
        let ends = Ends { exit, left };
        self.mailbox.send(Message::Ends(ends, sender, done));
        let latest = left.then(|| Instant::now() + WHEN_LEFT);
        // If the reporter is gone, nothing more will be written.
        let exit = match exits.receive(latest) {
            Received::Item(exit) => exit,
            Received::Nothing | Received::Closed => exit,
        };
        let _ = written.receive(latest);
        exit
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
        // The text of a first failure and of a check is kept for the summary, whatever is written now.
        let is_kept = matches!(event, Event::FirstFailure(_) | Event::Check(_));
        if is_kept || event.level() <= self.level {
            self.mailbox.offer(Message::Event(event));
        }
    }
}

/// What the reporter's thread works on.
struct Reporter {
    outputs: Vec<Box<dyn Output>>,
    lines: LineWriter,
    /// Failures already logged of any thread, by the name of a step or resource and kind.
    logged: OrderedPairs<(String, Text), ()>,
    /// A text of each of them.
    examples: Examples,
    /// No output has had any trouble.
    is_whole: bool,
    description: Option<RunDescription>,
    names: StepNames,
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
            Message::Also(outputs) => {
                let on_stderr = std::mem::replace(&mut self.outputs, outputs);
                self.outputs.extend(on_stderr);
            }
            Message::Event(event) => {
                if self.is_first(&event) {
                    self.keep_example(&event);
                    self.tell(&event);
                }
            }
            Message::Stops => {
                if let Some(run) = &mut self.measured {
                    run.watch.stops();
                }
            }
            Message::Stopped(stopped, judgement) => judgement.send(self.stopped(stopped)),
            Message::Ends(ends, exit, done) => {
                exit.send(self.ends(ends, messages.lost()));
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
            memory::keep();
        }
        for output in &mut self.outputs {
            output.begins(&description);
        }
        self.names = StepNames::new(&description);
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
            Event::FirstFailure(end) => {
                let fault = end.fault.as_ref();
                fault.map(|fault| (self.names.row(end), Text::Static(fault.kind())))
            }
            Event::Resource(info, ResourceEvent::CreateFailed { fault }) => {
                let name = format!("resource.{info}");
                Some((name, Text::Static(fault.kind())))
            }
            // In a functional run each failure is told.
            Event::Check(check) if self.description.as_ref().is_some_and(|run| !run.functional) => {
                let name = format!("check.{}", self.names.row(check));
                Some((name, Text::Static(check.check.name())))
            }
            _ => None,
        };
        key.is_none_or(|key| self.logged.insert_new(key, || ()))
    }

    /// Keeps the text of a failure for the summary.
    fn keep_example(&mut self, event: &Event) {
        if let Event::Check(check) = event {
            let key = [&self.names.row(check), check.check.name()];
            self.examples.keep_check(key, (&check.text, &check.place));
        }
        let (Event::Step(end) | Event::FirstFailure(end)) = event else {
            return;
        };
        let Some(fault) = &end.fault else { return };
        let text = described(fault, end.info.place(), end.info.sensitivity());
        // Its kind is told beside it.
        let text = text
            .strip_prefix(&format!("{}: ", fault.kind()))
            .unwrap_or(&text);
        let row = self.names.row(end);
        let kind = || Text::Static(fault.kind());
        match end.exchanges.last() {
            Some(exchange) => {
                let text = format!("{text}; {}", exchange.short());
                self.examples.keep(&row, kind(), &text);
                let sides = (exchange.sent.as_str(), exchange.received.as_deref());
                self.examples.keep_exchange(&row, kind(), sides);
            }
            None => self.examples.keep(&row, kind(), text),
        }
    }

    /// The exit code when what happened here counts as well.
    fn exit(&self, exit: Exit) -> Exit {
        match exit {
            Exit::Passed | Exit::TeardownFailed if !self.is_whole => Exit::OutputFailed,
            exit => exit,
        }
    }

    /// Tells of what went wrong with outputs, if anything did.
    fn tell_troubles(&mut self) {
        let troubles = self.outputs.iter_mut();
        let troubles: Vec<String> = troubles.filter_map(|output| output.trouble()).collect();
        for text in troubles {
            self.is_whole = false;
            self.tell(&Event::Message(LogLevel::Error, text));
        }
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
        let texts = breaks.map(|one| {
            let text = format!("threshold {} is broken", one.name);
            (LogLevel::Warn, text)
        });
        let mut texts: Vec<(LogLevel, String)> = texts.collect();
        let said = run.watch.take_said().into_iter();
        texts.extend(said.map(|text| (LogLevel::Info, text)));
        for (level, text) in texts {
            self.tell(&Event::Message(level, text));
        }
        self.tell_troubles();
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

    /// The exit code that the run has with what happened here.
    fn ends(&mut self, ends: Ends, lost: u64) -> Exit {
        let lost = lost + self.lines.lost();
        if lost > 0 {
            let text = format!(
                "{lost} lines were left out: whoever reads stderr was slower than they came"
            );
            self.tell(&Event::Message(LogLevel::Warn, text));
        }
        let (Some(description), Some(run)) = (self.description.take(), self.measured.take()) else {
            return ends.exit;
        };
        let described = description.described();
        let began = (&described, run.begins_for);
        let mut figures = Figures::new(run.watch.layout(), run.watch.total(), began);
        checks::fill(&mut figures.checks, &self.examples);
        figures.host_lacked = run.watch.host_lacked();
        let mut exit = ends.exit;
        let searches = run.watch.searched();
        let failed_here = run.watch.failed_here();
        // Those on stderr come last, so they tell of what went wrong with the files.
        for index in 0..self.outputs.len() {
            let conclusion = Conclusion {
                described: &described,
                figures: &figures,
                verdicts: run.watch.verdicts(),
                searches: &searches,
                fell_behind: run.watch.fell_behind(),
                failed_here: failed_here.as_ref(),
                examples: &self.examples,
                exit,
                left: ends.left,
            };
            if let Some(output) = self.outputs.get_mut(index) {
                output.ends(&conclusion);
            }
            self.tell_troubles();
            exit = self.exit(exit);
        }
        exit
    }
}

/// Columns of the terminal on stderr.
fn columns() -> usize {
    terminal::columns(&io::stderr()).unwrap_or(80)
}
