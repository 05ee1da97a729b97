//! A grid written for a test, and the program that bggo makes of it.

use crate::{Run, bggo, repository};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A folder with a grid in it; removed when dropped.
pub struct Grid {
    folder: TempDir,
    file: PathBuf,
    modules: Vec<PathBuf>,
}

impl Grid {
    /// Writes `text` as `grid.hcl` into a folder of its own.
    pub fn new(text: &str) -> Self {
        Self::named("grid.hcl", text)
    }

    /// Writes `text` under another file name.
    pub fn named(name: &str, text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join(name);
        std::fs::write(&file, text).expect("the grid is written");
        Self {
            folder,
            file,
            modules: Vec::new(),
        }
    }

    /// Replaces the grid's text.
    #[must_use]
    pub fn edit(self, text: &str) -> Self {
        std::fs::write(&self.file, text).expect("the grid is written");
        self
    }

    /// Copies the files beside the examples, which they and the manual read, into the grid's folder.
    #[must_use]
    pub fn beside_examples(self) -> Self {
        copy_beside(&repository().join("examples"), self.folder());
        self
    }

    /// A copy of `examples/NAME.hcl`.
    pub fn example(name: &str) -> Self {
        let text =
            std::fs::read_to_string(repository().join("examples").join(format!("{name}.hcl")))
                .unwrap_or_else(|error| panic!("examples/{name}.hcl: {error}"));
        Self::named(&format!("{name}.hcl"), &text).beside_examples()
    }

    /// Adds a module from a folder (`--module`).
    #[must_use]
    pub fn module(mut self, folder: impl Into<PathBuf>) -> Self {
        self.modules.push(folder.into());
        self
    }

    /// The grid's file.
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// The folder that it stands in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where `build` puts the program.
    pub fn program(&self) -> PathBuf {
        self.folder.path().join("loadtest")
    }

    /// Runs `bggo build` and gives back what it said.
    pub fn try_build(&self) -> Output {
        bggo()
            .arg("build")
            .arg(&self.file)
            .arg("-o")
            .arg(self.program())
            .args(self.module_flags())
            .output()
            .expect("bggo starts")
    }

    /// Builds, and fails the test with bggo's words when that fails.
    #[must_use]
    pub fn build(self) -> Self {
        let said = self.try_build();
        assert!(
            said.status.success(),
            "bggo build failed:\n{}",
            String::from_utf8_lossy(&said.stderr)
        );
        self
    }

    /// The emitted Rust.
    pub fn rust(&self) -> String {
        self.printed(&["build", "--emit", "rust"])
    }

    /// A command of bggo on this grid, its stdout.
    pub fn printed(&self, words: &[&str]) -> String {
        let said = bggo()
            .args(words)
            .arg(&self.file)
            .args(self.module_flags())
            .output()
            .expect("bggo starts");
        assert!(
            said.status.success(),
            "bggo {words:?} failed:\n{}",
            String::from_utf8_lossy(&said.stderr)
        );
        String::from_utf8(said.stdout).expect("UTF-8")
    }

    /// A command of the built program, in the grid's folder, with an environment of its own.
    pub fn command(&self) -> Command {
        let mut command = Command::new(self.program());
        command
            .current_dir(self.folder())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }

    /// Starts the built program.
    pub fn start(&self, flags: &[&str]) -> Run {
        let mut command = self.command();
        command.args(flags);
        Run::start(command)
    }

    /// Runs the built program with a folder as its root that holds nothing else but `files`.
    pub fn bare_root(&self, flags: &[&str], files: &[(&str, &str)]) -> Run {
        let root = tempfile::tempdir_in(self.folder()).expect("a temporary folder");
        let root = root.keep();
        std::fs::copy(self.program(), root.join("loadtest")).expect("the program is copied");
        for (path, text) in files {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
            std::fs::write(path, text).expect("the file is written");
        }
        let mut command = Command::new("unshare");
        command
            .args(["--map-root-user", "--root"])
            .arg(&root)
            .arg("/loadtest")
            .args(flags)
            .env_clear()
            .env("PATH", "/usr/bin:/bin");
        Run::start(command)
    }

    fn module_flags(&self) -> Vec<OsString> {
        self.modules
            .iter()
            .flat_map(|folder| ["--module".into(), folder.clone().into_os_string()])
            .collect()
    }
}

/// Copies all files but grids, those of folders as well.
fn copy_beside(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            std::fs::create_dir_all(&target).expect("it is made");
            copy_beside(&path, &target);
        } else if path.extension().is_none_or(|ending| ending != "hcl") {
            std::fs::copy(&path, &target).expect("it is copied");
        }
    }
}
