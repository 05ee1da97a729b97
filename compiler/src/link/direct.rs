//! The line by which cargo had rustc compile a grid's package, recorded and run again for the next save.
//!
//! Cargo looks at every crate before it runs that one line, which takes as long as the line itself. The line depends on
//! nothing but the manifest, so it serves every grid with the same modules, and gives the same bytes as cargo. Whatever
//! fails here is no failure: cargo is asked then, which makes good what is missing or says what is wrong.

use super::cache::{Cache, replace};
use super::cargo::cleared;
use super::key;
use super::sources::BUILD_ID;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// Keeps the line among what cargo said with `--verbose` for the workspace in `folder`.
pub fn record(cache: &Cache, folder: &Path, profile: &str, lines: &[String]) {
    let line = lines.iter().rev().find_map(|line| {
        let line = line.trim().strip_prefix("Running `")?.strip_suffix('`')?;
        line.contains(" --crate-name grid ").then(|| words(line))
    });
    let (Some(line), Some(path)) = (line, path(cache, folder, profile)) else {
        return;
    };
    // A line that is not kept costs a fifth of a second at the next save.
    let _ = fs::create_dir_all(cache.lines()).and_then(|()| {
        replace(&path, 0o666, |file| {
            file.write_all(line.join("\n").as_bytes())
        })
    });
}

/// Compiles the workspace in `folder` by a line that was kept; the program, if that went well.
pub fn compile(cache: &Cache, folder: &Path, profile: &str) -> Option<PathBuf> {
    let line = fs::read_to_string(path(cache, folder, profile)?).ok()?;
    let mut words: Vec<&str> = line.split('\n').collect();
    // Not where cargo keeps its own, or it would take one program for another.
    let output = folder.join("out");
    let place = words.iter().position(|word| *word == "--out-dir")? + 1;
    *words.get_mut(place)? = output.to_str()?;
    if output.exists() {
        fs::remove_dir_all(&output).ok()?;
    }
    fs::create_dir(&output).ok()?;
    // A session of its own for each grid: what one grid left says nothing to another.
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
    // What stays behind costs some room until the next save, and nothing else.
    let _ = fs::remove_dir_all(folder.join("out"));
}

/// Where the line of a workspace is kept: by all that decides it, which is everything but what the source is.
fn path(cache: &Cache, folder: &Path, profile: &str) -> Option<PathBuf> {
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).ok()?;
    let lines = manifest
        .lines()
        .filter(|line| !line.starts_with("description"));
    let parts: Vec<&str> = [BUILD_ID, profile].into_iter().chain(lines).collect();
    let id = key::hash(&parts.join("\n")).ok()?;
    Some(cache.lines().join(id))
}

/// The words of a line as cargo shows it: in single quotes where a shell would need them.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let Some(word) = words.last_mut() else { break };
        match character {
            '\'' => quoted = !quoted,
            '\\' if !quoted => word.extend(characters.next()),
            ' ' if !quoted => words.push(String::new()),
            _ => word.push(character),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_that_a_shell_would_see() {
        let line = r#"/bin/rustc --cfg 'feature="a b"' 'it'\''s' -C opt-level=0"#;
        assert_eq!(
            words(line),
            [
                "/bin/rustc",
                "--cfg",
                "feature=\"a b\"",
                "it's",
                "-C",
                "opt-level=0"
            ]
        );
    }
}
