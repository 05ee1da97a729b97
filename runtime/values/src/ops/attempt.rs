//! `try` and `can`: forms of the language that look at faults.

use crate::{Fault, Value};

/// `try(a, b, ..)`: the first alternative without a fault.
///
/// # Errors
/// The last one's fault, when all have one.
pub fn attempt(
    alternatives: &mut [&mut dyn FnMut() -> Result<Value, Fault>],
) -> Result<Value, Fault> {
    let mut last = Fault::new("`try` has no alternative");
    for alternative in alternatives {
        match alternative() {
            Ok(value) => return Ok(value),
            Err(fault) => last = fault,
        }
    }
    Err(last)
}

/// `can(a)`: whether it has no fault.
pub fn can(what: &mut dyn FnMut() -> Result<Value, Fault>) -> Value {
    Value::Bool(what().is_ok())
}
