//! Flows: what their inputs and outputs name, calls in a circle, and what a call of `main` reads through its flow.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::{Hint, Problems, codes, nearest};
use crate::source::Span;
use crate::syntax::decl::{Declarations, FlowDecl};

use super::model::{
    BodyGraph, BodyId, ByBody, Callee, Edge, EdgeKind, InputId, Instances, Node, Reference, StepId,
};
use super::reference::{Reads, Resolver, WRITTEN_OUT};
use super::traversal::Traversal;

/// The cure of a default that reads something.
const GIVEN_BY_THE_CALL: &str = "leave the default out: whoever calls the flow gives the value";

impl<'a> Resolver<'a> {
    /// Walks all but the steps and resources of a flow.
    pub(super) fn flow(&mut self, body: BodyId, flow: &'a FlowDecl) {
        for input in &flow.inputs {
            for (what, cure, expr) in [
                ("the default of an input", GIVEN_BY_THE_CALL, &input.default),
                (
                    "the description of an input",
                    WRITTEN_OUT,
                    &input.description,
                ),
                ("`sensitive` of an input", WRITTEN_OUT, &input.sensitive),
                ("`nullable` of an input", WRITTEN_OUT, &input.nullable),
            ] {
                self.owner_is(None, Reads::Nothing(what, cure));
                self.optional(expr.as_ref());
            }
        }
        for output in &flow.outputs {
            self.owner_is(None, Reads::Everything);
            self.owner.body = body;
            self.optional(output.value.as_ref());
            for (what, expr) in [
                ("the description of an output", &output.description),
                ("`sensitive` of an output", &output.sensitive),
            ] {
                self.owner_is(None, Reads::Nothing(what, WRITTEN_OUT));
                self.optional(expr.as_ref());
            }
        }
        self.owner_is(
            None,
            Reads::Nothing("the description of a flow", WRITTEN_OUT),
        );
        self.optional(flow.description.as_ref());
    }

    /// `input.NAME`
    pub(super) fn input(&mut self, here: &Traversal<'_, 'a>) {
        let body = self.own_body();
        let Some(flow) = self.declarations.flow(body) else {
            let text = "`input` exists only in a flow";
            self.problems
                .error(codes::REFERENCE_NOT_ALLOWED, here.span(), text)
                .hint("a value that is given when the program is run is `var.NAME`");
            return here.refer(self, 0, Reference::Error);
        };
        let Some(name) = self.one_name(here, "input.NAME") else {
            return;
        };
        let mut inputs = flow.inputs.iter();
        if let Some(index) = inputs.position(|input| input.name.text == name.text) {
            return here.refer(self, 1, Reference::Input(InputId { flow: body, index }));
        }
        if self.declarations.may_declare("input", &[&name.text]) {
            return here.refer(self, 0, Reference::Error);
        }
        let known = flow.inputs.iter().map(|input| input.name.text.as_str());
        let hint = nearest::nearest(&name.text, known)
            .map(|near| Hint::meant(format!("input.{near}")).at(here.upto(1)))
            .unwrap_or_else(|| {
                format!("declare it in the flow: `input \"{}\" {{}}`", name.text).into()
            });
        let flow_name = &self.declarations.body(body).name.text;
        let text = format!("the flow `{flow_name}` has no input `{}`", name.text);
        self.unknown_name(here, (codes::UNKNOWN_INPUT, name.span), Some(hint), || text);
    }
}

/// Reports flows that call themselves, also through others. The call that closes the circle is no call any more.
pub(super) fn report_cycles(
    declarations: &Declarations,
    callees: &mut ByBody<Option<Callee>>,
    problems: &mut Problems,
) {
    let mut done: BTreeSet<BodyId> = BTreeSet::new();
    let flows: Vec<BodyId> = declarations.flows().map(|(id, _)| id).collect();
    for start in flows {
        // The steps on the way that call the next flow, and which step of each flow is looked at next.
        let mut way: Vec<(BodyId, usize)> = vec![(start, 0)];
        while let Some((body, next)) = way.last_mut() {
            let (body, index) = (*body, *next);
            *next += 1;
            if done.contains(&body) || index >= declarations.body(body).steps.len() {
                done.insert(body);
                way.pop();
                continue;
            }
            let step = StepId { body, index };
            let Some(Callee::Flow(called)) = callees[step] else {
                continue;
            };
            match way.iter().position(|(on_way, _)| *on_way == called) {
                Some(first) => {
                    report_cycle(declarations, &way[first..], problems);
                    callees[step] = None;
                }
                None => way.push((called, 0)),
            }
        }
    }
}

/// `ring` holds each flow with the number of its calling step, plus one.
fn report_cycle(declarations: &Declarations, ring: &[(BodyId, usize)], problems: &mut Problems) {
    let calls = ring.iter().map(|(body, next)| {
        let step = StepId {
            body: *body,
            index: next.saturating_sub(1),
        };
        (*body, declarations.step(step).span)
    });
    let calls: Vec<(BodyId, Span)> = calls.collect();
    let Some((_, last)) = calls.last() else {
        return;
    };
    let name = |body: BodyId| format!("`{}`", declarations.body(body).shown_name());
    let names = ring.iter().chain(ring.first()).map(|(body, _)| name(*body));
    let names: Vec<String> = names.collect();
    let text = match ring.len() {
        1 => format!("the flow {} calls itself", names[0]),
        _ => format!("these flows call each other: {}", names.join(" -> ")),
    };
    let problem = problems.error(codes::DEPENDENCY_CYCLE, *last, text);
    if ring.len() > 1 {
        for ((_, span), pair) in calls.iter().zip(names.windows(2)) {
            problem.label(*span, format!("{} calls {}", pair[0], pair[1]));
        }
    }
    problem.hint("a flow ends only if it does not call itself: repeat a step instead");
}

/// A step of `main` that calls a flow reads what the flow reads at the top of the grid: these are edges of its own, so a
/// local that reads its output is computed after what the flow needs.
pub(super) fn read_through(
    declarations: &Declarations,
    callees: &ByBody<Option<Callee>>,
    graphs: &mut [BodyGraph],
) {
    let mut read: BTreeMap<BodyId, BTreeSet<Node>> = BTreeMap::new();
    let mut added = Vec::new();
    for id in declarations.step_ids(BodyId::MAIN) {
        let Some(Callee::Flow(flow)) = callees[id] else {
            continue;
        };
        for to in top_of(flow, (declarations, callees, graphs), &mut read) {
            added.push(Edge {
                from: Node::Step(id),
                to,
                instances: Instances::All,
                cause: declarations.step(id).runner.span,
                kind: EdgeKind::Implicit,
            });
        }
    }
    if let Some(main) = graphs.first_mut() {
        main.edges.extend(added);
    }
}

/// What a flow, and each that it calls, reads at the top of the grid. (There are no circles of calls.)
fn top_of(
    flow: BodyId,
    of: (&Declarations, &ByBody<Option<Callee>>, &[BodyGraph]),
    known: &mut BTreeMap<BodyId, BTreeSet<Node>>,
) -> BTreeSet<Node> {
    if let Some(known) = known.get(&flow) {
        return known.clone();
    }
    let (declarations, callees, graphs) = of;
    let graph = &graphs[flow.0];
    let outputs = graph.read_by_outputs.iter().map(|(to, _)| *to);
    let read = graph.edges.iter().map(|edge| edge.to).chain(outputs);
    let top = read.filter(|to| !matches!(to, Node::Step(_)) && to.body() == BodyId::MAIN);
    let mut all: BTreeSet<Node> = top.collect();
    for id in declarations.step_ids(flow) {
        if let Some(Callee::Flow(called)) = callees[id] {
            all.extend(top_of(called, of, known));
        }
    }
    known.insert(flow, all.clone());
    all
}
