//! Problems as SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>), which code hosts and editors
//! read. Each code that occurs is a rule, whose help is its page.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};

use super::codes::{self, Entry};
use super::located::{Range, detail, range};
use super::{Fix, Problem, Problems, Severity};
use crate::source::{Sources, Span};

/// What is not written as it is in the path of a url.
const IN_A_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b':')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The whole report, indented, with a line break at its end.
pub fn report(problems: &Problems, sources: &Sources) -> String {
    let mut rules: Vec<&Entry> = problems
        .list
        .iter()
        .filter_map(|problem| codes::entry(problem.code))
        .collect();
    rules.sort_by_key(|entry| entry.code);
    rules.dedup_by_key(|entry| entry.code);
    let results: Vec<Value> = problems
        .list
        .iter()
        .map(|problem| result(problem, &rules, sources))
        .collect();
    let report = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "bggo",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|entry| rule(entry)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{report:#}\n")
}

fn rule(entry: &Entry) -> Value {
    json!({
        "id": entry.code.0,
        "shortDescription": { "text": entry.summary },
        "help": { "text": entry.page, "markdown": entry.page },
    })
}

fn result(problem: &Problem, rules: &[&Entry], sources: &Sources) -> Value {
    let mut result = json!({
        "ruleId": problem.code.0,
        "level": match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "message": { "text": detail(problem, sources) },
        // SARIF asks for the list also where a problem is about no file.
        "locations": problem.span.and_then(|span| location(span, sources)).into_iter().collect::<Vec<_>>(),
    });
    if let Some(index) = rules.iter().position(|entry| entry.code == problem.code) {
        result["ruleIndex"] = index.into();
    }
    let related: Vec<Value> = problem
        .labels
        .iter()
        .filter_map(|(span, text)| {
            let mut related = location(*span, sources)?;
            related["message"] = json!({ "text": text });
            Some(related)
        })
        .collect();
    if !related.is_empty() {
        result["relatedLocations"] = related.into();
    }
    let changes: Vec<Value> = problem
        .fixes
        .iter()
        .filter_map(|fix| change(fix, sources))
        .collect();
    if !changes.is_empty() {
        let words = problem.hint.as_deref().unwrap_or_default();
        result["fixes"] = json!([{ "description": { "text": words }, "artifactChanges": changes }]);
    }
    result
}

/// What a fix does to its file.
fn change(fix: &Fix, sources: &Sources) -> Option<Value> {
    let place = location(fix.span, sources)?;
    let place = &place["physicalLocation"];
    Some(json!({
        "artifactLocation": place["artifactLocation"],
        "replacements": [{
            "deletedRegion": place["region"],
            "insertedContent": { "text": fix.text(sources) },
        }],
    }))
}

fn location(span: Span, sources: &Sources) -> Option<Value> {
    let Range {
        filename,
        start,
        end,
    } = range(span, sources.file(span.file)?, sources);
    Some(json!({ "physicalLocation": {
        "artifactLocation": { "uri": utf8_percent_encode(&filename, IN_A_PATH).to_string() },
        "region": {
            "startLine": start.line, "startColumn": start.column,
            "endLine": end.line, "endColumn": end.column,
        },
    } }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Hint;
    use crate::source::FileId;

    #[test]
    fn a_result_has_its_rule_its_place_and_the_others_beside_it() {
        let text = "a = 1\nbc = 2\n".to_owned();
        let sources = Sources::from_texts(vec![("my grid.hcl".to_owned(), text)]);
        let span = |start, end| Span {
            file: FileId(0),
            start,
            end,
        };
        let mut problems = Problems::default();
        problems
            .warning(codes::UNUSED_METRIC, span(6, 8), "nobody reads `bc`")
            .advise(Hint::meant("b"))
            .label(span(0, 1), "beside this");
        problems.whole(codes::FILE_NOT_FOUND, "there is no file `x`");
        let report: Value = serde_json::from_str(&report(&problems, &sources)).unwrap();
        assert_eq!(report["version"], "2.1.0");
        let run = &report["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let ids: Vec<_> = rules.iter().map(|rule| &rule["id"]).collect();
        assert_eq!(ids, ["file_not_found", "unused_metric"]);
        assert!(
            rules[1]["help"]["markdown"]
                .as_str()
                .unwrap()
                .starts_with("# unused_metric"),
            "{}",
            rules[1]
        );
        assert_eq!(
            run["results"],
            json!([
                {
                    "ruleId": "unused_metric", "ruleIndex": 1, "level": "warning",
                    "message": { "text": "Nobody reads `bc`.\nmy grid.hcl:1:1: beside this\nDid you mean `b`?" },
                    "locations": [{ "physicalLocation": {
                        "artifactLocation": { "uri": "my%20grid.hcl" },
                        "region": { "startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 3 },
                    } }],
                    "relatedLocations": [{
                        "physicalLocation": {
                            "artifactLocation": { "uri": "my%20grid.hcl" },
                            "region": { "startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 2 },
                        },
                        "message": { "text": "beside this" },
                    }],
                    "fixes": [{
                        "description": { "text": "did you mean `b`?" },
                        "artifactChanges": [{
                            "artifactLocation": { "uri": "my%20grid.hcl" },
                            "replacements": [{
                                "deletedRegion": { "startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 3 },
                                "insertedContent": { "text": "b" },
                            }],
                        }],
                    }],
                },
                {
                    "ruleId": "file_not_found", "ruleIndex": 0, "level": "error",
                    "message": { "text": "There is no file `x`." },
                    "locations": [],
                },
            ])
        );
    }
}
