//! A condition of the grid that a runner judges, such as which message a step waits for.

use crate::fault::Fault;
use std::fmt;

/// A condition of the grid over outputs that a step might give. `Output::fits`, which `module!` makes, asks it.
#[derive(Clone, Copy)]
pub struct Predicate<'a>(&'a dyn Fn() -> Result<bool, Fault>);

impl<'a> Predicate<'a> {
    /// One that is computed so, from what the step keeps at the moment.
    pub fn new(holds: &'a dyn Fn() -> Result<bool, Fault>) -> Self {
        Self(holds)
    }

    /// Whether it holds of what the step keeps now.
    ///
    /// # Errors
    /// It could not be computed.
    pub fn holds(&self) -> Result<bool, Fault> {
        (self.0)()
    }
}

impl fmt::Debug for Predicate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Predicate")
    }
}
