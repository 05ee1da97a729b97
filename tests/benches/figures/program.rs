//! A grid of a bench: built once, started with flags, read by its lines.

use crate::measure::{build, warm_cache};
use bggo_tests::{Finished, Run};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

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
pub fn summary(ended: &Finished) -> Value {
    let lines = ended
        .stderr
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut summaries = lines.filter(|line| line["event"] == "summary");
    summaries
        .next()
        .unwrap_or_else(|| panic!("no summary in:\n{}", ended.stderr))
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

    /// Starts it, with lines of JSON.
    pub fn start(&self, flags: &[&str]) -> Run {
        let mut command = Command::new(&self.path);
        command.args(flags).args(["--log-format", "json"]);
        Run::start(command)
    }
}
