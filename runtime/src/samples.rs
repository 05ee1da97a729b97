//! The steps of a share of all iterations, as rows of CSV. Which iterations these are follows from the seed and the key of the
//! iteration alone: the same ones in every run of a seed, on however many threads and hosts.

use crate::event::{StepEnd, StepOutcome};
use crate::fault::Fault;
use crate::grid::{Grid, Scenario};
use crate::info::Instance;
use bggo_metrics::report::push_field;
use bggo_schedule::Nanos;
use bggo_values::context::IterationKey;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// The first line of the file.
pub const HEAD: &str =
    "at,scenario,vu,iteration,step,instance,outcome,kind,status,late,response_time,service_time\n";
/// Bytes of rows that a thread keeps before it hands them over.
const FULL: usize = 16 << 10;

/// Takes rows of any thread, and never makes it wait.
pub trait SampleSink: std::fmt::Debug + Send + Sync {
    /// Takes so many rows.
    fn take(&self, rows: String, count: u64);
}

/// Of which iterations the steps are written down, and where.
#[derive(Debug, Clone)]
pub struct Sampling {
    /// An iteration is among them if its hash is less than that.
    below: u128,
    seed: u64,
    scenarios: &'static [Scenario],
    sink: Arc<dyn SampleSink>,
}

impl Sampling {
    /// A share of the iterations of a grid, from 0 to 1, in a run with this seed.
    pub fn new(share: f64, (seed, grid): (u64, &'static Grid), sink: Arc<dyn SampleSink>) -> Self {
        Self {
            // 2^64 is exact in binary floating point, and so is its product with the share.
            below: (share * 2_f64.powi(64)) as u128,
            seed,
            scenarios: grid.scenarios,
            sink,
        }
    }

    fn takes(&self, key: IterationKey, scenario: u32) -> bool {
        u128::from(key.hash(self.seed, scenario)) < self.below
    }
}

/// What a row tells beside the end of the step.
#[derive(Debug, Clone, Copy)]
pub struct Sampled {
    /// Of its iteration.
    pub key: IterationKey,
    /// The end, since 1970.
    pub at: Duration,
    /// How much later the iteration began than it was due.
    pub late: Option<Nanos>,
}

/// The rows of one thread.
#[derive(Debug)]
pub struct SampleRows {
    sampling: Sampling,
    rows: RefCell<String>,
    count: Cell<u64>,
    /// What came back of steps that are not over, by the address of the step. A step takes its own at its end.
    statuses: RefCell<HashMap<usize, String>>,
}

impl SampleRows {
    /// No rows.
    pub fn new(sampling: Sampling) -> Self {
        Self {
            sampling,
            rows: RefCell::default(),
            count: Cell::new(0),
            statuses: RefCell::default(),
        }
    }

    /// Keeps what came back of a running step, which has this address: the label under which its module counts it.
    pub fn keep_status(&self, step: usize, label: &str) {
        self.statuses.borrow_mut().insert(step, label.to_owned());
    }

    /// Whether the steps of an iteration are written down.
    pub fn takes(&self, key: IterationKey, scenario: u32) -> bool {
        self.sampling.takes(key, scenario)
    }

    /// Adds a row for a step that has ended.
    pub fn add(&self, end: &StepEnd<'_>, sampled: Sampled) {
        let mut rows = self.rows.borrow_mut();
        let scenario = self.sampling.scenarios.get(end.scenario as usize);
        let status = self.statuses.borrow_mut().remove(&end.step);
        push_row(
            &mut rows,
            scenario.map_or("", Scenario::name),
            status.as_deref().unwrap_or_default(),
            (end, sampled),
        );
        self.count.set(self.count.get() + 1);
        if rows.len() >= FULL {
            let full = std::mem::replace(&mut *rows, String::with_capacity(FULL + 256));
            self.sampling.sink.take(full, self.count.take());
        }
    }

    /// Hands over the last rows of the thread.
    pub fn finish(&self) {
        let count = self.count.take();
        if count > 0 {
            self.sampling.sink.take(self.rows.take(), count);
        }
    }
}

impl Drop for SampleRows {
    /// Also where a thread panics.
    fn drop(&mut self) {
        self.finish();
    }
}

fn push_row(
    row: &mut String,
    scenario: &str,
    status: &str,
    (end, sampled): (&StepEnd<'_>, Sampled),
) {
    let number = match sampled.key {
        IterationKey::Run(number) => number,
        IterationKey::User { nth, .. } => nth,
    };
    let outcome = match end.outcome {
        StepOutcome::Passed => "passed",
        StepOutcome::Failed
        | StepOutcome::FailedAndContinued
        | StepOutcome::Recovered
        | StepOutcome::Cut => "failed",
        StepOutcome::Skipped => "skipped",
        StepOutcome::Cancelled => "cancelled",
    };
    // Writing to a String never fails.
    let _ = write!(
        row,
        "{}.{:06},",
        sampled.at.as_secs(),
        sampled.at.subsec_micros()
    );
    push_field(row, scenario);
    let _ = write!(row, ",{},{number},{},", end.user, end.info);
    match end.instance {
        Instance::None => {}
        Instance::Index(index) => drop(write!(row, "{index}")),
        Instance::Key(key) => push_field(row, key),
    }
    let kind = end.fault.map_or("", Fault::kind);
    let _ = write!(row, ",{outcome},{kind},");
    push_field(row, status);
    for time in [sampled.late, end.response, end.service] {
        row.push(',');
        if let Some(nanos) = time {
            let micros = nanos / 1000;
            let _ = write!(row, "{}.{:03}", micros / 1000, micros % 1000);
        }
    }
    row.push('\n');
}

#[cfg(test)]
mod tests;
