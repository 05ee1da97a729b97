//! Warns of data whose rows are read once and are fewer than the iterations or users that a load is known to have.

use std::collections::{BTreeMap, BTreeSet};

use bggo_schedule::{Bound, RowAdvance, RowShare, RowsEnd, Schedule};

use crate::check::typed::{TBody, TData, TExpr, TKind, TScenario, TStep, Typed};
use crate::check::walk::walk;
use crate::diagnostics::{Problems, codes};
use crate::resolve::model::{BodyId, Callee, DataId, LocalId};

pub(super) fn warn(typed: &Typed, problems: &mut Problems) {
    let ends = |data: &TData| data.rules.at_end == RowsEnd::Stop && data.file.is_none();
    if !typed.data.iter().any(|data| ends(data)) {
        return;
    }
    let mut reads = Reads {
        typed,
        of_bodies: BTreeMap::new(),
        of_locals: BTreeMap::new(),
    };
    let scenarios: Vec<(BodyId, &TBody, &TScenario)> = typed
        .body_ids()
        .filter_map(|id| {
            let body = typed.body(id);
            Some((id, body, body.scenario.as_ref()?))
        })
        .collect();
    for (place, data) in typed.data.iter().enumerate() {
        let id = DataId(place);
        if !ends(data) {
            continue;
        }
        let mut readers = scenarios.clone();
        readers.retain(|(body, ..)| reads.of_users(*body).contains(&id));
        // Those that share the rows take turns.
        let turns = match data.rules.share {
            RowShare::Run => readers.len() as u64,
            RowShare::Scenario | RowShare::User => 1,
        };
        for (at, (_, body, scenario)) in (0_u64..).zip(&readers) {
            let at = if turns == 1 { 0 } else { at };
            let rows = u64::from(data.rows.count)
                .saturating_sub(at)
                .div_ceil(turns.max(1));
            let Some(load) = scenario.load.known() else {
                continue;
            };
            let share = reads.share(body, id);
            let Some((needed, what)) = needed(data, &load.schedule, share) else {
                continue;
            };
            if needed <= rows {
                continue;
            }
            let text = format!(
                "`{}` needs at least {needed} rows of `data.{}`, and gets {rows}",
                body.name, data.name
            );
            problems
                .warning(codes::ROWS_RUN_OUT, data.span, text)
                .label(scenario.load.place, what)
                .hint("whoever finds no row ends: add rows, write `at_end = \"repeat\"`, or a load that needs no more");
        }
    }
}

/// How many rows a load needs at least, and who reads them; `share` is that of the iterations that read them.
fn needed(data: &TData, schedule: &Schedule, share: (u64, u64)) -> Option<(u64, &'static str)> {
    let (of, whole) = share;
    match (data.rules.advance, data.rules.share) {
        (RowAdvance::User, _) => match schedule {
            Schedule::Closed(closed) => {
                Some((closed.users.into(), "each user of this load reads one"))
            }
            Schedule::Ramping(ramp) => {
                Some((ramp.most().into(), "each user of this load reads one"))
            }
            // How many users it takes is not known.
            Schedule::Open(_) | Schedule::Search(_) => None,
        },
        // How many iterations each user has is known where it counts its own.
        (RowAdvance::Iteration, RowShare::User) => match schedule {
            Schedule::Closed(closed) => match closed.bound {
                Bound::PerUser(each) if of == whole => {
                    Some((each, "each iteration of a user reads one"))
                }
                _ => None,
            },
            _ => None,
        },
        (RowAdvance::Iteration, _) => {
            let total = schedule.total()?;
            let part = u128::from(total) * u128::from(of) / u128::from(whole.max(1));
            let part = u64::try_from(part).unwrap_or(u64::MAX);
            // Where a mix ends in the middle, a choice may have had one turn less.
            let part = if of == whole {
                part
            } else {
                part.saturating_sub(1)
            };
            Some((part, "iterations of this load read one each"))
        }
    }
}

/// Which data the bodies read, in the flows that they call as well.
struct Reads<'a> {
    typed: &'a Typed,
    of_bodies: BTreeMap<BodyId, BTreeSet<DataId>>,
    /// Each local is looked at once, however often it is read.
    of_locals: BTreeMap<LocalId, BTreeSet<DataId>>,
}

impl Reads<'_> {
    /// What the users of a scenario read, also before and after their iterations.
    fn of_users(&mut self, id: BodyId) -> BTreeSet<DataId> {
        let typed = self.typed;
        let is_run = |body: &BodyId| {
            let phase = typed.body(*body).phase.as_ref();
            phase.is_some_and(|phase| {
                phase.phase.is_of_users() && [BodyId::MAIN, id].contains(&phase.owner)
            })
        };
        let mut found = self.of_body(id);
        for body in typed.body_ids().filter(is_run) {
            found.extend(self.of_body(body));
        }
        found
    }

    /// (No flow calls itself.)
    fn of_body(&mut self, id: BodyId) -> BTreeSet<DataId> {
        if let Some(known) = self.of_bodies.get(&id) {
            return known.clone();
        }
        let body = self.typed.body(id);
        let mut found = BTreeSet::new();
        for step in &body.steps {
            found.extend(self.of_step(step));
        }
        let outputs = body.flow.iter().flat_map(|flow| &flow.outputs);
        outputs.for_each(|value| self.add(value, &mut found));
        for resource in &body.resources {
            let arguments = resource.arguments.iter().map(|(_, value)| value);
            arguments.for_each(|value| self.add(value, &mut found));
        }
        self.of_bodies.insert(id, found.clone());
        found
    }

    fn of_step(&mut self, step: &TStep) -> BTreeSet<DataId> {
        let mut found = BTreeSet::new();
        for value in step.expressions() {
            self.add(value, &mut found);
        }
        if let Callee::Flow(flow) = step.callee {
            found.extend(self.of_body(flow));
        }
        found
    }

    fn add(&mut self, expr: &TExpr, found: &mut BTreeSet<DataId>) {
        let mut locals = Vec::new();
        walk(expr, &mut |node| match node.kind {
            TKind::Column { data, .. } => {
                found.insert(data);
            }
            TKind::Local(id) => locals.push(id),
            _ => {}
        });
        for id in locals {
            found.extend(self.of_local(id));
        }
    }

    /// (No local reads itself.)
    fn of_local(&mut self, id: LocalId) -> BTreeSet<DataId> {
        if let Some(known) = self.of_locals.get(&id) {
            return known.clone();
        }
        let typed = self.typed;
        let mut found = BTreeSet::new();
        if let Some(local) = typed.locals.get(id.0) {
            self.add(&local.value, &mut found);
        }
        self.of_locals.insert(id, found.clone());
        found
    }

    /// Of a mix the weight of the choices that read the data, and that of all; else all iterations count.
    fn share(&mut self, body: &TBody, data: DataId) -> (u64, u64) {
        let Some(weights) = &body.mix else {
            return (1, 1);
        };
        let (mut of, mut whole) = (0, 0);
        for (weight, step) in weights.iter().zip(&body.steps) {
            whole += u64::from(*weight);
            if self.of_step(step).contains(&data) {
                of += u64::from(*weight);
            }
        }
        (of, whole)
    }
}
