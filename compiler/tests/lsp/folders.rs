//! Grids of several files, and files that a grid reads: what the editor has not saved comes before the disk.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::editor::{Editor, range, uri};

const MAIN: &str = "grid {\n  name = \"shop\"\n}\n\nstep \"print\" \"a\" {\n  arguments {\n    input = local.word\n  }\n}\n";
const NAMES: &str = "locals {\n  word = \"hello\"\n}\n";

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

/// Codes of the problems of the next so many files that are told.
fn told<const N: usize>(editor: &mut Editor) -> BTreeMap<String, Vec<String>> {
    let mut told = BTreeMap::new();
    for _ in 0..N {
        let (of, _, list) = editor.published_of();
        let name = of.rsplit('/').next().unwrap().to_owned();
        let codes = list
            .iter()
            .map(|one| one["code"].as_str().unwrap().to_owned());
        assert!(told.insert(name, codes.collect()).is_none(), "told twice");
    }
    told
}

fn expected<const N: usize>(files: [(&str, &[&str]); N]) -> BTreeMap<String, Vec<String>> {
    let owned = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
    let files = files.into_iter();
    files
        .map(|(name, codes)| (name.to_owned(), owned(codes)))
        .collect()
}

#[test]
fn a_folder_with_a_block_grid_is_one_grid_whose_files_are_told_together() {
    let folder = folder(&[("main.hcl", MAIN), ("names.hcl", NAMES)]);
    let (main, names) = (
        path(folder.path(), "main.hcl"),
        path(folder.path(), "names.hcl"),
    );
    let mut editor = Editor::start();
    assert_eq!(editor.open(&main, MAIN), Vec::<Value>::new());
    // A file that is closed is told of as soon as it has problems.
    let twice = MAIN.to_owned() + NAMES;
    editor.replace_only(&main, 2, &twice);
    let duplicate: &[&str] = &["duplicate_name"];
    assert_eq!(
        told::<2>(&mut editor),
        expected([("main.hcl", &[]), ("names.hcl", duplicate)])
    );
    editor.replace_only(&main, 3, MAIN);
    assert_eq!(
        told::<2>(&mut editor),
        expected([("main.hcl", &[]), ("names.hcl", &[])])
    );
    // An edit of one file is an error of the other.
    editor.open_only(&names, NAMES);
    assert_eq!(
        told::<2>(&mut editor),
        expected([("main.hcl", &[]), ("names.hcl", &[])])
    );
    editor.replace_only(&names, 2, &NAMES.replace("word", "wrd"));
    let unknown: &[&str] = &["unknown_local"];
    assert_eq!(
        told::<2>(&mut editor),
        expected([("main.hcl", unknown), ("names.hcl", &[])])
    );
    // Closed without being saved: the disk's text counts again.
    editor.close(&names);
    assert_eq!(
        told::<2>(&mut editor),
        expected([("main.hcl", &[]), ("names.hcl", &[])])
    );
    // Gone from the disk, and back.
    std::fs::remove_file(&names).unwrap();
    editor.disk_changed(&names, 3);
    assert_eq!(told::<1>(&mut editor), expected([("main.hcl", unknown)]));
    std::fs::write(&names, NAMES).unwrap();
    editor.disk_changed(&names, 1);
    assert_eq!(told::<1>(&mut editor), expected([("main.hcl", &[])]));
    editor.close(&main);
    assert_eq!(told::<1>(&mut editor), expected([("main.hcl", &[])]));
    editor.end();
}

#[test]
fn the_block_that_joins_files_comes_and_goes_while_they_are_edited() {
    let alone = MAIN.replace("grid {\n  name = \"shop\"\n}\n\n", "");
    let folder = folder(&[("main.hcl", &alone), ("names.hcl", NAMES)]);
    let (main, names) = (
        path(folder.path(), "main.hcl"),
        path(folder.path(), "names.hcl"),
    );
    let mut editor = Editor::start();
    let found = editor.open(&main, &alone);
    assert_eq!(found[0]["code"], "unknown_local");
    let found = editor.open(&names, NAMES);
    assert_eq!(found[0]["code"], "no_steps");
    editor.replace_only(&main, 2, MAIN);
    assert_eq!(
        told::<2>(&mut editor),
        expected([("main.hcl", &[]), ("names.hcl", &[])])
    );
    editor.replace_only(&main, 3, &alone);
    let apart: [(&str, &[&str]); 2] = [
        ("main.hcl", &["unknown_local"]),
        ("names.hcl", &["no_steps"]),
    ];
    assert_eq!(told::<2>(&mut editor), expected(apart));
    // On the disk, in a file that is not open.
    let grid = path(folder.path(), "grid.hcl");
    std::fs::write(&grid, "grid {}\n").unwrap();
    editor.disk_changed(&grid, 1);
    assert_eq!(
        told::<2>(&mut editor),
        expected([("main.hcl", &[]), ("names.hcl", &[])])
    );
    std::fs::remove_file(&grid).unwrap();
    editor.disk_changed(&grid, 3);
    assert_eq!(told::<2>(&mut editor), expected(apart));
    editor.end();
}

#[test]
fn the_problems_of_a_folder_are_those_of_a_check_of_it_with_what_cannot_be_read() {
    let folder = folder(&[
        ("main.hcl", MAIN),
        ("names.hcl", NAMES),
        ("run.vars.hcl", "x = 1\n"),
    ]);
    std::fs::write(folder.path().join("wrong.hcl"), b"locals {}\n\xff").unwrap();
    let main = path(folder.path(), "main.hcl");
    let mut editor = Editor::start();
    let found = editor.open(&main, MAIN);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0]["code"], "not_utf8");
    // The editor's text can be read.
    let wrong = path(folder.path(), "wrong.hcl");
    editor.open_only(&wrong, "locals {}\n");
    assert_eq!(
        told::<2>(&mut editor),
        expected([("main.hcl", &[]), ("wrong.hcl", &[])])
    );
    // A file that only the editor has is one of the grid.
    let new = path(folder.path(), "new.hcl");
    editor.open_only(&new, NAMES);
    let files: [(&str, &[&str]); 4] = [
        ("main.hcl", &[]),
        ("new.hcl", &[]),
        ("wrong.hcl", &[]),
        ("names.hcl", &[]),
    ];
    let mut duplicate = expected(files);
    duplicate.insert("new.hcl".to_owned(), vec!["duplicate_name".to_owned()]);
    duplicate.remove("names.hcl");
    assert_eq!(told::<3>(&mut editor), duplicate);
    editor.end();
}

#[test]
fn names_lead_into_other_files_and_are_renamed_in_them() {
    let folder = folder(&[("main.hcl", MAIN), ("names é.hcl", NAMES)]);
    let main = path(folder.path(), "main.hcl");
    let names = uri(&path(folder.path(), "names%20%C3%A9.hcl"));
    let mut editor = Editor::start();
    assert_eq!(editor.open(&main, MAIN), Vec::<Value>::new());
    let at = json!({ "line": 6, "character": 19 });
    let declared = json!([{ "uri": names, "range": range((1, 2), (1, 6)) }]);
    assert_eq!(
        editor.of_file("definition", &main, json!({ "position": at })),
        declared
    );
    let hovered = editor.of_file("hover", &main, json!({ "position": at }));
    let words = hovered["contents"]["value"].as_str().unwrap();
    assert!(words.starts_with("local `word`: `string`"), "{words}");
    let edit = editor.of_file(
        "rename",
        &main,
        json!({ "position": at, "newName": "text" }),
    );
    let changed = |place: Value| json!([{ "range": place, "newText": "text" }]);
    assert_eq!(
        edit["changes"],
        json!({ uri(&main): changed(range((6, 18), (6, 22))), names: changed(range((1, 2), (1, 6))) })
    );
    // The outline is that of a file alone.
    let symbols = editor.of_file("documentSymbol", &main, json!({}));
    assert_eq!(symbols.as_array().unwrap().len(), 1, "{symbols:#}");
    editor.end();
}

#[test]
fn files_that_a_grid_reads_are_those_of_the_editor_before_those_of_the_disk() {
    let grid = r#"data "csv" "users" {
  file = "users.csv"
}

step "print" "a" {
  arguments {
    input = "${data.csv.users.name} ${templatefile("./hello.tpl", { who = 1 })}"
  }
}

step "print" "b" {
  for_each = fileset(".", "*.json")

  arguments {
    input = "${each.key} ${jsondecode(file("a.json")).a}"
  }
}
"#;
    let files = [
        ("users.csv", "name\nann\n"),
        ("hello.tpl", "Hi ${who}"),
        ("a.json", "{\"a\": 1}"),
    ];
    let folder = folder(&files);
    let grid_path = path(folder.path(), "main.hcl");
    let mut editor = Editor::start();
    assert_eq!(editor.open(&grid_path, grid), Vec::<Value>::new());
    for (name, good, wrong) in [
        ("users.csv", "name\nbob\n", "nme\nann\n"),
        // Also a text that could be formatted.
        ("hello.tpl", "Hello ${who}", "a=1 #${whom}"),
        ("a.json", "{\"a\": \"x\"}", "{\"a\": "),
    ] {
        let read = path(folder.path(), name);
        editor.open_only(&read, good);
        assert_eq!(editor.published().1, Vec::<Value>::new(), "{name}");
        editor.replace_only(&read, 2, wrong);
        let found = editor.published().1;
        assert_eq!(found.len(), 1, "{name}: {found:#?}");
        assert_eq!(found[0]["severity"], 1);
        if name == "hello.tpl" {
            // It leads to the template itself.
            let place = &found[0]["relatedInformation"][0]["location"];
            assert_eq!(
                *place,
                json!({ "uri": uri(&read), "range": range((0, 7), (0, 11)) })
            );
        }
        // Nobody asks anything of a file that is no grid.
        let hovered = editor.of_file(
            "hover",
            &read,
            json!({ "position": { "line": 0, "character": 1 } }),
        );
        assert_eq!(hovered, Value::Null);
        let options = json!({ "options": { "tabSize": 2, "insertSpaces": true } });
        assert_eq!(editor.of_file("formatting", &read, options), Value::Null);
        editor.close(&read);
        assert_eq!(editor.published().1, Vec::<Value>::new(), "{name}");
        // The same on the disk.
        std::fs::write(&read, wrong).unwrap();
        editor.disk_changed(&read, 2);
        assert_eq!(editor.published().1.len(), 1, "{name}");
        std::fs::write(&read, good).unwrap();
        editor.disk_changed(&read, 2);
        assert_eq!(editor.published().1, Vec::<Value>::new(), "{name}");
    }
    // A file that only the editor has is one of those that match.
    let instances = |editor: &mut Editor| {
        let ask = json!({ "range": range((0, 0), (99, 0)) });
        editor.of_file("inlayHint", &grid_path, ask)[0]["label"].clone()
    };
    assert_eq!(instances(&mut editor), "1 instance");
    editor.open_only(&path(folder.path(), "b.json"), "{}");
    assert_eq!(editor.published().1, Vec::<Value>::new());
    assert_eq!(instances(&mut editor), "2 instances");
    editor.end();
}

#[test]
fn an_editor_that_can_watch_files_is_asked_to() {
    let offer =
        json!({ "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true } } });
    let (mut editor, _) = Editor::start_with(offer, &[]);
    let (method, params) = editor.asked();
    assert_eq!(method, "client/registerCapability");
    let registration = &params["registrations"][0];
    assert_eq!(registration["method"], "workspace/didChangeWatchedFiles");
    assert_eq!(
        registration["registerOptions"]["watchers"],
        json!([{ "globPattern": "**/*" }])
    );
    editor.end();
}
