//! References, `.name` and `[index]` to typed expressions.

use bggo_values::{Type, Value};

use crate::diagnostics::{Code, Hint, codes, nearest};
use crate::resolve::model::{BoundId, Reference, StepId};
use crate::source::Span;
use crate::syntax::decl::{Expr, ExprKind, Name};

use super::context::{Bound, Checker, constant, error};
use super::forms::join;
use crate::check::typed::{Binding, InstanceOf, Sensitivity, TExpr, TInstances, TKind};

impl Checker<'_> {
    /// Whether the last problem has this code and stands before this place on its line.
    fn is_said_before(&self, code: Code, span: Span) -> bool {
        let last = self.problems.list.last();
        let at = last
            .filter(|last| last.code == code)
            .and_then(|last| last.span);
        at.is_some_and(|at| {
            let between = Span {
                start: at.end,
                end: span.start,
                ..span
            };
            at.file == span.file
                && at.end <= span.start
                && !self.sources.text(between).contains('\n')
        })
    }

    /// A whole reference without `.name` or `[index]` behind it, or an unknown name.
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
            Reference::Input(id) => self.input_value(id, span),
            Reference::Step(id) => self.whole_step(id, span),
            Reference::OwnOutput(id) => self.own_output(id, span),
            Reference::Resource(id) => self.whole_resource(id, span),
            Reference::Data(id) => self.whole_data(id, span),
            Reference::CountIndex => late(TKind::CountIndex, Type::Number, Binding::Step),
            Reference::EachKey => late(TKind::EachKey, Type::String, Binding::Step),
            Reference::EachValue => {
                let ty = self.each_value();
                late(TKind::EachValue, ty, Binding::Step)
            }
            Reference::Bound(id) => self.bound_name(id, span),
            Reference::VuId => late(TKind::VuId, Type::Number, Binding::Vu),
            Reference::VuIteration => late(TKind::VuIteration, Type::Number, Binding::Iteration),
            Reference::ScenarioName => late(TKind::ScenarioName, Type::String, Binding::Vu),
            Reference::ScenarioIteration => {
                late(TKind::ScenarioIteration, Type::Number, Binding::Iteration)
            }
            Reference::RunId => late(TKind::RunId, Type::String, Binding::Start),
            // Places are relative to the grid's folder, so that the same grid gives the same program everywhere.
            Reference::PathGrid => constant(Value::text("."), Type::String, span),
            Reference::Read(place) => match self.reads.get(place) {
                Some(value) => value.clone(),
                None => error(span),
            },
            Reference::Metric(_) => {
                // Both figures of a sum are one fault.
                if !self.is_said_before(codes::THRESHOLD_FORM, span) {
                    let text =
                        "a figure of the run is compared with a bound, and read in no other way";
                    self.error(codes::THRESHOLD_FORM, span, text)
                        .hint("write `metrics.run.response_time.p95 < \"300ms\"`; there is no arithmetic on figures");
                }
                error(span)
            }
            Reference::Threshold(at) => match self.declarations.thresholds.get(at) {
                Some(threshold) => {
                    let name = Value::from(threshold.name.text.clone());
                    constant(name, Type::String, span)
                }
                None => error(span),
            },
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
            Some(Bound::Step(step)) => self.one_step(step, InstanceOf::Only, span),
            None => error(span),
        }
    }

    /// The type of `each.value`, as far as all instances have one.
    fn each_value(&mut self) -> Type {
        let own = self.step.and_then(|step| self.known_instances(step));
        let by_document = match own {
            Some(TInstances::Late(late)) if matches!(late.over.ty, Type::Named(_)) => {
                Some(late.over.ty.clone())
            }
            _ => None,
        };
        if let Some(over) = by_document {
            return match self.opened(&over).as_ref() {
                Type::Map(item) => (**item).clone(),
                Type::Object(fields) => join(fields.iter().map(|field| &field.ty)),
                _ => Type::Any,
            };
        }
        let own = self.step.and_then(|step| self.known_instances(step));
        match own {
            Some(TInstances::ForEach(pairs)) => {
                let types: Vec<Type> = pairs.iter().map(|(_, value)| Type::of(value)).collect();
                join(&types)
            }
            Some(TInstances::Late(late)) => match &late.over.ty {
                Type::Map(item) => (**item).clone(),
                Type::Object(fields) => join(fields.iter().map(|field| &field.ty)),
                Type::Set(_) => Type::String,
                _ => Type::Any,
            },
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
        match self.known_instances(id) {
            Some(TInstances::Single) => Some(id),
            _ => None,
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
        if let Some(Reference::Data(id)) = self.reference(base.id) {
            return self.column(id, name, expr.span);
        }
        let base = self.infer(base);
        self.attribute(base, name, expr.span)
    }

    /// One instance, whole: an object with its output.
    fn one_step(&mut self, step: StepId, instance: InstanceOf, span: Span) -> TExpr {
        let output = Name {
            text: "output".to_owned(),
            span,
        };
        let value = self.step_field((step, instance, span), &output, span);
        if value.is_error() {
            return value;
        }
        let key = constant(Value::text("output"), Type::String, span);
        self.object_of(vec![(key, value)], span)
    }

    /// `.name` of a value.
    pub(super) fn attribute(&mut self, base: TExpr, name: &Name, span: Span) -> TExpr {
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
                        nearest::advice(&name.text, fields.iter().map(|field| field.name.as_str()));
                    let text = format!("the object has no attribute `{}`", name.text);
                    self.error(codes::NO_ATTRIBUTE, name.span, text)
                        .advise(hint);
                    return error(span);
                }
            },
            Type::Map(item) => (**item).clone(),
            Type::Any => Type::Any,
            Type::Null if !self.certain => Type::Any,
            Type::Named(named) => match self.field_of_document(named, name) {
                Some(ty) => ty,
                None => return error(span),
            },
            other => {
                self.no_attributes(other, name);
                return error(span);
            }
        };
        self.header_name(&base, &name.text, (name.span, false));
        let sensitivity = match base.ty {
            Type::Any | Type::Named(_) => Sensitivity::whole_if(base.sensitivity.any()),
            _ => base.sensitivity.at(&name.text),
        };
        let node = TExpr {
            ty,
            binding: base.binding,
            sensitivity,
            span,
            kind: match self.may_be_missing(&base.ty, name) {
                true => TKind::FieldOrNull(Box::new(base), name.text.clone()),
                false => TKind::Field(Box::new(base), name.text.clone()),
            },
        };
        self.fold_if_constant(node)
    }

    pub(super) fn index(&mut self, expr: &Expr, base: &Expr, index: &Expr) -> TExpr {
        let span = expr.span;
        if let Some(reference @ (Reference::Threshold(_) | Reference::Error)) =
            self.reference(expr.id)
        {
            return self.refer(reference, span);
        }
        if let Some(step) = self.step_of(base) {
            return match self.instance(step, index, span) {
                Some(instance) => self.one_step(step, instance, span),
                None => error(span),
            };
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
        if let (Some(Reference::Data(id)), Some(text)) = (self.reference(base.id), &named) {
            let name = Name {
                text: text.clone(),
                span: index.span,
            };
            return self.column(id, &name, span);
        }
        let number = by.constant().and_then(super::place_of);
        if let (Some(Reference::Resource(id)), Some(_)) = (self.reference(base.id), number) {
            let address = self.declarations.resource(id).address();
            self.error(
                codes::UNEXPECTED_INDEX,
                span,
                "a resource has no instances, found an index",
            )
            .advise(Hint::write(address));
            return error(span);
        }
        let is_read = matches!(self.reference(base.id), Some(Reference::Read(_)));
        let base = self.infer(base);
        if base.is_error() || by.is_error() {
            return error(span);
        }
        let named = named.or_else(|| number.map(|number| number.to_string()));
        let opened = self.opened(&base.ty);
        let is_object = matches!(*opened, Type::Object(_));
        if let (Some(text), true) = (named, is_object) {
            let name = Name {
                text,
                span: index.span,
            };
            return self.attribute(base, &name, span);
        }
        if let Some(item) = self.written_item(&base, &by).filter(|_| is_read) {
            return item;
        }
        self.item(base, by, span)
    }

    /// The item of a list that an argument writes out, by a place that is known. The other items may be known later, and a
    /// condition that reads only this one need not wait for them.
    fn written_item(&mut self, base: &TExpr, by: &TExpr) -> Option<TExpr> {
        let place = by.constant().and_then(super::place_of)?.as_usize()?;
        let inner = unconverted(base);
        let of_local = match &inner.kind {
            TKind::Local(id) => Some(&self.locals.get(id.0)?.as_ref()?.value),
            _ => None,
        };
        let list = of_local.map_or(inner, unconverted);
        let TKind::List(items) = &list.kind else {
            return None;
        };
        let item = items.get(place)?.clone();
        // What a local computes it computes once, whoever reads it.
        if of_local.is_some() && item.constant().is_none() {
            return None;
        }
        let want = match &base.ty {
            Type::List(want) if **want != Type::Any => (**want).clone(),
            _ => {
                let ty = match &item.kind {
                    TKind::Convert(_) => item.ty.clone(),
                    _ => Type::Any,
                };
                return Some(TExpr { ty, ..item });
            }
        };
        Some(self.convert(item, &want, "an item"))
    }

    /// `[index]` of a value.
    fn item(&mut self, base: TExpr, by: TExpr, span: Span) -> TExpr {
        if by.is_null() && self.certain {
            self.error(codes::INVALID_VALUE, by.span, "the index is null");
            return error(span);
        }
        let opened = self.opened(&base.ty);
        let by_place = match &base.ty {
            Type::Named(named) => {
                let known = by.constant().and_then(super::place_of);
                self.item_of_document(named, known.and_then(|number| number.as_usize()))
            }
            _ => None,
        };
        let (ty, want) = match opened.as_ref() {
            Type::List(_) if by_place.is_some() => (by_place.unwrap_or(Type::Any), Type::Number),
            Type::List(item) => ((**item).clone(), Type::Number),
            Type::Tuple(items) => {
                let known = by.constant().and_then(super::place_of);
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
        if let Some(name) = &known {
            self.header_name(&base, name, (by.span, true));
        }
        let sensitivity = match known {
            _ if by.sensitivity.any() => Sensitivity::whole(),
            _ if matches!(base.ty, Type::Any | Type::Named(_)) => {
                Sensitivity::whole_if(base.sensitivity.any())
            }
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

/// What a conversion converts, or the value itself.
fn unconverted(value: &TExpr) -> &TExpr {
    match &value.kind {
        TKind::Convert(of) => of,
        _ => value,
    }
}
