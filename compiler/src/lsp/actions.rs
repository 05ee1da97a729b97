//! The cures of problems that are replacements, as an editor offers them.

use std::collections::HashMap;
use std::ops::Range;

use lsp_types::{CodeAction, CodeActionKind, CodeActionOrCommand, TextEdit, Uri, WorkspaceEdit};

use super::analysis::Analysis;
use super::published::diagnostic;
use crate::diagnostics::{Fix, Problem};
use crate::source::{FileId, Span};

/// An action for each problem that touches these bytes of a file and has a cure.
pub fn actions(
    analysis: &Analysis,
    file: FileId,
    bytes: &Range<usize>,
) -> Vec<CodeActionOrCommand> {
    let touches = |problem: &&Problem| {
        let places = problem.span.into_iter();
        let mut places = places.chain(problem.fixes.iter().map(|fix| fix.span));
        places.any(|span| {
            let place = analysis.bytes(span);
            span.file == file && place.start <= bytes.end && bytes.start <= place.end
        })
    };
    let problems = analysis.problems.list.iter();
    let is_here = |fix: &Fix| (fix.span.file.0 as usize) < analysis.files.len();
    let curable =
        problems.filter(|problem| !problem.fixes.is_empty() && problem.fixes.iter().all(is_here));
    curable
        .filter(touches)
        .map(|problem| action(problem, analysis))
        .collect()
}

fn action(problem: &Problem, analysis: &Analysis) -> CodeActionOrCommand {
    let new = |fix: &Fix| fix.text(&analysis.sources);
    let title = match problem.fixes.as_slice() {
        [fix] => {
            let old = analysis.sources.text(fix.span);
            match (old, new(fix)) {
                ("", new) => format!("Write `{new}`"),
                (old, new) if new.is_empty() => format!("Remove `{}`", first_line(old)),
                (old, new) => format!("Change `{}` to `{}`", first_line(old), first_line(&new)),
            }
        }
        _ => problem.hint.clone().unwrap_or_else(|| problem.text.clone()),
    };
    let edits = problem.fixes.iter().map(|fix| (fix.span, new(fix)));
    CodeActionOrCommand::CodeAction(CodeAction {
        title,
        kind: Some(CodeActionKind::QUICKFIX),
        diagnostics: Some(vec![diagnostic(problem, analysis)]),
        edit: Some(edit(analysis, edits)),
        is_preferred: Some(true),
        ..CodeAction::default()
    })
}

/// Edits of files of a grid.
pub fn edit(analysis: &Analysis, edits: impl Iterator<Item = (Span, String)>) -> WorkspaceEdit {
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for (span, new_text) in edits {
        if let Some(place) = analysis.location(span) {
            let range = place.range;
            let of_file = changes.entry(place.uri).or_default();
            of_file.push(TextEdit { range, new_text });
        }
    }
    WorkspaceEdit {
        changes: Some(changes),
        ..WorkspaceEdit::default()
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
