//! The picture for Graphviz: steps are boxes, resources cylinders, data notes, scenarios frames; the caption says what each kind of arrow means.

use super::model::{Arrow, ArrowStyle, Graph, GraphNode, NodeWhat, Turn};
use std::fmt::Write;

/// The whole graph.
pub fn text(graph: &Graph) -> String {
    // Only then an arrow may end at a frame.
    let compound = match graph.turns.is_empty() {
        true => "",
        false => "    compound=true;\n",
    };
    let mut text = format!(
        "digraph grid {{\n{compound}    node [shape=box];\n    Start [shape=circle];\n    End [shape=circle];\n",
    );
    let legend: Vec<String> = graph
        .legend()
        .map(|(line, meaning)| format!("{}: {meaning}", word(line)))
        .collect();
    if !legend.is_empty() {
        let _ = writeln!(text, "    label={};", quoted(&legend.join("\n")));
    }
    nodes(&mut text, graph, None, "    ");
    for (at, frame) in graph.frames.iter().enumerate() {
        // Graphviz draws a frame around a subgraph whose name begins so.
        let _ = writeln!(text, "    subgraph cluster_{} {{", frame.id);
        let label = frame.title();
        let _ = writeln!(text, "        label={};", quoted(&label));
        nodes(&mut text, graph, Some(at), "        ");
        text.push_str("    }\n");
    }
    for node in graph.first() {
        let _ = writeln!(text, "    Start -> {};", node.id);
    }
    for arrow in &graph.arrows {
        let _ = writeln!(text, "    {};", line(arrow, graph));
    }
    for turn in &graph.turns {
        text.push_str(&self::turn(*turn, graph));
    }
    for node in graph.last() {
        let _ = writeln!(text, "    {} -> End;", node.id);
    }
    if graph.nodes.iter().all(|node| !node.is_step()) {
        text.push_str("    Start -> End;\n");
    }
    text.push_str("}\n");
    text
}

/// From frame to frame. Graphviz draws it between two nodes of them and cuts it at the frames; nodes outside of all have none.
fn turn(turn: Turn, graph: &Graph) -> String {
    let of = |frame: Option<usize>, all: Vec<&GraphNode>| -> Vec<String> {
        let all = all.into_iter().map(|node| node.id.clone());
        match frame {
            Some(_) => all.take(1).collect(),
            None => all.collect(),
        }
    };
    let cut = |name: &str, frame: Option<usize>| {
        let frame = frame.and_then(|at| graph.frames.get(at));
        frame.map(|frame| format!("{name}=cluster_{}", frame.id))
    };
    let ends = [cut("ltail", turn.before), cut("lhead", turn.after)];
    let ends: Vec<String> = ends.into_iter().flatten().collect();
    let mut text = String::new();
    for from in of(turn.before, graph.last_of(turn.before).collect()) {
        for to in of(turn.after, graph.first_of(turn.after).collect()) {
            let _ = writeln!(text, "    {from} -> {to} [{}];", ends.join(", "));
        }
    }
    text
}

/// The nodes that one scenario declares, or none.
fn nodes(text: &mut String, graph: &Graph, scenario: Option<usize>, indent: &str) {
    for node in graph.of_frame(scenario) {
        let shape = match node.what {
            NodeWhat::Step => "",
            NodeWhat::Resource => ", shape=cylinder",
            NodeWhat::Data => ", shape=note",
        };
        let tip = quoted(&format!("{}.{}", node.kind, node.name));
        let _ = writeln!(
            text,
            "{indent}{} [label={}, tooltip={tip}{shape}];",
            node.id,
            quoted(&graph.label(node))
        );
    }
}

fn line(arrow: &Arrow, graph: &Graph) -> String {
    let nodes = &graph.nodes;
    let mut attributes = Vec::new();
    match graph.line(arrow) {
        ArrowStyle::Order => {}
        ArrowStyle::Data => attributes.push("style=bold".to_owned()),
        ArrowStyle::Resource => attributes.push("style=dashed".to_owned()),
        ArrowStyle::Rows => attributes.push("style=dotted".to_owned()),
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

/// How an arrow looks, in a word.
fn word(line: ArrowStyle) -> &'static str {
    match line {
        ArrowStyle::Order => "thin",
        ArrowStyle::Data => "bold",
        ArrowStyle::Resource => "dashed",
        ArrowStyle::Rows => "dotted",
    }
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
