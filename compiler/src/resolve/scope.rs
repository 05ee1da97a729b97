//! Declared names: who has them, and who has them twice; the modules that steps and resources name.

use std::collections::BTreeMap;

use crate::diagnostics::{Problems, codes, nearest};
use crate::modules::{Modules, RunnerRef};
use crate::source::Span;
use crate::syntax::decl::{Declarations, Name};

use super::model::{LocalId, ResourceId, StepId, VariableId};

/// All declared names. Of two with one name the first counts.
pub(super) struct Names<'a> {
    /// By runner and name.
    pub(super) steps: BTreeMap<&'a str, BTreeMap<&'a str, StepId>>,
    /// By asset and name.
    pub(super) resources: BTreeMap<&'a str, BTreeMap<&'a str, ResourceId>>,
    pub(super) variables: BTreeMap<&'a str, VariableId>,
    pub(super) locals: BTreeMap<&'a str, LocalId>,
    /// By name alone, whatever the runner.
    pub(super) steps_called: BTreeMap<&'a str, Vec<StepId>>,
    /// By name alone, whatever the asset.
    pub(super) resources_called: BTreeMap<&'a str, Vec<ResourceId>>,
}

impl<'a> Names<'a> {
    /// The names of a grid; doubled ones are reported.
    pub(super) fn of(declarations: &'a Declarations, problems: &mut Problems) -> Names<'a> {
        let mut names = Names {
            steps: BTreeMap::new(),
            resources: BTreeMap::new(),
            variables: BTreeMap::new(),
            locals: BTreeMap::new(),
            steps_called: BTreeMap::new(),
            resources_called: BTreeMap::new(),
        };
        for (place, step) in declarations.steps.iter().enumerate() {
            let of_runner = names.steps.entry(&step.runner.text).or_default();
            match of_runner.get(step.name.text.as_str()) {
                Some(first) => {
                    let first = declarations.steps[first.0].span;
                    let what = format!("step `{}.{}`", step.runner.text, step.name.text);
                    duplicate(problems, &what, step.name.span, first);
                }
                None => {
                    of_runner.insert(&step.name.text, StepId(place));
                    let called = names.steps_called.entry(&step.name.text).or_default();
                    called.push(StepId(place));
                }
            }
        }
        for (place, resource) in declarations.resources.iter().enumerate() {
            let of_asset = names.resources.entry(&resource.asset.text).or_default();
            match of_asset.get(resource.name.text.as_str()) {
                Some(first) => {
                    let first = declarations.resources[first.0].span;
                    let what = format!("resource `{}.{}`", resource.asset.text, resource.name.text);
                    duplicate(problems, &what, resource.name.span, first);
                }
                None => {
                    of_asset.insert(&resource.name.text, ResourceId(place));
                    let called = names
                        .resources_called
                        .entry(&resource.name.text)
                        .or_default();
                    called.push(ResourceId(place));
                }
            }
        }
        for (place, variable) in declarations.variables.iter().enumerate() {
            let name = &variable.name;
            match names.variables.get(name.text.as_str()) {
                Some(first) => {
                    let first = declarations.variables[first.0].span;
                    duplicate(
                        problems,
                        &format!("variable `{}`", name.text),
                        name.span,
                        first,
                    );
                }
                None => {
                    names.variables.insert(&name.text, VariableId(place));
                }
            }
        }
        for (place, local) in declarations.locals.iter().enumerate() {
            let name = &local.name;
            match names.locals.get(name.text.as_str()) {
                Some(first) => {
                    let first = declarations.locals[first.0].name.span;
                    duplicate(
                        problems,
                        &format!("local `{}`", name.text),
                        name.span,
                        first,
                    );
                }
                None => {
                    names.locals.insert(&name.text, LocalId(place));
                }
            }
        }
        names
    }
}

fn duplicate(problems: &mut Problems, what: &str, span: Span, first: Span) {
    problems
        .error(
            codes::DUPLICATE_NAME,
            span,
            format!("the {what} is declared twice"),
        )
        .label(first, "first here");
}

/// The runner of each step; unknown ones are reported.
pub(super) fn runners(
    declarations: &Declarations,
    modules: &Modules,
    problems: &mut Problems,
) -> Vec<Option<RunnerRef>> {
    let mut known: BTreeMap<&str, Option<RunnerRef>> = BTreeMap::new();
    let mut found = Vec::with_capacity(declarations.steps.len());
    for step in &declarations.steps {
        let kind = &step.runner;
        let runner = *known
            .entry(&kind.text)
            .or_insert_with(|| modules.find_runner(&kind.text));
        if runner.is_none() {
            let other = modules
                .find_asset(&kind.text)
                .map(|_| format!("`{0}` is an asset: write `resource \"{0}\"`", kind.text));
            let names = modules.runners().map(|runner| runner.name.as_str());
            let hint = other.or_else(|| nearest::hint(&kind.text, names));
            unknown_kind(problems, codes::UNKNOWN_RUNNER, kind, ("runner", hint));
        }
        found.push(runner);
    }
    found
}

/// The asset of each resource; unknown ones are reported.
pub(super) fn assets(
    declarations: &Declarations,
    modules: &Modules,
    problems: &mut Problems,
) -> Vec<Option<RunnerRef>> {
    let mut found = Vec::with_capacity(declarations.resources.len());
    for resource in &declarations.resources {
        let kind = &resource.asset;
        let asset = modules.find_asset(&kind.text);
        if asset.is_none() {
            let other = modules
                .find_runner(&kind.text)
                .map(|_| format!("`{0}` is a runner: write `step \"{0}\"`", kind.text));
            let names = modules.assets().map(|asset| asset.name.as_str());
            let hint = other.or_else(|| nearest::hint(&kind.text, names));
            unknown_kind(problems, codes::UNKNOWN_ASSET, kind, ("asset", hint));
        }
        found.push(asset);
    }
    found
}

fn unknown_kind(
    problems: &mut Problems,
    code: crate::diagnostics::Code,
    kind: &Name,
    (what, hint): (&str, Option<String>),
) {
    let text = format!("there is no {what} `{}`", kind.text);
    problems.error(code, kind.span, text).hint = hint;
}
