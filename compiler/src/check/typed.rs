//! The result of the check stage: every expression with its type, binding time and sensitivity, constants folded.
//! The plan and the emitter look nothing up in the syntax any more.

use crate::modules::{Modules, RunnerOrAsset};
use crate::resolve::model::{BodyId, BoundId, Callee, Edge, MetricId, Node, ResourceId, StepId};
use crate::source::Span;
use crate::syntax::decl::{BodyKind, Phase};
use bggo_manifest::{Lifetime, MetricKind, Runner, When};
use bggo_metrics::{Address, OnFail, Quantity, Term};
use bggo_schedule::declared::{Field, Profile};
use bggo_values::{Type, Value};
use std::borrow::Cow;
use std::rc::Rc;
use std::time::Duration;

use super::typed_parts::{TParts, collecting};

pub use super::typed_expression::{
    Binding, InstanceOf, Rows, RowsForm, Sensitivity, TColumn, TData, TExpr, TFor, TKind, TPart,
    TRowsFile,
};

/// A checked grid. Vectors are by id (same positions as in `Declarations`).
#[derive(Debug, Clone)]
pub struct Typed {
    /// What is said of the whole.
    pub grid: TGrid,
    /// Bodies; the first is `main`.
    pub bodies: Vec<TBody>,
    /// Variables.
    pub variables: Vec<TVariable>,
    /// Metrics of the grid.
    pub metrics: Vec<TMetric>,
    /// Locals.
    pub locals: Vec<TLocal>,
    /// Thresholds.
    pub thresholds: Vec<TThreshold>,
    /// Data.
    pub data: Vec<Rc<TData>>,
    /// Names of bound variables, by `BoundId`, for readable emitted names.
    pub bound_names: Vec<String>,
}

/// A checked body. The variables and locals of the grid stand in the graph of `main`.
#[derive(Debug, Clone)]
pub struct TBody {
    /// Its kind.
    pub kind: BodyKind,
    /// Its name.
    pub name: String,
    /// Steps.
    pub steps: Vec<TStep>,
    /// Resources that it declares.
    pub resources: Vec<TResource>,
    /// Edges from what it declares, with what `check` found of instances.
    pub edges: Vec<Edge>,
    /// Its nodes, each after what it depends on.
    pub order: Vec<Node>,
    /// What a `scenario` block says beside its steps.
    pub scenario: Option<TScenario>,
    /// What a `flow` block says beside its steps.
    pub flow: Option<TFlow>,
    /// What a block `setup` or the like says beside its steps.
    pub phase: Option<TPhase>,
    /// Each iteration runs one of its steps: the weight of each.
    pub mix: Option<Vec<u32>>,
}

/// A checked block `setup` or the like, without its steps.
#[derive(Debug, Clone)]
pub struct TPhase {
    /// Which it is.
    pub phase: Phase,
    /// The scenario in which it stands; `main` at the top of the grid.
    pub owner: BodyId,
    /// How long its steps may take together.
    pub limit: Duration,
}

/// A checked flow, without its steps and resources.
#[derive(Debug, Clone)]
pub struct TFlow {
    /// It as a runner: its inputs, and its outputs with their types.
    pub runner: Rc<Runner>,
    /// The values of its outputs.
    pub outputs: Vec<TExpr>,
}

impl TFlow {
    /// What takes nothing and gives nothing.
    pub fn nothing() -> Self {
        let runner = Runner {
            name: String::new(),
            description: String::new(),
            uses: Vec::new(),
            inputs: Vec::new(),
            rules: Vec::new(),
            outputs: Vec::new(),
            metrics: Vec::new(),
            errors: Vec::new(),
            no_effect_without: None,
            meant_for_setup: None,
            blocks: When::Never,
            opens: None,
            closes: None,
            settled_at_end: When::Never,
            lingers: None,
            late_result: When::Never,
            stamps: None,
            reads_stamps: false,
        };
        Self {
            runner: Rc::new(runner),
            outputs: Vec::new(),
        }
    }
}

/// A checked scenario, without its steps and resources.
#[derive(Debug, Clone)]
pub struct TScenario {
    /// How much load there is.
    pub load: TLoad,
    /// The scenario that it begins after.
    pub after: Option<BodyId>,
    /// `tags`, constant texts.
    pub tags: Vec<(String, String)>,
    /// `description`
    pub description: Option<String>,
}

/// A load, also that of a scenario without a block `load`.
#[derive(Debug, Clone)]
pub struct TLoad {
    /// Its profile.
    pub profile: Profile,
    /// Place of its header, else of that of the scenario.
    pub place: Span,
    /// Its fields, and those that stand in the scenario.
    pub fields: Vec<TField>,
    /// Its stages.
    pub stages: Vec<TStage>,
}

/// A block `stage`.
#[derive(Debug, Clone)]
pub struct TStage {
    /// Place of its header.
    pub place: Span,
    /// Its fields.
    pub fields: Vec<TField>,
}

/// A field of a load.
#[derive(Debug, Clone)]
pub struct TField {
    /// Which.
    pub field: Field,
    /// Its value as the field's type, known at start at the latest.
    pub value: TExpr,
}

impl TLoad {
    /// Its fields, then those of its stages.
    pub fn all_fields(&self) -> impl Iterator<Item = &TField> {
        let stages = self.stages.iter().flat_map(|stage| &stage.fields);
        self.fields.iter().chain(stages)
    }

    /// All expressions in it.
    pub fn expressions(&self) -> impl Iterator<Item = &TExpr> {
        self.all_fields().map(|field| &field.value)
    }

    /// The same, to be changed.
    pub fn expressions_mut(&mut self) -> impl Iterator<Item = &mut TExpr> {
        let stages = self.stages.iter_mut().flat_map(|stage| &mut stage.fields);
        let fields = self.fields.iter_mut().chain(stages);
        fields.map(|field| &mut field.value)
    }
}

/// `grid { }`
#[derive(Debug, Clone, Default)]
pub struct TGrid {
    /// `name`; the grid has that of its file or folder without one.
    pub name: Option<String>,
    /// `description`
    pub description: Option<String>,
    /// `tags`, constant texts.
    pub tags: Vec<(String, String)>,
}

impl TGrid {
    /// Its tags and those of a scenario: where both have a key, the scenario's value.
    pub fn tags_with(&self, of_scenario: &[(String, String)]) -> Vec<(String, String)> {
        let is_hidden = |key: &String| of_scenario.iter().any(|(other, _)| other == key);
        let own = self.tags.iter().filter(|(key, _)| !is_hidden(key));
        own.chain(of_scenario).cloned().collect()
    }
}

impl Typed {
    /// A body.
    pub fn body(&self, id: BodyId) -> &TBody {
        &self.bodies[id.0]
    }

    /// A step.
    pub fn step(&self, id: StepId) -> &TStep {
        &self.bodies[id.body.0].steps[id.index]
    }

    /// What a step runs. (A flow that is called is there.)
    pub fn runner<'t>(&'t self, callee: Callee, modules: &'t Modules) -> &'t Runner {
        static NOTHING: Runner = Runner {
            name: String::new(),
            description: String::new(),
            uses: Vec::new(),
            inputs: Vec::new(),
            rules: Vec::new(),
            outputs: Vec::new(),
            metrics: Vec::new(),
            errors: Vec::new(),
            no_effect_without: None,
            meant_for_setup: None,
            blocks: When::Never,
            opens: None,
            closes: None,
            settled_at_end: When::Never,
            lingers: None,
            late_result: When::Never,
            stamps: None,
            reads_stamps: false,
        };
        match callee {
            Callee::Runner(at) => modules.runner(at),
            Callee::Flow(body) => {
                let flow = self.body(body).flow.as_ref();
                flow.map_or(&NOTHING, |flow| &flow.runner)
            }
        }
    }

    /// The same with the outputs that the step has beside those of its runner.
    pub fn runner_of<'t>(&'t self, step: &TStep, modules: &'t Modules) -> Cow<'t, Runner> {
        let runner = self.runner(step.callee, modules);
        match step.parts.collects() {
            true => Cow::Owned(collecting(runner)),
            false => Cow::Borrowed(runner),
        }
    }

    /// A resource.
    pub fn resource(&self, id: ResourceId) -> &TResource {
        &self.bodies[id.body.0].resources[id.index]
    }

    /// All steps, body by body.
    pub fn steps(&self) -> impl Iterator<Item = &TStep> {
        self.bodies.iter().flat_map(|body| &body.steps)
    }

    /// All resources, body by body.
    pub fn resources(&self) -> impl Iterator<Item = &TResource> {
        self.bodies.iter().flat_map(|body| &body.resources)
    }

    /// Ids of the bodies, in order.
    pub fn body_ids(&self) -> impl Iterator<Item = BodyId> + use<> {
        (0..self.bodies.len()).map(BodyId)
    }

    /// Ids of the steps of a body, in written order.
    pub fn step_ids(&self, body: BodyId) -> impl Iterator<Item = StepId> + use<> {
        let count = self.body(body).steps.len();
        (0..count).map(move |index| StepId { body, index })
    }

    /// Ids of the resources that a body declares, in written order.
    pub fn resource_ids(&self, body: BodyId) -> impl Iterator<Item = ResourceId> + use<> {
        let count = self.body(body).resources.len();
        (0..count).map(move |index| ResourceId { body, index })
    }
}

/// A step.
#[derive(Debug, Clone)]
pub struct TStep {
    /// What it runs.
    pub callee: Callee,
    /// `http_request`
    pub runner_name: String,
    /// Its name.
    pub name: String,
    /// Place of its header.
    pub span: Span,
    /// Arguments that were given, by position in the manifest's inputs, converted to the input's type. Constant nulls are left out.
    pub arguments: Vec<(usize, TExpr)>,
    /// The methods that some of them select, by position in the manifest's inputs.
    pub methods: Vec<(usize, Rc<TMethod>)>,
    /// Assets, by position in the manifest's uses. An optional one that was not given is absent (the plan adds the implicit one).
    pub uses: Vec<(usize, ResourceId, Span)>,
    /// Instances.
    pub instances: TInstances,
    /// `enabled`, a bool; absent when it is constantly true.
    pub enabled: Option<TExpr>,
    /// `timeouts.execution`, of type duration, at most start-bound.
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
    /// `tags`, constant texts.
    pub tags: Vec<(String, String)>,
    /// `description`
    pub description: Option<String>,
    /// Some input is sensitive: the texts of its faults hide values.
    pub sensitive: bool,
    /// The grid says that it is: nothing of what it sends and receives is shown.
    pub withheld: bool,
    /// Rules of its manifest that are judged when the program runs.
    pub rules: TRules,
    /// It keeps its exclusive asset from all others for as long as it waits, as far as that is known.
    pub blocks: bool,
    /// It leaves something that its asset settles when the iteration ends, as far as that is known.
    pub settled_at_end: bool,
    /// Its result comes after it, as far as that is known.
    pub late_result: bool,
    /// Whether the grid wants its messages stamped, if it says so.
    pub stamped: Option<bool>,
    /// What it records once it has run.
    pub records: Vec<TRecord>,
    /// Its checks.
    pub checks: Vec<TCheck>,
}

/// A method of a service that a step or a resource selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TMethod {
    /// `package.Service/Method`
    pub name: String,
    /// The client sends any number of messages.
    pub client_streams: bool,
    /// The server answers with any number of messages.
    pub server_streams: bool,
    /// Its messages as a program reads them.
    pub table: Vec<u8>,
}

/// A delay; all expressions in it are durations.
#[derive(Debug, Clone)]
pub enum TDelay {
    /// So long.
    Fixed(TExpr),
    /// `{ min, max }`: each time between them is as likely as any other.
    Between([TExpr; 2]),
    /// `{ mean, distribution = "exponential" }`
    Exponential(TExpr),
}

impl TDelay {
    /// Every expression in it.
    pub fn expressions(&self) -> &[TExpr] {
        match self {
            TDelay::Fixed(time) | TDelay::Exponential(time) => std::slice::from_ref(time),
            TDelay::Between(bounds) => bounds,
        }
    }

    /// How many seconds it takes in the mean; of what is known late nothing counts.
    pub fn mean(&self) -> f64 {
        let seconds = |time: &TExpr| constant_duration(time).map_or(0.0, |time| time.as_secs_f64());
        match self {
            TDelay::Fixed(time) | TDelay::Exponential(time) => seconds(time),
            TDelay::Between([least, most]) => {
                let least = seconds(least);
                (least + seconds(most).max(least)) / 2.0
            }
        }
    }

    /// The same, to be changed.
    pub fn expressions_mut(&mut self) -> &mut [TExpr] {
        match self {
            TDelay::Fixed(time) | TDelay::Exponential(time) => std::slice::from_mut(time),
            TDelay::Between(bounds) => bounds,
        }
    }
}

impl TStep {
    /// Every expression of it that a program computes.
    pub fn expressions(&self) -> impl Iterator<Item = &TExpr> {
        let arguments = self.arguments.iter().map(|(_, value)| value);
        let settings = self.enabled.iter().chain(&self.execution);
        let delays = self.delay_before.iter().chain(&self.delay_after);
        let delays = delays.flat_map(TDelay::expressions);
        let all = arguments.chain(settings).chain(delays);
        let all = all.chain(self.parts.expressions());
        let all = all.chain(self.instances.late());
        all.chain(self.rules.expressions()).chain(self.judging())
    }

    /// The expressions that are computed once it has run.
    pub fn judging(&self) -> impl Iterator<Item = &TExpr> {
        let records = self.records.iter().map(|record| &record.value);
        records.chain(self.checks.iter().flat_map(TCheck::expressions))
    }
}

/// A check of a step.
#[derive(Debug, Clone)]
pub struct TCheck {
    /// Its name.
    pub name: String,
    /// Place of its header.
    pub span: Span,
    /// What is judged.
    pub judged: TJudged,
    /// The step fails where it fails.
    pub required: bool,
    /// It reads something sensitive: the texts of its faults hide values.
    pub sensitive: bool,
}

/// What a check judges.
#[derive(Debug, Clone)]
pub enum TJudged {
    /// A condition of the grid.
    Condition {
        /// What must be true, a bool.
        condition: TExpr,
        /// What is said where it is not, a string.
        message: Option<TExpr>,
    },
    /// A value that must fit the schema of a document, which says itself why it does not.
    Schema {
        /// The value.
        value: TExpr,
        /// The schema.
        schema: Rc<TSchema>,
    },
}

/// A schema that values are validated against when the program runs.
#[derive(Debug, PartialEq, Eq)]
pub struct TSchema {
    /// JSON Schema of 2020-12, without references to other documents.
    pub text: String,
    /// What is no JSON fits too.
    pub lets_no_json: bool,
}

impl TCheck {
    /// Every expression in it.
    pub fn expressions(&self) -> impl Iterator<Item = &TExpr> {
        let (first, message) = match &self.judged {
            TJudged::Condition { condition, message } => (condition, message.as_ref()),
            TJudged::Schema { value, .. } => (value, None),
        };
        std::iter::once(first).chain(message)
    }

    /// The same, to be changed.
    pub fn expressions_mut(&mut self) -> impl Iterator<Item = &mut TExpr> {
        let (first, message) = match &mut self.judged {
            TJudged::Condition { condition, message } => (condition, message.as_mut()),
            TJudged::Schema { value, .. } => (value, None),
        };
        std::iter::once(first).chain(message)
    }
}

/// A value that a step records.
#[derive(Debug, Clone)]
pub struct TRecord {
    /// Of which metric.
    pub metric: MetricId,
    /// The value, of the type that the metric takes.
    pub value: TExpr,
}

/// A metric of the grid.
#[derive(Debug, Clone)]
pub struct TMetric {
    /// Its name.
    pub name: String,
    /// Place of its header.
    pub span: Span,
    /// What it is.
    pub kind: MetricKind,
    /// `time`, `bytes`, another word, or empty.
    pub unit: String,
    /// How many of what is counted make one of its unit.
    pub scale: u32,
    /// `description`
    pub description: Option<String>,
}

impl TMetric {
    /// The type of its values.
    pub fn ty(&self) -> Type {
        match self.kind {
            MetricKind::Rate => Type::Bool,
            _ if self.unit == "time" => Type::Duration,
            MetricKind::Trend | MetricKind::Counter | MetricKind::Gauge => Type::Number,
        }
    }
}

/// Rules of a manifest with a condition that is not known when the grid is built. A resource or step that breaks one of
/// them fails.
#[derive(Debug, Clone, Default)]
pub struct TRules {
    /// Late arguments that a condition reads: each is computed once, under this name, and the argument is that name too.
    pub shared: Vec<(BoundId, TExpr)>,
    /// In the manifest's order.
    pub list: Vec<TRule>,
}

/// A rule with a condition.
#[derive(Debug, Clone)]
pub struct TRule {
    /// What must be true, a bool.
    pub condition: TExpr,
    /// What is said where it is not.
    pub message: String,
    /// The argument that it is about, or the header of its owner.
    pub span: Span,
}

impl TRules {
    /// Those that are known when the program starts, or those that differ between users, iterations or instances.
    pub fn known_at_start(&self, yes: bool) -> impl Iterator<Item = &TRule> {
        let rules = self.list.iter();
        rules.filter(move |rule| (rule.condition.binding <= Binding::Start) == yes)
    }

    /// Every expression in them.
    pub fn expressions(&self) -> impl Iterator<Item = &TExpr> {
        let shared = self.shared.iter().map(|(_, value)| value);
        shared.chain(self.list.iter().map(|rule| &rule.condition))
    }

    /// The same, to be changed.
    pub fn expressions_mut(&mut self) -> impl Iterator<Item = &mut TExpr> {
        let shared = self.shared.iter_mut().map(|(_, value)| value);
        shared.chain(self.list.iter_mut().map(|rule| &mut rule.condition))
    }
}

/// The instances of a step.
#[derive(Debug, Clone)]
pub enum TInstances {
    /// One, without index.
    Single,
    /// `count`
    Count(u32),
    /// `for_each`: keys with their values, by ascending keys.
    ForEach(Vec<(String, Value)>),
    /// Known when the step begins.
    Late(Box<TLate>),
}

/// Instances that are known when the step begins.
#[derive(Debug, Clone)]
pub struct TLate {
    /// The value of `count` as a number, or that of `for_each`.
    pub over: TExpr,
    /// What it is.
    pub of: LateOf,
}

/// What makes instances that are known late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LateOf {
    /// `count`
    Count,
    /// `for_each` over a map, an object, or a value of any type, which must turn out to be one.
    Map,
    /// `for_each` over a set, whose items must turn out to be strings.
    Set,
}

impl LateOf {
    /// Whether the instances have keys.
    pub fn is_keyed(self) -> bool {
        self != LateOf::Count
    }
}

impl TInstances {
    /// The value that they are made of, if that is known late.
    pub fn late(&self) -> Option<&TExpr> {
        match self {
            Self::Late(late) => Some(&late.over),
            Self::Single | Self::Count(_) | Self::ForEach(_) => None,
        }
    }

    /// Whether there are none, or nobody knows yet.
    pub fn may_be_none(&self) -> bool {
        match self {
            Self::Single => false,
            Self::Count(count) => *count == 0,
            Self::ForEach(keys) => keys.is_empty(),
            Self::Late(_) => true,
        }
    }

    /// Whether the instances have keys.
    pub fn is_keyed(&self) -> bool {
        match self {
            Self::Single | Self::Count(_) => false,
            Self::ForEach(_) => true,
            Self::Late(late) => late.of.is_keyed(),
        }
    }

    /// The position of the instance with this key.
    pub fn position_of_key(&self, key: &str) -> Option<usize> {
        let Self::ForEach(keys) = self else {
            return None;
        };
        keys.binary_search_by(|(known, _)| known.as_str().cmp(key))
            .ok()
    }
}

/// A resource.
#[derive(Debug, Clone)]
pub struct TResource {
    /// Its asset.
    pub asset: RunnerOrAsset,
    /// `http_client`
    pub asset_name: String,
    /// Its name.
    pub name: String,
    /// Place of its header.
    pub span: Span,
    /// Arguments as in `TStep`.
    pub arguments: Vec<(usize, TExpr)>,
    /// The methods that some of them select.
    pub methods: Vec<(usize, Rc<TMethod>)>,
    /// Other resources it takes.
    pub uses: Vec<(usize, ResourceId, Span)>,
    /// Its scope: the grid's or the manifest's, narrowed to the scopes of what it reads.
    pub scope: Lifetime,
    /// It has a sensitive argument.
    pub sensitive: bool,
    /// Rules of its manifest that are judged when it is created.
    pub rules: TRules,
    /// Steps and resources that use it. If there are none, it is never created.
    pub used: bool,
    /// `description`
    pub description: Option<String>,
}

/// A variable.
#[derive(Debug, Clone)]
pub struct TVariable {
    /// Its name.
    pub name: String,
    /// Place of its header.
    pub span: Span,
    /// Its type; `Any` when none was written.
    pub ty: Type,
    /// Whether a type was written. Without one a text from outside is the value, and not read as HCL.
    pub has_type: bool,
    /// Converted default; `None`: required.
    pub default: Option<Value>,
    /// `description`
    pub description: Option<String>,
    /// `sensitive`
    pub sensitive: bool,
    /// `nullable`
    pub nullable: bool,
    /// (condition of type bool, message of type string, place)
    pub validations: Vec<(TExpr, TExpr, Span)>,
}

/// A local.
#[derive(Debug, Clone)]
pub struct TLocal {
    /// Its name.
    pub name: String,
    /// Its place.
    pub span: Span,
    /// Its value.
    pub value: TExpr,
    /// The value, or a local that it reads, is computed from something sensitive.
    pub reads_secret: bool,
}

/// A threshold.
#[derive(Debug, Clone)]
pub struct TThreshold {
    /// Its name.
    pub name: String,
    /// Place of its header.
    pub span: Span,
    /// The figures that its condition reads.
    pub addresses: Vec<Address>,
    /// The condition, in postfix order.
    pub terms: Vec<TTerm>,
    /// The condition as it is written.
    pub text: String,
    /// `over`, of type duration, at most start-bound.
    pub over: Option<TExpr>,
    /// `for`
    pub hold: Option<TExpr>,
    /// `after`
    pub after: Option<TExpr>,
    /// `on_fail`
    pub on_fail: OnFail,
    /// `description`
    pub description: Option<String>,
}

/// A part of a condition.
#[derive(Debug, Clone)]
pub enum TTerm {
    /// A figure, a known bound, or an operator.
    Plain(Term),
    /// A bound of this quantity that is known when the program starts.
    Bound(Quantity, Box<TExpr>),
}

impl TThreshold {
    /// Every expression in it.
    pub fn expressions(&self) -> impl Iterator<Item = &TExpr> {
        let bounds = self.terms.iter().filter_map(|term| match term {
            TTerm::Plain(_) => None,
            TTerm::Bound(_, value) => Some(value.as_ref()),
        });
        let seconds = [&self.over, &self.hold, &self.after];
        bounds.chain(seconds.into_iter().flatten())
    }

    /// The same, to be changed.
    pub fn expressions_mut(&mut self) -> impl Iterator<Item = &mut TExpr> {
        let bounds = self.terms.iter_mut().filter_map(|term| match term {
            TTerm::Plain(_) => None,
            TTerm::Bound(_, value) => Some(value.as_mut()),
        });
        let seconds = [&mut self.over, &mut self.hold, &mut self.after];
        bounds.chain(seconds.into_iter().flatten())
    }
}

/// A duration constant of an expression, for readers that need one.
pub fn constant_duration(expr: &TExpr) -> Option<Duration> {
    match &expr.kind {
        TKind::Constant(Value::Duration(duration)) => Some(*duration),
        _ => None,
    }
}

/// The latest binding time of some expressions.
pub fn latest<'e>(exprs: impl IntoIterator<Item = &'e TExpr>) -> Binding {
    let bindings = exprs.into_iter().map(|expr| expr.binding);
    bindings.max().unwrap_or(Binding::Built)
}

/// A whole number that an expression is constantly.
pub fn constant_number(expr: &TExpr) -> Option<u64> {
    match expr.constant() {
        Some(Value::Number(number)) => number.as_u64(),
        _ => None,
    }
}
