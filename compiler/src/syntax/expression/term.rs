//! Operands: literals, names, calls, lists and brackets.

use bggo_values::Number;
use bggo_values::text::normalized;

use crate::diagnostics::codes;
use crate::source::Span;

use super::reader::{Read, Reader, Within};
use crate::syntax::bounds::DEEPEST_TREE;
use crate::syntax::decl::{Expr, ExprKind, Name};
use crate::syntax::token::TokenKind;

impl Reader<'_, '_, '_> {
    /// An operand and what follows it: `a.b[0]`.
    pub(super) fn operand(&mut self) -> Read {
        let base = match self.next() {
            TokenKind::Ident => self.word(),
            TokenKind::Number => self.number(self.at),
            TokenKind::OpenQuote | TokenKind::OpenHeredoc => self.string(),
            TokenKind::OpenParen => self.group(),
            TokenKind::OpenBracket => self.list(),
            TokenKind::OpenBrace => self.braces(),
            TokenKind::Symbol => match self.number_behind_sign() {
                Some(number) if self.symbol() == "-" => self.number(number),
                _ => return self.missing_operand(),
            },
            _ => return self.missing_operand(),
        };
        self.postfix(base)
    }

    /// A number up to the token `number`, from the next token on, which may be its sign.
    fn number(&mut self, number: usize) -> Read {
        let first = self.at;
        self.at = number + 1;
        let span = self.parser.range_span(&(first..self.at));
        let digits = self.parser.tokens.text(number);
        let kind = match first == number {
            true => self.exact(digits, span),
            false => self.exact(&format!("-{digits}"), span),
        };
        self.leaf(span, kind)
    }

    /// A number as it is written, without a loss.
    pub(super) fn exact(&mut self, text: &str, span: Span) -> ExprKind {
        if let Some(number) = Number::parse(text) {
            return ExprKind::Number(number);
        }
        self.parser
            .problems
            .error(
                codes::INVALID_NUMBER,
                span,
                format!("the number {text} cannot be held exactly"),
            )
            .hint("numbers have up to 28 significant digits");
        ExprKind::Error
    }

    fn string(&mut self) -> Read {
        let open = self.at;
        let close = self.parser.tokens.at(open).partner as usize;
        self.at = close + 1;
        let span = self.parser.range_span(&(open..self.at));
        let (kind, height) = self.parser.template_with_height(open, self.written);
        self.node(span, kind, height)
    }

    /// A name, a word of the language, or a call.
    fn word(&mut self) -> Read {
        let first = self.at;
        self.at += 1;
        let called = match self.next() {
            TokenKind::OpenParen => true,
            TokenKind::Symbol => self.symbol() == "::",
            _ => false,
        };
        if called {
            return self.call(first);
        }
        let kind = match self.parser.tokens.text(first) {
            "null" => ExprKind::Null,
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            name => ExprKind::Root(normalized(name.to_owned())),
        };
        let span = self.token_span(first);
        let base = self.leaf(span, kind);
        self.names_behind(base)
    }

    /// `a.b.c`: most references of a grid are nothing else, so they do without what `postfix` keeps for splats.
    fn names_behind(&mut self, base: Read) -> Read {
        let Read {
            mut expr,
            mut height,
            ..
        } = base;
        while self.at + 1 < self.range.end
            && height < DEEPEST_TREE
            && self.parser.tokens.is_symbol(self.at, ".")
            && self.parser.tokens.kind(self.at + 1) == TokenKind::Ident
        {
            self.at += 1;
            let name = self.name();
            let span = expr.span.to(name.span);
            let kind = ExprKind::Field(Box::new(expr), name);
            expr = self.parser.expr(span, kind);
            height += 1;
        }
        Read {
            outer: expr.span,
            expr,
            height,
        }
    }

    /// The word that is next.
    pub(super) fn name(&mut self) -> Name {
        let name = Name {
            text: normalized(self.parser.tokens.text(self.at).to_owned()),
            span: self.token_span(self.at),
        };
        self.at += 1;
        name
    }

    /// A call, of which the first word of the name is read.
    fn call(&mut self, first: usize) -> Read {
        let mut text = self.parser.tokens.text(first).to_owned();
        while self.takes("::") {
            if self.next() != TokenKind::Ident {
                self.report_name();
                let span = self.span_from(first);
                return self.leaf(span, ExprKind::Error);
            }
            text.push_str("::");
            text.push_str(self.parser.tokens.text(self.at));
            self.at += 1;
        }
        let name = Name {
            text,
            span: self.span_from(first),
        };
        if self.next() != TokenKind::OpenParen {
            self.report_symbol("(");
            return self.leaf(name.span, ExprKind::Error);
        }
        let Some(outer) = self.open(Within::Call) else {
            return self.leaf(name.span, ExprKind::Error);
        };
        let (arguments, height, expand) = self.items();
        self.close(outer);
        let span = self.span_from(first);
        let kind = ExprKind::Call {
            name,
            arguments,
            expand,
        };
        self.node(span, kind, height)
    }

    /// Expressions with commas between them, in a list or a call; the highest of them has this many levels. In a call the
    /// last one may be expanded.
    fn items(&mut self) -> (Vec<Expr>, usize, bool) {
        let (mut items, mut height, mut expand) = (Vec::new(), 0, false);
        loop {
            let next = self.next();
            if next == TokenKind::End || next.closes_bracket() {
                if next != self.state.within.closer() {
                    // Behind the last one is where more were meant.
                    let missing = self.absent();
                    items.push(missing.expr);
                }
                break;
            }
            self.begin_item();
            let item = self.conditional();
            if self.takes(",") {
                height = height.max(item.height);
                items.push(item.expr);
                continue;
            }
            if self.state.within == Within::Call && self.takes("...") {
                expand = true;
            }
            let next = self.next();
            if next == self.state.within.closer() || expand {
                height = height.max(item.height);
                items.push(item.expr);
                break;
            }
            if next == TokenKind::End || next.closes_bracket() {
                height = height.max(item.height);
                items.push(item.expr);
                continue;
            }
            height = height.max(item.height);
            if self.begins_line() && self.begins_operand() && !self.parser.brackets_reported {
                self.report_comma();
                items.push(item.expr);
                continue;
            }
            // What follows may have been meant as one more item, or as several.
            let item = self.misread(item);
            items.push(item.expr);
            let missing = self.absent();
            items.push(missing.expr);
            self.report_separator();
            self.recover();
            self.takes(",");
        }
        (items, height, expand)
    }

    /// Whether the next token is the first of its line.
    fn begins_line(&self) -> bool {
        let before = self.at.checked_sub(1);
        before.is_some_and(|before| self.parser.tokens.kind(before) == TokenKind::Newline)
    }

    /// Whether an operand begins here that is not part of the one before.
    fn begins_operand(&self) -> bool {
        matches!(
            self.kind(),
            TokenKind::Ident
                | TokenKind::Number
                | TokenKind::OpenQuote
                | TokenKind::OpenHeredoc
                | TokenKind::OpenBrace
        )
    }

    /// `(a)`: the expression in it, with the brackets as its place.
    fn group(&mut self) -> Read {
        let first = self.at;
        let Some(outer) = self.open(Within::Group) else {
            let span = self.token_span(first);
            return self.leaf(span, ExprKind::Error);
        };
        let inner = self.conditional();
        self.close(outer);
        Read {
            outer: self.span_from(first),
            ..inner
        }
    }

    fn list(&mut self) -> Read {
        let first = self.at;
        if self.for_behind() {
            return self.for_form(Within::ForList);
        }
        let Some(outer) = self.open(Within::List) else {
            let span = self.token_span(first);
            return self.leaf(span, ExprKind::Error);
        };
        let (items, height, _) = self.items();
        self.close(outer);
        let span = self.span_from(first);
        self.node(span, ExprKind::List(items), height)
    }

    fn braces(&mut self) -> Read {
        match self.for_behind() {
            true => self.for_form(Within::ForObject),
            false => self.object(),
        }
    }

    /// Whether the bracket that is next begins a `for`.
    fn for_behind(&self) -> bool {
        let mut at = self.at + 1;
        while self.parser.tokens.kind(at) == TokenKind::Newline {
            at += 1;
        }
        at < self.range.end
            && self.parser.tokens.kind(at) == TokenKind::Ident
            && self.parser.tokens.text(at) == "for"
    }
}
