//! What is said of a value that does not fit, and of a text that is no schema: places, keywords and names of the schema, and
//! nothing of the value.

use jsonschema::error::ValidationErrorKind;
use jsonschema::paths::{Location, LocationSegment};
use jsonschema::{ValidationError, Validator};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Most faults that are said of one value; of the others the number.
const MOST_FAULTS: usize = 3;

/// How deep alternatives in alternatives are looked into.
const MOST_ALTERNATIVES: usize = 8;

/// What does not fit: `at /items/0/price \`minimum\` does not hold`.
pub fn text(validator: &Validator, names: &BTreeSet<String>, value: &Json) -> String {
    let mut errors = validator.iter_errors(value);
    let shown: Vec<String> = errors
        .by_ref()
        .take(MOST_FAULTS)
        .map(|error| fault(&error, names, value))
        .collect();
    let more = errors.count();
    let mut text = shown.join("; ");
    if more > 0 {
        // A String never refuses what is written to it.
        let _ = write!(text, "; and {more} more");
    }
    text
}

fn fault(error: &ValidationError<'_>, names: &BTreeSet<String>, value: &Json) -> String {
    let mut text = one(error, names, value);
    // Of alternatives the one that fits best says more.
    let mut within = nearest(error);
    for _ in 0..MOST_ALTERNATIVES {
        let Some(error) = within else { break };
        within = nearest(error);
        if within.is_none() {
            let _ = write!(text, " (nearest: {})", one(error, names, value));
        }
    }
    text
}

fn one(error: &ValidationError<'_>, names: &BTreeSet<String>, value: &Json) -> String {
    let place = place(error.instance_path(), names, value);
    let keyword = match error.kind() {
        // The keyword that has the schema `false`.
        ValidationErrorKind::FalseSchema => last_keyword(error),
        kind => kind.keyword().to_owned(),
    };
    let mut text = match place.as_str() {
        "" => format!("`{keyword}` does not hold"),
        place => format!("at {place} `{keyword}` does not hold"),
    };
    if let ValidationErrorKind::Required { property } = error.kind()
        && let Some(name) = property.as_str()
        && names.contains(name)
    {
        let _ = write!(text, ": there is no `{name}`");
    }
    text
}

/// A pointer into the value. A name that the schema does not have is a part of the value, and not shown.
fn place(path: &Location, names: &BTreeSet<String>, value: &Json) -> String {
    let mut text = String::new();
    let mut at = Some(value);
    for segment in path.segments() {
        let key = match &segment {
            LocationSegment::Property(name) => name.to_string(),
            LocationSegment::Index(place) => place.to_string(),
        };
        let is_list = at.is_some_and(Json::is_array);
        text.push('/');
        if is_list || names.contains(&key) {
            text.push_str(&key.replace('~', "~0").replace('/', "~1"));
        } else {
            text.push('*');
        }
        at = match at {
            Some(Json::Array(items)) => key.parse().ok().and_then(|at: usize| items.get(at)),
            Some(Json::Object(members)) => members.get(&key),
            _ => None,
        };
    }
    text
}

/// The keyword in the schema that a fault comes from.
fn last_keyword(error: &ValidationError<'_>) -> String {
    let mut keyword = String::new();
    for segment in error.schema_path().segments() {
        if let LocationSegment::Property(name) = segment
            && KEYWORDS.contains(&&*name)
        {
            keyword = name.into_owned();
        }
    }
    match keyword.is_empty() {
        true => "false".to_owned(),
        false => keyword,
    }
}

/// Keywords whose schema may be `false`.
const KEYWORDS: [&str; 8] = [
    "properties",
    "patternProperties",
    "additionalProperties",
    "items",
    "prefixItems",
    "unevaluatedProperties",
    "unevaluatedItems",
    "dependentSchemas",
];

/// Of alternatives of which none fits: the fault that lies deepest in the value, if one lies deeper than the alternatives.
fn nearest<'e>(error: &'e ValidationError<'_>) -> Option<&'e ValidationError<'static>> {
    let (ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context }) =
        error.kind()
    else {
        return None;
    };
    let depth = |error: &ValidationError<'_>| error.instance_path().segments().count();
    let outer = depth(error);
    let mut found: Option<(usize, &ValidationError<'static>)> = None;
    for error in context.iter().flatten() {
        let depth = depth(error);
        if depth > found.map_or(outer, |(depth, _)| depth) {
            found = Some((depth, error));
        }
    }
    found.map(|(_, error)| error)
}

/// What is wrong with a text that is no schema.
pub fn of_schema(error: &ValidationError<'_>) -> String {
    match error.kind() {
        ValidationErrorKind::Format { format } if format == "regex" => {
            "this is no regular expression that can be searched for".to_owned()
        }
        ValidationErrorKind::Referencing(_) => "a reference leads nowhere".to_owned(),
        _ => {
            let path = error.instance_path();
            let last = path.segments().last();
            match last {
                Some(LocationSegment::Property(name)) => {
                    format!("this is no value of `{name}` in a schema")
                }
                _ => "this is no part of a schema".to_owned(),
            }
        }
    }
}

/// Collects the names of attributes of a schema, wherever they stand in it.
pub fn names(schema: &Json, into: &mut BTreeSet<String>) {
    match schema {
        Json::Object(members) => {
            for (name, value) in members {
                match (name.as_str(), value) {
                    ("properties" | "dependentRequired" | "dependentSchemas", Json::Object(of)) => {
                        into.extend(of.keys().cloned());
                    }
                    ("required", Json::Array(of)) => {
                        into.extend(of.iter().filter_map(Json::as_str).map(str::to_owned));
                    }
                    _ => {}
                }
                names(value, into);
            }
        }
        Json::Array(items) => items.iter().for_each(|item| names(item, into)),
        _ => {}
    }
}
