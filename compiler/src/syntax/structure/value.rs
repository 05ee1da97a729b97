//! Finds the end of the expression of an attribute, and its brackets that do not match.

use crate::diagnostics::codes;

use super::{Body, Cutter, Item, RawAttribute, Suspect};
use crate::syntax::decl::Name;
use crate::syntax::token::TokenKind;

impl Cutter<'_, '_> {
    pub(super) fn attribute(&mut self, name: Name, body: &mut Body) {
        self.at += 1;
        let start = self.at;
        let whole = self.expression();
        let value = start..self.at;
        let mut broken = !whole;
        if value.is_empty() {
            let found = self.tokens.describe(self.at);
            self.unexpected(
                self.at,
                format!(
                    "expected an expression after `{} =`, found {found}",
                    name.text
                ),
            );
            broken = true;
        }
        body.items.push(Item::Attribute(RawAttribute {
            name,
            value,
            broken,
        }));
    }

    /// Goes to the end of an expression: the end of the line or of the block around it. False if it is broken.
    fn expression(&mut self) -> bool {
        let mut open: Vec<usize> = Vec::new();
        let mut whole = true;
        loop {
            let kind = self.kind();
            match kind {
                TokenKind::End => {
                    if let Some(last) = open.last() {
                        self.open_at_end = true;
                        self.missing(*last, self.at);
                        whole = false;
                    }
                    return whole;
                }
                TokenKind::Newline => {
                    let Some(last) = open.last().copied() else {
                        return whole;
                    };
                    if self.next_line_is_no_expression(last) {
                        if whole {
                            self.missing(last, self.at);
                        }
                        whole = false;
                        let is_object =
                            |index: &usize| self.tokens.kind(*index) == TokenKind::OpenBrace;
                        match open.iter().rposition(is_object) {
                            // The line goes on with the object around what is not closed.
                            Some(place) if self.next_line_is_attribute() => {
                                open.truncate(place + 1)
                            }
                            _ => return false,
                        }
                    }
                }
                TokenKind::Bad => whole &= !self.lost_text(),
                kind if kind.opens_bracket() => open.push(self.at),
                TokenKind::OpenHole
                | TokenKind::OpenDirective
                | TokenKind::OpenQuote
                | TokenKind::OpenHeredoc => open.push(self.at),
                TokenKind::CloseBrace if open.is_empty() => return whole,
                _ if closes(kind) => match self.close_bracket(kind, &mut open, whole) {
                    Closed::Fine => {}
                    Closed::Other => whole = false,
                    Closed::Block => return false,
                },
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Whether the piece that cannot be read here took more with it than itself: then the lexer has added empty ends of what
    /// was open, or the lines of a heredoc follow as code.
    fn lost_text(&self) -> bool {
        let behind = self.tokens.at(self.at + 1);
        let empty = behind.start == behind.end && behind.kind != TokenKind::End;
        empty || self.tokens.text(self.at).starts_with("<<")
    }

    /// Closes the bracket that is closed here. Only the first fault of an attribute is reported.
    fn close_bracket(&mut self, kind: TokenKind, open: &mut Vec<usize>, whole: bool) -> Closed {
        let matches = |index: &usize| closer_of(self.tokens.kind(*index)) == Some(kind);
        let last = open.last().copied();
        match (open.iter().rposition(matches), last) {
            (Some(place), Some(last)) => {
                let fine = place + 1 == open.len();
                if fine && kind == TokenKind::CloseBrace {
                    self.suspect_object(last);
                } else if !fine && whole {
                    self.missing(last, self.at);
                }
                open.truncate(place);
                if fine { Closed::Fine } else { Closed::Other }
            }
            (_, Some(last)) if kind == TokenKind::CloseBrace => {
                if whole {
                    self.missing(last, self.at);
                }
                Closed::Block
            }
            _ => {
                if whole {
                    let found = self.tokens.describe(self.at);
                    let text = format!("unexpected {found}: nothing is open that it could close");
                    self.unexpected(self.at, text);
                }
                Closed::Other
            }
        }
    }

    fn suspect_object(&mut self, opener: usize) {
        let closes_left = self
            .tokens
            .margin(self.at)
            .is_some_and(|margin| margin < self.tokens.indent(opener));
        if closes_left && self.suspect.is_none() {
            self.suspect = Some(Suspect::Object(self.span(opener)));
        }
    }

    fn missing(&mut self, opener: usize, found: usize) {
        let closer = match self.tokens.kind(opener) {
            TokenKind::OpenBracket => "`]`",
            TokenKind::OpenParen => "`)`",
            _ => "`}`",
        };
        if self.after_lost_text(found) {
            return;
        }
        let (span, mut here) = (self.span(opener), self.span(found));
        if matches!(self.tokens.kind(found), TokenKind::Newline | TokenKind::End) {
            here.end = here.start;
        }
        let text = format!(
            "missing {closer}: this {} is never closed",
            self.tokens.describe(opener)
        );
        self.problems
            .error(codes::UNCLOSED_BRACKET, span, text)
            .label(here, format!("expected {closer} before this"));
    }

    /// Whether the next line begins as an attribute of an object does: `name =`.
    fn next_line_is_attribute(&self) -> bool {
        let mut at = self.at;
        while self.tokens.kind(at) == TokenKind::Newline {
            at += 1;
        }
        self.tokens.kind(at) == TokenKind::Ident && self.tokens.is_symbol(at + 1, "=")
    }

    /// Inside an open bracket: whether the next line begins something that no expression goes on with.
    fn next_line_is_no_expression(&self, opener: usize) -> bool {
        let mut at = self.at;
        while self.tokens.kind(at) == TokenKind::Newline {
            at += 1;
        }
        if self.resync
            && self.is_header(at)
            && self
                .tokens
                .margin(at)
                .is_some_and(|margin| margin <= self.margin)
        {
            return true;
        }
        if self.tokens.kind(at) != TokenKind::Ident {
            return false;
        }
        if self.tokens.kind(opener) == TokenKind::OpenBrace {
            return self.is_labelled_header(at);
        }
        let word = self.tokens.text(at);
        match self.tokens.kind(at + 1) {
            TokenKind::Symbol => self.tokens.is_symbol(at + 1, "="),
            TokenKind::OpenBrace | TokenKind::OpenQuote => !["for", "in", "if"].contains(&word),
            _ => false,
        }
    }
}

impl Cutter<'_, '_> {
    /// Whether the header of a block with labels begins here, which is never part of an object.
    fn is_labelled_header(&self, kind: usize) -> bool {
        let mut at = kind + 1;
        while self.tokens.kind(at) == TokenKind::OpenQuote {
            at = self.tokens.at(at).partner as usize + 1;
        }
        at > kind + 1 && self.tokens.kind(at) == TokenKind::OpenBrace
    }
}

/// The effect of a closing bracket.
enum Closed {
    /// Closed the innermost open one.
    Fine,
    /// Closed an outer one, or none: reported.
    Other,
    /// Belongs to the block around the attribute, in which something is still open: reported.
    Block,
}

fn closes(kind: TokenKind) -> bool {
    use TokenKind::{CloseBrace, CloseBracket, CloseHeredoc, CloseHole, CloseParen, CloseQuote};
    matches!(
        kind,
        CloseBrace | CloseBracket | CloseParen | CloseHole | CloseQuote | CloseHeredoc
    )
}

fn closer_of(kind: TokenKind) -> Option<TokenKind> {
    match kind {
        TokenKind::OpenBrace => Some(TokenKind::CloseBrace),
        TokenKind::OpenBracket => Some(TokenKind::CloseBracket),
        TokenKind::OpenParen => Some(TokenKind::CloseParen),
        TokenKind::OpenQuote => Some(TokenKind::CloseQuote),
        TokenKind::OpenHeredoc => Some(TokenKind::CloseHeredoc),
        TokenKind::OpenHole | TokenKind::OpenDirective => Some(TokenKind::CloseHole),
        _ => None,
    }
}
