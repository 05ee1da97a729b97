//! Values to what may be shown of them.

use crate::{Text, Value};

/// What stands for a value that must not be shown.
pub const SENSITIVE: &str = "(sensitive value)";

/// The value with `(sensitive value)` at each path. An empty path covers the whole; `*` in a path is every attribute and item.
pub fn redact(value: &Value, paths: &[&[&str]]) -> Value {
    if paths.is_empty() {
        return value.clone();
    }
    if paths.iter().any(|path| path.is_empty()) {
        return Value::text(SENSITIVE);
    }
    let below = |name: &str| -> Vec<&[&str]> {
        let through = paths.iter().filter_map(|path| path.split_first());
        through
            .filter(|(first, _)| **first == name || **first == "*")
            .map(|(_, rest)| rest)
            .collect()
    };
    if let Some(pairs) = value.pairs() {
        let shown: Vec<(Text, Value)> = pairs
            .iter()
            .map(|(key, value)| (key.clone(), redact(value, &below(key))))
            .collect();
        return Value::from(shown);
    }
    if let Some(items) = value.items() {
        let shown: Vec<Value> = items
            .iter()
            .enumerate()
            .map(|(place, item)| redact(item, &below(&place.to_string())))
            .collect();
        return Value::from(shown);
    }
    value.clone()
}
