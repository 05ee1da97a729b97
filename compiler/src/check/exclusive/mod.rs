//! What steps do to resources that serve one step after the other, against the order in which they run: who is kept waiting by
//! whom, and what runs inside of a transaction.
//!
//! ```text
//! touches: which steps use which line --+-- blocked: one that waits with it in its hands
//! order: which steps of a body run before which --'-- transaction: what is opened and closed on it
//! ```
//!
//! A resource of an exclusive asset is called a line here. What a flow does to a line that its callers see counts as done by the
//! step that calls it.

mod blocked;
mod order;
mod touches;
mod transaction;

use bggo_manifest::Concurrency;

use super::typed::Typed;
use crate::diagnostics::Problems;
use crate::modules::Modules;
use crate::resolve::model::{BodyId, Resolved, StepId};

use order::Order;
use touches::{Line, Touches};

/// Errors and warnings of a grid that has no errors otherwise.
pub(super) fn check(
    typed: &Typed,
    resolved: &Resolved,
    modules: &Modules,
    problems: &mut Problems,
) {
    let is_exclusive = |at| modules.asset(at).concurrency == Concurrency::Exclusive;
    let mut used = modules
        .assets()
        .filter(|asset| asset.concurrency == Concurrency::Exclusive);
    let mut resources = typed.resources().map(|resource| resource.asset);
    // Few grids have one, and some runners make one where a grid names none.
    if used.next().is_none()
        || !(resources.any(is_exclusive) || touches::has_default(typed, modules))
    {
        return;
    }
    let touches = Touches::of(typed, modules);
    for body in typed.body_ids() {
        let lines = touches.in_body(body);
        if lines.values().all(Vec::is_empty) {
            continue;
        }
        let order = Order::of(typed, body, lines);
        for (line, of_line) in lines {
            let on = On {
                typed,
                resolved,
                touches: &touches,
                order: &order,
                body,
                line: *line,
            };
            blocked::check(&on, of_line, problems);
            transaction::check(&on, of_line, problems);
        }
    }
}

/// A line, and the body in which steps use it.
struct On<'t> {
    typed: &'t Typed,
    resolved: &'t Resolved,
    touches: &'t Touches<'t>,
    order: &'t Order,
    body: BodyId,
    line: Line,
}

impl On<'_> {
    /// A step as a grid names it.
    fn address(&self, step: StepId) -> String {
        self.resolved.declarations.step(step).address()
    }

    /// The line as a grid names it.
    fn resource(&self) -> String {
        match self.line {
            Line::Of(id) => format!("`{}`", self.resolved.declarations.resource(id).address()),
            Line::Default(_) => "the connection that all steps share which name none".to_owned(),
        }
    }
}
