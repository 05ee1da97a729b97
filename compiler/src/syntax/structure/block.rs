//! Blocks: header, labels and braces, and how reading goes on after wrong braces.

use bggo_values::text::normalized;

use crate::diagnostics::codes;
use crate::source::Span;

use super::{Body, Cutter, DEEPEST_BLOCKS, Item, Label, RawBlock, Suspect};
use crate::syntax::decl::Name;
use crate::syntax::token::{TokenKind, is_top_kind};

impl Cutter<'_, '_> {
    pub(super) fn block(&mut self, kind: Name, depth: usize, body: &mut Body) {
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
        if depth >= DEEPEST_BLOCKS {
            self.problems.error(
                codes::NESTED_TOO_DEEP,
                self.span(start),
                format!("blocks nest deeper than {DEEPEST_BLOCKS} levels"),
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
            } else if self.tokens.kind(self.at - 1) != TokenKind::Newline && !inner.broken {
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
        let text = normalized(inner.map(|index| self.tokens.text(index)).collect());
        Label {
            name: Name { text, span },
            broken,
        }
    }

    /// Reports that `{` is missing. Returns whether the block goes on anyway.
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
            return newline && is_top_kind(&kind.text);
        }
        if depth == 0 && is_top_kind(&kind.text) {
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
        let closes_left = self
            .tokens
            .margin(self.at)
            .is_some_and(|margin| margin < self.tokens.indent(start));
        if closes_left && self.suspect.is_none() {
            self.suspect = Some(Suspect::Block(header));
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
            // A word alone is no attribute and no block.
            let word = self.kind() == TokenKind::Ident;
            if word
                && matches!(
                    self.tokens.kind(self.at + 1),
                    TokenKind::Newline | TokenKind::End
                )
            {
                self.at += 1;
            }
        }
    }

    /// Where something follows `{` on its line, HCL allows one attribute and `}`, all on that line.
    fn check_one_line(&mut self, start: usize, inner: &Body) {
        let ends_later = self.tokens.kind(self.at - 1) == TokenKind::Newline;
        let is_one = matches!(inner.items[..], [] | [Item::Attribute(_)]);
        if inner.broken || is_one && !ends_later {
            return;
        }
        let name = self.tokens.text(start);
        let text = format!(
            "expected a new line after `{{` of `{name}`: on one line a block holds one attribute and `}}`"
        );
        self.problems
            .error(codes::UNEXPECTED_TOKEN, self.span(start), text);
    }

    fn missing_close_brace(&mut self, opener: usize, header: Span) {
        self.open_at_end |= self.kind() == TokenKind::End;
        if std::mem::replace(&mut self.missing_reported, true) || self.after_lost_text(self.at) {
            return;
        }
        let mut found = self.span(self.at);
        found.end = if self.kind() == TokenKind::End {
            found.start
        } else {
            found.end
        };
        let (span, what) = match self.suspect {
            Some(Suspect::Block(span)) => (span, "block"),
            Some(Suspect::Object(span)) => (span, "object"),
            None if self.tokens.kind(opener) == TokenKind::OpenBrace => {
                (header.to(self.span(opener)), "block")
            }
            None => (header, "block"),
        };
        self.problems
            .error(
                codes::UNCLOSED_BRACKET,
                span,
                format!("missing `}}`: this {what} is never closed"),
            )
            .label(found, "expected `}` before this");
    }

    /// Whether the text before was lost to a heredoc, comment or string without an end, which is reported.
    pub(super) fn after_lost_text(&self, mut at: usize) -> bool {
        loop {
            let Some(before) = at.checked_sub(1) else {
                return false;
            };
            match self.tokens.kind(before) {
                TokenKind::Bad => return true,
                TokenKind::Newline
                | TokenKind::CloseQuote
                | TokenKind::CloseHole
                | TokenKind::CloseHeredoc => at = before,
                _ => return false,
            }
        }
    }
}
