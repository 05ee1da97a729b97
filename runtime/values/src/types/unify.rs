//! The one type for several expressions: the arms of a conditional, the items of a list. The rules are Terraform's.

use super::{Field, Type};

impl Type {
    /// The type that both convert to, or `None`. `null` takes the other's type; with `any`, or another type that a document
    /// describes, the result is `any`.
    pub fn unify(&self, other: &Type) -> Option<Type> {
        Self::unify_all([self, other])
    }

    /// The type that all convert to, or `None`: not the same as unifying two at a time, since a string among numbers and
    /// bools makes all of them strings. Of nothing it is `null`, which fits everything.
    pub fn unify_all<'a>(types: impl IntoIterator<Item = &'a Type>) -> Option<Type> {
        let types: Vec<&Type> = types.into_iter().filter(|ty| **ty != Type::Null).collect();
        Self::unify_known(&types)
    }

    // Calls itself for the parts of types, so it cannot be generic over how they come.
    fn unify_known(types: &[&Type]) -> Option<Type> {
        let Some(first) = types.first() else {
            return Some(Type::Null);
        };
        if types.contains(&&Type::Error) {
            return Some(Type::Error);
        }
        if types.contains(&&Type::Any) {
            return Some(Type::Any);
        }
        if types.iter().all(|ty| ty == first) {
            return Some((*first).clone());
        }
        if types.iter().any(|ty| matches!(ty, Type::Named(_))) {
            return Some(Type::Any);
        }
        let is = |kind: fn(&Type) -> bool| types.iter().all(|ty| kind(ty));
        // A size is a number, and a text is bytes; the other way round the value decides.
        if is(|ty| matches!(ty, Type::Number | Type::Size)) {
            return Some(Type::Number);
        }
        if is(|ty| matches!(ty, Type::String | Type::Bytes)) {
            return Some(Type::Bytes);
        }
        if is(|ty| ty.is_scalar() && *ty != Type::Bytes) {
            return types.contains(&&Type::String).then_some(Type::String);
        }
        if is(|ty| matches!(ty, Type::Object(_))) {
            return unify_objects(types);
        }
        if is(|ty| matches!(ty, Type::Tuple(_))) {
            return unify_tuples(types);
        }
        if is(|ty| matches!(ty, Type::Object(_) | Type::Map(_))) {
            return unify_parts(types).map(Type::map);
        }
        if is(|ty| matches!(ty, Type::Tuple(_) | Type::List(_) | Type::Set(_))) {
            let item = unify_parts(types)?;
            let listed = types.iter().any(|ty| matches!(ty, Type::List(_)));
            return Some(if listed {
                Type::list(item)
            } else {
                Type::set(item)
            });
        }
        None
    }

    /// Whether it is a string, number, bool, duration, size or bytes.
    pub fn is_scalar(&self) -> bool {
        matches!(
            self,
            Type::String | Type::Number | Type::Bool | Type::Duration | Type::Size | Type::Bytes
        )
    }

    /// The types of what is in it.
    pub fn parts(&self) -> Vec<&Type> {
        match self {
            Type::List(item) | Type::Set(item) | Type::Map(item) => vec![item],
            Type::Object(fields) => fields.iter().map(|field| &field.ty).collect(),
            Type::Tuple(items) => items.iter().collect(),
            _ => Vec::new(),
        }
    }
}

/// The one type of everything in these.
fn unify_parts(types: &[&Type]) -> Option<Type> {
    let parts: Vec<&Type> = types
        .iter()
        .flat_map(|ty| ty.parts())
        .filter(|ty| **ty != Type::Null)
        .collect();
    Type::unify_known(&parts)
}

/// Objects with the same names unify name by name, others are maps.
fn unify_objects(types: &[&Type]) -> Option<Type> {
    let all: Vec<&[Field]> = types
        .iter()
        .filter_map(|ty| {
            if let Type::Object(fields) = ty {
                Some(fields.as_slice())
            } else {
                None
            }
        })
        .collect();
    let (first, rest) = all.split_first()?;
    let same = |fields: &[Field]| {
        fields.len() == first.len()
            && first
                .iter()
                .all(|field| fields.iter().any(|other| other.name == field.name))
    };
    if !rest.iter().all(|fields| same(fields)) {
        return Type::unify_all(
            all.iter()
                .flat_map(|fields| fields.iter().map(|field| &field.ty)),
        )
        .map(Type::map);
    }
    let unified = first.iter().map(|field| {
        let across = all
            .iter()
            .flat_map(|fields| fields.iter().filter(|other| other.name == field.name));
        let across: Vec<&Type> = across
            .map(|other| &other.ty)
            .filter(|ty| **ty != Type::Null)
            .collect();
        let ty = Type::unify_known(&across)?;
        Some(Field {
            name: field.name.clone(),
            ty,
            optional: None,
        })
    });
    unified.collect::<Option<Vec<_>>>().map(Type::Object)
}

/// Tuples of one length unify place by place, others are lists.
fn unify_tuples(types: &[&Type]) -> Option<Type> {
    let all: Vec<&[Type]> = types
        .iter()
        .filter_map(|ty| {
            if let Type::Tuple(items) = ty {
                Some(items.as_slice())
            } else {
                None
            }
        })
        .collect();
    let length = all.first()?.len();
    if all.iter().any(|items| items.len() != length) {
        return unify_parts(types).map(Type::list);
    }
    let unified = (0..length).map(|place| {
        let across: Vec<&Type> = all
            .iter()
            .filter_map(|items| items.get(place))
            .filter(|ty| **ty != Type::Null)
            .collect();
        Type::unify_known(&across)
    });
    unified.collect::<Option<Vec<_>>>().map(Type::Tuple)
}
