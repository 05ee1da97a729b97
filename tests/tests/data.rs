//! Rows of data on a real server: each goes out once, whatever threads, users and shares of a run there are, and the same
//! seed gives the same rows.

use bggo_tests::Grid;
use bggo_tests::server::Nginx;
use std::collections::BTreeMap;

const ANSWERS: &str = "location / { return 200; }";

/// Requests by the row that they name, of which there are `rows`.
fn grid(settings: &str, rows: usize, scenarios: &str) -> Grid {
    let text = format!(
        "variable \"url\" {{\n  type = string\n}}\n\ndata \"csv\" \"rows\" {{\n  file    = \"rows.csv\"\n  columns = {{ number = number }}\n  {settings}\n}}\n\n{scenarios}\n"
    );
    let grid = Grid::new(&text);
    let mut file = "name,number\n".to_owned();
    for row in 0..rows {
        file.push_str(&format!("row{row},{row}\n"));
    }
    std::fs::write(grid.folder().join("rows.csv"), file).unwrap();
    grid.build()
}

const REQUEST: &str = "step \"http_request\" \"get\" {
    arguments {
      url = \"${var.url}/${data.csv.rows.name}/${data.csv.rows.number + 1}\"
    }
  }";

/// How often each path was asked for, in runs with these flags one after the other.
fn asked(grid: &Grid, runs: &[&[&str]]) -> BTreeMap<String, usize> {
    let nginx = Nginx::start(ANSWERS);
    let url = nginx.url();
    for flags in runs {
        let mut all = vec!["--url", &url];
        all.extend_from_slice(flags);
        grid.start(&all).finish().expect_code(0);
    }
    let mut found = BTreeMap::new();
    for line in nginx.stop() {
        let path = line.split('/').skip_while(|part| !part.starts_with("row"));
        let path: Vec<&str> = path.take(2).collect();
        let path = path.join("/");
        let path = path.split(' ').next().unwrap_or_default().to_owned();
        *found.entry(path).or_insert(0) += 1;
    }
    found
}

fn once(rows: usize) -> BTreeMap<String, usize> {
    (0..rows)
        .map(|row| (format!("row{row}/{}", row + 1), 1))
        .collect()
}

#[test]
fn each_row_goes_out_once_over_threads_and_shares_of_a_run() {
    let scenario = format!(
        "scenario \"s\" {{\n  load \"shared_iterations\" {{\n    vus        = 6\n    iterations = 1000\n  }}\n  {REQUEST}\n}}"
    );
    let grid = grid("order  = \"shuffle\"\n  at_end = \"stop\"", 60, &scenario);
    for threads in ["1", "2", "3"] {
        assert_eq!(
            asked(&grid, &[&["--threads", threads]]),
            once(60),
            "{threads}"
        );
    }
    let shares: [&[&str]; 2] = [
        &["--seed", "7", "--segment", "1/2"],
        &["--seed", "7", "--segment", "2/2"],
    ];
    assert_eq!(asked(&grid, &shares), once(60));
    // Users that count their own iterations take turns, and arrivals end with the rows.
    for flags in [
        &["--vus", "4", "--duration", "5m", "--threads", "2"][..],
        &[
            "--rate",
            "500/s",
            "--duration",
            "5m",
            "--threads",
            "2",
            // What goes out is looked at, not when.
            "--allow-overload",
        ],
        &["--iterations", "1000", "--vus", "3", "--threads", "3"],
    ] {
        assert_eq!(asked(&grid, &[flags]), once(60), "{flags:?}");
    }
}

#[test]
fn scenarios_and_flows_of_a_mix_share_the_rows_of_a_run() {
    let flow = format!(
        "flow \"reads\" {{\n  {REQUEST}\n}}\nflow \"other\" {{\n  step \"noop\" \"wait\" {{}}\n}}"
    );
    let load = "load \"shared_iterations\" {\n    vus        = 2\n    iterations = 40\n  }";
    let scenarios = format!(
        "{flow}\nscenario \"mixed\" {{\n  {load}\n  mix = {{ reads = 1, other = 3 }}\n}}\nscenario \"plain\" {{\n  {load}\n  step \"reads\" \"call\" {{}}\n}}"
    );
    // Ten iterations of the mix read, and forty of the other: the rows 0, 2, .. 18 and 1, 3, .. 79.
    let grid = grid("", 100, &scenarios);
    let mut expected = BTreeMap::new();
    for row in (0..10).map(|k| 2 * k).chain((0..40).map(|k| 2 * k + 1)) {
        expected.insert(format!("row{row}/{}", row + 1), 1);
    }
    for threads in ["1", "3"] {
        assert_eq!(
            asked(&grid, &[&["--threads", threads]]),
            expected,
            "{threads}"
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_rows_and_each_user_its_own() {
    let scenario = format!(
        "scenario \"s\" {{\n  load \"per_vu_iterations\" {{\n    vus        = 3\n    iterations = 8\n  }}\n  {REQUEST}\n}}"
    );
    let random = grid("order = \"random\"", 1000, &scenario);
    let first = asked(&random, &[&["--seed", "7", "--threads", "1"]]);
    assert_eq!(asked(&random, &[&["--seed", "7", "--threads", "3"]]), first);
    assert_ne!(asked(&random, &[&["--seed", "8", "--threads", "3"]]), first);
    let of_user = grid("share  = \"per_vu\"\n  at_end = \"stop\"", 5, &scenario);
    let expected = (0..5).map(|row| (format!("row{row}/{}", row + 1), 3));
    assert_eq!(asked(&of_user, &[&[]]), expected.collect());
    let of_life = grid("advance = \"vu\"", 5, &scenario);
    let expected = (0..3).map(|row| (format!("row{row}/{}", row + 1), 8));
    assert_eq!(asked(&of_life, &[&["--threads", "2"]]), expected.collect());
}

#[test]
fn a_user_has_its_row_before_its_first_iteration_and_after_its_last() {
    let ask = |name: &str, of: &str| {
        format!(
            "step \"http_request\" \"{name}\" {{\n    arguments {{\n      url = \"${{var.url}}/{of}\"\n    }}\n  }}"
        )
    };
    let (row, number) = ("${data.csv.rows.name}", "${data.csv.rows.number}");
    let setup = ask("begin", &format!("{row}/begin-{number}-${{scenario.name}}"));
    let teardown = ask("end", &format!("{row}/end"));
    // Nothing that an iteration runs reads the rows.
    let load = "load \"per_vu_iterations\" {\n    vus        = 2\n    iterations = 3\n  }";
    let scenarios = format!(
        "vu_setup {{\n  {setup}\n}}\n\nscenario \"a\" {{\n  {load}\n  {}\n  vu_teardown {{\n    {teardown}\n  }}\n}}\n\nscenario \"b\" {{\n  {load}\n  {}\n}}",
        ask("get", "plain"),
        ask("get", "plain"),
    );
    let settings = "advance = \"vu\"";
    let repeated = asked(&grid(settings, 3, &scenarios), &[&["--threads", "2"]]);
    // Scenarios take turns: the users of one have the rows 0 and 2, those of the other 1 and the first again.
    let mut expected = BTreeMap::from([
        ("row0/begin-0-a".to_owned(), 1),
        ("row2/begin-2-a".to_owned(), 1),
        ("row1/begin-1-b".to_owned(), 1),
        ("row0/begin-0-b".to_owned(), 1),
        ("row0/end".to_owned(), 1),
        ("row2/end".to_owned(), 1),
    ]);
    expected.insert(String::new(), 12);
    assert_eq!(repeated, expected);
    let settings = "advance = \"vu\"\n  at_end  = \"stop\"";
    let stopped = asked(&grid(settings, 3, &scenarios), &[&["--threads", "2"]]);
    expected.remove("row0/begin-0-b");
    expected.insert(String::new(), 9);
    assert_eq!(stopped, expected);
}

#[test]
fn rows_of_a_file_are_read_when_the_program_runs() {
    let scenario = format!(
        "scenario \"s\" {{\n  load \"shared_iterations\" {{\n    vus        = 2\n    iterations = 1000\n  }}\n  {REQUEST}\n}}"
    );
    let grid = grid(
        "embed  = false\n  order  = \"shuffle\"\n  at_end = \"stop\"",
        600,
        &scenario,
    );
    assert_eq!(asked(&grid, &[&["--threads", "2"]]), once(600));
    let path = grid.folder().join("rows.csv");
    // Another file than that of the build, of which a cell is no number.
    let more = grid.folder().join("more.csv");
    std::fs::write(&more, "name,number\nrow0,0\nrow1,1\n").unwrap();
    let named = format!("csv.rows={}", more.display());
    assert_eq!(asked(&grid, &[&["--data", &named]]), once(2));
    let said = |text: Option<&str>, flags: &[&str]| {
        match text {
            Some(text) => std::fs::write(&path, text).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        let mut all = vec!["--url", "http://127.0.0.1:1"];
        all.extend_from_slice(flags);
        grid.start(&all).finish().expect_code(104).stderr
    };
    for (text, why) in [
        (
            Some("name,nmuber\na,1\n"),
            "has other columns than when the program was built",
        ),
        (
            Some("name,number\na,1\nb\n"),
            "is wrong in line 3: the row has 1 cell, and there are 2 columns",
        ),
        (
            Some("name,number\na,\"1\n"),
            "is wrong in line 2: a cell begins with a quote that is never closed",
        ),
        (Some(""), "has no row"),
        (None, "cannot be read: No such file"),
    ] {
        let said = said(text, &[]);
        assert!(
            said.contains(&format!("data.csv.rows: the file `rows.csv` {why}")),
            "{said}"
        );
    }
    let said = said(Some("name,number\na,1\n"), &["--data", "csv.row=x.csv"]);
    assert!(said.contains("did you mean `csv.rows`?"), "{said}");
}

#[test]
fn lines_of_objects_are_read_when_the_program_runs() {
    let scenario = REQUEST.replace("data.csv", "data.jsonl");
    let text = format!(
        "variable \"url\" {{\n  type = string\n}}\n\ndata \"jsonl\" \"rows\" {{\n  file    = \"rows.jsonl\"\n  columns = {{ number = number }}\n  embed   = false\n  at_end  = \"stop\"\n}}\n\nscenario \"s\" {{\n  load \"shared_iterations\" {{\n    vus        = 2\n    iterations = 1000\n  }}\n  {scenario}\n}}\n"
    );
    let grid = Grid::new(&text);
    let path = grid.folder().join("rows.jsonl");
    let line = |row: usize| format!("{{\"number\": {row}, \"name\": \"row{row}\"}}\n");
    std::fs::write(&path, (0..600).map(line).collect::<String>()).unwrap();
    let grid = grid.build();
    assert_eq!(asked(&grid, &[&["--threads", "2"]]), once(600));
    let said = |text: &str, code: i32| {
        std::fs::write(&path, text).unwrap();
        let flags = ["--url", "http://127.0.0.1:1"];
        grid.start(&flags).finish().expect_code(code).stderr
    };
    for (text, why) in [
        ("[]\n", "is wrong in line 1: the line is no JSON object"),
        ("\n", "has no row"),
    ] {
        let said = said(text, 104);
        let expected = format!("data.jsonl.rows: the file `rows.jsonl` {why}");
        assert!(said.contains(&expected), "{said}");
    }
    // No iteration passed.
    let said = said("{\"name\": \"a\", \"number\": \"many\"}\n", 99);
    assert!(said.contains("a number is required"), "{said}");
}
