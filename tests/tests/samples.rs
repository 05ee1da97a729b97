//! The rows of `--samples`: those of exactly the iterations that the seed chooses, on any number of threads and hosts.

use bggo_tests::server::Nginx;
use bggo_tests::{Finished, Grid};
use bggo_values::context::IterationKey;
use std::collections::BTreeSet;
use std::path::Path;

const GRID: &str = r#"
variable "url" {
  type = string
}

variable "token" {
  type      = string
  sensitive = true
  default   = "hu5h"
}

variable "expected" {
  type    = number
  default = 200
}

step "http_request" "home" {
  arguments {
    url          = "${var.url}/home"
    bearer_token = var.token
  }
}

step "http_request" "bad" {
  depends_on          = [step.http_request.home]
  continue_on_failure = true
  for_each            = toset(["a", "b, c"])
  arguments {
    url           = "${var.url}/bad?of=${urlencode(each.key)}"
    expect_status = var.expected
  }
}
"#;

fn server() -> Nginx {
    Nginx::start("location / { return 200 ok; } location /bad { return 503; }")
}

fn run(grid: &Grid, nginx: &Nginx, (file, line): (&Path, &str)) -> Finished {
    let (url, file) = (nginx.url(), file.display().to_string());
    let always = ["--url", &url, "--samples", &file, "--allow-overload"];
    let flags: Vec<&str> = always.into_iter().chain(line.split(' ')).collect();
    grid.start(&flags).finish()
}

/// The numbers of the iterations in the rows of a file, each with how many rows it has.
fn iterations(file: &Path) -> Vec<(u64, usize)> {
    let text = std::fs::read_to_string(file).expect("the file");
    let mut lines = text.lines();
    assert_eq!(
        lines.next(),
        Some(
            "at,scenario,vu,iteration,step,instance,outcome,kind,status,late,response_time,service_time"
        )
    );
    let number = |line: &str| {
        line.split(',')
            .nth(3)
            .and_then(|number| number.parse().ok())
    };
    let mut numbers: Vec<u64> = lines.map(|line| number(line).expect(line)).collect();
    numbers.sort_unstable();
    let all: BTreeSet<u64> = numbers.iter().copied().collect();
    let rows = |of| numbers.iter().filter(|number| **number == of).count();
    all.into_iter().map(|of| (of, rows(of))).collect()
}

/// The iterations of a share by the rule: those whose hash is less than the share of all 64-bit numbers.
fn chosen(seed: u64, total: u64, share: f64) -> Vec<(u64, usize)> {
    let below = (share * 2_f64.powi(64)) as u128;
    let is_chosen = |k: &u64| u128::from(IterationKey::Run(*k).hash(seed, 0)) < below;
    (0..total).filter(is_chosen).map(|k| (k, 3)).collect()
}

#[test]
fn the_rows_are_those_of_the_iterations_that_the_seed_chooses_on_any_number_of_threads_and_hosts() {
    let grid = Grid::new(GRID).build();
    let nginx = server();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.csv");
    std::fs::write(&file, "what was there before").expect("the file");
    for (line, share) in [
        (
            "--vus 4 --iterations 1000 --max-failed 100% --seed 7 --sample-share 10% --threads 1",
            0.1,
        ),
        (
            "--vus 4 --iterations 1000 --max-failed 100% --seed 7 --sample-share 10% --threads 2",
            0.1,
        ),
        (
            "--rate 1000/s --duration 1s --max-failed 100% --seed 7 --threads 2",
            0.01,
        ),
    ] {
        run(&grid, &nginx, (&file, line));
        assert_eq!(iterations(&file), chosen(7, 1_000, share), "{line}");
    }
    let mut all = Vec::new();
    for segment in ["1/2", "2/2"] {
        let line = format!(
            "--rate 1000/s --duration 1s --max-failed 100% --seed 7 --sample-share 50% --segment {segment}"
        );
        run(&grid, &nginx, (&file, &line));
        all.extend(iterations(&file));
    }
    all.sort_unstable();
    assert_eq!(all, chosen(7, 1_000, 0.5));
}

#[test]
fn a_row_says_how_its_step_ended_and_holds_no_secret() {
    let grid = Grid::new(GRID).build();
    let nginx = server();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.csv");
    run(&grid, &nginx, (&file, "--sample-share 100%")).expect_code(1);
    let text = std::fs::read_to_string(&file).expect("the file");
    assert!(!text.contains("hu5h"), "{text}");
    let rows: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(rows.len(), 3, "{text}");
    assert!(
        rows[0].contains(",main,1,0,http_request.home,,passed,,200,,"),
        "{text}"
    );
    for instance in ["a", "\"b, c\""] {
        let part = format!(",main,1,0,http_request.bad,{instance},failed,status,503,,");
        assert!(rows.iter().any(|row| row.contains(&part)), "{text}");
    }
}

#[test]
fn a_file_that_takes_nothing_is_said_once_and_the_run_goes_on() {
    let grid = Grid::new(GRID).build();
    let nginx = server();
    let line = "--vus 2 --iterations 500 --expected 503 --sample-share 100%";
    let ended = run(&grid, &nginx, (Path::new("/dev/full"), line)).expect_code(112);
    assert_eq!(ended.stderr.matches("/dev/full is not whole").count(), 1);
    assert_eq!(nginx.stop().len(), 1_500, "{}", ended.stderr);

    let nginx = server();
    let ended = run(&grid, &nginx, (Path::new("/no/such/folder/a"), line)).expect_code(104);
    assert!(ended.stderr.contains("/no/such/folder/a cannot be written"));
    assert_eq!(nginx.stop().len(), 0);
}
