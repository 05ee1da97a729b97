//! When each argument is known, and what it is.

use super::table::Table;
use super::values;
use crate::check::looks_like_a_secret;
use crate::check::typed::{Binding, TExpr, TKind};
use crate::check::walk::walk;
use crate::plan::model::{Argument, Instances, Plan, Resource, Skeleton, Step};
use crate::source::Span;
use crate::syntax::decl::Phase;
use bggo_function_table::Time;
use bggo_manifest::Lifetime;
use bggo_values::ops::SENSITIVE;

/// Rows of a step: how many instances it has, and its arguments.
pub(super) fn of_step(plan: &Plan, step: &Step, table: &mut Table) {
    let name = format!("{}.{}", step.runner, step.name);
    let built = || known(Binding::Built).to_owned();
    match &step.instances {
        Instances::Single => {}
        Instances::Count(count) => {
            table.row([name.clone(), "count".to_owned(), built(), count.to_string()]);
        }
        Instances::Keys(keys) => {
            let keys = format!("{} instances", keys.len());
            table.row([name.clone(), "for_each".to_owned(), built(), keys]);
        }
        Instances::Late(late) => {
            let word = if late.of.is_keyed() {
                "for_each"
            } else {
                "count"
            };
            let value = value(plan, &late.over, false);
            let when = when(plan, &late.over).to_owned();
            table.row([name.clone(), word.to_owned(), when, value]);
        }
    }
    for argument in &step.arguments {
        table.row(row(plan, &name, argument));
    }
}

/// Rows of a resource.
pub(super) fn of_resource(plan: &Plan, resource: &Resource, table: &mut Table) {
    let name = format!("resource.{}.{}", resource.asset, resource.name);
    for argument in &resource.arguments {
        table.row(row(plan, &name, argument));
    }
}

fn row(plan: &Plan, name: &str, argument: &Argument) -> [String; 4] {
    let when = when(plan, &argument.value);
    let when = match argument.skeleton.as_ref().map(Skeleton::holes) {
        Some(holes) if !holes.is_empty() => match holes.len() {
            1 => format!("{when}, 1 hole"),
            some => format!("{when}, {some} holes"),
        },
        _ => when.to_owned(),
    };
    let value = value(plan, &argument.value, argument.input.sensitive);
    [name.to_owned(), argument.input.name.clone(), when, value]
}

/// When a value is known.
fn known(binding: Binding) -> &'static str {
    match binding {
        Binding::Built => "when built",
        Binding::Start => "at start",
        Binding::Vu => "by user",
        Binding::Iteration => "by iteration",
        Binding::Step => "by instance",
    }
}

/// When a value is settled. What it reads of `setup` and of resources is settled before the iterations, which the compiler does
/// not tell apart where it decides what a program computes when.
fn when(plan: &Plan, value: &TExpr) -> &'static str {
    match value.binding {
        Binding::Iteration => match settled(plan, value, MOST_LOCALS) {
            Settled::Run => "by run",
            Settled::User => known(Binding::Vu),
            Settled::Iteration => known(Binding::Iteration),
        },
        binding => known(binding),
    }
}

/// How many locals are followed from one to the next.
const MOST_LOCALS: u32 = 16;

/// Of what is known late: from early to late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Settled {
    Run,
    User,
    Iteration,
}

fn settled(plan: &Plan, value: &TExpr, locals: u32) -> Settled {
    let mut latest = Settled::Run;
    walk(value, &mut |part| {
        latest = latest.max(of_part(plan, part, locals));
    });
    latest
}

/// When a part of a value is settled, what it is made of left out.
fn of_part(plan: &Plan, part: &TExpr, locals: u32) -> Settled {
    match &part.kind {
        TKind::Output { step, .. } | TKind::Instances(step) => {
            let body = plan.bodies.get(step.body.0);
            match body
                .and_then(|body| body.phase.as_ref())
                .map(|phase| phase.phase)
            {
                Some(Phase::Setup) => Settled::Run,
                Some(Phase::VuSetup) => Settled::User,
                _ => Settled::Iteration,
            }
        }
        TKind::Export { resource, .. } => {
            let found = plan.resources.iter().find(|one| one.id == Some(*resource));
            match found.map(|resource| resource.scope) {
                Some(Lifetime::Run) => Settled::Run,
                Some(Lifetime::Worker | Lifetime::Vu) => Settled::User,
                Some(Lifetime::Iteration) | None => Settled::Iteration,
            }
        }
        TKind::Local(id) => {
            let of_bodies = plan.bodies.iter().flat_map(|body| &body.locals);
            let mut all = plan
                .locals
                .iter()
                .chain(&plan.locals_of_run)
                .chain(of_bodies);
            let local = all.find(|local| local.id == *id);
            match (local, locals.checked_sub(1)) {
                (Some(local), Some(left)) => settled(plan, &local.value, left),
                _ => Settled::Iteration,
            }
        }
        TKind::Call { function, .. } if function.time == Time::Iteration => Settled::Iteration,
        TKind::Input(_)
        | TKind::VuIteration
        | TKind::ScenarioIteration
        | TKind::CountIndex
        | TKind::EachKey
        | TKind::EachValue => Settled::Iteration,
        TKind::Column { .. } if part.binding == Binding::Iteration => Settled::Iteration,
        TKind::Column { .. } | TKind::VuId | TKind::ScenarioName => Settled::User,
        _ => Settled::Run,
    }
}

/// A known value as HCL, any other one as it is written.
fn value(plan: &Plan, expr: &TExpr, is_sensitive: bool) -> String {
    let written = written(plan, expr.span);
    let is_secret = |text: &str| looks_like_a_secret(text);
    // A literal in it may be sensitive although the value is not.
    let mut has_sensitive = is_sensitive || is_secret(written);
    walk(expr, &mut |part| has_sensitive |= part.sensitivity.any());
    if has_sensitive {
        return SENSITIVE.to_owned();
    }
    let Some(value) = expr.constant() else {
        return values::source(written);
    };
    match value.as_text().is_some_and(is_secret) {
        true => SENSITIVE.to_owned(),
        false => Some(values::shown(value))
            .filter(|text| !is_secret(text))
            .unwrap_or_else(|| SENSITIVE.to_owned()),
    }
}

fn written(plan: &Plan, span: Span) -> &str {
    let text = plan.places.texts.get(span.file.0 as usize);
    let range = span.start as usize..span.end as usize;
    text.and_then(|text| text.get(range)).unwrap_or_default()
}
