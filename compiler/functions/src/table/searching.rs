//! Functions that find something in texts of responses.

use crate::function::{Function, Home};
use crate::results as r;
use crate::shape::{nullable, optional, pure, text};

#[rustfmt::skip]
pub(super) static FUNCTIONS: &[Function] = &[
    pure("css", Home::Crate("bggo-css"), &[text("html"), text("selector"), optional(nullable("attribute"))], r::to_strings, bggo_css::css)
        .says(
            "The texts of the elements that a CSS selector finds in HTML, or the values of an attribute of theirs.",
            r#"css("<input name=\"token\" value=\"a1\"><input name=\"b\">", "input[name=token]", "value")"#,
            r#"["a1"]"#,
        ),
    pure("jsonpath", Home::Crate("bggo-jsonpath"), &[nullable("value"), text("path")], r::to_list_of_any, bggo_jsonpath::jsonpath)
        .says(
            "All parts of a value that a JSONPath (RFC 9535) finds. A string is read as JSON first.",
            r#"jsonpath({ items = [{ id = 1 }, { id = 2 }] }, "$.items[?@.id > 1].id")"#,
            "[2]",
        ),
    pure("regex", Home::Crate("bggo-regex"), &[text("pattern"), text("string")], r::to_any, bggo_regex::regex)
        .says(
            "What a regular expression (RE2) finds first: the match, or what its groups matched as a list, or as an object if they have names.",
            r#"regex("(\\d+)-(\\d+)", "pages 12-34")"#,
            r#"["12","34"]"#,
        ),
    pure("regexall", Home::Crate("bggo-regex"), &[text("pattern"), text("string")], r::to_list_of_any, bggo_regex::regexall)
        .says(
            "All that a regular expression (RE2) finds, each as `regex` gives it.",
            r#"regexall("[a-z]+", "1a22bc")"#,
            r#"["a","bc"]"#,
        ),
];
