//! Walks every expression of a grid, finds its references, and records the edges that they cause.

use std::collections::{BTreeMap, HashSet};

use bggo_manifest::Form;

use crate::diagnostics::Problems;
use crate::modules::Modules;
use crate::source::Span;
use crate::syntax::decl::{
    Attribute, AttributeBlock, Declarations, Expr, ExprId, ExprKind, ForExpr, Name, Part,
    PartsDecl, StepDecl, ThresholdDecl,
};

use super::model::{
    BodyGraph, BodyId, BoundId, DataId, Edge, EdgeKind, Instances, LocalId, MetricRead, Node, Read,
    Reference, VariableId,
};
use super::scope::Names;

/// What the walk finds.
#[derive(Default)]
pub(super) struct Found {
    pub(super) references: BTreeMap<ExprId, Reference>,
    pub(super) bound: BTreeMap<ExprId, (Option<BoundId>, BoundId)>,
    pub(super) bound_names: Vec<String>,
    /// Edges and no order yet, by body.
    pub(super) graphs: Vec<BodyGraph>,
    /// The scenario that one begins after, with the place that says so, by body.
    pub(super) after: Vec<Option<(BodyId, Span)>>,
    /// What a condition of a manifest reads.
    pub(super) reads: Vec<Read>,
    /// What conditions of thresholds read.
    pub(super) metrics: Vec<MetricRead>,
}

/// The owner of the expressions that are walked, and what they may read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    /// Where it stands in a graph; nothing depends on a load, so a load stands in none.
    pub(super) node: Option<Node>,
    /// The body in which its names are looked up.
    pub(super) body: BodyId,
    pub(super) reads: Reads,
    /// `count.index` has a meaning.
    pub(super) count: bool,
    /// `each` has a meaning.
    pub(super) each: bool,
    /// `output` has a meaning: the expressions are computed when the step has run.
    pub(super) output: bool,
    /// `previous` has a meaning: the expressions are arguments of a step that is repeated.
    pub(super) previous: bool,
    /// Edges that are caused are of this kind.
    pub(super) kind: EdgeKind,
}

/// What expressions of a place may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reads {
    /// Everything that is declared.
    Everything,
    /// Nothing. The first text names the attribute in the message, the second one is the cure.
    Nothing(&'static str, &'static str),
    /// The variable whose validation it is.
    Own(VariableId),
    /// What a rule of a manifest is about.
    OfRule,
    /// What the call of a template gives it.
    OfTemplate,
    /// What is known when the program starts, and metrics.
    Threshold,
    /// What is known when the program starts. The text names the owner in the message.
    Start(&'static str),
}

/// The cure of a default that reads something.
const COMPUTED_BY_A_LOCAL: &str = "a local can be computed from a variable: `locals { .. }`";
/// The cure of any other constant.
pub(super) const WRITTEN_OUT: &str = "write the value itself";

/// The walk.
pub(super) struct Resolver<'a> {
    pub(super) declarations: &'a Declarations,
    pub(super) names: Names<'a>,
    pub(super) modules: &'a Modules,
    pub(super) problems: Problems,
    pub(super) found: Found,
    pub(super) owner: Owner,
    /// Variables of the `for`s around, innermost last.
    scopes: Vec<(&'a str, BoundId)>,
    /// Items of the splats around, innermost last.
    items: Vec<BoundId>,
    seen: HashSet<(Node, Node, Instances, EdgeKind)>,
    /// What the attributes of each data block read.
    pub(super) read_by_data: Vec<Vec<Node>>,
    /// The data block whose attributes are walked.
    pub(super) data: Option<DataId>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(
        declarations: &'a Declarations,
        names: Names<'a>,
        modules: &'a Modules,
        problems: Problems,
    ) -> Self {
        Resolver {
            declarations,
            names,
            modules,
            problems,
            found: Found {
                graphs: vec![BodyGraph::default(); declarations.bodies.len()],
                after: vec![None; declarations.bodies.len()],
                ..Found::default()
            },
            owner: Owner {
                node: None,
                body: BodyId::MAIN,
                reads: Reads::Everything,
                count: false,
                each: false,
                output: false,
                previous: false,
                kind: EdgeKind::Implicit,
            },
            scopes: Vec::new(),
            items: Vec::new(),
            seen: HashSet::new(),
            read_by_data: vec![Vec::new(); declarations.data.len()],
            data: None,
        }
    }

    /// Walks the whole grid.
    pub(super) fn all(&mut self) {
        let declarations = self.declarations;
        for (place, data) in declarations.data.iter().enumerate() {
            self.owner_is(None, Reads::Everything);
            self.data = Some(DataId(place));
            for expr in data.expressions() {
                self.expr(expr);
            }
            self.data = None;
        }
        for (place, variable) in declarations.variables.iter().enumerate() {
            let id = VariableId(place);
            self.own(Node::Variable(id));
            for (what, cure, expr) in [
                (
                    "the default of a variable",
                    COMPUTED_BY_A_LOCAL,
                    &variable.default,
                ),
                (
                    "the description of a variable",
                    WRITTEN_OUT,
                    &variable.description,
                ),
                (
                    "`sensitive` of a variable",
                    WRITTEN_OUT,
                    &variable.sensitive,
                ),
                ("`nullable` of a variable", WRITTEN_OUT, &variable.nullable),
            ] {
                self.owner.reads = Reads::Nothing(what, cure);
                self.optional(expr.as_ref());
            }
            self.owner.reads = Reads::Own(id);
            for validation in &variable.validations {
                self.expr(&validation.condition);
                self.expr(&validation.error_message);
            }
        }
        for (place, local) in declarations.locals.iter().enumerate() {
            self.own(Node::Local(LocalId(place)));
            self.expr(&local.value);
        }
        for body in declarations.body_ids() {
            self.body(body);
        }
        for (body, flow) in declarations.flows() {
            self.flow(body, flow);
        }
        for (_, _, phase) in declarations.phases() {
            self.owner_is(None, Reads::Everything);
            self.optional(phase.limit.as_ref());
            self.owner_is(
                None,
                Reads::Nothing("the description of a phase", WRITTEN_OUT),
            );
            self.optional(phase.description.as_ref());
        }
        let mixes = declarations
            .bodies
            .iter()
            .filter_map(|body| body.mix.as_ref());
        for weight in mixes.flat_map(|mix| &mix.weights) {
            self.owner_is(None, Reads::Everything);
            self.optional(weight.as_ref());
        }
        self.metric_blocks();
        for (body, scenario) in declarations.scenarios() {
            self.scenario(body, scenario);
        }
        for threshold in &declarations.thresholds {
            self.threshold(threshold);
        }
    }

    fn threshold(&mut self, threshold: &'a ThresholdDecl) {
        self.owner_is(None, Reads::Threshold);
        self.optional(threshold.condition.as_ref().map(|(condition, _)| condition));
        self.owner_is(None, Reads::Start("a threshold"));
        for expr in [&threshold.over, &threshold.hold, &threshold.after] {
            self.optional(expr.as_ref());
        }
        for (what, expr) in [
            ("`on_fail`", &threshold.on_fail),
            ("the description of a threshold", &threshold.description),
        ] {
            self.owner_is(None, Reads::Nothing(what, WRITTEN_OUT));
            self.optional(expr.as_ref());
        }
    }

    fn body(&mut self, body: BodyId) {
        let declarations = self.declarations;
        for id in declarations.resource_ids(body) {
            let resource = declarations.resource(id);
            self.own(Node::Resource(id));
            self.block(resource.arguments.as_ref(), EdgeKind::Implicit);
            self.block(resource.uses.as_ref(), EdgeKind::Uses);
            for expr in [&resource.scope, &resource.description] {
                self.optional(expr.as_ref());
            }
            self.depends_on(&resource.depends_on);
        }
        for id in declarations.step_ids(body) {
            let step = declarations.step(id);
            self.own(Node::Step(id));
            for expr in [&step.count, &step.for_each] {
                self.optional(expr.as_ref());
            }
            self.owner.count = step.count.is_some();
            self.owner.each = step.for_each.is_some();
            self.optional(step.enabled.as_ref());
            self.arguments_of_step(step);
            self.block(step.uses.as_ref(), EdgeKind::Uses);
            for part in step.parts.iter() {
                for (name, expr) in &part.attributes {
                    self.owner.output = PartsDecl::AFTER_AN_ATTEMPT.contains(name);
                    self.expr(expr);
                }
            }
            self.owner.output = false;
            for expr in [
                &step.delay_before,
                &step.delay_after,
                &step.continue_on_failure,
                &step.always,
                &step.sensitive,
                &step.tags,
                &step.description,
            ] {
                self.optional(expr.as_ref());
            }
            self.depends_on(&step.depends_on);
            self.owner.output = true;
            self.block(step.record.as_ref(), EdgeKind::Implicit);
            for check in &step.checks {
                for expr in [&check.condition, &check.error_message] {
                    self.optional(expr.as_ref());
                }
            }
            self.owner.output = false;
            for check in &step.checks {
                self.optional(check.required.as_ref());
            }
        }
    }

    /// Arguments of a step. A predicate is judged of outputs of its own.
    fn arguments_of_step(&mut self, step: &'a StepDecl) {
        let modules = self.modules;
        let runner = modules.find_runner(&step.runner.text);
        let inputs = runner.map_or(&[][..], |at| &modules.runner(at).inputs);
        for attribute in step.arguments.iter().flat_map(|block| &block.attributes) {
            let mut inputs = inputs.iter();
            let input = inputs.find(|input| input.name == attribute.name.text);
            let judges = input.is_some_and(|input| input.form == Form::Predicate);
            self.owner.output = judges;
            self.owner.previous = !judges && step.parts.repeat.is_some();
            self.expr(&attribute.value);
        }
        self.owner.output = false;
        self.owner.previous = false;
    }

    /// Attributes of metrics, which are constants.
    fn metric_blocks(&mut self) {
        self.owner_is(
            None,
            Reads::Nothing("an attribute of a metric", WRITTEN_OUT),
        );
        for metric in &self.declarations.metrics {
            for expr in [
                &metric.kind,
                &metric.unit,
                &metric.scale,
                &metric.description,
            ] {
                self.optional(expr.as_ref());
            }
        }
    }

    /// The body in which the owner's names are looked up.
    pub(super) fn own_body(&self) -> BodyId {
        self.owner.body
    }

    fn own(&mut self, node: Node) {
        self.owner_is(Some(node), Reads::Everything);
    }

    /// What is walked next belongs to this.
    pub(super) fn owner_is(&mut self, node: Option<Node>, reads: Reads) {
        self.owner = Owner {
            node,
            body: node.map_or(BodyId::MAIN, Node::body),
            reads,
            count: false,
            each: false,
            output: false,
            previous: false,
            kind: EdgeKind::Implicit,
        };
    }

    fn block(&mut self, block: Option<&'a AttributeBlock>, kind: EdgeKind) {
        self.owner.kind = kind;
        let attributes: &'a [Attribute] = block.map_or(&[], |block| &block.attributes);
        for attribute in attributes {
            self.expr(&attribute.value);
        }
        self.owner.kind = EdgeKind::Implicit;
    }

    pub(super) fn optional(&mut self, expr: Option<&'a Expr>) {
        if let Some(expr) = expr {
            self.expr(expr);
        }
    }

    /// Finds the references of an expression and of all in it.
    pub(super) fn expr(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::Error => {}
            ExprKind::Text(text) => self.quoted(text, expr.span),
            ExprKind::Each => {
                let item = self.items.last().copied();
                self.refer(expr.id, item.map_or(Reference::Error, Reference::Bound));
            }
            ExprKind::Root(_) | ExprKind::Field(..) | ExprKind::Index(..) => self.traversal(expr),
            // What it refers to is not known.
            ExprKind::Unfinished(base) => self.unfinished(base),
            ExprKind::Template(parts) => self.parts(parts),
            ExprKind::List(items) => {
                for item in items {
                    self.expr(item);
                }
            }
            ExprKind::Object(pairs) => {
                for (key, value) in pairs {
                    if !matches!(key.kind, ExprKind::Text(_)) {
                        self.expr(key);
                    }
                    self.expr(value);
                }
            }
            ExprKind::Splat { over, each } => {
                self.expr(over);
                let item = self.bind("item");
                self.found.bound.insert(over.id, (None, item));
                self.items.push(item);
                self.expr(each);
                self.items.pop();
            }
            ExprKind::Call { arguments, .. } => {
                for argument in arguments {
                    self.expr(argument);
                }
            }
            ExprKind::Unary(_, of) => self.expr(of),
            ExprKind::Binary(_, left, right) => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::Conditional(condition, yes, no) => {
                self.expr(condition);
                self.expr(yes);
                self.expr(no);
            }
            ExprKind::For(form) => self.for_expr(form),
        }
    }

    fn for_expr(&mut self, form: &'a ForExpr) {
        self.expr(&form.over);
        let outside = self.scopes.len();
        self.open(&form.over, form.key.as_ref(), &form.value);
        for expr in [&form.key_result, &form.condition].into_iter().flatten() {
            self.expr(expr);
        }
        self.expr(&form.result);
        self.scopes.truncate(outside);
    }

    fn parts(&mut self, parts: &'a [Part]) {
        for part in parts {
            match part {
                Part::Text(_) => {}
                Part::Hole(expr) => self.expr(expr),
                Part::If { condition, yes, no } => {
                    self.expr(condition);
                    self.parts(yes);
                    self.parts(no);
                }
                Part::For {
                    key,
                    value,
                    over,
                    body,
                } => {
                    self.expr(over);
                    let outside = self.scopes.len();
                    self.open(over, key.as_ref(), value);
                    self.parts(body);
                    self.scopes.truncate(outside);
                }
            }
        }
    }

    /// Opens the scope of a `for`.
    fn open(&mut self, over: &Expr, key: Option<&'a Name>, value: &'a Name) {
        let key = key.map(|name| (name, self.bind(&name.text)));
        let bound = self.bind(&value.text);
        if let Some((name, id)) = key {
            if name.text == value.text {
                self.problems
                    .error(
                        crate::diagnostics::codes::DUPLICATE_NAME,
                        value.span,
                        format!("`for` binds `{}` twice", name.text),
                    )
                    .label(name.span, "first here");
            }
            self.scopes.push((&name.text, id));
        }
        self.scopes.push((&value.text, bound));
        self.found
            .bound
            .insert(over.id, (key.map(|(_, id)| id), bound));
    }

    pub(super) fn bind(&mut self, name: &str) -> BoundId {
        let id = BoundId(u32::try_from(self.found.bound_names.len()).unwrap_or(u32::MAX));
        self.found.bound_names.push(name.to_owned());
        id
    }

    /// The variable of a `for` around.
    pub(super) fn bound_to(&self, name: &str) -> Option<BoundId> {
        let mut inner = self.scopes.iter().rev();
        inner.find(|(known, _)| *known == name).map(|(_, id)| *id)
    }

    /// Names that `for`s around have bound.
    pub(super) fn bound_names(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.scopes.iter().map(|(name, _)| *name)
    }

    /// Records what a node stands for.
    pub(super) fn refer(&mut self, id: ExprId, reference: Reference) {
        self.found.references.insert(id, reference);
    }

    /// Records an edge from the owner, once.
    pub(super) fn edge(&mut self, to: Node, instances: Instances, (cause, kind): (Span, EdgeKind)) {
        if let Some(data) = self.data {
            return self.read_by_data[data.0].push(to);
        }
        let Some(from) = self.owner.node else {
            // Nothing in a graph depends on a load or a threshold; on the outputs of a flow those depend who call it.
            let graph = &mut self.found.graphs[self.owner.body.0];
            if self.declarations.flow(self.owner.body).is_some() {
                graph.read_by_outputs.push((to, cause));
            }
            return;
        };
        if self.seen.insert((from, to, instances.clone(), kind)) {
            self.found.graphs[from.body().0].edges.push(Edge {
                from,
                to,
                instances,
                cause,
                kind,
            });
        }
    }
}
