//! Functions that cut something off the ends of strings.

use super::args::args;
use super::string::part;
use bggo_values::{Fault, Value};

/// Without white space at both ends.
///
/// # Errors
/// When the argument is no string.
pub fn trimspace(values: &[Value]) -> Result<Value, Fault> {
    let text = args("trimspace", values, 1, 1)?.text(0)?;
    Ok(part(&text, text.trim()))
}

/// Without the characters of a set at both ends.
///
/// # Errors
/// When an argument is no string.
pub fn trim(values: &[Value]) -> Result<Value, Fault> {
    let args = args("trim", values, 2, 2)?;
    let (text, set) = (args.text(0)?, args.text(1)?);
    Ok(part(&text, text.trim_matches(|c| set.contains(c))))
}

/// Without a text at its begin, if it begins with that.
///
/// # Errors
/// When an argument is no string.
pub fn trimprefix(values: &[Value]) -> Result<Value, Fault> {
    let args = args("trimprefix", values, 2, 2)?;
    let (text, prefix) = (args.text(0)?, args.text(1)?);
    Ok(part(
        &text,
        text.strip_prefix(prefix.as_str()).unwrap_or(&text),
    ))
}

/// Without a text at its end, if it ends with that.
///
/// # Errors
/// When an argument is no string.
pub fn trimsuffix(values: &[Value]) -> Result<Value, Fault> {
    let args = args("trimsuffix", values, 2, 2)?;
    let (text, suffix) = (args.text(0)?, args.text(1)?);
    Ok(part(
        &text,
        text.strip_suffix(suffix.as_str()).unwrap_or(&text),
    ))
}

/// Without the ends of lines at its end.
///
/// # Errors
/// When the argument is no string.
pub fn chomp(values: &[Value]) -> Result<Value, Fault> {
    let text = args("chomp", values, 1, 1)?.text(0)?;
    Ok(part(&text, text.trim_end_matches(['\r', '\n'])))
}
