//! `bggo merge`: the result files of several hosts as that of the whole run, and its verdict.

use super::console::Console;
use super::exit::Exit;
use super::result_file::{NewFile, Replace, cut, open, unreadable};
use bggo_metrics::file::{self, Head, Merge as Merged, PartEnd, SlotTags, missing};
use clap::Args;
use std::path::PathBuf;

/// Arguments of `bggo merge`.
#[derive(Debug, Args)]
pub struct Merge {
    /// Result files of the hosts of one run, each of another segment
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The result file of the whole run
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Replace a file of this name
    #[arg(long)]
    force: bool,
}

impl Merge {
    /// Runs the command.
    pub fn run(self, console: &mut Console) -> Exit {
        self.merge(console).unwrap_or_else(|exit| exit)
    }

    fn merge(&self, console: &mut Console) -> Result<Exit, Exit> {
        let mut files = Vec::new();
        for path in &self.files {
            files.push(open(path, console)?);
        }
        let name = |file: usize| {
            let path = self.files.get(file);
            path.map_or(String::new(), |path| format!("`{}`", path.display()))
        };
        let mut merge = Merged::new(files).map_err(|error| {
            console.fault(&error.describe(name), "");
            Exit::Unreadable
        })?;
        let head = merge.head().clone();
        let shares: Vec<_> = head.parts.iter().map(|part| part.share).collect();
        if let Some(gap) = missing(&shares) {
            console.warn(gap);
        }
        let replace = if self.force {
            Replace::Yes
        } else {
            Replace::No
        };
        let mut out = NewFile::create(&self.output, replace, console)?;
        let tags = SlotTags::of(&head.layout);
        out.put(&file::head(&head), console)?;
        loop {
            let second = merge.second().map_err(|(file, error)| {
                let path = self.files.get(file).unwrap_or(&self.output);
                unreadable(path, &error, console)
            })?;
            let Some(second) = second else { break };
            let lines = file::second(&tags, second.number, &second.interval);
            out.put(&lines, console)?;
        }
        let ends = merge.ends();
        out.put(&file::end(&ends), console)?;
        out.done(console)?;
        for (file, bytes) in merge.cut() {
            if let Some(path) = self.files.get(file) {
                cut(path, bytes, console);
            }
        }
        Ok(tell_ends(&head, &ends, console))
    }
}

/// Tells of parts after which the whole is not valid.
fn tell_ends(head: &Head, ends: &[Option<PartEnd>], console: &mut Console) -> Exit {
    let mut exit = Exit::Done;
    for (part, end) in head.parts.iter().zip(ends) {
        let Some(end) = end else {
            console.warn(format_args!("segment {} has no end", part.share));
            exit = Exit::NotValid;
            continue;
        };
        for remark in &end.remarks {
            console.warn(format_args!("segment {}: {remark}", part.share));
        }
        // Thresholds are judged over the whole; what else a part may end with says nothing against its figures.
        if !matches!(end.exit, 0 | 99 | 101 | 112) {
            console.warn(format_args!(
                "segment {} ended with exit code {}",
                part.share, end.exit
            ));
            exit = Exit::NotValid;
        }
    }
    exit
}
