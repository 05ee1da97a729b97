//! A record as bytes: what is known of it is written once, and the rest with each step.
//!
//! ```text
//! record = length, attributes, time and place in the batch, tail        (batch.rs writes what stands before the tail)
//! tail   = key, value, headers
//! ```

use bggo_runtime::contract::{Fault, Value, encode_json};

/// A record as far as it is known before a step runs.
#[derive(Debug)]
pub(crate) struct Template {
    key: Piece,
    value: Piece,
    headers: Piece,
    /// All of it, if all is known.
    tail: Option<Box<[u8]>>,
    /// The hash of a key that is known.
    hash: Option<u32>,
    stamp: Stamped,
}

/// Whether a record has a header more that says when it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stamped {
    No,
    Yes,
}

/// The name of that header.
const STAMP: &[u8] = b"bggo-sent";

/// A part of a tail.
#[derive(Debug)]
pub(crate) enum Piece {
    Known(Box<[u8]>),
    Late,
}

/// What comes with a step.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Late<'a> {
    pub(crate) key: Option<&'a Value>,
    pub(crate) value: Option<&'a Value>,
    pub(crate) headers: Option<&'a Value>,
    /// The stamp of a record that has one.
    pub(crate) stamp: Option<&'a [u8]>,
}

impl Template {
    pub(crate) fn new(
        (key, hash): (Piece, Option<u32>),
        value: Piece,
        (headers, stamp): (Piece, Stamped),
    ) -> Self {
        let tail = match (&key, &value, &headers) {
            _ if stamp == Stamped::Yes => None,
            (Piece::Known(key), Piece::Known(value), Piece::Known(headers)) => {
                Some([&**key, &**value, &**headers].concat().into())
            }
            _ => None,
        };
        Self {
            key,
            value,
            headers,
            tail,
            hash,
            stamp,
        }
    }

    /// The tail of a record: the one that is known, or `room` with it. With the hash of its key, if it has one.
    ///
    /// # Errors
    /// A header is no text.
    pub(crate) fn fill<'a>(
        &'a self,
        late: Late<'_>,
        room: &'a mut Vec<u8>,
    ) -> Result<(&'a [u8], Option<u32>), Fault> {
        if let Some(tail) = &self.tail {
            return Ok((tail, self.hash));
        }
        let mut hash = self.hash;
        match &self.key {
            Piece::Known(bytes) => room.extend_from_slice(bytes),
            Piece::Late => {
                let from = put_payload(room, late.key);
                hash = from
                    .and_then(|from| room.get(from..))
                    .map(super::partitioner::hash);
            }
        }
        match &self.value {
            Piece::Known(bytes) => room.extend_from_slice(bytes),
            Piece::Late => drop(put_payload(room, late.value)),
        }
        match &self.headers {
            Piece::Known(bytes) => room.extend_from_slice(bytes),
            Piece::Late => put_headers(room, late.headers, self.stamp)?,
        }
        if self.stamp == Stamped::Yes {
            let stamp = late.stamp.unwrap_or_default();
            put_varint(room, STAMP.len() as i64);
            room.extend_from_slice(STAMP);
            put_varint(room, stamp.len() as i64);
            room.extend_from_slice(stamp);
        }
        Ok((room, hash))
    }
}

/// Appends a key or a value with its length: a string or bytes as they are, all else as JSON. Where its bytes begin; `None` for null.
pub(crate) fn put_payload(out: &mut Vec<u8>, value: Option<&Value>) -> Option<usize> {
    let put = |out: &mut Vec<u8>, bytes: &[u8]| {
        put_varint(out, bytes.len() as i64);
        let from = out.len();
        out.extend_from_slice(bytes);
        Some(from)
    };
    match value {
        None | Some(Value::Null) => {
            put_varint(out, -1);
            None
        }
        Some(Value::Text(text)) => put(out, text.as_bytes()),
        Some(Value::Bytes(bytes)) => put(out, bytes),
        Some(other) => put(out, encode_json(other).as_bytes()),
    }
}

/// Appends headers, behind how many there are: with a stamp, which the caller appends, one more.
///
/// # Errors
/// They are no map of texts.
pub(crate) fn put_headers(
    out: &mut Vec<u8>,
    headers: Option<&Value>,
    stamp: Stamped,
) -> Result<(), Fault> {
    let more = i64::from(stamp == Stamped::Yes);
    let headers = headers.filter(|headers| !matches!(headers, Value::Null));
    let Some(headers) = headers else {
        put_varint(out, more);
        return Ok(());
    };
    let whole = headers.clone().normalized();
    let Value::Object(entries) = &whole else {
        return Err(Fault::missing("headers"));
    };
    put_varint(out, entries.len() as i64 + more);
    for (name, value) in entries.iter() {
        put_varint(out, name.len() as i64);
        out.extend_from_slice(name.as_bytes());
        put_payload(out, Some(value));
    }
    Ok(())
}

/// Appends a number as Kafka writes them in records: small ones of both signs in few bytes.
pub(crate) fn put_varint(out: &mut Vec<u8>, number: i64) {
    let mut left = ((number << 1) ^ (number >> 63)) as u64;
    while left >= 0x80 {
        // Seven bits.
        out.push(left as u8 | 0x80);
        left >>= 7;
    }
    out.push(left as u8);
}

/// How many bytes a number takes.
pub(crate) fn varint_size(number: i64) -> usize {
    let bits = 64 - (((number << 1) ^ (number >> 63)) as u64 | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_few_bytes() {
        for (number, expected) in [
            (0, &[0][..]),
            (-1, &[1]),
            (63, &[0x7e]),
            (64, &[0x80, 1]),
            (-65, &[0x81, 1]),
            (i64::from(i32::MAX), &[0xfe, 0xff, 0xff, 0xff, 0xf]),
            (
                i64::MIN,
                &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
            ),
        ] {
            let mut out = Vec::new();
            put_varint(&mut out, number);
            assert_eq!(out, expected);
            assert_eq!(varint_size(number), out.len(), "{number}");
        }
    }

    fn known(value: Option<&Value>) -> Piece {
        let mut out = Vec::new();
        put_payload(&mut out, value);
        Piece::Known(out.into())
    }

    #[test]
    fn what_is_known_and_what_comes_late_make_the_same_bytes() {
        let (key, value) = (Value::text("k"), Value::from(vec![Value::from(true)]));
        let headers = Value::from(vec![("a".into(), Value::text("b"))]);
        let mut written = Vec::new();
        put_headers(&mut written, Some(&headers), Stamped::No).unwrap();
        assert_eq!(written, b"\x02\x02a\x02b");
        let hash = super::super::partitioner::hash(b"k");
        let whole = Template::new(
            (known(Some(&key)), Some(hash)),
            known(Some(&value)),
            (Piece::Known(written.into()), Stamped::No),
        );
        let of_late = |stamp| Template::new((Piece::Late, None), Piece::Late, (Piece::Late, stamp));
        let late = of_late(Stamped::No);
        let (mut a, mut b) = (Vec::new(), Vec::new());
        let expected = (&b"\x02k\x0c[true]\x02\x02a\x02b"[..], Some(hash));
        assert_eq!(whole.fill(Late::default(), &mut a).unwrap(), expected);
        let given = Late {
            key: Some(&key),
            value: Some(&value),
            headers: Some(&headers),
            stamp: Some(b"now"),
        };
        assert_eq!(late.fill(given, &mut b).unwrap(), expected);
        let mut stamped = Vec::new();
        let (stamped, _) = of_late(Stamped::Yes)
            .fill(given, &mut stamped)
            .map(|(tail, _)| (tail.to_vec(), ()))
            .unwrap();
        assert_eq!(
            stamped,
            b"\x02k\x0c[true]\x04\x02a\x02b\x12bggo-sent\x06now"
        );
        let mut none = Vec::new();
        let nothing = Late {
            value: Some(&Value::Null),
            ..Late::default()
        };
        assert_eq!(
            late.fill(nothing, &mut none).unwrap(),
            (&[1, 1, 0][..], None)
        );
    }
}
