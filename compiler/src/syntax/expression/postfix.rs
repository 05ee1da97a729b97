//! What follows a value: `.name`, `[index]` and splats, each step around the one before it.

use crate::diagnostics::codes;
use crate::source::Span;

use super::reader::{Read, Reader, Within};
use crate::syntax::bounds::DEEPEST_TREE;
use crate::syntax::decl::{Expr, ExprKind};
use crate::syntax::token::TokenKind;

/// A splat that takes the steps that are read.
struct Open {
    over: Expr,
    height: usize,
    /// `.*`, which takes names only; `[*]` takes all that follows.
    names_only: bool,
}

impl Reader<'_, '_, '_> {
    /// The steps behind `base`.
    pub(super) fn postfix(&mut self, base: Read) -> Read {
        // Behind most values nothing follows.
        if !matches!(self.next(), TokenKind::Symbol | TokenKind::OpenBracket) {
            return base;
        }
        let start = base.outer;
        let mut base = base;
        let mut splats: Vec<Open> = Vec::new();
        let mut after_names_only = false;
        let mut steps = 0_usize;
        loop {
            let dot = self.symbol() == ".";
            if !dot && self.kind() != TokenKind::OpenBracket {
                break;
            }
            steps += 1;
            if steps > DEEPEST_TREE {
                let span = self.token_span(self.at);
                self.too_deep(span);
                self.state.faulty = true;
                self.recover();
                return self.leaf(start, ExprKind::Error);
            }
            if dot {
                let dot = self.at;
                self.at += 1;
                match self.next() {
                    TokenKind::Ident => {
                        let name = self.name();
                        let span = start.to(name.span);
                        let kind = ExprKind::Field(Box::new(base.expr), name);
                        base = self.node(span, kind, base.height);
                    }
                    TokenKind::Number if self.is_index() => {
                        let digits = self.token_span(self.at);
                        let kind = self.exact(self.parser.tokens.text(self.at), digits);
                        self.at += 1;
                        let index = self.parser.expr(digits, kind);
                        let kind = ExprKind::Index(Box::new(base.expr), Box::new(index));
                        base = self.node(start.to(digits), kind, base.height);
                    }
                    TokenKind::Symbol if self.symbol() == "*" => {
                        self.at += 1;
                        let place = self.parser.range_span(&(dot..self.at));
                        if after_names_only {
                            self.parser
                                .problems
                                .error(
                                    codes::UNEXPECTED_TOKEN,
                                    place,
                                    "a second `.*` cannot follow the first",
                                )
                                .hint("write `[*]` for both");
                        }
                        base = self.close_names_only(&mut splats, base, start);
                        base = self.splat(&mut splats, base, start.to(place), true);
                        after_names_only = true;
                        continue;
                    }
                    _ => {
                        self.report_field();
                        let span = start.to(self.token_span(dot));
                        let kind = ExprKind::Unfinished(Box::new(base.expr));
                        base = self.node(span, kind, base.height);
                        break;
                    }
                }
                continue;
            }
            base = self.close_names_only(&mut splats, base, start);
            after_names_only = false;
            let first = self.at;
            let Some(outer) = self.open(Within::Index) else {
                break;
            };
            if self.takes("*") {
                self.close(outer);
                let place = self.span_from(first);
                base = self.splat(&mut splats, base, start.to(place), false);
                continue;
            }
            let index = self.conditional();
            self.close(outer);
            let span = start.to(self.span_from(first));
            let height = base.height.max(index.height);
            let kind = ExprKind::Index(Box::new(base.expr), Box::new(index.expr));
            base = self.node(span, kind, height);
        }
        while let Some(open) = splats.pop() {
            base = self.closed(open, base, start);
        }
        Read {
            outer: start.to(base.outer),
            ..base
        }
    }

    /// Begins a splat over `base`: what is read next is applied to each item.
    fn splat(&mut self, splats: &mut Vec<Open>, base: Read, span: Span, names_only: bool) -> Read {
        splats.push(Open {
            over: base.expr,
            height: base.height,
            names_only,
        });
        self.leaf(span, ExprKind::Each)
    }

    /// Ends a `.*`, which takes no indexes and no splats.
    fn close_names_only(&mut self, splats: &mut Vec<Open>, base: Read, start: Span) -> Read {
        match splats.pop_if(|open| open.names_only) {
            Some(open) => self.closed(open, base, start),
            None => base,
        }
    }

    fn closed(&mut self, open: Open, each: Read, start: Span) -> Read {
        let span = start.to(each.outer);
        let height = open.height.max(each.height);
        let kind = ExprKind::Splat {
            over: Box::new(open.over),
            each: Box::new(each.expr),
        };
        self.node(span, kind, height)
    }

    /// Whether the number that is next has digits only.
    fn is_index(&self) -> bool {
        let text = self.parser.tokens.text(self.at);
        text.bytes().all(|byte| byte.is_ascii_digit())
    }
}
