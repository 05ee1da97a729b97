//! Functions that turn a value into another type. Null stays null.

use super::args::args;
use bggo_values::{Fault, Type, Value, convert};

fn to(name: &'static str, values: &[Value], ty: &Type) -> Result<Value, Fault> {
    let args = args(name, values, 1, 1)?;
    let value = args.any(0);
    if value.is_null() {
        return Ok(Value::Null);
    }
    convert::convert(value, ty).map_err(|fault| args.fault(0, fault.text()))
}

/// The value as a string.
///
/// # Errors
/// When it has no text form.
pub fn tostring(values: &[Value]) -> Result<Value, Fault> {
    to("tostring", values, &Type::String)
}

/// The value as a number.
///
/// # Errors
/// When it is none.
pub fn tonumber(values: &[Value]) -> Result<Value, Fault> {
    to("tonumber", values, &Type::Number)
}

/// The value as a bool.
///
/// # Errors
/// When it is none.
pub fn tobool(values: &[Value]) -> Result<Value, Fault> {
    to("tobool", values, &Type::Bool)
}

/// The items as a list of one type.
///
/// # Errors
/// When it is no list or set, or its items have no type in common.
pub fn tolist(values: &[Value]) -> Result<Value, Fault> {
    to("tolist", values, &Type::list(Type::Any))
}

/// The items as a set: of one type, sorted, each once.
///
/// # Errors
/// As `tolist`.
pub fn toset(values: &[Value]) -> Result<Value, Fault> {
    to("toset", values, &Type::set(Type::Any))
}

/// The attributes as a map of one type.
///
/// # Errors
/// When it is no object or map, or its values have no type in common.
pub fn tomap(values: &[Value]) -> Result<Value, Fault> {
    to("tomap", values, &Type::map(Type::Any))
}
