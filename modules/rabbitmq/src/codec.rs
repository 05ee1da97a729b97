//! The data types of AMQP 0-9-1: numbers, short and long texts, and tables of fields.

use bggo_runtime::contract::{Number, Text, Value, decode_json};

/// How deep tables and lists may stand in each other.
const DEPTH: u32 = 32;

/// What cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unwritable {
    /// A short text has more than 255 bytes.
    TooLong,
    /// It takes more bytes than a frame may have.
    OverFrame,
    /// A value stands in too many others.
    TooDeep,
}

/// Appends a text of at most 255 bytes.
///
/// # Errors
/// It has more.
pub(crate) fn put_short(out: &mut Vec<u8>, text: &str) -> Result<(), Unwritable> {
    let length = u8::try_from(text.len()).map_err(|_| Unwritable::TooLong)?;
    out.push(length);
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

/// Appends bytes behind their number.
pub(crate) fn put_long(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
}

/// Appends a table.
///
/// # Errors
/// A name is too long, or the values are too deep.
pub(crate) fn put_table(out: &mut Vec<u8>, pairs: &[(Text, Value)]) -> Result<(), Unwritable> {
    put_pairs(out, pairs, 0)
}

/// The same with a field before all others that holds a text.
///
/// # Errors
/// As of [`put_table`].
pub(crate) fn put_table_behind(
    out: &mut Vec<u8>,
    (name, text): (&str, &[u8]),
    pairs: &[(Text, Value)],
) -> Result<(), Unwritable> {
    measured(out, |out| {
        put_short(out, name)?;
        out.push(b'S');
        put_long(out, text);
        for (name, value) in pairs {
            put_short(out, name.as_str())?;
            put_field(out, value, 1)?;
        }
        Ok(())
    })
}

fn put_pairs(out: &mut Vec<u8>, pairs: &[(Text, Value)], depth: u32) -> Result<(), Unwritable> {
    measured(out, |out| {
        for (name, value) in pairs {
            put_short(out, name.as_str())?;
            put_field(out, value, depth + 1)?;
        }
        Ok(())
    })
}

/// Appends what `put` appends, behind the number of its bytes.
fn measured(
    out: &mut Vec<u8>,
    put: impl FnOnce(&mut Vec<u8>) -> Result<(), Unwritable>,
) -> Result<(), Unwritable> {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    put(out)?;
    let length = u32::try_from(out.len() - at - 4).map_err(|_| Unwritable::TooLong)?;
    if let Some(place) = out.get_mut(at..at + 4) {
        place.copy_from_slice(&length.to_be_bytes());
    }
    Ok(())
}

fn put_field(out: &mut Vec<u8>, value: &Value, depth: u32) -> Result<(), Unwritable> {
    if depth > DEPTH {
        return Err(Unwritable::TooDeep);
    }
    match value {
        Value::Null => out.push(b'V'),
        Value::Bool(is_true) => out.extend_from_slice(&[b't', u8::from(*is_true)]),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => put_whole(out, whole),
            None => {
                out.push(b'd');
                out.extend_from_slice(&number.as_f64().to_be_bytes());
            }
        },
        Value::Text(text) => {
            out.push(b'S');
            put_long(out, text.as_bytes());
        }
        Value::Bytes(bytes) => {
            out.push(b'x');
            put_long(out, bytes);
        }
        Value::Duration(time) => {
            put_whole(out, i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
        }
        Value::List(items) => {
            out.push(b'A');
            measured(out, |out| {
                items
                    .iter()
                    .try_for_each(|item| put_field(out, item, depth + 1))
            })?;
        }
        Value::Object(pairs) => {
            out.push(b'F');
            put_pairs(out, pairs, depth)?;
        }
        Value::Raw(raw) => {
            let value = decode_json(raw.as_str()).unwrap_or(Value::Null);
            put_field(out, &value, depth)?;
        }
    }
    Ok(())
}

fn put_whole(out: &mut Vec<u8>, whole: i64) {
    out.push(b'l');
    out.extend_from_slice(&whole.to_be_bytes());
}

/// Bytes that are read from their beginning. Each read is `None` where they do not hold what is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input<'a>(pub(crate) &'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    fn array<const COUNT: usize>(&mut self) -> Option<[u8; COUNT]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }

    pub(crate) fn octet(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) fn short(&mut self) -> Option<&'a [u8]> {
        let length = self.octet()?;
        self.bytes(length.into())
    }

    pub(crate) fn long(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()?;
        self.bytes(usize::try_from(length).ok()?)
    }

    /// A table as an object.
    pub(crate) fn table(&mut self) -> Option<Value> {
        self.object(0)
    }

    fn object(&mut self, depth: u32) -> Option<Value> {
        let mut inner = Input(self.long()?);
        let mut pairs: Vec<(Text, Value)> = Vec::new();
        while !inner.0.is_empty() {
            let name = text(inner.short()?);
            let value = inner.field(depth + 1)?;
            // Names of an object are unique; of two fields with one name the last one counts.
            match pairs.iter_mut().find(|(known, _)| *known == name) {
                Some(pair) => pair.1 = value,
                None => pairs.push((name, value)),
            }
        }
        Some(Value::from(pairs))
    }

    fn field(&mut self, depth: u32) -> Option<Value> {
        if depth > DEPTH {
            return None;
        }
        let whole = |whole: i64| Value::Number(Number::from(whole));
        let unsigned = |whole: u64| Value::Number(Number::from(whole));
        let float = |float: f64| Number::from_f64(float).map_or(Value::Null, Value::Number);
        Some(match self.octet()? {
            b't' => Value::Bool(self.octet()? != 0),
            b'b' => whole(i8::from_be_bytes(self.array()?).into()),
            b'B' => unsigned(self.octet()?.into()),
            b's' | b'U' => whole(i16::from_be_bytes(self.array()?).into()),
            b'u' => unsigned(self.u16()?.into()),
            b'I' => whole(i32::from_be_bytes(self.array()?).into()),
            b'i' => unsigned(self.u32()?.into()),
            b'l' | b'L' => whole(i64::from_be_bytes(self.array()?)),
            b'T' => unsigned(self.u64()?),
            b'f' => float(f32::from_be_bytes(self.array()?).into()),
            b'd' => float(f64::from_be_bytes(self.array()?)),
            b'D' => {
                let places = self.octet()?;
                let digits = i32::from_be_bytes(self.array()?);
                let number = Number::parse(&format!("{digits}e-{places}"));
                number.map_or(Value::Null, Value::Number)
            }
            b'S' => content(self.long()?),
            b'x' => Value::Bytes(self.long()?.to_vec().into()),
            b'A' => {
                let mut inner = Input(self.long()?);
                let mut items = Vec::new();
                while !inner.0.is_empty() {
                    items.push(inner.field(depth + 1)?);
                }
                Value::from(items)
            }
            b'F' => self.object(depth)?,
            b'V' => Value::Null,
            _ => return None,
        })
    }
}

/// Bytes as a text. What is no UTF-8 in it is replaced.
pub(crate) fn text(bytes: &[u8]) -> Text {
    Text::from(String::from_utf8_lossy(bytes).into_owned())
}

/// Bytes as a string, or as bytes if they are no UTF-8.
pub(crate) fn content(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::Text(Text::from(text)),
        Err(_) => Value::Bytes(bytes.to_vec().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_runtime::contract::encode_json;

    #[test]
    fn what_is_written_is_read() {
        let inner = vec![
            (Text::Static("text"), Value::text("tea")),
            (Text::Static("none"), Value::Null),
            (Text::Static("no"), Value::Bool(false)),
        ];
        let pairs = vec![
            (Text::Static("whole"), Value::number(-7)),
            (
                Text::Static("part"),
                Value::Number(Number::from_f64(0.5).unwrap()),
            ),
            (
                Text::Static("list"),
                Value::from(vec![Value::number(1), Value::text("two")]),
            ),
            (Text::Static("inner"), Value::from(inner)),
        ];
        let mut out = Vec::new();
        put_table(&mut out, &pairs).unwrap();
        let mut input = Input(&out);
        let read = input.table().unwrap();
        assert!(input.0.is_empty());
        assert_eq!(encode_json(&read), encode_json(&Value::from(pairs)));
        // A table that ends too early is none.
        for end in 0..out.len() {
            assert!(Input(&out[..end]).table().is_none(), "{end}");
        }
    }

    #[test]
    fn each_type_of_a_field_is_read() {
        for (bytes, expected) in [
            (&b"t\x01"[..], "true"),
            (b"b\xff", "-1"),
            (b"B\xff", "255"),
            (b"s\xff\xfe", "-2"),
            (b"u\xff\xfe", "65534"),
            (b"I\xff\xff\xff\xff", "-1"),
            (b"i\xff\xff\xff\xff", "4294967295"),
            (b"l\xff\xff\xff\xff\xff\xff\xff\xff", "-1"),
            (b"T\0\0\0\0\0\0\0\x09", "9"),
            (b"f\x3f\0\0\0", "0.5"),
            (b"d\x3f\xe0\0\0\0\0\0\0", "0.5"),
            (b"D\x02\0\0\0\x7b", "1.23"),
            (b"S\0\0\0\x01a", "\"a\""),
            (b"A\0\0\0\x02t\0", "[false]"),
            (b"F\0\0\0\x03\x01at", "none"),
            (b"F\0\0\0\x04\x01at\x01", "{\"a\":true}"),
            (b"V", "null"),
            (b"?", "none"),
        ] {
            let read = Input(bytes).field(0);
            let read = read.map_or("none".to_owned(), |value| encode_json(&value));
            assert_eq!(read, expected, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_too_long_or_too_deep_is_refused() {
        let mut out = Vec::new();
        assert_eq!(
            put_short(&mut out, &"a".repeat(256)),
            Err(Unwritable::TooLong)
        );
        let mut value = Value::Null;
        for _ in 0..40 {
            value = Value::from(vec![value]);
        }
        let pairs = [(Text::Static("deep"), value)];
        assert_eq!(put_table(&mut out, &pairs), Err(Unwritable::TooDeep));
        let mut deep = b"V".to_vec();
        for _ in 0..40 {
            let mut list = b"A".to_vec();
            put_long(&mut list, &deep);
            deep = list;
        }
        assert!(Input(&deep).field(0).is_none());
    }
}
