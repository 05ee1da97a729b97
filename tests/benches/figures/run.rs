//! What a compiled grid costs while it runs: start-up, iterations a second, memory a user.

use crate::measure::{Goal, Table, least};
use bggo_tests::bench::{Program, interrupt, memory, read, summary};
use bggo_tests::{Run, steps};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;
use std::time::{Duration, Instant};

/// From exec to the first byte at the target.
pub fn first_byte(table: &mut Table) {
    let program = Program::new(
        "variable \"url\" {\n  type = string\n}\n\nstep \"http_request\" \"only\" {\n  arguments {\n    url = var.url\n  }\n}\n",
    );
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let took = least((0..10).map(|_| {
        let start = Instant::now();
        let run = program.start(&["--url", &url]);
        let (mut stream, _) = listener.accept().expect("the program connects");
        stream.read_exact(&mut [0]).expect("a byte comes");
        let took = start.elapsed();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .expect("the program waits for its answer");
        run.finish().expect_code(0);
        took
    }));
    table.time(
        "exec to the first byte at the target",
        "least of 10",
        took,
        Duration::from_millis(10),
    );
}

/// Iterations a second of a step that does nothing, one user on one core.
pub fn noop(table: &mut Table) {
    let program = Program::new("step \"noop\" \"nothing\" {}\n");
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(&program.path).args([
        "--vus",
        "1",
        "--threads",
        "1",
        "--duration",
        "5s",
        "--log-format",
        "json",
    ]);
    let ended = Run::start(command).finish().expect_code(0);
    let summary = summary(&ended.stderr);
    let rate = summary["iterations"]["rate"].as_f64().expect("a rate");
    table.number(
        "`noop` step, one user thread pinned to one core",
        "iterations/s, 5 s",
        rate,
        "1/s",
        Goal::AtLeast(5_000_000.0),
    );
}

/// Memory of a user that waits.
pub fn idle(table: &mut Table) {
    let program =
        Program::new("step \"noop\" \"wait\" {\n  arguments {\n    delay = \"10m\"\n  }\n}\n");
    let users = 100_000;
    let each = (program.settled(users, &[]) - program.settled(1, &[])) / f64::from(users);
    table.number(
        "idle user",
        "(RSS at 100,000 - RSS at 1) / 100,000",
        each,
        "KiB",
        Goal::AtMost(1.0),
    );
}

/// Memory of a large grid, whose users wait after its last step.
pub fn thousand_steps(table: &mut Table) {
    let last = "http_request.s999";
    let program = Program::new(&format!(
        "{}\nstep \"noop\" \"rest\" {{\n  arguments {{\n    delay = \"10m\"\n  }}\n  depends_on = [step.{last}]\n}}\n",
        steps(1000, 0)
    ));
    let mut run = program.start(&["--vus", "2", "--threads", "2", "--duration", "5m"]);
    let mut done = 0;
    while done < 2 {
        let line = read(&run.wait_for(&format!("\"{last}\"")));
        done += line["steps"][last].as_u64().expect("a count");
    }
    let [now, most] = ["VmRSS", "VmHWM"].map(|field| memory(run.id(), field).expect("it runs"));
    let ended = interrupt(run);
    let summary = summary(&ended.stderr);
    let rows = summary["steps"].as_array().expect("a list of steps");
    let requests = rows.iter().filter(|row| row["step"] != "noop.rest");
    let ran = requests.filter(|row| row["count"] == 2 && row["failed"] == 0);
    assert_eq!(ran.count(), 1000, "each step ran once for each user");
    table.number(
        "RSS of a grid of 1,000 steps on 2 threads",
        "after one iteration of each step",
        now / 1024.0,
        "MiB",
        Goal::AtMost(72.0),
    );
    table.number(
        "the same, at most until then",
        "VmHWM",
        most / 1024.0,
        "MiB",
        Goal::None,
    );
}
