//! Functions over numbers.

use super::args::args;
use bggo_values::{Fault, Number, Value};
use std::cmp::Ordering;

/// The size of a number.
///
/// # Errors
/// When the argument is no number.
pub fn abs(values: &[Value]) -> Result<Value, Fault> {
    Ok(args("abs", values, 1, 1)?.number(0)?.abs().into())
}

/// The next whole number that is not smaller.
///
/// # Errors
/// When the argument is no number.
pub fn ceil(values: &[Value]) -> Result<Value, Fault> {
    Ok(args("ceil", values, 1, 1)?.number(0)?.ceil().into())
}

/// The next whole number that is not larger.
///
/// # Errors
/// When the argument is no number.
pub fn floor(values: &[Value]) -> Result<Value, Fault> {
    Ok(args("floor", values, 1, 1)?.number(0)?.floor().into())
}

/// The largest argument.
///
/// # Errors
/// Without arguments, or when one is no number.
pub fn max(values: &[Value]) -> Result<Value, Fault> {
    extreme("max", values, Ord::max)
}

/// The smallest argument.
///
/// # Errors
/// Without arguments, or when one is no number.
pub fn min(values: &[Value]) -> Result<Value, Fault> {
    extreme("min", values, Ord::min)
}

fn extreme(
    name: &'static str,
    values: &[Value],
    pick: fn(Number, Number) -> Number,
) -> Result<Value, Fault> {
    let args = args(name, values, 1, usize::MAX)?;
    let mut found = args.number(0)?;
    for place in 1..args.len() {
        found = pick(found, args.number(place)?);
    }
    Ok(found.into())
}

/// The sum of a list's numbers.
///
/// # Errors
/// When the list is empty, holds null or what is no number, or the sum is out of range.
pub fn sum(values: &[Value]) -> Result<Value, Fault> {
    let args = args("sum", values, 1, 1)?;
    let list = args.list(0)?;
    if list.is_empty() {
        return Err(args.fault(0, "an empty list has no sum"));
    }
    let mut total = Number::ZERO;
    for item in list.iter() {
        if item.is_null() {
            return Err(args.fault(0, "the list holds null"));
        }
        let number =
            bggo_values::convert::to_number(item).map_err(|fault| args.fault(0, fault.text()))?;
        total = total
            .plus(&number)
            .ok_or_else(|| args.fault(0, "the sum is out of range (28 digits)"))?;
    }
    Ok(total.into())
}

/// -1, 0 or 1, as a number is below, equal to or above zero.
///
/// # Errors
/// When the argument is no number.
pub fn signum(values: &[Value]) -> Result<Value, Fault> {
    let number = args("signum", values, 1, 1)?.number(0)?;
    Ok(Value::number(match number.cmp(&Number::ZERO) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }))
}

/// The whole number that a text is in a base of 2 to 62. Up to base 36 small and capital letters are equal, beyond it
/// capitals stand for 36 to 61.
///
/// # Errors
/// When the text is no such number or the base is no such base, and for a number of more than 28 digits.
pub fn parseint(values: &[Value]) -> Result<Value, Fault> {
    let args = args("parseint", values, 2, 2)?;
    let Value::Text(text) = args.value(0)? else {
        let found = args.value(0)?.kind();
        return Err(args.fault(0, &format!("a string is required, found {found}")));
    };
    let base = args.whole(1)?;
    let base = u32::try_from(base)
        .ok()
        .filter(|base| (2..=62).contains(base))
        .ok_or_else(|| args.fault(1, "the base must be 2 to 62"))?;
    let wrong = || args.fault(0, "the text is no whole number in that base");
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() {
        return Err(wrong());
    }
    let mut number = Some(0u128);
    for digit in digits.chars() {
        let digit = match digit {
            '0'..='9' => u32::from(digit) - u32::from('0'),
            'a'..='z' => u32::from(digit) - u32::from('a') + 10,
            'A'..='Z' if base <= 36 => u32::from(digit) - u32::from('A') + 10,
            'A'..='Z' => u32::from(digit) - u32::from('A') + 36,
            _ => return Err(wrong()),
        };
        if digit >= base {
            return Err(wrong());
        }
        number = number.and_then(|number| {
            let shifted = number.checked_mul(u128::from(base))?;
            shifted.checked_add(u128::from(digit))
        });
    }
    let number = number.and_then(|number| Number::parse(&number.to_string()));
    let number = number.ok_or_else(|| args.fault(0, "the number is out of range (28 digits)"))?;
    Ok(if negative { number.negated() } else { number }.into())
}
