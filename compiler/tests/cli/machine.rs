//! What the machine does not give: each is named with its cure, and nothing is called a bug.

use super::{GRID, bggo, folder_with, said};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use tempfile::TempDir;

/// Name and text of a program that stands in for a real one.
type Script = (&'static str, &'static str);

/// A folder for PATH with scripts in it, and nothing else.
fn path_of(folder: &TempDir, scripts: &[Script]) -> std::path::PathBuf {
    let path = folder.path().join("path");
    fs::create_dir(&path).unwrap();
    for (name, text) in scripts {
        fs::write(path.join(name), format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(path.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    path
}

#[test]
fn what_the_machine_lacks_is_named_with_its_cure() {
    let cargo = ("cargo", "echo cargo 1.90.0");
    let rustc = (
        "rustc",
        "echo 'release: 1.90.0'; echo 'host: x86_64-unknown-linux-gnu'",
    );
    let old = (
        "rustc",
        "echo 'release: 1.63.0'; echo 'host: x86_64-unknown-linux-gnu'",
    );
    let cases: [(&[Script], &str, &str); 6] = [
        (&[], "`cargo` is not installed", "https://rustup.rs"),
        (&[cargo], "`rustc` is not installed", "https://rustup.rs"),
        (
            &[cargo, ("rustc", "echo 'no default toolchain' >&2; exit 1")],
            "no default toolchain",
            "https://rustup.rs",
        ),
        (&[cargo, old], "rustc 1.63.0 is too old", "rustup update"),
        (
            &[cargo, rustc],
            "`cc` is not installed",
            "apt-get install gcc libc6-dev",
        ),
        (
            &[cargo, rustc, ("cc", "echo libc.a")],
            "libc.a, is missing",
            "apt-get install libc6-dev",
        ),
    ];
    for (scripts, what, cure) in cases {
        let folder = folder_with(&[("grid.hcl", GRID)]);
        let path = path_of(&folder, scripts);
        let said = said(
            bggo(folder.path())
                .args(["build", "grid.hcl", "-o", "out"])
                .env("PATH", path)
                .output()
                .unwrap(),
        );
        assert_eq!(said.code, Some(1), "{what}: {}", said.err);
        assert!(
            said.err.contains(what) && said.err.contains(cure),
            "{what}: {}",
            said.err
        );
    }
}

#[test]
fn a_cache_that_cannot_be_written_is_named_with_its_cure() {
    let folder = folder_with(&[("grid.hcl", GRID), ("file", "")]);
    // Below a file nobody can make a folder, not even root.
    let said = said(
        bggo(folder.path())
            .args(["build", "grid.hcl", "-o", "out"])
            .env("XDG_CACHE_HOME", folder.path().join("file"))
            .output()
            .unwrap(),
    );
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(
        said.err.contains("cannot write to the cache") && said.err.contains("XDG_CACHE_HOME"),
        "{}",
        said.err
    );
}

/// The first disk has no room for the sources, the second none for what cargo compiles.
#[test]
fn a_full_disk_is_named_with_its_cure() {
    for size in ["256k", "16m"] {
        let folder = folder_with(&[("grid.hcl", GRID)]);
        fs::create_dir(folder.path().join("cache")).unwrap();
        let script = format!(
            "mount -t tmpfs -o size={size} none cache && exec \"$0\" build grid.hcl -o out"
        );
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", &script]);
        command
            .arg(env!("CARGO_BIN_EXE_bggo"))
            .current_dir(folder.path());
        command.env("XDG_CACHE_HOME", folder.path().join("cache"));
        let said = said(command.output().unwrap());
        assert_eq!(said.code, Some(1), "{size}: {}", said.err);
        let named = said.err.contains("no space left") && said.err.contains("free some space");
        assert!(named && !said.err.contains("bug"), "{size}: {}", said.err);
    }
}
