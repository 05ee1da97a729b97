//! Every example and every module's example runs as it is, on the embedded target.

use bggo_tests::{Grid, bggo, repository};
use std::path::PathBuf;

#[test]
fn every_example_runs_and_passes() {
    let mut grids: Vec<PathBuf> = hcl(&repository().join("examples"));
    for entry in std::fs::read_dir(repository().join("modules")).unwrap() {
        let example = entry.unwrap().path().join("example.hcl");
        if example.exists() {
            grids.push(example);
        }
    }
    assert!(grids.len() >= 10, "{grids:?}");
    for path in grids {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let grid = Grid::named(&name, &text).beside_examples();
        for beside in std::fs::read_dir(path.parent().unwrap()).unwrap() {
            let beside = beside.unwrap().path();
            if beside.extension().is_some_and(|ending| ending == "proto") {
                let name = beside.file_name().unwrap();
                std::fs::copy(&beside, grid.folder().join(name)).unwrap();
            }
        }
        let ended = grid.build().start(&[]).finish();
        assert_eq!(
            ended.code(),
            0,
            "{}:\n{}\n{}",
            path.display(),
            ended.stdout,
            ended.stderr
        );
    }
}

#[test]
fn examples_print_what_their_answers_said() {
    let out = |name: &str, flags: &[&str]| {
        Grid::example(name)
            .build()
            .start(flags)
            .finish()
            .expect_code(0)
            .stdout
    };
    assert_eq!(out("data_passing", &[]), "receipt for Ann: pen and more\n");
    assert_eq!(
        out("data_passing", &["--customer", "Bob \"{}\""]),
        "receipt for Bob \"{}\": pen and more\n"
    );
    let fan = out("count_fan_in", &[]);
    assert!(
        fan.contains("5 answers: 200, 200, 200, 200, 200\n"),
        "{fan}"
    );
    assert!(fan.contains("the first asked for page 1\n"), "{fan}");
    let items = |flags: &[&str]| out("for_each_of_an_answer", flags);
    assert_eq!(items(&[]), "3 items: ink, paper, pen\n");
    assert_eq!(items(&["--ids", "[]"]), "0 items: \n");
    assert_eq!(out("shared_client", &[]), "{\"session\":\"abc\"}\n");
    assert_eq!(
        out("texts_of_answers", &[]),
        "{\"token\":\"t0k3n-42\",\"price\":\"12.50 in EUR\",\"step\":\"2\",\"dear\":[2,3]}\n"
    );
    assert_eq!(
        out("body_from_template", &["--customer", "Bob \"\""]),
        "{\"order\":{\"customer\":\"Bob \\\"\\\"\",\"items\":[{\"name\":\"pen\",\"amount\":2},{\"name\":\"ink\",\"amount\":1}]},\
         \"notes\":[\"Ring twice.\",\"Leave it at the door.\"]}\n"
    );
    assert_eq!(
        out("answer_with_a_schema", &[]),
        "{\"customer\":\"ANN\",\"sum\":7,\"voucher\":\"none\",\"note\":\"no note\"}\n"
    );
    let rows = out("data_rows", &["--seed", "7", "--quiet"]);
    let mut rows: Vec<&str> = rows.lines().collect();
    rows.sort_unstable();
    assert_eq!(
        rows,
        ["ann is one of 3", "bob is one of 3", "cec is one of 3"]
    );
    assert_eq!(out("env_vars", &[]), "testing test in eu-west-1\n");
    assert_eq!(
        out("setup_and_teardown", &[]),
        "bought with k-42\nclosed with k-42\n"
    );
    let users = out("login_once_per_user", &["--vus", "2", "--iterations", "6"]);
    assert_eq!(users.lines().count(), 6, "{users}");
    for line in users.lines() {
        assert!(line.starts_with("session of-user-"), "{line}");
        assert!(line.ends_with("logged in by an answer of 200"), "{line}");
    }
}

#[test]
fn no_example_has_a_warning() {
    for path in hcl(&repository().join("examples")) {
        let said = bggo().arg("check").arg(&path).output().unwrap();
        let said = String::from_utf8_lossy(&said.stderr);
        assert!(!said.contains("warning"), "{said}");
        assert!(said.contains("no errors"), "{said}");
    }
}

#[test]
fn the_first_comment_of_an_example_says_how_to_run_it() {
    for path in hcl(&repository().join("examples")) {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let head: String = text
            .lines()
            .take_while(|line| line.starts_with('#'))
            .collect();
        assert!(
            head.contains(&format!("bggo run examples/{name}")),
            "{}: {head}",
            path.display()
        );
    }
}

fn hcl(folder: &std::path::Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "hcl"))
        .collect();
    found.sort();
    found
}
