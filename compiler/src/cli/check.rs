//! `bggo check`: everything that is wrong with a grid, for people or for programs.

use super::console::Console;
use super::exit::Exit;
use super::program;
use crate::diagnostics::json;
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
        match self.format {
            Format::Json => {
                if console.result(&json::report(&problems, &sources)) == Exit::Failed {
                    return Exit::Failed;
                }
            }
            Format::Text if problems.list.is_empty() => {
                console.say(format_args!("{}: no errors", self.path.display()));
            }
            Format::Text => console.problems(&problems, &sources),
        }
        exit(&problems)
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
