//! Warns where a value is used that may be null, or an output that may be missing, and nothing around it asks for that.
//!
//! Only what the grid itself declares counts: a variable or an input that is null by default or `nullable = true`, an
//! attribute that is `optional` without a default, an arm of a conditional that is null, a step that may not be enabled or
//! goes on when it fails; a null that stands in a literal or in rows of data; and what the schema of an answer declares. What
//! other answers may lack is not known here.

mod guards;
mod within;

use std::collections::{BTreeMap, BTreeSet};

use bggo_manifest::{Form, Input};
use bggo_values::{Type, Value};

use crate::diagnostics::{Problems, codes};
use crate::modules::Modules;
use crate::resolve::model::{
    BodyId, BoundId, Callee, DataId, InputId, LocalId, Node, StepId, VariableId,
};
use crate::source::Span;
use crate::syntax::decl::{BinaryOp, Declarations};

use super::expression::context::Literals;
use super::same_value::{Locals, name_of, output};
use super::schema::{Absent, Documents, Missing};
use super::typed::{InstanceOf, TDelay, TExpr, TInstances, TKind, TPart, TStep, Typed};
use super::walk::children;

/// Functions whose result is null where their argument is.
const HAND_ON: [&str; 8] = [
    "sensitive",
    "nonsensitive",
    "tobool",
    "tolist",
    "tomap",
    "tonumber",
    "toset",
    "tostring",
];

/// Functions that refuse null among the items of an argument, by its position.
fn refuses_items(function: &str, argument: usize) -> bool {
    match function {
        "sort" | "sum" | "transpose" | "zipmap" => argument == 0,
        "join" => argument > 0,
        _ => false,
    }
}

/// What is known of a grid beside its typed expressions.
pub(super) struct About<'a> {
    pub(super) declarations: &'a Declarations,
    pub(super) modules: &'a Modules,
    /// The places of the parts of literals.
    pub(super) literals: &'a Literals,
}

/// Warnings of a grid without errors.
pub(super) fn warn(
    typed: &Typed,
    about: About<'_>,
    documents: &mut Documents,
    problems: &mut Problems,
) {
    let About {
        declarations,
        modules,
        literals,
    } = about;
    let mut reader = Reader {
        typed,
        declarations,
        modules,
        literals,
        documents,
        problems,
        names: vec![None; typed.locals.len()],
        quiet: vec![true; typed.locals.len()],
        looked: BTreeSet::new(),
        dry: false,
        would_tell: false,
        nulls: vec![None; typed.locals.len()],
        facts: Vec::new(),
        repeated: None,
        reading: None,
        items: BTreeMap::new(),
        overs: BTreeMap::new(),
        instances: None,
        for_each: None,
        of_columns: BTreeMap::new(),
        looks: 0,
        of_flows: BTreeMap::new(),
        said: BTreeSet::new(),
    };
    reader.locals();
    reader.variables();
    for body in typed.body_ids() {
        for id in typed.step_ids(body) {
            reader.step(id, typed.step(id));
        }
        for id in typed.resource_ids(body) {
            let resource = typed.resource(id);
            let inputs = &modules.asset(resource.asset).inputs;
            reader.arguments(&resource.arguments, inputs);
            for value in resource.rules.expressions() {
                reader.read(value);
            }
        }
        let parts = typed.body(body);
        // Of a flow that nothing calls the steps are no part of the grid.
        let flow = parts.flow.iter().filter(|_| !parts.steps.is_empty());
        let outputs = flow.flat_map(|flow| &flow.outputs);
        outputs.for_each(|value| reader.read(value));
        let loads = parts.scenario.iter();
        let loads = loads.flat_map(|scenario| scenario.load.expressions());
        loads.for_each(|value| reader.read(value));
    }
}

/// Where a value may become null, and why.
#[derive(Debug, Clone)]
struct Null {
    span: Span,
    why: String,
}

struct Reader<'a> {
    typed: &'a Typed,
    declarations: &'a Declarations,
    modules: &'a Modules,
    literals: &'a Literals,
    documents: &'a mut Documents,
    problems: &'a mut Problems,
    /// By local: what it is another name of.
    names: Vec<Option<String>>,
    /// By local: where its value may become null.
    nulls: Vec<Option<Null>>,
    /// By local: nothing in it is told of where nothing more is known.
    quiet: Vec<bool>,
    /// Locals that were read, with what was known there.
    looked: BTreeSet<(LocalId, Vec<String>, Option<StepId>)>,
    /// Nothing is told, but whether something would be is noted.
    dry: bool,
    would_tell: bool,
    /// What holds where the expression stands that is read.
    facts: Vec<String>,
    /// The block `repeat` of the step whose arguments are read: an own output is that of the attempt before.
    repeated: Option<Span>,
    /// The step that is read, if it always runs.
    reading: Option<StepId>,
    /// Names that stand for instances of a step.
    items: BTreeMap<BoundId, StepId>,
    /// What names of `for`s and splats run over, as far as these were read.
    overs: BTreeMap<BoundId, &'a TExpr>,
    /// The instances of the step that is read, and the place of its `for_each`.
    instances: Option<&'a TInstances>,
    for_each: Option<Span>,
    /// Where columns of data have null, as far as they were asked for.
    of_columns: BTreeMap<(DataId, usize), Option<Null>>,
    /// How many expressions were looked at for the answer that is wanted.
    looks: u32,
    /// Where outputs of flows may become null, as far as they were asked for.
    of_flows: BTreeMap<(BodyId, usize), Option<Null>>,
    /// Places that were warned of.
    said: BTreeSet<Span>,
}

impl<'a> Reader<'a> {
    /// Locals in an order in which each stands after those that it reads.
    fn locals(&mut self) {
        let typed = self.typed;
        let order = typed.bodies.first().map_or(&[][..], |main| &main.order);
        for node in order {
            let Node::Local(id) = *node else { continue };
            let value = &typed.locals[id.0].value;
            // What is wrong with it is told where it is read: that may ask for what is missing.
            (self.dry, self.would_tell) = (true, false);
            self.read(value);
            self.quiet[id.0] = !self.would_tell;
            self.dry = false;
            self.names[id.0] = name_of(value, self.known());
            self.nulls[id.0] = self.null(value);
        }
    }

    /// A local is computed where it is read, under what holds there.
    fn local(&mut self, id: LocalId) {
        if self.quiet[id.0] && self.reading.is_none() {
            return;
        }
        if self.dry {
            self.would_tell = true;
            return;
        }
        let here = (id, self.facts.clone(), self.reading);
        if self.looked.insert(here) {
            let typed = self.typed;
            self.read(&typed.locals[id.0].value);
        }
    }

    /// Whether a warning at this place is to be told: once, and not where nothing is told.
    fn tells(&mut self, place: Span) -> bool {
        self.would_tell = true;
        !self.dry && self.said.insert(place)
    }

    fn variables(&mut self) {
        for variable in &self.typed.variables {
            for (condition, message, _) in &variable.validations {
                self.used(condition, "a condition must not be null");
                self.read(message);
            }
        }
    }

    fn step(&mut self, id: StepId, step: &'a TStep) {
        self.reading = step.always.then_some(id);
        self.instances = Some(&step.instances);
        let for_each = self.declarations.step(id).for_each.as_ref();
        self.for_each = for_each.map(|written| written.span);
        self.of_step(id, step);
        (self.reading, self.instances, self.for_each) = (None, None, None);
    }

    fn of_step(&mut self, id: StepId, step: &'a TStep) {
        let mut facts = Vec::new();
        if let Some(enabled) = &step.enabled {
            self.used(enabled, "`enabled` must not be null");
            facts = guards::facts(enabled, true, self.known());
        }
        let inputs = match step.callee {
            Callee::Runner(at) => &self.modules.runner(at).inputs,
            Callee::Flow(body) => match &self.typed.body(body).flow {
                Some(flow) => &flow.runner.inputs,
                None => return,
            },
        };
        self.under(facts, |reader| {
            if let Some(over) = step.instances.late() {
                reader.used(over, "`count` and `for_each` must not be null");
                let facts = guards::of_instances(over, reader.known());
                reader.facts.extend(facts);
            }
            let repeat = reader.declarations.step(id).parts.repeat.as_ref();
            reader.repeated = repeat.map(|repeat| repeat.span);
            reader.arguments(&step.arguments, inputs);
            reader.repeated = None;
            let delays = step.delay_before.iter().chain(&step.delay_after);
            for time in delays.flat_map(TDelay::expressions) {
                reader.used(time, "a delay must not be null");
            }
            for value in step.parts.settings() {
                reader.used(value, "a setting of a step must not be null");
            }
            for value in step.parts.outputs() {
                reader.read(value);
            }
            let others = step.execution.iter().chain(step.rules.expressions());
            for value in others.chain(step.judging()) {
                reader.read(value);
            }
        });
    }

    /// What an input must have must not be null.
    fn arguments(&mut self, given: &'a [(usize, TExpr)], inputs: &[Input]) {
        for (at, value) in given {
            match inputs.get(*at) {
                Some(input) if input.form == Form::Predicate => {
                    // What it reads is there, whichever attempt it is.
                    let repeated = self.repeated.take();
                    self.used(value, "a condition must not be null");
                    self.repeated = repeated;
                }
                Some(input) if input.required && !input.nullable => {
                    let text = format!("`{}` is required and must not be null", input.name);
                    self.used(value, &text);
                }
                _ => self.read(value),
            }
        }
    }

    fn known(&self) -> Locals<'_> {
        Locals {
            names: &self.names,
            values: &self.typed.locals,
        }
    }

    /// Reads something where more is known to hold.
    fn under(&mut self, facts: Vec<String>, read: impl FnOnce(&mut Self)) {
        let before = self.facts.len();
        self.facts.extend(facts);
        read(self);
        self.facts.truncate(before);
    }

    fn holds(&self, fact: &str) -> bool {
        self.facts.iter().any(|known| known == fact)
    }

    /// Reads a value that must not be null where it stands.
    fn used(&mut self, expr: &'a TExpr, refused: &str) {
        self.read(expr);
        // What is read within a value fails, and `try` answers for it.
        let within = refused.starts_with("null has no ");
        if let Some(null) = self.null(expr)
            && self.tells(expr.span)
        {
            self.problems
                .warning(codes::MAY_BE_NULL, expr.span, refused)
                .label(null.span, null.why)
                .hint(match within {
                    true => "give another value for null: `x == null ? .. : x.y` or `try(x.y, ..)`",
                    false => {
                        "give another value for null: `x == null ? .. : x` or `coalesce(x, ..)`"
                    }
                });
        }
    }

    /// Reads a list of which no item may be null.
    fn used_items(&mut self, list: &'a TExpr, function: &str) {
        if let Some(null) = self.null_item(list)
            && self.tells(list.span)
        {
            let text = format!("`{function}` refuses null among the items");
            self.problems
                .warning(codes::MAY_BE_NULL, list.span, text)
                .label(null.span, null.why)
                .hint("leave it out: `[for x in xs : x if x != null]`");
        }
    }

    /// Reads a call that fails where each of its arguments is null.
    fn coalesced(&mut self, span: Span, arguments: &'a [TExpr]) {
        let nulls: Option<Vec<Null>> = arguments.iter().map(|one| self.null(one)).collect();
        let Some(nulls) = nulls.filter(|nulls| !nulls.is_empty()) else {
            return;
        };
        if self.tells(span) {
            let text = "`coalesce` fails where each of its arguments is null";
            let problem = self.problems.warning(codes::MAY_BE_NULL, span, text);
            for null in nulls {
                problem.label(null.span, null.why);
            }
            problem.hint("end with a value that is never null: `coalesce(a, b, \"other\")`");
        }
    }

    /// Looks for uses in an expression.
    fn read(&mut self, expr: &'a TExpr) {
        match &expr.kind {
            // They answer for what is null or missing in them.
            TKind::Try(_) | TKind::Can(_) => {}
            TKind::Local(id) => self.local(*id),
            TKind::Binary(op @ (BinaryOp::And | BinaryOp::Or), ..) => self.chain(expr, *op),
            TKind::Binary(BinaryOp::Equal | BinaryOp::NotEqual, a, b) => {
                self.read(a);
                self.read(b);
            }
            TKind::Binary(_, a, b) => {
                self.used(a, "an operand must not be null");
                self.used(b, "an operand must not be null");
            }
            TKind::Unary(_, of) => self.used(of, "an operand must not be null"),
            TKind::Conditional(condition, yes, no) => {
                self.used(condition, "a condition must not be null");
                let facts = |truth| guards::facts(condition, truth, self.known());
                let (if_true, if_false) = (facts(true), facts(false));
                self.under(if_true, |reader| reader.read(yes));
                self.under(if_false, |reader| reader.read(no));
            }
            TKind::Template(parts) => match parts.as_slice() {
                // It stays what it is.
                [TPart::Hole(only)] => self.read(only),
                parts => self.parts(parts),
            },
            TKind::For(form) => {
                self.used(&form.over, "a `for` cannot run over null");
                self.items_of(&form.over, form.value);
                let facts = form.condition.as_ref().map(|condition| {
                    self.used(condition, "a condition must not be null");
                    guards::facts(condition, true, self.known())
                });
                self.under(facts.unwrap_or_default(), |reader| {
                    if let Some(key) = &form.key_result {
                        reader.used(key, "a key must not be null");
                    }
                    reader.read(&form.result);
                });
            }
            TKind::Splat { over, item, each } => {
                self.read(over);
                self.items_of(over, *item);
                self.read(each);
            }
            TKind::Field(of, _) | TKind::FieldOrNull(of, _) => {
                self.used(of, "null has no attributes");
            }
            TKind::Index(of, by) => {
                self.used(of, "null has no items");
                self.used(by, "an index must not be null");
            }
            TKind::Output {
                step,
                instance,
                field,
            } => {
                if let InstanceOf::Computed(by) = instance {
                    self.used(by, "an index must not be null");
                }
                if field.is_some() {
                    self.output(*step, instance, expr.span);
                }
            }
            TKind::Call {
                function,
                arguments,
                expand,
            } => {
                for (at, argument) in arguments.iter().enumerate() {
                    let is_spread = *expand && at + 1 == arguments.len();
                    let param = function.params.get(at).or(function.rest.as_ref());
                    match param {
                        Some(param) if !param.nullable && !is_spread => {
                            let text = format!("`{}` refuses null", function.name);
                            self.used(argument, &text);
                        }
                        _ => self.read(argument),
                    }
                    let refuses = refuses_items(function.name, at);
                    let spreads = param.is_some_and(|param| !param.nullable) && !refuses;
                    if if is_spread { spreads } else { refuses } {
                        self.used_items(argument, function.name);
                    }
                }
                if function.name == "coalesce" && !expand {
                    self.coalesced(expr.span, arguments);
                }
            }
            _ => {
                for child in children(expr) {
                    self.read(child);
                }
            }
        }
    }

    /// Notes that a name stands for instances of a step, if it does.
    fn items_of(&mut self, over: &'a TExpr, item: BoundId) {
        let mut over = over;
        self.overs.insert(item, over);
        while let TKind::Convert(of) = &over.kind {
            over = of;
        }
        if let TKind::Instances(step) = over.kind {
            self.items.insert(item, step);
        }
    }

    /// Operands of `&&` or `||`: behind each one, what it says holds.
    fn chain(&mut self, expr: &'a TExpr, op: BinaryOp) {
        let (mut operands, mut left) = (Vec::new(), expr);
        while let TKind::Binary(same, a, b) = &left.kind
            && *same == op
        {
            operands.push(&**b);
            left = a;
        }
        operands.push(left);
        let before = self.facts.len();
        for operand in operands.into_iter().rev() {
            self.used(operand, "an operand must not be null");
            let facts = guards::facts(operand, op == BinaryOp::And, self.known());
            self.facts.extend(facts);
        }
        self.facts.truncate(before);
    }

    fn parts(&mut self, parts: &'a [TPart]) {
        for part in parts {
            match part {
                TPart::Text(_) => {}
                TPart::Hole(hole) => self.used(hole, "a text with a hole refuses null"),
                TPart::If { condition, yes, no } => {
                    self.used(condition, "a condition must not be null");
                    let facts = |truth| guards::facts(condition, truth, self.known());
                    let (if_true, if_false) = (facts(true), facts(false));
                    self.under(if_true, |reader| reader.parts(yes));
                    self.under(if_false, |reader| reader.parts(no));
                }
                TPart::For {
                    value, over, body, ..
                } => {
                    self.used(over, "a `for` cannot run over null");
                    self.overs.insert(*value, over);
                    self.parts(body);
                }
            }
        }
    }

    /// An output is read of a step that may have none.
    fn output(&mut self, step: StepId, instance: &InstanceOf, span: Span) {
        let Some(missing) = self.missing(step, instance) else {
            return;
        };
        if self.tells(span) {
            let address = match instance {
                InstanceOf::Own => "previous".to_owned(),
                _ => self.declarations.full_address(step),
            };
            let other = match self.reading {
                _ if matches!(instance, InstanceOf::Own) => "ask whether `previous.output` is null",
                Some(_) => "write `enabled = can(..)` with what it reads",
                None => "give the step that reads it the same `enabled`",
            };
            self.problems
                .warning(
                    codes::MAY_BE_NULL,
                    span,
                    format!("`{address}` may have no output"),
                )
                .label(missing.span, missing.why)
                .hint(format!("write `try(.., OTHER)` around it, or {other}"));
        }
    }

    /// Why a step may have no output where it is read.
    fn missing(&self, id: StepId, instance: &InstanceOf) -> Option<Null> {
        let own = matches!(instance, InstanceOf::Own);
        let (step, declared) = (self.typed.step(id), self.declarations.step(id));
        let is_there = output(id, instance, self.known());
        if is_there.is_some_and(|name| self.holds(&name)) {
            return None;
        }
        if own {
            let why = "there is none in the first attempt".to_owned();
            return self.repeated.map(|span| Null { span, why });
        }
        if let Some(reading) = self.reading
            && reading.body == id.body
            && !step.always
        {
            let why = "it runs though this may have failed".to_owned();
            return Some(Null {
                span: step.span,
                why,
            });
        }
        if step.continue_on_failure {
            let of_step = declared.continue_on_failure.as_ref().map(|expr| expr.span);
            let of_part = declared.parts.on_error.as_ref().map(|part| part.span);
            let why = "the iteration goes on where it fails".to_owned();
            return Some(Null {
                span: of_step.or(of_part).unwrap_or(step.span),
                why,
            });
        }
        let enabled = step.enabled.as_ref()?;
        let conditions = guards::conditions_of(enabled, self.known());
        if conditions.is_some_and(|all| all.iter().all(|one| self.holds(one))) {
            return None;
        }
        let why = "it runs only where this holds".to_owned();
        Some(Null {
            span: enabled.span,
            why,
        })
    }

    /// Where a value may become null, unless something around it has asked.
    fn null(&mut self, expr: &'a TExpr) -> Option<Null> {
        let found = match &expr.kind {
            TKind::Constant(value) if value.is_null() => Some(Null {
                span: expr.span,
                why: "null here".to_owned(),
            }),
            TKind::Convert(of) => return self.null(of),
            TKind::Template(parts) => match parts.as_slice() {
                [TPart::Hole(only)] => return self.null(only),
                _ => None,
            },
            TKind::Variable(id) => self.variable(*id),
            TKind::Input(id) => self.input(*id),
            TKind::Local(id) => self.nulls.get(id.0).cloned().flatten(),
            TKind::FieldOrNull(of, name) => self.absent(of, name),
            TKind::Field(of, name) => match self.instance(of).filter(|_| name == "output") {
                Some(step) => self.missing_of_all(step),
                None => {
                    let found = self.null_part(expr).or_else(|| optional(of, name));
                    found.or_else(|| self.described(expr))
                }
            },
            TKind::Output {
                step,
                instance: _,
                field: Some(output),
            } => self
                .null_output(*step, *output)
                .or_else(|| self.described(expr)),
            TKind::Call {
                function,
                arguments,
                expand: false,
            } if HAND_ON.contains(&function.name) => {
                return arguments.first().and_then(|of| self.null(of));
            }
            TKind::Output {
                step,
                instance,
                field: None,
            } => self.missing(*step, instance),
            TKind::Conditional(condition, yes, no) => {
                let facts = |truth| guards::facts(condition, truth, self.known());
                let (if_true, if_false) = (facts(true), facts(false));
                let mut found = None;
                self.under(if_true, |reader| found = reader.null(yes));
                if found.is_none() {
                    self.under(if_false, |reader| found = reader.null(no));
                }
                return found;
            }
            TKind::Try(items) => return items.iter().find_map(|item| self.null(item)),
            TKind::Bound(id) => self.null_bound(*id).or_else(|| self.described(expr)),
            TKind::EachValue => self.null_each().or_else(|| self.described(expr)),
            TKind::Index(..) => self.null_part(expr).or_else(|| self.described(expr)),
            TKind::Column { data, column } => self.null_cell(*data, *column),
            TKind::Call {
                function,
                arguments,
                expand: false,
            } => self.null_picked(function.name, arguments),
            _ => None,
        };
        let found = found?;
        let name = name_of(expr, self.known());
        let is_asked = name.is_some_and(|name| self.holds(&name));
        (!is_asked).then_some(found)
    }

    /// An attribute that the schema of an answer lets be missing.
    fn absent(&mut self, of: &TExpr, name: &str) -> Option<Null> {
        let Type::Named(named) = &of.ty else {
            return None;
        };
        let opened = self.documents.open(named);
        let Absent { declared, why } = opened.absent.get(name)?;
        let why = match why {
            Missing::OfSome => format!("`{name}` is declared in some of these schemas alone"),
            Missing::NotRequired => format!("`{name}` is not `required` in the schema"),
            Missing::NotSent => format!("`{name}` is null where it was not sent"),
        };
        Some(Null {
            span: declared.unwrap_or(of.span),
            why,
        })
    }

    /// A value that the schema of an answer lets be null.
    fn described(&mut self, of: &TExpr) -> Option<Null> {
        let Type::Named(named) = &of.ty else {
            return None;
        };
        let opened = self.documents.open(named);
        let null = opened.null.as_ref()?;
        Some(Null {
            span: null.at.unwrap_or(of.span),
            why: null.why.to_owned(),
        })
    }

    /// The step of which an expression is one instance, of those that a form runs over.
    fn instance(&self, of: &TExpr) -> Option<StepId> {
        match &of.kind {
            TKind::Bound(name) => self.items.get(name).copied(),
            TKind::Convert(of) => self.instance(of),
            _ => None,
        }
    }

    /// Why an instance of a step may have no output, where all are read.
    fn missing_of_all(&self, step: StepId) -> Option<Null> {
        self.missing(step, &InstanceOf::Only)
    }

    /// Where an output may become null of a step that has outputs: a `fallback` leaves it out, or the flow gives null.
    fn null_output(&mut self, id: StepId, output: usize) -> Option<Null> {
        let typed = self.typed;
        let step = typed.step(id);
        if let Some(fallback) = &step.parts.fallback {
            let Some((_, value)) = fallback.iter().find(|(at, _)| *at == output) else {
                let on_error = self.declarations.step(id).parts.on_error.as_ref()?;
                return Some(Null {
                    span: on_error.span,
                    why: "null if the step fails: `fallback` leaves it out".to_owned(),
                });
            };
            if let Some(null) = self.null(value) {
                return Some(null);
            }
        }
        let Callee::Flow(body) = step.callee else {
            return None;
        };
        if let Some(known) = self.of_flows.get(&(body, output)) {
            return known.clone();
        }
        let value = typed.body(body).flow.as_ref()?.outputs.get(output)?;
        // What is known here says nothing of another body.
        let facts = std::mem::take(&mut self.facts);
        let reading = self.reading.take();
        let null = self.null(value);
        (self.facts, self.reading) = (facts, reading);
        self.of_flows.insert((body, output), null.clone());
        null
    }

    /// A variable that is null by default, or that says that it may be null. (One without either may be set to null by a flag,
    /// but its author did not say so.)
    fn variable(&self, id: VariableId) -> Option<Null> {
        let variable = self.typed.variables.get(id.0)?;
        let declared = self.declarations.variables.get(id.0)?;
        if !variable.nullable {
            return None;
        }
        if let (Some(Value::Null), Some(default)) = (&variable.default, &declared.default) {
            let why = format!("`var.{}` is null by default", variable.name);
            return Some(Null {
                span: default.span,
                why,
            });
        }
        let nullable = declared.nullable.as_ref()?;
        let why = format!("`var.{}` may be null", variable.name);
        Some(Null {
            span: nullable.span,
            why,
        })
    }

    /// The same of an input of a flow. One that is not `nullable` has its default where a call hands over null, which may be
    /// null.
    fn input(&self, id: InputId) -> Option<Null> {
        let flow = self.typed.body(id.flow).flow.as_ref()?;
        let input = flow.runner.inputs.get(id.index)?;
        let declared = self.declarations.flow(id.flow)?.inputs.get(id.index)?;
        if let (Some(Value::Null), Some(default)) = (&input.default, &declared.default) {
            let why = format!("`input.{}` is null by default", input.name);
            return Some(Null {
                span: default.span,
                why,
            });
        }
        let nullable = declared.nullable.as_ref()?;
        let why = format!("`input.{}` may be null", input.name);
        input.nullable.then_some(Null {
            span: nullable.span,
            why,
        })
    }
}

/// An attribute that may be left out and has no default.
fn optional(of: &TExpr, name: &str) -> Option<Null> {
    let Type::Object(fields) = &of.ty else {
        return None;
    };
    let field = fields.iter().find(|field| field.name.as_str() == name)?;
    let default = field.optional.as_ref()?;
    default.0.is_none().then(|| Null {
        span: of.span,
        why: format!("its attribute `{name}` is optional"),
    })
}
