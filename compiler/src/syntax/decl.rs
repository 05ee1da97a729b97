//! Declarations as written, with spans: the result of the syntax stage. Names have no meaning yet.

use crate::source::Span;
use bggo_values::Number;

/// All declarations of a grid, in the order of files and lines.
#[derive(Debug, Clone)]
pub struct Declarations {
    /// The bodies. The first one is `main`: the steps and resources at the top of the grid.
    pub bodies: Vec<BodyDecl>,
    /// `variable` blocks.
    pub variables: Vec<VariableDecl>,
    /// `threshold` blocks.
    pub thresholds: Vec<ThresholdDecl>,
    /// `metric` blocks.
    pub metrics: Vec<MetricDecl>,
    /// `data` blocks.
    pub data: Vec<DataDecl>,
    /// Attributes of all `locals` blocks.
    pub locals: Vec<Attribute>,
    /// How many expression ids were given out; ids are dense from 0.
    pub expressions: u32,
    /// Something was reported that may declare names (a part that could not be read, a block that is
    /// unknown): a name that is not known may be declared there.
    pub incomplete: bool,
    /// Blocks that declare nothing because of their labels (reported).
    pub bad_headers: Vec<BadHeader>,
    /// The block `grid`.
    pub grid: Option<GridDecl>,
    /// Warnings that comments allow.
    pub allows: Vec<Allow>,
}

/// `grid { }`: what is said of the whole.
#[derive(Debug, Clone)]
pub struct GridDecl {
    /// Its header.
    pub span: Span,
    /// `name`
    pub name: Option<Expr>,
    /// `description`
    pub description: Option<Expr>,
    /// `required_version`
    pub required_version: Option<Expr>,
    /// `tags`
    pub tags: Option<Expr>,
}

/// `# bggo: allow(CODE)`: a warning that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// The code as it is written.
    pub code: String,
    /// Where it is written.
    pub place: Span,
    /// The attribute or block that it is about; `None` if none follows.
    pub covers: Option<Span>,
}

/// The header of a block whose labels are wrong, as far as it could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadHeader {
    /// `step`
    pub kind: String,
    /// The labels that could be read.
    pub labels: Vec<String>,
}

impl Default for Declarations {
    fn default() -> Self {
        Self {
            bodies: vec![BodyDecl::main()],
            variables: Vec::new(),
            thresholds: Vec::new(),
            metrics: Vec::new(),
            data: Vec::new(),
            locals: Vec::new(),
            expressions: 0,
            incomplete: false,
            bad_headers: Vec::new(),
            grid: None,
            allows: Vec::new(),
        }
    }
}

impl Declarations {
    /// Whether a block with a wrong header may be the one that these names mean: then nothing is known about them.
    pub fn may_declare(&self, kind: &str, names: &[&str]) -> bool {
        self.bad_headers.iter().any(|header| {
            header.kind == kind
                && (header.labels.is_empty()
                    || header
                        .labels
                        .iter()
                        .any(|label| names.contains(&label.as_str())))
        })
    }

    /// Ids of the bodies, in order.
    pub fn body_ids(&self) -> impl Iterator<Item = BodyId> + use<> {
        (0..self.bodies.len()).map(BodyId)
    }

    /// A body.
    pub fn body(&self, id: BodyId) -> &BodyDecl {
        &self.bodies[id.0]
    }

    /// The body `main`: the steps and resources at the top of the grid.
    pub fn main(&mut self) -> &mut BodyDecl {
        if self.bodies.is_empty() {
            self.bodies.push(BodyDecl::main());
        }
        &mut self.bodies[BodyId::MAIN.0]
    }

    /// All steps, body by body.
    pub fn steps(&self) -> impl Iterator<Item = &StepDecl> {
        self.bodies.iter().flat_map(|body| &body.steps)
    }

    /// All resources, body by body.
    pub fn resources(&self) -> impl Iterator<Item = &ResourceDecl> {
        self.bodies.iter().flat_map(|body| &body.resources)
    }

    /// The bodies that are scenarios, in written order.
    pub fn scenarios(&self) -> impl Iterator<Item = (BodyId, &ScenarioDecl)> {
        let bodies = self.body_ids().zip(&self.bodies);
        bodies.filter_map(|(id, body)| Some((id, body.scenario.as_ref()?)))
    }

    /// The bodies that are flows, in written order.
    pub fn flows(&self) -> impl Iterator<Item = (BodyId, &FlowDecl)> {
        let bodies = self.body_ids().zip(&self.bodies);
        bodies.filter_map(|(id, body)| Some((id, body.flow.as_ref()?)))
    }

    /// The bodies that are phases, in written order, each with the scenario in which it stands.
    pub fn phases(&self) -> impl Iterator<Item = (BodyId, Phase, &PhaseDecl)> {
        let bodies = self.body_ids().zip(&self.bodies);
        bodies.filter_map(|(id, body)| match body.kind {
            BodyKind::Phase(phase) => Some((id, phase, body.phase.as_ref()?)),
            _ => None,
        })
    }

    /// Which phase a body is, if it is one, and the scenario in which it stands.
    pub fn phase_of(&self, id: BodyId) -> Option<(Phase, BodyId)> {
        let body = self.body(id);
        match body.kind {
            BodyKind::Phase(phase) => Some((phase, body.phase.as_ref()?.owner)),
            _ => None,
        }
    }

    /// What a body says that is a flow.
    pub fn flow(&self, id: BodyId) -> Option<&FlowDecl> {
        self.body(id).flow.as_ref()
    }
}

/// Index into `Declarations::bodies`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BodyId(pub usize);

impl BodyId {
    /// The body `main`.
    pub const MAIN: BodyId = BodyId(0);
}

/// Which kind of body it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    /// The steps at the top of a grid: what a user does in one iteration.
    Main,
    /// The steps of a `scenario` block.
    Scenario,
    /// The steps of a `flow` block, which other bodies call.
    Flow,
    /// The steps of a block `setup` or the like.
    Phase(Phase),
}

/// What runs before or after the iterations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Once, before all scenarios.
    Setup,
    /// Once, after all scenarios.
    Teardown,
    /// Once for each user, before its first iteration.
    VuSetup,
    /// Once for each user, after its last iteration.
    VuTeardown,
}

/// A scope of steps and resources with a graph and a schedule of its own. Its steps are visible in it alone; its resources
/// too, except those of `main`, which are visible in all bodies.
#[derive(Debug, Clone)]
pub struct BodyDecl {
    /// Its kind.
    pub kind: BodyKind,
    /// Its name; `main` has no place in the grid.
    pub name: Name,
    /// Its header; empty for `main`.
    pub span: Span,
    /// `step` blocks.
    pub steps: Vec<StepDecl>,
    /// `resource` blocks.
    pub resources: Vec<ResourceDecl>,
    /// What a `scenario` block says beside its steps.
    pub scenario: Option<ScenarioDecl>,
    /// What a `flow` block says beside its steps.
    pub flow: Option<FlowDecl>,
    /// What a block `setup` or the like says beside its steps.
    pub phase: Option<PhaseDecl>,
    /// Each iteration runs one of its steps, all of which call flows.
    pub mix: Option<MixDecl>,
}

/// `mix = { browse = 7 }` and blocks `mix "buy" { .. }`.
#[derive(Debug, Clone)]
pub struct MixDecl {
    /// The first place where it is written.
    pub span: Span,
    /// The weight of each step of its body; absent only where that is reported.
    pub weights: Vec<Option<Expr>>,
}

impl BodyDecl {
    /// The empty body `main`.
    pub fn main() -> Self {
        let name = Name {
            text: "main".to_owned(),
            span: Span::default(),
        };
        Self::empty(BodyKind::Main, name, Span::default())
    }

    /// Its name as it is shown: that of the flow of a step of the kind `mix` has its place behind it, so that no two are alike.
    pub fn shown_name(&self) -> &str {
        let name = self.name.text.as_str();
        match (self.mix.is_some(), name.rsplit_once(' ')) {
            (true, Some((shown, _))) => shown,
            _ => name,
        }
    }

    /// A body without steps, resources and settings.
    pub fn empty(kind: BodyKind, name: Name, span: Span) -> Self {
        Self {
            kind,
            name,
            span,
            steps: Vec::new(),
            resources: Vec::new(),
            scenario: None,
            flow: None,
            phase: None,
            mix: None,
        }
    }
}

/// `setup { .. }` and the like, without its steps.
#[derive(Debug, Clone)]
pub struct PhaseDecl {
    /// The scenario in which it stands; `main` at the top of the grid, where it belongs to all scenarios.
    pub owner: BodyId,
    /// `timeouts { execution = .. }`: how long its steps may take together.
    pub limit: Option<Expr>,
    /// `description`
    pub description: Option<Expr>,
    /// A part of its body could not be read (reported), so something that seems to be missing may be in that part.
    pub broken: bool,
}

/// `flow "NAME" { .. }`, without its steps and resources.
#[derive(Debug, Clone)]
pub struct FlowDecl {
    /// `input "NAME" { .. }`
    pub inputs: Vec<InputDecl>,
    /// `output "NAME" { .. }`
    pub outputs: Vec<OutputDecl>,
    /// `description`
    pub description: Option<Expr>,
    /// A part of its body could not be read (reported), so something that seems to be missing may be in that part.
    pub broken: bool,
}

/// `input "NAME" { .. }` of a flow.
#[derive(Debug, Clone)]
pub struct InputDecl {
    /// Header.
    pub span: Span,
    /// Its name.
    pub name: Name,
    /// `type`, as a type expression.
    pub ty: Option<TypeExpr>,
    /// `default`
    pub default: Option<Expr>,
    /// `description`
    pub description: Option<Expr>,
    /// `sensitive`
    pub sensitive: Option<Expr>,
    /// `nullable`
    pub nullable: Option<Expr>,
    /// The flow and its input of which everything else is taken, of the input of a mix that stands for it.
    pub stands_for: Option<(String, String)>,
}

impl InputDecl {
    /// An input of the mix of a step, which stands for the input `input` of a flow that the mix names.
    pub fn standing_for(flow: &str, input: &str, span: Span) -> Self {
        Self {
            span,
            name: Name {
                text: format!("{flow}.{input}"),
                span,
            },
            ty: None,
            default: None,
            description: None,
            sensitive: None,
            nullable: None,
            stands_for: Some((flow.to_owned(), input.to_owned())),
        }
    }
}

/// `output "NAME" { .. }` of a flow.
#[derive(Debug, Clone)]
pub struct OutputDecl {
    /// Header.
    pub span: Span,
    /// Its name.
    pub name: Name,
    /// `value`; absent only where that is reported.
    pub value: Option<Expr>,
    /// `description`
    pub description: Option<Expr>,
    /// `sensitive`
    pub sensitive: Option<Expr>,
}

/// `scenario "NAME" { .. }`, without its steps and resources.
#[derive(Debug, Clone)]
pub struct ScenarioDecl {
    /// `load "PROFILE" { .. }`; absent: it runs once.
    pub load: Option<LoadDecl>,
    /// `start_after`
    pub start_after: Option<Expr>,
    /// `after`
    pub after: Option<Expr>,
    /// `graceful_stop`
    pub graceful_stop: Option<Expr>,
    /// `pace`
    pub pace: Option<Expr>,
    /// `tags = { }`
    pub tags: Option<Expr>,
    /// `description`
    pub description: Option<Expr>,
    /// A part of its body could not be read (reported), so something that seems to be missing may be in that part.
    pub broken: bool,
}

impl ScenarioDecl {
    /// All expressions that decide its load, with the names of their attributes.
    pub fn settings(&self) -> impl Iterator<Item = (&'static str, &Expr)> {
        [
            ("start_after", &self.start_after),
            ("graceful_stop", &self.graceful_stop),
            ("pace", &self.pace),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_ref()?)))
    }
}

/// `load "PROFILE" { .. }`
#[derive(Debug, Clone)]
pub struct LoadDecl {
    /// Header.
    pub span: Span,
    /// The label.
    pub profile: Name,
    /// Its attributes. Which of them there are depends on the profile.
    pub attributes: Vec<Attribute>,
    /// `stage { .. }`
    pub stages: Vec<StageDecl>,
    /// A part of its body could not be read (reported), so something that seems to be missing may be in that part.
    pub broken: bool,
}

/// `stage { .. }`
#[derive(Debug, Clone)]
pub struct StageDecl {
    /// Header.
    pub span: Span,
    /// Its attributes. Which of them there are depends on the profile.
    pub attributes: Vec<Attribute>,
    /// A part of its body could not be read (reported), so something that seems to be missing may be in that part.
    pub broken: bool,
}

/// A name with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Its place (for a quoted label, with the quotes).
    pub span: Span,
}

/// `name = value`.
#[derive(Debug, Clone)]
pub struct Attribute {
    /// Left side.
    pub name: Name,
    /// Right side.
    pub value: Expr,
}

/// `arguments { .. }` or `uses { .. }`.
#[derive(Debug, Clone)]
pub struct AttributeBlock {
    /// The whole block.
    pub span: Span,
    /// What stands in it.
    pub attributes: Vec<Attribute>,
}

/// `data "KIND" "NAME" { .. }`
#[derive(Debug, Clone)]
pub struct DataDecl {
    /// Header: from `data` to the last label.
    pub span: Span,
    /// First label.
    pub kind: DataKind,
    /// The same as it is written.
    pub kind_name: Name,
    /// Second label.
    pub name: Name,
    /// `rows` of inline data, else `file`.
    pub rows: Option<Expr>,
    /// `columns`, in written order.
    pub columns: Option<Vec<ColumnDecl>>,
    /// `header`
    pub header: Option<Expr>,
    /// `delimiter`
    pub delimiter: Option<Expr>,
    /// `embed`
    pub embed: Option<Expr>,
    /// `order`
    pub order: Option<Expr>,
    /// `advance`
    pub advance: Option<Expr>,
    /// `share`
    pub share: Option<Expr>,
    /// `at_end`
    pub at_end: Option<Expr>,
    /// `sensitive`, names of columns.
    pub sensitive: Option<Expr>,
    /// `description`
    pub description: Option<Expr>,
    /// A part of its body could not be read (reported).
    pub broken: bool,
}

impl DataDecl {
    /// What the grid computes for it.
    pub fn expressions(&self) -> impl Iterator<Item = &Expr> {
        [
            &self.rows,
            &self.header,
            &self.delimiter,
            &self.embed,
            &self.order,
            &self.advance,
            &self.share,
            &self.at_end,
            &self.sensitive,
            &self.description,
        ]
        .into_iter()
        .flatten()
    }

    /// `csv.users`
    pub fn address(&self) -> String {
        format!("{}.{}", self.kind_name.text, self.name.text)
    }
}

/// Where rows come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataKind {
    /// A file of comma-separated values.
    Csv,
    /// A file with a JSON object in each line.
    Jsonl,
    /// The grid.
    Inline,
}

/// A column that `columns` names.
#[derive(Debug, Clone)]
pub struct ColumnDecl {
    /// Its name.
    pub name: Name,
    /// Its type; absent where only names are written.
    pub ty: Option<TypeExpr>,
}

/// `step "RUNNER" "NAME" { .. }`
#[derive(Debug, Clone)]
pub struct StepDecl {
    /// Header: from `step` to the last label.
    pub span: Span,
    /// First label.
    pub runner: Name,
    /// Second label.
    pub name: Name,
    /// `arguments { }`
    pub arguments: Option<AttributeBlock>,
    /// `uses { }`
    pub uses: Option<AttributeBlock>,
    /// `check "NAME" { }`
    pub checks: Vec<CheckDecl>,
    /// `record { }`, by names of metrics.
    pub record: Option<AttributeBlock>,
    /// `depends_on`, one entry an item.
    pub depends_on: Vec<Expr>,
    /// `count`
    pub count: Option<Expr>,
    /// `for_each`
    pub for_each: Option<Expr>,
    /// `enabled`
    pub enabled: Option<Expr>,
    /// `delay_before`
    pub delay_before: Option<Expr>,
    /// `delay_after`
    pub delay_after: Option<Expr>,
    /// `continue_on_failure`
    pub continue_on_failure: Option<Expr>,
    /// `always`
    pub always: Option<Expr>,
    /// `sensitive`
    pub sensitive: Option<Expr>,
    /// Its parts that are blocks of their own.
    pub parts: PartsDecl,
    /// The name of the flow that a step of the kind `mix` runs, which no grid can write.
    pub mix: Option<String>,
    /// `tags = { }`
    pub tags: Option<Expr>,
    /// `description`
    pub description: Option<Expr>,
    /// A part of its body could not be read (reported), so something that seems to be missing may be in that part.
    pub broken: bool,
}

/// A block of a step that holds attributes with known names.
#[derive(Debug, Clone)]
pub struct PartDecl {
    /// Its header.
    pub span: Span,
    /// Those that are there.
    pub attributes: Vec<(&'static str, Expr)>,
    /// Something of it could not be read (reported).
    pub broken: bool,
}

impl PartDecl {
    /// An attribute that may be there.
    pub fn get(&self, name: &str) -> Option<&Expr> {
        let mut all = self.attributes.iter();
        all.find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }
}

/// When a step may run, how often, and what happens when it fails.
#[derive(Debug, Clone, Default)]
pub struct PartsDecl {
    /// `timeouts { execution, start, queue, deadline }`
    pub timeouts: Option<PartDecl>,
    /// `retry { attempts, max_duration, retry_on, abort_on }`
    pub retry: Option<PartDecl>,
    /// `backoff { strategy, initial, factor, max, jitter }` in `retry`
    pub backoff: Option<PartDecl>,
    /// `repeat { until, while, every, max_attempts, timeout, collect }`
    pub repeat: Option<PartDecl>,
    /// `on_error { action, fallback }`
    pub on_error: Option<PartDecl>,
    /// `concurrency { limit, per_key, order, scope }`
    pub concurrency: Option<PartDecl>,
    /// `rate_limit { limit, per, burst, key }`
    pub rate_limit: Option<PartDecl>,
}

impl PartsDecl {
    /// All of them that are there.
    pub fn iter(&self) -> impl Iterator<Item = &PartDecl> {
        let all = [
            &self.timeouts,
            &self.retry,
            &self.backoff,
            &self.repeat,
            &self.on_error,
            &self.concurrency,
            &self.rate_limit,
        ];
        all.into_iter().flatten()
    }

    /// The attributes of `repeat` that are computed once an attempt has run.
    pub const AFTER_AN_ATTEMPT: [&str; 3] = ["until", "while", "collect"];
}

impl StepDecl {
    /// What it is looked up by: a runner or a flow.
    pub fn callee(&self) -> &str {
        self.mix.as_deref().unwrap_or(&self.runner.text)
    }

    /// `timeouts { execution = .. }`
    pub fn execution(&self) -> Option<&Expr> {
        self.parts.timeouts.as_ref()?.get("execution")
    }

    /// A step without any settings.
    pub fn plain(runner: Name, name: Name, span: Span) -> Self {
        Self {
            span,
            runner,
            name,
            arguments: None,
            uses: None,
            checks: Vec::new(),
            record: None,
            depends_on: Vec::new(),
            count: None,
            for_each: None,
            enabled: None,
            delay_before: None,
            delay_after: None,
            continue_on_failure: None,
            always: None,
            sensitive: None,
            parts: PartsDecl::default(),
            mix: None,
            tags: None,
            description: None,
            broken: false,
        }
    }

    /// As a grid refers to it: `step.RUNNER.NAME`.
    pub fn address(&self) -> String {
        format!("step.{}.{}", self.runner.text, self.name.text)
    }
}

/// `check "NAME" { .. }` of a step.
#[derive(Debug, Clone)]
pub struct CheckDecl {
    /// Header.
    pub span: Span,
    /// Its name, which may be any text.
    pub name: Name,
    /// `condition`; absent only where that is reported.
    pub condition: Option<Expr>,
    /// `error_message`
    pub error_message: Option<Expr>,
    /// `required`
    pub required: Option<Expr>,
}

/// `metric "NAME" { .. }`
#[derive(Debug, Clone)]
pub struct MetricDecl {
    /// Header.
    pub span: Span,
    /// Its name.
    pub name: Name,
    /// `kind`
    pub kind: Option<Expr>,
    /// `unit`
    pub unit: Option<Expr>,
    /// `scale`
    pub scale: Option<Expr>,
    /// `description`
    pub description: Option<Expr>,
    /// A part of its body could not be read (reported), so something that seems to be missing may be in that part.
    pub broken: bool,
}

/// `resource "ASSET" "NAME" { .. }`
#[derive(Debug, Clone)]
pub struct ResourceDecl {
    /// Header.
    pub span: Span,
    /// First label.
    pub asset: Name,
    /// Second label.
    pub name: Name,
    /// `arguments { }`
    pub arguments: Option<AttributeBlock>,
    /// `uses { }` of the asset.
    pub uses: Option<AttributeBlock>,
    /// `depends_on`
    pub depends_on: Vec<Expr>,
    /// `scope`
    pub scope: Option<Expr>,
    /// `description`
    pub description: Option<Expr>,
    /// A part of its body could not be read (reported), so something that seems to be missing may be in that part.
    pub broken: bool,
}

impl ResourceDecl {
    /// As a grid refers to it: `resource.ASSET.NAME`.
    pub fn address(&self) -> String {
        format!("resource.{}.{}", self.asset.text, self.name.text)
    }
}

/// `variable "NAME" { .. }`
#[derive(Debug, Clone)]
pub struct VariableDecl {
    /// Header.
    pub span: Span,
    /// Its name.
    pub name: Name,
    /// `type`, as a type expression.
    pub ty: Option<TypeExpr>,
    /// `default`
    pub default: Option<Expr>,
    /// `description`
    pub description: Option<Expr>,
    /// `sensitive`
    pub sensitive: Option<Expr>,
    /// `nullable`
    pub nullable: Option<Expr>,
    /// `validation { condition, error_message }`
    pub validations: Vec<ValidationDecl>,
    /// A part of its body could not be read (reported), so something that seems to be missing may be in that part.
    pub broken: bool,
}

/// `threshold "NAME" { .. }`
#[derive(Debug, Clone)]
pub struct ThresholdDecl {
    /// Header.
    pub span: Span,
    /// Its name, which may be any text.
    pub name: Name,
    /// `condition`, and its text on one line; absent only where that is reported.
    pub condition: Option<(Expr, String)>,
    /// `over`
    pub over: Option<Expr>,
    /// `for`
    pub hold: Option<Expr>,
    /// `after`
    pub after: Option<Expr>,
    /// `on_fail`
    pub on_fail: Option<Expr>,
    /// `description`
    pub description: Option<Expr>,
}

/// `validation { condition, error_message }`
#[derive(Debug, Clone)]
pub struct ValidationDecl {
    /// The block's header.
    pub span: Span,
    /// `condition`
    pub condition: Expr,
    /// `error_message`
    pub error_message: Expr,
}

/// A type as written: resolved by the syntax stage, an unknown one is `Type::Error` with a reported problem.
#[derive(Debug, Clone)]
pub struct TypeExpr {
    /// The type.
    pub ty: bggo_values::Type,
    /// Defaults of `optional(T, default)` are constant expressions already folded into the type.
    pub span: Span,
    /// Attributes that are optional without a default: the way to each (`*` is every item), and the place of its type.
    pub optionals: Vec<(Vec<String>, Span)>,
}

/// Stands for every item in the way to a part of a type.
pub const EVERY: &str = "*";

/// Dense number of an expression node within a grid: side tables are vectors by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExprId(pub u32);

/// An expression as written.
#[derive(Debug, Clone)]
pub struct Expr {
    /// Its number.
    pub id: ExprId,
    /// Its place.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

impl Expr {
    /// Whether no part of it is missing or unread. What is not whole has a problem already: it is not judged by its form.
    pub fn is_whole(&self) -> bool {
        match &self.kind {
            ExprKind::Error | ExprKind::Unfinished(_) => false,
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::Text(_)
            | ExprKind::Root(_)
            | ExprKind::Each => true,
            ExprKind::Template(parts) => parts.iter().all(Part::is_whole),
            ExprKind::List(items) => items.iter().all(Expr::is_whole),
            ExprKind::Object(items) => items
                .iter()
                .all(|(key, value)| key.is_whole() && value.is_whole()),
            ExprKind::Field(base, _) => base.is_whole(),
            ExprKind::Index(base, index) => base.is_whole() && index.is_whole(),
            ExprKind::Splat { over, each } => over.is_whole() && each.is_whole(),
            ExprKind::Call { arguments, .. } => arguments.iter().all(Expr::is_whole),
            ExprKind::Unary(_, of) => of.is_whole(),
            ExprKind::Binary(_, left, right) => left.is_whole() && right.is_whole(),
            ExprKind::Conditional(condition, yes, no) => {
                condition.is_whole() && yes.is_whole() && no.is_whole()
            }
            ExprKind::For(form) => {
                let mut parts = [&form.key_result, &form.condition].into_iter().flatten();
                form.over.is_whole() && form.result.is_whole() && parts.all(Expr::is_whole)
            }
        }
    }
}

impl Part {
    fn is_whole(&self) -> bool {
        match self {
            Part::Text(_) => true,
            Part::Hole(hole) => hole.is_whole(),
            Part::If { condition, yes, no } => {
                condition.is_whole() && yes.iter().chain(no).all(Part::is_whole)
            }
            Part::For { over, body, .. } => over.is_whole() && body.iter().all(Part::is_whole),
        }
    }
}

/// Kinds of expression. Parentheses are not kept.
#[derive(Debug, Clone)]
pub enum ExprKind {
    /// `null`
    Null,
    /// `true`
    Bool(bool),
    /// `1.5`
    Number(Number),
    /// A string without holes, escapes decoded.
    Text(String),
    /// A string or heredoc with holes or directives; `~` and `<<-` are already applied to the literals.
    Template(Vec<Part>),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{ k = v }`; a bare identifier key is a `Text`.
    Object(Vec<(Expr, Expr)>),
    /// The root of a traversal, or a variable of a `for`: `step`, `var`, `x`.
    Root(String),
    /// `a.name`; also the legacy `a.0` as an `Index` with a number.
    Field(Box<Expr>, Name),
    /// `a[b]`
    Index(Box<Expr>, Box<Expr>),
    /// `a[*].b.c` (full) or `a.*.b` (attribute only): `each` is written over `Each`.
    Splat {
        /// What is spread.
        over: Box<Expr>,
        /// Applied to each item; its innermost node is `Each`.
        each: Box<Expr>,
    },
    /// The item of the innermost `Splat`.
    Each,
    /// `f(a, b...)`
    Call {
        /// Name of the function.
        name: Name,
        /// Arguments.
        arguments: Vec<Expr>,
        /// The last argument is expanded by `...`.
        expand: bool,
    },
    /// `!a`, `-a`
    Unary(UnaryOp, Box<Expr>),
    /// `a + b`
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `c ? a : b`
    Conditional(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `[for k, v in xs : e if c]`, `{for k, v in xs : k => e... if c}`
    For(Box<ForExpr>),
    /// `a.` with no name behind the dot, or a value with something behind it that does not belong there; a problem is already
    /// reported.
    Unfinished(Box<Expr>),
    /// Could not be read; a problem is already reported.
    Error,
}

/// A part of a template.
#[derive(Debug, Clone)]
pub enum Part {
    /// Literal text.
    Text(String),
    /// `${e}`
    Hole(Expr),
    /// `%{if c}a%{else}b%{endif}`
    If {
        /// Condition.
        condition: Expr,
        /// When true.
        yes: Vec<Part>,
        /// When false.
        no: Vec<Part>,
    },
    /// `%{for k, v in xs}..%{endfor}`
    For {
        /// Key or index variable.
        key: Option<Name>,
        /// Value variable.
        value: Name,
        /// What is run over.
        over: Expr,
        /// Repeated part.
        body: Vec<Part>,
    },
}

/// A `for` expression.
#[derive(Debug, Clone)]
pub struct ForExpr {
    /// Key or index variable.
    pub key: Option<Name>,
    /// Value variable.
    pub value: Name,
    /// What is run over.
    pub over: Expr,
    /// `k =>` of an object; a list when absent.
    pub key_result: Option<Expr>,
    /// The result of an item.
    pub result: Expr,
    /// `...` after the result.
    pub grouped: bool,
    /// `if c`
    pub condition: Option<Expr>,
}

/// `!` and `-`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnaryOp {
    /// `!`
    Not,
    /// `-`
    Neg,
}

/// Operators of two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the operator that its name says")]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Equal,
    NotEqual,
    Less,
    LessEq,
    Greater,
    GreaterEq,
    And,
    Or,
}
