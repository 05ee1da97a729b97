use super::*;
use crate::diagnostics::render::{self, Colour};

mod evaluate;
mod show;

fn parsed(text: &str) -> (Declarations, Problems, Sources) {
    let sources = Sources::from_texts(vec![("a.hcl".to_owned(), text.to_owned())]);
    let (declarations, problems) = parse(&sources);
    (declarations, problems, sources)
}

/// The expression of the first local, in a form that shows its tree.
fn tree(expression: &str) -> String {
    let (declarations, problems, sources) = parsed(&format!("locals {{\n  a = {expression}\n}}\n"));
    assert!(
        problems.list.is_empty(),
        "{}",
        render::problems(&problems, &sources, Colour::Never)
    );
    show::expr(&declarations.locals[0].value)
}

/// The codes of all problems of a text with their lines.
fn faults(text: &str) -> Vec<(&'static str, u32)> {
    let (_, problems, sources) = parsed(text);
    problems
        .list
        .iter()
        .map(|problem| {
            (
                problem.code.0,
                problem.span.map_or(0, |span| sources.place(span).1),
            )
        })
        .collect()
}

#[test]
fn operators_bind_as_in_hcl() {
    assert_eq!(
        tree("1 + 2 * 3 == 7 && !a || b"),
        "(((1 + (2 * 3)) == 7) && !a) || b"
    );
    assert_eq!(tree("1 - 2 - 3"), "(1 - 2) - 3");
    assert_eq!(tree("-a.b + -1"), "-a.b + -1");
    assert_eq!(tree("a ? b : c ? d : e"), "a ? b : (c ? d : e)");
}

/// Pairs of an expression and what `terraform console` (1.11) makes of it.
#[test]
fn templates_give_what_terraform_gives() {
    let cases: Vec<(String, String)> =
        serde_json::from_str(include_str!("tests/templates.json")).unwrap();
    for (source, expected) in cases {
        let (declarations, problems, sources) = parsed(&format!("locals {{\n  a = {source}\n}}\n"));
        assert!(
            problems.list.is_empty(),
            "{source}\n{}",
            render::problems(&problems, &sources, Colour::Never)
        );
        assert_eq!(
            evaluate::text(&declarations.locals[0].value),
            expected,
            "{source}"
        );
    }
}
