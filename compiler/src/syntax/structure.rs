//! Tokens to blocks and attributes, whose expressions stay ranges of tokens: the cut that keeps faults apart.
//!
//! hcl-edit stops at the first fault of a text. So bodies are cut here, where a fault costs one attribute or one line,
//! and hcl-edit is given one expression at a time (`expr`). Missing braces are found by a second reading: when a block
//! is still open at the end of the file, the file is read again, and a line that is clearly the header of a top-level
//! block, no further right than the block that is open, ends it.

use std::ops::Range;

use crate::diagnostics::{Problem, Problems, codes};
use crate::source::{FileId, Span};

use super::decl::Name;
use super::token::{TOP_KINDS, TokenKind, Tokens};

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

/// `name = ..`
#[derive(Debug)]
pub(super) struct RawAttribute {
    pub(super) name: Name,
    /// Tokens of the expression.
    pub(super) value: Range<usize>,
    /// The expression is not worth parsing: its problem is reported.
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

/// Levels of blocks; more are not meant (`mend` counts the levels of expressions).
pub(super) const DEEPEST: usize = 64;

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
    /// A block whose closing brace stands further left than its header: it probably belongs to the block around it.
    suspect: Option<Span>,
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
            text: self.tokens.text(index).to_owned(),
            span: self.span(index),
        }
    }

    fn unexpected(&mut self, index: usize, text: String) -> &mut Problem {
        let mut span = self.span(index);
        if self.tokens.kind(index) == TokenKind::Newline {
            span.end = span.start;
        }
        self.problems.error(codes::UNEXPECTED_TOKEN, span, text)
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
        if self.tokens.kind(at) != TokenKind::Ident || !TOP_KINDS.contains(&self.tokens.text(at)) {
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
                    self.unexpected(
                        self.at,
                        format!("expected an attribute or a block, found {found}"),
                    );
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
                self.unexpected(
                    self.at,
                    format!("expected `=` after `{}`, found {found}", name.text),
                );
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
                let expected = if depth == 0 && TOP_KINDS.contains(&name.text.as_str()) {
                    "a label or `{`"
                } else {
                    "`=` or `{`"
                };
                self.unexpected(
                    self.at,
                    format!("expected {expected} after `{}`, found {found}", name.text),
                );
                self.skip_line();
            }
        }
    }

    fn next_line_opens(&self) -> bool {
        let mut at = self.at;
        while self.tokens.kind(at) == TokenKind::Newline {
            at += 1;
        }
        self.tokens.kind(at) == TokenKind::OpenBrace
    }

    // Attributes.

    fn attribute(&mut self, name: Name, body: &mut Body) {
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
                        self.missing(last, self.at);
                        return false;
                    }
                }
                TokenKind::Bad => whole = false,
                TokenKind::OpenBrace | TokenKind::OpenBracket | TokenKind::OpenParen => {
                    open.push(self.at)
                }
                TokenKind::OpenHole
                | TokenKind::OpenDirective
                | TokenKind::OpenQuote
                | TokenKind::OpenHeredoc => open.push(self.at),
                TokenKind::CloseBrace if open.is_empty() => return whole,
                _ if closes(kind) => match self.close_bracket(kind, &mut open) {
                    Closed::Fine => {}
                    Closed::Other => whole = false,
                    Closed::Block => return false,
                },
                _ => {}
            }
            self.at += 1;
        }
    }

    fn close_bracket(&mut self, kind: TokenKind, open: &mut Vec<usize>) -> Closed {
        let matches = |index: &usize| closer_of(self.tokens.kind(*index)) == Some(kind);
        match open.iter().rposition(matches) {
            Some(place) if place + 1 == open.len() => {
                open.pop();
                Closed::Fine
            }
            Some(place) => {
                if let Some(last) = open.last().copied() {
                    self.missing(last, self.at);
                }
                open.truncate(place);
                Closed::Other
            }
            None => match open.last().copied() {
                Some(last) if kind == TokenKind::CloseBrace => {
                    self.missing(last, self.at);
                    Closed::Block
                }
                _ => {
                    let found = self.tokens.describe(self.at);
                    self.unexpected(
                        self.at,
                        format!("unexpected {found}: nothing is open that it could close"),
                    );
                    Closed::Other
                }
            },
        }
    }

    fn missing(&mut self, opener: usize, found: usize) {
        let closer = match self.tokens.kind(opener) {
            TokenKind::OpenBracket => "`]`",
            TokenKind::OpenParen => "`)`",
            _ => "`}`",
        };
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
        if self.tokens.kind(at) != TokenKind::Ident
            || self.tokens.kind(opener) == TokenKind::OpenBrace
        {
            return false;
        }
        let word = self.tokens.text(at);
        match self.tokens.kind(at + 1) {
            TokenKind::Symbol => self.tokens.is_symbol(at + 1, "="),
            TokenKind::OpenBrace | TokenKind::OpenQuote => !["for", "in", "if"].contains(&word),
            _ => false,
        }
    }

    // Blocks.

    fn block(&mut self, kind: Name, depth: usize, body: &mut Body) {
        let start = self.at - 1;
        let mut labels = Vec::new();
        loop {
            match self.kind() {
                TokenKind::Ident => {
                    labels.push(Label {
                        name: self.name(self.at),
                        broken: false,
                    });
                    self.at += 1;
                }
                TokenKind::OpenQuote => labels.push(self.label()),
                _ => break,
            }
        }
        let header = self.span(start).to(self.span(self.at - 1));
        if self.kind() != TokenKind::OpenBrace && !self.missing_open_brace(&kind, &labels, depth) {
            body.broken = true;
            self.skip_line();
            return;
        }
        let opener = if self.kind() == TokenKind::OpenBrace {
            self.at
        } else {
            start
        };
        if depth >= DEEPEST {
            self.problems.error(
                codes::NESTED_TOO_DEEP,
                self.span(start),
                format!("blocks nest deeper than {DEEPEST} levels"),
            );
            body.broken = true;
            return self.skip_block();
        }
        if depth == 0 {
            self.margin = self.tokens.margin(start).unwrap_or(0);
            self.missing_reported = false;
            self.suspect = None;
        }
        if opener == self.at {
            self.at += 1;
        }
        let one_line = self.kind() != TokenKind::Newline;
        let mut inner = self.body(depth + 1);
        let end = self.span(self.at.min(self.tokens.list.len() - 1));
        if self.kind() == TokenKind::CloseBrace {
            if one_line {
                self.check_one_line(start, &inner);
            } else if self.tokens.margin(self.at).is_none() && !inner.broken {
                self.unexpected(self.at, "expected a new line before `}`".to_owned());
            }
            self.close_block(start, header);
        } else {
            inner.broken = true;
            self.missing_close_brace(opener, header);
        }
        body.broken |= inner.broken;
        body.items.push(Item::Block(RawBlock {
            kind,
            labels,
            header,
            span: header.to(end),
            body: inner,
        }));
    }

    fn label(&mut self) -> Label {
        let open = self.at;
        let close = self.tokens.at(open).partner as usize;
        self.at = close + 1;
        let span = self.span(open).to(self.span(close));
        let inner = open + 1..close;
        let broken = inner
            .clone()
            .any(|index| self.tokens.kind(index) != TokenKind::Literal);
        if broken
            && !inner
                .clone()
                .any(|index| self.tokens.kind(index) == TokenKind::Bad)
        {
            self.problems.error(
                codes::INVALID_LABEL,
                span,
                "a label is a plain string, without `${` or `%{`",
            );
        }
        let text = inner.map(|index| self.tokens.text(index)).collect();
        Label {
            name: Name { text, span },
            broken,
        }
    }

    /// Reports that `{` is missing; whether the block goes on all the same.
    fn missing_open_brace(&mut self, kind: &Name, labels: &[Label], depth: usize) -> bool {
        let found = self.tokens.describe(self.at);
        let newline = self.kind() == TokenKind::Newline;
        if newline && self.next_line_opens() {
            self.unexpected(
                self.at,
                format!("expected `{{` on the line of `{}`", kind.text),
            );
            while self.kind() == TokenKind::Newline {
                self.at += 1;
            }
            return true;
        }
        if labels.iter().any(|label| label.broken) {
            return newline && TOP_KINDS.contains(&kind.text.as_str());
        }
        if depth == 0 && TOP_KINDS.contains(&kind.text.as_str()) {
            self.unexpected(
                self.at,
                format!(
                    "expected `{{` after the header of `{}`, found {found}",
                    kind.text
                ),
            );
            return newline;
        }
        if depth > 0 && labels.len() == 1 && newline {
            let place = labels.first().map_or(kind.span, |label| label.name.span);
            let text = format!("expected `=` after `{}`", kind.text);
            self.problems.error(codes::UNEXPECTED_TOKEN, place, text);
        } else {
            self.unexpected(
                self.at,
                format!("expected `=` or `{{` after `{}`, found {found}", kind.text),
            );
        }
        false
    }

    fn close_block(&mut self, start: usize, header: Span) {
        if let (Some(own), Some(closing)) = (self.tokens.margin(start), self.tokens.margin(self.at))
            && closing < own
            && self.suspect.is_none()
        {
            self.suspect = Some(header);
        }
        self.at += 1;
        if !matches!(
            self.kind(),
            TokenKind::Newline | TokenKind::End | TokenKind::CloseBrace | TokenKind::Bad
        ) {
            let found = self.tokens.describe(self.at);
            self.unexpected(
                self.at,
                format!("expected a new line after `}}`, found {found}"),
            );
        }
    }

    /// HCL allows one attribute, and no block, between braces on one line.
    fn check_one_line(&mut self, start: usize, inner: &Body) {
        if inner.broken
            || inner.items.len() < 2 && !matches!(inner.items.first(), Some(Item::Block(_)))
        {
            return;
        }
        let name = self.tokens.text(start);
        let text = format!(
            "expected a new line after `{{` of `{name}`: on one line a block holds one attribute"
        );
        self.problems
            .error(codes::UNEXPECTED_TOKEN, self.span(start), text);
    }

    fn missing_close_brace(&mut self, opener: usize, header: Span) {
        self.open_at_end |= self.kind() == TokenKind::End;
        if self.missing_reported {
            return;
        }
        self.missing_reported = true;
        let mut found = self.span(self.at);
        found.end = if self.kind() == TokenKind::End {
            found.start
        } else {
            found.end
        };
        let span = self
            .suspect
            .unwrap_or(if self.tokens.kind(opener) == TokenKind::OpenBrace {
                header.to(self.span(opener))
            } else {
                header
            });
        self.problems
            .error(
                codes::UNCLOSED_BRACKET,
                span,
                "missing `}`: this block is never closed",
            )
            .label(found, "expected `}` before this");
    }

    // Going on.

    /// To the end of the line, over whole brackets.
    fn skip_line(&mut self) {
        let mut open = 0_usize;
        loop {
            match self.kind() {
                TokenKind::End => return,
                TokenKind::Newline if open == 0 || self.at_header_after_newline() => return,
                TokenKind::CloseBrace if open == 0 => return,
                TokenKind::OpenBrace | TokenKind::OpenBracket | TokenKind::OpenParen => open += 1,
                TokenKind::CloseBrace | TokenKind::CloseBracket | TokenKind::CloseParen => {
                    open = open.saturating_sub(1)
                }
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

/// What a closing bracket did.
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
