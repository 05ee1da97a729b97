//! Problems in the shape of `terraform validate -json`, format 1.0, with the code of each beside it.

use serde::Serialize;

use super::located::{Range, covered, detail, range};
use super::{Fix, Problem, Problems, Severity, codes};
use crate::source::{SourceFile, Sources, Span};

#[derive(Serialize)]
struct Report {
    format_version: &'static str,
    valid: bool,
    error_count: usize,
    warning_count: usize,
    diagnostics: Vec<Diagnostic>,
}

#[derive(Serialize)]
struct Diagnostic {
    severity: &'static str,
    summary: &'static str,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<Range>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snippet: Option<Snippet>,
    code: &'static str,
    /// All of them together cure the problem.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Replacement>,
}

#[derive(Serialize)]
struct Replacement {
    range: Range,
    text: String,
}

#[derive(Serialize)]
struct Snippet {
    context: Option<String>,
    code: String,
    start_line: u32,
    highlight_start_offset: usize,
    highlight_end_offset: usize,
    values: [(); 0],
}

/// The whole report, indented, with a line break at its end.
pub fn report(problems: &Problems, sources: &Sources) -> String {
    let errors = problems
        .list
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .count();
    let report = Report {
        format_version: "1.0",
        valid: errors == 0,
        error_count: errors,
        warning_count: problems.list.len() - errors,
        diagnostics: problems
            .list
            .iter()
            .map(|problem| diagnostic(problem, sources))
            .collect(),
    };
    // Plain structs of texts and numbers always serialise.
    let mut text = serde_json::to_string_pretty(&report).unwrap_or_default();
    text.push('\n');
    text
}

fn diagnostic(problem: &Problem, sources: &Sources) -> Diagnostic {
    let found = problem
        .span
        .and_then(|span| sources.file(span.file).map(|file| (span, file)));
    Diagnostic {
        severity: match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        summary: codes::summary(problem.code),
        detail: detail(problem, sources),
        range: found.map(|(span, file)| range(span, file, sources)),
        snippet: found
            .filter(|_| !problem.is_secret)
            .map(|(span, file)| snippet(span, file)),
        code: problem.code.0,
        fixes: replacements(problem, sources),
    }
}

fn replacements(problem: &Problem, sources: &Sources) -> Vec<Replacement> {
    let replacement = |fix: &Fix| {
        Some(Replacement {
            range: range(fix.span, sources.file(fix.span.file)?, sources),
            text: fix.text(sources),
        })
    };
    problem.fixes.iter().filter_map(replacement).collect()
}

fn snippet(span: Span, file: &SourceFile) -> Snippet {
    let (start, end) = covered(span, file);
    let first = file.line_of(start);
    let last = file.line_of(end).max(first);
    let code = (first..=last)
        .map(|line| file.line(line))
        .collect::<Vec<_>>()
        .join("\n");
    let base = file.line_start(first) as usize;
    let within = |byte: u32| (byte as usize).saturating_sub(base).min(code.len());
    Snippet {
        context: context(first, file),
        start_line: first + 1,
        highlight_start_offset: within(start),
        highlight_end_offset: within(end),
        code,
        values: [],
    }
}

/// The header of the block around a line: the nearest line above (or itself) that begins at the margin and opens a block.
fn context(line: u32, file: &SourceFile) -> Option<String> {
    for above in (0..=line).rev() {
        let text = file.line(above);
        if !text.starts_with(|first: char| first.is_alphabetic() || (first == '}' && above != line))
        {
            continue;
        }
        return text
            .split_once('{')
            .map(|(header, _)| header.trim_end().to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Hint;
    use crate::source::FileId;

    fn report_of(text: &str, start: u32, end: u32) -> serde_json::Value {
        let sources = Sources::from_texts(vec![("a.hcl".to_owned(), text.to_owned())]);
        let mut problems = Problems::default();
        let problem = problems.error(
            codes::UNKNOWN_ATTRIBUTE,
            Span {
                file: FileId(0),
                start,
                end,
            },
            "no `x` here",
        );
        problem.hint("did you mean `y`?");
        serde_json::from_str(&report(&problems, &sources)).unwrap()
    }

    #[test]
    fn keys_and_figures_are_those_of_terraform_validate() {
        let report = report_of(
            "variable \"x\" {\n  type = string\n  defalt = [1,\n  2]\n}\n",
            33,
            39,
        );
        assert_eq!(
            report,
            serde_json::json!({
                "format_version": "1.0", "valid": false, "error_count": 1, "warning_count": 0,
                "diagnostics": [{
                    "severity": "error", "summary": "Unknown attribute",
                    "detail": "No `x` here. Did you mean `y`?",
                    "range": {
                        "filename": "a.hcl",
                        "start": {"line": 3, "column": 3, "byte": 33}, "end": {"line": 3, "column": 9, "byte": 39},
                    },
                    "snippet": {
                        "context": "variable \"x\"", "code": "  defalt = [1,", "start_line": 3,
                        "highlight_start_offset": 2, "highlight_end_offset": 8, "values": [],
                    },
                    "code": "unknown_attribute",
                }],
            })
        );
    }

    #[test]
    fn empty_span_at_the_end_covers_one_column() {
        let report = report_of("a = ", 4, 4);
        let range = &report["diagnostics"][0]["range"];
        assert_eq!(
            range["start"],
            serde_json::json!({"line": 1, "column": 5, "byte": 4})
        );
        assert_eq!(
            range["end"],
            serde_json::json!({"line": 1, "column": 6, "byte": 5})
        );
    }

    #[test]
    fn what_cures_a_problem_stands_beside_it() {
        let sources = Sources::from_texts(vec![("a.hcl".to_owned(), "a = vr.x\n".to_owned())]);
        let mut problems = Problems::default();
        let span = Span {
            file: FileId(0),
            start: 4,
            end: 6,
        };
        problems
            .error(codes::UNKNOWN_REFERENCE, span, "there is no `vr`")
            .advise(Hint::meant("var"));
        let report: serde_json::Value = serde_json::from_str(&report(&problems, &sources)).unwrap();
        assert_eq!(
            report["diagnostics"][0]["fixes"],
            serde_json::json!([{
                "range": {
                    "filename": "a.hcl",
                    "start": {"line": 1, "column": 5, "byte": 4}, "end": {"line": 1, "column": 7, "byte": 6},
                },
                "text": "var",
            }])
        );
    }

    #[test]
    fn problem_without_a_place_has_no_range() {
        let mut problems = Problems::default();
        problems.whole(codes::FILE_NOT_FOUND, "there is no file `x`");
        let report: serde_json::Value =
            serde_json::from_str(&report(&problems, &Sources::default())).unwrap();
        let keys: Vec<_> = report["diagnostics"][0]
            .as_object()
            .unwrap()
            .keys()
            .collect();
        assert_eq!(keys, ["code", "detail", "severity", "summary"]);
    }
}
