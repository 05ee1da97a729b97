//! Functions over numbers.

use super::args::args;
use bggo_values::{Fault, Number, Value};

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
