//! Flows: their inputs with types, and their outputs, whose types are inferred. To whoever calls it a flow is a runner.
//!
//! The outputs of a flow are typed when the first call of it is met, since a local may read a call. What a caller hands over
//! may be sensitive, and the flow is checked before its callers: so a grid with flows is checked again whenever a call
//! turned out to hand over a secret that the flow did not know of.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use bggo_manifest::{ErrorKind, Form, Input, Output, Runner, When};
use bggo_values::{Type, Value};

use crate::diagnostics::codes;
use crate::resolve::model::{BodyId, Callee, InputId, Node, StepId};
use crate::source::Span;
use crate::syntax::decl::{Expr, ExprKind, InputDecl, OutputDecl};

use super::called::RunnerRef;
use super::expression::context::{Checker, KNOWN_WHEN_BUILT, error};
use super::parts::{collects, has_attempts, metrics_of_attempts};

use super::typed::{Binding, Sensitivity, TExpr, TFlow, TKind};
use super::typed_parts::collecting;

/// The most steps that a body comes to with those of the flows that it calls.
const MOST_STEPS_OF_CALLS: u64 = 100_000;

impl<'a> Checker<'a> {
    /// The inputs of all flows.
    pub(super) fn all_inputs(&mut self) {
        let declarations = self.declarations;
        for (flow, declared) in declarations.flows() {
            let inputs = declared.inputs.iter();
            let inputs: Vec<Input> = inputs.map(|input| self.flow_input(input)).collect();
            self.flow_inputs[flow.0] = inputs;
        }
        for (mix, declared) in declarations.flows() {
            for (index, input) in declared.inputs.iter().enumerate() {
                if let Some((flow, name)) = &input.stands_for
                    && let Some(of_flow) = self.input_of_choice(mix, flow, name)
                {
                    let name = input.name.text.clone();
                    self.flow_inputs[mix.0][index] = Input { name, ..of_flow };
                }
            }
        }
    }

    /// The input of a flow that a mix names.
    fn input_of_choice(&self, mix: BodyId, flow: &str, input: &str) -> Option<Input> {
        let mut steps = self.declarations.step_ids(mix);
        let step = steps.find(|step| self.declarations.step(*step).name.text == flow)?;
        let Callee::Flow(called) = self.callee_of(step)? else {
            return None;
        };
        let mut inputs = self.flow_inputs[called.0].iter();
        inputs.find(|one| one.name == input).cloned()
    }

    fn flow_input(&mut self, input: &InputDecl) -> Input {
        let ty = input.ty.as_ref().map_or(Type::Any, |ty| ty.ty.clone());
        let mut flag = |expr, what| {
            let known = Option::and_then(expr, |expr| self.known(expr, &Type::Bool, what));
            matches!(known, Some(Value::Bool(true)))
        };
        let sensitive = flag(input.sensitive.as_ref(), "`sensitive`");
        let unread = input.nullable.as_ref();
        let unread = unread.is_some_and(|nullable| !nullable.is_whole());
        let nullable = flag(input.nullable.as_ref(), "`nullable`") || unread;
        let description = self.description(input.description.as_ref());
        let default = input.default.as_ref().map(|expr| {
            let what = format!("the default of `{}`", input.name.text);
            let typed = self.infer_wanted(expr, &ty);
            let typed = self.convert(typed, &ty, &what);
            if typed.is_null() && !nullable {
                let text = format!("{what} is null, and the input takes no null");
                self.error(codes::INVALID_DEFAULT, typed.span, text)
                    .hint("write `nullable = true` in the input, or another default");
            } else if !typed.is_error() && typed.constant().is_none() {
                let text = format!("{what} must be known when the grid is built");
                self.error(codes::NOT_CONSTANT, typed.span, text)
                    .hint(KNOWN_WHEN_BUILT);
            }
            typed.constant().cloned().unwrap_or(Value::Null)
        });
        Input {
            name: input.name.text.clone(),
            ty,
            required: default.is_none(),
            nullable,
            default,
            one_of: Vec::new(),
            links: Vec::new(),
            bounds: Vec::new(),
            pattern: None,
            key_pattern: None,
            form: Form::Plain,
            reads: Vec::new(),
            found_by: None,
            is_switch: false,
            selects: None,
            streams: false,
            type_from: None,
            shape: false,
            shown: false,
            sensitive,
            description: description.unwrap_or_default(),
        }
    }

    /// `input.NAME`
    pub(in crate::check) fn input_value(&self, id: InputId, span: Span) -> TExpr {
        let inputs = self.flow_inputs.get(id.flow.0);
        let Some(input) = inputs.and_then(|inputs| inputs.get(id.index)) else {
            return error(span);
        };
        if input.ty == Type::Error {
            return error(span);
        }
        TExpr {
            kind: TKind::Input(id),
            ty: input.ty.clone(),
            binding: Binding::Iteration,
            sensitivity: match input.sensitive {
                true => Sensitivity::whole(),
                false => self.found.of(id),
            },
            span,
        }
    }

    /// What a step runs, if that is known.
    pub(in crate::check) fn runner_of(&mut self, id: StepId) -> Option<RunnerRef<'a>> {
        let runner = match self.callee_of(id)? {
            Callee::Runner(at) => RunnerRef::Module(self.modules.runner(at)),
            Callee::Flow(flow) => RunnerRef::Flow(self.flow(flow)?.runner),
        };
        Some(self.with_parts(id, runner))
    }

    /// The same with what the parts of a step add to it: the output `collected`, and metrics of its attempts.
    fn with_parts(&self, id: StepId, runner: RunnerRef<'a>) -> RunnerRef<'a> {
        let parts = &self.declarations.step(id).parts;
        if !has_attempts(parts) {
            return runner;
        }
        let mut own = match collects(parts) {
            true => collecting(&runner),
            false => (*runner).clone(),
        };
        own.metrics.extend(metrics_of_attempts());
        RunnerRef::Flow(Rc::new(own))
    }

    /// The same of a step that some expression before has read, or after all flows were checked.
    pub(in crate::check) fn known_runner_of(&self, id: StepId) -> Option<RunnerRef<'a>> {
        let runner = match self.callee_of(id)? {
            Callee::Runner(at) => RunnerRef::Module(self.modules.runner(at)),
            Callee::Flow(flow) => {
                let known = self.flows.get(flow.0)?.as_ref()?;
                RunnerRef::Flow(known.runner.clone())
            }
        };
        Some(self.with_parts(id, runner))
    }

    /// Whether a step calls a flow of which a part could not be read, which is reported.
    pub(in crate::check) fn calls_broken_flow(&self, id: StepId) -> bool {
        match self.callee_of(id) {
            Some(Callee::Flow(flow)) => {
                let declared = self.declarations.flow(flow);
                declared.is_some_and(|flow| flow.broken)
            }
            _ => false,
        }
    }

    /// What is sensitive of an output of a step.
    pub(in crate::check) fn sensitivity_of_output(&self, id: StepId, output: usize) -> Sensitivity {
        let step = self.declarations.step(id);
        let says_so = |expr: &Expr| !matches!(expr.kind, ExprKind::Bool(false));
        if step.sensitive.as_ref().is_some_and(says_so) {
            return Sensitivity::whole();
        }
        if collects(&step.parts) {
            // What is collected may be of any output.
            let own = self.known_runner_of(id);
            let outputs = own.as_ref().map_or(0, |runner| runner.outputs.len()) - 1;
            if output == outputs {
                let mut all = (0..outputs).map(|at| self.sensitivity_of_runners_output(id, at));
                return Sensitivity::whole_if(all.any(|one| one.any()));
            }
        }
        self.sensitivity_of_runners_output(id, output)
    }

    fn sensitivity_of_runners_output(&self, id: StepId, output: usize) -> Sensitivity {
        match self.callee_of(id) {
            Some(Callee::Runner(at)) => {
                let output = self.modules.runner(at).outputs.get(output);
                Sensitivity::whole_if(output.is_some_and(|output| output.sensitive))
            }
            Some(Callee::Flow(flow)) => {
                let known = self.flows.get(flow.0).and_then(Option::as_ref);
                let output = known.and_then(|flow| flow.outputs.get(output));
                output.map_or(Sensitivity::NONE, |output| output.sensitivity.clone())
            }
            None => Sensitivity::NONE,
        }
    }

    /// All flows that no call was met of yet.
    pub(super) fn all_flows(&mut self) {
        for (id, _) in self.declarations.flows() {
            self.flow(id);
        }
    }

    /// A flow with the types of its outputs. (No flow calls itself: that is reported, and such a call calls nothing.)
    fn flow(&mut self, id: BodyId) -> Option<TFlow> {
        if let Some(known) = self.flows.get(id.0)? {
            return Some(known.clone());
        }
        let declared = self.declarations.flow(id)?;
        let outside = self.leave_surroundings();
        let body = self.declarations.body(id);
        if body.steps.is_empty() && !declared.broken && !self.declarations.incomplete {
            let text = format!("the flow `{}` has no step", body.name.text);
            self.error(codes::NO_STEPS, body.span, text)
                .hint("a value that needs no step is a local: `locals { NAME = .. }`");
        }
        self.instances_in(id);
        let outputs = declared.outputs.iter();
        let outputs: Vec<TExpr> = outputs.map(|output| self.flow_output(output)).collect();
        self.restore_surroundings(outside);
        let named = declared.outputs.iter().zip(&outputs);
        let runner = Runner {
            name: self.declarations.body(id).shown_name().to_owned(),
            description: String::new(),
            uses: Vec::new(),
            inputs: self.flow_inputs.get(id.0).cloned().unwrap_or_default(),
            rules: Vec::new(),
            outputs: named
                .map(|(declared, value)| Output {
                    name: declared.name.text.clone(),
                    ty: value.ty.clone(),
                    type_from: None,
                    validated_by: None,
                    comes_late: false,
                    description: String::new(),
                    sensitive: value.sensitivity.is_whole(),
                })
                .collect(),
            metrics: Vec::new(),
            errors: vec![ErrorKind {
                name: "flow".to_owned(),
                description: "a step of it failed".to_owned(),
            }],
            // What its steps do is looked at instead.
            no_effect_without: None,
            meant_for_setup: None,
            blocks: When::Never,
            opens: None,
            closes: None,
            late_result: When::Never,
            stamps: None,
            reads_stamps: false,
        };
        let flow = TFlow {
            runner: Rc::new(runner),
            outputs,
        };
        self.flows[id.0] = Some(flow.clone());
        Some(flow)
    }

    fn flow_output(&mut self, output: &OutputDecl) -> TExpr {
        let sensitive = output.sensitive.as_ref();
        let sensitive = sensitive.and_then(|expr| self.known(expr, &Type::Bool, "`sensitive`"));
        self.description(output.description.as_ref());
        let Some(value) = &output.value else {
            return error(output.span);
        };
        let mut value = self.infer(value);
        if matches!(sensitive, Some(Value::Bool(true))) {
            value.sensitivity = Sensitivity::whole();
        }
        value
    }

    /// The instances of the steps of a body, once.
    pub(super) fn instances_in(&mut self, body: BodyId) {
        if !self.instanced.insert(body) {
            return;
        }
        for node in self.order_of(body) {
            if let Node::Step(id) = *node {
                let instances = self.instances_of(id);
                self.instances[id] = instances;
            }
        }
    }

    /// Notes what a call hands over that is sensitive.
    pub(super) fn hands_over(&mut self, id: StepId, arguments: &[(usize, TExpr)]) {
        let Some(Callee::Flow(flow)) = self.callee_of(id) else {
            return;
        };
        for (index, value) in arguments {
            let index = *index;
            self.found.add(InputId { flow, index }, &value.sensitivity);
        }
    }

    /// Reports bodies whose calls come to too many steps: each step of each call has figures of its own.
    pub(super) fn many_calls(&mut self) {
        let declarations = self.declarations;
        let mut known: BTreeMap<BodyId, u64> = BTreeMap::new();
        let bodies = declarations.body_ids();
        let run = bodies.filter(|id| declarations.flow(*id).is_none());
        for body in run {
            let steps = self.steps_reached(body, &mut known);
            if steps <= MOST_STEPS_OF_CALLS {
                continue;
            }
            let calls = declarations.step_ids(body).filter_map(|id| {
                let Some(Callee::Flow(flow)) = self.callee_of(id) else {
                    return None;
                };
                Some((known.get(&flow).copied()?, id))
            });
            // The first of those that come to most.
            let most = calls.max_by_key(|(steps, id)| (*steps, std::cmp::Reverse(id.index)));
            let Some((_, id)) = most else { continue };
            let text = format!(
                "the flows that are called here come to {steps} steps, and {MOST_STEPS_OF_CALLS} are the most"
            );
            self.error(codes::TOO_LARGE, declarations.step(id).span, text)
                .hint("each step has figures of its own for each call: give a call `count` or `for_each`, whose instances share them");
        }
    }

    /// How many steps a body has, with those of the flows that it calls.
    fn steps_reached(&self, body: BodyId, known: &mut BTreeMap<BodyId, u64>) -> u64 {
        if let Some(known) = known.get(&body) {
            return *known;
        }
        let mut all = 0_u64;
        for id in self.declarations.step_ids(body) {
            all = all.saturating_add(1);
            if let Some(Callee::Flow(flow)) = self.callee_of(id) {
                all = all.saturating_add(self.steps_reached(flow, known));
            }
        }
        known.insert(body, all);
        all
    }

    /// Whether somebody runs a body: it is no flow, or one that is called on the way from one that is none.
    pub(in crate::check) fn is_run(&self, body: BodyId) -> bool {
        self.run.contains(&body)
    }

    /// The bodies that somebody runs.
    pub(super) fn run_bodies(&self) -> BTreeSet<BodyId> {
        let declarations = self.declarations;
        let bodies = declarations.body_ids();
        let mut open: Vec<BodyId> = bodies
            .filter(|body| declarations.flow(*body).is_none())
            .collect();
        let mut run = BTreeSet::new();
        while let Some(body) = open.pop() {
            if run.insert(body) {
                let steps = declarations.step_ids(body);
                open.extend(steps.filter_map(|id| match self.callee_of(id) {
                    Some(Callee::Flow(flow)) => Some(flow),
                    _ => None,
                }));
            }
        }
        run
    }

    /// Bodies, each before the flows that it calls: what a call hands over is known before the flow is checked.
    pub(super) fn callers_first(&self) -> Vec<BodyId> {
        let mut after = Vec::new();
        let mut seen = BTreeSet::new();
        for body in self.declarations.body_ids() {
            self.add_after_callees(body, (&mut after, &mut seen));
        }
        after.reverse();
        after
    }

    /// (There are no circles of calls.)
    fn add_after_callees(
        &self,
        body: BodyId,
        (after, seen): (&mut Vec<BodyId>, &mut BTreeSet<BodyId>),
    ) {
        if !seen.insert(body) {
            return;
        }
        for id in self.declarations.step_ids(body) {
            if let Some(Callee::Flow(flow)) = self.callee_of(id) {
                self.add_after_callees(flow, (after, seen));
            }
        }
        after.push(body);
    }

    /// Warns of flows that nothing calls.
    pub(super) fn unused_flows(&mut self, sound: bool) {
        let declarations = self.declarations;
        if !sound || declarations.incomplete {
            return;
        }
        let steps = declarations.body_ids();
        let steps = steps.flat_map(|body| declarations.step_ids(body));
        let called: Vec<Callee> = steps.filter_map(|id| self.callee_of(id)).collect();
        for (id, _) in declarations.flows() {
            if !called.contains(&Callee::Flow(id)) {
                let body = declarations.body(id);
                let name = &body.name.text;
                self.problems
                    .warning(
                        codes::UNUSED_FLOW,
                        body.span,
                        format!("nothing calls the flow `{name}`"),
                    )
                    .hint(format!(
                        "a step calls it: `step \"{name}\" \"NAME\" {{ arguments {{ .. }} }}`"
                    ));
            }
        }
    }
}
