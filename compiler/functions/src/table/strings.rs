//! Functions over strings.

use crate::function::{Function, Home};
use crate::results as r;
use crate::shape::{nullable, number, one, pure, text};
use bggo_functions::{string, trimming};

#[rustfmt::skip]
pub(super) static FUNCTIONS: &[Function] = &[
    pure("chomp", Home::Module("trimming"), &[text("string")], r::to_string, trimming::chomp)
        .says(
            "The string without line ends at its end.",
            r#"chomp("hello\n")"#,
            r#""hello""#,
        ),
    pure("endswith", Home::Module("string"), &[text("string"), text("suffix")], r::to_bool, string::endswith)
        .says(
            "Whether a string ends with another.",
            r#"endswith("hello", "lo")"#,
            "true",
        ),
    pure("format", Home::Module("string"), &[text("format")], r::to_string, string::format).rest(nullable("value"))
        .says(
            "A string with its `%` verbs filled in.",
            r#"format("%05.2f %s %q", 3.14159, "x", "y")"#,
            r#""03.14 x \"y\"""#,
        ),
    pure("formatlist", Home::Module("string"), &[text("format")], r::to_strings, string::formatlist).rest(nullable("value"))
        .says(
            "`format` once for each item of its lists; what is no list is the same every time.",
            r#"formatlist("%s-%d", "a", [1, 2])"#,
            r#"["a-1","a-2"]"#,
        ),
    pure("indent", Home::Module("string"), &[number("spaces"), text("string")], r::to_string, string::indent)
        .says(
            "The string with so many spaces before each line but the first.",
            r#"indent(2, "a\nb")"#,
            r#""a\n  b""#,
        ),
    pure("join", Home::Module("string"), &[text("separator"), one("list", r::list_of_strings)], r::to_string, string::join).rest(one("list", r::list_of_strings))
        .says(
            "All items of all lists in one string, with a separator between them.",
            r#"join("-", ["a", "b"])"#,
            r#""a-b""#,
        ),
    pure("lower", Home::Module("string"), &[text("string")], r::to_string, string::lower)
        .says(
            "The string in small letters.",
            r#"lower("HELLO")"#,
            r#""hello""#,
        ),
    pure("replace", Home::Module("string"), &[text("string"), text("substring"), text("replacement")], r::to_string, string::replace)
        .says(
            "Every occurrence of a string replaced by another. Between slashes it is a regular expression, and `$1` or `${name}` in the replacement is what a group matched.",
            r#"replace("hello", "l", "L")"#,
            r#""heLLo""#,
        ),
    pure("split", Home::Module("string"), &[text("separator"), text("string")], r::to_strings, string::split)
        .says(
            "The parts of a string between separators.",
            r#"split(",", "a,b,c")"#,
            r#"["a","b","c"]"#,
        ),
    pure("startswith", Home::Module("string"), &[text("string"), text("prefix")], r::to_bool, string::startswith)
        .says(
            "Whether a string begins with another.",
            r#"startswith("hello", "he")"#,
            "true",
        ),
    pure("strcontains", Home::Module("string"), &[text("string"), text("substring")], r::to_bool, string::strcontains)
        .says(
            "Whether a string holds another.",
            r#"strcontains("hello", "ell")"#,
            "true",
        ),
    pure("strrev", Home::Module("string"), &[text("string")], r::to_string, string::strrev)
        .says(
            "The characters of a string in reverse.",
            r#"strrev("hello")"#,
            r#""olleh""#,
        ),
    pure("substr", Home::Module("string"), &[text("string"), number("offset"), number("length")], r::to_string, string::substr)
        .says(
            "So many characters of a string from an offset; a negative offset counts from the end, a negative length takes all.",
            r#"substr("hello", 1, 3)"#,
            r#""ell""#,
        ),
    pure("title", Home::Module("string"), &[text("string")], r::to_string, string::title)
        .says(
            "The string with the first letter of each word as a capital.",
            r#"title("hello world")"#,
            r#""Hello World""#,
        ),
    pure("trim", Home::Module("trimming"), &[text("string"), text("characters")], r::to_string, trimming::trim)
        .says(
            "The string without these characters at both ends.",
            r#"trim("?!hello?!", "!?")"#,
            r#""hello""#,
        ),
    pure("trimprefix", Home::Module("trimming"), &[text("string"), text("prefix")], r::to_string, trimming::trimprefix)
        .says(
            "The string without a prefix, if it has that.",
            r#"trimprefix("helloworld", "hello")"#,
            r#""world""#,
        ),
    pure("trimspace", Home::Module("trimming"), &[text("string")], r::to_string, trimming::trimspace)
        .says(
            "The string without white space at both ends.",
            r#"trimspace("  hello\n")"#,
            r#""hello""#,
        ),
    pure("trimsuffix", Home::Module("trimming"), &[text("string"), text("suffix")], r::to_string, trimming::trimsuffix)
        .says(
            "The string without a suffix, if it has that.",
            r#"trimsuffix("helloworld", "world")"#,
            r#""hello""#,
        ),
    pure("upper", Home::Module("string"), &[text("string")], r::to_string, string::upper)
        .says(
            "The string in capitals.",
            r#"upper("hello")"#,
            r#""HELLO""#,
        ),
];
