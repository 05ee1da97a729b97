//! The picture in Mermaid: steps are boxes, resources cylinders, data leaning boxes, scenarios frames; comments say what each kind of arrow means.

use super::model::{Arrow, ArrowStyle, Graph, NodeWhat};
use std::fmt::Write;

/// The whole diagram.
pub fn text(graph: &Graph) -> String {
    let mut text = String::from("graph TD;\n");
    for (line, meaning) in graph.legend() {
        let _ = writeln!(text, "    %% {} {meaning}", head(line));
    }
    nodes(&mut text, graph, None, "    ");
    for (at, frame) in graph.frames.iter().enumerate() {
        let label = frame.title();
        let _ = writeln!(text, "    subgraph {}[{}]", frame.id, quoted(&label));
        nodes(&mut text, graph, Some(at), "        ");
        text.push_str("    end\n");
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
        let _ = writeln!(text, "    {};", line(arrow, graph));
    }
    for turn in &graph.turns {
        let frame = |at: usize| graph.frames.get(at).map(|frame| frame.id.as_str());
        let before: Vec<&str> = match turn.before {
            Some(at) => frame(at).into_iter().collect(),
            None => graph.last_of(None).map(|node| node.id.as_str()).collect(),
        };
        for before in before {
            match turn.after {
                Some(at) => {
                    let after = frame(at).unwrap_or_default();
                    let _ = writeln!(text, "    {before} --> {after};");
                }
                None => {
                    for node in graph.first_of(None) {
                        let _ = writeln!(text, "    {before} --> {};", node.id);
                    }
                }
            }
        }
    }
    for (place, node) in graph.last().enumerate() {
        let end = if place == 0 { "End((End))" } else { "End" };
        let _ = writeln!(text, "    {} --> {end};", node.id);
    }
    if graph.nodes.iter().all(|node| !node.is_step()) {
        text.push_str("    Start((Start)) --> End((End));\n");
    }
    text
}

/// The nodes that one scenario declares, or none.
fn nodes(text: &mut String, graph: &Graph, scenario: Option<usize>, indent: &str) {
    for node in graph.of_frame(scenario) {
        let label = quoted(&graph.label(node));
        let _ = match node.what {
            NodeWhat::Data => writeln!(text, "{indent}{}[/{label}/];", node.id),
            NodeWhat::Resource => writeln!(text, "{indent}{}[({label})];", node.id),
            NodeWhat::Step => writeln!(text, "{indent}{}[{label}];", node.id),
        };
    }
}

fn line(arrow: &Arrow, graph: &Graph) -> String {
    let nodes = &graph.nodes;
    let (from, to) = (&nodes[arrow.from].id, &nodes[arrow.to].id);
    let head = head(graph.line(arrow));
    if arrow.instances.is_empty() {
        format!("{from} {head} {to}")
    } else {
        format!(
            "{from} {head}|{}| {to}",
            quoted(&arrow.instances.join(", "))
        )
    }
}

fn head(line: ArrowStyle) -> &'static str {
    match line {
        ArrowStyle::Order => "-->",
        ArrowStyle::Data => "==>",
        ArrowStyle::Resource => "-.->",
        ArrowStyle::Rows => "-.-o",
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
