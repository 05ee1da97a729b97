//! A large grid: it is built, runs once and under load, and counts every step.

use bggo_tests::{Finished, Grid, steps};
use serde_json::Value;
use std::collections::BTreeMap;

/// The lines of one kind.
fn events(ended: &Finished, kind: &str) -> Vec<Value> {
    ended
        .stderr
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line["event"] == kind)
        .collect()
}

#[test]
fn a_thousand_steps_run_once_and_under_load_on_two_threads_and_are_all_counted() {
    let grid = Grid::new(&steps(1000, 0)).build();
    let names: Vec<String> = (0..1000)
        .map(|number| format!("http_request.s{number}"))
        .collect();

    let once = grid
        .start(&["--log-format", "json"])
        .finish()
        .expect_code(0);
    let mut ended: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for step in events(&once, "step") {
        let name = step["step"].as_str().expect("a name").to_owned();
        ended.entry(name).or_default().push(step["outcome"].clone());
    }
    assert_eq!(ended.len(), names.len());
    for name in &names {
        assert_eq!(ended[name], ["passed"], "{name}");
    }

    let load = ["--vus", "2", "--threads", "2", "--iterations", "2"];
    let loaded = grid
        .start(&[&load[..], &["--log-format", "json"]].concat())
        .finish()
        .expect_code(0);
    let summary = events(&loaded, "summary").remove(0);
    for (what, count) in [("iterations", 2), ("all_steps", 2000)] {
        assert_eq!(summary[what]["count"], count, "{what}");
        assert_eq!(summary[what]["failed"], 0, "{what}");
    }
    let rows = summary["steps"].as_array().expect("a list of steps");
    let counted: Vec<(&str, &Value)> = rows
        .iter()
        .map(|row| (row["step"].as_str().expect("a name"), &row["count"]))
        .collect();
    let two = Value::from(2);
    let expected: Vec<(&str, &Value)> = names.iter().map(|name| (name.as_str(), &two)).collect();
    assert_eq!(counted, expected, "each step ran once in each iteration");
    assert!(rows.iter().all(|row| row["failed"] == 0));
}
