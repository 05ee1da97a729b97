//! Resources: their scope, which is never wider than what they read, and who uses them.

use bggo_manifest::Lifetime;
use bggo_values::Type;
use bggo_values::functions::Time;

use crate::diagnostics::{codes, nearest};
use crate::resolve::model::{Edge, EdgeKind, Node, ResourceId};
use crate::source::Span;

use super::context::Checker;
use super::contract::Party;
use super::sensitivity;
use super::typed::{TExpr, TKind, TResource, TStep};
use super::walk::walk;

/// From wide to narrow, as a grid writes them.
const LIFETIMES: [(&str, Lifetime); 4] = [
    ("run", Lifetime::Run),
    ("worker", Lifetime::Worker),
    ("vu", Lifetime::Vu),
    ("iteration", Lifetime::Iteration),
];

/// The narrowest thing that something reads.
#[derive(Debug, Clone)]
struct Limit {
    lifetime: Lifetime,
    /// Where it is read, and what that is.
    reads: Option<(Span, String)>,
}

impl Limit {
    const NONE: Limit = Limit {
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
struct Lifetimes {
    locals: Vec<Limit>,
    resources: Vec<Lifetime>,
}

impl Checker<'_> {
    /// All resources by id; those with an unknown asset are left out.
    pub(super) fn all_resources(&mut self, order: &[Node], edges: &[Edge]) -> Vec<TResource> {
        let count = self.declarations.resources.len();
        let used = self.used_resources(edges);
        let mut explicit: Vec<Vec<&Edge>> = vec![Vec::new(); count];
        for edge in edges.iter().filter(|edge| edge.kind == EdgeKind::Explicit) {
            if let Node::Resource(id) = edge.from {
                explicit[id.0].push(edge);
            }
        }
        let mut lifetimes = Lifetimes {
            locals: vec![Limit::NONE; self.declarations.locals.len()],
            resources: vec![Lifetime::Run; count],
        };
        let mut typed: Vec<Option<TResource>> = vec![None; count];
        for node in order {
            match node {
                Node::Resource(id) => {
                    let resource = self.resource(*id, &explicit[id.0], &mut lifetimes);
                    typed[id.0] = resource.map(|resource| TResource {
                        used: used[id.0],
                        ..resource
                    });
                }
                Node::Local(id) => {
                    let mut limit = Limit::NONE;
                    if let Some(local) = self.locals[id.0].as_ref().filter(|_| count > 0) {
                        self.limit(&local.value, &mut limit, &lifetimes);
                    }
                    lifetimes.locals[id.0] = limit;
                }
                Node::Step(_) | Node::Variable(_) => {}
            }
        }
        // What could not be read or is misspelt may use them.
        let broken = self.declarations.incomplete
            || self.declarations.later
            || self.declarations.steps.iter().any(|step| step.broken)
            || self
                .declarations
                .resources
                .iter()
                .any(|resource| resource.broken);
        if broken || !self.sound {
            return typed.into_iter().flatten().collect();
        }
        for (resource, _) in self
            .declarations
            .resources
            .iter()
            .zip(&used)
            .filter(|(_, used)| !**used)
        {
            let text = format!("nothing uses `{}`: it is not created", resource.address());
            self.problems
                .warning(codes::UNUSED_RESOURCE, resource.span, text);
        }
        typed.into_iter().flatten().collect()
    }

    /// An asset of the run stays on a thread of its own, and only its exports cross to others: it is handed to none but
    /// others of the run.
    pub(super) fn handed_over(&mut self, steps: &[Option<TStep>], resources: &[TResource]) {
        // Where one has no type, positions are no ids, and what is wrong is said already.
        if resources.len() != self.declarations.resources.len() {
            return;
        }
        let steps = steps.iter().flatten().flat_map(|step| &step.uses);
        let elsewhere = resources
            .iter()
            .filter(|resource| resource.scope != Lifetime::Run);
        let uses = steps.chain(elsewhere.flat_map(|resource| &resource.uses));
        for (_, id, span) in uses.filter(|(_, id, _)| resources[id.0].scope == Lifetime::Run) {
            let address = self.declarations.resources[id.0].address();
            let text = format!("`{address}` has the scope \"run\": only its exports can be used");
            let narrower = self.modules.asset(resources[id.0].asset).scopes.iter();
            let narrower = narrower.copied().find(|scope| *scope != Lifetime::Run);
            let name = LIFETIMES
                .iter()
                .find(|(_, lifetime)| Some(*lifetime) == narrower);
            let problem = self.error(codes::INVALID_SCOPE, *span, text);
            if let Some((name, _)) = name {
                problem.hint(format!("write `scope = \"{name}\"` in the resource"));
            }
        }
    }

    /// Which resources some step stands on, directly or through locals and other resources.
    fn used_resources(&self, edges: &[Edge]) -> Vec<bool> {
        let mut resources = vec![false; self.declarations.resources.len()];
        let mut locals = vec![false; self.declarations.locals.len()];
        let mut through_resources: Vec<Vec<Node>> = vec![Vec::new(); resources.len()];
        let mut through_locals: Vec<Vec<Node>> = vec![Vec::new(); locals.len()];
        let mut open: Vec<Node> = Vec::new();
        for edge in edges {
            match edge.from {
                Node::Step(_) => open.push(edge.to),
                Node::Resource(id) => through_resources[id.0].push(edge.to),
                Node::Local(id) => through_locals[id.0].push(edge.to),
                Node::Variable(_) => {}
            }
        }
        while let Some(node) = open.pop() {
            let (seen, next) = match node {
                Node::Resource(id) => (&mut resources[id.0], &through_resources[id.0]),
                Node::Local(id) => (&mut locals[id.0], &through_locals[id.0]),
                Node::Step(_) | Node::Variable(_) => continue,
            };
            if !std::mem::replace(seen, true) {
                open.extend(next);
            }
        }
        resources
    }

    fn resource(
        &mut self,
        id: ResourceId,
        explicit: &[&Edge],
        lifetimes: &mut Lifetimes,
    ) -> Option<TResource> {
        let resource = &self.declarations.resources[id.0];
        let description = self.description(resource.description.as_ref());
        let Some(at) = self.assets.get(id.0).copied().flatten() else {
            for attribute in resource
                .arguments
                .iter()
                .flat_map(|block| &block.attributes)
            {
                self.infer(&attribute.value);
            }
            return None;
        };
        let asset = self.modules.asset(at);
        let party = Party {
            kind: &asset.name,
            span: resource.span,
            inputs: &asset.inputs,
            takes: &asset.uses,
            arguments: resource.arguments.as_ref(),
            uses: resource.uses.as_ref(),
            broken: resource.broken,
        };
        let arguments = self.arguments(&party);
        let uses = self.uses(&party);
        let mut limit = Limit::NONE;
        for (_, argument) in &arguments {
            self.limit(argument, &mut limit, lifetimes);
        }
        let taken = uses.iter().map(|(_, id, span)| (*id, *span));
        let on = explicit.iter().filter_map(|edge| match edge.to {
            Node::Resource(id) => Some((id, edge.cause)),
            _ => None,
        });
        for (other, span) in taken.chain(on) {
            let address = || format!("`{}`", self.declarations.resources[other.0].address());
            limit.narrow(lifetimes.resources[other.0], span, address);
        }
        for edge in explicit {
            if let Node::Step(step) = edge.to {
                let address = || format!("`{}`", self.declarations.steps[step.0].address());
                limit.narrow(Lifetime::Iteration, edge.cause, address);
            }
        }
        let scope = self.scope(id, (asset.scope, &asset.scopes), &limit);
        lifetimes.resources[id.0] = scope;
        Some(TResource {
            asset: at,
            asset_name: resource.asset.text.clone(),
            name: resource.name.text.clone(),
            span: resource.span,
            sensitive: sensitivity::has_secret(&arguments, &asset.inputs),
            arguments,
            uses,
            scope,
            used: false,
            description,
        })
    }

    /// The grid's scope, else the manifest's, narrowed to what is read.
    fn scope(
        &mut self,
        id: ResourceId,
        (default, allowed): (Lifetime, &[Lifetime]),
        limit: &Limit,
    ) -> Lifetime {
        let resource = &self.declarations.resources[id.0];
        let may =
            |lifetime: Lifetime| lifetime == Lifetime::Iteration || allowed.contains(&lifetime);
        let written = resource.scope.as_ref().and_then(|expr| {
            let value = self.known(expr, &Type::String, "`scope`")?;
            Some((value.as_text()?.to_owned(), expr.span))
        });
        if let Some((word, span)) = written {
            let names = LIFETIMES
                .iter()
                .filter(|(_, lifetime)| may(*lifetime))
                .map(|(name, _)| *name);
            let Some((_, chosen)) = LIFETIMES
                .iter()
                .find(|(name, lifetime)| *name == word && may(*lifetime))
            else {
                let known = LIFETIMES.iter().any(|(name, _)| *name == word);
                let hint = match known {
                    false => nearest::hint(&word, names),
                    true => Some(format!(
                        "it may have {}",
                        names
                            .map(|name| format!("\"{name}\""))
                            .collect::<Vec<_>>()
                            .join(", ")
                    )),
                };
                let text = match known {
                    true => format!(
                        "an `{}` cannot have the scope \"{word}\"",
                        resource.asset.text
                    ),
                    false => format!("there is no scope \"{word}\""),
                };
                self.error(codes::INVALID_SCOPE, span, text).hint = hint;
                return default.max(limit.lifetime);
            };
            if *chosen < limit.lifetime {
                let widest = LIFETIMES
                    .iter()
                    .find(|(_, lifetime)| *lifetime >= limit.lifetime && may(*lifetime));
                let hint =
                    widest.map(|(name, _)| format!("write `scope = \"{name}\"`, or leave it out"));
                let text =
                    format!("the scope \"{word}\" is wider than that of what the resource reads");
                let problem = self.error(codes::INVALID_SCOPE, span, text);
                if let Some((span, what)) = &limit.reads {
                    problem.label(
                        *span,
                        format!("{what} has the scope \"{}\"", name_of(limit.lifetime)),
                    );
                }
                problem.hint = hint;
            }
            return (*chosen).max(limit.lifetime);
        }
        let least = default.max(limit.lifetime);
        let fits = LIFETIMES
            .iter()
            .find(|(_, lifetime)| *lifetime >= least && may(*lifetime));
        fits.map_or(Lifetime::Iteration, |(_, lifetime)| *lifetime)
    }

    /// Narrows a limit to what an expression reads.
    fn limit(&self, expr: &TExpr, limit: &mut Limit, lifetimes: &Lifetimes) {
        walk(expr, &mut |node| match &node.kind {
            TKind::Output { step, .. } | TKind::Instances(step) => {
                let address = || format!("`{}`", self.declarations.steps[step.0].address());
                limit.narrow(Lifetime::Iteration, node.span, address);
            }
            TKind::Export { resource, .. } => {
                let address = || format!("`{}`", self.declarations.resources[resource.0].address());
                limit.narrow(lifetimes.resources[resource.0], node.span, address);
            }
            TKind::VuId => limit.narrow(Lifetime::Vu, node.span, || "`vu.id`".to_owned()),
            TKind::VuIteration => {
                limit.narrow(Lifetime::Iteration, node.span, || {
                    "`vu.iteration`".to_owned()
                });
            }
            TKind::Call { function, .. } if function.time == Time::Iteration => {
                limit.narrow(Lifetime::Iteration, node.span, || {
                    format!("`{}`", function.name)
                });
            }
            TKind::Local(id) => {
                let local = &lifetimes.locals[id.0];
                limit.narrow(local.lifetime, node.span, || match &local.reads {
                    Some((_, what)) => what.clone(),
                    None => "a local".to_owned(),
                });
            }
            _ => {}
        });
    }
}

fn name_of(lifetime: Lifetime) -> &'static str {
    let found = LIFETIMES.iter().find(|(_, known)| *known == lifetime);
    found.map_or("iteration", |(name, _)| name)
}
