//! A whole reply -> its error, or its value.

use crate::scan::{self, NoReply};
use bggo_runtime::contract::{Number, Text, Value};

/// The deepest reply whose value is read.
const DEEPEST: usize = 32;

/// A whole reply.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reply<'a>(&'a [u8]);

impl<'a> Reply<'a> {
    /// Of bytes that are one reply, as [`crate::scan::Scan`] found it.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// What the server says went wrong.
    #[inline]
    pub(crate) fn error(self) -> Option<&'a str> {
        match self.0.first() {
            Some(b'-' | b'!') => Some(self.words()),
            _ => None,
        }
    }

    /// The words of an error.
    #[cold]
    fn words(self) -> &'a str {
        let words = || {
            let (kind, rest) = self.0.split_first()?;
            let line = scan::line(rest).ok()??;
            if *kind == b'-' {
                return Some(line);
            }
            let length = usize::try_from(scan::length(line).ok()??).ok()?;
            rest.get(line.len() + 2..line.len() + 2 + length)
        };
        words()
            .and_then(|words| std::str::from_utf8(words).ok())
            .unwrap_or("ERR")
    }

    /// Whether it is null.
    pub(crate) fn is_null(self) -> bool {
        matches!(
            behind_attributes(self.0),
            Some(b"$-1\r\n" | b"*-1\r\n" | b"_\r\n")
        )
    }

    /// The name of its type.
    pub(crate) fn kind(self) -> &'static str {
        if self.is_null() {
            return "null";
        }
        match behind_attributes(self.0).and_then(|bytes| bytes.first()) {
            Some(b':') => "integer",
            Some(b',') => "double",
            Some(b'#') => "boolean",
            Some(b'(') => "big_number",
            Some(b'*') => "list",
            Some(b'~') => "set",
            Some(b'%') => "map",
            _ => "string",
        }
    }

    /// What it holds. An error within it is its text.
    pub(crate) fn value(self) -> Result<Value, NoReply> {
        let mut bytes = self.0;
        value(&mut bytes, 0)
    }

    /// The bytes of a string.
    pub(crate) fn string(self) -> Option<&'a [u8]> {
        let (kind, rest) = self.0.split_first()?;
        let line = scan::line(rest).ok()??;
        match kind {
            b'+' => Some(line),
            b'$' => {
                let length = usize::try_from(scan::length(line).ok()??).ok()?;
                rest.get(line.len() + 2..line.len() + 2 + length)
            }
            _ => None,
        }
    }

    /// The pairs of a map. `None` if it is none.
    pub(crate) fn pairs(self) -> Option<Vec<(Reply<'a>, Reply<'a>)>> {
        let rest = self.0.strip_prefix(b"%")?;
        let line = scan::line(rest).ok()??;
        let count = scan::length(line).ok()??.checked_mul(2)?;
        let parts = items(rest.get(line.len() + 2..)?, count)?;
        let pairs = parts.chunks_exact(2);
        let pair = |two: &[Reply<'a>]| Some((*two.first()?, *two.get(1)?));
        pairs.map(pair).collect()
    }

    /// The replies of a list, as that of EXEC. `None` if it is none.
    pub(crate) fn items(self) -> Option<Vec<Reply<'a>>> {
        let (kind, rest) = self.0.split_first()?;
        if !matches!(kind, b'*' | b'~' | b'>') {
            return None;
        }
        let line = scan::line(rest).ok()??;
        let count = scan::length(line).ok()??;
        items(rest.get(line.len() + 2..)?, count)
    }
}

/// So many replies at the beginning of these bytes.
fn items(mut rest: &[u8], count: u64) -> Option<Vec<Reply<'_>>> {
    let mut items = Vec::new();
    for _ in 0..count {
        let end = scan::Scan::default().end(rest).ok()??;
        let (item, behind) = rest.split_at_checked(end)?;
        items.push(Reply(item));
        rest = behind;
    }
    Some(items)
}

/// The value that attributes are said of.
fn behind_attributes(mut bytes: &[u8]) -> Option<&[u8]> {
    while let Some(rest) = bytes.strip_prefix(b"|") {
        let line = scan::line(rest).ok()??;
        let pairs = scan::length(line).ok()??;
        bytes = rest.get(line.len() + 2..)?;
        for _ in 0..pairs.checked_mul(2)? {
            let end = scan::Scan::default().end(bytes).ok()??;
            bytes = bytes.get(end..)?;
        }
    }
    Some(bytes)
}

/// Reads one value at the beginning of `bytes`, and takes it away.
fn value(bytes: &mut &[u8], depth: usize) -> Result<Value, NoReply> {
    if depth > DEEPEST {
        return Err(NoReply);
    }
    *bytes = behind_attributes(bytes).ok_or(NoReply)?;
    let (&kind, rest) = bytes.split_first().ok_or(NoReply)?;
    let line = scan::line(rest)?.ok_or(NoReply)?;
    *bytes = rest.get(line.len() + 2..).ok_or(NoReply)?;
    Ok(match kind {
        b'+' | b'-' => text(line),
        b':' | b'(' | b',' => number(line),
        b'_' => Value::Null,
        b'#' => Value::Bool(line == b"t"),
        b'$' | b'!' | b'=' => {
            let Some(length) = scan::length(line)? else {
                return Ok(Value::Null);
            };
            let length = usize::try_from(length).map_err(|_| NoReply)?;
            let held = bytes.get(..length).ok_or(NoReply)?;
            *bytes = bytes.get(length + 2..).ok_or(NoReply)?;
            // A verbatim string begins with its format.
            text(if kind == b'=' {
                held.get(4..).unwrap_or(held)
            } else {
                held
            })
        }
        b'*' | b'~' | b'>' => {
            let Some(count) = scan::length(line)? else {
                return Ok(Value::Null);
            };
            let mut items = Vec::new();
            for _ in 0..count {
                items.push(value(bytes, depth + 1)?);
            }
            Value::from(items)
        }
        b'%' => {
            let count = scan::length(line)?.ok_or(NoReply)?;
            let mut pairs: Vec<(Text, Value)> = Vec::new();
            for _ in 0..count {
                let key = key(value(bytes, depth + 1)?);
                pairs.push((key, value(bytes, depth + 1)?));
            }
            Value::from(pairs)
        }
        _ => return Err(NoReply),
    })
}

/// A string; bytes if it is no UTF-8.
fn text(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::from(text.to_owned()),
        Err(_) => Value::Bytes(bytes.to_vec().into()),
    }
}

/// A number; a text if it is none that the grid has, as `inf`.
fn number(line: &[u8]) -> Value {
    let text = String::from_utf8_lossy(line);
    match Number::parse(&text) {
        Some(number) => Value::Number(number),
        None => Value::from(text.into_owned()),
    }
}

/// The key of a map as the key of an object.
fn key(value: Value) -> Text {
    match value {
        Value::Text(text) => text,
        Value::Number(number) => Text::from(number.to_string()),
        Value::Bytes(bytes) => Text::from(String::from_utf8_lossy(&bytes).into_owned()),
        other => Text::from(bggo_runtime::contract::encode_json(&other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_runtime::contract::encode_json;

    fn read(bytes: &[u8]) -> (String, &'static str) {
        let reply = Reply::new(bytes);
        (encode_json(&reply.value().unwrap()), reply.kind())
    }

    #[test]
    fn values_are_those_of_the_reply() {
        for (reply, json, kind) in [
            (&b"+OK\r\n"[..], "\"OK\"", "string"),
            (b":-5\r\n", "-5", "integer"),
            (b"$3\r\na\r\n\r\n", "\"a\\r\\n\"", "string"),
            (b"$-1\r\n", "null", "null"),
            (b"*-1\r\n", "null", "null"),
            (b"_\r\n", "null", "null"),
            (b"#t\r\n", "true", "boolean"),
            (b",1.5\r\n", "1.5", "double"),
            (b",inf\r\n", "\"inf\"", "double"),
            (b"=7\r\ntxt:abc\r\n", "\"abc\"", "string"),
            (b"*2\r\n:1\r\n*1\r\n+a\r\n", "[1,[\"a\"]]", "list"),
            (b"~1\r\n:1\r\n", "[1]", "set"),
            (b"%1\r\n+a\r\n:1\r\n", "{\"a\":1}", "map"),
            (b"|1\r\n+ttl\r\n:3\r\n$1\r\nx\r\n", "\"x\"", "string"),
        ] {
            assert_eq!(read(reply), (json.to_owned(), kind));
        }
        assert!(matches!(
            Reply::new(b"$2\r\n\xff\xfe\r\n").value(),
            Ok(Value::Bytes(_))
        ));
    }

    #[test]
    fn errors_are_told_from_values() {
        assert_eq!(
            Reply::new(b"-ERR no such key\r\n").error(),
            Some("ERR no such key")
        );
        assert_eq!(
            Reply::new(b"!9\r\nSYNTAX no\r\n").error(),
            Some("SYNTAX no")
        );
        assert_eq!(Reply::new(b"+OK\r\n").error(), None);
        let items = Reply::new(b"*2\r\n+OK\r\n-ERR no\r\n").items().unwrap();
        assert_eq!(
            items.iter().map(|item| item.error()).collect::<Vec<_>>(),
            [None, Some("ERR no")]
        );
    }

    #[test]
    fn what_is_too_deep_is_not_read() {
        let deep = [&b"*1\r\n".repeat(40)[..], b":1\r\n"].concat();
        assert_eq!(Reply::new(&deep).value().err(), Some(NoReply));
    }
}
