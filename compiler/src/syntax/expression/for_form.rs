//! `[for k, v in xs : e if c]` and `{ for k, v in xs : k => e... if c }`.

use super::reader::{Read, Reader, Within};
use crate::syntax::decl::{ExprKind, ForExpr, Name};
use crate::syntax::token::TokenKind;

impl Reader<'_, '_, '_> {
    /// A `for` of which the bracket is next.
    pub(super) fn for_form(&mut self, within: Within) -> Read {
        let first = self.at;
        let Some(outer) = self.open(within) else {
            let span = self.token_span(first);
            return self.leaf(span, ExprKind::Error);
        };
        self.skip_lines();
        // `for` itself.
        self.at += 1;
        let form = self.parts(within);
        self.close(outer);
        let span = self.span_from(first);
        match form {
            Some((form, height)) => self.node(span, ExprKind::For(Box::new(form)), height),
            None => self.leaf(span, ExprKind::Error),
        }
    }

    /// All behind `for`, and the levels of the highest part. None without a name: then nothing in it has a meaning.
    fn parts(&mut self, within: Within) -> Option<(ForExpr, usize)> {
        let mut value = self.variable()?;
        let mut key = None;
        if self.takes(",") {
            key = Some(std::mem::replace(&mut value, self.variable()?));
        }
        let over = if self.is_word("in") {
            self.at += 1;
            self.conditional()
        } else {
            self.missing_symbol("in")
        };
        let mut result = self.part_behind(":");
        let mut key_result = None;
        if within == Within::ForObject {
            let value = self.part_behind("=>");
            key_result = Some(std::mem::replace(&mut result, value));
        }
        let grouped = within == Within::ForObject && self.takes("...");
        let mut condition = None;
        if self.is_word("if") {
            self.at += 1;
            self.begin_item();
            condition = Some(self.conditional());
        }
        let parts = [
            Some(&over),
            key_result.as_ref(),
            Some(&result),
            condition.as_ref(),
        ];
        let height = parts.into_iter().flatten().map(|part| part.height).max();
        let form = ForExpr {
            key,
            value,
            over: over.expr,
            key_result: key_result.map(|part| part.expr),
            result: result.expr,
            grouped,
            condition: condition.map(|part| part.expr),
        };
        Some((form, height.unwrap_or_default()))
    }

    /// The part behind a symbol that begins it. What stands before the symbol and does not belong there is passed.
    fn part_behind(&mut self, symbol: &str) -> Read {
        if self.symbol() != symbol {
            self.report_symbol(symbol);
            self.pass_up_to(Some(symbol));
        }
        if !self.takes(symbol) {
            return self.absent();
        }
        self.begin_item();
        self.conditional()
    }

    /// A name that the `for` gives. `in` is one too, if what must follow a name follows it.
    fn variable(&mut self) -> Option<Name> {
        let is_name = self.next() == TokenKind::Ident && {
            let mut behind = self.at + 1;
            while self.parser.tokens.kind(behind) == TokenKind::Newline {
                behind += 1;
            }
            let in_follows = self.parser.tokens.kind(behind) == TokenKind::Ident
                && self.parser.tokens.text(behind) == "in";
            self.parser.tokens.text(self.at) != "in"
                || in_follows
                || self.parser.tokens.is_symbol(behind, ",")
        };
        if !is_name {
            self.report_name();
            return None;
        }
        Some(self.name())
    }
}
