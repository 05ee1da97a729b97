//! A checked grid to its picture: data, steps and resources are nodes; locals are followed to what they read. The only file
//! here that uses results of the compiler's stages.

use super::model::{
    Arrow, ArrowReason, FrameKind, Graph, GraphFrame, GraphNode, NodeInstances, NodeWhat, Turn,
};
use crate::check::typed::{TInstances, Typed};
use crate::resolve::model::{BodyId, Callee, DataId, Edge, EdgeKind, Instances, LocalId, Node};
use crate::syntax::decl::Phase;
use std::collections::{BTreeMap, BTreeSet};

/// The picture of a checked grid; `reads` are the data that its steps and resources read.
pub fn picture(typed: &Typed, reads: &BTreeMap<Node, BTreeSet<DataId>>) -> Graph {
    let mut graph = Graph::default();
    let mut positions = BTreeMap::new();
    let mut frames: BTreeMap<BodyId, usize> = BTreeMap::new();
    for id in typed.body_ids() {
        let body = typed.body(id);
        let kind = match (&body.scenario, &body.flow, &body.phase) {
            (Some(scenario), ..) => FrameKind::Scenario(scenario.load.profile.name().to_owned()),
            (None, Some(_), _) => FrameKind::Flow,
            (None, None, Some(phase)) => {
                let owner = (phase.owner != BodyId::MAIN).then(|| typed.body(phase.owner));
                FrameKind::Phase(phase.phase.name(), owner.map(|owner| owner.name.clone()))
            }
            (None, None, None) => continue,
        };
        let at = graph.frames.len();
        frames.insert(id, at);
        graph.frames.push(GraphFrame {
            id: format!("c{at}"),
            name: body.name.clone(),
            kind,
        });
    }
    graph.turns = turns(typed, &frames);
    for (at, data) in typed.data.iter().enumerate() {
        let (kind, name) = data.name.split_once('.').unwrap_or(("", &data.name));
        graph.nodes.push(GraphNode {
            id: format!("d{at}"),
            kind: kind.to_owned(),
            name: name.to_owned(),
            what: NodeWhat::Data,
            is_call: false,
            instances: NodeInstances::Single,
            frame: None,
        });
    }
    let resources = typed.body_ids().flat_map(|body| typed.resource_ids(body));
    for (at, id) in resources.enumerate() {
        let resource = typed.resource(id);
        positions.insert(Node::Resource(id), graph.nodes.len());
        graph.nodes.push(GraphNode {
            id: format!("r{at}"),
            kind: resource.asset_name.clone(),
            name: resource.name.clone(),
            what: NodeWhat::Resource,
            is_call: false,
            instances: NodeInstances::Single,
            frame: frames.get(&id.body).copied(),
        });
    }
    let steps = typed.body_ids().flat_map(|body| typed.step_ids(body));
    for (at, id) in steps.enumerate() {
        let step = typed.step(id);
        positions.insert(Node::Step(id), graph.nodes.len());
        let instances = match &step.instances {
            TInstances::Single => NodeInstances::Single,
            TInstances::Count(count) => NodeInstances::Count(*count),
            TInstances::Late(_) => NodeInstances::Late,
            TInstances::ForEach(items) => {
                NodeInstances::Keys(items.iter().map(|(key, _)| key.clone()).collect())
            }
        };
        graph.nodes.push(GraphNode {
            id: format!("s{at}"),
            kind: step.runner_name.clone(),
            name: step.name.clone(),
            what: NodeWhat::Step,
            is_call: matches!(step.callee, Callee::Flow(_)),
            instances,
            frame: frames.get(&id.body).copied(),
        });
    }
    graph.arrows = arrows(typed, &positions);
    for (reader, data) in reads {
        let Some(to) = positions.get(reader) else {
            continue;
        };
        graph.arrows.extend(data.iter().map(|data| Arrow {
            from: data.0,
            to: *to,
            reason: ArrowReason::Data,
            instances: Vec::new(),
        }));
    }
    graph
}

/// What runs before what: around each scenario the blocks of the grid and its own, and a scenario that begins after another.
fn turns(typed: &Typed, frames: &BTreeMap<BodyId, usize>) -> Vec<Turn> {
    let phase = |wanted: Phase, owner: BodyId| {
        let mut bodies = typed.body_ids();
        let found = bodies.find(|id| {
            let phase = typed.body(*id).phase.as_ref();
            phase.is_some_and(|phase| phase.phase == wanted && phase.owner == owner)
        });
        found.and_then(|id| frames.get(&id).copied())
    };
    let is_run = |id: &BodyId| {
        let body = typed.body(*id);
        body.scenario.is_some() || *id == BodyId::MAIN && !body.steps.is_empty()
    };
    let mut turns = Vec::new();
    for id in typed.body_ids().filter(is_run) {
        let own = (id != BodyId::MAIN).then_some(id);
        let of_both = |wanted, is_before| {
            let of_grid = phase(wanted, BodyId::MAIN);
            let own = own.and_then(|own| phase(wanted, own));
            match is_before {
                true => [of_grid, own],
                false => [own, of_grid],
            }
        };
        let before = [of_both(Phase::Setup, true), of_both(Phase::VuSetup, true)];
        let after = [
            of_both(Phase::VuTeardown, false),
            of_both(Phase::Teardown, false),
        ];
        let mut chain: Vec<Option<usize>> =
            before.concat().into_iter().flatten().map(Some).collect();
        chain.push(frames.get(&id).copied());
        chain.extend(after.concat().into_iter().flatten().map(Some));
        for pair in chain.windows(2) {
            if let [before, after] = *pair {
                turns.push(Turn { before, after });
            }
        }
        let scenario = typed.body(id).scenario.as_ref();
        if let Some(first) = scenario.and_then(|scenario| scenario.after) {
            turns.push(Turn {
                before: frames.get(&first).copied(),
                after: frames.get(&id).copied(),
            });
        }
    }
    let mut distinct: Vec<Turn> = Vec::new();
    for turn in turns {
        if !distinct.contains(&turn) {
            distinct.push(turn);
        }
    }
    let is_needed = |turn: &&Turn| !is_implied(turn, &distinct);
    distinct.iter().filter(is_needed).copied().collect()
}

/// Whether other turns lead from the one frame to the other as well.
fn is_implied(turn: &Turn, all: &[Turn]) -> bool {
    let others = || all.iter().filter(|other| *other != turn);
    let mut seen = BTreeSet::from([turn.before]);
    let mut open = vec![turn.before];
    while let Some(at) = open.pop() {
        for next in others().filter(|other| other.before == at) {
            if next.after == turn.after {
                return true;
            }
            if seen.insert(next.after) {
                open.push(next.after);
            }
        }
    }
    false
}

fn arrows(typed: &Typed, positions: &BTreeMap<Node, usize>) -> Vec<Arrow> {
    let mut by_user: BTreeMap<Node, Vec<&Edge>> = BTreeMap::new();
    for edge in typed.bodies.iter().flat_map(|body| &body.edges) {
        by_user.entry(edge.from).or_default().push(edge);
    }
    let mut arrows: BTreeMap<(usize, usize), Arrow> = BTreeMap::new();
    for (user, to) in positions {
        for (used, kind, instances) in seen(*user, &by_user) {
            let Some(from) = positions.get(&used) else {
                continue;
            };
            let arrow = Arrow {
                from: *from,
                to: *to,
                reason: match kind {
                    EdgeKind::Explicit => ArrowReason::Order,
                    EdgeKind::Implicit => ArrowReason::Data,
                    EdgeKind::Uses => ArrowReason::Uses,
                },
                instances: shown(&instances),
            };
            arrows
                .entry((*from, *to))
                .and_modify(|known| known.merge(&arrow))
                .or_insert(arrow);
        }
    }
    arrows.into_values().collect()
}

/// What a node needs, locals looked through.
fn seen(user: Node, by_user: &BTreeMap<Node, Vec<&Edge>>) -> Vec<(Node, EdgeKind, Instances)> {
    let mut found = Vec::new();
    let mut looked: BTreeSet<LocalId> = BTreeSet::new();
    let mut open = vec![user];
    while let Some(node) = open.pop() {
        for edge in by_user.get(&node).into_iter().flatten() {
            match edge.to {
                Node::Local(local) if looked.insert(local) => open.push(edge.to),
                Node::Local(_) | Node::Variable(_) => {}
                Node::Step(_) | Node::Resource(_) => {
                    found.push((edge.to, edge.kind, edge.instances.clone()))
                }
            }
        }
    }
    found
}

fn shown(instances: &Instances) -> Vec<String> {
    match instances {
        Instances::All | Instances::Computed(_) => Vec::new(),
        Instances::Index(index) => vec![format!("[{index}]")],
        Instances::Key(key) => vec![format!("[{}]", as_hcl(key))],
    }
}

/// A key as a grid writes it.
fn as_hcl(key: &str) -> String {
    // Writing a string cannot fail.
    hcl::format::to_string(&key.to_owned()).unwrap_or_else(|_| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_shown_as_a_grid_would_have_to_write_it() {
        let shown = |key: &str| shown(&Instances::Key(key.to_owned()));
        assert_eq!(shown("eu"), [r#"["eu"]"#]);
        assert_eq!(shown("a\"b\\"), [r#"["a\"b\\"]"#]);
        assert_eq!(shown("${x} %{y}"), [r#"["$${x} %%{y}"]"#]);
        assert_eq!(shown("e\u{301}\n"), ["[\"e\u{301}\\n\"]"]);
    }
}
