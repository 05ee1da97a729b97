//! Flows and their calls: which body is planned first, what callers hand to a flow, and locals that they share with it.

use super::demand::Demand;
use super::model::{BodyPlan, FlowOutput, FlowPlan, Step};
use crate::check::typed::{TExpr, TFlow, TKind, TStep, Typed};
use crate::check::walk::walk;
use crate::resolve::model::{BodyId, Callee, LocalId};
use std::collections::{BTreeMap, BTreeSet};

/// All bodies, each after the flows that it calls; in written order where that is free.
pub fn callees_first(typed: &Typed) -> Vec<BodyId> {
    let mut order = Vec::with_capacity(typed.bodies.len());
    for id in typed.body_ids() {
        add(typed, id, &mut order);
    }
    order
}

/// (There are no circles of calls.)
fn add(typed: &Typed, id: BodyId, order: &mut Vec<BodyId>) {
    if order.contains(&id) {
        return;
    }
    for step in &typed.body(id).steps {
        if let Callee::Flow(flow) = step.callee {
            add(typed, flow, order);
        }
    }
    for hosted in super::phases::hosted_by(typed, id) {
        add(typed, hosted.body, order);
    }
    order.push(id);
}

/// Where a call says that it is sensitive, nothing is shown of the steps of its flow: those of all its calls, since a flow is
/// emitted once. `order` has each body after the flows that it calls.
pub fn withhold(order: &[BodyId], bodies: &mut [BodyPlan]) {
    for id in order.iter().rev() {
        let steps = bodies[id.0].steps.iter().filter(|step| step.withheld);
        let called: Vec<BodyId> = steps.filter_map(|step| Some(step.call()?.body)).collect();
        for body in called {
            for step in &mut bodies[body.0].steps {
                step.withheld = true;
            }
        }
    }
}

/// What a flow is given and gives back; then its resources: those that each call makes, those that it hands over, and those
/// that outputs read.
pub fn flow(
    (typed, id): (&Typed, BodyId),
    (flow, demand): (&TFlow, &Demand),
    [own, handed, read_by_outputs]: [Vec<usize>; 3],
) -> FlowPlan {
    let named = flow.runner.outputs.iter().zip(&flow.outputs).enumerate();
    let outputs = named.map(|(at, (output, value))| FlowOutput {
        name: output.name.clone(),
        value: demand
            .flow_outputs
            .contains(&(id, at))
            .then(|| value.clone()),
    });
    let outputs: Vec<FlowOutput> = outputs.collect();
    let mut read = BTreeSet::new();
    let mut reads = |expr: &TExpr| {
        walk(expr, &mut |node| {
            if let TKind::Input(input) = node.kind {
                read.insert(input.index);
            }
        });
    };
    let body = typed.body(id);
    let of_steps = body.steps.iter().flat_map(TStep::expressions);
    of_steps.for_each(&mut reads);
    for resource in body.resources.iter().filter(|resource| resource.used) {
        let arguments = resource.arguments.iter().map(|(_, value)| value);
        arguments
            .chain(resource.rules.expressions())
            .for_each(&mut reads);
    }
    outputs
        .iter()
        .filter_map(|output| output.value.as_ref())
        .for_each(&mut reads);
    let mut choice_of_input = BTreeMap::new();
    for (choice, step) in body.steps.iter().enumerate().filter(|_| body.mix.is_some()) {
        for expr in step.expressions() {
            walk(expr, &mut |node| {
                if let TKind::Input(input) = node.kind {
                    choice_of_input.insert(input.index, choice);
                }
            });
        }
    }
    FlowPlan {
        inputs: flow.runner.inputs.clone(),
        choice_of_input,
        read_inputs: read.into_iter().collect(),
        outputs,
        own,
        handed,
        read_by_outputs,
    }
}

/// The resources that whoever calls a flow hands to it: all that it needs but those that it makes itself.
pub fn handed_to(flow: &BodyPlan) -> impl Iterator<Item = usize> + '_ {
    let needed = flow.resources.iter().copied();
    needed.filter(|at| !flow.makes(*at))
}

/// A flow uses the memory of locals of whoever calls it, so a local has one value in an iteration. All bodies that call or are
/// called give a local the same position.
pub fn share_locals(order: &[BodyId], bodies: &mut [BodyPlan]) {
    let mut needs: Vec<BTreeSet<LocalId>> = vec![BTreeSet::new(); bodies.len()];
    for id in order {
        let body = &bodies[id.0];
        let mut all: BTreeSet<LocalId> = body.locals.iter().map(|local| local.id).collect();
        for call in body.steps.iter().filter_map(Step::call) {
            all.extend(&needs[call.body.0]);
        }
        needs[id.0] = all;
    }
    let is_in_web = |body: &BodyPlan| {
        body.flow.is_some() || body.steps.iter().any(|step| step.call().is_some())
    };
    let in_web = bodies
        .iter()
        .zip(&needs)
        .filter(|(body, _)| is_in_web(body));
    let shared: BTreeSet<LocalId> = in_web.flat_map(|(_, needs)| needs).copied().collect();
    for (body, needs) in bodies.iter_mut().zip(&needs) {
        if !is_in_web(body) {
            body.memory = body.locals.len();
            continue;
        }
        body.memory = if needs.is_empty() { 0 } else { shared.len() };
        for local in &mut body.locals {
            local.position = shared.iter().take_while(|id| **id < local.id).count();
        }
    }
}
