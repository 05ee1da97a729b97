//! What may stand behind `metrics.`: whose figures, which of them, and what of these.

use bggo_manifest::MetricKind;
use bggo_metrics::{BuiltIn, FigureKind, OF_ITERATIONS, OF_SCENARIO, OF_STEP, Quantity};
use lsp_types::{CompletionItem, CompletionItemKind};

use super::items::{described, distinct, fixed, item, written};
use super::surroundings::Surroundings;
use crate::resolve::model::{BodyId, Callee};
use crate::syntax::decl::{BodyKind, ExprKind, StepDecl};

/// What may stand behind these names, which stand behind `metrics`.
pub fn figures(place: &Surroundings<'_>, behind: &[&str]) -> Vec<CompletionItem> {
    let all = place.declarations();
    match behind {
        [] => {
            let mut found = fixed(&["run", "scenario"]);
            let some = [
                ("custom", all.metrics.is_empty()),
                ("flow", all.flows().next().is_none()),
            ];
            let some = some.into_iter().filter(|(_, is_empty)| !is_empty);
            found.extend(some.flat_map(|(word, _)| fixed(&[word])));
            found.extend(kinds(place, None));
            found
        }
        ["run"] => built_in(OF_ITERATIONS),
        ["run", metric] => statistics(known(OF_ITERATIONS, metric)),
        ["custom"] => {
            let metrics = all.metrics.iter().map(|metric| {
                let made = item(&metric.name.text, CompletionItemKind::FIELD, "metric");
                described(made, written(metric.description.as_ref()))
            });
            metrics.collect()
        }
        ["custom", name] => {
            let metric = all.metrics.iter().find(|metric| metric.name.text == *name);
            let kind = metric.and_then(|metric| metric.kind.as_ref());
            statistics(kind.and_then(|kind| match &kind.kind {
                ExprKind::Text(word) => custom(word),
                _ => None,
            }))
        }
        ["scenario"] => distinct(scenarios(place).map(|id| &all.body(id).name.text)),
        ["flow"] => distinct(all.flows().map(|(id, _)| &all.body(id).name.text)),
        [root @ ("scenario" | "flow"), name, behind @ ..] => {
            let (body, own) = match *root {
                "flow" => (place.flow(name).map(|(id, _)| id), OF_STEP),
                _ => {
                    let mut scenarios = scenarios(place);
                    (
                        scenarios.find(|id| all.body(*id).name.text == *name),
                        OF_SCENARIO,
                    )
                }
            };
            match (body, behind) {
                (None, _) => Vec::new(),
                (Some(_), []) => {
                    let mut found = fixed(&["step"]);
                    found.extend(built_in(own));
                    found
                }
                (Some(body), ["step"]) => kinds(place, Some(body)),
                (Some(body), ["step", behind @ ..]) => of_step(place, Some(body), behind),
                (Some(_), [metric]) => statistics(known(own, metric)),
                (Some(_), _) => Vec::new(),
            }
        }
        behind => of_step(place, None, behind),
    }
}

fn scenarios(place: &Surroundings<'_>) -> impl Iterator<Item = BodyId> {
    let all = place.declarations();
    all.body_ids().filter(move |id| match all.body(*id).kind {
        BodyKind::Main => !all.body(*id).steps.is_empty(),
        BodyKind::Scenario => true,
        BodyKind::Flow | BodyKind::Phase(_) => false,
    })
}

/// Steps of a body, or of all, with what they call.
fn steps<'a>(
    place: &Surroundings<'a>,
    body: Option<BodyId>,
) -> impl Iterator<Item = (&'a StepDecl, Option<Callee>)> {
    let (all, callees) = (place.declarations(), &place.analysis.resolved.callees);
    let bodies = all
        .body_ids()
        .filter(move |id| body.is_none_or(|body| *id == body));
    let ids = bodies.flat_map(|body| all.step_ids(body));
    ids.map(|id| (all.step(id), callees.get(id).copied().flatten()))
}

fn kinds(place: &Surroundings<'_>, body: Option<BodyId>) -> Vec<CompletionItem> {
    distinct(steps(place, body).map(|(step, _)| &step.runner.text))
}

/// Behind the kind of a step.
fn of_step(place: &Surroundings<'_>, body: Option<BodyId>, behind: &[&str]) -> Vec<CompletionItem> {
    match behind {
        [] => Vec::new(),
        [kind] => {
            let of_kind = steps(place, body).filter(|(step, _)| step.runner.text == *kind);
            distinct(of_kind.map(|(step, _)| &step.name.text))
        }
        [kind, name, behind @ ..] => {
            let mut steps = steps(place, body);
            let is_meant = |step: &StepDecl| step.runner.text == *kind && step.name.text == *name;
            let Some((_, callee)) = steps.find(|(step, _)| is_meant(step)) else {
                return Vec::new();
            };
            let own = match callee {
                Some(Callee::Runner(at)) => &place.modules.runner(at).metrics[..],
                Some(Callee::Flow(_)) | None => &[],
            };
            match behind {
                [] => {
                    let own = own.iter().map(|metric| {
                        let made = item(&metric.name, CompletionItemKind::FIELD, "metric");
                        described(made, metric.description.clone())
                    });
                    built_in(OF_STEP).into_iter().chain(own).collect()
                }
                [metric] => {
                    let of_runner = own.iter().find(|own| own.name == *metric);
                    let of_runner = of_runner.map(|own| of_kind(own.kind));
                    statistics(known(OF_STEP, metric).or(of_runner))
                }
                _ => Vec::new(),
            }
        }
    }
}

fn built_in(metrics: &[BuiltIn]) -> Vec<CompletionItem> {
    let metrics = metrics.iter();
    metrics
        .map(|one| item(one.name, CompletionItemKind::FIELD, one.figures.name()))
        .collect()
}

fn known(metrics: &[BuiltIn], name: &str) -> Option<FigureKind> {
    let found = metrics.iter().find(|metric| metric.name == name);
    found.map(|metric| metric.figures)
}

/// The kind of the figures of a metric of the grid.
fn custom(word: &str) -> Option<FigureKind> {
    let kinds = [
        MetricKind::Counter,
        MetricKind::Gauge,
        MetricKind::Rate,
        MetricKind::Trend,
    ];
    let kind = kinds.into_iter().find(|kind| kind.name() == word);
    kind.map(of_kind)
}

/// What the figures are does not matter for how they are asked for.
const fn of_kind(kind: MetricKind) -> FigureKind {
    match kind {
        MetricKind::Counter => FigureKind::Counter(Quantity::Number),
        MetricKind::Gauge => FigureKind::Gauge(Quantity::Number),
        MetricKind::Rate => FigureKind::Rate,
        MetricKind::Trend => FigureKind::Values(Quantity::Number),
    }
}

fn statistics(figures: Option<FigureKind>) -> Vec<CompletionItem> {
    figures.map_or_else(Vec::new, |figures| fixed(figures.statistics()))
}
