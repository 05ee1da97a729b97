//! Environment variables of the process to values.

use super::args::args;
use bggo_values::text::normalized;
use bggo_values::{Fault, Value};

/// The value of an environment variable; null when it is not set.
///
/// # Errors
/// When the argument is no string, or the variable's content is not UTF-8.
pub fn env(values: &[Value]) -> Result<Value, Fault> {
    let args = args("env", values, 1, 1)?;
    let name = args.text(0)?;
    // The system's interface takes no such names, and the standard library would panic on some.
    if name.is_empty() || name.contains(['=', '\0']) {
        return Ok(Value::Null);
    }
    match std::env::var_os(name.as_str()) {
        None => Ok(Value::Null),
        Some(value) => match value.into_string() {
            Ok(value) => Ok(Value::from(normalized(value))),
            Err(_) => Err(args.fault(0, "the variable's content is not UTF-8")),
        },
    }
}
