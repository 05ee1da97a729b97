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
use bggo_functions::string;
use bggo_values::{Fault, Value};
use regex_automata::Input;
use regex_automata::meta::{BuildError, Regex};
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
