//! Moments as RFC 3339 has them, to milliseconds since 1970 and back.

use bggo_runtime::contract::{date_of_days, days_since_1970};

const DAY: i64 = 86_400_000;

/// Reads `2026-03-01T12:00:00.5Z`; `None` if it is no moment.
pub(super) fn millis(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', 't'])?;
    let mut parts = date.split('-');
    let year = digits(parts.next()?, 4)?;
    let month = digits(parts.next()?, 2).filter(|month| (1..=12).contains(month))?;
    let day = digits(parts.next()?, 2).filter(|day| (1..=31).contains(day))?;
    if parts.next().is_some() {
        return None;
    }
    let zone_at = time.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = time.split_at_checked(zone_at)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = clock.split(':');
    let hour = digits(parts.next()?, 2).filter(|hour| *hour < 24)?;
    let minute = digits(parts.next()?, 2).filter(|minute| *minute < 60)?;
    let second = digits(parts.next()?, 2).filter(|second| *second <= 60)?;
    if parts.next().is_some() || fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let thousandths = fraction.bytes().chain(*b"00").take(3);
    let mut milli = 0;
    for byte in thousandths {
        milli = milli * 10 + i64::from(byte.checked_sub(b'0').filter(|digit| *digit < 10)?);
    }
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Each fits: they have two digits, or four.
    let (month, day) = (u32::try_from(month).ok()?, u32::try_from(day).ok()?);
    let days = days_since_1970(year, month, day);
    // A day that the month does not have would be one of the next month.
    if date_of_days(days) != (year, month, day) {
        return None;
    }
    let minutes = (days * 24 + hour) * 60 + minute - offset(zone)?;
    Some((minutes * 60 + second) * 1000 + milli)
}

/// Writes a moment of the years 1970 to 9999; others have no text.
pub(super) fn text(millis: i64) -> Option<String> {
    let days = millis.div_euclid(DAY);
    let of_day = millis.rem_euclid(DAY);
    let (year, month, day) = date_of_days(days);
    if !(1970..=9999).contains(&year) {
        return None;
    }
    let (hour, minute) = (of_day / 3_600_000, of_day / 60_000 % 60);
    let (second, milli) = (of_day / 1000 % 60, of_day % 1000);
    let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if milli > 0 {
        text.push_str(&format!(".{milli:03}"));
    }
    text.push('Z');
    Some(text)
}

/// How many minutes a zone is ahead of UTC: `Z`, `+01:00` or `+0100`.
fn offset(zone: &str) -> Option<i64> {
    let (sign, rest) = match zone.split_at_checked(1)? {
        ("Z" | "z", "") => return Some(0),
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match rest.split_once(':') {
        Some(both) => both,
        None => rest.split_at_checked(2)?,
    };
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

fn digits(text: &str, count: usize) -> Option<i64> {
    let is_number = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_and_written() {
        for (written, expected, back) in [
            ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"),
            (
                "2026-03-01T12:34:56.789Z",
                1_772_368_496_789,
                "2026-03-01T12:34:56.789Z",
            ),
            (
                "2026-03-01T13:34:56.7+01:00",
                1_772_368_496_700,
                "2026-03-01T12:34:56.700Z",
            ),
            (
                "2026-02-28T23:34:56.7891-1300",
                1_772_368_496_789,
                "2026-03-01T12:34:56.789Z",
            ),
        ] {
            assert_eq!(millis(written), Some(expected), "{written}");
            assert_eq!(text(expected).as_deref(), Some(back));
        }
        assert_eq!(millis("1969-12-31T23:59:59.999Z"), Some(-1));
        assert_eq!(text(-1), None);
        assert_eq!(text(i64::MAX), None);
        assert_eq!(text(i64::MIN), None);
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in [
            "",
            "2026-03-01",
            "2026-02-30T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-03-01T24:00:00Z",
            "2026-03-01T00:00:00",
            "2026-03-01T00:00:00.Z",
            "2026-03-01T00:00:00.xZ",
            "2026-03-01T00:00:00+25:00",
            "2026-03-01T00:00Z",
            "+026-03-01T00:00:00Z",
            "2026-03-01T00:00:00é",
        ] {
            assert_eq!(millis(text), None, "{text}");
        }
    }
}
