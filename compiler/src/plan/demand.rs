//! What is read: which outputs of a step, which resources by a step, which locals at all. Through locals too.

use super::walk::walk;
use crate::check::typed::{TExpr, TKind, Typed};
use crate::modules::Modules;
use crate::resolve::model::{BoundId, Node, StepId};
use crate::source::Span;
use bggo_manifest::Runner;
use std::collections::{BTreeMap, BTreeSet};

/// What the grid reads.
pub struct Demand {
    /// By step.
    pub steps: Vec<Reads>,
    /// By resource: what it is built on.
    pub resources: Vec<Reads>,
    /// By local: something that runs reads it.
    pub locals: Vec<bool>,
    /// Read outputs by step; all of them when the whole output is read.
    wanted: BTreeMap<usize, Wanted>,
}

#[derive(Default)]
struct Wanted {
    all: bool,
    fields: BTreeSet<usize>,
}

/// Resources that a step or a resource reads or depends on, by the grid's ids.
#[derive(Default, Clone)]
pub struct Reads {
    /// Also through the resources that those are built on.
    pub resources: BTreeSet<usize>,
    /// Named by itself: its exports are read (also in a local), it is in `depends_on`, or a resource takes it.
    pub direct: BTreeSet<usize>,
}

/// Looks through all that runs.
pub fn demand(typed: &Typed, modules: &Modules) -> Demand {
    let mut reader = Reader {
        typed,
        modules,
        wanted: BTreeMap::new(),
        locals: vec![None; typed.locals.len()],
    };
    let mut resources = vec![Reads::default(); typed.resources.len()];
    for (at, resource) in typed.resources.iter().enumerate() {
        if !resource.used {
            continue;
        }
        let mut reads = BTreeSet::new();
        for (_, value) in &resource.arguments {
            reader.expression(value, &mut reads);
        }
        reads.extend(depends(
            typed,
            Node::Resource(crate::resolve::model::ResourceId(at)),
        ));
        reads.extend(resource.uses.iter().map(|(_, used, _)| used.0));
        resources[at].direct = reads;
    }
    for at in 0..resources.len() {
        let all = closure(&resources, &resources[at].direct);
        resources[at].resources = all;
    }
    let mut steps = Vec::with_capacity(typed.steps.len());
    for (at, step) in typed.steps.iter().enumerate() {
        let mut direct = BTreeSet::new();
        let expressions = step
            .arguments
            .iter()
            .map(|(_, value)| value)
            .chain(&step.enabled)
            .chain(&step.execution);
        for value in expressions {
            reader.expression(value, &mut direct);
        }
        direct.extend(depends(
            typed,
            Node::Step(crate::resolve::model::StepId(at)),
        ));
        let resources = closure(&resources, &direct);
        steps.push(Reads { resources, direct });
    }
    for variable in &typed.variables {
        for (condition, message, _) in &variable.validations {
            reader.expression(condition, &mut BTreeSet::new());
            reader.expression(message, &mut BTreeSet::new());
        }
    }
    Demand {
        steps,
        resources,
        locals: reader.locals.iter().map(Option::is_some).collect(),
        wanted: reader.wanted,
    }
}

impl Demand {
    /// Whether something reads the output of a step: a whole one may hold nothing and still says whether the step ran.
    pub fn reads(&self, step: usize) -> bool {
        self.wanted.contains_key(&step)
    }

    /// Names of the outputs of a step that are kept, in the manifest's order.
    pub fn outputs(&self, step: usize, runner: &Runner) -> Vec<String> {
        let Some(wanted) = self.wanted.get(&step) else {
            return Vec::new();
        };
        let read = runner
            .outputs
            .iter()
            .enumerate()
            .filter(|(at, _)| wanted.all || wanted.fields.contains(at));
        read.map(|(_, output)| output.name.clone()).collect()
    }
}

/// Resources in the `depends_on` of a node.
fn depends(typed: &Typed, node: Node) -> impl Iterator<Item = usize> + '_ {
    typed.edges.iter().filter_map(move |edge| match edge.to {
        Node::Resource(id)
            if edge.from == node && edge.kind == crate::resolve::model::EdgeKind::Explicit =>
        {
            Some(id.0)
        }
        _ => None,
    })
}

fn closure(resources: &[Reads], direct: &BTreeSet<usize>) -> BTreeSet<usize> {
    let mut all = BTreeSet::new();
    let mut open: Vec<usize> = direct.iter().copied().collect();
    while let Some(at) = open.pop() {
        if all.insert(at) {
            open.extend(&resources[at].direct);
        }
    }
    all
}

struct Reader<'a> {
    typed: &'a Typed,
    modules: &'a Modules,
    wanted: BTreeMap<usize, Wanted>,
    /// Resources that a local reads, once something has read it.
    locals: Vec<Option<BTreeSet<usize>>>,
}

impl Reader<'_> {
    /// Outputs of a step by their names.
    fn named(&mut self, step: StepId, names: &BTreeSet<String>) {
        let runner = self.modules.runner(self.typed.steps[step.0].runner);
        let positions = runner
            .outputs
            .iter()
            .enumerate()
            .filter(|(_, output)| names.contains(&output.name))
            .map(|(at, _)| at);
        self.wanted
            .entry(step.0)
            .or_default()
            .fields
            .extend(positions);
    }

    fn expression(&mut self, expr: &TExpr, resources: &mut BTreeSet<usize>) {
        let mut locals = Vec::new();
        let mut told = Vec::new();
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
            TKind::Call {
                function,
                arguments,
                ..
            } if function.name == "length" => {
                for (step, at) in arguments.iter().filter_map(spread_step) {
                    told.push(at);
                    self.wanted.entry(step.0).or_default();
                }
            }
            TKind::Output {
                step,
                field: Some(field),
                ..
            } => {
                self.wanted.entry(step.0).or_default().fields.insert(*field);
            }
            TKind::Output {
                step, field: None, ..
            } => self.wanted.entry(step.0).or_default().all = true,
            TKind::Instances(step) if !told.contains(&node.span) => {
                self.wanted.entry(step.0).or_default().all = true;
            }
            TKind::Export { resource, .. } => {
                resources.insert(resource.0);
            }
            TKind::Local(id) => locals.push(id.0),
            _ => {}
        });
        for local in locals {
            resources.extend(self.local(local));
        }
    }

    /// What a local reads; looked at once, however often it is read.
    fn local(&mut self, local: usize) -> BTreeSet<usize> {
        if let Some(known) = &self.locals[local] {
            return known.clone();
        }
        let (typed, mut reads) = (self.typed, BTreeSet::new());
        self.expression(&typed.locals[local].value, &mut reads);
        self.locals[local] = Some(reads.clone());
        reads
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

/// Names of the outputs that are read of an instance, if it is read in no other way than `item.output.NAME`.
fn fields_of(each: &TExpr, item: BoundId) -> Option<BTreeSet<String>> {
    let (mut reads, mut fields) = (0, Vec::new());
    walk(each, &mut |node| match &node.kind {
        TKind::Bound(id) if *id == item => reads += 1,
        TKind::Field(of, name) => {
            if let TKind::Field(inner, output) = &of.kind
                && output == "output"
                && matches!(inner.kind, TKind::Bound(id) if id == item)
            {
                fields.push(name.clone());
            }
        }
        _ => {}
    });
    (reads == fields.len()).then(|| fields.into_iter().collect())
}
