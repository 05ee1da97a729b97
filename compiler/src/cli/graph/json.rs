//! The picture for programs: nodes by their addresses in the grid, and edges with what made them.

use super::model::{ArrowReason, FrameKind, Graph, GraphNode, NodeInstances};
use serde::Serialize;

#[derive(Serialize)]
struct Document {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

#[derive(Serialize)]
struct Node {
    id: String,
    kind: &'static str,
    #[serde(rename = "type")]
    ty: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    scenario: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flow: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<Vec<String>>,
    /// How many instances there are is known when the step begins.
    #[serde(skip_serializing_if = "is_false")]
    late: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}

#[derive(Serialize)]
struct Edge {
    from: String,
    to: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    instances: Vec<String>,
}

/// The whole document, indented, with a line break at its end.
pub fn text(graph: &Graph) -> String {
    let terminal = |name: &str, kind| Node {
        id: name.to_owned(),
        kind,
        ty: kind.to_owned(),
        name: name.to_owned(),
        scenario: None,
        flow: None,
        phase: None,
        count: None,
        keys: None,
        late: false,
    };
    let mut nodes = vec![terminal("Start", "start")];
    nodes.extend(graph.nodes.iter().map(|one| node(graph, one)));
    nodes.push(terminal("End", "end"));
    let plain = |from: String, to: String| Edge {
        from,
        to,
        kind: "order",
        instances: Vec::new(),
    };
    let mut edges: Vec<Edge> = graph
        .first()
        .map(|node| plain("Start".to_owned(), address(graph, node)))
        .collect();
    edges.extend(graph.arrows.iter().map(|arrow| Edge {
        from: address(graph, &graph.nodes[arrow.from]),
        to: address(graph, &graph.nodes[arrow.to]),
        kind: match arrow.reason {
            ArrowReason::Order => "explicit",
            ArrowReason::Data => "implicit",
            ArrowReason::Uses => "uses",
        },
        instances: arrow.instances.clone(),
    }));
    for turn in &graph.turns {
        for before in graph.last_of(turn.before) {
            let after = graph.first_of(turn.after);
            edges.extend(after.map(|after| plain(address(graph, before), address(graph, after))));
        }
    }
    edges.extend(
        graph
            .last()
            .map(|node| plain(address(graph, node), "End".to_owned())),
    );
    // Plain structs of texts and numbers always serialise.
    let mut text = serde_json::to_string_pretty(&Document { nodes, edges }).unwrap_or_default();
    text.push('\n');
    text
}

fn node(graph: &Graph, node: &GraphNode) -> Node {
    let (count, keys) = match &node.instances {
        NodeInstances::Single | NodeInstances::Late => (None, None),
        NodeInstances::Count(count) => (Some(*count), None),
        NodeInstances::Keys(keys) => (None, Some(keys.clone())),
    };
    let owner = owner(graph, node);
    Node {
        id: address(graph, node),
        scenario: owner.scenario.cloned(),
        flow: owner.flow.cloned(),
        phase: owner.phase,
        kind: node.what.word(),
        ty: node.kind.clone(),
        name: node.name.clone(),
        count,
        keys,
        late: matches!(node.instances, NodeInstances::Late),
    }
}

/// Who declares a node.
#[derive(Default)]
struct Owner<'a> {
    scenario: Option<&'a String>,
    flow: Option<&'a String>,
    /// `setup` or the like, of the scenario if it stands in one.
    phase: Option<&'static str>,
}

fn owner<'a>(graph: &'a Graph, node: &GraphNode) -> Owner<'a> {
    let frame = node.frame.and_then(|at| graph.frames.get(at));
    match frame.map(|frame| (&frame.kind, &frame.name)) {
        Some((FrameKind::Scenario(_), name)) => Owner {
            scenario: Some(name),
            ..Owner::default()
        },
        Some((FrameKind::Flow, name)) => Owner {
            flow: Some(name),
            ..Owner::default()
        },
        Some((FrameKind::Phase(phase, scenario), _)) => Owner {
            scenario: scenario.as_ref(),
            flow: None,
            phase: Some(phase),
        },
        None => Owner::default(),
    }
}

/// As a grid refers to it: `step.http_request.first`; of a scenario, `scenario.browse.step.http_request.first`, and of a flow
/// or a phase likewise.
fn address(graph: &Graph, node: &GraphNode) -> String {
    let Owner {
        scenario,
        flow,
        phase,
    } = owner(graph, node);
    let mut of = String::new();
    if let Some(scenario) = scenario {
        of += &format!("scenario.{scenario}.");
    }
    if let Some(flow) = flow {
        of += &format!("flow.{flow}.");
    }
    if let Some(phase) = phase {
        of += &format!("{phase}.");
    }
    format!("{}{}.{}.{}", of, node.what.word(), node.kind, node.name)
}
