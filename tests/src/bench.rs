//! What the benches share: the release build of `bggo`, grids that it builds once, and readings of their processes.

use crate::{Finished, Run, cache_folder};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The workers of a program whose memory is read alone.
pub const WORKERS: u32 = 2;

/// The release build of `bggo`, which `make bench` builds first.
pub fn bggo(cache: &Path) -> Command {
    let mut command = Command::new(target_folder().join("release/bggo"));
    command.env("XDG_CACHE_HOME", cache);
    command
}

/// The folder that this bench stands in (`TARGET/release/deps/NAME`).
pub fn target_folder() -> PathBuf {
    let me = std::env::current_exe().expect("the path of this program");
    me.ancestors()
        .nth(3)
        .expect("TARGET/release/deps/NAME")
        .to_owned()
}

/// The cache folder of all grids whose build is not measured.
pub fn warm_cache() -> PathBuf {
    cache_folder().with_file_name("bench-cache")
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

/// A field of `/proc/PID/status`, such as `VmRSS`, in KiB.
pub fn memory(process: u32, field: &str) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

/// Ends a run whose users wait as Ctrl-C does.
pub fn interrupt(run: Run) -> Finished {
    run.signal("INT");
    run.finish().expect_code(105)
}

/// A line of JSON.
pub fn read(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"))
}

/// The last line of a run.
pub fn summary(stderr: &str) -> Value {
    let lines = stderr
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut summaries = lines.filter(|line| line["event"] == "summary");
    summaries
        .next()
        .unwrap_or_else(|| panic!("no summary in:\n{stderr}"))
}

/// A grid, built.
pub struct Program {
    /// Where its program is.
    pub path: PathBuf,
    _folder: TempDir,
}

impl Program {
    /// Builds a grid of this text.
    pub fn new(grid: &str) -> Self {
        Self::with_files(grid, &[])
    }

    /// The same, of a grid that reads files beside it: their names and texts.
    pub fn with_files(grid: &str, files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("grid.hcl");
        std::fs::write(&file, grid).expect("the grid is written");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("a file is written");
        }
        let path = folder.path().join("loadtest");
        build(&warm_cache(), &file, &path);
        Self {
            path,
            _folder: folder,
        }
    }

    /// Starts it, with lines of JSON.
    pub fn start(&self, flags: &[&str]) -> Run {
        let mut command = Command::new(&self.path);
        command.args(flags).args(["--log-format", "json"]);
        Run::start(command)
    }

    /// RSS in KiB of so many users that all begin at once and wait, as [`Program::settled_under`] reads it.
    pub fn settled(&self, users: u32, flags: &[&str]) -> f64 {
        let text = users.to_string();
        self.settled_under(&["--vus", &text, "--duration", "5m"], users, flags)
    }

    /// RSS in KiB under a load whose users all wait in the end, once it has stopped growing: the same to 1 % over four
    /// readings half a second apart.
    pub fn settled_under(&self, load: &[&str], users: u32, flags: &[&str]) -> f64 {
        self.settled_in_segments(1, load, users, flags)
    }

    /// The same of so many programs that run side by side, each with its segment of the users: the sum.
    pub fn settled_in_segments(
        &self,
        segments: u32,
        load: &[&str],
        users: u32,
        flags: &[&str],
    ) -> f64 {
        let start = |segment: u32| {
            let part = format!("{}/{segments}", segment + 1);
            let threads = if segments == 1 { WORKERS } else { 1 }.to_string();
            let mut words = vec!["--threads", &threads, "--segment", &part];
            words.extend(load);
            words.extend(flags);
            // Users are dealt out in turn.
            let own = u64::from((users - segment).div_ceil(segments));
            (self.start(&words), own)
        };
        let mut runs: Vec<_> = (0..segments).map(start).collect();
        for (run, own) in &mut runs {
            while read(&run.wait_for("\"interval\""))["users"] != *own {}
        }
        let mut last = 0.0;
        let mut calm = 0;
        while calm < 4 {
            std::thread::sleep(Duration::from_millis(500));
            let each = runs.iter();
            let each = each.map(|(run, _)| memory(run.id(), "VmRSS").expect("the program runs"));
            let now: f64 = each.sum();
            calm = if (now - last).abs() <= last * 0.01 {
                calm + 1
            } else {
                0
            };
            last = now;
        }
        for (run, own) in runs {
            let ended = interrupt(run);
            let summary = summary(&ended.stderr);
            let waited = &summary["iterations"];
            assert_eq!(
                (&waited["cancelled"], &waited["failed"]),
                (&own.into(), &0.into()),
                "every user was waiting: {waited}"
            );
        }
        last
    }
}
