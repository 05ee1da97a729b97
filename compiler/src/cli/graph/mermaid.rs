//! The picture in Mermaid: steps are boxes, resources cylinders; `depends_on` is a line, what is read or used a dotted one.

use super::model::{Arrow, Graph, Picture};
use crate::resolve::model::EdgeKind;
use std::fmt::Write;

/// The whole diagram.
pub fn text(graph: &Graph) -> String {
    let mut text = String::from("graph TD;\n");
    for node in graph.nodes.iter().filter(|node| !node.step) {
        let _ = writeln!(text, "    {}[({})];", node.id, quoted(&node.label()));
    }
    for node in graph.nodes.iter().filter(|node| node.step) {
        let _ = writeln!(text, "    {}[{}];", node.id, quoted(&node.label()));
    }
    for (place, node) in graph.first().enumerate() {
        let start = if place == 0 {
            "Start((Start))"
        } else {
            "Start"
        };
        let _ = writeln!(text, "    {start} --> {};", node.id);
    }
    for arrow in &graph.arrows {
        let _ = writeln!(text, "    {};", line(arrow, &graph.nodes));
    }
    for (place, node) in graph.last().enumerate() {
        let end = if place == 0 { "End((End))" } else { "End" };
        let _ = writeln!(text, "    {} --> {end};", node.id);
    }
    if graph.nodes.iter().all(|node| !node.step) {
        text.push_str("    Start((Start)) --> End((End));\n");
    }
    text
}

fn line(arrow: &Arrow, nodes: &[Picture]) -> String {
    let (from, to) = (&nodes[arrow.from].id, &nodes[arrow.to].id);
    let head = match arrow.kind {
        EdgeKind::Explicit => "-->",
        EdgeKind::Implicit | EdgeKind::Uses => "-.->",
    };
    if arrow.instances.is_empty() {
        format!("{from} {head} {to}")
    } else {
        format!(
            "{from} {head}|{}| {to}",
            quoted(&arrow.instances.join(", "))
        )
    }
}

/// A label in quotes; what Mermaid or HTML would read as more than text goes in by its number.
fn quoted(label: &str) -> String {
    let mut text = String::from("\"");
    for character in label.chars() {
        match character {
            '"' | '#' | '&' | '<' | '>' | '`' | '\\' | ';' | '\n' | '\r' => {
                let _ = write!(text, "#{};", u32::from(character));
            }
            _ => text.push(character),
        }
    }
    text.push('"');
    text
}
