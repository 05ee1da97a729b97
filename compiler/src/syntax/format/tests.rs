//! Forms of texts against those of `terraform fmt`, and the few that differ.

use super::format;
use crate::source::{FileId, Sources};

fn formatted(text: &str) -> Option<String> {
    let sources = Sources::from_texts(vec![("a.hcl".to_owned(), text.to_owned())]);
    format(&sources, FileId(0)).ok()
}

/// Pairs of a text and what `terraform fmt` (1.11) makes of it.
#[test]
fn a_text_gets_the_form_that_terraform_gives_it() {
    let cases: Vec<(String, String)> =
        serde_json::from_str(include_str!("formatted.json")).unwrap();
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    for (text, expected) in cases {
        assert_eq!(formatted(&text).as_ref(), Some(&expected), "{text}");
        assert_eq!(formatted(&expected).as_ref(), Some(&expected), "{text}");
        let [text, expected] =
            [text, expected].map(|text| text.replace('\n', "\r\n").replace("\r\r", "\r"));
        assert_eq!(formatted(&text).as_ref(), Some(&expected), "{text:?}");
    }
}

/// What Terraform makes of them is no HCL, lacks a part, or is another text the second time.
#[test]
fn no_form_loses_anything_or_has_another_form() {
    let cases = [
        // Terraform drops the comments.
        (
            "a /* b */ c /* d */ e {\n}\n",
            "a /* b */ \"c\" /* d */ \"e\" {\n}\n",
        ),
        // Terraform drops the labels.
        ("a \"b$c\" \"$${d}\" {\n}\n", "a \"b$c\" \"$${d}\" {\n}\n"),
        // Terraform leaves `+ (y)` and `x` to lines of their own.
        ("a = \"${(x)\n + (y)}\"\n", "a = ((x)\n+ (y))\n"),
        ("a = \"${ # c\nx }\"\n", "a = ( # c\nx)\n"),
        ("a { b = \"${x # c\n}\" }\n", "a { b = (x # c\n) }\n"),
        // Terraform unwraps one hole a time.
        ("a = \"${\"${x}\"}\"\n", "a = x\n"),
        (
            "a = \"${/* b */ \"${ x }\" # c\n}\"\n",
            "a = /* b */ x # c\n\n",
        ),
        // Terraform joins the indexes to one number.
        ("a = b . 0 . 1\n", "a = b.0 .1\n"),
    ];
    for (text, expected) in cases {
        assert_eq!(formatted(text).as_deref(), Some(expected), "{text}");
        assert_eq!(formatted(expected).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn a_text_with_a_wrong_syntax_has_no_form() {
    for text in [
        "a = \n",
        "a = [1,,2]\n",
        "a {\n",
        "a = \"${x\"\n",
        "a = 1 2\n",
        "a { b = 1 c = 2 }\n",
    ] {
        assert_eq!(formatted(text), None, "{text}");
    }
    // What a grid may hold is another matter.
    assert!(formatted("unknown \"x\" { y = z }\n").is_some());
}

#[test]
fn a_byte_order_mark_goes() {
    assert_eq!(formatted("\u{feff}a=1\n").as_deref(), Some("a = 1\n"));
}
