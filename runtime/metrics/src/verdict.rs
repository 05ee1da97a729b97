//! How thresholds do while a run goes on, and how they came out at its end.

use crate::address::Quantity;
use crate::condition::OnFail;
use bggo_values::Text;

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is not judged yet: its window is not full, its time has not come, or it has no value.
    Unknown,
    /// It holds.
    Holds,
    /// It does not hold.
    Fails,
}

/// A threshold at the end of one second.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// What it is called.
    pub name: Text,
    /// Its condition, of this second.
    pub state: State,
    /// The second at whose end it was broken: its condition had failed for as long as it may.
    pub broken_at: Option<u32>,
    /// What it does when it is broken.
    pub on_fail: OnFail,
    /// The figures that it reads, in the order of its condition; `None` of one without a value.
    pub values: Vec<Option<f64>>,
}

/// A figure that a threshold reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// As an address is written: `http_request.home.response_time.p95`.
    pub figure: Text,
    /// What its values are.
    pub quantity: Quantity,
    /// Its value at the end of the run.
    pub value: Option<f64>,
    /// Its value when the threshold did worst.
    pub worst: Option<f64>,
}

/// How a threshold came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// It held.
    Held,
    /// It was broken.
    Broken,
    /// Nothing was measured of what it asks.
    NeverMeasured,
    /// The run left out all that it asks about.
    LeftOut,
}

/// What else is to be said of how a threshold was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remark {
    /// The run was shorter than its window, so the whole run was judged.
    JudgedWhole,
    /// It asks for response times of what has none, in closed profiles: service times were judged.
    ServiceTimes,
}

/// A threshold at the end of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// What it is called.
    pub name: Text,
    /// What it asked, as it is written, with its window.
    pub asked: Text,
    /// How it came out.
    pub came: Came,
    /// What it does if it is broken.
    pub on_fail: OnFail,
    /// The figures that it reads, in the order of its condition.
    pub readings: Vec<Reading>,
    /// The second at whose end it did worst, if it was judged while the run went on.
    pub worst_at: Option<u32>,
    /// The second at whose end it was broken, if it was broken while the run went on.
    pub broken_at: Option<u32>,
    /// It ended the run.
    pub aborted: bool,
    /// How it was judged.
    pub remarks: Vec<Remark>,
    /// How it is changed, if it is not one of the grid's.
    pub advice: Option<Text>,
}

impl Verdict {
    /// Whether the run fails by it.
    pub fn fails(&self) -> bool {
        let is_bad = matches!(self.came, Came::Broken | Came::NeverMeasured);
        is_bad && self.on_fail != OnFail::Warn
    }
}
