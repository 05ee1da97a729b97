//! `bggo graph`: a checked grid as a picture of what waits for what.

mod dot;
mod json;
mod mermaid;
mod model;
mod picture;
mod svg;

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
    /// A picture, laid out, for pages and viewers
    Svg,
    /// JSON, for programs
    Json,
}

/// What the shapes and arrows mean.
const LEGEND: &str = "Boxes are steps, cylinders are resources, leaning boxes are data, frames are scenarios, flows and what runs before and after. An arrow leads from what comes first to what waits for it:
  thin             `depends_on`; from frame to frame: one runs before the other
  thick            an expression reads an output of the step
  dotted, dashed   the resource is in `uses`, or an expression reads an export of it
  with a ball      an expression reads rows of the data
A node is called KIND.NAME where another node beside it has the same name; `item[3]` has three instances, and `first: pay` calls the flow `pay`.";

/// Arguments of `bggo graph`.
#[derive(Debug, Args)]
#[command(after_help = LEGEND)]
pub struct Graph {
    /// A `.hcl` file, or a folder of `.hcl` files
    #[arg(value_name = "GRID")]
    path: PathBuf,
    /// The format of the graph
    #[arg(long, value_enum, default_value_t = Format::Mermaid)]
    format: Format,
    /// Draw only the steps, without resources and data
    #[arg(long)]
    no_resources: bool,
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
        let mut sources = match source::read(&self.path) {
            Ok(sources) => sources,
            Err(problems) => {
                console.problems(&problems, &Sources::default());
                return Exit::Failed;
            }
        };
        crate::read_files(&mut sources, &loaded.all);
        let (typed, reads, problems) = crate::check_to_draw(&sources, &loaded.all);
        let Some(typed) = typed else {
            console.problems(&problems, &sources);
            return Exit::Failed;
        };
        if warnings(&problems) > 0 {
            console.problems(&problems, &sources);
        }
        let mut graph = picture::picture(&typed, &reads);
        if self.no_resources {
            graph = graph.without_resources();
        }
        console.result(&match self.format {
            Format::Mermaid => mermaid::text(&graph),
            Format::Dot => dot::text(&graph),
            Format::Svg => svg::text(&graph),
            Format::Json => json::text(&graph),
        })
    }
}

#[cfg(test)]
mod tests;
