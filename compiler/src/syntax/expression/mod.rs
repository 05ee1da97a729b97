//! Expressions, by precedence climbing over the tokens that the cutter found for them.
//!
//! A fault costs the item that it stands in: an argument, an item of a list, a value of an object. What was read before it
//! stays in the tree, what is missing is an `Error`, and reading goes on at the next item. So an expression shows all its
//! faults at once, and an editor knows what stands before the cursor.
//!
//! Chains of operators and of `?:` are loops; only brackets, holes and the first arm of `?:` call themselves.

mod fault;
mod for_form;
mod object;
mod postfix;
mod reader;
mod term;

use std::ops::Range;

use super::bounds::{DEEPEST, DEEPEST_TREE, LONGEST_CHAIN, LineBreaks};
use super::decl::{BinaryOp, Expr, ExprKind, UnaryOp};
use super::expr::FileParser;
use super::token::TokenKind;

use reader::{Read, Reader, State, Within};

impl FileParser<'_, '_> {
    /// The expression of some tokens with `written` brackets and holes around it, and how many levels it has. What cannot
    /// be read is an `Error` with a reported problem.
    pub(super) fn read_with_height(
        &mut self,
        range: Range<usize>,
        line_breaks: LineBreaks,
        written: usize,
    ) -> (Expr, usize) {
        if range.is_empty() {
            let span = self.range_span(&range);
            return (self.error(span), 1);
        }
        let mut reader = Reader {
            at: range.start,
            state: State::of(Within::Nothing, line_breaks == LineBreaks::Ignored),
            parser: self,
            range,
            written,
        };
        let read = reader.conditional();
        if reader.next() == TokenKind::End {
            return (read.expr, read.height);
        }
        let read = reader.misread(read);
        reader.report_separator();
        (read.expr, read.height)
    }
}

impl Reader<'_, '_, '_> {
    /// A whole expression: `a ? b : c`, or what binds stronger.
    fn conditional(&mut self) -> Read {
        let mut arms: Vec<(Read, Read)> = Vec::new();
        let last = loop {
            let condition = self.binary(1);
            if self.symbol() != "?" || !self.counts_operator() {
                break condition;
            }
            self.at += 1;
            let yes = self.first_arm();
            let condition = self.word_beside(condition, &yes);
            arms.push((condition, yes));
            if !self.takes(":") {
                break self.missing_symbol(":");
            }
        };
        if arms.is_empty() && !self.state.too_long {
            return last;
        }
        let mut whole = last;
        for (condition, yes) in arms.into_iter().rev() {
            let span = condition.outer.to(whole.outer);
            let height = condition.height.max(yes.height).max(whole.height);
            let kind = ExprKind::Conditional(
                Box::new(condition.expr),
                Box::new(yes.expr),
                Box::new(whole.expr),
            );
            whole = self.node(span, kind, height);
        }
        if self.state.too_long {
            return self.leaf(whole.outer, ExprKind::Error);
        }
        whole
    }

    /// What stands between `?` and `:`. It calls itself, so what is beyond the height of a tree is not read.
    fn first_arm(&mut self) -> Read {
        if self.parser.arms >= DEEPEST_TREE {
            self.pass_item();
            return self.absent();
        }
        self.parser.arms += 1;
        let arm = self.conditional();
        self.parser.arms -= 1;
        arm
    }

    /// Operands with operators of two that bind at least so strong; of equal ones the left one binds first.
    fn binary(&mut self, least: u8) -> Read {
        let mut left = self.unary();
        if self.next() != TokenKind::Symbol {
            return left;
        }
        while let Some((operator, strength)) = binary_operator(self.symbol())
            && strength >= least
            && self.counts_operator()
        {
            self.at += 1;
            let right = self.binary(strength + 1);
            let before = self.word_beside(left, &right);
            let span = before.outer.to(right.outer);
            let height = before.height.max(right.height);
            let kind = ExprKind::Binary(operator, Box::new(before.expr), Box::new(right.expr));
            left = self.node(span, kind, height);
        }
        left
    }

    /// Whether the operator that is next may be chained to those before it. If it is one too many, the rest of the item is
    /// passed.
    fn counts_operator(&mut self) -> bool {
        self.state.operators += 1;
        if self.state.operators <= LONGEST_CHAIN {
            return true;
        }
        self.pass_item();
        false
    }

    /// Reports that the item is beyond the bounds, and passes what is left of it.
    fn pass_item(&mut self) {
        let span = self.token_span(self.at);
        self.too_deep(span);
        self.state.faulty = true;
        self.state.too_long = true;
        self.recover();
    }

    /// Some `!` and `-`, and their operand.
    fn unary(&mut self) -> Read {
        let mut signs = Vec::new();
        while let Some(sign) = unary_operator(self.symbol()) {
            // A `-` right before a number is the number's.
            if sign == UnaryOp::Neg && self.number_behind_sign().is_some() {
                break;
            }
            signs.push((sign, self.at));
            self.at += 1;
        }
        let Some((_, last)) = signs.last().copied() else {
            return self.operand();
        };
        self.written += signs.len();
        if self.written > DEEPEST {
            let span = self.token_span(last);
            self.too_deep(span);
            self.state.faulty = true;
            self.recover();
            self.written -= signs.len();
            return self.leaf(span, ExprKind::Error);
        }
        let mut whole = self.operand();
        self.written -= signs.len();
        for (sign, at) in signs.into_iter().rev() {
            let span = self.token_span(at).to(whole.outer);
            let height = whole.height;
            whole = self.node(span, ExprKind::Unary(sign, Box::new(whole.expr)), height);
        }
        whole
    }

    /// The number behind a `-` that is next.
    fn number_behind_sign(&self) -> Option<usize> {
        let mut behind = self.at + 1;
        while self.state.ignores_lines && self.parser.tokens.kind(behind) == TokenKind::Newline {
            behind += 1;
        }
        let is_number =
            behind < self.range.end && self.parser.tokens.kind(behind) == TokenKind::Number;
        is_number.then_some(behind)
    }
}

/// An operator of two operands, and how strong it binds.
fn binary_operator(symbol: &str) -> Option<(BinaryOp, u8)> {
    Some(match symbol {
        "||" => (BinaryOp::Or, 1),
        "&&" => (BinaryOp::And, 2),
        "==" => (BinaryOp::Equal, 3),
        "!=" => (BinaryOp::NotEqual, 3),
        "<" => (BinaryOp::Less, 4),
        "<=" => (BinaryOp::LessEq, 4),
        ">" => (BinaryOp::Greater, 4),
        ">=" => (BinaryOp::GreaterEq, 4),
        "+" => (BinaryOp::Add, 5),
        "-" => (BinaryOp::Sub, 5),
        "*" => (BinaryOp::Mul, 6),
        "/" => (BinaryOp::Div, 6),
        "%" => (BinaryOp::Rem, 6),
        _ => return None,
    })
}

fn unary_operator(symbol: &str) -> Option<UnaryOp> {
    match symbol {
        "!" => Some(UnaryOp::Not),
        "-" => Some(UnaryOp::Neg),
        _ => None,
    }
}
