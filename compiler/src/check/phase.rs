//! What runs before and after the iterations: how long it may take, and that there is something to run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bggo_schedule::RowAdvance;
use bggo_values::Type;

use crate::diagnostics::codes;
use crate::resolve::model::{BodyId, Callee, DataId, LocalId, Node, Resolved};
use crate::source::Span;
use crate::syntax::decl::Phase;

use super::expression::context::Checker;
use super::typed::{TExpr, TKind, TPhase, TStep, constant_duration};
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
                        self.error(codes::NOT_CONSTANT, typed.span, text);
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

    /// What runs around the iterations has no row that belongs to one: neither by itself nor through locals and flows.
    pub(super) fn rows_around_iterations(&mut self, steps: &[Vec<Option<TStep>>]) {
        for (id, phase, _) in self.declarations.phases() {
            let mut reads = BTreeMap::new();
            self.rows_read_by(id, steps, &mut BTreeSet::new(), &mut reads);
            let is_of_user = matches!(phase, Phase::VuSetup | Phase::VuTeardown);
            for (data, place) in reads {
                let Some(of) = self.data(data) else { continue };
                if is_of_user && of.rules.advance == RowAdvance::User {
                    continue;
                }
                let header = self.declarations.body(id).span;
                let name = format!("data.{}", of.name);
                let text = match is_of_user {
                    true => {
                        format!("`{name}` has a row for each iteration, and `{phase}` runs in none")
                    }
                    false => format!(
                        "`{name}` has a row for an iteration or a user, and `{phase}` runs for neither"
                    ),
                };
                let hint = match is_of_user {
                    true => "with `advance = \"vu\"` each user has a row of its own".to_owned(),
                    false => format!("`{name}[*]` is a list of all rows"),
                };
                self.error(codes::REFERENCE_NOT_ALLOWED, place, text)
                    .label(header, "it is read here")
                    .hint(hint);
            }
        }
    }

    /// The data whose rows a body reads, each with the first place.
    fn rows_read_by(
        &self,
        body: BodyId,
        steps: &[Vec<Option<TStep>>],
        seen: &mut BTreeSet<BodyId>,
        reads: &mut BTreeMap<DataId, Span>,
    ) {
        if !seen.insert(body) {
            return;
        }
        for step in steps[body.0].iter().flatten() {
            for expr in step.expressions() {
                self.rows_of(expr, &mut BTreeSet::new(), reads);
            }
            if let Callee::Flow(flow) = step.callee {
                self.rows_read_by(flow, steps, seen, reads);
            }
        }
    }

    fn rows_of(
        &self,
        expr: &TExpr,
        seen: &mut BTreeSet<LocalId>,
        reads: &mut BTreeMap<DataId, Span>,
    ) {
        let mut locals = Vec::new();
        walk(expr, &mut |node| match node.kind {
            TKind::Column { data, .. } => {
                reads.entry(data).or_insert(node.span);
            }
            TKind::Local(id) => locals.push(id),
            _ => {}
        });
        for id in locals {
            if let (true, Some(local)) = (seen.insert(id), &self.locals[id.0]) {
                self.rows_of(&local.value, seen, reads);
            }
        }
    }
}
