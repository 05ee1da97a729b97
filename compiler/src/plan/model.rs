//! The plan: everything that running needs, decided; nothing about Rust.

use crate::check::typed::{TExpr, TRules, TVariable};
use crate::resolve::model::{BodyId, LocalId, ResourceId};
use crate::source::Span;
use crate::syntax::decl::BodyKind;
use bggo_manifest::{Input, Lifetime};
use bggo_values::Value;

/// A grid, ready to be emitted.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Name of the grid: its file or folder.
    pub name: String,
    /// Bodies, by id; the first is `main`.
    pub bodies: Vec<BodyPlan>,
    /// Resources that are created, in an order in which each stands after those that it is built on. Those of the run, of
    /// a worker and of a user are shared by all bodies; one of the iteration belongs to the body that declares it.
    pub resources: Vec<Resource>,
    /// Variables, in written order.
    pub variables: Vec<TVariable>,
    /// Locals that are computed once, when the program starts.
    pub locals: Vec<Local>,
    /// Names of variables of `for`.
    pub bound_names: Vec<String>,
    /// Texts of places: file, line and column of a span.
    pub places: Places,
}

/// A body: what runs in one go, with a schedule of its own. It is the same however often it is used.
#[derive(Debug, Clone)]
pub struct BodyPlan {
    /// Its kind.
    pub kind: BodyKind,
    /// Its name.
    pub name: String,
    /// Steps, in written order.
    pub steps: Vec<Step>,
    /// What is scheduled: a step, or some of its instances.
    pub nodes: Vec<Node>,
    /// When each node runs.
    pub schedule: Schedule,
    /// How many latches the schedule has.
    pub latches: usize,
    /// Locals that differ between iterations and that the body reads: each is computed at most once in one run of it.
    pub locals: Vec<Local>,
    /// How many slots the metrics of its steps take. Whoever uses the body gives them a base.
    pub slots: u32,
}

impl Plan {
    /// Ids of the bodies, in order.
    pub fn body_ids(&self) -> impl Iterator<Item = BodyId> + use<> {
        (0..self.bodies.len()).map(BodyId)
    }

    /// A body.
    pub fn body(&self, id: BodyId) -> &BodyPlan {
        &self.bodies[id.0]
    }

    /// All steps, body by body.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.bodies.iter().flat_map(|body| &body.steps)
    }
}

/// Where spans stand.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// File names by id.
    pub files: Vec<String>,
    /// First bytes of the lines of each file.
    pub lines: Vec<Vec<u32>>,
    /// Texts, for columns in characters.
    pub texts: Vec<String>,
}

/// A step.
#[derive(Debug, Clone)]
pub struct Step {
    /// `http_request`
    pub runner: String,
    /// Its name.
    pub name: String,
    /// Its crate, `bggo-module-http_request`.
    pub crate_name: String,
    /// Place of its header.
    pub span: Span,
    /// Instances.
    pub instances: Instances,
    /// Arguments, with the manifest's word on each.
    pub arguments: Vec<Argument>,
    /// Assets: key of the runner's `uses` and position in `Plan::resources`.
    pub uses: Vec<(String, usize)>,
    /// Resources whose exports it reads, or that it depends on: they are there before it starts. In order of creation.
    pub needs: Vec<usize>,
    /// Resources that it is counted as a user of.
    pub users_of: Vec<usize>,
    /// Something reads its output.
    pub read: bool,
    /// Outputs that are read, by name, in the order in which they are kept.
    pub outputs: Vec<String>,
    /// `enabled`
    pub enabled: Option<TExpr>,
    /// `timeouts.execution`
    pub execution: Option<TExpr>,
    /// `continue_on_failure`
    pub continue_on_failure: bool,
    /// `tags`
    pub tags: Vec<(String, String)>,
    /// A failure's text is not reported.
    pub sensitive: bool,
    /// Rules of its manifest that are judged when the program runs.
    pub rules: TRules,
    /// Its manifest declares metrics.
    pub has_metrics: bool,
    /// First slot of its metrics, counted from the first one of its body, and how many there are.
    pub slots: (u32, u32),
}

/// The instances of a step.
#[derive(Debug, Clone)]
pub enum Instances {
    /// One, without index.
    Single,
    /// `count`
    Count(u32),
    /// `for_each`
    Keys(Vec<(String, Value)>),
}

impl Resource {
    /// The body that declares it; an implicit one stands at the top of the grid.
    pub fn body(&self) -> BodyId {
        self.id.map_or(BodyId::MAIN, |id| id.body)
    }
}

impl Instances {
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Self::Single => 1,
            Self::Count(count) => *count as usize,
            Self::Keys(keys) => keys.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// An argument of a step or a resource.
#[derive(Debug, Clone)]
pub struct Argument {
    /// The manifest's input.
    pub input: Input,
    /// What the grid says.
    pub value: TExpr,
    /// What of it is known before the step runs, where the input asks for that and the value differs between runs.
    pub skeleton: Option<Skeleton>,
}

/// A value that is known in part.
#[derive(Debug, Clone)]
pub enum Skeleton {
    /// Known when the program starts, at the latest.
    Known(TExpr),
    /// Comes with each run.
    Hole(TExpr),
    /// A list with a hole somewhere below it.
    List(Vec<Skeleton>),
    /// An object with a hole somewhere below it, and constant keys.
    Object(Vec<(String, Skeleton)>),
}

impl Skeleton {
    /// What comes with each run, in the order in which it is written.
    pub fn holes(&self) -> Vec<&TExpr> {
        match self {
            Self::Known(_) => Vec::new(),
            Self::Hole(expr) => vec![expr],
            Self::List(items) => items.iter().flat_map(Self::holes).collect(),
            Self::Object(pairs) => pairs.iter().flat_map(|(_, part)| part.holes()).collect(),
        }
    }

    /// Whether a part of it is computed when the program starts.
    pub fn is_started(&self) -> bool {
        match self {
            Self::Known(expr) => expr.constant().is_none(),
            Self::Hole(_) => false,
            Self::List(items) => items.iter().any(Self::is_started),
            Self::Object(pairs) => pairs.iter().any(|(_, part)| part.is_started()),
        }
    }

    /// All expressions in it.
    pub fn expressions_mut(&mut self) -> Vec<&mut TExpr> {
        match self {
            Self::Known(expr) | Self::Hole(expr) => vec![expr],
            Self::List(items) => items.iter_mut().flat_map(Self::expressions_mut).collect(),
            Self::Object(pairs) => {
                let pairs = pairs.iter_mut();
                pairs.flat_map(|(_, part)| part.expressions_mut()).collect()
            }
        }
    }
}

/// A resource.
#[derive(Debug, Clone)]
pub struct Resource {
    /// `http_client`
    pub asset: String,
    /// Its name; of an implicit one, that of its asset.
    pub name: String,
    /// Its crate.
    pub crate_name: String,
    /// Place of its header; an implicit one stands where its first user does.
    pub span: Span,
    /// Not written in the grid.
    pub implicit: bool,
    /// How long it lives.
    pub scope: Lifetime,
    /// Arguments.
    pub arguments: Vec<Argument>,
    /// Assets that it takes: key of its `uses` and position in `Plan::resources`; absent where its kind takes none.
    pub uses: Option<Vec<(String, usize)>>,
    /// Resources that it is built on.
    pub on: Vec<usize>,
    /// Rules of its manifest that are judged when it is created.
    pub rules: TRules,
    /// A failure's text is not reported.
    pub sensitive: bool,
    /// Users in one iteration: nodes, and resources built on it. 0: it lives until its scope ends.
    pub users: u32,
    /// Its id in the grid, if it is written there.
    pub id: Option<ResourceId>,
}

/// A local that is not known when the grid is built.
#[derive(Debug, Clone)]
pub struct Local {
    /// Its id in the grid.
    pub id: LocalId,
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: TExpr,
}

/// What is scheduled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Of which step: its position in the body.
    pub step: usize,
    /// First instance, and one past the last.
    pub range: (usize, usize),
    /// Nodes that it starts after.
    pub after: Vec<usize>,
}

/// When nodes run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// A node.
    Node(usize),
    /// One after the other.
    Sequence(Vec<Schedule>),
    /// At the same time; done when all are.
    Fork(Vec<Schedule>),
    /// Waits for a latch.
    Wait(usize),
    /// Opens a latch.
    Open(usize),
}
