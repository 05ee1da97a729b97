//! Outputs of steps and exports of resources to typed expressions: which instance, which output, and what to say about a
//! missing index.

use std::collections::BTreeSet;

use bggo_manifest::Output;
use bggo_values::{Field, Text, Type, Value};

use crate::diagnostics::{Hint, codes, nearest};
use crate::resolve::model::{ResourceId, StepId};
use crate::source::Span;
use crate::syntax::decl::{Expr, Name};

use super::context::{Checker, error};
use crate::check::article::with_article;
use crate::check::parts::collects;
use crate::check::typed::{Binding, InstanceOf, Sensitivity, TExpr, TInstances, TKind};
use crate::check::typed_parts::COLLECTED;

impl Checker<'_> {
    /// `step.R.N` with nothing behind it.
    pub(super) fn whole_step(&mut self, id: StepId, span: Span) -> TExpr {
        let address = self.declarations.full_address(id);
        let Some(instances) = self.known_instances(id) else {
            return error(span);
        };
        let known = match instances {
            TInstances::Single => {
                let text = format!("expected `.output` after `{address}`");
                self.error(codes::INVALID_REFERENCE, span, text)
                    .hint(format!("a step's results are `{address}.output`"));
                return error(span);
            }
            TInstances::Count(count) => Known::Numbers(*count as usize),
            TInstances::ForEach(pairs) => {
                let keys = pairs.iter().map(|(key, _)| Text::from(key.clone()));
                Known::Keys(keys.collect())
            }
            TInstances::Late(late) => Known::Late {
                is_keyed: late.of.is_keyed(),
            },
        };
        let Some((output, sensitivity)) = self.output_object(id) else {
            return error(span);
        };
        let item = Type::Object(vec![field("output", output)]);
        TExpr {
            kind: TKind::Instances(id),
            ty: known.together(item),
            binding: Binding::Iteration,
            sensitivity: sensitivity.under("output").under("*"),
            span,
        }
    }

    /// The type of `.output` as an object, and which of it is sensitive.
    fn output_object(&mut self, id: StepId) -> Option<(Type, Sensitivity)> {
        let at = self.callee_of(id)?;
        let runner = self.runner_of(id)?;
        let collects = collects(&self.declarations.step(id).parts);
        let ty = self.outputs.entry((at, collects)).or_insert_with(|| {
            let fields = runner.outputs.iter();
            Type::Object(
                fields
                    .map(|output| field(&output.name, output.ty.clone()))
                    .collect(),
            )
        });
        let mut ty = ty.clone();
        let mut sensitivity = Sensitivity::NONE;
        for (place, output) in runner.outputs.iter().enumerate() {
            if output.type_from.is_some()
                && let Type::Object(fields) = &mut ty
                && let Some(field) = fields.get_mut(place)
            {
                field.ty = self.type_of_output(id, output);
            }
            let of_output = self.sensitivity_of_output(id, place);
            sensitivity = sensitivity.and(&of_output.under(&output.name));
        }
        Some((ty, sensitivity))
    }

    /// `output` of the step that is checked, of the instance that has just run.
    pub(super) fn own_output(&mut self, step: StepId, span: Span) -> TExpr {
        let Some((mut ty, sensitivity)) = self.output_object(step) else {
            return error(span);
        };
        if let (true, Type::Object(fields)) = (self.while_repeated, &mut ty)
            && collects(&self.declarations.step(step).parts)
        {
            fields.pop();
        }
        TExpr {
            kind: TKind::Output {
                step,
                instance: InstanceOf::Own,
                field: None,
            },
            ty,
            binding: Binding::Iteration,
            sensitivity,
            span,
        }
    }

    /// One output of the step that is checked, by its place in the manifest, whatever its type.
    pub(in crate::check) fn own_field(&self, step: StepId, place: usize, span: Span) -> TExpr {
        TExpr {
            kind: TKind::Output {
                step,
                instance: InstanceOf::Own,
                field: Some(place),
            },
            ty: Type::Any,
            binding: Binding::Iteration,
            sensitivity: self.sensitivity_of_output(step, place),
            span,
        }
    }

    /// A resource as the object of its exports.
    pub(super) fn whole_resource(&mut self, id: ResourceId, span: Span) -> TExpr {
        let Some(at) = self.asset_of(id) else {
            return error(span);
        };
        let asset = self.modules.asset(at);
        if asset.outputs.is_empty() {
            let address = self.declarations.resource(id).address();
            let text = format!(
                "`{address}` is no value: {} exports nothing",
                with_article(&asset.name)
            );
            self.error(codes::WRONG_TYPE, span, text)
                .hint(format!("a step takes it by `uses {{ .. = {address} }}`"));
            return error(span);
        }
        let mut sensitivity = Sensitivity::NONE;
        for output in asset.outputs.iter().filter(|output| output.sensitive) {
            sensitivity = sensitivity.and(&Sensitivity::whole().under(&output.name));
        }
        let fields = asset.outputs.iter();
        TExpr {
            kind: TKind::Export {
                resource: id,
                field: None,
            },
            ty: Type::Object(
                fields
                    .map(|output| field(&output.name, output.ty.clone()))
                    .collect(),
            ),
            binding: Binding::Iteration,
            sensitivity,
            span,
        }
    }

    /// `.output` of a step or of one of its instances.
    pub(super) fn step_field(
        &mut self,
        (step, instance, base): (StepId, InstanceOf, Span),
        name: &Name,
        span: Span,
    ) -> TExpr {
        let address = self.declarations.full_address(step);
        let Some(instances) = self.known_instances(step) else {
            return error(span);
        };
        if matches!(instance, InstanceOf::Only) && !matches!(instances, TInstances::Single) {
            let (what, forms) = forms_of(instances, &address);
            let missing = match instances {
                TInstances::Late(_) => "say which one is read",
                TInstances::Count(0) => "there is no output to read",
                TInstances::ForEach(keys) if keys.is_empty() => "there is no output to read",
                _ => "say which one is read",
            };
            let text = format!("`{address}` has {what}: {missing}");
            self.error(codes::MISSING_INDEX, base, text).hint(forms);
            return error(span);
        }
        if name.text != "output" {
            let known = self.runner_of(step).is_some_and(|runner| {
                let mut outputs = runner.outputs.iter();
                outputs.any(|output| output.name == name.text)
            });
            let hint = match known {
                true => format!("an output is read by `.output.{}`", name.text),
                false => format!("a step's results are `{address}.output`"),
            };
            let text = format!("a step has only `output`, found `{}`", name.text);
            self.error(codes::UNKNOWN_OUTPUT, name.span, text)
                .hint(hint);
            return error(span);
        }
        let Some((ty, sensitivity)) = self.output_object(step) else {
            return error(span);
        };
        let binding = match &instance {
            InstanceOf::Computed(by) => by.binding.max(Binding::Iteration),
            _ => Binding::Iteration,
        };
        let by_secret = matches!(&instance, InstanceOf::Computed(by) if by.sensitivity.any());
        TExpr {
            kind: TKind::Output {
                step,
                instance,
                field: None,
            },
            ty,
            binding,
            sensitivity: if by_secret {
                Sensitivity::whole()
            } else {
                sensitivity
            },
            span,
        }
    }

    /// `step.R.N[index]`: which instance that is.
    pub(super) fn instance(
        &mut self,
        step: StepId,
        index: &Expr,
        span: Span,
    ) -> Option<InstanceOf> {
        let found = self.instance_by(step, index, span);
        match &found {
            Some(InstanceOf::Position(place)) => {
                let known = self.indexed.entry(index.id);
                if let Some(places) = known.or_insert_with(|| Some(BTreeSet::new())) {
                    places.insert(*place);
                }
            }
            _ => drop(self.indexed.insert(index.id, None)),
        }
        found
    }

    fn instance_by(&mut self, step: StepId, index: &Expr, span: Span) -> Option<InstanceOf> {
        let by = self.infer(index);
        if by.is_error() {
            return None;
        }
        let address = self.declarations.full_address(step);
        match self.known_instances(step)? {
            TInstances::Single => {
                let text =
                    format!("`{address}` has neither `count` nor `for_each`, found an index");
                self.error(codes::UNEXPECTED_INDEX, span, text)
                    .advise(Hint::write(address));
                None
            }
            &TInstances::Count(count) => {
                let by = self.convert(by, &Type::Number, "the index of an instance");
                if by.is_error() {
                    return None;
                }
                let known = by.constant().and_then(super::place_of);
                let place = known.and_then(|number| number.as_u64());
                match (known, place) {
                    (None, _) if by.is_null() && self.certain => {
                        self.error(codes::INVALID_VALUE, by.span, "the index is null");
                        None
                    }
                    (Some(_), Some(place)) if place < u64::from(count) => Some(
                        InstanceOf::Position(u32::try_from(place).unwrap_or(u32::MAX)),
                    ),
                    (Some(number), _) if self.certain => {
                        let text = format!(
                            "`{address}` has {}, found index {number}",
                            instances_of(count)
                        );
                        let problem = self.error(codes::INDEX_OUT_OF_RANGE, span, text);
                        if let Some(last) = count.checked_sub(1) {
                            problem.hint(format!("the indexes are 0 to {last}"));
                        }
                        None
                    }
                    _ => Some(InstanceOf::Computed(Box::new(by))),
                }
            }
            TInstances::Late(late) if !late.of.is_keyed() => {
                let by = self.convert(by, &Type::Number, "the index of an instance");
                if by.is_error() {
                    return None;
                }
                if by.is_null() && self.certain {
                    self.error(codes::INVALID_VALUE, by.span, "the index is null");
                    return None;
                }
                let known = by.constant().and_then(super::place_of);
                if let Some(number) = known
                    && number.as_u64().is_none()
                    && self.certain
                {
                    let text = format!(
                        "the indexes of `{address}` are whole numbers from 0, found {number}"
                    );
                    self.error(codes::INDEX_OUT_OF_RANGE, span, text);
                    return None;
                }
                Some(InstanceOf::Computed(Box::new(by)))
            }
            TInstances::Late(_) => {
                let by = self.convert(by, &Type::String, "the key of an instance");
                if by.is_error() {
                    return None;
                }
                if by.is_null() && self.certain {
                    self.error(codes::INVALID_VALUE, by.span, "the key is null");
                    return None;
                }
                Some(InstanceOf::Computed(Box::new(by)))
            }
            TInstances::ForEach(_) => {
                let by = self.convert(by, &Type::String, "the key of an instance");
                if by.is_error() {
                    return None;
                }
                let Some(key) = by.constant().and_then(Value::as_text) else {
                    return Some(InstanceOf::Computed(Box::new(by)));
                };
                let instances = self.known_instances(step)?;
                if let Some(place) = instances.position_of_key(key) {
                    let place = u32::try_from(place).unwrap_or(u32::MAX);
                    return Some(InstanceOf::Position(place));
                }
                if !self.certain {
                    return Some(InstanceOf::Computed(Box::new(by)));
                }
                let hint = match instances {
                    TInstances::ForEach(keys) => {
                        nearest::advice(key, keys.iter().map(|(key, _)| key.as_str()))
                    }
                    TInstances::Single | TInstances::Count(_) | TInstances::Late(_) => None,
                };
                let text = format!("`{address}` has no instance \"{key}\"");
                self.error(codes::INDEX_OUT_OF_RANGE, index.span, text)
                    .advise(hint);
                None
            }
        }
    }

    pub(super) fn export(&mut self, id: ResourceId, name: &Name, span: Span) -> TExpr {
        let Some(at) = self.asset_of(id) else {
            return error(span);
        };
        let asset = self.modules.asset(at);
        let found = asset
            .outputs
            .iter()
            .position(|output| output.name == name.text);
        match found.and_then(|place| Some((place, asset.outputs.get(place)?))) {
            Some((place, output)) => TExpr {
                kind: TKind::Export {
                    resource: id,
                    field: Some(place),
                },
                ty: output.ty.clone(),
                binding: Binding::Iteration,
                sensitivity: Sensitivity::whole_if(output.sensitive),
                span,
            },
            None => {
                let hint = nearest::advice(
                    &name.text,
                    asset.outputs.iter().map(|output| output.name.as_str()),
                );
                let text = match asset.outputs.is_empty() {
                    true => format!(
                        "{} exports nothing, found `{}`",
                        with_article(&asset.name),
                        name.text
                    ),
                    false => format!(
                        "{} has no export `{}`",
                        with_article(&asset.name),
                        name.text
                    ),
                };
                self.error(codes::UNKNOWN_OUTPUT, name.span, text)
                    .advise(hint);
                error(span)
            }
        }
    }

    /// Warns of a header that is read by a name which no answer has: modules give the names of headers in lower case.
    pub(super) fn header_name(&mut self, of: &TExpr, name: &str, (span, quoted): (Span, bool)) {
        let lower = name.to_lowercase();
        if lower != name && self.is_headers(of) {
            self.problems
                .warning(
                    codes::HEADER_CASE,
                    span,
                    format!("headers are read by their names in lower case, found \"{name}\""),
                )
                .advise(match quoted {
                    true => Hint::write(format!("\"{lower}\"")),
                    false => Hint::write(lower),
                });
        }
    }

    /// Whether an expression is the headers of an answer, also where a local holds them or the whole output.
    fn is_headers(&self, of: &TExpr) -> bool {
        let is_headers =
            |output: &Output| output.name == "headers" && output.ty == Type::map(Type::String);
        match &of.kind {
            TKind::Output {
                step,
                field: Some(field),
                ..
            } => self
                .known_runner_of(*step)
                .is_some_and(|runner| runner.outputs.get(*field).is_some_and(is_headers)),
            TKind::Field(whole, name) => {
                let step = self.whole_output(whole);
                let runner = step.and_then(|step| self.known_runner_of(step));
                runner.is_some_and(|runner| {
                    let mut outputs = runner.outputs.iter();
                    outputs.any(|output| output.name == *name && is_headers(output))
                })
            }
            TKind::Local(id) => {
                let local = self.locals.get(id.0).and_then(Option::as_ref);
                local.is_some_and(|local| self.is_headers(&local.value))
            }
            _ => false,
        }
    }

    /// The step whose whole output this is.
    fn whole_output(&self, of: &TExpr) -> Option<StepId> {
        match &of.kind {
            TKind::Output {
                step, field: None, ..
            } => Some(*step),
            TKind::Local(id) => {
                let local = self.locals.get(id.0).and_then(Option::as_ref)?;
                self.whole_output(&local.value)
            }
            _ => None,
        }
    }

    /// One output of a step.
    pub(super) fn output(
        &mut self,
        (step, instance): (StepId, InstanceOf),
        (binding, of): (Binding, &Sensitivity),
        name: &Name,
        span: Span,
    ) -> TExpr {
        let Some(runner) = self.runner_of(step) else {
            return error(span);
        };
        let found = runner
            .outputs
            .iter()
            .position(|output| output.name == name.text);
        let is_collected =
            || name.text == COLLECTED && collects(&self.declarations.step(step).parts);
        match found.and_then(|place| Some((place, runner.outputs.get(place)?))) {
            Some(_) if self.while_repeated && is_collected() => {
                let text = format!("`{COLLECTED}` is there when the step is done with repeating");
                self.error(codes::UNKNOWN_OUTPUT, name.span, text)
                    .hint("`max_attempts` limits how often it runs");
                error(span)
            }
            Some((place, output)) => TExpr {
                kind: TKind::Output {
                    step,
                    instance,
                    field: Some(place),
                },
                ty: self.type_of_output(step, output),
                binding,
                sensitivity: of.at(&name.text),
                span,
            },
            // It may stand in a part of the flow that could not be read.
            None if self.calls_broken_flow(step) => error(span),
            None => {
                let hint = nearest::advice(
                    &name.text,
                    runner.outputs.iter().map(|output| output.name.as_str()),
                );
                let text = match runner.outputs.is_empty() {
                    true => format!("`{}` has no outputs, found `{}`", runner.name, name.text),
                    false => format!("`{}` has no output `{}`", runner.name, name.text),
                };
                self.error(codes::UNKNOWN_OUTPUT, name.span, text)
                    .advise(hint);
                error(span)
            }
        }
    }
}

/// What is known of the instances of a step, for the type of all of them.
enum Known {
    Numbers(usize),
    Keys(Vec<Text>),
    Late { is_keyed: bool },
}

impl Known {
    /// The type of all instances where one is of this type: a tuple or an object, and a list or a map where they are known late or
    /// too many to be named each.
    fn together(self, item: Type) -> Type {
        match self {
            Known::Numbers(count) => tuple_or_list(count, item),
            Known::Keys(keys) if are_few(keys.len(), &item) => {
                let named = keys.into_iter().map(|name| Field {
                    name,
                    ty: item.clone(),
                    optional: None,
                });
                Type::Object(named.collect())
            }
            Known::Late { is_keyed: false } => Type::list(item),
            Known::Keys(_) | Known::Late { is_keyed: true } => Type::map(item),
        }
    }
}

/// The most parts of a tuple or an object that is made of a type for each instance of a step.
const MOST_PARTS_OF_INSTANCES: usize = 10_000;

fn are_few(count: usize, item: &Type) -> bool {
    let parts = item.size(MOST_PARTS_OF_INSTANCES);
    count.saturating_mul(parts) <= MOST_PARTS_OF_INSTANCES
}

/// So many items of one type: a tuple, unless there are too many.
pub(super) fn tuple_or_list(count: usize, item: Type) -> Type {
    match are_few(count, &item) {
        true => Type::Tuple(vec![item; count]),
        false => Type::list(item),
    }
}

fn field(name: &str, ty: Type) -> Field {
    Field {
        name: Text::from(name),
        ty,
        optional: None,
    }
}

fn instances_of(count: u32) -> String {
    match count {
        0 => "no instance".to_owned(),
        1 => "1 instance".to_owned(),
        count => format!("{count} instances"),
    }
}

/// What a step with instances has, and the three ways of reading it.
fn forms_of(instances: &TInstances, address: &str) -> (String, String) {
    let all = format!("write `{address}[*].output` for the list of all outputs, which is empty");
    match instances {
        TInstances::ForEach(keys) if keys.is_empty() => {
            (format!("{} by `for_each`", instances_of(0)), all)
        }
        TInstances::Count(0) => (format!("{} by `count`", instances_of(0)), all),
        TInstances::ForEach(keys) => {
            let key = keys.first().map_or("key", |(key, _)| key.as_str());
            let what = format!(
                "{} by `for_each`",
                instances_of(u32::try_from(keys.len()).unwrap_or(u32::MAX))
            );
            let forms = format!(
                "write `{address}[\"{key}\"].output` for one, `{address}[each.key].output` in a step with the same keys, `{address}[*].output` for all"
            );
            (what, forms)
        }
        TInstances::Count(count) => {
            let what = format!("{} by `count`", instances_of(*count));
            let forms = format!(
                "write `{address}[0].output` for one, `{address}[count.index].output` in a step with the same `count`, `{address}[*].output` for all"
            );
            (what, forms)
        }
        TInstances::Late(late) => {
            let (what, own, one) = match late.of.is_keyed() {
                true => ("for_each", "each.key", "[\"KEY\"]"),
                false => ("count", "count.index", "[0]"),
            };
            let forms = format!(
                "write `{address}{one}.output` for one, `{address}[{own}].output` in a step with the same `{what}`, `{address}[*].output` for all"
            );
            (
                format!("instances by a `{what}` that is known when it begins"),
                forms,
            )
        }
        TInstances::Single => (String::new(), String::new()),
    }
}
