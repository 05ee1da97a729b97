//! What a search for the highest rate found: its steps, and how it ended.
//!
//! The end of each step is marked in the interval of the second in which it was decided, at the row of the scenario: there the
//! highest rate that held is a gauge, and a step that broke is counted by a label. So whoever reads the intervals of a run,
//! live or from a file, knows what belongs to which step.

use crate::address::FOUND_SCALE;
use crate::interval::{Interval, LastValue, Scalar, SlotFigures};
use crate::verdict::Reading;
use bggo_values::Text;
use std::time::Duration;

/// The label of a step that broke.
const BROKE: &str = "broke";

/// How a step of a search came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepCame {
    /// The threshold held.
    Held,
    /// The threshold broke, or nothing was measured of what it asks.
    Broke,
    /// This host did not put the rate on in time, so nothing is known of the target.
    NotPutOn,
    /// The run ended before the step did.
    Unfinished,
}

/// A step of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchStep {
    /// Iterations a second.
    pub rate: f64,
    /// When it began, since the clock of the run started.
    pub from: Duration,
    /// When its last iteration could begin.
    pub to: Duration,
    /// How it came out.
    pub came: StepCame,
    /// The figures that the threshold reads, at the end of the step, in the order of its condition.
    pub readings: Vec<Reading>,
}

/// How a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchEnd {
    /// The highest rate is known as exactly as was asked for.
    Found,
    /// The threshold broke at the first rate.
    BelowStart,
    /// The threshold held at the last rate.
    AtLeastMax,
    /// This host could not put on the rate that was tried last.
    LimitOfGenerator,
    /// The run ended before.
    Stopped,
}

/// A search of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Searched {
    /// The scenario.
    pub scenario: Text,
    /// The name of the threshold.
    pub until: Text,
    /// What it asks, as it is written, with its window.
    pub asked: Text,
    /// How it ended.
    pub end: SearchEnd,
    /// What was tried, in order.
    pub steps: Vec<SearchStep>,
}

impl Searched {
    /// Whether the run fails by it: not even the first rate held.
    pub fn fails(&self) -> bool {
        self.end == SearchEnd::BelowStart
    }

    /// The highest rate that held, in iterations a second.
    pub fn held(&self) -> Option<f64> {
        let held = self.steps.iter().filter(|one| one.came == StepCame::Held);
        held.map(|one| one.rate).max_by(f64::total_cmp)
    }

    /// The lowest rate that broke, in iterations a second.
    pub fn broke(&self) -> Option<f64> {
        let broke = self.steps.iter().filter(|one| one.came == StepCame::Broke);
        broke.map(|one| one.rate).min_by(f64::total_cmp)
    }

    /// The rate that was tried last, in iterations a second.
    pub fn last(&self) -> Option<f64> {
        self.steps.last().map(|one| one.rate)
    }
}

/// The mark of a step that came out at `at`, since 1970, for the row of its scenario; none of one that is not decided.
pub fn step_mark(step: &SearchStep, at: Duration) -> Option<SlotFigures> {
    let mut figures = SlotFigures::default();
    match step.came {
        StepCame::Held => {
            let value = (step.rate * FOUND_SCALE).round() as u64;
            figures.scalar = Scalar {
                count: 1,
                sum: value.into(),
                extremes: Some((value, value)),
                last: Some(LastValue {
                    at: u64::try_from(at.as_nanos()).unwrap_or(u64::MAX),
                    worker: 0,
                    value,
                }),
            };
        }
        StepCame::Broke => {
            figures.labels.insert(Text::Static(BROKE), 1);
        }
        StepCame::NotPutOn | StepCame::Unfinished => return None,
    }
    Some(figures)
}

/// Whether the step that was decided in an interval broke; `None` where none was decided.
pub fn step_broke(interval: &Interval, row: u32) -> Option<bool> {
    let slot = interval.slot(row)?;
    match slot.labels.contains_key(&Text::Static(BROKE)) {
        true => Some(true),
        false => (slot.scalar.count > 0).then_some(false),
    }
}
