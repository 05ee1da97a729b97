//! `bggo check`: everything that is wrong with a grid, for people or for programs.

use super::console::Console;
use super::exit::Exit;
use super::program;
use crate::diagnostics::{github, json, sarif};
use crate::source::Sources;
use crate::{diagnostics::Problems, source};
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
            Ok(sources) => {
                let problems = crate::check_at_last(&sources, &modules.all);
                (sources, problems)
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
                return exit(&problems);
            }
        };
        match console.result(&report) {
            Exit::Failed => Exit::Failed,
            _ => exit(&problems),
        }
    }
}

/// A grid with errors fails; warnings do not count.
fn exit(problems: &Problems) -> Exit {
    if problems.has_errors() {
        Exit::Failed
    } else {
        Exit::Done
    }
}
