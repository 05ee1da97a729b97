//! The command line of a compiled grid: arguments, files and environment -> variables, load and report -> a run.

mod arguments;
mod completions;
mod dry_run;
pub mod flags;
mod help;
mod host;
mod load;
mod moment;
mod names;
mod reporting;
mod thresholds;

pub mod rows;
mod variables;

use crate::engine::{Program, RunRequest, Spin, run, user_bytes};
use crate::event::LogLevel;
use crate::exchange::Shown;
use crate::exit::Exit;
use crate::grid::Grid;
use crate::outputs::{Format, Report};
use crate::panic;
use crate::start::Start;
use arguments::Stopped;
use bggo_metrics::Threshold;
use bggo_schedule::{Load, Schedule, Segment};
use flags::Flags;
use load::{Asked, load};
use reporting::{open_files, style};
use std::env;
use std::ffi::OsString;
use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, SystemTimeError};
use thresholds::{measured_anyway, refused, thresholds, unknown_metrics, warnings};
use variables::Around;

/// As the first word of the command line it lets the program print its properties. Only `bggo build` uses it.
const INFO: &str = "--bggo-info";

/// The `main` of a compiled grid.
pub fn main(grid: &'static Grid, program: &'static dyn Program) -> ExitCode {
    names::look_up_by_files_and_dns();
    if env::args_os().nth(1).is_some_and(|word| word == INFO) {
        return info(grid, program).into();
    }
    let words: Vec<OsString> = env::args_os().skip(1).collect();
    match flags::read(grid, &words) {
        Ok(Flags {
            completions: Some(shell),
            ..
        }) => complete(grid, shell),
        Ok(flags) => execute(grid, program, &flags),
        Err(Stopped::Help) => print(&help::help(grid, &called_as(grid))),
        Err(Stopped::Version) => print(&help::version(grid)),
        Err(Stopped::Wrong(text)) => {
            if flags::ask_for_json(&words) {
                say_as_json(&text);
            } else {
                // If the terminal is gone, nobody can be told.
                let _ = write!(std::io::stderr(), "{}", help::wrong(&text));
            }
            Exit::BadInput
        }
    }
    .into()
}

/// Writes a text to standard output. Nobody can be told if it is gone.
fn print(text: &str) -> Exit {
    let _ = stdout().write_all(text.as_bytes());
    Exit::Passed
}

/// The name by which the program was called.
fn called_as(grid: &Grid) -> String {
    let path = env::args_os().next().map(PathBuf::from);
    let name = path.as_deref().and_then(|path| path.file_name());
    name.map_or(grid.name.into(), |name| name.to_string_lossy())
        .into_owned()
}

/// Writes what is wrong with the command line as a line of JSON.
fn say_as_json(wrong: &str) {
    if let Ok(report) = Report::stderr(Format::Json, LogLevel::Error) {
        report.error(&first_paragraph(wrong));
        report.flush();
    }
}

/// What is wrong, without a tip.
fn first_paragraph(text: &str) -> String {
    let lines = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}

/// Prints the completion script of a shell, for the name by which the program was called.
fn complete(grid: &'static Grid, shell: completions::Shell) -> Exit {
    let own = flags::OwnFlag::all(grid);
    let script = completions::script(&flags::all_flags(grid, &own), shell, &called_as(grid));
    if stdout().write_all(script.as_bytes()).is_ok() {
        Exit::Passed
    } else {
        Exit::Bug
    }
}

/// Prints properties that only the program knows, as JSON. Nothing runs, so variables have no values.
fn info(grid: &'static Grid, program: &'static dyn Program) -> Exit {
    let request = RunRequest {
        grid,
        program,
        start: Arc::new(Start::new(Vec::new(), grid.locals)),
        loads: vec![Some(Load::new("once", Schedule::ONCE)); grid.scenarios.len()],
        segment: Segment::WHOLE,
        threads: 1,
        spin: Spin::Off,
        pin: false,
        start_at: None,
        allow_overload: false,
        functional: true,
        trace: None,
        samples: None,
        thresholds: Vec::new(),
        metrics: Vec::new(),
        max_failed: None,
        graceful_on_signal: Duration::ZERO,
    };
    let said = Report::stderr(Format::Text { colour: false }, LogLevel::Error)
        .and_then(|report| user_bytes(&request, &Arc::new(report)))
        .and_then(|bytes| writeln!(stdout(), "{{\"user_bytes\":{bytes}}}"));
    if said.is_ok() {
        Exit::Passed
    } else {
        Exit::Bug
    }
}

fn execute(grid: &'static Grid, program: &'static dyn Program, flags: &Flags) -> Exit {
    let report = match Report::on_stderr(style(flags)) {
        Ok(report) => Arc::new(report),
        Err(error) => {
            // The report needs a thread, so it cannot show this error.
            let _ = writeln!(
                std::io::stderr(),
                "error: the system has no threads: {error}"
            );
            return Exit::SetUpFailed;
        }
    };
    let Some((start, asked, thresholds)) = prepare(grid, flags, &report) else {
        report.flush();
        return Exit::BadInput;
    };
    let Ok(start_at) = flags.start_at.map(beginning).transpose() else {
        report.error("the moment of --start-at has passed: give one that is some seconds away");
        report.flush();
        return Exit::BadInput;
    };
    let cores = std::thread::available_parallelism()
        .map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX));
    let threads = flags.threads.unwrap_or(cores);
    let mut request = RunRequest {
        grid,
        program,
        start: Arc::new(start),
        loads: asked.loads,
        segment: flags.segment,
        threads,
        // Where each core has a worker, spinning would take the time of others, such as a target on this host.
        spin: flags
            .spin
            .unwrap_or(if threads < cores { Spin::On } else { Spin::Off }),
        pin: flags.pin,
        start_at,
        allow_overload: flags.allow_overload,
        functional: asked.functional,
        trace: flags.trace_io.map(Shown::body),
        samples: None,
        thresholds,
        metrics: flags.metrics.clone(),
        max_failed: flags.max_failed,
        graceful_on_signal: asked.graceful_on_signal,
    };
    if flags.dry_run {
        report.flush();
        let form = if flags.json {
            dry_run::line
        } else {
            dry_run::plan
        };
        return print(&form(&request.description(), flags.assume_latency));
    }
    panic::keep_texts(grid.sensitivity());
    let ready = match host::is_enough(&request, &report) {
        true => open_files(flags, &mut request, &report),
        false => Err(Exit::BadInput),
    };
    if let Err(exit) = ready {
        report.flush();
        return exit;
    }
    run(&request, &report).unwrap_or_else(|error| {
        report.error(&format!("the run could not be started: {error}"));
        report.flush();
        Exit::SetUpFailed
    })
}

/// The moment on the clock of the run, unless it has passed.
fn beginning(moment: SystemTime) -> Result<Instant, SystemTimeError> {
    let rest = moment.duration_since(SystemTime::now())?;
    Ok(Instant::now() + rest)
}

/// Reads the variables, the load and the thresholds. Reports what is wrong with them; then there is no result.
fn prepare(
    grid: &'static Grid,
    flags: &Flags,
    report: &Report,
) -> Option<(Start, Asked, Vec<Threshold>)> {
    let environment = env::vars_os()
        .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)));
    // If the working directory is gone, it contains no files.
    let around = Around {
        folder: env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
        environment: environment.collect(),
    };
    let (values, mut remarks) = variables::read(grid, &flags.given, &around);
    for warning in &remarks.warnings {
        report.warn(warning);
    }
    let variables = grid.all_variables().enumerate();
    let sensitive = variables.filter_map(|(number, one)| one.sensitive.then_some(number));
    let mut start = Start::new(values, grid.locals)
        .keeping(grid.kept_of_setup)
        .keeping_back(sensitive);
    if let Some(seed) = flags.seed {
        start = start.seeded(seed);
    }
    match rows::open(grid, &flags.files_of_data) {
        Ok(files) => start = start.with_rows(files),
        Err(texts) => remarks.errors.extend(texts),
    }
    if remarks.errors.is_empty() {
        remarks.errors = variables::validate(grid, &start);
    }
    // Without its variables a load or a bound has no value, which is said already.
    let has_values = remarks.errors.is_empty();
    let load = load(grid, &start, flags)
        .map_err(|text| remarks.errors.extend(has_values.then_some(text)))
        .ok();
    let mut judged = Vec::new();
    if remarks.errors.is_empty() {
        match thresholds(grid, &start, &flags.thresholds) {
            Ok(thresholds) => {
                judged = thresholds;
                for warning in warnings(grid, &flags.thresholds) {
                    report.warn(&warning);
                }
            }
            Err(texts) => remarks.errors.extend(texts),
        }
    }
    remarks.errors.extend(unknown_metrics(grid, &flags.metrics));
    for warning in measured_anyway(grid, &flags.metrics) {
        report.warn(&warning);
    }
    if let Some(asked) = &load {
        remarks.errors.extend(refused(flags, asked, &judged));
    }
    if flags.out.is_some() && load.as_ref().is_some_and(|load| load.functional) {
        let text = "--out keeps the figures of a load, and a functional run has none: add --duration 30s, or --iterations 1000";
        remarks.errors.push(text.to_owned());
    }
    if flags.trace_io.is_some() && load.as_ref().is_some_and(|load| !load.functional) {
        let text = "--trace-io shows what the steps of a functional run send and receive, and this is a load run: add --once, and leave out flags of a load";
        remarks.errors.push(text.to_owned());
    }
    for error in &remarks.errors {
        report.error(error);
    }
    load.filter(|_| remarks.errors.is_empty()).map(|load| {
        let users = load.loads.iter().map(|load| {
            let most = load.as_ref().map(|load| load.schedule.most_users());
            most.unwrap_or(1).into()
        });
        let start = start.loaded(!load.functional).with_users(users.collect());
        (start, load, judged)
    })
}

#[cfg(test)]
mod tests;
