//! Open load profiles on a real server: each arrival is one request, whatever the number of threads and hosts, and also
//! when the run is interrupted.

use bggo_tests::server::{Gate, Nginx};
use bggo_tests::{Finished, Grid};
use serde_json::Value;

const GRID: &str = r#"
variable "url" {
  type = string
}

step "http_request" "hit" {
  arguments {
    url = "${var.url}/hit"
  }
}
"#;

fn server() -> Nginx {
    Nginx::start("location / { return 200 ok; }")
}

/// Flags of a run against a server.
fn flags(nginx: &Nginx, line: &str) -> Vec<String> {
    let always = [
        "--url",
        &nginx.url(),
        "--log-format",
        "json",
        "--allow-overload",
    ]
    .map(str::to_owned);
    let line = line.split(' ').map(str::to_owned);
    always.into_iter().chain(line).collect()
}

fn run(grid: &Grid, nginx: &Nginx, line: &str) -> Finished {
    let flags = flags(nginx, line);
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    grid.start(&flags).finish()
}

fn summary(ended: &Finished) -> Value {
    let lines = ended.stderr.lines();
    let mut events = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let summary = events.find(|event| event["event"] == "summary");
    summary.unwrap_or_else(|| panic!("no summary: {}", ended.stderr))
}

/// How many arrivals were due, began and never began, and how many iterations ended.
fn arrivals(ended: &Finished) -> [u64; 4] {
    let iterations = &summary(ended)["iterations"];
    let arrivals = &iterations["arrivals"];
    let numbers = [
        &arrivals["due"],
        &arrivals["began"],
        &arrivals["not_started"],
        &iterations["count"],
    ];
    numbers.map(|number| number.as_u64().unwrap_or_else(|| panic!("{iterations}")))
}

#[test]
fn each_arrival_is_one_request_on_one_thread_and_on_two() {
    let grid = Grid::new(GRID).build();
    for (line, total) in [
        ("--rate 400/s --duration 2s --threads 1", 800),
        ("--rate 400/s --duration 2s --threads 2", 800),
        // 1 s up to 300/s, half a second at 300/s, and down to nothing.
        ("--stages 1s:300/s,500ms:300/s,1s:0/s --threads 2", 450),
    ] {
        let nginx = server();
        let ended = run(&grid, &nginx, line).expect_code(0);
        assert_eq!(arrivals(&ended), [total, total, 0, total], "{line}");
        assert_eq!(nginx.stop().len() as u64, total, "requests of {line}");
    }
}

#[test]
fn redirects_are_requests_of_their_own_as_the_server_counts_them() {
    let grid = Grid::new(GRID).build();
    let nginx = Nginx::start(
        "location /hit { return 302 /next; } location /next { return 307 /last; } location / { return 200 ok; }",
    );
    let line = "--rate 200/s --duration 1s --threads 2";
    let mut flags = flags(&nginx, line);
    let thresholds = [
        "http_request.hit.requests.sum == 600",
        "http_request.hit.answered.sum == 600",
    ];
    flags.extend(
        thresholds
            .iter()
            .flat_map(|one| ["--threshold".to_owned(), (*one).to_owned()]),
    );
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let ended = grid.start(&flags).finish().expect_code(0);
    assert_eq!(nginx.stop().len(), 600);
    let summary = summary(&ended);
    let metrics = &summary["steps"][0]["metrics"];
    let sums = ["requests", "answered", "cut"].map(|name| metrics[name]["sum"].as_u64());
    assert_eq!(sums, [Some(600), Some(600), None], "{metrics}");
    // Of redirects that are followed only the last answer has a status that counts.
    assert_eq!(metrics["answers"]["labels"]["200"], 200);
}

#[test]
fn arrivals_by_chance_are_the_same_for_a_seed() {
    let grid = Grid::new(GRID).build();
    let counts = ["--threads 1", "--threads 2", "--threads 2"].map(|threads| {
        let nginx = server();
        let line = format!("--rate 300/s --arrivals poisson --seed 5 --duration 1s {threads}");
        let [due, began, never, ended] = arrivals(&run(&grid, &nginx, &line).expect_code(0));
        assert_eq!((due, never, ended), (began, 0, began));
        assert_eq!(nginx.stop().len() as u64, due);
        due
    });
    assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
    // Not the mean itself: it was drawn.
    assert_ne!(counts[0], 300);
}

#[test]
fn shares_of_a_run_side_by_side_are_the_whole_of_it() {
    let grid = Grid::new(GRID).build();
    let nginx = server();
    let runs = [1, 2, 3].map(|share| {
        let line = format!("--rate 301/s --duration 2s --threads 2 --segment {share}/3");
        let flags = flags(&nginx, &line);
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        grid.start(&flags)
    });
    let due = runs.map(|run| {
        let [due, began, never, _] = arrivals(&run.finish().expect_code(0));
        assert_eq!((due, never), (began, 0));
        due
    });
    assert_eq!(due, [201, 201, 200]);
    assert_eq!(nginx.stop().len(), 602);
}

#[test]
fn after_ctrl_c_each_arrival_that_was_due_began_or_is_said_not_to_have() {
    let grid = Grid::new(GRID).build();
    let nginx = server();
    let flags = flags(&nginx, "--rate 500/s --duration 10m --threads 2");
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let mut run = grid.start(&flags);
    run.wait_for("\"interval\"");
    run.signal("INT");
    let [due, began, never, ended] = arrivals(&run.finish().expect_code(105));
    assert_eq!(due, began + never);
    assert_eq!(ended, began, "running iterations had the time to finish");
    assert!(due >= 500, "{due}");
    assert_eq!(nginx.stop().len() as u64, began);
}

/// Waits until nginx has written so many lines.
fn until_logged(nginx: &Nginx, lines: usize) {
    let logged = || {
        let log = std::fs::read(nginx.log()).unwrap_or_default();
        log.iter().filter(|byte| **byte == b'\n').count()
    };
    while logged() < lines {
        std::thread::yield_now();
    }
}

/// Requests that the summary tells of, and how many of them were answered.
fn requests(ended: &Finished) -> [u64; 2] {
    let summary = summary(ended);
    let metrics = &summary["steps"][0]["metrics"];
    ["requests", "answered"].map(|name| metrics[name]["sum"].as_u64().unwrap_or_default())
}

#[test]
fn whenever_ctrl_c_comes_the_requests_told_of_are_those_that_the_server_counts() {
    let grid = Grid::new(GRID).build();
    let start = |nginx: &Nginx, line: &str| {
        let flags = flags(nginx, line);
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        grid.start(&flags)
    };
    // Half a second up to 300/s, and on at that rate; and users that never wait.
    let (open, closed) = ("--stages 500ms:300/s,10m:300/s", "--vus 3 --duration 10m");
    for (line, logged) in [
        (open, 1),
        (open, 30),
        (open, 75),
        (open, 300),
        (closed, 1),
        (closed, 50),
        (closed, 400),
        (closed, 1_000),
    ] {
        let nginx = server();
        let run = start(&nginx, &format!("{line} --threads 2"));
        until_logged(&nginx, logged);
        run.signal("INT");
        let [requests, answered] = requests(&run.finish().expect_code(105));
        let counted = nginx.stop().len() as u64;
        assert!(counted >= logged as u64);
        assert_eq!([requests, answered], [counted; 2], "{line} at {logged}");
    }
    // What is still running: it may end, or a second signal cuts it.
    for (line, held) in [
        ("--vus 3 --duration 10m", 3),
        ("--rate 100/s --duration 10m", 20),
    ] {
        for is_cut in [false, true] {
            let gate = Gate::start();
            let nginx = Nginx::start(&format!("location / {{ proxy_pass {}; }}", gate.url()));
            let mut run = start(&nginx, &format!("{line} --threads 2 --graceful-stop 60s"));
            gate.wait_for("/hit", held);
            run.signal("INT");
            run.wait_for("a second signal cancels them");
            if is_cut {
                run.signal("INT");
            } else {
                gate.open_all();
            }
            let [requests, answered] = requests(&run.finish().expect_code(105));
            gate.open_all();
            let counted = nginx.stop().len() as u64;
            if is_cut {
                assert!(answered <= counted && counted <= requests, "{line}");
                assert_eq!(answered, 0);
                assert!(requests >= held as u64);
            } else {
                assert_eq!([requests, answered], [counted; 2], "{line}");
            }
        }
    }
}
