//! A checked grid to the nodes and arrows of its picture: steps and resources; variables and locals are looked through.

use crate::check::typed::{TInstances, Typed};
use crate::resolve::model::{Edge, EdgeKind, Instances, LocalId, Node};
use std::collections::{BTreeMap, BTreeSet};

/// A picture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    /// Resources, then steps, in written order.
    pub nodes: Vec<Picture>,
    /// Each pair once; positions in `nodes`.
    pub arrows: Vec<Arrow>,
}

/// A node of the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// An id of our own: names of a grid may be words of the picture's language.
    pub id: String,
    /// Runner or asset.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Whether it is a step (or a resource).
    pub step: bool,
    /// How often it is there.
    pub instances: Shown,
}

/// Instances of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// One, without index.
    Single,
    /// `count`
    Count(u32),
    /// `for_each`
    Keys(Vec<String>),
}

/// `to` waits for `from`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrow {
    /// What comes first.
    pub from: usize,
    /// What waits for it.
    pub to: usize,
    /// Why.
    pub kind: EdgeKind,
    /// `[0]`, `["key"]`: waits for these instances only; empty for all.
    pub instances: Vec<String>,
}

impl Picture {
    /// What stands in the node: `first`, `item[3]`.
    pub fn label(&self) -> String {
        match &self.instances {
            Shown::Single => self.name.clone(),
            Shown::Count(count) => format!("{}[{count}]", self.name),
            Shown::Keys(keys) => format!("{}[{}]", self.name, keys.len()),
        }
    }
}

impl Graph {
    /// Steps that wait for no other step, neither by themselves nor by a resource that is built on one.
    pub fn first(&self) -> impl Iterator<Item = &Picture> {
        self.steps_that(|graph, at| !graph.meets_step(at, |arrow| (arrow.to, arrow.from)))
    }

    /// Steps that no other step waits for.
    pub fn last(&self) -> impl Iterator<Item = &Picture> {
        self.steps_that(|graph, at| !graph.meets_step(at, |arrow| (arrow.from, arrow.to)))
    }

    /// Whether the arrows lead from a node to a step, at once or through resources. `ends` are those of an arrow, the one
    /// that is left first.
    fn meets_step(&self, at: usize, ends: impl Fn(&Arrow) -> (usize, usize)) -> bool {
        let mut seen = BTreeSet::from([at]);
        let mut open = vec![at];
        while let Some(at) = open.pop() {
            let arrows = self.arrows.iter().map(&ends);
            for (_, next) in arrows.filter(|(from, _)| *from == at) {
                if self.nodes[next].step {
                    return true;
                }
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        false
    }

    fn steps_that(&self, wanted: impl Fn(&Self, usize) -> bool) -> impl Iterator<Item = &Picture> {
        self.nodes
            .iter()
            .enumerate()
            .filter(move |(at, node)| node.step && wanted(self, *at))
            .map(|(_, node)| node)
    }
}

/// The picture of a grid.
pub fn graph(typed: &Typed) -> Graph {
    let mut graph = Graph::default();
    let mut positions = BTreeMap::new();
    let resources = typed.body_ids().flat_map(|body| typed.resource_ids(body));
    for (at, id) in resources.enumerate() {
        let resource = typed.resource(id);
        positions.insert(Node::Resource(id), graph.nodes.len());
        graph.nodes.push(Picture {
            id: format!("r{at}"),
            kind: resource.asset_name.clone(),
            name: resource.name.clone(),
            step: false,
            instances: Shown::Single,
        });
    }
    let steps = typed.body_ids().flat_map(|body| typed.step_ids(body));
    for (at, id) in steps.enumerate() {
        let step = typed.step(id);
        positions.insert(Node::Step(id), graph.nodes.len());
        let instances = match &step.instances {
            TInstances::Single => Shown::Single,
            TInstances::Count(count) => Shown::Count(*count),
            TInstances::ForEach(items) => {
                Shown::Keys(items.iter().map(|(key, _)| key.clone()).collect())
            }
        };
        graph.nodes.push(Picture {
            id: format!("s{at}"),
            kind: step.runner_name.clone(),
            name: step.name.clone(),
            step: true,
            instances,
        });
    }
    graph.arrows = arrows(typed, &positions);
    graph
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
                kind,
                instances: shown(&instances),
            };
            arrows
                .entry((*from, *to))
                .and_modify(|known| merge(known, &arrow))
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

/// Written out counts more than implied: the arrow shows what the author said.
fn merge(known: &mut Arrow, more: &Arrow) {
    known.kind = known.kind.min(more.kind);
    if known.instances.is_empty() || more.instances.is_empty() {
        known.instances.clear();
    } else {
        known.instances.extend(more.instances.iter().cloned());
        known.instances.sort();
        known.instances.dedup();
    }
}

fn shown(instances: &Instances) -> Vec<String> {
    match instances {
        Instances::All | Instances::Computed(_) => Vec::new(),
        Instances::Index(index) => vec![format!("[{index}]")],
        Instances::Key(key) => vec![format!("[{key:?}]")],
    }
}
