//! Functions over sets. A list that stands where a set is wanted is made one.

use super::args::{Args, args};
use bggo_values::convert::convert;
use bggo_values::{Fault, Seq, Type, Value};

/// Most items that `setproduct` makes.
const LARGEST_PRODUCT: usize = 1_000_000;

/// What is in every set.
///
/// # Errors
/// When an argument is no set, or the items have no type in common.
pub fn setintersection(values: &[Value]) -> Result<Value, Fault> {
    let args = args("setintersection", values, 1, usize::MAX)?;
    combined(args, |items, other| {
        items.retain(|item| other.contains(item))
    })
}

/// What is in any set.
///
/// # Errors
/// When an argument is no set, or the items have no type in common.
pub fn setunion(values: &[Value]) -> Result<Value, Fault> {
    let args = args("setunion", values, 1, usize::MAX)?;
    combined(args, |items, other| items.extend(other.iter().cloned()))
}

/// What is in the first set and not in the second.
///
/// # Errors
/// When an argument is no set, or the items have no type in common.
pub fn setsubtract(values: &[Value]) -> Result<Value, Fault> {
    let args = args("setsubtract", values, 2, 2)?;
    combined(args, |items, other| {
        items.retain(|item| !other.contains(item))
    })
}

/// One set after the other taken together, in the type that all items have in common.
fn combined(args: Args<'_>, take: fn(&mut Vec<Value>, &[Value])) -> Result<Value, Fault> {
    let mut lists = Vec::with_capacity(args.len());
    for place in 0..args.len() {
        lists.push(args.list(place)?);
    }
    let types: Vec<Type> = lists
        .iter()
        .flat_map(|list| list.iter())
        .map(Type::of)
        .collect();
    let item = Type::unify_all(&types)
        .ok_or_else(|| Fault::new(format!("{}: the sets have no type in common", args.name())))?;
    let ty = Type::set(item);
    let as_set = |list: &Seq<Value>| {
        let set = convert(&Value::List(list.clone()), &ty);
        let set = set.map_err(|fault| Fault::new(format!("{}: {fault}", args.name())))?;
        Ok(set.items().unwrap_or_else(|| Vec::new().into()))
    };
    let Some((first, rest)) = lists.split_first() else {
        return Ok(Value::from(Vec::<Value>::new()));
    };
    let mut items = as_set(first)?.to_vec();
    for list in rest {
        take(&mut items, &as_set(list)?);
    }
    convert(&Value::from(items), &ty)
}

/// Items in the type that all of them have in common, if there is one.
fn alike(list: Seq<Value>) -> Seq<Value> {
    let types: Vec<Type> = list.iter().map(Type::of).collect();
    if types.windows(2).all(|pair| pair[0] == pair[1]) {
        return list;
    }
    let items = Type::unify_all(&types).and_then(|item| {
        let items = list.iter().map(|value| convert(value, &item));
        items.collect::<Result<Vec<_>, _>>().ok()
    });
    items.map_or(list, Seq::from)
}

/// Every combination of one item of each list or set. Items of one list have the type that all of them have in common.
///
/// # Errors
/// When an argument is no list, and for more than a million combinations.
pub fn setproduct(values: &[Value]) -> Result<Value, Fault> {
    let args = args("setproduct", values, 2, usize::MAX)?;
    let mut made: Vec<Vec<Value>> = vec![Vec::new()];
    let mut lists = Vec::with_capacity(args.len());
    for place in 0..args.len() {
        lists.push(alike(args.list(place)?));
    }
    let count = lists.iter().try_fold(1usize, |count, list| {
        count
            .checked_mul(list.len())
            .filter(|count| *count <= LARGEST_PRODUCT || list.is_empty())
    });
    if lists.iter().any(|list| list.is_empty()) {
        return Ok(Value::from(Vec::<Value>::new()));
    }
    if count.is_none() {
        return Err(Fault::new(format!(
            "`setproduct` makes at most {LARGEST_PRODUCT} combinations"
        )));
    }
    for list in &lists {
        made = made
            .into_iter()
            .flat_map(|begun| {
                list.iter().map(move |item| {
                    let mut longer = begun.clone();
                    longer.push(item.clone());
                    longer
                })
            })
            .collect();
    }
    Ok(Value::from(
        made.into_iter().map(Value::from).collect::<Vec<_>>(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_a_list_that_no_type_was_known_of_are_made_alike() {
        let list = |items: &[Value]| Value::from(items.to_vec());
        let (one, text) = (Value::from(true), Value::from("a"));
        let product = setproduct(&[
            list(&[one.clone(), text.clone()]),
            list(std::slice::from_ref(&one)),
        ]);
        let as_text = Value::from("true");
        let expected = [list(&[as_text, one.clone()]), list(&[text, one.clone()])];
        assert_eq!(product, Ok(list(&expected)));
        let odd = list(&[Value::from(Vec::<Value>::new()), one.clone()]);
        let product = setproduct(&[odd, list(std::slice::from_ref(&one))]).unwrap();
        assert_eq!(product.items().map(|items| items.len()), Some(2));
    }
}
