//! Finds what is read, also through locals: outputs of steps, resources that steps need, locals.

use crate::check::typed::{TExpr, TFor, TKind, TStep, TThreshold, Typed};
use crate::check::walk::walk;
use crate::modules::Modules;
use crate::resolve::model::{
    BodyId, BoundId, ByBody, Callee, EdgeKind, LocalId, Node, ResourceId, StepId,
};
use crate::source::Span;
use crate::syntax::decl::BinaryOp;
use bggo_manifest::Runner;
use bggo_values::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that the grid reads.
pub struct Demand {
    /// By step.
    pub steps: ByBody<Reads>,
    /// By resource: what it is built on.
    pub resources: ByBody<Reads>,
    /// Locals that something reads that runs, with the body in which that is.
    pub locals: BTreeSet<(BodyId, LocalId)>,
    /// Steps of phases whose outputs are read in other bodies.
    pub read_elsewhere: BTreeSet<StepId>,
    /// Read outputs by step; all of them when the whole output is read.
    wanted: BTreeMap<StepId, Wanted>,
    /// Outputs of flows that are read of some call, by flow and position.
    pub flow_outputs: BTreeSet<(BodyId, usize)>,
    /// The resources that these read, also through those that they are built on, by flow.
    pub read_by_outputs: ResourcesByFlow,
    /// Modules, by their positions, of which some step reads stamps.
    reads_stamps: BTreeSet<usize>,
}

/// Resources that the outputs of flows read.
type ResourcesByFlow = BTreeMap<BodyId, BTreeSet<ResourceId>>;

#[derive(Default)]
struct Wanted {
    all: bool,
    fields: BTreeSet<usize>,
}

impl Wanted {
    /// Positions of the outputs.
    fn of(&self, runner: &Runner) -> Vec<usize> {
        let all = 0..runner.outputs.len();
        all.filter(|at| self.all || self.fields.contains(at))
            .collect()
    }
}

/// Resources that a step or a resource reads or depends on, by the grid's ids.
#[derive(Default, Clone)]
pub struct Reads {
    /// Also through the resources that those are built on.
    pub resources: BTreeSet<ResourceId>,
    /// Named by itself: its exports are read (also in a local), it is in `depends_on`, or a resource takes it.
    pub direct: BTreeSet<ResourceId>,
}

/// Goes through everything that runs.
pub fn demand(typed: &Typed, modules: &Modules) -> Demand {
    let mut reader = ExpressionReader {
        typed,
        modules,
        body: BodyId::MAIN,
        wanted: BTreeMap::new(),
        read_elsewhere: BTreeSet::new(),
        locals: BTreeMap::new(),
    };
    let bodies = typed.bodies.iter();
    let mut resources: ByBody<Reads> = ByBody(
        bodies
            .map(|body| vec![Reads::default(); body.resources.len()])
            .collect(),
    );
    let ids = typed.body_ids().flat_map(|body| typed.resource_ids(body));
    let ids: Vec<ResourceId> = ids.collect();
    for &id in &ids {
        let resource = typed.resource(id);
        if !resource.used {
            continue;
        }
        reader.body = id.body;
        let mut reads = BTreeSet::new();
        let arguments = resource.arguments.iter().map(|(_, value)| value);
        for value in arguments.chain(resource.rules.expressions()) {
            reader.expression(value, &mut reads);
        }
        reads.extend(depends(typed, Node::Resource(id)));
        reads.extend(resource.uses.iter().map(|(_, used, _)| *used));
        resources[id].direct = reads;
    }
    for &id in &ids {
        let all = closure(&resources, &resources[id].direct);
        resources[id].resources = all;
    }
    let mut steps = ByBody(Vec::with_capacity(typed.bodies.len()));
    for body in typed.body_ids() {
        reader.body = body;
        let of_body = typed
            .step_ids(body)
            .map(|id| reader.step(id, &resources))
            .collect();
        steps.0.push(of_body);
    }
    let (flow_outputs, read_by_outputs) = reader.flow_outputs(&resources);
    reader.body = BodyId::MAIN;
    for variable in &typed.variables {
        for (condition, message, _) in &variable.validations {
            reader.expression(condition, &mut BTreeSet::new());
            reader.expression(message, &mut BTreeSet::new());
        }
    }
    let scenarios = typed
        .bodies
        .iter()
        .filter_map(|body| body.scenario.as_ref());
    for value in scenarios.flat_map(|scenario| scenario.load.expressions()) {
        reader.expression(value, &mut BTreeSet::new());
    }
    for value in typed.thresholds.iter().flat_map(TThreshold::expressions) {
        reader.expression(value, &mut BTreeSet::new());
    }
    Demand {
        steps,
        resources,
        locals: reader.locals.into_keys().collect(),
        read_elsewhere: reader.read_elsewhere,
        wanted: reader.wanted,
        flow_outputs,
        read_by_outputs,
        reads_stamps: reads_stamps(typed, modules),
    }
}

/// Modules of which some step reads stamps.
fn reads_stamps(typed: &Typed, modules: &Modules) -> BTreeSet<usize> {
    let steps = typed.bodies.iter().flat_map(|body| &body.steps);
    let read = steps.filter_map(|step| match step.callee {
        Callee::Runner(at) => modules.runner(at).reads_stamps.then_some(at.module),
        Callee::Flow(_) => None,
    });
    read.collect()
}

impl Demand {
    /// Whether the messages of a step carry stamps: as the grid says, or where something reads them.
    pub fn stamps(&self, step: &TStep, runner: &Runner) -> bool {
        let is_read = match step.callee {
            Callee::Runner(at) => self.reads_stamps.contains(&at.module),
            Callee::Flow(_) => false,
        };
        runner.stamps.is_some() && step.stamped.unwrap_or(is_read)
    }

    /// Whether something reads the output of a step: a whole one may hold nothing and still says whether the step ran.
    pub fn reads(&self, step: StepId) -> bool {
        self.wanted.contains_key(&step)
    }

    /// Names of the outputs of a step that are kept, in the manifest's order.
    pub fn outputs(&self, step: StepId, runner: &Runner) -> Vec<String> {
        let positions = self.positions(step, runner).into_iter();
        positions
            .filter_map(|at| Some(runner.outputs.get(at)?.name.clone()))
            .collect()
    }

    /// The same by their positions.
    pub fn positions(&self, step: StepId, runner: &Runner) -> Vec<usize> {
        match self.wanted.get(&step) {
            Some(wanted) => wanted.of(runner),
            None => Vec::new(),
        }
    }
}

/// Resources in the `depends_on` of a node.
fn depends(typed: &Typed, node: Node) -> impl Iterator<Item = ResourceId> + '_ {
    let edges = typed.body(node.body()).edges.iter();
    edges.filter_map(move |edge| match edge.to {
        Node::Resource(id) if edge.from == node && edge.kind == EdgeKind::Explicit => Some(id),
        _ => None,
    })
}

fn closure(resources: &ByBody<Reads>, direct: &BTreeSet<ResourceId>) -> BTreeSet<ResourceId> {
    let mut all = BTreeSet::new();
    let mut open: Vec<ResourceId> = direct.iter().copied().collect();
    while let Some(at) = open.pop() {
        if all.insert(at) {
            open.extend(&resources[at].direct);
        }
    }
    all
}

struct ExpressionReader<'a> {
    typed: &'a Typed,
    modules: &'a Modules,
    /// The body whose expressions are read.
    body: BodyId,
    wanted: BTreeMap<StepId, Wanted>,
    read_elsewhere: BTreeSet<StepId>,
    /// Resources that a local reads, once something of that body has read it.
    locals: BTreeMap<(BodyId, LocalId), BTreeSet<ResourceId>>,
}

impl ExpressionReader<'_> {
    /// What a step reads.
    fn step(&mut self, id: StepId, resources: &ByBody<Reads>) -> Reads {
        let typed = self.typed;
        let step = typed.step(id);
        let mut direct = BTreeSet::new();
        for value in step.expressions() {
            self.expression(value, &mut direct);
        }
        direct.extend(depends(typed, Node::Step(id)));
        let resources = closure(resources, &direct);
        Reads { resources, direct }
    }

    /// The outputs of flows that are read of some call, and the resources that they read. What they read is read in the flow.
    fn flow_outputs(
        &mut self,
        resources: &ByBody<Reads>,
    ) -> (BTreeSet<(BodyId, usize)>, ResourcesByFlow) {
        let typed = self.typed;
        let ids = typed.body_ids().flat_map(|body| typed.step_ids(body));
        let calls = ids.filter_map(|id| match typed.step(id).callee {
            Callee::Flow(flow) => Some((id, flow)),
            Callee::Runner(_) => None,
        });
        let calls: Vec<(StepId, BodyId)> = calls.collect();
        let mut found: BTreeMap<(BodyId, usize), BTreeSet<ResourceId>> = BTreeMap::new();
        loop {
            let mut more = Vec::new();
            for (id, flow) in &calls {
                let runner = typed.runner(Callee::Flow(*flow), self.modules);
                let read = self
                    .wanted
                    .get(id)
                    .map_or_else(Vec::new, |one| one.of(runner));
                let read = read.into_iter().map(|at| (*flow, at));
                more.extend(read.filter(|output| !found.contains_key(output)));
            }
            if more.is_empty() {
                break;
            }
            for (flow, at) in more {
                self.body = flow;
                let mut reads = BTreeSet::new();
                let outputs = typed.body(flow).flow.as_ref();
                if let Some(value) = outputs.and_then(|flow| flow.outputs.get(at)) {
                    self.expression(value, &mut reads);
                }
                found.insert((flow, at), reads);
            }
        }
        let mut read = ResourcesByFlow::new();
        for ((flow, _), direct) in &found {
            let all = closure(resources, direct);
            read.entry(*flow).or_default().extend(all);
        }
        (found.into_keys().collect(), read)
    }

    /// Outputs of a step by their names.
    fn named(&mut self, step: StepId, names: &BTreeSet<String>) {
        let runner = self.typed.runner_of(self.typed.step(step), self.modules);
        let positions = runner
            .outputs
            .iter()
            .enumerate()
            .filter(|(_, output)| names.contains(&output.name))
            .map(|(at, _)| at);
        self.wanted
            .entry(step)
            .or_default()
            .fields
            .extend(positions);
    }

    fn expression(&mut self, expr: &TExpr, resources: &mut BTreeSet<ResourceId>) {
        let mut locals = Vec::new();
        let mut told = Vec::new();
        walk(expr, &mut |node| {
            if let TKind::Output { step, .. } | TKind::Instances(step) = &node.kind
                && step.body != self.body
            {
                self.read_elsewhere.insert(*step);
            }
        });
        walk(expr, &mut |node| match &node.kind {
            // `step.R.N[*].output.x` and `length(step.R.N)` read less than all.
            TKind::Splat { over, item, each } => {
                if let Some((step, at)) = spread_step(over)
                    && let Some(fields) = fields_of(each, *item)
                {
                    told.push(at);
                    self.named(step, &fields);
                }
            }
            TKind::For(form) => {
                if let Some((step, at)) = spread_step(&form.over)
                    && let Some(fields) = fields_of_for(form)
                {
                    told.push(at);
                    self.named(step, &fields);
                }
            }
            TKind::Call {
                function,
                arguments,
                ..
            } if function.name == "length" => {
                for (step, at) in arguments.iter().filter_map(spread_step) {
                    told.push(at);
                    self.wanted.entry(step).or_default();
                }
            }
            // Whether there are outputs is known without any of them.
            TKind::Binary(BinaryOp::Equal | BinaryOp::NotEqual, a, b)
                if is_null(a) || is_null(b) =>
            {
                for (step, at) in [a, b].into_iter().filter_map(|of| whole_output(of)) {
                    told.push(at);
                    self.wanted.entry(step).or_default();
                }
            }
            TKind::Output {
                step,
                field: Some(field),
                ..
            } => {
                self.wanted.entry(*step).or_default().fields.insert(*field);
            }
            TKind::Output {
                step, field: None, ..
            } if !told.contains(&node.span) => self.wanted.entry(*step).or_default().all = true,
            TKind::Instances(step) if !told.contains(&node.span) => {
                self.wanted.entry(*step).or_default().all = true;
            }
            TKind::Export { resource, .. } => {
                resources.insert(*resource);
            }
            TKind::Local(id) => locals.push(*id),
            _ => {}
        });
        for local in locals {
            resources.extend(self.local(local));
        }
    }

    /// What a local reads; looked at once in a body, however often it is read.
    fn local(&mut self, local: LocalId) -> BTreeSet<ResourceId> {
        let key = (self.body, local);
        if let Some(known) = self.locals.get(&key) {
            return known.clone();
        }
        let (typed, mut reads) = (self.typed, BTreeSet::new());
        self.expression(&typed.locals[local.0].value, &mut reads);
        self.locals.insert(key, reads.clone());
        reads
    }
}

fn is_null(expr: &TExpr) -> bool {
    expr.constant().is_some_and(Value::is_null)
}

/// The step whose whole output an expression is, and its place.
fn whole_output(expr: &TExpr) -> Option<(StepId, Span)> {
    match &expr.kind {
        TKind::Output {
            step, field: None, ..
        } => Some((*step, expr.span)),
        TKind::Convert(of) => whole_output(of),
        _ => None,
    }
}

/// The step whose instances an expression stands for, and the place of the node that says so.
fn spread_step(over: &TExpr) -> Option<(StepId, Span)> {
    match &over.kind {
        TKind::Instances(step) => Some((*step, over.span)),
        TKind::Call { arguments, .. } => match arguments.as_slice() {
            [only] => spread_step(only),
            _ => None,
        },
        TKind::Convert(of) => spread_step(of),
        _ => None,
    }
}

/// Names of the outputs that are read of an instance, if it is read in no other way than `item.output.NAME`, or asked whether
/// it has outputs.
fn fields_of(each: &TExpr, item: BoundId) -> Option<BTreeSet<String>> {
    let (mut reads, mut told, mut fields) = (0, 0, BTreeSet::new());
    let is_output = |of: &TExpr| {
        matches!(&of.kind, TKind::Field(inner, output)
            if output == "output" && matches!(inner.kind, TKind::Bound(id) if id == item))
    };
    walk(each, &mut |node| match &node.kind {
        TKind::Bound(id) if *id == item => reads += 1,
        TKind::Field(of, name) if is_output(of) => {
            fields.insert(name.clone());
            told += 1;
        }
        TKind::Binary(BinaryOp::Equal | BinaryOp::NotEqual, a, b)
            if is_null(a) && is_output(b) || is_null(b) && is_output(a) =>
        {
            told += 1;
        }
        _ => {}
    });
    (reads == told).then_some(fields)
}

/// The same of all parts of a `for`.
fn fields_of_for(form: &TFor) -> Option<BTreeSet<String>> {
    let parts = [
        Some(&form.result),
        form.key_result.as_ref(),
        form.condition.as_ref(),
    ];
    let mut fields = BTreeSet::new();
    for part in parts.into_iter().flatten() {
        fields.extend(fields_of(part, form.value)?);
    }
    Some(fields)
}
