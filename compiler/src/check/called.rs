//! What is known of a flow where it is called: it as a runner, and what of its inputs is sensitive.

use std::ops::Deref;
use std::rc::Rc;

use bggo_manifest::Runner;

use crate::resolve::model::InputId;
use crate::syntax::decl::Declarations;

use super::typed::Sensitivity;

/// A runner of a module, or a flow as one.
#[derive(Debug, Clone)]
pub(in crate::check) enum RunnerRef<'a> {
    /// Of a module.
    Module(&'a Runner),
    /// A flow.
    Flow(Rc<Runner>),
}

impl Deref for RunnerRef<'_> {
    type Target = Runner;

    fn deref(&self) -> &Runner {
        match self {
            RunnerRef::Module(runner) => runner,
            RunnerRef::Flow(runner) => runner,
        }
    }
}

/// What is sensitive of each input of each flow, by body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::check) struct SensitiveInputs(Vec<Vec<Sensitivity>>);

impl SensitiveInputs {
    /// Nothing, as far as calls are concerned.
    pub(in crate::check) fn none(declarations: &Declarations) -> Self {
        let inputs = declarations.bodies.iter().map(|body| {
            let inputs = body.flow.as_ref().map_or(0, |flow| flow.inputs.len());
            vec![Sensitivity::NONE; inputs]
        });
        Self(inputs.collect())
    }

    /// What of an input.
    pub(in crate::check) fn of(&self, id: InputId) -> Sensitivity {
        let inputs = self.0.get(id.flow.0);
        let found = inputs.and_then(|inputs| inputs.get(id.index));
        found.cloned().unwrap_or_default()
    }

    /// A call hands over this.
    pub(in crate::check) fn add(&mut self, id: InputId, more: &Sensitivity) {
        let inputs = self.0.get_mut(id.flow.0);
        if let Some(known) = inputs.and_then(|inputs| inputs.get_mut(id.index)) {
            *known = std::mem::take(known).and(more);
        }
    }
}
