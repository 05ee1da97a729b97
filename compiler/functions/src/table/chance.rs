//! Functions whose value is another one in each iteration and instance.

use crate::function::{Function, Home};
use crate::results as r;
use crate::shape::{any, in_context, nullable, number, optional};
use bggo_functions::random;

#[rustfmt::skip]
pub(super) static FUNCTIONS: &[Function] = &[
    in_context("random_choice", Home::Module("random"), &[any("list")], r::element, random::random_choice)
        .says(
            "A random item of a list.",
            r#"random_choice(["a", "b", "c"])"#,
            r#""b""#,
        ),
    in_context("random_int", Home::Module("random"), &[number("least"), number("most")], r::to_number, random::random_int)
        .says(
            "A random whole number from a least to a most, both included.",
            "random_int(1, 6)",
            "4",
        ),
    in_context("random_string", Home::Module("random"), &[number("length"), optional(nullable("alphabet"))], r::to_string, random::random_string)
        .says(
            "A random string of so many characters: letters and digits, unless an alphabet is given.",
            "random_string(8)",
            r#""lG2T3Kvz""#,
        ),
    in_context("uuid", Home::Module("random"), &[], r::to_string, random::uuid)
        .says(
            "A random UUID, version 4.",
            "uuid()",
            r#""052ac720-174b-4a4f-bfbe-dc56c308eb56""#,
        ),
];
