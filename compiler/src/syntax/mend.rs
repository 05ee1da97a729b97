//! The text of one expression as hcl-edit is given it: byte for byte as long as in the file, so that its spans hold, but
//!
//! - without comments, and without line breaks where they mean nothing (within `( )`, `[ ]`, `{ for }` and holes), because
//!   hcl-edit refuses some of the latter;
//! - with a plain string of the same length in the place of each heredoc and each string with holes: these are read by
//!   `template` from the tokens, because hcl-edit leaves escapes and indentation in them as they are;
//! - with digits in the place of numbers that its floats cannot hold: numbers are read from their text;
//! - with another key in the place of one that stands in its object already, which is reported here: hcl-edit would stop
//!   at it, and the rest of the expression has faults of its own. Keys are read from the file's text.
//!
//! Bounds on nesting are checked here, before any recursion over the expression.

use std::ops::Range;

use crate::diagnostics::{Problems, codes};
use crate::source::{FileId, Span};

use super::keys;
use super::structure::DEEPEST;
use super::token::{TokenKind, Tokens};

/// Operators, `.` and `[ ]` that may be chained in one expression.
const LONGEST_CHAIN: u32 = 128;

/// Where the tokens of an expression stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The right side of an attribute: a line break ends it.
    Attribute,
    /// `${ }` or `%{ }`: line breaks mean nothing.
    Hole,
}

/// What `mend` needs beside the tokens.
pub(super) struct Slice {
    pub(super) file: FileId,
    pub(super) range: Range<usize>,
    pub(super) place: Place,
    /// Levels that are open around the expression.
    pub(super) depth: usize,
}

/// The mended text of the tokens; none when it nests too deep, which is reported.
pub(super) fn mend(tokens: &Tokens<'_>, slice: &Slice, problems: &mut Problems) -> Option<String> {
    let start = tokens.at(slice.range.start).start as usize;
    let end = tokens.at(slice.range.end.checked_sub(1)?).end as usize;
    let mut text = vec![b' '; end.checked_sub(start)?];
    let mut levels = Levels {
        open: vec![Level {
            ignores_lines: slice.place == Place::Hole,
            chain: 0,
        }],
        unary: 0,
    };
    let mut index = slice.range.start;
    let mut after_operand = false;
    let others = keys::others(tokens, slice, problems);
    while index < slice.range.end {
        let token = tokens.at(index);
        let from = token.start as usize - start;
        let source = tokens.text(index).as_bytes();
        let mut to = token.end as usize - start;
        match token.kind {
            TokenKind::OpenQuote | TokenKind::OpenHeredoc => {
                let close = token.partner as usize;
                to = tokens.at(close).end as usize - start;
                let plain = token.kind == TokenKind::OpenQuote && close <= index + 2;
                let literal = if plain && close == index + 2 {
                    tokens.text(index + 1)
                } else {
                    ""
                };
                if let Some(gap) = text.get_mut(from..to) {
                    fill_string(gap, if plain { literal } else { "" }, token.start);
                    if let Some(other) = others.get(&index)
                        && let Some(inner) = gap.get_mut(1..other.len() + 1)
                    {
                        inner.copy_from_slice(other.as_bytes());
                    }
                }
                index = close;
                after_operand = true;
            }
            TokenKind::Newline => {
                let ignored = levels.innermost().ignores_lines;
                if let (false, Some(last)) = (ignored, text.get_mut(to - 1)) {
                    *last = b'\n';
                }
                if !ignored {
                    levels.new_item();
                    after_operand = false;
                }
            }
            TokenKind::Number if is_wide(tokens.text(index)) => {
                if let Some(gap) = text.get_mut(from..to) {
                    gap.fill(b'9');
                }
                after_operand = true;
            }
            kind => {
                if let Some(gap) = text.get_mut(from..to) {
                    let other = others.get(&index).map(String::as_bytes);
                    gap.copy_from_slice(other.unwrap_or(source));
                }
                let fits = match kind {
                    TokenKind::OpenBrace => levels.open(slice.depth, is_for(tokens, index)),
                    TokenKind::OpenBracket if after_operand => {
                        levels.chain() && levels.open(slice.depth, true)
                    }
                    TokenKind::OpenBracket | TokenKind::OpenParen => levels.open(slice.depth, true),
                    TokenKind::CloseBrace | TokenKind::CloseBracket | TokenKind::CloseParen => {
                        levels.close()
                    }
                    TokenKind::Symbol => {
                        levels.symbol(tokens.text(index), slice.depth, after_operand)
                    }
                    _ => true,
                };
                if !fits {
                    let span = Span {
                        file: slice.file,
                        start: token.start,
                        end: token.end,
                    };
                    too_deep(problems, span);
                    return None;
                }
                let closes = matches!(
                    kind,
                    TokenKind::CloseBrace | TokenKind::CloseBracket | TokenKind::CloseParen
                );
                after_operand = closes
                    || matches!(kind, TokenKind::Ident | TokenKind::Number)
                    || tokens.is_symbol(index, "*") && !after_operand;
                if after_operand {
                    levels.unary = 0;
                }
            }
        }
        index += 1;
    }
    String::from_utf8(text).ok()
}

/// Reports that an expression nests too deep.
pub(super) fn too_deep(problems: &mut Problems, span: Span) {
    let text = format!(
        "this expression nests deeper than {DEEPEST} levels or chains more than {LONGEST_CHAIN} operators"
    );
    problems
        .error(codes::NESTED_TOO_DEEP, span, text)
        .hint("name parts of it in a `locals` block");
}

struct Levels {
    open: Vec<Level>,
    /// Unary operators in front of the operand that is awaited.
    unary: usize,
}

struct Level {
    ignores_lines: bool,
    /// Operators in the current item.
    chain: u32,
}

impl Levels {
    fn innermost(&self) -> &Level {
        const NONE: &Level = &Level {
            ignores_lines: false,
            chain: 0,
        };
        self.open.last().unwrap_or(NONE)
    }

    fn open(&mut self, around: usize, ignores_lines: bool) -> bool {
        self.open.push(Level {
            ignores_lines,
            chain: 0,
        });
        around + self.open.len() + self.unary <= DEEPEST + 1
    }

    fn close(&mut self) -> bool {
        if self.open.len() > 1 {
            self.open.pop();
        }
        true
    }

    fn new_item(&mut self) {
        if let Some(level) = self.open.last_mut() {
            level.chain = 0;
        }
    }

    fn chain(&mut self) -> bool {
        self.open.last_mut().is_none_or(|level| {
            level.chain += 1;
            level.chain <= LONGEST_CHAIN
        })
    }

    fn symbol(&mut self, symbol: &str, around: usize, after_operand: bool) -> bool {
        match symbol {
            "," | "=" | "=>" => {
                self.new_item();
                true
            }
            "!" | "-" if !after_operand => {
                self.unary += 1;
                around + self.open.len() + self.unary <= DEEPEST + 1
            }
            ":" | "::" | "..." => true,
            _ => self.chain(),
        }
    }
}

/// Whether a number may be out of the range that hcl-edit holds.
fn is_wide(number: &str) -> bool {
    number.len() > 15 || number.contains(['e', 'E'])
}

/// Whether `{` begins a `for`, in which line breaks mean nothing.
fn is_for(tokens: &Tokens<'_>, open: usize) -> bool {
    let mut at = open + 1;
    while tokens.kind(at) == TokenKind::Newline {
        at += 1;
    }
    tokens.kind(at) == TokenKind::Ident && tokens.text(at) == "for"
}

/// A string of the given length: its own text when that has no escapes, else one that no other place has, because
/// hcl-edit compares the keys of an object.
fn fill_string(gap: &mut [u8], literal: &str, at: u32) {
    const DIGITS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if let Some((first, rest)) = gap.split_first_mut()
        && let Some((last, inner)) = rest.split_last_mut()
    {
        *first = b'"';
        *last = b'"';
        if literal.len() == inner.len() {
            return inner.copy_from_slice(literal.as_bytes());
        }
        let mut number = at as usize;
        for byte in inner.iter_mut().rev() {
            *byte = DIGITS.get(number % DIGITS.len()).copied().unwrap_or(b'0');
            number /= DIGITS.len();
        }
    }
}
