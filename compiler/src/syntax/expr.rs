//! What the reading of a file's expressions has at hand.

use std::ops::Range;

use crate::diagnostics::Problems;
use crate::source::{FileId, Span};

use super::decl::{BodyDecl, Expr, ExprId, ExprKind};
use super::token::Tokens;

/// Reads the expressions of one file.
pub(super) struct FileParser<'a, 'p> {
    pub(super) file: FileId,
    pub(super) tokens: &'a Tokens<'a>,
    /// Ids given out so far, over all files.
    pub(super) ids: &'p mut u32,
    pub(super) problems: &'p mut Problems,
    /// A missing bracket of the attribute is reported: where it ends, nothing more is.
    pub(super) brackets_reported: bool,
    /// That the attribute nests too deep is reported.
    pub(super) depth_reported: bool,
    /// First arms of conditionals that are open, over all brackets and holes.
    pub(super) arms: usize,
    /// Flows that steps of the kind `mix` run.
    pub(super) mixes: Vec<BodyDecl>,
}

impl<'a, 'p> FileParser<'a, 'p> {
    pub(super) fn new(
        file: FileId,
        tokens: &'a Tokens<'a>,
        ids: &'p mut u32,
        problems: &'p mut Problems,
    ) -> Self {
        FileParser {
            file,
            tokens,
            ids,
            problems,
            brackets_reported: false,
            depth_reported: false,
            arms: 0,
            mixes: Vec::new(),
        }
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
}
