//! A line and the steps of a body that use it, with all that is known of their order.

use super::order::Order;
use super::touches::{Line, Touches};
use crate::check::typed::Typed;
use crate::resolve::model::{BodyId, Resolved, StepId};

/// A line, and the body in which steps use it.
pub(super) struct On<'t> {
    pub(super) typed: &'t Typed,
    pub(super) resolved: &'t Resolved,
    pub(super) touches: &'t Touches<'t>,
    pub(super) order: &'t Order,
    pub(super) body: BodyId,
    pub(super) line: Line,
}

impl On<'_> {
    /// A step as a grid names it.
    pub(super) fn address(&self, step: StepId) -> String {
        self.resolved.declarations.step(step).address()
    }

    /// The line as a grid names it.
    pub(super) fn resource(&self) -> String {
        match self.line {
            Line::Of(id) => format!("`{}`", self.resolved.declarations.resource(id).address()),
            Line::Default(_) => "the connection that all steps share which name none".to_owned(),
        }
    }
}
