//! `bggo calibrate` on a real program: it runs it, and its figures and its file are of those runs.

use bggo_tests::{Finished, Grid, Run, bggo};
use serde_json::Value;

fn calibrate(grid: &Grid, line: &str) -> Finished {
    let mut command = bggo();
    command.current_dir(grid.folder()).arg("calibrate");
    Run::start({
        command.args(line.split(' '));
        command
    })
    .finish()
}

/// The cells of the rows of a heading of the table.
fn rows<'t>(table: &'t str, heading: &str) -> Vec<Vec<&'t str>> {
    let lines = table.lines().skip_while(|line| *line != heading).skip(1);
    let rows = lines.take_while(|line| line.starts_with("  "));
    let cells = |row: &'t str| {
        let cells = row.split("  ").map(str::trim);
        cells.filter(|cell| !cell.is_empty()).collect()
    };
    rows.map(cells).collect()
}

/// The number in a cell, with its unit.
fn number(cell: &str) -> (f64, &str) {
    let (number, unit) = cell.split_once(' ').expect("a number and its unit");
    (number.parse().expect("a number"), unit)
}

#[test]
fn runs_of_a_program_tell_the_noise_of_this_host() {
    let grid = Grid::new("step \"noop\" \"nothing\" {}\n").build();
    let line = "loadtest --runs 3 --baseline noise.json -- --rate 2000/s --duration 2s --threads 1 --allow-overload";
    let ended = calibrate(&grid, line).expect_code(0);
    assert_eq!(ended.stderr, "run 1 of 3\nrun 2 of 3\nrun 3 of 3\n");
    let first = "3 runs of 2 s of the same program with the same load";
    assert_eq!(ended.stdout.lines().next(), Some(first), "{}", ended.stdout);
    for heading in ["all iterations", "noop.nothing"] {
        let rows = rows(&ended.stdout, heading);
        let names: Vec<&str> = rows.iter().map(|row| row[0]).collect();
        assert_eq!(names, ["p50", "p95", "p99", "failed", "rate"], "{heading}");
        for row in &rows {
            let figures: Vec<(f64, &str)> = row[1..].iter().map(|cell| number(cell)).collect();
            let [one, two, three] = figures[..] else {
                panic!("{row:?}");
            };
            let unit = if row[0] == "failed" { "points" } else { "%" };
            assert!(figures.iter().all(|figure| figure.1 == unit), "{row:?}");
            // Two runs differ by more than one varies, and more runs a side show a smaller change.
            assert!(
                0.0 <= one.0 && one.0 <= three.0 && three.0 <= two.0,
                "{row:?}"
            );
        }
        // Nothing fails, and an open load is put on as often in each run, whose end is as late as the host is busy.
        assert_eq!(rows[3][1..], ["0.00 points"; 3], "{heading}");
        let is_small = |cell: &&str| number(cell).0 < 1.0;
        assert!(
            rows[4][1..].iter().all(is_small),
            "{heading}: {:?}",
            rows[4]
        );
    }

    let file = std::fs::read_to_string(grid.folder().join("noise.json")).expect("it is written");
    let noise: Value = serde_json::from_str(&file).expect("JSON");
    assert_eq!(
        (&noise["bggo_noise"], &noise["runs"]),
        (&1.into(), &3.into())
    );
    let figures = noise["figures"].as_array().expect("a list");
    assert_eq!(figures.len(), 10, "{noise}");
    for figure in figures {
        let deviation = figure["deviation"].as_f64().expect("a number");
        assert!(deviation >= 0.0 && deviation.is_finite(), "{figure}");
    }

    // A threshold that fails is no reason not to measure; a run that was not made is one.
    let line = "loadtest --runs 2 -- --iterations 5 --threshold noop.nothing.started.count>1000";
    calibrate(&grid, line).expect_code(0);
    let ended = calibrate(&grid, "loadtest --runs 2 -- --rate 1/s --vus 3").expect_code(1);
    let said = "error: `loadtest` ended with exit code 104";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    // Without a load nothing is measured, and `--out` says so.
    let ended = calibrate(&grid, "loadtest --runs 2").expect_code(1);
    assert!(
        ended.stderr.contains("add --duration 30s"),
        "{}",
        ended.stderr
    );
}
