//! How often each kind of runner runs in an iteration in which nothing fails, and to which target.

use bggo_values::Value;

use super::counts::Count;
use crate::check::typed::{TExpr, TKind, TPart};
use crate::check::typed_parts::TRepeat;
use crate::plan::model::{BodyPlan, Node, Plan, Schedule, Step};

/// How often a step with `repeat` runs at most where the grid does not say it.
const MOST_ATTEMPTS: f64 = 100.0;

/// What an iteration sends.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// By kind of runner, in the order of steps.
    pub(super) runners: Vec<(String, Count)>,
    /// By target.
    pub(super) targets: Vec<(String, Count)>,
}

/// Of one run of a body, with the flows that it calls.
pub(super) fn of_body(plan: &Plan, body: &BodyPlan) -> Sent {
    let mut reader = Reader {
        plan,
        sent: Sent::default(),
    };
    reader.body(body, Count::exactly(1.0));
    reader.sent
}

struct Reader<'p> {
    plan: &'p Plan,
    sent: Sent,
}

impl<'p> Reader<'p> {
    fn body(&mut self, body: &'p BodyPlan, times: Count) {
        self.schedule(body, &body.schedule, times);
        if let Some(always) = &body.always {
            self.schedule(body, always, times);
        }
    }

    fn schedule(&mut self, body: &'p BodyPlan, schedule: &Schedule, times: Count) {
        match schedule {
            Schedule::Node(node) => {
                if let Some(node) = body.nodes.get(*node)
                    && let Some(step) = body.steps.get(node.step)
                {
                    self.step(step, times.each(runs(step, node)));
                }
            }
            Schedule::Sequence(parts) | Schedule::Fork(parts) => {
                for part in parts {
                    self.schedule(body, part, times);
                }
            }
            Schedule::Choice(parts) => {
                let whole: f64 = parts.iter().map(|(weight, _)| f64::from(*weight)).sum();
                for (weight, part) in parts {
                    let share = Count::exactly(f64::from(*weight) / whole.max(1.0));
                    self.schedule(body, part, times.each(share));
                }
            }
            Schedule::Wait(_) | Schedule::Open(_) => {}
        }
    }

    fn step(&mut self, step: &'p Step, times: Count) {
        if let Some(call) = step.call() {
            self.body(self.plan.body(call.body), times);
            return;
        }
        add(&mut self.sent.runners, &step.runner, times);
        if let Some(target) = of_step(self.plan, step) {
            add(&mut self.sent.targets, &target, times);
        }
    }
}

fn add(to: &mut Vec<(String, Count)>, name: &str, times: Count) {
    match to.iter_mut().find(|(known, _)| known == name) {
        Some((_, count)) => *count += times,
        None => to.push((name.to_owned(), times)),
    }
}

/// How often a node runs its step.
fn runs(step: &Step, node: &Node) -> Count {
    let (first, end) = node.range;
    let instances = match step.instances.late() {
        Some(_) => Count {
            low: 0.0,
            high: None,
        },
        None => Count::exactly(end.saturating_sub(first) as f64),
    };
    let enabled = match step.enabled.as_ref().map(TExpr::constant) {
        None | Some(Some(Value::Bool(true))) => Count::exactly(1.0),
        Some(Some(Value::Bool(false))) => Count::NONE,
        Some(_) => Count {
            low: 0.0,
            high: Some(1.0),
        },
    };
    let repeated = step
        .parts
        .repeat
        .as_ref()
        .map_or(Count::exactly(1.0), |repeat| attempts(repeat));
    instances.each(enabled).each(repeated)
}

fn attempts(repeat: &TRepeat) -> Count {
    let high = match &repeat.max_attempts {
        None => Some(MOST_ATTEMPTS),
        Some(most) => match most.constant() {
            Some(Value::Number(most)) => Some(most.as_f64()),
            _ => None,
        },
    };
    Count { low: 1.0, high }
}

/// Where a step goes: the scheme and host of the url that it is given, or the name of what gives these.
fn of_step(plan: &Plan, step: &Step) -> Option<String> {
    let urls = step.arguments.iter();
    let mut urls = urls.filter(|argument| argument.input.name == "url");
    let url = &urls.next()?.value;
    if url.sensitivity.any() {
        return Some("a sensitive url".to_owned());
    }
    Some(of_url(plan, url, MOST_LOCALS).unwrap_or_else(|| "a target that is known late".to_owned()))
}

/// How many locals are followed from one to the next.
const MOST_LOCALS: u32 = 64;

fn of_url(plan: &Plan, url: &TExpr, locals: u32) -> Option<String> {
    match &url.kind {
        TKind::Constant(value) => authority(value.as_text()?),
        TKind::Convert(of) => of_url(plan, of, locals),
        TKind::Template(parts) => match parts.first()? {
            TPart::Text(text) => authority(text).filter(|_| text.splitn(4, '/').count() > 3),
            TPart::Hole(hole) => of_url(plan, hole, locals),
            TPart::If { .. } | TPart::For { .. } => None,
        },
        TKind::Variable(id) => Some(format!("var.{}", plan.variables.get(id.0)?.name)),
        TKind::Export { resource, .. } => {
            let mut all = plan.resources.iter();
            let of = all.find(|one| one.id == Some(*resource))?;
            Some(format!("resource.{}.{}", of.asset, of.name))
        }
        TKind::Local(id) => {
            let mut all = plan.locals.iter().chain(&plan.locals_of_run);
            let local = all.find(|local| local.id == *id)?;
            of_url(plan, &local.value, locals.checked_sub(1)?)
        }
        _ => None,
    }
}

/// `https://shop.example:8443` of a url, without what is secret in it.
fn authority(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest.get(..end)?;
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    Some(format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::authority;

    #[test]
    fn the_target_of_a_url_is_its_scheme_and_host() {
        let of = |url| authority(url).unwrap_or_default();
        assert_eq!(of("http://127.0.0.1:80/a/b?c=d"), "http://127.0.0.1:80");
        assert_eq!(
            of("https://ann:s3cret@shop.example"),
            "https://shop.example"
        );
        assert_eq!(of("http://[::1]:8080?x"), "http://[::1]:8080");
        assert_eq!(authority("/only/a/path"), None);
    }
}
