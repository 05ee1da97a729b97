//! Functions that search by regular expressions, in the syntax of RE2 as Terraform (Go) reads it.
//!
//! They are a crate of their own because most grids have none: the compiler names it in the programs of those that do,
//! and no other program compiles or links it. Folded or late, the function is this one.

mod class;
mod completion;
mod expand;
mod parse;

#[cfg(test)]
mod tests;

use self::completion::Automaton;
use bggo_functions::args::args;
use bggo_functions::string;
use bggo_values::text::normalized;
use bggo_values::{Fault, Text, Value};
use regex_automata::Input;
use regex_automata::meta::{BuildError, Regex};
use regex_automata::util::captures::Captures;
use std::cell::RefCell;
use std::rc::Rc;
use std::thread::LocalKey;

/// Most bytes of a compiled expression.
const MOST_BYTES: usize = 32 << 20;

/// How many expressions a thread keeps compiled.
const KEPT: usize = 16;

const TOO_LARGE: &str = "the regular expression is too large";
const NOT_COMPILED: &str = "the regular expression cannot be compiled";

/// What is made of expressions, by their text, the one that was used last in front.
type Kept<T> = RefCell<Vec<(Box<str>, Rc<T>)>>;

thread_local! {
    static COMPILED: Kept<Pattern> = const { RefCell::new(Vec::new()) };
    static AUTOMATA: Kept<Automaton> = const { RefCell::new(Vec::new()) };
}

/// Every occurrence of a text, or of a pattern between slashes, replaced by another, in which `$1` and `${name}` stand for
/// what the groups of the pattern matched.
///
/// # Errors
/// When an argument is no string or the pattern is not valid.
pub fn replace(values: &[Value]) -> Result<Value, Fault> {
    string::replace_by(values, &|text, pattern, with| {
        Ok(compiled(pattern)?.replaced(text, with))
    })
}

/// What a pattern finds first in a text: with named groups an object of what these matched, with other groups a list, else
/// the match. A group that took no part is null.
///
/// # Errors
/// When an argument is no string, the pattern is not valid, or it is not found.
pub fn regex(values: &[Value]) -> Result<Value, Fault> {
    let args = args("regex", values, 2, 2)?;
    let pattern = matching(&args.text(0)?).map_err(|why| args.fault(0, &why))?;
    let text = args.text(1)?;
    let mut groups = pattern.regex.create_captures();
    pattern
        .regex
        .search_captures(&Input::new(&*text), &mut groups);
    match groups.is_match() {
        true => Ok(pattern.found(&text, &groups)),
        false => Err(args.fault(1, "the pattern is not found")),
    }
}

/// All that a pattern finds in a text, one after the other, each as `regex` gives it.
///
/// # Errors
/// When an argument is no string or the pattern is not valid.
pub fn regexall(values: &[Value]) -> Result<Value, Fault> {
    let args = args("regexall", values, 2, 2)?;
    let pattern = matching(&args.text(0)?).map_err(|why| args.fault(0, &why))?;
    let text = args.text(1)?;
    let found = pattern.all(&text).into_iter();
    Ok(Value::from(
        found
            .map(|groups| pattern.found(&text, &groups))
            .collect::<Vec<_>>(),
    ))
}

/// The form of what `regex` gives for a pattern: the names of its named groups, or how many groups it has.
#[derive(Debug)]
pub enum Groups {
    /// An object with these attributes.
    Named(Vec<String>),
    /// A tuple of so many texts.
    Numbered(usize),
    /// A text.
    None,
}

/// What `regex` gives for a pattern.
///
/// # Errors
/// When the pattern is not valid, or some of its groups have names and some have none.
pub fn groups(pattern: &str) -> Result<Groups, String> {
    Ok(matching(pattern)?.groups())
}

/// A pattern whose matches have one form.
fn matching(pattern: &str) -> Result<Rc<Pattern>, String> {
    let compiled = compiled(pattern)?;
    let named = compiled
        .names
        .iter()
        .skip(1)
        .filter(|name| name.is_some())
        .count();
    match named == 0 || named + 1 == compiled.names.len() {
        true => Ok(compiled),
        false => {
            Err("either all groups have names or none; `(?:..)` is no group of its own".to_owned())
        }
    }
}

/// Whether a pattern, written without slashes, is found somewhere in a text.
///
/// # Errors
/// The pattern is not valid; the text says why.
pub fn is_found(pattern: &str, text: &str) -> Result<bool, String> {
    Ok(compiled(pattern)?.regex.is_match(text))
}

/// Whether a pattern can be found in a text of which some pieces, those that are `None`, are not known: it can if no piece is
/// known that forbids it.
///
/// # Errors
/// The pattern is not valid; the text says why.
pub fn may_be_found(pattern: &str, pieces: &[Option<&str>]) -> Result<bool, String> {
    let automaton = kept(&AUTOMATA, pattern, |pattern| {
        let parsed = parse::parse(pattern)?;
        let automaton = Automaton::new(&parsed.hir, MOST_BYTES);
        automaton.map_err(|error| match error.size_limit() {
            Some(_) => TOO_LARGE.to_owned(),
            None => NOT_COMPILED.to_owned(),
        })
    })?;
    Ok(automaton.may_match(pieces))
}

/// An expression that can be searched for.
struct Pattern {
    regex: Regex,
    /// The names of its groups by their numbers, the whole match first.
    names: Vec<Option<String>>,
}

/// The expression as it was compiled on this thread before, or compiled now.
fn compiled(pattern: &str) -> Result<Rc<Pattern>, String> {
    kept(&COMPILED, pattern, Pattern::new)
}

/// What was made of an expression on this thread before, or is made now.
fn kept<T: 'static>(
    all: &'static LocalKey<Kept<T>>,
    pattern: &str,
    make: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Rc<T>, String> {
    all.with_borrow_mut(|kept| {
        if let Some(at) = kept.iter().position(|(text, _)| **text == *pattern) {
            kept[..=at].rotate_right(1);
        } else {
            let new = Rc::new(make(pattern)?);
            kept.truncate(KEPT - 1);
            kept.insert(0, (pattern.into(), new));
        }
        Ok(kept[0].1.clone())
    })
}

impl Pattern {
    fn new(pattern: &str) -> Result<Self, String> {
        let parsed = parse::parse(pattern)?;
        let config = Regex::config().nfa_size_limit(Some(MOST_BYTES));
        let regex = Regex::builder()
            .configure(config)
            .build_from_hir(&parsed.hir)
            .map_err(|error: BuildError| match error.size_limit() {
                Some(_) => TOO_LARGE.to_owned(),
                None => NOT_COMPILED.to_owned(),
            })?;
        let names = parsed.names;
        Ok(Self { regex, names })
    }

    fn groups(&self) -> Groups {
        let named: Vec<String> = self.names.iter().flatten().cloned().collect();
        match (named.is_empty(), self.names.len().saturating_sub(1)) {
            (false, _) => Groups::Named(named),
            (true, 0) => Groups::None,
            (true, count) => Groups::Numbered(count),
        }
    }

    /// The value of a match.
    fn found(&self, text: &str, groups: &Captures) -> Value {
        let of = |at: usize| match groups.get_group(at) {
            Some(span) => Value::from(normalized(text[span.range()].to_owned())),
            None => Value::Null,
        };
        match self.groups() {
            Groups::None => of(0),
            Groups::Numbered(count) => Value::from((1..=count).map(of).collect::<Vec<_>>()),
            Groups::Named(_) => {
                let named = self.names.iter().enumerate();
                let pairs =
                    named.filter_map(|(at, name)| Some((Text::from(name.as_deref()?), of(at))));
                Value::from(pairs.collect::<Vec<_>>())
            }
        }
    }

    /// All matches, as Go has them: an empty one right after another match is left out.
    fn all(&self, text: &str) -> Vec<Captures> {
        let (mut found, mut last, mut from) = (Vec::new(), None, 0);
        while from <= text.len() {
            let mut groups = self.regex.create_captures();
            self.regex
                .search_captures(&Input::new(text).range(from..), &mut groups);
            let Some(whole) = groups.get_match() else {
                break;
            };
            if whole.end() > whole.start() {
                from = whole.end();
            } else {
                let letter = text[whole.end()..].chars().next().map_or(1, char::len_utf8);
                from = whole.end() + letter;
            }
            if !whole.is_empty() || last != Some(whole.end()) {
                last = Some(whole.end());
                found.push(groups);
            }
        }
        found
    }

    /// Go's `ReplaceAllString`: an empty match right after another match is not replaced.
    fn replaced(&self, text: &str, with: &str) -> String {
        let mut groups = self.regex.create_captures();
        let (mut out, mut copied, mut from) = (String::with_capacity(text.len()), 0, 0);
        while from <= text.len() {
            self.regex
                .search_captures(&Input::new(text).range(from..), &mut groups);
            let Some(whole) = groups.get_match() else {
                break;
            };
            out.push_str(&text[copied..whole.start()]);
            if whole.end() > copied || whole.start() == 0 {
                let group = |at| groups.get_group(at).map(|span| &text[span.range()]);
                expand::expand(&mut out, with, &self.names, &group);
            }
            copied = whole.end();
            let letter = text[from..].chars().next().map_or(1, char::len_utf8);
            from = copied.max(from + letter);
        }
        out.push_str(&text[copied..]);
        out
    }
}
