//! Typed expressions: what each node is, its type, when it is known, and what of it is sensitive; and the rows of data that
//! expressions read.

use bggo_function_table::Function;
use bggo_schedule::RowRules;
use bggo_values::{Type, Value};

use crate::resolve::model::{BoundId, DataId, InputId, LocalId, ResourceId, StepId, VariableId};
use crate::source::Span;
use crate::syntax::decl::{BinaryOp, UnaryOp};

/// When the value of an expression is known, from early to late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Binding {
    /// Folded by the compiler.
    Built,
    /// Variables, environment.
    Start,
    /// `vu.id`
    Vu,
    /// Outputs of steps, exports of resources, random functions, `vu.iteration`.
    Iteration,
    /// `count.index`, `each.*`: differs between the instances of a step.
    Step,
}

/// Which parts of a value are sensitive.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sensitivity {
    /// Paths into the value (`"*"` is every element); an empty path is the whole. No path: not sensitive.
    pub paths: Vec<Vec<String>>,
}

/// A typed expression.
#[derive(Debug, Clone)]
pub struct TExpr {
    /// What it computes.
    pub kind: TKind,
    /// Its type.
    pub ty: Type,
    /// When it is known.
    pub binding: Binding,
    /// What of it must not be shown.
    pub sensitivity: Sensitivity,
    /// Its place, for faults.
    pub span: Span,
}

/// Kinds of typed expression. Every operand is already converted (`Convert`) to what its reader wants.
#[derive(Debug, Clone)]
pub enum TKind {
    /// A folded value (also every literal).
    Constant(Value),
    /// `var.x`
    Variable(VariableId),
    /// `local.x` that is not a constant.
    Local(LocalId),
    /// `input.x` in a flow.
    Input(InputId),
    /// An output of a step: `field` `None` is the whole `.output` object.
    Output {
        /// Of which step or resource.
        step: StepId,
        /// Which instance.
        instance: InstanceOf,
        /// Position in the manifest's outputs.
        field: Option<usize>,
    },
    /// `step.R.N` of an instanced step, whole: a tuple (count) or map (for_each) of objects `{ output = {..} }`.
    Instances(StepId),
    /// An export of a resource: position in the manifest's outputs.
    Export {
        /// Of which step or resource.
        resource: ResourceId,
        /// Which; `None`: all, as an object.
        field: Option<usize>,
    },
    /// `count.index` as a number.
    CountIndex,
    /// `each.key`
    EachKey,
    /// `each.value`
    EachValue,
    /// `vu.id`
    VuId,
    /// `vu.iteration`
    VuIteration,
    /// `data.K.N.COLUMN`: a cell of the row of the iteration.
    Column {
        /// The data.
        data: DataId,
        /// Position of the column.
        column: usize,
    },
    /// `scenario.name`
    ScenarioName,
    /// `scenario.iteration`
    ScenarioIteration,
    /// `run.id`
    RunId,
    /// `scenario.loaded` of a rule: whether the run is a load run.
    Loaded,
    /// A variable of a `for` or a splat's item.
    Bound(BoundId),
    /// `a.name`
    Field(Box<TExpr>, String),
    /// The same of an object whose schema lets the attribute be missing: then it is null.
    FieldOrNull(Box<TExpr>, String),
    /// `a[b]`
    Index(Box<TExpr>, Box<TExpr>),
    /// `a[*]...`
    Splat {
        /// What is spread.
        over: Box<TExpr>,
        /// Names the item.
        item: BoundId,
        /// Computed for each.
        each: Box<TExpr>,
    },
    /// `[a, b]`
    List(Vec<TExpr>),
    /// `{ k = v }`, keys computed.
    Object(Vec<(TExpr, TExpr)>),
    /// Text with holes.
    Template(Vec<TPart>),
    /// A function of the table.
    Call {
        /// Which.
        function: &'static Function,
        /// Arguments, converted.
        arguments: Vec<TExpr>,
        /// The last one is a list to be spread.
        expand: bool,
    },
    /// `try(a, b)`
    Try(Vec<TExpr>),
    /// `can(a)`
    Can(Box<TExpr>),
    /// `!a`, `-a`
    Unary(UnaryOp, Box<TExpr>),
    /// `a + b`, also `&&` and `||`
    Binary(BinaryOp, Box<TExpr>, Box<TExpr>),
    /// `c ? a : b`
    Conditional(Box<TExpr>, Box<TExpr>, Box<TExpr>),
    /// `for`
    For(Box<TFor>),
    /// A conversion to the node's own type that may fault at run time.
    Convert(Box<TExpr>),
    /// An expression that is a function of its own in the emitted program; only the emitter makes these.
    Separate(Box<TExpr>),
    /// Has a reported problem; such a grid never reaches the plan.
    Error,
}

/// Which instance of a step is read.
#[derive(Debug, Clone)]
pub enum InstanceOf {
    /// The step has no instances.
    Only,
    /// `[3]` or `["key"]` known when built: position of the instance.
    Position(u32),
    /// Computed: an index (count) or a key (for_each).
    Computed(Box<TExpr>),
    /// The one that has just run: in its own checks and its `record`.
    Own,
}

/// A part of a template.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "as in syntax::decl::Part")]
pub enum TPart {
    Text(String),
    Hole(TExpr),
    If {
        condition: TExpr,
        yes: Vec<TPart>,
        no: Vec<TPart>,
    },
    For {
        key: Option<BoundId>,
        value: BoundId,
        over: TExpr,
        body: Vec<TPart>,
    },
}

/// A `for` expression.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "as in syntax::decl::ForExpr")]
pub struct TFor {
    pub key: Option<BoundId>,
    pub value: BoundId,
    pub over: TExpr,
    pub key_result: Option<TExpr>,
    pub result: TExpr,
    pub grouped: bool,
    pub condition: Option<TExpr>,
}

/// Data with their rows.
#[derive(Debug, Clone)]
pub struct TData {
    /// `csv.users`
    pub name: String,
    /// Columns, in order.
    pub columns: Vec<TColumn>,
    /// The cells; none where a file is read when the program runs.
    pub rows: Rows,
    /// The file that is read when the program runs.
    pub file: Option<TRowsFile>,
    /// How they are given out.
    pub rules: RowRules,
    /// The header of the block.
    pub span: Span,
}

/// A file of rows that is read when the program runs.
#[derive(Debug, Clone)]
pub struct TRowsFile {
    /// As the grid writes it.
    pub path: String,
    /// How its rows are cut.
    pub form: RowsForm,
}

/// How rows are cut out of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowsForm {
    /// Comma-separated values.
    Csv {
        /// Whether its first line names the columns.
        has_header: bool,
        /// Between cells.
        delimiter: u8,
    },
    /// A JSON object in each line.
    JsonLines,
}

/// A column of data.
#[derive(Debug, Clone)]
pub struct TColumn {
    /// Its name.
    pub name: String,
    /// The type of its cells.
    pub ty: Type,
    /// Its cells are JSON; else they are texts.
    pub is_json: bool,
    /// They are shown nowhere.
    pub sensitive: bool,
}

/// The cells of data, row by row, in one block: what a program holds of them.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// How many rows there are.
    pub count: u32,
    /// Where each cell ends in `texts`.
    pub ends: Vec<u32>,
    /// All cells.
    pub texts: String,
}

impl Rows {
    /// Adds a cell. Whoever fills it adds all cells of a row and counts it.
    pub fn push(&mut self, cell: &str) {
        self.texts.push_str(cell);
        self.ends
            .push(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
    }

    /// A cell, counted over all rows.
    pub fn cell(&self, place: usize) -> &str {
        let begin = place
            .checked_sub(1)
            .and_then(|before| self.ends.get(before));
        let begin = begin.copied().unwrap_or(0) as usize;
        let end = self.ends.get(place).copied().unwrap_or(0) as usize;
        self.texts.get(begin..end).unwrap_or_default()
    }
}
