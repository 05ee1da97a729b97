//! A moment in time as a flag gives it: `2030-01-31T09:30:00Z`, `2030-01-31T10:30:00.5+01:00` (RFC 3339).

use bggo_values::calendar::{days_of_month, days_since_1970};
use std::time::{Duration, SystemTime};

const EXPECTED: &str = "expected a date and a time with its zone, such as 2030-01-31T09:30:00Z or 2030-01-31T10:30:00+01:00";

/// Reads it.
///
/// # Errors
/// It is no moment, or one before 1970.
pub fn read(text: &str) -> Result<SystemTime, String> {
    let moment = seconds(text.trim()).and_then(|(seconds, nanos)| {
        SystemTime::UNIX_EPOCH.checked_add(Duration::new(u64::try_from(seconds).ok()?, nanos))
    });
    moment.ok_or_else(|| EXPECTED.to_owned())
}

/// Seconds since 1970, and nanoseconds.
fn seconds(text: &str) -> Option<(i64, u32)> {
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    let (time, zone) = zone(rest)?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let (month, day) = (u32::try_from(month).ok()?, u32::try_from(day).ok()?);
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    let is_there = (1..=12).contains(&month)
        && (1..=days_of_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !is_there || fraction.is_empty() || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let nanos = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    let of_day = hour * 3600 + minute * 60 + second;
    Some((
        days_since_1970(year, month, day) * 86_400 + of_day - zone,
        nanos,
    ))
}

/// What stands before the zone, and the zone's distance to UTC in seconds.
fn zone(text: &str) -> Option<(&str, i64)> {
    if let Some(time) = text.strip_suffix(['Z', 'z']) {
        return Some((time, 0));
    }
    let at = text.rfind(['+', '-'])?;
    let (time, zone) = text.split_at_checked(at)?;
    let (sign, zone) = match zone.strip_prefix('+') {
        Some(zone) => (1, zone),
        None => (-1, zone.strip_prefix('-')?),
    };
    let [hours, minutes] = numbers(zone, ':', [2, 2])?;
    (hours < 24 && minutes < 60).then_some((time, sign * (hours * 3600 + minutes * 60)))
}

/// Numbers of so many digits each.
fn numbers<const N: usize>(text: &str, between: char, digits: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(between);
    let mut numbers = [0; N];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next()?;
        if part.len() != digits || !part.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_with_their_zone_and_fraction() {
        for (text, seconds, nanos) in [
            ("1970-01-01T00:00:00Z", 0, 0),
            ("2000-02-29T12:00:00Z", 951_825_600, 0),
            ("2026-11-28T14:30:20Z", 1_795_876_220, 0),
            ("2026-11-28T15:30:20+01:00", 1_795_876_220, 0),
            ("2026-11-28 09:00:20.25-05:30", 1_795_876_220, 250_000_000),
            ("2100-03-01T00:00:00Z", 4_107_542_400, 0),
        ] {
            let expected = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos);
            assert_eq!(read(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_says_what_is_expected() {
        for text in [
            "",
            "now",
            "2026-11-28",
            "2026-11-28T14:30Z",
            "2026-11-28T14:30:20",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-28T24:00:00Z",
            "2026-11-28T14:30:20.Z",
            "2026-11-28T14:30:20+1:00",
            "1969-12-31T23:59:59Z",
            "2026-11-28T14:30:20-",
            "日本-11-28T14:30:20Z",
        ] {
            assert_eq!(read(text), Err(EXPECTED.to_owned()), "{text}");
        }
    }
}
