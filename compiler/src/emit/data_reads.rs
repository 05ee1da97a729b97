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
    locals: BTreeMap<LocalId, &'p TExpr>,
}

impl<'p> Reads<'p> {
    /// Of a plan.
    pub fn of(plan: &'p Plan) -> Self {
        Self {
            plan,
            locals: locals(plan).map(|local| (local.id, &local.value)).collect(),
        }
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
            TKind::Local(id) => {
                if let Some(value) = self.locals.get(&id) {
                    self.add(value, found);
                }
            }
            _ => {}
        });
    }
}
