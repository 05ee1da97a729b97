//! Strings and heredocs, from their tokens: escapes decoded, `~` and `<<-` applied, directives nested.
//!
//! First a flat row of pieces is made, in which a heredoc has one literal a line; `~` trims the neighbouring literal and
//! `<<-` the literals that begin a line, wherever they stand (as HCL does it, so also within directives). Then the row is nested.

use std::ops::Range;

use bggo_values::text::normalized;

use crate::diagnostics::{Hint, Problem, codes, nearest};
use crate::source::Span;

use super::bounds::{DEEPEST, LineBreaks, too_deep};
use super::decl::{Expr, ExprKind, Name, Part};
use super::expr::FileParser;
use super::literal::decode;
use super::token::TokenKind;

/// A piece of the flat row, with the place of its token or hole.
struct Piece {
    span: Span,
    kind: PieceKind,
}

enum PieceKind {
    Literal(String),
    Hole(Range<usize>),
    If(Range<usize>),
    Else,
    EndIf,
    For {
        key: Option<Name>,
        value: Name,
        over: Range<usize>,
    },
    EndFor,
    /// Reported; what belongs to it is not known.
    Bad {
        /// It stands in `%{ }`.
        directive: bool,
    },
}

impl FileParser<'_, '_> {
    /// The string or heredoc that the token `open` begins, with `written` brackets and holes around it, and how many levels
    /// it has. What cannot be read of it is an `Error` among its parts.
    pub(super) fn template_with_height(
        &mut self,
        open: usize,
        written: usize,
    ) -> (ExprKind, usize) {
        let mut pieces = self.pieces(open);
        if self.tokens.text(open).starts_with("<<-") {
            dedent(&mut pieces);
        }
        let mut nest = Nest {
            pieces: pieces.into_iter(),
            opened: Vec::new(),
            height: 0,
            broken: false,
        };
        let mut parts = Vec::new();
        self.nest(&mut nest, written, &mut parts);
        normalize(&mut parts);
        let kind = match parts.as_mut_slice() {
            [] => ExprKind::Text(String::new()),
            [Part::Text(text)] => ExprKind::Text(std::mem::take(text)),
            parts if parts.iter().all(is_unread) => ExprKind::Error,
            _ => ExprKind::Template(parts),
        };
        (kind, nest.height)
    }

    fn pieces(&mut self, open: usize) -> Vec<Piece> {
        let close = self.tokens.at(open).partner as usize;
        let quoted = self.tokens.kind(open) == TokenKind::OpenQuote;
        let mut pieces: Vec<Piece> = Vec::new();
        let mut index = open + 1;
        let mut trim_next = false;
        while index < close {
            let token = self.tokens.at(index);
            let trim = std::mem::take(&mut trim_next);
            match token.kind {
                TokenKind::OpenHole | TokenKind::OpenDirective => {
                    let end = token.partner as usize;
                    if self.tokens.text(index).ends_with('~')
                        && let Some(Piece {
                            kind: PieceKind::Literal(text),
                            ..
                        }) = pieces.last_mut()
                    {
                        text.truncate(text.trim_end().len());
                    }
                    trim_next = self.tokens.text(end).starts_with('~');
                    let span = self.range_span(&(index..end + 1));
                    let inner = self.trimmed(index + 1..end);
                    let kind = match token.kind {
                        TokenKind::OpenHole => self.hole(inner, span),
                        _ => self.directive(inner, span),
                    };
                    pieces.push(Piece { span, kind });
                    index = end;
                }
                TokenKind::Literal => {
                    let text = decode(self.tokens.text(index), quoted);
                    let text = if trim {
                        text.trim_start().to_owned()
                    } else {
                        text
                    };
                    let span = self.range_span(&(index..index + 1));
                    pieces.push(Piece {
                        span,
                        kind: PieceKind::Literal(text),
                    });
                }
                // An escape that is none: reported by the lexer.
                _ => {
                    let span = self.range_span(&(index..index + 1));
                    pieces.push(Piece {
                        span,
                        kind: PieceKind::Bad { directive: false },
                    });
                }
            }
            index += 1;
        }
        pieces
    }

    /// Without line breaks at either end: they mean nothing in a hole.
    pub(super) fn trimmed(&self, mut range: Range<usize>) -> Range<usize> {
        while !range.is_empty() && self.tokens.kind(range.start) == TokenKind::Newline {
            range.start += 1;
        }
        while !range.is_empty() && self.tokens.kind(range.end - 1) == TokenKind::Newline {
            range.end -= 1;
        }
        range
    }

    fn bad(&mut self, span: Span, text: impl Into<String>) -> &mut Problem {
        self.problems.error(codes::INVALID_TEMPLATE, span, text)
    }

    fn hole(&mut self, inner: Range<usize>, span: Span) -> PieceKind {
        if inner.is_empty() {
            self.bad(span, "expected an expression between `${` and `}`")
                .hint("a literal `${` is written `$${`");
            return PieceKind::Bad { directive: false };
        }
        PieceKind::Hole(inner)
    }

    fn directive(&mut self, inner: Range<usize>, span: Span) -> PieceKind {
        let word = if inner.is_empty() {
            ""
        } else {
            self.tokens.text(inner.start)
        };
        let rest = self.trimmed(inner.start + 1..inner.end.max(inner.start + 1));
        let alone = rest.is_empty();
        match word {
            "if" if !alone => PieceKind::If(rest),
            "if" => {
                self.bad(span, "expected a condition after `if`");
                PieceKind::Bad { directive: true }
            }
            "for" => self.for_directive(rest, span),
            "else" if alone => PieceKind::Else,
            "endif" if alone => PieceKind::EndIf,
            "endfor" if alone => PieceKind::EndFor,
            "else" | "endif" | "endfor" => {
                let span = self.range_span(&rest);
                let found = self.tokens.describe(rest.start);
                let hint = (word == "else" && self.tokens.text(rest.start) == "if")
                    .then_some("nest `%{ if }` in the `else` part");
                let problem =
                    self.bad(span, format!("expected `}}` after `{word}`, found {found}"));
                if let Some(hint) = hint {
                    problem.hint(hint);
                }
                PieceKind::Bad { directive: true }
            }
            _ => {
                let known = ["if", "else", "endif", "for", "endfor"];
                let near = nearest::nearest(word, known);
                let place = self.range_span(&(inner.start..inner.start + 1));
                let hint = near.map_or_else(
                    || "a literal `%{` is written `%%{`".into(),
                    |near| Hint::meant(near).at(place),
                );
                self.bad(
                    span,
                    "expected `if`, `else`, `endif`, `for` or `endfor` after `%{`",
                )
                .advise(hint);
                PieceKind::Bad { directive: true }
            }
        }
    }

    /// `for k, v in xs`, of which `for` is read.
    fn for_directive(&mut self, rest: Range<usize>, span: Span) -> PieceKind {
        let code: Vec<usize> = rest
            .clone()
            .filter(|index| self.tokens.kind(*index) != TokenKind::Newline)
            .collect();
        let is_name = |place: usize| {
            code.get(place)
                .is_some_and(|index| self.tokens.kind(*index) == TokenKind::Ident)
        };
        let is = |place: usize, text: &str| {
            code.get(place)
                .is_some_and(|index| self.tokens.text(*index) == text)
        };
        let names = match (is_name(0), is(1, ","), is_name(2)) {
            (true, true, true) if is(3, "in") => 2,
            (true, false, _) if is(1, "in") => 1,
            _ => 0,
        };
        let over = code.get(2 * names).map(|first| *first..rest.end);
        let (Some(over), true) = (over, names > 0) else {
            self.bad(
                span,
                "expected `for NAME in LIST` or `for KEY, VALUE in MAP`",
            );
            return PieceKind::Bad { directive: true };
        };
        let name = |place: usize| {
            let index = code.get(place).copied().unwrap_or(rest.start);
            Name {
                text: self.tokens.text(index).to_owned(),
                span: self.range_span(&(index..index + 1)),
            }
        };
        let (key, value) = if names == 2 {
            (Some(name(0)), name(2))
        } else {
            (None, name(0))
        };
        PieceKind::For { key, value, over }
    }

    /// Adds the parts up to the end of what is open, or of the template.
    fn nest(&mut self, nest: &mut Nest, written: usize, parts: &mut Vec<Part>) {
        while let Some(piece) = nest.pieces.next() {
            match piece.kind {
                PieceKind::Literal(text) => match parts.last_mut() {
                    _ if text.is_empty() => {}
                    Some(Part::Text(before)) => before.push_str(&text),
                    _ => parts.push(Part::Text(text)),
                },
                PieceKind::Hole(range) => {
                    let hole = self.inner(nest, range, written, piece.span);
                    parts.push(Part::Hole(hole));
                }
                PieceKind::If(range) => {
                    let condition = self.inner(nest, range, written, piece.span);
                    nest.opened.push(Opened {
                        word: "if",
                        span: piece.span,
                    });
                    let (mut yes, mut no) = (Vec::new(), Vec::new());
                    self.nest(nest, written + 1, &mut yes);
                    if nest
                        .opened
                        .last()
                        .is_some_and(|opened| opened.word == "else")
                    {
                        self.nest(nest, written + 1, &mut no);
                    }
                    parts.push(Part::If { condition, yes, no });
                }
                PieceKind::For { key, value, over } => {
                    let over = self.inner(nest, over, written, piece.span);
                    nest.opened.push(Opened {
                        word: "for",
                        span: piece.span,
                    });
                    let mut body = Vec::new();
                    self.nest(nest, written + 1, &mut body);
                    parts.push(Part::For {
                        key,
                        value,
                        over,
                        body,
                    });
                }
                PieceKind::Else | PieceKind::EndIf | PieceKind::EndFor => {
                    if self.end(nest, &piece) {
                        return;
                    }
                    parts.push(Part::Hole(self.error(piece.span)));
                }
                PieceKind::Bad { directive } => {
                    // It may have begun or ended a part.
                    nest.broken |= directive;
                    parts.push(Part::Hole(self.error(piece.span)));
                }
            }
        }
        let Some(open) = nest.opened.pop() else {
            return;
        };
        let end = if open.word == "for" {
            "endfor"
        } else {
            "endif"
        };
        parts.push(Part::Hole(self.error(open.span)));
        if !std::mem::replace(&mut nest.broken, true) {
            self.bad(
                open.span,
                format!(
                    "missing `%{{ {end} }}`: this `{}` is never closed",
                    open.word
                ),
            );
        }
    }

    /// What stands in a hole or directive.
    fn inner(&mut self, nest: &mut Nest, range: Range<usize>, written: usize, span: Span) -> Expr {
        if written >= DEEPEST {
            if !std::mem::replace(&mut self.depth_reported, true) {
                too_deep(self.problems, span);
            }
            return self.error(span);
        }
        let (expr, height) = self.read_with_height(range, LineBreaks::Ignored, written + 1);
        nest.height = nest.height.max(height + nest.opened.len());
        expr
    }

    /// Notes what a directive ends. Returns false if it ends nothing, which is reported.
    fn end(&mut self, nest: &mut Nest, piece: &Piece) -> bool {
        let (word, ends): (_, &[&str]) = match piece.kind {
            PieceKind::Else => ("else", &["if"]),
            PieceKind::EndIf => ("endif", &["if", "else"]),
            _ => ("endfor", &["for"]),
        };
        if let Some(open) = nest.opened.pop_if(|open| ends.contains(&open.word)) {
            if word == "else" {
                nest.opened.push(Opened {
                    word: "else",
                    span: open.span,
                });
            }
            return true;
        }
        if std::mem::replace(&mut nest.broken, true) {
            return false;
        }
        let text = format!(
            "`{word}` without `{}` before it",
            ends.first().copied().unwrap_or_default()
        );
        let problem = self.bad(piece.span, text);
        if let Some(open) = nest.opened.last() {
            problem.label(open.span, format!("this `{}` is open", open.word));
        }
        false
    }
}

/// Whether nothing of a part could be read but its text.
fn is_unread(part: &Part) -> bool {
    match part {
        Part::Text(_) => true,
        Part::Hole(hole) => matches!(hole.kind, ExprKind::Error),
        Part::If { .. } | Part::For { .. } => false,
    }
}

/// Literals in Unicode's normal form C, as HCL has them. (Texts with holes are put together by `bggo_values::text`.)
fn normalize(parts: &mut [Part]) {
    for part in parts {
        match part {
            Part::Text(text) => *text = normalized(std::mem::take(text)),
            Part::Hole(_) => {}
            Part::If { yes, no, .. } => {
                normalize(yes);
                normalize(no);
            }
            Part::For { body, .. } => normalize(body),
        }
    }
}

struct Nest {
    pieces: std::vec::IntoIter<Piece>,
    opened: Vec<Opened>,
    /// Levels of what was read in it so far, with the directives around.
    height: usize,
    /// A fault of the directives is reported: which of them belong together is not known.
    broken: bool,
}

struct Opened {
    word: &'static str,
    span: Span,
}

/// Takes the indentation that all lines share off the literals that begin a line. Blank lines do not count, and keep what they hold.
fn dedent(pieces: &mut [Piece]) {
    let mut least: Option<usize> = None;
    let mut starts = Vec::new();
    let mut line_start = true;
    for (index, piece) in pieces.iter().enumerate() {
        let text = match &piece.kind {
            PieceKind::Literal(text) => Some(text.as_str()),
            _ => None,
        };
        if std::mem::take(&mut line_start) {
            let spaces = text.map_or(0, |text| {
                text.chars()
                    .take_while(|character| character.is_whitespace())
                    .count()
            });
            let blank = text.is_some_and(|text| text.trim().is_empty() && text.ends_with('\n'));
            if !blank {
                starts.push(index);
                least = Some(least.map_or(spaces, |least| least.min(spaces)));
            }
        }
        line_start = text.is_some_and(|text| text.ends_with('\n'));
    }
    for index in starts {
        if let Some(Piece {
            kind: PieceKind::Literal(text),
            ..
        }) = pieces.get_mut(index)
        {
            *text = text.chars().skip(least.unwrap_or(0)).collect();
        }
    }
}
