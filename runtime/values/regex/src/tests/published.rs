//! The engine against facts that RE2's and Go's own tests publish: patterns, texts and where matches lie.
//!
//! Where this crate differs by intent, the row is left out of the comparison and the reason stands in `different`.
//! Not taken over are Go's tests of POSIX matching (`basic.dat` and its like), for the longest match is not what Terraform
//! looks for, and those whose texts are no UTF-8, which no text of a grid is.

use super::replaced;
use crate::compiled;
use bggo_values::{Value, json};
use regex_automata::Input;

/// Why a row does not hold here, where it does not.
fn different(pattern: &str, searched: &str) -> Option<&'static str> {
    if pattern.contains("\\C") {
        return Some("`\\C` is a single byte, and so half a letter: Go refuses it as well");
    }
    if pattern.contains("\\B") && !searched.is_ascii() {
        return Some(
            "RE2 looks for `\\B` inside of a letter too; Go and this engine only between letters",
        );
    }
    None
}

/// The rows of a file: a list of JSON a line.
fn rows(text: &'static str) -> impl Iterator<Item = Vec<Value>> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| match json::decode(line) {
        Ok(Value::List(items)) => items.to_vec(),
        other => panic!("{line}: {other:?}"),
    })
}

fn text(row: &[Value], place: usize) -> &str {
    row[place].as_text().unwrap()
}

/// The first match and its groups as a row has them: `0-2 - 1-2`, or `-` when there is none.
fn first(pattern: &str, text: &str) -> Result<String, String> {
    let pattern = compiled(pattern)?;
    let mut groups = pattern.regex.create_captures();
    pattern
        .regex
        .search_captures(&Input::new(text), &mut groups);
    if !groups.is_match() {
        return Ok("-".to_owned());
    }
    // A group that is repeated no time at all is none to the engine.
    let spans: Vec<String> = (0..pattern.names.len())
        .map(|group| match groups.get_group(group) {
            Some(span) => format!("{}-{}", span.start, span.end),
            None => "-".to_owned(),
        })
        .collect();
    Ok(spans.join(" "))
}

#[test]
fn first_matches_lie_where_re2_and_go_find_them() {
    let (mut wrong, mut compared, mut excused) = (Vec::new(), 0, 0);
    for row in rows(include_str!("search.rows")) {
        let (pattern, searched, expected) = (text(&row, 0), text(&row, 1), text(&row, 2));
        let found = first(pattern, searched);
        if different(pattern, searched).is_some() {
            excused += usize::from(found.as_deref() != Ok(expected));
            continue;
        }
        compared += 1;
        if found.as_deref() != Ok(expected) {
            wrong.push(format!(
                "{pattern:?} in {searched:?}: {found:?}, not {expected}"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {compared}\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(
        compared > 500 && excused > 0,
        "{compared} rows, {excused} excused"
    );
}

#[test]
fn all_matches_lie_where_go_finds_them() {
    let mut wrong = Vec::new();
    for row in rows(include_str!("find.rows")) {
        let (pattern, searched) = (text(&row, 0), text(&row, 1));
        let Value::List(matches) = &row[2] else {
            panic!("{pattern}: no list")
        };
        let matches: Vec<&str> = matches
            .iter()
            .map(|found| found.as_text().unwrap())
            .collect();
        let expected = matches.first().copied().unwrap_or("-");
        let found = first(pattern, searched);
        if found.as_deref() != Ok(expected) {
            wrong.push(format!(
                "{pattern:?} in {searched:?}: {found:?}, not {expected}"
            ));
        }
        // Each match in brackets, as `replace` finds them one after the other.
        let (mut bracketed, mut copied) = (String::new(), 0);
        for found in matches {
            let whole = found.split(' ').next().unwrap();
            let (start, end) = whole.split_once('-').unwrap();
            let (start, end): (usize, usize) = (start.parse().unwrap(), end.parse().unwrap());
            bracketed.push_str(&searched[copied..start]);
            bracketed.push_str(&format!("<{}>", &searched[start..end]));
            copied = end;
        }
        bracketed.push_str(&searched[copied..]);
        let found = replaced(searched, &format!("/{pattern}/"), "<$0>");
        if found != Ok(Value::from(bracketed.clone())) {
            wrong.push(format!(
                "{pattern:?} in {searched:?}: {found:?}, not {bracketed}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn replacements_are_those_of_go() {
    let mut wrong = Vec::new();
    for row in rows(include_str!("replace.rows")) {
        let [pattern, with, searched, expected] = [0, 1, 2, 3].map(|place| text(&row, place));
        let found = replaced(searched, &format!("/{pattern}/"), with);
        if found != Ok(Value::from(expected.to_owned())) {
            wrong.push(format!(
                "{pattern:?} by {with:?} in {searched:?}: {found:?}, not {expected}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
