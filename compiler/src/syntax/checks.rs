//! The blocks `check` of a step and `metric` to declarations.

use super::decl::{CheckDecl, MetricDecl};
use super::expr::FileParser;
use super::fields::Shape;
use super::structure::RawBlock;
use crate::diagnostics::codes;

pub(super) const CHECK: Shape = Shape {
    owner: "a check",
    attributes: &["condition", "error_message", "required"],
    blocks: &[],
    repeated: &[],
    labelled: &[],
    required: &["condition"],
};

pub(super) const METRIC: Shape = Shape {
    owner: "a metric",
    attributes: &["kind", "unit", "scale", "description"],
    blocks: &[],
    repeated: &[],
    labelled: &[],
    required: &["kind"],
};

impl FileParser<'_, '_> {
    /// `check "NAME" { }`; `None` where it has no name.
    pub(super) fn check(&mut self, block: RawBlock) -> Option<CheckDecl> {
        let Some(name) = self.free_label(&block) else {
            self.discard(block.body);
            return None;
        };
        let (span, broken) = (block.header, block.body.broken);
        let mut found = self.sort(block.body, &CHECK);
        let condition = self.optional(&mut found, "condition");
        if condition.is_none() && !broken && !found.misplaced {
            self.problems
                .error(
                    codes::MISSING_ATTRIBUTE,
                    span,
                    "`check` needs the attribute `condition`",
                )
                .hint("write `condition = output.FIELD == ..`");
        }
        Some(CheckDecl {
            span,
            name,
            condition,
            error_message: self.optional(&mut found, "error_message"),
            required: self.optional(&mut found, "required"),
        })
    }

    /// `metric "NAME" { }`; `None` where it has no name.
    pub(super) fn metric(&mut self, block: RawBlock) -> Option<MetricDecl> {
        let fine = self.labels(&block, &["NAME"]);
        let label = block.labels.first().filter(|_| fine);
        let Some(name) = label.map(|label| label.name.clone()) else {
            self.discard(block.body);
            return None;
        };
        let (span, unread) = (block.header, block.body.broken);
        let mut found = self.sort(block.body, &METRIC);
        Some(MetricDecl {
            span,
            name,
            kind: self.optional(&mut found, "kind"),
            unit: self.optional(&mut found, "unit"),
            scale: self.optional(&mut found, "scale"),
            description: self.optional(&mut found, "description"),
            broken: unread || found.misplaced,
        })
    }
}
