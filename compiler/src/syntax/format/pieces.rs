//! Tokens and comments in one list, each with the spaces before it.

use std::borrow::Cow;

use super::columns::columns;
use crate::syntax::token::{TokenKind, Tokens};

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Token(TokenKind),
    /// With the line break that ends it, unless it is of the `/* */` kind or ends the file.
    Comment,
}

/// A token or a comment.
#[derive(Debug, Clone)]
pub(super) struct Piece<'a> {
    pub(super) kind: Kind,
    pub(super) text: Cow<'a, str>,
    /// Its first byte in the text; 0 if it is not from there.
    pub(super) start: u32,
    /// Spaces that are written before it.
    pub(super) spaces: usize,
}

impl<'a> Piece<'a> {
    /// One that was not in the text.
    pub(super) fn new(kind: TokenKind, text: impl Into<Cow<'a, str>>) -> Self {
        Piece {
            kind: Kind::Token(kind),
            text: text.into(),
            start: 0,
            spaces: 0,
        }
    }

    pub(super) fn is(&self, kind: TokenKind) -> bool {
        self.kind == Kind::Token(kind)
    }

    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        self.is(TokenKind::Symbol) && self.text == symbol
    }

    /// `${` or `%{`
    pub(super) fn opens_hole(&self) -> bool {
        self.is(TokenKind::OpenHole) || self.is(TokenKind::OpenDirective)
    }

    /// 1 for what opens a bracket or a hole, -1 for what closes one.
    pub(super) fn brackets(&self) -> isize {
        let Kind::Token(kind) = self.kind else {
            return 0;
        };
        match kind {
            TokenKind::OpenHole | TokenKind::OpenDirective => 1,
            TokenKind::CloseHole => -1,
            _ if kind.opens_bracket() => 1,
            _ if kind.closes_bracket() => -1,
            _ => 0,
        }
    }

    /// Whether its end is the end of a line.
    pub(super) fn ends_line(&self) -> bool {
        self.is(TokenKind::Newline) || self.is_line_comment()
    }

    /// A comment that goes to the end of its line.
    pub(super) fn is_line_comment(&self) -> bool {
        self.kind == Kind::Comment && self.text.ends_with('\n')
    }
}

/// The pieces of a text, `End` as the last.
pub(super) fn pieces<'a>(tokens: &Tokens<'a>) -> Vec<Piece<'a>> {
    let mut list = Vec::with_capacity(tokens.list.len() + tokens.comments.len());
    let mut comments = tokens.comments.iter().peekable();
    let mut end = 0;
    let mut add = |kind, start: u32, to: u32| {
        let text = tokens.text.get(start as usize..to as usize);
        list.push(Piece {
            kind,
            text: Cow::Borrowed(text.unwrap_or_default()),
            start,
            spaces: start.saturating_sub(end) as usize,
        });
        end = to;
    };
    for token in &tokens.list {
        let mut start = token.start;
        while let Some(comment) = comments.next_if(|comment| comment.start < token.start) {
            // A comment to the end of its line takes the line break.
            let takes = token.kind == TokenKind::Newline
                && token.start == comment.end
                && !tokens
                    .text
                    .get(comment.start as usize..)
                    .is_some_and(|text| text.starts_with("/*"));
            start = if takes { token.end } else { token.start };
            let to = if takes { token.end } else { comment.end };
            add(Kind::Comment, comment.start, to);
        }
        if start == token.start {
            add(Kind::Token(token.kind), token.start, token.end);
        }
    }
    list
}

/// What the pieces are together. `about` is how long that is, more or less.
pub(super) fn text(pieces: &[Piece<'_>], about: usize) -> String {
    const SPACES: &str = "                                ";
    let mut text = String::with_capacity(about + about / 8);
    for piece in pieces {
        let mut spaces = piece.spaces;
        while spaces > SPACES.len() {
            text.push_str(SPACES);
            spaces -= SPACES.len();
        }
        text.push_str(SPACES.get(..spaces).unwrap_or(SPACES));
        text.push_str(&piece.text);
    }
    text
}

/// How wide pieces of one line are together.
pub(super) fn width(pieces: &[Piece<'_>]) -> usize {
    pieces
        .iter()
        .map(|piece| piece.spaces + columns(&piece.text))
        .sum()
}
