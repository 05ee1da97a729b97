//! `for` and splats to typed expressions: forms that bind names.

use std::rc::Rc;

use bggo_values::{Type, Value};

use crate::diagnostics::codes;
use crate::resolve::model::{BoundId, Reference};
use crate::source::Span;
use crate::syntax::decl::{Expr, ExprId, ForExpr};

use super::MOST_PARTS;
use super::context::{Bound, Checker, constant, error};
use super::outputs::tuple_or_list;
use super::range::Range;
use crate::check::typed::{Binding, Sensitivity, TExpr, TFor, TInstances, TKind, latest};

impl Checker<'_> {
    pub(super) fn for_expr(&mut self, form: &ForExpr, span: Span) -> TExpr {
        let (node, free) = self.tracked(|checker| checker.for_form(form, span));
        self.fold_form(node, free)
    }

    fn for_form(&mut self, form: &ForExpr, span: Span) -> TExpr {
        let over = self.infer(&form.over);
        let Some((key, value)) = self.bind(form.over.id, &over) else {
            self.perhaps(true, |checker| {
                // Unknown names in it are still reported.
                for part in [
                    Some(&form.result),
                    form.key_result.as_ref(),
                    form.condition.as_ref(),
                ] {
                    part.map(|part| checker.infer(part));
                }
            });
            return error(span);
        };
        self.depth += 1;
        let (condition, key_result, result) = self.perhaps(true, |checker| {
            let condition = form
                .condition
                .as_ref()
                .map(|condition| checker.condition(condition));
            checker.only_if(key, value, condition.as_ref());
            let key_result = form.key_result.as_ref().map(|key| {
                let key = checker.infer(key);
                checker.key(key, "a key of a `for` object")
            });
            (condition, key_result, checker.infer(&form.result))
        });
        self.depth -= 1;
        let broken = [Some(&result), key_result.as_ref(), condition.as_ref()];
        if broken.into_iter().flatten().any(TExpr::is_error) {
            return error(span);
        }
        let item = match form.grouped {
            true => Type::list(result.ty.clone()),
            false => result.ty.clone(),
        };
        let ty = match key_result {
            Some(_) => Type::map(item),
            None => Type::list(item),
        };
        let parts = [
            Some(&over),
            Some(&result),
            key_result.as_ref(),
            condition.as_ref(),
        ];
        let binding = latest(parts.into_iter().flatten());
        // The set of items reveals the condition and the keys.
        let chosen = [key_result.as_ref(), condition.as_ref()];
        let whole = over.sensitivity.is_whole()
            || chosen
                .into_iter()
                .flatten()
                .any(|part| part.sensitivity.any());
        let sensitivity = if whole {
            Sensitivity::whole()
        } else {
            result.sensitivity.under(crate::check::sensitivity::EVERY)
        };
        TExpr {
            kind: TKind::For(Box::new(TFor {
                key,
                value,
                over,
                key_result,
                result,
                grouped: form.grouped,
                condition,
            })),
            ty,
            binding,
            sensitivity,
            span,
        }
    }

    /// A form whose value is known and reads no name of a form around it becomes that value, typed as such.
    pub(super) fn fold_form(&mut self, node: TExpr, free: bool) -> TExpr {
        if free || node.is_error() || node.binding != Binding::Built {
            return node;
        }
        let mut node = self.fold(node);
        if let TKind::Constant(value) = &node.kind
            && matches!(node.ty, Type::List(_) | Type::Map(_))
            && value.size(MOST_PARTS) < MOST_PARTS
        {
            node.ty = Type::of(value);
        }
        node
    }

    /// Gives the names of a `for` their types; `None` if the collection is none.
    pub(super) fn bind(
        &mut self,
        over_id: ExprId,
        over: &TExpr,
    ) -> Option<(Option<BoundId>, BoundId)> {
        let (key, value) = self.bound.get(&over_id).copied()?;
        if over.is_error() {
            self.unknown_names(key, value, over);
            return None;
        }
        let (key_ty, item) = match self.opened(&over.ty).as_ref() {
            Type::List(item) => (Type::Number, (**item).clone()),
            Type::Set(item) => ((**item).clone(), (**item).clone()),
            Type::Map(item) => (Type::String, (**item).clone()),
            Type::Tuple(items) => (Type::Number, join(items.iter())),
            Type::Object(fields) => (Type::String, join(fields.iter().map(|field| &field.ty))),
            Type::Any => (Type::Any, Type::Any),
            // In an arm that may never run: left to the program.
            Type::Null if !self.certain => (Type::Any, Type::Any),
            Type::Null => {
                self.error(
                    codes::INVALID_VALUE,
                    over.span,
                    "a `for` cannot run over null",
                );
                self.unknown_names(key, value, over);
                return None;
            }
            other => {
                let text = format!(
                    "a `for` runs over a list, set, map or object, found {}",
                    other.named()
                );
                self.error(codes::WRONG_TYPE, over.span, text);
                self.unknown_names(key, value, over);
                return None;
            }
        };
        self.set(value, item, over);
        self.ranges.remove(&value);
        if let Some(range) = over
            .constant()
            .and_then(|over| Range::of(over, (key, value)))
        {
            let range = Rc::new(range);
            self.ranges.extend(key.map(|key| (key, Rc::clone(&range))));
            self.ranges.insert(value, range);
        }
        if let (Some(key), Type::Set(_)) = (key, &over.ty) {
            // An item of a set is its own key.
            if let Some(place) = self.names.get_mut(key.0 as usize) {
                *place = Some(Bound::Same(value));
            }
            return Some((None, value));
        }
        if let Some(key) = key {
            let whole = Sensitivity::whole_if(over.sensitivity.is_whole());
            self.set_item(key, key_ty, (over.binding, whole));
        }
        Some((key, value))
    }

    /// Of what the names of a `for` stand for, only items count of which its condition is true.
    fn only_if(&mut self, key: Option<BoundId>, value: BoundId, condition: Option<&TExpr>) {
        let Some((range, condition)) = self.ranges.get(&value).zip(condition) else {
            return;
        };
        let range = Rc::new(Range {
            condition: Some(condition.clone()),
            ..Range::clone(range)
        });
        self.ranges.extend(key.map(|key| (key, Rc::clone(&range))));
        self.ranges.insert(value, range);
    }

    /// Names of a `for` whose items have no type. Expressions that read them report nothing more.
    fn unknown_names(&mut self, key: Option<BoundId>, value: BoundId, over: &TExpr) {
        for id in key.into_iter().chain([value]) {
            self.set(id, Type::Error, over);
        }
    }

    fn set(&mut self, id: BoundId, ty: Type, over: &TExpr) {
        self.set_item(id, ty, (over.binding, over.sensitivity.of_each()));
    }

    fn set_item(&mut self, id: BoundId, ty: Type, (binding, sensitivity): (Binding, Sensitivity)) {
        let depth = self.depth + 1;
        if let Some(place) = self.names.get_mut(id.0 as usize) {
            *place = Some(Bound::Item {
                ty,
                binding,
                sensitivity,
                depth,
            });
        }
    }

    pub(super) fn splat(&mut self, expr: &Expr, over: &Expr, each: &Expr) -> TExpr {
        let (node, free) = self.tracked(|checker| checker.splat_form(expr, over, each));
        self.fold_form(node, free)
    }

    fn splat_form(&mut self, expr: &Expr, over_expr: &Expr, each: &Expr) -> TExpr {
        let span = expr.span;
        let Some((_, item)) = self.bound.get(&over_expr.id).copied() else {
            return error(span);
        };
        if let Some(step) = self.single_step(over_expr) {
            // `[*]` of a step without instances gives one element.
            if let Some(place) = self.names.get_mut(item.0 as usize) {
                *place = Some(Bound::Step(step));
            }
            let only = self.infer(each);
            if only.is_error() {
                return error(span);
            }
            return self.tuple(vec![only], span);
        }
        let over = match self.reference(over_expr.id) {
            Some(Reference::Data(id)) => self.all_rows(id, over_expr.span),
            _ => self.infer(over_expr),
        };
        let over = self.listed(over);
        if over.is_null() {
            self.set(item, Type::Any, &over);
            self.perhaps(true, |checker| checker.infer(each));
            return constant(Value::list(&[]), Type::Tuple(Vec::new()), span);
        }
        let (ty, spread) = match self.opened(&over.ty).as_ref() {
            // What is no list stays what it is.
            Type::Map(_) | Type::Object(_) if matches!(over.ty, Type::Named(_)) => {
                (over.ty.clone(), false)
            }
            Type::List(item) | Type::Set(item) => ((**item).clone(), true),
            Type::Tuple(items) => (join(items.iter()), true),
            other => (other.clone(), false),
        };
        let inner = match spread {
            true => over.sensitivity.of_each(),
            _ if matches!(over.ty, Type::Any | Type::Named(_)) => {
                Sensitivity::whole_if(over.sensitivity.any())
            }
            false => over.sensitivity.clone(),
        };
        self.set_item(item, ty, (over.binding, inner));
        self.depth += 1;
        let each = self.perhaps(true, |checker| checker.infer(each));
        self.depth -= 1;
        if over.is_error() || each.is_error() {
            return error(span);
        }
        let sensitivity = if over.sensitivity.is_whole() {
            Sensitivity::whole()
        } else {
            each.sensitivity.under(crate::check::sensitivity::EVERY)
        };
        let ty = match &over.ty {
            Type::Tuple(items) => tuple_or_list(items.len(), each.ty.clone()),
            _ => Type::list(each.ty.clone()),
        };
        TExpr {
            ty,
            binding: over.binding.max(each.binding),
            sensitivity,
            span,
            kind: TKind::Splat {
                over: Box::new(over),
                item,
                each: Box::new(each),
            },
        }
    }

    /// `[*]` lists the instances of a `for_each` in key order.
    fn listed(&mut self, over: TExpr) -> TExpr {
        let TKind::Instances(step) = over.kind else {
            return over;
        };
        let keyed = self.known_instances(step).is_some_and(TInstances::is_keyed);
        let ty = match &over.ty {
            Type::Map(item) if keyed => Type::List(item.clone()),
            // They stand in key order.
            Type::Object(fields) if keyed => {
                Type::Tuple(fields.iter().map(|field| field.ty.clone()).collect())
            }
            _ => return over,
        };
        let Some(function) = bggo_function_table::find("values") else {
            return over;
        };
        TExpr {
            ty,
            binding: over.binding,
            sensitivity: over.sensitivity.moved(),
            span: over.span,
            kind: TKind::Call {
                function,
                arguments: vec![over],
                expand: false,
            },
        }
    }
}

/// The properties of all these together, without a conversion.
pub(super) fn join<'t>(types: impl IntoIterator<Item = &'t Type>) -> Type {
    let mut types = types.into_iter().filter(|ty| **ty != Type::Null);
    let Some(first) = types.next() else {
        return Type::Any;
    };
    let mut joined = first.clone();
    for ty in types {
        if *ty == Type::Error {
            return Type::Error;
        }
        if *ty != joined {
            joined = join_two(&joined, ty);
        }
    }
    joined
}

fn join_two(a: &Type, b: &Type) -> Type {
    match (a, b) {
        (Type::Object(a), Type::Object(b)) if a.len() == b.len() => {
            let mut fields = Vec::with_capacity(a.len());
            for field in a {
                let Some(other) = b.iter().find(|other| other.name == field.name) else {
                    return Type::Any;
                };
                fields.push(bggo_values::Field {
                    name: field.name.clone(),
                    ty: join([&field.ty, &other.ty]),
                    optional: None,
                });
            }
            Type::Object(fields)
        }
        (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => {
            Type::Tuple(a.iter().zip(b).map(|(a, b)| join([a, b])).collect())
        }
        (Type::Tuple(a), Type::Tuple(b)) => Type::list(join(a.iter().chain(b))),
        _ => Type::Any,
    }
}
