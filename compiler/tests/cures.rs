//! Cures that are a replacement hold what they promise: where one is put in the place that is marked, the problem is gone
//! and no error stands there any more. Of all fixtures and pages, so that a hint which leads to a second error fails here.

use std::fs;
use std::path::{Path, PathBuf};

use bggo::diagnostics::{Problem, Problems, Severity};
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

fn problems_of(files: &[(String, String)], parse_only: bool) -> Problems {
    let sources = Sources::from_texts(files.to_vec());
    if parse_only {
        return bggo::on_a_large_stack(|| bggo::syntax::parse(&sources).1);
    }
    bggo::check(&sources, Modules::built_in()).1
}

/// Names and texts of files.
type Files = Vec<(String, String)>;

/// A grid in which a cure was written.
struct Cured {
    files: Files,
    file: FileId,
    /// The bytes of the cure.
    place: std::ops::Range<usize>,
}

/// The files with the cure in the place of what it stands for, and where it stands.
fn cured(files: &[(String, String)], problem: &Problem, cure: &str) -> Option<Cured> {
    let span = problem.span?;
    let file = span.file.0 as usize;
    let text = &files.get(file)?.1;
    let (mut start, end) = (span.start as usize, span.end as usize);
    let marked = &text[start..end];
    // A label and a key are marked with their quotes, and a name that is meant stands without.
    let named = problem.hint.as_deref()?.starts_with("did you mean");
    let new = match marked.starts_with('"') && named && is_word(cure) {
        true => format!("\"{cure}\""),
        false => cure.to_owned(),
    };
    match problem.code.0 {
        // Words within a text.
        "quoted_reference" if marked.trim_matches('"') != cure => return None,
        // Of a key that is broken, the place where reading it ends is marked.
        "unexpected_token" => {
            let key = cure.trim_matches('"');
            let mut found = text.match_indices(key).map(|(at, _)| at..at + key.len());
            let place = found.find(|place| place.start < start && place.end + 2 > start)?;
            let mut files = files.to_vec();
            files[file].1.replace_range(place.clone(), cure);
            return Some(Cured {
                files,
                file: span.file,
                place: place.start..place.start + cure.len(),
            });
        }
        _ => {}
    }
    // A header is marked whole where its first word is meant.
    let mut end = end;
    if is_word(cure) && marked.contains(' ') && !marked.starts_with('"') {
        end = start + marked.find(' ')?;
    }
    // Where the cure begins with what stands before the mark, it stands for that too.
    let before = &text[..start];
    let shared = (0..=new.len())
        .rev()
        .filter(|length| new.is_char_boundary(*length))
        .find(|length| before.ends_with(&new[..*length]))?;
    start -= shared;
    let mut files = files.to_vec();
    files[file].1.replace_range(start..end, &new);
    Some(Cured {
        files,
        file: span.file,
        place: start..start + new.len(),
    })
}

fn is_word(text: &str) -> bool {
    text.chars()
        .all(|letter| letter.is_alphanumeric() || letter == '_' || letter == '-')
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

#[test]
fn a_cure_that_is_a_replacement_cures() {
    let (mut tried, mut wrong) = (0, Vec::new());
    for (name, text, parse_only) in grids().expect("the fixtures") {
        if text.starts_with("#### FILE ") {
            continue;
        }
        let files = vec![("grid.hcl".to_owned(), text)];
        for problem in problems_of(&files, parse_only).list {
            let Some(cure) = problem.hint.as_deref().and_then(replacement) else {
                continue;
            };
            let Some(Cured { files, file, place }) = cured(&files, &problem, cure) else {
                continue;
            };
            tried += 1;
            let left = problems_of(&files, parse_only);
            let still = left.list.iter().find(|other| {
                let near = other.span.is_some_and(|span| {
                    span.file == file
                        && (span.start as usize) < place.end
                        && span.end as usize > place.start
                });
                near && (other.severity == Severity::Error || other.code == problem.code)
                    && other.span.is_some_and(|span| {
                        // An error of a larger whole is not the cure's.
                        span.start as usize >= place.start || other.code == problem.code
                    })
            });
            if let Some(still) = still {
                wrong.push(format!(
                    "{name}: `{}` ({}), cured by `{cure}`, becomes `{}`",
                    problem.text, problem.code.0, still.text
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 60, "only {tried} cures are tried");
}
