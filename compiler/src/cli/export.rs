//! `bggo export`: a result file in a form for other tools.

use super::console::Console;
use super::exit::Exit;
use super::result_file::{NewFile, Replace, cut, open, unreadable};
use bggo_metrics::file::Ending;
use bggo_metrics::report::CsvRows;
use clap::Args;
use std::path::PathBuf;

/// Arguments of `bggo export`.
#[derive(Debug, Args)]
pub struct Export {
    /// A result file
    file: PathBuf,
    /// As CSV, a row a second and metric: what `--csv` of the program writes
    #[arg(long, required = true)]
    csv: bool,
    /// Where to; standard output without it
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace a file of this name
    #[arg(long)]
    force: bool,
}

impl Export {
    /// Runs the command.
    pub fn run(self, console: &mut Console) -> Exit {
        self.export(console).unwrap_or_else(|exit| exit)
    }

    fn export(&self, console: &mut Console) -> Result<Exit, Exit> {
        let mut file = open(&self.file, console)?;
        let replace = if self.force {
            Replace::Yes
        } else {
            Replace::No
        };
        let output = self.output.as_deref();
        let output = output.map(|path| NewFile::create(path, replace, console));
        let mut output = output.transpose()?;
        let mut put = |text: &str, console: &mut Console| match &mut output {
            Some(file) => file.put(text, console),
            None => match console.result(text) {
                Exit::Done => Ok(()),
                exit => Err(exit),
            },
        };
        let head = file.head().clone();
        let mut rows = CsvRows::default();
        put(CsvRows::HEAD, console)?;
        while let Some(second) = file
            .second()
            .map_err(|error| unreadable(&self.file, &error, console))?
        {
            let at = head.begun() + second.interval.end();
            let text = rows.next(second.number, &head.layout, (&second.interval, at));
            put(text, console)?;
        }
        if let Some(Ending::Cut(bytes)) = file.ending() {
            cut(&self.file, *bytes, console);
        }
        if let Some(output) = output {
            output.done(console)?;
        }
        Ok(Exit::Done)
    }
}
