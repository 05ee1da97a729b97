//! Decimal numbers of 28 significant digits, whole numbers exact through 64 bits and beyond.
//!
//! Every number is smaller than 10^28 and has at most 28 digits, so that what is printed can be read again. Arithmetic
//! rounds to 28 digits and gives `None` outside the range; a literal that has more digits is refused, not rounded.

use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use std::fmt;

/// A number of the grid language. Prints without exponent and without a trailing `.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(Decimal);

/// 10^28 - 1, the largest mantissa.
const LARGEST: i128 = 9_999_999_999_999_999_999_999_999_999;
const DIGITS: usize = 28;

impl Number {
    /// Zero.
    pub const ZERO: Self = Self::new(0);

    /// A whole number.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the 64 bits are cut into halves"
    )]
    pub const fn new(whole: i64) -> Self {
        let size = whole.unsigned_abs();
        Self(Decimal::from_parts(
            size as u32,
            (size >> 32) as u32,
            0,
            whole < 0,
            0,
        ))
    }

    /// A number from the parts that `parts` gives: a mantissa of 96 bits, a sign, and how many digits stand after the point.
    pub const fn from_parts(lo: u32, mid: u32, hi: u32, negative: bool, scale: u32) -> Self {
        Self(Decimal::from_parts(lo, mid, hi, negative, scale))
    }

    /// What `from_parts` makes this number of.
    pub fn parts(&self) -> (u32, u32, u32, bool, u32) {
        let parts = self.0.unpack();
        (parts.lo, parts.mid, parts.hi, parts.negative, parts.scale)
    }

    /// Reads a decimal number, with or without an exponent. `None` when it is none, or not exact in 28 digits.
    pub fn parse(text: &str) -> Option<Self> {
        Scanned::read(text)?.exact()
    }

    /// Like `parse`, but digits after the point that do not fit are rounded away. For numbers that come from outside.
    pub fn parse_rounded(text: &str) -> Option<Self> {
        Scanned::read(text)?.rounded()
    }

    /// Whether the text is a decimal number at all, of any size.
    pub fn is_number(text: &str) -> bool {
        Scanned::read(text).is_some()
    }

    /// The whole number, if it is one of 64 bits.
    pub fn as_i64(&self) -> Option<i64> {
        match self.small() {
            Some((false, size)) => i64::try_from(size).ok(),
            Some((true, size)) => 0i64.checked_sub_unsigned(size),
            None if self.is_whole() => self.0.to_i64(),
            None => None,
        }
    }

    /// The sign and the size of a number that is written whole and whose size has 64 bits: nearly all whole numbers are, and the way
    /// through the decimal takes several times as long.
    fn small(&self) -> Option<(bool, u64)> {
        let parts = self.0.unpack();
        let is_small = parts.scale == 0 && parts.hi == 0;
        is_small.then(|| {
            (
                parts.negative,
                u64::from(parts.mid) << 32 | u64::from(parts.lo),
            )
        })
    }

    /// The whole number, if it is one of 64 bits and not negative.
    pub fn as_u64(&self) -> Option<u64> {
        match self.small() {
            Some((negative, size)) => (!negative || size == 0).then_some(size),
            None if self.is_whole() => self.0.to_u64(),
            None => None,
        }
    }

    /// The whole number, if it can be a position.
    pub fn as_usize(&self) -> Option<usize> {
        self.as_u64().and_then(|whole| usize::try_from(whole).ok())
    }

    /// The nearest binary number.
    pub fn as_f64(&self) -> f64 {
        // The text is exact and the standard library's reader rounds right; the decimal's own conversion does not always.
        self.to_string().parse().unwrap_or(0.0)
    }

    /// The number that prints as the shortest text of `value`. `None` for infinities, NaN and what is out of range.
    pub fn from_f64(value: f64) -> Option<Self> {
        Self::parse_rounded(&value.to_string())
    }

    /// Whether nothing stands after the point.
    pub fn is_whole(&self) -> bool {
        self.0.is_integer()
    }

    /// Whether it is less than zero.
    pub fn is_negative(&self) -> bool {
        self.0.is_sign_negative() && !self.0.is_zero()
    }

    /// The whole number, if it is one.
    pub fn whole(&self) -> Option<i128> {
        let (mantissa, scale) = self.unscaled();
        let one = 10u128.pow(scale);
        let whole = i128::try_from(mantissa / one).ok()?;
        (mantissa % one == 0).then_some(if self.is_negative() { -whole } else { whole })
    }

    /// The size as a mantissa and how many of its digits stand after the point.
    pub fn unscaled(&self) -> (u128, u32) {
        (self.0.mantissa().unsigned_abs(), self.0.scale())
    }

    /// The size without the sign.
    pub fn abs(&self) -> Self {
        Self(self.0.abs())
    }

    /// The next whole number that is not smaller.
    pub fn ceil(&self) -> Self {
        Self(self.0.ceil())
    }

    /// The next whole number that is not larger.
    pub fn floor(&self) -> Self {
        Self(self.0.floor())
    }

    /// Without what stands after the point.
    pub fn trunc(&self) -> Self {
        Self(self.0.trunc())
    }

    /// Rounded to so many digits after the point, halves to the even neighbour.
    pub fn round(&self, places: u32) -> Self {
        Self(self.0.round_dp(places))
    }

    /// The other sign.
    pub fn negated(&self) -> Self {
        Self(-self.0)
    }

    /// The sum, if it is in range.
    pub fn plus(&self, other: &Self) -> Option<Self> {
        Self::held(self.0.checked_add(other.0)?)
    }

    /// The difference, if it is in range.
    pub fn minus(&self, other: &Self) -> Option<Self> {
        Self::held(self.0.checked_sub(other.0)?)
    }

    /// The product, if it is in range.
    pub fn times(&self, other: &Self) -> Option<Self> {
        Self::held(self.0.checked_mul(other.0)?)
    }

    /// The quotient, if it is in range and `other` is not zero.
    pub fn over(&self, other: &Self) -> Option<Self> {
        Self::held(self.0.checked_div(other.0)?)
    }

    /// What is left of a division that truncates, if `other` is not zero; it has the sign of `self`.
    pub fn modulo(&self, other: &Self) -> Option<Self> {
        Self::held(self.0.checked_rem(other.0)?)
    }

    /// Cuts a result to 28 digits.
    fn held(result: Decimal) -> Option<Self> {
        if result.mantissa().unsigned_abs() <= LARGEST.unsigned_abs() {
            return Some(Self(result));
        }
        let places = result.scale().checked_sub(1)?;
        let rounded = result.round_dp(places);
        (rounded.mantissa().unsigned_abs() <= LARGEST.unsigned_abs()).then_some(Self(rounded))
    }
}

/// A number's text in parts: its digits without leading zeros, and the power of ten of the last one.
struct Scanned {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Scanned {
    fn read(text: &str) -> Option<Self> {
        let (negative, rest) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match rest.find(['e', 'E']) {
            Some(at) => (&rest[..at], exponent(&rest[at + 1..])?),
            None => (rest, 0),
        };
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() && part.is_empty()
            || !(whole.bytes().chain(part.bytes())).all(|b| b.is_ascii_digit())
        {
            return None;
        }
        let all = format!("{whole}{part}");
        let digits = all.trim_start_matches('0');
        let exponent = exponent - i64::try_from(part.len()).ok()?;
        let kept = digits.trim_end_matches('0');
        let exponent = exponent + i64::try_from(digits.len() - kept.len()).ok()?;
        Some(Self {
            negative,
            digits: kept.to_string(),
            exponent,
        })
    }

    fn exact(&self) -> Option<Number> {
        let count = i64::try_from(self.digits.len()).ok()?;
        if count == 0 {
            return Some(Number::ZERO);
        }
        if count > DIGITS as i64
            || self.exponent < -(DIGITS as i64)
            || self.exponent + count > DIGITS as i64
        {
            return None;
        }
        let mantissa: i128 = self.digits.parse().ok()?;
        let (mantissa, scale) = match u32::try_from(self.exponent) {
            Ok(zeros) => (mantissa.checked_mul(10i128.checked_pow(zeros)?)?, 0),
            Err(_) => (mantissa, u32::try_from(-self.exponent).ok()?),
        };
        let mantissa = if self.negative { -mantissa } else { mantissa };
        Decimal::try_from_i128_with_scale(mantissa, scale)
            .ok()
            .map(Number)
    }

    fn rounded(mut self) -> Option<Number> {
        let places = -self.exponent;
        let count = i64::try_from(self.digits.len()).ok()?;
        // How many digits at the end are too many, by their count or by their place after the point.
        let extra = (count - DIGITS as i64).max(places - DIGITS as i64);
        if extra > 0 {
            if count - extra + self.exponent + extra > DIGITS as i64 || self.exponent + extra > 0 {
                return None;
            }
            if extra > count {
                return Some(Number::ZERO);
            }
            let keep = usize::try_from(count - extra).ok()?;
            let up = self
                .digits
                .as_bytes()
                .get(keep)
                .is_some_and(|digit| *digit >= b'5');
            let kept: i128 = if keep == 0 {
                0
            } else {
                self.digits[..keep].parse().ok()?
            };
            self.digits = (kept + i128::from(up)).to_string();
            if self.digits == "0" {
                return Some(Number::ZERO);
            }
            self.exponent += extra;
            let trimmed = self.digits.trim_end_matches('0').len();
            self.exponent += i64::try_from(self.digits.len() - trimmed).ok()?;
            self.digits.truncate(trimmed);
        }
        self.exact()
    }
}

/// An exponent's digits with their sign. One of more than five digits is as good as any that is far out of range.
fn exponent(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let size = digits
        .parse::<i64>()
        .unwrap_or(i64::from(i32::MAX))
        .min(i64::from(i32::MAX));
    Some(if negative { -size } else { size })
}

impl From<i64> for Number {
    fn from(whole: i64) -> Self {
        Self::new(whole)
    }
}

impl From<u64> for Number {
    fn from(whole: u64) -> Self {
        Self(Decimal::from(whole))
    }
}

impl From<u32> for Number {
    fn from(whole: u32) -> Self {
        Self(Decimal::from(whole))
    }
}

impl From<i32> for Number {
    fn from(whole: i32) -> Self {
        Self(Decimal::from(whole))
    }
}

impl From<usize> for Number {
    fn from(whole: usize) -> Self {
        Self(Decimal::from_usize(whole).unwrap_or_default())
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, _, _, negative, scale) = self.parts();
        let mantissa = self.0.mantissa().unsigned_abs();
        if mantissa == 0 {
            return f.write_str("0");
        }
        if negative {
            f.write_str("-")?;
        }
        if scale == 0 {
            // Most numbers are small, and 64 bits print several times faster than 128.
            return match u64::try_from(mantissa) {
                Ok(small) => write!(f, "{small}"),
                Err(_) => write!(f, "{mantissa}"),
            };
        }
        let one = 10u128.pow(scale);
        let (whole, part) = (mantissa / one, mantissa % one);
        write!(f, "{whole}")?;
        if part == 0 {
            return Ok(());
        }
        let (mut part, mut width) = (part, scale as usize);
        while part % 10 == 0 {
            part /= 10;
            width -= 1;
        }
        write!(f, ".{part:0width$}")
    }
}

#[cfg(test)]
mod tests;
