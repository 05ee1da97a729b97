//! A value and the required type to the parts of the value that do not fit: in a literal list or object each wrong part,
//! with its own place.

use bggo_values::types::Fit;
use bggo_values::{Type, Value, convert, duration};

use crate::diagnostics::{Code, Hint, codes, nearest};
use crate::source::Span;

use super::context::{LiteralParts, Literals};
use crate::check::typed::TExpr;

/// The most wrong parts of one value that are reported: more of them are the same mistake again.
pub(in crate::check) const MOST_WRONG_PARTS: usize = 10;

/// A value, or a part of one.
#[derive(Clone, Copy)]
struct Found<'v> {
    span: Span,
    ty: &'v Type,
    /// Where it is known.
    value: Option<&'v Value>,
}

/// A part that does not fit.
pub(super) struct Misfit {
    pub(super) code: Code,
    pub(super) span: Span,
    pub(super) text: String,
    pub(super) hint: Option<Hint>,
}

/// The parts of a value that do not fit the type `want`, of many the first ten. `what` names the value: "`url`", "the default of `x`".
pub(super) fn misfits(expr: &TExpr, want: &Type, what: &str, literals: &Literals) -> Vec<Misfit> {
    let found = Found {
        span: expr.span,
        ty: &expr.ty,
        value: expr.constant(),
    };
    let mut misfits = Vec::new();
    find(found, want, what, (literals, &mut misfits));
    misfits.truncate(MOST_WRONG_PARTS);
    misfits
}

fn find(found: Found<'_>, want: &Type, what: &str, (literals, to): (&Literals, &mut Vec<Misfit>)) {
    let Some((code, why)) = why_not(found, want) else {
        return;
    };
    let before = to.len();
    match (want, found.ty, literals.get(&found.span)) {
        (
            Type::List(item) | Type::Set(item),
            Type::Tuple(types),
            Some(LiteralParts::Items(spans)),
        ) if **item != Type::Any => {
            for (place, (ty, span)) in types.iter().zip(spans).enumerate() {
                let part = item_of(found, place, ty, *span);
                find(part, item, &format!("{what}: item {place}"), (literals, to));
            }
        }
        (Type::Tuple(wanted), Type::Tuple(types), Some(LiteralParts::Items(spans)))
            if wanted.len() == types.len() =>
        {
            let types = wanted.iter().zip(types);
            for (place, ((want, ty), span)) in types.zip(spans).enumerate() {
                let part = item_of(found, place, ty, *span);
                find(part, want, &format!("{what}: item {place}"), (literals, to));
            }
        }
        (Type::Map(item), Type::Object(_), Some(LiteralParts::Attributes(values)))
            if **item != Type::Any =>
        {
            for given in values {
                if let Some(part) = attribute_of(found, &given.name, given.value) {
                    let what = format!("{what}: attribute `{}`", given.name);
                    find(part, item, &what, (literals, to));
                }
            }
        }
        (Type::Object(fields), Type::Object(given), parts) => {
            for field in fields {
                let name = field.name.as_str();
                let there = given.iter().any(|given| given.name == field.name);
                if !there && field.optional.is_none() {
                    let unknown = given.iter().map(|given| given.name.as_str());
                    let unknown = unknown.filter(|name| want.attribute(name).is_none());
                    let near = nearest::nearest(name, unknown);
                    let key = match (near, parts) {
                        (Some(near), Some(LiteralParts::Attributes(values))) => {
                            values.iter().find(|given| given.name == near)
                        }
                        _ => None,
                    };
                    let text = format!("{what}: the attribute `{name}` is required");
                    let hint = match (near, key) {
                        (Some(_), Some(_)) => Some(Hint::meant(name)),
                        (Some(near), None) => {
                            Some(format!("write `{name}` in place of `{near}`").into())
                        }
                        (None, _) => None,
                    };
                    to.push(Misfit {
                        code: codes::WRONG_TYPE,
                        span: key.map_or(found.span, |given| given.key),
                        text,
                        hint,
                    });
                }
                let Some(LiteralParts::Attributes(values)) = parts else {
                    continue;
                };
                let given = values.iter().find(|given| given.name == name);
                if let Some(part) = given.and_then(|given| attribute_of(found, name, given.value)) {
                    let what = format!("{what}: attribute `{name}`");
                    find(part, &field.ty, &what, (literals, to));
                }
            }
        }
        _ => {}
    }
    if to.len() == before {
        to.push(Misfit {
            code,
            span: found.span,
            text: format!("{what}: {why}"),
            hint: hint_of(want, found),
        });
    }
}

fn why_not(found: Found<'_>, want: &Type) -> Option<(Code, String)> {
    match want.accepts(found.ty) {
        Fit::Never(why) => Some((codes::WRONG_TYPE, why)),
        _ => {
            let fault = convert::convert(found.value?, want).err()?;
            Some((codes::INVALID_VALUE, fault.text().to_owned()))
        }
    }
}

fn item_of<'v>(of: Found<'v>, place: usize, ty: &'v Type, span: Span) -> Found<'v> {
    let value = match of.value {
        Some(Value::List(items)) => items.get(place),
        _ => None,
    };
    Found { span, ty, value }
}

fn attribute_of<'v>(of: Found<'v>, name: &str, span: Span) -> Option<Found<'v>> {
    let value = match of.value {
        Some(Value::Object(pairs)) => pairs.iter().find(|(given, _)| given.as_str() == name),
        _ => None,
    };
    Some(Found {
        span,
        ty: of.ty.attribute(name)?,
        value: value.map(|(_, value)| value),
    })
}

/// What to write in place of a value of the wrong type.
fn hint_of(want: &Type, found: Found<'_>) -> Option<Hint> {
    let hint = match (want, found.ty) {
        (Type::Duration, Type::Number) => match found.value {
            Some(Value::Number(number)) => {
                // Whoever writes thousands thinks of milliseconds.
                let unit = match number.as_f64() >= 1000.0 {
                    true => "ms",
                    false => "s",
                };
                let written = format!("\"{number}{unit}\"");
                let words = format!("a duration has a unit: `{written}`");
                return Some(Hint::write(written).saying(words));
            }
            _ => "a duration has a unit: write `\"${..}s\"`".to_owned(),
        },
        (Type::Bool, Type::String | Type::Number) if found.value.is_some() => {
            "write `true` or `false`".to_owned()
        }
        (Type::Duration, Type::String) => return duration_hint(found.value?.as_text()?),
        (Type::List(_) | Type::Set(_), Type::String | Type::Number | Type::Bool) => {
            let item = match want {
                Type::List(item) | Type::Set(item) => item,
                _ => want,
            };
            let one = found
                .value
                .filter(|_| !matches!(item.accepts(found.ty), Fit::Never(_)));
            match one.and_then(plain_hcl) {
                Some(one) => return Some(Hint::write(format!("[{one}]"))),
                None => "write a list in `[ ]`".to_owned(),
            }
        }
        (Type::Bool, Type::Number) => "compare it with a number: `VALUE > 0`".to_owned(),
        (Type::Number, Type::Bool) => "a bool becomes a number by `VALUE ? 1 : 0`".to_owned(),
        (Type::Number, Type::String) => return share_hint(found.value?.as_text()?),
        (Type::Object(fields), Type::String | Type::Number | Type::Bool)
            if (1..=4).contains(&fields.len()) =>
        {
            let names: Vec<String> = fields
                .iter()
                .map(|field| format!("{} = ..", field.name))
                .collect();
            format!("write `{{ {} }}`", names.join(", "))
        }
        (Type::Map(_) | Type::Object(_), Type::String | Type::Number | Type::Bool) => {
            "write an object in `{ }`".to_owned()
        }
        (Type::Map(_) | Type::Object(_), Type::List(_) | Type::Set(_) | Type::Tuple(_)) => {
            "write an object: `{ NAME = VALUE }`".to_owned()
        }
        (Type::String, Type::List(_) | Type::Set(_) | Type::Tuple(_)) => {
            "make a text of it with `join(\", \", ..)` or `jsonencode(..)`".to_owned()
        }
        (Type::String, Type::Map(_) | Type::Object(_)) => {
            "make a text of it with `jsonencode(..)`".to_owned()
        }
        _ => return None,
    };
    Some(hint.into())
}

/// A value as a grid writes it, if that is a number or one word.
fn plain_hcl(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::Text(text) => {
            let is_plain = |letter: char| letter.is_alphanumeric() || "_-./:".contains(letter);
            let text = text.as_str();
            (!text.is_empty() && text.chars().all(is_plain)).then(|| format!("\"{text}\""))
        }
        _ => None,
    }
}

/// What to write in place of `"70%"`, where a number is wanted.
fn share_hint(text: &str) -> Option<Hint> {
    let number = text.trim().strip_suffix('%')?.trim();
    let is_number = number.parse::<f64>().is_ok() && number.bytes().all(|byte| byte != b'e');
    is_number.then(|| Hint::write(number))
}

/// Words for units of time, and the units that they mean.
const UNITS_IN_WORDS: [(&str, &[&str]); 5] = [
    (
        "ms",
        &["msec", "msecs", "millis", "millisecond", "milliseconds"],
    ),
    ("s", &["sec", "secs", "second", "seconds"]),
    ("m", &["min", "mins", "minute", "minutes"]),
    ("h", &["hr", "hrs", "hour", "hours"]),
    ("d", &["day", "days"]),
];

/// What to write in place of a text that is no duration: `"5"`, `"10 sec"`, `"2w"`.
fn duration_hint(text: &str) -> Option<Hint> {
    let text = text.trim();
    if let Some(positive) = text.strip_prefix('-') {
        let is_duration = duration::parse(positive).is_some();
        return is_duration.then(|| "a duration is never negative".into());
    }
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let unit = unit.trim().to_lowercase();
    let means = |words: &&(&'static str, &[&str])| unit == words.0 || words.1.contains(&&*unit);
    let written = match UNITS_IN_WORDS.iter().find(means) {
        Some((short, _)) => format!("{number}{short}"),
        None if unit.is_empty() => format!("{number}s"),
        None if matches!(&*unit, "w" | "week" | "weeks") => {
            let weeks: u32 = number.parse().ok()?;
            format!("{}d", weeks.checked_mul(7)?)
        }
        // The fault itself names the units.
        None => return None,
    };
    duration::parse(&written).map(|_| Hint::write(format!("\"{written}\"")))
}
