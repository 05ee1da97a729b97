//! The properties of a message: what a grid gives -> a content header, and a content header that came -> an object.
//!
//! ```text
//! class (2 bytes), weight (2), size of the body (8), flags (2), the properties whose flags are set
//! ```

use crate::codec::{Input, Unwritable, content, put_short, put_table, put_table_behind, text};
use bggo_runtime::contract::{Number, Text, Value};

/// Where the size of the body stands in a header.
const SIZE: std::ops::Range<usize> = 4..12;

/// The header that holds the stamp of a message, in hexadecimal digits: programs that show headers expect texts.
const STAMP: &str = "bggo-sent";

/// The properties of a message that is published.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Properties<'a> {
    pub(crate) content_type: Option<&'a str>,
    pub(crate) content_encoding: Option<&'a str>,
    pub(crate) headers: Option<&'a Value>,
    pub(crate) is_persistent: bool,
    pub(crate) priority: Option<u8>,
    pub(crate) correlation_id: Option<&'a str>,
    pub(crate) reply_to: Option<&'a str>,
    /// In milliseconds.
    pub(crate) expiration: Option<u128>,
    pub(crate) message_id: Option<&'a str>,
    /// In seconds since 1970.
    pub(crate) timestamp: Option<u64>,
    pub(crate) kind: Option<&'a str>,
    pub(crate) user_id: Option<&'a str>,
    pub(crate) app_id: Option<&'a str>,
    pub(crate) stamp: Option<&'a [u8]>,
}

impl Properties<'_> {
    /// Appends the header of a message whose body has no size yet.
    ///
    /// # Errors
    /// A text or a name of a header is too long, or the headers are too deep.
    pub(crate) fn put(&self, out: &mut Vec<u8>) -> Result<(), Unwritable> {
        out.extend_from_slice(&60_u16.to_be_bytes());
        out.extend_from_slice(&[0; 10]);
        let expiration = self.expiration.map(|millis| millis.to_string());
        let headers = self.headers.and_then(Value::pairs);
        let given = [
            self.content_type.is_some(),
            self.content_encoding.is_some(),
            headers.is_some() || self.stamp.is_some(),
            true,
            self.priority.is_some(),
            self.correlation_id.is_some(),
            self.reply_to.is_some(),
            expiration.is_some(),
            self.message_id.is_some(),
            self.timestamp.is_some(),
            self.kind.is_some(),
            self.user_id.is_some(),
            self.app_id.is_some(),
        ];
        let mut flags = 0_u16;
        for (at, is_given) in given.iter().enumerate() {
            flags |= u16::from(*is_given) << (15 - at);
        }
        out.extend_from_slice(&flags.to_be_bytes());
        put_given(out, self.content_type)?;
        put_given(out, self.content_encoding)?;
        match (self.stamp, headers) {
            (Some(stamp), headers) => {
                let digits = digits(stamp);
                let others = headers.as_deref().unwrap_or_default();
                put_table_behind(out, (STAMP, &digits), others)?;
            }
            (None, Some(headers)) => put_table(out, &headers)?,
            (None, None) => {}
        }
        out.push(if self.is_persistent { 2 } else { 1 });
        out.extend(self.priority);
        put_given(out, self.correlation_id)?;
        put_given(out, self.reply_to)?;
        put_given(out, expiration.as_deref())?;
        put_given(out, self.message_id)?;
        if let Some(seconds) = self.timestamp {
            out.extend_from_slice(&seconds.to_be_bytes());
        }
        put_given(out, self.kind)?;
        put_given(out, self.user_id)?;
        put_given(out, self.app_id)
    }
}

fn put_given(out: &mut Vec<u8>, text: Option<&str>) -> Result<(), Unwritable> {
    text.map_or(Ok(()), |text| put_short(out, text))
}

/// Appends a header with the size of its body in it.
pub(crate) fn put_sized(out: &mut Vec<u8>, header: &[u8], size: usize) {
    let at = out.len();
    out.extend_from_slice(header);
    if let Some(place) = out.get_mut(at + SIZE.start..at + SIZE.end) {
        place.copy_from_slice(&(size as u64).to_be_bytes());
    }
}

/// How many bytes of a body follow a header. `None` if it is none.
pub(crate) fn size_of_body(header: &[u8]) -> Option<u64> {
    let mut input = Input(header);
    input.bytes(SIZE.start)?;
    input.u64()
}

/// What a property is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Short,
    Table,
    Octet,
    Seconds,
}

/// The properties in the order of their flags.
const ALL: [(&str, Shape); 14] = [
    ("content_type", Shape::Short),
    ("content_encoding", Shape::Short),
    ("headers", Shape::Table),
    ("delivery_mode", Shape::Octet),
    ("priority", Shape::Octet),
    ("correlation_id", Shape::Short),
    ("reply_to", Shape::Short),
    ("expiration", Shape::Short),
    ("message_id", Shape::Short),
    ("timestamp", Shape::Seconds),
    ("type", Shape::Short),
    ("user_id", Shape::Short),
    ("app_id", Shape::Short),
    ("cluster_id", Shape::Short),
];

/// The place of `correlation_id` there.
const CORRELATION: usize = 5;

/// The properties of a header, each by its name. `None` if it is no header.
pub(crate) fn read(header: &[u8]) -> Option<Value> {
    let (flags, mut input) = begin(header)?;
    let mut pairs = Vec::new();
    for (at, (name, shape)) in ALL.iter().enumerate() {
        if flags & (1 << (15 - at)) == 0 {
            continue;
        }
        let value = match shape {
            Shape::Short => content(input.short()?),
            Shape::Table => unstamped(input.table()?),
            Shape::Octet => {
                let octet = input.octet()?;
                match (*name, octet) {
                    ("delivery_mode", 2) => Value::text("persistent"),
                    ("delivery_mode", _) => Value::text("transient"),
                    _ => Value::number(octet.into()),
                }
            }
            Shape::Seconds => Value::Number(Number::from(input.u64()?)),
        };
        pairs.push((Text::Static(name), value));
    }
    Some(Value::from(pairs))
}

/// Bytes as hexadecimal digits.
fn digits(bytes: &[u8]) -> Vec<u8> {
    let digit = |half: u8| match half {
        0..10 => b'0' + half,
        _ => b'a' + half - 10,
    };
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.map(digit).collect()
}

/// The bytes of hexadecimal digits.
fn bytes(digits: &[u8]) -> Option<Vec<u8>> {
    let half = |digit: u8| char::from(digit).to_digit(16);
    let pairs = digits.chunks_exact(2).map(|pair| match pair {
        [high, low] => u8::try_from(half(*high)? << 4 | half(*low)?).ok(),
        _ => None,
    });
    pairs.collect()
}

/// Headers without the stamp, which is no word of whoever sent the message.
fn unstamped(headers: Value) -> Value {
    match headers.pairs() {
        Some(pairs) if pairs.iter().any(|(name, _)| name.as_str() == STAMP) => {
            let others = pairs.iter().filter(|(name, _)| name.as_str() != STAMP);
            Value::from(others.cloned().collect::<Vec<_>>())
        }
        _ => headers,
    }
}

/// The stamp of a header, if it has one.
pub(crate) fn stamp(header: &[u8]) -> Option<Vec<u8>> {
    let (flags, mut input) = begin(header)?;
    if flags & (1 << 13) == 0 {
        return None;
    }
    for at in [15, 14] {
        if flags & (1 << at) != 0 {
            input.short()?;
        }
    }
    let table = input.long()?;
    // The name with its length, and the type of its field.
    let field = b"\x09bggo-sentS";
    let at = table
        .windows(field.len())
        .position(|window| window == field)?;
    bytes(Input(table.get(at + field.len()..)?).long()?)
}

/// The correlation id of a header, if it has one.
pub(crate) fn correlation_id(header: &[u8]) -> Option<&[u8]> {
    let (flags, mut input) = begin(header)?;
    for (at, (_, shape)) in ALL.iter().enumerate().take(CORRELATION + 1) {
        if flags & (1 << (15 - at)) == 0 {
            continue;
        }
        match shape {
            Shape::Short if at == CORRELATION => return input.short(),
            Shape::Short => drop(input.short()?),
            Shape::Table => drop(input.long()?),
            Shape::Octet => drop(input.octet()?),
            Shape::Seconds => drop(input.u64()?),
        }
    }
    None
}

/// The flags of a header, and what stands behind them.
fn begin(header: &[u8]) -> Option<(u16, Input<'_>)> {
    let mut input = Input(header);
    input.bytes(SIZE.end)?;
    let flags = input.u16()?;
    // A further word of flags would name properties that messages do not have.
    (flags & 1 == 0).then_some((flags, input))
}

/// A text that a server gives, as an output.
pub(crate) fn shown(bytes: &[u8]) -> Value {
    Value::Text(text(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_runtime::contract::encode_json;

    #[test]
    fn what_is_written_is_read() {
        let headers = Value::from(vec![(Text::Static("x"), Value::number(1))]);
        let mut header = Vec::new();
        let given = Properties {
            content_type: Some("text/plain"),
            content_encoding: Some("identity"),
            headers: Some(&headers),
            is_persistent: true,
            priority: Some(9),
            correlation_id: Some("c"),
            reply_to: Some("r"),
            expiration: Some(1500),
            message_id: Some("m"),
            timestamp: Some(1_700_000_000),
            kind: Some("t"),
            user_id: Some("u"),
            app_id: Some("a"),
            stamp: Some(&[0x7f; 24]),
        };
        given.put(&mut header).unwrap();
        let mut sized = Vec::new();
        put_sized(&mut sized, &header, 7);
        assert_eq!(size_of_body(&sized), Some(7));
        assert_eq!(correlation_id(&sized), Some(&b"c"[..]));
        assert_eq!(stamp(&sized), Some(vec![0x7f; 24]));
        assert_eq!(
            encode_json(&read(&sized).unwrap()),
            concat!(
                r#"{"content_type":"text/plain","content_encoding":"identity","headers":{"x":1},"#,
                r#""delivery_mode":"persistent","priority":9,"correlation_id":"c","reply_to":"r","#,
                r#""expiration":"1500","message_id":"m","timestamp":1700000000,"type":"t","#,
                r#""user_id":"u","app_id":"a"}"#
            )
        );
        for end in 0..sized.len() {
            assert!(read(&sized[..end]).is_none(), "{end}");
        }
    }

    #[test]
    fn nothing_given_is_a_transient_message() {
        let mut header = Vec::new();
        Properties::default().put(&mut header).unwrap();
        let read = read(&header).unwrap();
        assert_eq!(encode_json(&read), r#"{"delivery_mode":"transient"}"#);
        assert_eq!(correlation_id(&header), None);
        assert_eq!(stamp(&header), None);
    }
}
