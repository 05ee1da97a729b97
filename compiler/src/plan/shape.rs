//! The skeleton of an argument that differs between runs of its step: which parts are known before, and which are holes.
//!
//! An expression is first written as a literal as deep as its structure is known: through locals, and with the conversions
//! of `check` moved from a whole list or object to its parts.

use super::model::Skeleton;
use crate::check::typed::{Binding, Sensitivity, TExpr, TKind, TLocal, latest};
use bggo_manifest::{Carrier, Input};
use bggo_values::types::{Fit, OptionalDefault};
use bggo_values::{Field, Number, Text, Type, Value, convert};

/// Holes of one argument at most. Where there are more, the deepest lists and objects become one hole each.
const MOST_HOLES: usize = 64;

/// Items of lists and objects at most that are made when the program starts. All others are statics.
const MOST_STARTED: usize = 64;

/// Levels of lists and objects at most that are looked into.
const MOST_LEVELS: usize = 16;

/// The skeleton of an argument whose input asks for one, if there is any.
pub fn skeleton(input: &Input, value: &TExpr, locals: &[TLocal]) -> Option<Skeleton> {
    if input.carrier() != Carrier::Shape || value.binding <= Binding::Start {
        return None;
    }
    let literal = literal(value, locals);
    let levels = (1..=MOST_LEVELS).rev();
    let mut skeletons = levels.map(|levels| parts(&literal, levels));
    let found = skeletons.find(|skeleton| skeleton.holes().len() <= MOST_HOLES)?;
    match found {
        Skeleton::List(_) | Skeleton::Object(_) if started(&found) <= MOST_STARTED => Some(found),
        _ => None,
    }
}

/// The parts of an expression down to a level; what lies deeper is a hole.
fn parts(expr: &TExpr, levels: usize) -> Skeleton {
    if expr.binding <= Binding::Start {
        return Skeleton::Known(expr.clone());
    }
    match &expr.kind {
        TKind::List(items) if levels > 0 => {
            let items = items.iter().map(|item| parts(item, levels - 1));
            Skeleton::List(items.collect())
        }
        TKind::Object(pairs) if levels > 0 && has_constant_keys(pairs) => {
            let pairs = pairs.iter().filter_map(|(key, value)| {
                Some((key_of(key)?.to_owned(), parts(value, levels - 1)))
            });
            Skeleton::Object(pairs.collect())
        }
        _ => Skeleton::Hole(expr.clone()),
    }
}

/// How many items stand in lists and objects that are made when the program starts.
fn started(skeleton: &Skeleton) -> usize {
    let of = |parts: &mut dyn Iterator<Item = &Skeleton>| -> usize {
        parts.map(|part| 1 + started(part)).sum()
    };
    match skeleton {
        Skeleton::Known(_) | Skeleton::Hole(_) => 0,
        _ if !skeleton.is_started() => 0,
        Skeleton::List(items) => of(&mut items.iter()),
        Skeleton::Object(pairs) => of(&mut pairs.iter().map(|(_, part)| part)),
    }
}

/// The same value, written as a literal as deep as its structure is known.
fn literal(expr: &TExpr, locals: &[TLocal]) -> TExpr {
    if expr.binding <= Binding::Start {
        return expr.clone();
    }
    match &expr.kind {
        TKind::List(items) => {
            let items = items.iter().map(|item| literal(item, locals)).collect();
            list(expr, expr.ty.clone(), items)
        }
        TKind::Object(pairs) if has_constant_keys(pairs) => {
            let pairs = pairs
                .iter()
                .map(|(key, value)| (key.clone(), literal(value, locals)));
            object(expr, expr.ty.clone(), pairs.collect())
        }
        TKind::Convert(of) => converted(literal(of, locals), &expr.ty),
        TKind::Local(id) => match locals.get(id.0) {
            Some(local) => read_from(&literal(&local.value, locals), expr),
            None => expr.clone(),
        },
        _ => expr.clone(),
    }
}

/// A literal whose late parts are read from what it is the value of: a local is computed once in an iteration, whoever
/// reads it.
fn read_from(literal: &TExpr, path: &TExpr) -> TExpr {
    let below = |kind: TKind, of: &TExpr| TExpr {
        kind,
        ty: of.ty.clone(),
        binding: path.binding,
        ..of.clone()
    };
    match &literal.kind {
        _ if literal.binding <= Binding::Start => literal.clone(),
        TKind::List(items) => {
            let items = items.iter().enumerate().map(|(place, item)| {
                let by = constant(Value::from(Number::from(place)), Type::Number, item);
                let kind = TKind::Index(Box::new(path.clone()), Box::new(by));
                read_from(item, &below(kind, item))
            });
            list(path, literal.ty.clone(), items.collect())
        }
        TKind::Object(pairs) if has_constant_keys(pairs) => {
            let pairs = pairs.iter().filter_map(|(key, value)| {
                let kind = TKind::Field(Box::new(path.clone()), key_of(key)?.to_owned());
                Some((key.clone(), read_from(value, &below(kind, value))))
            });
            object(path, literal.ty.clone(), pairs.collect())
        }
        _ => path.clone(),
    }
}

/// The expression as another type, part by part where it is a literal.
fn converted(expr: TExpr, want: &Type) -> TExpr {
    if let TKind::Constant(value) = &expr.kind {
        return match convert::convert(value, want) {
            Ok(value) => constant(value, want.clone(), &expr),
            // It fails in each run, as the grid says.
            Err(_) => conversion(expr, want),
        };
    }
    match (&expr.kind, want) {
        (_, Type::Any) => expr,
        (TKind::List(items), Type::List(item)) if **item != Type::Any => {
            let items = items.iter().map(|one| converted(one.clone(), item));
            list(&expr, want.clone(), items.collect())
        }
        (TKind::List(items), Type::Tuple(types)) if items.len() == types.len() => {
            let items = items.iter().zip(types);
            let items = items.map(|(one, ty)| converted(one.clone(), ty));
            list(&expr, want.clone(), items.collect())
        }
        (TKind::Object(pairs), Type::Map(item))
            if **item != Type::Any && has_constant_keys(pairs) =>
        {
            let pairs = pairs
                .iter()
                .map(|(key, value)| (key.clone(), converted(value.clone(), item)));
            object(&expr, want.clone(), pairs.collect())
        }
        (TKind::Object(pairs), Type::Object(fields)) => match attributes(pairs, fields) {
            Some(pairs) => object(&expr, want.clone(), pairs),
            None => conversion(expr, want),
        },
        (TKind::List(_) | TKind::Object(_), _) => conversion(expr, want),
        _ if want.accepts(&expr.ty) == Fit::Same => expr,
        _ => conversion(expr, want),
    }
}

/// A literal's pairs as those of an object type, as `convert` orders them; `None` where it takes the whole value to know.
fn attributes(pairs: &[(TExpr, TExpr)], fields: &[Field]) -> Option<Vec<(TExpr, TExpr)>> {
    let mut made = Vec::with_capacity(fields.len());
    for (key, value) in pairs {
        let name = key_of(key)?;
        let Some(field) = fields.iter().find(|field| field.name.as_str() == name) else {
            // What is not taken is left out; whether it can be computed shows when it is.
            value.constant()?;
            continue;
        };
        let known = match &field.optional {
            Some(default) if value.constant() == Some(&Value::Null) => {
                default_of(default, field, value)?
            }
            Some(default) if default.0.is_some() && may_be_null(value) => {
                attribute_or_default(key, value, field)
            }
            _ => converted(value.clone(), &field.ty),
        };
        made.push((key.clone(), known));
    }
    let last = pairs.last().map(|(key, _)| key)?;
    for field in fields {
        let given = |(key, _): &(TExpr, TExpr)| key_of(key) == Some(field.name.as_str());
        if !made.iter().any(given) {
            let key = constant(Value::Text(field.name.clone()), Type::String, last);
            let value = default_of(field.optional.as_ref()?, field, last)?;
            made.push((key, value));
        }
    }
    Some(made)
}

fn default_of(default: &OptionalDefault, field: &Field, at: &TExpr) -> Option<TExpr> {
    let value = convert::convert(&default.value().ok()?, &field.ty).ok()?;
    Some(constant(value, field.ty.clone(), at))
}

/// An attribute whose default counts if it turns out to be null: that of an object that has no other.
fn attribute_or_default(key: &TExpr, value: &TExpr, field: &Field) -> TExpr {
    let name = field.name.as_str().to_owned();
    let alone = object(value, Type::Any, vec![(key.clone(), value.clone())]);
    let alone = conversion(alone, &Type::Object(vec![field.clone()]));
    TExpr {
        kind: TKind::Field(Box::new(alone), name),
        ty: field.ty.clone(),
        ..value.clone()
    }
}

/// Whether it may turn out to be null.
fn may_be_null(expr: &TExpr) -> bool {
    !matches!(
        expr.kind,
        TKind::Constant(_) | TKind::List(_) | TKind::Object(_)
    )
}

fn conversion(expr: TExpr, want: &Type) -> TExpr {
    TExpr {
        ty: want.clone(),
        binding: expr.binding,
        sensitivity: expr.sensitivity.clone(),
        span: expr.span,
        kind: TKind::Convert(Box::new(expr)),
    }
}

/// A list in the place of an expression; one of constants is a constant.
fn list(of: &TExpr, ty: Type, items: Vec<TExpr>) -> TExpr {
    let known: Option<Vec<Value>> = items.iter().map(|item| item.constant().cloned()).collect();
    if let Some(items) = known {
        return constant(Value::from(items), ty, of);
    }
    TExpr {
        binding: latest(&items),
        kind: TKind::List(items),
        ty,
        ..of.clone()
    }
}

/// An object with constant keys in the place of an expression; one of constants is a constant.
fn object(of: &TExpr, ty: Type, pairs: Vec<(TExpr, TExpr)>) -> TExpr {
    let pair = |(key, value): &(TExpr, TExpr)| {
        let value = value.constant()?.clone();
        Some((Text::from(key_of(key)?), value))
    };
    let known: Option<Vec<(Text, Value)>> = pairs.iter().map(pair).collect();
    if let Some(pairs) = known {
        return constant(Value::from(pairs), ty, of);
    }
    TExpr {
        binding: latest(pairs.iter().map(|(_, value)| value)),
        kind: TKind::Object(pairs),
        ty,
        ..of.clone()
    }
}

fn constant(value: Value, ty: Type, at: &TExpr) -> TExpr {
    TExpr {
        kind: TKind::Constant(value),
        ty,
        binding: Binding::Built,
        sensitivity: Sensitivity::NONE,
        span: at.span,
    }
}

fn has_constant_keys(pairs: &[(TExpr, TExpr)]) -> bool {
    pairs.iter().all(|(key, _)| key_of(key).is_some())
}

fn key_of(key: &TExpr) -> Option<&str> {
    key.constant().and_then(Value::as_text)
}

#[cfg(test)]
mod tests;
