//! Numbers in, numbers or truth out. Texts of numbers count as numbers, as in Terraform.

use crate::{Fault, Number, Value, convert};
use std::cmp::Ordering;

/// The two operands as numbers.
fn operands(sign: &str, a: &Value, b: &Value) -> Result<(Number, Number), Fault> {
    Ok((operand("left ", sign, a)?, operand("right ", sign, b)?))
}

fn operand(side: &str, sign: &str, value: &Value) -> Result<Number, Fault> {
    if let Value::Number(number) = value {
        return Ok(*number);
    }
    if value.is_null() {
        return Err(Fault::new(format!("the {side}operand of `{sign}` is null")));
    }
    convert::to_number(value)
        .map_err(|fault| Fault::new(format!("the {side}operand of `{sign}`: {fault}")))
}

fn result(sign: &str, number: Option<Number>) -> Result<Value, Fault> {
    let fault = || {
        Fault::new(format!(
            "the result of `{sign}` is out of range (28 digits)"
        ))
    };
    number.map(Value::Number).ok_or_else(fault)
}

/// `+`.
///
/// # Errors
/// When an operand is no number, or the result is out of range.
pub fn add(a: &Value, b: &Value) -> Result<Value, Fault> {
    let (a, b) = operands("+", a, b)?;
    result("+", a.plus(&b))
}

/// `-`.
///
/// # Errors
/// As `add`.
pub fn sub(a: &Value, b: &Value) -> Result<Value, Fault> {
    let (a, b) = operands("-", a, b)?;
    result("-", a.minus(&b))
}

/// `*`.
///
/// # Errors
/// As `add`.
pub fn mul(a: &Value, b: &Value) -> Result<Value, Fault> {
    let (a, b) = operands("*", a, b)?;
    result("*", a.times(&b))
}

/// `/`.
///
/// # Errors
/// As `add`, and when `b` is zero.
pub fn div(a: &Value, b: &Value) -> Result<Value, Fault> {
    let (a, b) = operands("/", a, b)?;
    if b == Number::ZERO {
        return Err(Fault::new("division by zero"));
    }
    result("/", a.over(&b))
}

/// `%`: what a division that truncates leaves, with the sign of `a`.
///
/// # Errors
/// As `div`.
pub fn rem(a: &Value, b: &Value) -> Result<Value, Fault> {
    let (a, b) = operands("%", a, b)?;
    if b == Number::ZERO {
        return Err(Fault::new("division by zero"));
    }
    result("%", a.modulo(&b))
}

/// `-` before a value.
///
/// # Errors
/// When it is no number.
pub fn neg(value: &Value) -> Result<Value, Fault> {
    operand("", "-", value).map(|number| Value::Number(number.negated()))
}

/// Numbers by size, durations by length.
fn compare(sign: &str, a: &Value, b: &Value) -> Result<Ordering, Fault> {
    if let (Value::Duration(a), Value::Duration(b)) = (a, b) {
        return Ok(a.cmp(b));
    }
    let (a, b) = operands(sign, a, b)?;
    Ok(a.cmp(&b))
}

/// `<`.
///
/// # Errors
/// When the operands are neither numbers nor durations.
pub fn less(a: &Value, b: &Value) -> Result<Value, Fault> {
    compare("<", a, b).map(|order| Value::Bool(order.is_lt()))
}

/// `<=`.
///
/// # Errors
/// As `less`.
pub fn less_eq(a: &Value, b: &Value) -> Result<Value, Fault> {
    compare("<=", a, b).map(|order| Value::Bool(order.is_le()))
}

/// `>`.
///
/// # Errors
/// As `less`.
pub fn greater(a: &Value, b: &Value) -> Result<Value, Fault> {
    compare(">", a, b).map(|order| Value::Bool(order.is_gt()))
}

/// `>=`.
///
/// # Errors
/// As `less`.
pub fn greater_eq(a: &Value, b: &Value) -> Result<Value, Fault> {
    compare(">=", a, b).map(|order| Value::Bool(order.is_ge()))
}
