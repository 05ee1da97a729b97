//! Functions that turn a value into another type.

use crate::function::{Function, Home};
use crate::results as r;
use crate::shape::{nullable, pure};
use bggo_functions::conversion;

#[rustfmt::skip]
pub(super) static FUNCTIONS: &[Function] = &[
    pure("tobool", Home::Module("conversion"), &[nullable("value")], r::tobool, conversion::tobool)
        .says(
            "The value as a bool.",
            r#"tobool("true")"#,
            "true",
        ),
    pure("tolist", Home::Module("conversion"), &[nullable("value")], r::tolist, conversion::tolist)
        .says(
            "The items as a list of one type.",
            r#"tolist(["a", 1])"#,
            r#"["a","1"]"#,
        ),
    pure("tomap", Home::Module("conversion"), &[nullable("value")], r::tomap, conversion::tomap)
        .says(
            "The attributes as a map of one type.",
            r#"tomap({ a = "x", b = 1 })"#,
            r#"{"a":"x","b":"1"}"#,
        ),
    pure("tonumber", Home::Module("conversion"), &[nullable("value")], r::tonumber, conversion::tonumber)
        .says(
            "The value as a number.",
            r#"tonumber("12.50")"#,
            "12.5",
        ),
    pure("toset", Home::Module("conversion"), &[nullable("value")], r::toset, conversion::toset)
        .says(
            "The items as a set: of one type, sorted, each once.",
            r#"toset(["b", "a", "b"])"#,
            r#"["a","b"]"#,
        ),
    pure("tostring", Home::Module("conversion"), &[nullable("value")], r::tostring, conversion::tostring)
        .says(
            "The value as a string.",
            "tostring(1.50)",
            r#""1.5""#,
        ),
];
