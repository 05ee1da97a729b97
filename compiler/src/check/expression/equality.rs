//! Two types to whether their values can be equal: values are equal if their types and their contents are.
//!
//! At run time a list, a set and a tuple are one kind of value, and so are a map and an object. Where the types that the
//! grid states differ, the answer is therefore given when it is built: no, unless both sides are null.

use bggo_values::{Type, Value, convert};

use crate::check::typed::{TExpr, TKind, TLocal};

/// Whether the type of an expression is the one that the grid states: of a variable, an output, a literal, a
/// conversion. What a `for`, a splat or some functions make is a tuple or an object by the letter, of a length or
/// with names that are not known here, and stands as a list or a map.
pub(super) fn is_stated(expr: &TExpr, locals: &[Option<TLocal>]) -> bool {
    const LISTS: [&str; 7] = [
        "distinct", "keys", "range", "split", "tolist", "tomap", "toset",
    ];
    if expr.ty.is_scalar() {
        return true;
    }
    match &expr.kind {
        TKind::Constant(_)
        | TKind::Variable(_)
        | TKind::Input(_)
        | TKind::Output { .. }
        | TKind::Export { .. }
        | TKind::Convert(_) => true,
        TKind::Local(id) => locals
            .get(id.0)
            .and_then(Option::as_ref)
            .is_some_and(|local| is_stated(&local.value, locals)),
        TKind::Field(of, _) | TKind::Index(of, _) => is_stated(of, locals),
        TKind::List(items) => items.iter().all(|item| is_stated(item, locals)),
        TKind::Object(pairs) => pairs.iter().all(|(_, value)| is_stated(value, locals)),
        // Over a list it makes a list; instances of a step are a tuple by the letter.
        TKind::Splat { over, .. } => {
            matches!(over.ty, Type::List(_) | Type::Set(_)) && is_stated(over, locals)
        }
        TKind::Call { function, .. } => LISTS.contains(&function.name),
        TKind::Conditional(_, yes, no) => is_stated(yes, locals) && is_stated(no, locals),
        _ => false,
    }
}

/// Whether values of these types can be equal, as far as they can be told apart when the grid runs.
pub(super) fn may_equal(a: &Type, b: &Type) -> bool {
    let kind = |ty: &Type| match ty {
        Type::Any | Type::Named(_) | Type::Null | Type::Error => 0,
        Type::String => 1,
        // A size is a number.
        Type::Number | Type::Size => 2,
        Type::Bool => 3,
        Type::Duration => 4,
        Type::List(_) | Type::Set(_) | Type::Tuple(_) => 5,
        Type::Map(_) | Type::Object(_) => 6,
        Type::Bytes => 7,
    };
    let (a, b) = (kind(a), kind(b));
    a == 0 || b == 0 || a == b
}

/// Whether two types are one, as far as they are known.
pub(super) fn alike(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::List(a), Type::List(b))
        | (Type::Set(a), Type::Set(b))
        | (Type::Map(a), Type::Map(b)) => alike(a, b),
        (Type::Tuple(a), Type::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b))
        }
        (Type::Object(fields), Type::Object(_)) => {
            fields.len() == b.parts().len()
                && fields.iter().all(|field| {
                    b.attribute(&field.name)
                        .is_some_and(|other| alike(&field.ty, other))
                })
        }
        (Type::Any | Type::Named(_) | Type::Null | Type::Error, _)
        | (_, Type::Any | Type::Named(_) | Type::Null | Type::Error) => true,
        (a, b) if a.is_scalar() && b.is_scalar() => may_equal(a, b),
        _ => false,
    }
}

/// How to make them comparable.
pub(super) fn unlike_hint(a: &TExpr, b: &TExpr) -> Option<String> {
    for (number, text) in [(a, b), (b, a)] {
        if number.ty == Type::Number
            && let Some(text) = text.constant().and_then(Value::as_text)
            && convert::convert(&Value::from(text.to_owned()), &Type::Number).is_err()
        {
            let digits = text.find(|letter: char| !letter.is_ascii_digit());
            let digits = digits.and_then(|end| text.get(..end)).unwrap_or_default();
            // Any other text has no number in it that could be meant.
            return (!digits.is_empty()).then(|| format!("write the number alone: `{digits}`"));
        }
    }
    let function = match (&a.ty, &b.ty) {
        (Type::String, Type::Number) | (Type::Number, Type::String) => "tonumber",
        (Type::String, Type::Bool) | (Type::Bool, Type::String) => "tobool",
        (Type::String, Type::Bytes) | (Type::Bytes, Type::String) => "tostring",
        (Type::List(_), Type::Tuple(_) | Type::Set(_))
        | (Type::Tuple(_) | Type::Set(_), Type::List(_)) => "tolist",
        (Type::Set(_), Type::Tuple(_)) | (Type::Tuple(_), Type::Set(_)) => "toset",
        (Type::Map(_), Type::Object(_)) | (Type::Object(_), Type::Map(_)) => "tomap",
        _ => return None,
    };
    Some(format!("convert one of them: `{function}(..)`"))
}
