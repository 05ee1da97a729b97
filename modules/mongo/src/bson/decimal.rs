//! Decimal128 (IEEE 754, binary integer significand): its text to 16 bytes and back.

const DIGITS: usize = 34;
/// Added to an exponent where it is kept.
const BIAS: i32 = 6176;
const LARGEST: i32 = 6111;
const SIGN: u128 = 1 << 127;
const INFINITY: u128 = 0b11110 << 122;
const NAN: u128 = 0b11111 << 122;
/// 10^34: a significand is smaller.
const LIMIT: u128 = 10_000_000_000_000_000_000_000_000_000_000_000;

/// Reads a number, an infinity or `NaN`; `None` if it is none, or not exact in 34 digits.
pub(super) fn read(text: &str) -> Option<[u8; 16]> {
    let (sign, size) = match text.split_at_checked(1)? {
        ("-", rest) => (SIGN, rest),
        ("+", rest) => (0, rest),
        _ => (0, text),
    };
    let lower = size.to_ascii_lowercase();
    match lower.as_str() {
        "inf" | "infinity" => return Some((sign | INFINITY).to_le_bytes()),
        "nan" => return Some((sign | NAN).to_le_bytes()),
        _ => {}
    }
    let (digits, exponent) = lower.split_once('e').unwrap_or((&lower, "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = || whole.bytes().chain(fraction.bytes());
    if all().next().is_none() || !all().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut exponent: i32 = exponent
        .parse()
        .ok()
        .filter(|number| i32::abs(*number) < 1 << 20)?;
    exponent -= i32::try_from(fraction.len())
        .ok()
        .filter(|length| *length < 1 << 20)?;
    let mut digits: Vec<u8> = all().skip_while(|byte| *byte == b'0').collect();
    // Zeros at the end may be left out, and put there where the exponent is too large.
    while digits.last() == Some(&b'0') && (digits.len() > DIGITS || exponent < -BIAS) {
        digits.pop();
        exponent += 1;
    }
    if digits.is_empty() {
        exponent = exponent.clamp(-BIAS, LARGEST);
    }
    while exponent > LARGEST && digits.len() < DIGITS {
        digits.push(b'0');
        exponent -= 1;
    }
    if digits.len() > DIGITS || !(-BIAS..=LARGEST).contains(&exponent) {
        return None;
    }
    let significand = digits
        .iter()
        .fold(0u128, |sum, digit| sum * 10 + u128::from(digit - b'0'));
    let biased = u128::try_from(exponent + BIAS).ok()?;
    Some((sign | biased << 113 | significand).to_le_bytes())
}

/// The text of one, as short as its exponent says.
pub(super) fn text(bytes: [u8; 16]) -> String {
    let bits = u128::from_le_bytes(bytes);
    let sign = if bits & SIGN == 0 { "" } else { "-" };
    match bits & NAN {
        NAN => return "NaN".to_owned(),
        INFINITY => return format!("{sign}Infinity"),
        _ => {}
    }
    // The other form holds significands that are too large, which count as 0.
    let is_large = bits >> 125 & 0b11 == 0b11;
    let (biased, significand) = match is_large {
        true => (bits >> 111 & 0x3fff, 0),
        false => (bits >> 113 & 0x3fff, bits & ((1 << 113) - 1)),
    };
    let significand = if significand < LIMIT { significand } else { 0 };
    let digits = significand.to_string();
    // Fourteen bits, and at most 34 digits.
    let exponent = i32::try_from(biased).unwrap_or(BIAS) - BIAS;
    let count = i32::try_from(digits.len()).unwrap_or(0);
    let scientific = exponent + count - 1;
    if exponent > 0 || scientific < -6 {
        let (first, rest) = digits.split_at_checked(1).unwrap_or((&digits, ""));
        let point = if rest.is_empty() { "" } else { "." };
        return format!("{sign}{first}{point}{rest}E{scientific:+}");
    }
    let fraction = usize::try_from(-exponent).unwrap_or(0);
    if fraction == 0 {
        return format!("{sign}{digits}");
    }
    let padded = format!("{digits:0>width$}", width = fraction + 1);
    let (whole, rest) = padded
        .split_at_checked(padded.len() - fraction)
        .unwrap_or((&padded, ""));
    format!("{sign}{whole}.{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_they_were() {
        for written in [
            "0",
            "-0",
            "1",
            "-1.50",
            "0.001234",
            "0.000001",
            "1E-7",
            "1.5E+10",
            "123456789012345678901234567890.1234",
            "9.999999999999999999999999999999999E+6144",
            "1E-6176",
            "Infinity",
            "-Infinity",
            "NaN",
        ] {
            assert_eq!(text(read(written).unwrap()), written);
        }
        for (written, expected) in [
            ("1e3", "1E+3"),
            ("1000", "1000"),
            ("+.5", "0.5"),
            ("5.", "5"),
            ("1E6144", "1.000000000000000000000000000000000E+6144"),
            ("0E9999", "0E+6111"),
            ("10E-6177", "1E-6176"),
            ("inf", "Infinity"),
        ] {
            assert_eq!(text(read(written).unwrap()), expected, "{written}");
        }
    }

    #[test]
    fn what_is_not_exact_is_none() {
        for written in [
            "",
            "-",
            ".",
            "x",
            "1e",
            "1e9999999999",
            "1E6145",
            "1E-6177",
            "12345678901234567890123456789012345",
        ] {
            assert_eq!(read(written), None, "{written}");
        }
    }
}
