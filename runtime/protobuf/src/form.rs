//! The messages of `google.protobuf` that are values of their own: moments, durations, and any values.

use std::time::Duration;

use bggo_values::base64::to_base64;
use bggo_values::calendar::{date_of_days, days_of_month, days_since_1970};
use bggo_values::{Fault, Text, Value, duration};

use crate::scalar::{double, settled, value_of_double};
use crate::wire::{Bytes, Wire, put_bytes, put_sized, put_tag, put_varint};
use crate::wrong::Wrong;

const SECONDS_OF_DAY: i64 = 86_400;
const NANOS: i32 = 1_000_000_000;
/// 0001-01-01T00:00:00Z.
const FIRST_MOMENT: i64 = -62_135_596_800;
/// 9999-12-31T23:59:59Z.
const LAST_MOMENT: i64 = 253_402_300_799;

/// Seconds and parts of one, which moments and durations both are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Seconds {
    seconds: i64,
    nanos: i32,
}

impl Seconds {
    /// The fields of the message.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a varint of a type of 32 bits is cut to them, as the format says"
    )]
    pub(crate) fn read(segments: &[&[u8]]) -> Result<Self, Wrong> {
        let mut found = Self::default();
        for segment in segments {
            let mut bytes = Bytes::of(segment);
            while !bytes.is_empty() {
                match bytes.tag()? {
                    (1, Wire::Varint) => found.seconds = bytes.varint()?.cast_signed(),
                    (2, Wire::Varint) => found.nanos = bytes.varint()?.cast_signed() as i32,
                    (number, wire) => bytes.skip(number, wire, 8)?,
                }
            }
        }
        Ok(found)
    }

    pub(crate) fn put(self, out: &mut Vec<u8>) {
        if self.seconds != 0 {
            put_tag(1, Wire::Varint, out);
            put_varint(self.seconds.cast_unsigned(), out);
        }
        if self.nanos != 0 {
            put_tag(2, Wire::Varint, out);
            put_varint(i64::from(self.nanos).cast_unsigned(), out);
        }
    }

    /// The text of a moment: 0, 3, 6 or 9 digits stand behind the point.
    pub(crate) fn timestamp(self) -> Result<Value, Wrong> {
        let Self { seconds, nanos } = self;
        if !(FIRST_MOMENT..=LAST_MOMENT).contains(&seconds) || !(0..NANOS).contains(&nanos) {
            let text = "the timestamp is not between the years 1 and 9999, or its nanoseconds are no part of a second";
            return Err(Wrong::new(text));
        }
        let (year, month, day) = date_of_days(seconds.div_euclid(SECONDS_OF_DAY));
        let of_day = seconds.rem_euclid(SECONDS_OF_DAY);
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        let part = match nanos {
            0 => String::new(),
            _ if nanos % 1_000_000 == 0 => format!(".{:03}", nanos / 1_000_000),
            _ if nanos % 1_000 == 0 => format!(".{:06}", nanos / 1_000),
            _ => format!(".{nanos:09}"),
        };
        Ok(Value::from(format!(
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{part}Z"
        )))
    }

    /// What a value says as a moment.
    pub(crate) fn of_timestamp(value: &Value) -> Result<Self, Wrong> {
        let settled = settled(value);
        let Value::Text(text) = &*settled else {
            let kind = settled.kind();
            return Err(Wrong::new(format!(
                "expected a timestamp by RFC 3339, found {kind}"
            )));
        };
        moment(text).ok_or_else(|| {
            let example = ": write one such as \"2026-01-31T12:00:00Z\"";
            Fault::quoting(
                "expected a timestamp by RFC 3339, found ",
                &format!("{text:?}"),
                example,
            )
            .into()
        })
    }

    pub(crate) fn duration(self) -> Result<Value, Wrong> {
        let Self { seconds, nanos } = self;
        if nanos <= -NANOS || nanos >= NANOS || seconds < 0 && nanos > 0 || seconds > 0 && nanos < 0
        {
            return Err(Wrong::new(
                "the seconds and nanoseconds of a duration do not fit each other",
            ));
        }
        if let (Ok(seconds), Ok(nanos)) = (u64::try_from(seconds), u32::try_from(nanos)) {
            let found = Duration::new(seconds, nanos);
            if i64::try_from(found.as_nanos()).is_ok() {
                return Ok(Value::Duration(found));
            }
        }
        let sign = if seconds < 0 || nanos < 0 { "-" } else { "" };
        let part = match nanos {
            0 => String::new(),
            _ => format!(".{:09}", nanos.unsigned_abs()),
        };
        let part = part.trim_end_matches('0');
        Ok(Value::from(format!(
            "{sign}{}{part}s",
            seconds.unsigned_abs()
        )))
    }

    /// What a value says as a duration.
    pub(crate) fn of_duration(value: &Value) -> Result<Self, Wrong> {
        let settled = settled(value);
        match &*settled {
            Value::Duration(found) => Self::whole(*found),
            Value::Text(text) => Self::of_text(text),
            _ => None,
        }
        .ok_or_else(|| {
            let kind = settled.kind();
            Wrong::new(format!(
                "expected a duration such as \"1m30s\", found {kind} that is none"
            ))
        })
    }

    fn whole(found: Duration) -> Option<Self> {
        Some(Self {
            seconds: i64::try_from(found.as_secs()).ok()?,
            // Fewer than a second has.
            nanos: i32::try_from(found.subsec_nanos()).ok()?,
        })
    }

    fn of_text(text: &str) -> Option<Self> {
        let (is_negative, size) = match text.strip_prefix('-') {
            Some(size) => (true, size),
            None => (false, text),
        };
        let found = match duration::parse(size) {
            Some(found) => found,
            // Longer than the language's durations: seconds alone, as they are written here.
            None => {
                let (whole, part) = match size.strip_suffix('s')?.split_once('.') {
                    Some((whole, part)) => (whole, part),
                    None => (size.strip_suffix('s')?, ""),
                };
                Duration::new(digits(whole)?, u32::try_from(nanos(part)?).ok()?)
            }
        };
        let Self { seconds, nanos } = Self::whole(found)?;
        Some(match is_negative {
            true => Self {
                seconds: -seconds,
                nanos: -nanos,
            },
            false => Self { seconds, nanos },
        })
    }
}

/// Reads digits and nothing else.
fn digits(text: &str) -> Option<u64> {
    let is_whole = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_whole.then(|| text.parse().ok())?
}

/// The nanoseconds of up to nine digits behind a point.
fn nanos(part: &str) -> Option<i32> {
    match part.len() {
        0 => Some(0),
        1..=9 => i32::try_from(digits(&format!("{part:0<9}"))?).ok(),
        _ => None,
    }
}

/// Reads a moment by RFC 3339.
fn moment(text: &str) -> Option<Seconds> {
    let number = |from: usize, to: usize| digits(text.get(from..to)?);
    let is = |place: usize, letters: &[u8]| {
        let letter = text.as_bytes().get(place);
        letter.is_some_and(|letter| letters.contains(letter))
    };
    let marks = is(4, b"-") && is(7, b"-") && is(10, b"Tt ") && is(13, b":") && is(16, b":");
    if !marks {
        return None;
    }
    let year = i64::try_from(number(0, 4)?).ok()?;
    let (month, day) = (number(5, 7)?, number(8, 10)?);
    let (month, day) = (u32::try_from(month).ok()?, u32::try_from(day).ok()?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let is_date = (1..=12).contains(&month) && (1..=days_of_month(year, month)).contains(&day);
    if !is_date || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let rest = text.get(19..)?;
    let (part, zone) = match rest.strip_prefix('.') {
        Some(rest) => {
            let end = rest.find(|c: char| !c.is_ascii_digit())?;
            let (part, zone) = rest.split_at(end);
            (Some(part).filter(|part| !part.is_empty())?, zone)
        }
        None => ("", rest),
    };
    let of_day = i64::try_from(hour * 3600 + minute * 60 + second).ok()?;
    let seconds = days_since_1970(year, month, day) * SECONDS_OF_DAY + of_day - offset(zone)?;
    let nanos = nanos(part)?;
    let is_in_range = (FIRST_MOMENT..=LAST_MOMENT).contains(&seconds);
    is_in_range.then_some(Seconds { seconds, nanos })
}

/// How many seconds a zone is before UTC: `Z`, `+02:00`, `-09:30`.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let (Ok(hours), Ok(minutes)) = (
        i64::try_from(digits(hours)?),
        i64::try_from(digits(minutes)?),
    ) else {
        return None;
    };
    let is_zone = zone.len() == 6 && hours < 24 && minutes < 60;
    is_zone.then_some(sign * (hours * 3600 + minutes * 60))
}

/// What may still be made of an answer: how deep, and how many values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Left {
    pub(crate) values: usize,
}

impl Left {
    /// Takes so many values away.
    pub(crate) fn take(&mut self, values: usize) -> Result<(), Wrong> {
        let left = self.values.checked_sub(values);
        self.values = left.ok_or_else(|| Wrong::new("the message holds too many values"))?;
        Ok(())
    }
}

/// The depth of what lies one level below.
pub(crate) fn below(depth: u32) -> Result<u32, Wrong> {
    let below = depth.checked_sub(1);
    below.ok_or_else(|| Wrong::new("the message is nested too deep"))
}

/// Reads a `google.protobuf.Value`.
pub(crate) fn any(segments: &[&[u8]], depth: u32, left: &mut Left) -> Result<Value, Wrong> {
    let depth = below(depth)?;
    left.take(1)?;
    let mut found = Value::Null;
    for segment in segments {
        let mut bytes = Bytes::of(segment);
        while !bytes.is_empty() {
            found = match bytes.tag()? {
                (1, Wire::Varint) => {
                    bytes.varint()?;
                    Value::Null
                }
                (2, Wire::Eight) => value_of_double(f64::from_le_bytes(bytes.eight()?)),
                (3, Wire::Bytes) => Value::Text(text(bytes.bytes()?)?),
                (4, Wire::Varint) => Value::Bool(bytes.varint()? != 0),
                (5, Wire::Bytes) => object(&[bytes.bytes()?], depth, left)?,
                (6, Wire::Bytes) => list(&[bytes.bytes()?], depth, left)?,
                (number, wire) => {
                    bytes.skip(number, wire, depth)?;
                    found
                }
            };
        }
    }
    Ok(found)
}

/// Reads a `google.protobuf.Struct`.
pub(crate) fn object(segments: &[&[u8]], depth: u32, left: &mut Left) -> Result<Value, Wrong> {
    let depth = below(depth)?;
    left.take(1)?;
    let mut pairs = Pairs::default();
    for segment in segments {
        let mut bytes = Bytes::of(segment);
        while !bytes.is_empty() {
            let (1, Wire::Bytes) = bytes.tag_or_skip(depth)? else {
                continue;
            };
            let (mut key, mut value) = (Text::Static(""), Value::Null);
            let mut entry = Bytes::of(bytes.bytes()?);
            while !entry.is_empty() {
                match entry.tag_or_skip(depth)? {
                    (1, Wire::Bytes) => key = text(entry.bytes()?)?,
                    (2, Wire::Bytes) => value = any(&[entry.bytes()?], depth, left)?,
                    _ => {}
                }
            }
            pairs.put(key, value);
        }
    }
    Ok(pairs.value())
}

/// Reads a `google.protobuf.ListValue`.
pub(crate) fn list(segments: &[&[u8]], depth: u32, left: &mut Left) -> Result<Value, Wrong> {
    let depth = below(depth)?;
    left.take(1)?;
    let mut items = Vec::new();
    for segment in segments {
        let mut bytes = Bytes::of(segment);
        while !bytes.is_empty() {
            if let (1, Wire::Bytes) = bytes.tag_or_skip(depth)? {
                items.push(any(&[bytes.bytes()?], depth, left)?);
            }
        }
    }
    Ok(Value::from(items))
}

fn text(bytes: &[u8]) -> Result<Text, Wrong> {
    let text = std::str::from_utf8(bytes);
    text.map(Text::from)
        .map_err(|_| Wrong::new("the bytes of a string are no UTF-8"))
}

impl Bytes<'_> {
    /// A tag. The content of fields that nothing here has is skipped: of those with a number from 3 on, and of those
    /// that are not bytes.
    fn tag_or_skip(&mut self, depth: u32) -> Result<(u32, Wire), Wrong> {
        let (number, wire) = self.tag()?;
        if number > 2 || wire != Wire::Bytes {
            self.skip(number, wire, depth)?;
            return Ok((0, wire));
        }
        Ok((number, wire))
    }
}

/// The pairs of a map: of entries with the same key the last one counts.
#[derive(Debug, Default)]
pub(crate) struct Pairs {
    list: Vec<(Text, Value)>,
    places: std::collections::BTreeMap<Text, usize>,
}

impl Pairs {
    pub(crate) fn put(&mut self, key: Text, value: Value) {
        match self
            .places
            .get(&key)
            .and_then(|place| self.list.get_mut(*place))
        {
            Some(pair) => pair.1 = value,
            None => {
                self.places.insert(key.clone(), self.list.len());
                self.list.push((key, value));
            }
        }
    }

    pub(crate) fn value(self) -> Value {
        Value::from(self.list)
    }
}

/// Writes a `google.protobuf.Value`.
pub(crate) fn put_any(value: &Value, depth: u32, out: &mut Vec<u8>) -> Result<(), Wrong> {
    let depth = below(depth)?;
    if let Some(items) = value.items() {
        put_tag(6, Wire::Bytes, out);
        return put_sized(out, |out| put_items(&items, depth, out));
    }
    if let Some(pairs) = value.pairs() {
        put_tag(5, Wire::Bytes, out);
        return put_sized(out, |out| put_pairs(&pairs, depth, out));
    }
    let settled = settled(value);
    match &*settled {
        Value::Null => out.extend_from_slice(&[1 << 3, 0]),
        Value::Bool(is) => out.extend_from_slice(&[4 << 3, u8::from(*is)]),
        Value::Text(text) => put_text(text, out),
        // As in JSON.
        Value::Duration(length) => put_text(&duration::format(*length), out),
        Value::Bytes(bytes) => put_text(&to_base64(bytes), out),
        number => {
            let number = match number.is_null() {
                true => return put_any(&Value::Null, depth, out),
                false => double(number)?,
            };
            put_tag(2, Wire::Eight, out);
            out.extend_from_slice(&number.to_le_bytes());
        }
    }
    Ok(())
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    put_tag(3, Wire::Bytes, out);
    put_bytes(text.as_bytes(), out);
}

/// Writes a `google.protobuf.Struct`.
pub(crate) fn put_object(value: &Value, depth: u32, out: &mut Vec<u8>) -> Result<(), Wrong> {
    let depth = below(depth)?;
    let Some(pairs) = value.pairs() else {
        return Err(Wrong::new(format!(
            "expected an object, found {}",
            value.kind()
        )));
    };
    put_pairs(&pairs, depth, out)
}

fn put_pairs(pairs: &[(Text, Value)], depth: u32, out: &mut Vec<u8>) -> Result<(), Wrong> {
    for (key, value) in pairs {
        put_tag(1, Wire::Bytes, out);
        put_sized(out, |out| {
            put_tag(1, Wire::Bytes, out);
            put_bytes(key.as_bytes(), out);
            put_tag(2, Wire::Bytes, out);
            put_sized(out, |out| put_any(value, depth, out)).map_err(Wrong::in_entry)
        })?;
    }
    Ok(())
}

/// Writes a `google.protobuf.ListValue`.
pub(crate) fn put_list(value: &Value, depth: u32, out: &mut Vec<u8>) -> Result<(), Wrong> {
    let depth = below(depth)?;
    let Some(items) = value.items() else {
        return Err(Wrong::new(format!(
            "expected a list, found {}",
            value.kind()
        )));
    };
    put_items(&items, depth, out)
}

fn put_items(items: &[Value], depth: u32, out: &mut Vec<u8>) -> Result<(), Wrong> {
    for (place, item) in items.iter().enumerate() {
        put_tag(1, Wire::Bytes, out);
        put_sized(out, |out| put_any(item, depth, out)).map_err(|wrong| wrong.in_item(place))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: i64, nanos: i32) -> Seconds {
        Seconds { seconds, nanos }
    }

    fn text_of(value: Result<Value, Wrong>) -> String {
        match value.unwrap() {
            Value::Text(text) => text.as_str().to_owned(),
            Value::Duration(length) => duration::format(length),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn moments_are_read_and_written() {
        let cases = [
            (0, 0, "1970-01-01T00:00:00Z"),
            (-1, 999_999_999, "1969-12-31T23:59:59.999999999Z"),
            (1_709_210_096, 120_000_000, "2024-02-29T12:34:56.120Z"),
            (1_709_210_096, 120_000, "2024-02-29T12:34:56.000120Z"),
            (FIRST_MOMENT, 0, "0001-01-01T00:00:00Z"),
            (LAST_MOMENT, 999_999_999, "9999-12-31T23:59:59.999999999Z"),
        ];
        for (whole, nanos, text) in cases {
            assert_eq!(text_of(seconds(whole, nanos).timestamp()), text);
            assert_eq!(moment(text), Some(seconds(whole, nanos)), "{text}");
        }
        let zones = [
            ("2024-02-29T14:04:56.5+01:30", 1_709_210_096),
            ("2024-02-29t03:34:56.5-09:00", 1_709_210_096),
            ("2024-02-29 12:34:56.5z", 1_709_210_096),
        ];
        for (text, whole) in zones {
            assert_eq!(moment(text), Some(seconds(whole, 500_000_000)), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        let texts = [
            "",
            "2024-02-30T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-00-01T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:60:00Z",
            "2024-01-01T00:00:60Z",
            "2024-01-01T00:00:00",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00.1234567890Z",
            "2024-01-01T00:00:00+1:00",
            "2024-01-01T00:00:00+01:60",
            "2024-01-01T00:00:00+0100",
            "0001-01-01T00:00:00+01:00",
            "0000-01-01T00:00:00Z",
            "+024-01-01T00:00:00Z",
            "2024-01-01T00:00:00Zx",
            "2024-01-01é00:00:00Z",
        ];
        for text in texts {
            assert_eq!(moment(text), None, "{text}");
        }
        for (whole, nanos) in [
            (LAST_MOMENT + 1, 0),
            (FIRST_MOMENT - 1, 0),
            (0, -1),
            (0, NANOS),
        ] {
            assert!(seconds(whole, nanos).timestamp().is_err());
        }
    }

    #[test]
    fn durations_beyond_those_of_the_language_are_texts() {
        let cases = [
            (0, 0, "0s"),
            (90, 500_000_000, "1m30.5s"),
            (-1, -500_000_000, "-1.5s"),
            (0, -1, "-0.000000001s"),
            (315_576_000_000, 10, "315576000000.00000001s"),
            (i64::MAX, 0, "9223372036854775807s"),
        ];
        for (whole, nanos, text) in cases {
            let value = seconds(whole, nanos).duration();
            let found = Seconds::of_duration(value.as_ref().unwrap()).unwrap();
            assert_eq!(found, seconds(whole, nanos), "{text}");
            assert_eq!(text_of(value), text);
        }
        for (whole, nanos) in [(1, -1), (-1, 1), (0, NANOS), (0, -NANOS)] {
            assert!(seconds(whole, nanos).duration().is_err());
        }
        for text in ["", "-", "x", "--1s", "1", "9223372036854775808s", "-s"] {
            assert!(Seconds::of_duration(&Value::text(text)).is_err(), "{text}");
        }
    }
}
