//! The text of one expression as hcl-edit is given it: byte for byte as long as in the file, so that its spans hold, but
//!
//! - without comments, and without line breaks where they mean nothing (within `( )`, `[ ]`, `{ for }` and holes), because
//!   hcl-edit refuses some of the latter;
//! - with a plain string of the same length in the place of each heredoc and each string with holes: these are read by
//!   `template` from the tokens, because hcl-edit leaves escapes and indentation in them as they are;
//! - with digits in the place of numbers that its floats cannot hold: numbers are read from their text;
//! - with another key in the place of one that stands in its object already (see `keys`): hcl-edit would stop at it, and
//!   the rest of the expression has faults of its own. Keys are read from the file's text;
//! - with such strings also for pieces that `parts` reads by themselves.
//!
//! What is beyond hcl-edit's bounds on nesting is found here, before it recurses over the expression.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::diagnostics::{Problems, codes};
use crate::source::Span;

use super::token::{TokenKind, Tokens};

/// Levels of brackets, holes and unary operators that an expression may have.
pub(super) const DEEPEST: usize = 500;

/// Operators that may be chained in one expression.
pub(super) const LONGEST_CHAIN: usize = 10_000;

/// How much hcl-edit is given at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Levels of brackets and unary operators.
    pub(super) levels: usize,
    /// Operators, `.` and `[ ]` in one chain.
    pub(super) chain: u32,
}

impl Bounds {
    /// What it takes: it refuses what is beyond.
    pub(super) const HCL_EDIT: Self = Self {
        levels: 64,
        chain: 128,
    };
}

/// What a line break means between the tokens of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineBreaks {
    /// It ends the expression, which is the right side of an attribute.
    End,
    /// Nothing, in `${ }` and `%{ }`.
    Ignored,
}

/// What hcl-edit is given something else for.
#[derive(Debug, Default)]
pub(super) struct Replaced {
    /// Pieces that are a string of the same length, by their first and last byte: see `parts`.
    pub(super) pieces: BTreeMap<(u32, u32), Range<usize>>,
    /// Keys that stand twice in an object, by their token: see `keys`.
    pub(super) keys: BTreeMap<usize, String>,
}

/// What became of some tokens.
pub(super) enum Masked {
    /// The text, and how many levels are open in it at most.
    Text(String, usize),
    /// It is beyond hcl-edit's bounds, from this token on.
    TooDeep(usize),
    /// There is nothing.
    Nothing,
}

/// The masked text of some tokens, with strings for the pieces that are to be replaced, which are known by their bytes.
pub(super) fn mask_for_parser(
    tokens: &Tokens<'_>,
    range: &Range<usize>,
    line_breaks: LineBreaks,
    replaced: &Replaced,
    bounds: Bounds,
) -> Masked {
    let first = tokens.at(range.start).start;
    let last = tokens.at(range.end.saturating_sub(1)).end;
    let (start, end) = (first as usize, last as usize);
    let mut text = vec![b' '; end.saturating_sub(start)];
    // Those that lie in the range, but for the range itself.
    let bytes = (first, 0)..(last.max(first), 0);
    let pieces = replaced.pieces.range(bytes).map(|(_, piece)| piece);
    let mut pieces = pieces.filter(|piece| *piece != range).peekable();
    let mut levels = Levels {
        open: vec![Level {
            ignores_lines: line_breaks == LineBreaks::Ignored,
            chain: 0,
        }],
        unary: 0,
        most: 0,
        bounds,
    };
    let mut index = range.start;
    let mut after_operand = false;
    while index < range.end {
        if let Some(piece) = pieces.next_if(|piece| piece.start == index) {
            let from = tokens.at(index).start;
            let to = tokens.at(piece.end - 1).end as usize - start;
            if let Some(gap) = text.get_mut(from as usize - start..to) {
                fill_string(gap, "", from);
            }
            index = piece.end;
            after_operand = true;
            levels.unary = 0;
            continue;
        }
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
                    if let Some(other) = replaced.keys.get(&index)
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
                    let other = replaced.keys.get(&index).map(String::as_bytes);
                    gap.copy_from_slice(other.unwrap_or(source));
                }
                let fits = match kind {
                    TokenKind::OpenBrace => levels.open(is_for(tokens, index)),
                    TokenKind::OpenBracket if after_operand => levels.chain() && levels.open(true),
                    TokenKind::OpenBracket | TokenKind::OpenParen => levels.open(true),
                    kind if kind.closes_bracket() => {
                        levels.close();
                        true
                    }
                    TokenKind::Symbol => levels.symbol(tokens.text(index), after_operand),
                    _ => true,
                };
                if !fits {
                    return Masked::TooDeep(index);
                }
                after_operand = kind.closes_bracket()
                    || matches!(kind, TokenKind::Ident | TokenKind::Number)
                    || tokens.is_symbol(index, "*") && !after_operand;
                if after_operand {
                    levels.unary = 0;
                }
            }
        }
        index += 1;
    }
    match String::from_utf8(text) {
        Ok(text) if !text.is_empty() => Masked::Text(text, levels.most),
        _ => Masked::Nothing,
    }
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
    /// Most levels and unary operators so far.
    most: usize,
    bounds: Bounds,
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

    fn open(&mut self, ignores_lines: bool) -> bool {
        self.open.push(Level {
            ignores_lines,
            chain: 0,
        });
        self.fits()
    }

    fn fits(&mut self) -> bool {
        let levels = self.open.len() - 1 + self.unary;
        self.most = self.most.max(levels);
        levels <= self.bounds.levels
    }

    fn close(&mut self) {
        if self.open.len() > 1 {
            self.open.pop();
        }
    }

    fn new_item(&mut self) {
        if let Some(level) = self.open.last_mut() {
            level.chain = 0;
        }
    }

    fn chain(&mut self) -> bool {
        let most = self.bounds.chain;
        self.open.last_mut().is_none_or(|level| {
            level.chain += 1;
            level.chain <= most
        })
    }

    fn symbol(&mut self, symbol: &str, after_operand: bool) -> bool {
        match symbol {
            "," | "=" | "=>" => {
                self.new_item();
                true
            }
            "!" | "-" if !after_operand => {
                self.unary += 1;
                self.fits()
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
