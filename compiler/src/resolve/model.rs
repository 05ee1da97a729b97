//! The result of the resolve stage: what each name stands for, and the graph with the cause of every edge.

pub use crate::modules::RunnerOrAsset;
use crate::source::Span;
use crate::syntax::all_expressions;
pub use crate::syntax::decl::BodyId;
use crate::syntax::decl::{
    BinaryOp, Declarations, Expr, ExprId, ExprKind, Name, ResourceDecl, StepDecl,
};
use std::collections::BTreeMap;
use std::ops::{Index, IndexMut};

/// A step of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId {
    /// Its body.
    pub body: BodyId,
    /// Index into `BodyDecl::steps`.
    pub index: usize,
}
/// A resource of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId {
    /// The body that declares it.
    pub body: BodyId,
    /// Index into `BodyDecl::resources`.
    pub index: usize,
}
/// Index into `Declarations::variables`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VariableId(pub usize);
/// Index into `Declarations::locals`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalId(pub usize);
/// Index into `Declarations::metrics`
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetricId(pub usize);
/// Index into `Declarations::data`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DataId(pub usize);
/// An input of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InputId {
    /// The flow.
    pub flow: BodyId,
    /// Index into `FlowDecl::inputs`.
    pub index: usize,
}
/// A variable of a `for` or a splat's item, unique in the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BoundId(pub u32);

/// An id of something that belongs to a body.
pub trait InBody: Copy {
    /// Its body.
    fn body(self) -> BodyId;
    /// Its position among those of its kind in the body.
    fn index(self) -> usize;
}

impl InBody for StepId {
    fn body(self) -> BodyId {
        self.body
    }

    fn index(self) -> usize {
        self.index
    }
}

impl InBody for ResourceId {
    fn body(self) -> BodyId {
        self.body
    }

    fn index(self) -> usize {
        self.index
    }
}

/// One value for each step, or for each resource, of each body.
#[derive(Debug, Clone, Default)]
pub struct ByBody<T>(pub Vec<Vec<T>>);

impl<T: Clone> ByBody<T> {
    /// The same value for each step of each body.
    pub fn of_steps(declarations: &Declarations, value: T) -> Self {
        let bodies = declarations.bodies.iter();
        Self(
            bodies
                .map(|body| vec![value.clone(); body.steps.len()])
                .collect(),
        )
    }

    /// The same value for each resource of each body.
    pub fn of_resources(declarations: &Declarations, value: T) -> Self {
        let bodies = declarations.bodies.iter();
        Self(
            bodies
                .map(|body| vec![value.clone(); body.resources.len()])
                .collect(),
        )
    }
}

impl<T> ByBody<T> {
    /// The value of an id, if there is one.
    pub fn get(&self, id: impl InBody) -> Option<&T> {
        self.0.get(id.body().0)?.get(id.index())
    }
}

impl<T, I: InBody> Index<I> for ByBody<T> {
    type Output = T;

    fn index(&self, id: I) -> &T {
        &self.0[id.body().0][id.index()]
    }
}

impl<T, I: InBody> IndexMut<I> for ByBody<T> {
    fn index_mut(&mut self, id: I) -> &mut T {
        &mut self.0[id.body().0][id.index()]
    }
}

impl Declarations {
    /// A step.
    pub fn step(&self, id: StepId) -> &StepDecl {
        &self.bodies[id.body.0].steps[id.index]
    }

    /// A resource.
    pub fn resource(&self, id: ResourceId) -> &ResourceDecl {
        &self.bodies[id.body.0].resources[id.index]
    }

    /// Ids of the steps of a body, in written order.
    pub fn step_ids(&self, body: BodyId) -> impl Iterator<Item = StepId> + use<> {
        let count = self.body(body).steps.len();
        (0..count).map(move |index| StepId { body, index })
    }

    /// Ids of the resources of a body, in written order.
    pub fn resource_ids(&self, body: BodyId) -> impl Iterator<Item = ResourceId> + use<> {
        let count = self.body(body).resources.len();
        (0..count).map(move |index| ResourceId { body, index })
    }
}

/// What a step runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Callee {
    /// A runner of a module.
    Runner(RunnerOrAsset),
    /// A flow of the grid.
    Flow(BodyId),
}

/// What the grid's names stand for.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// As parsed; steps and resources of unknown kinds stay.
    pub declarations: Declarations,
    /// What each step runs (`None`: unknown, already reported). No flow calls itself, also not through others.
    pub callees: ByBody<Option<Callee>>,
    /// Module and asset of each resource (`None`: unknown, already reported).
    pub assets: ByBody<Option<RunnerOrAsset>>,
    /// The meaning of the expression nodes that are references: the node `step.R.N` (not what follows it), `var.x`, `count.index`, a `Root` that is bound by a `for`, ...
    pub references: BTreeMap<ExprId, Reference>,
    /// Names bound by each `For` expression, template `for` (key, value) or splat (its item), by the id of its `over` expression.
    pub bound: BTreeMap<ExprId, (Option<BoundId>, BoundId)>,
    /// Names of bound variables, by `BoundId`; a splat's item is called `item`.
    pub bound_names: Vec<String>,
    /// No name is unknown or declared twice, so a resource that nothing names is really unused.
    pub sound: bool,
    /// What conditions of thresholds read, each place by itself.
    pub metrics: Vec<MetricRead>,
    /// The graph of each body, by its id. The variables and locals of the grid stand in that of `main`.
    pub graphs: Vec<BodyGraph>,
    /// The scenario that one begins after, by body. There are no cycles.
    pub after: Vec<Option<BodyId>>,
}

/// The graph of a body.
#[derive(Debug, Clone, Default)]
pub struct BodyGraph {
    /// Edges from what the body declares, in the order in which that is written, each (from, to, instances, kind) once.
    pub edges: Vec<Edge>,
    /// Nodes in an order in which everything stands after what it depends on; written order where free. Edges inside a
    /// cycle (reported) do not count, nor do those to what another body declares.
    pub order: Vec<Node>,
    /// What the outputs of a flow read, with the place that says so.
    pub read_by_outputs: Vec<(Node, Span)>,
}

/// What a reference stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    /// `step.R.N`
    Step(StepId),
    /// `output` in a check or a `record` of this step.
    OwnOutput(StepId),
    /// `resource.A.N`
    Resource(ResourceId),
    /// `var.x`
    Variable(VariableId),
    /// `local.x`
    Local(LocalId),
    /// `input.x` in a flow.
    Input(InputId),
    /// `data.K.N`: the row of an iteration, or all rows.
    Data(DataId),
    /// `count.index`
    CountIndex,
    /// `each.key`
    EachKey,
    /// `each.value`
    EachValue,
    /// A `for` variable or a splat's item.
    Bound(BoundId),
    /// `vu.id`
    VuId,
    /// `vu.iteration`
    VuIteration,
    /// `scenario.name`
    ScenarioName,
    /// `scenario.iteration`
    ScenarioIteration,
    /// `run.id`
    RunId,
    /// `path.grid`: always folded.
    PathGrid,
    /// What a condition of a manifest reads: its position in `Condition::reads`.
    Read(usize),
    /// `metrics.…` of a threshold: its position in `Resolved::metrics`.
    Metric(usize),
    /// `threshold.NAME` in the load of a search: its position in `Declarations::thresholds`.
    Threshold(usize),
    /// Unknown, already reported.
    Error,
}

/// A condition of a manifest or a template, with the meaning of its names. Its ids of expressions and of bound names are its own.
#[derive(Debug, Clone)]
pub struct Condition {
    /// As parsed.
    pub expr: Expr,
    /// What its nodes stand for, by `ExprId`.
    pub references: Vec<Option<Reference>>,
    /// As `Resolved::bound`.
    pub bound: BTreeMap<ExprId, (Option<BoundId>, BoundId)>,
    /// As `Resolved::bound_names`.
    pub bound_names: Vec<String>,
    /// What it reads, each place by itself.
    pub reads: Vec<Read>,
}

impl Condition {
    /// The left operand of a condition `LEFT || RIGHT`, and how many of the reads stand in it: these are the first ones.
    pub fn left_of_or(&self) -> Option<(&Expr, usize)> {
        let ExprKind::Binary(BinaryOp::Or, left, _) = &self.expr.kind else {
            return None;
        };
        let nodes = all_expressions::of(left);
        let references = nodes
            .iter()
            .map(|node| self.references.get(node.id.0 as usize));
        let reads = references.filter(|found| matches!(found, Some(Some(Reference::Read(_)))));
        Some((left, reads.count()))
    }
}

/// What a condition of a manifest, or a template, may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// `input.NAME`
    Input(Name),
    /// `known.NAME`: an input as far as it is known when the grid is built.
    Known(Name),
    /// `uses.KEY.NAME`: an input of the asset that is used.
    Used(Name, Name),
    /// `step.time_limit`: `timeouts.execution`, or null; with its place.
    TimeLimit(Span),
    /// `scenario.loaded`: whether the run is a load run.
    Loaded,
    /// A variable of a template: `templatefile(path, { NAME = .. })`.
    Given(Name),
}

/// `metrics.…` in the condition of a threshold. Whose figures it reads is known to be there; the rest is as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricRead {
    /// Whose figures.
    pub subject: MetricSubject,
    /// `response_time`; absent for a metric of the grid.
    pub metric: Option<Name>,
    /// `["timeout"]`
    pub key: Option<Name>,
    /// `[{ team = "a" }]`
    pub tags: Vec<(Name, Name)>,
    /// `p95`
    pub statistic: Name,
    /// The whole.
    pub span: Span,
}

/// Whose figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetricSubject {
    /// The iterations of all scenarios.
    Run,
    /// The iterations of one.
    Scenario(BodyId),
    /// A step.
    Step {
        /// The scenario, if it is one.
        scenario: Option<BodyId>,
        /// Its runner.
        runner: String,
        /// Its name.
        name: String,
        /// All steps of these names, at least one.
        steps: Vec<StepId>,
    },
    /// All calls of a flow, or a step of it over all of its calls.
    Flow {
        /// The flow.
        flow: BodyId,
        /// The kind of runner and the name of a step of it.
        step: Option<[String; 2]>,
        /// The steps whose figures they are, at least one.
        steps: Vec<StepId>,
    },
    /// A metric of the grid, which may not be there.
    Custom(Name),
}

/// A node of the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the declaration that its name says")]
pub enum Node {
    Variable(VariableId),
    Local(LocalId),
    Resource(ResourceId),
    Step(StepId),
}

impl Node {
    /// The body in whose graph it stands.
    pub fn body(self) -> BodyId {
        match self {
            Node::Variable(_) | Node::Local(_) => BodyId::MAIN,
            Node::Resource(id) => id.body,
            Node::Step(id) => id.body,
        }
    }
}

/// `from` needs `to`.
#[derive(Debug, Clone)]
pub struct Edge {
    /// The node that depends on another.
    pub from: Node,
    /// The node that it depends on.
    pub to: Node,
    /// Which instances of `to`.
    pub instances: Instances,
    /// The text that made the edge.
    pub cause: Span,
    /// `depends_on`, or a reference (`uses`, an expression).
    pub kind: EdgeKind,
}

/// Which instances of a step an edge is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Instances {
    /// All, or the only one.
    All,
    /// `[3]`, written as a literal.
    Index(u32),
    /// `["key"]`, written as a literal.
    Key(String),
    /// The one of this index; only the check stage may know which that is, and it leaves none of these.
    Computed(ExprId),
}

/// Where an edge comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeKind {
    /// `depends_on`
    Explicit,
    /// An expression reads it.
    Implicit,
    /// `uses`
    Uses,
}
