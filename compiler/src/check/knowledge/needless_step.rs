//! Warns of steps whose outputs nobody reads and that do nothing else, as far as their manifests say so.
//!
//! ```text
//! steps that do something, and all else that is computed --read--> steps that are needed --read--> ..
//! ```

use std::collections::{BTreeMap, BTreeSet};

use crate::check::typed::{TExpr, TKind, TStep, Typed};
use crate::check::walk::walk;
use crate::diagnostics::{Problems, codes};
use crate::modules::Modules;
use crate::resolve::model::{
    BodyId, Callee, EdgeKind, LocalId, MetricSubject, Node, Resolved, StepId,
};

pub(super) fn warn(typed: &Typed, resolved: &Resolved, modules: &Modules, problems: &mut Problems) {
    let ids = typed.body_ids().flat_map(|body| typed.step_ids(body));
    let ids: Vec<StepId> = ids.collect();
    let mut effects = Effects {
        typed,
        modules,
        measured: measured(resolved),
        of_flows: BTreeMap::new(),
    };
    let idle: Vec<StepId> = ids
        .iter()
        .copied()
        .filter(|id| !effects.of_step(*id))
        .collect();
    if idle.is_empty() {
        return;
    }
    let needed = needed(typed, &ids, &idle);
    for id in idle.into_iter().filter(|id| !needed.contains(id)) {
        let address = resolved.declarations.step(id).address();
        let text = format!("nobody needs an output of `{address}`, and it does nothing else");
        problems
            .warning(codes::NEEDLESS_STEP, typed.step(id).span, text)
            .hint(format!("delete it, or read `{address}.output`"));
    }
}

/// Steps whose figures a threshold reads.
fn measured(resolved: &Resolved) -> BTreeSet<StepId> {
    let reads = resolved.metrics.iter();
    let steps = reads.filter_map(|read| match &read.subject {
        MetricSubject::Step { steps, .. } | MetricSubject::Flow { steps, .. } => Some(steps),
        MetricSubject::Run | MetricSubject::Scenario(_) | MetricSubject::Custom(_) => None,
    });
    steps.flatten().copied().collect()
}

/// Which steps do something beside giving outputs.
struct Effects<'a> {
    typed: &'a Typed,
    modules: &'a Modules,
    measured: BTreeSet<StepId>,
    of_flows: BTreeMap<BodyId, bool>,
}

impl Effects<'_> {
    fn of_step(&mut self, id: StepId) -> bool {
        let typed = self.typed;
        let step = typed.step(id);
        // A step of a mix may be there for the iterations that do nothing.
        let is_of_mix = typed.body(id.body).mix.is_some();
        let says_more = !step.checks.is_empty() || !step.records.is_empty();
        let takes_time = step.delay_before.is_some() || step.delay_after.is_some();
        if is_of_mix
            || says_more
            || takes_time
            || !step.parts.is_empty()
            || self.measured.contains(&id)
        {
            return true;
        }
        match step.callee {
            Callee::Flow(flow) => self.of_flow(flow),
            Callee::Runner(at) => {
                let runner = self.modules.runner(at);
                let Some(names) = &runner.no_effect_without else {
                    return true;
                };
                step.arguments.iter().any(|(at, _)| {
                    let input = runner.inputs.get(*at);
                    input.is_none_or(|input| names.contains(&input.name))
                })
            }
        }
    }

    /// (No flow calls itself.)
    fn of_flow(&mut self, flow: BodyId) -> bool {
        if let Some(known) = self.of_flows.get(&flow) {
            return *known;
        }
        let typed = self.typed;
        let found = typed.step_ids(flow).any(|id| self.of_step(id));
        self.of_flows.insert(flow, found);
        found
    }
}

/// Those of `idle` that something needs.
fn needed(typed: &Typed, all: &[StepId], idle: &[StepId]) -> BTreeSet<StepId> {
    let idle: BTreeSet<StepId> = idle.iter().copied().collect();
    let mut reader = Reader {
        typed,
        read: BTreeSet::new(),
        locals: BTreeSet::new(),
    };
    for resource in typed.resources().filter(|resource| resource.used) {
        let arguments = resource.arguments.iter().map(|(_, value)| value);
        for value in arguments.chain(resource.rules.expressions()) {
            reader.expression(value);
        }
    }
    for flow in typed.bodies.iter().filter_map(|body| body.flow.as_ref()) {
        flow.outputs
            .iter()
            .for_each(|value| reader.expression(value));
    }
    let mut named: BTreeMap<StepId, Vec<StepId>> = BTreeMap::new();
    for edge in typed.bodies.iter().flat_map(|body| &body.edges) {
        if let (Node::Step(from), Node::Step(to), EdgeKind::Explicit) =
            (edge.from, edge.to, edge.kind)
        {
            named.entry(from).or_default().push(to);
        }
    }
    let mut open: Vec<StepId> = all
        .iter()
        .copied()
        .filter(|id| !idle.contains(id))
        .collect();
    let mut needed = BTreeSet::new();
    loop {
        while let Some(id) = open.pop() {
            reader.step(typed.step(id));
            reader.read.extend(named.get(&id).into_iter().flatten());
        }
        let more = std::mem::take(&mut reader.read).into_iter();
        open.extend(more.filter(|id| idle.contains(id) && needed.insert(*id)));
        if open.is_empty() {
            return needed;
        }
    }
}

/// Reads expressions, also through locals.
struct Reader<'a> {
    typed: &'a Typed,
    read: BTreeSet<StepId>,
    locals: BTreeSet<LocalId>,
}

impl Reader<'_> {
    fn step(&mut self, step: &TStep) {
        for value in step.expressions() {
            self.expression(value);
        }
    }

    fn expression(&mut self, expr: &TExpr) {
        let mut locals = Vec::new();
        walk(expr, &mut |node| match &node.kind {
            TKind::Output { step, .. } | TKind::Instances(step) => {
                self.read.insert(*step);
            }
            TKind::Local(id) => locals.push(*id),
            _ => {}
        });
        for id in locals {
            if self.locals.insert(id)
                && let Some(local) = self.typed.locals.get(id.0)
            {
                self.expression(&local.value);
            }
        }
    }
}
