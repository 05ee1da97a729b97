//! The stages of the compiler, in order; each takes what the one before made and nothing else.
//!
//! ```text
//! files --source--> texts --syntax--> declarations --resolve--> names and edges
//!       --check--> typed expressions --plan--> one schedule --emit--> Rust source --link--> one executable
//! ```

pub mod check;
pub mod diagnostics;
pub mod emit;
#[doc(hidden)]
pub mod fuzz;
pub mod link;
pub mod modules;
pub mod plan;
pub mod resolve;
pub mod source;
pub mod syntax;

use check::typed::Typed;
use diagnostics::Problems;
use modules::Modules;
use source::Sources;

/// Everything that is wrong with a grid, and the grid with its types when nothing is.
pub fn check(sources: &Sources, _modules: &Modules) -> (Option<Typed>, Problems) {
    let (_declarations, problems) = syntax::parse(sources);
    (None, problems)
}
