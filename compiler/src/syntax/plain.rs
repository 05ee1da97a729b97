//! Names with their parts, as `step.http_request.a.output`, and lists of such: most references of a grid are nothing else, and
//! hcl-edit has nothing to read in them. Whatever is written in another way is left to it.

use std::ops::Range;

use bggo_values::text::normalized;

use super::decl::{Expr, ExprKind, Name};
use super::expr::{DEEPEST_TREE, Depth, FileParser};
use super::mask_for_parser::DEEPEST;
use super::token::TokenKind;

/// Words that have a meaning of their own where an expression begins.
const WORDS: [&str; 4] = ["null", "true", "false", "for"];

impl FileParser<'_, '_> {
    /// What some tokens say if they are a plain name or a list of such.
    pub(super) fn plain(&mut self, range: &Range<usize>, depth: Depth) -> Option<Expr> {
        let parts = self.parts(range.start);
        if range.start + 2 * parts == range.end + 1 {
            return self.plain_name(range.start, parts, depth);
        }
        let items = self.plain_items(range)?;
        let below = Depth {
            written: depth.written + 1,
            ..depth.below()
        };
        if items.iter().any(|(_, parts)| !fits(*parts, below)) {
            return None;
        }
        let mut list = Vec::with_capacity(items.len());
        for (start, parts) in items {
            list.push(self.plain_name(start, parts, below)?);
        }
        let span = self.range_span(range);
        Some(self.expr(span, ExprKind::List(list)))
    }

    /// Of `[a.b, c.d]` each name by its first token and the number of its parts.
    fn plain_items(&self, range: &Range<usize>) -> Option<Vec<(usize, usize)>> {
        let last = range.end.checked_sub(1)?;
        let brackets = (self.tokens.kind(range.start), self.tokens.kind(last));
        if brackets != (TokenKind::OpenBracket, TokenKind::CloseBracket) {
            return None;
        }
        let mut items = Vec::new();
        let mut at = range.start + 1;
        while at < last {
            let parts = self.parts(at);
            if parts == 0 {
                return None;
            }
            items.push((at, parts));
            let after = at + 2 * parts - 1;
            if after != last && !self.tokens.is_symbol(after, ",") {
                return None;
            }
            at = after + 1;
        }
        Some(items)
    }

    /// How many names stand there, one behind the other with a dot between them and nothing else. None do if the first is a
    /// word of the language.
    fn parts(&self, start: usize) -> usize {
        if self.tokens.kind(start) != TokenKind::Ident || WORDS.contains(&self.tokens.text(start)) {
            return 0;
        }
        let mut last = start;
        let touches = |index: usize| self.tokens.at(index).end == self.tokens.at(index + 1).start;
        while self.tokens.is_symbol(last + 1, ".")
            && self.tokens.kind(last + 2) == TokenKind::Ident
            && touches(last)
            && touches(last + 1)
        {
            last += 2;
        }
        (last - start) / 2 + 1
    }

    fn plain_name(&mut self, start: usize, parts: usize, depth: Depth) -> Option<Expr> {
        if !fits(parts, depth) {
            return None;
        }
        let whole = self.range_span(&(start..start + 1));
        let root = ExprKind::Root(normalized(self.tokens.text(start).to_owned()));
        let mut expr = self.expr(whole, root);
        for part in 1..parts {
            let token = start + 2 * part;
            let name = Name {
                text: normalized(self.tokens.text(token).to_owned()),
                span: self.range_span(&(token..token + 1)),
            };
            let span = expr.span.to(name.span);
            expr = self.expr(span, ExprKind::Field(Box::new(expr), name));
        }
        Some(expr)
    }
}

/// Whether a name of so many parts is within the bounds. If it is not, the one place that says so says it.
fn fits(parts: usize, depth: Depth) -> bool {
    parts > 0 && depth.tree + parts <= DEEPEST_TREE && depth.written <= DEEPEST
}
