//! What a compiled grid costs while it runs: start-up, iterations a second, memory a user.

use crate::build::steps;
use crate::measure::{Goal, Table, build, least, memory, warm_cache};
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// From exec to the first byte at the target.
pub fn first_byte(table: &mut Table) {
    let program = Program::new(
        "variable \"url\" {\n  type = string\n}\n\nstep \"http_request\" \"only\" {\n  arguments {\n    url = var.url\n  }\n}\n",
    );
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let took = least((0..10).map(|_| {
        let start = Instant::now();
        let mut child = program.start(&["--url", &url]);
        let (mut stream, _) = listener.accept().expect("the program connects");
        stream.read_exact(&mut [0]).expect("a byte comes");
        let took = start.elapsed();
        let _ = child.kill();
        let _ = child.wait();
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
    let said = command.output().expect("taskset starts");
    let text = String::from_utf8_lossy(&said.stderr);
    let summary = text
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find(|line| line["event"] == "summary");
    let rate = summary
        .as_ref()
        .and_then(|line| line["iterations"]["rate"].as_f64())
        .unwrap_or_else(|| panic!("no summary in:\n{text}"));
    table.number(
        "`noop` step, one user thread pinned to one core",
        "iterations/s, 5 s",
        rate,
        "1/s",
        Goal::AtLeast(3_000_000.0),
    );
}

/// Memory of a user that waits.
pub fn idle(table: &mut Table) {
    let program =
        Program::new("step \"noop\" \"wait\" {\n  arguments {\n    delay = \"10m\"\n  }\n}\n");
    let users = 100_000;
    let each = (settled(&program, users, &[]) - settled(&program, 1, &[])) / f64::from(users);
    table.number(
        "idle user",
        "(RSS at 100,000 - RSS at 1) / 100,000",
        each,
        "KiB",
        Goal::AtMost(1.0),
    );
}

/// Memory of a user that waits with an open connection.
pub fn connected(table: &mut Table) {
    let nginx = bggo_tests::server::Nginx::start("location / { return 200 ok; }");
    let program = Program::new(
        "variable \"url\" {\n  type = string\n}\n\nstep \"http_request\" \"connect\" {\n  arguments {\n    url = var.url\n  }\n}\n\n\
         step \"noop\" \"wait\" {\n  arguments {\n    delay = \"10m\"\n  }\n  depends_on = [step.http_request.connect]\n}\n",
    );
    let url = nginx.url();
    let users = 4_000;
    let flags = ["--url", url.as_str()];
    let each = (settled(&program, users, &flags) - settled(&program, 1, &flags)) / f64::from(users);
    table.number(
        "idle connected user",
        "reqwest, the same with 4,000 users on one nginx worker",
        each,
        "KiB",
        Goal::None,
    );
}

/// Memory of a large grid.
pub fn thousand_steps(table: &mut Table) {
    let program = Program::new(&steps(1000, 0));
    let mut child = program.start(&["--vus", "2", "--threads", "2", "--iterations", "2"]);
    let mut most = 0.0f64;
    while matches!(child.try_wait(), Ok(None)) {
        most = memory(child.id(), "VmHWM").map_or(most, |now| most.max(now));
    }
    table.number(
        "RSS of a grid of 1,000 steps on 2 threads",
        "peak, one iteration a thread",
        most / 1024.0,
        "MiB",
        Goal::AtMost(90.0),
    );
}

/// RSS in KiB once it has stopped growing: the same to 1 % over four readings half a second apart.
fn settled(program: &Program, users: u32, flags: &[&str]) -> f64 {
    let users = users.to_string();
    let mut words = vec![
        "--vus",
        users.as_str(),
        "--duration",
        "5m",
        "--threads",
        "2",
    ];
    words.extend(flags);
    let mut child = program.start(&words);
    let mut last = 0.0;
    let mut calm = 0;
    while calm < 4 {
        std::thread::sleep(Duration::from_millis(500));
        let now = memory(child.id(), "VmRSS").expect("the program runs");
        calm = if (now - last).abs() <= last * 0.01 {
            calm + 1
        } else {
            0
        };
        last = now;
    }
    let _ = child.kill();
    let _ = child.wait();
    last
}

struct Program {
    path: PathBuf,
    _folder: TempDir,
}

impl Program {
    fn new(grid: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("grid.hcl");
        std::fs::write(&file, grid).expect("the grid is written");
        let path = folder.path().join("loadtest");
        build(&warm_cache(), &file, &path);
        Self {
            path,
            _folder: folder,
        }
    }

    fn start(&self, flags: &[&str]) -> Child {
        Command::new(&self.path)
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts")
    }
}
