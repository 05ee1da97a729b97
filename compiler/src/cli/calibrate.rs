//! `bggo calibrate`: runs one program several times, and tells by how much its runs differ though nothing has changed.

use super::compare::words::{percent, wrapped};
use super::compared_run::{not_comparable, read_all};
use super::console::Console;
use super::ending_signals::ending_signals;
use super::exit::Exit;
use super::noise_file;
use bggo_metrics::compare::{Noise, RUN, RUNS_OF_A_SIDE};
use bggo_metrics::report::cut;
use clap::Args;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Exit codes after which the figures of a run are worth something: it passed, or a threshold failed.
const MEASURED: [i32; 2] = [0, 99];

/// How the verdict of a summary begins, where a run was not measured. An empty line ends it.
const VERDICTS: [&str; 3] = ["not valid: ", "interrupted: ", "failed: "];

/// Lines of a program that are shown when it fails without a summary.
const LAST_LINES: usize = 10;

/// Arguments of `bggo calibrate`.
#[derive(Debug, Args)]
#[command(override_usage = "bggo calibrate [OPTIONS] <PROGRAM> [-- FLAGS...]")]
pub struct Calibrate {
    /// A program that `bggo build` has made
    program: PathBuf,
    /// How often it is run
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(2..=1000))]
    runs: u32,
    /// Write the noise to this file, for `bggo compare --baseline`
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Flags of the program, such as `--rate 500/s --duration 5m`
    #[arg(last = true, value_name = "FLAGS")]
    flags: Vec<OsString>,
}

impl Calibrate {
    /// Runs the command.
    pub fn run(self, console: &mut Console) -> Exit {
        self.calibrate(console).unwrap_or_else(|exit| exit)
    }

    fn calibrate(&self, console: &mut Console) -> Result<Exit, Exit> {
        if let Some(path) = &self.baseline {
            noise_file::check_folder(path, console)?;
        }
        // Ctrl-C ends the program that runs; then this one removes what it has made.
        let stopped = Arc::new(AtomicBool::new(false));
        for signal in ending_signals() {
            if let Err(error) = signal_hook::flag::register(signal, Arc::clone(&stopped)) {
                console.fault(&format!("cannot wait for Ctrl-C: {error}"), "");
                return Err(Exit::Failed);
            }
        }
        let folder = tempfile::tempdir().map_err(|error| {
            console.fault(
                &format!("cannot make a temporary folder: {error}"),
                "TMPDIR chooses another place",
            );
            Exit::Failed
        })?;
        let mut files = Vec::new();
        for number in 1..=self.runs {
            console.say(format_args!("run {number} of {}", self.runs));
            let file = folder.path().join(format!("run-{number}.log"));
            self.run_once(&file, console)?;
            if stopped.load(Ordering::Relaxed) {
                console.fault("interrupted", "");
                return Err(Exit::Failed);
            }
            files.push(file);
        }
        let runs = read_all(&files, &[], console)?;
        let noise = Noise::of(&runs).map_err(|wrong| not_comparable(&wrong, console))?;
        if let Some(path) = &self.baseline {
            noise_file::write(path, &noise, console)?;
        }
        let seconds = runs.first().map_or(0, |run| run.seconds());
        Ok(console.result(&text(&noise, seconds)))
    }

    fn run_once(&self, file: &Path, console: &mut Console) -> Result<(), Exit> {
        let mut command = Command::new(self.program_path());
        let command = command
            .args(&self.flags)
            .arg("--out")
            .arg(file)
            .stdin(Stdio::null());
        let output = command.output().map_err(|error| {
            console.fault(
                &format!("cannot run `{}`: {error}", self.program.display()),
                "give a program that `bggo build GRID -o PROGRAM` has made",
            );
            Exit::Usage
        })?;
        if output
            .status
            .code()
            .is_some_and(|code| MEASURED.contains(&code))
        {
            return Ok(());
        }
        let last = why(&String::from_utf8_lossy(&output.stderr));
        console.fault(
            &format!("`{}` {}", self.program.display(), ended(output.status)),
            if last.is_empty() {
                "it wrote nothing"
            } else {
                &last
            },
        );
        Err(Exit::Failed)
    }

    /// A bare name is a file here, and no command of the PATH.
    fn program_path(&self) -> PathBuf {
        if self.program.components().count() == 1 {
            Path::new(".").join(&self.program)
        } else {
            self.program.clone()
        }
    }
}

fn ended(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("ended with exit code {code}"),
        None => "was killed".to_owned(),
    }
}

/// Why a program failed, by what it wrote: the verdict of its summary, or what it wrote last.
fn why(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let is_verdict = |line: &&str| VERDICTS.iter().any(|verdict| line.starts_with(verdict));
    let first = match lines.iter().position(is_verdict) {
        Some(verdict) => verdict,
        None => lines.len().saturating_sub(LAST_LINES),
    };
    let lines = lines.iter().skip(first).copied();
    let lines: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    lines.join("\n  ")
}

/// The noise as a table.
fn text(noise: &Noise, seconds: u32) -> String {
    let mut text = format!(
        "{} runs of {seconds} s of the same program with the same load\n\n{:24}{:>14}{:>14}{:>20}\n{:24}{:>14}{:>14}{:>20}\n",
        noise.runs,
        "",
        "one run",
        "two runs",
        "three runs a side",
        "",
        "varies by",
        "differ by",
        "show a change of"
    );
    let mut row = "";
    for figure in &noise.figures {
        if figure.row != row {
            row = &figure.row;
            let heading = if row == RUN {
                "all iterations".to_owned()
            } else {
                cut(row, 60)
            };
            text.push_str(&format!("{heading}\n"));
        }
        let one = percent(figure.measure, figure.deviation);
        let of_means = |runs: u32| {
            let difference = noise.of_means(figure, runs);
            difference.map_or_else(
                || "-".to_owned(),
                |one| percent(figure.measure, one.shift().high),
            )
        };
        let three = of_means(RUNS_OF_A_SIDE as u32);
        text.push_str(&format!(
            "  {:22}{one:>14}{:>14}{three:>20}\n",
            figure.measure.to_string(),
            of_means(1)
        ));
    }
    let note = "One run varies by a standard deviation. Two runs differ by less than what stands there in 95 of 100 cases.";
    text + &wrapped(note, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_metrics::compare::{FigureNoise, Measure};

    #[test]
    fn the_verdict_of_a_summary_tells_why_a_run_counts_not() {
        let summary = "grid.hcl: 300/s for 2s\n\nnot valid: 600 iterations\nthe generator fell behind\n\nload: 2s\n";
        assert_eq!(
            why(summary),
            "not valid: 600 iterations\n  the generator fell behind"
        );
        let many: String = (1..=12).map(|line| format!("line {line}\n")).collect();
        assert!(why(&many).starts_with("line 3\n  line 4"));
        assert_eq!(why(""), "");
    }

    #[test]
    fn the_noise_is_told_as_what_it_means_for_a_comparison() {
        let figure = |row: &str, measure, deviation| FigureNoise {
            row: row.to_owned(),
            measure,
            deviation,
        };
        let noise = Noise {
            runs: 6,
            loads: Vec::new(),
            figures: vec![
                figure(RUN, Measure::Percentile(500_000), 0.004),
                figure(RUN, Measure::Percentile(990_000), 0.05),
                figure(RUN, Measure::Failed, 0.0),
                figure("http_request.home", Measure::Rate, 0.02),
            ],
        };
        insta::assert_snapshot!(text(&noise, 300));
    }
}
