//! `bggo fmt`: which files it writes, what it says, and how it ends.

use super::{bggo, folder_with, run, said};
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;

const UGLY: &str = "step noop a {\ncount=1\n}\n";
const FINE: &str = "step \"noop\" \"a\" {\n  count = 1\n}\n";

#[test]
fn files_of_a_folder_are_written_and_named() {
    let files = [
        ("b.hcl", UGLY),
        ("a.vars.hcl", "x=1\n"),
        ("fine.hcl", FINE),
        (".hidden.hcl", UGLY),
        ("other.txt", UGLY),
    ];
    let folder = folder_with(&files);
    let text = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(folder.path().join("sub/c.hcl"), UGLY).unwrap();
    let done = run(&folder, &["fmt"]);
    assert_eq!(
        (done.code, &*done.out),
        (Some(0), "a.vars.hcl\nb.hcl\n"),
        "{}",
        done.err
    );
    assert_eq!(done.err, "");
    assert_eq!(text("b.hcl"), FINE);
    assert_eq!(text("a.vars.hcl"), "x = 1\n");
    assert_eq!(
        (text(".hidden.hcl"), text("other.txt")),
        (UGLY.to_owned(), UGLY.to_owned())
    );
    assert_eq!(text("sub/c.hcl"), UGLY);
    assert_eq!(run(&folder, &["fmt"]).out, "");
    assert_eq!(run(&folder, &["fmt", "-r", "."]).out, "sub/c.hcl\n");
    assert_eq!(text("sub/c.hcl"), FINE);
    let named = run(&folder, &["fmt", ".hidden.hcl", "sub"]);
    assert_eq!((named.code, &*named.out), (Some(0), ".hidden.hcl\n"));
    let other = run(&folder, &["fmt", "other.txt"]);
    assert_eq!(other.code, Some(2));
    assert!(
        other.err.contains("`other.txt` is no `.hcl` file"),
        "{}",
        other.err
    );
    let missing = run(&folder, &["fmt", "missing.hcl"]);
    assert_eq!(missing.code, Some(1));
    assert!(missing.err.contains("missing.hcl"), "{}", missing.err);
}

#[test]
fn check_writes_nothing_and_ends_with_3() {
    let folder = folder_with(&[("a.hcl", UGLY), ("b.hcl", FINE)]);
    let checked = run(&folder, &["fmt", "--check"]);
    assert_eq!(
        (checked.code, &*checked.out),
        (Some(3), "a.hcl\n"),
        "{}",
        checked.err
    );
    assert_eq!(
        fs::read_to_string(folder.path().join("a.hcl")).unwrap(),
        UGLY
    );
    assert_eq!(run(&folder, &["fmt", "--check", "b.hcl"]).code, Some(0));
    let shown = run(&folder, &["fmt", "--check", "--diff"]);
    assert_eq!(shown.code, Some(3));
    assert_eq!(
        shown.out,
        "a.hcl\n--- old/a.hcl\n+++ new/a.hcl\n@@ -1,3 +1,3 @@\n-step noop a {\n-count=1\n+step \"noop\" \"a\" {\n+  count = 1\n }\n"
    );
    assert_eq!(
        fs::read_to_string(folder.path().join("a.hcl")).unwrap(),
        UGLY
    );
}

#[test]
fn a_file_with_a_wrong_syntax_stays_and_the_others_are_written() {
    let broken = "step noop a {\ncount=\n}\n";
    let folder = folder_with(&[("a.hcl", broken), ("b.hcl", UGLY)]);
    for check in [true, false] {
        let words: &[&str] = if check { &["fmt", "--check"] } else { &["fmt"] };
        let done = run(&folder, words);
        assert_eq!((done.code, &*done.out), (Some(1), "b.hcl\n"));
        assert!(done.err.contains("error[unexpected_token]"), "{}", done.err);
        assert!(done.err.contains("a.hcl:2:7"), "{}", done.err);
    }
    assert_eq!(
        fs::read_to_string(folder.path().join("a.hcl")).unwrap(),
        broken
    );
    assert_eq!(
        fs::read_to_string(folder.path().join("b.hcl")).unwrap(),
        FINE
    );
}

#[test]
fn a_written_file_keeps_its_permissions_and_the_links_to_it() {
    let folder = folder_with(&[("real.txt", UGLY)]);
    let real = folder.path().join("real.txt");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.txt", folder.path().join("link.hcl")).unwrap();
    let before = fs::metadata(&real).unwrap();
    let done = run(&folder, &["fmt", "link.hcl"]);
    assert_eq!(
        (done.code, &*done.out),
        (Some(0), "link.hcl\n"),
        "{}",
        done.err
    );
    let after = fs::metadata(&real).unwrap();
    assert_eq!((after.mode(), after.uid()), (before.mode(), before.uid()));
    assert_eq!(fs::read_to_string(&real).unwrap(), FINE);
    assert!(folder.path().join("link.hcl").is_symlink());
    let mut left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "cache")
        .collect();
    left.sort();
    assert_eq!(left, ["link.hcl", "real.txt"]);
    fs::write(&real, UGLY).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o440)).unwrap();
    let refused = run(&folder, &["fmt", "link.hcl"]);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.err.contains("cannot write `link.hcl`"),
        "{}",
        refused.err
    );
    assert_eq!(fs::read_to_string(&real).unwrap(), UGLY);
}

#[test]
fn standard_input_goes_to_standard_output() {
    let folder = folder_with(&[]);
    let piped = |words: &[&str], text: &str| {
        let mut child = bggo(folder.path())
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        // Where the flags are wrong it ends without reading.
        let written = input.write_all(text.as_bytes());
        assert!(written.is_ok() || words.len() > 2, "{written:?}");
        drop(input);
        said(child.wait_with_output().unwrap())
    };
    let done = piped(&["fmt", "-"], UGLY);
    assert_eq!((done.code, &*done.out, &*done.err), (Some(0), FINE, ""));
    assert_eq!(piped(&["fmt", "-"], "a=1").out, "a = 1\n");
    let checked = piped(&["fmt", "--check", "-"], UGLY);
    assert_eq!((checked.code, &*checked.out), (Some(3), "<stdin>\n"));
    let fine = piped(&["fmt", "--check", "-"], FINE);
    assert_eq!((fine.code, &*fine.out), (Some(0), ""));
    let marked = piped(&["fmt", "--check", "-"], &format!("\u{feff}{FINE}"));
    assert_eq!(marked.code, Some(3));
    let broken = piped(&["fmt", "-"], "a = \n");
    assert_eq!((broken.code, &*broken.out), (Some(1), ""));
    assert!(broken.err.contains("<stdin>:1:5"), "{}", broken.err);
    let both = piped(&["fmt", "-", "a.hcl"], FINE);
    assert_eq!(both.code, Some(2));
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

#[test]
fn all_grids_and_manifests_of_ours_are_formatted() {
    let folders = [
        "examples",
        "templates",
        "modules",
        "tests/modules",
        "tests/benches",
    ];
    let output = bggo(repository())
        .args(["fmt", "--check", "-r"])
        .args(folders)
        .output();
    let checked = said(output.unwrap());
    assert_eq!(
        (checked.code, &*checked.out),
        (Some(0), ""),
        "{}",
        checked.err
    );
}

#[test]
fn every_hcl_block_of_the_docs_is_formatted_if_it_has_a_form() {
    let mut pages = vec![repository().join("README.md")];
    let mut folders: Vec<PathBuf> = ["docs", "modules"]
        .map(|name| repository().join(name))
        .into();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "md") {
                pages.push(path);
            }
        }
    }
    let (mut formatted, mut others) = (0, Vec::new());
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for block in text.split("\n```hcl\n").skip(1) {
            let (block, _) = block.split_once("\n```").unwrap();
            let block = format!("{block}\n");
            let texts = vec![("grid.hcl".to_owned(), block.clone())];
            let sources = bggo::source::Sources::from_texts(texts);
            match bggo::on_a_large_stack(|| bggo::syntax::format(&sources, bggo::source::FileId(0)))
            {
                Ok(form) => {
                    assert_eq!(block, form, "{}", page.display());
                    formatted += 1;
                }
                Err(_) => others.push(page.clone()),
            }
        }
    }
    assert!(formatted > 150, "only {formatted} blocks");
    // Only pages about errors show what is wrong, and each one such grid.
    let wrong = |page: &PathBuf| !page.starts_with(repository().join("docs/errors"));
    assert!(!others.iter().any(wrong), "{others:?}");
    others.dedup();
    assert!(others.len() < 20, "{others:?}");
}
