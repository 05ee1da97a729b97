//! The stages of the compiler, in order; each takes what the one before made and nothing else.
//!
//! ```text
//! files --source--> texts --syntax--> declarations --resolve--> names and edges
//!       --check--> typed expressions --plan--> a schedule for each body --emit--> Rust source --link--> one executable
//! ```

pub mod check;
pub mod cli;
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
use diagnostics::{Problems, codes};
use emit::Package;
use modules::Modules;
use plan::model::Plan;
use source::Sources;

/// A grid, ready to be built.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// What runs when.
    pub plan: Plan,
    /// The Rust source.
    pub package: Package,
}

/// Everything that is wrong with a grid, and the grid with its types when it has no errors.
pub fn check(sources: &Sources, modules: &Modules) -> (Option<Typed>, Problems) {
    let (declarations, mut problems) = syntax::parse(sources);
    let unread = problems.has_errors();
    let (resolved, found) = resolve::resolve(declarations, modules);
    problems.extend(found);
    let (typed, mut found) = check::check(&resolved, modules);
    if unread {
        // What is missing may stand in what could not be read.
        let missing = [codes::NO_STEPS, codes::UNUSED_RESOURCE];
        found
            .list
            .retain(|problem| !missing.contains(&problem.code));
    }
    problems.extend(found);
    problems.sort();
    let typed = typed.filter(|_| !problems.has_errors());
    (typed, problems)
}

/// All stages but the last one.
pub fn compile(sources: &Sources, modules: &Modules) -> (Option<Compiled>, Problems) {
    let (typed, problems) = check(sources, modules);
    let compiled = typed.map(|typed| {
        let plan = plan::plan(&typed, sources, modules);
        let package = emit::emit(&plan, modules);
        Compiled { plan, package }
    });
    (compiled, problems)
}
