//! Which steps use which lines, and what they do there: themselves, or by the flows that they call.

use std::collections::BTreeMap;

use bggo_manifest::{Asset, Concurrency, Lifetime};
use bggo_values::Value;

use crate::check::typed::{TInstances, TStep, Typed};
use crate::modules::Modules;
use crate::resolve::model::{BodyId, Callee, ResourceId, RunnerOrAsset, StepId};

/// A resource of an exclusive asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Line {
    /// One of the grid.
    Of(ResourceId),
    /// The one of this kind that all steps share which name none.
    Default(RunnerOrAsset),
}

/// A step that uses a line.
#[derive(Debug, Clone)]
pub(super) struct Touch<'t> {
    /// A step of the body.
    pub(super) step: StepId,
    /// The step that waits with the line in its hands: this one, or one of the flow that it calls.
    pub(super) blocks: Option<StepId>,
    /// What it opens, by the word of the manifest, with the step that does so.
    pub(super) opens: BTreeMap<&'t str, StepId>,
    /// What it closes.
    pub(super) closes: BTreeMap<&'t str, StepId>,
}

/// The steps of a body that use a line, in written order, by lines.
pub(super) type Lines<'t> = BTreeMap<Line, Vec<Touch<'t>>>;

/// All of a grid.
pub(super) struct Touches<'t> {
    bodies: Vec<Lines<'t>>,
}

impl<'t> Touches<'t> {
    pub(super) fn of(typed: &'t Typed, modules: &'t Modules) -> Self {
        let mut made: Vec<Option<Lines<'t>>> = typed.body_ids().map(|_| None).collect();
        for body in typed.body_ids() {
            fill(body, (typed, modules), &mut made);
        }
        let bodies = made.into_iter().map(Option::unwrap_or_default).collect();
        Self { bodies }
    }

    /// Those of a body.
    pub(super) fn in_body(&self, body: BodyId) -> &Lines<'t> {
        &self.bodies[body.0]
    }
}

/// (No flow calls itself, also not through others.)
fn fill<'t>(
    body: BodyId,
    (typed, modules): (&'t Typed, &'t Modules),
    made: &mut [Option<Lines<'t>>],
) {
    if made[body.0].is_some() {
        return;
    }
    let mut lines = Lines::new();
    for id in typed.step_ids(body) {
        let step = typed.step(id);
        if !may_run(step) {
            continue;
        }
        match step.callee {
            Callee::Runner(_) => {
                for line in lines_of(step, typed, modules) {
                    lines.entry(line).or_default().push(own(id, step, modules));
                }
            }
            Callee::Flow(flow) => {
                fill(flow, (typed, modules), made);
                let of_flow = made[flow.0].iter().flatten();
                for (line, inner) in of_flow.filter(|(line, _)| is_shared(**line, flow, typed)) {
                    if let Some(touch) = called(id, inner) {
                        lines.entry(*line).or_default().push(touch);
                    }
                }
            }
        }
    }
    made[body.0] = Some(lines);
}

fn own<'t>(id: StepId, step: &TStep, modules: &'t Modules) -> Touch<'t> {
    let Callee::Runner(at) = step.callee else {
        return Touch {
            step: id,
            blocks: None,
            opens: BTreeMap::new(),
            closes: BTreeMap::new(),
        };
    };
    let runner = modules.runner(at);
    let named = |word: &'t Option<String>| word.iter().map(|word| (word.as_str(), id)).collect();
    Touch {
        step: id,
        blocks: step.blocks.then_some(id),
        opens: named(&runner.opens),
        closes: named(&runner.closes),
    }
}

/// What a call does to a line that its flow uses.
fn called<'t>(id: StepId, inner: &[Touch<'t>]) -> Option<Touch<'t>> {
    let (first, others) = inner.split_first()?;
    let mut touch = Touch {
        step: id,
        ..first.clone()
    };
    for other in others {
        touch.blocks = touch.blocks.or(other.blocks);
        for (word, step) in &other.opens {
            touch.opens.entry(word).or_insert(*step);
        }
        for (word, step) in &other.closes {
            touch.closes.entry(word).or_insert(*step);
        }
    }
    Some(touch)
}

/// Whether several calls of a flow use the same line, and not one each.
pub(super) fn is_shared(line: Line, flow: BodyId, typed: &Typed) -> bool {
    match line {
        Line::Of(id) => id.body != flow || typed.resource(id).scope != Lifetime::Iteration,
        Line::Default(_) => true,
    }
}

/// The lines that a step uses itself.
fn lines_of(step: &TStep, typed: &Typed, modules: &Modules) -> Vec<Line> {
    let Callee::Runner(at) = step.callee else {
        return Vec::new();
    };
    let uses = modules.runner(at).uses.iter().enumerate();
    let lines = uses.filter_map(|(place, taken)| {
        match step.uses.iter().find(|(given, ..)| *given == place) {
            Some((_, id, _)) => {
                let asset = modules.asset(typed.resource(*id).asset);
                is_exclusive(asset).then_some(Line::Of(*id))
            }
            None if taken.optional => {
                let at = modules.find_asset(taken.default_asset())?;
                let asset = modules.asset(at);
                let is_made = is_exclusive(asset) && asset.default_scope(None).is_some();
                is_made.then_some(Line::Default(at))
            }
            None => None,
        }
    });
    lines.collect()
}

fn is_exclusive(asset: &Asset) -> bool {
    asset.concurrency == Concurrency::Exclusive
}

/// Whether a step uses an exclusive asset that the grid does not name.
pub(super) fn has_default(typed: &Typed, modules: &Modules) -> bool {
    typed.steps().any(|step| {
        let lines = lines_of(step, typed, modules);
        lines.iter().any(|line| matches!(line, Line::Default(_)))
    })
}

/// Whether a step runs in some iteration.
fn may_run(step: &TStep) -> bool {
    let enabled = step.enabled.as_ref().and_then(|enabled| enabled.constant());
    let never = enabled == Some(&Value::Bool(false));
    let none = match &step.instances {
        TInstances::Count(count) => *count == 0,
        TInstances::ForEach(keys) => keys.is_empty(),
        TInstances::Single | TInstances::Late(_) => false,
    };
    !(never || none)
}
