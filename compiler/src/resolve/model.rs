//! The result of the resolve stage: what each name stands for, and the graph with the cause of every edge.

pub use crate::modules::RunnerRef;
use crate::source::Span;
use crate::syntax::decl::{Declarations, ExprId};
use std::collections::BTreeMap;

/// Index into `Declarations::steps`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(pub usize);
/// Index into `Declarations::resources`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(pub usize);
/// Index into `Declarations::variables`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VariableId(pub usize);
/// Index into `Declarations::locals`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalId(pub usize);
/// A variable of a `for` or a splat's item, unique in the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BoundId(pub u32);

/// What the grid's names stand for.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// As parsed; runners and assets of unknown kind stay, marked in `kinds`.
    pub declarations: Declarations,
    /// Module and runner of each step (`None`: unknown, already reported).
    pub runners: Vec<Option<RunnerRef>>,
    /// Module and asset of each resource (`None`: unknown, already reported).
    pub assets: Vec<Option<RunnerRef>>,
    /// The meaning of the expression nodes that are references: the node `step.R.N` (not what follows it), `var.x`, `count.index`, a `Root` that is bound by a `for`, ...
    pub references: BTreeMap<ExprId, Reference>,
    /// Names bound by each `For` expression, template `for` (key, value) or splat (its item), by the id of its `over` expression.
    pub bound: BTreeMap<ExprId, (Option<BoundId>, BoundId)>,
    /// Names of bound variables, by `BoundId`; a splat's item is called `item`.
    pub bound_names: Vec<String>,
    /// No name was unknown or doubled: what nobody names is really unused.
    pub sound: bool,
    /// All edges, in the order in which their owners are declared, each (from, to, instances, kind) once.
    pub edges: Vec<Edge>,
    /// Nodes in an order in which everything stands after what it depends on; written order where free. Edges inside a
    /// cycle (reported) do not count.
    pub order: Vec<Node>,
}

/// What a reference stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    /// `step.R.N`
    Step(StepId),
    /// `resource.A.N`
    Resource(ResourceId),
    /// `var.x`
    Variable(VariableId),
    /// `local.x`
    Local(LocalId),
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
    /// `run.id`
    RunId,
    /// `path.grid`: always folded.
    PathGrid,
    /// Unknown, already reported.
    Error,
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

/// `from` needs `to`.
#[derive(Debug, Clone)]
pub struct Edge {
    /// Who depends.
    pub from: Node,
    /// On what.
    pub to: Node,
    /// Which instances of `to`.
    pub instances: Instances,
    /// The text that made the edge.
    pub cause: Span,
    /// `depends_on`, or a reference (`uses`, an expression).
    pub kind: EdgeKind,
}

/// Which instances of a step an edge is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EdgeKind {
    /// `depends_on`
    Explicit,
    /// An expression reads it.
    Implicit,
    /// `uses`
    Uses,
}
