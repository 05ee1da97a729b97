//! Expressions of the grid to typed expressions: type, binding time and sensitivity of each, and the value of what is known.
//!
//! This file has the literals and the conversion to the type that a place wants; each other form has a file of its own.

mod access;
mod attempt;
mod bytes_wanted;
mod call;
pub(super) mod condition;
pub(super) mod context;
mod documents;
mod equality;
mod files;
mod forms;
mod left_out;
mod message;
pub(super) mod methods;
mod misfit;
mod operator;
mod outputs;
mod pattern;
pub(super) mod range;
mod sensitive_forms;
pub(super) mod statements;
mod template;
mod template_file;

use std::collections::BTreeMap;

use bggo_values::types::Fit;
use bggo_values::{Field, Number, Text, Type, Value, convert};

use crate::diagnostics::codes;
use crate::source::Span;
use crate::syntax::decl::{Expr, ExprKind, Part};

use super::sensitivity::EVERY;
use super::typed::{Binding, Sensitivity, TExpr, TKind, latest};
pub(super) use misfit::MOST_WRONG_PARTS;

use context::{Checker, LiteralAttribute, LiteralParts, Seen, constant, error};

/// The most parts of the type of one expression. Names may double a type at each use of them, without end.
pub(super) const MOST_PARTS: usize = 100_000;

impl Checker<'_> {
    /// Types an expression; what is known is folded.
    pub(super) fn infer(&mut self, expr: &Expr) -> TExpr {
        let typed = self.infer_kind(expr);
        let typed = if typed.ty.size(MOST_PARTS) > MOST_PARTS {
            self.too_large([&typed.ty], expr.span)
        } else {
            typed
        };
        if let Some(seen) = &mut self.seen {
            seen.push(Seen {
                span: expr.span,
                ty: typed.ty.clone(),
                binding: typed.binding,
                sensitivity: typed.sensitivity.clone(),
                described: None,
            });
        }
        typed
    }

    /// Types an expression that stands where this type is wanted. It is not converted yet.
    pub(super) fn infer_wanted(&mut self, expr: &Expr, want: &Type) -> TExpr {
        let mut open = |ty: &Type| self.documents.opened_to_give(ty);
        bytes_wanted::find(expr, want, &mut open, &mut self.wanted_as_bytes);
        self.infer(expr)
    }

    fn infer_kind(&mut self, expr: &Expr) -> TExpr {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Null => constant(Value::Null, Type::Null, span),
            ExprKind::Bool(value) => constant(Value::Bool(*value), Type::Bool, span),
            ExprKind::Number(value) => constant(Value::Number(*value), Type::Number, span),
            ExprKind::Text(text) => constant(Value::from(text.clone()), Type::String, span),
            ExprKind::Error => error(span),
            ExprKind::Unfinished(base) => {
                // A name may go on: nothing is known of it.
                let named = matches!(
                    base.kind,
                    ExprKind::Root(_)
                        | ExprKind::Field(..)
                        | ExprKind::Index(..)
                        | ExprKind::Splat { .. }
                        | ExprKind::Each
                );
                if !named {
                    self.infer(base);
                }
                error(span)
            }
            ExprKind::Template(parts) => match parts.as_slice() {
                // A hole alone is the value itself.
                [Part::Hole(only)] => self.infer(only),
                _ => self.template(parts, span),
            },
            ExprKind::List(items) => self.list(items, span),
            ExprKind::Object(pairs) => self.object(pairs, span),
            ExprKind::Root(_) | ExprKind::Each => self.name(expr),
            ExprKind::Field(base, name) => self.field(expr, base, name),
            ExprKind::Index(base, index) => self.index(expr, base, index),
            ExprKind::Splat { over, each } => self.splat(expr, over, each),
            ExprKind::Call {
                name,
                arguments,
                expand,
            } => self.call(name, arguments, *expand, span),
            ExprKind::Unary(operator, of) => self.unary(*operator, of, span),
            ExprKind::Binary(operator, left, right) => {
                self.binary(*operator, [left.as_ref(), right.as_ref()], span)
            }
            ExprKind::Conditional(condition, yes, no) => {
                self.conditional([condition.as_ref(), yes.as_ref(), no.as_ref()], span)
            }
            ExprKind::For(form) => self.for_expr(form, span),
        }
    }

    /// The types of expressions that stand beside each other; `None` if they are too large together for one type.
    fn infer_all(&mut self, items: &[Expr], span: Span) -> Option<Vec<TExpr>> {
        let mut size = 0;
        let mut all = Vec::with_capacity(items.len());
        for item in items {
            let item = self.infer(item);
            size += item.ty.size(MOST_PARTS);
            all.push(item);
            // Each may be as large as a type can be: all of them together might fill the memory.
            if size > MOST_PARTS {
                self.too_large(all.iter().map(|item| &item.ty), span);
                return None;
            }
        }
        Some(all)
    }

    /// Reports that these types are too large together, unless a part of them has a reported problem.
    fn too_large<'t>(&mut self, types: impl IntoIterator<Item = &'t Type>, span: Span) -> TExpr {
        if types.into_iter().any(holds_error) {
            return error(span);
        }
        let text = format!("the type of this value has more than {MOST_PARTS} parts");
        self.error(codes::TOO_LARGE, span, text).hint(
            "each item and attribute of a list or object that is written out has its own type",
        );
        error(span)
    }

    fn list(&mut self, items: &[Expr], span: Span) -> TExpr {
        match self.infer_all(items, span) {
            Some(items) => self.tuple(items, span),
            None => error(span),
        }
    }

    /// A list of these items, each with its own type.
    fn tuple(&mut self, items: Vec<TExpr>, span: Span) -> TExpr {
        let ty = Type::Tuple(items.iter().map(|item| item.ty.clone()).collect());
        let spans = items.iter().map(|item| item.span).collect();
        self.literals.insert(span, LiteralParts::Items(spans));
        let binding = latest(&items);
        let mut sensitivity = Sensitivity::NONE;
        for (place, item) in items.iter().enumerate() {
            if item.sensitivity.any() {
                sensitivity = sensitivity.and(&item.sensitivity.under(&place.to_string()));
            }
        }
        let list = TExpr {
            kind: TKind::List(items),
            ty,
            binding,
            sensitivity,
            span,
        };
        self.fold(list)
    }

    fn object(&mut self, pairs: &[(Expr, Expr)], span: Span) -> TExpr {
        let mut typed: Vec<(TExpr, TExpr)> = Vec::with_capacity(pairs.len());
        let mut size = 0;
        for (key, value) in pairs {
            let key = self.infer(key);
            let key = self.key(key, "a key of an object");
            let value = self.infer(value);
            size += value.ty.size(MOST_PARTS);
            typed.push((key, value));
            if size > MOST_PARTS {
                return self.too_large(typed.iter().map(|(_, value)| &value.ty), span);
            }
        }
        self.object_of(typed, span)
    }

    /// A key as a string that is not null.
    fn key(&mut self, key: TExpr, what: &str) -> TExpr {
        if key.is_null() && self.certain {
            self.error(codes::INVALID_VALUE, key.span, format!("{what} is null"));
            return error(key.span);
        }
        self.convert(key, &Type::String, what)
    }

    /// An object of these pairs; keys that are not known make it a map.
    fn object_of(&mut self, pairs: Vec<(TExpr, TExpr)>, span: Span) -> TExpr {
        let spans = pairs.iter().filter_map(|(key, value)| {
            Some(LiteralAttribute {
                name: key.constant().and_then(Value::as_text)?.to_owned(),
                key: key.span,
                value: value.span,
            })
        });
        let spans = LiteralParts::Attributes(spans.collect());
        self.literals.insert(span, spans);
        let binding = pairs
            .iter()
            .map(|(key, value)| key.binding.max(value.binding))
            .max()
            .unwrap_or(Binding::Built);
        let mut sensitivity = Sensitivity::NONE;
        let mut fields: Option<Vec<Field>> = Some(Vec::with_capacity(pairs.len()));
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let mut broken = false;
        for (key, value) in &pairs {
            broken |= key.is_error();
            let name = key.constant().and_then(Value::as_text);
            if key.sensitivity.any() {
                sensitivity = Sensitivity::whole();
            } else if value.sensitivity.any() {
                sensitivity = sensitivity.and(&value.sensitivity.under(name.unwrap_or(EVERY)));
            }
            fields = fields.zip(name).map(|(mut fields, name)| {
                let ty = value.ty.clone();
                match places.get(name).and_then(|place| fields.get_mut(*place)) {
                    Some(field) => field.ty = ty,
                    None => {
                        places.insert(name, fields.len());
                        fields.push(Field {
                            name: Text::from(name),
                            ty,
                            optional: None,
                        });
                    }
                }
                fields
            });
        }
        if broken {
            return error(span);
        }
        let (ty, pairs) = match fields {
            Some(fields) => {
                // Of two equal keys the later one counts.
                let pairs = if fields.len() == pairs.len() {
                    pairs
                } else {
                    last_of_each(pairs)
                };
                (Type::Object(fields), pairs)
            }
            None => match Type::unify_all(pairs.iter().map(|(_, value)| &value.ty)) {
                Some(item) if item != Type::Any => {
                    let pairs = pairs.into_iter().map(|(key, value)| {
                        let value = self.convert(value, &item, "a value of the object");
                        (key, value)
                    });
                    let pairs = pairs.collect();
                    (Type::map(item), pairs)
                }
                _ => (Type::Any, pairs),
            },
        };
        let object = TExpr {
            kind: TKind::Object(pairs),
            ty,
            binding,
            sensitivity,
            span,
        };
        self.fold(object)
    }

    /// The expression as a value of this type. `what` names its place in a message: "`url`", "a condition".
    pub(super) fn convert(&mut self, expr: TExpr, want: &Type, what: &str) -> TExpr {
        if expr.is_error() || *want == Type::Error {
            return expr;
        }
        let from = expr.ty.clone();
        if let Type::Named(_) = from
            && *want != from
        {
            let opened = self.opened(&from).into_owned();
            if let Fit::Never(_) = want.accepts(&opened) {
                let found = TExpr { ty: opened, ..expr };
                self.misfit(&found, want, what);
                return error(found.span);
            }
        }
        match want.accepts(&from) {
            Fit::Same => {
                let ty = match (&expr.ty, want) {
                    (Type::Null, Type::Any | Type::Null | Type::Error) => Type::Null,
                    (Type::Null, _) => want.clone(),
                    _ => expr.ty.clone(),
                };
                TExpr { ty, ..expr }
            }
            Fit::Never(_) => {
                self.misfit(&expr, want, what);
                error(expr.span)
            }
            _ => self.converted(expr, &concrete(want, &from), what),
        }
    }

    /// Reports what of a value does not fit the type that is wanted.
    fn misfit(&mut self, expr: &TExpr, want: &Type, what: &str) {
        for misfit in misfit::misfits(expr, want, what, &self.literals) {
            self.error(misfit.code, misfit.span, misfit.text)
                .advise(misfit.hint);
        }
    }

    fn converted(&mut self, expr: TExpr, want: &Type, what: &str) -> TExpr {
        if let Some(value) = expr.constant() {
            return match convert::convert(value, want) {
                Ok(value) => constant(value, want.clone(), expr.span),
                Err(_) if self.certain => {
                    self.misfit(&expr, want, what);
                    error(expr.span)
                }
                Err(_) => conversion(expr, want),
            };
        }
        let mut expr = expr;
        expr.kind = match (expr.kind, want) {
            (TKind::List(items), Type::List(item)) if **item != Type::Any => {
                let items = items
                    .into_iter()
                    .enumerate()
                    .map(|(place, one)| self.convert(one, item, &format!("{what}: item {place}")));
                TKind::List(items.collect())
            }
            (TKind::Object(pairs), Type::Map(item)) if **item != Type::Any => {
                let pairs = pairs.into_iter().map(|(key, value)| {
                    let value = self.convert(value, item, what);
                    (key, value)
                });
                TKind::Object(pairs.collect())
            }
            (kind, _) => {
                return conversion(TExpr { kind, ..expr }, want);
            }
        };
        expr.ty = want.clone();
        expr
    }
}

fn holds_error(ty: &Type) -> bool {
    *ty == Type::Error || ty.parts().into_iter().any(holds_error)
}

/// `any` for the items of a list, set or map stands for the one type that they have in common.
fn concrete(want: &Type, from: &Type) -> Type {
    let wrap: fn(Type) -> Type = match want {
        Type::List(item) if **item == Type::Any => Type::list,
        Type::Set(item) if **item == Type::Any => Type::set,
        Type::Map(item) if **item == Type::Any => Type::map,
        _ => return want.clone(),
    };
    match Type::unify_all(from.parts()) {
        Some(item) if item != Type::Null && item != Type::Error => wrap(item),
        _ => want.clone(),
    }
}

fn last_of_each(pairs: Vec<(TExpr, TExpr)>) -> Vec<(TExpr, TExpr)> {
    let mut kept: Vec<(TExpr, TExpr)> = Vec::with_capacity(pairs.len());
    for (key, value) in pairs {
        let same = |(other, _): &&mut (TExpr, TExpr)| other.constant() == key.constant();
        match kept.iter_mut().find(same) {
            Some(other) => other.1 = value,
            None => kept.push((key, value)),
        }
    }
    kept
}

/// A conversion that the program does.
fn conversion(expr: TExpr, want: &Type) -> TExpr {
    let sensitivity = match want {
        Type::Object(_) | Type::Map(_) | Type::Any | Type::Named(_) => expr.sensitivity.clone(),
        Type::List(_) | Type::Tuple(_) if !matches!(expr.ty, Type::Set(_)) => {
            expr.sensitivity.clone()
        }
        Type::List(_) | Type::Tuple(_) | Type::Set(_) => expr.sensitivity.moved(),
        _ => Sensitivity::whole_if(expr.sensitivity.any()),
    };
    TExpr {
        ty: want.clone(),
        binding: expr.binding,
        sensitivity,
        span: expr.span,
        kind: TKind::Convert(Box::new(expr)),
    }
}

/// A number that is known, as a place.
fn place_of(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Text(text) => Number::parse(text),
        _ => None,
    }
}
