//! Values as HCL, on one line and not too long.

use bggo_values::{Value, duration, json};
use hcl::format::{Format, Formatter};

/// The most characters of a value that are shown.
const MOST: usize = 60;
/// A list or an object with more parts is shown by their number.
const MOST_PARTS: usize = 20;

/// A value as a grid writes it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Duration(time) => text(&duration::format(*time)),
        Value::Bytes(bytes) => format!("{} bytes", bytes.len()),
        Value::List(items) if value.size(MOST_PARTS + 1) > MOST_PARTS => {
            format!("[..] of {} items", items.len())
        }
        Value::Object(pairs) if value.size(MOST_PARTS + 1) > MOST_PARTS => {
            format!("{{..}} of {} keys", pairs.len())
        }
        value => shortened(&written(&as_hcl(value))),
    }
}

/// A text as a grid writes it.
pub(super) fn text(text: &str) -> String {
    shortened(&written(&hcl::Value::from(text)))
}

/// Text of a grid on one line.
pub(super) fn source(text: &str) -> String {
    shortened(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn written(value: &hcl::Value) -> String {
    let mut text = Formatter::builder().compact(true).build_vec();
    // Writing a value to memory cannot fail.
    let text = value.format_string(&mut text).unwrap_or_default();
    source_line(&text)
}

/// A heredoc has several lines.
fn source_line(text: &str) -> String {
    text.replace('\n', "\\n")
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}..", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn as_hcl(value: &Value) -> hcl::Value {
    match value {
        Value::Null => hcl::Value::Null,
        Value::Bool(value) => hcl::Value::Bool(*value),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => hcl::Value::from(whole),
            None => hcl::Value::from(number.as_f64()),
        },
        Value::Text(text) => hcl::Value::from(text.as_str()),
        Value::Duration(time) => hcl::Value::from(duration::format(*time)),
        Value::Bytes(bytes) => hcl::Value::from(format!("{} bytes", bytes.len())),
        Value::List(items) => hcl::Value::Array(items.iter().map(as_hcl).collect()),
        Value::Object(pairs) => {
            let pairs = pairs.iter();
            let pairs = pairs.map(|(key, value)| (key.as_str().to_owned(), as_hcl(value)));
            hcl::Value::Object(pairs.collect())
        }
        Value::Raw(raw) => match json::decode(raw.as_str()) {
            Ok(value) => as_hcl(&value),
            Err(_) => hcl::Value::from(raw.as_str()),
        },
    }
}
