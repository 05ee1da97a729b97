//! One expression: its tokens to hcl-edit, and what hcl-edit makes of them to our own form, with spans in the file.

use std::ops::Range;

use bggo_values::Number;
use bggo_values::text::normalized;
use hcl_edit::Span as _;
use hcl_edit::expr::{
    BinaryOperator, Expression, ForExpr as HclFor, Object, ObjectKey, UnaryOperator,
};
use hcl_edit::parser::parse_expr;

use crate::diagnostics::{Problems, codes};
use crate::source::{FileId, Span};

use super::decl::{BinaryOp, Expr, ExprId, ExprKind, ForExpr, Name, UnaryOp};
use super::explain_syntax_error::{self, explain_syntax_error};
use super::mask_for_parser::{
    Bounds, DEEPEST, LineBreaks, Masked, Replaced, mask_for_parser, too_deep,
};
use super::token::{TokenKind, Tokens};

/// Levels of our own expressions, over all nested strings and chains: later stages recurse, on a stack that is large
/// enough for this (see `on_a_large_stack`).
pub(super) const DEEPEST_TREE: usize = 12_000;

/// Reads the expressions of one file.
pub(super) struct FileParser<'a, 'p> {
    pub(super) file: FileId,
    pub(super) tokens: &'a Tokens<'a>,
    /// Ids given out so far, over all files.
    pub(super) ids: &'p mut u32,
    pub(super) problems: &'p mut Problems,
    /// What hcl-edit is given something else for.
    pub(super) replaced: Replaced,
    /// What is cut into parts.
    pub(super) bounds: Bounds,
}

/// Where in the tree an expression stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Depth {
    /// Brackets and holes around it, as written.
    pub(super) written: usize,
    /// Nodes above it.
    pub(super) tree: usize,
}

impl Depth {
    /// Of a whole attribute.
    pub(super) const TOP: Depth = Depth {
        written: 0,
        tree: 0,
    };

    /// One node further down.
    pub(super) fn below(self) -> Depth {
        Depth {
            tree: self.tree + 1,
            ..self
        }
    }

    /// Inside one more bracket or hole.
    pub(super) fn inside(self) -> Depth {
        Depth {
            written: self.written + 1,
            ..self
        }
    }
}

impl FileParser<'_, '_> {
    /// The expression of some tokens; `Error` with a reported problem when they are none.
    pub(super) fn read(
        &mut self,
        range: Range<usize>,
        line_breaks: LineBreaks,
        depth: Depth,
    ) -> Expr {
        let span = self.range_span(&range);
        if range.is_empty()
            || range
                .clone()
                .any(|index| self.tokens.kind(index) == TokenKind::Bad)
        {
            return self.error(span);
        }
        // A string alone, which most attributes are, has nothing for hcl-edit to read.
        if self.is_string(&range) {
            let kind = self.template(range.start, depth);
            return self.expr(span, kind);
        }
        if let Some(plain) = self.plain(&range, depth) {
            return plain;
        }
        self.read_masked(range, line_breaks, depth, true)
    }

    /// The same for what cannot be cut into smaller parts.
    pub(super) fn read_whole(
        &mut self,
        range: Range<usize>,
        line_breaks: LineBreaks,
        depth: Depth,
    ) -> Expr {
        self.read_masked(range, line_breaks, depth, false)
    }

    fn read_masked(
        &mut self,
        range: Range<usize>,
        line_breaks: LineBreaks,
        depth: Depth,
        may_cut: bool,
    ) -> Expr {
        let span = self.range_span(&range);
        let bounds = match may_cut {
            true => self.bounds,
            // A name with more parts is no deeper for hcl-edit, and cannot be cut.
            false => Bounds {
                chain: u32::MAX,
                ..self.bounds
            },
        };
        let masked = mask_for_parser(self.tokens, &range, line_breaks, &self.replaced, bounds);
        let (text, levels) = match masked {
            Masked::Text(text, levels) => (text, levels),
            Masked::TooDeep(_) if may_cut => return self.read_in_parts(range, depth),
            Masked::TooDeep(index) => {
                let span = self.range_span(&(index..index + 1));
                too_deep(self.problems, span);
                return self.error(span);
            }
            Masked::Nothing => return self.error(span),
        };
        if depth.written + levels > DEEPEST {
            too_deep(self.problems, span);
            return self.error(span);
        }
        match parse_expr(&text) {
            Err(error) if may_cut && explain_syntax_error::is_of_bounds(&error) => {
                self.read_in_parts(range, depth)
            }
            Ok(expression) => self.convert(
                &expression,
                &At {
                    base: span,
                    text: &text,
                },
                depth,
            ),
            Err(error) => {
                explain_syntax_error(self.file, self.tokens, &range, &text, &error, self.problems);
                self.error(span)
            }
        }
    }

    /// Whether some tokens are a string or a heredoc, and nothing beside it.
    pub(super) fn is_string(&self, range: &Range<usize>) -> bool {
        let first = self.tokens.at(range.start);
        let begins = matches!(first.kind, TokenKind::OpenQuote | TokenKind::OpenHeredoc);
        begins && first.partner as usize + 1 == range.end
    }

    /// From the first to the last token.
    pub(super) fn range_span(&self, range: &Range<usize>) -> Span {
        let first = self.tokens.at(range.start);
        let last = self.tokens.at(range.end.saturating_sub(1).max(range.start));
        Span {
            file: self.file,
            start: first.start,
            end: last.end.max(first.start),
        }
    }

    pub(super) fn expr(&mut self, span: Span, kind: ExprKind) -> Expr {
        let id = ExprId(*self.ids);
        *self.ids += 1;
        Expr { id, span, kind }
    }

    pub(super) fn error(&mut self, span: Span) -> Expr {
        self.expr(span, ExprKind::Error)
    }

    pub(super) fn convert(&mut self, from: &Expression, at: &At<'_>, depth: Depth) -> Expr {
        let span = at.span(from.span());
        if depth.tree > DEEPEST_TREE {
            too_deep(self.problems, span);
            return self.error(span);
        }
        let below = depth.below();
        let kind = match from {
            Expression::Null(_) => ExprKind::Null,
            Expression::Bool(value) => ExprKind::Bool(*value.value()),
            Expression::Number(_) => self.number(span),
            Expression::String(_) => return self.string(span, depth),
            Expression::Array(items) => ExprKind::List(
                items
                    .iter()
                    .map(|item| self.convert(item, at, below))
                    .collect(),
            ),
            Expression::Object(object) => self.object(object, at, below),
            Expression::Parenthesis(inner) => return self.convert(inner.inner(), at, depth),
            Expression::Variable(name) => ExprKind::Root(normalized(name.as_str().to_owned())),
            Expression::Conditional(parts) => ExprKind::Conditional(
                Box::new(self.convert(&parts.cond_expr, at, below)),
                Box::new(self.convert(&parts.true_expr, at, below)),
                Box::new(self.convert(&parts.false_expr, at, below)),
            ),
            Expression::FuncCall(call) => {
                let first = call.name.namespace.first().unwrap_or(&call.name.name);
                let text = call
                    .name
                    .namespace
                    .iter()
                    .chain([&call.name.name])
                    .map(|part| part.as_str())
                    .collect::<Vec<_>>()
                    .join("::");
                let name = Name {
                    text,
                    span: at.span(first.span()).to(at.span(call.name.name.span())),
                };
                let arguments = call
                    .args
                    .iter()
                    .map(|argument| self.convert(argument, at, below))
                    .collect();
                ExprKind::Call {
                    name,
                    arguments,
                    expand: call.args.expand_final(),
                }
            }
            Expression::Traversal(traversal) => return self.traversal(traversal, at, depth),
            Expression::UnaryOp(operation) => {
                let operator = match operation.operator.value() {
                    UnaryOperator::Not => UnaryOp::Not,
                    UnaryOperator::Neg => UnaryOp::Neg,
                };
                ExprKind::Unary(operator, Box::new(self.convert(&operation.expr, at, below)))
            }
            Expression::BinaryOp(operation) => ExprKind::Binary(
                binary(*operation.operator.value()),
                Box::new(self.convert(&operation.lhs_expr, at, below)),
                Box::new(self.convert(&operation.rhs_expr, at, below)),
            ),
            Expression::ForExpr(parts) => self.for_expr(parts, at, below),
            // `mask_for_parser` leaves no such string to hcl-edit.
            Expression::StringTemplate(_) | Expression::HeredocTemplate(_) => ExprKind::Error,
        };
        self.expr(span, kind)
    }

    /// A number from its text: hcl-edit holds floats, which are not what was written.
    pub(super) fn number(&mut self, span: Span) -> ExprKind {
        let written = self
            .tokens
            .text
            .get(span.start as usize..span.end as usize)
            .unwrap_or_default();
        let text: String = written
            .chars()
            .filter(|character| !character.is_whitespace())
            .collect();
        if let Some(number) = Number::parse(&text) {
            return ExprKind::Number(number);
        }
        self.problems
            .error(
                codes::INVALID_NUMBER,
                span,
                format!("the number {text} cannot be held exactly"),
            )
            .hint("numbers have up to 28 significant digits");
        ExprKind::Error
    }

    fn written(&self, span: Span) -> String {
        let text = self.tokens.text;
        let text = text.get(span.start as usize..span.end as usize);
        text.unwrap_or_default().to_owned()
    }

    fn string(&mut self, span: Span, depth: Depth) -> Expr {
        if let Some(range) = self.replaced.pieces.remove(&(span.start, span.end)) {
            return self.read(range, LineBreaks::Ignored, depth.inside());
        }
        let kind = match self.tokens.starting_at(span.start) {
            Some(open) => self.template(open, depth),
            None => ExprKind::Error,
        };
        self.expr(span, kind)
    }

    fn object(&mut self, object: &Object, at: &At<'_>, depth: Depth) -> ExprKind {
        let mut items = Vec::with_capacity(object.len());
        for (key, value) in object.iter() {
            let key = self.key(key, at, depth);
            items.push((key, self.convert(value.expr(), at, depth)));
        }
        ExprKind::Object(items)
    }

    fn key(&mut self, key: &ObjectKey, at: &At<'_>, depth: Depth) -> Expr {
        match key {
            ObjectKey::Ident(name) => {
                // hcl-edit may have been given another key, see `keys`.
                let span = at.span(name.span());
                let text = self.written(span);
                self.expr(span, ExprKind::Text(normalized(text)))
            }
            // A word is a key, whatever it means elsewhere.
            ObjectKey::Expression(literal @ (Expression::Null(_) | Expression::Bool(_))) => {
                let span = at.span(literal.span());
                let word = self.written(span);
                self.expr(span, ExprKind::Text(word))
            }
            ObjectKey::Expression(literal @ Expression::Number(_)) => {
                let span = at.span(literal.span());
                let kind = match self.number(span) {
                    ExprKind::Number(number) => ExprKind::Text(number.to_string()),
                    other => other,
                };
                self.expr(span, kind)
            }
            ObjectKey::Expression(traversal @ Expression::Traversal(_)) => {
                let span = at.span(traversal.span());
                self.problems
                    .error(
                        codes::AMBIGUOUS_KEY,
                        span,
                        "a key with a dot may mean a name or a reference",
                    )
                    .hint("write `(..)` around a reference, `\"..\"` around a name");
                self.error(span)
            }
            ObjectKey::Expression(other) => self.convert(other, at, depth),
        }
    }

    fn for_expr(&mut self, parts: &HclFor, at: &At<'_>, depth: Depth) -> ExprKind {
        let name = |name: &hcl_edit::Decorated<hcl_edit::Ident>| Name {
            text: normalized(name.as_str().to_owned()),
            span: at.span(name.span()),
        };
        ExprKind::For(Box::new(ForExpr {
            key: parts.intro.key_var.as_ref().map(name),
            value: name(&parts.intro.value_var),
            over: self.convert(&parts.intro.collection_expr, at, depth),
            key_result: parts
                .key_expr
                .as_ref()
                .map(|key| self.convert(key, at, depth)),
            result: self.convert(&parts.value_expr, at, depth),
            grouped: parts.grouping,
            condition: parts
                .cond
                .as_ref()
                .map(|condition| self.convert(&condition.expr, at, depth)),
        }))
    }
}

/// What hcl-edit's spans are counted from.
pub(super) struct At<'t> {
    base: Span,
    text: &'t str,
}

impl At<'_> {
    pub(super) fn span(&self, range: Option<Range<usize>>) -> Span {
        let Some(range) = range else { return self.base };
        // hcl-edit's spans may take in the spaces around a piece.
        let text = self.text.get(range.clone()).unwrap_or_default();
        let lead = text.len() - text.trim_start().len();
        let trail = text.trim_start().len() - text.trim().len();
        let place = |at: usize| self.base.start + u32::try_from(at).unwrap_or(0);
        Span {
            file: self.base.file,
            start: place(range.start + lead),
            end: place(range.end - trail),
        }
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
