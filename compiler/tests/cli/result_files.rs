//! Files that are no whole result files, given to each command that reads some: one message, and never a guess.

use super::compare::RUN;
use super::{Said, folder_with, run};
use std::fs;
use tempfile::TempDir;

fn folder() -> TempDir {
    let whole = RUN.text();
    let in_a_line = &whole[..whole.len() / 2 + 3];
    let folder = folder_with(&[
        ("whole.log", &whole),
        ("empty.log", ""),
        ("head.log", &whole[..300]),
        ("cut.log", in_a_line),
        ("more.log", &format!("{whole}something else\n")),
        ("text.log", "something else\n"),
    ]);
    fs::write(
        folder.path().join("binary.log"),
        b"\x7fELF\x02\x01\0\0\n\xff\n",
    )
    .unwrap();
    fs::create_dir(folder.path().join("folder")).unwrap();
    folder
}

/// What each command says of a file.
fn all_say(folder: &TempDir, file: &str) -> Vec<Said> {
    let commands: [&[&str]; 5] = [
        &["report", file],
        &["merge", file, "-o", "merged.log", "--force"],
        &["export", "--csv", file],
        &["compare", "--old", "whole.log", "--new", file],
        &["repair", file],
    ];
    commands.map(|words| run(folder, words)).into()
}

#[test]
fn what_is_no_result_file_is_refused_alike_by_all() {
    let folder = folder();
    for (file, message) in [
        ("folder", "it is no result file: write one with --out FILE"),
        (
            "text.log",
            "it is no result file: write one with --out FILE",
        ),
        (
            "binary.log",
            "it is no result file: write one with --out FILE",
        ),
        ("empty.log", "it was cut before its first second"),
        ("head.log", "it was cut before its first second"),
        ("nowhere.log", "No such file or directory"),
    ] {
        for said in all_say(&folder, file) {
            assert_eq!(said.code, Some(4), "{}", said.err);
            let expected = format!("error: cannot read `{file}`: {message}");
            assert!(said.err.starts_with(&expected), "{}", said.err);
            assert_eq!(said.err.lines().count(), 1, "{}", said.err);
        }
    }
}

#[test]
fn a_file_that_was_cut_in_a_line_counts_up_to_its_last_whole_second() {
    let folder = folder();
    let all = all_say(&folder, "cut.log");
    let codes: Vec<Option<i32>> = all.iter().map(|said| said.code).collect();
    // A merge that lacks something is not valid, and a run that ended early cannot be compared.
    assert_eq!(codes, [Some(0), Some(111), Some(0), Some(4), Some(0)]);
    for said in &all[..4] {
        assert!(
            said.err.contains("`cut.log` was not written to its end"),
            "{}",
            said.err
        );
    }
    assert!(all[4].err.contains("bytes off `cut.log`"), "{}", all[4].err);
    let again = run(&folder, &["report", "cut.log"]);
    // What a repair leaves has no torn second to tell of.
    assert!(
        again.err.contains("`cut.log` was not written to its end: "),
        "{}",
        again.err
    );
    assert_eq!(again.out, all[0].out);
}

#[test]
fn what_stands_behind_the_end_is_damage_that_a_repair_cuts_off() {
    let folder = folder();
    let all = all_say(&folder, "more.log");
    for said in &all[..4] {
        assert_eq!(said.code, Some(4), "{}", said.err);
        assert!(
            said.err.contains("it stands behind the end; `bggo repair`"),
            "{}",
            said.err
        );
    }
    assert!(
        all[4]
            .err
            .starts_with("cut 15 bytes off `more.log`: 300 seconds are left (line "),
        "{}",
        all[4].err
    );
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert!(read("more.log") == read("whole.log"));
    let again = run(&folder, &["repair", "more.log"]);
    assert_eq!(again.err, "`more.log` is whole\n");
}
