//! The three languages of the picture, on a graph with everything in it.

use super::model::{Arrow, Graph, Picture, Shown};
use super::{dot, json, mermaid};
use crate::resolve::model::EdgeKind;

fn node(id: &str, name: &str, instances: Shown) -> Picture {
    let step = id.starts_with('s');
    Picture {
        id: id.to_owned(),
        kind: if step { "noop" } else { "http_target" }.to_owned(),
        name: name.to_owned(),
        step,
        instances,
    }
}

fn arrow(from: usize, to: usize, kind: EdgeKind, instances: &[&str]) -> Arrow {
    Arrow {
        from,
        to,
        kind,
        instances: instances.iter().map(|text| (*text).to_owned()).collect(),
    }
}

fn graph() -> Graph {
    Graph {
        nodes: vec![
            node("r0", "site", Shown::Single),
            node("s0", "first", Shown::Single),
            node("s1", "item", Shown::Count(3)),
            node(
                "s2",
                "end",
                Shown::Keys(vec!["a\"b".to_owned(), "c".to_owned()]),
            ),
        ],
        arrows: vec![
            arrow(0, 1, EdgeKind::Uses, &[]),
            arrow(1, 2, EdgeKind::Explicit, &[]),
            arrow(2, 3, EdgeKind::Implicit, &["[0]", "[\"a\\\"b\"]"]),
        ],
    }
}

#[test]
fn mermaid_has_start_and_end_own_ids_shapes_instances_and_two_kinds_of_line() {
    insta::assert_snapshot!(mermaid::text(&graph()), @r#"
    graph TD;
        r0[("site")];
        s0["first"];
        s1["item[3]"];
        s2["end[2]"];
        Start((Start)) --> s0;
        r0 -.-> s0;
        s0 --> s1;
        s1 -.->|"[0], [#34;a#92;#34;b#34;]"| s2;
        s2 --> End((End));
    "#);
}

#[test]
fn dot_has_the_same_in_its_own_words() {
    insta::assert_snapshot!(dot::text(&graph()), @r#"
    digraph grid {
        node [shape=box];
        Start [shape=circle];
        End [shape=circle];
        r0 [label="site", tooltip="http_target.site", shape=cylinder];
        s0 [label="first", tooltip="noop.first"];
        s1 [label="item[3]", tooltip="noop.item"];
        s2 [label="end[2]", tooltip="noop.end"];
        Start -> s0;
        r0 -> s0 [style=dashed];
        s0 -> s1;
        s1 -> s2 [style=dashed, label="[0], [\"a\\\"b\"]"];
        s2 -> End;
    }
    "#);
}

#[test]
fn json_names_nodes_as_a_grid_does_and_edges_by_what_made_them() {
    let read: serde_json::Value = serde_json::from_str(&json::text(&graph())).unwrap();
    let edges: Vec<String> = read["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| format!("{} {} {}", edge["from"], edge["kind"], edge["to"]).replace('"', ""))
        .collect();
    assert_eq!(
        edges,
        [
            "Start order step.noop.first",
            "resource.http_target.site uses step.noop.first",
            "step.noop.first explicit step.noop.item",
            "step.noop.item implicit step.noop.end",
            "step.noop.end order End"
        ]
    );
    assert_eq!(read["nodes"][3]["count"], 3);
}

#[test]
fn a_grid_of_resources_alone_still_has_start_and_end() {
    let graph = Graph {
        nodes: vec![node("r0", "site", Shown::Single)],
        arrows: Vec::new(),
    };
    assert!(mermaid::text(&graph).contains("Start((Start)) --> End((End));"));
    assert!(dot::text(&graph).contains("Start -> End;"));
}

#[test]
fn a_step_that_waits_through_a_resource_is_neither_first_nor_last() {
    let graph = Graph {
        nodes: vec![
            node("r0", "session", Shown::Single),
            node("r1", "site", Shown::Single),
            node("s0", "log_in", Shown::Single),
            node("s1", "browse", Shown::Single),
        ],
        arrows: vec![
            arrow(2, 0, EdgeKind::Implicit, &[]),
            arrow(0, 3, EdgeKind::Uses, &[]),
            arrow(1, 2, EdgeKind::Implicit, &[]),
        ],
    };
    let ids = |steps: Vec<&Picture>| -> Vec<String> {
        steps.iter().map(|step| step.id.clone()).collect()
    };
    assert_eq!(ids(graph.first().collect()), ["s0"]);
    assert_eq!(ids(graph.last().collect()), ["s1"]);
}
