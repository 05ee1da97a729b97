//! What steps open and close on a line, in the order in which they run: what surely goes wrong is an error, and nothing is said
//! of what depends on conditions that only a run knows.
//!
//! A flow that only opens, or only closes, is to its callers a step that does so; whether something is opened before is theirs to
//! say. One that does both is a transaction of its own, unless it begins by closing.

use std::collections::BTreeSet;

use super::On;
use super::blocked::runs_beside_itself;
use super::order::Order;
use super::touches::{Touch, is_shared};
use crate::check::typed::{TInstances, TStep, constant_number};
use crate::diagnostics::{Code, Problems, codes};
use crate::resolve::model::{Callee, StepId};

pub(super) fn check(on: &On<'_>, touches: &[Touch<'_>], problems: &mut Problems) {
    let opened = touches.iter().flat_map(|touch| touch.opens.keys());
    let closed = touches.iter().flat_map(|touch| touch.closes.keys());
    let words: BTreeSet<&str> = opened.chain(closed).copied().collect();
    for word in words {
        let mut of_word = OfWord::of(on, touches, word);
        of_word.openings(problems);
        of_word.closings(problems);
        of_word.unordered(problems);
        of_word.tried_again(problems);
        of_word.left_open(problems);
    }
}

/// What a step does, as far as one word goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// It only uses the line.
    Uses,
    Opens,
    Closes,
    /// The flow that it calls opens and closes.
    Whole,
    /// The flow that it calls closes what was open, and opens anew.
    Renews,
}

/// The steps of a body that use a line, by what they do of one word.
struct OfWord<'a> {
    on: &'a On<'a>,
    word: &'a str,
    steps: Vec<(StepId, Role)>,
    /// The callers of this flow see the line: what is opened or closed there may be theirs.
    is_seen: bool,
    /// Steps whose order is found to be wrong: one problem each.
    said: BTreeSet<StepId>,
}

/// A problem: where, what, other places, and the cure.
struct Finding<'l> {
    code: Code,
    at: StepId,
    text: String,
    labels: &'l [(StepId, &'l str)],
    hint: &'l str,
}

impl<'a> OfWord<'a> {
    fn of(on: &'a On<'a>, touches: &[Touch<'_>], word: &'a str) -> Self {
        let role = |touch: &Touch<'_>| {
            let opens = touch.opens.contains_key(word);
            match (opens, touch.closes.contains_key(word)) {
                (false, false) => Role::Uses,
                (true, false) => Role::Opens,
                (false, true) => Role::Closes,
                (true, true) if begins_by_closing(on, touch.step, word) => Role::Renews,
                (true, true) => Role::Whole,
            }
        };
        let steps = touches.iter().map(|touch| (touch.step, role(touch)));
        let is_flow = on.typed.body(on.body).flow.is_some();
        Self {
            on,
            word,
            steps: steps.collect(),
            is_seen: is_flow && is_shared(on.line, on.body, on.typed),
            said: BTreeSet::new(),
        }
    }

    fn of_role(&self, roles: &[Role]) -> Vec<StepId> {
        let steps = self.steps.iter().filter(|(_, role)| roles.contains(role));
        steps.map(|(step, _)| *step).collect()
    }

    fn step(&self, id: StepId) -> &'a TStep {
        self.on.typed.step(id)
    }

    fn is_before(&self, first: StepId, then: StepId) -> bool {
        self.on.order.is_before(first, then)
    }

    fn is_open(&self, one: StepId, other: StepId) -> bool {
        self.on.order.is_open(one, other)
    }

    /// Whether one of these runs between two others, perhaps.
    fn is_between(&self, first: StepId, then: StepId, steps: &[StepId]) -> bool {
        let mut steps = steps.iter();
        steps.any(|step| self.is_before(first, *step) && self.is_before(*step, then))
    }

    fn is_closed_between(&self, first: StepId, then: StepId) -> bool {
        let closing = self.of_role(&[Role::Closes, Role::Renews]);
        self.is_between(first, then, &closing)
    }

    /// The one inside of which a step runs.
    fn opened_around(&self, id: StepId) -> Option<StepId> {
        let mut opening = self.of_role(&[Role::Opens, Role::Renews]).into_iter();
        opening.find(|open| self.is_before(*open, id) && !self.is_closed_between(*open, id))
    }

    /// The one before which a step runs, and that closes what a caller of the flow has opened.
    fn closed_after(&self, id: StepId) -> Option<StepId> {
        let mut closing = self.of_role(&[Role::Closes]).into_iter();
        closing.find(|close| self.is_before(id, *close) && self.may_close_for_caller(*close))
    }

    fn may_close_for_caller(&self, close: StepId) -> bool {
        let mut opening = self.of_role(&[Role::Opens, Role::Renews]).into_iter();
        self.is_seen && opening.all(|open| self.is_before(close, open))
    }

    fn say(&mut self, finding: Finding<'_>, problems: &mut Problems) {
        let at = self.step(finding.at).span;
        let problem = match finding.code {
            codes::TRANSACTION_LEFT_OPEN => problems.warning(finding.code, at, finding.text),
            code => problems.error(code, at, finding.text),
        };
        for (step, label) in finding.labels {
            problem.label(self.on.typed.step(*step).span, *label);
        }
        problem.hint(finding.hint);
        self.said.insert(finding.at);
    }

    /// Those that are opened inside of another one.
    fn openings(&mut self, problems: &mut Problems) {
        let opening = self.of_role(&[Role::Opens]);
        for (place, open) in opening.iter().enumerate() {
            if runs_often(self.step(*open)) {
                let finding = Finding {
                    code: codes::TRANSACTION_ORDER,
                    at: *open,
                    text: format!(
                        "each instance of `{}` opens a {}, one inside of the other",
                        self.on.address(*open),
                        self.word
                    ),
                    labels: &[],
                    hint: "one instance opens it: leave out `count` and `for_each`",
                };
                self.say(finding, problems);
                continue;
            }
            let others = opening.iter().enumerate();
            let mut others = others.filter(|(at, other)| {
                let beside = *at < place && self.is_open(**other, *open);
                let inside =
                    self.is_before(**other, *open) && !self.is_closed_between(**other, *open);
                (beside || inside) && surely_runs(self.step(**other))
            });
            let other = others.next().map(|(_, other)| *other);
            if let Some(other) = other.filter(|_| surely_runs(self.step(*open))) {
                self.opened_inside(*open, other, problems);
            }
        }
        for whole in self.of_role(&[Role::Whole]) {
            if let Some(open) = self.opened_around(whole) {
                self.opened_inside(whole, open, problems);
            }
        }
    }

    fn opened_inside(&mut self, at: StepId, open: StepId, problems: &mut Problems) {
        let finding = Finding {
            code: codes::TRANSACTION_ORDER,
            at,
            text: format!(
                "`{}` opens a {} on {} inside of that of `{}`",
                self.on.address(at),
                self.word,
                self.on.resource(),
                self.on.address(open)
            ),
            labels: &[(open, "opened here")],
            hint: "close the one before the other is opened, or give it a resource of its own",
        };
        self.say(finding, problems);
    }

    /// Those that close what nothing has opened, or what is closed already.
    fn closings(&mut self, problems: &mut Problems) {
        let opening = self.of_role(&[Role::Opens, Role::Renews]);
        let closing = self.of_role(&[Role::Closes]);
        for (place, close) in closing.iter().enumerate() {
            let mut before = opening.iter().filter(|open| self.is_before(**open, *close));
            if before.next().is_none() && !self.may_close_for_caller(*close) {
                let beside = opening.iter().find(|open| self.is_open(**open, *close));
                let labels = beside.map(|open| (*open, "this one may open it later"));
                let finding = Finding {
                    code: codes::TRANSACTION_ORDER,
                    at: *close,
                    text: format!(
                        "`{}` closes a {} on {} that no step before it opens",
                        self.on.address(*close),
                        self.word,
                        self.on.resource()
                    ),
                    labels: labels.as_slice(),
                    hint: "let it wait for the step that opens it: `depends_on = [..]`",
                };
                self.say(finding, problems);
                continue;
            }
            if runs_often(self.step(*close)) {
                let finding = Finding {
                    code: codes::TRANSACTION_ORDER,
                    at: *close,
                    text: format!(
                        "each instance of `{}` closes the {}, and the first one has done so",
                        self.on.address(*close),
                        self.word
                    ),
                    labels: &[],
                    hint: "one instance closes it: leave out `count` and `for_each`",
                };
                self.say(finding, problems);
                continue;
            }
            // One that runs whatever happened may close what another one could not.
            let is_certain = |id: StepId| {
                let step = self.step(id);
                surely_runs(step) && !step.always && !step.continue_on_failure
            };
            let others = closing.iter().enumerate();
            let mut others = others.filter(|(at, other)| {
                let beside = *at < place && self.is_open(**other, *close);
                let again =
                    self.is_before(**other, *close) && !self.is_between(**other, *close, &opening);
                (beside || again) && is_certain(**other)
            });
            let other = others.next().map(|(_, other)| *other);
            if let Some(other) = other.filter(|_| is_certain(*close)) {
                let finding = Finding {
                    code: codes::TRANSACTION_ORDER,
                    at: *close,
                    text: format!(
                        "`{}` closes the {} on {} that `{}` closes as well",
                        self.on.address(*close),
                        self.word,
                        self.on.resource(),
                        self.on.address(other)
                    ),
                    labels: &[(other, "closed here")],
                    hint: "say by `enabled = ..` which of them closes it",
                };
                self.say(finding, problems);
            }
        }
    }

    /// Steps that may run inside or outside.
    fn unordered(&mut self, problems: &mut Problems) {
        for (id, role) in self.steps.clone() {
            if matches!(role, Role::Opens | Role::Closes) || self.said.contains(&id) {
                continue;
            }
            let mut others = self.steps.iter().filter(|(other, role)| match role {
                Role::Uses => false,
                Role::Opens | Role::Closes => self.is_open(id, *other),
                // Of two of these it is said once.
                Role::Whole | Role::Renews => {
                    self.is_open(id, *other) && *other != id && !self.said.contains(other)
                }
            });
            let (own, word, resource) = (self.on.address(id), self.word, self.on.resource());
            if let Some((other, other_role)) = others.next().copied() {
                let label = match other_role {
                    Role::Opens => "opened here",
                    Role::Closes => "closed here",
                    Role::Uses | Role::Whole | Role::Renews => "opened and closed in here",
                };
                let finding = Finding {
                    code: codes::UNORDERED_IN_TRANSACTION,
                    at: id,
                    text: format!("`{own}` may run inside or outside of a {word} on {resource}"),
                    labels: &[(other, label)],
                    hint: "say which by `depends_on`, of this step or of the other one, or give it a resource of its own",
                };
                self.say(finding, problems);
            } else if role != Role::Uses && runs_beside_itself(self.step(id)) {
                let finding = Finding {
                    code: codes::UNORDERED_IN_TRANSACTION,
                    at: id,
                    text: format!(
                        "instances of `{own}` run at the same time, each with a {word} on {resource}"
                    ),
                    labels: &[],
                    hint: "give each a resource of its own, or write `concurrency { limit = 1 }`",
                };
                self.say(finding, problems);
            }
        }
    }

    /// Parts that are tried again alone.
    fn tried_again(&mut self, problems: &mut Problems) {
        for (id, role) in self.steps.clone() {
            if matches!(role, Role::Opens | Role::Closes | Role::Renews) {
                if is_retried(self.step(id)) {
                    let text = format!(
                        "`{}` is tried again, and nobody knows whether the {} is open by then",
                        self.on.address(id),
                        self.word
                    );
                    self.retried(id, text, &[], problems);
                }
                continue;
            }
            let opened = self.opened_around(id).map(|open| (open, "opened here"));
            let closed = || self.closed_after(id).map(|close| (close, "closed here"));
            let Some(within) = opened.or_else(closed) else {
                continue;
            };
            if is_retried(self.step(id)) {
                let text = format!(
                    "`{}` is tried again alone, inside of a {} that its failure may have ended",
                    self.on.address(id),
                    self.word
                );
                self.retried(id, text, &[within], problems);
            } else {
                self.retried_in_call(id, within, problems);
            }
        }
    }

    /// Steps of the flow that a step calls inside of one.
    fn retried_in_call(&mut self, call: StepId, within: (StepId, &str), problems: &mut Problems) {
        let mut open = vec![call];
        let mut seen = BTreeSet::new();
        while let Some(caller) = open.pop() {
            let Callee::Flow(flow) = self.step(caller).callee else {
                continue;
            };
            if !seen.insert(flow) {
                continue;
            }
            let touches = self.on.touches.in_body(flow).get(&self.on.line);
            for inner in touches.into_iter().flatten() {
                if !is_retried(self.step(inner.step)) {
                    open.push(inner.step);
                    continue;
                }
                let text = format!(
                    "`{}` is tried again alone, and its flow is called inside of a {} that its failure may have ended",
                    self.on.address(inner.step),
                    self.word
                );
                self.retried(inner.step, text, &[(call, "called here"), within], problems);
            }
        }
    }

    fn retried(
        &mut self,
        at: StepId,
        text: String,
        labels: &[(StepId, &str)],
        problems: &mut Problems,
    ) {
        let finding = Finding {
            code: codes::RETRY_IN_TRANSACTION,
            at,
            text,
            labels,
            hint: "put the whole of it into a `flow`, and `retry` the step that calls the flow",
        };
        self.say(finding, problems);
    }

    /// What nothing closes, on some way at least.
    fn left_open(&mut self, problems: &mut Problems) {
        let closing = self.of_role(&[Role::Closes, Role::Renews]);
        for open in self.of_role(&[Role::Opens, Role::Renews]) {
            let beside = closing.iter().any(|close| self.is_open(open, *close));
            if beside || self.said.contains(&open) {
                continue;
            }
            let after = closing.iter().filter(|close| self.is_before(open, **close));
            let after: Vec<StepId> = after.copied().collect();
            let (own, word, resource) = (self.on.address(open), self.word, self.on.resource());
            let (text, labels) = match after.as_slice() {
                // That is its callers' to do.
                [] if self.is_seen => continue,
                [] => (
                    format!("nothing closes the {word} that `{own}` opens on {resource}"),
                    None,
                ),
                [close]
                    if is_conditional(self.step(*close)) && !is_conditional(self.step(open)) =>
                {
                    (
                        format!(
                            "nothing closes the {word} that `{own}` opens on {resource} where `{}` does not run",
                            self.on.address(*close)
                        ),
                        Some((*close, "closed here, on a condition")),
                    )
                }
                _ => continue,
            };
            let finding = Finding {
                code: codes::TRANSACTION_LEFT_OPEN,
                at: open,
                text,
                labels: labels.as_slice(),
                hint: "it is rolled back when the iteration ends: add a step that closes it",
            };
            self.say(finding, problems);
        }
    }
}

/// Whether the flow that a step calls closes what it has not opened.
fn begins_by_closing(on: &On<'_>, call: StepId, word: &str) -> bool {
    let Callee::Flow(flow) = on.typed.step(call).callee else {
        return false;
    };
    let lines = on.touches.in_body(flow);
    let order = Order::of(on.typed, flow, lines);
    let touches: Vec<&Touch<'_>> = lines.get(&on.line).into_iter().flatten().collect();
    let opening = touches.iter().filter(|one| one.opens.contains_key(word));
    let opening: Vec<StepId> = opening.map(|touch| touch.step).collect();
    let mut closing = touches.iter().filter(|one| one.closes.contains_key(word));
    closing.any(|touch| {
        let mut opening = opening.iter();
        !opening.any(|open| *open == touch.step || order.is_before(*open, touch.step))
    })
}

/// Whether a step of a runner runs once in each iteration, if nothing fails.
fn surely_runs(step: &TStep) -> bool {
    let is_one = match &step.instances {
        TInstances::Single => true,
        TInstances::Count(count) => *count == 1,
        TInstances::ForEach(keys) => keys.len() == 1,
        TInstances::Late(_) => false,
    };
    is_one && step.enabled.is_none() && matches!(step.callee, Callee::Runner(_))
}

/// Whether a step of a runner has several instances for certain.
fn runs_often(step: &TStep) -> bool {
    let several = match &step.instances {
        TInstances::Count(count) => *count > 1,
        TInstances::ForEach(keys) => keys.len() > 1,
        TInstances::Single | TInstances::Late(_) => false,
    };
    several && matches!(step.callee, Callee::Runner(_))
}

/// Whether there are iterations in which a step does not run.
fn is_conditional(step: &TStep) -> bool {
    step.enabled.is_some() || matches!(step.instances, TInstances::Late(_))
}

/// Whether a step may be tried more than once.
fn is_retried(step: &TStep) -> bool {
    let retry = step.parts.retry.as_ref();
    retry.is_some_and(|retry| constant_number(&retry.attempts).is_none_or(|most| most > 1))
}
