//! How the flags want a run to be reported: the style of stderr, and files.

use super::flags::Flags;
use crate::engine::RunRequest;
use crate::exit::Exit;
use crate::outputs::{
    CsvFile, Format, JunitFile, NoFile, Output, OutputFile, Progress, Replace, Report, ResultFile,
    SamplesFile, Style, SummaryFile, build,
};
use crate::samples::Sampling;
use bggo_metrics::IterationLayout;
use bggo_metrics::file::{Head, Load, Part, Share};
use bggo_values::Text;
use std::env;
use std::io::{IsTerminal, stdout};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The share of iterations whose steps `--samples` writes down, if no other is asked for.
const SHARE: f64 = 0.01;

/// How the report looks on this stderr.
pub fn style(flags: &Flags) -> Style {
    let is_terminal = std::io::stderr().is_terminal();
    let is_empty = |name: &str| env::var_os(name).is_none_or(|value| value.is_empty());
    let format = if flags.json {
        Format::Json
    } else {
        Format::Text {
            colour: is_terminal && is_empty("NO_COLOR"),
        }
    };
    // A terminal that is called dumb has no way to go back in a line.
    let can_draw = is_terminal && env::var_os("TERM").is_none_or(|term| term != "dumb");
    let auto = if can_draw {
        Progress::Bar
    } else {
        Progress::Plain
    };
    let progress = flags.progress.unwrap_or(auto);
    if progress == Progress::Bar && !flags.json && stdout().is_terminal() {
        crate::stdout::erase_before_lines();
    }
    Style {
        format,
        level: flags.level,
        progress,
        percentiles: flags.percentiles.clone(),
    }
}

/// Opens the files that the flags name, which the report then feeds.
///
/// # Errors
/// Some cannot be opened, which is reported: what the program ends with.
pub fn open_files(flags: &Flags, request: &mut RunRequest, report: &Report) -> Result<(), Exit> {
    if let Some(text) = one_file_for_two(flags) {
        report.error(&text);
        return Err(Exit::BadInput);
    }
    let said = |fault: &NoFile| {
        report.error(fault.text());
        match fault {
            NoFile::Refused(_) => Exit::BadInput,
            NoFile::NoThread(_) => Exit::SetUpFailed,
        }
    };
    let mut outputs: Vec<Box<dyn Output>> = Vec::new();
    // The only one that may be refused because it is there comes first: then no other is emptied.
    if let Some(path) = &flags.out {
        outputs.push(Box::new(
            open_result(path, flags, request).map_err(|fault| said(&fault))?,
        ));
    }
    type Makes = fn(OutputFile) -> Box<dyn Output>;
    // Those that are written while the run goes on come first, so that the others tell of their troubles.
    let files: [(&Option<PathBuf>, Makes); 3] = [
        (&flags.csv, |file| Box::new(CsvFile::new(file))),
        (&flags.junit, |file| Box::new(JunitFile::new(file))),
        (&flags.summary_json, |file| Box::new(SummaryFile::new(file))),
    ];
    let mut opened = Ok(());
    for (path, makes) in files {
        let Some(path) = path else { continue };
        let is_stdout = *path == *"-" && Some(path) == flags.summary_json.as_ref();
        let file = if is_stdout {
            OutputFile::start("stdout".to_owned(), Box::new(stdout()))
        } else {
            OutputFile::create(path)
        };
        match file {
            Ok(file) => outputs.push(makes(file)),
            Err(fault) => opened = opened.and(Err(said(&fault))),
        }
    }
    if let Some(path) = &flags.samples {
        match OutputFile::create(path).map(SamplesFile::new) {
            Ok((file, sink)) => {
                outputs.insert(0, Box::new(file));
                let share = flags.sample_share.unwrap_or(SHARE);
                request.samples = Some(Sampling::new(
                    share,
                    (request.start.seed(), request.grid),
                    sink,
                ));
            }
            Err(fault) => opened = opened.and(Err(said(&fault))),
        }
    }
    report.also(outputs);
    opened
}

/// What is wrong where two flags name one file: they would write over each other. A device such as `/dev/null` takes any number.
pub(super) fn one_file_for_two(flags: &Flags) -> Option<String> {
    let files = [
        ("--out", &flags.out),
        ("--csv", &flags.csv),
        ("--junit", &flags.junit),
        ("--summary-json", &flags.summary_json),
        ("--samples", &flags.samples),
    ];
    let mut known: Vec<(&str, PathBuf)> = Vec::new();
    for (flag, path) in files {
        let Some(path) = path else { continue };
        let is_stdout = flag == "--summary-json" && *path == *"-";
        if is_stdout || path.metadata().is_ok_and(|found| !found.is_file()) {
            continue;
        }
        // `a.csv` and `./a.csv` are the same.
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        if let Some((other, _)) = known.iter().find(|(_, known)| *known == whole) {
            return Some(format!(
                "{other} and {flag} both name {}: give each a file of its own",
                path.display()
            ));
        }
        known.push((flag, whole));
    }
    None
}

/// The result file of a run.
fn open_result(path: &Path, flags: &Flags, request: &RunRequest) -> Result<ResultFile, NoFile> {
    let replace = if flags.force {
        Replace::Yes
    } else {
        Replace::No
    };
    let build = build().map_err(|error| {
        NoFile::Refused(format!("--out: the program cannot read itself: {error}"))
    })?;
    let description = request.description();
    let described = description.described();
    let layout = request.layout();
    let (thresholds, courses) = request.judged_by(&layout);
    let rows = description.loads.iter();
    let loads = rows.filter_map(|row| {
        let mut scenarios = layout.iterations.iter().zip(&courses);
        let of_row = |(other, _): &(&IterationLayout, _)| other.scenario.as_str() == row.scenario;
        let (_, course) = scenarios.find(of_row)?;
        Some(Load {
            scenario: Text::Static(row.scenario),
            exact: Text::from(row.load.exact()),
            course: (*course)?,
        })
    });
    let part = Part {
        share: Share::parse(&request.segment.to_string()).unwrap_or(Share::WHOLE),
        run: described.run,
        begun: Duration::ZERO,
        threads: described.threads,
        loads: described.loads,
    };
    let head = Head {
        version: described.version,
        build: Text::from(build),
        grid: described.grid,
        seed: described.seed,
        parts: vec![part],
        loads: loads.collect(),
        thresholds,
        layout,
    };
    ResultFile::create(path, replace, head)
}
