//! `metrics.…` of a threshold's condition: whose figures it reads. What figures these have is left to the check stage.
//!
//! ```text
//! metrics.RUNNER.NAME.METRIC.STAT                  a step, in all scenarios that have it
//! metrics.scenario.S.step.RUNNER.NAME.METRIC.STAT  in one of them
//! metrics.scenario.S.METRIC.STAT                   the iterations of one
//! metrics.run.METRIC.STAT                          of all
//! metrics.custom.NAME.STAT                         a metric of the grid
//! ```
//!
//! A key stands behind the metric (`failed["timeout"]`), tags behind what has them (`home[{ team = "a" }]`).

use crate::diagnostics::{Hint, codes, nearest};
use crate::source::Span;
use crate::syntax::decl::{Expr, ExprKind, Name};
use bggo_metrics::FigureKind;

use super::hint::metric_elsewhere;
use super::model::{BodyId, MetricRead, MetricSubject, Reference, StepId};
use super::reference::{Reads, Resolver};
use super::traversal::Traversal;

/// The parts of an address behind `metrics`.
struct Parts<'a> {
    names: Vec<&'a Name>,
    /// A key, and behind how many names it stands.
    key: Option<(Name, usize)>,
    /// Behind how many names the tags stand.
    tags: Option<(Vec<(Name, Name)>, usize)>,
    span: Span,
}

/// How an address goes on that ends with a metric.
fn statistics_hint(subject: &MetricSubject, metric: &Name, key: Option<&(Name, usize)>) -> String {
    let name = &metric.text;
    let name = key.map_or_else(
        || name.clone(),
        |(key, _)| format!("{name}[\"{}\"]", key.text),
    );
    let known = match subject {
        MetricSubject::Run | MetricSubject::Scenario(_) => bggo_metrics::OF_ITERATIONS,
        _ => bggo_metrics::OF_STEP,
    };
    match known.iter().find(|known| known.name == metric.text) {
        Some(known) if matches!(known.figures, FigureKind::Values(_)) => {
            format!("write `{name}.p95`, for example")
        }
        Some(known) => {
            let words = known.figures.statistics().iter();
            let written: Vec<_> = words.map(|word| format!("`{name}.{word}`")).collect();
            format!("write {}", written.join(" or "))
        }
        // One of a module, whose kind the check stage knows.
        None => format!("write `{name}.p95` of a trend, `{name}.sum` of a counter"),
    }
}

/// What was meant by an index that is no key: `answers[503]`, `p99.9`. With the place of both numbers of the latter.
fn index_hint(index: &Expr, behind: Option<&&Name>) -> (Option<Span>, Hint) {
    const WORDS: &str = "write `failed[\"timeout\"]` or `home[{ team = \"a\" }]`; instances of a step share their metrics";
    let (ExprKind::Number(number), Some(behind)) = (&index.kind, behind) else {
        return (None, WORDS.into());
    };
    let is_percentile = behind.text.strip_prefix('p').is_some_and(|digits| {
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    match number.as_u64() {
        Some(part) if is_percentile => {
            let written = format!("{}_{part}", behind.text);
            let words = format!("the point of a percentile is a `_`: write `{written}`");
            let place = behind.span.to(index.span);
            (Some(place), Hint::write(written).saying(words))
        }
        Some(key) if behind.text == "answers" || behind.text == "failed" => {
            (None, Hint::write(format!("\"{key}\"")))
        }
        _ => (None, WORDS.into()),
    }
}

/// The names of a whole address.
const FORM: &str = "metrics.RUNNER.NAME.METRIC.STATISTIC";

impl<'a> Resolver<'a> {
    /// An address; wrong names of it are reported.
    pub(super) fn metric_address(&mut self, here: &Traversal<'_, 'a>) {
        let found = if self.owner.reads == Reads::Threshold {
            self.address_parts(here)
                .and_then(|parts| self.metric_read(parts))
        } else {
            self.problems
                .error(
                    codes::REFERENCE_NOT_ALLOWED,
                    here.upto(0),
                    "`metrics` can be read in the condition of a threshold only",
                )
                .hint("metrics are judged while the run goes on: write `threshold \"NAME\" { condition = .. }`");
            None
        };
        match found {
            Some(read) => {
                here.refer(
                    self,
                    here.nodes.len() - 1,
                    Reference::Metric(self.found.metrics.len()),
                );
                self.found.metrics.push(read);
            }
            None => here.refer(self, 0, Reference::Error),
        }
    }

    fn address_parts(&mut self, here: &Traversal<'_, 'a>) -> Option<Parts<'a>> {
        let last = here.nodes.last()?;
        let mut parts = Parts {
            names: Vec::new(),
            key: None,
            tags: None,
            span: last.span,
        };
        for node in here.nodes.iter().skip(1) {
            let behind = parts.names.len();
            match &node.kind {
                ExprKind::Field(_, name) => parts.names.push(name),
                ExprKind::Index(_, index) => match &index.kind {
                    _ if !index.is_whole() => return None,
                    ExprKind::Text(text) if parts.key.is_none() => {
                        let (text, span) = (text.clone(), index.span);
                        parts.key = Some((Name { text, span }, behind));
                    }
                    ExprKind::Object(pairs) if parts.tags.is_none() => {
                        parts.tags = Some((self.tags_of_address(pairs)?, behind));
                    }
                    _ => {
                        let behind = parts.names.last();
                        let (span, hint) = index_hint(index, behind);
                        let text = "expected one key in quotes, or tags as an object";
                        self.problems
                            .error(codes::UNEXPECTED_INDEX, span.unwrap_or(index.span), text)
                            .advise(Some(hint));
                        return None;
                    }
                },
                _ => return None,
            }
        }
        Some(parts)
    }

    /// Tags of which keys and values are texts.
    fn tags_of_address(&mut self, pairs: &[(Expr, Expr)]) -> Option<Vec<(Name, Name)>> {
        let mut tags = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            let text = |expr: &Expr| match &expr.kind {
                ExprKind::Text(text) => Some(Name {
                    text: text.clone(),
                    span: expr.span,
                }),
                _ => None,
            };
            let Some((key, value)) = text(key).zip(text(value)) else {
                self.problems
                    .error(
                        codes::INVALID_REFERENCE,
                        key.span.to(value.span),
                        "tags of an address are plain texts",
                    )
                    .hint("each has a text in quotes, as in `[{ team = \"a\" }]`");
                return None;
            };
            tags.push((key, value));
        }
        Some(tags)
    }

    fn metric_read(&mut self, parts: Parts<'a>) -> Option<MetricRead> {
        let names = parts.names.clone();
        let word = |at: usize| names.get(at).map_or("", |name| name.text.as_str());
        let (subject, used) = match (word(0), word(2)) {
            ("run", _) => (MetricSubject::Run, 1),
            (elsewhere, _)
                if let Some(words) = metric_elsewhere(elsewhere)
                    && self.modules.find_runner(elsewhere).is_none()
                    && !self.names.flows.contains_key(elsewhere) =>
            {
                let name = names.first()?;
                let text = format!("there are no metrics of `{}`", name.text);
                self.problems
                    .error(codes::UNKNOWN_METRIC, name.span, text)
                    .hint(words);
                return None;
            }
            ("custom", _) => {
                let [_, name, ..] = names.as_slice() else {
                    return self.incomplete_address(&parts, "metrics.custom.NAME.STATISTIC");
                };
                (MetricSubject::Custom((*name).clone()), 2)
            }
            ("scenario", of) => {
                let [_, scenario, rest @ ..] = names.as_slice() else {
                    let form = "metrics.scenario.NAME.METRIC.STATISTIC";
                    return self.incomplete_address(&parts, form);
                };
                let body = self.scenario_of_address(scenario)?;
                match rest {
                    [_, runner, name, ..] if of == "step" => {
                        (self.steps_of_address([runner, name], Some(body))?, 5)
                    }
                    _ if of == "step" => {
                        let form = "metrics.scenario.NAME.step.RUNNER.NAME.METRIC.STATISTIC";
                        return self.incomplete_address(&parts, form);
                    }
                    _ => (MetricSubject::Scenario(body), 2),
                }
            }
            ("flow", of) => {
                let [_, flow, rest @ ..] = names.as_slice() else {
                    let form = "metrics.flow.NAME.METRIC.STATISTIC";
                    return self.incomplete_address(&parts, form);
                };
                let flow = self.flow_of_address(flow)?;
                match rest {
                    [_, runner, name, ..] if of == "step" => {
                        let found = self.steps_of_address([runner, name], Some(flow))?;
                        let MetricSubject::Step { steps, .. } = found else {
                            return None;
                        };
                        let step = Some([runner, name].map(|name| name.text.clone()));
                        (MetricSubject::Flow { flow, step, steps }, 5)
                    }
                    _ if of == "step" => {
                        let form = "metrics.flow.NAME.step.RUNNER.NAME.METRIC.STATISTIC";
                        return self.incomplete_address(&parts, form);
                    }
                    _ => (self.calls_of_address(flow, names[1])?, 2),
                }
            }
            _ => {
                let [runner, name, ..] = names.as_slice() else {
                    return self.incomplete_address(&parts, FORM);
                };
                (self.steps_of_address([runner, name], None)?, 2)
            }
        };
        let (metric, statistic) = match (&subject, names.get(used..).unwrap_or_default()) {
            (MetricSubject::Custom(_), [statistic]) => (None, *statistic),
            (MetricSubject::Custom(_), _) => {
                return self.incomplete_address(&parts, "metrics.custom.NAME.STATISTIC");
            }
            (_, [metric, statistic]) => (Some((*metric).clone()), *statistic),
            (_, [statistic]) if bggo_metrics::Statistic::of_word(&statistic.text).is_some() => {
                let text = format!("`{}` stands behind a metric", statistic.text);
                self.problems
                    .error(codes::UNKNOWN_METRIC, statistic.span, text)
                    .advise(Hint::write(format!("response_time.{}", statistic.text)));
                return None;
            }
            (_, [metric]) => {
                let text = format!("`{}` needs a statistic", metric.text);
                self.problems
                    .error(codes::UNKNOWN_STATISTIC, metric.span, text)
                    .hint(statistics_hint(&subject, metric, parts.key.as_ref()));
                return None;
            }
            (_, []) => return self.incomplete_address(&parts, FORM),
            (_, [_, _, beyond, ..]) => {
                let text = format!(
                    "nothing stands behind a statistic, found `.{}`",
                    beyond.text
                );
                let hint = match (&subject, names.as_slice()) {
                    (MetricSubject::Scenario(_), [_, scenario, runner, name, ..]) => Some(format!(
                        "a step of a scenario is `metrics.scenario.{}.step.{}.{}`",
                        scenario.text, runner.text, name.text
                    )),
                    _ => None,
                };
                let problem = self
                    .problems
                    .error(codes::INVALID_REFERENCE, beyond.span, text);
                if let Some(hint) = hint {
                    problem.hint(hint);
                }
                return None;
            }
        };
        if let Some((key, behind)) = &parts.key
            && (metric.is_none() || *behind != used + 1)
        {
            let text = "a key stands behind a metric that has some, such as `failed[\"timeout\"]`";
            self.problems
                .error(codes::UNEXPECTED_INDEX, key.span, text)
                .hint("instances of a step share their metrics");
            return None;
        }
        if let Some((_, behind)) = &parts.tags
            && *behind != used
        {
            let text = "tags stand behind what has them, in front of the metric";
            self.problems
                .error(codes::UNEXPECTED_INDEX, parts.span, text)
                .hint("write `metrics.RUNNER.NAME[{ team = \"a\" }].METRIC.STATISTIC`");
            return None;
        }
        Some(MetricRead {
            subject,
            metric,
            key: parts.key.map(|(key, _)| key),
            tags: parts.tags.map(|(tags, _)| tags).unwrap_or_default(),
            statistic: statistic.clone(),
            span: parts.span,
        })
    }

    fn incomplete_address(&mut self, parts: &Parts<'a>, form: &str) -> Option<MetricRead> {
        self.problems.error(
            codes::INVALID_REFERENCE,
            parts.span,
            format!("expected `{form}`"),
        );
        None
    }

    fn scenario_of_address(&mut self, name: &Name) -> Option<BodyId> {
        if let Some(body) = self.names.scenarios.get(name.text.as_str()) {
            return Some(*body);
        }
        if !self.declarations.may_declare("scenario", &[&name.text]) {
            let known = self.names.scenarios.keys().copied();
            let hint = nearest::advice(&name.text, known);
            self.unknown_in_address((codes::UNKNOWN_REFERENCE, name.span), hint, || {
                format!("there is no scenario `{}`", name.text)
            });
        }
        None
    }

    fn flow_of_address(&mut self, name: &Name) -> Option<BodyId> {
        if let Some(flow) = self.names.flows.get(name.text.as_str()) {
            return Some(*flow);
        }
        if !self.declarations.may_declare("flow", &[&name.text]) {
            let known = self.names.flows.keys().copied();
            let hint = nearest::advice(&name.text, known);
            self.unknown_in_address((codes::UNKNOWN_REFERENCE, name.span), hint, || {
                format!("there is no flow `{}`", name.text)
            });
        }
        None
    }

    /// All steps that call a flow.
    fn calls_of_address(&mut self, flow: BodyId, name: &Name) -> Option<MetricSubject> {
        let declarations = self.declarations;
        let all = declarations.body_ids();
        let all = all.flat_map(|body| declarations.step_ids(body));
        let calls = all.filter(|id| declarations.step(*id).runner.text == name.text);
        let steps: Vec<StepId> = calls.collect();
        if steps.is_empty() {
            self.unknown_in_address((codes::UNKNOWN_REFERENCE, name.span), None, || {
                format!(
                    "no step calls the flow `{}`, so it has no figures",
                    name.text
                )
            });
            return None;
        }
        let step = None;
        Some(MetricSubject::Flow { flow, step, steps })
    }

    /// The steps of these names, in one scenario or in all.
    fn steps_of_address(
        &mut self,
        [runner, name]: [&Name; 2],
        only: Option<BodyId>,
    ) -> Option<MetricSubject> {
        let declarations = self.declarations;
        let bodies = self.declarations.body_ids();
        let bodies: Vec<BodyId> = bodies
            .filter(|body| only.is_none_or(|only| only == *body))
            .collect();
        let found = bodies
            .iter()
            .filter_map(|body| self.names.step(*body, &runner.text, &name.text));
        let found: Vec<StepId> = found.collect();
        if !found.is_empty() {
            return Some(MetricSubject::Step {
                scenario: only,
                runner: runner.text.clone(),
                name: name.text.clone(),
                steps: found,
            });
        }
        let names = [runner.text.as_str(), name.text.as_str()];
        if self.declarations.may_declare("step", &names) {
            return None;
        }
        let of_runner = bodies
            .iter()
            .filter_map(|body| self.names.steps_of(*body, &runner.text));
        let of_runner: Vec<&str> = of_runner.flatten().collect();
        let is_flow = self.names.flows.contains_key(runner.text.as_str());
        let is_known = is_flow || self.modules.find_runner(&runner.text).is_some();
        if of_runner.is_empty() && !is_known {
            let hint = self.hint_for_runner(runner, name);
            self.unknown_in_address((codes::UNKNOWN_RUNNER, runner.span), hint, || {
                format!("there is no runner `{}`", runner.text)
            });
            return None;
        }
        let called = bodies
            .iter()
            .flat_map(|body| self.names.steps_called(*body, &name.text));
        let called = called.map(|id| self.declarations.step(*id)).next();
        let (place, hint) = match called {
            Some(other) => {
                let (kind, step) = (&other.runner.text, &other.name.text);
                let hint = Hint::meant(format!("{kind}.{step}"));
                (runner.span.to(name.span), Some(hint))
            }
            None => (name.span, nearest::advice(&name.text, of_runner)),
        };
        let full = format!("{}.{}", runner.text, name.text);
        self.unknown_in_address((codes::UNKNOWN_STEP, place), hint, || match only {
            Some(body) => {
                let body = declarations.body(body);
                let (kind, name) = match body.flow {
                    Some(_) => ("flow", &body.name.text),
                    None => ("scenario", &body.name.text),
                };
                format!("there is no step `{full}` in the {kind} `{name}`")
            }
            None => format!("there is no step `{full}`"),
        });
        None
    }

    fn hint_for_runner(&self, runner: &Name, name: &Name) -> Option<Hint> {
        if self.names.scenarios.contains_key(runner.text.as_str()) {
            let scenario = &runner.text;
            return Some(format!("it is a scenario: write `metrics.scenario.{scenario}`").into());
        }
        let bodies = self.declarations.body_ids();
        let mut called = bodies.flat_map(|body| self.names.steps_called(body, &runner.text));
        if let Some(id) = called.next() {
            let step = self.declarations.step(*id);
            let (runner, step) = (&step.runner.text, &step.name.text);
            let words = format!("did you mean `metrics.{runner}.{step}.{}`?", name.text);
            return Some(Hint::meant(format!("{runner}.{step}")).saying(words));
        }
        let known = self.modules.runners().map(|runner| runner.name.as_str());
        let words = ["run", "scenario", "custom"];
        nearest::advice(&runner.text, known.chain(words))
    }

    /// Reports an unknown name, unless it may be declared in a part that could not be read.
    fn unknown_in_address(
        &mut self,
        (code, span): (crate::diagnostics::Code, Span),
        hint: Option<Hint>,
        text: impl FnOnce() -> String,
    ) {
        if hint.is_some() || !self.declarations.incomplete {
            self.problems.error(code, span, text()).advise(hint);
        }
    }
}
