//! The real `bggo` in a folder of its own, with the cache folder that the whole-program tests share.

use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

/// `TARGET/test-cache`, where this program is `TARGET/debug/deps/NAME`.
pub fn cache_folder() -> PathBuf {
    let me = std::env::current_exe().unwrap();
    me.ancestors().nth(3).unwrap().join("test-cache")
}

/// A folder with a grid in it.
pub struct Desk {
    pub folder: TempDir,
}

impl Desk {
    pub fn new(grid: &str) -> Self {
        let desk = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        desk.write(grid);
        desk
    }

    pub fn write(&self, grid: &str) {
        std::fs::write(self.folder.path().join("grid.hcl"), grid).unwrap();
    }

    pub fn bggo(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bggo"));
        command
            .args(words)
            .current_dir(self.folder.path())
            .env("XDG_CACHE_HOME", cache_folder())
            .env("NO_COLOR", "1");
        command
    }

    pub fn build(&self) -> Command {
        self.bggo(&["build", "grid.hcl", "-o", "out"])
    }

    pub fn program(&self) -> PathBuf {
        self.folder.path().join("out")
    }
}

/// What a command said that went well.
#[track_caller]
pub fn succeeded(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    said
}
