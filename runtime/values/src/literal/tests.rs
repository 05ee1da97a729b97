//! Literals: values, files of attributes, bodies, and every fault.

use super::{Item, attributes, body, value};
use crate::json::encode_plain;
use proptest::prelude::*;

fn shown(text: &str) -> String {
    match value(text) {
        Ok(value) => encode_plain(&value),
        Err(fault) => panic!("{text}: {fault}"),
    }
}

fn fault(text: &str) -> (usize, String) {
    let fault = value(text).expect_err(text);
    (fault.offset, fault.text)
}

#[test]
fn every_form_of_a_literal_is_read() {
    let cases = [
        ("1", "1"),
        ("-1.50", "-1.5"),
        ("- 2", "-2"),
        ("1e3", "1000"),
        ("1.5E-2", "0.015"),
        ("true", "true"),
        ("false", "false"),
        ("null", "null"),
        ("(1)", "1"),
        ("( \n [ (2) ] )", "[2]"),
        (r#""a""#, r#""a""#),
        (r#" "a" # comment"#, r#""a""#),
        ("/* a */ 1 // b", "1"),
        ("[]", "[]"),
        ("[1, \"a\", [true,],\n]", r#"[1,"a",[true]]"#),
        ("[ # one\n 1, /* two */ 2 // three\n]", "[1,2]"),
        ("{}", "{}"),
        ("{a=1,b:2}", r#"{"a":1,"b":2}"#),
        (
            "{\n  b = 1\n  \"a b\" = [\n 2 ]\n\n  (\"c\") = 3, d-e = {}\n}",
            r#"{"b":1,"a b":[2],"c":3,"d-e":{}}"#,
        ),
        (
            "{1 = 2, -1.50 = 3, true = 4}",
            r#"{"1":2,"-1.5":3,"true":4}"#,
        ),
        ("{a = 1, b = 2, a = 3}", r#"{"a":3,"b":2}"#),
        ("{a =\n 1}", r#"{"a":1}"#),
        ("{\"a\":1}\r\n", r#"{"a":1}"#),
        ("\u{FEFF}1", "1"),
    ];
    for (text, expected) in cases {
        assert_eq!(shown(text), expected, "{text}");
    }
}

#[test]
fn escapes_and_signs_of_quoted_strings() {
    let cases = [
        (r#""\n\r\t\"\\""#, "\n\r\t\"\\"),
        (r#""\u00e9\U0001F600""#, "é😀"),
        (r#""$${a} %%{b}""#, "${a} %{b}"),
        (r#""$$ $ % %% $$$${""#, "$$ $ % %% $$${"),
        (r#""100%""#, "100%"),
        (r#""{}[]#//""#, "{}[]#//"),
        (r#""""#, ""),
    ];
    for (text, expected) in cases {
        assert_eq!(value(text).unwrap().as_text(), Some(expected), "{text}");
    }
}

#[test]
fn heredocs() {
    let cases = [
        ("<<EOT\na\n  b\nEOT", "a\n  b\n"),
        ("<<EOT\nEOT\n", ""),
        ("<<-EOT\n    a\n      b\n\n    c\n  EOT\n", "a\n  b\n\nc\n"),
        ("<<EOT\r\na\r\nEOT\r\n", "a\r\n"),
        (
            "<<-EOT\n    x\n      \n   \n\n  \tz\n  EOT",
            " x\n      \n   \n\nz\n",
        ),
        ("<<E\n\\n \"q\" $${x} $ %%{y}\nE", "\\n \"q\" ${x} $ %{y}\n"),
        ("<<E\nE E\n   E", "E E\n"),
    ];
    for (text, expected) in cases {
        assert_eq!(
            value(text)
                .unwrap_or_else(|fault| panic!("{text}: {fault}"))
                .as_text(),
            Some(expected),
            "{text}"
        );
    }
    assert_eq!(shown("[<<A\nx\nA\n, <<B\ny\nB\n]"), r#"["x\n","y\n"]"#);
    assert_eq!(shown("{a = <<A\nx\nA\nb = 1}"), r#"{"a":"x\n","b":1}"#);
}

#[test]
fn each_fault_of_a_value_has_its_place_and_its_text() {
    let expression = "only a literal value can stand here, not an expression";
    let cases = [
        ("", 0, "expected a value, found the end of the text"),
        (
            "a",
            0,
            "only a literal value can stand here, not the name `a`: a text needs quotes",
        ),
        (
            " var.x",
            1,
            "only a literal value can stand here, not the name `var`: a text needs quotes",
        ),
        (
            "upper(\"a\")",
            0,
            "only a literal value can stand here, not a call of `upper`",
        ),
        ("1 + 2", 2, expression),
        ("\"a\" == \"b\"", 4, expression),
        ("true ? 1 : 2", 5, expression),
        ("[1][0]", 3, expression),
        ("!true", 0, "expected a value, found `!`"),
        ("-a", 1, "expected a number after `-`, found `a`"),
        ("1 2", 2, "expected the end of the value, found `2`"),
        (
            "10s",
            2,
            "a number cannot go on with a letter: a text needs quotes",
        ),
        ("1.5.2", 3, expression),
        (
            "12345678901234567890123456789",
            0,
            "a number has at most 28 digits before and after the point",
        ),
        ("[1 2]", 3, "expected `,` or `]`, found `2`"),
        ("[1", 2, "expected `,` or `]`, found the end of the text"),
        (
            "[for x in y : x]",
            1,
            "only a literal value can stand here, not a `for`",
        ),
        (
            "{for x in y : x => x}",
            1,
            "only a literal value can stand here, not a `for`",
        ),
        ("{a}", 2, "expected `=` or `:` after a key, found `}`"),
        (
            "{a = 1 b = 2}",
            7,
            "expected `,`, `}` or a new line, found `b`",
        ),
        ("{= 1}", 1, "expected a key or `}`, found `=`"),
        ("{(null) = 1}", 1, "a key must be a string"),
        ("{[1] = 1}", 1, "expected a key or `}`, found `[`"),
        ("(1", 2, "expected `)`, found the end of the text"),
        ("\"a", 2, "a quoted string has no closing quote"),
        (
            "\"a\nb\"",
            2,
            "a quoted string ends on its line: write `\\n`, or a heredoc",
        ),
        (
            "\"\\x\"",
            1,
            "no such escape: a backslash stands before n, r, t, \", \\, uNNNN or UNNNNNNNN",
        ),
        ("\"\\u12\"", 1, "`\\u` needs 4 hexadecimal digits"),
        ("\"\\U0000000g\"", 1, "`\\U` needs 8 hexadecimal digits"),
        ("\"\\ud800\"", 1, "`\\ud800` is no character"),
        ("\"a\\", 3, "a quoted string has no closing quote"),
        (
            "\"a ${b}\"",
            3,
            "only a literal text can stand here: write `$${` for `${`",
        ),
        (
            "\"%{if a}\"",
            1,
            "only a literal text can stand here: write `%%{` for `%{`",
        ),
        (
            "<<",
            2,
            "expected a word after `<<`, found the end of the text",
        ),
        (
            "<<A b",
            3,
            "expected the end of the line after the heredoc's word, found ` `",
        ),
        ("<<A\nb", 0, "a heredoc has no closing `A`"),
        (
            "<<A\n${b}\nA",
            4,
            "only a literal text can stand here: write `$${` for `${`",
        ),
        ("/* a", 0, "a comment that begins with `/*` has no `*/`"),
        ("`", 0, "expected a value, found a backquote"),
        ("\u{1}", 0, "expected a value, found the character U+0001"),
    ];
    for (text, offset, expected) in cases {
        assert_eq!(fault(text), (offset, expected.to_string()), "{text}");
    }
}

#[test]
fn nesting_is_limited_to_64_levels() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(value(&nested(64)).is_ok());
    assert_eq!(
        fault(&nested(65)),
        (64, "nested deeper than 64 levels".to_string())
    );
    assert!(value(&"{a=".repeat(100_000)).is_err());
    assert!(value(&"(".repeat(100_000)).is_err());
    assert!(body(&"a {\n".repeat(100_000)).is_err());
    assert!(crate::types::parse(&"list(".repeat(100_000)).is_err());
}

#[test]
fn a_file_of_attributes_keeps_order_and_places() {
    let text =
        "# settings\nurl = \"http://x\"\n\nusers = [\n  1,\n] // two\nlist = <<E\na\nE\nlast = {}";
    let found = attributes(text).unwrap();
    let shown: Vec<String> = found
        .iter()
        .map(|(name, value, at)| format!("{at} {name} {}", encode_plain(value)))
        .collect();
    assert_eq!(
        shown,
        [
            "11 url \"http://x\"",
            "29 users [1]",
            "53 list \"a\\n\"",
            "68 last {}"
        ]
    );
    assert_eq!(attributes(" \n # nothing\n").unwrap(), []);
}

#[test]
fn each_fault_of_a_file_of_attributes() {
    let cases = [
        ("a = 1\na = 2", 6, "`a` is set twice"),
        ("a 1", 2, "expected `=` after `a`, found `1`"),
        ("a == 1", 2, "expected `=` after `a`, found `=`"),
        ("a =", 3, "expected a value, found the end of the text"),
        ("a = \n1", 4, "expected a value, found the end of the line"),
        ("a = 1 b = 2", 6, "expected the end of the line, found `b`"),
        (
            "a = b.c",
            4,
            "only a literal value can stand here, not the name `b`: a text needs quotes",
        ),
        ("= 1", 0, "expected the name of a variable, found `=`"),
        ("a { }", 2, "expected `=` after `a`, found `{`"),
    ];
    for (text, offset, expected) in cases {
        let fault = attributes(text).expect_err(text);
        assert_eq!(
            (fault.offset, fault.text.as_str()),
            (offset, expected),
            "{text}"
        );
    }
}

#[test]
fn a_body_has_attributes_blocks_and_types() {
    let text = "runner \"http_request\" {\n  description = \"x\"\n  input \"url\" { type = string }\n  input json {\n    type = optional_no\n  }\n}";
    assert_eq!(
        body(text).unwrap_err().offset,
        text.find("optional_no").unwrap()
    );
    let text = "runner \"r\" {\n  description = \"x\"\n  input \"a\" \"b\" { type = list(string) }\n  input c {\n    default = null\n    on = true\n  }\n}\nversion = 1\n";
    let read = body(text).unwrap();
    assert_eq!(read.attributes[0].0, "version");
    assert_eq!(read.attributes[0].2, text.find("version").unwrap());
    let runner = &read.blocks[0];
    assert_eq!(
        (
            runner.kind.as_str(),
            runner.labels.as_slice(),
            runner.offset
        ),
        ("runner", &["r".to_string()][..], 0)
    );
    let input = &runner.body.blocks[0];
    assert_eq!(input.labels, ["a", "b"]);
    assert_eq!(
        input.body.attributes[0].1,
        Item::Type(crate::types::parse("list(string)").unwrap())
    );
    let other = &runner.body.blocks[1];
    assert_eq!(other.labels, ["c"]);
    assert_eq!(other.body.attributes[0].1, Item::Value(crate::Value::Null));
    assert_eq!(
        other.body.attributes[1].1,
        Item::Value(crate::Value::Bool(true))
    );
}

#[test]
fn each_fault_of_a_body() {
    let cases = [
        (
            "a",
            1,
            "expected `=`, a label or `{` after `a`, found the end of the text",
        ),
        (
            "a {",
            3,
            "expected an attribute, a block or `}`, found the end of the text",
        ),
        ("}", 0, "expected an attribute or a block, found `}`"),
        ("a {} b {}", 5, "expected the end of the line, found `b`"),
        ("a {\n b = 1\n b = 2\n}", 12, "`b` is set twice"),
        (
            "a = strin",
            4,
            "there is no type `strin`: a type is string, number, bool, duration, size, bytes, any, list(..), set(..), map(..), object({..}) or tuple([..])",
        ),
        (
            "a = list(string",
            15,
            "expected `)`, found the end of the text",
        ),
    ];
    for (text, offset, expected) in cases {
        let fault = body(text).expect_err(text);
        assert_eq!(
            (fault.offset, fault.text.as_str()),
            (offset, expected),
            "{text}"
        );
    }
}

#[test]
fn a_condition_is_kept_as_the_text_of_an_expression() {
    let read = |text: &str| {
        let body = body(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        body.attributes.into_iter().map(|(_, item, _)| item)
    };
    for (text, expected, after) in [
        ("condition = a.b > 1 # why", "a.b > 1", 0),
        ("condition = a // why\nb = 1", "a", 1),
        (
            "condition = a == \"# ${b[\"}\"]} \\\" $${\"\r\nb = 1",
            "a == \"# ${b[\"}\"]} \\\" $${\"",
            1,
        ),
        (
            "condition = f(\n  a, # )\n  [1, // ]\n  2] /* } */\n)\nb = 1",
            "f(\n  a, # )\n  [1, // ]\n  2] /* } */\n)",
            1,
        ),
        (
            "condition = \"%{ if a }}%{ endif }\"",
            "\"%{ if a }}%{ endif }\"",
            0,
        ),
    ] {
        let mut items = read(text);
        assert_eq!(
            items.next(),
            Some(Item::Expression(expected.to_owned(), 12)),
            "{text}"
        );
        assert_eq!(items.count(), after, "{text}");
    }
    let one_line = body("rule { condition = { a = 1 }.a > 0 }").unwrap();
    assert_eq!(
        one_line.blocks[0].body.attributes[0].1,
        Item::Expression("{ a = 1 }.a > 0".to_owned(), 19)
    );
    for (text, expected) in [
        (
            "condition =",
            "expected an expression, found the end of the text",
        ),
        ("condition = (a]", "`]` closes nothing"),
        ("condition = (a", "a `)` is missing"),
        ("condition = \"a", "a quoted string has no closing quote"),
        (
            "condition = \"a\n\"",
            "a quoted string ends on its line: write `\\n`",
        ),
        (
            "condition = <<A\nb\nA",
            "a heredoc cannot stand here: write a quoted string",
        ),
    ] {
        assert_eq!(body(text).expect_err(text).text, expected, "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_readers_panic(text in any::<String>(), noise in "[a-c=\\[\\]{}()\",:0-9eE.<\n\\\\u $%#/*-]{0,60}") {
        for text in [format!("condition = {text}"), format!("condition = {noise}"), text, noise] {
            for offset in [value(&text).err(), body(&text).err(), attributes(&text).err()].into_iter().flatten().map(|fault| fault.offset) {
                prop_assert!(text.is_char_boundary(offset), "{} of {:?}", offset, text);
            }
            let _ = crate::types::parse(&text);
        }
    }
}
