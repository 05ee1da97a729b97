//! What runs before and after the iterations: how long it may take, and that there is something to run.

use std::collections::BTreeMap;
use std::time::Duration;

use bggo_values::Type;

use crate::diagnostics::codes;
use crate::resolve::model::{BodyId, Node, Resolved};

use super::expression::context::Checker;
use super::typed::{TPhase, constant_duration};

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
}
