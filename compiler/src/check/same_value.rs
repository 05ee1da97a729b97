//! Expressions to texts that are equal where their values are: so two places that read the same thing are known as such.

use crate::check::typed::{InstanceOf, TExpr, TKind, TLocal};
use crate::resolve::model::StepId;
use bggo_function_table::Time;
use bggo_values::Value;

/// What is known of the locals of a grid.
#[derive(Clone, Copy)]
pub(in crate::check) struct Locals<'a> {
    /// What each is another name of, as far as they were read.
    pub(in crate::check) names: &'a [Option<String>],
    /// Their values.
    pub(in crate::check) values: &'a [TLocal],
}

/// The name of a value that two expressions have in common if they read the same thing: `var.user.nick` and the local that is
/// `var.user` with `.nick`. `None` for what has no name.
pub(in crate::check) fn name_of(expr: &TExpr, locals: Locals<'_>) -> Option<String> {
    Some(match &expr.kind {
        TKind::Variable(id) => format!("var {}", id.0),
        TKind::Input(id) => format!("input {} {}", id.flow.0, id.index),
        TKind::Bound(id) => format!("bound {}", id.0),
        TKind::EachKey => "each.key".to_owned(),
        TKind::EachValue => "each.value".to_owned(),
        TKind::CountIndex => "count.index".to_owned(),
        TKind::VuId => "vu.id".to_owned(),
        TKind::VuIteration => "vu.iteration".to_owned(),
        TKind::ScenarioName => "scenario.name".to_owned(),
        TKind::ScenarioIteration => "scenario.iteration".to_owned(),
        TKind::RunId => "run.id".to_owned(),
        TKind::Column { data, column } => format!("data {} {column}", data.0),
        TKind::Local(id) => match locals.names.get(id.0) {
            Some(Some(same)) => same.clone(),
            _ => format!("local {}", id.0),
        },
        TKind::Constant(value) => scalar(value)?,
        TKind::Convert(of) => name_of(of, locals)?,
        TKind::Field(of, name) | TKind::FieldOrNull(of, name) => {
            format!("{} .{name}", name_of(of, locals)?)
        }
        TKind::Index(of, by) => format!("{} [{}]", name_of(of, locals)?, name_of(by, locals)?),
        TKind::Output {
            step,
            instance,
            field,
        } => {
            let whole = output(*step, instance, locals)?;
            match field {
                Some(field) => format!("{whole} {field}"),
                None => whole,
            }
        }
        _ => return None,
    })
}

/// The most items of a list that is compared as a text.
const MOST_ITEMS: usize = 16;

/// A constant as a text; `None` for objects and long lists, which may be very large.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(format!("{:?}", text.as_str())),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null => Some("null".to_owned()),
        Value::List(items) if items.len() <= MOST_ITEMS => {
            let items: Option<Vec<String>> = items.iter().map(scalar).collect();
            Some(format!("[{}]", items?.join(", ")))
        }
        _ => None,
    }
}

/// The name of the whole output of a step, or of one of its instances.
pub(in crate::check) fn output(
    step: StepId,
    instance: &InstanceOf,
    locals: Locals<'_>,
) -> Option<String> {
    let instance = match instance {
        InstanceOf::Only | InstanceOf::Own => String::new(),
        InstanceOf::Position(position) => position.to_string(),
        InstanceOf::Computed(by) => name_of(by, locals)?,
    };
    Some(format!("step {} {} {instance}", step.body.0, step.index))
}

/// The most levels of a condition that is compared as a text: each level copies the text of those below.
const MOST_LEVELS: u32 = 16;

/// A condition as a text that is the same wherever it is written; `None` where it is more than names, constants and a few
/// operators.
pub(in crate::check) fn condition(expr: &TExpr, locals: Locals<'_>) -> Option<String> {
    levels_of(expr, locals, MOST_LEVELS)
}

fn levels_of(expr: &TExpr, locals: Locals<'_>, left: u32) -> Option<String> {
    let left = left.checked_sub(1)?;
    let text = |of: &TExpr| levels_of(of, locals, left);
    let texts = |all: &[TExpr]| {
        let all: Option<Vec<String>> = all.iter().map(text).collect();
        all.map(|all| all.join(", "))
    };
    match &expr.kind {
        TKind::Unary(op, of) => Some(format!("{op:?} {}", text(of)?)),
        TKind::Binary(op, a, b) => Some(format!("({} {op:?} {})", text(a)?, text(b)?)),
        TKind::Conditional(condition, yes, no) => Some(format!(
            "({} ? {} : {})",
            text(condition)?,
            text(yes)?,
            text(no)?
        )),
        TKind::Convert(of) => text(of),
        TKind::Can(of) => Some(format!("can({})", text(of)?)),
        TKind::Try(items) => Some(format!("try({})", texts(items)?)),
        TKind::List(items) => Some(format!("[{}]", texts(items)?)),
        // Of the same arguments it has the same value in an iteration, unless it is one of chance or of the clock.
        TKind::Call {
            function,
            arguments,
            expand,
        } if function.time != Time::Iteration => Some(format!(
            "{}({}, {expand})",
            function.name,
            texts(arguments)?
        )),
        TKind::Index(of, by) => Some(format!("{}[{}]", text(of)?, text(by)?)),
        TKind::Field(of, name) | TKind::FieldOrNull(of, name) => {
            Some(format!("{} .{name}", text(of)?))
        }
        _ => name_of(expr, locals),
    }
}
