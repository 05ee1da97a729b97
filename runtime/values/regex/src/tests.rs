//! `replace` against results of Terraform 1.11 (`terraform console`, each call inside `jsonencode`), and what only we bound.
//!
//! A file of cases holds a call a line, its arguments literals, and below it the result as JSON, or the text of the fault.

mod published;

use crate::replace;
use crate::{is_found, may_be_found};
use bggo_values::{Value, json, literal};

/// Pairs of a line and the indented line below it.
fn cases(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    std::iter::from_fn(move || Some((lines.next()?, lines.next()?.trim_start())))
}

fn run(line: &str) -> Result<Value, String> {
    let arguments = line.strip_prefix("replace(").unwrap();
    let arguments = literal::value(&format!("[{}]", arguments.strip_suffix(')').unwrap())).unwrap();
    let Value::List(arguments) = arguments else {
        panic!("{line}: no list")
    };
    replace(&arguments).map_err(|fault| fault.to_string())
}

fn replaced(text: &str, pattern: &str, with: &str) -> Result<Value, String> {
    let call = [text, pattern, with].map(|text| Value::from(text.to_owned()));
    replace(&call).map_err(|fault| fault.to_string())
}

#[test]
fn each_call_gives_what_terraform_gives() {
    let mut wrong = Vec::new();
    for (line, expected) in cases(include_str!("tests/terraform.cases")) {
        match run(line) {
            Ok(value) if value == json::decode(expected).unwrap() => {}
            Ok(value) => wrong.push(format!("{line}\n    {}", json::encode(&value))),
            Err(fault) => wrong.push(format!("{line}\n    ! {fault}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_fault_names_the_place_in_the_pattern_and_no_part_of_it() {
    let mut wrong = Vec::new();
    for (line, expected) in cases(include_str!("tests/faults.cases")) {
        match run(line) {
            Err(fault) if fault == expected => {}
            Err(fault) => wrong.push(format!("{line}\n    {fault}")),
            Ok(value) => wrong.push(format!("{line}\n    = {}", json::encode(&value))),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn groups_in_groups_are_read_as_far_as_the_bound_and_refused_beyond_it() {
    let nested = |depth: usize| format!("/{}x{}/", "(?:".repeat(depth), ")*".repeat(depth));
    assert_eq!(replaced("axb", &nested(100), "-"), Ok("-a-b-".into()));
    let fault = replaced("axb", &nested(100_000), "-").unwrap_err();
    assert!(
        fault.ends_with("groups lie too deep in each other"),
        "{fault}"
    );
}

#[test]
fn an_expression_that_would_take_too_much_memory_is_refused() {
    let fault = replaced("a", &format!("/{}/", "\\pL{1000}".repeat(50)), "").unwrap_err();
    assert!(
        fault.ends_with("the regular expression is too large"),
        "{fault}"
    );
}

#[test]
fn more_expressions_than_are_kept_give_the_same_results_each_time() {
    for _ in 0..3 {
        for number in 0..3 * crate::KEPT {
            let pattern = format!("/^x{{{number}}}(.)/");
            let text = format!("{}yz", "x".repeat(number));
            assert_eq!(replaced(&text, &pattern, "$1$1"), Ok("yyz".into()));
        }
    }
}

#[test]
fn a_fault_is_the_same_again() {
    let first = replaced("a", "/(/", "").unwrap_err();
    assert_eq!(replaced("b", "/(/", "").unwrap_err(), first);
}

#[test]
fn a_wrong_argument_is_a_fault() {
    let fault = replace(&[Value::Null, "/a/".into(), "".into()]).unwrap_err();
    assert_eq!(fault.text(), "argument 1 of `replace` must not be null");
    let fault = replace(&["a".into()]).unwrap_err();
    assert_eq!(fault.text(), "`replace` needs 3 arguments, found 1");
}

#[test]
fn a_text_that_is_known_in_part_can_match_unless_its_known_pieces_forbid_it() {
    let url = r"^\s*(?i:https?)://[^/:]+(?::[0-9]{1,4})?(?:/.*)?$";
    let can = |pattern: &str, pieces: &[Option<&str>]| may_be_found(pattern, pieces).unwrap();
    let rest = None;
    for possible in [
        &[rest] as &[Option<&str>],
        &[rest, Some("/x")],
        &[Some("http"), rest, Some("://"), rest],
        &[Some("HTTPS://a:80"), rest],
        &[Some(""), rest, Some(""), rest],
        &[Some("http://a/"), rest, Some("://127.0.0.1")],
        &[Some("http://"), Some("host")],
    ] {
        assert!(can(url, possible), "{possible:?}");
    }
    for impossible in [
        &[] as &[Option<&str>],
        &[Some("127.0.0.1:8080/"), rest],
        &[Some("ftp://"), rest],
        &[Some("http://a:99999"), rest],
        &[Some("http:/"), Some("host"), rest],
    ] {
        assert!(!can(url, impossible), "{impossible:?}");
    }
    // Without anchors the pattern may lie in a piece that is not known.
    assert!(can("b+", &[Some("a"), rest]));
    assert!(can("ab", &[Some("xa"), Some("b")]));
    assert!(!can("ab$", &[rest, Some("a")]));
    assert!(!can("^b", &[Some("a"), rest]));
    assert!(!can("^[^\\n]*$", &[rest, Some("\n"), rest]));
    assert!(can(r"(?m)^b\b", &[Some("a\n"), rest]));
    assert!(can("^\u{e4}[\u{f6}-\u{fc}]$", &[Some("\u{e4}"), rest]));
    assert!(!can(
        "^\u{e4}[\u{f6}-\u{fc}]$",
        &[Some("\u{e4}\u{e4}"), rest]
    ));
    assert!(may_be_found("(", &[rest]).is_err());
}

#[test]
fn a_text_that_is_known_as_a_whole_can_match_exactly_if_it_does() {
    let patterns = ["^a*b?$", "a|bc", "^(?:ab|a)c", "[^a]$", "^$", "x{2,3}y"];
    let texts = ["", "a", "ab", "abc", "bc", "xxy", "xy", "aab", "c"];
    for pattern in patterns {
        for text in texts {
            for at in 0..=text.len() {
                let pieces = [Some(&text[..at]), Some(&text[at..])];
                assert_eq!(
                    may_be_found(pattern, &pieces),
                    is_found(pattern, text),
                    "{pattern} in {text}"
                );
            }
        }
    }
}
