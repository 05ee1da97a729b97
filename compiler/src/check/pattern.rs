//! Calls that search by a regular expression: which function is called, and whether a known pattern is valid.

use std::sync::OnceLock;

use bggo_values::Value;
use bggo_values::functions::{self, Function, Home};

use crate::diagnostics::codes;

use super::context::Checker;
use super::typed::TExpr;

impl Checker<'_> {
    /// The function that is called: `replace` by a pattern, or by what may be one when the program runs, is another than that
    /// of plain text, which needs no engine. `None` where the pattern is known and not valid, which is said here.
    pub(super) fn searching(
        &mut self,
        function: &'static Function,
        arguments: &[TExpr],
    ) -> Option<&'static Function> {
        static BY_PATTERN: OnceLock<Function> = OnceLock::new();
        if function.name != "replace" {
            return Some(function);
        }
        let by_pattern = BY_PATTERN.get_or_init(|| Function {
            home: Home::Crate("bggo-regex"),
            call: functions::Call::Plain(bggo_regex::replace),
            ..*function
        });
        // Among arguments that are spread it may stand anywhere.
        let Some(searched) = arguments.get(1) else {
            return Some(by_pattern);
        };
        let text = match searched.constant() {
            None => return Some(by_pattern),
            Some(Value::Text(text)) if functions::string::pattern(text).is_some() => text,
            Some(_) => return Some(function),
        };
        let call = [Value::from(""), Value::Text(text.clone()), Value::from("")];
        match bggo_regex::replace(&call) {
            Err(fault) if self.certain => {
                self.error(codes::INVALID_VALUE, searched.span, fault.text());
                None
            }
            _ => Some(by_pattern),
        }
    }
}
