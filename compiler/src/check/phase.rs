//! What runs before and after the iterations: how long it may take, and that there is something to run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bggo_schedule::RowAdvance;
use bggo_values::Type;

use crate::diagnostics::codes;
use crate::resolve::model::{BodyId, Callee, DataId, LocalId, Node, Resolved, ResourceId};
use crate::source::Span;
use crate::syntax::decl::Phase;

use super::expression::context::{Checker, KNOWN_WHEN_BUILT};
use super::typed::{TExpr, TKind, TPhase, TResource, TStep, constant_duration};
use super::walk::walk;

/// How long the steps of a phase may take together, where the grid does not say it.
const LIMIT: Duration = Duration::from_secs(60);

/// By node at the top of the grid: the phases whose outputs it reads. Their steps have their instances before it is typed.
pub(super) fn read_by_main(resolved: &Resolved) -> BTreeMap<Node, Vec<BodyId>> {
    let mut read: BTreeMap<Node, Vec<BodyId>> = BTreeMap::new();
    let main = resolved.graphs.first().map_or(&[][..], |main| &main.edges);
    for edge in main {
        if let Node::Step(id) = edge.to
            && resolved.declarations.phase_of(id.body).is_some()
        {
            read.entry(edge.from).or_default().push(id.body);
        }
    }
    read
}

impl Checker<'_> {
    /// The phases, by body.
    pub(super) fn all_phases(&mut self) -> Vec<Option<TPhase>> {
        let declarations = self.declarations;
        let mut phases = vec![None; declarations.bodies.len()];
        for (id, phase, declared) in declarations.phases() {
            let body = declarations.body(id);
            if body.steps.is_empty() && !declared.broken && !declarations.incomplete {
                let text = format!("`{phase}` has no step");
                self.error(codes::NO_STEPS, body.span, text)
                    .hint("a step is `step \"RUNNER\" \"NAME\" { .. }`; leave the block out if there is nothing to do");
            }
            self.description(declared.description.as_ref());
            let limit = declared.limit.as_ref().and_then(|limit| {
                let whole = limit.is_whole();
                let typed = self.infer(limit);
                let typed = self.convert(typed, &Type::Duration, "`execution`");
                if !whole || typed.is_error() || typed.is_null() {
                    return None;
                }
                let known = constant_duration(&typed);
                match known {
                    None => {
                        let text = "`execution` must be known when the grid is built";
                        self.error(codes::NOT_CONSTANT, typed.span, text)
                            .hint(KNOWN_WHEN_BUILT);
                    }
                    Some(Duration::ZERO) => {
                        let text = "`execution` must be longer than 0s";
                        self.error(codes::INVALID_TIMEOUT, typed.span, text)
                            .hint("without `timeouts` the limit is 60 s");
                    }
                    Some(_) => {}
                }
                known
            });
            phases[id.0] = Some(TPhase {
                phase,
                owner: declared.owner,
                limit: limit.unwrap_or(LIMIT),
            });
        }
        phases
    }

    /// What runs around the iterations has no row and no number that belongs to one: neither by itself nor through locals, flows
    /// and resources. (What a phase reads by itself of `vu` and `scenario` is no reference, and is reported already.)
    pub(super) fn read_around_iterations(
        &mut self,
        steps: &[Vec<Option<TStep>>],
        resources: &[Vec<Option<TResource>>],
    ) {
        for (id, phase, declared) in self.declarations.phases() {
            let mut reach = Reach::of(self, steps, resources);
            reach.body(id);
            let header = self.declarations.body(id).span;
            let of_scenario = phase.is_of_users() || declared.owner != BodyId::MAIN;
            for (read, place) in reach.reads {
                let (text, hint) = match read {
                    Read::Row(data) => match self.row_around(data, phase) {
                        Some((text, hint)) => (text, Some(hint)),
                        None => continue,
                    },
                    Read::User if phase.is_of_users() => continue,
                    Read::User => (format!("`{phase}` runs once, and not for a user"), None),
                    Read::Iteration => (format!("`{phase}` belongs to no iteration"), None),
                    Read::Scenario if of_scenario => continue,
                    Read::Scenario => (format!("this `{phase}` belongs to no scenario"), None),
                };
                let problem = self.error(codes::REFERENCE_NOT_ALLOWED, place, text);
                problem.label(header, "it is read for this");
                problem.advise(hint.map(Into::into));
            }
        }
    }

    /// What is wrong with a row of data in a phase, and what to do; `None` where there is one.
    fn row_around(&mut self, data: DataId, phase: Phase) -> Option<(String, String)> {
        let of = self.data(data)?;
        let name = format!("data.{}", of.name);
        Some(match phase.is_of_users() {
            true if of.rules.advance == RowAdvance::User => return None,
            true => (
                format!("`{name}` has a row for each iteration, and `{phase}` runs in none"),
                "with `advance = \"vu\"` each user has a row of its own".to_owned(),
            ),
            false => (
                format!(
                    "`{name}` has a row for an iteration or a user, and `{phase}` runs for neither"
                ),
                format!("`{name}[*]` is a list of all rows"),
            ),
        })
    }
}

/// What differs between users, iterations or scenarios.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Read {
    Row(DataId),
    User,
    Iteration,
    Scenario,
}

/// What a body comes to through its steps, flows, resources and locals.
struct Reach<'c, 'a> {
    checker: &'c Checker<'a>,
    steps: &'c [Vec<Option<TStep>>],
    resources: &'c [Vec<Option<TResource>>],
    bodies: BTreeSet<BodyId>,
    seen_resources: BTreeSet<ResourceId>,
    seen_locals: BTreeSet<LocalId>,
    /// Each with the first place.
    reads: BTreeMap<Read, Span>,
}

impl<'c, 'a> Reach<'c, 'a> {
    fn of(
        checker: &'c Checker<'a>,
        steps: &'c [Vec<Option<TStep>>],
        resources: &'c [Vec<Option<TResource>>],
    ) -> Self {
        Self {
            checker,
            steps,
            resources,
            bodies: BTreeSet::new(),
            seen_resources: BTreeSet::new(),
            seen_locals: BTreeSet::new(),
            reads: BTreeMap::new(),
        }
    }

    fn body(&mut self, id: BodyId) {
        if !self.bodies.insert(id) {
            return;
        }
        let steps = self.steps;
        for step in steps[id.0].iter().flatten() {
            step.expressions().for_each(|expr| self.expression(expr));
            for (_, resource, _) in &step.uses {
                self.resource(*resource);
            }
            if let Callee::Flow(flow) = step.callee {
                self.body(flow);
            }
        }
    }

    fn resource(&mut self, id: ResourceId) {
        if !self.seen_resources.insert(id) {
            return;
        }
        let resources = self.resources;
        let Some(resource) = &resources[id.body.0][id.index] else {
            return;
        };
        let arguments = resource.arguments.iter().map(|(_, value)| value);
        arguments
            .chain(resource.rules.expressions())
            .for_each(|expr| self.expression(expr));
        for (_, below, _) in &resource.uses {
            self.resource(*below);
        }
    }

    fn expression(&mut self, expr: &TExpr) {
        let (mut locals, mut resources) = (Vec::new(), Vec::new());
        walk(expr, &mut |node| {
            let read = match node.kind {
                TKind::Column { data, .. } => Read::Row(data),
                TKind::VuId => Read::User,
                TKind::VuIteration | TKind::ScenarioIteration => Read::Iteration,
                TKind::ScenarioName => Read::Scenario,
                TKind::Local(id) => return locals.push(id),
                TKind::Export { resource, .. } => return resources.push(resource),
                _ => return,
            };
            self.reads.entry(read).or_insert(node.span);
        });
        for id in locals {
            if let (true, Some(local)) = (self.seen_locals.insert(id), &self.checker.locals[id.0]) {
                self.expression(&local.value);
            }
        }
        for id in resources {
            self.resource(id);
        }
    }
}
