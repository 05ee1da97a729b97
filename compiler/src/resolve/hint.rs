//! Hints for names that are not declared.

use crate::diagnostics::{Hint, nearest};
use crate::syntax::decl::{BodyKind, Name, Phase};

use super::model::{BodyId, Node, StepId};
use super::reference::{Reads, Resolver};
use super::root::ROOTS;
use super::traversal::Traversal;

/// Words that people write for some of the known ones.
const ROOTS_ELSEWHERE: &[(&str, &str)] = &[
    ("variable", "var"),
    ("variables", "var"),
    ("vars", "var"),
    ("locals", "local"),
    ("steps", "step"),
    ("resources", "resource"),
    ("iteration", "vu"),
    ("module", "path"),
];

/// Words that k6 has for values that have an address here.
const VALUES_ELSEWHERE: &[(&str, &str)] = &[
    ("__VU", "vu.id"),
    ("__ITER", "vu.iteration"),
    ("exec", "vu.id"),
];

/// The metrics of k6 and Gatling, and what has their figures.
const METRICS_ELSEWHERE: &[(&str, &str)] = &[
    (
        "http_req_duration",
        "a request's time is `metrics.http_request.NAME.response_time.p95`, that of all iterations `metrics.run.response_time.p95`",
    ),
    (
        "http_req_failed",
        "the share of failures is `metrics.run.failed.ratio`",
    ),
    (
        "http_reqs",
        "requests are counted by `metrics.http_request.NAME.started.count`",
    ),
    (
        "iteration_duration",
        "the time of iterations is `metrics.run.response_time.p95`",
    ),
    (
        "iterations",
        "iterations are counted by `metrics.run.started.count`",
    ),
    (
        "checks",
        "a check is judged where it stands: `metrics.RUNNER.NAME.checks[\"CHECK\"].ratio`",
    ),
    ("global", "the figures of all iterations are `metrics.run`"),
    (
        "errors",
        "the share of failures is `metrics.run.failed.ratio`",
    ),
];

/// Where figures stand that another tool calls so.
pub(super) fn metric_elsewhere(name: &str) -> Option<&'static str> {
    let mut all = METRICS_ELSEWHERE.iter();
    all.find(|(other, _)| *other == name)
        .map(|(_, words)| *words)
}

impl<'a> Resolver<'a> {
    /// The step that was probably meant.
    pub(super) fn step_hint(&self, runner: &Name, name: &Name) -> Option<Hint> {
        let body = self.own_body();
        let called = self.names.steps_called(body, &name.text).iter();
        let mut called = called.filter(|id| !self.is_owner(Some(**id)));
        if let Some(id) = called.next() {
            let full = self.declarations.step(*id).address();
            return Some(Hint::meant(full));
        }
        if self
            .names
            .resource(body, &runner.text, &name.text)
            .is_some()
        {
            let written = format!("resource.{}.{}", runner.text, name.text);
            let words = format!("it is a resource: write `{written}`");
            return Some(Hint::write(written).saying(words));
        }
        // `step.login.output.body`: the runner was left out.
        if let [only] = self.names.steps_called(body, &runner.text) {
            let full = self.declarations.step(*only).address();
            return Some(Hint::meant(format!("{full}.{}", name.text)));
        }
        for phase in [Phase::Setup, Phase::VuSetup] {
            let mut bodies = self.names.readable(body, phase).into_iter();
            if bodies.any(|it| self.names.step(it, &runner.text, &name.text).is_some()) {
                let written = format!("{phase}.step.{}.{}", runner.text, name.text);
                let words = format!("it is a step of `{phase}`: write `{written}`");
                return Some(Hint::write(written).saying(words));
            }
        }
        if let Some(other) = self.names.other_body_with(body, &runner.text, &name.text) {
            let other = self.declarations.body(other);
            return Some(match other.kind {
                BodyKind::Main if let Some((phase, _)) = self.declarations.phase_of(body) => {
                    format!("`{phase}` reads its own steps, and what runs before it").into()
                }
                BodyKind::Main => {
                    "it stands outside of all scenarios: a scenario reads its own steps".into()
                }
                BodyKind::Scenario => format!(
                    "it is a step of the scenario `{}`, and only steps and resources of that scenario can read it",
                    other.name.text
                )
                .into(),
                BodyKind::Phase(phase) => {
                    let names = (runner.text.as_str(), name.text.as_str());
                    return self.scenario_with(phase, names).or_else(|| {
                        let words = format!("it is a step of `{phase}`, which runs at another time");
                        Some(words.into())
                    });
                }
                BodyKind::Flow => format!(
                    "it is a step of the flow `{0}`: what others read of a flow is an `output` of it, by `step.{0}.NAME.output`",
                    other.name.text
                )
                .into(),
            });
        }
        let of_runner = self.names.steps_of(body, &runner.text).unwrap_or_default();
        let others = of_runner.into_iter().filter(|near| {
            let step = self.names.step(body, &runner.text, near);
            !self.is_owner(step)
        });
        if let Some(near) = nearest::nearest(&name.text, others) {
            return Some(Hint::meant(format!("step.{}.{near}", runner.text)));
        }
        let near = nearest::nearest(&name.text, self.other_step_names(body))?;
        let id = self.names.steps_called(body, near).first()?;
        Some(Hint::meant(self.declarations.step(*id).address()))
    }

    /// The steps that could be meant, if they are few and all of them are known.
    pub(super) fn steps_here(&self) -> Option<Hint> {
        if self.declarations.incomplete {
            return None;
        }
        let body = self.own_body();
        let mut steps = Vec::new();
        for name in self.other_step_names(body) {
            let called = self.names.steps_called(body, name).iter();
            let others = called.filter(|id| !self.is_owner(Some(**id)));
            steps.extend(others.map(|id| self.declarations.step(*id).address()));
        }
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        nearest::listed(&steps)
    }

    /// Whether this is the step whose expressions are walked: nobody means to name that one.
    fn is_owner(&self, step: Option<StepId>) -> bool {
        step.is_some() && step.map(Node::Step) == self.owner.node
    }

    /// Names of the steps of a body, without one that only the owner has.
    pub(super) fn other_step_names(&self, body: BodyId) -> impl Iterator<Item = &'a str> + '_ {
        let names = self.names.step_names(body);
        names.filter(move |name| {
            let called = self.names.steps_called(body, name).iter();
            called.copied().any(|id| !self.is_owner(Some(id)))
        })
    }

    /// The resource that was probably meant.
    pub(super) fn resource_hint(&self, asset: &Name, name: &Name) -> Option<Hint> {
        let body = self.own_body();
        if let Some(id) = self.names.resources_called(body, &name.text).first() {
            let full = self.declarations.resource(*id).address();
            return Some(Hint::meant(full));
        }
        if self.names.step(body, &asset.text, &name.text).is_some() {
            let written = format!("step.{}.{}", asset.text, name.text);
            let words = format!("it is a step: write `{written}`");
            return Some(Hint::write(written).saying(words));
        }
        // `resource.site.url`: the asset was left out.
        if let [only] = self.names.resources_called(body, &asset.text) {
            let full = self.declarations.resource(*only).address();
            return Some(Hint::meant(format!("{full}.{}", name.text)));
        }
        let near = nearest::nearest(&name.text, self.names.resource_names(body))?;
        let id = self.names.resources_called(body, near).first()?;
        Some(Hint::meant(self.declarations.resource(*id).address()))
    }

    /// The field of the step's own output that a check or a `record` probably meant.
    fn own_output_hint(&self, name: &str, here: &Traversal<'_, 'a>) -> Option<Hint> {
        let (Some(Node::Step(id)), true) = (self.owner.node, self.owner.output) else {
            return None;
        };
        let runner = &self.declarations.step(id).runner.text;
        let runner = self.modules.runner(self.modules.find_runner(runner)?);
        let has = |field: &str| runner.outputs.iter().any(|output| output.name == field);
        if has(name) {
            return Some(Hint::meant(format!("output.{name}")));
        }
        if !matches!(name, "self" | "response" | "res" | "result") {
            return None;
        }
        Some(match here.first.filter(|field| has(&field.text)) {
            Some(_) => Hint::meant("output"),
            None => "what the step returned is `output`".into(),
        })
    }

    /// What a word that begins no reference was probably meant to be.
    pub(super) fn unknown_hint(&self, name: &str, here: &Traversal<'_, 'a>) -> Option<Hint> {
        let body = self.own_body();
        if let Some(second) = here.first {
            if self.names.step(body, name, &second.text).is_some() {
                let address = format!("step.{name}.{}", second.text);
                let runner = self.modules.find_runner(name);
                let runner = runner.map(|runner| self.modules.runner(runner));
                let third = here.second.filter(|third| {
                    let mut outputs = runner.into_iter().flat_map(|runner| &runner.outputs);
                    outputs.any(|output| output.name == third.text)
                });
                return Some(match third {
                    Some(output) => {
                        Hint::meant(format!("{address}.output.{}", output.text)).at(here.upto(2))
                    }
                    None => Hint::meant(address).at(here.upto(1)),
                });
            }
            if self.names.resource(body, name, &second.text).is_some() {
                return Some(
                    Hint::meant(format!("resource.{name}.{}", second.text)).at(here.upto(1)),
                );
            }
            let of_runner = self.names.steps_of(body, name);
            if of_runner.is_some() || self.modules.find_runner(name).is_some() {
                return Some(format!("a step's output is `step.{name}.NAME.output`").into());
            }
            let of_asset = self.names.has_resource_of(body, name);
            if of_asset || self.modules.find_asset(name).is_some() {
                return Some(format!("a resource is `resource.{name}.NAME`").into());
            }
            if matches!(name, "env" | "__ENV") {
                return Some(Hint::write(format!("env(\"{}\")", second.text)).at(here.upto(1)));
            }
        }
        let literals = [
            ("true", "true"),
            ("false", "false"),
            ("null", "null"),
            ("none", "null"),
            ("nil", "null"),
            ("undefined", "null"),
        ];
        let lower = name.to_lowercase();
        if let (true, Some((_, literal))) = (
            here.nodes.len() == 1,
            literals.iter().find(|(word, _)| *word == lower),
        ) {
            return Some(Hint::meant(*literal));
        }
        if let Some(hint) = self.own_output_hint(name, here) {
            return Some(hint);
        }
        if let Some((_, ours)) = VALUES_ELSEWHERE.iter().find(|(other, _)| *other == name) {
            return Some(match here.nodes.len() {
                1 => Hint::meant(*ours),
                _ => {
                    "the number of the user is `vu.id`, that of its iteration `vu.iteration`".into()
                }
            });
        }
        if self.owner.reads == Reads::Threshold {
            if bggo_metrics::Statistic::of_word(name).is_some() && here.nodes.len() == 1 {
                return Some(Hint::meant(format!("metrics.run.response_time.{name}")));
            }
            if let Some(words) = metric_elsewhere(name) {
                return Some(words.into());
            }
        }
        if name == "self" {
            return Some("put a value that two arguments need into `locals`".into());
        }
        if let Some((_, right)) = ROOTS_ELSEWHERE.iter().find(|(wrong, _)| *wrong == name) {
            return Some(Hint::meant(*right));
        }
        if self.names.variables.contains_key(name) {
            return Some(Hint::meant(format!("var.{name}")));
        }
        if self.names.locals.contains_key(name) {
            return Some(Hint::meant(format!("local.{name}")));
        }
        if let [only] = self.names.steps_called(body, name) {
            let address = self.declarations.step(*only).address();
            // A step alone is no value.
            let output = if here.nodes.len() == 1 { ".output" } else { "" };
            return Some(Hint::meant(format!("{address}{output}")));
        }
        let mut known: Vec<&str> = self.bound_names().collect();
        if here.nodes.len() > 1 {
            known.extend(ROOTS);
        }
        nearest::nearest(name, known).map(Hint::meant)
    }
}
