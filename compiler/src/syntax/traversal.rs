//! What follows a value: `.name`, `[index]` and splats, each step around the one before it.

use bggo_values::text::normalized;
use hcl_edit::Span as _;
use hcl_edit::expr::{Traversal, TraversalOperator};

use crate::diagnostics::codes;
use crate::source::Span;

use super::decl::{Expr, ExprKind, Name};
use super::expr::{At, Depth, FileParser};

/// A step of a traversal and its place.
type Step<'e> = (&'e TraversalOperator, Span);

impl FileParser<'_, '_> {
    pub(super) fn traversal(&mut self, traversal: &Traversal, at: &At<'_>, depth: Depth) -> Expr {
        let steps: Vec<Step<'_>> = traversal
            .operators
            .iter()
            .map(|step| (step.value(), at.span(step.span())))
            .collect();
        // The last step is the outermost node.
        let base = Depth {
            tree: depth.tree + steps.len(),
            ..depth
        };
        let over = self.convert(&traversal.expr, at, base);
        self.steps(over, &steps, at, base)
    }

    /// Applies the steps to `base`. Each splat takes steps into its `each`: `[*]` all that follow, `.*` the names.
    fn steps(&mut self, mut base: Expr, steps: &[Step<'_>], at: &At<'_>, depth: Depth) -> Expr {
        let mut rest = steps;
        while let Some(((step, place), after)) = rest.split_first() {
            rest = after;
            let start = base.span;
            let span = start.to(*place);
            let kind = match step {
                TraversalOperator::GetAttr(name) => {
                    let name = Name {
                        text: normalized(name.as_str().to_owned()),
                        span: at.span(name.span()),
                    };
                    ExprKind::Field(Box::new(base), name)
                }
                TraversalOperator::Index(index) => {
                    let index = self.convert(index, at, depth.below());
                    ExprKind::Index(Box::new(base), Box::new(index))
                }
                TraversalOperator::LegacyIndex(index) => {
                    let digits = at.span(index.span());
                    let kind = self.number(digits);
                    let index = self.expr(digits, kind);
                    ExprKind::Index(Box::new(base), Box::new(index))
                }
                TraversalOperator::FullSplat(_) | TraversalOperator::AttrSplat(_) => {
                    let names = |step: &&Step<'_>| {
                        matches!(
                            step.0,
                            TraversalOperator::GetAttr(_) | TraversalOperator::LegacyIndex(_)
                        )
                    };
                    let taken = match step {
                        TraversalOperator::FullSplat(_) => rest.len(),
                        _ => rest.iter().take_while(names).count(),
                    };
                    let (inner, after) = rest.split_at(taken);
                    rest = after;
                    self.check_splat(step, after.first());
                    let item = self.expr(span, ExprKind::Each);
                    let each = self.steps(item, inner, at, depth);
                    let whole = start.to(each.span);
                    let kind = ExprKind::Splat {
                        over: Box::new(base),
                        each: Box::new(each),
                    };
                    base = self.expr(whole, kind);
                    continue;
                }
            };
            base = self.expr(span, kind);
        }
        base
    }

    /// `a.*.b.*.c` has no meaning in HCL.
    fn check_splat(&mut self, step: &TraversalOperator, next: Option<&Step<'_>>) {
        if let (TraversalOperator::AttrSplat(_), Some((TraversalOperator::AttrSplat(_), place))) =
            (step, next)
        {
            self.problems
                .error(
                    codes::UNEXPECTED_TOKEN,
                    *place,
                    "a second `.*` cannot follow the first",
                )
                .hint("write `[*]` for both");
        }
    }
}
