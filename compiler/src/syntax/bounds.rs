//! How deep and how long an expression may be, and what a line break means in it.

use crate::diagnostics::{Problems, codes};
use crate::source::Span;

/// Levels of brackets, holes and unary operators that an expression may have.
pub(super) const DEEPEST: usize = 500;

/// Operators that may be chained in one expression.
pub(super) const LONGEST_CHAIN: usize = 10_000;

/// Levels of our own expressions, over all nested strings and chains: later stages recurse, on a stack that is large
/// enough for this (see `on_a_large_stack`).
pub(super) const DEEPEST_TREE: usize = 12_000;

/// What a line break means between the tokens of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineBreaks {
    /// It ends the expression, which is the right side of an attribute.
    End,
    /// Nothing, in `${ }` and `%{ }`.
    Ignored,
}

/// Reports that an expression nests too deep.
pub(super) fn too_deep(problems: &mut Problems, span: Span) {
    let text = format!(
        "this expression nests deeper than {DEEPEST} levels or chains more than {LONGEST_CHAIN} operators"
    );
    problems
        .error(codes::NESTED_TOO_DEEP, span, text)
        .hint("name parts of it in a `locals` block");
}
