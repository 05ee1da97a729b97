//! What is written otherwise, not only placed otherwise: labels get quotes, a hole that is a whole value stands alone, and
//! types of old Terraform get today's form.

use std::ops::Range;

use bggo_values::text::normalized;

use super::pieces::{Kind, Piece};
use crate::syntax::literal;
use crate::syntax::structure::{Body, Item, Label, RawAttribute};
use crate::syntax::token::{TokenKind, Tokens};

/// Pieces that take the place of others.
struct Edit<'a> {
    range: Range<usize>,
    new: Vec<Piece<'a>>,
}

/// Rewrites the pieces of a text without errors.
pub(super) fn rewrite<'a>(tokens: &Tokens<'a>, body: &Body, pieces: &mut Vec<Piece<'a>>) {
    let mut finder = Finder {
        tokens,
        pieces,
        edits: Vec::new(),
    };
    finder.body(body, &[]);
    let edits = finder.edits;
    if edits.is_empty() {
        return;
    }
    let mut old = std::mem::take(pieces).into_iter();
    let mut at = 0;
    for edit in edits {
        pieces.extend(old.by_ref().take(edit.range.start.saturating_sub(at)));
        pieces.extend(edit.new);
        at = edit.range.end;
        old.by_ref().take(edit.range.len()).for_each(drop);
    }
    pieces.extend(old);
}

struct Finder<'a, 't> {
    tokens: &'t Tokens<'a>,
    pieces: &'t [Piece<'a>],
    /// In order; none touches another.
    edits: Vec<Edit<'a>>,
}

impl<'a> Finder<'a, '_> {
    /// `around` are the kinds of the blocks around it.
    fn body(&mut self, body: &Body, around: &[&str]) {
        for item in &body.items {
            match item {
                Item::Attribute(attribute) if attribute.broken => {}
                Item::Attribute(attribute) => {
                    let value = self.range(attribute);
                    if around == ["variable"] && attribute.name.text == "type" {
                        self.type_of_variable(value);
                    } else {
                        self.value(value);
                    }
                }
                Item::Block(block) => {
                    for label in &block.labels {
                        self.label(label);
                    }
                    let mut kinds = around.to_vec();
                    kinds.push(&block.kind.text);
                    self.body(&block.body, &kinds);
                }
            }
        }
    }

    /// The piece that begins at a byte.
    fn piece_at(&self, byte: u32) -> usize {
        self.pieces.partition_point(|piece| piece.start < byte)
    }

    fn range(&self, attribute: &RawAttribute) -> Range<usize> {
        let first = self.tokens.at(attribute.value.start).start;
        let last = self.tokens.at(attribute.value.end.saturating_sub(1)).start;
        self.piece_at(first)..self.piece_at(last) + 1
    }

    fn of(&self, range: &Range<usize>) -> &[Piece<'a>] {
        self.pieces.get(range.clone()).unwrap_or_default()
    }

    fn replace(&mut self, range: Range<usize>, new: Vec<Piece<'a>>) {
        self.edits.push(Edit { range, new });
    }

    // Labels.

    fn label(&mut self, label: &Label) {
        if label.broken {
            return;
        }
        let first = self.piece_at(label.name.span.start);
        let quoted = !matches!(self.pieces.get(first), Some(piece) if piece.is(TokenKind::Ident));
        let text = match quoted {
            true => in_quotes(&normalized(literal::decode(&label.name.text, true))),
            false => label.name.text.clone(),
        };
        let mut new = vec![Piece::new(TokenKind::OpenQuote, "\"")];
        if !text.is_empty() {
            new.push(Piece::new(TokenKind::Literal, text));
        }
        new.push(Piece::new(TokenKind::CloseQuote, "\""));
        let last = match quoted {
            true => self.piece_at(label.name.span.end.saturating_sub(1)),
            false => first,
        };
        let range = first..last + 1;
        let same = |(old, new): (&Piece<'_>, &Piece<'_>)| old.text == new.text;
        if range.len() != new.len() || !self.of(&range).iter().zip(&new).all(same) {
            self.replace(range, new);
        }
    }

    // Values.

    fn value(&mut self, whole: Range<usize>) {
        let mut string = whole.clone();
        // From the outermost inwards.
        let mut frames: Vec<[Edit<'a>; 2]> = Vec::new();
        while let Some(inside) = self.alone_in_hole(&string) {
            let parens = self.needs_parens(&inside, whole.end);
            let paren = |kind, text| parens.then(|| Piece::new(kind, text)).into_iter().collect();
            frames.push([
                Edit {
                    range: string.start..inside.start,
                    new: paren(TokenKind::OpenParen, "("),
                },
                Edit {
                    range: inside.end..string.end,
                    new: paren(TokenKind::CloseParen, ")"),
                },
            ]);
            if parens {
                break;
            }
            // Comments are no part of what the hole holds: in there may be such a string again.
            let is_comment = |piece: &&Piece<'_>| piece.kind == Kind::Comment;
            let pieces = self.of(&inside);
            let before = pieces.iter().take_while(is_comment).count();
            let after = pieces.iter().rev().take_while(is_comment).count();
            string = inside.start + before..inside.end - after;
        }
        let (starts, mut ends): (Vec<_>, Vec<_>) =
            frames.into_iter().map(|[start, end]| (start, end)).unzip();
        ends.reverse();
        self.edits.extend(starts.into_iter().chain(ends));
    }

    /// What stands in the hole of `"${ }"`, without the line breaks around it, if such a string is all there is.
    fn alone_in_hole(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let [quote, hole, inside @ .., hole_end, quote_end] = self.of(range) else {
            return None;
        };
        let is_frame = quote.is(TokenKind::OpenQuote)
            && hole.is(TokenKind::OpenHole)
            && hole_end.is(TokenKind::CloseHole)
            && quote_end.is(TokenKind::CloseQuote);
        if !is_frame {
            return None;
        }
        // What stands in strings within the hole belongs to these.
        let mut strings = 0_usize;
        for piece in inside {
            if piece.is(TokenKind::OpenQuote) {
                strings += 1;
            } else if piece.is(TokenKind::CloseQuote) {
                // Another string ends the whole: `"${a}" == "${b}"`.
                strings = strings.checked_sub(1)?;
            } else if strings == 0
                && (piece.is(TokenKind::OpenHole) || piece.is(TokenKind::CloseHole))
            {
                return None;
            }
        }
        let is_newline = |piece: &&Piece<'_>| piece.is(TokenKind::Newline);
        let before = inside.iter().take_while(is_newline).count();
        let after = inside.iter().rev().take_while(is_newline).count();
        let (start, end) = (
            range.start + 2 + before,
            (range.end - 2).saturating_sub(after),
        );
        (start < end).then_some(start..end)
    }

    /// Whether an expression goes on over a line break that only the hole around it allowed.
    fn needs_parens(&self, inside: &Range<usize>, value_end: usize) -> bool {
        let pieces = self.of(inside);
        let has_newline = pieces.iter().any(|piece| piece.is(TokenKind::Newline));
        if has_newline {
            return !is_in_parens(pieces);
        }
        // Terraform writes the comment and leaves the rest to the next line.
        let mut open = 0;
        pieces.iter().enumerate().any(|(at, piece)| {
            open += piece.brackets();
            let rest = pieces.get(at + 1..).unwrap_or_default();
            let is_last = rest.iter().all(|piece| piece.kind == Kind::Comment);
            open == 0 && piece.is_line_comment() && !(is_last && self.is_line_end(value_end))
        })
    }

    fn is_line_end(&self, at: usize) -> bool {
        self.pieces.get(at).is_none_or(|next| {
            next.kind == Kind::Comment || next.is(TokenKind::Newline) || next.is(TokenKind::End)
        })
    }

    // Types.

    fn type_of_variable(&mut self, range: Range<usize>) {
        let ident = |text| Piece::new(TokenKind::Ident, text);
        let (name, inner) = match self.of(&range) {
            [word] if word.is(TokenKind::Ident) => match &*word.text {
                "list" => ("list", "any"),
                "map" => ("map", "any"),
                "set" => ("set", "any"),
                _ => return,
            },
            [open, word, _] if open.is(TokenKind::OpenQuote) && word.is(TokenKind::Literal) => {
                match &*word.text {
                    "string" => return self.replace(range, vec![ident("string")]),
                    "list" => ("list", "string"),
                    "map" => ("map", "string"),
                    _ => return,
                }
            }
            _ => return,
        };
        let new = vec![
            ident(name),
            Piece::new(TokenKind::OpenParen, "("),
            ident(inner),
            Piece::new(TokenKind::CloseParen, ")"),
        ];
        self.replace(range, new);
    }
}

/// Whether one pair of parentheses is around all of it.
fn is_in_parens(pieces: &[Piece<'_>]) -> bool {
    let [first, inside @ .., last] = pieces else {
        return false;
    };
    let mut open = 0;
    let closes_early = inside.iter().any(|piece| {
        open += piece.brackets();
        open < 0
    });
    first.is(TokenKind::OpenParen) && last.is(TokenKind::CloseParen) && !closes_early
}

/// A text as the literal of a string.
fn in_quotes(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for (at, letter) in text.char_indices() {
        match letter {
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            '"' => written.push_str("\\\""),
            '\\' => written.push_str("\\\\"),
            '$' | '%' => {
                written.push(letter);
                let next = text.get(at + 1..).unwrap_or_default();
                if next.starts_with('{') {
                    written.push(letter);
                }
            }
            _ if is_printable(letter) => written.push(letter),
            _ => {
                let code = u32::from(letter);
                written.push_str(&match code {
                    0..0x1_0000 => format!("\\u{code:04x}"),
                    _ => format!("\\U{code:08x}"),
                });
            }
        }
    }
    written
}

/// Letters, marks, digits, signs and the space. `escape_debug` knows them: it writes what is none as a number, and marks
/// too, but only at the start of a text.
fn is_printable(letter: char) -> bool {
    match letter.is_ascii() {
        true => !letter.is_ascii_control(),
        false => !format!("x{letter}").escape_debug().any(|part| part == '\\'),
    }
}

#[cfg(test)]
mod tests {
    use super::in_quotes;

    /// What Terraform makes of such labels, where it keeps them.
    #[test]
    fn literals_are_written_as_terraform_writes_them() {
        let cases = [
            ("a b", "a b"),
            (
                "\u{e9}e\u{301}\u{200b}\u{a0}",
                "\u{e9}e\u{301}\\u200b\\u00a0",
            ),
            ("a\n\t\r\"\\", "a\\n\\t\\r\\\"\\\\"),
            ("${x} %{y} $ % $x", "$${x} %%{y} $ % $x"),
            ("\u{7f}\u{e000}\u{10ffff}", "\\u007f\\ue000\\U0010ffff"),
        ];
        for (text, expected) in cases {
            assert_eq!(in_quotes(text), expected);
        }
    }
}
