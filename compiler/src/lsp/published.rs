//! Problems as an editor shows them.

use lsp_types::{
    Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Location,
    NumberOrString, Uri,
};

use super::analysis::Analysis;
use super::document::Document;
use crate::diagnostics::{Problem, Severity, codes};

/// Codes of what could go without a change of what the grid does; editors show it paler.
const UNNEEDED: &[crate::diagnostics::Code] = &[
    codes::UNUSED_RESOURCE,
    codes::UNUSED_METRIC,
    codes::UNUSED_FLOW,
    codes::UNUSED_DATA,
];

/// All problems, in the order of `bggo check`.
pub fn diagnostics(analysis: &Analysis, uri: &Uri, document: &Document) -> Vec<Diagnostic> {
    let problems = analysis.problems.list.iter();
    problems
        .map(|problem| diagnostic(problem, analysis, uri, document))
        .collect()
}

/// One problem. One without a place stands at the begin of the text.
pub fn diagnostic(
    problem: &Problem,
    analysis: &Analysis,
    uri: &Uri,
    document: &Document,
) -> Diagnostic {
    let range = match problem.span {
        Some(span) => analysis.range(span, document),
        None => document.range(0..0),
    };
    let related = |range, message: String| DiagnosticRelatedInformation {
        location: Location {
            uri: uri.clone(),
            range,
        },
        message,
    };
    let labels = problem.labels.iter();
    let labels = labels.map(|(span, text)| {
        let text = analysis.said(Some(*span), text);
        related(analysis.range(*span, document), text)
    });
    let hint = problem.hint.iter().map(|hint| related(range, hint.clone()));
    let related: Vec<_> = labels.chain(hint).collect();
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
