//! All expressions of a grid, one after the other.

use super::decl::{
    Attribute, AttributeBlock, BodyDecl, DataDecl, Declarations, Expr, ExprKind, Part,
    ResourceDecl, ScenarioDecl, StepDecl,
};

/// Every expression node of the grid.
pub fn expressions(declarations: &Declarations) -> Vec<&Expr> {
    let mut all = Roots::default();
    for variable in &declarations.variables {
        all.optional([&variable.default, &variable.description]);
        all.optional([&variable.sensitive, &variable.nullable]);
        for validation in &variable.validations {
            all.0
                .extend([&validation.condition, &validation.error_message]);
        }
    }
    all.attributes(&declarations.locals);
    let data = declarations.data.iter();
    all.0.extend(data.flat_map(DataDecl::expressions));
    for metric in &declarations.metrics {
        all.optional([&metric.kind, &metric.unit]);
        all.optional([&metric.scale, &metric.description]);
    }
    for threshold in &declarations.thresholds {
        let condition = threshold.condition.iter().map(|(condition, _)| condition);
        all.0.extend(condition);
        all.optional([&threshold.over, &threshold.hold, &threshold.after]);
        all.optional([&threshold.on_fail, &threshold.description]);
    }
    for body in &declarations.bodies {
        all.body(body);
    }
    all.whole()
}

/// Every expression node of a step.
pub fn of_step(step: &StepDecl) -> Vec<&Expr> {
    let mut all = Roots::default();
    all.step(step);
    all.whole()
}

/// Every expression node of a resource.
pub fn of_resource(resource: &ResourceDecl) -> Vec<&Expr> {
    let mut all = Roots::default();
    all.resource(resource);
    all.whole()
}

/// An expression, and all within it.
pub fn of(expr: &Expr) -> Vec<&Expr> {
    Roots(vec![expr]).whole()
}

/// The expressions that a grid's blocks hold.
#[derive(Default)]
struct Roots<'d>(Vec<&'d Expr>);

impl<'d> Roots<'d> {
    /// They, and all within them.
    fn whole(self) -> Vec<&'d Expr> {
        let mut waiting = self.0;
        let mut found = Vec::new();
        while let Some(expr) = waiting.pop() {
            found.push(expr);
            within(expr, &mut waiting);
        }
        found
    }

    fn optional<const N: usize>(&mut self, all: [&'d Option<Expr>; N]) {
        self.0.extend(all.into_iter().flatten());
    }

    fn attributes(&mut self, all: &'d [Attribute]) {
        self.0.extend(all.iter().map(|one| &one.value));
    }

    fn blocks<const N: usize>(&mut self, all: [&'d Option<AttributeBlock>; N]) {
        for block in all.into_iter().flatten() {
            self.attributes(&block.attributes);
        }
    }

    fn body(&mut self, body: &'d BodyDecl) {
        for resource in &body.resources {
            self.resource(resource);
        }
        for step in &body.steps {
            self.step(step);
        }
        if let Some(mix) = &body.mix {
            self.0.extend(mix.weights.iter().flatten());
        }
        if let Some(scenario) = &body.scenario {
            self.scenario(scenario);
        }
        if let Some(phase) = &body.phase {
            self.optional([&phase.limit, &phase.description]);
        }
        if let Some(flow) = &body.flow {
            self.optional([&flow.description]);
            for input in &flow.inputs {
                self.optional([&input.default, &input.description]);
                self.optional([&input.sensitive, &input.nullable]);
            }
            for output in &flow.outputs {
                self.optional([&output.value, &output.description, &output.sensitive]);
            }
        }
    }

    fn resource(&mut self, resource: &'d ResourceDecl) {
        self.blocks([&resource.arguments, &resource.uses]);
        self.0.extend(&resource.depends_on);
        self.optional([&resource.scope, &resource.description]);
    }

    fn step(&mut self, step: &'d StepDecl) {
        self.blocks([&step.arguments, &step.uses, &step.record]);
        self.0.extend(&step.depends_on);
        self.optional([&step.count, &step.for_each, &step.enabled]);
        self.optional([&step.delay_before, &step.delay_after]);
        self.optional([&step.continue_on_failure, &step.always, &step.sensitive]);
        self.optional([&step.tags, &step.description]);
        let parts = step.parts.iter().flat_map(|part| &part.attributes);
        self.0.extend(parts.map(|(_, value)| value));
        for check in &step.checks {
            self.optional([&check.condition, &check.error_message, &check.required]);
        }
    }

    fn scenario(&mut self, scenario: &'d ScenarioDecl) {
        self.optional([&scenario.start_after, &scenario.after]);
        self.optional([&scenario.graceful_stop, &scenario.pace]);
        self.optional([&scenario.tags, &scenario.description]);
        if let Some(load) = &scenario.load {
            self.attributes(&load.attributes);
            for stage in &load.stages {
                self.attributes(&stage.attributes);
            }
        }
    }
}

/// The expressions that one holds itself.
pub fn within<'d>(expr: &'d Expr, into: &mut Vec<&'d Expr>) {
    match &expr.kind {
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::Text(_)
        | ExprKind::Root(_)
        | ExprKind::Each
        | ExprKind::Error => {}
        ExprKind::Template(parts) => within_parts(parts, into),
        ExprKind::List(items) => into.extend(items),
        ExprKind::Object(pairs) => into.extend(pairs.iter().flat_map(|(key, value)| [key, value])),
        ExprKind::Field(of, _) | ExprKind::Unary(_, of) | ExprKind::Unfinished(of) => into.push(of),
        ExprKind::Index(one, other)
        | ExprKind::Binary(_, one, other)
        | ExprKind::Splat {
            over: one,
            each: other,
        } => into.extend([&**one, &**other]),
        ExprKind::Call { arguments, .. } => into.extend(arguments),
        ExprKind::Conditional(condition, yes, no) => into.extend([&**condition, &**yes, &**no]),
        ExprKind::For(form) => {
            into.extend([&form.over, &form.result]);
            into.extend(form.key_result.iter().chain(&form.condition));
        }
    }
}

fn within_parts<'d>(parts: &'d [Part], into: &mut Vec<&'d Expr>) {
    for part in parts {
        match part {
            Part::Text(_) => {}
            Part::Hole(hole) => into.push(hole),
            Part::If { condition, yes, no } => {
                into.push(condition);
                within_parts(yes, into);
                within_parts(no, into);
            }
            Part::For { over, body, .. } => {
                into.push(over);
                within_parts(body, into);
            }
        }
    }
}
