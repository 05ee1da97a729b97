//! A problem as forms for programs have it: its text in sentences, and its place in lines and columns.

use serde::Serialize;

use super::Problem;
use crate::source::{SourceFile, Sources, Span};

/// The text that a problem is about, in lines and columns from 1 and bytes from 0.
#[derive(Debug, Serialize)]
pub(super) struct Range {
    pub filename: String,
    pub start: TextPosition,
    pub end: TextPosition,
}

/// A place in a text.
#[derive(Debug, Serialize)]
pub(super) struct TextPosition {
    pub line: u32,
    pub column: u32,
    pub byte: u32,
}

/// The text, then the other places, then the hint, as sentences.
pub(super) fn detail(problem: &Problem, sources: &Sources) -> String {
    let mut text = sentence(&problem.text, '.');
    for (span, label) in &problem.labels {
        let (file, line, column) = sources.place(*span);
        text.push_str(&format!("\n{file}:{line}:{column}: {label}"));
    }
    if let Some(hint) = &problem.hint {
        text.push_str(if problem.labels.is_empty() { " " } else { "\n" });
        text.push_str(&sentence(hint, '.'));
    }
    text
}

fn sentence(text: &str, end: char) -> String {
    let mut characters = text.chars();
    let mut sentence: String = characters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    sentence.push_str(characters.as_str());
    if !sentence.ends_with(['.', '?', '!']) {
        sentence.push(end);
    }
    sentence
}

/// An empty span covers the character that follows, as Terraform's do.
pub(super) fn covered(span: Span, file: &SourceFile) -> (u32, u32) {
    if span.end > span.start {
        return (span.start, span.end);
    }
    let next = file
        .text
        .get(span.start as usize..)
        .and_then(|rest| rest.chars().next());
    let width = next.map_or(1, |character| {
        u32::try_from(character.len_utf8()).unwrap_or(1)
    });
    (span.start, span.start.saturating_add(width))
}

/// Where a span stands.
pub(super) fn range(span: Span, file: &SourceFile, sources: &Sources) -> Range {
    let (start, end) = covered(span, file);
    let place = |byte: u32| {
        let position = file.position(byte);
        // Past the end of the text there is one more column.
        let beyond = byte.saturating_sub(u32::try_from(file.text.len()).unwrap_or(u32::MAX));
        TextPosition {
            line: position.line,
            column: position.column + beyond,
            byte: byte + file.dropped,
        }
    };
    Range {
        filename: sources.shown(file),
        start: place(start),
        end: place(end),
    }
}
