//! Arguments as values of a message, as far as they are known.

use bggo_runtime::contract::{Early, Number, Text, Value};

/// A text.
pub(crate) fn text(early: &Early<Text>) -> Early<Option<Value>> {
    match early {
        Early::Known(text) => Early::Known(Some(Value::Text(text.clone()))),
        Early::Later => Early::Later,
    }
}

/// A number that may be absent.
pub(crate) fn number(early: &Early<Option<Number>>) -> Early<Option<Value>> {
    match early {
        Early::Known(number) => Early::Known(number.map(Value::Number)),
        Early::Later => Early::Later,
    }
}

/// A bool, of which only `says` is written: the other one is what a server takes anyway.
pub(crate) fn bool(early: &Early<bool>, says: bool) -> Early<Option<Value>> {
    match early {
        Early::Known(is) => Early::Known((*is == says).then_some(Value::Bool(says))),
        Early::Later => Early::Later,
    }
}
