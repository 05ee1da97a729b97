//! The types of calls, by the types of their arguments. Arguments of type `any` and expressions with an error fit everywhere.

use bggo_values::types::Fit;
use bggo_values::{Field, Type};

pub(super) type Answer = Result<Type, String>;

pub(super) fn any() -> Type {
    Type::Any
}
pub(super) fn string() -> Type {
    Type::String
}
pub(super) fn number() -> Type {
    Type::Number
}
pub(super) fn list_of_any() -> Type {
    Type::list(Type::Any)
}
pub(super) fn list_of_strings() -> Type {
    Type::list(Type::String)
}

pub(super) fn to_any(_: &[Type]) -> Answer {
    Ok(Type::Any)
}
pub(super) fn to_string(_: &[Type]) -> Answer {
    Ok(Type::String)
}
pub(super) fn to_bytes(_: &[Type]) -> Answer {
    Ok(Type::Bytes)
}
pub(super) fn to_number(_: &[Type]) -> Answer {
    Ok(Type::Number)
}
pub(super) fn to_bool(_: &[Type]) -> Answer {
    Ok(Type::Bool)
}
pub(super) fn to_strings(_: &[Type]) -> Answer {
    Ok(Type::list(Type::String))
}
pub(super) fn range(_: &[Type]) -> Answer {
    Ok(Type::list(Type::Number))
}

fn is_open(ty: &Type) -> bool {
    matches!(ty, Type::Any | Type::Named(_) | Type::Error | Type::Null)
}

fn is_list(ty: &Type) -> bool {
    matches!(ty, Type::List(_) | Type::Set(_) | Type::Tuple(_)) || is_open(ty)
}

fn is_object(ty: &Type) -> bool {
    matches!(ty, Type::Map(_) | Type::Object(_)) || is_open(ty)
}

fn first(types: &[Type]) -> &Type {
    types.first().unwrap_or(&Type::Any)
}

fn need(what: &str, found: &Type) -> String {
    format!("{what} is required, found {}", found.named())
}

/// What the argument becomes, or why it cannot.
fn converted(types: &[Type], to: Type) -> Answer {
    match to.accepts(first(types)) {
        Fit::Never(why) => Err(why),
        _ => Ok(to),
    }
}

pub(super) fn tostring(types: &[Type]) -> Answer {
    converted(types, Type::String)
}
pub(super) fn tonumber(types: &[Type]) -> Answer {
    converted(types, Type::Number)
}
pub(super) fn tobool(types: &[Type]) -> Answer {
    converted(types, Type::Bool)
}

/// The one type of all that is in it.
fn common(ty: &Type, what: &str, fits: fn(&Type) -> bool) -> Answer {
    if !fits(ty) {
        return Err(need(what, ty));
    }
    if is_open(ty) {
        return Ok(Type::Any);
    }
    Type::unify_all(ty.parts()).ok_or_else(|| "what it holds has no type in common".to_string())
}

pub(super) fn tolist(types: &[Type]) -> Answer {
    common(first(types), "a list, set or tuple", is_list).map(Type::list)
}
pub(super) fn toset(types: &[Type]) -> Answer {
    common(first(types), "a list, set or tuple", is_list).map(Type::set)
}
pub(super) fn tomap(types: &[Type]) -> Answer {
    common(first(types), "a map or object", is_object).map(Type::map)
}
pub(super) fn distinct(types: &[Type]) -> Answer {
    tolist(types)
}

/// What is computed of bytes, or of the UTF-8 of a text, is a string.
pub(super) fn of_content(types: &[Type]) -> Answer {
    match (first(types), Type::String.accepts(first(types))) {
        (Type::Bytes, _) => Ok(Type::String),
        (_, Fit::Never(why)) => Err(why),
        _ => Ok(Type::String),
    }
}

pub(super) fn length(types: &[Type]) -> Answer {
    match first(types) {
        Type::Number | Type::Bool | Type::Duration | Type::Size => {
            Err(need("a string, list, map or object", first(types)))
        }
        _ => Ok(Type::Number),
    }
}

pub(super) fn contains(types: &[Type]) -> Answer {
    if is_list(first(types)) {
        Ok(Type::Bool)
    } else {
        Err(need("a list, set or tuple", first(types)))
    }
}

pub(super) fn sum(types: &[Type]) -> Answer {
    let ty = first(types);
    if !is_list(ty) {
        return Err(need("a list, set or tuple of numbers", ty));
    }
    match ty
        .parts()
        .into_iter()
        .find(|item| matches!(Type::Number.accepts(item), Fit::Never(_)))
    {
        Some(item) => Err(need(
            "a list, set or tuple of numbers",
            &Type::list(item.clone()),
        )),
        None => Ok(Type::Number),
    }
}

pub(super) fn coalesce(types: &[Type]) -> Answer {
    Type::unify_all(types).ok_or_else(|| "the arguments have no type in common".to_string())
}

pub(super) fn concat(types: &[Type]) -> Answer {
    if let Some(ty) = types.iter().find(|ty| !is_list(ty)) {
        return Err(need("a list, set or tuple", ty));
    }
    if types.iter().all(|ty| matches!(ty, Type::Tuple(_))) {
        return Ok(Type::Tuple(
            types.iter().flat_map(|ty| ty.parts()).cloned().collect(),
        ));
    }
    if types.iter().any(is_open) {
        return Ok(Type::list(Type::Any));
    }
    let parts: Vec<&Type> = types.iter().flat_map(|ty| ty.parts()).collect();
    Ok(items(
        &parts,
        types
            .iter()
            .all(|ty| matches!(ty, Type::List(_) | Type::Set(_))),
    ))
}

/// A list of these: of their one type, or, where lists are joined, of what they have in common; else only known at run time.
fn items(parts: &[&Type], unify: bool) -> Type {
    let same = parts.windows(2).all(|pair| pair.first() == pair.last());
    match Type::unify_all(parts.iter().copied()) {
        Some(ty) if same || unify => Type::list(ty),
        _ => Type::Any,
    }
}

pub(super) fn flatten(types: &[Type]) -> Answer {
    let ty = first(types);
    if !is_list(ty) {
        return Err(need("a list, set or tuple", ty));
    }
    if is_open(ty) {
        return Ok(Type::list(Type::Any));
    }
    let mut leaves = Vec::new();
    let fixed = leaves_of(ty, &mut leaves);
    if leaves.contains(&&Type::Any) {
        return Ok(Type::list(Type::Any));
    }
    Ok(if fixed {
        Type::Tuple(leaves.into_iter().cloned().collect())
    } else {
        items(&leaves, false)
    })
}

/// The types on the lowest level, and whether their number is known.
fn leaves_of<'a>(ty: &'a Type, leaves: &mut Vec<&'a Type>) -> bool {
    let mut fixed = matches!(ty, Type::Tuple(_));
    for part in ty.parts() {
        if matches!(part, Type::List(_) | Type::Set(_) | Type::Tuple(_)) {
            fixed &= leaves_of(part, leaves);
        } else {
            leaves.push(part);
        }
    }
    fixed
}

pub(super) fn keys(types: &[Type]) -> Answer {
    if is_object(first(types)) {
        Ok(Type::list(Type::String))
    } else {
        Err(need("a map or object", first(types)))
    }
}

pub(super) fn values(types: &[Type]) -> Answer {
    match first(types) {
        Type::Map(item) => Ok(Type::List(item.clone())),
        Type::Object(fields) => {
            let mut sorted: Vec<&Field> = fields.iter().collect();
            sorted.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(Type::Tuple(
                sorted.into_iter().map(|field| field.ty.clone()).collect(),
            ))
        }
        ty if is_open(ty) => Ok(Type::list(Type::Any)),
        ty => Err(need("a map or object", ty)),
    }
}

pub(super) fn lookup(types: &[Type]) -> Answer {
    match (first(types), types.get(2)) {
        (Type::Map(item), None) => Ok((**item).clone()),
        (Type::Map(item), Some(default)) => match item.accepts(default) {
            Fit::Never(why) => Err(format!(
                "the default must have the type of the map's values: {why}"
            )),
            _ => Ok((**item).clone()),
        },
        (ty @ Type::Object(_), default) => {
            // Which attribute it is, is not known from types: one type where all have it, else only at run time.
            let all: Vec<&Type> = ty
                .parts()
                .into_iter()
                .chain(default)
                .filter(|ty| **ty != Type::Null)
                .collect();
            let same = all.windows(2).all(|pair| pair.first() == pair.last());
            Ok(all
                .first()
                .filter(|_| same)
                .map_or(Type::Any, |ty| (*ty).clone()))
        }
        (ty, _) if is_open(ty) => Ok(Type::Any),
        (ty, _) => Err(need("a map or object", ty)),
    }
}

pub(super) fn merge(types: &[Type]) -> Answer {
    if let Some(ty) = types.iter().find(|ty| !is_object(ty)) {
        return Err(need("a map or object", ty));
    }
    let known: Vec<&Type> = types.iter().filter(|ty| **ty != Type::Null).collect();
    if known.iter().all(|ty| matches!(ty, Type::Object(_))) {
        let mut merged: Vec<Field> = Vec::new();
        for ty in known {
            let Type::Object(fields) = ty else { continue };
            for field in fields {
                let field = Field {
                    optional: None,
                    ..field.clone()
                };
                match merged.iter_mut().find(|known| known.name == field.name) {
                    Some(known) => *known = field,
                    None => merged.push(field),
                }
            }
        }
        return Ok(Type::Object(merged));
    }
    let same = known.windows(2).all(|pair| pair.first() == pair.last());
    Ok(known
        .first()
        .filter(|_| same)
        .map_or(Type::Any, |ty| (*ty).clone()))
}

pub(super) fn list_of_bools() -> Type {
    Type::list(Type::Bool)
}
pub(super) fn map_of_lists() -> Type {
    Type::map(Type::list(Type::String))
}
pub(super) fn to_list_of_any(_: &[Type]) -> Answer {
    Ok(Type::list(Type::Any))
}
pub(super) fn transpose(_: &[Type]) -> Answer {
    Ok(map_of_lists())
}

/// A string and nothing that only has a text form: `parseint(10, 2)` is hardly meant.
pub(super) fn parseint(types: &[Type]) -> Answer {
    match first(types) {
        Type::String => Ok(Type::Number),
        ty if is_open(ty) => Ok(Type::Number),
        ty => Err(need("a string", ty)),
    }
}

pub(super) fn chunklist(types: &[Type]) -> Answer {
    tolist(types).map(Type::list)
}

/// The one type of all lists, else only known at run time.
pub(super) fn coalescelist(types: &[Type]) -> Answer {
    if let Some(ty) = types.iter().find(|ty| !is_list(ty)) {
        return Err(need("a list, set or tuple", ty));
    }
    let known: Vec<&Type> = types.iter().filter(|ty| **ty != Type::Null).collect();
    let same = known.windows(2).all(|pair| pair.first() == pair.last());
    Ok(known
        .first()
        .filter(|_| same)
        .map_or(Type::Any, |ty| (*ty).clone()))
}

/// The type that every item of a list has; which item it is, is not known from types.
fn item(types: &[Type]) -> Answer {
    let ty = first(types);
    if !is_list(ty) {
        return Err(need("a list, set or tuple", ty));
    }
    let parts = ty.parts();
    let same = parts.windows(2).all(|pair| pair.first() == pair.last());
    Ok(parts
        .first()
        .filter(|_| same)
        .map_or(Type::Any, |ty| (*ty).clone()))
}

pub(super) fn element(types: &[Type]) -> Answer {
    has_places(first(types))?;
    item(types)
}

/// A set has no order, so nothing in it has a place.
fn has_places(ty: &Type) -> Result<(), String> {
    match ty {
        Type::Set(_) => Err("a set has no order: write `tolist(..)` around it".to_owned()),
        _ => Ok(()),
    }
}

pub(super) fn one(types: &[Type]) -> Answer {
    item(types)
}
pub(super) fn slice(types: &[Type]) -> Answer {
    has_places(first(types))?;
    Ok(match (item(types)?, first(types)) {
        (_, ty @ Type::List(_)) => ty.clone(),
        (Type::Any, _) => Type::Any,
        (item, _) => Type::list(item),
    })
}

pub(super) fn matchkeys(types: &[Type]) -> Answer {
    tolist(types)
}

pub(super) fn index(types: &[Type]) -> Answer {
    contains(types).map(|_| Type::Number)
}

pub(super) fn reverse(types: &[Type]) -> Answer {
    match first(types) {
        Type::Tuple(items) => Ok(Type::Tuple(items.iter().rev().cloned().collect())),
        Type::List(item) | Type::Set(item) => Ok(Type::List(item.clone())),
        ty if is_open(ty) => Ok(Type::list(Type::Any)),
        ty => Err(need("a list, set or tuple", ty)),
    }
}

/// The types of what is in each list, or that an argument is none.
fn items_of(types: &[Type]) -> Result<Option<Vec<Type>>, String> {
    if let Some(ty) = types.iter().find(|ty| !is_list(ty)) {
        return Err(need("a list, set or tuple", ty));
    }
    if types.iter().any(is_open) {
        return Ok(None);
    }
    let each = types.iter().map(|ty| Type::unify_all(ty.parts()));
    each.collect::<Option<Vec<_>>>()
        .map(Some)
        .ok_or_else(|| "what a list holds has no type in common".to_string())
}

pub(super) fn sets(types: &[Type]) -> Answer {
    match items_of(types)? {
        None => Ok(Type::list(Type::Any)),
        Some(items) => Type::unify_all(&items)
            .map(Type::set)
            .ok_or_else(|| "the sets have no type in common".to_string()),
    }
}

pub(super) fn setproduct(types: &[Type]) -> Answer {
    Ok(Type::list(match items_of(types)? {
        None => Type::list(Type::Any),
        Some(items) => Type::Tuple(items),
    }))
}

pub(super) fn zipmap(types: &[Type]) -> Answer {
    let values = types.get(1).unwrap_or(&Type::Any);
    match item(std::slice::from_ref(values))? {
        Type::Any => Ok(Type::Any),
        item => Ok(Type::map(item)),
    }
}

/// A timestamp and a duration, or the text of one as Go writes it, which may be negative.
pub(super) fn timeadd(types: &[Type]) -> Answer {
    match types.get(1).unwrap_or(&Type::Any) {
        Type::Duration | Type::String => Ok(Type::String),
        ty if is_open(ty) => Ok(Type::String),
        ty => Err(need("a duration or its text", ty)),
    }
}

/// What is computed of several contents.
pub(super) fn of_contents(types: &[Type]) -> Answer {
    for ty in types {
        of_content(std::slice::from_ref(ty))?;
    }
    Ok(Type::String)
}

pub(super) fn jwt(types: &[Type]) -> Answer {
    match (is_object(first(types)), types) {
        (false, _) => Err(need("a map or object", first(types))),
        (true, [_, rest @ ..]) => of_contents(rest),
        (true, []) => Ok(Type::String),
    }
}

pub(super) fn url(_: &[Type]) -> Answer {
    Ok(Type::Object(vec![
        Field::required("scheme", Type::String),
        Field::required("user", Type::String),
        Field::required("password", Type::String),
        Field::required("host", Type::String),
        Field::required("port", Type::Number),
        Field::required("path", Type::String),
        Field::required("query", Type::map(Type::String)),
        Field::required("fragment", Type::String),
    ]))
}
