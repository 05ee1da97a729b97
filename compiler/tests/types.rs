//! Marks under expressions: `# ^^^^ list(string)` says that the expression above the carets has that type. After the type
//! may stand when it is known and what of it is sensitive: `# ^^^ string, start, sensitive(password)`.
//!
//! All marks of a grid are compared at once; a failure prints the grid with the marks as they should be.

use std::path::Path;

use bggo::check::Seen;
use bggo::check::typed::Binding;
use bggo::modules::Modules;
use bggo::source::{Sources, Span};

datatest_stable::harness! {
    { test = fixture, root = "../tests/fixtures/types", pattern = r"\.hcl$" },
}

fn fixture(path: &Path, text: String) -> datatest_stable::Result<()> {
    let name = path.file_name().ok_or("no name")?.to_string_lossy();
    let sources = Sources::from_texts(vec![(name.into_owned(), text.clone())]);
    let (declarations, mut problems) = bggo::syntax::parse(&sources);
    let (resolved, found) = bggo::resolve::resolve(declarations, Modules::built_in());
    problems.extend(found);
    let seen = bggo::check::types(&resolved, Modules::built_in(), &sources);
    problems.extend(bggo::check::check(&resolved, Modules::built_in(), &sources).1);
    if problems.has_errors() {
        return Err(format!("{problems:#?}").into());
    }
    let marked = marked(&text, &sources, &seen);
    if marked == text {
        return Ok(());
    }
    let wrong: Vec<String> = text
        .lines()
        .zip(marked.lines())
        .enumerate()
        .filter(|(_, (before, after))| before != after)
        .map(|(line, (before, after))| format!("line {}\n-{before}\n+{after}", line + 1))
        .collect();
    Err(format!("{}\n\nthe whole grid:\n{marked}", wrong.join("\n")).into())
}

const BINDINGS: [(Binding, &str); 5] = [
    (Binding::Built, "built"),
    (Binding::Start, "start"),
    (Binding::Vu, "vu"),
    (Binding::Iteration, "iteration"),
    (Binding::Step, "step"),
];

/// The text with each mark as the types say.
fn marked(text: &str, sources: &Sources, seen: &[Seen]) -> String {
    let mut out = String::new();
    let mut above = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        match carets(line) {
            Some((from, to)) => {
                let columns = (above + from, above + to);
                let what = seen
                    .iter()
                    .rfind(|seen| (seen.span.start as usize, seen.span.end as usize) == columns);
                let said = line[to..].trim_end();
                let detailed = BINDINGS
                    .iter()
                    .any(|(_, word)| said.ends_with(&format!(", {word}")));
                let what = match what {
                    Some(seen) => shown(seen, detailed),
                    None => "NO EXPRESSION ENDS AND BEGINS HERE".to_owned(),
                };
                out.push_str(&line[..to]);
                out.push(' ');
                out.push_str(&what);
                out.push('\n');
            }
            None => {
                above = at;
                out.push_str(line);
            }
        }
        at += line.len();
    }
    assert_eq!(sources.place(Span::default()).1, 1);
    out
}

/// First byte of a line's carets and the one behind the last, if it is a mark.
fn carets(line: &str) -> Option<(usize, usize)> {
    let rest = line.trim_start().strip_prefix('#')?;
    if !rest.trim_start().starts_with('^') {
        return None;
    }
    let from = line.find('^')?;
    let to = line.rfind('^')? + 1;
    Some((from, to))
}

fn shown(seen: &Seen, detailed: bool) -> String {
    let mut what = seen.ty.to_string();
    let binding = BINDINGS
        .iter()
        .find(|(binding, _)| *binding == seen.binding);
    if let (Some((_, word)), true) = (binding, detailed || seen.sensitivity.any()) {
        what.push_str(", ");
        what.push_str(word);
    }
    if seen.sensitivity.is_whole() {
        what.push_str(", sensitive");
    } else if seen.sensitivity.any() {
        let paths = seen.sensitivity.paths.iter().map(|path| path.join("."));
        what.push_str(&format!(
            ", sensitive({})",
            paths.collect::<Vec<_>>().join(" ")
        ));
    }
    what
}
