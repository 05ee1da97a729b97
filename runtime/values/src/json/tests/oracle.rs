//! Our reader and writer against serde_json's: the same texts are JSON, with equal values, written as equal texts.
//!
//! Where the two differ by intent:
//! - a byte-order mark before the value is passed over here and refused there;
//! - numbers are decimals of 28 digits here, and out of range beyond; floats of 53 bits there, out of range beyond 1e308;
//! - half of a surrogate pair (`\ud800`) is U+FFFD here and refused there when a value is made;
//! - nesting is bounded by 10,000 and 1,000 levels here, by 127 there;
//! - a repeated key has its last value in both, but keeps its first place here.

use super::{any_value, spaced};
use crate::Value;
use crate::json::{RawJson, decode, encode, encode_plain};
use proptest::prelude::*;
use serde::de::IgnoredAny;

/// Whether serde_json takes the text as JSON. Without a value in the making, it knows no bounds and no surrogates.
fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

fn same(ours: &Value, theirs: &serde_json::Value) -> bool {
    use serde_json::Value as Json;
    match (ours, theirs) {
        (Value::Null, Json::Null) => true,
        (Value::Bool(ours), Json::Bool(theirs)) => ours == theirs,
        (Value::Text(ours), Json::String(theirs)) => ours.as_str() == theirs,
        (Value::Number(ours), Json::Number(theirs)) => {
            if theirs.is_f64() {
                let ours: f64 = ours.to_string().parse().unwrap();
                let theirs = theirs.as_f64().unwrap();
                (ours - theirs).abs() <= 1e-14 * theirs.abs() + 1e-27
            } else {
                ours.to_string() == theirs.to_string()
            }
        }
        (Value::List(ours), Json::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| same(a, b))
        }
        (Value::Object(ours), Json::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().all(|(key, value)| {
                    theirs
                        .get(key.as_str())
                        .is_some_and(|other| same(value, other))
                })
        }
        _ => false,
    }
}

/// Checks one text in both: whether it is JSON, its value, and the value written again.
fn agree(text: &str) -> Result<(), TestCaseError> {
    let raw = RawJson::from_text(text);
    let stripped = text.strip_prefix('\u{feff}').unwrap_or(text);
    prop_assert_eq!(raw.is_ok(), is_json(stripped), "{}", text);
    let (Ok(ours), Ok(theirs)) = (decode(text), serde_json::from_str(stripped)) else {
        return Ok(());
    };
    prop_assert!(same(&ours, &theirs), "{text}: {ours:?} {theirs:?}");
    for written in [
        encode(&ours),
        encode_plain(&ours),
        encode(&Value::Raw(raw.clone().unwrap())),
        encode_plain(&Value::Raw(raw.unwrap())),
    ] {
        let again = serde_json::from_str::<serde_json::Value>(&written).unwrap();
        prop_assert!(same(&ours, &again), "{text}: {written}");
    }
    Ok(())
}

/// A text of JSON with one piece taken out, put in or written twice.
fn mutated(text: &str, (at, length, how): (usize, usize, u8), piece: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let at = at % (letters.len() + 1);
    let end = (at + length).min(letters.len());
    let join = |part: &[char]| part.iter().collect::<String>();
    let (before, middle, after) = (
        join(&letters[..at]),
        join(&letters[at..end]),
        join(&letters[end..]),
    );
    match how % 4 {
        0 => format!("{before}{after}"),
        1 => format!("{before}{piece}{middle}{after}"),
        2 => format!("{before}{middle}{middle}{after}"),
        _ => format!("{before}{piece}{after}"),
    }
}

#[test]
fn texts_at_the_edges_of_the_grammar() {
    let texts = [
        "",
        " ",
        "0",
        "-0",
        "00",
        "01",
        "-",
        "-01",
        "1.",
        ".1",
        "1.0",
        "1e",
        "1e+",
        "1e+05",
        "1E-2",
        "+1",
        "1 1",
        "[",
        "]",
        "[]",
        "[,]",
        "[1,]",
        "[1,2]",
        "{",
        "{}",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\":1,\"a\":2}",
        "{a:1}",
        "\"",
        "\"\\",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u00e9\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\t\"",
        "\"\u{7f}\"",
        "tru",
        "true",
        "True",
        "nul",
        "null",
        "NaN",
        "Infinity",
        "'a'",
        "\u{a0}1",
        "1\u{c}",
        "// c\n1",
        "[1]]",
        "{}{}",
        "\u{feff}1",
        "1e400",
        "123456789012345678901234567890",
        "0.1234567890123456789012345678901",
    ];
    for text in texts {
        agree(text).unwrap();
    }
}

proptest! {
    #[test]
    fn written_values_agree(value in any_value()) {
        for text in [encode(&value), encode_plain(&value), spaced(&encode_plain(&value))] {
            agree(&text)?;
        }
    }

    #[test]
    fn strings_are_written_alike(text in any::<String>()) {
        let theirs = serde_json::to_string(&text).unwrap();
        prop_assert_eq!(encode_plain(&Value::from(text)), theirs);
    }

    #[test]
    fn mutated_texts_agree(
        value in any_value(),
        change in (any::<usize>(), 0usize..8, any::<u8>()),
        piece in "[\\[\\]{}\",:0-9eE.+tfn\\\\u \u{feff}-]{0,3}",
    ) {
        agree(&mutated(&encode_plain(&value), change, &piece))?;
    }

    #[test]
    fn noise_agrees(text in "[\\[\\]{}\",:0-2eE.+truefalsn\\\\ -]{0,12}") {
        agree(&text)?;
    }
}
