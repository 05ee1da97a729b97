//! The stages of the compiler, in order; each takes what the one before made and nothing else.
//!
//! ```text
//! files --source--> texts --syntax--> declarations --resolve--> names and edges
//!       --check--> typed expressions --plan--> one schedule --emit--> Rust source --link--> one executable
//! ```

pub mod check;
pub mod diagnostics;
pub mod resolve;
pub mod source;
pub mod syntax;
