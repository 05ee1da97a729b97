//! Running `bggo` and its programs with a clock, and the table of what came out.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The figures, in the order in which they were measured.
#[derive(Default)]
pub struct Table {
    rows: Vec<[String; 4]>,
}

impl Table {
    /// Adds a time with its goal.
    pub fn time(&mut self, what: &str, how: &str, measured: Duration, goal: Duration) {
        self.row(
            what,
            how,
            format!("{:.1} ms", millis(measured)),
            format!("{:.0} ms", millis(goal)),
            measured <= goal,
        );
    }

    /// Adds a number; `most` says whether the goal is an upper bound.
    pub fn number(&mut self, what: &str, how: &str, measured: f64, unit: &str, goal: Goal) {
        let (held, text) = match goal {
            Goal::AtMost(bound) => (measured <= bound, format!("at most {bound} {unit}")),
            Goal::AtLeast(bound) => (measured >= bound, format!("at least {bound} {unit}")),
            Goal::None => (true, "none".into()),
        };
        self.row(what, how, format!("{measured:.2} {unit}"), text, held);
    }

    /// Prints the table as Markdown.
    pub fn print(&self) {
        println!("\n| what | how | measured | goal |\n| --- | --- | --- | --- |");
        for row in &self.rows {
            println!("| {} |", row.join(" | "));
        }
    }

    fn row(&mut self, what: &str, how: &str, measured: String, goal: String, held: bool) {
        let mark = if held { "" } else { " (missed)" };
        eprintln!("{what}: {measured}, goal {goal}{mark}");
        self.rows
            .push([what.into(), how.into(), format!("{measured}{mark}"), goal]);
    }
}

/// What a number is held against.
pub enum Goal {
    /// Upper bound.
    AtMost(f64),
    /// Lower bound.
    AtLeast(f64),
    /// Only said.
    None,
}

/// The release build of `bggo`, which `make bench` builds first.
pub fn bggo(cache: &Path) -> Command {
    let me = std::env::current_exe().expect("the path of this program");
    let target = me.ancestors().nth(3).expect("TARGET/release/deps/NAME");
    let mut command = Command::new(target.join("release/bggo"));
    command.env("XDG_CACHE_HOME", cache);
    command
}

/// The cache folder of all figures but the cold one.
pub fn warm_cache() -> PathBuf {
    bggo_tests::cache_folder().with_file_name("bench-cache")
}

/// Runs a command with its output thrown away and gives back how long it took.
pub fn timed(mut command: Command) -> Duration {
    let start = Instant::now();
    let said = command
        .stdin(Stdio::null())
        .output()
        .expect("the command starts");
    let took = start.elapsed();
    assert!(
        said.status.success(),
        "{command:?}:\n{}",
        String::from_utf8_lossy(&said.stderr)
    );
    took
}

/// Builds a grid into `program`.
pub fn build(cache: &Path, grid: &Path, program: &Path) -> Duration {
    let mut command = bggo(cache);
    command.arg("build").arg(grid).arg("-o").arg(program);
    timed(command)
}

/// The least of some durations.
pub fn least(times: impl IntoIterator<Item = Duration>) -> Duration {
    times.into_iter().min().expect("at least one time")
}

/// A field of `/proc/PID/status`, such as `VmRSS`, in KiB.
pub fn memory(process: u32, field: &str) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
