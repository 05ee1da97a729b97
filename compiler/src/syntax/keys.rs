//! Keys that stand twice in an object: reported, each with another key of the same length that can stand in its place.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::diagnostics::{Problems, codes};
use crate::source::{FileId, Span};

use super::token::{TokenKind, Tokens};

/// Letters that other keys are made of.
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The keys of one object, in quotes or not, and where each stood first.
type Keys<'t> = BTreeMap<&'t str, usize>;

/// Reports the keys that stand twice, and gives for each of them, by its token, the text that takes its place.
pub(super) fn others(
    file: FileId,
    tokens: &Tokens<'_>,
    range: &Range<usize>,
    problems: &mut Problems,
) -> BTreeMap<usize, String> {
    let mut others = BTreeMap::new();
    let mut kinds = range.clone().map(|index| tokens.kind(index));
    // Most expressions have no object.
    if !kinds.any(|kind| kind == TokenKind::OpenBrace) {
        return others;
    }
    // Of each open bracket; what is no brace has no keys.
    let mut open: Vec<Option<Keys<'_>>> = Vec::new();
    let mut taken: Option<Taken> = None;
    let mut before_key = false;
    let mut index = range.start;
    while index < range.end {
        let kind = tokens.kind(index);
        match kind {
            TokenKind::OpenBrace => open.push(Some(Keys::new())),
            TokenKind::OpenBracket
            | TokenKind::OpenParen
            | TokenKind::OpenHole
            | TokenKind::OpenDirective => open.push(None),
            TokenKind::CloseBrace
            | TokenKind::CloseBracket
            | TokenKind::CloseParen
            | TokenKind::CloseHole => {
                open.pop();
            }
            TokenKind::Ident | TokenKind::OpenQuote if before_key => {
                if let Some(Some(keys)) = open.last_mut()
                    && let Some(key) = key(tokens, index)
                {
                    let first = *keys.entry(key).or_insert(index);
                    if first != index {
                        report(file, tokens, [first, index], problems);
                        let taken = taken.get_or_insert_with(|| Taken::of(tokens, range));
                        others.extend(taken.unused(key.len()).map(|other| (index, other)));
                    }
                }
            }
            _ => {}
        }
        before_key = matches!(kind, TokenKind::OpenBrace | TokenKind::Newline)
            || tokens.is_symbol(index, ",");
        index += 1;
    }
    others
}

/// The key that begins at a token, without its quotes.
fn key<'t>(tokens: &Tokens<'t>, index: usize) -> Option<&'t str> {
    let close = tokens.at(index).partner as usize;
    if !tokens.is_symbol(close + 1, "=") && !tokens.is_symbol(close + 1, ":") {
        return None;
    }
    match tokens.kind(index) {
        TokenKind::Ident => Some(tokens.text(index)),
        TokenKind::OpenQuote if close == index + 2 => Some(tokens.text(index + 1)),
        _ => None,
    }
}

/// Words that are no other keys.
struct Taken {
    words: BTreeSet<String>,
}

impl Taken {
    /// All words of an expression, which may be keys of the same object.
    fn of(tokens: &Tokens<'_>, range: &Range<usize>) -> Taken {
        let words = range
            .clone()
            .filter(|index| matches!(tokens.kind(*index), TokenKind::Ident | TokenKind::Literal));
        Taken {
            words: words.map(|index| tokens.text(index).to_owned()).collect(),
        }
    }

    /// A word of this length that is none of them; from now on it is one.
    fn unused(&mut self, length: usize) -> Option<String> {
        let mut number = 0_usize;
        loop {
            let mut rest = number;
            let mut letters = Vec::with_capacity(length);
            for _ in 0..length {
                letters.push(LETTERS.get(rest % LETTERS.len()).copied()?);
                rest /= LETTERS.len();
            }
            let other = String::from_utf8(letters).ok().filter(|_| rest == 0)?;
            if self.words.insert(other.clone()) {
                return Some(other);
            }
            number += 1;
        }
    }
}

fn report(file: FileId, tokens: &Tokens<'_>, [first, again]: [usize; 2], problems: &mut Problems) {
    let span = |index: usize| Span {
        file,
        start: tokens.at(index).start,
        end: tokens.at(tokens.at(index).partner as usize).end,
    };
    let written = |index: usize| {
        let span = span(index);
        let text = tokens.text.get(span.start as usize..span.end as usize);
        text.unwrap_or_default()
    };
    let text = format!("the key `{}` stands twice in this object", written(again));
    problems
        .error(codes::DUPLICATE_KEY, span(again), text)
        .label(span(first), "first here");
}
