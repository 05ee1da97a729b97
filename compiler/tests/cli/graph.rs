//! `bggo graph`: its pictures as the real tools and the README have them.

use super::{GRID, folder_with, run, said};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const DATA: &str = r#"
data "inline" "users" {
  rows = [{ name = "ann" }, { name = "bob" }]
}

data "inline" "terms" {
  rows = [{ term = "a" }]
}

locals {
  who = data.inline.users.name
  all = { for row in data.inline.terms[*] : row.term => 1 }
}

step "noop" "first" {
  for_each = local.all
}

step "print" "second" {
  depends_on = ["first"]

  arguments {
    input = local.who
  }
}
"#;

#[test]
fn data_lead_to_what_reads_them_also_through_locals_and_where_instances_are_made_of_all_rows() {
    let folder = folder_with(&[("grid.hcl", DATA)]);
    let text = run(&folder, &["graph", "grid.hcl", "--format", "json"]).out;
    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
    let edges = read["edges"].as_array().unwrap().iter();
    let of_data = edges.filter(|edge| edge["kind"] == "implicit");
    let ends = of_data.map(|edge| {
        let end = |name: &str| edge[name].as_str().unwrap().to_owned();
        (end("from"), end("to"))
    });
    let mut ends: Vec<(String, String)> = ends.collect();
    ends.sort();
    let expected = [
        ("data.inline.terms", "step.noop.first"),
        ("data.inline.users", "step.print.second"),
    ];
    assert_eq!(
        ends,
        expected.map(|(from, to)| (from.to_owned(), to.to_owned()))
    );
    let steps = run(&folder, &["graph", "grid.hcl", "--no-resources"]).out;
    assert!(
        !steps.contains("users") && steps.contains("s0 --> s1"),
        "{steps}"
    );
}

#[test]
fn graphs_are_accepted_by_graphviz_and_by_mermaids_own_parser() {
    let nasty = "step \"noop\" \"end\" {}\n\nstep \"noop\" \"graph\" {\n  for_each   = { \"a\\\"b;--> <i>\" = 1, \"c\" = 2 }\n  depends_on = [step.noop.end]\n}\n\nstep \"noop\" \"click\" {\n  depends_on = [step.noop.graph[\"a\\\"b;--> <i>\"]]\n}\n";
    let scenarios = "scenario \"end\" {\n  step \"noop\" \"a\" {}\n}\n\nscenario \"subgraph\" {\n  after = scenario.end\n  step \"noop\" \"a\" {}\n}\n";
    let folder = folder_with(&[
        ("grid.hcl", GRID),
        ("nasty.hcl", nasty),
        ("scenarios.hcl", scenarios),
        ("data.hcl", DATA),
    ]);
    for grid in ["grid.hcl", "nasty.hcl", "scenarios.hcl", "data.hcl"] {
        let dot = run(&folder, &["graph", grid, "--format", "dot"]);
        assert_eq!(dot.code, Some(0), "{}", dot.err);
        piped(Command::new("dot").arg("-Tsvg"), &dot.out);
        let svg = run(&folder, &["graph", grid, "--format", "svg"]);
        assert_eq!((svg.code, svg.err.as_str()), (Some(0), ""));
        assert!(svg.out.starts_with("<svg xmlns=") && svg.out.ends_with("</svg>\n"));
        let mermaid = run(&folder, &["graph", grid]);
        assert!(
            mermaid.out.contains("Start((Start)) --> s0;")
                && mermaid.out.contains("--> End((End));"),
            "{}",
            mermaid.out
        );
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        piped(
            Command::new("node")
                .arg(repository.join("tests/mermaid.mjs"))
                .arg(repository.join("target/npm")),
            &mermaid.out,
        );
    }
}

#[test]
fn what_runs_before_and_after_stands_there_and_so_does_a_scenario_that_begins_after_another() {
    let step = |name: &str| format!("  step \"noop\" \"{name}\" {{}}\n");
    let grid = format!(
        "setup {{\n{}}}\nvu_setup {{\n{}}}\nscenario \"a\" {{\n{}  setup {{\n  {}  }}\n}}\nscenario \"b\" {{\n  after = scenario.a\n{}}}\nteardown {{\n{}}}\n",
        step("s"),
        step("v"),
        step("x"),
        step("y"),
        step("z"),
        step("t"),
    );
    let folder = folder_with(&[("grid.hcl", grid.as_str())]);
    let text = run(&folder, &["graph", "grid.hcl"]).out;
    let id_of = |title: &str| {
        let (before, _) = text.split_once(&format!("[\"{title}\"]")).unwrap();
        before.rsplit_once(' ').unwrap().1.to_owned()
    };
    for (before, after) in [
        ("setup", "setup of a"),
        ("setup of a", "vu_setup"),
        ("vu_setup", "a: once"),
        ("a: once", "b: once"),
        ("b: once", "teardown"),
    ] {
        let arrow = format!("    {} --> {};\n", id_of(before), id_of(after));
        assert_eq!(text.matches(&arrow).count(), 1, "{before}, {after}: {text}");
    }
    // These, and those of start and end.
    assert_eq!(text.matches(" --> ").count(), 5 + 2, "{text}");
}

fn piped(command: &mut Command, text: &str) {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}; run tests/install.sh"));
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let said = said(child.wait_with_output().unwrap());
    assert_eq!(
        said.code,
        Some(0),
        "{command:?} refuses\n{text}\n{}",
        said.err
    );
}

#[test]
fn the_readme_shows_what_graph_draws_of_its_grid() {
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    let block = |kind: &str| {
        let (_, rest) = readme.split_once(&format!("```{kind}\n")).unwrap();
        rest.split_once("```").unwrap().0.to_owned()
    };
    let folder = folder_with(&[("grid.hcl", &block("hcl"))]);
    assert_eq!(run(&folder, &["graph", "grid.hcl"]).out, block("mermaid"));
}

#[test]
fn a_graph_for_programs_tells_edges_apart() {
    let folder = folder_with(&[("grid.hcl", GRID)]);
    let read: serde_json::Value =
        serde_json::from_str(&run(&folder, &["graph", "grid.hcl", "--format", "json"]).out)
            .unwrap();
    assert_eq!(read["nodes"][2]["count"], 3);
    let kinds: Vec<&str> = read["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| edge["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["order", "explicit", "explicit", "order"]);
}
