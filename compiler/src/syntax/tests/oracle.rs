//! The same expressions as hcl-edit reads them: what our own parser is compared with.
//!
//! hcl-edit is given a text that is byte for byte as long as the tokens, so that its spans hold, without comments, without
//! line breaks where they mean nothing (it refuses some of them), with a plain string in the place of each string and
//! heredoc, and with digits in the place of numbers that its floats cannot hold: strings and numbers are read from their
//! tokens.

use std::ops::Range;

use bggo_values::Number;
use bggo_values::text::normalized;
use hcl_edit::Span as _;
use hcl_edit::expr::{
    BinaryOperator, Expression, ForExpr as HclFor, Object, ObjectKey, Traversal, TraversalOperator,
    UnaryOperator,
};
use hcl_edit::parser::parse_expr;

use crate::source::Span;
use crate::syntax::bounds::LineBreaks;
use crate::syntax::decl::{BinaryOp, Expr, ExprKind, ForExpr, Name, UnaryOp};
use crate::syntax::expr::FileParser;
use crate::syntax::token::{TokenKind, Tokens};

/// What hcl-edit makes of some tokens, or why it refuses them.
pub(super) fn read(
    parser: &mut FileParser<'_, '_>,
    range: &Range<usize>,
    line_breaks: LineBreaks,
) -> Result<Expr, String> {
    let text = masked(parser.tokens, range, line_breaks);
    let expression = parse_expr(&text).map_err(|error| error.message().to_owned())?;
    let base = parser.range_span(range);
    Ok(Oracle {
        parser,
        base,
        text: &text,
    }
    .convert(&expression))
}

fn masked(tokens: &Tokens<'_>, range: &Range<usize>, line_breaks: LineBreaks) -> String {
    let start = tokens.at(range.start).start as usize;
    let end = tokens.at(range.end - 1).end as usize;
    let mut text = vec![b' '; end - start];
    let mut ignores = vec![line_breaks == LineBreaks::Ignored];
    let mut index = range.start;
    while index < range.end {
        let token = tokens.at(index);
        let (from, mut to) = (token.start as usize - start, token.end as usize - start);
        match token.kind {
            TokenKind::OpenQuote | TokenKind::OpenHeredoc => {
                index = token.partner as usize;
                to = tokens.at(index).end as usize - start;
                text[from..to].fill(b'_');
                // hcl-edit compares the keys of an object: no two of them are the same.
                let number = format!("{from}");
                let length = number.len().min((to - from).saturating_sub(2));
                text[from + 1..from + 1 + length].copy_from_slice(&number.as_bytes()[..length]);
                text[from] = b'"';
                text[to - 1] = b'"';
            }
            TokenKind::Newline if ignores.last() == Some(&true) => {}
            TokenKind::Newline => text[to - 1] = b'\n',
            // An index of the old kind is no number for hcl-edit.
            TokenKind::Number if index > range.start && tokens.is_symbol(index - 1, ".") => {
                text[from..to].copy_from_slice(tokens.text(index).as_bytes());
            }
            TokenKind::Number
                if tokens.text(index).len() > 15 || tokens.text(index).contains(['e', 'E']) =>
            {
                text[from..to].fill(b'9');
            }
            kind => {
                text[from..to].copy_from_slice(tokens.text(index).as_bytes());
                match kind {
                    TokenKind::OpenBrace => {
                        let mut behind = index + 1..range.end;
                        let first = behind.find(|at| tokens.kind(*at) != TokenKind::Newline);
                        ignores.push(first.is_some_and(|at| tokens.text(at) == "for"));
                    }
                    kind if kind.opens_bracket() => ignores.push(true),
                    kind if kind.closes_bracket() => drop(ignores.pop()),
                    _ => {}
                }
            }
        }
        index += 1;
    }
    String::from_utf8(text).unwrap()
}

struct Oracle<'o, 'a, 'p> {
    parser: &'o mut FileParser<'a, 'p>,
    base: Span,
    text: &'o str,
}

impl Oracle<'_, '_, '_> {
    fn span(&self, range: Option<Range<usize>>) -> Span {
        let range = range.unwrap();
        // hcl-edit's spans may take in the spaces around a piece.
        let text = &self.text[range.clone()];
        let lead = text.len() - text.trim_start().len();
        let trail = text.trim_start().len() - text.trim().len();
        let place = |at: usize| self.base.start + u32::try_from(at).unwrap();
        Span {
            file: self.base.file,
            start: place(range.start + lead),
            end: place(range.end - trail),
        }
    }

    fn written(&self, span: Span) -> &str {
        &self.parser.tokens.text[span.start as usize..span.end as usize]
    }

    fn convert(&mut self, from: &Expression) -> Expr {
        let span = self.span(from.span());
        let kind = match from {
            Expression::Null(_) => ExprKind::Null,
            Expression::Bool(value) => ExprKind::Bool(*value.value()),
            Expression::Number(_) => self.number(span),
            Expression::String(_) => {
                // Closers that the lexer added are empty and share their start with the token after them: the last it is.
                let list = &self.parser.tokens.list;
                let behind = list.partition_point(|token| token.start <= span.start);
                self.parser.template_with_height(behind - 1, 0).0
            }
            Expression::Array(items) => {
                ExprKind::List(items.iter().map(|item| self.convert(item)).collect())
            }
            Expression::Object(object) => self.object(object),
            Expression::Parenthesis(inner) => return self.convert(inner.inner()),
            Expression::Variable(name) => ExprKind::Root(normalized(name.as_str().to_owned())),
            Expression::Conditional(parts) => ExprKind::Conditional(
                Box::new(self.convert(&parts.cond_expr)),
                Box::new(self.convert(&parts.true_expr)),
                Box::new(self.convert(&parts.false_expr)),
            ),
            Expression::FuncCall(call) => {
                let first = call.name.namespace.first().unwrap_or(&call.name.name);
                let words = call.name.namespace.iter().chain([&call.name.name]);
                let text = words.map(|part| part.as_str()).collect::<Vec<_>>();
                ExprKind::Call {
                    name: Name {
                        text: text.join("::"),
                        span: self.span(first.span()).to(self.span(call.name.name.span())),
                    },
                    arguments: call.args.iter().map(|item| self.convert(item)).collect(),
                    expand: call.args.expand_final(),
                }
            }
            Expression::Traversal(traversal) => return self.traversal(traversal),
            Expression::UnaryOp(operation) => {
                let operator = match operation.operator.value() {
                    UnaryOperator::Not => UnaryOp::Not,
                    UnaryOperator::Neg => UnaryOp::Neg,
                };
                ExprKind::Unary(operator, Box::new(self.convert(&operation.expr)))
            }
            Expression::BinaryOp(operation) => ExprKind::Binary(
                binary(*operation.operator.value()),
                Box::new(self.convert(&operation.lhs_expr)),
                Box::new(self.convert(&operation.rhs_expr)),
            ),
            Expression::ForExpr(parts) => self.for_expr(parts),
            other => panic!("{other:?} was masked"),
        };
        self.parser.expr(span, kind)
    }

    /// As it is written: hcl-edit holds floats.
    fn number(&self, span: Span) -> ExprKind {
        let written = self.written(span).chars();
        let digits: String = written.filter(|letter| !letter.is_whitespace()).collect();
        Number::parse(&digits).map_or(ExprKind::Error, ExprKind::Number)
    }

    fn object(&mut self, object: &Object) -> ExprKind {
        let items = object.iter();
        let items = items.map(|(key, value)| (self.key(key), self.convert(value.expr())));
        ExprKind::Object(items.collect())
    }

    fn key(&mut self, key: &ObjectKey) -> Expr {
        match key {
            ObjectKey::Ident(name) => {
                let span = self.span(name.span());
                let text = normalized(self.written(span).to_owned());
                self.parser.expr(span, ExprKind::Text(text))
            }
            ObjectKey::Expression(literal @ (Expression::Null(_) | Expression::Bool(_))) => {
                let span = self.span(literal.span());
                let word = self.written(span).to_owned();
                self.parser.expr(span, ExprKind::Text(word))
            }
            ObjectKey::Expression(literal @ Expression::Number(_)) => {
                let span = self.span(literal.span());
                let kind = match self.number(span) {
                    ExprKind::Number(number) => ExprKind::Text(number.to_string()),
                    other => other,
                };
                self.parser.expr(span, kind)
            }
            ObjectKey::Expression(traversal @ Expression::Traversal(_)) => {
                let span = self.span(traversal.span());
                self.parser.error(span)
            }
            ObjectKey::Expression(other) => self.convert(other),
        }
    }

    fn for_expr(&mut self, parts: &HclFor) -> ExprKind {
        let name = |oracle: &Self, name: &hcl_edit::Decorated<hcl_edit::Ident>| Name {
            text: normalized(name.as_str().to_owned()),
            span: oracle.span(name.span()),
        };
        let intro = &parts.intro;
        ExprKind::For(Box::new(ForExpr {
            key: intro.key_var.as_ref().map(|key| name(self, key)),
            value: name(self, &intro.value_var),
            over: self.convert(&intro.collection_expr),
            key_result: parts.key_expr.as_ref().map(|key| self.convert(key)),
            result: self.convert(&parts.value_expr),
            grouped: parts.grouping,
            condition: parts.cond.as_ref().map(|cond| self.convert(&cond.expr)),
        }))
    }

    fn traversal(&mut self, traversal: &Traversal) -> Expr {
        let start = self.span(traversal.expr.span());
        let steps = traversal.operators.iter();
        let steps: Vec<_> = steps
            .map(|step| (step.value(), self.span(step.span())))
            .collect();
        let over = self.convert(&traversal.expr);
        self.steps(over, start, &steps)
    }

    /// Each splat takes steps into its `each`: `[*]` all that follow, `.*` the names.
    fn steps(&mut self, base: Expr, start: Span, steps: &[(&TraversalOperator, Span)]) -> Expr {
        let Some(((step, place), rest)) = steps.split_first() else {
            return base;
        };
        let span = start.to(*place);
        let kind = match step {
            TraversalOperator::GetAttr(name) => {
                let name = Name {
                    text: normalized(name.as_str().to_owned()),
                    span: self.span(name.span()),
                };
                ExprKind::Field(Box::new(base), name)
            }
            TraversalOperator::Index(index) => {
                let index = self.convert(index);
                ExprKind::Index(Box::new(base), Box::new(index))
            }
            TraversalOperator::LegacyIndex(index) => {
                let digits = self.span(index.span());
                let kind = self.number(digits);
                let index = self.parser.expr(digits, kind);
                ExprKind::Index(Box::new(base), Box::new(index))
            }
            TraversalOperator::FullSplat(_) | TraversalOperator::AttrSplat(_) => {
                let names = |step: &&(&TraversalOperator, Span)| {
                    matches!(
                        step.0,
                        TraversalOperator::GetAttr(_) | TraversalOperator::LegacyIndex(_)
                    )
                };
                let taken = match step {
                    TraversalOperator::FullSplat(_) => rest.len(),
                    _ => rest.iter().take_while(names).count(),
                };
                let item = self.parser.expr(span, ExprKind::Each);
                let each = self.steps(item, start, &rest[..taken]);
                let whole = start.to(each.span);
                let kind = ExprKind::Splat {
                    over: Box::new(base),
                    each: Box::new(each),
                };
                let splat = self.parser.expr(whole, kind);
                return self.steps(splat, start, &rest[taken..]);
            }
        };
        let base = self.parser.expr(span, kind);
        self.steps(base, start, rest)
    }
}

fn binary(operator: BinaryOperator) -> BinaryOp {
    match operator {
        BinaryOperator::Plus => BinaryOp::Add,
        BinaryOperator::Minus => BinaryOp::Sub,
        BinaryOperator::Mul => BinaryOp::Mul,
        BinaryOperator::Div => BinaryOp::Div,
        BinaryOperator::Mod => BinaryOp::Rem,
        BinaryOperator::Eq => BinaryOp::Equal,
        BinaryOperator::NotEq => BinaryOp::NotEqual,
        BinaryOperator::Less => BinaryOp::Less,
        BinaryOperator::LessEq => BinaryOp::LessEq,
        BinaryOperator::Greater => BinaryOp::Greater,
        BinaryOperator::GreaterEq => BinaryOp::GreaterEq,
        BinaryOperator::And => BinaryOp::And,
        BinaryOperator::Or => BinaryOp::Or,
    }
}
