//! A typed load to the load that it comes to, by the rules that a program judges by when it starts.

use bggo_schedule::Load;
use bggo_schedule::declared::Declared;

use super::typed::{TField, TLoad};
use crate::source::Span;

/// The load for its rules. What is not a constant counts as known later.
pub(super) fn declared(load: &TLoad) -> Declared<Span> {
    let add = |declared: Declared<Span>, field: &TField| match field.value.constant() {
        Some(value) => declared.field(field.field, value.clone(), field.value.span),
        None => declared.later(field.field, field.value.span),
    };
    let declared = Declared::new(load.profile, load.place);
    let declared = load.fields.iter().fold(declared, add);
    load.stages.iter().fold(declared, |declared, stage| {
        stage.fields.iter().fold(declared.stage(stage.place), add)
    })
}

impl TLoad {
    /// The load; `None` where a part of it is known only when the program starts.
    pub fn known(&self) -> Option<Load> {
        declared(self).load().ok().flatten()
    }
}
