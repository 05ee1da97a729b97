//! `for`, splats, `try` and `can` as emitted code calls them. The loops themselves are in `bggo_values::ops`, which knows no
//! places. A fault in a body has a place of its own, so it is kept here and comes out instead of the loop's fault.

use crate::fault::Fault;
use bggo_values::{Fault as ValueFault, Value, ops};

/// What a `for` does with a key (or position) and a value; `None` if its `if` leaves the item out.
pub type ListBody<'a> = dyn FnMut(&Value, &Value) -> Result<Option<Value>, Fault> + 'a;

/// The same for an object: a key and its value.
pub type ObjectBody<'a> = dyn FnMut(&Value, &Value) -> Result<Option<(Value, Value)>, Fault> + 'a;

/// Keeps the fault of a body, while a fault of the loop's own type ends the loop.
#[derive(Default)]
struct Kept(Option<Fault>);

impl Kept {
    fn keep<T>(&mut self, result: Result<T, Fault>) -> Result<T, ValueFault> {
        result.map_err(|fault| {
            let left = ValueFault::new(fault.text());
            self.0 = Some(fault);
            left
        })
    }

    /// The fault of the body if there is one, otherwise the fault of the loop.
    fn out<T>(self, result: Result<T, ValueFault>) -> Result<T, Fault> {
        result.map_err(|fault| self.0.unwrap_or_else(|| fault.into()))
    }
}

/// `[for k, v in over : body]`. Items for which `body` returns `None` are left out.
///
/// # Errors
/// As `ops::for_list`.
pub fn for_list(over: &Value, body: &mut ListBody<'_>) -> Result<Value, Fault> {
    let mut kept = Kept::default();
    let result = ops::for_list(over, &mut |key, value| kept.keep(body(key, value)));
    kept.out(result)
}

/// `{for k, v in over : key => value}`, and with `grouped` the form that ends in `...`.
///
/// # Errors
/// As `ops::for_object`.
pub fn for_object(over: &Value, grouped: bool, body: &mut ObjectBody<'_>) -> Result<Value, Fault> {
    let mut kept = Kept::default();
    let result = ops::for_object(over, grouped, &mut |key, value| kept.keep(body(key, value)));
    kept.out(result)
}

/// `over[*]...`
///
/// # Errors
/// As `ops::splat`.
pub fn splat(
    over: &Value,
    each: &mut dyn FnMut(&Value) -> Result<Value, Fault>,
) -> Result<Value, Fault> {
    let mut kept = Kept::default();
    let result = ops::splat(over, &mut |item| kept.keep(each(item)));
    kept.out(result)
}

/// The texts of a `%{for}`, joined.
///
/// # Errors
/// As `ops::iterate`, and when a text cannot be printed.
pub fn joined(
    over: &Value,
    body: &mut dyn FnMut(&Value, &Value) -> Result<Value, Fault>,
) -> Result<Value, Fault> {
    let (mut kept, mut parts) = (Kept::default(), Vec::new());
    let result = ops::iterate(over, &mut |key, value| {
        parts.push(kept.keep(body(key, value))?);
        Ok(())
    });
    kept.out(result.and_then(|()| ops::text(&parts)))
}

/// `try(a, b, ..)`: the first alternative without a fault.
///
/// # Errors
/// All alternatives have a fault: that of the last one.
pub fn attempt(
    alternatives: &mut [&mut dyn FnMut() -> Result<Value, Fault>],
) -> Result<Value, Fault> {
    let mut last = Fault::new("value", "`try` has no alternative");
    for alternative in alternatives {
        match alternative() {
            Ok(value) => return Ok(value),
            Err(fault) => last = fault,
        }
    }
    Err(last)
}

/// `can(a)`: whether it has no fault.
pub fn can(what: &mut dyn FnMut() -> Result<Value, Fault>) -> Value {
    Value::Bool(what().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Place, Placed};

    static INNER: Place = Place::new("grid.hcl", 3, 7);
    static OUTER: Place = Place::new("grid.hcl", 1, 1);

    #[test]
    fn a_fault_of_a_body_keeps_its_own_place() {
        let list = Value::from(vec![Value::text("a")]);
        fn fails<T>() -> Result<T, Fault> {
            Err(ValueFault::new("no such key")).at(&INNER)
        }
        let results = [
            for_list(&list, &mut |_, _| fails()).at(&OUTER),
            for_object(&list, false, &mut |_, _| fails()).at(&OUTER),
            splat(&list, &mut |_| fails()).at(&OUTER),
            joined(&list, &mut |_, _| fails()).at(&OUTER),
            attempt(&mut [&mut || fails()]).at(&OUTER),
        ];
        for result in results {
            let fault = result.unwrap_err();
            assert_eq!((fault.text(), fault.place()), ("no such key", Some(INNER)));
        }
    }

    #[test]
    fn a_fault_of_the_loop_has_the_place_of_the_form() {
        let result = for_list(&Value::Null, &mut |_, _| Ok(None)).at(&OUTER);
        assert_eq!(result.unwrap_err().place(), Some(OUTER));
    }
}
