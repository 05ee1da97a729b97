//! Values to text: as a template prints them, as JSON and as HCL.

use super::scan;
use crate::base64::to_base64;
use crate::value::by_key;
use crate::{Text, Value, duration};
use std::borrow::Cow;
use std::fmt::{self, Write};

/// Keys in order of name, and `<`, `>`, `&` and the two line separators escaped: what Terraform's `jsonencode` writes.
const TERRAFORM: Style = Style {
    sorted: true,
    html: true,
};
/// Keys as they were written and no more escapes than JSON needs.
const PLAIN: Style = Style {
    sorted: false,
    html: false,
};

#[derive(Clone, Copy)]
struct Style {
    sorted: bool,
    html: bool,
}

/// `jsonencode`: keys sorted, `<`, `>` and `&` escaped.
pub fn encode(value: &Value) -> String {
    let mut out = String::new();
    // A String never refuses what is written to it.
    let _ = write_value(&mut out, value, TERRAFORM);
    out
}

/// JSON for bodies and for `print`: keys in written order, no needless escapes.
pub fn encode_plain(value: &Value) -> String {
    Json(value).to_string()
}

/// Displays a value as `encode_plain` does, without a `String` in between.
#[derive(Clone, Copy)]
pub struct Json<'a>(pub &'a Value);

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_value(f, self.0, PLAIN)
    }
}

/// An owned value that displays as [`Json`] does.
#[derive(Debug, Clone)]
pub struct Shown(pub Value);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Json(&self.0).fmt(f)
    }
}

fn write_value(out: &mut dyn Write, value: &Value, style: Style) -> fmt::Result {
    match value {
        Value::Null => out.write_str("null"),
        Value::Bool(value) => write!(out, "{value}"),
        Value::Number(value) => write!(out, "{value}"),
        Value::Text(value) => write_string(out, value, style),
        Value::Duration(value) => write_string(out, &duration::format(*value), style),
        Value::Bytes(value) => write_string(out, &to_base64(value), style),
        Value::List(items) => {
            out.write_char('[')?;
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.write_char(',')?;
                }
                write_value(out, item, style)?;
            }
            out.write_char(']')
        }
        Value::Object(pairs) => {
            if style.sorted {
                write_pairs(out, by_key(pairs).into_iter(), style)
            } else {
                write_pairs(out, pairs.iter(), style)
            }
        }
        Value::Raw(raw) => write_raw(out, raw.as_str(), style),
    }
}

fn write_pairs<'a>(
    out: &mut dyn Write,
    pairs: impl Iterator<Item = &'a (Text, Value)>,
    style: Style,
) -> fmt::Result {
    out.write_char('{')?;
    for (place, (key, value)) in pairs.enumerate() {
        if place > 0 {
            out.write_char(',')?;
        }
        write_string(out, key, style)?;
        out.write_char(':')?;
        write_value(out, value, style)?;
    }
    out.write_char('}')
}

/// What is left to write of an array or object.
enum Rest<'a> {
    Items(scan::Items<'a>),
    Pairs(std::vec::IntoIter<(Cow<'a, str>, &'a str)>),
}

/// Writes valid JSON again in this style; numbers keep their own text. It takes no more stack for a nested text than for
/// a flat one.
fn write_raw(out: &mut dyn Write, text: &str, style: Style) -> fmt::Result {
    let mut around: Vec<Rest<'_>> = Vec::new();
    let mut next = Some(text);
    loop {
        let mut first = false;
        if let Some(text) = next.take() {
            match text.as_bytes().first() {
                Some(b'{') => {
                    let mut pairs = scan::pairs(text);
                    if style.sorted {
                        pairs.sort_by(|a, b| a.0.cmp(&b.0));
                    }
                    out.write_char('{')?;
                    around.push(Rest::Pairs(pairs.into_iter()));
                    first = true;
                }
                Some(b'[') => {
                    out.write_char('[')?;
                    around.push(Rest::Items(scan::Items::of(text)));
                    first = true;
                }
                Some(b'"') => write_string(out, &scan::unquote(text), style)?,
                _ => out.write_str(text)?,
            }
        }
        let (found, close) = match around.last_mut() {
            None => return Ok(()),
            Some(Rest::Items(items)) => (items.next().map(|item| (None, item)), ']'),
            Some(Rest::Pairs(pairs)) => (pairs.next().map(|(key, item)| (Some(key), item)), '}'),
        };
        let Some((key, item)) = found else {
            out.write_char(close)?;
            around.pop();
            continue;
        };
        if !first {
            out.write_char(',')?;
        }
        if let Some(key) = key {
            write_string(out, &key, style)?;
            out.write_char(':')?;
        }
        next = Some(item);
    }
}

fn write_string(out: &mut dyn Write, text: &str, style: Style) -> fmt::Result {
    out.write_char('"')?;
    let mut written = 0;
    for (at, c) in text.char_indices() {
        let special = match c {
            '"' | '\\' | '\0'..='\x1f' => true,
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => style.html,
            _ => false,
        };
        if !special {
            continue;
        }
        out.write_str(&text[written..at])?;
        written = at + c.len_utf8();
        match c {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            '\x08' => out.write_str("\\b")?,
            '\x0c' => out.write_str("\\f")?,
            other => write!(out, "\\u{:04x}", u32::from(other))?,
        }
    }
    out.write_str(&text[written..])?;
    out.write_char('"')
}

/// What a template prints: strings, numbers, bools, durations and UTF-8 bytes as they are, null as nothing,
/// and what has no text form as JSON (bytes that are no UTF-8: their base64, in quotes).
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Text(value) => f.write_str(value),
            Self::Duration(value) => f.write_str(&duration::format(*value)),
            Self::Bytes(value) => match std::str::from_utf8(value) {
                Ok(text) => f.write_str(text),
                Err(_) => write!(f, "{}", Json(self)),
            },
            Self::List(_) | Self::Object(_) => write!(f, "{}", Json(self)),
            Self::Raw(raw) => match raw.scalar() {
                Some(value) => write!(f, "{value}"),
                None => write!(f, "{}", Json(self)),
            },
        }
    }
}

/// HCL that reads back as the value: an attribute a line, two spaces a level, keys quoted as in Terraform's console.
pub fn encode_hcl(value: &Value) -> String {
    let mut out = String::new();
    write_hcl(&mut out, value, 0);
    out
}

fn write_hcl(out: &mut String, value: &Value, level: usize) {
    match value {
        Value::Text(text) => out.push_str(&quoted_hcl(text)),
        Value::Duration(value) => out.push_str(&quoted_hcl(&duration::format(*value))),
        Value::Bytes(bytes) => out.push_str(&quoted_hcl(&to_base64(bytes))),
        Value::List(items) => hcl_items(out, items, level),
        Value::Object(pairs) => hcl_pairs(out, pairs, level),
        Value::Raw(raw) => match (value.items(), value.pairs()) {
            (Some(items), _) => hcl_items(out, &items, level),
            (_, Some(pairs)) => hcl_pairs(out, &pairs, level),
            _ => out.push_str(raw.as_str()),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) => out.push_str(&encode_plain(value)),
    }
}

fn hcl_items(out: &mut String, items: &[Value], level: usize) {
    if items.is_empty() {
        return out.push_str("[]");
    }
    out.push_str("[\n");
    for item in items {
        indent(out, level + 1);
        write_hcl(out, item, level + 1);
        out.push_str(",\n");
    }
    indent(out, level);
    out.push(']');
}

fn hcl_pairs(out: &mut String, pairs: &[(Text, Value)], level: usize) {
    if pairs.is_empty() {
        return out.push_str("{}");
    }
    out.push_str("{\n");
    for (key, value) in pairs {
        indent(out, level + 1);
        out.push_str(&quoted_hcl(key));
        out.push_str(" = ");
        write_hcl(out, value, level + 1);
        out.push('\n');
    }
    indent(out, level);
    out.push('}');
}

fn indent(out: &mut String, level: usize) {
    for _ in 0..level {
        out.push_str("  ");
    }
}

/// A quoted HCL string that means exactly this text.
pub(crate) fn quoted_hcl(text: &str) -> String {
    let mut out = String::from("\"");
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if chars.peek() == Some(&'{') => {
                out.push(c);
                out.push(c);
            }
            // Writing to a String cannot fail.
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
