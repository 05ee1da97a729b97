//! References and edges of small grids, and what is said of names that are wrong.

use super::model::{EdgeKind, Instances, Node, Resolved};
use super::resolve;
use crate::modules::Modules;
use crate::source::Sources;
use crate::syntax::decl::{BodyDecl, BodyId, Declarations, Name};

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

/// A grid whose steps and resources from these positions on are a second body.
fn with_a_second_body(grid: &str, steps: usize, resources: usize) -> Declarations {
    let sources = Sources::from_texts(vec![("grid.hcl".to_owned(), grid.to_owned())]);
    let (mut declarations, problems) = crate::syntax::parse(&sources);
    assert!(problems.list.is_empty(), "{problems:?}");
    let main = declarations.main();
    let second = BodyDecl {
        name: Name {
            text: "second".to_owned(),
            span: main.steps[steps].span,
        },
        steps: main.steps.split_off(steps),
        resources: main.resources.split_off(resources),
        ..BodyDecl::main()
    };
    declarations.bodies.push(second);
    declarations
}

#[test]
fn a_body_sees_its_own_steps_and_the_resources_of_the_top() {
    let declarations = with_a_second_body(
        r#"
resource "http_client" "top" {}
resource "http_client" "both" {}
step "http_request" "a" {
  arguments { url = "http://localhost" }
  uses { client = resource.http_client.both }
}
resource "http_client" "both" {}
step "http_request" "a" {
  arguments { url = "http://localhost" }
  uses { client = resource.http_client.top }
}
step "http_request" "b" {
  arguments { url = step.http_request.a.output.url }
  uses { client = resource.http_client.both }
}
"#,
        1,
        2,
    );
    let (resolved, problems) = resolve(declarations, Modules::built_in());
    assert!(problems.list.is_empty(), "{problems:?}");
    let body = |node: Node| node.body().0;
    let edges = resolved.graphs.iter().map(|graph| {
        let edges = graph.edges.iter();
        let shown = edges.map(|edge| {
            format!(
                "{}.{} -> {}.{}",
                body(edge.from),
                name(&resolved, edge.from),
                body(edge.to),
                name(&resolved, edge.to)
            )
        });
        shown.collect::<Vec<_>>()
    });
    assert_eq!(
        edges.collect::<Vec<_>>(),
        [
            vec!["0.a -> 0.both"],
            vec!["1.a -> 0.top", "1.b -> 1.a", "1.b -> 1.both"]
        ]
    );
    let orders = resolved.graphs.iter().map(|graph| {
        let order = graph.order.iter();
        assert!(order.clone().all(|node| node.body() == body_of(graph)));
        order.map(|node| name(&resolved, *node)).collect::<Vec<_>>()
    });
    assert_eq!(
        orders.collect::<Vec<_>>(),
        [vec!["top", "both", "a"], vec!["both", "a", "b"]]
    );
}

fn body_of(graph: &super::model::BodyGraph) -> BodyId {
    graph.order[0].body()
}

#[test]
fn a_body_does_not_see_the_steps_of_another_nor_main_the_resources_of_any() {
    let declarations = with_a_second_body(
        r#"
step "http_request" "a" {
  arguments { url = "http://localhost" }
  uses { client = resource.http_client.inner }
}
resource "http_client" "inner" {}
step "noop" "b" {
  depends_on = [step.http_request.a]
}
step "noop" "c" {
  depends_on = ["a"]
}
"#,
        1,
        0,
    );
    let (_, problems) = resolve(declarations, Modules::built_in());
    let texts: Vec<&str> = problems
        .list
        .iter()
        .map(|problem| problem.text.as_str())
        .collect();
    assert_eq!(
        texts,
        [
            "there is no resource `http_client.inner`",
            "there is no step `http_request.a`",
            "there is no step and no resource called `a`",
        ]
    );
}
