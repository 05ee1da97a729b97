//! Functions over paths of files, and what the program finds around it.

use crate::function::{Function, Home};
use crate::results as r;
use crate::shape::{pure, text};
use bggo_functions::{environment, paths};

#[rustfmt::skip]
pub(super) static FUNCTIONS: &[Function] = &[
    pure("abspath", Home::Module("paths"), &[text("path")], r::to_string, paths::abspath).at_start()
        .says(
            "The path from the root, seen from the folder in which the program runs.",
            r#"abspath("/a/../b")"#,
            r#""/b""#,
        ),
    pure("basename", Home::Module("paths"), &[text("path")], r::to_string, paths::basename)
        .says(
            "The last part of a path.",
            r#"basename("a/b.txt")"#,
            r#""b.txt""#,
        ),
    pure("dirname", Home::Module("paths"), &[text("path")], r::to_string, paths::dirname)
        .says(
            "A path without its last part.",
            r#"dirname("a/b.txt")"#,
            r#""a""#,
        ),
    pure("env", Home::Module("environment"), &[text("name")], r::to_string, environment::env).at_start()
        .says(
            "An environment variable of the program, or null when it is not set.",
            r#"env("BGGO_NO_SUCH_NAME")"#,
            "null",
        ),
    pure("pathexpand", Home::Module("paths"), &[text("path")], r::to_string, paths::pathexpand).at_start()
        .says(
            "A path whose `~` at the begin is the home folder of whoever runs the program.",
            r#"pathexpand("a/b.txt")"#,
            r#""a/b.txt""#,
        ),
];
