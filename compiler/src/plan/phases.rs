//! What runs before and after the iterations: which users run which of it, in which order, which of its outputs are kept, and
//! what is left out where they never came.

use super::demand::Demand;
use super::model::{BodyPlan, Hosted, RunPhase, Scenario};
use crate::check::typed::{TExpr, TKind, TPhase, TStep, Typed};
use crate::check::walk::walk;
use crate::resolve::model::{BodyId, LocalId, ResourceId, StepId};
use crate::syntax::decl::{BodyKind, Phase};
use std::collections::BTreeSet;

/// The phases of the users of a body, in the order in which they run: before the iterations that of the grid comes first, and
/// after them last.
pub fn hosted_by(typed: &Typed, id: BodyId) -> Vec<Hosted> {
    let is_run = match typed.body(id).kind {
        BodyKind::Main => !typed.body(id).steps.is_empty(),
        BodyKind::Scenario => true,
        BodyKind::Flow | BodyKind::Phase(_) => false,
    };
    if !is_run {
        return Vec::new();
    }
    let find = |phase: Phase, owner: BodyId| {
        let mut bodies = typed.body_ids();
        bodies.find(|body| {
            typed
                .body(*body)
                .phase
                .as_ref()
                .is_some_and(|it| it.is(phase, owner))
        })
    };
    let mut hosted = Vec::new();
    let mut add = |phase: Phase, owner: BodyId| {
        if let Some(body) = find(phase, owner) {
            hosted.push(Hosted {
                body,
                phase,
                first_slot: 0,
            });
        }
    };
    let own = (id != BodyId::MAIN).then_some(id);
    add(Phase::VuSetup, BodyId::MAIN);
    own.into_iter().for_each(|own| add(Phase::VuSetup, own));
    own.into_iter().for_each(|own| add(Phase::VuTeardown, own));
    add(Phase::VuTeardown, BodyId::MAIN);
    hosted
}

impl TPhase {
    fn is(&self, phase: Phase, owner: BodyId) -> bool {
        (self.phase, self.owner) == (phase, owner)
    }

    /// Whether it is run in the tasks of users.
    pub fn is_of_users(&self) -> bool {
        self.phase.is_of_users()
    }
}

/// The table of what runs once: each kind in the order in which it runs.
pub fn table(typed: &Typed, scenarios: &[Scenario]) -> Vec<RunPhase> {
    let of = |wanted: Phase| {
        let bodies = typed.body_ids();
        let rows = bodies.filter_map(move |body| {
            let phase = typed.body(body).phase.as_ref()?;
            let mut known = scenarios.iter();
            let own = known.position(|row| row.body == phase.owner);
            (phase.phase == wanted).then_some(RunPhase {
                body,
                phase: wanted,
                first_slot: 0,
                scenario: own.filter(|_| phase.owner != BodyId::MAIN),
                limit: phase.limit,
            })
        });
        let (whole, own): (Vec<_>, Vec<_>) = rows.partition(|row| row.scenario.is_none());
        (whole, own)
    };
    let ((first, then), (last, before)) = (of(Phase::Setup), of(Phase::Teardown));
    let all = first.into_iter().chain(then).chain(before).chain(last);
    all.collect()
}

/// Gives the steps whose outputs are read elsewhere their numbers, those of `setup` and those of users apart. Returns how many
/// there are of `setup`.
pub fn number_kept(typed: &Typed, demand: &Demand, bodies: &mut [BodyPlan]) -> usize {
    let (mut of_run, mut of_users) = (0, 0);
    for id in &demand.read_elsewhere {
        let Some(phase) = &typed.body(id.body).phase else {
            continue;
        };
        let next = if phase.is_of_users() {
            &mut of_users
        } else {
            &mut of_run
        };
        if let Some(step) = bodies[id.body.0].steps.get_mut(id.index) {
            step.kept = Some(*next);
            *next += 1;
        }
    }
    of_run
}

/// Says of each step of a `teardown` which outputs of `setup` it reads: without them it does not run.
pub fn find_skipped(typed: &Typed, demand: &Demand, bodies: &mut [BodyPlan]) {
    for body in typed.body_ids() {
        let kind = typed.body(body).kind;
        if kind != BodyKind::Phase(Phase::Teardown) {
            continue;
        }
        for id in typed.step_ids(body) {
            let step = typed.step(id);
            let mut reads = Reads {
                typed,
                steps: BTreeSet::new(),
                locals: BTreeSet::new(),
                resources: BTreeSet::new(),
            };
            reads.step(step);
            for resource in &demand.steps[id].resources {
                reads.resource(*resource);
            }
            let kept = reads.steps.into_iter();
            let kept = kept.filter_map(|id| bodies[id.body.0].steps.get(id.index)?.kept);
            let kept: Vec<usize> = kept.collect();
            if let Some(step) = bodies[body.0].steps.get_mut(id.index) {
                step.without = kept;
            }
        }
    }
}

/// What something reads of the phases before it, also through locals and resources.
struct Reads<'t> {
    typed: &'t Typed,
    steps: BTreeSet<StepId>,
    locals: BTreeSet<LocalId>,
    resources: BTreeSet<ResourceId>,
}

impl Reads<'_> {
    fn step(&mut self, step: &TStep) {
        for value in step.expressions() {
            self.expression(value);
        }
        for (_, resource, _) in &step.uses {
            self.resource(*resource);
        }
    }

    fn resource(&mut self, id: ResourceId) {
        if !self.resources.insert(id) {
            return;
        }
        let resource = self.typed.resource(id);
        for (_, value) in &resource.arguments {
            self.expression(value);
        }
        for (_, below, _) in &resource.uses {
            self.resource(*below);
        }
    }

    fn expression(&mut self, expr: &TExpr) {
        let typed = self.typed;
        let (mut locals, mut resources) = (Vec::new(), Vec::new());
        walk(expr, &mut |node| match &node.kind {
            TKind::Output { step, .. } | TKind::Instances(step) => {
                let phase = typed.body(step.body).phase.as_ref();
                if phase.is_some_and(|phase| phase.phase == Phase::Setup) {
                    self.steps.insert(*step);
                }
            }
            TKind::Local(id) => locals.push(*id),
            TKind::Export { resource, .. } => resources.push(*resource),
            _ => {}
        });
        for id in locals {
            if self.locals.insert(id) {
                self.expression(&typed.locals[id.0].value);
            }
        }
        for id in resources {
            self.resource(id);
        }
    }
}
