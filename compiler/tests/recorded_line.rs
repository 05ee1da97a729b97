//! The line by which an edited grid is compiled without cargo: the same bytes, and cargo where the line will not do.
//!
//! In a program of its own, because all grids with the same modules share a line, and one test at a time.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod desk;

use bggo::link::Cache;
use desk::{Desk, cache_folder, succeeded};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

/// The lines of the shared cache, for one test alone; there is none at first.
struct Lines {
    _alone: MutexGuard<'static, ()>,
    folder: PathBuf,
}

impl Lines {
    fn alone() -> Self {
        static ALONE: Mutex<()> = Mutex::new(());
        let lines = Self {
            _alone: ALONE.lock().unwrap_or_else(PoisonError::into_inner),
            folder: Cache::at(&cache_folder()).lines(),
        };
        lines.forget();
        lines
    }

    fn forget(&self) {
        // There may be none.
        let _ = fs::remove_dir_all(&self.folder);
    }

    /// Writes every line anew.
    fn spoil(&self, spoilt: impl Fn(&str) -> Vec<u8>) {
        for line in fs::read_dir(&self.folder).unwrap() {
            let path = line.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            fs::write(&path, spoilt(&text)).unwrap();
        }
    }
}

/// A cargo before the real one on `PATH` that writes down each of its calls.
struct Witness {
    folder: TempDir,
}

impl Witness {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("cargo");
        let calls = folder.path().join("calls");
        let text = format!(
            "#!/bin/sh\necho \"$1\" >>'{}'\nPATH=\"${{PATH#*:}}\" exec cargo \"$@\"\n",
            calls.display()
        );
        fs::write(&script, text).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    fn path(&self) -> OsString {
        let mut path = self.folder.path().as_os_str().to_owned();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap());
        path
    }

    fn calls(&self) -> usize {
        fs::read_to_string(self.folder.path().join("calls"))
            .map_or(0, |calls| calls.lines().count())
    }

    /// Builds a grid and gives back the program's bytes, and whether cargo was asked.
    #[track_caller]
    fn build(&self, desk: &Desk, grid: &str) -> (Vec<u8>, bool) {
        let before = self.calls();
        desk.write(grid);
        succeeded(&desk.build().env("PATH", self.path()).output().unwrap());
        (fs::read(desk.program()).unwrap(), self.calls() > before)
    }
}

/// A grid that no earlier run of these tests has built, so that the cache knows no program of it.
fn says(text: &str) -> String {
    format!(
        "# {}\nstep \"print\" \"say\" {{\n  arguments {{\n    input = \"{text}\"\n  }}\n}}\n",
        std::process::id()
    )
}

#[track_caller]
fn expect_said(program: &Path, text: &str) {
    let said = Command::new(program).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&said.stdout).trim(), text);
}

#[test]
fn an_edited_grid_is_compiled_without_cargo_to_the_bytes_that_cargo_gives() {
    let lines = Lines::alone();
    let (cargo, desk) = (Witness::new(), Desk::new(""));
    assert!(cargo.build(&desk, &says("first")).1, "no line is known");
    let (alone, asked) = cargo.build(&desk, &says("edited"));
    assert!(!asked, "the line of the first build does");
    expect_said(&desk.program(), "edited");

    lines.forget();
    let other = Desk::new("");
    // Another text to bggo, the same program.
    let (by_cargo, asked) = cargo.build(&other, &format!("{}# by cargo\n", says("edited")));
    assert!(asked);
    assert!(alone == by_cargo, "the same bytes");
}

#[test]
fn a_line_serves_another_grid_with_the_same_modules_but_none_with_others() {
    let _lines = Lines::alone();
    let (cargo, desk, other) = (Witness::new(), Desk::new(""), Desk::new(""));
    cargo.build(&desk, &says("one grid"));
    assert!(!cargo.build(&other, &says("another grid")).1);
    expect_said(&other.program(), "another grid");
    let more = format!("{}step \"noop\" \"more\" {{}}\n", says("with noop"));
    assert!(cargo.build(&desk, &more).1);
    expect_said(&desk.program(), "with noop");
    assert!(!cargo.build(&desk, &says("without it again")).1);
    expect_said(&desk.program(), "without it again");
}

#[test]
fn a_line_that_will_not_do_is_replaced_by_cargo() {
    let lines = Lines::alone();
    let (cargo, desk) = (Witness::new(), Desk::new(""));
    cargo.build(&desk, &says("line 0"));
    /// What stands in place of the line.
    type Spoil = fn(&str) -> Vec<u8>;
    let spoils: [(&str, Spoil); 6] = [
        ("no text", |_| vec![0xff, 0xfe]),
        ("empty", |_| Vec::new()),
        ("a compiler that is gone", |line| {
            line.replacen("rustc", "nowhere", 1).into_bytes()
        }),
        ("a compiler that makes nothing", |_| {
            b"/bin/true\n--out-dir\nx".to_vec()
        }),
        ("cut off", |line| line.as_bytes()[..line.len() / 2].to_vec()),
        ("a library that is gone", |line| {
            line.replace("libbggo_runtime", "libnowhere").into_bytes()
        }),
    ];
    for (what, spoil) in spoils {
        lines.spoil(spoil);
        assert!(cargo.build(&desk, &says(what)).1, "{what}");
        expect_said(&desk.program(), what);
        let again = format!("after {what}");
        assert!(
            !cargo.build(&desk, &says(&again)).1,
            "{what}: it is recorded again"
        );
        expect_said(&desk.program(), &again);
    }
}

#[test]
fn what_was_compiled_and_is_gone_is_compiled_again_by_cargo() {
    let _lines = Lines::alone();
    let (cargo, desk) = (Witness::new(), Desk::new(""));
    cargo.build(&desk, &says("before"));
    let gone = remove(
        &Cache::at(&cache_folder()).target(),
        "libbggo_module_print-",
    );
    assert!(gone > 0, "the module was compiled");
    assert!(cargo.build(&desk, &says("gone")).1);
    expect_said(&desk.program(), "gone");
    assert!(!cargo.build(&desk, &says("there again")).1);
    expect_said(&desk.program(), "there again");
}

/// Removes all files below a folder whose names begin so; gives back how many.
fn remove(folder: &Path, begin: &str) -> usize {
    let mut removed = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            removed += remove(&entry.path(), begin);
        } else if entry.file_name().to_string_lossy().starts_with(begin) {
            fs::remove_file(entry.path()).unwrap();
            removed += 1;
        }
    }
    removed
}

#[test]
fn a_cache_that_cannot_keep_lines_asks_cargo_each_time() {
    let lines = Lines::alone();
    let (cargo, desk) = (Witness::new(), Desk::new(""));
    cargo.build(&desk, &says("lines are kept"));
    lines.forget();
    fs::write(&lines.folder, "in the way").unwrap();
    for text in ["once", "twice"] {
        assert!(cargo.build(&desk, &says(text)).1);
        expect_said(&desk.program(), text);
    }
    fs::remove_file(&lines.folder).unwrap();
}
