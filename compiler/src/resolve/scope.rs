//! Declared names, duplicates among them, and the modules of steps and resources.

use std::collections::BTreeMap;

use crate::diagnostics::{Hint, Problems, codes, nearest};
use crate::modules::{Modules, RunnerOrAsset};
use crate::source::Span;
use crate::syntax::decl::{BodyDecl, BodyKind, Declarations, Name, Phase, StepDecl};
use crate::syntax::elsewhere;

use super::model::{BodyId, ByBody, Callee, DataId, LocalId, ResourceId, StepId, VariableId};

/// A phase, and the scenario in which it stands.
pub(super) type Stands = (Phase, BodyId);

/// Whether the outputs of a phase are there where a body runs, which is a phase itself or none.
pub(super) fn has_run((phase, owner): Stands, reader: Option<Stands>) -> bool {
    match (phase, reader) {
        (Phase::Teardown | Phase::VuTeardown, _) => false,
        (_, None) => true,
        // That of the grid comes before that of a scenario.
        (_, Some((same, of))) if same == phase => owner == BodyId::MAIN && of != BodyId::MAIN,
        (Phase::Setup, Some(_)) => true,
        (Phase::VuSetup, Some((reader, _))) => reader == Phase::VuTeardown,
    }
}

/// All declared names. If a name is declared twice, the first declaration counts.
pub(super) struct Names<'a> {
    /// What each body declares, by its id.
    bodies: Vec<BodyNames<'a>>,
    pub(super) variables: BTreeMap<&'a str, VariableId>,
    pub(super) locals: BTreeMap<&'a str, LocalId>,
    /// Scenarios; the steps at the top of the grid are `main`.
    pub(super) scenarios: BTreeMap<&'a str, BodyId>,
    /// Data, by kind and name.
    pub(super) data: BTreeMap<(&'a str, &'a str), DataId>,
    /// Flows.
    pub(super) flows: BTreeMap<&'a str, BodyId>,
    /// Bodies of phases, by the scenario in which they stand.
    phases: BTreeMap<(BodyId, Phase), BodyId>,
    /// By body: the scenario in which it stands, of a phase.
    owners: Vec<Option<(Phase, BodyId)>>,
}

/// Names that one body declares.
#[derive(Default)]
struct BodyNames<'a> {
    /// By runner and name.
    steps: BTreeMap<&'a str, BTreeMap<&'a str, StepId>>,
    /// By asset and name.
    resources: BTreeMap<&'a str, BTreeMap<&'a str, ResourceId>>,
    /// By name alone, whatever the runner.
    steps_called: BTreeMap<&'a str, Vec<StepId>>,
    /// By name alone, whatever the asset.
    resources_called: BTreeMap<&'a str, Vec<ResourceId>>,
}

impl<'a> Names<'a> {
    /// The names of a grid. Duplicates are reported.
    pub(super) fn of(declarations: &'a Declarations, problems: &mut Problems) -> Names<'a> {
        let bodies = declarations.body_ids();
        let mut names = Names {
            bodies: bodies
                .map(|body| BodyNames::of(declarations, body, problems))
                .collect(),
            variables: BTreeMap::new(),
            locals: BTreeMap::new(),
            scenarios: BTreeMap::new(),
            flows: BTreeMap::new(),
            phases: BTreeMap::new(),
            owners: declarations
                .body_ids()
                .map(|body| declarations.phase_of(body))
                .collect(),
            data: BTreeMap::new(),
        };
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
        for (place, data) in declarations.data.iter().enumerate() {
            let key = (data.kind_name.text.as_str(), data.name.text.as_str());
            match names.data.get(&key) {
                Some(first) => {
                    let first = declarations.data[first.0].span;
                    let what = format!("data `{}`", data.address());
                    duplicate(problems, &what, data.name.span, first);
                }
                None => {
                    names.data.insert(key, DataId(place));
                }
            }
        }
        let mut metrics: BTreeMap<&str, Span> = BTreeMap::new();
        for metric in &declarations.metrics {
            let first = *metrics.entry(&metric.name.text).or_insert(metric.span);
            if first != metric.span {
                let what = format!("metric `{}`", metric.name.text);
                duplicate(problems, &what, metric.name.span, first);
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
        for (place, threshold) in declarations.thresholds.iter().enumerate() {
            let name = &threshold.name;
            let mut before = declarations.thresholds.iter().take(place);
            if let Some(first) = before.find(|other| other.name.text == name.text) {
                let what = format!("threshold \"{}\"", name.text);
                duplicate(problems, &what, name.span, first.span);
            }
        }
        names.name_scenarios(declarations, problems);
        names.name_flows(declarations, problems);
        names.name_phases(declarations, problems);
        names
    }

    /// Phases. What a scenario reads of its own and what it reads of the whole grid has one form, so no two have one address.
    fn name_phases(&mut self, declarations: &'a Declarations, problems: &mut Problems) {
        for (id, phase, declared) in declarations.phases() {
            self.phases.entry((declared.owner, phase)).or_insert(id);
        }
        for (id, phase, declared) in declarations.phases() {
            let top = self.phases.get(&(BodyId::MAIN, phase)).copied();
            let Some(top) = top.filter(|_| declared.owner != BodyId::MAIN) else {
                continue;
            };
            for step in &declarations.body(id).steps {
                if let Some(first) = self.step(top, &step.runner.text, &step.name.text) {
                    let what = format!("{phase} step `{}.{}`", step.runner.text, step.name.text);
                    let first = declarations.step(first).span;
                    duplicate(problems, &what, step.name.span, first);
                }
            }
        }
    }

    /// The bodies of a phase whose outputs a body may read: the nearest first.
    pub(super) fn readable(&self, reader: BodyId, phase: Phase) -> Vec<BodyId> {
        let own = self.owners[reader.0];
        let owner = own.map_or(reader, |(_, owner)| owner);
        let owners = [Some(owner), (owner != BodyId::MAIN).then_some(BodyId::MAIN)];
        let found = owners.into_iter().flatten();
        let found = found.filter_map(|owner| self.phases.get(&(owner, phase)).copied());
        let found = found.filter(|body| self.owners[body.0].is_some_and(|it| has_run(it, own)));
        found.collect()
    }

    fn name_scenarios(&mut self, declarations: &'a Declarations, problems: &mut Problems) {
        for id in declarations.body_ids() {
            let body = declarations.body(id);
            let is_run = match body.kind {
                BodyKind::Main => !body.steps.is_empty(),
                BodyKind::Scenario => true,
                BodyKind::Flow | BodyKind::Phase(_) => false,
            };
            if !is_run {
                continue;
            }
            let name = body.name.text.as_str();
            match self.scenarios.get(name).copied() {
                None => {
                    self.scenarios.insert(name, id);
                }
                Some(first) => {
                    let text = format!("the scenario `{name}` is declared twice");
                    let (place, label) = match declarations.body(first) {
                        loose if first == BodyId::MAIN => (
                            loose.steps.first().map_or(body.span, |step| step.span),
                            "steps outside of all scenarios are the scenario `main`",
                        ),
                        other => (other.span, "first here"),
                    };
                    problems
                        .error(codes::DUPLICATE_NAME, body.name.span, text)
                        .label(place, label);
                }
            }
        }
    }

    /// Flows, which share their names with the runners of modules; and names within a flow.
    fn name_flows(&mut self, declarations: &'a Declarations, problems: &mut Problems) {
        for (id, flow) in declarations.flows() {
            let name = &declarations.body(id).name;
            match self.flows.get(name.text.as_str()).copied() {
                Some(first) => {
                    let what = format!("flow `{}`", name.text);
                    duplicate(problems, &what, name.span, declarations.body(first).span);
                }
                None => {
                    self.flows.insert(&name.text, id);
                }
            }
            let inputs: Vec<&Name> = flow.inputs.iter().map(|input| &input.name).collect();
            let outputs: Vec<&Name> = flow.outputs.iter().map(|output| &output.name).collect();
            for (kind, names) in [("input", inputs), ("output", outputs)] {
                for (place, name) in names.iter().enumerate() {
                    let mut before = names.iter().take(place);
                    if let Some(first) = before.find(|other| other.text == name.text) {
                        let what = format!("{kind} `{}` of the flow", name.text);
                        duplicate(problems, &what, name.span, first.span);
                    }
                }
            }
        }
    }

    /// Reports flows that are called like a runner of a module, or `mix`: a step could mean either.
    pub(super) fn report_taken(
        &self,
        declarations: &Declarations,
        modules: &Modules,
        problems: &mut Problems,
    ) {
        for (name, id) in &self.flows {
            let taken = match *name {
                "mix" => Some("`step \"mix\"` runs one of several flows".to_owned()),
                _ => modules
                    .find_runner(name)
                    .map(|_| format!("a module has a runner `{name}`")),
            };
            if let Some(taken) = taken {
                let text = format!("{taken}, so no flow can be called so");
                problems
                    .error(
                        codes::DUPLICATE_NAME,
                        declarations.body(*id).name.span,
                        text,
                    )
                    .hint("give the flow another name");
            }
        }
    }

    /// The step that a body calls `step.RUNNER.NAME`: one of its own.
    pub(super) fn step(&self, body: BodyId, runner: &str, name: &str) -> Option<StepId> {
        let steps = self.bodies[body.0].steps.get(runner)?;
        steps.get(name).copied()
    }

    /// The resource that a body calls `resource.ASSET.NAME`: one of its own, else one at the top of the grid.
    pub(super) fn resource(&self, body: BodyId, asset: &str, name: &str) -> Option<ResourceId> {
        self.outward(body)
            .find_map(|names| names.resources.get(asset)?.get(name).copied())
    }

    /// A body other than this one that has such a step.
    pub(super) fn other_body_with(&self, body: BodyId, runner: &str, name: &str) -> Option<BodyId> {
        let others = (0..self.bodies.len()).map(BodyId);
        let mut others = others.filter(|other| *other != body);
        others.find(|other| self.step(*other, runner, name).is_some())
    }

    /// Names of the steps of a runner in a body; `None` where it has no such step.
    pub(super) fn steps_of(&self, body: BodyId, runner: &str) -> Option<Vec<&'a str>> {
        let steps = self.bodies[body.0].steps.get(runner)?;
        Some(steps.keys().copied().collect())
    }

    /// Whether a body knows a resource of this kind.
    pub(super) fn has_resource_of(&self, body: BodyId, asset: &str) -> bool {
        self.outward(body)
            .any(|names| names.resources.contains_key(asset))
    }

    /// Steps of a body that have this name, whatever their runner.
    pub(super) fn steps_called(&self, body: BodyId, name: &str) -> &[StepId] {
        let called = self.bodies[body.0].steps_called.get(name);
        called.map_or(&[], Vec::as_slice)
    }

    /// Resources that a body knows by this name, whatever their asset: its own, else those at the top of the grid.
    pub(super) fn resources_called(&self, body: BodyId, name: &str) -> &[ResourceId] {
        let called = self
            .outward(body)
            .find_map(|names| names.resources_called.get(name));
        called.map_or(&[], Vec::as_slice)
    }

    /// Names of all steps of a body.
    pub(super) fn step_names(&self, body: BodyId) -> impl Iterator<Item = &'a str> + '_ {
        self.bodies[body.0].steps_called.keys().copied()
    }

    /// Names of all resources that a body knows.
    pub(super) fn resource_names(&self, body: BodyId) -> impl Iterator<Item = &'a str> + '_ {
        self.outward(body)
            .flat_map(|names| names.resources_called.keys().copied())
    }

    /// The names of a body, then those of its scenario, then those of the top of the grid.
    fn outward(&self, body: BodyId) -> impl Iterator<Item = &BodyNames<'a>> {
        let owner = self.owners[body.0].map(|(_, owner)| owner);
        let owner = owner.filter(|owner| *owner != BodyId::MAIN);
        let top = (body != BodyId::MAIN).then_some(BodyId::MAIN);
        std::iter::once(body)
            .chain(owner)
            .chain(top)
            .map(|body| &self.bodies[body.0])
    }
}

impl<'a> BodyNames<'a> {
    fn of(declarations: &'a Declarations, body: BodyId, problems: &mut Problems) -> Self {
        let mut names = Self::default();
        for (id, step) in declarations
            .step_ids(body)
            .zip(&declarations.body(body).steps)
        {
            let of_runner = names.steps.entry(&step.runner.text).or_default();
            match of_runner.get(step.name.text.as_str()) {
                Some(first) => {
                    let first = declarations.step(*first).span;
                    let what = format!("step `{}.{}`", step.runner.text, step.name.text);
                    duplicate(problems, &what, step.name.span, first);
                }
                None => {
                    of_runner.insert(&step.name.text, id);
                    let called = names.steps_called.entry(&step.name.text).or_default();
                    called.push(id);
                }
            }
        }
        for (id, resource) in declarations
            .resource_ids(body)
            .zip(&declarations.body(body).resources)
        {
            let of_asset = names.resources.entry(&resource.asset.text).or_default();
            match of_asset.get(resource.name.text.as_str()) {
                Some(first) => {
                    let first = declarations.resource(*first).span;
                    let what = format!("resource `{}.{}`", resource.asset.text, resource.name.text);
                    duplicate(problems, &what, resource.name.span, first);
                }
                None => {
                    of_asset.insert(&resource.name.text, id);
                    let called = names
                        .resources_called
                        .entry(&resource.name.text)
                        .or_default();
                    called.push(id);
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

/// What each step runs; unknown runners are reported.
pub(super) fn callees<'d>(
    declarations: &'d Declarations,
    names: &Names<'_>,
    modules: &Modules,
    problems: &mut Problems,
) -> ByBody<Option<Callee>> {
    let mut known: BTreeMap<&'d str, Option<Callee>> = BTreeMap::new();
    let mut callee_of = |step: &'d StepDecl, is_choice: bool| {
        let (kind, name) = (&step.runner, step.callee());
        let callee = *known.entry(name).or_insert_with(|| {
            let flow = names.flows.get(name);
            let runner = || modules.find_runner(name).map(Callee::Runner);
            flow.copied().map(Callee::Flow).or_else(runner)
        });
        // A flow whose header is wrong may be the one that is meant.
        let mut headers = declarations.bad_headers.iter();
        if callee.is_none() && !headers.any(|header| header.kind == "flow") {
            let other = modules
                .find_asset(&kind.text)
                .map(|_| format!("`{0}` is an asset: write `resource \"{0}\"`", kind.text).into());
            let runners = modules.runners().map(|runner| runner.name.as_str());
            let runners = runners.filter(|_| !is_choice);
            let flows = names.flows.keys().copied();
            // The flow of a step of the kind `mix` has no name of its own.
            let all = runners.chain(flows.filter(|flow| !flow.contains(' ')));
            let instead = elsewhere::runner(&kind.text).filter(|_| !is_choice);
            let instead = || instead.map(Hint::from);
            let hint = other.or_else(instead);
            let hint = hint.or_else(|| nearest::advice(&kind.text, all));
            let hint = hint.or_else(|| (!is_choice).then(|| modules_with_runners(modules)));
            let what = if is_choice { "flow" } else { "runner" };
            unknown_kind(problems, codes::UNKNOWN_RUNNER, kind, (what, hint));
        }
        callee
    };
    let of_body = |body: &'d BodyDecl| {
        let steps = body.steps.iter();
        steps
            .map(|step| callee_of(step, body.mix.is_some()))
            .collect()
    };
    ByBody(declarations.bodies.iter().map(of_body).collect())
}

/// Where runners are, since there are too many of them for a list.
fn modules_with_runners(modules: &Modules) -> Hint {
    let with_runners = modules.list.iter();
    let with_runners = with_runners.filter(|module| !module.manifest.runners.is_empty());
    let names: Vec<String> = with_runners
        .map(|module| format!("`{}`", module.name))
        .collect();
    format!("the modules with runners are {}", names.join(", ")).into()
}

/// The asset of each resource; unknown ones are reported.
pub(super) fn assets(
    declarations: &Declarations,
    modules: &Modules,
    problems: &mut Problems,
) -> ByBody<Option<RunnerOrAsset>> {
    let mut asset_of = |kind: &Name| {
        let asset = modules.find_asset(&kind.text);
        if asset.is_none() {
            let other = modules
                .find_runner(&kind.text)
                .map(|_| format!("`{0}` is a runner: write `step \"{0}\"`", kind.text).into());
            let names = modules.assets().map(|asset| asset.name.as_str());
            let hint = other.or_else(|| nearest::advice(&kind.text, names));
            unknown_kind(problems, codes::UNKNOWN_ASSET, kind, ("asset", hint));
        }
        asset
    };
    let of_body = |body: &BodyDecl| {
        let resources = body.resources.iter();
        resources
            .map(|resource| asset_of(&resource.asset))
            .collect()
    };
    ByBody(declarations.bodies.iter().map(of_body).collect())
}

fn unknown_kind(
    problems: &mut Problems,
    code: crate::diagnostics::Code,
    kind: &Name,
    (what, hint): (&str, Option<Hint>),
) {
    let text = format!("there is no {what} `{}`", kind.text);
    problems.error(code, kind.span, text).advise(hint);
}
