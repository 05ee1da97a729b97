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
fn control_characters_are_shown_not_sent() {
    let shown = picture("a = \u{1b}[31m bad\n", &[("bad", "no \u{1b}[0m")]);
    assert!(!shown.contains('\u{1b}'), "{shown}");
    assert!(shown.contains("\\u{1b}[31m"), "{shown}");
}

#[test]
fn long_line_is_cut_around_its_mark() {
    let text = format!("{} bad {}", "x".repeat(500), "y".repeat(500));
    let shown = picture(&text, &[("bad", "no")]);
    let lines: Vec<&str> = shown.lines().collect();
    assert!(
        lines.iter().all(|line| line.width() <= WIDEST + 12),
        "{shown}"
    );
    let column = lines[3].find("bad").unwrap();
    assert_eq!(lines[4].find('^'), Some(column));
}

#[test]
fn colours_come_only_when_asked_for() {
    let sources = Sources::default();
    let mut all = Problems::default();
    all.whole(codes::FILE_NOT_FOUND, "gone");
    assert!(problems(&all, &sources, Colour::Always).contains("\x1b[1;31m"));
    assert_eq!(
        problems(&all, &sources, Colour::Never),
        "error[file_not_found]: gone\n\n"
    );
    assert_eq!(count(&all), "1 error");
}
