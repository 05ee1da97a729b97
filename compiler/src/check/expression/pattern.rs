//! Calls that search by patterns, selectors and paths: which function is called, what is wrong with a known pattern, and
//! what type a match has.

use std::sync::OnceLock;

use bggo_function_table::{Call, Function, Home};
use bggo_functions::string;
use bggo_regex::Groups;
use bggo_values::{Fault, Field, Text, Type, Value};

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
        return (function, wrong(function, arguments));
    }
    let by_pattern = BY_PATTERN.get_or_init(|| Function {
        home: Home::Crate("bggo-regex"),
        call: Call::Plain(bggo_regex::replace),
        ..*function
    });
    // Among arguments that are spread it may stand anywhere.
    let Some(searched) = arguments.get(1) else {
        return (by_pattern, None);
    };
    match searched.constant() {
        None => (by_pattern, None),
        Some(Value::Text(text)) if string::pattern(text).is_some() => {
            (by_pattern, wrong(by_pattern, arguments))
        }
        Some(_) => (function, None),
    }
}

/// What is wrong with a pattern that is known, whatever is searched: the function itself says it, of nothing.
fn wrong(function: &Function, arguments: &[TExpr]) -> Option<(Span, Fault)> {
    let at = match function.name {
        "regex" | "regexall" => 0,
        "css" | "jsonpath" | "replace" => 1,
        _ => return None,
    };
    let pattern = arguments.get(at)?;
    let known = pattern.constant()?.as_text()?;
    let value = Value::Text(Text::from(known));
    let fault = match function.name {
        "css" => bggo_css::css(&[Value::from(""), value]).err(),
        "jsonpath" => bggo_jsonpath::jsonpath(&[Value::Null, value]).err(),
        "replace" => bggo_regex::replace(&[Value::from(""), value, Value::from("")]).err(),
        name => bggo_regex::groups(known)
            .err()
            .map(|why| Fault::new(format!("argument 1 of `{name}`: {why}"))),
    };
    fault.map(|fault| (pattern.span, fault))
}

/// The type of a match by a pattern that is known: what its groups match.
pub(super) fn of_match(function: &Function, arguments: &[TExpr]) -> Option<Type> {
    let pattern = match function.name {
        "regex" | "regexall" => arguments.first()?.constant()?.as_text()?,
        _ => return None,
    };
    let found = match bggo_regex::groups(pattern).ok()? {
        Groups::None => Type::String,
        Groups::Numbered(count) => Type::Tuple(vec![Type::String; count]),
        Groups::Named(names) => {
            let fields = names.into_iter().map(|name| Field {
                name: Text::from(name),
                ty: Type::String,
                optional: None,
            });
            Type::Object(fields.collect())
        }
    };
    Some(match function.name {
        "regexall" => Type::list(found),
        _ => found,
    })
}
