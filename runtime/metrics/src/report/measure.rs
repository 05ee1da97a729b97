//! How lengths of time, rates and shares are written for people: three digits, never an exponent.

use std::time::Duration;

/// `345us`, `1.23ms`, `12.3s`, `4m05s`, `1h02m`.
pub fn short(time: Duration) -> String {
    let micros = time.as_micros();
    match micros {
        0..1_000 => format!("{micros}us"),
        // The rounding of 999.5 ms and up would print `1000ms`.
        1_000..999_500 => three_digits(micros as f64 / 1e3, "ms"),
        999_500..59_950_000 => three_digits(micros as f64 / 1e6, "s"),
        _ => {
            let seconds = (micros + 500_000) / 1_000_000;
            match seconds / 60 {
                minutes @ 0..60 => format!("{minutes}m{:02}s", seconds % 60),
                minutes => format!("{}h{:02}m", minutes / 60, minutes % 60),
            }
        }
    }
}

fn three_digits(value: f64, unit: &str) -> String {
    let digits = match value {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{value:.digits$}{unit}")
}

/// A time that may be absent: `-`.
pub fn or_dash(time: Option<Duration>) -> String {
    time.map_or_else(|| "-".to_owned(), short)
}

/// `count` a second over `length`.
pub fn rate(count: u64, length: Duration) -> f64 {
    if length.is_zero() {
        0.0
    } else {
        count as f64 / length.as_secs_f64()
    }
}

/// `500/s`, `1.5/s`; less than one a second in a minute or an hour: `90/m`.
pub fn a_second(rate: f64) -> String {
    let (rate, unit) = match rate {
        rate if rate >= 1.0 || rate <= 0.0 => (rate, "s"),
        rate if rate * 60.0 >= 1.0 => (rate * 60.0, "m"),
        rate => (rate * 3600.0, "h"),
    };
    let text = format!("{rate:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}/{unit}")
}

/// `part` of `whole` in percent.
pub fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 * 100.0 / whole as f64
    }
}

/// `1 thing`, `12 things`.
pub fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits() {
        let check = |micros, expect| assert_eq!(short(Duration::from_micros(micros)), expect);
        check(0, "0us");
        check(999, "999us");
        check(1_000, "1.00ms");
        check(9_996, "10.0ms");
        check(99_960, "100ms");
        check(999_499, "999ms");
        check(999_500, "1.00s");
        check(12_345_678, "12.3s");
        check(59_949_999, "59.9s");
        check(59_950_000, "1m00s");
        check(245_000_000, "4m05s");
        check(3_725_000_000, "1h02m");
    }

    #[test]
    fn nothing_has_no_rate_and_no_share() {
        assert!(rate(5, Duration::ZERO).abs() < f64::EPSILON);
        assert!(percent(0, 0).abs() < f64::EPSILON);
        assert!((percent(1, 4) - 25.0).abs() < f64::EPSILON);
    }
}
