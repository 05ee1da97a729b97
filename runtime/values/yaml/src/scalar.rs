//! What a scalar of YAML stands for.

use bggo_values::calendar::days_of_month;
use bggo_values::{Number, Value};

/// What is said of a tag that has no meaning here. It is not named: the text may be a secret.
pub(crate) const UNKNOWN_TAG: &str = "a tag has no meaning here";

/// The value of a scalar that is plain or quoted, with or without a tag.
pub(crate) fn value(text: &str, plain: bool, tag: Option<&str>) -> Result<Value, String> {
    let as_text = || Ok(Value::from(text.to_owned()));
    match tag {
        None if plain => resolved(text),
        None | Some("str" | "binary") => as_text(),
        Some("null") => Ok(Value::Null),
        Some("bool" | "int" | "float" | "timestamp") if plain => {
            let found = resolved(text)?;
            let fits = match tag {
                Some("bool") => matches!(found, Value::Bool(_)),
                Some("timestamp") => timestamp(text).is_some(),
                _ => matches!(found, Value::Number(_)),
            };
            match fits {
                true => Ok(found),
                false => Err("a value does not fit its tag".to_owned()),
            }
        }
        Some("bool" | "int" | "float" | "timestamp") => as_text(),
        Some(_) => Err(UNKNOWN_TAG.to_owned()),
    }
}

fn resolved(text: &str) -> Result<Value, String> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Value::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Value::Bool(false)
        }
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF"
        | "-.inf" | "-.Inf" | "-.INF" => {
            return Err("infinity and what is no number are no values here".to_owned());
        }
        _ => {
            if let Some(number) = number(text)? {
                return Ok(number.into());
            }
            let moment = timestamp(text).unwrap_or_else(|| text.to_owned());
            Value::from(moment)
        }
    })
}

/// The number that a text is, if it is one.
fn number(text: &str) -> Result<Option<Number>, String> {
    let based = |prefix: &str, base: u32| {
        let digits = text.strip_prefix(prefix)?;
        let all = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(base));
        all.then(|| u128::from_str_radix(digits, base).ok())
    };
    let number = match based("0o", 8).or_else(|| based("0x", 16)) {
        Some(whole) => whole.and_then(|whole| Number::parse(&whole.to_string())),
        None if Number::is_number(text) => Number::parse_rounded(text),
        None => return Ok(None),
    };
    match number {
        Some(number) => Ok(Some(number)),
        None => Err("a number is out of range (28 digits)".to_owned()),
    }
}

/// A date, or a date and a time, in the form of RFC 3339 without fractions of a second.
fn timestamp(text: &str) -> Option<String> {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (
            &text[..at],
            Some((&text[at..=at], text[at + 1..].trim_start())),
        ),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if year.len() != 4 || parts.next().is_some() {
        return None;
    }
    let (year, month, day) = (digits(year, 4)?, digits(month, 2)?, digits(day, 2)?);
    if !(1..=12).contains(&month) || day < 1 || day > days_of_month(i64::from(year), month) {
        return None;
    }
    let Some((between, time)) = time else {
        return Some(format!("{year:04}-{month:02}-{day:02}T00:00:00Z"));
    };
    let (time, zone) = match time.find(['Z', '+', '-']) {
        Some(at) if between != " " => time.split_at(at),
        Some(_) => return None,
        None if between == " " => (time, "Z"),
        None => return None,
    };
    let zone_is_right = zone == "Z" || {
        let hours_and_minutes = zone.get(1..)?.split_once(':')?;
        let (hours, minutes) = hours_and_minutes;
        hours.len() == 2 && minutes.len() == 2 && digits(hours, 2)? < 24 && digits(minutes, 2)? < 60
    };
    let (time, part) = time.split_once('.').unwrap_or((time, "0"));
    let mut parts = time.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    let (hour, minute, second) = (digits(hour, 2)?, digits(minute, 2)?, digits(second, 2)?);
    let is_time = hour < 24 && minute < 60 && second < 60 && parts.next().is_none();
    let is_part = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (zone_is_right && is_time && is_part)
        .then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}"))
}

fn digits(text: &str, most: usize) -> Option<u32> {
    let all = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if all { text.parse().ok() } else { None }
}
