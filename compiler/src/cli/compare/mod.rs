//! `bggo compare`: result files of an old and a new program -> whether the target has changed, in words or as JSON.

mod compared;
mod json;
mod text;
pub mod words;

use super::compared_run::{not_comparable, read_all};
use super::console::Console;
use super::exit::Exit;
use super::noise_file;
use bggo_metrics::compare::{FailOn, Noise, RunFigures, compare};
use clap::Args;
use compared::Compared;
use std::path::PathBuf;

/// Arguments of `bggo compare`.
#[derive(Debug, Args)]
pub struct Compare {
    /// Result files of the old side: one, or three and more
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    old: Vec<PathBuf>,
    /// Result files of the new side: one, or three and more
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    new: Vec<PathBuf>,
    /// Exit with 1 if a figure has surely changed by more: `p95 > 10%`, `http_request.home.p99 > 5%`, `failed > 1%` (points),
    /// `rate < -5%`; may be given several times
    #[arg(long, value_name = "CONDITION", value_parser = FailOn::parse)]
    fail_on: Vec<FailOn>,
    /// Exit with 1 also if the runs are too short to judge
    #[arg(long)]
    strict: bool,
    /// The noise between runs of this host, as `bggo calibrate` has written it: it widens what one run a side can tell
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Compare {
    /// Runs the command.
    pub fn run(self, console: &mut Console) -> Exit {
        self.compare(console).unwrap_or_else(|exit| exit)
    }

    fn compare(&self, console: &mut Console) -> Result<Exit, Exit> {
        self.refuse_the_same_file_twice(console)?;
        let noise = self.baseline.as_deref();
        let noise = noise
            .map(|path| noise_file::read(path, console))
            .transpose()?;
        let old = read_all(&self.old, &self.fail_on, console)?;
        let new = read_all(&self.new, &self.fail_on, console)?;
        let comparison = compare(&old, &new, &self.fail_on, noise.as_ref())
            .map_err(|wrong| not_comparable(&wrong, console))?;
        if let (Some(noise), Some(run)) = (&noise, old.first()) {
            warn_of_another_load(noise, run, console);
        }
        let is_failed = comparison.is_too_much() || self.strict && comparison.is_too_short();
        let exit = if is_failed { Exit::Failed } else { Exit::Done };
        let compared = Compared {
            old: &old,
            new: &new,
            comparison: &comparison,
            exit: exit.code(),
        };
        let shown = if self.json {
            json::json(&compared)
        } else {
            text::text(&compared)
        };
        match console.result(&shown) {
            Exit::Done => Ok(exit),
            failed => Err(failed),
        }
    }

    /// A run that is compared with itself differs in nothing, and a run that counts twice makes the noise look small.
    fn refuse_the_same_file_twice(&self, console: &mut Console) -> Result<(), Exit> {
        let mut seen = Vec::new();
        for path in self.old.iter().chain(&self.new) {
            let file = path.canonicalize().unwrap_or_else(|_| path.clone());
            if seen.contains(&file) {
                let text = format!("`{}` is given twice", path.display());
                console.fault(&text, "each run counts once, on one side");
                return Err(Exit::Usage);
            }
            seen.push(file);
        }
        Ok(())
    }
}

/// Another load has another noise.
fn warn_of_another_load(noise: &Noise, run: &RunFigures, console: &mut Console) {
    if noise.loads != run.stated_loads() {
        console.warn(
            "the noise of the baseline was measured with another load, and may be another one here",
        );
    }
}
