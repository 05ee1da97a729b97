//! A reader of HCL without expressions: literals, attribute files and, for manifests, bodies with blocks and types.
//!
//! It is what a compiled grid reads its variables with, so that no HCL parser is linked there. What it accepts means what it
//! means in a grid; a reference, a function call or an operator is a fault that says so.

mod body;
mod cursor;
mod expression;
mod string;
mod value;

pub use body::{Block, Body, Item};
pub use cursor::LiteralFault;

pub(crate) use cursor::Cursor;

use crate::Value;

/// Reads one literal, for example of a flag.
///
/// # Errors
/// When the text is anything else.
pub fn value(text: &str) -> Result<Value, LiteralFault> {
    let mut cursor = Cursor::new(text);
    cursor.space_and_lines()?;
    let value = cursor.value(0)?;
    cursor.space_and_lines()?;
    cursor.end("the end of the value")?;
    Ok(value)
}

/// Reads a file of attributes (`name = literal`), each with the byte at which its name stands.
///
/// # Errors
/// At the first thing that is no attribute, and when a name is set twice.
pub fn attributes(text: &str) -> Result<Vec<(String, Value, usize)>, LiteralFault> {
    let mut cursor = Cursor::new(text);
    let mut found: Vec<(String, Value, usize)> = Vec::new();
    loop {
        cursor.space_and_lines()?;
        if cursor.at_end() {
            return Ok(found);
        }
        let offset = cursor.offset();
        let name = cursor.name("the name of a variable")?;
        if found.iter().any(|(known, ..)| *known == name) {
            return Err(LiteralFault {
                offset,
                text: format!("`{name}` is set twice"),
            });
        }
        cursor.space()?;
        cursor.equals(&name)?;
        let value = cursor.value(0)?;
        cursor.end_of_line()?;
        found.push((name, value, offset));
    }
}

/// Reads a body with attributes and blocks.
///
/// # Errors
/// At the first thing that is neither.
pub fn body(text: &str) -> Result<Body, LiteralFault> {
    let mut cursor = Cursor::new(text);
    cursor.body(0, false)
}

#[cfg(test)]
mod tests;
