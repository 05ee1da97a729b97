//! The parts of a step that say when it may run, how often, and what happens when it fails, to typed parts.

use std::collections::BTreeSet;
use std::time::Duration;

use bggo_function_table::Time;
use bggo_manifest::{Metric, MetricKind};
use bggo_values::{Type, Value};

use crate::diagnostics::{Code, Hint, codes, nearest};
use crate::resolve::model::{BodyId, Edge, Node, StepId};
use crate::source::Span;
use crate::syntax::decl::{Expr, ExprKind, PartDecl, PartsDecl, StepDecl};
use crate::syntax::words;

use super::expression::context::Checker;
use super::kinds_of_failure::retried;
use super::typed::{Binding, InstanceOf, TExpr, TKind, TStep, constant_duration};
use super::typed_parts::{
    COLLECTED, TAmong, TBackoff, TConcurrency, TEnds, TGrowth, TJitter, TParts, TRateLimit,
    TRepeat, TRetry,
};
use super::walk::walk;

/// A whole number that a part of a step needs.
struct Whole {
    name: &'static str,
    code: Code,
    /// It is the same in the whole run.
    at_start: bool,
}

/// What a part of a step decides besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GoesOn {
    /// As `continue_on_failure` says.
    Unsaid,
    /// The iteration goes on after a failure.
    Yes,
}

impl Checker<'_> {
    /// The parts of a step, and whether `on_error` says that the iteration goes on.
    pub(super) fn parts_of_step(&mut self, id: StepId, step: &StepDecl) -> (TParts, GoesOn) {
        let parts = &step.parts;
        let mut typed = TParts::default();
        if let Some(timeouts) = &parts.timeouts {
            let mut limit = |name: &str| self.positive(timeouts, name, codes::INVALID_TIMEOUT);
            typed.start = limit("start");
            typed.queue = limit("queue");
            typed.deadline = limit("deadline");
        }
        typed.retry = parts
            .retry
            .as_ref()
            .and_then(|retry| self.retry(id, retry, parts.backoff.as_ref()));
        typed.repeat = parts
            .repeat
            .as_ref()
            .and_then(|repeat| self.repeat(id, repeat));
        typed.concurrency = parts
            .concurrency
            .as_ref()
            .and_then(|part| self.concurrency(part));
        typed.rate_limit = parts
            .rate_limit
            .as_ref()
            .and_then(|part| self.rate_limit(part));
        if let (Some(queue), None, None) = (&typed.queue, &parts.concurrency, &parts.rate_limit) {
            let text = "`queue` limits how long a step waits for its `concurrency` or `rate_limit`, and it has neither";
            self.error(codes::INVALID_TIMEOUT, queue.span, text);
        }
        let goes_on = parts
            .on_error
            .as_ref()
            .map(|on_error| self.on_error(id, step, on_error, &mut typed));
        (typed, goes_on.unwrap_or(GoesOn::Unsaid))
    }

    /// The outputs of a step may be shown, unless it says that it is sensitive: so nothing sensitive may become one.
    pub(super) fn shows_nothing_sensitive(&mut self, parts: &TParts, is_sensitive: bool) {
        if is_sensitive {
            return;
        }
        let collect = parts.repeat.iter().filter_map(|one| one.collect.as_ref());
        let fallback = parts.fallback.iter().flatten().map(|(_, value)| value);
        let secret = fallback.chain(collect).find(|one| one.sensitivity.any());
        if let Some(secret) = secret {
            let text = "this is sensitive, and becomes an output of a step that is not";
            self.error(codes::INVALID_VALUE, secret.span, text)
                .hint("write `sensitive = true` in the step");
        }
    }

    /// A step that always runs does so behind all others of its body, so none of these can wait for it.
    pub(super) fn always_comes_last(
        &mut self,
        body: BodyId,
        edges: &[Edge],
        steps: &[Option<TStep>],
    ) {
        let always = |node: &Node| match node {
            // What another body has run is there already.
            Node::Step(id) if id.body == body => steps
                .get(id.index)
                .and_then(Option::as_ref)
                .is_some_and(|step| step.always),
            _ => false,
        };
        if !steps.iter().flatten().any(|step| step.always) {
            return;
        }
        // Nodes that are no steps hand on what they wait for.
        let mut last: BTreeSet<Node> = BTreeSet::new();
        loop {
            let is_last = |node: &Node| always(node) || last.contains(node);
            let more = edges.iter().filter(|edge| is_last(&edge.to));
            let more = more.filter(|edge| !matches!(edge.from, Node::Step(_)));
            let more: Vec<Node> = more.map(|edge| edge.from).collect();
            let before = last.len();
            last.extend(more);
            if last.len() == before {
                break;
            }
        }
        for edge in edges {
            let waits = always(&edge.to) || last.contains(&edge.to);
            if let Node::Step(from) = edge.from
                && waits
                && !always(&edge.from)
            {
                let own = self.declarations.step(from).address();
                let other = match edge.to {
                    Node::Step(id) => format!("`{}`, which", self.declarations.step(id).address()),
                    _ => "a step that".to_owned(),
                };
                let text =
                    format!("`{own}` cannot wait for {other} runs once all others have ended");
                self.error(codes::INVALID_DEPENDENCY, edge.cause, text)
                    .hint("only steps with `always = true` depend on one that has it");
            }
        }
    }

    fn retry(
        &mut self,
        id: StepId,
        retry: &PartDecl,
        backoff: Option<&PartDecl>,
    ) -> Option<Box<TRetry>> {
        let whole = Whole {
            name: "attempts",
            code: codes::INVALID_RETRY,
            at_start: false,
        };
        let attempts = match retry.get("attempts") {
            Some(expr) => self.whole(expr, &whole),
            None => Some(number(3, retry.span)),
        };
        let max_duration = self.positive(retry, "max_duration", codes::INVALID_RETRY);
        let kinds = self.kinds_of_step(id);
        let mut list = |name: &str| {
            let expr = retry.get(name)?;
            let before = self.problems.list.len();
            let kinds = self.kinds(name, expr, &kinds);
            // Null is as good as absent.
            let is_null = kinds.is_none() && expr.is_whole() && self.problems.list.len() == before;
            (!is_null).then_some(kinds)
        };
        let (retry_on, abort_on) = (list("retry_on"), list("abort_on"));
        if let (Some(Some(on)), Some(Some(not))) = (&retry_on, &abort_on) {
            self.retried_and_not(retry, on, not);
        }
        let backoff = backoff.map(|backoff| self.backoff(backoff));
        Some(Box::new(TRetry {
            attempts: attempts?,
            max_duration,
            retry_on: match retry_on {
                Some(kinds) => Some(kinds?),
                None => None,
            },
            abort_on: match abort_on {
                Some(kinds) => kinds?,
                None => Vec::new(),
            },
            backoff: match backoff {
                Some(backoff) => Some(backoff?),
                None => None,
            },
        }))
    }

    /// Kinds of failure with which an attempt of a step may end.
    fn kinds_of_step(&mut self, id: StepId) -> Vec<String> {
        let runner = self.runner_of(id);
        let own = runner
            .iter()
            .flat_map(|runner| self.kinds_of_manifests(runner));
        retried(own)
    }

    /// Reports kinds that are tried again and are not.
    fn retried_and_not(&mut self, retry: &PartDecl, on: &[String], not: &[String]) {
        let Some(kind) = not.iter().find(|kind| on.contains(kind)) else {
            return;
        };
        let place = |name: &str| {
            let whole = retry.get(name)?;
            let items: &[Expr] = match &whole.kind {
                ExprKind::List(items) => items,
                _ => &[],
            };
            let is_kind = |item: &&Expr| matches!(&item.kind, ExprKind::Text(text) if text == kind);
            Some(
                items
                    .iter()
                    .find(is_kind)
                    .map_or(whole.span, |item| item.span),
            )
        };
        let (Some(first), Some(second)) = (place("retry_on"), place("abort_on")) else {
            return;
        };
        let text = format!("\"{kind}\" is tried again and ends the step");
        self.error(codes::INVALID_RETRY, second, text)
            .label(first, "`retry_on` names it")
            .hint("with `retry_on` no other kind is tried again, so `abort_on` need not name one");
    }

    /// A list of kinds of failure; `known` is empty where the runner is not known.
    fn kinds(&mut self, name: &str, expr: &Expr, known: &[String]) -> Option<Vec<String>> {
        let what = format!("`{name}`");
        let value = self.known(expr, &Type::list(Type::String), &what)?;
        let Value::List(items) = &value else {
            return None;
        };
        let places: &[Expr] = match &expr.kind {
            ExprKind::List(items) => items,
            _ => &[],
        };
        let mut kinds = Vec::new();
        for (nth, item) in items.iter().enumerate() {
            let kind = item.as_text().unwrap_or_default();
            if !known.iter().any(|known| known == kind) {
                let span = places.get(nth).map_or(expr.span, |place| place.span);
                let hint = status_kind(kind, known)
                    .or_else(|| nearest::advice(kind, known.iter().map(String::as_str)));
                let text = format!("no attempt of this step fails with the kind \"{kind}\"");
                let kinds = format!("its kinds are {}", known.join(", "));
                self.error(codes::INVALID_RETRY, span, text)
                    .advise(hint.unwrap_or(kinds.into()));
                continue;
            }
            kinds.push(kind.to_owned());
        }
        if kinds.len() < items.len() {
            return None;
        }
        if kinds.is_empty() && name == "retry_on" {
            let text = "`retry_on` is empty, so nothing is tried again";
            self.error(codes::INVALID_RETRY, expr.span, text)
                .hint("without `retry_on` every kind of failure but `value` is tried again");
            return None;
        }
        Some(kinds)
    }

    fn backoff(&mut self, backoff: &PartDecl) -> Option<TBackoff> {
        const CODE: Code = codes::INVALID_RETRY;
        let strategy = self.word(backoff, "strategy", &words::STRATEGIES, CODE);
        let initial = match backoff.get("initial") {
            Some(_) => self.positive(backoff, "initial", CODE),
            None => Some(duration(Duration::from_millis(100), backoff.span)),
        };
        let max = self.positive(backoff, "max", CODE);
        let jitter = self.word(backoff, "jitter", &words::JITTERS, CODE);
        if let (Some(Some(first)), Some(most)) = (initial.as_ref().map(constant_duration), &max)
            && constant_duration(most).is_some_and(|most| most < first)
        {
            let text = "`max` is shorter than the first wait";
            let problem = self.error(CODE, most.span, text);
            match backoff.get("initial") {
                Some(initial) => problem.label(initial.span, "the first wait"),
                None => problem.hint("the first wait is `initial`, 100 ms if nothing is said"),
            };
        }
        let factor = backoff.get("factor").map(|expr| (expr, self.factor(expr)));
        let growth = match (strategy?.unwrap_or("exponential"), factor) {
            ("exponential", None) => TGrowth::Exponential(number(2, backoff.span)),
            ("exponential", Some((_, factor))) => TGrowth::Exponential(factor?),
            (strategy, Some((expr, _))) => {
                let text = format!("a wait that is \"{strategy}\" has no `factor`");
                self.error(CODE, expr.span, text)
                    .hint("`strategy = \"exponential\"` multiplies by it");
                return None;
            }
            ("linear", None) => TGrowth::Linear,
            (_, None) => TGrowth::Constant,
        };
        Some(TBackoff {
            growth,
            initial: initial?,
            max,
            jitter: match jitter?.unwrap_or("none") {
                "full" => TJitter::Full,
                "equal" => TJitter::Equal,
                _ => TJitter::None,
            },
        })
    }

    /// A number from 1.
    fn factor(&mut self, expr: &Expr) -> Option<TExpr> {
        let typed = self.setting(expr, &Type::Number, "factor", codes::INVALID_RETRY)?;
        if let Some(Value::Number(number)) = typed.constant()
            && number.as_f64() < 1.0
        {
            let text = format!("`factor` is 1 at least, found {number}");
            self.error(codes::INVALID_RETRY, typed.span, text)
                .hint("each wait is so many times as long as the one before");
            return None;
        }
        Some(typed)
    }

    fn repeat(&mut self, id: StepId, repeat: &PartDecl) -> Option<Box<TRepeat>> {
        const CODE: Code = codes::INVALID_REPEAT;
        self.while_repeated = true;
        let condition = match (repeat.get("until"), repeat.get("while")) {
            (Some(until), Some(other)) => {
                let text = "`repeat` has `until` or `while`, found both";
                self.error(CODE, other.span, text)
                    .label(until.span, "`until`");
                None
            }
            (Some(until), None) => Some((self.condition(until), true)),
            (None, Some(other)) => Some((self.condition(other), false)),
            // It is reported where the block was read.
            (None, None) => None,
        };
        let collect = repeat.get("collect").map(|expr| self.infer(expr));
        self.while_repeated = false;
        if let Some(collect) = &collect
            && let Some(runner) = self.runner_of(id)
            && let [before @ .., _] = &runner.outputs[..]
            && before.iter().any(|output| output.name == COLLECTED)
        {
            let text = format!("`{}` has an output `{COLLECTED}` of its own", runner.name);
            self.error(CODE, collect.span, text)
                .hint("what a step collects is its output `collected`: give that of the flow another name");
        }
        if let Some((condition, ends_at)) = &condition
            && match condition.constant() {
                Some(Value::Bool(holds)) => holds != ends_at,
                _ => !condition.is_error() && !may_change(condition),
            }
        {
            let text = "this never ends the repetition: it reads nothing of the step";
            self.error(CODE, condition.span, text)
                .hint("`output.FIELD` is the output of the attempt that has just run");
        }
        let whole = Whole {
            name: "max_attempts",
            code: CODE,
            at_start: false,
        };
        let max_attempts = repeat
            .get("max_attempts")
            .map(|expr| self.whole(expr, &whole));
        let every = self.positive(repeat, "every", CODE);
        let timeout = self.positive(repeat, "timeout", CODE);
        let (condition, ends_at) = condition.filter(|(condition, _)| !condition.is_error())?;
        Some(Box::new(TRepeat {
            condition,
            ends_at,
            max_attempts: match max_attempts {
                Some(most) => Some(most?),
                None => None,
            },
            every,
            timeout,
            collect: collect.filter(|collect| !collect.is_error()),
        }))
    }

    /// Reports limits that are never reached, since the whole step ends before.
    pub(super) fn limits_beyond_others(&mut self, typed: &TParts, execution: Option<&TExpr>) {
        let Some(deadline) = &typed.deadline else {
            return;
        };
        let Some(whole) = constant_duration(deadline) else {
            return;
        };
        let retry = typed.retry.as_ref();
        let repeat = typed.repeat.as_ref();
        let limits = [
            ("execution", execution),
            ("start", typed.start.as_ref()),
            ("queue", typed.queue.as_ref()),
            (
                "max_duration",
                retry.and_then(|retry| retry.max_duration.as_ref()),
            ),
            ("timeout", repeat.and_then(|repeat| repeat.timeout.as_ref())),
        ];
        for (name, limit) in limits {
            if let Some(limit) = limit
                && constant_duration(limit).is_some_and(|limit| limit > whole)
            {
                let text = format!("`{name}` is longer than `deadline`, so it limits nothing");
                self.error(codes::INVALID_TIMEOUT, limit.span, text)
                    .label(deadline.span, "the step ends by then");
            }
        }
    }

    fn concurrency(&mut self, part: &PartDecl) -> Option<Box<TConcurrency>> {
        const CODE: Code = codes::INVALID_LIMIT;
        let limit = part.get("limit").and_then(|expr| self.limit(expr));
        let key = self.key_of_limit(part, "per_key");
        let among = self.word(part, "scope", &words::AMONG, CODE)?;
        let order = self.word(part, "order", &words::QUEUES, CODE)?;
        Some(Box::new(TConcurrency {
            limit: limit?,
            key,
            among: match among.unwrap_or("iteration") {
                "vu" => TAmong::User,
                "run" => TAmong::Run,
                _ => TAmong::Iteration,
            },
            last_first: order == Some("lifo"),
        }))
    }

    fn rate_limit(&mut self, part: &PartDecl) -> Option<Box<TRateLimit>> {
        let limit = part.get("limit").and_then(|expr| self.limit(expr));
        let per = self.positive(part, "per", codes::INVALID_LIMIT);
        let whole = Whole {
            name: "burst",
            code: codes::INVALID_LIMIT,
            at_start: true,
        };
        let burst = part.get("burst").map(|expr| self.whole(expr, &whole));
        let key = self.key_of_limit(part, "key");
        if let Some(per) = &per {
            self.known_at_start(per, "per")?;
        }
        Some(Box::new(TRateLimit {
            limit: limit?,
            per,
            burst: match burst {
                Some(burst) => Some(burst?),
                None => None,
            },
            key,
        }))
    }

    fn limit(&mut self, expr: &Expr) -> Option<TExpr> {
        let whole = Whole {
            name: "limit",
            code: codes::INVALID_LIMIT,
            at_start: true,
        };
        self.whole(expr, &whole)
    }

    fn key_of_limit(&mut self, part: &PartDecl, name: &str) -> Option<TExpr> {
        let expr = part.get(name)?;
        let what = format!("`{name}`");
        let key = self.infer(expr);
        let key = self.convert(key, &Type::String, &what);
        (!key.is_error() && !key.is_null()).then_some(key)
    }

    fn on_error(
        &mut self,
        id: StepId,
        step: &StepDecl,
        part: &PartDecl,
        typed: &mut TParts,
    ) -> GoesOn {
        const CODE: Code = codes::INVALID_ON_ERROR;
        let before = self.problems.list.len();
        let action = self.word(part, "action", &words::ACTIONS, CODE);
        if let (None, Some(null)) = (&action, part.get("action"))
            && null.is_whole()
            && self.problems.list.len() == before
        {
            self.error(CODE, null.span, "`action` is null");
        }
        let fallback = part.get("fallback");
        if let Some(expr) = fallback {
            typed.fallback = self.fallback(id, expr);
        }
        let Some(action) = action else {
            return GoesOn::Unsaid;
        };
        let place = part.get("action").map_or(part.span, |action| action.span);
        match (action, fallback) {
            (Some("fallback"), None) if !part.broken => {
                self.error(CODE, place, "this action needs the attribute `fallback`")
                    .hint("write `fallback = { OUTPUT = .. }`: what stands in for the outputs");
            }
            (Some(other), Some(fallback)) if other != "fallback" => {
                let text = format!("the action \"{other}\" has no `fallback`");
                self.error(CODE, fallback.span, text)
                    .label(place, "the action");
            }
            _ => {}
        }
        if let Some(other) = &step.continue_on_failure {
            let text = "a step has `continue_on_failure` or `on_error`, found both";
            self.error(CODE, other.span, text)
                .label(part.span, "`on_error`")
                .hint("`on_error { action = \"continue\" }` says the same");
        }
        match action {
            Some("continue") => return GoesOn::Yes,
            Some("stop_user") => typed.ends = Some(TEnds::User),
            Some("stop_run") => typed.ends = Some(TEnds::Run),
            _ => {}
        }
        GoesOn::Unsaid
    }

    /// The outputs that stand in for those of a step that failed.
    fn fallback(&mut self, id: StepId, expr: &Expr) -> Option<Vec<(usize, TExpr)>> {
        const CODE: Code = codes::INVALID_ON_ERROR;
        let ExprKind::Object(pairs) = &expr.kind else {
            if expr.is_whole() {
                let text = "`fallback` is an object of outputs";
                self.error(CODE, expr.span, text).hint(
                    "write `fallback = { OUTPUT = .. }`; outputs that it leaves out are null",
                );
            }
            return None;
        };
        let runner = self.runner_of(id)?;
        let mut values = Vec::new();
        for (key, value) in pairs {
            let ExprKind::Text(name) = &key.kind else {
                if !matches!(key.kind, ExprKind::Error) {
                    let text = "`fallback` has no computed names: they are those of outputs";
                    self.error(CODE, key.span, text);
                }
                self.infer(value);
                continue;
            };
            let outputs = &runner.outputs;
            let Some(at) = outputs.iter().position(|output| output.name == *name) else {
                let hint = nearest::advice(name, outputs.iter().map(|one| one.name.as_str()));
                let text = format!("`{}` has no output `{name}`", runner.name);
                self.error(codes::UNKNOWN_OUTPUT, key.span, text)
                    .advise(hint);
                self.infer(value);
                continue;
            };
            let ty = outputs[at].ty.clone();
            let what = format!("the output `{name}`");
            let typed = self.infer_wanted(value, &ty);
            let typed = self.convert(typed, &ty, &what);
            if !typed.is_error() {
                values.push((at, typed));
            }
        }
        Some(values)
    }

    /// A word out of several; `None` where it is none of them, which is reported.
    fn word<'w>(
        &mut self,
        part: &PartDecl,
        name: &str,
        words: &[&'w str],
        code: Code,
    ) -> Option<Option<&'w str>> {
        let Some(expr) = part.get(name) else {
            return Some(None);
        };
        let what = format!("`{name}`");
        let value = self.known(expr, &Type::String, &what)?;
        let found = value.as_text().unwrap_or_default();
        if let Some(word) = words.iter().find(|word| **word == found) {
            return Some(Some(*word));
        }
        let all = words.iter().map(|word| format!("\"{word}\""));
        let all = all.collect::<Vec<_>>().join(", ");
        let near = nearest::nearest(found, words.iter().copied());
        let text = format!("`{name}` is one of {all}, found \"{found}\"");
        let problem = self.error(code, expr.span, text);
        if let Some(near) = near {
            problem.advise(Some(
                crate::diagnostics::Hint::meant(format!("\"{near}\"")).at(expr.span),
            ));
        }
        None
    }

    /// A duration that is longer than zero.
    fn positive(&mut self, part: &PartDecl, name: &str, code: Code) -> Option<TExpr> {
        let expr = part.get(name)?;
        let typed = self.setting(expr, &Type::Duration, name, code)?;
        if constant_duration(&typed) == Some(Duration::ZERO) {
            let text = format!("`{name}` must be longer than 0s");
            self.error(code, typed.span, text);
            return None;
        }
        Some(typed)
    }

    /// A whole number from 1.
    fn whole(&mut self, expr: &Expr, of: &Whole) -> Option<TExpr> {
        let typed = self.setting(expr, &Type::Number, of.name, of.code)?;
        if let Some(Value::Number(number)) = typed.constant()
            && !number
                .as_u64()
                .is_some_and(|whole| (1..=u64::from(u32::MAX)).contains(&whole))
        {
            let text = format!(
                "`{}` is a whole number from 1 to {}, found {number}",
                of.name,
                u32::MAX
            );
            self.error(of.code, typed.span, text);
            return None;
        }
        if of.at_start {
            self.known_at_start(&typed, of.name)?;
        }
        Some(typed)
    }

    /// It is the same in the whole run; if not, that is reported.
    fn known_at_start(&mut self, typed: &TExpr, name: &str) -> Option<()> {
        if typed.binding <= Binding::Start {
            return Some(());
        }
        let text = format!(
            "`{name}` is the same in the whole run, and this differs between users or iterations"
        );
        self.error(codes::NOT_KNOWN_AT_START, typed.span, text)
            .hint("it is computed from literals, variables, and locals made of these");
        None
    }

    /// The value of a setting that is there; null is none.
    fn setting(&mut self, expr: &Expr, ty: &Type, name: &str, code: Code) -> Option<TExpr> {
        let what = format!("`{name}`");
        let typed = self.infer(expr);
        if !expr.is_whole() {
            return None;
        }
        let typed = self.convert(typed, ty, &what);
        if typed.is_error() {
            return None;
        }
        if typed.is_null() {
            let text = format!("{what} is null");
            self.error(code, typed.span, text);
            return None;
        }
        Some(typed)
    }
}

/// Whether an expression may have another value after the next attempt of the step that it belongs to.
fn may_change(expr: &TExpr) -> bool {
    let mut changes = false;
    walk(expr, &mut |node| {
        changes |= match &node.kind {
            TKind::Output { instance, .. } => matches!(instance, InstanceOf::Own),
            TKind::Call { function, .. } => function.time == Time::Iteration,
            _ => false,
        };
    });
    changes
}

/// Whether a step has the output `collected`.
pub(super) fn collects(parts: &PartsDecl) -> bool {
    let repeat = parts.repeat.as_ref();
    repeat.is_some_and(|repeat| repeat.get("collect").is_some())
}

/// Whether a step may have several attempts.
pub(super) fn has_attempts(parts: &PartsDecl) -> bool {
    parts.retry.is_some() || parts.repeat.is_some()
}

/// The metrics of a step that may have several attempts, behind those of its manifest.
pub(super) fn metrics_of_attempts() -> [Metric; 2] {
    let counter = |name: &str, description: &str| Metric {
        name: name.to_owned(),
        kind: MetricKind::Counter,
        unit: String::new(),
        label: None,
        description: description.to_owned(),
        warning: None,
        on_demand: false,
    };
    [
        counter(
            "attempts",
            "Attempts of the step, those that failed included.",
        ),
        counter("retries", "Attempts that followed one that failed."),
    ]
}

fn number(value: u32, span: Span) -> TExpr {
    super::expression::context::constant(Value::Number(value.into()), Type::Number, span)
}

fn duration(value: Duration, span: Span) -> TExpr {
    super::expression::context::constant(Value::Duration(value), Type::Duration, span)
}

/// What is meant by a status code in a list of kinds: `503`, `"5xx"`.
fn status_kind(kind: &str, known: &[String]) -> Option<Hint> {
    let is_of_status = |letter: char| letter.is_ascii_digit() || matches!(letter, 'x' | 'X');
    let is_status = kind.len() == 3
        && kind.starts_with(|letter: char| letter.is_ascii_digit())
        && kind.chars().all(is_of_status);
    let known = known.iter().any(|known| known == "status");
    (is_status && known)
        .then(|| "write `\"status\"`; which answers fail says the argument `expect_status`".into())
}
