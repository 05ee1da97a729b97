//! `format`: Terraform's verbs, flags, widths and explicit indexes.
//!
//! One difference, by the language's rule that no number prints with an exponent unless asked: `%v` writes 1000000, where
//! Terraform writes 1e+06.

mod float;
mod verb;

use super::length::characters;
use bggo_values::convert::{to_bool, to_number, to_text};
use bggo_values::json::encode;
use bggo_values::{Fault, Value};
use unicode_segmentation::UnicodeSegmentation;
use verb::{Part, Verb};

/// The text with its verbs filled in.
pub(super) fn format(template: &str, values: &[Value]) -> Result<String, Fault> {
    let mut out = String::new();
    let (mut next, mut used) = (0, 0);
    for part in verb::parts(template) {
        match part? {
            Part::Text(text) => out.push_str(text),
            Part::Verb(verb) => {
                let place = verb.index.unwrap_or(next);
                let Some(value) = values.get(place) else {
                    let (need, have) = (place + 1, values.len());
                    return Err(verb.fault(&format!("it needs value {need}, there are {have}")));
                };
                next = place + 1;
                used = used.max(next);
                out.push_str(&filled(&verb, value)?);
            }
        }
    }
    if used < values.len() {
        return Err(Fault::new(match used {
            0 => "`format` has values, but its text has no verbs".to_string(),
            _ => format!(
                "`format` has {} values, but its text uses only {used}",
                values.len()
            ),
        }));
    }
    Ok(out)
}

fn filled(verb: &Verb, value: &Value) -> Result<String, Fault> {
    let unfit = |fault: Fault| verb.fault(fault.text());
    if value.is_null() && verb.letter != 'v' {
        return Err(verb.fault("a null value cannot be formatted"));
    }
    match verb.letter {
        'v' => Ok(padded(verb, as_is(verb, value))),
        't' => to_bool(value).map(|value| value.to_string()).map_err(unfit),
        's' => to_text(value)
            .map(|text| padded(verb, shortened(verb, &text).to_string()))
            .map_err(unfit),
        'q' => {
            let text = to_text(value).map_err(unfit)?;
            Ok(padded(
                verb,
                encode(&Value::from(shortened(verb, &text).to_string())),
            ))
        }
        'b' | 'd' | 'o' | 'x' | 'X' => {
            let number = to_number(value).map_err(unfit)?;
            number
                .whole()
                .map(|whole| integer(verb, whole))
                .ok_or_else(|| verb.fault("a whole number is required"))
        }
        'e' | 'E' | 'f' | 'g' | 'G' => to_number(value)
            .map(|number| float::format(verb, &number))
            .map_err(unfit),
        _ => Err(verb.fault("there is no such verb")),
    }
}

fn as_is(verb: &Verb, value: &Value) -> String {
    match value {
        Value::Text(text) if !verb.sharp => text.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Duration(_) if !verb.sharp => value.to_string(),
        _ => encode(value),
    }
}

/// A precision of a text is how many of its characters are kept; zero keeps all.
fn shortened<'a>(verb: &Verb, text: &'a str) -> &'a str {
    match verb.precision {
        Some(most) if most > 0 => text
            .grapheme_indices(true)
            .nth(most)
            .map_or(text, |(end, _)| &text[..end]),
        _ => text,
    }
}

/// Texts are filled up with zeros too, where the flag says so.
fn padded(verb: &Verb, text: String) -> String {
    let missing = verb.width.unwrap_or(0).saturating_sub(characters(&text));
    if missing == 0 {
        return text;
    }
    let fill = if verb.zero { "0" } else { " " }.repeat(missing);
    if verb.minus {
        text + &fill
    } else {
        fill + &text
    }
}

fn integer(verb: &Verb, whole: i128) -> String {
    let size = whole.unsigned_abs();
    if size == 0 && verb.precision == Some(0) {
        return String::new();
    }
    let (digits, prefix) = match verb.letter {
        'b' => (format!("{size:b}"), "0b"),
        'o' => (format!("{size:o}"), "0"),
        'x' => (format!("{size:x}"), "0x"),
        'X' => (format!("{size:X}"), "0X"),
        _ => (size.to_string(), ""),
    };
    let prefix = if verb.sharp { prefix } else { "" };
    let sign = verb.sign(whole < 0);
    let mut zeros = verb.precision.unwrap_or(0).saturating_sub(digits.len());
    let free = verb
        .width
        .unwrap_or(0)
        .saturating_sub(sign.len() + prefix.len() + zeros + digits.len());
    let (mut left, mut right) = (0, 0);
    if verb.minus {
        right = free;
    } else if verb.zero && verb.precision.is_none() {
        zeros = free;
    } else {
        left = free;
    }
    format!(
        "{}{sign}{prefix}{}{digits}{}",
        " ".repeat(left),
        "0".repeat(zeros),
        " ".repeat(right)
    )
}
