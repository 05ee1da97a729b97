//! Sets of characters in an expression: `[a-z]`, `[[:alpha:]]`, `\d` and `\pL`.

use super::cursor::Cursor;
use crate::class;
use regex_syntax::hir::ClassUnicode;

/// After `[`. Small letters are as capital ones where `fold` says so.
pub fn class(text: &mut Cursor<'_>, start: usize, fold: bool) -> Result<ClassUnicode, String> {
    let negated = text.eat('^');
    let mut class = ClassUnicode::empty();
    let mut first = true;
    loop {
        if text.peek().is_none() {
            return Err(text.fault(start, "this set is not closed by `]`"));
        }
        if !first && text.eat(']') {
            break;
        }
        first = false;
        class.union(&member(text, start, fold)?);
    }
    if negated {
        class.negate();
    }
    Ok(class)
}

/// One member of a set in brackets.
fn member(text: &mut Cursor<'_>, start: usize, fold: bool) -> Result<ClassUnicode, String> {
    let here = text.at();
    if text.sees("[:") {
        let mut ahead = text.clone();
        ahead.eat_text("[:");
        // Without its end it is a bracket and a colon.
        if let Some(name) = ahead.until(":]") {
            let (negated, name) = unsigned(name);
            let Some(class) = class::of_posix(name) else {
                return Err(text.fault(here, "there is no set of this name"));
            };
            *text = ahead;
            return Ok(shaped(class, fold, negated));
        }
    }
    if text.sees("\\") {
        let mut ahead = text.clone();
        ahead.next();
        if let Some(class) = escaped(&mut ahead, here, fold)? {
            *text = ahead;
            return Ok(class);
        }
    }
    let from = character(text, start)?;
    let mut to = from;
    if text.sees("-") && !text.sees("-]") {
        text.next();
        to = character(text, start)?;
    }
    if to < from {
        return Err(text.fault(here, "this range ends before it begins"));
    }
    Ok(shaped(class::range(from, to), fold, false))
}

/// One character of a set, as it is or escaped.
fn character(text: &mut Cursor<'_>, start: usize) -> Result<u32, String> {
    let here = text.at();
    match text.next() {
        Some('\\') => text.escaped(here),
        Some(c) => Ok(u32::from(c)),
        None => Err(text.fault(start, "this set is not closed by `]`")),
    }
}

/// The set that an escape stands for, after its backslash; nothing moves where it stands for a character.
pub fn escaped(
    text: &mut Cursor<'_>,
    start: usize,
    fold: bool,
) -> Result<Option<ClassUnicode>, String> {
    let Some(letter) = text.peek() else {
        return Ok(None);
    };
    let capital = letter.is_ascii_uppercase();
    if let Some(class) = class::of_letter(letter) {
        text.next();
        return Ok(Some(shaped(class, fold, capital)));
    }
    if !matches!(letter, 'p' | 'P') {
        return Ok(None);
    }
    text.next();
    let mut one = [0; 4];
    let name = match text.next() {
        Some('{') => text.until("}"),
        Some(c) => Some(&*c.encode_utf8(&mut one)),
        None => None,
    };
    let known = name.map(unsigned).and_then(|(negated, name)| {
        let class = class::of_unicode(name)?;
        Some(shaped(class, fold, capital != negated))
    });
    match known {
        Some(class) => Ok(Some(class)),
        None => Err(text.fault(start, "there is no set of this name")),
    }
}

/// A name without the `^` that negates it.
fn unsigned(name: &str) -> (bool, &str) {
    match name.strip_prefix('^') {
        Some(name) => (true, name),
        None => (false, name),
    }
}

fn shaped(class: ClassUnicode, fold: bool, negated: bool) -> ClassUnicode {
    let mut class = if fold { class::folded(class) } else { class };
    if negated {
        class.negate();
    }
    class
}
