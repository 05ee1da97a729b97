//! The stages of the compiler, in order. Each takes only the result of the one before.
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
    /// When each step runs.
    pub plan: Plan,
    /// The Rust source.
    pub package: Package,
}

/// The stack of the thread that compiles, in bytes. Stages call themselves once a level of an expression, and a chain of
/// 10,000 operators has as many levels; of these addresses only what is used becomes memory.
const STACK: usize = 1 << 30;

/// Runs stages on a stack that is large enough for the deepest expression that `syntax` lets through. [`check`] and
/// [`compile`] do so themselves; who calls a stage alone does it around all that holds expressions.
pub fn on_a_large_stack<T: Default + Send>(stages: impl FnOnce() -> T + Send) -> T {
    let (mut stages, mut result) = (Some(stages), T::default());
    let mut run = || {
        if let Some(stages) = stages.take() {
            result = stages();
        }
    };
    let ended = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        let thread = thread.spawn_scoped(scope, &mut run);
        thread.map(|thread| thread.join())
    });
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(panic)) => std::panic::resume_unwind(panic),
        // If the system has no such stack, this thread's own is large enough for usual grids.
        Err(_) => run(),
    }
    result
}

/// Everything that is wrong with a grid, and the grid with its types when it has no errors.
pub fn check(sources: &Sources, modules: &Modules) -> (Option<Typed>, Problems) {
    on_a_large_stack(|| check_here(sources, modules))
}

fn check_here(sources: &Sources, modules: &Modules) -> (Option<Typed>, Problems) {
    let (declarations, mut problems) = syntax::parse(sources);
    let unread = problems.has_errors();
    let (resolved, found) = resolve::resolve(declarations, modules);
    problems.extend(found);
    let (typed, mut found) = check::check(&resolved, modules);
    if unread {
        // A missing name may be declared in a part that could not be read.
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
    on_a_large_stack(|| compile_here(sources, modules))
}

fn compile_here(sources: &Sources, modules: &Modules) -> (Option<Compiled>, Problems) {
    let (typed, problems) = check_here(sources, modules);
    let compiled = typed.map(|typed| {
        let plan = plan::plan(&typed, sources, modules);
        let package = emit::emit(&plan, modules);
        Compiled { plan, package }
    });
    (compiled, problems)
}
