//! A grid with one fault, many times: `tests/fixtures/one_fault/faults.txt` says what is wrong in `grid.hcl`. Each gives one
//! problem, which stands where the fault is; the snapshot has the words of all.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use bggo::modules::Modules;
use bggo::source::Sources;

/// One line of the list.
struct Fault {
    name: String,
    /// What stands in the grid, and what is written there instead.
    old: String,
    new: String,
    /// What stands on the line that is marked, where that is not the line of the fault.
    marked: Option<String>,
}

/// None if a line is no fault.
fn faults(list: &str) -> Option<Vec<Fault>> {
    let lines = list.lines();
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, rest) = line.split_once(" | ")?;
            let (old, new) = rest.split_once(" ~~>")?;
            let (new, marked) = match new.split_once("@@ ") {
                Some((new, marked)) => (new, Some(marked.to_owned())),
                None => (new, None),
            };
            let text = |written: &str| written.trim().replace("\\n", "\n");
            Some(Fault {
                name: name.to_owned(),
                old: text(old),
                new: text(new),
                marked,
            })
        })
        .collect()
}

/// The number of the line, from 1, on which a byte stands.
fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

#[test]
fn a_fault_is_one_problem_where_the_fault_is() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/one_fault");
    let grid = std::fs::read_to_string(folder.join("grid.hcl")).expect("the grid");
    let list = std::fs::read_to_string(folder.join("faults.txt")).expect("the list");
    let faults = faults(&list).expect("a name, two texts");
    let names: BTreeSet<&str> = faults.iter().map(|fault| fault.name.as_str()).collect();
    assert_eq!(names.len(), faults.len(), "a name stands twice");
    assert!(faults.len() >= 150, "only {} faults", faults.len());
    let (mut shown, mut wrong) = (String::new(), String::new());
    let right = check(&grid);
    assert!(right.is_empty(), "the grid itself: {right:?}");
    for fault in &faults {
        let mut places = grid.match_indices(&fault.old);
        let (Some((at, _)), None) = (places.next(), places.next()) else {
            panic!("{}: `{}` does not stand there once", fault.name, fault.old);
        };
        let mut text = grid.clone();
        text.replace_range(at..at + fault.old.len(), &fault.new);
        let lines = match &fault.marked {
            Some(marked) => {
                let line = line_of(&text, text.find(marked).expect("what is marked"));
                line..=line
            }
            None => line_of(&text, at)..=line_of(&text, at + fault.new.len()),
        };
        let found = check(&text);
        for (line, column, problem) in &found {
            let _ = writeln!(shown, "{} {line}:{column} {problem}", fault.name);
        }
        if found.len() != 1 || !lines.contains(&found[0].0) {
            let _ = writeln!(wrong, "{} in lines {lines:?}: {found:#?}", fault.name);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(folder.canonicalize().expect("the folder"));
    settings.set_omit_expression(true);
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!("faults", shown));
}

/// The problems of a grid: line, column, and code with text and hint.
fn check(text: &str) -> Vec<(usize, usize, String)> {
    let sources = Sources::from_texts(vec![("grid.hcl".to_owned(), text.to_owned())]);
    let (_, problems) = bggo::check(&sources, Modules::built_in());
    let problems = problems.list.into_iter();
    problems
        .map(|problem| {
            let start = problem.span.map_or(0, |span| span.start as usize);
            let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
            let column = text[line_start..start].chars().count() + 1;
            let hint = problem.hint.map(|hint| format!(" ({hint})"));
            let hint = hint.unwrap_or_default();
            let told = format!("{}: {}{hint}", problem.code.0, problem.text);
            (line_of(text, start), column, told)
        })
        .collect()
}
