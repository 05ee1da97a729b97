//! The stages of the compiler, in order. Each takes only the result of the one before.
//!
//! ```text
//! files --source--> texts --syntax--> declarations --resolve--> names and edges
//!       --check--> typed expressions --plan--> a schedule for each body --emit--> Rust source --link--> one executable
//! ```

mod allowed;
pub mod check;
pub mod cli;
pub mod diagnostics;
pub mod emit;
#[doc(hidden)]
pub mod fuzz;
mod hidden_lines;
pub mod known;
pub mod link;
pub mod lsp;
pub mod modules;
pub mod plan;
pub mod resolve;
pub mod source;
pub mod syntax;

use std::collections::{BTreeMap, BTreeSet};

use bggo_manifest::DocumentKind;
use check::typed::Typed;
use diagnostics::{Problem, Problems, Severity, codes};
use emit::Package;
use modules::Modules;
use plan::model::Plan;
use resolve::data_reads::data_reads;
use resolve::model::{DataId, Node, Resolved};
use source::{Sources, Unsaved};

/// A grid, ready to be built.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// When each step runs.
    pub plan: Plan,
    /// The Rust source.
    pub package: Package,
}

/// The stack on which grids are compiled, in bytes. Stages call themselves once a level of an expression, and a chain of
/// 10,000 operators has as many levels; of these addresses only what is used becomes memory.
const STACK: usize = 1 << 30;

/// Runs stages on a stack that is large enough for the deepest expression that `syntax` lets through. [`check`] and
/// [`compile`] do so themselves; who calls a stage alone does it around all that holds expressions.
///
/// (It is another stack of this thread and not that of another one: glibc gives each further thread an allocator that asks the
/// system for memory in small pieces, which makes `check` of 1,000 steps a fifth slower.)
pub fn on_a_large_stack<T>(stages: impl FnOnce() -> T) -> T {
    let addresses = rustix::process::getrlimit(rustix::process::Resource::As);
    match addresses.current {
        // If there are not so many addresses, this thread's own stack is large enough for usual grids.
        Some(limit) if limit < 2 * STACK as u64 => stages(),
        _ => stacker::grow(STACK, stages),
    }
}

/// Everything that is wrong with a grid, and the grid with its types when it has no errors.
pub fn check(sources: &Sources, modules: &Modules) -> (Option<Typed>, Problems) {
    on_a_large_stack(|| check_here(sources, modules))
}

/// The same, with the data that each step and resource reads.
pub fn check_to_draw(sources: &Sources, modules: &Modules) -> (Option<Typed>, Reads, Problems) {
    on_a_large_stack(|| {
        let (resolved, typed, problems) = check_whole(sources, modules);
        (typed, data_reads(&resolved), problems)
    })
}

/// Data by what reads them.
pub type Reads = BTreeMap<Node, BTreeSet<DataId>>;

/// Everything that is wrong with a grid, for a process that does nothing else with it. What was made on the way is left to the
/// end of the process: to take 1,000 steps apart is a tenth of the work.
pub fn check_at_last(sources: &Sources, modules: &Modules) -> Problems {
    on_a_large_stack(|| {
        let (resolved, typed, problems) = check_whole(sources, modules);
        std::mem::forget((resolved, typed));
        problems
    })
}

fn check_here(sources: &Sources, modules: &Modules) -> (Option<Typed>, Problems) {
    let (_, typed, problems) = check_whole(sources, modules);
    (typed, problems)
}

/// All that the stages up to the check find. Who calls it does so on a large stack.
fn check_whole(sources: &Sources, modules: &Modules) -> (Resolved, Option<Typed>, Problems) {
    let (mut declarations, mut problems) = syntax::parse(sources);
    let allows = std::mem::take(&mut declarations.allows);
    let unread = problems.has_errors();
    let (resolved, found) = resolve::resolve(declarations, modules);
    problems.extend(found);
    let (typed, mut found) = check::check(&resolved, modules, sources);
    if unread {
        // A missing name may be declared in a part that could not be read.
        let missing = [
            codes::NO_STEPS,
            codes::UNUSED_RESOURCE,
            codes::UNUSED_DATA,
            codes::UNUSED_VARIABLE,
            codes::UNUSED_LOCAL,
            // So may what asks for a value that is missing.
            codes::MAY_BE_NULL,
            codes::UNUSED_METRIC,
            codes::UNUSED_FLOW,
            codes::NEEDLESS_STEP,
        ];
        found
            .list
            .retain(|problem| !missing.contains(&problem.code));
    }
    problems.extend(found);
    // A name in quotes reads nothing, and was meant to.
    let mut all = problems.list.iter();
    if all.any(|problem| problem.code == codes::QUOTED_REFERENCE) {
        let names = [codes::UNUSED_VARIABLE, codes::UNUSED_LOCAL];
        let list = &mut problems.list;
        list.retain(|problem| !names.contains(&problem.code));
    }
    problems.sort();
    join_quoted(&mut problems);
    hidden_lines::hide(&mut problems, &resolved, modules, sources);
    allowed::take_out(&mut problems, &allows);
    let typed = typed.filter(|_| !problems.has_errors());
    (resolved, typed, problems)
}

/// A text that was meant as a reference and is refused as a text is one mistake: the error takes the cure of the warning.
fn join_quoted(problems: &mut Problems) {
    let mut cures = BTreeMap::new();
    for problem in &problems.list {
        if problem.code == codes::QUOTED_REFERENCE {
            cures.insert(problem.span, (problem.hint.clone(), problem.fixes.clone()));
        }
    }
    let mut cured = BTreeSet::new();
    for problem in &mut problems.list {
        if problem.severity == Severity::Error
            && let Some((hint, fixes)) = cures.get(&problem.span)
        {
            problem.hint.clone_from(hint);
            problem.fixes.clone_from(fixes);
            cured.insert(problem.span);
        }
    }
    let is_said = |problem: &Problem| {
        problem.code == codes::QUOTED_REFERENCE && cured.contains(&problem.span)
    };
    problems.list.retain(|problem| !is_said(problem));
}

/// The statements of a grid of which a server can be asked what they take and give, however wrong the grid is.
pub fn statements(sources: &Sources, modules: &Modules) -> check::GridStatements {
    on_a_large_stack(|| {
        let (declarations, _) = syntax::parse(sources);
        let (resolved, _) = resolve::resolve(declarations, modules);
        check::statements(&resolved, modules, sources)
    })
}

/// Finds the answers to what a grid asks about files that it reads when it is built. Without this, a grid that reads files
/// has the problem that they were not read.
pub fn read_files(sources: &mut Sources, modules: &Modules) {
    read_files_over(sources, modules, &Unsaved::new());
}

/// The same, where an editor has texts open that come before the disk.
pub fn read_files_over(sources: &mut Sources, modules: &Modules, unsaved: &Unsaved<'_>) {
    // Most grids read none, and need not be checked twice.
    let of_runners = modules.runners().flat_map(|runner| &runner.inputs);
    let of_assets = modules.assets().flat_map(|asset| &asset.inputs);
    let documents: BTreeSet<&str> = of_runners
        .chain(of_assets)
        .filter(|input| input.is_document() && !input.reads_only(DocumentKind::Columns))
        .map(|input| input.name.as_str())
        .collect();
    let names_one = |text: &str| documents.iter().any(|name| text.contains(name));
    let may_read = |text: &str| may_read(text) || names_one(text);
    if !sources.files.iter().any(|file| may_read(&file.text)) {
        return;
    }
    for _ in 0..check::MOST_ROUNDS {
        let lacking = on_a_large_stack(|| {
            let (declarations, _) = syntax::parse(sources);
            let (resolved, _) = resolve::resolve(declarations, modules);
            check::lacking(&resolved, modules, sources)
        });
        if lacking.is_empty() {
            return;
        }
        for question in lacking {
            sources.answer_over(question, unsaved);
        }
    }
}

/// Whether a text names a function or an attribute that is about files.
fn may_read(text: &str) -> bool {
    let in_word = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-');
    text.match_indices("file").any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        !before.ends_with(in_word) || before.ends_with("template")
    })
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
