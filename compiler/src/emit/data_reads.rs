//! Which data the parts of a program read.

use super::cut::{locals, of_step};
use crate::check::typed::{TExpr, TKind};
use crate::check::walk::walk;
use crate::plan::model::{Plan, Step};
use crate::resolve::model::{BodyId, DataId, LocalId};
use std::collections::{BTreeMap, BTreeSet};

/// Data that some expression of the program reads.
pub fn read(plan: &Plan) -> BTreeSet<DataId> {
    let reads = Reads::of(plan);
    let bodies = plan.body_ids();
    bodies.flat_map(|body| reads.of_body(body)).collect()
}

/// Which data what reads.
pub struct Reads<'p> {
    plan: &'p Plan,
    /// What each local reads, in other locals as well.
    of_locals: BTreeMap<LocalId, BTreeSet<DataId>>,
}

impl<'p> Reads<'p> {
    /// Of a plan.
    pub fn of(plan: &'p Plan) -> Self {
        let values = locals(plan).map(|local| (local.id, &local.value)).collect();
        let mut of_locals = BTreeMap::new();
        for id in BTreeMap::keys(&values) {
            of_local(*id, &values, &mut of_locals);
        }
        Self { plan, of_locals }
    }

    /// What the users of a body read before and after their iterations.
    pub fn of_phases(&self, id: BodyId) -> BTreeSet<DataId> {
        let hosted = self.plan.body(id).hosted.iter();
        hosted
            .flat_map(|hosted| self.of_body(hosted.body))
            .collect()
    }

    /// What a body reads, in the flows that it calls as well.
    pub fn of_body(&self, id: BodyId) -> BTreeSet<DataId> {
        let body = self.plan.body(id);
        let mut found = BTreeSet::new();
        for step in &body.steps {
            found.extend(self.of_step(step));
        }
        let outputs = body.flow.iter().flat_map(|flow| &flow.outputs);
        for value in outputs.filter_map(|output| output.value.as_ref()) {
            self.add(value, &mut found);
        }
        for at in &body.resources {
            let resource = &self.plan.resources[*at];
            let arguments = resource.arguments.iter().map(|argument| &argument.value);
            for expr in arguments.chain(resource.rules.expressions()) {
                self.add(expr, &mut found);
            }
        }
        found
    }

    /// What a step reads, in the flow that it calls as well.
    pub fn of_step(&self, step: &Step) -> BTreeSet<DataId> {
        let mut found = BTreeSet::new();
        for expr in of_step(step) {
            self.add(expr, &mut found);
        }
        if let Some(call) = step.call() {
            found.extend(self.of_body(call.body));
        }
        found
    }

    fn add(&self, expr: &TExpr, found: &mut BTreeSet<DataId>) {
        walk(expr, &mut |node| match node.kind {
            TKind::Column { data, .. } => {
                found.insert(data);
            }
            TKind::Local(id) => found.extend(self.of_locals.get(&id).into_iter().flatten()),
            _ => {}
        });
    }
}

/// Adds what a local reads, each local once, however often it is read. (No local reads itself.)
fn of_local(
    id: LocalId,
    values: &BTreeMap<LocalId, &TExpr>,
    known: &mut BTreeMap<LocalId, BTreeSet<DataId>>,
) {
    if known.contains_key(&id) {
        return;
    }
    let (mut found, mut read) = (BTreeSet::new(), Vec::new());
    if let Some(value) = values.get(&id) {
        walk(value, &mut |node| match node.kind {
            TKind::Column { data, .. } => {
                found.insert(data);
            }
            TKind::Local(other) => read.push(other),
            _ => {}
        });
    }
    for other in read {
        of_local(other, values, known);
        found.extend(known.get(&other).into_iter().flatten());
    }
    known.insert(id, found);
}
