//! `bggo new`: a first grid with comments, from `templates/grid/`.

use super::console::Console;
use super::exit::Exit;
use clap::Args;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

static GRID: &str = include_str!("../../../templates/grid/first.hcl");

/// Arguments of `bggo new`.
#[derive(Debug, Args)]
pub struct New {
    /// Name of the grid; the file is called NAME.hcl
    name: PathBuf,
}

impl New {
    /// Runs the command.
    pub fn run(self, console: &mut Console) -> Exit {
        let path = if self
            .name
            .extension()
            .is_some_and(|extension| extension == "hcl")
        {
            self.name
        } else {
            with_extension(&self.name)
        };
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        match write(&path, &GRID.replace("{{name}}", &name)) {
            Ok(()) => {
                console.say(format_args!(
                    "wrote {}; next:{}",
                    path.display(),
                    next(&path, &name)
                ));
                Exit::Done
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                console.fault(
                    &format!("`{}` is there already", path.display()),
                    "choose another name",
                );
                Exit::Usage
            }
            Err(error) => {
                console.fault(&format!("cannot write `{}`: {error}", path.display()), "");
                Exit::Failed
            }
        }
    }
}

/// The commands to try next: one on each line, with what it does.
fn next(path: &Path, name: &str) -> String {
    let file = for_shell(&path.to_string_lossy());
    let (program, here) = (for_shell(name), for_shell(&format!("./{name}")));
    let commands = [
        (format!("bggo run {file}"), "once, as a functional test"),
        (
            format!("bggo run {file} --vus 50 --duration 10s"),
            "as a load test",
        ),
        (
            format!("bggo build {file} -o {program} && {here}"),
            "as one file that runs anywhere",
        ),
    ];
    let width = commands.iter().map(|(command, _)| command.len()).max();
    let width = width.unwrap_or_default();
    commands
        .iter()
        .map(|(command, meaning)| format!("\n  {command:width$}  # {meaning}"))
        .collect()
}

fn with_extension(name: &Path) -> PathBuf {
    let mut name = name.as_os_str().to_owned();
    name.push(".hcl");
    name.into()
}

/// The word as a shell must be given it.
fn for_shell(word: &str) -> String {
    let plain =
        |character: char| character.is_ascii_alphanumeric() || "_./-+,:@%".contains(character);
    if word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    File::create_new(path)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_shell_would_take_apart_are_quoted() {
        assert_eq!(for_shell("a/shop.hcl"), "a/shop.hcl");
        assert_eq!(for_shell("my shop"), "'my shop'");
        assert_eq!(for_shell("it's"), r"'it'\''s'");
    }
}
