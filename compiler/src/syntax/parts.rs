//! Reads expressions that are beyond hcl-edit's bounds (64 levels, 128 operators). They are cut at their outermost operators
//! and brackets, hcl-edit reads the pieces, and the results are put together here.
//!
//! - `a ? b : c ? d : e` becomes its conditions and arms, however many there are;
//! - `a + b * c` becomes its operands, joined by precedence;
//! - in a term that is left, `f(x, [y])[z]`, each item in the outermost brackets is replaced by a string of the same length,
//!   as `mask_for_parser` does with templates, and read by itself.

use std::ops::Range;

use crate::diagnostics::codes;
use crate::source::Span;

use super::decl::{BinaryOp, Expr, ExprKind, UnaryOp};
use super::expr::{Depth, FileParser};
use super::mask_for_parser::{DEEPEST, LONGEST_CHAIN, LineBreaks, too_deep};
use super::token::{TokenKind, Tokens};

/// A token of an expression that stands in none of its brackets, holes and strings.
#[derive(Debug, Clone, Copy)]
struct Outer {
    index: usize,
    /// Past its end: of a bracket or string, past what closes it.
    end: usize,
    /// An operand, or the end of one, stands before it.
    after_operand: bool,
}

impl FileParser<'_, '_> {
    /// The expression of some tokens, by its parts.
    pub(super) fn read_in_parts(&mut self, range: Range<usize>, depth: Depth) -> Expr {
        let range = self.trimmed(range);
        let span = self.range_span(&range);
        let Some(outer) = outermost(self.tokens, &range) else {
            too_deep(self.problems, span);
            return self.error(span);
        };
        let operators: Vec<Outer> = outer
            .iter()
            .copied()
            .filter(|token| self.is_operator(token))
            .collect();
        let mut counted = operators
            .iter()
            .filter(|token| !self.tokens.is_symbol(token.index, ":"));
        if let Some(one_too_many) = counted.nth(LONGEST_CHAIN) {
            let span = self.range_span(&(one_too_many.index..one_too_many.end));
            too_deep(self.problems, span);
            return self.error(span);
        }
        if operators
            .iter()
            .any(|token| self.tokens.is_symbol(token.index, "?"))
        {
            return self.conditionals(&range, &operators, depth);
        }
        let binary: Vec<(usize, BinaryOp)> = operators
            .iter()
            .filter_map(|token| Some((token.index, binary(self.tokens.text(token.index))?)))
            .collect();
        if !binary.is_empty() {
            return self.chain(&range, &binary, depth);
        }
        let signs = outer
            .iter()
            .take_while(|token| unary(self.tokens.text(token.index)).is_some())
            .count();
        if signs > 0 {
            return self.signed(&range, signs, depth);
        }
        self.term(range, &outer, depth)
    }

    /// Operators of two operands, `?` and its `:`.
    fn is_operator(&self, token: &Outer) -> bool {
        let text = self.tokens.text(token.index);
        let binary = token.after_operand && binary(text).is_some();
        self.tokens.kind(token.index) == TokenKind::Symbol && (binary || matches!(text, "?" | ":"))
    }

    fn conditionals(&mut self, range: &Range<usize>, operators: &[Outer], depth: Depth) -> Expr {
        let mut arms = Vec::new();
        let (mut from, mut at) = (range.start, 0);
        let is = |tokens: &Tokens<'_>, at: usize, symbol: &str| {
            operators
                .get(at)
                .is_some_and(|token| tokens.is_symbol(token.index, symbol))
        };
        while let Some(next) = (at..operators.len()).find(|at| is(self.tokens, *at, "?")) {
            // The `:` of this `?` comes after those of the conditionals in its first arm.
            let (mut open, mut colon) = (1, next);
            while open > 0 && colon + 1 < operators.len() {
                colon += 1;
                open += usize::from(is(self.tokens, colon, "?"));
                open -= usize::from(is(self.tokens, colon, ":"));
            }
            let [question, colon_at] = [next, colon].map(|at| operators[at].index);
            if open > 0 {
                let span = self.range_span(&(question..question + 1));
                let text = "expected `:` and a value behind the value of this `?`";
                self.problems.error(codes::UNEXPECTED_TOKEN, span, text);
                return self.error(span);
            }
            arms.push((from..question, question + 1..colon_at));
            (from, at) = (colon_at + 1, colon + 1);
        }
        let end = range.end;
        let mut below = depth;
        let mut read = Vec::with_capacity(arms.len());
        for (condition, yes) in arms {
            below = below.below();
            let start = self.range_span(&self.trimmed(condition.clone()));
            let condition = self.part(condition, below);
            read.push((start, condition, self.part(yes, below)));
        }
        let last = self.range_span(&self.trimmed(from..end));
        let mut whole = self.part(from..end, below);
        for (start, condition, yes) in read.into_iter().rev() {
            let span = start.to(last);
            let kind = ExprKind::Conditional(Box::new(condition), Box::new(yes), Box::new(whole));
            whole = self.expr(span, kind);
        }
        whole
    }

    /// Operands and operators of two, those that bind stronger first, of equal ones the left one.
    fn chain(
        &mut self,
        range: &Range<usize>,
        operators: &[(usize, BinaryOp)],
        depth: Depth,
    ) -> Expr {
        let mut from = range.start;
        // Each operand with its place, which includes brackets around it.
        let mut operands: Vec<(Span, Expr)> = Vec::new();
        let mut waiting: Vec<BinaryOp> = Vec::new();
        // An operand is at most as deep as there are operators.
        let inner = Depth {
            tree: depth.tree + operators.len(),
            ..depth
        };
        for (index, operator) in operators {
            operands.push(self.operand(from..*index, inner));
            while waiting
                .last()
                .is_some_and(|before| strength(*before) >= strength(*operator))
            {
                self.join(&mut operands, &mut waiting);
            }
            waiting.push(*operator);
            from = index + 1;
        }
        operands.push(self.operand(from..range.end, inner));
        while !waiting.is_empty() {
            self.join(&mut operands, &mut waiting);
        }
        match operands.pop() {
            Some((_, whole)) => whole,
            None => self.error(self.range_span(range)),
        }
    }

    /// The last operator and its two operands become one.
    fn join(&mut self, operands: &mut Vec<(Span, Expr)>, waiting: &mut Vec<BinaryOp>) {
        let (Some(operator), Some((end, right)), Some((start, left))) =
            (waiting.pop(), operands.pop(), operands.pop())
        else {
            return;
        };
        let span = start.to(end);
        let kind = ExprKind::Binary(operator, Box::new(left), Box::new(right));
        let whole = self.expr(span, kind);
        operands.push((span, whole));
    }

    fn operand(&mut self, range: Range<usize>, depth: Depth) -> (Span, Expr) {
        let span = self.range_span(&self.trimmed(range.clone()));
        (span, self.part(range, depth))
    }

    /// Some `!` and `-` before a term.
    fn signed(&mut self, range: &Range<usize>, signs: usize, depth: Depth) -> Expr {
        // A `-` right before a number is the number's.
        let number = self.tokens.kind(range.start + signs) == TokenKind::Number
            && self.tokens.is_symbol(range.start + signs - 1, "-");
        let signs = signs - usize::from(number);
        if signs == 0 {
            return self.read_whole(range.clone(), LineBreaks::Ignored, depth);
        }
        let inner = Depth {
            written: depth.written + signs,
            tree: depth.tree + signs,
        };
        let mut whole = self.part(range.start + signs..range.end, inner);
        for index in (range.start..range.start + signs).rev() {
            let span = self.range_span(&(index..range.end));
            if let Some(operator) = unary(self.tokens.text(index)) {
                whole = self.expr(span, ExprKind::Unary(operator, Box::new(whole)));
            }
        }
        whole
    }

    /// A name, call, list, object or parenthesis, and what follows it: `hcl-edit` reads it without what its brackets hold.
    fn term(&mut self, range: Range<usize>, outer: &[Outer], depth: Depth) -> Expr {
        let inner = depth.inside();
        if let [only] = outer
            && self.tokens.kind(only.index) == TokenKind::OpenParen
        {
            return self.part(range.start + 1..range.end - 1, inner);
        }
        let mut cut = Vec::new();
        for token in outer {
            let inside = token.index + 1..token.end.saturating_sub(1);
            if !self.tokens.kind(token.index).opens_bracket() {
                continue;
            }
            let Some(items) = outermost(self.tokens, &inside) else {
                continue;
            };
            let object = self.tokens.kind(token.index) == TokenKind::OpenBrace;
            cut.extend(self.items(&inside, &items, object));
        }
        for item in cut {
            let span = self.range_span(&item);
            self.replaced.pieces.insert((span.start, span.end), item);
        }
        self.read_whole(range, LineBreaks::Ignored, depth)
    }

    /// What in a pair of brackets is read by itself: values of lists, arguments, indexes, values of objects, parts of `for`.
    fn items(&self, inside: &Range<usize>, outer: &[Outer], object: bool) -> Vec<Range<usize>> {
        let first = outer
            .iter()
            .find(|token| self.tokens.kind(token.index) != TokenKind::Newline);
        let is_for = first.is_some_and(|token| self.tokens.text(token.index) == "for");
        let mut items = Vec::new();
        let (mut from, mut open) = (inside.start, 0usize);
        // Before `in` of a `for`, and before `=` in an object, stands what is no value.
        let mut value = !(is_for || object);
        for token in outer {
            let (kind, text) = (self.tokens.kind(token.index), self.tokens.text(token.index));
            let symbol = kind == TokenKind::Symbol;
            if !value && kind == TokenKind::OpenParen {
                // A computed key.
                items.push(token.index + 1..token.end - 1);
            }
            open += usize::from(symbol && text == "?");
            let colon = symbol && text == ":";
            if colon && open > 0 {
                open -= 1;
                continue;
            }
            let word = kind == TokenKind::Ident && is_for && token.after_operand;
            let (ends, begins) = match text {
                "in" if word && !value => (false, true),
                "if" if word => (true, true),
                "," if symbol => (true, !object && (!is_for || value)),
                "..." if symbol => (true, false),
                "=>" if symbol => (true, true),
                ":" if colon => (true, true),
                "=" if symbol && object => (false, true),
                _ if kind == TokenKind::Newline && object && !is_for => (true, false),
                _ => continue,
            };
            if ends && value {
                items.push(from..token.index);
            }
            value = begins;
            from = token.end;
        }
        if value {
            items.push(from..inside.end);
        }
        let items = items.into_iter().map(|item| self.trimmed(item));
        items.filter(|item| self.is_worth_cutting(item)).collect()
    }

    /// Whether it can be cut further. A string by itself is read from its tokens anyway.
    fn is_worth_cutting(&self, item: &Range<usize>) -> bool {
        item.len() > 1 && !self.is_string(item)
    }

    fn part(&mut self, range: Range<usize>, depth: Depth) -> Expr {
        let range = self.trimmed(range);
        if range.is_empty() {
            // The missing operand belongs after the last token.
            let last = self.tokens.at(range.start.saturating_sub(1));
            let span = Span {
                file: self.file,
                start: last.end,
                end: last.end,
            };
            let text = "expected an expression";
            self.problems.error(codes::UNEXPECTED_TOKEN, span, text);
            return self.error(span);
        }
        if depth.written > DEEPEST {
            let span = self.range_span(&range);
            too_deep(self.problems, span);
            return self.error(span);
        }
        self.read(range, LineBreaks::Ignored, depth)
    }
}

/// The tokens of a range that stand in none of its brackets; `None` where brackets do not match.
fn outermost(tokens: &Tokens<'_>, range: &Range<usize>) -> Option<Vec<Outer>> {
    let mut found: Vec<Outer> = Vec::new();
    let (mut index, mut after_operand) = (range.start, false);
    while index < range.end {
        let kind = tokens.kind(index);
        let end = match kind {
            TokenKind::OpenQuote | TokenKind::OpenHeredoc => tokens.at(index).partner as usize + 1,
            kind if kind.opens_bracket() => closing(tokens, index, range.end)?,
            kind if kind.closes_bracket() => return None,
            _ => index + 1,
        };
        found.push(Outer {
            index,
            end,
            after_operand,
        });
        // `*` of a splat stands where an operand does.
        after_operand = match kind {
            TokenKind::Symbol => tokens.is_symbol(index, "*") && !after_operand,
            TokenKind::Newline => after_operand,
            _ => true,
        };
        index = end;
    }
    Some(found)
}

/// Past the bracket that closes the one at `open`.
fn closing(tokens: &Tokens<'_>, open: usize, end: usize) -> Option<usize> {
    let (mut depth, mut index) = (0usize, open);
    while index < end {
        match tokens.kind(index) {
            TokenKind::OpenQuote | TokenKind::OpenHeredoc => {
                index = tokens.at(index).partner as usize;
            }
            kind if kind.opens_bracket() => depth += 1,
            kind if kind.closes_bracket() => {
                depth -= 1;
                if depth == 0 {
                    return Some(index + 1);
                }
            }
            _ => {}
        }
        index += 1;
    }
    None
}

fn binary(symbol: &str) -> Option<BinaryOp> {
    Some(match symbol {
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Sub,
        "*" => BinaryOp::Mul,
        "/" => BinaryOp::Div,
        "%" => BinaryOp::Rem,
        "==" => BinaryOp::Equal,
        "!=" => BinaryOp::NotEqual,
        "<" => BinaryOp::Less,
        "<=" => BinaryOp::LessEq,
        ">" => BinaryOp::Greater,
        ">=" => BinaryOp::GreaterEq,
        "&&" => BinaryOp::And,
        "||" => BinaryOp::Or,
        _ => return None,
    })
}

fn unary(symbol: &str) -> Option<UnaryOp> {
    match symbol {
        "!" => Some(UnaryOp::Not),
        "-" => Some(UnaryOp::Neg),
        _ => None,
    }
}

/// The precedence of an operator.
fn strength(operator: BinaryOp) -> u8 {
    match operator {
        BinaryOp::Or => 1,
        BinaryOp::And => 2,
        BinaryOp::Equal | BinaryOp::NotEqual => 3,
        BinaryOp::Less | BinaryOp::LessEq | BinaryOp::Greater | BinaryOp::GreaterEq => 4,
        BinaryOp::Add | BinaryOp::Sub => 5,
        BinaryOp::Mul | BinaryOp::Div | BinaryOp::Rem => 6,
    }
}
