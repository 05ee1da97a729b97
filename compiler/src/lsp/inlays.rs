//! Words that an editor shows between those of a grid: the types of locals, and how many instances a step has.

use std::ops::Range;

use lsp_types::{InlayHint, InlayHintKind, InlayHintLabel};

use super::analysis::Analysis;
use crate::check::typed::TInstances;
use crate::modules::Modules;
use crate::source::{FileId, Span};

/// Those that stand within these bytes of a file.
pub fn inlays(
    analysis: &Analysis,
    file: FileId,
    modules: &Modules,
    bytes: &Range<usize>,
) -> Vec<InlayHint> {
    let behind = |span: Span, words: String, kind| {
        if span.file != file {
            return None;
        }
        let end = analysis.bytes(span).end;
        let hint = InlayHint {
            position: analysis.range(span).end,
            label: InlayHintLabel::String(words),
            kind,
            text_edits: None,
            tooltip: None,
            padding_left: Some(kind.is_none()),
            padding_right: None,
            data: None,
        };
        (bytes.start <= end && end <= bytes.end).then_some(hint)
    };
    let types = analysis.types(modules);
    let locals = analysis.resolved.declarations.locals.iter();
    let locals = locals.filter_map(|local| {
        let seen = types.iter().find(|seen| seen.span == local.value.span)?;
        let words = format!(": {}", seen.ty);
        behind(local.name.span, words, Some(InlayHintKind::TYPE))
    });
    // A grid with errors has no instances yet.
    let steps = analysis.typed.iter().flat_map(|typed| typed.steps());
    let steps = steps.filter_map(|step| {
        let count = match &step.instances {
            TInstances::Count(count) => *count as usize,
            TInstances::ForEach(keys) => keys.len(),
            TInstances::Single | TInstances::Late(_) => return None,
        };
        let word = if count == 1 { "instance" } else { "instances" };
        behind(step.span, format!("{count} {word}"), None)
    });
    locals.chain(steps).collect()
}
