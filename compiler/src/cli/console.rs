//! What people see: problems, faults, progress. Results go to standard output, everything else to standard error.

use super::exit::Exit;
use crate::diagnostics::render::{self, Colour};
use crate::diagnostics::{Problem, Problems, Severity};
use crate::link::{Event, FaultCause, LinkFault};
use crate::source::Sources;
use bggo_metrics::report::Paint;
use serde::Serialize;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::panic;

/// The two streams.
#[derive(Debug)]
pub struct Console {
    /// Standard error gets a JSON object a line, as a program's does with `--log-format json`.
    json: bool,
    /// Whether standard error is a terminal.
    terminal: bool,
    colour: Colour,
    /// A line of progress stands on the terminal.
    line: bool,
    /// Crates that were compiled already when this build began.
    fresh: Option<u32>,
    /// Quarters of the build that were announced where there is no terminal.
    quarter: u32,
    /// The last event was a wait for another build, and people were told.
    waiting: bool,
}

impl Console {
    /// The console of this process.
    pub fn new() -> Self {
        let terminal = io::stderr().is_terminal();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = if terminal && !plain {
            Colour::Always
        } else {
            Colour::Never
        };
        Self {
            json: false,
            terminal,
            colour,
            line: false,
            fresh: None,
            quarter: 0,
            waiting: false,
        }
    }

    /// From now on standard error gets JSON lines.
    pub fn use_json_lines(&mut self) {
        self.json = true;
        self.terminal = false;
    }

    /// A result, to standard output, as it is.
    pub fn result(&mut self, text: &str) -> Exit {
        match io::stdout()
            .write_all(text.as_bytes())
            .and_then(|()| io::stdout().flush())
        {
            // `bggo graph x | head` is no failure.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                self.fault("cannot write to standard output", &error.to_string());
                Exit::Failed
            }
            _ => Exit::Done,
        }
    }

    /// Colours of a result.
    pub fn paint(&self) -> Paint {
        Paint(self.colour == Colour::Always && io::stdout().is_terminal())
    }

    /// A line for people.
    pub fn say(&mut self, text: impl Display) {
        self.clear();
        if self.json {
            return Line::new("info", text.to_string().trim()).put();
        }
        put(&format!("{text}\n"));
    }

    /// Something that looks wrong, and is about no grid.
    pub fn warn(&mut self, text: impl Display) {
        self.clear();
        if self.json {
            return Line::new("warning", text.to_string().trim()).put();
        }
        let (yellow, plain) = match self.colour {
            Colour::Always => ("\x1b[33m", "\x1b[0m"),
            Colour::Never => ("", ""),
        };
        put(&format!("{yellow}warning{plain}: {text}\n"));
    }

    /// An error that is about no grid.
    pub fn fault(&mut self, text: &str, hint: &str) {
        self.clear();
        if self.json {
            return Line {
                help: Some(hint).filter(|hint| !hint.is_empty()),
                ..Line::new("error", text)
            }
            .put();
        }
        let (red, plain) = self.red();
        put(&format!("{red}error{plain}: {text}\n"));
        if !hint.is_empty() {
            put(&format!("  help: {hint}\n"));
        }
    }

    /// The problems of a grid.
    pub fn problems(&mut self, problems: &Problems, sources: &Sources) {
        self.clear();
        if self.json {
            for problem in &problems.list {
                Line::of(problem, sources).put();
            }
            return;
        }
        put(&render::problems(problems, sources, self.colour));
        let total = render::total(problems, sources);
        if !total.is_empty() {
            put(&format!("{total}\n"));
        }
        if let Some(first) = problems.list.first() {
            let is_one = problems.list.iter().all(|other| other.code == first.code);
            let code = if is_one { first.code.0 } else { "CODE" };
            // Codes about files have a page without grids, so no more is promised.
            put(&format!("help: `bggo explain {code}` says more\n"));
        }
    }

    /// A build that failed.
    pub fn link_fault(&mut self, fault: &LinkFault) -> Exit {
        self.clear();
        let details = Some(fault.details.trim_end()).filter(|details| !details.is_empty());
        if self.json {
            Line {
                help: Some(fault.hint.as_str()).filter(|hint| !hint.is_empty()),
                details,
                ..Line::new("error", &fault.text)
            }
            .put();
        } else {
            if let Some(details) = details {
                put(&format!("{details}\n\n"));
            }
            self.fault(&fault.text, &fault.hint);
        }
        match fault.cause {
            FaultCause::Usage => Exit::Usage,
            FaultCause::Machine => Exit::Failed,
            FaultCause::Bug => Exit::Bug,
        }
    }

    /// What a build is doing: one changing line on a terminal, a few lines elsewhere.
    pub fn progress(&mut self, event: Event<'_>) {
        let news = self.is_news(&event);
        match event {
            Event::Waiting if news => self.say("another build is running; waiting for it"),
            Event::Waiting => {}
            Event::First => self.say("first build: the runtime and the modules are compiled, once; this takes a minute or two"),
            Event::FirstMax => self.say("first build with `--profile max`: everything is compiled again, once; this takes some minutes"),
            Event::Fetching if self.terminal => self.update("downloading crates"),
            Event::Fetching => {}
            Event::Compiling { done, total, name } if self.terminal => self.update(&format!("compiling {done}/{total} {name}")),
            Event::Compiling { done, total, .. } => self.quarters(done, total),
        }
    }

    /// Whether the event is shown: cargo may wait for several locks in turn, and people see one wait.
    fn is_news(&mut self, event: &Event<'_>) -> bool {
        let waiting = matches!(event, Event::Waiting);
        !(std::mem::replace(&mut self.waiting, waiting) && waiting)
    }

    /// Shows a line for each quarter of the crates that were to be compiled; none when there are few.
    fn quarters(&mut self, done: u32, total: u32) {
        let fresh = *self.fresh.get_or_insert(done);
        let open = total.saturating_sub(fresh);
        let quarter = (done.saturating_sub(fresh) * 4)
            .checked_div(open)
            .unwrap_or(4);
        if open >= 20 && quarter > self.quarter && quarter < 4 {
            self.quarter = quarter;
            self.say(format_args!("compiled {done} of {total} crates"));
        }
    }

    /// Clears the line of progress.
    pub fn clear(&mut self) {
        if std::mem::take(&mut self.line) {
            put("\r\x1b[2K");
        }
    }

    fn update(&mut self, text: &str) {
        self.line = true;
        put(&format!("\r\x1b[2K{text}"));
    }

    fn red(&self) -> (&'static str, &'static str) {
        match self.colour {
            Colour::Always => ("\x1b[1;31m", "\x1b[0m"),
            Colour::Never => ("", ""),
        }
    }
}

/// A line of JSON: the fields of a program's `error`, `warning` and `info`, and some that only bggo has.
#[derive(Serialize)]
struct Line<'a> {
    event: &'static str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a str>,
}

impl<'a> Line<'a> {
    fn new(event: &'static str, text: &'a str) -> Self {
        Self {
            event,
            text,
            code: None,
            place: None,
            help: None,
            details: None,
        }
    }

    fn of(problem: &'a Problem, sources: &Sources) -> Self {
        let event = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let place = problem.span.map(|span| {
            let (file, line, column) = sources.place(span);
            format!("{file}:{line}:{column}")
        });
        Self {
            code: Some(problem.code.0),
            place,
            help: problem.hint.as_deref(),
            ..Self::new(event, &problem.text)
        }
    }

    fn put(&self) {
        // Plain texts always serialise.
        put(&format!(
            "{}\n",
            serde_json::to_string(self).unwrap_or_default()
        ));
    }
}

/// How many warnings there are.
pub fn warnings(problems: &Problems) -> usize {
    problems
        .list
        .iter()
        .filter(|problem| problem.severity == Severity::Warning)
        .count()
}

/// Makes a panic say that it is a bug, and what to do.
pub fn report_panics() {
    panic::set_hook(Box::new(|panicked| {
        put(&format!(
            "error: this is a bug in bggo: {panicked}\n  help: please report it with the grid that caused it (bggo {})\n",
            env!("BGGO_BUILD_ID")
        ));
    }));
}

/// If standard error is closed, nobody can be told.
fn put(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// A size for people: `7.1 MB`.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_in_units_of_a_thousand() {
        let shown = [0, 999, 1_840, 7_123_456, 1_234_567_890].map(size);
        assert_eq!(shown, ["0 B", "999 B", "1.8 kB", "7.1 MB", "1.2 GB"]);
    }

    #[test]
    fn waiting_is_said_once_until_something_is_done() {
        let mut console = Console::new();
        let done = Event::Compiling {
            done: 1,
            total: 2,
            name: "a",
        };
        let events = [Event::Waiting, Event::Waiting, done, Event::Waiting];
        let news = events.map(|event| console.is_news(&event));
        assert_eq!(news, [true, false, true, true]);
    }
}
