//! The model of `manifest.hcl` and its reader, used by the compiler and by `module!`, so both read it the same way.

mod model;
mod read;

pub use model::*;
pub use read::{ManifestFault, read};

#[cfg(test)]
mod tests;
