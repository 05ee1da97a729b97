//! `bggo check`: everything that is wrong with a grid, for people or for programs.

use super::console::Console;
use super::exit::Exit;
use super::program;
use super::rewritten::rewrite;
use crate::diagnostics::{Problems, fix, github, json, sarif};
use crate::modules::Modules;
use crate::source::{self, Sources};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// How problems are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text for people
    Text,
    /// JSON for programs, in the shape of `terraform validate -json`
    Json,
    /// SARIF 2.1.0, which code hosts and editors read
    Sarif,
    /// Workflow commands, which GitHub shows beside the lines of a change
    Github,
}

/// Arguments of `bggo check`.
#[derive(Debug, Args)]
pub struct Check {
    /// A `.hcl` file, or a folder of `.hcl` files
    #[arg(value_name = "GRID")]
    path: PathBuf,
    /// The form in which problems are shown
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write the cure of each problem that has one and is one replacement into the grid, and show what is left
    #[arg(long)]
    fix: bool,
    /// Show what is known of the grid without running it: what its loads come to, what goes where, and when each argument is known
    #[arg(short, long, conflicts_with = "format")]
    verbose: bool,
    #[command(flatten)]
    modules: program::ModuleFolders,
}

impl Check {
    /// Runs the command.
    pub fn run(self, console: &mut Console) -> Exit {
        let modules = match self.modules.load() {
            Ok(modules) => modules,
            Err(fault) => return console.link_fault(&fault),
        };
        let (sources, problems) = match source::read(&self.path) {
            Ok(mut sources) => {
                crate::read_files(&mut sources, &modules.all);
                let problems = crate::check_at_last(&sources, &modules.all);
                match self.fix {
                    true => match fixed(sources, problems, &modules.all, console) {
                        Ok(left) => left,
                        Err(exit) => return exit,
                    },
                    false => (sources, problems),
                }
            }
            Err(problems) => (Sources::default(), problems),
        };
        let report = match self.format {
            Format::Json => json::report(&problems, &sources),
            Format::Sarif => sarif::report(&problems, &sources),
            Format::Github => github::report(&problems, &sources),
            Format::Text => {
                if problems.list.is_empty() {
                    console.say(format_args!("{}: no errors", self.path.display()));
                } else {
                    console.problems(&problems, &sources);
                }
                if self.verbose
                    && let Some(known) = known(&sources, &modules.all)
                {
                    return match console.result(&known) {
                        Exit::Failed => Exit::Failed,
                        _ => exit(&problems),
                    };
                }
                return exit(&problems);
            }
        };
        match console.result(&report) {
            Exit::Failed => Exit::Failed,
            _ => exit(&problems),
        }
    }
}

/// What is known of a grid without errors.
fn known(sources: &Sources, modules: &Modules) -> Option<String> {
    let (compiled, _) = crate::compile(sources, modules);
    let compiled = compiled?;
    Some(crate::known::text(&compiled.plan, &compiled.package.crates))
}

/// Makes what fixes there are, and gives back the grid as it is then. None is made that leads to more errors.
fn fixed(
    sources: Sources,
    problems: Problems,
    modules: &Modules,
    console: &mut Console,
) -> Result<(Sources, Problems), Exit> {
    let check = |sources: &Sources| {
        let mut sources = sources.clone();
        crate::read_files(&mut sources, modules);
        crate::check(&sources, modules).1
    };
    let fixed = fix::make(&sources, &problems, check);
    for id in fixed.files() {
        let Some(file) = fixed.sources.file(id) else {
            continue;
        };
        let path = sources.root.join(&file.name);
        if let Err(error) = rewrite(&path, &file.whole()) {
            let text = format!("cannot write `{}`: {error}", path.display());
            console.fault(&text, "");
            return Err(Exit::Failed);
        }
    }
    for fix in fixed.made.iter().flat_map(|problem| &problem.fixes) {
        let (file, line, column) = sources.place(fix.span);
        console.say(format_args!(
            "{file}:{line}:{column}: `{}` is now `{}`",
            sources.text(fix.span),
            fix.text(&sources)
        ));
    }
    Ok((fixed.sources, fixed.left))
}

/// A grid with errors fails; warnings do not count.
fn exit(problems: &Problems) -> Exit {
    if problems.has_errors() {
        Exit::Failed
    } else {
        Exit::Done
    }
}
