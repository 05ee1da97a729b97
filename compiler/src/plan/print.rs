//! A plan as text, for `--emit plan` and snapshots: resources, then each body with its steps and when what runs.

use super::model::{BodyPlan, Instances, Local, Plan, Schedule, Step};
use crate::check::typed::{LateOf, TLoad, TRules};
use std::fmt::{Debug, Write};

/// The whole plan.
pub fn print(plan: &Plan) -> String {
    let mut out = format!("grid {}\n", plan.name);
    // A String never refuses what is written to it.
    let _ = resources(plan, &mut out);
    locals("\nlocals known at start\n", "  ", &plan.locals, &mut out);
    scenarios(plan, &mut out);
    phases(plan, &mut out);
    thresholds(plan, &mut out);
    let all = plan.run_bodies().chain(plan.called_flows());
    for id in all.chain(plan.phase_bodies()) {
        let body = plan.body(id);
        let kind = match (&body.phase, &body.flow) {
            (Some(_), _) => "phase",
            (None, Some(_)) => "flow",
            (None, None) => "body",
        };
        let _ = writeln!(out, "\n{kind} {} : {} slots", body.name, body.slots);
        for hosted in &body.hosted {
            let (name, first) = (&plan.body(hosted.body).name, hosted.first_slot);
            let _ = writeln!(out, "  users run {name} from slot {first}");
        }
        flow(plan, body, &mut out);
        let _ = steps(plan, body, &mut out);
        let _ = metrics(plan, body, &mut out);
        locals("  locals\n", "    ", &body.locals, &mut out);
        out.push_str("  schedule\n");
        schedule(body, &body.schedule, 2, &mut out);
        if let Some(always) = &body.always {
            out.push_str("  always\n");
            schedule(body, always, 2, &mut out);
        }
    }
    out
}

/// What a flow is given, gives back and makes.
fn flow(plan: &Plan, body: &BodyPlan, out: &mut String) {
    let Some(flow) = &body.flow else { return };
    for (at, input) in flow.inputs.iter().enumerate() {
        let read = if flow.read_inputs.contains(&at) {
            ""
        } else {
            ", not read"
        };
        let _ = writeln!(out, "  input {} : {}{read}", input.name, input.ty);
    }
    for output in &flow.outputs {
        let ty = output.value.as_ref().map(|value| &value.ty);
        let _ = match ty {
            Some(ty) => writeln!(out, "  output {} : {ty}", output.name),
            None => writeln!(out, "  output {} : not read", output.name),
        };
    }
    for own in &flow.own {
        let own = &plan.resources[*own];
        let _ = writeln!(out, "  makes {}.{}", own.asset, own.name);
    }
}

/// The table of scenarios, where the grid declares some.
fn scenarios(plan: &Plan, out: &mut String) {
    if plan.scenarios.iter().all(|row| row.load.is_none()) {
        return;
    }
    out.push_str("\nscenarios\n");
    for row in &plan.scenarios {
        let profile = row.load.as_ref().map_or("once", |load| load.profile.name());
        let end = row.first_slot + plan.body(row.body).slots;
        let (name, first) = (&row.name, row.first_slot);
        let _ = write!(out, "  {name} : {profile}, slots {first}..{end}");
        if let Some(after) = row.after {
            let _ = write!(out, ", after {}", plan.scenarios[after].name);
        }
        out.push('\n');
        for field in row.load.iter().flat_map(TLoad::all_fields) {
            let (name, binding) = (field.field.name(), word(field.value.binding));
            let _ = writeln!(out, "      {name} : {}, {binding}", field.value.ty);
        }
    }
}

/// What runs once before and after the scenarios.
fn phases(plan: &Plan, out: &mut String) {
    if !plan.phases.is_empty() {
        out.push_str("\nphases\n");
    }
    for phase in &plan.phases {
        let body = plan.body(phase.body);
        let (first, end) = (phase.first_slot, phase.first_slot + body.slots);
        let limit = bggo_values::duration::format(phase.limit);
        let name = &body.name;
        let _ = writeln!(out, "  {name} : slots {first}..{end}, limit {limit}");
    }
}

/// Thresholds, with the figures that they read.
fn thresholds(plan: &Plan, out: &mut String) {
    if !plan.thresholds.is_empty() {
        out.push_str("\nthresholds\n");
    }
    for threshold in &plan.thresholds {
        let on_fail = word(threshold.on_fail);
        let _ = writeln!(out, "  {} : {on_fail}, {}", threshold.name, threshold.text);
        for address in &threshold.addresses {
            let _ = writeln!(out, "      {address}");
        }
    }
}

fn locals(title: &str, indent: &str, locals: &[Local], out: &mut String) {
    if !locals.is_empty() {
        out.push_str(title);
    }
    for local in locals {
        let (name, value) = (&local.name, &local.value);
        let binding = word(value.binding);
        let _ = writeln!(out, "{indent}{name} : {}, {binding}", value.ty);
    }
}

/// The binding time or scope as grids and the manual write it: `vu`, `start`.
fn word(named: impl Debug) -> String {
    format!("{named:?}").to_lowercase()
}

fn resources(plan: &Plan, out: &mut String) -> std::fmt::Result {
    if !plan.resources.is_empty() {
        out.push_str("\nresources\n");
    }
    for resource in &plan.resources {
        let name = format!("{}.{}", resource.asset, resource.name);
        let how = if resource.implicit {
            ", implicit".to_owned()
        } else {
            match resource.users() {
                u32::MAX => ", used by nobody knows how many".to_owned(),
                users => format!(", used by {users}"),
            }
        };
        write!(out, "  {name} : scope {}{how}", word(resource.scope))?;
        for below in &resource.on {
            let below = &plan.resources[*below];
            write!(out, ", on {}.{}", below.asset, below.name)?;
        }
        for used in resource.uses.iter().flatten() {
            let (key, used) = (&used.key, &plan.resources[used.resource]);
            write!(out, ", {key} = {}.{}", used.asset, used.name)?;
        }
        if resource.metrics > 0 {
            let first = resource.first_slot;
            write!(out, ", slots {first}..{}", first + resource.metrics)?;
        }
        let mut arguments = resource.arguments.iter();
        if let Some(link) = arguments.find_map(|argument| argument.link.as_ref()) {
            write!(out, ", links {link}")?;
        }
        out.push('\n');
        rules(&resource.rules, out)?;
    }
    Ok(())
}

/// Rules that are judged when the program runs, by what they say.
fn rules(rules: &TRules, out: &mut String) -> std::fmt::Result {
    for rule in &rules.list {
        let binding = word(rule.condition.binding);
        writeln!(out, "      rule, {binding}: {}", rule.message)?;
    }
    Ok(())
}

fn steps(plan: &Plan, body: &BodyPlan, out: &mut String) -> std::fmt::Result {
    out.push_str("  steps\n");
    for step in &body.steps {
        write!(out, "    {}.{}", step.runner, step.name)?;
        match &step.instances {
            Instances::Single => {}
            Instances::Count(count) => write!(out, " x {count}")?,
            Instances::Keys(keys) => write!(out, " x {} keys", keys.len())?,
            Instances::Late(late) => write!(
                out,
                " x late {}, {}, {}",
                match late.of {
                    LateOf::Count => "count",
                    LateOf::Map => "map",
                    LateOf::Set => "set",
                },
                word(late.over.binding),
                match late.at_once {
                    Some(most) => format!("{most} at once"),
                    None => "`concurrency` at once".to_owned(),
                }
            )?,
        }
        write!(
            out,
            " : slots {}..{}",
            step.slots.0,
            step.slots.0 + step.slots.1
        )?;
        if let Some(call) = step.call() {
            write!(out, ", calls from slot {}", call.first_slot)?;
        }
        if !step.outputs.is_empty() {
            write!(out, ", read {}", step.outputs.join(" "))?;
        }
        if let Some(number) = step.kept {
            write!(out, ", kept as {number}")?;
        }
        for number in &step.without {
            write!(out, ", not without {number}")?;
        }
        for used in &step.uses {
            let (key, used) = (&used.key, &plan.resources[used.resource]);
            write!(out, ", {key} = {}.{}", used.asset, used.name)?;
        }
        out.push('\n');
        for argument in &step.arguments {
            let (input, value) = (&argument.input, &argument.value);
            let binding = word(value.binding);
            write!(out, "      {} : {}, {binding}", input.name, value.ty)?;
            if let Some(link) = &argument.link {
                write!(out, ", links {link}")?;
            }
            out.push('\n');
        }
        rules(&step.rules, out)?;
        judging(plan, body, step, out)?;
    }
    Ok(())
}

/// What is recorded and checked once a step has run.
fn judging(plan: &Plan, body: &BodyPlan, step: &Step, out: &mut String) -> std::fmt::Result {
    for record in &step.records {
        let metric = &plan.metrics[body.metrics[record.metric].metric];
        writeln!(out, "      record {} : {}", metric.name, record.value.ty)?;
    }
    let first = step.slots.0 + step.slots.1 - step.checks.len() as u32;
    for (check, slot) in step.checks.iter().zip(first..) {
        let required = if check.required { ", required" } else { "" };
        writeln!(out, "      check {:?} : slot {slot}{required}", check.name)?;
    }
    Ok(())
}

/// The metrics of the grid that a body records.
fn metrics(plan: &Plan, body: &BodyPlan, out: &mut String) -> std::fmt::Result {
    if !body.metrics.is_empty() {
        out.push_str("  metrics\n");
    }
    for metric in &body.metrics {
        let (slot, tags) = (metric.slot, &metric.tags);
        let metric = &plan.metrics[metric.metric];
        let (name, kind, scale) = (&metric.name, metric.kind.name(), metric.scale);
        write!(out, "    {name} : {kind}, slot {slot}, scale {scale}")?;
        for (key, value) in tags {
            write!(out, ", {key} = {value:?}")?;
        }
        out.push('\n');
    }
    Ok(())
}

fn schedule(body: &BodyPlan, part: &Schedule, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    let (word, parts) = match part {
        Schedule::Node(node) => {
            let node = &body.nodes[*node];
            let step = &body.steps[node.step];
            let range = match step.instances {
                Instances::Single => String::new(),
                Instances::Late(_) => "[*]".to_owned(),
                _ => format!("[{}..{}]", node.range.0, node.range.1),
            };
            let _ = writeln!(out, "{indent}{}.{}{range}", step.runner, step.name);
            return;
        }
        Schedule::Wait(latch) => {
            let _ = writeln!(out, "{indent}wait for latch {latch}");
            return;
        }
        Schedule::Open(latch) => {
            let _ = writeln!(out, "{indent}open latch {latch}");
            return;
        }
        Schedule::Choice(parts) => {
            let _ = writeln!(out, "{indent}one of");
            for (weight, part) in parts {
                let _ = writeln!(out, "{indent}  weight {weight}");
                schedule(body, part, depth + 2, out);
            }
            return;
        }
        Schedule::Sequence(parts) => ("sequence", parts),
        Schedule::Fork(parts) => ("fork", parts),
    };
    let _ = writeln!(out, "{indent}{word}");
    for part in parts {
        schedule(body, part, depth + 1, out);
    }
}
