//! Functions over strings. Positions and lengths count what a reader calls characters (grapheme clusters), as Terraform's do.

use super::args::args;
use super::length::characters;
use bggo_values::convert::to_text;
use bggo_values::text::normalized;
use bggo_values::{Fault, Text, Value};
use unicode_segmentation::UnicodeSegmentation;

/// What a function made: in normal form C, as Terraform has every string.
pub(super) fn made(text: String) -> Value {
    Value::from(normalized(text))
}

/// The parts of a text between separators; an empty separator cuts between characters.
///
/// # Errors
/// When an argument is no string.
pub fn split(values: &[Value]) -> Result<Value, Fault> {
    let args = args("split", values, 2, 2)?;
    let (separator, text) = (args.text(0)?, args.text(1)?);
    let parts: Vec<Value> = if separator.is_empty() {
        text.chars().map(|c| made(c.to_string())).collect()
    } else {
        text.split(separator.as_str())
            .map(|part| made(part.to_string()))
            .collect()
    };
    Ok(Value::from(parts))
}

/// All items of all lists in one text, with a separator between them.
///
/// # Errors
/// When there is no list, or an item is null or has no text form.
pub fn join(values: &[Value]) -> Result<Value, Fault> {
    let args = args("join", values, 2, usize::MAX)?;
    let separator = args.text(0)?;
    let mut out = String::new();
    let mut first = true;
    for place in 1..args.len() {
        for item in args.list(place)?.iter() {
            if item.is_null() {
                return Err(args.fault(place, "the list holds null"));
            }
            let text = to_text(item).map_err(|fault| args.fault(place, fault.text()))?;
            if !first {
                out.push_str(&separator);
            }
            first = false;
            out.push_str(&text);
        }
    }
    Ok(made(out))
}

/// Every occurrence of a text replaced by another. The compiler calls it where the second argument is known to be no
/// pattern; where it is one, or may be, it calls the function of `bggo-regex`.
///
/// # Errors
/// When an argument is no string.
pub fn replace(values: &[Value]) -> Result<Value, Fault> {
    let args = args("replace", values, 3, 3)?;
    let (text, old, new) = (args.text(0)?, args.text(1)?, args.text(2)?);
    Ok(made(text.replace(old.as_str(), &new)))
}

/// `replace` where the second argument may be a pattern: `by_pattern` gets the text, the pattern and the replacement, and
/// gives the new text or what is wrong with the pattern.
///
/// # Errors
/// When an argument is no string or the pattern is not valid.
pub fn replace_by(
    values: &[Value],
    by_pattern: &dyn Fn(&str, &str, &str) -> Result<String, String>,
) -> Result<Value, Fault> {
    let args = args("replace", values, 3, 3)?;
    let (text, old, new) = (args.text(0)?, args.text(1)?, args.text(2)?);
    match pattern(&old) {
        Some(pattern) => by_pattern(&text, pattern, &new)
            .map(made)
            .map_err(|why| args.fault(1, &why)),
        None => replace(values),
    }
}

/// The regular expression that a text is, if it stands between slashes.
pub fn pattern(text: &str) -> Option<&str> {
    text.strip_prefix('/')?.strip_suffix('/')
}

/// In capitals.
///
/// # Errors
/// When the argument is no string.
pub fn upper(values: &[Value]) -> Result<Value, Fault> {
    let text = args("upper", values, 1, 1)?.text(0)?;
    Ok(made(text.chars().map(to_upper).collect()))
}

/// In small letters.
///
/// # Errors
/// When the argument is no string.
pub fn lower(values: &[Value]) -> Result<Value, Fault> {
    let text = args("lower", values, 1, 1)?.text(0)?;
    Ok(made(text.chars().map(to_lower).collect()))
}

/// One character for one, as Terraform (Go) does it: a letter whose capital is two stays as it is.
fn to_upper(c: char) -> char {
    let mut capitals = c.to_uppercase();
    match (capitals.next(), capitals.next()) {
        (Some(capital), None) => capital,
        // Greek small letters with iota below have a capital of one character beside the full form of two.
        _ => match c {
            '\u{1F80}'..='\u{1F87}' | '\u{1F90}'..='\u{1F97}' | '\u{1FA0}'..='\u{1FA7}' => {
                shifted(c, 8)
            }
            '\u{1FB3}' | '\u{1FC3}' | '\u{1FF3}' => shifted(c, 9),
            _ => c,
        },
    }
}

fn shifted(c: char, by: u32) -> char {
    char::from_u32(u32::from(c) + by).unwrap_or(c)
}

fn to_lower(c: char) -> char {
    // The dotted capital I is the only letter whose small form is more than one character; its first one is the plain i.
    c.to_lowercase().next().unwrap_or(c)
}

/// The text itself when nothing was cut off.
pub(super) fn part(whole: &Text, part: &str) -> Value {
    if part.len() == whole.len() {
        Value::Text(whole.clone().normalized())
    } else {
        made(part.to_string())
    }
}

/// Characters from an offset (from the end when it is negative), so many of them (all when negative).
///
/// # Errors
/// When an argument has the wrong type or is no whole number.
pub fn substr(values: &[Value]) -> Result<Value, Fault> {
    let args = args("substr", values, 3, 3)?;
    let text = args.text(0)?;
    let (offset, length) = (args.whole(1)?, args.whole(2)?);
    let count = i64::try_from(characters(&text)).unwrap_or(i64::MAX);
    let start = if offset < 0 {
        (count + offset).max(0)
    } else {
        offset.min(count)
    };
    // As in Terraform, nothing is the rest where the offset counts from the end.
    let end = if length < 0 || (length == 0 && offset < 0) {
        count
    } else {
        start.saturating_add(length).min(count)
    };
    let place = |at: i64| usize::try_from(at).unwrap_or(0);
    let cut: String = text
        .graphemes(true)
        .skip(place(start))
        .take(place(end - start))
        .collect();
    Ok(made(cut))
}

/// The characters in reverse.
///
/// # Errors
/// When the argument is no string.
pub fn strrev(values: &[Value]) -> Result<Value, Fault> {
    let text = args("strrev", values, 1, 1)?.text(0)?;
    Ok(made(text.graphemes(true).rev().collect()))
}

/// Whether a text begins with another.
///
/// # Errors
/// When an argument is no string.
pub fn startswith(values: &[Value]) -> Result<Value, Fault> {
    let args = args("startswith", values, 2, 2)?;
    Ok(args.text(0)?.starts_with(args.text(1)?.as_str()).into())
}

/// Whether a text ends with another.
///
/// # Errors
/// When an argument is no string.
pub fn endswith(values: &[Value]) -> Result<Value, Fault> {
    let args = args("endswith", values, 2, 2)?;
    Ok(args.text(0)?.ends_with(args.text(1)?.as_str()).into())
}

/// A text with `%` verbs filled in.
///
/// # Errors
/// When a verb is unknown or does not fit its argument, and when there are too few or too many arguments.
pub fn format(values: &[Value]) -> Result<Value, Fault> {
    let args = args("format", values, 1, usize::MAX)?;
    super::format::format(&args.text(0)?, values.get(1..).unwrap_or_default()).map(made)
}

/// `format` once for each item of its lists; what is no list is the same every time.
///
/// # Errors
/// As `format`, and when the lists differ in length.
pub fn formatlist(values: &[Value]) -> Result<Value, Fault> {
    let args = args("formatlist", values, 1, usize::MAX)?;
    let template = args.text(0)?;
    let lists: Vec<_> = values.iter().skip(1).map(Value::items).collect();
    let mut length = None;
    for (place, list) in lists.iter().enumerate() {
        let Some(list) = list else { continue };
        match length {
            Some(known) if known != list.len() => {
                let text = format!(
                    "the lists must be equally long, found {known} and {} items",
                    list.len()
                );
                return Err(args.fault(place + 1, &text));
            }
            _ => length = Some(list.len()),
        }
    }
    let each = (0..length.unwrap_or(1)).map(|at| {
        let items = lists.iter().zip(values.iter().skip(1));
        let items: Vec<Value> = items
            .map(|(list, value)| match list {
                Some(list) => list.get(at).cloned().unwrap_or(Value::Null),
                None => value.clone(),
            })
            .collect();
        super::format::format(&template, &items).map(made)
    });
    each.collect::<Result<Vec<_>, _>>().map(Value::from)
}

/// Whether a text holds another.
///
/// # Errors
/// When an argument is no string.
pub fn strcontains(values: &[Value]) -> Result<Value, Fault> {
    let args = args("strcontains", values, 2, 2)?;
    Ok(args.text(0)?.contains(args.text(1)?.as_str()).into())
}

/// Most spaces that `indent` puts before a line.
const WIDEST_INDENT: usize = 10_000;

/// So many spaces before each line but the first.
///
/// # Errors
/// When an argument has the wrong type, or for more than 10,000 spaces.
pub fn indent(values: &[Value]) -> Result<Value, Fault> {
    let args = args("indent", values, 2, 2)?;
    let count = args.count(0, WIDEST_INDENT)?;
    let pad = format!("\n{}", " ".repeat(count));
    Ok(made(args.text(1)?.replace('\n', &pad)))
}

/// The first letter of each word as a capital.
///
/// # Errors
/// When the argument is no string.
pub fn title(values: &[Value]) -> Result<Value, Fault> {
    let text = args("title", values, 1, 1)?.text(0)?;
    let mut begins = true;
    let letters = text.chars().map(|c| {
        let first = std::mem::replace(&mut begins, ends_word(c));
        if first { to_title(c) } else { c }
    });
    Ok(made(letters.collect()))
}

/// As Go's `strings.Title` has it: in ASCII all but letters, digits and `_`; else white space.
fn ends_word(c: char) -> bool {
    match c.is_ascii() {
        true => !c.is_ascii_alphanumeric() && c != '_',
        false => c.is_whitespace(),
    }
}

/// The letter that begins a word: a few letters that are two in one have a form of their own for that.
fn to_title(c: char) -> char {
    match c {
        '\u{1C4}'..='\u{1C6}' => '\u{1C5}',
        '\u{1C7}'..='\u{1C9}' => '\u{1C8}',
        '\u{1CA}'..='\u{1CC}' => '\u{1CB}',
        '\u{1F1}'..='\u{1F3}' => '\u{1F2}',
        // Georgian capitals are for whole words only.
        '\u{10D0}'..='\u{10FF}' => c,
        _ => to_upper(c),
    }
}
