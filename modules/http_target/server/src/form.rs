//! Reads the data of forms: a query, `application/x-www-form-urlencoded`, `multipart/form-data`.

use bggo_values::{Text, Value};

/// Decodes `%41` and, in a query or form, `+`; bytes that are no UTF-8 are replaced.
pub(crate) fn decode(text: &str, plus_is_space: bool) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%')
            .then(|| bytes.get(at + 1..at + 3))
            .flatten()
            .and_then(hex);
        match escaped {
            Some(escaped) => {
                plain.push(escaped);
                at += 3;
            }
            None => {
                plain.push(if byte == b'+' && plus_is_space {
                    b' '
                } else {
                    byte
                });
                at += 1;
            }
        }
    }
    String::from_utf8(plain)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn hex(digits: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok()?;
    text.bytes()
        .all(|digit| digit.is_ascii_hexdigit())
        .then(|| u8::from_str_radix(text, 16).ok())
        .flatten()
}

/// The pairs of a query or urlencoded body, in their order.
pub(crate) fn pairs(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name, true), decode(value, true))
        })
        .collect()
}

/// Pairs as an object: a name that comes twice has a list.
pub(crate) fn object(pairs: Vec<(String, String)>) -> Value {
    let mut fields: Vec<(Text, Vec<Value>)> = Vec::new();
    for (name, value) in pairs {
        match fields.iter_mut().find(|(known, _)| known.as_str() == name) {
            Some((_, values)) => values.push(value.into()),
            None => fields.push((name.into(), vec![value.into()])),
        }
    }
    let fields: Vec<(Text, Value)> = fields
        .into_iter()
        .map(|(name, mut values)| {
            (
                name,
                if values.len() == 1 {
                    values.remove(0)
                } else {
                    values.into()
                },
            )
        })
        .collect();
    fields.into()
}

/// A part of a multipart body.
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) filename: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) content: Vec<u8>,
}

/// The parts of a multipart body; what follows a broken part is left out.
pub(crate) fn parts(body: &[u8], boundary: &str) -> Vec<Part> {
    let opening = format!("--{boundary}");
    let closing = format!("\r\n--{boundary}");
    let mut parts = Vec::new();
    let Some(mut rest) = find(body, opening.as_bytes()).map(|at| &body[at + opening.len()..])
    else {
        return parts;
    };
    while let Some(part) = rest.strip_prefix(b"\r\n") {
        let Some(end) = find(part, closing.as_bytes()) else {
            break;
        };
        parts.extend(self::part(&part[..end]));
        rest = &part[end + closing.len()..];
    }
    parts
}

fn part(bytes: &[u8]) -> Option<Part> {
    let end = find(bytes, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut part = Part {
        name: String::new(),
        filename: None,
        content_type: None,
        content: bytes[end + 4..].to_vec(),
    };
    for line in head.split("\r\n") {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        if name.eq_ignore_ascii_case("content-disposition") {
            part.name = parameter(value, "name").unwrap_or_default();
            part.filename = parameter(value, "filename");
        } else if name.eq_ignore_ascii_case("content-type") {
            part.content_type = Some(value.trim().to_owned());
        }
    }
    Some(part)
}

/// A parameter of a header's value: `boundary` in `multipart/form-data; boundary=x`.
pub(crate) fn parameter(value: &str, name: &str) -> Option<String> {
    let mut rest = value;
    while let Some((_, after)) = rest.split_once(';') {
        let (found, after) = after.split_once('=')?;
        let (text, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_at(after.find(';').unwrap_or(after.len())),
        };
        if found.trim().eq_ignore_ascii_case(name) {
            return Some(text.trim().replace("%22", "\""));
        }
        rest = after;
    }
    None
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
