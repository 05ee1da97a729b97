//! Values validated against a schema, and what is said of one that does not fit.
//!
//! ```text
//! text of a schema --prepared--> validator
//! value --validator--> fits, or a sentence: where in the value, and which keyword of the schema
//! ```
//!
//! The compiler writes the text (JSON Schema of 2020-12, without references to other documents), and has looked at its keywords.
//! What is said holds nothing of the value: it may be secret.

mod misfit;
mod value;

use bggo_values::Value;
use jsonschema::{Draft, PatternOptions, Validator};
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// Most steps back of a pattern in one text: one that needs more does not hold.
const MOST_STEPS_BACK: usize = 100_000;

/// A schema of a program: a static. It is made a validator once, and all threads share that.
#[derive(Debug)]
pub struct Schema {
    text: &'static str,
    lets_no_json: bool,
    prepared: OnceLock<Result<Prepared, Fault>>,
}

/// A schema that values are validated against.
#[derive(Debug)]
pub struct Prepared {
    validator: Validator,
    /// The names of attributes that the schema has: only these are shown.
    names: BTreeSet<String>,
}

/// Why a text is no schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where in the text, as a JSON pointer.
    pub at: String,
    /// One clause.
    pub text: String,
}

impl Schema {
    /// A schema by its text.
    pub const fn new(text: &'static str) -> Self {
        Self {
            text,
            lets_no_json: false,
            prepared: OnceLock::new(),
        }
    }

    /// One that lets answers be what is no JSON.
    pub const fn or_no_json(text: &'static str) -> Self {
        Self {
            text,
            lets_no_json: true,
            prepared: OnceLock::new(),
        }
    }

    /// Makes the validator, which else happens when the first value comes.
    pub fn prepare(&self) {
        self.prepared.get_or_init(|| prepared(self.text));
    }

    /// Whether a value fits.
    pub fn fits(&self, value: &Value) -> bool {
        if no_json(value).is_some() {
            return self.lets_no_json;
        }
        let prepared = self.prepared.get_or_init(|| prepared(self.text));
        match (prepared, value::json(value)) {
            (Ok(prepared), Ok(json)) => prepared.validator.is_valid(&json),
            _ => false,
        }
    }

    /// Why a value does not fit, without anything of the value.
    pub fn misfit(&self, value: &Value) -> Value {
        let prepared = self.prepared.get_or_init(|| prepared(self.text));
        let text = match (no_json(value), prepared) {
            (Some(why), _) => why.to_owned(),
            (None, Err(fault)) => format!("the schema cannot be used: {}", fault.text),
            (None, Ok(prepared)) => match value::json(value) {
                Ok(json) => misfit::text(&prepared.validator, &prepared.names, &json),
                Err(why) => why,
            },
        };
        Value::from(text)
    }
}

/// Why the text of an answer is no JSON, if it is none.
fn no_json(value: &Value) -> Option<&str> {
    match value {
        Value::Raw(raw) => raw.why_null(),
        _ => None,
    }
}

/// Reads a schema. (The tests of the compiler ask whether it has the same to say.)
///
/// # Errors
/// The text is no JSON, or no schema; or a pattern in it cannot be searched for.
pub fn prepared(text: &str) -> Result<Prepared, Fault> {
    let schema = serde_json::from_str(text).map_err(|error| Fault {
        at: String::new(),
        text: format!("it cannot be read: {error}"),
    })?;
    let options = jsonschema::options()
        .with_draft(Draft::Draft202012)
        // What a format means is left to whoever reads it.
        .should_validate_formats(false)
        .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(MOST_STEPS_BACK));
    let validator = options.build(&schema).map_err(|error| Fault {
        at: error.instance_path().as_str().to_owned(),
        text: misfit::of_schema(&error),
    })?;
    let mut names = BTreeSet::new();
    misfit::names(&schema, &mut names);
    Ok(Prepared { validator, names })
}

#[cfg(test)]
mod tests;
