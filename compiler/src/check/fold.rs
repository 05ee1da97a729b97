//! Typed expressions to their values, where these are known when the grid is built: by the functions that a compiled grid
//! calls.

use std::collections::BTreeMap;

use bggo_function_table::{Call, Time};
use bggo_values::text::Joined;
use bggo_values::{Fault, Number, Seq, Text, Value, convert, ops};

use crate::resolve::model::{BoundId, VariableId};
use crate::source::Span;
use crate::syntax::decl::{BinaryOp, UnaryOp};

use super::typed::{TExpr, TFor, TKind, TPart};

/// The most nodes that are computed for one expression. A longer computation is left to the program.
const MOST_NODES: u32 = 1_000_000;

/// The most parts of all values together that are made for one expression: names may double a value at each use of them,
/// without end. What is larger is left to the program.
const MOST_PARTS: usize = 1_000_000;

/// Why there is no value.
#[derive(Debug)]
pub(super) enum Failure {
    /// The computation has a fault.
    Fault(Fault, Span),
    /// It is not known yet, or the computation is too long.
    Unknown,
}

/// Values of names while an expression is computed.
#[derive(Default)]
pub(super) struct Known {
    bound: Vec<(BoundId, Value)>,
    variable: Option<(VariableId, Value)>,
    /// Key, or index, and value of an instance.
    instance: Option<(Value, Value)>,
    nodes: u32,
    parts: usize,
}

impl Known {
    /// The value of one variable, for its validation.
    pub(super) fn variable(id: VariableId, value: Value) -> Known {
        Known {
            variable: Some((id, value)),
            ..Known::default()
        }
    }
}

impl Known {
    /// The values of names, and of an instance of a step.
    pub(super) fn of_names(
        bound: Vec<(BoundId, Value)>,
        instance: Option<(Value, Value)>,
    ) -> Known {
        Known {
            bound,
            instance,
            ..Known::default()
        }
    }
}

type Result<T = Value> = std::result::Result<T, Failure>;

/// The value of an expression.
pub(super) fn value(expr: &TExpr, known: &mut Known) -> Result {
    let value = value_of_kind(expr, known)?;
    let made = matches!(
        expr.kind,
        TKind::List(_)
            | TKind::Object(_)
            | TKind::Template(_)
            | TKind::Call { .. }
            | TKind::For(_)
            | TKind::Splat { .. }
    );
    if made {
        known.parts += value.size(MOST_PARTS);
        if known.parts > MOST_PARTS {
            return Err(Failure::Unknown);
        }
    }
    Ok(value)
}

fn value_of_kind(expr: &TExpr, known: &mut Known) -> Result {
    known.nodes += 1;
    if known.nodes > MOST_NODES {
        return Err(Failure::Unknown);
    }
    let at = |result: std::result::Result<Value, Fault>| {
        result.map_err(|fault| Failure::Fault(fault, expr.span))
    };
    match &expr.kind {
        TKind::Constant(value) => Ok(value.clone()),
        TKind::Variable(id) => match &known.variable {
            Some((own, value)) if own == id => Ok(value.clone()),
            _ => Err(Failure::Unknown),
        },
        TKind::Bound(id) => {
            let found = known.bound.iter().rev().find(|(bound, _)| bound == id);
            found
                .map(|(_, value)| value.clone())
                .ok_or(Failure::Unknown)
        }
        TKind::CountIndex | TKind::EachKey | TKind::EachValue => {
            let of = known.instance.as_ref().ok_or(Failure::Unknown)?;
            Ok(match expr.kind {
                TKind::EachValue => of.1.clone(),
                _ => of.0.clone(),
            })
        }
        TKind::Field(of, name) => at(ops::field(&value(of, known)?, name)),
        TKind::FieldOrNull(of, name) => at(ops::field_or_null(&value(of, known)?, name)),
        TKind::Index(of, by) => {
            let of = value(of, known)?;
            at(ops::index(&of, &value(by, known)?))
        }
        TKind::Separate(of) => value(of, known),
        TKind::Convert(of) => at(convert::convert(&value(of, known)?, &expr.ty)),
        TKind::Unary(operator, of) => {
            let of = value(of, known)?;
            at(unary(*operator, &of))
        }
        TKind::Binary(operator, left, right) => binary(expr, *operator, [left, right], known),
        TKind::Conditional(condition, yes, no) => {
            let chosen = if truth(condition, known)? { yes } else { no };
            value(chosen, known)
        }
        TKind::List(items) => {
            let items: Result<Vec<Value>> = items.iter().map(|item| value(item, known)).collect();
            Ok(Value::from(items?))
        }
        TKind::Object(pairs) => object(pairs, known),
        TKind::Template(parts) => {
            let mut joined = Joined::default();
            text(parts, &mut joined, known)?;
            Ok(Value::from(joined.finish()))
        }
        TKind::Call {
            function,
            arguments,
            expand,
        } => {
            let (Call::Plain(call), Time::Pure) = (function.call, function.time) else {
                return Err(Failure::Unknown);
            };
            let mut values = Vec::with_capacity(arguments.len());
            for argument in arguments {
                values.push(value(argument, known)?);
            }
            if *expand {
                let last = values.pop().unwrap_or(Value::Null);
                ops::iterate(&last, &mut |_, item| {
                    values.push(item.clone());
                    Ok(())
                })
                .map_err(|fault| Failure::Fault(fault, expr.span))?;
            }
            at(call(&values))
        }
        TKind::Try(alternatives) => {
            let mut last = Failure::Unknown;
            for alternative in alternatives {
                match value(alternative, known) {
                    Ok(value) => return Ok(value),
                    Err(Failure::Unknown) => return Err(Failure::Unknown),
                    Err(fault) => last = fault,
                }
            }
            Err(last)
        }
        TKind::Can(of) => match value(of, known) {
            Ok(_) => Ok(Value::Bool(true)),
            Err(Failure::Fault(..)) => Ok(Value::Bool(false)),
            Err(Failure::Unknown) => Err(Failure::Unknown),
        },
        TKind::For(form) => for_form(expr, form, known),
        TKind::Splat { over, item, each } => splat(expr, (over, *item, each), known),
        TKind::Local(_)
        | TKind::Input(_)
        | TKind::Output { .. }
        | TKind::Instances(_)
        | TKind::Export { .. }
        | TKind::VuId
        | TKind::VuIteration
        | TKind::Column { .. }
        | TKind::ScenarioName
        | TKind::ScenarioIteration
        | TKind::RunId
        | TKind::Loaded
        | TKind::Error => Err(Failure::Unknown),
    }
}

fn truth(expr: &TExpr, known: &mut Known) -> Result<bool> {
    let value = value(expr, known)?;
    ops::truth(&value).map_err(|fault| Failure::Fault(fault, expr.span))
}

fn unary(operator: UnaryOp, of: &Value) -> std::result::Result<Value, Fault> {
    match operator {
        UnaryOp::Not => ops::not(of),
        UnaryOp::Neg => ops::neg(of),
    }
}

fn binary(
    expr: &TExpr,
    operator: BinaryOp,
    [left, right]: [&TExpr; 2],
    known: &mut Known,
) -> Result {
    match operator {
        BinaryOp::And => return Ok(Value::Bool(truth(left, known)? && truth(right, known)?)),
        BinaryOp::Or => return Ok(Value::Bool(truth(left, known)? || truth(right, known)?)),
        _ => {}
    }
    let (left, right) = (value(left, known)?, value(right, known)?);
    let result = match operator {
        BinaryOp::Add => ops::add(&left, &right),
        BinaryOp::Sub => ops::sub(&left, &right),
        BinaryOp::Mul => ops::mul(&left, &right),
        BinaryOp::Div => ops::div(&left, &right),
        BinaryOp::Rem => ops::rem(&left, &right),
        BinaryOp::Less => ops::less(&left, &right),
        BinaryOp::LessEq => ops::less_eq(&left, &right),
        BinaryOp::Greater => ops::greater(&left, &right),
        BinaryOp::GreaterEq => ops::greater_eq(&left, &right),
        BinaryOp::NotEqual => Ok(ops::not_equal(&left, &right)),
        BinaryOp::Equal | BinaryOp::And | BinaryOp::Or => Ok(ops::equal(&left, &right)),
    };
    result.map_err(|fault| Failure::Fault(fault, expr.span))
}

/// If a key occurs twice, the later value counts, at the place of the first.
fn object(pairs: &[(TExpr, TExpr)], known: &mut Known) -> Result {
    let mut places: BTreeMap<Text, usize> = BTreeMap::new();
    let mut found: Vec<(Text, Value)> = Vec::with_capacity(pairs.len());
    for (key, of) in pairs {
        let name = value(key, known)?;
        let name = convert::to_text(&name).map_err(|fault| Failure::Fault(fault, key.span))?;
        let of = value(of, known)?;
        match places.get(&name).and_then(|place| found.get_mut(*place)) {
            Some(other) => other.1 = of,
            None => {
                places.insert(name.clone(), found.len());
                found.push((name, of));
            }
        }
    }
    Ok(Value::Object(Seq::from(found)))
}

fn text(parts: &[TPart], out: &mut Joined, known: &mut Known) -> Result<()> {
    for part in parts {
        match part {
            TPart::Text(text) => out.push(text),
            TPart::Hole(expr) => {
                let value = value(expr, known)?;
                let hole = ops::hole(&value).map_err(|fault| Failure::Fault(fault, expr.span))?;
                out.push(&hole);
            }
            TPart::If { condition, yes, no } => {
                let chosen = if truth(condition, known)? { yes } else { no };
                text(chosen, out, known)?;
            }
            TPart::For {
                key,
                value: name,
                over,
                body,
            } => each_of(over, (*key, *name), known, &mut |known| {
                text(body, out, known)
            })?,
        }
    }
    Ok(())
}

/// Runs `body` for each item of `over`, with its names known.
fn each_of(
    over: &TExpr,
    (key, name): (Option<BoundId>, BoundId),
    known: &mut Known,
    body: &mut dyn FnMut(&mut Known) -> Result<()>,
) -> Result<()> {
    let items = value(over, known)?;
    let mut pairs = Vec::new();
    ops::iterate(&items, &mut |key, item| {
        pairs.push((key.clone(), item.clone()));
        Ok(())
    })
    .map_err(|fault| Failure::Fault(fault, over.span))?;
    let outside = known.bound.len();
    for (key_value, item) in pairs {
        known.bound.extend(key.map(|id| (id, key_value)));
        known.bound.push((name, item));
        let result = body(known);
        known.bound.truncate(outside);
        result?;
    }
    Ok(())
}

fn for_form(expr: &TExpr, form: &TFor, known: &mut Known) -> Result {
    let mut results: Vec<(Value, Value)> = Vec::new();
    let names = (form.key, form.value);
    each_of(&form.over, names, known, &mut |known| {
        if let Some(condition) = &form.condition
            && !truth(condition, known)?
        {
            return Ok(());
        }
        let key = match &form.key_result {
            Some(key) => value(key, known)?,
            None => Value::Null,
        };
        let result = value(&form.result, known)?;
        results.push((key, result));
        Ok(())
    })?;
    if form.key_result.is_none() {
        let items: Vec<Value> = results.into_iter().map(|(_, item)| item).collect();
        return Ok(Value::from(items));
    }
    // The rules of keys are the program's own: its function runs over the results.
    let places: Vec<Value> = (0..results.len())
        .map(|at| Value::from(Number::from(at)))
        .collect();
    let places = Value::from(places);
    ops::for_object(&places, form.grouped, &mut |_, place| {
        let place = convert::to_number(place)?.as_usize();
        Ok(place.and_then(|place| results.get(place).cloned()))
    })
    .map_err(|fault| Failure::Fault(fault, expr.span))
}

fn splat(expr: &TExpr, (over, item, each): (&TExpr, BoundId, &TExpr), known: &mut Known) -> Result {
    let items = value(over, known)?;
    let mut failure = None;
    let result = ops::splat(&items, &mut |one| {
        known.bound.push((item, one.clone()));
        let result = value(each, known);
        known.bound.pop();
        result.map_err(|why| {
            failure = Some(why);
            Fault::new("")
        })
    });
    match (result, failure) {
        (_, Some(why)) => Err(why),
        (result, None) => result.map_err(|fault| Failure::Fault(fault, expr.span)),
    }
}
