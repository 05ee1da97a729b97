//! Problems as workflow commands of GitHub, which shows them beside the lines of a change:
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>.

use super::located::{detail, range};
use super::{Problem, Problems, Severity, codes};
use crate::source::Sources;

/// A line for each problem.
pub fn report(problems: &Problems, sources: &Sources) -> String {
    problems
        .list
        .iter()
        .map(|problem| command(problem, sources))
        .collect()
}

fn command(problem: &Problem, sources: &Sources) -> String {
    let name = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut properties = Vec::new();
    let found = problem.span.and_then(|span| {
        sources
            .file(span.file)
            .map(|file| range(span, file, sources))
    });
    if let Some(range) = found {
        properties.push(("file", range.filename));
        properties.push(("line", range.start.line.to_string()));
        properties.push(("endLine", range.end.line.to_string()));
        // GitHub takes columns of one line only.
        if range.start.line == range.end.line {
            properties.push(("col", range.start.column.to_string()));
            properties.push(("endColumn", range.end.column.to_string()));
        }
    }
    let title = format!("{} ({})", codes::summary(problem.code), problem.code.0);
    properties.push(("title", title));
    let properties: Vec<_> = properties
        .iter()
        .map(|(name, value)| format!("{name}={}", property(value)))
        .collect();
    format!(
        "::{name} {}::{}\n",
        properties.join(","),
        message(&detail(problem, sources))
    )
}

/// A text in which nothing ends the command.
fn message(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A text in which nothing ends the property either.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, Span};

    fn problems(start: u32, end: u32) -> Problems {
        let mut problems = Problems::default();
        let span = |start, end| Span {
            file: FileId(0),
            start,
            end,
        };
        problems
            .error(
                codes::UNKNOWN_ATTRIBUTE,
                span(start, end),
                "no `x` here, 5 % off",
            )
            .label(span(0, 1), "this one")
            .hint("did you mean `y`?");
        problems.whole(codes::FILE_NOT_FOUND, "there is no file `x`");
        problems
    }

    #[test]
    fn a_command_has_file_line_columns_title_and_one_line_of_text() {
        let sources =
            Sources::from_texts(vec![("a,b.hcl".to_owned(), "a = 1\nbc = 2\n".to_owned())]);
        assert_eq!(
            report(&problems(6, 8), &sources),
            "::error file=a%2Cb.hcl,line=2,endLine=2,col=1,endColumn=3,title=Unknown attribute (unknown_attribute)\
             ::No `x` here, 5 %25 off.%0Aa,b.hcl:1:1: this one%0ADid you mean `y`?\n\
             ::error title=File not found (file_not_found)::There is no file `x`.\n"
        );
    }

    #[test]
    fn what_spans_lines_has_no_columns() {
        let sources = Sources::from_texts(vec![("a.hcl".to_owned(), "a = 1\nbc = 2\n".to_owned())]);
        let report = report(&problems(0, 8), &sources);
        assert!(
            report.starts_with("::error file=a.hcl,line=1,endLine=2,title="),
            "{report}"
        );
    }
}
