//! Functions over timestamps, which are texts in the form of RFC 3339.

use super::args::{Args, args};
use bggo_values::calendar::{date_of_days, days_of_month, days_since_1970};
use bggo_values::context::Context;
use bggo_values::{Fault, Number, Value};
use std::cmp::Ordering;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY: i64 = 86_400;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// From the weekday of 1970-01-01.
const WEEKDAYS: [&str; 7] = [
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
];

/// A moment, and the zone in which it is written.
#[derive(Debug, Clone, Copy)]
struct Moment {
    /// Seconds since 1970, in UTC.
    seconds: i64,
    nanos: u32,
    /// Minutes that the zone is ahead of UTC.
    zone: i64,
}

/// When the program started: the same for the whole run.
///
/// # Errors
/// When there is an argument.
pub fn timestamp(values: &[Value]) -> Result<Value, Fault> {
    static START: OnceLock<Duration> = OnceLock::new();
    args("timestamp", values, 0, 0)?;
    // A clock before 1970 is as good as one that stands there.
    let now = || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
    };
    let seconds = START.get_or_init(now).as_secs();
    let moment = Moment {
        seconds: i64::try_from(seconds).unwrap_or(i64::MAX),
        nanos: 0,
        zone: 0,
    };
    written(moment).map(Value::from).ok_or_else(out_of_range)
}

/// Milliseconds since 1970 at the moment of the call.
///
/// # Errors
/// When there is an argument.
pub fn timestamp_ms(context: &Context<'_>, values: &[Value]) -> Result<Value, Fault> {
    args("timestamp_ms", values, 0, 0)?;
    let millis = u64::try_from(context.clock.since_epoch().as_millis()).unwrap_or(u64::MAX);
    Ok(Number::from(millis).into())
}

/// A timestamp written as a format says: letters stand for its parts, texts in `'` for themselves.
///
/// # Errors
/// When the format has a letter that stands for nothing, or the second argument is no timestamp.
pub fn formatdate(values: &[Value]) -> Result<Value, Fault> {
    let args = args("formatdate", values, 2, 2)?;
    let format = args.text(0)?;
    let moment = moment(args, 1)?;
    let mut out = String::new();
    let mut rest = format.as_str();
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            rest = quoted(&rest[1..], &mut out)
                .ok_or_else(|| args.fault(0, "a text in `'` does not end"))?;
        } else if first.is_ascii_alphabetic() {
            let end = rest.find(|c| c != first).unwrap_or(rest.len());
            let (verb, after) = rest.split_at(end);
            let part = part(moment, verb)
                .ok_or_else(|| args.fault(0, "the format has letters that stand for nothing"))?;
            out.push_str(&part);
            rest = after;
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    Ok(super::string::made(out))
}

/// Copies a text up to its closing quote; two quotes are one of the text. Gives back what follows.
fn quoted<'t>(text: &'t str, out: &mut String) -> Option<&'t str> {
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('\'')?;
        out.push_str(part);
        match after.strip_prefix('\'') {
            Some(more) => {
                out.push('\'');
                rest = more;
            }
            None => return Some(after),
        }
    }
}

fn part(moment: Moment, verb: &str) -> Option<String> {
    let local = moment.seconds + moment.zone * 60;
    let (days, second) = (local.div_euclid(DAY), local.rem_euclid(DAY));
    let (year, month, day) = date_of_days(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let name = |names: &[&'static str], at: i64| names.get(usize::try_from(at).ok()?).copied();
    let short = |name: &str| name.chars().take(3).collect::<String>();
    let of_half = if hour % 12 == 0 { 12 } else { hour % 12 };
    let (ahead, size) = (moment.zone >= 0, moment.zone.abs());
    let zone = |colon: &str| {
        let sign = if ahead { '+' } else { '-' };
        format!("{sign}{:02}{colon}{:02}", size / 60, size % 60)
    };
    Some(match verb {
        "YY" => format!("{:02}", year.rem_euclid(100)),
        "YYYY" => format!("{year:04}"),
        "M" => month.to_string(),
        "MM" => format!("{month:02}"),
        "MMM" => short(name(&MONTHS, i64::from(month) - 1)?),
        "MMMM" => name(&MONTHS, i64::from(month) - 1)?.to_owned(),
        "D" => day.to_string(),
        "DD" => format!("{day:02}"),
        "EEE" => short(name(&WEEKDAYS, days.rem_euclid(7))?),
        "EEEE" => name(&WEEKDAYS, days.rem_euclid(7))?.to_owned(),
        "h" => hour.to_string(),
        "hh" => format!("{hour:02}"),
        "H" => of_half.to_string(),
        "HH" => format!("{of_half:02}"),
        "AA" => (if hour < 12 { "AM" } else { "PM" }).to_owned(),
        "aa" => (if hour < 12 { "am" } else { "pm" }).to_owned(),
        "m" => minute.to_string(),
        "mm" => format!("{minute:02}"),
        "s" => second.to_string(),
        "ss" => format!("{second:02}"),
        "Z" if moment.zone == 0 => "Z".to_owned(),
        "ZZZ" if moment.zone == 0 => "UTC".to_owned(),
        "Z" | "ZZZZZ" => zone(":"),
        "ZZZ" | "ZZZZ" => zone(""),
        _ => return None,
    })
}

/// A timestamp so much later; earlier, when the duration begins with `-`.
///
/// # Errors
/// When the arguments are no timestamp and no duration, and for a year that is not 0 to 9999.
pub fn timeadd(values: &[Value]) -> Result<Value, Fault> {
    let args = args("timeadd", values, 2, 2)?;
    let moment = moment(args, 0)?;
    let added = match args.value(1)? {
        Value::Duration(duration) => i128::try_from(duration.as_nanos()).ok(),
        _ => nanos_of(&args.text(1)?),
    };
    let added = added
        .ok_or_else(|| args.fault(1, "a duration is required, like \"1h30m\" or \"-250ms\""))?;
    let sum = i128::from(moment.seconds) * 1_000_000_000 + i128::from(moment.nanos) + added;
    let seconds = i64::try_from(sum.div_euclid(1_000_000_000)).map_err(|_| out_of_range())?;
    let later = Moment { seconds, ..moment };
    written(later).map(Value::from).ok_or_else(out_of_range)
}

fn out_of_range() -> Fault {
    Fault::new("the year of the timestamp is not 0 to 9999")
}

/// The nanoseconds of a duration as Go writes it: numbers with units, and a sign before all of them.
fn nanos_of(text: &str) -> Option<i128> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let (mut rest, mut total) = (rest, 0i128);
    loop {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(end);
        let end = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let unit: i128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && part.is_empty() || part.contains('.') {
            return None;
        }
        // More digits than these are less than a nanosecond.
        let part: String = part.chars().take(15).collect();
        let scale = 10i128.pow(u32::try_from(part.len()).ok()?);
        let digits = |text: &str| match text {
            "" => Some(0),
            text => text.parse::<i128>().ok(),
        };
        total = total.checked_add(digits(whole)?.checked_mul(unit)?)?;
        total = total.checked_add(digits(&part)?.checked_mul(unit)? / scale)?;
        if total > i128::from(i64::MAX) {
            return None;
        }
        if after.is_empty() {
            return Some(if negative { -total } else { total });
        }
        rest = after;
    }
}

/// -1, 0 or 1, as a timestamp is before, equal to or after another.
///
/// # Errors
/// When an argument is no timestamp.
pub fn timecmp(values: &[Value]) -> Result<Value, Fault> {
    let args = args("timecmp", values, 2, 2)?;
    let moments = (moment(args, 0)?, moment(args, 1)?);
    let parts = |moment: Moment| (moment.seconds, moment.nanos);
    Ok(Value::number(
        match parts(moments.0).cmp(&parts(moments.1)) {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        },
    ))
}

fn written(moment: Moment) -> Option<String> {
    let local = moment.seconds.checked_add(moment.zone * 60)?;
    let (year, month, day) = date_of_days(local.div_euclid(DAY));
    let second = local.rem_euclid(DAY);
    let zone = part(moment, "Z")?;
    (0..=9999).contains(&year).then(|| {
        format!(
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}{zone}",
            second / 3600,
            second / 60 % 60,
            second % 60,
        )
    })
}

fn moment(args: Args<'_>, place: usize) -> Result<Moment, Fault> {
    read(&args.text(place)?).ok_or_else(|| {
        args.fault(
            place,
            "a timestamp is required, like \"2026-11-30T09:15:00Z\" or \"2026-11-30T09:15:00.5+01:00\"",
        )
    })
}

fn read(text: &str) -> Option<Moment> {
    // Every part but the fraction has its place, and all are ASCII.
    let bytes = text.as_bytes();
    let digits = |from: usize, count: usize| -> Option<i64> {
        let digits = bytes.get(from..from + count)?;
        let all = digits.iter().all(u8::is_ascii_digit);
        all.then(|| {
            digits
                .iter()
                .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'))
        })
    };
    let is = |at: usize, letter: u8| bytes.get(at) == Some(&letter);
    if !(is(4, b'-') && is(7, b'-') && is(10, b'T') && is(13, b':') && is(16, b':')) {
        return None;
    }
    let (year, month, day) = (digits(0, 4)?, digits(5, 2)?, digits(8, 2)?);
    let (hour, minute, second) = (digits(11, 2)?, digits(14, 2)?, digits(17, 2)?);
    let (month, day) = (u32::try_from(month).ok()?, u32::try_from(day).ok()?);
    let is_day = (1..=12).contains(&month) && (1..=days_of_month(year, month)).contains(&day);
    if !is_day || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (mut at, mut nanos) = (19, 0);
    if is(at, b'.') {
        let count = bytes[at + 1..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let kept = count.min(9);
        nanos = digits(at + 1, kept).filter(|_| count > 0)?;
        for _ in kept..9 {
            nanos *= 10;
        }
        at += 1 + count;
    }
    let zone = match bytes.get(at)? {
        b'Z' if bytes.len() == at + 1 => 0,
        sign @ (b'+' | b'-') if bytes.len() == at + 6 && is(at + 3, b':') => {
            let (hours, minutes) = (digits(at + 1, 2)?, digits(at + 4, 2)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let minutes = hours * 60 + minutes;
            if *sign == b'-' { -minutes } else { minutes }
        }
        _ => return None,
    };
    let days = days_since_1970(year, month, day);
    Some(Moment {
        seconds: days * DAY + hour * 3600 + minute * 60 + second - zone * 60,
        nanos: u32::try_from(nanos).ok()?,
        zone,
    })
}
