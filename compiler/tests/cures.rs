//! Fixes hold what they promise: where one is made, the problem is gone and no error stands there any more. Of all fixtures
//! and pages, so that a fix which leads to a second error fails here; and so does a hint that reads as a replacement and has
//! none.

use std::fs;
use std::path::{Path, PathBuf};

use bggo::diagnostics::{Fix, Problem, Problems, Severity, fix};
use bggo::modules::Modules;
use bggo::source::{FileId, Sources};

/// What a hint says to write, where it says that in full.
fn replacement(hint: &str) -> Option<&str> {
    let rest = hint
        .strip_prefix("did you mean `")
        .or_else(|| hint.strip_prefix("write `"))?;
    let (text, after) = rest.split_once('`')?;
    let in_full = ["", "?"].contains(&after) || after.starts_with(": ");
    // `..` and words in capitals stand for what only the author knows.
    let open = text.contains("..")
        || text
            .split(|letter: char| !letter.is_ascii_alphabetic())
            .any(|word| ["NAME", "RUNNER", "ASSET"].contains(&word));
    (in_full && !open).then_some(text)
}

/// Whether a hint may read as a replacement and be none.
fn is_no_fix(problem: &Problem) -> bool {
    let hint = problem.hint.as_deref().unwrap_or_default();
    match problem.code.0 {
        // Words within a text.
        "quoted_reference" => hint.starts_with("write `${"),
        // Examples.
        "threshold_form" => true,
        "invalid_reference" => hint.starts_with("write `[{"),
        // An example of a type: what its items are, only the author knows.
        "invalid_type" => hint.contains("string"),
        _ => false,
    }
}

fn problems_of(sources: &Sources, parse_only: bool) -> Problems {
    if parse_only {
        return bggo::on_a_large_stack(|| bggo::syntax::parse(sources).1);
    }
    let mut sources = sources.clone();
    bggo::read_files(&mut sources, Modules::built_in());
    bggo::check(&sources, Modules::built_in()).1
}

fn grids() -> std::io::Result<Vec<(String, String, bool)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root.join("tests/fixtures/diagnostics")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "hcl") {
                let text = fs::read_to_string(&path)?;
                let parse_only = path.to_string_lossy().contains("/syntax/");
                found.push((path.display().to_string(), text, parse_only));
            }
        }
    }
    for entry in bggo::diagnostics::codes::ALL {
        let wrong = entry.page.split("```hcl\n").nth(1);
        let wrong = wrong.and_then(|rest| rest.split_once("\n```"));
        if let Some((grid, _)) = wrong {
            found.push((entry.code.0.to_owned(), format!("{grid}\n"), false));
        }
    }
    found.sort();
    Ok(found)
}

/// The bytes of a fix in the text that has it alone.
fn place(fix: &Fix, sources: &Sources) -> (FileId, std::ops::Range<usize>) {
    let start = fix.span.start as usize;
    (fix.span.file, start..start + fix.text(sources).len())
}

#[test]
fn each_fix_cures_its_problem() {
    let (mut tried, mut wrong) = (0, Vec::new());
    for (name, text, parse_only) in grids().expect("the fixtures") {
        if text.starts_with("#### FILE ") {
            continue;
        }
        let sources = Sources::from_texts(vec![("grid.hcl".to_owned(), text)]);
        for problem in problems_of(&sources, parse_only).list {
            let Some(first) = problem.fixes.first() else {
                if let Some(cure) = problem.hint.as_deref().and_then(replacement)
                    && !is_no_fix(&problem)
                {
                    wrong.push(format!(
                        "{name}: `{}` ({}): no fix is `{cure}`",
                        problem.text, problem.code.0
                    ));
                }
                continue;
            };
            tried += 1;
            let alone = Problems {
                list: vec![problem.clone()],
            };
            // Also one that brings more errors to light cures its own.
            let blind = |_: &Sources| Problems::default();
            let cured = fix::make(&sources, &alone, blind).sources;
            let (file, place) = place(first, &sources);
            let left = problems_of(&cured, parse_only);
            let still = left.list.iter().find(|other| {
                let near = other.span.is_some_and(|span| {
                    span.file == file
                        && (span.start as usize) < place.end
                        && span.end as usize > place.start
                });
                near && (other.severity == Severity::Error || other.code == problem.code)
                    && other.span.is_some_and(|span| {
                        // An error of a larger whole is not the cure's.
                        span.start as usize >= place.start || other.text == problem.text
                    })
            });
            if let Some(still) = still {
                wrong.push(format!(
                    "{name}: `{}` ({}), cured by `{}`, becomes `{}`",
                    problem.text,
                    problem.code.0,
                    first.text(&sources),
                    still.text
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 60, "only {tried} cures are tried");
}

/// Where each fix cures, so do all together.
#[test]
fn the_fixes_of_a_grid_cure_all_their_problems() {
    let (mut tried, mut wrong) = (0, Vec::new());
    for (name, text, parse_only) in grids().expect("the fixtures") {
        let sources = Sources::from_texts(vec![("grid.hcl".to_owned(), text)]);
        let before = problems_of(&sources, parse_only);
        let fixed = fix::make(&sources, &before, |sources| {
            problems_of(sources, parse_only)
        });
        if fixed.made.is_empty() {
            continue;
        }
        tried += 1;
        let count = |list: &[Problem], one: &Problem| {
            let same = |other: &&Problem| other.code == one.code && other.text == one.text;
            list.iter().filter(same).count()
        };
        let made: Vec<Problem> = fixed.made.iter().copied().cloned().collect();
        let still = made.iter().find(|one| {
            count(&fixed.left.list, one) + count(&made, one) > count(&before.list, one)
        });
        if let Some(still) = still {
            wrong.push(format!("{name}: `{}` is still there", still.text));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 30, "only {tried} grids");
}
