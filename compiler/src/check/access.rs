//! References, `.name` and `[index]`.

use bggo_values::{Field, Text, Type, Value};

use crate::diagnostics::{codes, nearest};
use crate::resolve::model::{BoundId, Reference, ResourceId, StepId};
use crate::source::Span;
use crate::syntax::decl::{Expr, ExprKind, Name};

use super::context::{Bound, Checker, constant, error};
use super::forms::join;
use super::typed::{Binding, InstanceOf, Sensitivity, TExpr, TInstances, TKind};

impl Checker<'_> {
    /// A node without anything behind it that is a reference, or nothing that is known.
    pub(super) fn name(&mut self, expr: &Expr) -> TExpr {
        match self.reference(expr.id) {
            Some(reference) => self.refer(reference, expr.span),
            None => error(expr.span),
        }
    }

    fn refer(&mut self, reference: Reference, span: Span) -> TExpr {
        let late = |kind: TKind, ty: Type, binding: Binding| TExpr {
            kind,
            ty,
            binding,
            sensitivity: Sensitivity::NONE,
            span,
        };
        match reference {
            Reference::Variable(id) => match self.variables.get(id.0) {
                Some((ty, sensitive)) => TExpr {
                    kind: TKind::Variable(id),
                    ty: ty.clone(),
                    binding: Binding::Start,
                    sensitivity: Sensitivity::whole_if(*sensitive),
                    span,
                },
                None => error(span),
            },
            Reference::Local(id) => match self.locals.get(id.0).and_then(Option::as_ref) {
                Some(local) if local.value.is_error() => error(span),
                Some(local) => {
                    let value = &local.value;
                    let kind = match &value.kind {
                        TKind::Constant(value) => TKind::Constant(value.clone()),
                        _ => TKind::Local(id),
                    };
                    TExpr {
                        kind,
                        ty: value.ty.clone(),
                        binding: value.binding,
                        sensitivity: value.sensitivity.clone(),
                        span,
                    }
                }
                // Part of a cycle, which is reported.
                None => error(span),
            },
            Reference::Step(id) => self.whole_step(id, span),
            Reference::Resource(id) => self.whole_resource(id, span),
            Reference::CountIndex => late(TKind::CountIndex, Type::Number, Binding::Step),
            Reference::EachKey => late(TKind::EachKey, Type::String, Binding::Step),
            Reference::EachValue => {
                let ty = self.each_value();
                late(TKind::EachValue, ty, Binding::Step)
            }
            Reference::Bound(id) => self.bound_name(id, span),
            Reference::VuId => late(TKind::VuId, Type::Number, Binding::Vu),
            Reference::VuIteration => late(TKind::VuIteration, Type::Number, Binding::Iteration),
            Reference::RunId => late(TKind::RunId, Type::String, Binding::Start),
            // Places are relative to the grid's folder, so that the same grid gives the same program everywhere.
            Reference::PathGrid => constant(Value::text("."), Type::String, span),
            Reference::Error => error(span),
        }
    }

    fn bound_name(&mut self, id: BoundId, span: Span) -> TExpr {
        match self.names.get(id.0 as usize).cloned().flatten() {
            Some(Bound::Item {
                ty,
                binding,
                sensitivity,
                depth,
            }) => {
                self.touch(depth);
                if ty == Type::Error {
                    return error(span);
                }
                TExpr {
                    kind: TKind::Bound(id),
                    ty,
                    binding,
                    sensitivity,
                    span,
                }
            }
            Some(Bound::Same(other)) => self.bound_name(other, span),
            Some(Bound::Step(step)) => self.whole_step(step, span),
            None => error(span),
        }
    }

    /// The type of `each.value`, as far as all instances have one.
    fn each_value(&self) -> Type {
        let own = self.step.and_then(|step| self.instances.get(step.0));
        match own {
            Some(Some(Some(TInstances::ForEach(pairs)))) => {
                let types: Vec<Type> = pairs.iter().map(|(_, value)| Type::of(value)).collect();
                join(&types)
            }
            _ => Type::Error,
        }
    }

    /// The step that a node stands for, also the item of `[*]` over it.
    fn step_of(&self, expr: &Expr) -> Option<StepId> {
        match self.reference(expr.id)? {
            Reference::Step(id) => Some(id),
            Reference::Bound(bound) => match self.names.get(bound.0 as usize)? {
                Some(Bound::Step(id)) => Some(*id),
                _ => None,
            },
            _ => None,
        }
    }

    /// The step without instances that a node stands for.
    pub(super) fn single_step(&self, expr: &Expr) -> Option<StepId> {
        let id = self.step_of(expr)?;
        match self.instances.get(id.0) {
            Some(Some(Some(TInstances::Single))) => Some(id),
            _ => None,
        }
    }

    /// `step.R.N` with nothing behind it.
    fn whole_step(&mut self, id: StepId, span: Span) -> TExpr {
        let address = self.declarations.steps[id.0].address();
        let Some(Some(Some(instances))) = self.instances.get(id.0) else {
            return error(span);
        };
        let keyed = match instances {
            TInstances::Single => {
                let text = format!("expected `.output` after `{address}`");
                self.error(codes::INVALID_REFERENCE, span, text)
                    .hint(format!("a step's results are `{address}.output`"));
                return error(span);
            }
            TInstances::Count(_) => false,
            TInstances::ForEach(_) => true,
        };
        let Some((output, sensitivity)) = self.output_object(id) else {
            return error(span);
        };
        let item = Type::Object(vec![field("output", output)]);
        TExpr {
            kind: TKind::Instances(id),
            ty: if keyed {
                Type::map(item)
            } else {
                Type::list(item)
            },
            binding: Binding::Iteration,
            sensitivity: sensitivity.under("output").under("*"),
            span,
        }
    }

    /// The type of `.output` as an object, and which of it is sensitive.
    fn output_object(&mut self, id: StepId) -> Option<(Type, Sensitivity)> {
        let at = (*self.runners.get(id.0)?)?;
        let runner = self.modules.runner(at);
        let ty = self.outputs.entry(at).or_insert_with(|| {
            let fields = runner.outputs.iter();
            Type::Object(
                fields
                    .map(|output| field(&output.name, output.ty.clone()))
                    .collect(),
            )
        });
        let mut sensitivity = Sensitivity::NONE;
        for output in runner.outputs.iter().filter(|output| output.sensitive) {
            sensitivity = sensitivity.and(&Sensitivity::whole().under(&output.name));
        }
        Some((ty.clone(), sensitivity))
    }

    /// A resource as the object of its exports.
    fn whole_resource(&mut self, id: ResourceId, span: Span) -> TExpr {
        let Some(Some(at)) = self.assets.get(id.0) else {
            return error(span);
        };
        let asset = self.modules.asset(*at);
        if asset.outputs.is_empty() {
            let address = self.declarations.resources[id.0].address();
            let text = format!(
                "`{address}` is no value: an `{}` exports nothing",
                asset.name
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

    pub(super) fn field(&mut self, expr: &Expr, base: &Expr, name: &Name) -> TExpr {
        if let Some(reference) = self.reference(expr.id) {
            return self.refer(reference, expr.span);
        }
        if let Some(step) = self.step_of(base) {
            return self.step_field((step, InstanceOf::Only, base.span), name, expr.span);
        }
        if let ExprKind::Index(step, index) = &base.kind
            && let Some(step) = self.step_of(step)
        {
            return match self.instance(step, index, base.span) {
                Some(instance) => self.step_field((step, instance, base.span), name, expr.span),
                None => error(expr.span),
            };
        }
        if let Some(Reference::Resource(id)) = self.reference(base.id) {
            return self.export(id, name, expr.span);
        }
        let base = self.infer(base);
        self.attribute(base, name, expr.span)
    }

    /// `.output` of a step or of one of its instances.
    fn step_field(
        &mut self,
        (step, instance, base): (StepId, InstanceOf, Span),
        name: &Name,
        span: Span,
    ) -> TExpr {
        let address = self.declarations.steps[step.0].address();
        let Some(Some(Some(instances))) = self.instances.get(step.0) else {
            return error(span);
        };
        if matches!(instance, InstanceOf::Only) && !matches!(instances, TInstances::Single) {
            let (what, forms) = forms_of(instances, &address);
            let text = format!("`{address}` has {what}: which one is read is missing");
            self.error(codes::MISSING_INDEX, base, text).hint(forms);
            return error(span);
        }
        if name.text != "output" {
            let known = self
                .runners
                .get(step.0)
                .copied()
                .flatten()
                .is_some_and(|at| {
                    let outputs = &self.modules.runner(at).outputs;
                    outputs.iter().any(|output| output.name == name.text)
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
    fn instance(&mut self, step: StepId, index: &Expr, span: Span) -> Option<InstanceOf> {
        let by = self.infer(index);
        if by.is_error() {
            return None;
        }
        let address = self.declarations.steps[step.0].address();
        let instances = self.instances.get(step.0)?.as_ref()?.clone()?;
        match instances {
            TInstances::Single => {
                let text =
                    format!("`{address}` has neither `count` nor `for_each`, found an index");
                self.error(codes::UNEXPECTED_INDEX, index.span, text)
                    .hint(format!("write `{address}.output`"));
                None
            }
            TInstances::Count(count) => {
                let by = self.convert(by, &Type::Number, "the index of an instance");
                if by.is_error() {
                    return None;
                }
                let known = by.constant().and_then(super::infer::place_of);
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
            TInstances::ForEach(keys) => {
                let by = self.convert(by, &Type::String, "the key of an instance");
                if by.is_error() {
                    return None;
                }
                let known = by.constant().and_then(Value::as_text).map(str::to_owned);
                match known {
                    Some(key) => match keys.iter().position(|(known, _)| *known == key) {
                        Some(place) => Some(InstanceOf::Position(
                            u32::try_from(place).unwrap_or(u32::MAX),
                        )),
                        None if self.certain => {
                            let hint =
                                nearest::hint(&key, keys.iter().map(|(key, _)| key.as_str()));
                            let text = format!("`{address}` has no instance \"{key}\"");
                            self.error(codes::INDEX_OUT_OF_RANGE, index.span, text).hint = hint;
                            None
                        }
                        None => Some(InstanceOf::Computed(Box::new(by))),
                    },
                    None => Some(InstanceOf::Computed(Box::new(by))),
                }
            }
        }
    }

    fn export(&mut self, id: ResourceId, name: &Name, span: Span) -> TExpr {
        let Some(Some(at)) = self.assets.get(id.0) else {
            return error(span);
        };
        let asset = self.modules.asset(*at);
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
                let hint = nearest::hint(
                    &name.text,
                    asset.outputs.iter().map(|output| output.name.as_str()),
                );
                let text = match asset.outputs.is_empty() {
                    true => format!("an `{}` exports nothing, found `{}`", asset.name, name.text),
                    false => format!("an `{}` has no export `{}`", asset.name, name.text),
                };
                self.error(codes::UNKNOWN_OUTPUT, name.span, text).hint = hint;
                error(span)
            }
        }
    }

    /// `.name` of a value.
    fn attribute(&mut self, base: TExpr, name: &Name, span: Span) -> TExpr {
        if base.is_error() {
            return error(span);
        }
        if let TKind::Output {
            step,
            instance,
            field: None,
        } = base.kind
        {
            let of = (step, instance);
            return self.output(of, (base.binding, &base.sensitivity), name, span);
        }
        let ty = match &base.ty {
            Type::Object(fields) => match fields
                .iter()
                .find(|field| field.name.as_str() == name.text)
            {
                Some(field) => field.ty.clone(),
                None => {
                    let hint =
                        nearest::hint(&name.text, fields.iter().map(|field| field.name.as_str()));
                    let text = format!("the object has no attribute `{}`", name.text);
                    self.error(codes::NO_ATTRIBUTE, name.span, text).hint = hint;
                    return error(span);
                }
            },
            Type::Map(item) => (**item).clone(),
            Type::Any => Type::Any,
            Type::Null if !self.certain => Type::Any,
            other => {
                let text = format!(
                    "{} has no attributes, found `.{}`",
                    other.named(),
                    name.text
                );
                let hint = match other {
                    Type::List(_) | Type::Tuple(_) => Some(format!(
                        "an item is `[0].{0}`, all of them `[*].{0}`",
                        name.text
                    )),
                    Type::Set(_) => Some(format!("all of them are `[*].{}`", name.text)),
                    _ => None,
                };
                self.error(codes::NO_ATTRIBUTE, name.span, text).hint = hint;
                return error(span);
            }
        };
        let sensitivity = match base.ty {
            Type::Any => Sensitivity::whole_if(base.sensitivity.any()),
            _ => base.sensitivity.at(&name.text),
        };
        let node = TExpr {
            ty,
            binding: base.binding,
            sensitivity,
            span,
            kind: TKind::Field(Box::new(base), name.text.clone()),
        };
        self.fold_if_constant(node)
    }

    /// One output of a step.
    fn output(
        &mut self,
        (step, instance): (StepId, InstanceOf),
        (binding, of): (Binding, &Sensitivity),
        name: &Name,
        span: Span,
    ) -> TExpr {
        let Some(Some(at)) = self.runners.get(step.0) else {
            return error(span);
        };
        let runner = self.modules.runner(*at);
        let found = runner
            .outputs
            .iter()
            .position(|output| output.name == name.text);
        match found.and_then(|place| Some((place, runner.outputs.get(place)?))) {
            Some((place, output)) => TExpr {
                kind: TKind::Output {
                    step,
                    instance,
                    field: Some(place),
                },
                ty: output.ty.clone(),
                binding,
                sensitivity: of.at(&name.text),
                span,
            },
            None => {
                let hint = nearest::hint(
                    &name.text,
                    runner.outputs.iter().map(|output| output.name.as_str()),
                );
                let text = match runner.outputs.is_empty() {
                    true => format!("`{}` has no outputs, found `{}`", runner.name, name.text),
                    false => format!("`{}` has no output `{}`", runner.name, name.text),
                };
                self.error(codes::UNKNOWN_OUTPUT, name.span, text).hint = hint;
                error(span)
            }
        }
    }

    pub(super) fn index(&mut self, expr: &Expr, base: &Expr, index: &Expr) -> TExpr {
        let span = expr.span;
        if let Some(step) = self.step_of(base) {
            // One instance, whole: an object with its output.
            let Some(instance) = self.instance(step, index, span) else {
                return error(span);
            };
            let output = Name {
                text: "output".to_owned(),
                span,
            };
            let value = self.step_field((step, instance, span), &output, span);
            if value.is_error() {
                return value;
            }
            let key = constant(Value::text("output"), Type::String, span);
            return self.object_of(vec![(key, value)], span);
        }
        let by = self.infer(index);
        let named = by.constant().and_then(Value::as_text).map(str::to_owned);
        if let (Some(Reference::Resource(id)), Some(text)) = (self.reference(base.id), &named) {
            let name = Name {
                text: text.clone(),
                span: index.span,
            };
            return self.export(id, &name, span);
        }
        let base = self.infer(base);
        if base.is_error() || by.is_error() {
            return error(span);
        }
        if let (Some(text), Type::Object(_)) = (named, &base.ty) {
            let name = Name {
                text,
                span: index.span,
            };
            return self.attribute(base, &name, span);
        }
        self.item(base, by, span)
    }

    /// `[index]` of a value.
    fn item(&mut self, base: TExpr, by: TExpr, span: Span) -> TExpr {
        if by.is_null() && self.certain {
            self.error(codes::INVALID_VALUE, by.span, "the index is null");
            return error(span);
        }
        let (ty, want) = match &base.ty {
            Type::List(item) => ((**item).clone(), Type::Number),
            Type::Tuple(items) => {
                let known = by.constant().and_then(super::infer::place_of);
                let place = known.and_then(|number| number.as_usize());
                match (known, place.and_then(|place| items.get(place))) {
                    (Some(_), Some(item)) => (item.clone(), Type::Number),
                    (Some(number), None) if self.certain => {
                        let text = match items.len() {
                            0 => format!("the list is empty, found index {number}"),
                            1 => format!("the list has 1 item, found index {number}"),
                            count => format!("the list has {count} items, found index {number}"),
                        };
                        self.error(codes::INDEX_OUT_OF_RANGE, by.span, text);
                        return error(span);
                    }
                    (Some(_), None) => (Type::Any, Type::Number),
                    (None, _) => (join(items), Type::Number),
                }
            }
            Type::Map(item) => ((**item).clone(), Type::String),
            Type::Object(fields) => (join(fields.iter().map(|field| &field.ty)), Type::String),
            Type::Any => (Type::Any, Type::Any),
            Type::Null if !self.certain => (Type::Any, Type::Any),
            other => {
                let text = format!("{} has no items to index", other.named());
                let problem = self.error(codes::WRONG_TYPE, span, text);
                if matches!(other, Type::Set(_)) {
                    problem.hint("a set has no order: make a list of it with `tolist(..)`");
                }
                return error(span);
            }
        };
        let by = self.convert(by, &want, "an index");
        if by.is_error() {
            return error(span);
        }
        let known = match by.constant() {
            Some(Value::Text(key)) => Some(key.as_str().to_owned()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let sensitivity = match known {
            _ if by.sensitivity.any() => Sensitivity::whole(),
            _ if base.ty == Type::Any => Sensitivity::whole_if(base.sensitivity.any()),
            Some(key) => base.sensitivity.at(&key),
            None => base.sensitivity.of_each(),
        };
        let node = TExpr {
            ty,
            binding: base.binding.max(by.binding),
            sensitivity,
            span,
            kind: TKind::Index(Box::new(base), Box::new(by)),
        };
        self.fold_if_constant(node)
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
    match instances {
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
        TInstances::Single => (String::new(), String::new()),
    }
}
