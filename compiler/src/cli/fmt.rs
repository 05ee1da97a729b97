//! `bggo fmt`: files of HCL in their canonical form, as `terraform fmt` writes it.

use super::console::Console;
use super::exit::Exit;
use super::rewritten::rewrite;
use crate::diagnostics::Problems;
use crate::source::{self, FileId, SourceFile, Sources};
use crate::syntax;
use clap::Args;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What stands for standard input, and how it is called.
const STDIN: (&str, &str) = ("-", "<stdin>");

/// Arguments of `bggo fmt`.
#[derive(Debug, Args)]
pub struct Fmt {
    /// `.hcl` files, folders of them, or `-` for standard input. Without any, the folder in which bggo is called
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Write nothing; the exit code is 3 if a file, whose name is printed, would change
    #[arg(long)]
    check: bool,
    /// Print what changes
    #[arg(long)]
    diff: bool,
    /// Also format the folders within folders
    #[arg(short, long)]
    recursive: bool,
}

impl Fmt {
    /// Runs the command.
    pub fn run(self, console: &mut Console) -> Exit {
        let is_stdin = |path: &PathBuf| path.as_os_str() == STDIN.0;
        if self.paths.iter().any(is_stdin) {
            if self.paths.len() > 1 {
                console.fault(
                    "`-` stands for all that is formatted",
                    "name files, or give one text on standard input",
                );
                return Exit::Usage;
            }
            return match self.stdin(console) {
                Ok(exit) | Err(exit) => exit,
            };
        }
        let mut files = Vec::new();
        let paths = match self.paths.as_slice() {
            [] => &[PathBuf::from(".")],
            paths => paths,
        };
        for path in paths {
            if let Err(exit) = self.find(path, &mut files, console) {
                return exit;
            }
        }
        let (mut changed, mut failed) = (false, None);
        for file in &files {
            match self.file(file, console) {
                Ok(change) => changed |= change,
                Err(exit) => failed = Some(exit),
            }
        }
        failed.unwrap_or_else(|| self.exit(changed))
    }

    fn exit(&self, changed: bool) -> Exit {
        match changed && self.check {
            true => Exit::NotFormatted,
            false => Exit::Done,
        }
    }

    /// The files that a path stands for.
    fn find(
        &self,
        path: &Path,
        files: &mut Vec<PathBuf>,
        console: &mut Console,
    ) -> Result<(), Exit> {
        if path.is_dir() {
            return self.find_in(path, files).map_err(|error| {
                console.fault(&format!("cannot read `{}`: {error}", path.display()), "");
                Exit::Failed
            });
        }
        if path.extension().is_none_or(|ending| ending != "hcl") {
            console.fault(
                &format!("`{}` is no `.hcl` file", path.display()),
                "the text of a file of another name is formatted by `bggo fmt - < FILE`",
            );
            return Err(Exit::Usage);
        }
        files.push(path.to_path_buf());
        Ok(())
    }

    /// The `.hcl` files of a folder, those of variables as well, but none whose name begins with a dot.
    fn find_in(&self, folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            // A link to a folder may lead back to where it stands.
            entries.push((entry.file_name(), entry.file_type()?.is_dir()));
        }
        entries.sort();
        // Names are shown as they are given to other commands.
        let folder = folder.strip_prefix(".").unwrap_or(folder);
        for (name, is_folder) in entries {
            let path = folder.join(&name);
            let name = name.to_string_lossy();
            if name.starts_with('.') {
                continue;
            }
            if is_folder && self.recursive {
                self.find_in(&path, files)?;
            } else if !is_folder && name.ends_with(".hcl") && !path.is_dir() {
                files.push(path);
            }
        }
        Ok(())
    }

    /// Formats a file. Whether it changed, or would.
    fn file(&self, path: &Path, console: &mut Console) -> Result<bool, Exit> {
        let told = |problems, sources: &Sources, console: &mut Console| {
            console.problems(&problems, sources);
            Exit::Failed
        };
        let none = Sources::default();
        let sources = source::read(path).map_err(|problems| told(problems, &none, console))?;
        let (old, new) = both(&sources).map_err(|problems| told(problems, &sources, console))?;
        if old == new {
            return Ok(false);
        }
        if !self.check
            && let Err(error) = rewrite(path, &new)
        {
            console.fault(&format!("cannot write `{}`: {error}", path.display()), "");
            return Err(Exit::Failed);
        }
        let name = path.display().to_string();
        self.print(format!("{name}\n"), console)?;
        if self.diff {
            self.print(difference(&name, &old, &new), console)?;
        }
        Ok(true)
    }

    /// Formats standard input.
    fn stdin(&self, console: &mut Console) -> Result<Exit, Exit> {
        let text = match io::read_to_string(io::stdin().lock()) {
            Ok(text) => text,
            Err(error) => {
                console.fault(&format!("cannot read standard input: {error}"), "");
                return Err(Exit::Failed);
            }
        };
        let sources = Sources::from_texts(vec![(STDIN.1.to_owned(), text)]);
        let (old, new) = both(&sources).map_err(|problems| {
            console.problems(&problems, &sources);
            Exit::Failed
        })?;
        let changed = old != new;
        if self.check && changed {
            self.print(format!("{}\n", STDIN.1), console)?;
        }
        if self.diff {
            self.print(difference(STDIN.1, &old, &new), console)?;
        } else if !self.check {
            // As Terraform has it, though the last line of a file may have none.
            let end = if new.ends_with('\n') { "" } else { "\n" };
            self.print(new + end, console)?;
        }
        Ok(self.exit(changed))
    }

    fn print(&self, text: String, console: &mut Console) -> Result<(), Exit> {
        match console.result(&text) {
            Exit::Done => Ok(()),
            exit => Err(exit),
        }
    }
}

/// The text of the only file as it is on disk, and its canonical form.
fn both(sources: &Sources) -> Result<(String, String), Problems> {
    let new = crate::on_a_large_stack(|| syntax::format(sources, FileId(0)))?;
    let old = sources.file(FileId(0)).map(SourceFile::whole);
    Ok((old.unwrap_or_default(), new))
}

/// What changes, as `diff -u` writes it.
fn difference(name: &str, old: &str, new: &str) -> String {
    similar::TextDiff::from_lines(old, new)
        .unified_diff()
        .header(&format!("old/{name}"), &format!("new/{name}"))
        .to_string()
}
