//! Resources to typed resources: with their scope, which is never wider than that of what they read, and whether any step
//! uses them.

use std::rc::Rc;

use bggo_manifest::Lifetime;
use bggo_values::Type;

use crate::diagnostics::{Code, Hint, Problem, Problems, codes, nearest};
use crate::modules::Modules;
use crate::resolve::model::{ByBody, Edge, EdgeKind, Node, Resolved, ResourceId};
use crate::syntax::decl::Declarations;

use super::article::with_article;
use super::contract::ArgumentOwner;
use super::expression::context::Checker;
use super::lifetime::{LIFETIMES, Lifetimes, Limit, name_of};
use super::rule::TimeLimit;
use super::sensitivity;
use super::typed::{TResource, TStep};

impl Checker<'_> {
    /// The resources that some step needs which may run, or an output of a flow, directly or through locals and other
    /// resources. A flow that nothing calls needs none.
    fn used_resources(&self, resolved: &Resolved, edges: &[Vec<Edge>]) -> ByBody<bool> {
        let declarations = self.declarations;
        let mut resources = ByBody::of_resources(declarations, false);
        let mut locals = vec![false; declarations.locals.len()];
        let mut through_resources: ByBody<Vec<Node>> =
            ByBody::of_resources(declarations, Vec::new());
        let mut through_locals: Vec<Vec<Node>> = vec![Vec::new(); locals.len()];
        let mut open: Vec<Node> = Vec::new();
        let bodies = declarations.body_ids().zip(&resolved.graphs);
        let run = bodies.filter(|(body, _)| self.is_run(*body));
        for (_, graph) in run {
            open.extend(graph.read_by_outputs.iter().map(|(to, _)| *to));
        }
        for edge in edges.iter().flatten() {
            match edge.from {
                Node::Step(id) if self.is_run(id.body) => open.push(edge.to),
                Node::Step(_) => {}
                Node::Resource(id) => through_resources[id].push(edge.to),
                Node::Local(id) => through_locals[id.0].push(edge.to),
                Node::Variable(_) => {}
            }
        }
        while let Some(node) = open.pop() {
            let (seen, next) = match node {
                Node::Resource(id) => (&mut resources[id], &through_resources[id]),
                Node::Local(id) => (&mut locals[id.0], &through_locals[id.0]),
                Node::Step(_) | Node::Variable(_) => continue,
            };
            if !std::mem::replace(seen, true) {
                open.extend(next);
            }
        }
        resources
    }

    /// The resources of each body; `None` for those with an unknown asset. `edges` are those of each body.
    pub(super) fn all_resources(
        &mut self,
        resolved: &Resolved,
        edges: &[Vec<Edge>],
    ) -> Vec<Vec<Option<TResource>>> {
        let declarations = self.declarations;
        let used = self.used_resources(resolved, edges);
        let mut explicit: ByBody<Vec<&Edge>> = ByBody::of_resources(declarations, Vec::new());
        let all = edges.iter().flatten();
        for edge in all.filter(|edge| edge.kind == EdgeKind::Explicit) {
            if let Node::Resource(id) = edge.from {
                explicit[id].push(edge);
            }
        }
        let mut lifetimes = Lifetimes::new(declarations);
        let mut typed = ByBody::of_resources(declarations, None);
        let any = declarations.resources().next().is_some();
        for node in resolved.graphs.iter().flat_map(|graph| &graph.order) {
            match node {
                Node::Resource(id) => {
                    let resource = self.resource(*id, &explicit[*id], &mut lifetimes);
                    typed[*id] = resource.map(|resource| TResource {
                        used: used[*id],
                        ..resource
                    });
                }
                Node::Local(id) => {
                    let mut limit = Limit::NONE;
                    if let Some(local) = self.locals[id.0].as_ref().filter(|_| any) {
                        lifetimes.narrow_to_expression(&mut limit, &local.value);
                    }
                    lifetimes.set_local(*id, limit);
                }
                Node::Step(_) | Node::Variable(_) => {}
            }
        }
        // A part that could not be read, or a misspelt name, may use them.
        let broken = self.declarations.incomplete
            || self.declarations.steps().any(|step| step.broken)
            || self
                .declarations
                .resources()
                .any(|resource| resource.broken);
        if broken || !resolved.sound {
            return typed.0;
        }
        let bodies = declarations.body_ids();
        // Of a flow that nothing calls that is said, and not more.
        let run = bodies.filter(|body| self.is_run(*body));
        let ids: Vec<ResourceId> = run
            .flat_map(|body| declarations.resource_ids(body))
            .collect();
        for id in ids.into_iter().filter(|id| !used[*id]) {
            let resource = declarations.resource(id);
            let text = format!("nothing uses `{}`: it is not created", resource.address());
            self.problems
                .warning(codes::UNUSED_RESOURCE, resource.span, text);
        }
        typed.0
    }

    fn resource(
        &mut self,
        id: ResourceId,
        explicit: &[&Edge],
        lifetimes: &mut Lifetimes<'_>,
    ) -> Option<TResource> {
        let resource = self.declarations.resource(id);
        let description = self.description(resource.description.as_ref());
        let Some(at) = self.asset_of(id) else {
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
        let owner = ArgumentOwner {
            kind: &asset.name,
            span: resource.span,
            inputs: &asset.inputs,
            rules: &asset.rules,
            takes: &asset.uses,
            scope: None,
            arguments: resource.arguments.as_ref(),
            uses: resource.uses.as_ref(),
            broken: resource.broken,
            inputs_broken: false,
        };
        let mut arguments = self.arguments(&owner);
        let uses = self.uses(&owner);
        let mut limit = Limit::NONE;
        for (_, argument) in &arguments.list {
            lifetimes.narrow_to_expression(&mut limit, argument);
        }
        self.of_resources.insert(id, Rc::new(arguments.clone()));
        let taken = uses.iter().map(|(_, id, span)| (*id, *span));
        let on = explicit.iter().filter_map(|edge| match edge.to {
            Node::Resource(id) => Some((id, edge.cause)),
            _ => None,
        });
        for (other, span) in taken.chain(on) {
            lifetimes.narrow_to_resource(&mut limit, other, span);
        }
        for edge in explicit {
            if let Node::Step(step) = edge.to {
                lifetimes.narrow_to_step(&mut limit, step, edge.cause);
            }
        }
        let scope = self.scope(id, (asset.scope, &asset.scopes), &limit);
        lifetimes.set_resource(id, scope);
        let owner = ArgumentOwner {
            scope: Some(scope),
            ..owner
        };
        let rules = self.rules(&owner, &mut arguments, &uses, &TimeLimit::Unknown);
        let mut arguments = arguments.list;
        // Documents are no part of the program. They are looked at, also where no step selects anything in them.
        arguments.retain(|(place, _)| !asset.inputs[*place].is_read_when_built());
        self.declared_by(id);
        self.statements_of(id);
        let methods = self.methods(owner.selecting(None));
        self.show_methods(owner.selecting(None), Node::Resource(id));
        Some(TResource {
            asset: at,
            asset_name: resource.asset.text.clone(),
            name: resource.name.text.clone(),
            span: resource.span,
            sensitive: sensitivity::has_secret(&arguments, &asset.inputs, &self.locals)
                || sensitivity::reads_secret(rules.expressions(), &self.locals),
            rules,
            arguments,
            methods,
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
        let resource = self.declarations.resource(id);
        let may = |lifetime: Lifetime| allowed.contains(&lifetime);
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
                    false => nearest::advice(&word, names),
                    true => Some(
                        format!(
                            "it may have {}",
                            names
                                .map(|name| format!("\"{name}\""))
                                .collect::<Vec<_>>()
                                .join(", ")
                        )
                        .into(),
                    ),
                };
                let text = match known {
                    true => format!(
                        "{} cannot have the scope \"{word}\"",
                        with_article(&resource.asset.text)
                    ),
                    false => format!("there is no scope \"{word}\""),
                };
                self.error(codes::INVALID_SCOPE, span, text).advise(hint);
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
                problem.advise(hint.map(Hint::from));
            }
            return (*chosen).max(limit.lifetime);
        }
        let least = default.max(limit.lifetime);
        let fits = LIFETIMES
            .iter()
            .find(|(_, lifetime)| *lifetime >= least && may(*lifetime));
        if let Some((_, lifetime)) = fits {
            return *lifetime;
        }
        let text = format!(
            "{} cannot have the scope \"{}\", which it needs for what it reads",
            with_article(&resource.asset.text),
            name_of(least)
        );
        let problem = self.error(codes::INVALID_SCOPE, resource.span, text);
        if let Some((span, what)) = &limit.reads {
            problem.label(
                *span,
                format!("{what} has the scope \"{}\"", name_of(limit.lifetime)),
            );
        }
        problem.hint = Some("let it read only what lives as long as it does".to_owned());
        least
    }
}

/// Where a `uses` is wrong, a resource that nothing uses is most likely the one that was meant there.
pub(super) fn forget_unused_if_uses_are_wrong(problems: &mut Problems) {
    const OF_USES: [Code; 4] = [
        codes::NOT_A_RESOURCE,
        codes::WRONG_ASSET,
        codes::UNKNOWN_USE,
        codes::MISSING_USE,
    ];
    let mut all = problems.list.iter();
    if all.any(|problem| OF_USES.contains(&problem.code)) {
        let is_unused = |problem: &Problem| problem.code == codes::UNUSED_RESOURCE;
        problems.list.retain(|problem| !is_unused(problem));
    }
}

/// A resource of scope `run` lives on a thread of its own, and only its exports reach other threads. So it can be named in
/// `uses` only by resources of scope `run`.
pub(super) fn check_uses_of_run_assets(
    steps: &[Vec<Option<TStep>>],
    resources: &[Vec<Option<TResource>>],
    declarations: &Declarations,
    modules: &Modules,
    problems: &mut Problems,
) {
    // The problem of a resource without a type is reported already.
    let all = resources.iter().flatten();
    if !all.clone().all(Option::is_some) {
        return;
    }
    let resource = |id: &ResourceId| resources.get(id.body.0)?.get(id.index)?.as_ref();
    let of_run = |id: &ResourceId| resource(id).filter(|resource| resource.scope == Lifetime::Run);
    let steps = steps.iter().flatten().flatten();
    let elsewhere = all
        .flatten()
        .filter(|resource| resource.scope != Lifetime::Run);
    let uses = steps.flat_map(|step| &step.uses);
    let uses = uses.chain(elsewhere.flat_map(|resource| &resource.uses));
    let uses = uses.filter_map(|(_, id, span)| Some((*id, *span, of_run(id)?)));
    for (id, span, resource) in uses {
        let address = declarations.resource(id).address();
        let text = format!("`{address}` has the scope \"run\": only its exports can be used");
        let narrower = modules.asset(resource.asset).scopes.iter();
        let narrower = narrower.copied().find(|scope| *scope != Lifetime::Run);
        let name = LIFETIMES
            .iter()
            .find(|(_, lifetime)| Some(*lifetime) == narrower);
        let problem = problems.error(codes::INVALID_SCOPE, span, text);
        if let Some((name, _)) = name {
            problem.hint(format!("write `scope = \"{name}\"` in the resource"));
        }
    }
}
