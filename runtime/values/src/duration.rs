//! Texts of durations (Go's, such as `1m30s`, and days: `7d`) and of sizes (`10MiB`), read and written.

use std::time::Duration;

/// The units of durations, for messages.
pub const UNITS_IN_WORDS: &str = "d (24 hours), h, m, s, ms, us and ns";

/// Units with their length in nanoseconds; Go knows two letters for micro, and no day.
const UNITS: [(&str, u128); 9] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

const MOST_NANOS: u128 = i64::MAX as u128;

const SIZES: [(&str, u64); 14] = [
    ("", 1),
    ("B", 1),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("kiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("PB", 1_000_000_000_000_000),
    ("PiB", 1 << 50),
];

/// Reads `1m30s`, `1.5h`, `7d`, `1500ms`, `300 ms`, `100us` or `0`. A day has 24 hours. Spaces may stand between a number and
/// its unit, and nowhere else. Nothing negative, no more than Go's 2^63 nanoseconds.
pub fn parse(text: &str) -> Option<Duration> {
    let nanos = nanos(text).filter(|nanos| *nanos <= MOST_NANOS)?;
    Some(Duration::from_nanos(u64::try_from(nanos).ok()?))
}

/// Whether a text has the form of a duration, and is refused since it is longer than the longest one, 292 years.
pub fn is_too_long(text: &str) -> bool {
    nanos(text).is_some_and(|nanos| nanos > MOST_NANOS)
}

fn nanos(text: &str) -> Option<u128> {
    if text == "0" {
        return Some(0);
    }
    let mut total: u128 = 0;
    let mut rest = text;
    loop {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (amount, after) = rest.split_at(end);
        let unit_end = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let unit = unit.trim_start_matches(' ');
        let (_, nanos) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let (numerator, places) = scaled(amount, *nanos)?;
        total = total.checked_add(numerator / places)?;
        if after.is_empty() {
            return Some(total);
        }
        rest = after;
    }
}

/// Writes as Go does: `1m30s`, `1.5s`, `250ms`, `1h0m0s`, `0s`.
pub fn format(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let decimal = |unit: u128, name: &str| {
        let (whole, part) = (nanos / unit, nanos % unit);
        format!("{whole}{}{name}", fraction(part, unit))
    };
    match nanos {
        0 => "0s".to_string(),
        1..1_000 => format!("{nanos}ns"),
        1_000..1_000_000 => decimal(1_000, "µs"),
        1_000_000..1_000_000_000 => decimal(1_000_000, "ms"),
        _ => {
            let seconds = nanos / 1_000_000_000;
            let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
            let tail = format!(
                "{}{}s",
                seconds % 60,
                fraction(nanos % 1_000_000_000, 1_000_000_000)
            );
            match (hours, minutes) {
                (0, 0) => tail,
                (0, _) => format!("{minutes}m{tail}"),
                _ => format!("{hours}h{minutes}m{tail}"),
            }
        }
    }
}

/// Reads a size: `10MiB`, `1kB`, `1.5GB`, `512B`, `512`. Whole bytes only.
pub fn parse_size(text: &str) -> Option<u64> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (amount, unit) = text.split_at(end);
    let (_, bytes) = SIZES.iter().find(|(name, _)| *name == unit.trim_start())?;
    let (numerator, places) = scaled(amount, u128::from(*bytes))?;
    // A part of a byte is no size.
    (numerator % places == 0).then(|| u64::try_from(numerator / places).ok())?
}

/// A decimal amount of a unit, as a fraction: numerator and power of ten. Digits after the 18th are worth nothing.
fn scaled(amount: &str, unit: u128) -> Option<(u128, u128)> {
    let (whole, part) = amount.split_once('.').unwrap_or((amount, ""));
    if whole.is_empty() && part.is_empty() || part.contains('.') {
        return None;
    }
    let part = &part[..part.len().min(18)];
    let places = 10u128.pow(u32::try_from(part.len()).ok()?);
    let digits: u128 = format!("{whole}{part}").parse().ok()?;
    Some((digits.checked_mul(unit)?, places))
}

/// The digits after the point of `part / unit`, with the point, or nothing.
fn fraction(part: u128, unit: u128) -> String {
    if part == 0 {
        return String::new();
    }
    let width = unit.ilog10() as usize;
    format!(".{part:0width$}").trim_end_matches('0').to_string()
}

#[cfg(test)]
mod tests {
    use super::{format, parse, parse_size};
    use std::time::Duration;

    #[test]
    fn durations_are_read_and_written_as_in_go() {
        let cases = [
            ("1m30s", 90_000_000_000, "1m30s"),
            ("1.5h", 5_400_000_000_000, "1h30m0s"),
            ("1500ms", 1_500_000_000, "1.5s"),
            ("100us", 100_000, "100µs"),
            ("100µs", 100_000, "100µs"),
            ("100μs", 100_000, "100µs"),
            ("1.5us", 1_500, "1.5µs"),
            ("0", 0, "0s"),
            ("0s", 0, "0s"),
            ("7ns", 7, "7ns"),
            (".5s", 500_000_000, "500ms"),
            ("1.s", 1_000_000_000, "1s"),
            ("2h", 7_200_000_000_000, "2h0m0s"),
            ("1h1ms", 3_600_001_000_000, "1h0m0.001s"),
            ("0.1s", 100_000_000, "100ms"),
            ("1.0000000019s", 1_000_000_001, "1.000000001s"),
            ("90m", 5_400_000_000_000, "1h30m0s"),
            ("1d", 86_400_000_000_000, "24h0m0s"),
            ("1.5d", 129_600_000_000_000, "36h0m0s"),
            ("2d3h", 183_600_000_000_000, "51h0m0s"),
            ("365d", 31_536_000_000_000_000, "8760h0m0s"),
            ("106751d", 9_223_286_400_000_000_000, "2562024h0m0s"),
            ("250ms", 250_000_000, "250ms"),
            ("1.25ms", 1_250_000, "1.25ms"),
            ("300 ms", 300_000_000, "300ms"),
            ("1  s", 1_000_000_000, "1s"),
            ("1 m30 s", 90_000_000_000, "1m30s"),
        ];
        for (text, nanos, shown) in cases {
            let duration = parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(duration, Duration::from_nanos(nanos), "{text}");
            assert_eq!(format(duration), shown, "{text}");
            assert_eq!(parse(shown), Some(duration), "{shown}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "1",
            "s",
            ".s",
            "-1s",
            "+1s",
            "1 m 30 s",
            "1m 30s",
            "1m30 ",
            "1\ts",
            "1 ",
            " s",
            " 1s",
            "1s ",
            "2w",
            "1D",
            "1day",
            "106752d",
            "1.2.3s",
            "1x",
            "1m30",
            "9999999999h",
            "∞",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_are_whole_bytes() {
        let cases = [
            ("512", 512),
            ("512B", 512),
            ("0", 0),
            ("1kB", 1_000),
            ("10MiB", 10 << 20),
            ("10 MiB", 10 << 20),
            ("1.5GB", 1_500_000_000),
            ("0.5KiB", 512),
            ("2TiB", 2 << 40),
            ("1PiB", 1 << 50),
        ];
        for (text, bytes) in cases {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
        }
        for text in [
            "",
            "B",
            "-1",
            "1.5",
            "0.3KiB",
            "1kb",
            "1 k B",
            "MiB",
            "1e3",
            "99999999PiB",
            "1.2.3MB",
        ] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }
}
