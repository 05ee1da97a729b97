//! Functions that make maps.

use super::args::args;
use bggo_values::value::by_key;
use bggo_values::{Fault, Text, Type, Value};
use std::collections::BTreeMap;

/// A map of lists of texts turned round: each text with the keys in whose lists it is.
///
/// # Errors
/// When the argument is no map of lists of texts.
pub fn transpose(values: &[Value]) -> Result<Value, Fault> {
    let args = args("transpose", values, 1, 1)?;
    let map = args.converted(0, &Type::map(Type::list(Type::String)))?;
    let pairs = map.pairs().unwrap_or_else(|| Vec::new().into());
    let mut turned: BTreeMap<Text, Vec<Value>> = BTreeMap::new();
    for (key, list) in by_key(&pairs) {
        let Some(list) = list.items() else {
            return Err(args.fault(0, "the map holds null"));
        };
        for item in list.iter() {
            let Value::Text(item) = item else {
                return Err(args.fault(0, "a list of the map holds null"));
            };
            turned
                .entry(item.clone())
                .or_default()
                .push(Value::Text(key.clone()));
        }
    }
    let pairs = turned
        .into_iter()
        .map(|(key, list)| (key, Value::from(list)));
    Ok(Value::from(pairs.collect::<Vec<_>>()))
}

/// A map of keys and values that stand in two lists. Of equal keys the last counts.
///
/// # Errors
/// When the lists differ in length, or a key is null or no text.
pub fn zipmap(values: &[Value]) -> Result<Value, Fault> {
    let args = args("zipmap", values, 2, 2)?;
    let (keys, list) = (args.texts(0)?, args.list(1)?);
    if keys.len() != list.len() {
        let text = format!(
            "as many values as keys are required ({}), found {}",
            keys.len(),
            list.len()
        );
        return Err(args.fault(1, &text));
    }
    let map: BTreeMap<Text, Value> = keys.into_iter().zip(list.iter().cloned()).collect();
    Ok(Value::from(map.into_iter().collect::<Vec<_>>()))
}
