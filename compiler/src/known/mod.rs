//! What is known of a grid without running it, as text for `bggo check -v`: what its loads come to, what its steps send
//! where, what is kept, and when each argument is known.
//!
//! ```text
//! plan --counts, waits, targets--> figures of a scenario --+
//! plan --arguments, values--> tables of steps -------------+--> text
//! ```

mod arguments;
mod counts;
mod load;
mod outputs;
mod table;
mod targets;
mod values;
mod waits;

use std::collections::BTreeSet;

use crate::plan::model::{BodyPlan, Plan, Scenario};
use bggo_manifest::Lifetime;
use bggo_values::Value;
use counts::Count;
use load::Known;
use table::Table;

/// What is known of a grid whose program names these crates.
pub fn text(plan: &Plan, crates: &BTreeSet<String>) -> String {
    let mut out = format!("grid {}\n", values::text(&plan.name));
    for row in &plan.scenarios {
        scenario(plan, row, &mut out);
        steps(plan, plan.body(row.body), &mut out);
    }
    for id in plan.phase_bodies() {
        out.push_str(&format!("\n{}, once\n", plan.body(id).name));
        body(plan, plan.body(id), &mut out);
    }
    for id in plan.called_flows() {
        let of = plan.body(id);
        // A mix within an iteration is a flow whose name no grid can write.
        let title = match (of.phase.is_some(), of.name.contains(' ')) {
            (true, _) => format!("{}, once for each user", of.name),
            (false, true) => of.name.clone(),
            (false, false) => format!("flow {}", of.name),
        };
        out.push_str(&format!("\n{title}\n"));
        body(plan, of, &mut out);
    }
    out.push_str("\nlinked\n");
    for name in crates {
        out.push_str(&format!("  {name}\n"));
    }
    out
}

/// What each line of a scenario is about stands in a column of this width.
const TITLE: usize = 14;

fn line(title: &str, text: &str, out: &mut String) {
    out.push_str(&format!("  {title:TITLE$}{text}\n"));
}

fn scenario(plan: &Plan, row: &Scenario, out: &mut String) {
    out.push_str(&format!("\nscenario {}\n", row.name));
    let of = plan.body(row.body);
    let load = load::of(row.load.as_ref());
    line("load", &load.words, out);
    if let Some(after) = row.after {
        line("after", &plan.scenarios[after].name, out);
    }
    let wait = waits::of_body(plan, of);
    let more = waits::may_be_longer(plan, of);
    if wait > 0.0 || more {
        let more = if more { " or more" } else { "" };
        let text = format!(
            "{} s{more} of an iteration, in the mean",
            counts::shown(wait)
        );
        line("delays", &text, out);
    }
    let rate = rate(&load, wait);
    if let Some(text) = users(&load, wait) {
        line("users", &text, out);
    }
    let sent = targets::of_body(plan, of);
    let listed = |by: &[(String, Count)], rate: (f64, f64)| {
        let listed: Vec<String> = by
            .iter()
            .map(|(name, count)| format!("{name} {}", count.times(rate)))
            .collect();
        listed.join(", ")
    };
    line("an iteration", &listed(&sent.runners, (1.0, 1.0)), out);
    if let Some(rate) = rate {
        line("a second", &listed(&sent.runners, rate), out);
    }
    for (target, count) in &sent.targets {
        let text = match rate {
            Some(rate) => format!("{target}, {} a second", count.times(rate)),
            None => format!("{target}, {} an iteration", count.times((1.0, 1.0))),
        };
        line("to", &text, out);
    }
    line("a user", &holds(plan, of), out);
    outputs::lines(of, &mut |title, text| line(title, text, out));
}

/// The lowest and the highest rate of iterations a second: that of the load, or what delays and a pace let its users do.
fn rate(load: &Known, wait: f64) -> Option<(f64, f64)> {
    if load.rate.is_some() {
        return load.rate;
    }
    let longest = wait.max(load.pace);
    let users = load.most_users?;
    (longest > 0.0).then(|| (0.0, f64::from(users) / longest))
}

/// How many users delays alone keep busy at the rate of an open profile.
fn users(load: &Known, wait: f64) -> Option<String> {
    let (_, highest) = load.rate?;
    let needed = (highest * wait).ceil();
    if needed < 1.0 {
        return None;
    }
    let too_many = match load.most_users {
        Some(most) if needed > f64::from(most) => format!(", and it has {most} at most"),
        _ => String::new(),
    };
    let shown = counts::shown(needed);
    Some(format!("{shown} at least are in a delay{too_many}"))
}

/// What a user has of its own, as far as it is known.
fn holds(plan: &Plan, of: &BodyPlan) -> String {
    let kept = of.steps.iter().filter(|step| step.has_output_slots());
    let outputs: usize = kept
        .map(|step| step.outputs.len() * step.instances.known_count().unwrap_or(0))
        .sum();
    let own = of.resources.iter().map(|at| &plan.resources[*at]);
    let own = own.filter(|resource| resource.scope >= Lifetime::Vu);
    let values = outputs + of.memory;
    let mut parts = Vec::new();
    let mut add = |count: usize, one: &str, more: &str| match count {
        0 => {}
        1 => parts.push(format!("1 {one}")),
        some => parts.push(format!("{some} {more}")),
    };
    add(
        of.connections as usize,
        "connection at least",
        "connections at least",
    );
    add(own.count(), "resource", "resources");
    let bytes = values * size_of::<Value>();
    let beside = format!("({bytes} bytes, and what they point at)");
    add(
        values,
        &format!("value {beside}"),
        &format!("values {beside}"),
    );
    match parts.is_empty() {
        true => "nothing of its own".to_owned(),
        false => parts.join(", "),
    }
}

fn body(plan: &Plan, of: &BodyPlan, out: &mut String) {
    outputs::lines(of, &mut |title, text| line(title, text, out));
    steps(plan, of, out);
}

fn steps(plan: &Plan, of: &BodyPlan, out: &mut String) {
    let mut table = Table::new(["of", "argument", "known", "value"]);
    for step in &of.steps {
        arguments::of_step(plan, step, &mut table);
    }
    for at in &of.resources {
        let resource = &plan.resources[*at];
        if of.makes(*at) {
            arguments::of_resource(plan, resource, &mut table);
        }
    }
    table.write(out);
}
