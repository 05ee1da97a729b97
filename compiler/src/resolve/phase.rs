//! What runs before and after the iterations: who reads its outputs, and what it needs itself, which must be there when it
//! runs.

use std::collections::BTreeSet;

use crate::diagnostics::{Hint, Problems, codes, nearest};
use crate::source::Span;
use crate::syntax::decl::{Declarations, Phase};

use super::model::{
    BodyGraph, BodyId, ByBody, Callee, Edge, EdgeKind, Instances, Node, Reference, StepId,
};
use super::reference::Resolver;
use super::scope::{Stands, has_run};
use super::traversal::{Traversal, name_at};

impl<'a> Resolver<'a> {
    /// `setup.step.RUNNER.NAME` and `vu_setup.step.RUNNER.NAME`
    pub(super) fn phase_step(&mut self, phase: Phase, here: &Traversal<'_, 'a>) {
        let form = format!("{phase}.step.RUNNER.NAME");
        let inner = Traversal {
            nodes: here.nodes.get(1..).unwrap_or_default(),
            first: here.second,
            second: name_at(here.nodes, 3),
        };
        let is_step = here.first.is_some_and(|name| name.text == "step");
        let (Some(runner), Some(name), true) = (inner.first, inner.second, is_step) else {
            here.refer(self, 0, Reference::Error);
            let hint = match (here.first, here.second) {
                (Some(runner), Some(name)) if !is_step => {
                    let bodies = self.names.readable(self.own_body(), phase);
                    let mut bodies = bodies.into_iter();
                    let found = bodies
                        .find(|body| self.names.step(*body, &runner.text, &name.text).is_some());
                    found.map(|_| {
                        let written = format!("{phase}.step.{}.{}", runner.text, name.text);
                        Hint::meant(written).at(here.upto(2))
                    })
                }
                _ => None,
            };
            let text = format!("expected `{form}`");
            let problem = self
                .problems
                .error(codes::INVALID_REFERENCE, here.span(), text);
            problem.advise(hint);
            return;
        };
        let bodies = self.names.readable(self.own_body(), phase);
        let found = bodies
            .iter()
            .find_map(|body| self.names.step(*body, &runner.text, &name.text));
        if let Some(id) = found {
            inner.refer(self, 2, Reference::Step(id));
            let (instances, span) = inner.instances();
            self.reads(Node::Step(id), instances, span);
            return;
        }
        here.refer(self, 0, Reference::Error);
        let may_be_declared = self
            .declarations
            .may_declare("step", &[&runner.text, &name.text]);
        let own = self.names.step(self.own_body(), &runner.text, &name.text);
        let shorter = own.map(|_| {
            let written = format!("step.{}.{}", runner.text, name.text);
            Hint::write(written).at(inner.upto(2))
        });
        if may_be_declared || self.too_early(phase, (here.upto(0), shorter)) {
            return;
        }
        let mut known: Vec<String> = Vec::new();
        for body in &bodies {
            let steps = &self.declarations.body(*body).steps;
            known.extend(
                steps
                    .iter()
                    .map(|step| format!("{}.{}", step.runner.text, step.name.text)),
            );
        }
        let written = format!("{}.{}", runner.text, name.text);
        let near = nearest::nearest(&written, known.iter().map(String::as_str));
        let hint = match near {
            Some(near) => Some(Hint::meant(format!("{phase}.step.{near}")).at(inner.upto(2))),
            None if let Some(scenario) = self.scenario_with(phase, (&runner.text, &name.text)) => {
                Some(scenario)
            }
            None if bodies.is_empty() => Some(format!("there is no block `{phase}`").into()),
            None => nearest::advice(&written, known.iter().map(String::as_str)),
        };
        let place = (codes::UNKNOWN_STEP, runner.span.to(name.span));
        let text = format!("`{phase}` has no step `{written}`");
        self.unknown_name(here, place, hint, || text);
    }

    /// That the phase of a scenario has such a step, which that scenario alone reads.
    pub(super) fn scenario_with(&self, phase: Phase, (runner, name): (&str, &str)) -> Option<Hint> {
        let mut phases = self.declarations.phases();
        let (_, _, found) = phases.find(|(body, of, declared)| {
            let is_there = self.names.step(*body, runner, name).is_some();
            *of == phase && declared.owner != BodyId::MAIN && is_there
        })?;
        let scenario = &self.declarations.body(found.owner).name.text;
        let words = format!(
            "it is a step of the `{phase}` of the scenario `{scenario}`, and that scenario alone reads it"
        );
        Some(words.into())
    }

    /// Whether the owner runs before the outputs of a phase are there; then that is reported.
    fn too_early(&mut self, phase: Phase, (span, shorter): (Span, Option<Hint>)) -> bool {
        let Some(reader) = self.declarations.phase_of(self.own_body()) else {
            return false;
        };
        if has_run((phase, BodyId::MAIN), Some(reader)) {
            return false;
        }
        let (text, hint) = match (phase, reader.0) {
            (phase, reader) if phase == reader => (
                format!("`{phase}` reads its own steps by a shorter name"),
                shorter.unwrap_or_else(|| "its own are `step.RUNNER.NAME.output`".into()),
            ),
            (_, reader) => (
                format!("`{reader}` belongs to the whole run, and `{phase}` to one user"),
                "what both need is done in `setup`".into(),
            ),
        };
        self.problems
            .error(codes::REFERENCE_NOT_ALLOWED, span, text)
            .advise(Some(hint));
        true
    }

    /// `teardown.step…` and `vu_teardown.step…`, which nobody can read.
    pub(super) fn after_all(&mut self, name: &str, here: &Traversal<'_, 'a>) {
        here.refer(self, 0, Reference::Error);
        let text = format!("nothing reads the outputs of `{name}`: it runs last");
        self.problems
            .error(codes::REFERENCE_NOT_ALLOWED, here.upto(0), text)
            .hint("what runs before the iterations is read: `setup.step.RUNNER.NAME.output`");
    }

    /// `vu.id`, `scenario.iteration` and the like in a phase; `true` where they have no meaning, which is reported.
    pub(super) fn is_outside(&mut self, root: &str, here: &Traversal<'_, 'a>) -> bool {
        let Some((phase, owner)) = self.declarations.phase_of(self.own_body()) else {
            return false;
        };
        let is_iteration = here.first.is_some_and(|name| name.text == "iteration");
        let has_scenario = phase.is_of_users() || owner != BodyId::MAIN;
        let text = match root {
            _ if is_iteration => format!("`{phase}` belongs to no iteration"),
            "scenario" if has_scenario => return false,
            "scenario" => format!("this `{phase}` belongs to no scenario"),
            _ if phase.is_of_users() => return false,
            _ => format!("`{phase}` runs once, and not for a user"),
        };
        here.refer(self, 0, Reference::Error);
        self.problems
            .error(codes::REFERENCE_NOT_ALLOWED, here.span(), text)
            .advise(
                (root == "vu")
                    .then(|| "`vu_setup` and `vu_teardown` run once for each user".into()),
            );
        true
    }
}

/// Reports what phases need, through locals, resources and flows, that is not there yet when they run; and says of locals what
/// the phases that they read need, so that this is typed before them.
pub(super) fn report_and_order(
    declarations: &Declarations,
    callees: &ByBody<Option<Callee>>,
    graphs: &mut [BodyGraph],
    problems: &mut Problems,
) {
    let mut needs: Vec<(BodyId, BTreeSet<Node>)> = Vec::new();
    for (body, phase, declared) in declarations.phases() {
        let stands = (phase, declared.owner);
        let reached = reach(body, (declarations, callees, graphs));
        let is_sound = report(declarations, (body, stands), &reached, problems);
        if is_sound {
            let nodes = reached.into_iter().map(|reached| reached.node);
            needs.push((body, nodes.collect()));
        }
    }
    let Some(main) = graphs.first_mut() else {
        return;
    };
    let mut added = Vec::new();
    for edge in &main.edges {
        let (Node::Local(_), Node::Step(read)) = (edge.from, edge.to) else {
            continue;
        };
        let found = needs.iter().find(|(body, _)| *body == read.body);
        let locals = found.into_iter().flat_map(|(_, nodes)| nodes);
        let locals = locals.filter(|node| matches!(node, Node::Local(_) | Node::Variable(_)));
        added.extend(locals.map(|to| Edge {
            from: edge.from,
            to: *to,
            instances: Instances::All,
            cause: edge.cause,
            kind: EdgeKind::Implicit,
        }));
    }
    main.edges.extend(added);
}

/// What a body needs.
struct Reached {
    node: Node,
    /// The place in the body that causes it.
    cause: Span,
    /// What stands there, if it is not the node itself.
    through: Option<Node>,
    /// The flow that is called there, if it is one.
    flow: Option<BodyId>,
}

/// All that a body needs, also through what it names and through flows that it calls, but for its own steps.
fn reach(
    body: BodyId,
    (declarations, callees, graphs): (&Declarations, &ByBody<Option<Callee>>, &[BodyGraph]),
) -> Vec<Reached> {
    let mut all: Vec<Reached> = Vec::new();
    let mut seen: BTreeSet<Node> = BTreeSet::new();
    let mut called: BTreeSet<BodyId> = BTreeSet::new();
    // Bodies whose edges are to be followed, with the place of the call.
    let mut open: Vec<(BodyId, Option<(Span, BodyId)>)> = vec![(body, None)];
    while let Some((at, call)) = open.pop() {
        let graph = &graphs[at.0];
        let edges = graph.edges.iter();
        let edges = edges.filter(|edge| matches!(edge.from, Node::Step(_)));
        let edges = edges.map(|edge| (edge.to, edge.cause));
        let outputs = graph.read_by_outputs.iter().copied();
        for (node, cause) in edges.chain(outputs) {
            let is_own = matches!(node, Node::Step(id) if id.body == at);
            if !is_own && seen.insert(node) {
                all.push(Reached {
                    node,
                    cause: call.map_or(cause, |(call, _)| call),
                    through: None,
                    flow: call.map(|(_, flow)| flow),
                });
            }
        }
        for id in declarations.step_ids(at) {
            if let Some(Callee::Flow(flow)) = callees[id]
                && called.insert(flow)
            {
                let place = call.unwrap_or((declarations.step(id).runner.span, flow));
                open.push((flow, Some(place)));
            }
        }
    }
    let mut next = 0;
    while let Some(reached) = all.get(next) {
        let (node, cause, flow) = (reached.node, reached.cause, reached.flow);
        let through = Some(reached.through.unwrap_or(node));
        next += 1;
        if matches!(node, Node::Step(_)) {
            continue;
        }
        for edge in &graphs[node.body().0].edges {
            if edge.from == node && seen.insert(edge.to) {
                all.push(Reached {
                    node: edge.to,
                    cause,
                    through,
                    flow,
                });
            }
        }
    }
    all
}

/// Reports steps among what a phase needs that have not run. Says whether there are none.
fn report(
    declarations: &Declarations,
    (body, stands): (BodyId, Stands),
    reached: &[Reached],
    problems: &mut Problems,
) -> bool {
    let mut is_sound = true;
    for Reached {
        node,
        cause,
        through,
        flow,
    } in reached
    {
        let Node::Step(id) = *node else { continue };
        let of = declarations.phase_of(id.body);
        if id.body != body && of.is_some_and(|of| has_run(of, Some(stands))) {
            continue;
        }
        is_sound = false;
        let step = declarations.full_address(id);
        let what = match (flow, through) {
            (Some(flow), _) => format!("the flow `{}`", declarations.body(*flow).name.text),
            (None, Some(Node::Local(id))) => {
                format!("`local.{}`", declarations.locals[id.0].name.text)
            }
            (None, Some(Node::Resource(id))) => {
                format!("`{}`", declarations.resource(*id).address())
            }
            (None, _) => "this".to_owned(),
        };
        let phase = stands.0;
        let (text, hint) = if id.body == body {
            (
                format!("{what} reads `{step}`, so `{phase}` would need its own result"),
                "what a phase needs itself reads nothing of it",
            )
        } else {
            (
                format!("{what} reads `{step}`, which has not run where `{phase}` runs"),
                "a phase reads its own steps, variables, and what runs before it",
            )
        };
        problems
            .error(codes::REFERENCE_NOT_ALLOWED, *cause, text)
            .hint(hint);
    }
    is_sound
}

impl Declarations {
    /// As others refer to a step: `step.RUNNER.NAME`, of a phase `setup.step.RUNNER.NAME`.
    pub fn full_address(&self, id: StepId) -> String {
        let address = self.step(id).address();
        match self.phase_of(id.body) {
            Some((phase, _)) => format!("{phase}.{address}"),
            None => address,
        }
    }
}
