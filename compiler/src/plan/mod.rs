//! A checked grid to a plan: for each body its nodes and their order, assets and their users, outputs and locals that are read.

mod calls;
mod chains;
mod demand;
pub mod layout;
pub mod model;
mod nodes;
mod phases;
mod places;
mod print;
mod shape;
mod slots;

pub use print::print;

use crate::check::typed::{
    Binding, Sensitivity, TBody, TExpr, TFlow, TInstances, TKind, TLocal, TMethod, TPhase, TRules,
    TStep, Typed,
};
use crate::check::typed_parts::TAmong;
use crate::check::walk::walk;
use crate::modules::Modules;
use crate::resolve::model::{BodyId, ByBody, Callee, LocalId, MetricId, Node, ResourceId, StepId};
use crate::source::{Sources, Span};
use crate::syntax::decl::BodyKind;
use bggo_manifest::{Concurrency, Input, Lifetime, Metric};
use bggo_values::Value;
use model::{
    Argument, BodyMetric, BodyPlan, Call, Instances, Late, Local, Node as Scheduled, Plan, Record,
    Resource, Runs, Scenario, Schedule, Step, UsedAsset,
};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Plans a grid without errors.
pub fn plan(typed: &Typed, sources: &Sources, modules: &Modules) -> Plan {
    let demand = demand::demand(typed, modules);
    let mut resources = Resources::of(typed, modules, &demand);
    let order = calls::callees_first(typed);
    let mut bodies = vec![BodyPlan::default(); typed.bodies.len()];
    for &id in &order {
        bodies[id.0] = resources.body((typed, id), modules, &demand, &bodies);
    }
    let read: BTreeSet<LocalId> = demand.locals.iter().map(|(_, local)| *local).collect();
    let locals = read.into_iter().map(|id| local(typed, id));
    let locals = locals.filter(|local| local.value.binding <= Binding::Start);
    let locals = positioned(locals.collect());
    calls::share_locals(&order, &mut bodies);
    calls::withhold(&order, &mut bodies);
    let kept_of_setup = phases::number_kept(typed, &demand, &mut bodies);
    phases::find_skipped(typed, &demand, &mut bodies);
    resources.count_users(&bodies);
    let mut scenarios = scenarios(typed);
    let mut phases = phases::table(typed, &scenarios);
    let rows = (scenarios.as_mut_slice(), phases.as_mut_slice());
    slots::number((&order, &mut bodies), rows, &mut resources.list);
    Plan {
        name: typed
            .grid
            .name
            .clone()
            .unwrap_or_else(|| sources.name.clone()),
        description: typed.grid.description.clone(),
        bodies,
        scenarios,
        phases,
        kept_of_setup,
        locals_of_run: locals_of_run(typed, &resources.list),
        resources: resources.list,
        metrics: typed.metrics.clone(),
        variables: typed.variables.clone(),
        locals,
        thresholds: typed.thresholds.clone(),
        data: typed.data.clone(),
        bound_names: typed.bound_names.clone(),
        places: places::places(sources),
    }
}

/// The table of scenarios: the steps outside of scenarios first, if there are any.
fn scenarios(typed: &Typed) -> Vec<Scenario> {
    let is_run = |id: &BodyId| match typed.body(*id).kind {
        BodyKind::Main => !typed.body(*id).steps.is_empty(),
        BodyKind::Scenario => true,
        BodyKind::Flow | BodyKind::Phase(_) => false,
    };
    let run: Vec<BodyId> = typed.body_ids().filter(is_run).collect();
    let row = |id: &BodyId| {
        let body = typed.body(*id);
        let scenario = body.scenario.as_ref();
        let after = scenario.and_then(|scenario| scenario.after);
        Scenario {
            name: body.name.clone(),
            body: *id,
            first_slot: 0,
            load: scenario.map(|scenario| scenario.load.clone()),
            after: after.and_then(|after| run.iter().position(|id| *id == after)),
            tags: typed
                .grid
                .tags_with(scenario.map_or(&[][..], |scenario| &scenario.tags)),
        }
    };
    run.iter().map(row).collect()
}

fn local(typed: &Typed, id: LocalId) -> Local {
    let local = &typed.locals[id.0];
    Local {
        id,
        name: local.name.clone(),
        value: local.value.clone(),
        position: 0,
    }
}

/// The locals that a resource reads, also through others.
fn locals_of_resource(typed: &Typed, id: ResourceId, found: &mut BTreeSet<LocalId>) {
    let resource = typed.resource(id);
    let arguments = resource.arguments.iter().map(|(_, value)| value);
    let mut open: Vec<&TExpr> = arguments.chain(resource.rules.expressions()).collect();
    while let Some(expr) = open.pop() {
        walk(expr, &mut |node| {
            if let TKind::Local(id) = node.kind
                && found.insert(id)
            {
                open.push(&typed.locals[id.0].value);
            }
        });
    }
}

/// The locals that resources of the run read and that are not known when the program starts: each of them computes them itself.
fn locals_of_run(typed: &Typed, resources: &[Resource]) -> Vec<Local> {
    let mut found = BTreeSet::new();
    let of_run = resources.iter();
    let of_run = of_run.filter(|resource| resource.scope == Lifetime::Run);
    for id in of_run.filter_map(|resource| resource.id) {
        locals_of_resource(typed, id, &mut found);
    }
    let locals = found.into_iter().map(|id| local(typed, id));
    let late = locals.filter(|local| local.value.binding > Binding::Start);
    late.collect()
}

/// Locals that are kept together, each with its position.
fn positioned(mut locals: Vec<Local>) -> Vec<Local> {
    for (position, local) in locals.iter_mut().enumerate() {
        local.position = position;
    }
    locals
}

/// Resources as they are planned: each behind those that it is built on. An implicit one stands where it is first needed.
struct Resources {
    list: Vec<Resource>,
    /// Position in `list`, by the grid's id.
    by_id: ByBody<Option<usize>>,
}

impl Resources {
    fn of(typed: &Typed, modules: &Modules, demand: &demand::Demand) -> Self {
        let mut resources = Self {
            list: Vec::new(),
            by_id: ByBody(
                typed
                    .bodies
                    .iter()
                    .map(|body| vec![None; body.resources.len()])
                    .collect(),
            ),
        };
        let order = typed.bodies.iter().flat_map(|body| &body.order);
        for node in order {
            let Node::Resource(id) = *node else { continue };
            let resource = typed.resource(id);
            if !resource.used {
                continue;
            }
            let asset = modules.asset(resource.asset);
            let mut uses = Vec::new();
            for (position, wanted) in asset.uses.iter().enumerate() {
                let given = resource.uses.iter().find(|(at, ..)| *at == position);
                let place = match given {
                    Some((_, used, _)) => resources.by_id[*used],
                    // One of its own kind would need another one in turn.
                    None if wanted.optional && !wanted.takes(&asset.name) => resources.implicit(
                        (wanted.default_asset(), Some(resource.scope)),
                        resource.span,
                        modules,
                    ),
                    None => None,
                };
                uses.extend(place.map(|place| UsedAsset::new(wanted, place)));
            }
            let read = demand.resources[id].resources.iter();
            let mut on: Vec<usize> = read.filter_map(|id| resources.by_id[*id]).collect();
            on.extend(uses.iter().map(|used| used.resource));
            on.sort_unstable();
            on.dedup();
            let uses = (!asset.uses.is_empty()).then_some(uses);
            resources.by_id[id] = Some(resources.list.len());
            let planned = arguments(
                (&resource.arguments, &resource.methods),
                &asset.inputs,
                (&typed.locals, resource.span),
            );
            resources.list.push(Resource {
                asset: resource.asset_name.clone(),
                name: resource.name.clone(),
                crate_name: modules.module(resource.asset).crate_name.clone(),
                span: resource.span,
                implicit: false,
                scope: resource.scope,
                connects: asset.connects
                    && !shares_connections(&planned)
                    && !shares_sockets(&planned),
                local_addresses: local_addresses(&planned),
                arguments: planned,
                uses,
                on,
                rules: resource.rules.clone(),
                sensitive: resource.sensitive,
                metrics: asset.metrics.len() as u32,
                unwarned: unwarned(&asset.metrics, &resource.arguments, &asset.inputs),
                first_slot: 0,
                users_of_bodies: vec![0; typed.bodies.len()],
                users_beside: 0,
                id: Some(id),
            });
        }
        resources
    }

    /// Plans a body, and counts it as a user of its resources.
    fn body(
        &mut self,
        (typed, id): (&Typed, BodyId),
        modules: &Modules,
        demand: &demand::Demand,
        planned: &[BodyPlan],
    ) -> BodyPlan {
        let body = typed.body(id);
        let nodes = nodes::nodes(body);
        let mut latches = 0;
        let mut part = |always| {
            let is_part = |node: &model::Node| body.steps[node.step].always == always;
            chains::schedule(&nodes, is_part, &mut latches)
        };
        let (schedule, always) = match &body.mix {
            Some(weights) => (choice(weights, &nodes), None),
            None => {
                let schedule = part(false).unwrap_or(Schedule::Sequence(Vec::new()));
                (schedule, part(true))
            }
        };
        let metrics = recorded(body);
        let mut steps = Vec::with_capacity(body.steps.len());
        for id in typed.step_ids(id) {
            let parts = nodes.iter().filter(|node| node.step == id.index).count();
            let step = (id, typed.step(id));
            let given = (parts as u32, typed, planned);
            let mut step = self.step(step, modules, demand, given);
            step.records = records(typed.step(id), &metrics);
            steps.push(step);
        }
        let mut reached: BTreeSet<usize> = BTreeSet::new();
        for step in &steps {
            let of_step = step.needs.iter().chain(&step.users_of);
            reached.extend(of_step);
            reached.extend(step.uses.iter().map(|used| used.resource));
        }
        let read_by_outputs = demand.read_by_outputs.get(&id);
        let read_by_outputs: BTreeSet<usize> = read_by_outputs
            .into_iter()
            .flatten()
            .filter_map(|id| self.by_id[*id])
            .collect();
        reached.extend(&read_by_outputs);
        let below: Vec<usize> = reached
            .iter()
            .flat_map(|at| self.list[*at].on.iter().copied())
            .collect();
        reached.extend(below);
        for call in steps.iter().filter_map(Step::call) {
            reached.extend(calls::handed_to(&planned[call.body.0]));
        }
        let hosted = phases::hosted_by(typed, id);
        for hosted in &hosted {
            let handed: Vec<usize> = calls::handed_to(&planned[hosted.body.0]).collect();
            for &at in &handed {
                if !self.list[at].implicit {
                    // A user that never says that it is done: so the asset is there until the user ends.
                    self.list[at].users_of_bodies[id.0] += 1;
                }
            }
            reached.extend(handed);
        }
        let (connections, local_addresses) = match &body.mix {
            // An iteration runs one of them.
            Some(_) => {
                let each = steps.chunks(1);
                let each = each.map(|step| self.connections(step, planned));
                each.min().unwrap_or((0, 1))
            }
            None => self.connections(&steps, planned),
        };
        let of_users = body.phase.as_ref().filter(|phase| phase.is_of_users());
        let nothing = of_users.map(|_| TFlow::nothing());
        let flow = body.flow.as_ref().or(nothing.as_ref());
        let flow = flow.map(|flow| {
            let own = reached.iter().copied();
            let own = own.filter(|at| self.belongs_to_calls_of(*at, (typed, id)));
            let own: Vec<usize> = own.collect();
            let mut handed = self.handed(&steps, (&own, &read_by_outputs), planned);
            handed.retain(|at| !own.contains(at));
            for own in own.iter().filter(|own| read_by_outputs.contains(own)) {
                // Whoever computes the outputs is one more user.
                let users = &mut self.list[*own].users_of_bodies[id.0];
                *users = users.saturating_add(1);
            }
            let read = read_by_outputs.iter().copied().collect();
            calls::flow((typed, id), (flow, demand), [own, handed, read])
        });
        let opens = typed
            .step_ids(id)
            .zip(&steps)
            .any(|(id, step)| match typed.step(id).callee {
                Callee::Flow(flow) => planned[flow.0].opens,
                Callee::Runner(at) => {
                    let opens = modules.runner(at).opens.is_some();
                    opens && self.uses_exclusive_of_users(step, modules)
                        || typed.step(id).settled_at_end && self.uses_of_users(step)
                }
            });
        let mut calls = steps.iter().filter_map(Step::call);
        let makes_in_calls = flow.as_ref().is_some_and(|flow| !flow.own.is_empty())
            || calls.any(|call| planned[call.body.0].makes_in_calls);
        let read = demand.locals.iter().filter(|(body, _)| *body == id);
        let mut read: BTreeSet<LocalId> = read.map(|(_, local)| *local).collect();
        let narrow = reached.iter().map(|at| &self.list[*at]);
        let narrow = narrow.filter(|resource| resource.scope != Lifetime::Run);
        for id in narrow.filter_map(|resource| resource.id) {
            // The body makes it, whoever declares it.
            locals_of_resource(typed, id, &mut read);
        }
        let locals = read.into_iter().map(|id| local(typed, id));
        BodyPlan {
            kind: body.kind,
            name: body.name.clone(),
            steps,
            nodes,
            schedule,
            always,
            latches,
            locals: positioned(
                locals
                    .filter(|local| local.value.binding > Binding::Start)
                    .collect(),
            ),
            connections,
            local_addresses,
            metrics,
            slots: 0,
            resources: reached.into_iter().collect(),
            memory: 0,
            makes_in_calls,
            opens,
            flow,
            phase: body.phase.clone(),
            hosted,
        }
    }

    /// Whether a step uses an exclusive asset that a user has.
    fn uses_exclusive_of_users(&self, step: &Step, modules: &Modules) -> bool {
        let mut used = step.uses.iter().map(|used| &self.list[used.resource]);
        used.any(|resource| {
            let asset = modules.find_asset(&resource.asset);
            let asset = asset.map(|at| modules.asset(at).concurrency);
            resource.scope == Lifetime::Vu && asset == Some(Concurrency::Exclusive)
        })
    }

    /// Whether a step uses an asset that a user has.
    fn uses_of_users(&self, step: &Step) -> bool {
        let mut used = step.uses.iter().map(|used| &self.list[used.resource]);
        used.any(|resource| resource.scope == Lifetime::Vu)
    }

    /// Resources of users and iterations that a flow does not make itself and that something in it names: a step, a call, or
    /// one of its own that is built on it.
    fn handed(
        &self,
        steps: &[Step],
        (own, read_by_outputs): (&[usize], &BTreeSet<usize>),
        planned: &[BodyPlan],
    ) -> Vec<usize> {
        let mut all = read_by_outputs.clone();
        for step in steps {
            all.extend(&step.needs);
            all.extend(step.uses.iter().map(|used| used.resource));
            let flow = step
                .call()
                .and_then(|call| planned[call.body.0].flow.as_ref());
            all.extend(flow.iter().flat_map(|flow| &flow.handed));
        }
        all.extend(own.iter().flat_map(|own| &self.list[*own].on));
        let is_of_users =
            |at: &usize| matches!(self.list[*at].scope, Lifetime::Vu | Lifetime::Iteration);
        all.into_iter().filter(is_of_users).collect()
    }

    /// Whether a resource is made anew for each call of this flow: one of the iteration that stands in it. What a user runs
    /// before and after its iterations makes all of them itself.
    fn belongs_to_calls_of(&self, at: usize, (typed, flow): (&Typed, BodyId)) -> bool {
        let resource = &self.list[at];
        let declared = resource.id.map(|id| id.body);
        let is_phase = typed.body(flow).phase.is_some();
        resource.scope == Lifetime::Iteration && (is_phase || declared == Some(flow))
    }

    /// How many resources a call of a flow makes that are built on one, with those of the calls in it.
    fn built_on(&self, below: usize, flow: BodyId, planned: &[BodyPlan]) -> u32 {
        let body = &planned[flow.0];
        let own = body.flow.as_ref().map_or(&[][..], |flow| &flow.own).iter();
        let own = own
            .filter(|own| self.list[**own].on.contains(&below))
            .count();
        let calls = body
            .steps
            .iter()
            .filter_map(|step| Some((step, step.call()?)));
        let inner = calls.map(|(step, call)| {
            let instances = step.instances.most();
            let handed = calls::handed_to(&planned[call.body.0]).any(|at| at == below);
            match handed {
                true => self
                    .built_on(below, call.body, planned)
                    .saturating_mul(instances),
                false => 0,
            }
        });
        inner.fold(u32::try_from(own).unwrap_or(u32::MAX), u32::saturating_add)
    }

    /// Counts resources as users of those that they are built on.
    fn count_users(&mut self, bodies: &[BodyPlan]) {
        for at in 0..self.list.len() {
            let (on, scope) = (self.list[at].on.clone(), self.list[at].scope);
            for below_at in on {
                let below = &mut self.list[below_at];
                if below.implicit {
                    // It lives until its scope ends.
                    continue;
                }
                if matches!(scope, Lifetime::Run | Lifetime::Worker) {
                    below.users_beside += 1;
                    continue;
                }
                for (place, body) in bodies.iter().enumerate() {
                    // What a call makes on top of what it is handed was counted with the call.
                    let is_made = body.resources.contains(&at) && body.makes(at);
                    let is_counted = body.makes(below_at);
                    let users = &mut below.users_of_bodies[place];
                    *users = users.saturating_add(u32::from(is_made && is_counted));
                }
            }
        }
    }

    /// How many connections a user of a body with these steps has at least: one for each asset that connects and that no other
    /// user shares. A step that may be skipped may need none.
    /// Also how many local addresses each of these has at least.
    fn connections(&self, steps: &[Step], planned: &[BodyPlan]) -> (u32, u32) {
        let (mut used, mut seen) = (BTreeSet::new(), BTreeSet::new());
        used_always(steps, planned, (&mut used, &mut seen));
        let used = used.into_iter();
        let own = used.filter(|at| {
            let resource = &self.list[*at];
            resource.connects && resource.scope >= Lifetime::Vu
        });
        let own: BTreeSet<usize> = own.collect();
        let addresses = own.iter().map(|at| self.list[*at].local_addresses);
        (own.len() as u32, addresses.min().unwrap_or(1))
    }

    fn step(
        &mut self,
        (id, step): (StepId, &TStep),
        modules: &Modules,
        demand: &demand::Demand,
        (parts, typed, planned): (u32, &Typed, &[BodyPlan]),
    ) -> Step {
        let locals = typed.locals.as_slice();
        let runner = &*typed.runner_of(step, modules);
        let runs = match step.callee {
            Callee::Runner(at) => Runs::Module(modules.module(at).crate_name.clone()),
            Callee::Flow(body) => Runs::Flow(Call {
                body,
                first_slot: 0,
                outputs: demand.positions(id, typed.runner(step.callee, modules)),
            }),
        };
        let instances = instances(step);
        let mut uses = Vec::new();
        for (position, wanted) in runner.uses.iter().enumerate() {
            match step.uses.iter().find(|(given, ..)| *given == position) {
                Some((_, id, _)) => {
                    uses.extend(self.by_id[*id].map(|place| UsedAsset::new(wanted, place)));
                }
                None if wanted.optional => uses.extend(
                    self.implicit((wanted.default_asset(), None), step.span, modules)
                        .map(|place| UsedAsset::new(wanted, place)),
                ),
                None => {}
            }
        }
        let place = |id: &ResourceId| self.by_id[*id];
        let mut needs: Vec<usize> = demand.steps[id]
            .resources
            .iter()
            .filter_map(place)
            .collect();
        // An asset that it uses may be built on others, which are created first.
        for used in &uses {
            needs.extend(&self.list[used.resource].on);
        }
        needs.sort_unstable();
        needs.dedup();
        let direct: Vec<usize> = demand.steps[id].direct.iter().filter_map(place).collect();
        let mut users_of: Vec<usize> = direct
            .into_iter()
            .chain(uses.iter().map(|used| used.resource))
            .filter(|at| !self.list[*at].implicit)
            .collect();
        // Whoever calls a flow is the user of all that it hands over: the flow's own steps are not counted.
        if let Runs::Flow(call) = &runs {
            let handed = calls::handed_to(&planned[call.body.0]);
            users_of.extend(handed.filter(|at| !self.list[*at].implicit));
        }
        let body = typed.body(id.body);
        let of_users = body.phase.as_ref().is_some_and(TPhase::is_of_users);
        if body.kind == BodyKind::Flow || of_users {
            users_of.retain(|at| self.belongs_to_calls_of(*at, (typed, id.body)));
        }
        users_of.sort_unstable();
        users_of.dedup();
        for &used in &users_of {
            let users = &mut self.list[used].users_of_bodies[id.body.0];
            *users = users.saturating_add(parts);
        }
        if let Runs::Flow(call) = &runs {
            // What a call makes on top of one of these is a user of it as well. Where nobody knows how many calls there will
            // be, it lives until its scope ends.
            let instances = instances.most();
            for &used in &users_of {
                let built = self.built_on(used, call.body, planned);
                let users = &mut self.list[used].users_of_bodies[id.body.0];
                *users = users.saturating_add(built.saturating_mul(instances));
            }
        }
        // One that it is handed is waited for when it is handed over, unless something comes before that.
        let comes_before = |need: usize| {
            let is_read = demand.steps[id]
                .direct
                .iter()
                .filter_map(place)
                .any(|read| read == need);
            let of_uses = uses.iter().map(|used| used.resource);
            let mut others = needs.iter().copied().chain(of_uses);
            is_read || others.any(|other| self.list[other].on.contains(&need))
        };
        let is_used = |need: usize| uses.iter().any(|used| used.resource == need);
        let needs = needs
            .iter()
            .copied()
            .filter(|need| !is_used(*need) || comes_before(*need))
            .collect();
        Step {
            runner: step.runner_name.clone(),
            name: step.name.clone(),
            runs,
            span: step.span,
            instances,
            arguments: arguments(
                (&step.arguments, &step.methods),
                &runner.inputs,
                (locals, step.span),
            ),
            uses,
            needs,
            users_of,
            read: demand.reads(id),
            outputs: demand.outputs(id, runner),
            kept: None,
            without: Vec::new(),
            enabled: step.enabled.clone(),
            execution: step.execution.clone(),
            delay_before: step.delay_before.clone(),
            delay_after: step.delay_after.clone(),
            continue_on_failure: step.continue_on_failure,
            always: step.always,
            parts: step.parts.clone(),
            tags: step.tags.clone(),
            sensitive: step.sensitive,
            withheld: step.withheld,
            stamped: demand.stamps(step, runner),
            rules: step.rules.clone(),
            records: Vec::new(),
            checks: step.checks.clone(),
            metrics: runner.metrics.len() as u32,
            unwarned: unwarned(&runner.metrics, &step.arguments, &runner.inputs),
            slots: (0, 0),
        }
    }

    /// The default asset that all steps and resources share which name none, in the scope that its manifest gives it. A resource of a
    /// wider scope is not built on it.
    fn implicit(
        &mut self,
        (asset, of): (&str, Option<Lifetime>),
        span: Span,
        modules: &Modules,
    ) -> Option<usize> {
        let found = modules.find_asset(asset)?;
        let needed = modules.asset(found);
        let scope = needed.default_scope(of)?;
        let mut known = self.list.iter();
        if let Some(place) = known.position(|known| known.implicit && known.asset == asset) {
            return Some(place);
        }
        self.list.push(Resource {
            asset: asset.to_owned(),
            name: "default".to_owned(),
            crate_name: modules.module(found).crate_name.clone(),
            span,
            implicit: true,
            scope,
            arguments: arguments((&[], &[]), &needed.inputs, (&[], span)),
            uses: (!modules.asset(found).uses.is_empty()).then(Vec::new),
            on: Vec::new(),
            rules: TRules::default(),
            sensitive: false,
            metrics: needed.metrics.len() as u32,
            unwarned: Vec::new(),
            connects: needed.connects,
            local_addresses: 1,
            first_slot: 0,
            users_of_bodies: Vec::new(),
            users_beside: 0,
            id: None,
        });
        Some(self.list.len() - 1)
    }
}

/// How many instances that are known late run at the same time, unless the step says it; the runtime has the same number.
pub const AT_ONCE: u32 = 100;

/// How many instances of a step that are known late run at the same time: its `concurrency`, if that counts them together; `None`
/// where that is known only when the program starts.
fn at_once(step: &TStep) -> Option<u32> {
    let concurrency = step.parts.concurrency.as_ref();
    let counted = concurrency
        .filter(|one| one.key.is_none() && one.among == TAmong::Iteration && !one.last_first);
    let Some(limit) = counted.map(|one| one.limit.constant()) else {
        return Some(AT_ONCE);
    };
    match limit {
        Some(Value::Number(limit)) => u32::try_from(limit.as_u64()?).ok(),
        _ => None,
    }
}

fn instances(step: &TStep) -> Instances {
    match &step.instances {
        TInstances::Single => Instances::Single,
        TInstances::Count(count) => Instances::Count(*count),
        TInstances::ForEach(keys) => Instances::Keys(keys.clone()),
        TInstances::Late(late) => Instances::Late(Late {
            over: late.over.clone(),
            of: late.of,
            at_once: at_once(step),
        }),
    }
}

/// A schedule in which each iteration runs one of the steps, which do not depend on each other and have no instances.
fn choice(weights: &[u32], nodes: &[Scheduled]) -> Schedule {
    let nodes = nodes.iter().enumerate();
    let choices = nodes.filter_map(|(at, node)| {
        let weight = *weights.get(node.step)?;
        Some((node.step, weight, Schedule::Node(at)))
    });
    let mut choices: Vec<_> = choices.collect();
    choices.sort_by_key(|(step, ..)| *step);
    let choices = choices.into_iter();
    Schedule::Choice(choices.map(|(_, weight, part)| (weight, part)).collect())
}

/// Assets that steps use which are always enabled, also those of flows that they call.
fn used_always(
    steps: &[Step],
    planned: &[BodyPlan],
    (found, seen): (&mut BTreeSet<usize>, &mut BTreeSet<BodyId>),
) {
    for step in steps.iter().filter(|step| step.enabled.is_none()) {
        found.extend(step.uses.iter().map(|used| used.resource));
        if let Some(call) = step.call()
            && seen.insert(call.body)
        {
            used_always(&planned[call.body.0].steps, planned, (found, seen));
        }
    }
}

/// The metrics of the grid that the steps of a body record, in written order, without slots yet.
fn recorded(body: &TBody) -> Vec<BodyMetric> {
    let mut metrics: Vec<BodyMetric> = Vec::new();
    for step in &body.steps {
        for record in &step.records {
            let (metric, tags) = (record.metric.0, sorted(&step.tags));
            if !metrics.iter().any(|one| one.is(metric, &tags)) {
                let slot = 0;
                metrics.push(BodyMetric { metric, tags, slot });
            }
        }
    }
    // Those of one metric stay in the order of their steps.
    metrics.sort_by_key(|one| one.metric);
    metrics
}

/// Tags in an order that does not depend on how they are written.
fn sorted(tags: &[(String, String)]) -> Vec<(String, String)> {
    let mut tags = tags.to_vec();
    tags.sort();
    tags
}

impl BodyMetric {
    fn is(&self, metric: usize, tags: &[(String, String)]) -> bool {
        self.metric == metric && self.tags == tags
    }
}

/// What a step records, by positions among the metrics of its body.
fn records(step: &TStep, metrics: &[BodyMetric]) -> Vec<Record> {
    let tags = sorted(&step.tags);
    let place = |id: MetricId| metrics.iter().position(|metric| metric.is(id.0, &tags));
    let records = step.records.iter().filter_map(|record| {
        Some(Record {
            metric: place(record.metric)?,
            value: record.value.clone(),
        })
    });
    records.collect()
}

/// Metrics whose warning an argument settles. One that may turn out null does as well: its author has thought of it. (What
/// is null for certain is no argument any more.)
fn unwarned(metrics: &[Metric], given: &[(usize, TExpr)], inputs: &[Input]) -> Vec<String> {
    let is_given = |name: &String| given.iter().any(|(at, _)| inputs[*at].name == *name);
    let is_settled = |metric: &&Metric| {
        let warning = metric.warning.as_ref();
        warning.is_some_and(|warning| warning.unless.iter().any(is_given))
    };
    let settled = metrics.iter().filter(is_settled);
    settled.map(|metric| metric.name.clone()).collect()
}

/// The input by which an asset that `connects` says whose its connections are, and the one that lists where they begin.
const CONNECTIONS: &str = "connections";
const LOCAL_ADDRESSES: &str = "local_addresses";

/// Whether an asset that connects shares its connections with those of other users.
fn shares_connections(arguments: &[Argument]) -> bool {
    let value = constant_of(arguments, CONNECTIONS);
    value.and_then(Value::as_text) == Some("shared")
}

/// Whether an asset that connects has a crate's sockets, which all those of a thread share.
fn shares_sockets(arguments: &[Argument]) -> bool {
    let mut links = arguments.iter().filter_map(|argument| {
        let value = argument.value.constant()?;
        argument.input.link(value)
    });
    links.any(|link| link.shares_sockets)
}

/// How many local addresses an asset that connects has for its connections; one where the grid does not say them itself.
fn local_addresses(arguments: &[Argument]) -> u32 {
    match constant_of(arguments, LOCAL_ADDRESSES) {
        Some(Value::List(addresses)) => (addresses.len() as u32).max(1),
        _ => 1,
    }
}

fn constant_of<'a>(arguments: &'a [Argument], input: &str) -> Option<&'a Value> {
    let argument = arguments
        .iter()
        .find(|argument| argument.input.name == input);
    argument?.value.constant()
}

/// Methods by the position of the inputs that select them.
type Methods = [(usize, Rc<TMethod>)];

/// The arguments of what stands at a place.
fn arguments(
    (given, methods): (&[(usize, TExpr)], &Methods),
    inputs: &[Input],
    (locals, place): (&[TLocal], Span),
) -> Vec<Argument> {
    let of_grid = given.iter().map(|(at, value)| Argument {
        input: inputs[*at].clone(),
        value: value.clone(),
        skeleton: shape::skeleton(&inputs[*at], value, locals),
        link: link(&inputs[*at], value),
        method: methods
            .iter()
            .find(|(of, _)| of == at)
            .map(|(_, method)| Rc::clone(method)),
    });
    let left = inputs.iter().enumerate();
    let left = left.filter(|(at, _)| given.iter().all(|(known, _)| known != at));
    let linked = left.filter_map(|(_, input)| default_that_links(input, place));
    of_grid.chain(linked).collect()
}

/// The default of an input as an argument, if that links a crate: only the grid can name the crate.
fn default_that_links(input: &Input, place: Span) -> Option<Argument> {
    let link = input.default_link()?;
    Some(Argument {
        value: TExpr {
            kind: TKind::Constant(input.default.clone()?),
            ty: input.ty.clone(),
            binding: Binding::Built,
            sensitivity: Sensitivity::default(),
            span: place,
        },
        skeleton: None,
        link: Some(link.crate_name.clone()),
        method: None,
        input: input.clone(),
    })
}

/// The crate that a value links. One that links some is known when the grid is built.
fn link(input: &Input, value: &TExpr) -> Option<String> {
    let link = input.link(value.constant()?)?;
    Some(link.crate_name.clone())
}

#[cfg(test)]
mod tests;
