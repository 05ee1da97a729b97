//! A result file -> the figures that runs are compared by.

use super::console::Console;
use super::exit::Exit;
use super::result_file::{ResultFile, cut, open, unreadable};
use bggo_metrics::compare::{FailOn, NotComparable, RecordedLoad, RunFigures, RunFiguresBuilder};
use bggo_metrics::file::{Ending, Head, missing};
use bggo_values::Text;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The exit code of a program whose host could not keep up.
const NOT_VALID: u8 = 111;

/// The figures of runs, each read from its first second to its last. Tells of files that cannot be read.
pub fn read_all(
    paths: &[PathBuf],
    asked: &[FailOn],
    console: &mut Console,
) -> Result<Vec<RunFigures>, Exit> {
    let runs = paths.iter();
    runs.map(|path| read(path, asked, console)).collect()
}

fn read(path: &Path, asked: &[FailOn], console: &mut Console) -> Result<RunFigures, Exit> {
    let mut file = open(path, console)?;
    let mut loads_of_file = file.head().loads.iter();
    let begins_for =
        if loads_of_file.all(|load| RecordedLoad::is_of_known_length(&load.exact, &load.course)) {
            Duration::ZERO
        } else {
            // Only its end says how long its iterations took, so it is read twice.
            let mut first_time = open(path, console)?;
            let mut last = Duration::ZERO;
            each_second(path, &mut first_time, console, |_, interval| {
                last = interval.end()
            })?;
            begins_for(first_time.ending()).unwrap_or(last)
        };
    let loads = loads(file.head(), begins_for);
    let layout = file.head().layout.clone();
    let mut builder = RunFiguresBuilder::new(&path.display().to_string(), &layout, &loads, asked);
    each_second(path, &mut file, console, |second, interval| {
        builder.add(second, interval)
    })?;
    match file.ending() {
        Some(Ending::Cut(bytes)) if *bytes > 0 => cut(path, *bytes, console),
        Some(Ending::Whole(ends)) if ends.iter().flatten().any(|end| end.exit == NOT_VALID) => {
            console.warn(format_args!(
                "`{}` is not valid: its host could not put on the load, so its figures say little of the target",
                path.display()
            ));
        }
        _ => {}
    }
    Ok(builder.end())
}

fn each_second(
    path: &Path,
    file: &mut ResultFile,
    console: &mut Console,
    mut take: impl FnMut(u32, &bggo_metrics::Interval),
) -> Result<(), Exit> {
    loop {
        match file.second() {
            Ok(Some(second)) => take(second.number.saturating_sub(1), &second.interval),
            Ok(None) => return Ok(()),
            Err(error) => return Err(unreadable(path, &error, console)),
        }
    }
}

/// For how long iterations could begin, by the hosts that say so.
fn begins_for(ending: Option<&Ending>) -> Option<Duration> {
    let Some(Ending::Whole(ends)) = ending else {
        return None;
    };
    ends.iter().flatten().map(|end| end.begins_for).max()
}

/// The loads that a file states. Those of a part of a run are unlike those of the whole.
fn loads(head: &Head, begins_for: Duration) -> Vec<RecordedLoad> {
    let shares: Vec<_> = head.parts.iter().map(|part| part.share).collect();
    let part = if missing(&shares).is_none() {
        String::new()
    } else {
        let names: Vec<String> = shares.iter().map(ToString::to_string).collect();
        format!(" segment={}", names.join("+"))
    };
    let loads = head.loads.iter();
    let loads = loads.map(|load| {
        let exact = Text::from(format!("{}{part}", load.exact));
        RecordedLoad::new(&load.scenario, &exact, &load.course, begins_for)
    });
    loads.collect()
}

/// Tells why runs cannot be compared.
pub fn not_comparable(wrong: &NotComparable, console: &mut Console) -> Exit {
    let (hint, exit) = match wrong {
        NotComparable::RunsOfSides { .. } | NotComparable::OneRun => ("", Exit::Usage),
        NotComparable::NoRow { .. } => (
            "a figure is written as its row, a point and its name: `http_request.home.p95 > 10%`",
            Exit::Usage,
        ),
        NotComparable::EndedEarly { .. } => {
            ("compare runs that were not interrupted", Exit::Unreadable)
        }
        NotComparable::Scenario { .. } | NotComparable::Load { .. } => (
            "only runs with the same load can be compared: what differs might be the load's doing",
            Exit::Unreadable,
        ),
    };
    console.fault(&wrong.to_string(), hint);
    exit
}
