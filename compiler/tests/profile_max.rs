//! `--profile max`: everything compiled once more, optimised together, beside what the usual profile has compiled.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod desk;

use desk::{Desk, succeeded};
use std::fs;
use std::process::Command;

fn grid(text: &str) -> String {
    format!(
        "# {}\nstep \"print\" \"say\" {{\n  arguments {{\n    input = \"{text}\"\n  }}\n}}\n",
        std::process::id()
    )
}

/// Builds with more words, runs the program, and gives back its bytes.
#[track_caller]
fn build(desk: &Desk, text: &str, words: &[&str]) -> Vec<u8> {
    desk.write(&grid(text));
    succeeded(&desk.build().args(words).output().unwrap());
    let ran = Command::new(desk.program()).output().unwrap();
    succeeded(&ran);
    assert_eq!(String::from_utf8_lossy(&ran.stdout).trim(), text);
    fs::read(desk.program()).unwrap()
}

#[test]
fn the_profile_max_builds_another_program_that_does_the_same_and_leaves_the_usual_one_alone() {
    let max = ["--profile", "max"];
    let desk = Desk::new("");
    let usual = build(&desk, "one", &[]);
    let best = build(&desk, "one", &max);
    assert!(usual != best, "another program");
    let said = Command::new("readelf")
        .args(["-l", "-d"])
        .arg(desk.program())
        .output()
        .unwrap();
    let segments = String::from_utf8_lossy(&said.stdout);
    assert!(
        segments.contains("LOAD") && !segments.contains("INTERP") && !segments.contains("NEEDED"),
        "{segments}"
    );
    // Both go on from what they have compiled, each with its own, and an unchanged grid is answered for its profile.
    build(&desk, "two", &max);
    build(&desk, "two", &[]);
    assert!(build(&desk, "one", &[]) == usual);
    assert!(build(&desk, "one", &max) == best);
}
