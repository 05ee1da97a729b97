//! The picture of a grid as data: nodes and arrows, whatever language it is written in.

use std::collections::{BTreeMap, BTreeSet};

/// A picture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    /// Data, resources, then steps, in written order.
    pub nodes: Vec<GraphNode>,
    /// Each pair once; positions in `nodes`.
    pub arrows: Vec<Arrow>,
    /// Scenarios, flows and what runs before and after, in written order. What stands outside of all has one frame, which is not drawn.
    pub frames: Vec<GraphFrame>,
    /// Which of them run one after the other.
    pub turns: Vec<Turn>,
}

/// One frame runs before another: `setup` before a scenario. Both are positions in `frames`; none is what stands outside of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// What runs first.
    pub before: Option<usize>,
    /// What waits for all of it.
    pub after: Option<usize>,
}

/// A scenario, a flow or the like: a frame around its nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphFrame {
    /// An id of our own.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: FrameKind,
}

/// What a frame is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrameKind {
    /// A scenario, with the profile of its load.
    Scenario(String),
    /// A flow: it runs where a step calls it.
    Flow,
    /// What runs before or after the iterations: `setup`; with the name of the scenario in which it stands.
    Phase(&'static str, Option<String>),
}

impl GraphFrame {
    /// What stands above it.
    pub fn title(&self) -> String {
        match &self.kind {
            FrameKind::Scenario(profile) => format!("{}: {profile}", self.name),
            FrameKind::Flow => format!("flow {}", self.name),
            FrameKind::Phase(phase, None) => (*phase).to_owned(),
            FrameKind::Phase(phase, Some(scenario)) => format!("{phase} of {scenario}"),
        }
    }
}

/// A node of the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphNode {
    /// An id of our own: names of a grid may be words of the picture's language.
    pub id: String,
    /// Runner, asset or kind of data.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub what: NodeWhat,
    /// Whether it is a step that calls a flow: its kind is the flow's name.
    pub is_call: bool,
    /// Its instances.
    pub instances: NodeInstances,
    /// The scenario or flow that declares it: a position in `Graph::frames`.
    pub frame: Option<usize>,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeWhat {
    /// A step.
    Step,
    /// A resource.
    Resource,
    /// Data with rows.
    Data,
}

impl NodeWhat {
    /// As a grid writes it.
    pub fn word(self) -> &'static str {
        match self {
            NodeWhat::Step => "step",
            NodeWhat::Resource => "resource",
            NodeWhat::Data => "data",
        }
    }
}

impl GraphNode {
    /// Whether it is a step.
    pub fn is_step(&self) -> bool {
        self.what == NodeWhat::Step
    }
}

/// Instances of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeInstances {
    /// One, without index.
    Single,
    /// `count`
    Count(u32),
    /// `for_each`
    Keys(Vec<String>),
    /// Known when the step begins.
    Late,
}

/// Why a node waits for another. The strongest comes first: of two reasons the picture shows the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ArrowReason {
    /// It stands in `depends_on`.
    Order,
    /// An expression reads an output or an export.
    Data,
    /// It stands in `uses`.
    Uses,
}

/// How an arrow is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArrowStyle {
    /// `depends_on`.
    Order,
    /// An output of a step is read.
    Data,
    /// A resource is used, or one of its exports is read.
    Resource,
    /// Rows of data are read.
    Rows,
}

impl ArrowStyle {
    /// All kinds, and what each means: the legend.
    pub const ALL: [(ArrowStyle, &str); 4] = [
        (ArrowStyle::Order, "depends_on"),
        (ArrowStyle::Data, "reads an output"),
        (
            ArrowStyle::Resource,
            "uses a resource or reads an export of it",
        ),
        (ArrowStyle::Rows, "reads rows of data"),
    ];
}

/// `to` waits for `from`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrow {
    /// What comes first.
    pub from: usize,
    /// What waits for it.
    pub to: usize,
    /// Why.
    pub reason: ArrowReason,
    /// `[0]`, `["key"]`: waits for these instances only; empty for all.
    pub instances: Vec<String>,
}

impl Graph {
    /// The nodes that a scenario or flow declares, or those outside of all.
    pub fn of_frame(&self, frame: Option<usize>) -> impl Iterator<Item = &GraphNode> {
        let nodes = self.nodes.iter();
        nodes.filter(move |node| node.frame == frame)
    }

    /// What stands in a node: `first`, `item[3]`; `noop.first` where another node of its scenario is called `first` as well.
    pub fn label(&self, node: &GraphNode) -> String {
        let same = self.of_frame(node.frame);
        let same = same.filter(|other| other.name == node.name);
        let name = if same.count() > 1 {
            format!("{}.{}", node.kind, node.name)
        } else {
            node.name.clone()
        };
        let label = match &node.instances {
            NodeInstances::Single => name,
            NodeInstances::Count(count) => format!("{name}[{count}]"),
            NodeInstances::Keys(keys) => format!("{name}[{}]", keys.len()),
            NodeInstances::Late => format!("{name}[*]"),
        };
        match node.is_call {
            true => format!("{label}: {}", node.kind),
            false => label,
        }
    }

    /// How an arrow of this graph is drawn.
    pub fn line(&self, arrow: &Arrow) -> ArrowStyle {
        match (arrow.reason, self.nodes[arrow.from].what) {
            (ArrowReason::Order, _) => ArrowStyle::Order,
            (_, NodeWhat::Step) => ArrowStyle::Data,
            (_, NodeWhat::Resource) => ArrowStyle::Resource,
            (_, NodeWhat::Data) => ArrowStyle::Rows,
        }
    }

    /// The kinds of arrows that this graph has, and what each means.
    pub fn legend(&self) -> impl Iterator<Item = (ArrowStyle, &'static str)> {
        let there = |wanted: ArrowStyle| self.arrows.iter().any(|arrow| self.line(arrow) == wanted);
        ArrowStyle::ALL
            .into_iter()
            .filter(move |(line, _)| there(*line))
    }

    /// Only the steps. If a step waits for another one through resources, there is an arrow between the two.
    #[must_use]
    pub fn without_resources(&self) -> Graph {
        let mut positions = BTreeMap::new();
        let mut nodes = Vec::new();
        for (at, node) in self
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.is_step())
        {
            positions.insert(at, nodes.len());
            nodes.push(node.clone());
        }
        let mut arrows: BTreeMap<(usize, usize), Arrow> = BTreeMap::new();
        for (before, from) in &positions {
            for arrow in self.through_resources(*before) {
                let Some(to) = positions.get(&arrow.to) else {
                    continue;
                };
                let arrow = Arrow {
                    from: *from,
                    to: *to,
                    ..arrow
                };
                arrows
                    .entry((*from, *to))
                    .and_modify(|known| known.merge(&arrow))
                    .or_insert(arrow);
            }
        }
        Graph {
            nodes,
            arrows: arrows.into_values().collect(),
            frames: self.frames.clone(),
            turns: self.turns.clone(),
        }
    }

    /// Arrows from a node to the next steps, through any number of resources.
    fn through_resources(&self, from: usize) -> Vec<Arrow> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::from([from]);
        let mut open = vec![from];
        while let Some(at) = open.pop() {
            for arrow in self.arrows.iter().filter(|arrow| arrow.from == at) {
                if self.nodes[arrow.to].is_step() {
                    let reason = if at == from {
                        arrow.reason
                    } else {
                        ArrowReason::Data
                    };
                    let instances = if at == from {
                        arrow.instances.clone()
                    } else {
                        Vec::new()
                    };
                    found.push(Arrow {
                        from,
                        to: arrow.to,
                        reason,
                        instances,
                    });
                } else if seen.insert(arrow.to) {
                    open.push(arrow.to);
                }
            }
        }
        found
    }

    /// Steps with which the run begins: they wait for no other step, neither by themselves nor by a resource that is built on
    /// one, and no other frame runs before theirs.
    pub fn first(&self) -> impl Iterator<Item = &GraphNode> {
        let waits = |frame| self.turns.iter().any(|turn| turn.after == frame);
        let own =
            self.steps_that(|graph, at| !graph.meets_step(at, |arrow| (arrow.to, arrow.from)));
        own.filter(move |node| !waits(node.frame))
    }

    /// Steps with which the run ends: no other step waits for them, and no other frame for theirs.
    pub fn last(&self) -> impl Iterator<Item = &GraphNode> {
        let is_awaited = |frame| self.turns.iter().any(|turn| turn.before == frame);
        let own =
            self.steps_that(|graph, at| !graph.meets_step(at, |arrow| (arrow.from, arrow.to)));
        own.filter(move |node| !is_awaited(node.frame))
    }

    /// The steps of a frame that wait for no other one of it.
    pub fn first_of(&self, frame: Option<usize>) -> impl Iterator<Item = &GraphNode> {
        self.ends_of(frame, |arrow| (arrow.to, arrow.from))
    }

    /// The steps of a frame that no other one of it waits for.
    pub fn last_of(&self, frame: Option<usize>) -> impl Iterator<Item = &GraphNode> {
        self.ends_of(frame, |arrow| (arrow.from, arrow.to))
    }

    fn ends_of(
        &self,
        frame: Option<usize>,
        ends: impl Fn(&Arrow) -> (usize, usize),
    ) -> impl Iterator<Item = &GraphNode> {
        let is_own = move |at: usize| {
            let node = self.nodes.get(at);
            node.is_some_and(|node| node.is_step() && node.frame == frame)
        };
        let arrows = self.arrows.iter().map(ends);
        let linked: BTreeSet<usize> = arrows
            .filter(|(from, to)| is_own(*from) && is_own(*to))
            .map(|(from, _)| from)
            .collect();
        let nodes = self.nodes.iter().enumerate();
        let own = nodes.filter(move |(at, _)| is_own(*at) && !linked.contains(at));
        own.map(|(_, node)| node)
    }

    /// Whether the arrows lead from a node to a step, at once or through resources. `ends` are those of an arrow, the one
    /// that is left first.
    fn meets_step(&self, at: usize, ends: impl Fn(&Arrow) -> (usize, usize)) -> bool {
        let mut seen = BTreeSet::from([at]);
        let mut open = vec![at];
        while let Some(at) = open.pop() {
            let arrows = self.arrows.iter().map(&ends);
            for (_, next) in arrows.filter(|(from, _)| *from == at) {
                if self.nodes[next].is_step() {
                    return true;
                }
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        false
    }

    fn steps_that(
        &self,
        wanted: impl Fn(&Self, usize) -> bool,
    ) -> impl Iterator<Item = &GraphNode> {
        self.nodes
            .iter()
            .enumerate()
            .filter(move |(at, node)| node.is_step() && !self.is_of_flow(node) && wanted(self, *at))
            .map(|(_, node)| node)
    }

    /// A flow neither begins nor ends a run: it runs where it is called.
    fn is_of_flow(&self, node: &GraphNode) -> bool {
        let frame = node.frame.and_then(|at| self.frames.get(at));
        frame.is_some_and(|frame| frame.kind == FrameKind::Flow)
    }
}

impl Arrow {
    /// Merges another arrow between the same nodes. A reason that the author wrote wins over one that an expression implies.
    pub fn merge(&mut self, more: &Arrow) {
        self.reason = self.reason.min(more.reason);
        if self.instances.is_empty() || more.instances.is_empty() {
            self.instances.clear();
        } else {
            self.instances.extend(more.instances.iter().cloned());
            self.instances.sort();
            self.instances.dedup();
        }
    }
}
