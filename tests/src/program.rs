//! Where the repository, the `bggo` under test and the shared cache folder are.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The repository's root.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests folder has a parent")
        .to_owned()
}

/// The cache folder that all tests share, so that the runtime is compiled once.
pub fn cache_folder() -> PathBuf {
    target_folder().join("test-cache")
}

/// A command of the `bggo` of this checkout, with the shared cache and no colours.
pub fn bggo() -> Command {
    let mut command = Command::new(executable());
    command
        .env("XDG_CACHE_HOME", cache_folder())
        .env("NO_COLOR", "1")
        .current_dir(repository());
    command
}

/// Builds `bggo` once a test process; cargo answers at once when it is fresh.
fn executable() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let done = Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "--package",
                "bggo",
                "--bin",
                "bggo",
                "--target-dir",
            ])
            .arg(target_folder())
            .current_dir(repository())
            .status()
            .expect("cargo runs");
        assert!(done.success(), "bggo does not build");
        target_folder().join("debug/bggo")
    })
}

/// The target folder that this test program stands in (`TARGET/debug/deps/NAME`).
fn target_folder() -> PathBuf {
    let me = std::env::current_exe().expect("the path of the test program");
    me.ancestors()
        .nth(3)
        .expect("TARGET/debug/deps/NAME")
        .to_owned()
}
