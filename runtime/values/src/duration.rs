//! Texts of durations (Go's: `1m30s`) and of sizes (`10MiB`), read and written.

use std::time::Duration;

/// Units with their length in nanoseconds; Go knows two letters for micro.
const UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

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

/// Reads `1m30s`, `1.5h`, `1500ms`, `100us` or `0`. Nothing negative, no more than Go's 2^63 nanoseconds.
pub fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
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
        let (_, nanos) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let (numerator, places) = scaled(amount, *nanos)?;
        total = total.checked_add(numerator / places)?;
        if total > i64::MAX as u128 {
            return None;
        }
        if after.is_empty() {
            return Some(Duration::from_nanos(u64::try_from(total).ok()?));
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
