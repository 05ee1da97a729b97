//! What is known of a grid when it is built, as statics of the emitted program: its names, steps, resources and variables.

use crate::data::Data;
use crate::fault::{Fault, Place};
use crate::info::{BodyMetric, Info, ResourceInfo, Sensitivity};
use crate::start::Start;
use bggo_metrics::Threshold;
use bggo_schedule::Load;
use bggo_values::{Text, Type, Value};
use std::time::Duration;

/// What is known of a grid when it is built: names for `--help`, for reports, and the variables.
#[derive(Debug)]
pub struct Grid {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) description: &'static str,
    pub(crate) bodies: &'static [Body],
    pub(crate) resources: &'static [&'static [ResourceInfo]],
    pub(crate) variables: &'static [&'static [Variable]],
    pub(crate) locals: usize,
    pub(crate) scenarios: &'static [Scenario],
    pub(crate) thresholds: &'static [DeclaredThreshold],
    pub(crate) phases: &'static [RunPhase],
    /// Steps of `setup` whose outputs are read later.
    pub(crate) kept_of_setup: usize,
    pub(crate) data: &'static [&'static Data],
}

impl Grid {
    /// A grid of this name, without steps or variables.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            version: env!("CARGO_PKG_VERSION"),
            description: "",
            bodies: &[],
            resources: &[],
            variables: &[],
            locals: 0,
            scenarios: &[MAIN],
            thresholds: &[],
            phases: &[],
            kept_of_setup: 0,
            data: &[],
        }
    }

    /// What runs once before and after its scenarios, each kind in the order in which it runs.
    pub const fn phases(mut self, phases: &'static [RunPhase]) -> Self {
        self.phases = phases;
        self
    }

    /// How many steps of `setup` have outputs that are read later: `start.of_setup(i)` takes an `i` below this.
    pub const fn kept_of_setup(mut self, steps: usize) -> Self {
        self.kept_of_setup = steps;
        self
    }

    /// The version of bggo that built it.
    pub const fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    /// One sentence for `--help`.
    pub const fn description(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// Its bodies, with their steps in the order of the summary.
    pub const fn bodies(mut self, bodies: &'static [Body]) -> Self {
        self.bodies = bodies;
        self
    }

    /// Its resources.
    pub const fn resources(mut self, resources: &'static [&'static [ResourceInfo]]) -> Self {
        self.resources = resources;
        self
    }

    /// Its variables; `start.variable(i)` is the i-th of all.
    pub const fn variables(mut self, variables: &'static [&'static [Variable]]) -> Self {
        self.variables = variables;
        self
    }

    /// How many locals are known at start: `start.local(i, ..)` takes an `i` below this.
    pub const fn locals(mut self, locals: usize) -> Self {
        self.locals = locals;
        self
    }

    /// Its scenarios. `Worker::user` gets the number of the one that a user runs.
    pub const fn scenarios(mut self, scenarios: &'static [Scenario]) -> Self {
        self.scenarios = scenarios;
        self
    }

    /// Its thresholds.
    pub const fn thresholds(mut self, thresholds: &'static [DeclaredThreshold]) -> Self {
        self.thresholds = thresholds;
        self
    }

    /// Its data that iterations read, each at its own position.
    pub const fn data(mut self, data: &'static [&'static Data]) -> Self {
        self.data = data;
        self
    }

    /// The body that a scenario runs, and those of the flows that it calls, each as often as it is called.
    pub(crate) fn reached_by(&self, scenario: &Scenario) -> Vec<Reached> {
        let body = self.body_of(scenario);
        body.map_or_else(Vec::new, |body| body.reached(&[]))
    }

    /// The name of the scenario with this number, as `scenario.name`.
    pub fn scenario_name(&self, number: u32) -> Value {
        let scenario = self.scenarios.get(number as usize);
        Value::Text(Text::Static(scenario.map_or("", |row| row.name)))
    }

    fn body_of(&self, scenario: &Scenario) -> Option<&'static Body> {
        let mut bodies = self.bodies.iter();
        bodies.find(|body| body.name == scenario.body)
    }

    /// How many connections each user of a scenario has at least.
    pub(crate) fn connections_of(&self, scenario: &Scenario) -> u32 {
        self.body_of(scenario).map_or(0, |body| body.connections)
    }

    /// How many local addresses the connections of a scenario have to begin at, each with source ports of its own.
    pub(crate) fn local_addresses_of(&self, scenario: &Scenario) -> u32 {
        self.body_of(scenario)
            .map_or(1, |body| body.local_addresses)
    }

    pub(crate) fn all_resources(&self) -> impl Iterator<Item = &'static ResourceInfo> {
        joined(self.resources).into_iter()
    }

    pub(crate) fn all_variables(&self) -> impl Iterator<Item = &'static Variable> {
        joined(self.variables).into_iter()
    }

    /// Whether anything in it is sensitive: a variable, or an input of a step or of a resource.
    pub(crate) fn sensitivity(&self) -> Sensitivity {
        let mut reached = Vec::new();
        for row in self.scenarios {
            reached.extend(self.reached_by(row));
        }
        for phase in self.phases {
            reached.extend(phase.reached());
        }
        let is_sensitive = |one: &Info| one.sensitivity() == Sensitivity::Sensitive;
        let has_step = reached
            .iter()
            .any(|reached| reached.body.steps.iter().any(is_sensitive));
        let has_resource = || {
            self.all_resources()
                .any(|one| one.sensitivity() == Sensitivity::Sensitive)
        };
        let has_variable = || self.all_variables().any(|one| one.sensitive);
        Sensitivity::of(has_step || has_resource() || has_variable())
    }
}

fn joined<T>(lists: &'static [&'static [T]]) -> Vec<&'static T> {
    let mut all = Vec::new();
    for list in lists {
        all.extend(list.iter());
    }
    all
}

/// A body: steps that users run in one go, with slots that are counted from the first one of whoever runs it.
#[derive(Debug)]
pub struct Body {
    name: &'static str,
    steps: &'static [Info],
    connections: u32,
    local_addresses: u32,
    metrics: &'static [BodyMetric],
    calls: &'static [BodyCall],
    phases: &'static [BodyPhase],
}

/// A call of a flow: a step of a body that runs another body.
#[derive(Debug)]
pub struct BodyCall {
    /// The step.
    pub(crate) step: &'static Info,
    /// The flow.
    pub(crate) body: &'static Body,
    /// Where its slots begin, counted from the first one of the body of the step.
    pub(crate) first_slot: u32,
}

impl BodyCall {
    /// The call of `body` by `step`.
    pub const fn new(step: &'static Info, body: &'static Body, first_slot: u32) -> Self {
        Self {
            step,
            body,
            first_slot,
        }
    }
}

/// A body as a scenario comes to it: its own, or that of a flow.
#[derive(Debug, Clone)]
pub(crate) struct Reached {
    pub(crate) body: &'static Body,
    /// Where its slots begin, counted from those of the scenario.
    pub(crate) first_slot: u32,
    /// The phase that it belongs to, and the steps that call flows on the way, from the outermost.
    pub(crate) path: Vec<Text>,
}

/// What a user of a body does before its first iteration, or after its last one.
#[derive(Debug)]
pub struct BodyPhase {
    /// `vu_setup` or `vu_teardown`
    name: &'static str,
    body: &'static Body,
    /// Where its slots begin, counted from the first one of the body of the user.
    first_slot: u32,
}

impl BodyPhase {
    /// The phase of this name, which runs `body`.
    pub const fn new(name: &'static str, body: &'static Body, first_slot: u32) -> Self {
        Self {
            name,
            body,
            first_slot,
        }
    }
}

/// What runs once before all scenarios, or after them.
#[derive(Debug)]
pub struct RunPhase {
    /// `setup` or `teardown`
    pub(crate) name: &'static str,
    pub(crate) body: &'static Body,
    /// The first slot of its steps.
    pub(crate) first_slot: u32,
    /// The number of the scenario in whose block it stands.
    pub(crate) scenario: Option<u32>,
    /// How long its steps may take together.
    pub(crate) limit: Duration,
}

impl RunPhase {
    /// The phase of this name, which runs `body`.
    pub const fn new(
        name: &'static str,
        body: &'static Body,
        first_slot: u32,
        limit: Duration,
    ) -> Self {
        Self {
            name,
            body,
            first_slot,
            scenario: None,
            limit,
        }
    }

    /// It stands in the scenario with this number.
    pub const fn scenario(mut self, number: u32) -> Self {
        self.scenario = Some(number);
        self
    }

    /// Whether it runs before the scenarios.
    pub(crate) fn is_setup(&self) -> bool {
        self.name == "setup"
    }

    /// Its body, and those of the flows that it calls.
    pub(crate) fn reached(&self) -> Vec<Reached> {
        self.body.reached(&[Text::Static(self.name)])
    }
}

impl Body {
    /// A body of this name.
    pub const fn new(name: &'static str, steps: &'static [Info]) -> Self {
        Self {
            name,
            steps,
            connections: 0,
            local_addresses: 1,
            metrics: &[],
            calls: &[],
            phases: &[],
        }
    }

    /// It, the flows that it calls, and what its users do before and after their iterations. `path` is the way to it.
    fn reached(&'static self, path: &[Text]) -> Vec<Reached> {
        let mut all = vec![Reached {
            body: self,
            first_slot: 0,
            path: path.to_vec(),
        }];
        let mut at = 0;
        while let Some(from) = all.get(at).cloned() {
            at += 1;
            let calls = from.body.calls.iter();
            let calls = calls.map(|call| {
                let step = Text::from(call.step.to_string());
                (step, call.body, call.first_slot)
            });
            let phases = from.body.phases.iter();
            let phases =
                phases.map(|phase| (Text::Static(phase.name), phase.body, phase.first_slot));
            all.extend(calls.chain(phases).map(|(name, body, first_slot)| {
                let mut path = from.path.clone();
                path.push(name);
                Reached {
                    body,
                    first_slot: from.first_slot + first_slot,
                    path,
                }
            }));
        }
        all
    }

    /// How many connections each user of it has at least.
    pub const fn connections(mut self, connections: u32) -> Self {
        self.connections = connections;
        self
    }

    /// How many local addresses each of these connections has to begin at: one if nothing is said, which the system chooses.
    pub const fn local_addresses(mut self, local_addresses: u32) -> Self {
        self.local_addresses = local_addresses;
        self
    }

    /// Metrics of the grid that its steps record.
    pub const fn metrics(mut self, metrics: &'static [BodyMetric]) -> Self {
        self.metrics = metrics;
        self
    }

    /// Its calls of flows.
    pub const fn calls(mut self, calls: &'static [BodyCall]) -> Self {
        self.calls = calls;
        self
    }

    /// What its users do before their first iteration and after their last one.
    pub const fn phases(mut self, phases: &'static [BodyPhase]) -> Self {
        self.phases = phases;
        self
    }

    /// Its steps.
    pub(crate) const fn steps(&self) -> &'static [Info] {
        self.steps
    }

    /// Metrics of the grid that its steps record.
    pub(crate) const fn custom_metrics(&self) -> &'static [BodyMetric] {
        self.metrics
    }
}

/// A row of the table of scenarios: a body that users run again and again.
#[derive(Debug)]
pub struct Scenario {
    pub(crate) name: &'static str,
    /// The body that its users run.
    pub(crate) body: &'static str,
    pub(crate) tags: &'static [(&'static str, &'static str)],
    /// The first metric slot of its steps.
    pub(crate) first_slot: u32,
    /// The load that the grid declares for it.
    pub(crate) load: Option<ComputeLoad>,
    /// The scenario that it begins after.
    pub(crate) after: Option<&'static str>,
}

/// Computes the load that a grid declares for a scenario, which may read variables.
pub type ComputeLoad = fn(&Start) -> Result<Load, Fault>;

/// The only scenario of a grid that declares none.
const MAIN: Scenario = Scenario::new("main", "main");

impl Scenario {
    /// A scenario that runs this body, without tags; its slots are the first ones.
    pub const fn new(name: &'static str, body: &'static str) -> Self {
        Self {
            name,
            body,
            tags: &[],
            first_slot: 0,
            load: None,
            after: None,
        }
    }

    /// The load that the grid declares for it; without one it runs once.
    pub const fn load(mut self, load: ComputeLoad) -> Self {
        self.load = Some(load);
        self
    }

    /// The scenario of this name has begun its last iteration, and its time to finish has passed, before this one begins.
    pub const fn after(mut self, name: &'static str) -> Self {
        self.after = Some(name);
        self
    }

    /// The first metric slot of its steps.
    pub const fn first_slot(mut self, first_slot: u32) -> Self {
        self.first_slot = first_slot;
        self
    }

    /// Labels of its metrics.
    pub const fn tags(mut self, tags: &'static [(&'static str, &'static str)]) -> Self {
        self.tags = tags;
        self
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The body that its users run.
    pub const fn body(&self) -> &'static str {
        self.body
    }

    /// Labels of its metrics.
    pub const fn tag_list(&self) -> &'static [(&'static str, &'static str)] {
        self.tags
    }
}

/// A threshold that a grid declares. Its bounds may read variables.
#[derive(Debug)]
pub struct DeclaredThreshold {
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    pub(crate) made: fn(&Start) -> Result<Threshold, Fault>,
}

impl DeclaredThreshold {
    /// The threshold of this name at `place`, which `made` computes when the program starts.
    pub const fn new(
        name: &'static str,
        place: Place,
        made: fn(&Start) -> Result<Threshold, Fault>,
    ) -> Self {
        Self { name, place, made }
    }
}

/// A variable of a grid.
#[derive(Debug)]
pub struct Variable {
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    pub(crate) description: &'static str,
    pub(crate) sensitive: bool,
    pub(crate) nullable: bool,
    pub(crate) ty: Option<fn() -> Type>,
    pub(crate) default: Option<fn() -> Value>,
    pub(crate) validations: &'static [Validation],
}

impl Variable {
    /// A variable that must be given and may be anything.
    pub const fn new(name: &'static str, place: Place) -> Self {
        Self {
            name,
            place,
            description: "",
            sensitive: false,
            nullable: true,
            ty: None,
            default: None,
            validations: &[],
        }
    }

    /// One sentence for `--help`.
    pub const fn description(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// Its values are not shown.
    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Whether `null` is a value of it (it is, unless the grid says otherwise).
    pub const fn nullable(mut self, nullable: bool) -> Self {
        self.nullable = nullable;
        self
    }

    /// Its type.
    pub const fn ty(mut self, ty: fn() -> Type) -> Self {
        self.ty = Some(ty);
        self
    }

    /// Its value when none is given.
    pub const fn default(mut self, default: fn() -> Value) -> Self {
        self.default = Some(default);
        self
    }

    /// Conditions that its value must meet.
    pub const fn validations(mut self, validations: &'static [Validation]) -> Self {
        self.validations = validations;
        self
    }
}

/// A `validation` block of a variable.
#[derive(Debug)]
pub struct Validation {
    pub(crate) place: Place,
    pub(crate) condition: fn(&Start) -> Result<bool, Fault>,
    pub(crate) message: fn(&Start) -> Result<Value, Fault>,
}

impl Validation {
    /// The block at `place`: its condition must hold, or its message is shown.
    pub const fn new(
        place: Place,
        condition: fn(&Start) -> Result<bool, Fault>,
        message: fn(&Start) -> Result<Value, Fault>,
    ) -> Self {
        Self {
            place,
            condition,
            message,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_is_sensitive_when_any_part_of_it_is() {
        const PLACE: Place = Place::new("grid.hcl", 1, 1);
        static OPEN: [Variable; 1] = [Variable::new("a", PLACE)];
        static SECRET: [Variable; 1] = [Variable::new("b", PLACE).sensitive()];
        static CLIENT: [ResourceInfo; 1] =
            [ResourceInfo::new("http_client", "a", "grid.hcl:1").sensitive()];
        static GRIDS: [Grid; 3] = [
            Grid::new("open").variables(&[&OPEN]),
            Grid::new("variable").variables(&[&OPEN, &SECRET]),
            Grid::new("resource").resources(&[&CLIENT]),
        ];
        assert_eq!(
            GRIDS.each_ref().map(Grid::sensitivity),
            [
                Sensitivity::Open,
                Sensitivity::Sensitive,
                Sensitivity::Sensitive
            ]
        );
    }
}
