//! The figures that conditions of thresholds read: each address to what it stands for, with its quantity.
//!
//! ```text
//! MetricRead --metric, key, tags, statistic--> Figure          (the rules are those of `bggo_metrics`)
//! ```

use std::collections::BTreeSet;

use bggo_metrics::{
    Address, FigureKind, HIGHEST_RATE, Keyed, OF_ITERATIONS, OF_SCENARIO, OF_STEP, Quantity,
    Statistic, Subject,
};
use bggo_schedule::declared::Profile;
use bggo_values::Text;

use crate::diagnostics::{Hint, codes, nearest};
use crate::resolve::model::{BodyId, Callee, MetricId, MetricRead, MetricSubject, StepId};
use crate::syntax::decl::Name;

use super::called::RunnerRef;
use super::expression::context::Checker;
use super::kinds_of_failure::{KINDS, OF_PARTS};
use super::typed::{TGrid, TScenario, TStep};

/// What an address stands for.
pub(super) struct Figure {
    pub(super) address: Address,
    pub(super) quantity: Quantity,
}

/// What conditions read.
pub(super) struct Grid<'g> {
    pub(super) reads: &'g [MetricRead],
    /// Of each body.
    pub(super) steps: &'g [Vec<Option<TStep>>],
    /// Of each body; none of the steps at the top of the grid.
    pub(super) scenarios: &'g [Option<TScenario>],
    /// What is said of the whole.
    pub(super) whole: &'g TGrid,
}

impl Grid<'_> {
    /// Tags of the iterations of a body.
    fn tags_of_scenario(&self, body: BodyId) -> Vec<(String, String)> {
        let scenario = self.scenarios.get(body.0).and_then(Option::as_ref);
        let tags = scenario.map_or(&[][..], |scenario| &scenario.tags);
        self.whole.tags_with(tags)
    }

    /// Tags of a step: its own, and those of its scenario that it does not give itself. Of a step with a reported problem
    /// nothing is known.
    fn tags_of_step(&self, id: StepId) -> Option<Vec<(String, String)>> {
        let step = self.steps.get(id.body.0)?.get(id.index)?.as_ref()?;
        let mut tags = step.tags.clone();
        for (key, value) in self.tags_of_scenario(id.body) {
            if !tags.iter().any(|(known, _)| *known == key) {
                tags.push((key, value));
            }
        }
        Some(tags)
    }

    /// Tags of the steps that record a metric of the grid.
    fn tags_of_records(&self, metric: usize) -> Vec<Vec<(String, String)>> {
        let bodies = self.steps.iter().enumerate();
        let steps = bodies.flat_map(|(body, steps)| {
            let steps = steps.iter().enumerate();
            steps.filter_map(move |(index, step)| {
                let mut records = step.as_ref()?.records.iter();
                let id = StepId {
                    body: BodyId(body),
                    index,
                };
                records
                    .any(|record| record.metric.0 == metric)
                    .then_some(id)
            })
        });
        steps.filter_map(|id| self.tags_of_step(id)).collect()
    }
}

/// Which keys a metric has.
enum Keys {
    None,
    /// Any text.
    Labels,
    /// Names of checks: it is nothing without one.
    Checks(Vec<String>),
    /// Kinds of failure.
    Kinds(Vec<String>),
}

/// Words of other tools for statistics.
const ELSEWHERE: &[(&str, &str)] = &[
    ("avg", "mean"),
    ("average", "mean"),
    ("median", "med"),
    ("minimum", "min"),
    ("maximum", "max"),
    ("std", "stddev"),
    ("total", "sum"),
];

impl<'a> Checker<'a> {
    /// What an address stands for; unknown names of it are reported.
    pub(super) fn figure(&mut self, read: &MetricRead, grid: &Grid<'_>) -> Option<Figure> {
        let (figures, keyed) = self.figures(read)?;
        self.check_key(read, keyed)?;
        let word = &read.statistic;
        let statistic = Statistic::of_word(&word.text);
        let Some(statistic) = statistic else {
            let known = figures.statistics();
            let elsewhere = ELSEWHERE.iter().find(|(other, _)| *other == word.text);
            let meant = elsewhere.map(|(_, ours)| *ours);
            let meant = meant.filter(|ours| known.contains(ours));
            let hint = match meant.or_else(|| nearest::nearest(&word.text, known.iter().copied())) {
                Some(near) => Hint::meant(near),
                None => listed(figures).into(),
            };
            let text = format!("there is no statistic `{}`", word.text);
            self.error(codes::UNKNOWN_STATISTIC, word.span, text)
                .advise(hint);
            return None;
        };
        let Some(quantity) = figures.quantity(statistic) else {
            let text = format!("{} has no `{}`", figures.name(), word.text);
            self.error(codes::UNKNOWN_STATISTIC, word.span, text)
                .hint(listed(figures));
            return None;
        };
        if !read.tags.is_empty() {
            self.tags_of(read, grid)?;
        }
        self.measures_response(read);
        let text = |name: &str| Text::from(name.to_owned());
        let scenario = |body: BodyId| text(&self.declarations.body(body).name.text);
        let subject = match &read.subject {
            MetricSubject::Run => Subject::Run,
            MetricSubject::Scenario(body) => Subject::Scenario(scenario(*body)),
            MetricSubject::Step {
                scenario: only,
                runner,
                name,
                ..
            } => Subject::Step {
                scenario: only.map(scenario),
                runner: text(runner),
                name: text(name),
            },
            MetricSubject::Flow { flow, step, .. } => Subject::Flow {
                flow: scenario(*flow),
                step: step
                    .as_ref()
                    .map(|step| step.each_ref().map(|name| text(name))),
            },
            MetricSubject::Custom(name) => Subject::Custom(text(&name.text)),
        };
        let pair = |(key, value): &(Name, Name)| (text(&key.text), text(&value.text));
        Some(Figure {
            address: Address {
                subject,
                metric: read
                    .metric
                    .as_ref()
                    .map_or(Text::Static(""), |name| text(&name.text)),
                key: read.key.as_ref().map(|key| text(&key.text)),
                tags: read.tags.iter().map(pair).collect(),
                statistic,
            },
            quantity,
        })
    }

    /// What a metric can be asked for, and its keys.
    fn figures(&mut self, read: &MetricRead) -> Option<(FigureKind, Keys)> {
        let built_in = match &read.subject {
            MetricSubject::Run => OF_ITERATIONS,
            MetricSubject::Scenario(body) => {
                self.searches_its_rate(read, *body)?;
                OF_SCENARIO
            }
            MetricSubject::Step { .. } | MetricSubject::Flow { .. } => OF_STEP,
            MetricSubject::Custom(name) => return self.custom(name),
        };
        let name = read.metric.as_ref()?;
        let runner = self.runner_of_address(read);
        if let Some(known) = built_in.iter().find(|known| known.name == name.text) {
            let keys = match (known.keyed, known.name) {
                (Keyed::Never, _) => Keys::None,
                (_, "checks") => Keys::Checks(self.checks_of(read)),
                _ => Keys::Kinds(self.kinds_of(runner.as_ref())),
            };
            return Some((known.figures, keys));
        }
        let metrics = runner.as_ref().map_or(&[][..], |runner| &runner.metrics);
        if let Some(metric) = metrics.iter().find(|metric| metric.name == name.text) {
            let kind = layout_kind(metric.kind);
            let keys = match &metric.label {
                Some(_) => Keys::Labels,
                None => Keys::None,
            };
            return Some((FigureKind::of(kind, &metric.unit), keys));
        }
        let own = metrics.iter().map(|metric| metric.name.as_str());
        let known = built_in.iter().map(|known| known.name).chain(own);
        let text = format!("there is no metric `{}` here", name.text);
        let hint = nearest::advice(&name.text, known);
        self.error(codes::UNKNOWN_METRIC, name.span, text)
            .advise(hint);
        None
    }

    /// `highest_rate` is a figure of a search only.
    fn searches_its_rate(&mut self, read: &MetricRead, body: BodyId) -> Option<()> {
        let name = read.metric.as_ref()?;
        if name.text != HIGHEST_RATE {
            return Some(());
        }
        let body = self.declarations.body(body);
        let load = body.scenario.as_ref().and_then(|one| one.load.as_ref());
        if load.is_some_and(|load| load.profile.text == Profile::Search.name()) {
            return Some(());
        }
        let text = format!("`{}` does not search its rate", body.name.text);
        self.error(codes::UNKNOWN_METRIC, name.span, text)
            .hint("`highest_rate` is what a `load \"search\"` finds");
        None
    }

    /// A metric of the grid, which some step records.
    fn custom(&mut self, name: &Name) -> Option<(FigureKind, Keys)> {
        let mut metrics = self.metrics.iter();
        let found = metrics.position(|metric| metric.name == name.text);
        let declarations = self.declarations;
        let Some(place) = found else {
            if !declarations.may_declare("metric", &[&name.text]) {
                let known = self.metrics.iter().map(|metric| metric.name.as_str());
                let hint = nearest::advice(&name.text, known);
                let declare = format!(
                    "declare it: `metric \"{}\" {{ kind = \"counter\" }}`",
                    name.text
                );
                let text = format!("the grid has no metric `{}`", name.text);
                self.error(codes::UNKNOWN_CUSTOM_METRIC, name.span, text)
                    .advise(hint.unwrap_or(declare.into()));
            }
            return None;
        };
        if !self.recorded.contains(&MetricId(place)) && !declarations.incomplete {
            let text = format!(
                "no step records the metric `{}`, so it has no figures",
                name.text
            );
            self.error(codes::UNKNOWN_METRIC, name.span, text)
                .hint(format!(
                    "a step records it: `record {{ {} = .. }}`",
                    name.text
                ));
            return None;
        }
        let metric = self.metrics.get(place)?;
        Some((
            FigureKind::of(layout_kind(metric.kind), &metric.unit),
            Keys::None,
        ))
    }

    /// The runner of the steps of an address. All of them have the same, but for what their parts add: the one with most metrics.
    fn runner_of_address(&self, read: &MetricRead) -> Option<RunnerRef<'a>> {
        let (MetricSubject::Step { steps, .. } | MetricSubject::Flow { steps, .. }) = &read.subject
        else {
            return None;
        };
        let runners = steps.iter().filter_map(|step| self.known_runner_of(*step));
        runners.max_by_key(|runner| runner.metrics.len())
    }

    /// Names of the checks of the steps of an address.
    fn checks_of(&mut self, read: &MetricRead) -> Vec<String> {
        let (MetricSubject::Step { steps, .. } | MetricSubject::Flow { steps, .. }) = &read.subject
        else {
            return Vec::new();
        };
        let mut names = Vec::new();
        for step in steps {
            names.extend(self.names_of_validations(*step));
            let written = self.declarations.step(*step).checks.iter();
            names.extend(written.map(|check| check.name.text.clone()));
        }
        names
    }

    /// Kinds of failure of a runner; those of all of a grid's runners for iterations.
    fn kinds_of(&self, runner: Option<&RunnerRef<'_>>) -> Vec<String> {
        let all = self.declarations.body_ids();
        let all = all.flat_map(|body| self.declarations.step_ids(body));
        let runners: Vec<RunnerRef<'_>> = match runner {
            Some(runner) => vec![runner.clone()],
            None => all.filter_map(|step| self.known_runner_of(step)).collect(),
        };
        let own = runners
            .iter()
            .flat_map(|runner| self.kinds_of_manifests(runner));
        let mut kinds: Vec<String> = own.collect();
        kinds.extend(KINDS.iter().chain(&OF_PARTS).map(|kind| (*kind).to_owned()));
        kinds.sort();
        kinds.dedup();
        kinds
    }

    /// Whether the key fits; faults are reported.
    fn check_key(&mut self, read: &MetricRead, keys: Keys) -> Option<()> {
        let metric = read.metric.as_ref().map_or("", |name| name.text.as_str());
        let metric_span = read.metric.as_ref().map_or(read.span, |name| name.span);
        let (known, what) = match (keys, &read.key) {
            (Keys::None, Some(key)) => {
                let text = format!("`{metric}` has no keys");
                self.error(codes::UNEXPECTED_INDEX, key.span, text);
                return None;
            }
            (Keys::Checks(known), None) => {
                let text = "`checks` needs the name of a check";
                let hint = match known.first() {
                    Some(first) => Hint::write(format!("checks[\"{first}\"]")),
                    None => "the step has no checks".into(),
                };
                self.error(codes::UNKNOWN_METRIC, metric_span, text)
                    .advise(hint);
                return None;
            }
            (Keys::Checks(known), Some(_)) => (known, "check"),
            (Keys::Kinds(known), Some(_)) => (known, "kind of failure"),
            (Keys::None | Keys::Labels | Keys::Kinds(_), _) => return Some(()),
        };
        let key = read.key.as_ref()?;
        if known.contains(&key.text) {
            return Some(());
        }
        let quoted: Vec<String> = known.iter().map(|known| format!("\"{known}\"")).collect();
        let written = format!("\"{}\"", key.text);
        let hint = nearest::advice(&written, quoted.iter().map(String::as_str));
        let text = format!("there is no {what} {written} here");
        self.error(codes::UNKNOWN_METRIC, key.span, text)
            .advise(hint);
        None
    }

    /// Whether something has the tags of an address; if not, that is reported.
    fn tags_of(&mut self, read: &MetricRead, grid: &Grid<'_>) -> Option<()> {
        let ((first, _), (_, last)) = read.tags.first().zip(read.tags.last())?;
        let declarations = self.declarations;
        let places: Vec<Vec<(String, String)>> = match &read.subject {
            MetricSubject::Step { steps, .. } | MetricSubject::Flow { steps, .. } => {
                let known = steps.iter().filter_map(|id| grid.tags_of_step(*id));
                known.collect()
            }
            MetricSubject::Scenario(body) => vec![grid.tags_of_scenario(*body)],
            MetricSubject::Run => {
                let bodies = declarations.body_ids();
                bodies.map(|body| grid.tags_of_scenario(body)).collect()
            }
            MetricSubject::Custom(name) => {
                let mut metrics = self.metrics.iter();
                let metric = metrics.position(|metric| metric.name == name.text)?;
                grid.tags_of_records(metric)
            }
        };
        let has_all = |tags: &Vec<(String, String)>| {
            let mut wanted = read.tags.iter();
            wanted.all(|(key, value)| {
                tags.iter()
                    .any(|(known, has)| *known == key.text && *has == value.text)
            })
        };
        if places.iter().any(has_all) {
            return Some(());
        }
        let mut known: Vec<String> = places
            .into_iter()
            .flatten()
            .map(|(key, value)| format!("{key} = \"{value}\""))
            .collect();
        known.sort();
        known.dedup();
        let text = "nothing that this names has these tags";
        let hint = match known.as_slice() {
            [] => "it has no tags".to_owned(),
            known => format!("it has the tags `{}`", known.join("`, `")),
        };
        self.error(codes::UNKNOWN_METRIC, first.span.to(last.span), text)
            .hint(hint);
        None
    }

    /// Warns of a response time where nothing is due at a moment of its own.
    fn measures_response(&mut self, read: &MetricRead) {
        let Some(metric) = read.metric.as_ref() else {
            return;
        };
        let declarations = self.declarations;
        let bodies: Vec<BodyId> = match &read.subject {
            // What runs once before and after the scenarios is none of its iterations.
            MetricSubject::Run => {
                let bodies = declarations.body_ids();
                let runs = |body: &BodyId| {
                    declarations.flow(*body).is_none() && declarations.phase_of(*body).is_none()
                };
                bodies.filter(runs).collect()
            }
            MetricSubject::Scenario(body) => vec![*body],
            MetricSubject::Step { steps, .. } | MetricSubject::Flow { steps, .. } => {
                self.users_of(steps.iter().map(|step| step.body))
            }
            MetricSubject::Custom(_) => return,
        };
        let loads = bodies.iter().filter_map(|body| {
            let body = declarations.body(*body);
            (!body.steps.is_empty()).then(|| body.scenario.as_ref()?.load.as_ref())
        });
        let loads: Vec<_> = loads.collect();
        let is_closed = |profile: &str| {
            let profile = Profile::of_name(profile);
            profile.is_some_and(|profile| !profile.is_open())
        };
        let all_closed = !loads.is_empty()
            && loads
                .iter()
                .all(|load| load.is_some_and(|load| is_closed(&load.profile.text)));
        if metric.text == "response_time" && all_closed {
            let text = "nothing is due at a moment of its own in a closed profile, so its service time is judged";
            self.problems
                .warning(codes::RESPONSE_OF_CLOSED, metric.span, text)
                .hint("write `service_time`, or give the scenario a rate: `load \"constant_arrival_rate\"`");
        }
    }
}

impl Checker<'_> {
    /// Of each of these bodies itself, or of a flow the bodies that run it, also through other flows.
    fn users_of(&self, bodies: impl Iterator<Item = BodyId>) -> Vec<BodyId> {
        let declarations = self.declarations;
        let mut open: Vec<BodyId> = bodies.collect();
        let mut seen = BTreeSet::new();
        while let Some(body) = open.pop() {
            if !seen.insert(body) || declarations.flow(body).is_none() {
                continue;
            }
            let calls_it = |caller: &BodyId| {
                let mut steps = declarations.step_ids(*caller);
                steps.any(|id| self.callee_of(id) == Some(Callee::Flow(body)))
            };
            open.extend(declarations.body_ids().filter(calls_it));
        }
        let runs = |body: &BodyId| declarations.flow(*body).is_none();
        seen.into_iter().filter(runs).collect()
    }
}

/// A kind of metric of a manifest as layouts know it.
fn layout_kind(kind: bggo_manifest::MetricKind) -> bggo_metrics::MetricKind {
    match kind {
        bggo_manifest::MetricKind::Trend => bggo_metrics::MetricKind::Trend,
        bggo_manifest::MetricKind::Counter => bggo_metrics::MetricKind::Counter,
        bggo_manifest::MetricKind::Gauge => bggo_metrics::MetricKind::Gauge,
        bggo_manifest::MetricKind::Rate => bggo_metrics::MetricKind::Rate,
    }
}

fn listed(figures: FigureKind) -> String {
    let words = figures.statistics().iter();
    let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    format!("it has {}", words.join(", "))
}
