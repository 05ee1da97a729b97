//! Numbers, bools, texts, bytes and enums: a value to what stands on the wire, and back.

use std::borrow::Cow;

use bggo_values::convert::{to_bool, to_bytes, to_number, to_text};
use bggo_values::json::RawJson;
use bggo_values::{Fault, Number, Seq, Text, Value};

use crate::schema::Kind;
use crate::table::Table;
use crate::wire::{Bytes, Malformed, Wire, put_bytes, put_varint, unzigzag, zigzag};
use crate::wrong::Wrong;

/// Numbers up to this one are exact as an f64.
const EXACT_F64: u64 = 1 << 53;
/// Numbers up to this one are exact as an f32.
const EXACT_F32: u64 = 1 << 24;

/// What stands behind a tag.
#[derive(Debug, PartialEq)]
pub(crate) enum Scalar<'v> {
    Varint(u64),
    Four([u8; 4]),
    Eight([u8; 8]),
    Bytes(Cow<'v, [u8]>),
}

impl Scalar<'_> {
    /// Whether it is what a field is that is not sent.
    pub(crate) fn is_zero(&self) -> bool {
        match self {
            Self::Varint(number) => *number == 0,
            Self::Four(bytes) => *bytes == [0; 4],
            Self::Eight(bytes) => *bytes == [0; 8],
            Self::Bytes(bytes) => bytes.is_empty(),
        }
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Varint(number) => put_varint(*number, out),
            Self::Four(bytes) => out.extend_from_slice(bytes),
            Self::Eight(bytes) => out.extend_from_slice(bytes),
            Self::Bytes(bytes) => put_bytes(bytes, out),
        }
    }
}

/// How a kind is written.
pub(crate) fn wire_of(kind: Kind) -> Wire {
    match kind {
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => Wire::Eight,
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => Wire::Four,
        Kind::String | Kind::Bytes | Kind::Message(_) => Wire::Bytes,
        _ => Wire::Varint,
    }
}

/// What a value is on the wire.
pub(crate) fn scalar<'v>(table: &Table, kind: Kind, value: &'v Value) -> Result<Scalar<'v>, Wrong> {
    Ok(match kind {
        Kind::String => Scalar::Bytes(match value {
            Value::Text(text) => Cow::Borrowed(text.as_bytes()),
            other => Cow::Owned(to_text(other)?.as_bytes().to_vec()),
        }),
        Kind::Bytes => Scalar::Bytes(match value {
            Value::Bytes(bytes) => Cow::Borrowed(bytes),
            Value::Text(text) => Cow::Borrowed(text.as_bytes()),
            other => Cow::Owned(to_bytes(other)?.to_vec()),
        }),
        Kind::Bool => Scalar::Varint(to_bool(value)?.into()),
        Kind::Double => Scalar::Eight(double(value)?.to_le_bytes()),
        Kind::Float => Scalar::Four(float(value)?.to_le_bytes()),
        Kind::Enum(place) => Scalar::Varint(varint_of(enum_number(table, place, value)?.into())),
        Kind::Int32 => Scalar::Varint(varint_of(whole::<i32>(value)?.into())),
        Kind::Int64 => Scalar::Varint(varint_of(whole(value)?)),
        Kind::Sint32 => Scalar::Varint(zigzag(whole::<i32>(value)?.into())),
        Kind::Sint64 => Scalar::Varint(zigzag(whole(value)?)),
        Kind::Uint32 => Scalar::Varint(whole::<u32>(value)?.into()),
        Kind::Uint64 => Scalar::Varint(whole(value)?),
        Kind::Fixed32 => Scalar::Four(whole::<u32>(value)?.to_le_bytes()),
        Kind::Sfixed32 => Scalar::Four(whole::<i32>(value)?.to_le_bytes()),
        Kind::Fixed64 => Scalar::Eight(whole::<u64>(value)?.to_le_bytes()),
        Kind::Sfixed64 => Scalar::Eight(whole::<i64>(value)?.to_le_bytes()),
        Kind::Message(_) => return Err(Wrong::new("a message is no scalar")),
    })
}

/// A negative number has the sign in all 64 bits.
fn varint_of(number: i64) -> u64 {
    number.cast_unsigned()
}

/// A whole number type of a message.
trait Whole: TryFrom<i128> {
    /// What is expected of a value.
    const EXPECTED: &str;
}

impl Whole for i32 {
    const EXPECTED: &str = "a whole number from -2147483648 to 2147483647";
}

impl Whole for u32 {
    const EXPECTED: &str = "a whole number from 0 to 4294967295";
}

impl Whole for i64 {
    const EXPECTED: &str = "a whole number of 64 bits";
}

impl Whole for u64 {
    const EXPECTED: &str = "a whole number of 64 bits that is not negative";
}

fn whole<T: Whole>(value: &Value) -> Result<T, Wrong> {
    let number = match value {
        Value::Number(number) => *number,
        other => to_number(other)?,
    };
    let whole = match number.unscaled() {
        // Without a point nothing is divided.
        (size, 0) => i128::try_from(size)
            .ok()
            .map(|size| if number.is_negative() { -size } else { size }),
        _ => number.whole(),
    };
    let whole = whole.and_then(|whole| T::try_from(whole).ok());
    whole.ok_or_else(|| {
        Fault::quoting(
            format!("expected {}, found ", T::EXPECTED),
            &number.to_string(),
            "",
        )
        .into()
    })
}

fn enum_number(table: &Table, place: u32, value: &Value) -> Result<i32, Wrong> {
    let one = table.enums.get(place as usize);
    let one = one.ok_or_else(|| Wrong::new("the table has no such enum"))?;
    let settled = settled(value);
    match &*settled {
        Value::Text(name) => one.number(name).ok_or_else(|| {
            let before = format!("the enum `{}` has no value ", one.name);
            Fault::quoting(before, &format!("{:?}", name.as_str()), "").into()
        }),
        Value::Number(_) => whole(value),
        other => Err(Wrong::new(format!(
            "expected the name of a value of the enum `{}`, found {}",
            one.name,
            other.kind()
        ))),
    }
}

/// What JSON that was not read yet holds, as far as it is a scalar.
pub(crate) fn settled(value: &Value) -> Cow<'_, Value> {
    match value {
        Value::Raw(raw) => Cow::Owned(Value::from(raw.clone())),
        other => Cow::Borrowed(other),
    }
}

/// The digits of a number as a whole number, and how many stand behind the point, if dividing the one by a power of ten is exact.
fn quick(number: &Number, exact: u64, places: u32) -> Option<(u64, u32)> {
    let (digits, scale) = number.unscaled();
    let digits = u64::try_from(digits).ok()?;
    (digits <= exact && scale <= places).then_some((digits, scale))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "no more digits than are exact come here"
)]
pub(crate) fn double(value: &Value) -> Result<f64, Wrong> {
    if let Value::Number(number) = value {
        // A quotient of two exact numbers is rounded once, as the text of it is when it is read.
        let Some((digits, scale)) = quick(number, EXACT_F64, 22) else {
            return Ok(number.as_f64());
        };
        let size = digits as f64 / 10_f64.powi(scale.cast_signed());
        return Ok(if number.is_negative() { -size } else { size });
    }
    read(value, "double", f64::is_finite)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "no more digits than are exact come here"
)]
fn float(value: &Value) -> Result<f32, Wrong> {
    if let Value::Number(number) = value
        && let Some((digits, scale)) = quick(number, EXACT_F32, 10)
    {
        let size = digits as f32 / 10_f32.powi(scale.cast_signed());
        return Ok(if number.is_negative() { -size } else { size });
    }
    read(value, "float", f32::is_finite)
}

/// A binary number by its text.
fn read<T: std::str::FromStr + Copy>(
    value: &Value,
    name: &str,
    is_finite: fn(T) -> bool,
) -> Result<T, Wrong> {
    let settled = settled(value);
    let text = match &*settled {
        Value::Number(number) => Text::from(number.to_string()),
        Value::Text(text) => text.clone(),
        // A number that is no decimal of the language.
        Value::Raw(raw) if raw.kind() == "a number" => Text::from(raw.as_str()),
        other => {
            let text = format!("expected a number, found {}", other.kind());
            return Err(Wrong::new(text));
        }
    };
    let is_word = matches!(text.as_str(), "NaN" | "Infinity" | "-Infinity");
    if !is_word && !Number::is_number(&text) {
        return Err(Fault::quoting("expected a number, found ", &format!("{text:?}"), "").into());
    }
    match text.parse::<T>() {
        Ok(number) if is_word || is_finite(number) => Ok(number),
        _ => Err(Fault::quoting(format!("too large for a {name}: "), &text, "").into()),
    }
}

/// The value of a number with so many bits: the shortest text that is read as it. `text` is with an exponent.
fn number_of(value: f64, text: impl FnOnce() -> String) -> Value {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "only whole numbers of 53 bits are made this way"
    )]
    if value.trunc() == value && value.abs() <= EXACT_F64 as f64 {
        return Value::number(value as i64);
    }
    if value.is_nan() {
        return Value::text("NaN");
    }
    if value.is_infinite() {
        return Value::text(if value > 0.0 { "Infinity" } else { "-Infinity" });
    }
    let text = text();
    match Number::parse(&text) {
        Some(number) => Value::Number(number),
        None => RawJson::from_text(text.as_str()).map_or(Value::from(text), Value::Raw),
    }
}

/// The decimal of at most six digits behind the point that is read as this number. One of fifteen digits is the only one of
/// so many, so it is also the shortest.
#[expect(
    clippy::cast_possible_truncation,
    reason = "only whole numbers of 53 bits are made this way"
)]
fn short(value: f64) -> Option<Number> {
    const MOST: f64 = 1e15;
    for (scale, one) in (1..).zip([1e1, 1e2, 1e3, 1e4, 1e5, 1e6]) {
        let digits = (value * one).round();
        if digits.abs() >= MOST {
            return None;
        }
        if digits != 0.0 && digits / one == value {
            let size = (digits as i64).unsigned_abs();
            let (low, middle) = (size as u32, (size >> 32) as u32);
            return Some(Number::from_parts(low, middle, 0, value < 0.0, scale));
        }
    }
    None
}

pub(crate) fn value_of_double(value: f64) -> Value {
    match short(value).filter(|_| value.trunc() != value) {
        Some(number) => Value::Number(number),
        None => number_of(value, || format!("{value:e}")),
    }
}

fn value_of_float(value: f32) -> Value {
    number_of(value.into(), || format!("{value:e}"))
}

/// Reads a scalar, of which its wire type is known to be right.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a varint of a type of 32 bits is cut to them, as the format says"
)]
pub(crate) fn value(table: &Table, kind: Kind, bytes: &mut Bytes<'_>) -> Result<Value, Wrong> {
    let signed =
        |bytes: &mut Bytes<'_>| -> Result<i64, Malformed> { Ok(bytes.varint()?.cast_signed()) };
    Ok(match kind {
        Kind::String => {
            let text = std::str::from_utf8(bytes.bytes()?);
            let text = text.map_err(|_| Wrong::new("the bytes of a string are no UTF-8"))?;
            Value::Text(if text.is_empty() {
                Text::Static("")
            } else {
                text.into()
            })
        }
        Kind::Bytes => {
            let bytes = bytes.bytes()?;
            Value::Bytes(if bytes.is_empty() {
                Seq::Static(&[])
            } else {
                Seq::Shared(bytes.into())
            })
        }
        Kind::Bool => Value::Bool(bytes.varint()? != 0),
        Kind::Double => value_of_double(f64::from_le_bytes(bytes.eight()?)),
        Kind::Float => value_of_float(f32::from_le_bytes(bytes.four()?)),
        Kind::Enum(place) => {
            let number = signed(bytes)? as i32;
            let one = table.enums.get(place as usize);
            one.map_or(Value::number(number.into()), |one| one.value(number))
        }
        Kind::Int32 => Value::number((signed(bytes)? as i32).into()),
        Kind::Int64 => Value::number(signed(bytes)?),
        Kind::Sint32 => Value::number((unzigzag(u64::from(bytes.varint()? as u32)) as i32).into()),
        Kind::Sint64 => Value::number(unzigzag(bytes.varint()?)),
        Kind::Uint32 => Value::number((bytes.varint()? as u32).into()),
        Kind::Uint64 => Value::Number(Number::from(bytes.varint()?)),
        Kind::Fixed32 => Value::number(u32::from_le_bytes(bytes.four()?).into()),
        Kind::Sfixed32 => Value::number(i32::from_le_bytes(bytes.four()?).into()),
        Kind::Fixed64 => Value::Number(Number::from(u64::from_le_bytes(bytes.eight()?))),
        Kind::Sfixed64 => Value::number(i64::from_le_bytes(bytes.eight()?)),
        Kind::Message(_) => return Err(Wrong::new("a message is no scalar")),
    })
}

/// The text of a key of a map.
pub(crate) fn key_text(key: &Value) -> Result<Text, Wrong> {
    Ok(to_text(key)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn back(number: f64) -> f64 {
        double(&value_of_double(number)).unwrap()
    }

    #[test]
    fn floats_beyond_a_decimal_keep_their_text() {
        let big = value_of_double(1.5e300);
        assert!(matches!(&big, Value::Raw(raw) if raw.as_str() == "1.5e300"));
        let small = value_of_double(-2e-40);
        assert!(matches!(&small, Value::Raw(raw) if raw.as_str() == "-2e-40"));
        assert_eq!(value_of_double(f64::NAN).as_text(), Some("NaN"));
        assert_eq!(
            value_of_double(f64::NEG_INFINITY).as_text(),
            Some("-Infinity")
        );
        assert!(
            matches!(value_of_float(0.1), Value::Number(number) if number.to_string() == "0.1")
        );
        assert!(back(f64::NAN).is_nan());
        for number in [
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MAX,
            f64::MIN_POSITIVE,
            5e-324,
        ] {
            assert_eq!(back(number), number);
        }
        assert_eq!(
            float(&value_of_float(f32::MIN_POSITIVE)).unwrap(),
            f32::MIN_POSITIVE
        );
    }

    #[test]
    fn what_does_not_fit_says_what_would() {
        let fault = whole::<i32>(&Value::number(1 << 31)).unwrap_err().fault();
        let before = "expected a whole number from -2147483648 to 2147483647, found ";
        assert_eq!(fault.parts(), [before, "2147483648", ""]);
        assert!(whole::<u64>(&Value::number(-1)).is_err());
        assert!(whole::<i64>(&Value::Number(Number::parse("1.5").unwrap())).is_err());
        assert_eq!(
            whole::<u64>(&Value::text("18446744073709551615")).unwrap(),
            u64::MAX
        );
        let huge = value_of_double(1e300);
        assert_eq!(
            float(&huge).unwrap_err().fault().parts(),
            ["too large for a float: ", "1e300", ""]
        );
        assert!(double(&Value::text("x")).is_err());
        assert!(double(&Value::Bool(true)).is_err());
    }

    proptest! {
        #[test]
        fn any_double_comes_back(bits: u64) {
            let number = f64::from_bits(bits);
            prop_assume!(!number.is_nan());
            prop_assert_eq!(back(number), number);
        }

        #[test]
        fn short_decimals_are_the_shortest(digits in -(1_i64 << 52)..(1 << 52), places in 0_i32..9) {
            let number = format!("{digits}e-{places}").parse::<f64>().unwrap();
            if let Some(found) = short(number) {
                prop_assert_eq!(found, Number::parse(&format!("{number:e}")).unwrap());
            }
        }

        #[test]
        fn any_float_comes_back(bits: u32) {
            let number = f32::from_bits(bits);
            prop_assume!(!number.is_nan());
            prop_assert_eq!(float(&value_of_float(number)).unwrap(), number);
        }

        #[test]
        fn decimals_become_the_nearest_binary_number(digits in -(1_i64 << 60)..(1 << 60), places in 0_u32..20) {
            let text = format!("{digits}e-{places}");
            let number = Value::Number(Number::parse(&text).unwrap());
            prop_assert_eq!(double(&number).unwrap(), text.parse::<f64>().unwrap());
            prop_assert_eq!(float(&number).unwrap(), text.parse::<f32>().unwrap());
        }
    }
}
