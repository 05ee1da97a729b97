//! Random edits of the repository's grids: the problems are those of `bggo check` on the same texts, and nothing that is
//! asked about any place breaks the server. `BGGO_EDIT_SECONDS=600` goes on for ten minutes, `BGGO_EDIT_SEED` says with which
//! edits.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bggo::diagnostics::{Problem, Severity};
use bggo::modules::Modules;
use bggo::source::{Sources, Span};
use serde_json::{Value, json};

use super::editor::{Editor, range, uri};

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
    "grid {}\n",
    "setup.",
    "metrics.",
    "file(\"",
    "data.",
];

/// What is typed into a folder of files that are one grid, or not.
const TYPED_IN_FOLDER: &[&str] = &[
    "grid {}\n",
    "grid {\n",
    "locals {\n  a = 1\n}\n",
    "locals {\n  b = local.a\n}\n",
    "step \"print\" \"p\" {\n  arguments {\n    input = local.b\n  }\n}\n",
    "# grid {}\n",
    "step \"print\" \"q\" {\n  arguments {\n    input = \"${data.csv.c.x} ${templatefile(\"t.tpl\", { a = 1 })}\"\n  }\n}\n",
    "data \"csv\" \"c\" {\n  file = \"c.csv\"\n}\n",
    "}",
    "\"",
    "",
];

/// Random edits break a text more and more; then another one is taken.
const EDITS_OF_ONE: i32 = 12;

/// The most memory that a process may have that made edits for a long time, in bytes.
const MOST_MEMORY: u64 = 1 << 30;

/// Numbers that are the same each time.
struct Numbers(u64);

impl Numbers {
    fn seeded(otherwise: u64) -> Self {
        let seed = std::env::var("BGGO_EDIT_SEED").ok();
        let seed = seed.map(|seed| seed.parse().unwrap());
        Self(seed.unwrap_or(otherwise).max(1))
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }

    /// A byte of a text at which a character begins, or its end.
    fn place_in(&mut self, text: &str) -> usize {
        let mut byte = self.below(text.len() + 1);
        while !text.is_char_boundary(byte) {
            byte -= 1;
        }
        byte
    }

    fn one_of<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[self.below(all.len())]
    }
}

/// How long to go on beyond what every test does.
fn until() -> Instant {
    let seconds = std::env::var("BGGO_EDIT_SECONDS").ok();
    let seconds = seconds.map_or(0, |seconds| seconds.parse().unwrap());
    Instant::now() + Duration::from_secs(seconds)
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

/// The grids of the repository, as far as they are texts without a byte-order mark.
fn corpus() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut paths = Vec::new();
    for folder in ["examples", "tests/fixtures"] {
        grids(&root.join(folder), &mut paths);
    }
    assert!(paths.len() > 100, "{}", paths.len());
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).ok()?;
        (!text.starts_with('\u{feff}')).then_some((path, text))
    };
    paths.into_iter().filter_map(read).collect()
}

/// Line and column in UTF-16, counted plainly: `\r\n` is one break, and a `\r` alone is one too.
fn place(text: &str, byte: usize) -> (usize, usize) {
    let before = &text[..byte];
    let alone = before.replace("\r\n", "\n").matches(['\n', '\r']).count();
    let start = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
    (alone, before[start..].encode_utf16().count())
}

/// A place between `\r` and `\n` has no name in the protocol.
fn is_split(text: &str, byte: usize) -> bool {
    text[..byte].ends_with('\r') && text[byte..].starts_with('\n')
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

fn shown(found: &[Value]) -> Vec<Value> {
    let found = found.iter();
    found
        .map(|one| json!([one["range"], one["severity"], one["code"], one["message"]]))
        .collect()
}

/// Without the folder that a message may begin with.
fn without_folder(mut shown: Value) -> Value {
    let message = shown[3].as_str().unwrap();
    if let (true, Some((_, rest))) = (message.starts_with('/'), message.split_once("t.tpl")) {
        shown[3] = format!("t.tpl{rest}").into();
    }
    shown
}

/// What `bggo check` says of a path.
fn checked(path: &Path) -> (Sources, Vec<Problem>) {
    match bggo::source::read(path) {
        Ok(mut sources) => {
            bggo::read_files(&mut sources, Modules::built_in());
            let problems = bggo::check(&sources, Modules::built_in()).1;
            (sources, problems.list)
        }
        Err(problems) => (Sources::default(), problems.list),
    }
}

/// A text that is edited, in a folder of its own.
struct Edited<'p> {
    path: PathBuf,
    of: &'p Path,
    text: String,
    version: i32,
}

impl Edited<'_> {
    fn name(&self) -> &str {
        self.path.to_str().unwrap()
    }

    /// The problems must be those of a check of the same text.
    fn compare(&self, found: &[Value]) {
        if self.text.starts_with('\u{feff}') {
            return;
        }
        // `bggo check` reads what the editor has not saved from a file in its place.
        std::fs::write(&self.path, &self.text).unwrap();
        let (_, problems) = checked(&self.path);
        std::fs::remove_file(&self.path).unwrap();
        let expected: Vec<_> = problems
            .iter()
            .map(|one| expected(one, &self.text))
            .collect();
        assert_eq!(
            shown(found),
            expected,
            "{}:\n{}",
            self.of.display(),
            self.text
        );
    }

    /// Makes an edit; `None` where its place has no name.
    fn edit(&mut self, editor: &mut Editor, numbers: &mut Numbers) -> Option<Vec<Value>> {
        let text = &mut self.text;
        let start = numbers.place_in(text);
        let mut end = (start + numbers.below(6)).min(text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        let new = *numbers.one_of(TYPED);
        if is_split(text, start) || is_split(text, end) {
            return None;
        }
        let places = range(place(text, start), place(text, end));
        text.replace_range(start..end, new);
        self.version += 1;
        let change = json!([{ "range": places, "text": new }]);
        let found = editor.change(self.path.to_str().unwrap(), self.version, change);
        // A place of the text that is left, and one that is not where it was edited.
        let somewhere = numbers.place_in(&self.text);
        for byte in [start.min(self.text.len()), somewhere] {
            if self.text.is_char_boundary(byte) {
                ask_everything(editor, self.name(), place(&self.text, byte));
            }
        }
        Some(found)
    }
}

/// Edits a text so many times, with a comparison after each.
fn edit_and_compare(
    editor: &mut Editor,
    numbers: &mut Numbers,
    mut edited: Edited<'_>,
    edits: i32,
) {
    std::fs::create_dir(edited.path.parent().unwrap()).unwrap();
    let mut found = editor.open(edited.name(), &edited.text);
    for _ in 0..edits {
        edited.compare(&found);
        match edited.edit(editor, numbers) {
            Some(problems) => found = problems,
            None => break,
        }
    }
    editor.close(edited.name());
    assert_eq!(editor.published(), (Value::Null, Vec::new()));
    std::fs::remove_dir(edited.path.parent().unwrap()).unwrap();
}

#[test]
fn problems_equal_those_of_a_check_after_any_edit() {
    let corpus = corpus();
    let mut numbers = Numbers::seeded(0x9e37_79b9_7f4a_7c15);
    let folder = tempfile::tempdir().unwrap();
    let mut editor = Editor::start();
    let edited = |(of, text): &(PathBuf, String)| {
        let path = folder.path().join("of").join("grid.hcl");
        let text = text.clone();
        (path, text, of.clone())
    };
    for one in &corpus {
        let (path, text, of) = edited(one);
        let edited = Edited {
            path,
            of: &of,
            text,
            version: 1,
        };
        edit_and_compare(&mut editor, &mut numbers, edited, 3);
    }
    let until = until();
    while Instant::now() < until {
        let (path, text, of) = edited(numbers.one_of(&corpus));
        let edited = Edited {
            path,
            of: &of,
            text,
            version: 1,
        };
        edit_and_compare(&mut editor, &mut numbers, edited, EDITS_OF_ONE);
    }
    editor.end();
    assert!(memory() < MOST_MEMORY, "{} bytes", memory());
}

/// The memory that this process has, in bytes.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib << 10
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
    let rename = json!({
        "textDocument": { "uri": uri(name) }, "position": position, "newName": "new-name"
    });
    // A place without a name is refused.
    if let Err(code) = editor.request("textDocument/rename", rename) {
        assert_eq!(code, -32803);
    }
}

/// Files as they are on the disk and in the editor.
#[derive(Default)]
struct Files {
    disk: BTreeMap<String, String>,
    open: BTreeMap<String, String>,
}

impl Files {
    /// The texts that count.
    fn texts(&self) -> BTreeMap<&String, &String> {
        self.disk.iter().chain(&self.open).collect()
    }

    /// The problems of each file that must be shown, by what `bggo check` says of the same files in another folder.
    fn expected(&self) -> BTreeMap<String, Vec<Value>> {
        let folder = tempfile::tempdir().unwrap();
        let texts = self.texts();
        for (name, text) in &texts {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let is_grid = |name: &&&String| name.ends_with(".hcl");
        let has_block = |name: &&&String| {
            let sources = Sources::from_texts(vec![(name.to_string(), texts[**name].clone())]);
            bggo::syntax::parse(&sources).0.grid.is_some()
        };
        let grids: Vec<&&String> = texts.keys().filter(is_grid).collect();
        let is_one = grids.iter().copied().any(|name| has_block(&name));
        let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let mut add = |path: &Path| {
            let (sources, problems) = checked(path);
            let grid = bggo::syntax::parse(&sources).0.grid;
            let main = grid.map_or(0, |grid| grid.span.file.0 as usize);
            for mut problem in problems {
                let file = problem.span.map_or(main, |span| span.file.0 as usize);
                let file = sources.files.get(file).unwrap_or_else(|| {
                    // In a template: it is shown where the grid is, with its place before it.
                    let (template, line, column) = sources.place(problem.span.take().unwrap());
                    problem.text = format!("{template}:{line}:{column}: {}", problem.text);
                    &sources.files[main]
                });
                let shown = expected(&problem, &file.text);
                all.entry(file.name.clone())
                    .or_default()
                    .push(without_folder(shown));
            }
        };
        let open = || self.open.keys().filter(|name| name.ends_with(".hcl"));
        if is_one && open().next().is_some() {
            add(folder.path());
        } else {
            open().for_each(|name| add(&folder.path().join(name)));
        }
        all
    }
}

/// What the editor shows, with what it is told meanwhile.
struct Shown(BTreeMap<String, Vec<Value>>);

impl Shown {
    /// Waits until it is what must be shown.
    fn becomes(
        &mut self,
        editor: &mut Editor,
        wanted: &BTreeMap<String, Vec<Value>>,
        files: &Files,
    ) {
        while self.0 != *wanted {
            let Some((uri, _, list)) = editor.published_within(Duration::from_secs(30)) else {
                panic!(
                    "shown {:#?}, wanted {wanted:#?} of {:#?} and {:#?}",
                    self.0, files.disk, files.open
                );
            };
            let name = uri.rsplit('/').next().unwrap().to_owned();
            match list.is_empty() {
                true => self.0.remove(&name),
                false => self
                    .0
                    .insert(name, shown(&list).into_iter().map(without_folder).collect()),
            };
        }
    }
}

#[test]
fn the_problems_of_a_folder_are_those_of_a_check_whatever_is_opened_edited_saved_and_closed() {
    const NAMES: [&str; 5] = ["a.hcl", "b.hcl", "c.hcl", "c.csv", "t.tpl"];
    let mut numbers = Numbers::seeded(0x2545_f491_4f6c_dd1d);
    let folder = tempfile::tempdir().unwrap();
    let mut editor = Editor::start();
    let mut files = Files::default();
    let mut told = Shown(BTreeMap::new());
    let until = until();
    let mut versions = 1;
    let mut met = BTreeSet::new();
    let mut count = 0;
    while count < 300 || Instant::now() < until {
        count += 1;
        let name = (*numbers.one_of(&NAMES)).to_owned();
        let path = folder.path().join(&name);
        let file = path.to_str().unwrap().to_owned();
        let typed = match name.as_str() {
            "c.csv" => *numbers.one_of(&["x\n1\n", "y\n1\n", "x\n1,2\n"]),
            "t.tpl" => *numbers.one_of(&["${a}", "${b}", "${"]),
            _ => *numbers.one_of(TYPED_IN_FOLDER),
        };
        versions += 1;
        let action = numbers.below(10);
        match (action, files.open.get(&name).cloned()) {
            // Typed at the end, or the whole text at once.
            (0..=4, Some(text)) => {
                let is_grid = name.ends_with(".hcl");
                let new = match is_grid && action > 0 && text.len() < 400 {
                    true => text + typed,
                    false => typed.to_owned(),
                };
                editor.replace_only(&file, versions, &new);
                files.open.insert(name, new);
            }
            (5, Some(text)) => {
                std::fs::write(&path, &text).unwrap();
                files.disk.insert(name, text);
                let saved = json!({ "textDocument": { "uri": uri(&file) } });
                editor.tell("textDocument/didSave", saved);
            }
            (6..=7, Some(_)) => {
                files.open.remove(&name);
                editor.close(&file);
            }
            (8, _) if files.disk.contains_key(&name) => {
                std::fs::remove_file(&path).unwrap();
                files.disk.remove(&name);
                editor.disk_changed(&file, 3);
            }
            (8..=9, _) => {
                std::fs::write(&path, typed).unwrap();
                files.disk.insert(name, typed.to_owned());
                editor.disk_changed(&file, 2);
            }
            (_, None) => {
                let text = files
                    .disk
                    .get(&name)
                    .map_or(typed, String::as_str)
                    .to_owned();
                editor.open_only(&file, &text);
                files.open.insert(name, text);
            }
            (_, Some(_)) => {}
        }
        let wanted = files.expected();
        told.becomes(&mut editor, &wanted, &files);
        met.extend(
            wanted
                .values()
                .flatten()
                .map(|one| one[2].as_str().unwrap().to_owned()),
        );
        if let Some(open) = files.open.keys().next() {
            let open = folder.path().join(open);
            ask_everything(
                &mut editor,
                open.to_str().unwrap(),
                (numbers.below(6), numbers.below(9)),
            );
        }
    }
    // That much of what can be wrong was met says that the files were read together.
    for code in [
        "duplicate_name",
        "unknown_local",
        "unknown_column",
        "duplicate_block",
    ] {
        assert!(met.contains(code), "{code} is not in {met:?}");
    }
    editor.end();
}

#[test]
fn a_name_that_is_renamed_anywhere_leaves_a_right_grid_right() {
    let mut numbers = Numbers::seeded(0x853c_49e6_748f_ea9b);
    let mut editor = Editor::start();
    let corpus = corpus();
    let until = until();
    let (mut renamed, mut refused) = (0, 0);
    let mut rounds = 0;
    while rounds == 0 || Instant::now() < until {
        rounds += 1;
        for (path, text) in corpus.iter().filter(|(_, text)| text.len() < 20_000) {
            let name = path.to_str().unwrap();
            // Fixtures lie beside each other, and each is a grid of its own.
            let name = &format!("{name}.d/grid.hcl");
            let found = editor.open(name, text);
            if found.iter().all(|one| one["severity"] == 2) {
                let codes = |found: &[Value]| -> Vec<String> {
                    let mut codes: Vec<_> =
                        found.iter().map(|one| one["code"].to_string()).collect();
                    codes.sort();
                    codes
                };
                for _ in 0..3 {
                    let byte = numbers.place_in(text);
                    let (line, character) = place(text, byte);
                    let position = json!({ "line": line, "character": character });
                    let params = json!({
                        "textDocument": { "uri": uri(name) }, "position": position, "newName": "an_other"
                    });
                    let prepare = json!({
                        "textDocument": { "uri": uri(name) }, "position": position
                    });
                    let is_name = editor
                        .request("textDocument/prepareRename", prepare)
                        .unwrap();
                    let Ok(edit) = editor.request("textDocument/rename", params) else {
                        refused += usize::from(is_name != Value::Null);
                        continue;
                    };
                    let mut changes = edit["changes"][uri(name)].as_array().unwrap().clone();
                    // Later places first, so that the earlier ones stay where they are.
                    changes.reverse();
                    let changes: Vec<_> = changes
                        .iter()
                        .map(|one| json!({ "range": one["range"], "text": one["newText"] }))
                        .collect();
                    let after = editor.change(name, 2, json!(changes));
                    assert_eq!(
                        codes(&after),
                        codes(&found),
                        "{name}:{line}:{character}: {edit:#} {after:#?}"
                    );
                    editor.replace(name, 3, text);
                    renamed += 1;
                }
            }
            editor.close(name);
            assert_eq!(editor.published(), (Value::Null, Vec::new()));
        }
    }
    assert!(
        renamed > 30 && refused * 10 < renamed,
        "{renamed}, and {refused} refused"
    );
    editor.end();
}
