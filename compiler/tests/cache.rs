//! The cache folder over versions of bggo: what an older one left is taken over where it is right, and never mistaken
//! for this one's. No program is built here.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use bggo::link::{Cache, ProgramRecord};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A cache in which older versions have built; each has compiled a crate of its own name.
struct Old {
    folder: TempDir,
}

impl Old {
    fn with(versions: &[&str]) -> Self {
        let old = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        for version in versions {
            drop(old.version(version).open(&mut || {}).unwrap());
        }
        for version in versions {
            let cache = old.version(version);
            write(&cache.folder.join("src/Cargo.toml"), "of another version");
            let units = cache
                .target()
                .join("x86_64-unknown-linux-gnu/release/.fingerprint");
            for unit in [
                "bggo-runtime-1",
                "bggo-module-noop-1",
                "grid-1",
                "tokio-1",
                version,
            ] {
                write(&units.join(unit).join("lib"), version);
            }
            write(&cache.lines().join("line"), "/nowhere/rustc");
            write(&cache.ready(), "host");
            let program = old.folder.path().join("program");
            write(&program, version);
            cache
                .keep("key", &program, &ProgramRecord::default())
                .unwrap();
        }
        old
    }

    fn version(&self, version: &str) -> Cache {
        let now = self.now();
        Cache {
            folder: now.root.join(version),
            root: now.root,
        }
    }

    /// The cache of this version.
    fn now(&self) -> Cache {
        Cache::at(self.folder.path())
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// What was compiled, as cargo would find it.
fn units(cache: &Cache) -> Vec<String> {
    let folder = cache
        .target()
        .join("x86_64-unknown-linux-gnu/release/.fingerprint");
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn of_an_older_version_only_the_crates_that_are_not_bggos_are_used() {
    let old = Old::with(&["0.0.1-old"]);
    let now = old.now();
    assert!(now.answer("key").is_none(), "its programs are not ours");
    drop(now.open(&mut || {}).unwrap());
    assert_eq!(units(&now), ["0.0.1-old", "tokio-1"]);
    assert!(
        !old.version("0.0.1-old").target().exists(),
        "moved, not copied"
    );
    assert!(now.answer("key").is_none());
    assert!(!now.lines().exists(), "its lines name its own sources");
    assert!(!now.ready().exists(), "its lock file may name other crates");
    let sources = fs::read_to_string(now.folder.join("src/Cargo.toml")).unwrap();
    assert!(sources.contains("[workspace]"), "{sources}");
}

#[test]
fn an_older_version_goes_on_working_after_its_target_was_taken() {
    let old = Old::with(&["0.0.1-old"]);
    let (now, before) = (old.now(), old.version("0.0.1-old"));
    drop(now.open(&mut || {}).unwrap());
    write(&now.lines().join("line"), "recorded since");
    let answered = before.answer("key").unwrap();
    assert_eq!(fs::read_to_string(answered.path).unwrap(), "0.0.1-old");
    // It builds again and takes back what it needs; lines of before would link what this version compiled.
    drop(before.open(&mut || {}).unwrap());
    assert_eq!(units(&before), ["0.0.1-old", "tokio-1"]);
    assert!(!before.lines().exists());
    // This version has lost its target and gets it back without its lines.
    drop(now.open(&mut || {}).unwrap());
    assert_eq!(units(&now), ["0.0.1-old", "tokio-1"]);
    assert!(!now.lines().exists());
}

#[test]
fn a_target_that_an_older_version_is_building_into_is_left_alone() {
    let old = Old::with(&["0.0.1-old"]);
    let (now, before) = (old.now(), old.version("0.0.1-old"));
    let building = before.open(&mut || {}).unwrap();
    let mut waited = false;
    drop(now.open(&mut || waited = true).unwrap());
    assert!(!waited, "two versions do not wait for each other");
    assert!(before.target().exists() && !now.target().exists());
    drop(building);
    drop(now.open(&mut || {}).unwrap());
    assert!(now.target().exists(), "taken over once it is free");
}

#[test]
fn of_two_older_versions_the_newer_one_is_taken_over() {
    let old = Old::with(&["0.0.1-old", "0.0.2-newer", "0.0.0-oldest"]);
    for (version, days) in [("0.0.0-oldest", 3), ("0.0.1-old", 2), ("0.0.2-newer", 1)] {
        let lock = fs::File::options()
            .write(true)
            .open(old.version(version).folder.join("lock"))
            .unwrap();
        let day = std::time::Duration::from_secs(24 * 60 * 60);
        lock.set_modified(std::time::SystemTime::now() - day * days)
            .unwrap();
    }
    let now = old.now();
    drop(now.open(&mut || {}).unwrap());
    assert_eq!(units(&now), ["0.0.2-newer", "tokio-1"]);
    assert!(old.version("0.0.1-old").target().exists());
}

#[test]
fn what_is_no_version_beside_the_versions_disturbs_nothing() {
    let old = Old::with(&[]);
    let now = old.now();
    write(&now.root.join("notes.txt"), "mine");
    fs::create_dir_all(now.root.join("empty")).unwrap();
    drop(now.open(&mut || {}).unwrap());
    assert!(now.folder.join("src/Cargo.toml").exists());
    assert_eq!(
        fs::read_to_string(now.root.join("notes.txt")).unwrap(),
        "mine"
    );
}

#[test]
fn clean_removes_every_version_and_waits_for_no_lock_of_an_older_one_that_is_free() {
    let old = Old::with(&["0.0.1-old", "0.0.2-newer"]);
    let now = old.now();
    drop(now.open(&mut || {}).unwrap());
    let mut waited = false;
    let size = now.clean(&mut || waited = true).unwrap();
    assert!(size > 0 && !waited);
    let left: Vec<PathBuf> = fs::read_dir(old.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(left, [old.folder.path().join("program")]);
    // And the next build lays everything out again.
    drop(now.open(&mut || {}).unwrap());
    assert!(now.folder.join("src/Cargo.toml").exists());
}
