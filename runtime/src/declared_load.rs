//! The load of a scenario as emitted code says it: a profile and its fields, which may read variables -> a load, or the first
//! thing that is wrong with it.

use crate::fault::{Fault, FaultText, Place};
use bggo_schedule::Load;
use bggo_schedule::declared::{Declared, Field, Profile, Wrong};
use bggo_values::Value;

/// A load as the grid says it. Fields that are given after a stage belong to that stage.
#[derive(Debug)]
pub struct DeclaredLoad {
    declared: Declared<&'static Place>,
    place: &'static Place,
}

impl DeclaredLoad {
    /// A profile without fields.
    pub const fn new(profile: Profile, place: &'static Place) -> Self {
        Self {
            declared: Declared::new(profile, place),
            place,
        }
    }

    /// With a field.
    #[must_use]
    pub fn field(mut self, field: Field, value: Value, place: &'static Place) -> Self {
        self.declared = self.declared.field(field, value, place);
        self
    }

    /// With one more stage.
    #[must_use]
    pub fn stage(mut self, place: &'static Place) -> Self {
        self.declared = self.declared.stage(place);
        self
    }

    /// The load.
    ///
    /// # Errors
    /// The first thing that is wrong with it, with its place in the grid. Nothing of a load is sensitive.
    pub fn load(&self) -> Result<Load, Fault> {
        match self.declared.load() {
            Ok(Some(load)) => Ok(load),
            // Every field has a value here, so nothing is known only later.
            Ok(None) => Err(Fault::new("value", "the load is not known").at(self.place)),
            Err(wrong) => Err(first(wrong, self.place)),
        }
    }
}

fn first(wrong: Vec<Wrong<&'static Place>>, place: &'static Place) -> Fault {
    match wrong.into_iter().next() {
        Some(wrong) => Fault::new("value", FaultText::plain(wrong.text)).at(wrong.place),
        None => Fault::new("value", "the load is wrong").at(place),
    }
}
