//! Where the reading of an expression stands: the next token, what is open around it, and how it goes on after a fault.

use std::ops::Range;

use crate::source::Span;

use crate::syntax::bounds::{DEEPEST, DEEPEST_TREE, too_deep};
use crate::syntax::decl::{Expr, ExprKind};
use crate::syntax::expr::FileParser;
use crate::syntax::token::TokenKind;

/// Reads the expression of some tokens.
pub(super) struct Reader<'r, 'a, 'p> {
    pub(super) parser: &'r mut FileParser<'a, 'p>,
    /// The tokens of the whole expression.
    pub(super) range: Range<usize>,
    /// The next token.
    pub(super) at: usize,
    /// Brackets, holes and unary operators around the next token.
    pub(super) written: usize,
    pub(super) state: State,
}

/// The innermost open bracket and the item that is read in it.
pub(super) struct State {
    pub(super) within: Within,
    /// Line breaks mean nothing here.
    pub(super) ignores_lines: bool,
    /// Operators in the item.
    pub(super) operators: usize,
    /// A fault of the item is reported: what does not fit after it is most often no second one.
    pub(super) faulty: bool,
    /// The item is beyond the bounds, which is reported.
    pub(super) too_long: bool,
}

/// What is open around an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    /// Nothing: the right side of an attribute, a hole, or a part of a directive.
    Nothing,
    /// `( )`
    Group,
    /// `a[ ]`
    Index,
    /// `[ ]`
    List,
    /// `f( )`
    Call,
    /// `{ }`
    Object,
    /// `[for ..]`
    ForList,
    /// `{ for .. }`
    ForObject,
}

impl Within {
    /// What closes it.
    pub(super) fn closer(self) -> TokenKind {
        match self {
            Within::Nothing => TokenKind::End,
            Within::Group | Within::Call => TokenKind::CloseParen,
            Within::Index | Within::List | Within::ForList => TokenKind::CloseBracket,
            Within::Object | Within::ForObject => TokenKind::CloseBrace,
        }
    }

    /// Whether it has items with commas between them.
    fn has_items(self) -> bool {
        matches!(self, Within::List | Within::Call | Within::Object)
    }
}

impl State {
    pub(super) fn of(within: Within, ignores_lines: bool) -> State {
        State {
            within,
            ignores_lines,
            operators: 0,
            faulty: false,
            too_long: false,
        }
    }
}

/// An expression that was read.
pub(super) struct Read {
    pub(super) expr: Expr,
    /// Its place, with brackets around it.
    pub(super) outer: Span,
    /// Levels of nodes in it, its own one included.
    pub(super) height: usize,
}

impl Reader<'_, '_, '_> {
    /// The kind of the next token, of line breaks too; `End` behind the last one.
    pub(super) fn kind(&self) -> TokenKind {
        match self.at < self.range.end {
            true => self.parser.tokens.kind(self.at),
            false => TokenKind::End,
        }
    }

    /// The same, past line breaks that mean nothing.
    pub(super) fn next(&mut self) -> TokenKind {
        if self.state.ignores_lines {
            self.skip_lines();
        }
        self.kind()
    }

    pub(super) fn skip_lines(&mut self) {
        while self.kind() == TokenKind::Newline {
            self.at += 1;
        }
    }

    /// The next token if it is a symbol; else an empty text.
    pub(super) fn symbol(&mut self) -> &str {
        match self.next() {
            TokenKind::Symbol => self.parser.tokens.text(self.at),
            _ => "",
        }
    }

    /// Goes past a symbol if it is the next token.
    pub(super) fn takes(&mut self, symbol: &str) -> bool {
        let found = self.symbol() == symbol;
        self.at += usize::from(found);
        found
    }

    /// Whether the next token is this word.
    pub(super) fn is_word(&mut self, word: &str) -> bool {
        self.next() == TokenKind::Ident && self.parser.tokens.text(self.at) == word
    }

    /// The token before, which is no line break. None at the start of the expression.
    pub(super) fn before(&self) -> Option<usize> {
        let mut before = self.range.start..self.at.min(self.range.end);
        before.rfind(|index| self.parser.tokens.kind(*index) != TokenKind::Newline)
    }

    /// From a token to the one before the next.
    pub(super) fn span_from(&self, first: usize) -> Span {
        let last = self.before().unwrap_or(first).max(first);
        self.parser.range_span(&(first..last + 1))
    }

    pub(super) fn token_span(&self, index: usize) -> Span {
        self.parser.range_span(&(index..index + 1))
    }

    /// An expression of one node.
    pub(super) fn leaf(&mut self, span: Span, kind: ExprKind) -> Read {
        self.node(span, kind, 0)
    }

    /// An expression of a node above others, the highest of which has this many levels.
    pub(super) fn node(&mut self, span: Span, kind: ExprKind, below: usize) -> Read {
        if below >= DEEPEST_TREE {
            self.too_deep(span);
            return self.leaf(span, ExprKind::Error);
        }
        Read {
            expr: self.parser.expr(span, kind),
            outer: span,
            height: below + 1,
        }
    }

    /// Reports that the expression nests too deep, once in an attribute.
    pub(super) fn too_deep(&mut self, span: Span) {
        if !std::mem::replace(&mut self.parser.depth_reported, true) {
            too_deep(self.parser.problems, span);
        }
    }

    /// Goes into the bracket that is next, and gives back what was read around it. None if it is too deep: then the whole
    /// bracket is passed.
    pub(super) fn open(&mut self, within: Within) -> Option<State> {
        if self.written >= DEEPEST {
            let span = self.token_span(self.at);
            self.too_deep(span);
            self.pass();
            return None;
        }
        self.at += 1;
        self.written += 1;
        let state = State::of(within, within != Within::Object);
        Some(std::mem::replace(&mut self.state, state))
    }

    /// Goes out of a bracket of which everything is read. What stands there still is reported and passed.
    pub(super) fn close(&mut self, outer: State) {
        let closer = self.state.within.closer();
        if self.next() != closer {
            self.report_separator();
            // Items have their commas; whoever reads them has passed these.
            self.pass_up_to(None);
        }
        self.at += usize::from(self.kind() == closer);
        self.written -= 1;
        self.state = outer;
    }

    /// What is read next has faults of its own.
    pub(super) fn begin_item(&mut self) {
        self.state.operators = 0;
        self.state.faulty = false;
        self.state.too_long = false;
    }

    /// Goes on where the next item of the innermost bracket begins or the bracket ends.
    pub(super) fn recover(&mut self) {
        let within = self.state.within;
        loop {
            match self.kind() {
                TokenKind::End => return,
                TokenKind::Newline if within == Within::Object => return,
                TokenKind::Symbol
                    if within.has_items() && self.parser.tokens.is_symbol(self.at, ",") =>
                {
                    return;
                }
                kind if kind.closes_bracket() => return,
                _ => self.pass(),
            }
        }
    }

    /// Goes to this symbol, or to what closes the innermost bracket.
    pub(super) fn pass_up_to(&mut self, symbol: Option<&str>) {
        while self.kind() != TokenKind::End
            && !self.kind().closes_bracket()
            && symbol.is_none_or(|symbol| self.symbol() != symbol)
        {
            self.pass();
        }
    }

    /// Goes past the next token, and past all of a bracket or string that it begins.
    fn pass(&mut self) {
        let mut open = 0_usize;
        while self.at < self.range.end {
            match self.kind() {
                TokenKind::OpenQuote | TokenKind::OpenHeredoc => {
                    self.at = self.parser.tokens.at(self.at).partner as usize;
                }
                kind if kind.opens_bracket() => open += 1,
                kind if kind.closes_bracket() => open = open.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            if open == 0 {
                return;
            }
        }
    }
}
