//! The command by which cargo ran rustc for a grid's package. It is recorded, and run again for the next save.
//!
//! Cargo checks every crate before it runs that command, which takes as long as the command itself. The command depends on
//! nothing but the `Cargo.toml`, so it is right for every grid with the same modules, and gives the same bytes as cargo. If
//! something fails here, cargo runs instead. It repairs what is missing, or says what is wrong.

use super::cache::{Cache, replace};
use super::environment::cleared;
use super::key;
use super::sources::BUILD_ID;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// Keeps the line among what cargo said with `--verbose` for the workspace in `folder`.
pub fn record(cache: &Cache, folder: &Path, profile: &str, lines: &[String]) {
    let (Some(line), Some(path)) = (grid_line(lines), path(cache, folder, profile)) else {
        return;
    };
    // Without a recorded command the next save takes a fifth of a second longer.
    let _ = fs::create_dir_all(cache.lines()).and_then(|()| {
        replace(&path, 0o666, |file| {
            file.write_all(line.join("\n").as_bytes())
        })
    });
}

/// The words of the last line by which cargo ran rustc for the grid. Cargo quotes those that a shell would take apart.
fn grid_line(lines: &[String]) -> Option<Vec<String>> {
    lines.iter().rev().find_map(|line| {
        let line = line.trim().strip_prefix("Running `")?.strip_suffix('`')?;
        line.contains(" --crate-name grid ")
            .then(|| shlex::split(line))?
    })
}

/// Compiles the workspace in `folder` by a line that was kept; the program, if that went well.
pub fn compile(cache: &Cache, folder: &Path, profile: &str) -> Option<PathBuf> {
    let line = fs::read_to_string(path(cache, folder, profile)?).ok()?;
    let mut words: Vec<&str> = line.split('\n').collect();
    // Not in cargo's own folder, where cargo could take one program for another.
    let output = folder.join("out");
    let place = words.iter().position(|word| *word == "--out-dir")? + 1;
    *words.get_mut(place)? = output.to_str()?;
    if output.exists() {
        fs::remove_dir_all(&output).ok()?;
    }
    fs::create_dir(&output).ok()?;
    // Each grid has a session of its own: the incremental data of one grid is of no use to another.
    let session = format!("incremental={}", folder.join("incremental").display());
    for word in &mut words {
        if word.starts_with("incremental=") {
            *word = &session;
        }
    }
    let (program, arguments) = words.split_first()?;
    let status = cleared(program)
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !status.ok()?.success() {
        return None;
    }
    let built = fs::read_dir(&output)
        .ok()?
        .flatten()
        .map(|entry| entry.path());
    let mut programs = built.filter(|path| path.extension().is_none());
    programs.next().filter(|_| programs.next().is_none())
}

/// Removes what [`compile`] made in `folder`, once it is kept elsewhere.
pub fn clear(folder: &Path) {
    // If it cannot be removed, it takes some space until the next save.
    let _ = fs::remove_dir_all(folder.join("out"));
}

/// Where the command of a workspace is kept: under a hash of everything that it depends on, which is all but the source.
fn path(cache: &Cache, folder: &Path, profile: &str) -> Option<PathBuf> {
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).ok()?;
    let lines = manifest
        .lines()
        .filter(|line| !line.starts_with("description"));
    let parts: Vec<&str> = [BUILD_ID, profile].into_iter().chain(lines).collect();
    let id = key::hash(&parts.join("\n")).ok()?;
    Some(cache.lines().join(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_the_grid_is_taken_apart_as_a_shell_would() {
        let lines = [
            "   Compiling grid v0.0.0",
            r#"     Running `/bin/rustc --crate-name grid --cfg 'feature="a b"' 'it'\''s' -C opt-level=0`"#,
            "     Running `/bin/rustc --crate-name other x`",
            "    Finished",
        ];
        let line = grid_line(&lines.map(str::to_owned)).unwrap();
        assert_eq!(
            line,
            [
                "/bin/rustc",
                "--crate-name",
                "grid",
                "--cfg",
                "feature=\"a b\"",
                "it's",
                "-C",
                "opt-level=0"
            ]
        );
        let unclosed = "Running `/bin/rustc --crate-name grid 'x`".to_owned();
        assert_eq!(grid_line(&[unclosed]), None);
    }
}
