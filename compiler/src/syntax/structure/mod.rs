//! Tokens to blocks and attributes. Expressions stay ranges of tokens, so a fault in one does not touch the others.
//!
//! Bodies are cut here, where a fault costs one attribute or one line; `expression` reads each range by itself. Missing braces are found by a second reading: when a block
//! is still open at the end of the file, the file is read again, and a line that is clearly the header of a top-level
//! block, no further right than the block that is open, ends it.

mod block;
mod value;

use std::ops::Range;

use bggo_values::text::normalized;

use crate::diagnostics::{Hint, Problems, codes};
use crate::source::{FileId, Span};

use super::decl::Name;
use super::token::{TokenKind, Tokens, is_top_kind};

/// What stands between braces, or in a file.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) items: Vec<Item>,
    /// A part of it could not be read as an item: something may be missing.
    pub(super) broken: bool,
}

#[derive(Debug)]
pub(super) enum Item {
    Attribute(RawAttribute),
    Block(RawBlock),
}

impl Item {
    /// What it begins with.
    pub(super) fn name(&self) -> &Name {
        match self {
            Item::Attribute(attribute) => &attribute.name,
            Item::Block(block) => &block.kind,
        }
    }
}

/// `name = ..`
#[derive(Debug)]
pub(super) struct RawAttribute {
    pub(super) name: Name,
    /// Tokens of the expression.
    pub(super) value: Range<usize>,
    /// A bracket in it is missing, or text was lost: that is reported, and what does not fit behind it is no second fault.
    pub(super) broken: bool,
}

/// `kind "label" { .. }`
#[derive(Debug)]
pub(super) struct RawBlock {
    pub(super) kind: Name,
    pub(super) labels: Vec<Label>,
    /// From the kind to the last label.
    pub(super) header: Span,
    /// With the braces.
    pub(super) span: Span,
    pub(super) body: Body,
}

#[derive(Debug)]
pub(super) struct Label {
    pub(super) name: Name,
    /// It could not be read; its problem is reported.
    pub(super) broken: bool,
}

/// Levels of blocks: none of the language has more than four.
const DEEPEST_BLOCKS: usize = 64;

/// Cuts a file into its items.
pub(super) fn cut(file: FileId, tokens: &Tokens<'_>, problems: &mut Problems) -> Body {
    let mut first = Problems::default();
    let mut cutter = Cutter::new(file, tokens, &mut first, false);
    let body = cutter.body(0);
    if !cutter.open_at_end {
        problems.extend(first);
        return body;
    }
    Cutter::new(file, tokens, problems, true).body(0)
}

struct Cutter<'a, 'p> {
    file: FileId,
    tokens: &'a Tokens<'a>,
    at: usize,
    problems: &'p mut Problems,
    /// Second reading: headers of top-level blocks end what is open.
    resync: bool,
    /// Spaces before the header of the top-level block that is open.
    margin: u32,
    /// Something was still open at the end of the file.
    open_at_end: bool,
    /// The missing brace of the open blocks is reported.
    missing_reported: bool,
    /// The opening of a pair of braces of which the closing one stands further left: it probably belongs to the block
    /// around it.
    suspect: Option<Suspect>,
}

/// The part that probably has no closing brace of its own.
#[derive(Clone, Copy)]
enum Suspect {
    /// The header of a block.
    Block(Span),
    /// The `{` of an object.
    Object(Span),
}

impl<'a, 'p> Cutter<'a, 'p> {
    fn new(file: FileId, tokens: &'a Tokens<'a>, problems: &'p mut Problems, resync: bool) -> Self {
        let (open_at_end, missing_reported) = (false, false);
        Cutter {
            file,
            tokens,
            at: 0,
            problems,
            resync,
            margin: 0,
            open_at_end,
            missing_reported,
            suspect: None,
        }
    }

    fn kind(&self) -> TokenKind {
        self.tokens.kind(self.at)
    }

    fn span(&self, index: usize) -> Span {
        let token = self.tokens.at(index);
        Span {
            file: self.file,
            start: token.start,
            end: token.end,
        }
    }

    fn name(&self, index: usize) -> Name {
        Name {
            text: normalized(self.tokens.text(index).to_owned()),
            span: self.span(index),
        }
    }

    /// Reports the token that does not fit, unless the lexer has reported it.
    fn unexpected(&mut self, index: usize, text: String) {
        let mut span = self.span(index);
        match self.tokens.kind(index) {
            TokenKind::Bad => return,
            TokenKind::Newline => span.end = span.start,
            _ => {}
        }
        self.problems.error(codes::UNEXPECTED_TOKEN, span, text);
    }

    /// Whether a top-level block begins here although another one is open.
    fn at_header(&self) -> bool {
        self.resync
            && self.is_header(self.at)
            && self
                .tokens
                .margin(self.at)
                .is_some_and(|margin| margin <= self.margin)
    }

    fn is_header(&self, mut at: usize) -> bool {
        if self.tokens.kind(at) != TokenKind::Ident || !is_top_kind(self.tokens.text(at)) {
            return false;
        }
        loop {
            at += 1;
            match self.tokens.kind(at) {
                TokenKind::Ident
                | TokenKind::OpenQuote
                | TokenKind::CloseQuote
                | TokenKind::Literal => {}
                kind => return kind == TokenKind::OpenBrace,
            }
        }
    }

    fn body(&mut self, depth: usize) -> Body {
        let mut body = Body::default();
        loop {
            if depth > 0 && self.at_header() {
                body.broken = true;
                return body;
            }
            match self.kind() {
                TokenKind::Newline => self.at += 1,
                TokenKind::End => return body,
                TokenKind::CloseBrace if depth > 0 => return body,
                TokenKind::Ident => self.item(depth, &mut body),
                TokenKind::Bad => {
                    body.broken = true;
                    self.skip_line();
                }
                TokenKind::CloseBrace => {
                    body.broken = true;
                    self.unexpected(self.at, "unexpected `}`: no block is open here".to_owned());
                    self.at += 1;
                }
                TokenKind::OpenQuote
                    if self
                        .tokens
                        .is_symbol(self.tokens.at(self.at).partner as usize + 1, "=") =>
                {
                    body.broken = true;
                    let text = "expected a name without quotes before `=`".to_owned();
                    self.unexpected(self.at, text);
                    self.skip_line();
                }
                _ => {
                    body.broken = true;
                    let found = self.tokens.describe(self.at);
                    if !self.goes_on(self.at) {
                        self.unexpected(
                            self.at,
                            format!("expected an attribute or a block, found {found}"),
                        );
                    }
                    self.skip_line();
                }
            }
        }
    }

    fn item(&mut self, depth: usize, body: &mut Body) {
        let name_at = self.at;
        let name = self.name(name_at);
        self.at += 1;
        match self.kind() {
            TokenKind::Symbol if self.tokens.is_symbol(self.at, "=") => self.attribute(name, body),
            TokenKind::Symbol if [":", "=="].contains(&self.tokens.text(self.at)) => {
                let found = self.tokens.describe(self.at);
                let text = format!("expected `=` after `{}`, found {found}", name.text);
                let words = format!("write `{} = ..`", name.text);
                self.problems
                    .error(codes::UNEXPECTED_TOKEN, self.span(self.at), text)
                    .advise(Hint::write("=").saying(words));
                self.attribute(name, body);
            }
            TokenKind::OpenBrace | TokenKind::OpenQuote | TokenKind::Ident => {
                self.block(name, depth, body)
            }
            TokenKind::Newline if self.next_line_opens() => self.block(name, depth, body),
            TokenKind::Bad => {
                body.broken = true;
                self.skip_line();
            }
            _ => {
                body.broken = true;
                let found = self.tokens.describe(self.at);
                let expected = if depth == 0 && is_top_kind(&name.text) {
                    "a label or `{`"
                } else {
                    "`=` or `{`"
                };
                if !self.goes_on(name_at) {
                    self.unexpected(
                        self.at,
                        format!("expected {expected} after `{}`, found {found}", name.text),
                    );
                }
                self.skip_line();
            }
        }
    }

    /// Whether a line goes on with an expression whose own line ended too early, with `=` or an operator: that is reported.
    fn goes_on(&self, at: usize) -> bool {
        let mut before = at;
        while before > 0 && self.tokens.kind(before - 1) == TokenKind::Newline {
            before -= 1;
        }
        let Some(last) = before.checked_sub(1).filter(|_| before < at) else {
            return false;
        };
        // `a.*` is whole.
        let splat = self.tokens.is_symbol(last, "*")
            && last
                .checked_sub(1)
                .is_some_and(|dot| self.tokens.is_symbol(dot, "."));
        self.tokens.kind(last) == TokenKind::Symbol && !splat
    }

    fn next_line_opens(&self) -> bool {
        let mut at = self.at;
        while self.tokens.kind(at) == TokenKind::Newline {
            at += 1;
        }
        self.tokens.kind(at) == TokenKind::OpenBrace
    }

    /// To the end of the line, over whole brackets.
    fn skip_line(&mut self) {
        let mut open = 0_usize;
        loop {
            match self.kind() {
                TokenKind::End => return,
                TokenKind::Newline if open == 0 || self.at_header_after_newline() => return,
                TokenKind::CloseBrace if open == 0 => return,
                kind if kind.opens_bracket() => open += 1,
                kind if kind.closes_bracket() => open = open.saturating_sub(1),
                TokenKind::OpenQuote | TokenKind::OpenHeredoc => {
                    self.at = self.tokens.at(self.at).partner as usize
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    fn at_header_after_newline(&self) -> bool {
        self.is_header(self.at + 1) && self.tokens.margin(self.at + 1) == Some(0)
    }

    fn skip_block(&mut self) {
        let mut open = 0_usize;
        loop {
            match self.kind() {
                TokenKind::End => return,
                TokenKind::OpenBrace => open += 1,
                TokenKind::CloseBrace => open = open.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            if open == 0 {
                return;
            }
        }
    }
}
