//! Problems as a picture for a terminal, in the manner of rustc: what, where, the lines with marks under them, the cure.

use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Problem, Problems, Severity};
use crate::source::{FileId, SourceFile, Sources, Span};

/// Whether the picture has colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Escape sequences of a terminal.
    Always,
    /// Plain text.
    Never,
}

/// Lines wider than this are cut around what they are shown for.
const WIDEST: usize = 120;
const TAB: usize = 4;

/// All problems, an empty line after each.
pub fn problems(problems: &Problems, sources: &Sources, colour: Colour) -> String {
    let mut text = String::new();
    for one in &problems.list {
        text.push_str(&problem(one, sources, colour));
        text.push('\n');
    }
    text
}

/// `2 errors and 1 warning`; empty when there is nothing.
pub fn count(problems: &Problems) -> String {
    let errors = problems
        .list
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .count();
    let warnings = problems.list.len() - errors;
    let number = |count: usize, word: &str| match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        _ => Some(format!("{count} {word}s")),
    };
    let parts: Vec<_> = [number(errors, "error"), number(warnings, "warning")]
        .into_iter()
        .flatten()
        .collect();
    parts.join(" and ")
}

/// One problem.
pub fn problem(problem: &Problem, sources: &Sources, colour: Colour) -> String {
    let paint = Paint {
        colour,
        severity: problem.severity,
    };
    let word = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut out = String::new();
    let head = paint.mark(&format!("{word}[{}]", problem.code.0));
    let _ = writeln!(
        out,
        "{head}{}",
        paint.strong(&format!(": {}", plain(&problem.text)))
    );

    let mut notes = notes(problem, sources);
    let gutter = notes
        .iter()
        .map(|note| (note.line + 1).to_string().len())
        .max()
        .unwrap_or(1);
    let mut first = true;
    while let Some(note) = notes.first() {
        let file = note.file;
        let (here, rest): (Vec<_>, Vec<_>) = notes.into_iter().partition(|note| note.file == file);
        notes = rest;
        if let Some(source) = sources.file(file) {
            let place = here
                .iter()
                .find(|note| note.primary)
                .or(here.first())
                .map_or(0, |note| note.span.start);
            let position = source.position(place);
            let arrow = paint.quiet(if first { "-->" } else { ":::" });
            let _ = writeln!(
                out,
                "{:gutter$}{arrow} {}:{}:{}",
                "",
                plain(&sources.shown(source)),
                position.line,
                position.column
            );
            lines(&mut out, source, &here, gutter, paint);
        }
        first = false;
    }
    if let Some(hint) = &problem.hint {
        let indent = format!("{:gutter$} ", "");
        if problem.span.is_some() {
            let _ = writeln!(out, "{indent}{}", paint.quiet("|"));
        }
        let _ = writeln!(
            out,
            "{indent}{} {}: {}",
            paint.quiet("="),
            paint.strong("help"),
            plain(hint)
        );
    }
    out
}

/// A marked piece of a line.
struct Note<'a> {
    file: FileId,
    line: u32,
    span: Span,
    primary: bool,
    text: &'a str,
}

fn notes<'a>(problem: &'a Problem, sources: &Sources) -> Vec<Note<'a>> {
    let note = |span: Span, primary: bool, text: &'a str| {
        let line = sources
            .file(span.file)
            .map_or(0, |file| file.line_of(span.start));
        Note {
            file: span.file,
            line,
            span,
            primary,
            text,
        }
    };
    // A label of the very place of the problem stands beside its mark, not under a second one.
    let own = |span: &Span| problem.labels.iter().position(|(at, _)| at == span);
    let own = problem.span.as_ref().and_then(own);
    let text = own.map_or("", |at| problem.labels[at].1.as_str());
    let mut all: Vec<_> = problem
        .span
        .iter()
        .map(|span| note(*span, true, text))
        .collect();
    all.extend(
        problem
            .labels
            .iter()
            .enumerate()
            .filter(|(at, _)| Some(*at) != own)
            .map(|(_, (span, text))| note(*span, false, text)),
    );
    all
}

fn lines(out: &mut String, source: &SourceFile, notes: &[Note<'_>], gutter: usize, paint: Paint) {
    let bar = paint.quiet("|");
    let _ = writeln!(out, "{:gutter$} {bar}", "");
    let mut numbers: Vec<u32> = notes.iter().map(|note| note.line).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut last: Option<u32> = None;
    for line in numbers {
        match last {
            // One line between two shown ones is shown as well: no shorter than the dots.
            Some(before) if line == before + 2 => {
                let between = Shown::new(source.line(before + 1), 0..0);
                let _ = writeln!(
                    out,
                    "{:>gutter$} {bar} {}",
                    paint.quiet_number(before + 2, gutter),
                    between.text
                );
            }
            Some(before) if line > before + 1 => {
                let _ = writeln!(out, "{}", paint.quiet("..."));
            }
            _ => {}
        }
        last = Some(line);
        let mut here: Vec<&Note<'_>> = notes.iter().filter(|note| note.line == line).collect();
        here.sort_by_key(|note| (note.span.start, !note.primary));
        let text = source.line(line);
        let start = source.line_start(line);
        let within = |note: &Note<'_>| {
            let from = (note.span.start - start) as usize;
            let to = (note.span.end.saturating_sub(start) as usize).min(text.len());
            from.min(text.len())..to.max(from.min(text.len()))
        };
        let focus = here
            .iter()
            .find(|note| note.primary)
            .or(here.first())
            .map_or(0..0, |note| within(note));
        let shown = Shown::new(text, focus);
        let _ = writeln!(
            out,
            "{} {bar} {}",
            paint.quiet_number(line + 1, gutter),
            shown.text
        );
        for note in here {
            let range = within(note);
            let from = shown.column(range.start);
            let width = shown.column(range.end).saturating_sub(from).max(1);
            let mark = if note.primary { "^" } else { "-" }.repeat(width);
            let space = if note.text.is_empty() { "" } else { " " };
            let marks = format!("{mark}{space}{}", plain(note.text));
            let marks = if note.primary {
                paint.mark(&marks)
            } else {
                paint.quiet(&marks)
            };
            let _ = writeln!(out, "{:gutter$} {bar} {:from$}{marks}", "", "");
        }
    }
}

/// A line as it is printed: tabs widened, control characters made visible, cut when it is too long.
struct Shown {
    text: String,
    /// Column of each byte of the line, and of its end.
    columns: Vec<usize>,
}

impl Shown {
    fn new(line: &str, focus: std::ops::Range<usize>) -> Shown {
        let mut columns = Vec::with_capacity(line.len() + 1);
        let mut cells: Vec<(String, usize)> = Vec::new();
        let mut column = 0;
        for character in line.chars() {
            let cell = match character {
                '\t' => " ".repeat(TAB),
                _ => visible(character),
            };
            let width = cell.width();
            columns.extend(std::iter::repeat_n(column, character.len_utf8()));
            cells.push((cell, column));
            column += width;
        }
        columns.push(column);
        let whole = column;
        if whole <= WIDEST {
            return Shown {
                text: cells.into_iter().map(|(cell, _)| cell).collect(),
                columns,
            };
        }
        // The window begins a little before the marked piece and never leaves the line's end out without need.
        let from = columns
            .get(focus.start)
            .copied()
            .unwrap_or(0)
            .saturating_sub(WIDEST / 3)
            .min(whole - WIDEST);
        let from = if from < 4 { 0 } else { from };
        let to = from + WIDEST;
        let lead = if from > 0 { "..." } else { "" };
        let mut text = lead.to_owned();
        let start = cells
            .iter()
            .map(|(_, column)| *column)
            .find(|column| *column >= from)
            .unwrap_or(from);
        let mut shown_to = start;
        for (cell, column) in &cells {
            if *column >= from && column + cell.width() <= to {
                text.push_str(cell);
                shown_to = column + cell.width();
            }
        }
        let end = lead.len() + shown_to - start;
        if shown_to < whole {
            text.push_str("...");
        }
        for column in &mut columns {
            *column = if *column < start {
                0
            } else {
                (*column - start + lead.len()).min(end)
            };
        }
        Shown { text, columns }
    }

    fn column(&self, byte: usize) -> usize {
        self.columns
            .get(byte)
            .or(self.columns.last())
            .copied()
            .unwrap_or(0)
    }
}

/// Text of a grid never reaches the terminal as a control sequence or turns the reading direction.
fn visible(character: char) -> String {
    let turns = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    if character.is_control() || turns || character.width().is_none() {
        format!("\\u{{{:x}}}", u32::from(character))
    } else {
        character.to_string()
    }
}

fn plain(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character == '\n' {
                "\n".to_owned()
            } else {
                visible(character)
            }
        })
        .collect()
}

#[derive(Clone, Copy)]
struct Paint {
    colour: Colour,
    severity: Severity,
}

impl Paint {
    fn mark(self, text: &str) -> String {
        let code = match self.severity {
            Severity::Error => "1;31",
            Severity::Warning => "1;33",
        };
        self.wrap(code, text)
    }

    fn strong(self, text: &str) -> String {
        self.wrap("1", text)
    }

    fn quiet(self, text: &str) -> String {
        self.wrap("1;34", text)
    }

    fn quiet_number(self, number: u32, gutter: usize) -> String {
        self.quiet(&format!("{number:>gutter$}"))
    }

    fn wrap(self, code: &str, text: &str) -> String {
        match self.colour {
            Colour::Always => format!("\x1b[{code}m{text}\x1b[0m"),
            Colour::Never => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
