//! Functions whose value is another one at each call: drawn from the context, never from the system.

use super::args::args;
use bggo_values::context::Context;
use bggo_values::{Fault, Value};

/// A random UUID, version 4. Unique, not secret.
///
/// # Errors
/// When there is an argument.
pub fn uuid(context: &Context<'_>, values: &[Value]) -> Result<Value, Fault> {
    args("uuid", values, 0, 0)?;
    let drawn = context.draw();
    // The version in the upper half of the seventh byte, the variant in the upper two bits of the ninth.
    let bits = drawn & !(0xF << 76) | 4 << 76;
    let bits = bits & !(0b11 << 62) | 0b10 << 62;
    let part = |from: u32, digits: u32| bits >> from & ((1 << (4 * digits)) - 1);
    Ok(Value::from(format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        part(96, 8),
        part(80, 4),
        part(64, 4),
        part(48, 4),
        part(0, 12),
    )))
}
