//! Expressions to the narrowest lifetime of what they read: whatever reads them cannot live longer.

use bggo_function_table::Time;
use bggo_manifest::Lifetime;

use crate::resolve::model::{ByBody, LocalId, ResourceId, StepId};
use crate::source::Span;
use crate::syntax::decl::Declarations;

use super::typed::{Binding, TExpr, TKind};
use super::walk::walk;

/// The scopes from wide to narrow, as a grid writes them.
pub(super) const LIFETIMES: [(&str, Lifetime); 4] = [
    ("run", Lifetime::Run),
    ("worker", Lifetime::Worker),
    ("vu", Lifetime::Vu),
    ("iteration", Lifetime::Iteration),
];

/// How a grid writes a lifetime.
pub fn name_of(lifetime: Lifetime) -> &'static str {
    let found = LIFETIMES.iter().find(|(_, known)| *known == lifetime);
    found.map_or("iteration", |(name, _)| name)
}

/// The narrowest lifetime of what something reads.
#[derive(Debug, Clone)]
pub(super) struct Limit {
    pub(super) lifetime: Lifetime,
    /// Where it is read, and its name for a message.
    pub(super) reads: Option<(Span, String)>,
}

impl Limit {
    /// Of what reads nothing.
    pub(super) const NONE: Limit = Limit {
        lifetime: Lifetime::Run,
        reads: None,
    };

    fn narrow(&mut self, lifetime: Lifetime, span: Span, what: impl FnOnce() -> String) {
        if lifetime > self.lifetime {
            *self = Limit {
                lifetime,
                reads: Some((span, what())),
            };
        }
    }
}

/// Limits of locals and scopes of resources, filled in the graph's order.
pub(super) struct Lifetimes<'a> {
    declarations: &'a Declarations,
    locals: Vec<Limit>,
    resources: ByBody<Lifetime>,
}

impl<'a> Lifetimes<'a> {
    pub(super) fn new(declarations: &'a Declarations) -> Self {
        Lifetimes {
            declarations,
            locals: vec![Limit::NONE; declarations.locals.len()],
            resources: ByBody::of_resources(declarations, Lifetime::Run),
        }
    }

    pub(super) fn set_local(&mut self, id: LocalId, limit: Limit) {
        self.locals[id.0] = limit;
    }

    pub(super) fn set_resource(&mut self, id: ResourceId, lifetime: Lifetime) {
        self.resources[id] = lifetime;
    }

    /// Narrows a limit to the lifetime of a resource that is named here.
    pub(super) fn narrow_to_resource(&self, limit: &mut Limit, id: ResourceId, span: Span) {
        let address = || format!("`{}`", self.declarations.resource(id).address());
        limit.narrow(self.resources[id], span, address);
    }

    /// Narrows a limit to the iteration in which a step runs that is named here, or to the user for which it has run.
    pub(super) fn narrow_to_step(&self, limit: &mut Limit, id: StepId, span: Span) {
        let address = || format!("`{}`", self.declarations.full_address(id));
        let lifetime = match self.declarations.phase_of(id.body) {
            None => Lifetime::Iteration,
            Some((phase, _)) if phase.is_of_users() => Lifetime::Vu,
            Some(_) => Lifetime::Run,
        };
        limit.narrow(lifetime, span, address);
    }

    /// Narrows a limit to all that an expression reads.
    pub(super) fn narrow_to_expression(&self, limit: &mut Limit, expr: &TExpr) {
        walk(expr, &mut |node| match &node.kind {
            TKind::Output { step, .. } | TKind::Instances(step) => {
                self.narrow_to_step(limit, *step, node.span);
            }
            TKind::Export { resource, .. } => {
                self.narrow_to_resource(limit, *resource, node.span);
            }
            TKind::VuId => limit.narrow(Lifetime::Vu, node.span, || "`vu.id`".to_owned()),
            TKind::Input(_) => {
                limit.narrow(Lifetime::Iteration, node.span, || {
                    "an input of the flow".to_owned()
                });
            }
            TKind::Column { .. } => {
                let lifetime = match node.binding {
                    Binding::Vu => Lifetime::Vu,
                    _ => Lifetime::Iteration,
                };
                limit.narrow(lifetime, node.span, || "a row of data".to_owned());
            }
            TKind::ScenarioName => {
                limit.narrow(Lifetime::Vu, node.span, || "`scenario.name`".to_owned());
            }
            TKind::VuIteration | TKind::ScenarioIteration => {
                let name = match node.kind {
                    TKind::VuIteration => "`vu.iteration`",
                    _ => "`scenario.iteration`",
                };
                limit.narrow(Lifetime::Iteration, node.span, || name.to_owned());
            }
            TKind::Call { function, .. } if function.time == Time::Iteration => {
                limit.narrow(Lifetime::Iteration, node.span, || {
                    format!("`{}`", function.name)
                });
            }
            TKind::Local(id) => {
                let local = &self.locals[id.0];
                limit.narrow(local.lifetime, node.span, || match &local.reads {
                    Some((_, what)) => what.clone(),
                    None => "a local".to_owned(),
                });
            }
            _ => {}
        });
    }
}
