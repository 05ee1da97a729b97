//! `bggo report`: the summary of a load run again, from its result file.

use super::console::Console;
use super::exit::Exit;
use super::recorded::Recorded;
use super::result_file::{cut, open, unreadable};
use bggo_metrics::file::Ending;
use bggo_metrics::report::Percentiles;
use clap::Args;
use std::path::{Path, PathBuf};

/// Arguments of `bggo report`.
#[derive(Debug, Args)]
pub struct Report {
    /// Result files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Percentiles that are shown, such as p50,p95,p99.99
    #[arg(long, value_name = "LIST", value_parser = Percentiles::parse)]
    percentiles: Option<Percentiles>,
}

impl Report {
    /// Runs the command.
    pub fn run(self, console: &mut Console) -> Exit {
        let percentiles = self.percentiles.clone().unwrap_or_default();
        for path in &self.files {
            let shown = summary(path, &percentiles, console);
            let shown = shown.map(|text| {
                let name = if self.files.len() > 1 {
                    format!("{}\n", path.display())
                } else {
                    String::new()
                };
                console.result(&format!("{name}{text}"))
            });
            match shown {
                Ok(Exit::Done) => {}
                Ok(exit) | Err(exit) => return exit,
            }
        }
        Exit::Done
    }
}

fn summary(path: &Path, percentiles: &Percentiles, console: &mut Console) -> Result<String, Exit> {
    let mut file = open(path, console)?;
    let mut recorded = Recorded::new(file.head().clone(), console)?;
    while let Some(second) = file
        .second()
        .map_err(|error| unreadable(path, &error, console))?
    {
        recorded.second(&second);
    }
    let ends = match file.ending() {
        Some(Ending::Whole(ends)) => ends.clone(),
        Some(Ending::Cut(bytes)) => {
            cut(path, *bytes, console);
            vec![None; file.head().parts.len()]
        }
        // It was read until there was no further second.
        None => Vec::new(),
    };
    Ok(recorded.whole(&ends).summary(percentiles, console.paint()))
}
