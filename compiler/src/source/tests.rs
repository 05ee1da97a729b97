//! Files and folders as they are read, and places in them.

use std::fs;
use std::path::Path;

use super::*;

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    fs::write(folder.join(name), bytes).unwrap();
}

fn only_problem(path: &Path) -> (&'static str, String) {
    let problems = read(path).unwrap_err();
    assert_eq!(problems.list.len(), 1, "{problems:?}");
    (problems.list[0].code.0, problems.list[0].text.clone())
}

#[test]
fn folder_is_read_flat_in_order_of_name_without_variables_and_hidden_files() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sub.hcl")).unwrap();
    for name in ["b.hcl", "a.hcl", "x.vars.hcl", ".hidden.hcl", "notes.txt"] {
        write(folder.path(), name, b"locals {}\n");
    }
    let sources = read(folder.path()).unwrap();
    let names: Vec<_> = sources
        .files
        .iter()
        .map(|file| file.name.as_str())
        .collect();
    assert_eq!(names, ["a.hcl", "b.hcl"]);
    assert_eq!(sources.root, folder.path());
}

#[test]
fn a_grid_is_called_by_its_file_or_by_its_folder_however_it_is_reached() {
    let folder = tempfile::tempdir().unwrap();
    let shop = folder.path().join("shop");
    fs::create_dir(&shop).unwrap();
    for name in ["locals.hcl", "main.hcl"] {
        write(&shop, name, b"locals {}\n");
    }
    for path in ["", ".", "../shop/", "../shop/."] {
        assert_eq!(read(&shop.join(path)).unwrap().name, "shop", "{path}");
    }
    assert_eq!(read(&shop.join("main.hcl")).unwrap().name, "main.hcl");
    let text = |name: &str| (name.to_owned(), String::new());
    let sources = Sources::from_texts(vec![text("b.hcl"), text("a.hcl")]);
    assert_eq!(sources.name, "a.hcl");
}

#[test]
fn byte_order_mark_is_dropped_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.hcl", b"\xef\xbb\xbflocals {}\n");
    let sources = read(&folder.path().join("a.hcl")).unwrap();
    assert_eq!(sources.files[0].text, "locals {}\n");
    assert_eq!(sources.files[0].dropped, 3);
}

#[test]
fn missing_file_is_one_problem() {
    let folder = tempfile::tempdir().unwrap();
    let (code, text) = only_problem(&folder.path().join("none.hcl"));
    assert_eq!(code, "file_not_found");
    assert!(text.contains("none.hcl"), "{text}");
}

#[test]
fn folder_without_grids_is_one_problem() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "x.vars.hcl", b"a = 1\n");
    assert_eq!(only_problem(folder.path()).0, "no_grid");
}

#[test]
fn text_that_is_not_utf8_names_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.hcl", b"locals {\n  a = \"\xff\"\n}\n");
    let (code, text) = only_problem(folder.path());
    assert_eq!(code, "not_utf8");
    assert!(text.contains("a.hcl") && text.contains("line 2"), "{text}");
}

#[test]
fn every_unreadable_file_of_a_folder_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.hcl", b"\xff");
    write(folder.path(), "b.hcl", b"\xff");
    assert_eq!(read(folder.path()).unwrap_err().list.len(), 2);
}

#[test]
fn a_file_is_shown_with_the_path_that_was_given_and_named_without() {
    let shown = |root: &str| {
        let mut sources = Sources::from_texts(vec![("a.hcl".to_owned(), String::new())]);
        sources.root = root.into();
        assert_eq!(sources.files[0].name, "a.hcl");
        sources.shown(&sources.files[0])
    };
    assert_eq!(shown("grids/shop"), "grids/shop/a.hcl");
    assert_eq!(shown("/srv"), "/srv/a.hcl");
    assert_eq!(shown(""), "a.hcl");
    assert_eq!(shown("."), "a.hcl");
}

#[test]
fn place_counts_lines_and_characters_from_one() {
    let sources = Sources::from_texts(vec![(
        "a.hcl".to_owned(),
        "x\r\n\u{fc}\u{4e2d}y\n".to_owned(),
    )]);
    let at = |start| {
        sources.place(Span {
            file: FileId(0),
            start,
            end: start,
        })
    };
    let place = |line, column| ("a.hcl".to_owned(), line, column);
    assert_eq!(at(0), place(1, 1));
    assert_eq!(at(3), place(2, 1));
    assert_eq!(at(8), place(2, 3));
    assert_eq!(at(10), place(3, 1));
    assert_eq!(sources.files[0].line(0), "x");
    assert_eq!(sources.files[0].line(1), "\u{fc}\u{4e2d}y");
    assert_eq!(sources.files[0].line(2), "");
}
