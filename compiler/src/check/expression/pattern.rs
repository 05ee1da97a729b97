//! Calls that search by a regular expression to the function that is called, and to what is wrong with a known pattern.

use std::sync::OnceLock;

use bggo_functions::{self as functions, Function, Home};
use bggo_values::{Fault, Value};

use crate::check::typed::TExpr;
use crate::source::Span;

/// The function that is called: `replace` by a pattern, or by what may be one when the program runs, is another than that
/// of plain text, which needs no engine. With it comes what is wrong with a pattern that is known, and where it stands.
pub(super) fn searching(
    function: &'static Function,
    arguments: &[TExpr],
) -> (&'static Function, Option<(Span, Fault)>) {
    static BY_PATTERN: OnceLock<Function> = OnceLock::new();
    if function.name != "replace" {
        return (function, None);
    }
    let by_pattern = BY_PATTERN.get_or_init(|| Function {
        home: Home::Crate("bggo-regex"),
        call: functions::Call::Plain(bggo_regex::replace),
        ..*function
    });
    // Among arguments that are spread it may stand anywhere.
    let Some(searched) = arguments.get(1) else {
        return (by_pattern, None);
    };
    let text = match searched.constant() {
        None => return (by_pattern, None),
        Some(Value::Text(text)) if functions::string::pattern(text).is_some() => text,
        Some(_) => return (function, None),
    };
    let call = [Value::from(""), Value::Text(text.clone()), Value::from("")];
    let wrong = bggo_regex::replace(&call).err();
    (by_pattern, wrong.map(|fault| (searched.span, fault)))
}
