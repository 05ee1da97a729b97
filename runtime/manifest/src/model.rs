//! A module's manifest as data: the single source of truth of its contract.

use crate::rule::{Bound, Condition, Pattern, Rule};
use bggo_values::{Type, Value};

/// A manifest: the runners and assets of one module.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// What the module is for, one sentence.
    pub description: String,
    /// Things that do.
    pub runners: Vec<Runner>,
    /// Things that are.
    pub assets: Vec<Asset>,
}

/// A runner: what a `step` of that kind runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Runner {
    /// `http_request`.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// Assets it takes.
    pub uses: Vec<Use>,
    /// Its arguments.
    pub inputs: Vec<Input>,
    /// Which of its arguments go together.
    pub rules: Vec<Rule>,
    /// What it gives back.
    pub outputs: Vec<Output>,
    /// Its own metrics, beside response and service time.
    pub metrics: Vec<Metric>,
    /// The kinds of failure that it reports, a small closed set.
    pub errors: Vec<ErrorKind>,
    /// A step that is given none of these inputs does nothing but give its outputs; `None`: any step does something.
    pub no_effect_without: Option<Vec<String>>,
    /// Why a step is meant for `setup` and `teardown` and for no load: a clause.
    pub meant_for_setup: Option<String>,
    /// Whether a step keeps its exclusive asset from all others for as long as it waits for what only they can bring about.
    pub blocks: When,
    /// What a step begins on its exclusive asset: `transaction`.
    pub opens: Option<String>,
    /// What a step ends there that another one has begun.
    pub closes: Option<String>,
    /// Whether the result of a step comes after the step. Then the first four of `metrics` are [`LATE_METRICS`].
    ///
    /// [`LATE_METRICS`]: crate::LATE_METRICS
    pub late_result: When,
    /// The input by which a grid has a stamp put into each message that it sends; where the grid says nothing, there is one if a step
    /// of the grid reads stamps of this module.
    pub stamps: Option<String>,
    /// It reads the stamps of messages that come. Then the first three of `metrics`, behind those of late results, are
    /// [`STAMP_METRICS`].
    ///
    /// [`STAMP_METRICS`]: crate::STAMP_METRICS
    pub reads_stamps: bool,
}

/// Where something is so of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// Nowhere.
    Never,
    /// Everywhere.
    Always,
    /// Where this is true of its inputs, as far as they are known when the grid is checked.
    If(Condition),
}

impl Runner {
    /// The attribute by which it says something of the exclusive asset that it uses, if it has one.
    pub fn says_of_exclusive(&self) -> Option<&'static str> {
        if self.blocks != When::Never {
            Some("blocks")
        } else if self.opens.is_some() {
            Some("opens")
        } else {
            self.closes.is_some().then_some("closes")
        }
    }
}

/// An asset: what a `resource` of that kind is.
#[derive(Debug, Clone, PartialEq)]
pub struct Asset {
    /// `http_client`.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// Its scope where a grid chooses none.
    pub scope: Lifetime,
    /// All scopes that a grid may choose: `scope` is among them, and iteration unless the asset spawns.
    pub scopes: Vec<Lifetime>,
    /// Each one that is used has a connection of its own at least, which takes a descriptor and a source port.
    pub connects: bool,
    /// How many steps it serves at a time.
    pub concurrency: Concurrency,
    /// Other assets it takes.
    pub uses: Vec<Use>,
    /// Its arguments.
    pub inputs: Vec<Input>,
    /// Which of its arguments go together.
    pub rules: Vec<Rule>,
    /// What it exports, readable as `resource.ASSET.NAME.FIELD`.
    pub outputs: Vec<Output>,
    /// Its own metrics: what belongs to no step, such as connections that were opened.
    pub metrics: Vec<Metric>,
    /// The kinds of failure that it reports.
    pub errors: Vec<ErrorKind>,
}

/// How many steps an asset serves at a time. Whom it lets wait is its module's to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concurrency {
    /// One after the other, in the order in which they come.
    Exclusive,
    /// One that sends beside one that receives.
    Duplex,
    /// Any number.
    Multiplexed,
}

impl Concurrency {
    /// All of them.
    pub const ALL: [Concurrency; 3] = [Self::Exclusive, Self::Duplex, Self::Multiplexed];

    /// As a manifest writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exclusive => "exclusive",
            Self::Duplex => "duplex",
            Self::Multiplexed => "multiplexed",
        }
    }
}

/// How long an asset lives, from wide to narrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lifetime {
    /// One for the whole run, shared by all threads.
    Run,
    /// One a worker thread.
    Worker,
    /// One a virtual user.
    Vu,
    /// One an iteration.
    Iteration,
}

/// An asset that a runner or asset takes: `uses "client" { asset = "http_client" }`, or one of several kinds of it:
/// `asset = ["postgres_connection", "postgres_pool"]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Use {
    /// Key in the grid's `uses` block.
    pub name: String,
    /// Kinds of asset, of which a grid hands over one; at least one, each named once.
    pub assets: Vec<String>,
    /// The module that brings all of them; `None`: the manifest's own.
    pub module: Option<String>,
    /// May be left out.
    pub optional: bool,
    /// One sentence.
    pub description: String,
}

impl Use {
    /// The kind of asset that is made where it is optional and a grid hands over none: the first.
    pub fn default_asset(&self) -> &str {
        self.assets.first().map_or("", String::as_str)
    }

    /// Whether the module sees which kind it got.
    pub fn has_alternatives(&self) -> bool {
        self.assets.len() > 1
    }

    /// Whether an asset of this kind fits.
    pub fn takes(&self, asset: &str) -> bool {
        self.assets.iter().any(|known| known == asset)
    }
}

/// An argument.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Must be given.
    pub required: bool,
    /// Null is a value of its own (else null counts as absent).
    pub nullable: bool,
    /// Value when absent (already converted to `ty`); `None` with `required = false` means "absent" reaches the module.
    pub default: Option<Value>,
    /// The only texts allowed, when not empty.
    pub one_of: Vec<String>,
    /// Which of these texts need a crate that other grids do not link.
    pub links: Vec<LinkedCrate>,
    /// What its values keep to beside its type.
    pub bounds: Vec<Bound>,
    /// What its text looks like.
    pub pattern: Option<Pattern>,
    /// What the keys of a map look like.
    pub key_pattern: Option<Pattern>,
    /// How it reaches the module.
    pub form: Form,
    /// What is known of it in part reaches the module early, with holes for the rest.
    pub shape: bool,
    /// Shown to a reader (`print`): sensitive parts are redacted before the module sees it.
    pub shown: bool,
    /// Not logged or reported.
    pub sensitive: bool,
    /// It names documents of one of these kinds, which are read when the grid is built. The module sees columns alone.
    pub reads: Vec<DocumentKind>,
    /// The input by whose text columns are found in the document of the kind "statements" that an asset of a step names, where the
    /// grid names none.
    pub found_by: Option<String>,
    /// It says when the grid is built whether an output is validated ([`Output::validated_by`]), or whether messages are stamped
    /// ([`Runner::stamps`]). The module never sees it.
    pub is_switch: bool,
    /// It names a method of a service, which the documents of the asset of this use declare.
    pub selects: Option<String>,
    /// Of the methods that it may select it takes only those that stream messages.
    pub streams: bool,
    /// The message of a method that it is, or of a list each item.
    pub type_from: Option<MessageOf>,
    /// One sentence.
    pub description: String,
}

/// A kind of document that the compiler reads for types: `read = "build"`, `as = ["json_schema"]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// A JSON Schema.
    JsonSchema,
    /// An OpenAPI document with the name of an operation: the schema of its answers.
    OpenApi,
    /// `.proto` files: the messages of methods.
    Protobuf,
    /// A descriptor set that was made of such files.
    ProtobufSet,
    /// The folders in which `.proto` files and those that they import are looked for, beside that of the grid.
    Folders,
    /// No file: names of columns with their types in SQL.
    Columns,
    /// What statements of SQL take and give, as a server described them.
    Statements,
}

impl DocumentKind {
    /// All of them.
    pub const ALL: [DocumentKind; 7] = [
        Self::JsonSchema,
        Self::OpenApi,
        Self::Protobuf,
        Self::ProtobufSet,
        Self::Folders,
        Self::Columns,
        Self::Statements,
    ];

    /// As a manifest writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::JsonSchema => "json_schema",
            Self::OpenApi => "openapi",
            Self::Protobuf => "protobuf",
            Self::ProtobufSet => "protobuf_set",
            Self::Folders => "folders",
            Self::Columns => "columns",
            Self::Statements => "statements",
        }
    }

    /// Whether it describes one value, and not the methods of services.
    pub fn is_schema(self) -> bool {
        matches!(self, Self::JsonSchema | Self::OpenApi)
    }

    /// Whether an output can have its type from an input that reads it.
    pub fn gives_a_type(self) -> bool {
        self.is_schema() || self == Self::Columns
    }
}

/// Where the type of a value comes from, beside its manifest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TypeFrom {
    /// `input.NAME`: the document that this input names.
    Document(String),
    /// A message of a method.
    Message(MessageOf),
}

/// One of the two messages of a method: `input.method.request`, or `uses.stream.method.response`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MessageOf {
    /// The use whose asset names the method; `None` where the runner does so itself.
    pub by: Option<String>,
    /// The input that names it.
    pub input: String,
    /// Which of the two.
    pub side: Side,
}

/// A message of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// What is sent.
    Request,
    /// What comes back.
    Response,
}

/// A crate that only those grids link which give an input a certain value:
/// `link "fast" { crate = "bggo-sum-fast", path = "fast" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedCrate {
    /// The value.
    pub value: String,
    /// The name of the package.
    pub crate_name: String,
    /// Its folder, as a path from the module's: words between `/`.
    pub path: String,
    /// By this value an asset that `connects` has no socket of its own: those of a thread share one.
    pub shares_sockets: bool,
}

/// How a value reaches the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As its type says (see `docs/modules.md`, table of types).
    Plain,
    /// `form = "json"`: an `any` that arrives as JSON text, rendered by the grid.
    Json,
    /// `form = "predicate"`: a condition over outputs of the step itself, which the runner judges as often as it likes.
    Predicate,
}

/// A result of a runner or an export of an asset.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// What says more of its type; of a list of any it is the type of each item.
    pub type_from: Option<TypeFrom>,
    /// The input by which a grid has it validated against the document that gives its type.
    pub validated_by: Option<String>,
    /// It is part of the result, which may come after the step.
    pub comes_late: bool,
    /// One sentence.
    pub description: String,
    /// Spreads to every expression that reads it.
    pub sensitive: bool,
}

/// A metric of a runner's or an asset's own.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Its name.
    pub name: String,
    /// What it measures.
    pub kind: MetricKind,
    /// `time`, `bytes` or empty.
    pub unit: String,
    /// What tells the sums of a counter apart: `status`.
    pub label: Option<String>,
    /// When a load run says that there were too many of some.
    pub warning: Option<MetricWarning>,
    /// It is measured only where a threshold or a flag of the run asks for it.
    pub on_demand: bool,
    /// One sentence.
    pub description: String,
}

/// What a metric measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// Values with percentiles.
    Trend,
    /// A sum.
    Counter,
    /// What is so at a moment.
    Gauge,
    /// The share of the cases in which something was so.
    Rate,
}

impl MetricKind {
    /// As a manifest writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trend => "trend",
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Rate => "rate",
        }
    }
}

/// A warning of a load run: too large a share of a counter's sum has labels of some beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricWarning {
    /// How these labels begin: `5` for each status of 500 to 599.
    pub prefix: String,
    /// The largest share that is let pass, in millionths of the whole.
    pub over: u32,
    /// Inputs of the runner or asset: where a grid gives one of these, nothing is said.
    pub unless: Vec<String>,
    /// What is said of them, after the share: `answers had status 5xx`.
    pub text: String,
}

/// A kind of failure: `error "connect" { description = ".." }`.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorKind {
    /// Its name.
    pub name: String,
    /// One sentence.
    pub description: String,
}

/// What carries an input's value into a module: the same for the macro and for the emitted program.
///
/// | type | early (`Inputs`, `In`) | late (`Late`) |
/// | --- | --- | --- |
/// | `string`, any with `form = "json"` | `Text` | `fmt::Arguments` |
/// | `number`, `bool`, `duration`, `size` | `Number`, `bool`, `Duration`, `u64` | the same |
/// | `bytes` | `Seq<u8>` | `&[u8]` |
/// | everything else | `Value` | `&Value` |
/// | the same with `shape = true` | `Shape` | `Parts` |
/// | `string` with `selects` | `Method` | never |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table says it")]
pub enum Carrier {
    Text,
    Number,
    Bool,
    Duration,
    Size,
    Bytes,
    Value,
    Shape,
    Predicate,
    Method,
}

impl Manifest {
    /// Every input of its runners and assets.
    pub fn inputs(&self) -> impl Iterator<Item = &Input> {
        let of_runners = self.runners.iter().flat_map(|runner| &runner.inputs);
        of_runners.chain(self.assets.iter().flat_map(|asset| &asset.inputs))
    }

    /// Every crate that some value of an input links. One that several inputs link comes several times.
    pub fn linked_crates(&self) -> impl Iterator<Item = &LinkedCrate> {
        self.inputs().flat_map(|input| &input.links)
    }
}

impl Asset {
    /// Whether it can be made without a word of the grid: it needs no argument and no other asset.
    pub fn needs_nothing(&self) -> bool {
        let required = self.inputs.iter().any(|input| input.required);
        !required && self.uses.iter().all(|part| part.optional)
    }

    /// The scope in which it stands in where a step (`None`) or a resource of a scope may use such an asset and names none: that of the
    /// manifest. `None` if it cannot be made without a word of the grid, if it is one for the whole run, or if the resource lives longer.
    pub fn default_scope(&self, of: Option<Lifetime>) -> Option<Lifetime> {
        let mut scopes = std::iter::once(&self.scope).chain(&self.scopes);
        let scope = *scopes.find(|scope| **scope != Lifetime::Run)?;
        let fits = self.needs_nothing() && of.is_none_or(|of| scope <= of);
        fits.then_some(scope)
    }
}

impl Input {
    /// What carries it.
    pub fn carrier(&self) -> Carrier {
        match (&self.ty, self.form) {
            _ if self.selects.is_some() => Carrier::Method,
            (Type::String, _) | (_, Form::Json) => Carrier::Text,
            (_, Form::Predicate) => Carrier::Predicate,
            (Type::Number, _) => Carrier::Number,
            (Type::Bool, _) => Carrier::Bool,
            (Type::Duration, _) => Carrier::Duration,
            (Type::Size, _) => Carrier::Size,
            (Type::Bytes, _) => Carrier::Bytes,
            _ if self.shape => Carrier::Shape,
            _ => Carrier::Value,
        }
    }

    /// The crate that this value of it links.
    pub fn link(&self, value: &Value) -> Option<&LinkedCrate> {
        let text = value.as_text()?;
        self.links.iter().find(|link| link.value == text)
    }

    /// The crate that a grid links which does not say what the input is.
    pub fn default_link(&self) -> Option<&LinkedCrate> {
        self.link(self.default.as_ref()?)
    }

    /// Whether a module may see it absent: it is neither required nor nullable, and has no default.
    pub fn may_be_absent(&self) -> bool {
        self.optional() && self.default.is_none()
    }

    /// Whether it names a document that is read when the grid is built.
    pub fn is_document(&self) -> bool {
        !self.reads.is_empty()
    }

    /// Whether it is read when the grid is built and no part of the program: a document, or a switch. Columns are a part of it, since
    /// what comes can be others.
    pub fn is_read_when_built(&self) -> bool {
        self.is_document() && !self.reads_only(DocumentKind::Columns) || self.is_switch
    }

    /// Whether it names documents of this kind and no other.
    pub fn reads_only(&self, kind: DocumentKind) -> bool {
        self.reads == [kind]
    }

    /// Whether a grid may leave it out or set it to null: it travels in an `Option`.
    pub fn optional(&self) -> bool {
        !self.required && !self.nullable
    }
}
