//! Functions whose value is another one at each call.

use super::args::args;
use crate::{Fault, Value};
use std::hash::{BuildHasher, Hasher, RandomState};

/// A random UUID, version 4.
///
/// # Errors
/// When there is an argument.
pub fn uuid(values: &[Value]) -> Result<Value, Fault> {
    args("uuid", values, 0, 0)?;
    // The standard library keys its hashers from the system's random source, once a thread, and counts the key up for each:
    // a keyed pseudorandom function, at no system call and no crate. Unique, not secret.
    let random = || RandomState::new().build_hasher().finish();
    let (high, low) = (random(), random());
    let high = high & !0xF000 | 0x4000;
    let low = low & !(0b11 << 62) | 0b10 << 62;
    let text = format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xFFFF,
        high & 0xFFFF,
        low >> 48,
        low & 0xFFFF_FFFF_FFFF
    );
    Ok(Value::from(text))
}
