//! `threshold` blocks to declarations.

use super::decl::ThresholdDecl;
use super::expr::FileParser;
use super::fields::Shape;
use super::structure::RawBlock;
use super::token::TokenKind;
use crate::diagnostics::codes;
use std::ops::Range;

pub(super) const THRESHOLD: Shape = Shape {
    owner: "a threshold",
    attributes: &[
        "condition",
        "over",
        "for",
        "after",
        "on_fail",
        "description",
    ],
    blocks: &[],
    repeated: &[],
    labelled: &[],
    required: &["condition"],
};

impl FileParser<'_, '_> {
    /// `threshold "NAME" { }`; `None` where it has no name.
    pub(super) fn threshold(&mut self, block: RawBlock) -> Option<ThresholdDecl> {
        let Some(name) = self.free_label(&block) else {
            self.discard(block.body);
            return None;
        };
        let (span, unread) = (block.header, block.body.broken);
        let mut found = self.sort(block.body, &THRESHOLD);
        let broken = unread || found.misplaced;
        let condition = found.attribute("condition").map(|condition| {
            let written = self.range_span(&self.unbracketed(&condition.value));
            let text = self.tokens.text;
            let text = text.get(written.start as usize..written.end as usize);
            (self.value(condition), one_line(text.unwrap_or_default()))
        });
        if condition.is_none() && !broken {
            self.problems
                .error(
                    codes::MISSING_ATTRIBUTE,
                    span,
                    "`threshold` needs the attribute `condition`",
                )
                .hint(
                    "it compares figures of the run: `condition = metrics.run.failed.ratio < 0.01`",
                );
        }
        Some(ThresholdDecl {
            span,
            name,
            condition,
            over: self.optional(&mut found, "over"),
            hold: self.optional(&mut found, "for"),
            after: self.optional(&mut found, "after"),
            on_fail: self.optional(&mut found, "on_fail"),
            description: self.optional(&mut found, "description"),
        })
    }
}

impl FileParser<'_, '_> {
    /// What stands in brackets around a whole expression, which only allow it to have several lines.
    fn unbracketed(&self, range: &Range<usize>) -> Range<usize> {
        let close = range.end.saturating_sub(1);
        let is_bracketed = self.tokens.kind(range.start) == TokenKind::OpenParen
            && self.tokens.closing(range.start) == close
            && close > range.start + 1;
        if is_bracketed {
            range.start + 1..close
        } else {
            range.clone()
        }
    }
}

/// A text as reports show it: without line ends.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
