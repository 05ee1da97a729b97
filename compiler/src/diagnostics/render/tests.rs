//! Pictures of problems.

use super::*;
use crate::diagnostics::codes;

fn picture(text: &str, marks: &[(&str, &str)]) -> String {
    let sources = Sources::from_texts(vec![("a.hcl".to_owned(), text.to_owned())]);
    let span = |piece: &str| {
        let start = text.find(piece).unwrap();
        let end = start + piece.len();
        Span {
            file: FileId(0),
            start: u32::try_from(start).unwrap(),
            end: u32::try_from(end).unwrap(),
        }
    };
    let mut all = Problems::default();
    let problem = all.error(codes::UNKNOWN_ATTRIBUTE, span(marks[0].0), marks[0].1);
    for (piece, label) in &marks[1..] {
        problem.label(span(piece), *label);
    }
    problems(&all, &sources, Colour::Never)
}

#[test]
fn labels_stand_under_their_lines_in_order() {
    let text = "one = 1\ntwo = 2\n\n\n\nthree = 3\n";
    insta::assert_snapshot!(picture(text, &[("three", "found `three`"), ("one", "first"), ("2", "second")]), @r"
    error[unknown_attribute]: found `three`
     --> a.hcl:6:1
      |
    1 | one = 1
      | --- first
    2 | two = 2
      |       - second
    ...
    6 | three = 3
      | ^^^^^
    ");
}

#[test]
fn tabs_and_wide_characters_keep_marks_in_place() {
    insta::assert_snapshot!(picture("\t\u{4e2d}\u{6587} = bad\n", &[("bad", "no")]), @r"
    error[unknown_attribute]: no
     --> a.hcl:1:7
      |
    1 |     中文 = bad
      |            ^^^
    ");
}

#[test]
fn control_characters_and_turned_text_are_shown_not_sent() {
    let controls = (0..=0x9f_u8).map(char::from).filter(|one| one.is_control());
    let turning =
        "\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
    for bad in controls.chain(turning.chars()) {
        if "\t\n\r".contains(bad) {
            continue;
        }
        let text = format!("a = {bad}[31m bad{bad}\n");
        let shown = picture(&text, &[("bad", &format!("no {bad}[0m"))]);
        assert!(!shown.contains(bad), "{bad:?}: {shown:?}");
        let lines: Vec<&str> = shown.lines().collect();
        let column = |line: &str, piece: &str| {
            let at = line.find(piece).unwrap();
            line[..at].chars().count()
        };
        assert_eq!(column(lines[4], "^"), column(lines[3], "bad"), "{shown}");
    }
}

#[test]
fn long_line_is_cut_around_its_mark() {
    let text = format!("{} bad {}", "x".repeat(500), "y".repeat(500));
    let shown = picture(&text, &[("bad", "no")]);
    let lines: Vec<&str> = shown.lines().collect();
    let widest = lines.iter().map(|line| line.len()).max();
    assert!(widest <= Some(150), "{shown}");
    let column = lines[3].find("bad").unwrap();
    assert_eq!(lines[4].find('^'), Some(column));
}

#[test]
fn colours_come_only_when_asked_for() {
    let sources = Sources::default();
    let mut all = Problems::default();
    all.whole(codes::FILE_NOT_FOUND, "gone");
    assert!(problems(&all, &sources, Colour::Always).contains("\x1b["));
    assert_eq!(
        problems(&all, &sources, Colour::Never),
        "error[file_not_found]: gone\n\n"
    );
    assert_eq!(count(&all), "1 error");
}

#[test]
fn the_total_names_the_grid() {
    let mut all = Problems::default();
    let named = |name: &str| Sources {
        name: name.to_owned(),
        ..Sources::default()
    };
    assert_eq!(total(&all, &named("a.hcl")), "");
    all.whole(codes::NO_STEPS, "the grid has no step");
    assert_eq!(total(&all, &named("a.hcl")), "a.hcl: 1 error");
    assert_eq!(total(&all, &named("a\x1b.hcl")), "a\\u{1b}.hcl: 1 error");
    assert_eq!(total(&all, &Sources::default()), "1 error");
}

#[test]
fn of_a_problem_with_a_secret_the_place_is_shown_and_no_line() {
    let text = "locals {\n  token = \"s3cret\"\n}\n";
    let sources = Sources::from_texts(vec![("a.hcl".to_owned(), text.to_owned())]);
    let start = u32::try_from(text.find("\"s3cret").unwrap()).unwrap();
    let span = Span {
        file: FileId(0),
        start,
        end: start + 8,
    };
    let mut all = Problems::default();
    all.warning(codes::LITERAL_SECRET, span, "this looks like a key")
        .hide_lines()
        .hint("write a variable");
    let shown = problems(&all, &sources, Colour::Never);
    assert!(shown.contains("a.hcl:2:11"), "{shown}");
    let forms = [
        shown,
        crate::diagnostics::json::report(&all, &sources),
        crate::diagnostics::sarif::report(&all, &sources),
        crate::diagnostics::github::report(&all, &sources),
    ];
    for form in forms {
        assert!(!form.contains("s3cret"), "{form}");
    }
}
