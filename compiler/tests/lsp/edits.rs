//! Random edits of the repository's grids: the problems are those of `bggo check` on the same text, and nothing that is
//! asked about any place breaks the server.

use std::path::{Path, PathBuf};

use bggo::diagnostics::{Problem, Severity};
use bggo::modules::Modules;
use bggo::source::Span;
use serde_json::{Value, json};

use super::editor::{Editor, range};

/// What is typed: pieces that open, close, name and break things.
const TYPED: &[&str] = &[
    "",
    "\"",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    ".",
    "=",
    "\n",
    "\r",
    " ",
    "#",
    "/*",
    "${",
    "%{",
    "<<E\n",
    "a",
    "é",
    "😀",
    "0",
    "step.",
    "var.",
    "local.x",
    "each.key",
    "*",
    "? 1 :",
    "for x in ",
    "null",
    "step \"print\" \"z\" {\n",
    "depends_on = [",
];

/// Numbers that are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }
}

fn grids(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            grids(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "hcl") {
            into.push(path);
        }
    }
}

/// Line and column in UTF-16, counted plainly: `\r\n` is one break, and a `\r` alone is one too.
fn place(text: &str, byte: usize) -> (usize, usize) {
    let before = &text[..byte];
    let alone = before.replace("\r\n", "\n").matches(['\n', '\r']).count();
    let start = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
    (alone, before[start..].encode_utf16().count())
}

fn expected(problem: &Problem, text: &str) -> Value {
    let bytes = |span: Span| {
        range(
            place(text, span.start as usize),
            place(text, span.end as usize),
        )
    };
    let at = problem.span.map_or_else(|| range((0, 0), (0, 0)), bytes);
    let severity = match problem.severity {
        Severity::Error => 1,
        Severity::Warning => 2,
    };
    json!([at, severity, problem.code.0, problem.text])
}

#[test]
fn problems_equal_those_of_a_check_after_any_edit() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut paths = Vec::new();
    for folder in ["examples", "tests/fixtures"] {
        grids(&root.join(folder), &mut paths);
    }
    assert!(paths.len() > 100, "{}", paths.len());
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let folder = tempfile::tempdir().unwrap();
    let mut editor = Editor::start();
    for (count, path) in paths.iter().enumerate() {
        let Ok(mut text) = std::fs::read_to_string(path) else {
            continue;
        };
        // `bggo check` reads what the editor has not saved from a file beside.
        let folder = folder.path().join(count.to_string());
        std::fs::create_dir(&folder).unwrap();
        let path_of_text = folder.join("grid.hcl");
        let name = path_of_text.to_str().unwrap().to_owned();
        let mut found = editor.open(&name, &text);
        for version in 2..5 {
            std::fs::write(&path_of_text, &text).unwrap();
            let mut sources = bggo::source::read(&path_of_text).unwrap();
            bggo::read_files(&mut sources, Modules::built_in());
            let checked = bggo::check(&sources, Modules::built_in()).1;
            std::fs::remove_file(&path_of_text).unwrap();
            let mark = text.len() - text.trim_start_matches('\u{feff}').len();
            if mark == 0 {
                let expected: Vec<_> = checked
                    .list
                    .iter()
                    .map(|one| expected(one, &text))
                    .collect();
                let found: Vec<_> = found
                    .iter()
                    .map(|one| json!([one["range"], one["severity"], one["code"], one["message"]]))
                    .collect();
                assert_eq!(found, expected, "{}:\n{text}", path.display());
            }
            let mut at = |text: &str| {
                let mut byte = numbers.below(text.len() + 1);
                while !text.is_char_boundary(byte) {
                    byte -= 1;
                }
                byte
            };
            let start = at(&text);
            let mut end = (start + numbers.below(6)).min(text.len());
            while !text.is_char_boundary(end) {
                end += 1;
            }
            let new = TYPED[numbers.below(TYPED.len())];
            let places = range(place(&text, start), place(&text, end));
            // A place between `\r` and `\n` has no name in the protocol.
            let split =
                |byte: usize| text[..byte].ends_with('\r') && text[byte..].starts_with('\n');
            if split(start) || split(end) {
                break;
            }
            text.replace_range(start..end, new);
            found = editor.change(&name, version, json!([{ "range": places, "text": new }]));
            ask_everything(&mut editor, &name, place(&text, start));
        }
    }
    editor.end();
}

/// Asks all that can be asked about a place; that there is an answer is enough.
fn ask_everything(editor: &mut Editor, name: &str, at: (usize, usize)) {
    let everywhere =
        json!({ "range": range((0, 0), (999_999, 0)), "context": { "diagnostics": [] } });
    editor.of_file("codeAction", name, everywhere);
    editor.of_file("documentSymbol", name, json!({}));
    let whole = json!({ "range": range((0, 0), (999_999, 0)) });
    editor.of_file("inlayHint", name, whole);
    let options = json!({ "options": { "tabSize": 2, "insertSpaces": true } });
    editor.of_file("formatting", name, options);
    let position = json!({ "line": at.0, "character": at.1 });
    for method in ["completion", "hover", "definition", "prepareRename"] {
        editor.of_file(method, name, json!({ "position": position }));
    }
    let context = json!({ "includeDeclaration": true });
    let references = json!({ "position": position, "context": context });
    editor.of_file("references", name, references);
}
