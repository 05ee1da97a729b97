//! Steps to typed steps: all their settings, and their arguments and uses by the manifest of the runner.

use std::time::Duration;

use bggo_manifest::Runner;
use bggo_values::{Type, Value};

use crate::diagnostics::codes;
use crate::resolve::model::{Node, StepId};
use crate::syntax::decl::Expr;

use super::contract::ArgumentOwner;
use super::expression::context::{Checker, KNOWN_WHEN_BUILT};
use super::parts::GoesOn;
use super::rule::TimeLimit;
use super::sensitivity;
use super::typed::{Binding, TDelay, TExpr, TInstances, TStep, constant_duration};

impl Checker<'_> {
    /// A step; `None` where its runner is unknown.
    pub(super) fn step(&mut self, id: StepId) -> Option<TStep> {
        let step = self.declarations.step(id);
        self.step = Some(id);
        let enabled = step.enabled.as_ref().map(|enabled| self.enabled(enabled));
        let faults = self.problems.list.len();
        let execution = step.execution().and_then(|limit| self.execution(limit));
        let limit = match &execution {
            None if self.problems.list.len() > faults => TimeLimit::Unknown,
            limit => TimeLimit::Is(limit.clone()),
        };
        let delay_before = step.delay_before.as_ref();
        let delay_before = delay_before.and_then(|expr| self.delay("delay_before", expr));
        let delay_after = step.delay_after.as_ref();
        let delay_after = delay_after.and_then(|expr| self.delay("delay_after", expr));
        let continue_on_failure = step
            .continue_on_failure
            .as_ref()
            .and_then(|expr| self.known(expr, &Type::Bool, "`continue_on_failure`"));
        let always = step.always.as_ref();
        let always = always.and_then(|expr| self.known(expr, &Type::Bool, "`always`"));
        let is_always = matches!(always, Some(Value::Bool(true)));
        let sensitive = step.sensitive.as_ref();
        let sensitive = sensitive.and_then(|expr| self.known(expr, &Type::Bool, "`sensitive`"));
        let is_sensitive = matches!(sensitive, Some(Value::Bool(true)));
        let (parts, goes_on) = self.parts_of_step(id, step);
        self.shows_nothing_sensitive(&parts, is_sensitive);
        self.limits_beyond_others(&parts, execution.as_ref());
        let tags = step
            .tags
            .as_ref()
            .and_then(|tags| self.known(tags, &Type::map(Type::String), "`tags`"));
        let description = self.description(step.description.as_ref());
        let records = self.records(id);
        let checks = self.checks(id);
        let Some((callee, runner)) = self.callee_of(id).zip(self.runner_of(id)) else {
            // The runner is unknown, but what its arguments read is checked.
            for block in [&step.arguments, &step.uses].into_iter().flatten() {
                for attribute in &block.attributes {
                    let whole = self.reference(attribute.value.id);
                    if !matches!(whole, Some(crate::resolve::model::Reference::Resource(_))) {
                        self.infer(&attribute.value);
                    }
                }
            }
            self.step = None;
            return None;
        };
        let flow_broken = self.calls_broken_flow(id);
        let owner = ArgumentOwner {
            kind: &runner.name,
            span: step.span,
            inputs: &runner.inputs,
            rules: &runner.rules,
            takes: &runner.uses,
            scope: None,
            arguments: step.arguments.as_ref(),
            uses: step.uses.as_ref(),
            broken: step.broken || flow_broken,
            inputs_broken: flow_broken,
        };
        let mut arguments = self.arguments(&owner);
        self.give_columns(owner.selecting(Some(id)), &mut arguments);
        let uses = self.uses(&owner);
        let blocks = self.is_known_to_hold(&runner.blocks, &owner, &arguments);
        let late_result = self.is_known_to_hold(&runner.late_result, &owner, &arguments);
        let stamped = stamped(&runner, &arguments.list);
        let rules = self.rules(&owner, &mut arguments, &uses, &limit);
        let mut arguments = arguments.list;
        // What is read now is no part of the program. Each document is looked at, also where nothing reads what it describes.
        arguments.retain(|(place, _)| !runner.inputs[*place].is_read_when_built());
        for output in &runner.outputs {
            self.type_of_output(id, output);
        }
        let methods = self.methods(owner.selecting(Some(id)));
        self.show_methods(owner.selecting(Some(id)), Node::Step(id));
        self.hands_over(id, &arguments);
        self.step = None;
        let instances = self.known_instances(id).cloned();
        let instances = instances.unwrap_or(TInstances::Single);
        Some(TStep {
            callee,
            runner_name: step.runner.text.clone(),
            name: step.name.text.clone(),
            span: step.span,
            withheld: is_sensitive,
            sensitive: is_sensitive
                || sensitivity::reads_secret(parts.expressions(), &self.locals)
                || sensitivity::has_secret(&arguments, &runner.inputs, &self.locals)
                || sensitivity::reads_secret(rules.expressions(), &self.locals)
                || sensitivity::reads_secret(records.iter().map(|it| &it.value), &self.locals)
                || sensitivity::reads_secret(enabled.iter().chain(&execution), &self.locals)
                || sensitivity::reads_secret(instances.late(), &self.locals)
                || sensitivity::reads_secret(
                    (delay_before.iter().chain(&delay_after)).flat_map(TDelay::expressions),
                    &self.locals,
                ),
            rules,
            blocks,
            late_result,
            stamped,
            records,
            checks,
            arguments,
            methods,
            uses,
            instances,
            enabled: enabled
                .filter(|enabled| !matches!(enabled.constant(), Some(Value::Bool(true)))),
            execution,
            delay_before,
            delay_after,
            continue_on_failure: matches!(continue_on_failure, Some(Value::Bool(true)))
                || goes_on == GoesOn::Yes
                || is_always,
            always: is_always,
            parts: Box::new(parts),
            tags: pairs(tags.as_ref()),
            description,
        })
    }

    fn enabled(&mut self, enabled: &Expr) -> TExpr {
        let typed = self.infer(enabled);
        let typed = self.convert(typed, &Type::Bool, "`enabled`");
        if typed.is_null() {
            self.error(
                codes::INVALID_VALUE,
                typed.span,
                "`enabled` is null, a bool is required",
            );
        }
        typed
    }

    /// `timeouts.execution`, which is longer than zero.
    fn execution(&mut self, limit: &Expr) -> Option<TExpr> {
        let whole = limit.is_whole();
        let limit = self.infer(limit);
        if !whole {
            return None;
        }
        let limit = self.convert(limit, &Type::Duration, "`execution`");
        if limit.is_error() || limit.is_null() {
            return None;
        }
        if limit.binding > Binding::Start {
            let text = "`execution` is the same in the whole run, and this differs between users or iterations";
            self.error(codes::NOT_KNOWN_AT_START, limit.span, text)
                .hint("it is computed from literals, variables, and locals made of these; `deadline` may differ");
            return None;
        }
        if constant_duration(&limit) == Some(Duration::ZERO) {
            let text = "`execution` must be longer than 0s";
            self.error(codes::INVALID_TIMEOUT, limit.span, text)
                .hint("a step without a limit has no `timeouts`");
            return None;
        }
        Some(limit)
    }

    /// The value of a setting that must be known when the grid is built; null is absent.
    pub(super) fn known(&mut self, expr: &Expr, ty: &Type, what: &str) -> Option<Value> {
        let typed = self.infer(expr);
        if !expr.is_whole() {
            return None;
        }
        let typed = self.convert(typed, ty, what);
        if typed.is_error() {
            return None;
        }
        match typed.constant() {
            Some(value) if value.is_null() => None,
            Some(value) => Some(value.clone()),
            None => {
                let text = format!("{what} must be known when the grid is built");
                self.error(codes::NOT_CONSTANT, typed.span, text)
                    .hint(KNOWN_WHEN_BUILT);
                None
            }
        }
    }

    pub(super) fn description(&mut self, expr: Option<&Expr>) -> Option<String> {
        let value = self.known(expr?, &Type::String, "`description`")?;
        value.as_text().map(str::to_owned)
    }
}

/// Constant texts by name; a null one is left out.
pub(super) fn pairs(value: Option<&Value>) -> Vec<(String, String)> {
    match value {
        Some(Value::Object(pairs)) => {
            let text = |(key, value): &(bggo_values::Text, Value)| {
                Some((key.as_str().to_owned(), value.as_text()?.to_owned()))
            };
            pairs.iter().filter_map(text).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether the grid says by an argument that the messages of a step are stamped.
fn stamped(runner: &Runner, arguments: &[(usize, TExpr)]) -> Option<bool> {
    let switch = runner.stamps.as_ref()?;
    let place = runner
        .inputs
        .iter()
        .position(|input| input.name == *switch)?;
    let (_, value) = arguments.iter().find(|(at, _)| *at == place)?;
    Some(value.constant()?.is_true())
}
