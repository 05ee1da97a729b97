//! Draws problems for a terminal, as rustc does: the message, the place, the lines with marks under them, the hint.

use std::borrow::Cow;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

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

/// All problems, an empty line after each.
pub fn problems(problems: &Problems, sources: &Sources, colour: Colour) -> String {
    problems
        .list
        .iter()
        .map(|one| format!("{}\n", problem(one, sources, colour)))
        .collect()
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

/// `shop.hcl: 2 errors`: the grid beside its [`count`]; empty when there is nothing. What cannot be read is named by its own
/// problem.
pub fn total(problems: &Problems, sources: &Sources) -> String {
    let count = count(problems);
    if count.is_empty() || sources.name.is_empty() {
        return count;
    }
    format!("{}: {count}", plain(&sources.name))
}

/// One problem, with a line break at its end.
pub fn problem(problem: &Problem, sources: &Sources, colour: Colour) -> String {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(plain(&problem.text)).id(problem.code.0);
    let marks = marks(problem, sources);
    let mut files: Vec<FileId> = Vec::new();
    for mark in &marks {
        if !files.contains(&mark.span.file) {
            files.push(mark.span.file);
        }
    }
    let shown = files
        .into_iter()
        .filter_map(|file| Some((file, sources.file(file)?)));
    let mut group = Group::with_title(title);
    if let (true, Some(span)) = (problem.is_secret, problem.span) {
        let (file, line, column) = sources.place(span);
        let origin = Origin::path(plain(&file));
        group = group.element(origin.line(line as usize).char_column(column as usize));
    } else {
        group = group.elements(shown.map(|(file, source)| {
            let here = marks.iter().filter(|mark| mark.span.file == file);
            snippet(source, &here.collect::<Vec<_>>()).path(plain(&sources.shown(source)))
        }));
    }
    if let Some(hint) = &problem.hint {
        group = group.element(Level::HELP.message(plain(hint)));
    }
    let renderer = match colour {
        Colour::Always => Renderer::styled(),
        Colour::Never => Renderer::plain(),
    };
    let mut text = renderer.render(&[group]);
    text.push('\n');
    text
}

/// A marked piece of a text.
struct Mark {
    span: Span,
    kind: AnnotationKind,
    text: String,
}

/// The problem's own place comes first. A label of the same place is written beside its mark, not under a second mark.
fn marks(problem: &Problem, sources: &Sources) -> Vec<Mark> {
    let mut marks: Vec<Mark> = problem
        .span
        .iter()
        .map(|span| Mark {
            span: *span,
            kind: AnnotationKind::Primary,
            text: String::new(),
        })
        .collect();
    for (span, text) in &problem.labels {
        let text = plain(text);
        match marks.first_mut() {
            Some(own) if own.span == *span && own.text.is_empty() => own.text = text,
            _ => marks.push(Mark {
                span: *span,
                kind: AnnotationKind::Context,
                text,
            }),
        }
    }
    marks.retain(|mark| sources.file(mark.span.file).is_some());
    marks
}

/// The lines of a file from the first mark to the last one.
fn snippet<'a>(source: &'a SourceFile, marks: &[&Mark]) -> Snippet<'a, Annotation<'a>> {
    let first = marks
        .iter()
        .map(|mark| source.line_of(mark.span.start))
        .min();
    let last = marks.iter().map(|mark| source.line_of(mark.span.end)).max();
    let first = first.unwrap_or_default();
    let start = source.line_start(first) as usize;
    let end = source.line_start(last.unwrap_or_default() + 1) as usize;
    let text = source.text.get(start..end).unwrap_or_default();
    let within = |byte: u32| (byte as usize).saturating_sub(start).min(text.len());
    let annotations = marks.iter().map(|mark| {
        let span = mark
            .kind
            .span(within(mark.span.start)..within(mark.span.end));
        let label = Some(mark.text.clone()).filter(|text| !text.is_empty());
        span.label(label)
    });
    Snippet::source(without_controls(text))
        .line_start(first as usize + 1)
        .annotations(annotations.collect::<Vec<_>>())
}

/// Lines of a file without characters that would control the terminal and that the renderer lets through: control characters
/// above U+007F, and marks of the reading direction. Their replacements have as many bytes, so marks stay in place.
fn without_controls(text: &str) -> Cow<'_, str> {
    let replaced = |character: char| match character {
        '\u{80}'..='\u{9f}' => Some('\u{b7}'),
        '\u{200e}' | '\u{200f}' => Some(char::REPLACEMENT_CHARACTER),
        _ => None,
    };
    if text.chars().all(|character| replaced(character).is_none()) {
        return text.into();
    }
    let shown = |character| replaced(character).unwrap_or(character);
    text.chars().map(shown).collect::<String>().into()
}

/// A message with a piece of a grid in it, without characters that would control the terminal or turn the reading
/// direction.
fn plain(text: &str) -> String {
    let visible = |character: char| {
        let turns = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
        if (character.is_control() && character != '\n') || turns {
            format!("\\u{{{:x}}}", u32::from(character))
        } else {
            character.to_string()
        }
    };
    text.chars().map(visible).collect()
}

#[cfg(test)]
mod tests;
