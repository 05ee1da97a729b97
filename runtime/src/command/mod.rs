//! The command line of a compiled grid: arguments and environment -> variables, load and report -> a run.

mod start;

pub use start::Start;

use crate::engine::{Grace, Grid, Program, Run, run};
use crate::exit::Exit;
use crate::report::{Format, Level, Report};
use crate::schedule::Schedule;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// The `main` of a compiled grid.
pub fn main(grid: &'static Grid, program: &'static dyn Program) -> ExitCode {
    let report = Arc::new(Report::stderr(Format::Text { colour: false }, Level::Info));
    let start = Arc::new(Start::new(
        grid.all_variables()
            .map(|variable| {
                variable
                    .default
                    .map_or(bggo_values::Value::Null, |default| default())
            })
            .collect(),
        grid.locals,
    ));
    let plan = Run {
        grid,
        program,
        start,
        schedule: Schedule::ONCE,
        threads: 1,
        functional: true,
        grace: Grace {
            at_end: Duration::ZERO,
            on_signal: Duration::ZERO,
        },
    };
    match run(&plan, &report) {
        Ok(exit) => exit.into(),
        Err(error) => {
            report.error(&format!("the run could not be started: {error}"));
            Exit::Bug.into()
        }
    }
}
