//! The picture for Graphviz: steps are boxes, resources cylinders; `depends_on` is a line, what is read or used a dashed one.

use super::model::{Arrow, Graph, Picture};
use crate::resolve::model::EdgeKind;
use std::fmt::Write;

/// The whole graph.
pub fn text(graph: &Graph) -> String {
    let mut text = String::from(
        "digraph grid {\n    node [shape=box];\n    Start [shape=circle];\n    End [shape=circle];\n",
    );
    for node in &graph.nodes {
        let shape = if node.step { "" } else { ", shape=cylinder" };
        let tip = quoted(&format!("{}.{}", node.kind, node.name));
        let _ = writeln!(
            text,
            "    {} [label={}, tooltip={tip}{shape}];",
            node.id,
            quoted(&node.label())
        );
    }
    for node in graph.first() {
        let _ = writeln!(text, "    Start -> {};", node.id);
    }
    for arrow in &graph.arrows {
        let _ = writeln!(text, "    {};", line(arrow, &graph.nodes));
    }
    for node in graph.last() {
        let _ = writeln!(text, "    {} -> End;", node.id);
    }
    if graph.nodes.iter().all(|node| !node.step) {
        text.push_str("    Start -> End;\n");
    }
    text.push_str("}\n");
    text
}

fn line(arrow: &Arrow, nodes: &[Picture]) -> String {
    let mut attributes = Vec::new();
    if arrow.kind != EdgeKind::Explicit {
        attributes.push("style=dashed".to_owned());
    }
    if !arrow.instances.is_empty() {
        attributes.push(format!("label={}", quoted(&arrow.instances.join(", "))));
    }
    let attributes = if attributes.is_empty() {
        String::new()
    } else {
        format!(" [{}]", attributes.join(", "))
    };
    format!(
        "{} -> {}{attributes}",
        nodes[arrow.from].id, nodes[arrow.to].id
    )
}

/// A string of the DOT language: only `"` ends it, and a backslash begins an escape.
fn quoted(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n")
    )
}
