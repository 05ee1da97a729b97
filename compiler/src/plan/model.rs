//! The plan: everything that running needs, decided; nothing about Rust.

use crate::check::typed::{
    LateOf, TCheck, TData, TDelay, TExpr, TLoad, TMethod, TMetric, TPhase, TRules, TThreshold,
    TVariable,
};
use crate::check::typed_parts::TParts;
use crate::resolve::model::{BodyId, LocalId, ResourceId};
use crate::source::Span;
use crate::syntax::decl::{BodyKind, Phase};
use bggo_manifest::{Input, Lifetime, Use};
use bggo_values::Value;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

/// A grid, ready to be emitted.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Name of the grid: what it says, or its file or folder.
    pub name: String,
    /// What the grid says of itself.
    pub description: Option<String>,
    /// Bodies, by id; the first is `main`.
    pub bodies: Vec<BodyPlan>,
    /// Scenarios, in the order of their table.
    pub scenarios: Vec<Scenario>,
    /// What runs once before and after them.
    pub phases: Vec<RunPhase>,
    /// How many steps of `setup` have outputs that are read elsewhere.
    pub kept_of_setup: usize,
    /// Resources that are created, in an order in which each stands after those that it is built on. Those of the run, of
    /// a worker and of a user are shared by all bodies; one of the iteration belongs to the body that declares it.
    pub resources: Vec<Resource>,
    /// Metrics of the grid, in written order.
    pub metrics: Vec<TMetric>,
    /// Variables, in written order.
    pub variables: Vec<TVariable>,
    /// Locals that are computed once, when the program starts.
    pub locals: Vec<Local>,
    /// Locals that are not known when the program starts and that resources of the run read. Each of these computes them itself.
    pub locals_of_run: Vec<Local>,
    /// Thresholds, in written order.
    pub thresholds: Vec<TThreshold>,
    /// Data, by id.
    pub data: Vec<Rc<TData>>,
    /// Names of variables of `for`.
    pub bound_names: Vec<String>,
    /// Texts of places: file, line and column of a span.
    pub places: Places,
}

/// A body: steps with a schedule of their own. It is planned once, even if it is used several times.
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
    /// When those of steps with `always` run, once all others have ended, however they ended.
    pub always: Option<Schedule>,
    /// How many latches the schedule has.
    pub latches: usize,
    /// Locals that differ between iterations and that the body reads: each is computed at most once in one run of it.
    pub locals: Vec<Local>,
    /// How many connections each of its users has at least.
    pub connections: u32,
    /// How many local addresses each of these connections has at least to begin at.
    pub local_addresses: u32,
    /// Metrics of the grid that its steps record, in written order.
    pub metrics: Vec<BodyMetric>,
    /// How many slots it takes: those of its steps, then those of these metrics. Whoever uses the body gives them a base.
    pub slots: u32,
    /// Resources that its steps need, and those that these are built on: positions in `Plan::resources`, ascending.
    pub resources: Vec<usize>,
    /// How many values the memory of locals has that a run of it uses.
    pub memory: usize,
    /// It, or a flow that it calls, makes resources for each call.
    pub makes_in_calls: bool,
    /// It, or a flow that it calls, opens or leaves something on a resource of its users, which is settled when it ends.
    pub opens: bool,
    /// What a flow is given and gives back. What users run before and after their iterations is filled as a flow is.
    pub flow: Option<FlowPlan>,
    /// What a phase is, if it is one.
    pub phase: Option<TPhase>,
    /// What users of the body run before their first iteration and after their last one, in this order.
    pub hosted: Vec<Hosted>,
}

/// A phase that the users of a body run.
#[derive(Debug, Clone)]
pub struct Hosted {
    /// Its body.
    pub body: BodyId,
    /// Which it is.
    pub phase: Phase,
    /// Where its slots begin, counted from the first one of the body of the users.
    pub first_slot: u32,
}

/// A row of the table of phases that run once.
#[derive(Debug, Clone)]
pub struct RunPhase {
    /// Its body.
    pub body: BodyId,
    /// Which it is.
    pub phase: Phase,
    /// Where its slots begin.
    pub first_slot: u32,
    /// The scenario in which it stands, by its position in the table of scenarios.
    pub scenario: Option<usize>,
    /// How long its steps may take together.
    pub limit: Duration,
}

impl Default for BodyPlan {
    /// A body that has not been planned.
    fn default() -> Self {
        Self {
            kind: BodyKind::Main,
            name: String::new(),
            steps: Vec::new(),
            nodes: Vec::new(),
            schedule: Schedule::Sequence(Vec::new()),
            always: None,
            latches: 0,
            locals: Vec::new(),
            connections: 0,
            local_addresses: 1,
            metrics: Vec::new(),
            slots: 0,
            resources: Vec::new(),
            memory: 0,
            makes_in_calls: false,
            opens: false,
            flow: None,
            phase: None,
            hosted: Vec::new(),
        }
    }
}

/// What a flow is given and gives back.
#[derive(Debug, Clone)]
pub struct FlowPlan {
    /// Its inputs.
    pub inputs: Vec<Input>,
    /// Those of them that something in it reads, by position.
    pub read_inputs: Vec<usize>,
    /// Of the mix of a step: which of its choices reads an input, by the input's position. The others do not need its value.
    pub choice_of_input: BTreeMap<usize, usize>,
    /// Its outputs.
    pub outputs: Vec<FlowOutput>,
    /// Resources that are made for each call of it: positions in `Plan::resources`.
    pub own: Vec<usize>,
    /// Resources that its outputs read, which are there before these are computed. In order of creation.
    pub read_by_outputs: Vec<usize>,
    /// Resources of users and iterations that each call hands to it, as far as something in it names them: positions in
    /// `Plan::resources`.
    pub handed: Vec<usize>,
}

/// An output of a flow.
#[derive(Debug, Clone)]
pub struct FlowOutput {
    /// Its name.
    pub name: String,
    /// Its value; absent where no call's output of it is read.
    pub value: Option<TExpr>,
}

impl BodyPlan {
    /// Whether this resource is made for each run of the body or each user of it; else it is handed to the body by whoever
    /// calls it, or it belongs to all.
    pub fn makes(&self, resource: usize) -> bool {
        match &self.flow {
            Some(flow) => flow.own.contains(&resource),
            None => true,
        }
    }
}

/// A metric of the grid in a body that records it. Steps with unlike tags record it apart.
#[derive(Debug, Clone)]
pub struct BodyMetric {
    /// Position in `Plan::metrics`.
    pub metric: usize,
    /// The tags of the steps that record it.
    pub tags: Vec<(String, String)>,
    /// Its slot, counted from the first one of the body.
    pub slot: u32,
}

/// A row of the table of scenarios.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// The body that its users run.
    pub body: BodyId,
    /// Where the slots of that body begin.
    pub first_slot: u32,
    /// How much load there is; absent for steps that stand in no scenario: they run once.
    pub load: Option<TLoad>,
    /// The scenario that it begins after, by its position in the table.
    pub after: Option<usize>,
    /// `tags`
    pub tags: Vec<(String, String)>,
}

impl Plan {
    /// Ids of the bodies, in order.
    pub fn body_ids(&self) -> impl Iterator<Item = BodyId> + use<> {
        (0..self.bodies.len()).map(BodyId)
    }

    /// Ids of the flows that some user runs, in order, with what users run before and after their iterations.
    pub fn called_flows(&self) -> Vec<BodyId> {
        let mut found: Vec<BodyId> = Vec::new();
        let mut open: Vec<BodyId> = self.run_bodies().chain(self.phase_bodies()).collect();
        while let Some(body) = open.pop() {
            let body = self.body(body);
            let calls = body.steps.iter().filter_map(Step::call);
            let hosted = body.hosted.iter().map(|hosted| hosted.body);
            for called in calls.map(|call| call.body).chain(hosted) {
                if !found.contains(&called) {
                    found.push(called);
                    open.push(called);
                }
            }
        }
        found.sort();
        found
    }

    /// Ids of the bodies of what runs once, in the order of their table.
    pub fn phase_bodies(&self) -> impl Iterator<Item = BodyId> {
        self.phases.iter().map(|phase| phase.body)
    }

    /// Ids of the bodies that the users of a scenario run, in order: not that of a grid whose steps all stand in scenarios.
    pub fn run_bodies(&self) -> impl Iterator<Item = BodyId> {
        let runs = |id: &BodyId| self.scenarios.iter().any(|row| row.body == *id);
        self.body_ids().filter(runs)
    }

    /// A local that resources of the run compute themselves.
    pub fn local_of_run(&self, id: LocalId) -> Option<&Local> {
        self.locals_of_run.iter().find(|local| local.id == id)
    }

    /// A body.
    pub fn body(&self, id: BodyId) -> &BodyPlan {
        &self.bodies[id.0]
    }

    /// Crates that values of arguments link.
    pub fn linked_crates(&self) -> impl Iterator<Item = &String> {
        let of_steps = self.steps().flat_map(|step| &step.arguments);
        let of_resources = self.resources.iter().flat_map(|one| &one.arguments);
        of_steps
            .chain(of_resources)
            .filter_map(|argument| argument.link.as_ref())
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
    /// What it runs.
    pub runs: Runs,
    /// Place of its header.
    pub span: Span,
    /// Instances.
    pub instances: Instances,
    /// Arguments, each with its input of the manifest.
    pub arguments: Vec<Argument>,
    /// Assets that it is handed.
    pub uses: Vec<UsedAsset>,
    /// Resources whose exports it reads, or that it depends on: they are there before it starts. In order of creation.
    pub needs: Vec<usize>,
    /// Resources that it is counted as a user of.
    pub users_of: Vec<usize>,
    /// Something reads its output.
    pub read: bool,
    /// Outputs that are read, by name, in the order in which they are kept.
    pub outputs: Vec<String>,
    /// Its number among the steps of phases whose outputs are read elsewhere: of `setup`, or of those of users.
    pub kept: Option<usize>,
    /// Outputs of `setup`, by these numbers, without which it is skipped: those that a step of `teardown` reads.
    pub without: Vec<usize>,
    /// `enabled`
    pub enabled: Option<TExpr>,
    /// `timeouts.execution`
    pub execution: Option<TExpr>,
    /// `delay_before`
    pub delay_before: Option<TDelay>,
    /// `delay_after`
    pub delay_after: Option<TDelay>,
    /// `continue_on_failure`, or `on_error` with the same meaning.
    pub continue_on_failure: bool,
    /// `always`
    pub always: bool,
    /// When it may run, how often, and what happens when it fails.
    pub parts: Box<TParts>,
    /// `tags`
    pub tags: Vec<(String, String)>,
    /// It reads something sensitive, so the texts of its faults hide values.
    pub sensitive: bool,
    /// The grid says that it is: nothing of what it sends and receives is shown.
    pub withheld: bool,
    /// Its messages carry stamps.
    pub stamped: bool,
    /// Rules of its manifest that are judged when the program runs.
    pub rules: TRules,
    /// What it records once it has run.
    pub records: Vec<Record>,
    /// Its checks.
    pub checks: Vec<TCheck>,
    /// How many metrics its manifest declares.
    pub metrics: u32,
    /// Those of them whose warning the grid has settled by an argument, by name.
    pub unwarned: Vec<String>,
    /// First slot of its metrics, counted from the first one of its body, and how many there are.
    pub slots: (u32, u32),
}

/// What a step runs.
#[derive(Debug, Clone)]
pub enum Runs {
    /// The runner of a module, of this crate: `bggo-module-http_request`.
    Module(String),
    /// A flow.
    Flow(Call),
}

/// A call of a flow.
#[derive(Debug, Clone)]
pub struct Call {
    /// The flow.
    pub body: BodyId,
    /// Where its slots begin, counted from the first one of the body that calls it.
    pub first_slot: u32,
    /// The outputs of the flow that are read of this call: positions in `FlowPlan::outputs`, in the order in which they are
    /// kept.
    pub outputs: Vec<usize>,
}

impl Step {
    /// Its call, if it runs a flow.
    pub fn call(&self) -> Option<&Call> {
        match &self.runs {
            Runs::Module(_) => None,
            Runs::Flow(call) => Some(call),
        }
    }

    /// Its crate, if it runs the runner of a module.
    pub fn crate_name(&self) -> Option<&String> {
        match &self.runs {
            Runs::Module(name) => Some(name),
            Runs::Flow(_) => None,
        }
    }

    /// Its outputs are kept where those of the body are. Instances that are known late keep them themselves.
    pub fn has_output_slots(&self) -> bool {
        self.read && self.instances.late().is_none()
    }

    /// Something is computed once it has run, before its end is counted.
    pub fn is_judged(&self) -> bool {
        !self.records.is_empty() || !self.checks.is_empty()
    }

    /// It has parts around its attempts, so that it is driven with them.
    pub fn has_parts(&self) -> bool {
        self.delay_after.is_some() || !self.parts.is_empty()
    }

    /// The expressions of its delays.
    pub fn delays(&self) -> impl Iterator<Item = &TExpr> {
        let delays = self.delay_before.iter().chain(&self.delay_after);
        delays.flat_map(TDelay::expressions)
    }

    /// The expressions that are computed then.
    pub fn judging(&self) -> impl Iterator<Item = &TExpr> {
        let records = self.records.iter().map(|record| &record.value);
        records.chain(self.checks.iter().flat_map(TCheck::expressions))
    }

    /// The same, to be changed.
    pub fn judging_mut(&mut self) -> impl Iterator<Item = &mut TExpr> {
        let records = self.records.iter_mut().map(|record| &mut record.value);
        let checks = self.checks.iter_mut();
        records.chain(checks.flat_map(TCheck::expressions_mut))
    }
}

/// A value that a step records.
#[derive(Debug, Clone)]
pub struct Record {
    /// Of which metric: its position in `BodyPlan::metrics`.
    pub metric: usize,
    /// The value.
    pub value: TExpr,
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
    /// Known when the step begins.
    Late(Late),
}

/// Instances that are known when the step begins. They are one node, whose range says nothing.
#[derive(Debug, Clone)]
pub struct Late {
    /// The value of `count` or of `for_each`.
    pub over: TExpr,
    /// What it is.
    pub of: LateOf,
    /// How many of them run at the same time at most; `None`: as many as the `concurrency` of the step comes out as.
    pub at_once: Option<u32>,
}

impl Resource {
    /// Users of the whole run: what a resource of scope run or worker counts.
    pub fn users(&self) -> u32 {
        let users = self.users_of_bodies.iter().copied();
        users.fold(self.users_beside, u32::saturating_add)
    }

    /// Users in one run of a body: what a resource of a narrower scope counts.
    pub fn users_in(&self, body: BodyId) -> u32 {
        self.users_of_bodies.get(body.0).copied().unwrap_or(0)
    }
}

impl Instances {
    /// How many; `None` where that is known late.
    pub fn known_count(&self) -> Option<usize> {
        match self {
            Self::Single => Some(1),
            Self::Count(count) => Some(*count as usize),
            Self::Keys(keys) => Some(keys.len()),
            Self::Late(_) => None,
        }
    }

    /// The same with those that are known late as if they were without end.
    pub fn most(&self) -> u32 {
        let known = self.known_count();
        known.map_or(u32::MAX, |count| u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Those that are known late.
    pub fn late(&self) -> Option<&Late> {
        match self {
            Self::Late(late) => Some(late),
            Self::Single | Self::Count(_) | Self::Keys(_) => None,
        }
    }

    /// The value that they are made of, to be changed.
    pub fn late_value_mut(&mut self) -> Option<&mut TExpr> {
        match self {
            Self::Late(late) => Some(&mut late.over),
            Self::Single | Self::Count(_) | Self::Keys(_) => None,
        }
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
    /// The crate that its value links.
    pub link: Option<String>,
    /// The method that it selects.
    pub method: Option<Rc<TMethod>>,
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

/// An asset that a step or a resource is handed.
#[derive(Debug, Clone)]
pub struct UsedAsset {
    /// Key of the manifest's `uses`.
    pub key: String,
    /// Position in `Plan::resources`.
    pub resource: usize,
    /// Several kinds of asset fit: the module is told which one it is.
    pub has_alternatives: bool,
}

impl UsedAsset {
    /// What the manifest asks for as `part`, which is the resource at this position.
    pub fn new(part: &Use, resource: usize) -> Self {
        Self {
            key: part.name.clone(),
            resource,
            has_alternatives: part.has_alternatives(),
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
    /// Assets that it takes; absent where its kind takes none.
    pub uses: Option<Vec<UsedAsset>>,
    /// Resources that it is built on, also through others. In order of creation.
    pub on: Vec<usize>,
    /// Rules of its manifest that are judged when it is created.
    pub rules: TRules,
    /// It has a sensitive input, so the texts of its faults hide values.
    pub sensitive: bool,
    /// How many metrics its manifest declares.
    pub metrics: u32,
    /// Those of them whose warning the grid has settled by an argument, by name.
    pub unwarned: Vec<String>,
    /// It has a connection of its own at least.
    pub connects: bool,
    /// How many local addresses its connections may begin at.
    pub local_addresses: u32,
    /// The slot of its first metric among all of the run.
    pub first_slot: u32,
    /// Users in one iteration, by body: nodes, and resources built on it that are made for that body. If there is no user
    /// at all, it lives until its scope ends.
    pub users_of_bodies: Vec<u32>,
    /// Resources built on it that all bodies share.
    pub users_beside: u32,
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
    /// Its position among those that are kept together: those known at start, or those of an iteration.
    pub position: usize,
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
    /// One of these, each as often as its weight says.
    Choice(Vec<(u32, Schedule)>),
    /// Waits for a latch.
    Wait(usize),
    /// Opens a latch.
    Open(usize),
}
