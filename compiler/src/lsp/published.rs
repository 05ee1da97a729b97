//! Problems as an editor shows them.

use lsp_types::{
    Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, NumberOrString,
};

use super::analysis::Analysis;
use crate::diagnostics::{Problem, Severity, codes};
use crate::source::Span;

/// Codes of what could go without a change of what the grid does; editors show it paler.
const UNNEEDED: &[crate::diagnostics::Code] = &[
    codes::UNUSED_RESOURCE,
    codes::UNUSED_METRIC,
    codes::UNUSED_FLOW,
    codes::UNUSED_DATA,
    codes::UNUSED_VARIABLE,
    codes::UNUSED_LOCAL,
];

/// One problem. One without a place stands at the begin of the text.
pub fn diagnostic(problem: &Problem, analysis: &Analysis) -> Diagnostic {
    let range = problem.span.map(|span| analysis.range(span));
    let range = range.unwrap_or_default();
    let related = |location, message: String| DiagnosticRelatedInformation { location, message };
    let labels = problem.labels.iter().filter_map(|(span, text)| {
        if let Some(place) = analysis.read_location(*span) {
            return Some(related(place, text.clone()));
        }
        let text = analysis.said(Some(*span), text);
        Some(related(analysis.location(*span)?, text))
    });
    // What is wrong in a template is shown where the grid is, and leads there.
    let there = problem.span.and_then(|span| analysis.read_location(span));
    let there = there.map(|place| related(place, problem.text.clone()));
    let here = Span {
        file: analysis.file_of(problem),
        ..problem.span.unwrap_or_default()
    };
    let hint = problem.hint.iter().filter_map(|hint| {
        let mut location = analysis.location(here)?;
        location.range = range;
        Some(related(location, hint.clone()))
    });
    let related: Vec<_> = there.into_iter().chain(labels).chain(hint).collect();
    Diagnostic {
        range,
        severity: Some(match problem.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
        }),
        code: Some(NumberOrString::String(problem.code.0.to_owned())),
        source: Some("bggo".to_owned()),
        message: analysis.said(problem.span, &problem.text),
        related_information: (!related.is_empty()).then_some(related),
        tags: UNNEEDED
            .contains(&problem.code)
            .then(|| vec![DiagnosticTag::UNNECESSARY]),
        ..Diagnostic::default()
    }
}
