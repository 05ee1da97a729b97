//! What a user waits for before a program runs: cold and warm builds, checks, sizes.

use crate::measure::{Goal, Table, least};
use bggo_tests::bench::{bggo, build, timed, warm_cache};
use bggo_tests::steps;
use std::path::Path;
use std::time::Duration;

/// First build of the example with an empty cache, and the size of what came out.
pub fn cold(table: &mut Table) {
    let cache = tempfile::tempdir().expect("a temporary folder");
    let program = cache.path().join("loadtest");
    let took = build(cache.path(), &example(), &program);
    table.time(
        "first build of the example, empty cache",
        "`bggo build`, crates on disk",
        took,
        Duration::from_secs(60),
    );
    let size = std::fs::metadata(&program)
        .expect("the program is there")
        .len();
    table.number(
        "static binary of the four-step example",
        "stripped",
        size as f64 / 1e6,
        "MB",
        Goal::AtMost(7.0),
    );
}

/// `bggo check`, the whole process.
pub fn check(table: &mut Table) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let large = folder.path().join("large.hcl");
    std::fs::write(&large, steps(1000, 0)).expect("the grid is written");
    for (what, grid, goal) in [("the example", example(), 10), ("1,000 steps", large, 60)] {
        let took = least((0..10).map(|_| {
            let mut command = bggo(&warm_cache());
            command.arg("check").arg(&grid);
            timed(command)
        }));
        table.time(
            &format!("`bggo check`, {what}"),
            "whole process, least of 10",
            took,
            Duration::from_millis(goal),
        );
    }
}

/// `bggo graph --format svg`, the whole process.
pub fn graph(table: &mut Table) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let large = folder.path().join("large.hcl");
    std::fs::write(&large, steps(1000, 0)).expect("the grid is written");
    let took = least((0..5).map(|_| {
        let mut command = bggo(&warm_cache());
        command.args(["graph", "--format", "svg"]).arg(&large);
        timed(command)
    }));
    table.time(
        "`bggo graph --format svg`, 1,000 steps",
        "whole process, least of 5",
        took,
        Duration::from_millis(100),
    );
}

/// `bggo fmt` of a file that has its form already, and of one whose spaces are lost.
pub fn fmt(table: &mut Table) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let fine = steps(20_000, 0);
    let ugly: String = fine
        .lines()
        .flat_map(|line| [line.trim_start(), "\n"])
        .collect();
    for (what, text) in [("formatted", fine), ("not formatted", ugly)] {
        let file = folder.path().join("large.hcl");
        let took = least((0..5).map(|_| {
            std::fs::write(&file, &text).expect("the grid is written");
            let mut command = bggo(&warm_cache());
            command.arg("fmt").arg(&file);
            timed(command)
        }));
        table.number(
            &format!("`bggo fmt`, {:.1} MB {what}", text.len() as f64 / 1e6),
            "whole process, least of 5",
            text.len() as f64 / 1e6 / took.as_secs_f64(),
            "MB/s",
            Goal::AtLeast(10.0),
        );
    }
}

/// One line of a 10-step grid changed, and nothing changed.
pub fn ten_steps(table: &mut Table) {
    let (changed, unchanged) = changed_and_unchanged(10, 5);
    table.time(
        "`bggo build`, 10 steps, one line changed",
        "least of 5",
        changed,
        Duration::from_millis(450),
    );
    table.time(
        "`bggo build`, unchanged",
        "least of 5",
        unchanged,
        Duration::from_millis(20),
    );
}

/// The same for large grids.
pub fn large(table: &mut Table) {
    let (hundred, _) = changed_and_unchanged(100, 3);
    table.time(
        "`bggo build`, 100 steps, one line changed",
        "least of 3",
        hundred,
        Duration::from_millis(800),
    );
    let (thousand, _) = changed_and_unchanged(1000, 3);
    table.time(
        "`bggo build`, 1,000 steps, one line changed",
        "least of 3",
        thousand,
        Duration::from_secs(5),
    );
    table.number(
        "1,000 steps against 100",
        "ratio of the two",
        thousand.as_secs_f64() / hundred.as_secs_f64(),
        "times",
        Goal::AtMost(10.0),
    );
}

fn changed_and_unchanged(count: usize, rounds: usize) -> (Duration, Duration) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let grid = folder.path().join("grid.hcl");
    let program = folder.path().join("loadtest");
    let write =
        |edit: usize| std::fs::write(&grid, steps(count, edit)).expect("the grid is written");
    // An edit that no earlier run of this bench can have left in the cache.
    let first = std::process::id() as usize * 100;
    write(first);
    build(&warm_cache(), &grid, &program);
    let changed = least((1..=rounds).map(|round| {
        write(first + round);
        build(&warm_cache(), &grid, &program)
    }));
    let unchanged = least((0..rounds).map(|_| build(&warm_cache(), &grid, &program)));
    (changed, unchanged)
}

fn example() -> std::path::PathBuf {
    Path::new(&bggo_tests::repository()).join("examples/http_request.hcl")
}
