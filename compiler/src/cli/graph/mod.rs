//! `bggo graph`: a checked grid as a picture of what waits for what.

mod dot;
mod json;
mod mermaid;
mod model;

use super::console::{Console, warnings};
use super::exit::Exit;
use super::program;
use crate::source::{self, Sources};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Which language the picture is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Mermaid, which GitHub and many editors show
    Mermaid,
    /// Graphviz
    Dot,
    /// For programs
    Json,
}

/// Arguments of `bggo graph`.
#[derive(Debug, Args)]
pub struct Graph {
    /// A grid: a `.hcl` file, or a folder of them
    path: PathBuf,
    /// Which language the picture is written in
    #[arg(long, value_enum, default_value_t = Format::Mermaid)]
    format: Format,
    #[command(flatten)]
    modules: program::ModuleFolders,
}

impl Graph {
    /// Runs the command.
    pub fn run(self, console: &mut Console) -> Exit {
        let loaded = match self.modules.load() {
            Ok(loaded) => loaded,
            Err(fault) => return console.link_fault(&fault),
        };
        let sources = match source::read(&self.path) {
            Ok(sources) => sources,
            Err(problems) => {
                console.problems(&problems, &Sources::default());
                return Exit::Failed;
            }
        };
        let (typed, problems) = crate::check(&sources, &loaded.all);
        let Some(typed) = typed else {
            console.problems(&problems, &sources);
            return Exit::Failed;
        };
        if warnings(&problems) > 0 {
            console.problems(&problems, &sources);
        }
        let graph = model::graph(&typed);
        console.result(&match self.format {
            Format::Mermaid => mermaid::text(&graph),
            Format::Dot => dot::text(&graph),
            Format::Json => json::text(&graph),
        })
    }
}

#[cfg(test)]
mod tests;
