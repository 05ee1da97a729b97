//! The model of `manifest.hcl` and its reader, used by the compiler and by `module!`, so both read it the same way.

mod fault;
mod model;
mod read;

pub use fault::ManifestFault;
pub use model::*;
pub use read::read;

#[cfg(test)]
mod tests;
