//! What is known of a grid while its expressions are typed, and the few ways in which typed expressions are made.
//!
//! What declarations fill and read is open to all of `check`; all else belongs to the room of expressions alone.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use bggo_manifest::{Given, Input, Runner};
use bggo_values::{Fault, NamedType, Type, Value};

use crate::diagnostics::{Code, Problem, Problems, codes};
use crate::modules::{Modules, RunnerOrAsset};
use crate::resolve::model::{
    BodyGraph, BodyId, BoundId, ByBody, Callee, Condition, DataId, Edge, MetricId, Node, Reference,
    Resolved, ResourceId, StepId,
};
use crate::source::{FileId, Question, Sources, Span};
use crate::syntax::decl::{Declarations, ExprId};

use super::range::Range;
use crate::check::called::SensitiveInputs;
use crate::check::fold::{self, Failure, Known};
use crate::check::kinds_of_failure;
use crate::check::known_data::KnownData;
use crate::check::schema::statements::{GridStatements, StatementsOf};
use crate::check::schema::{Declared, Documents};
use crate::check::typed::{Binding, Sensitivity, TExpr, TFlow, TInstances, TKind, TLocal, TMetric};

/// What may stand where a value must be known when the grid is built.
pub(in crate::check) const KNOWN_WHEN_BUILT: &str =
    "it is computed from literals and locals made of these";

/// Types expressions, with what was found of the declarations that they name.
pub(in crate::check) struct Checker<'a> {
    pub(in crate::check) declarations: &'a Declarations,
    pub(in crate::check) modules: &'a Modules,
    callees: &'a ByBody<Option<Callee>>,
    assets: &'a ByBody<Option<RunnerOrAsset>>,
    /// What each expression stands for that is a reference, by `ExprId`.
    pub(super) references: Vec<Option<Reference>>,
    /// The names that each `for` and splat binds for key and value, by what it runs over.
    pub(super) bound: Cow<'a, BTreeMap<ExprId, (Option<BoundId>, BoundId)>>,
    /// Those of the grid, then those of conditions of manifests.
    pub(in crate::check) bound_names: Vec<String>,
    /// Conditions of manifests that were read so far, by their text.
    pub(super) conditions: BTreeMap<String, Rc<Condition>>,
    /// What each condition, by its text, read when it was last found to hold for certain, as far as that decided: most steps
    /// of a grid give it the same.
    pub(in crate::check) held: BTreeMap<String, Vec<RuleRead>>,
    /// What stands in the places of what a condition reads, while it is typed.
    pub(super) reads: Vec<TExpr>,
    /// The arguments of the resources that were checked so far, for rules of whoever uses them.
    pub(in crate::check) of_resources: BTreeMap<ResourceId, Rc<Arguments>>,
    pub(in crate::check) problems: Problems,
    /// Type of each variable and whether it is sensitive.
    pub(in crate::check) variables: Vec<(Type, bool)>,
    /// Metrics of the grid, by `MetricId`.
    pub(in crate::check) metrics: Vec<TMetric>,
    /// Those that something records.
    pub(in crate::check) recorded: BTreeSet<MetricId>,
    /// The locals that were checked so far.
    pub(in crate::check) locals: Vec<Option<TLocal>>,
    /// The instances that are known so far; `None` also for a step whose instances have a reported problem.
    pub(in crate::check) instances: ByBody<Option<TInstances>>,
    /// What bound names stand for, by `BoundId`.
    pub(in crate::check) names: Vec<Option<Bound>>,
    /// The step that is being checked.
    pub(in crate::check) step: Option<StepId>,
    /// Whether the expression surely runs when its owner does. Then a value that cannot be computed is an error of the grid.
    pub(super) certain: bool,
    /// Whether the expression stands in a `try` or `can`.
    pub(super) attempted: bool,
    /// Whether the expression surely never runs: then a file that it reads need not be there.
    pub(super) unreached: bool,
    /// How many `for`s and splats are open around.
    pub(super) depth: u32,
    /// The outermost open form whose name was read, by its depth.
    lowest: u32,
    /// The places of the parts of literal lists and objects, by the place of the whole.
    pub(in crate::check) literals: Literals,
    /// Every expression with its type, if the caller wants them.
    pub(in crate::check) seen: Option<Vec<Seen>>,
    /// `.output` of each runner and flow, whole; with what is collected or without.
    pub(super) outputs: BTreeMap<(Callee, bool), Type>,
    /// Inputs of flows, by body.
    pub(in crate::check) flow_inputs: Vec<Vec<Input>>,
    /// Flows whose outputs have types so far, by body.
    pub(in crate::check) flows: Vec<Option<TFlow>>,
    /// Bodies whose steps have their instances.
    pub(in crate::check) instanced: BTreeSet<BodyId>,
    /// What calls hand to flows that is sensitive, as far as it is known.
    pub(in crate::check) found: SensitiveInputs,
    /// The bodies that somebody runs.
    pub(in crate::check) run: BTreeSet<BodyId>,
    graphs: &'a [BodyGraph],
    /// The instances that an index stands for; `None` if it is known only when the grid runs.
    pub(in crate::check) indexed: BTreeMap<ExprId, Option<BTreeSet<u32>>>,
    /// Names of calls of `base64decode` that stand where bytes are wanted.
    pub(super) wanted_as_bytes: BTreeSet<Span>,
    /// The texts of the grid and of files beside it.
    pub(super) sources: &'a Sources,
    /// What expressions ask about files that has no answer yet.
    pub(in crate::check) lacking: BTreeSet<Question>,
    /// What names of `for`s over known collections stand for.
    pub(super) ranges: BTreeMap<BoundId, Rc<Range>>,
    /// Templates of files that were read so far; `None` for one with reported problems.
    pub(super) templates: BTreeMap<FileId, Option<Rc<Condition>>>,
    /// What is known of data, by `DataId`.
    pub(in crate::check) data: Vec<KnownData>,
    /// Data that something reads.
    pub(in crate::check) read_data_blocks: BTreeSet<DataId>,
    /// A template is being checked.
    pub(super) in_template: bool,
    /// The documents that give types.
    pub(in crate::check) documents: Documents,
    /// Only what is asked about files is wanted: documents, which ask nothing, are not looked into.
    pub(in crate::check) only_asks: bool,
    /// What each resource declares by the `.proto` files that it names, as far as that was asked.
    pub(super) declared: BTreeMap<ResourceId, Declared>,
    /// The statements that each resource names by a file, as far as that was asked.
    pub(super) statements: BTreeMap<ResourceId, StatementsOf>,
    /// The statements of steps whose columns the grid does not name.
    pub(in crate::check) asked_of_servers: GridStatements,
    /// The types that documents give, by the step and the output.
    pub(in crate::check) document_types: BTreeMap<(StepId, String), Type>,
    /// What `.proto` files say, if the caller wants the types of expressions.
    pub(in crate::check) shown: Shown,
    /// What is wrong with documents.
    pub(in crate::check) of_documents: Problems,
    /// What is checked is judged while a step repeats, so what it collects is not there yet.
    pub(in crate::check) while_repeated: bool,
}

/// A constant that a condition reads, or `None` for a name of what is known later; and its type.
pub(in crate::check) type RuleRead = (Option<Value>, Type);

/// The arguments of a step or resource, by position in its manifest.
#[derive(Debug, Clone, Default)]
pub(in crate::check) struct Arguments {
    /// Values as the types of their inputs; a null one that may be absent is left out.
    pub(in crate::check) list: Vec<(usize, TExpr)>,
    /// Of each input: whether the grid gives it, and where.
    pub(in crate::check) given: Vec<(Given, Span)>,
    /// Those that have a reported problem, or are missing.
    pub(in crate::check) wrong: BTreeSet<usize>,
}

/// The parts of literal lists and objects, by the place of the whole.
pub(in crate::check) type Literals = BTreeMap<Span, LiteralParts>;

/// The places of a literal's parts.
pub(in crate::check) enum LiteralParts {
    /// Of a list, in order.
    Items(Vec<Span>),
    /// Of an object: those whose names are known.
    Attributes(Vec<LiteralAttribute>),
}

/// An attribute of a literal object.
pub(in crate::check) struct LiteralAttribute {
    pub(in crate::check) name: String,
    /// Where its name stands.
    pub(in crate::check) key: Span,
    /// Where its value stands.
    pub(in crate::check) value: Span,
}

/// Properties of an expression of the grid, before it is converted to the required type.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its place.
    pub span: Span,
    /// Its type.
    pub ty: Type,
    /// When it is known.
    pub binding: Binding,
    /// Its sensitive parts.
    pub sensitivity: Sensitivity,
    /// What a document describes it as, whose first level is its type then.
    pub described: Option<NamedType>,
}

/// What `.proto` files say, to show it.
#[derive(Debug, Default)]
pub struct Shown {
    /// The types of messages that arguments of steps are, by the step and the input.
    pub inputs: BTreeMap<(StepId, String), Type>,
    /// The methods of which an input selects one, by the step or the resource and the input.
    pub methods: BTreeMap<(Node, String), Vec<ShownMethod>>,
}

/// A method that may be selected.
#[derive(Debug, Clone)]
pub struct ShownMethod {
    /// `package.Service/Method`
    pub path: String,
    /// What it sends and gets, and what its file says of it.
    pub words: String,
}

/// What is being checked, while something else is.
pub(in crate::check) struct Surroundings {
    step: Option<StepId>,
    certain: bool,
    attempted: bool,
    depth: u32,
    lowest: u32,
}

/// What a bound name stands for.
#[derive(Debug, Clone)]
pub(in crate::check) enum Bound {
    /// An item.
    Item {
        ty: Type,
        binding: Binding,
        sensitivity: Sensitivity,
        /// Depth of the form that binds it.
        depth: u32,
    },
    /// The same as another name (key and value of a set).
    Same(BoundId),
    /// `step.R.N` of the single step that `[*]` runs over.
    Step(StepId),
}

impl<'a> Checker<'a> {
    pub(in crate::check) fn new(
        resolved: &'a Resolved,
        modules: &'a Modules,
        sources: &'a Sources,
        assumed: SensitiveInputs,
    ) -> Checker<'a> {
        let declarations = &resolved.declarations;
        let mut references = vec![None; declarations.expressions as usize];
        for (id, reference) in &resolved.references {
            if let Some(place) = references.get_mut(id.0 as usize) {
                *place = Some(*reference);
            }
        }
        Checker {
            declarations,
            modules,
            callees: &resolved.callees,
            assets: &resolved.assets,
            references,
            bound: Cow::Borrowed(&resolved.bound),
            bound_names: resolved.bound_names.clone(),
            conditions: BTreeMap::new(),
            held: BTreeMap::new(),
            reads: Vec::new(),
            of_resources: BTreeMap::new(),
            problems: Problems::default(),
            variables: Vec::with_capacity(declarations.variables.len()),
            metrics: Vec::new(),
            recorded: BTreeSet::new(),
            locals: vec![None; declarations.locals.len()],
            instances: ByBody::of_steps(declarations, None),
            names: vec![None; resolved.bound_names.len()],
            step: None,
            certain: true,
            attempted: false,
            unreached: false,
            depth: 0,
            lowest: u32::MAX,
            literals: BTreeMap::new(),
            seen: None,
            outputs: BTreeMap::new(),
            flow_inputs: vec![Vec::new(); declarations.bodies.len()],
            flows: vec![None; declarations.bodies.len()],
            instanced: BTreeSet::new(),
            found: assumed,
            run: BTreeSet::new(),
            graphs: &resolved.graphs,
            indexed: BTreeMap::new(),
            wanted_as_bytes: BTreeSet::new(),
            sources,
            lacking: BTreeSet::new(),
            ranges: BTreeMap::new(),
            templates: BTreeMap::new(),
            data: vec![KnownData::default(); declarations.data.len()],
            read_data_blocks: BTreeSet::new(),
            in_template: false,
            documents: Documents::default(),
            only_asks: false,
            declared: BTreeMap::new(),
            statements: BTreeMap::new(),
            asked_of_servers: GridStatements::default(),
            document_types: BTreeMap::new(),
            shown: Shown::default(),
            of_documents: Problems::default(),
            while_repeated: false,
        }
    }

    /// What a node stands for.
    pub(in crate::check) fn reference(&self, id: ExprId) -> Option<Reference> {
        self.references.get(id.0 as usize).copied().flatten()
    }

    /// What a step runs, if that is known.
    pub(in crate::check) fn callee_of(&self, id: StepId) -> Option<Callee> {
        self.callees.get(id).copied().flatten()
    }

    /// The edges from what a body declares.
    pub(in crate::check) fn edges_of(&self, body: BodyId) -> &'a [Edge] {
        self.graphs.get(body.0).map_or(&[], |graph| &graph.edges)
    }

    /// The nodes of a body, each after what it needs.
    pub(in crate::check) fn order_of(&self, body: BodyId) -> &'a [Node] {
        self.graphs.get(body.0).map_or(&[], |graph| &graph.order)
    }

    /// Leaves what is being checked for something that stands elsewhere.
    pub(in crate::check) fn leave_surroundings(&mut self) -> Surroundings {
        Surroundings {
            step: self.step.take(),
            certain: std::mem::replace(&mut self.certain, true),
            attempted: std::mem::take(&mut self.attempted),
            depth: std::mem::take(&mut self.depth),
            lowest: std::mem::replace(&mut self.lowest, u32::MAX),
        }
    }

    /// Comes back.
    pub(in crate::check) fn restore_surroundings(&mut self, outside: Surroundings) {
        self.step = outside.step;
        self.certain = outside.certain;
        self.attempted = outside.attempted;
        self.depth = outside.depth;
        self.lowest = outside.lowest;
    }

    /// The asset of a resource, if it is known.
    pub(in crate::check) fn asset_of(&self, id: ResourceId) -> Option<RunnerOrAsset> {
        self.assets.get(id).copied().flatten()
    }

    /// The kinds of failure that manifests name for the steps of a runner of this grid.
    pub(in crate::check) fn kinds_of_manifests(&self, runner: &Runner) -> Vec<String> {
        let resources = self.assets.0.iter().flatten().copied().flatten();
        let kinds = kinds_of_failure::of_manifests(runner, resources, self.modules);
        kinds.into_iter().map(str::to_owned).collect()
    }

    /// The instances of a step, if they were found and are right.
    pub(in crate::check) fn known_instances(&self, id: StepId) -> Option<&TInstances> {
        self.instances.get(id)?.as_ref()
    }

    /// Where an item of a value stands that is written out; else the place of the whole.
    pub(in crate::check) fn place_of_item(&self, whole: Span, item: usize) -> Span {
        match self.literals.get(&whole) {
            Some(LiteralParts::Items(spans)) => spans.get(item).copied().unwrap_or(whole),
            _ => whole,
        }
    }

    /// Where the name and the value of an attribute stand, of an object that is written out; else the place of the whole.
    pub(in crate::check) fn places_of_attribute(&self, whole: Span, name: &str) -> (Span, Span) {
        let found = match self.literals.get(&whole) {
            Some(LiteralParts::Attributes(all)) => all.iter().rfind(|one| one.name == name),
            _ => None,
        };
        found.map_or((whole, whole), |one| (one.key, one.value))
    }

    /// Reports an error and gives it back for labels and a hint.
    pub(in crate::check) fn error(
        &mut self,
        code: Code,
        span: Span,
        text: impl Into<String>,
    ) -> &mut Problem {
        self.problems.error(code, span, text)
    }

    /// Runs `check` for something that may never run.
    pub(in crate::check) fn perhaps<T>(
        &mut self,
        perhaps: bool,
        check: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let outside = self.certain;
        self.certain = outside && !perhaps;
        let result = check(self);
        self.certain = outside;
        result
    }

    /// Runs `check` for what runs if the condition is `own`, of which `known` is known.
    pub(super) fn if_chosen<T>(
        &mut self,
        known: Option<bool>,
        own: bool,
        check: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let outside = self.unreached;
        self.unreached |= known == Some(!own);
        let result = self.perhaps(known != Some(own), check);
        self.unreached = outside;
        result
    }

    /// Runs `check`. Also returns whether it read a name of a form around it.
    pub(super) fn tracked<T>(&mut self, check: impl FnOnce(&mut Self) -> T) -> (T, bool) {
        let outside = std::mem::replace(&mut self.lowest, u32::MAX);
        let result = check(self);
        let found = self.lowest;
        self.lowest = outside.min(found);
        (result, found <= self.depth)
    }

    /// Notes that a name of the form at this depth was read.
    pub(super) fn touch(&mut self, depth: u32) {
        self.lowest = self.lowest.min(depth);
    }

    /// The value of the node in place of the node, if it can be computed. All its operands must be constants.
    pub(in crate::check) fn fold(&mut self, expr: TExpr) -> TExpr {
        if expr.binding != Binding::Built {
            return expr;
        }
        match fold::value(&expr, &mut Known::default()) {
            Ok(value) => TExpr {
                kind: TKind::Constant(value),
                ..expr
            },
            Err(Failure::Unknown) => expr,
            Err(Failure::Fault(fault, span)) => self.fault(&fault, span, expr),
        }
    }

    /// A value that cannot be computed: an error of the grid, or left to the program if it may never be needed.
    pub(super) fn fault(&mut self, fault: &Fault, span: Span, expr: TExpr) -> TExpr {
        if !self.certain {
            return expr;
        }
        self.error(codes::INVALID_VALUE, span, fault.text());
        error(expr.span)
    }
}

/// An expression with a reported problem.
pub(in crate::check) fn error(span: Span) -> TExpr {
    TExpr {
        kind: TKind::Error,
        ty: Type::Error,
        binding: Binding::Built,
        sensitivity: Sensitivity::NONE,
        span,
    }
}

/// A value that is known.
pub(in crate::check) fn constant(value: Value, ty: Type, span: Span) -> TExpr {
    TExpr {
        kind: TKind::Constant(value),
        ty,
        binding: Binding::Built,
        sensitivity: Sensitivity::NONE,
        span,
    }
}

impl TExpr {
    /// Its value, if it is known.
    pub fn constant(&self) -> Option<&Value> {
        match &self.kind {
            TKind::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// Whether it has a reported problem.
    pub(in crate::check) fn is_error(&self) -> bool {
        matches!(self.kind, TKind::Error) || self.ty == Type::Error
    }

    /// Whether it is known to be null.
    pub(in crate::check) fn is_null(&self) -> bool {
        self.constant().is_some_and(Value::is_null)
    }
}
