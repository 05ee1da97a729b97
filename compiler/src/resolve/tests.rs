//! References and edges of small grids, and what is said of names that are wrong.

use super::model::{EdgeKind, Instances, Node, Resolved};
use super::resolve;
use crate::modules::Modules;
use crate::source::Sources;

fn resolved(grid: &str) -> (Resolved, Sources) {
    let sources = Sources::from_texts(vec![("grid.hcl".to_owned(), grid.to_owned())]);
    let (declarations, problems) = crate::syntax::parse(&sources);
    assert!(problems.list.is_empty(), "{problems:?}");
    let (resolved, problems) = resolve(declarations, Modules::built_in());
    assert!(problems.list.is_empty(), "{problems:?}");
    (resolved, sources)
}

fn name(resolved: &Resolved, node: Node) -> String {
    let declarations = &resolved.declarations;
    match node {
        Node::Variable(id) => format!("var.{}", declarations.variables[id.0].name.text),
        Node::Local(id) => format!("local.{}", declarations.locals[id.0].name.text),
        Node::Resource(id) => declarations.resource(id).name.text.clone(),
        Node::Step(id) => declarations.step(id).name.text.clone(),
    }
}

/// Each edge as `from to instances kind: text that caused it`.
fn edges(grid: &str) -> Vec<String> {
    let (resolved, sources) = resolved(grid);
    let shown = resolved.graphs[0].edges.iter().map(|edge| {
        let (from, to) = (name(&resolved, edge.from), name(&resolved, edge.to));
        let which = match &edge.instances {
            Instances::All => String::new(),
            Instances::Index(index) => format!("[{index}]"),
            Instances::Key(key) => format!("[{key:?}]"),
            Instances::Computed(_) => "[..]".to_owned(),
        };
        let kind = match edge.kind {
            EdgeKind::Explicit => "depends on",
            EdgeKind::Implicit => "reads",
            EdgeKind::Uses => "uses",
        };
        let text = &sources.files[0].text;
        let cause = &text[edge.cause.start as usize..edge.cause.end as usize];
        format!("{from} {kind} {to}{which}: {cause}")
    });
    shown.collect()
}

#[test]
fn edges_have_their_kind_their_instance_and_the_text_that_caused_them() {
    let found = edges(
        r#"
variable "v" {}
locals {
  l = "${var.v}${step.http_request.a.output.url}"
}
resource "http_client" "c" {
  depends_on = ["a"]
}
step "http_request" "a" {
  arguments {
    url = "http://localhost"
  }
}
step "http_request" "b" {
  count = 2
  uses {
    client = resource.http_client.c
  }
  arguments {
    url  = local.l
    body = local.l
  }
}
step "noop" "d" {
  depends_on = ["b[1]", step.http_request.b, "http_request.b[1]"]
  enabled    = step.http_request.b[0].output.size > 0
}
"#,
    );
    assert_eq!(
        found,
        [
            "local.l reads var.v: var.v",
            "local.l reads a: step.http_request.a",
            "c depends on a: \"a\"",
            "b reads local.l: local.l",
            "b uses c: resource.http_client.c",
            "d reads b[0]: step.http_request.b[0]",
            "d depends on b[1]: \"b[1]\"",
            "d depends on b: step.http_request.b",
        ]
    );
}

#[test]
fn key_of_a_text_may_hold_quotes_dots_and_brackets() {
    let found = edges(
        r#"
step "noop" "a" {
  for_each = { "x.\"y\"]" = 1 }
}
step "noop" "b" {
  depends_on = ["a[\"x.\\\"y\\\"]\"]"]
}
"#,
    );
    assert!(
        found[0].starts_with(r#"b depends on a["x.\"y\"]"]"#),
        "{found:?}"
    );
}

#[test]
fn order_puts_everything_after_what_it_needs_and_keeps_the_written_one() {
    let (resolved, _) = resolved(
        r#"
step "noop" "z" {
  depends_on = ["m"]
}
step "noop" "a" {}
step "noop" "m" {
  enabled = local.second
}
locals {
  second = local.first
  first  = step.noop.k.output == null
}
step "noop" "k" {}
step "noop" "b" {}
"#,
    );
    let order: Vec<String> = resolved.graphs[0]
        .order
        .iter()
        .map(|node| name(&resolved, *node))
        .collect();
    assert_eq!(
        order,
        ["a", "k", "local.first", "local.second", "m", "z", "b"]
    );
}

#[test]
fn long_chain_needs_no_stack() {
    use std::fmt::Write;
    let mut grid = String::from("step \"noop\" \"s0\" {}\n");
    for step in 1..20_000 {
        let before = step - 1;
        writeln!(
            grid,
            "step \"noop\" \"s{step}\" {{\n  depends_on = [\"s{before}\"]\n}}"
        )
        .unwrap();
    }
    assert_eq!(resolved(&grid).0.graphs[0].order.len(), 20_000);
}
