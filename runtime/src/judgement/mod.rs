//! What is made of the counts once a second, below whoever tells of it: an interval of all threads, and how the thresholds do.
//!
//! ```text
//! slabs -> Collector -> Interval -> Judge -> Second -> outputs, which only read
//!                          |-> RateSearch -> Order -> the control thread
//! ```

mod collect;
mod search;
mod watch;

pub use bggo_metrics::{Came, Judge, Judged, OnFail, Quantity, State, Verdict};
pub use collect::Collector;
pub use search::{Overload, RateSearch, SearchOf};
pub use watch::Watch;

use crate::metrics::{Interval, Layout};
use crate::shutdown::SearchedRate;
use bggo_values::Text;

/// What the judgement of a run asks of whoever runs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// This threshold is broken and ends the run.
    Abort(Text),
    /// The scenario with this number, which searches its rate, goes on like this.
    Search(u32, SearchedRate),
}

/// What the figures of a whole run come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Judgement {
    /// No iteration ran to its end.
    pub nothing_ended: bool,
    /// A threshold failed, or a search broke at its first rate.
    pub threshold_failed: bool,
    /// Iterations did not begin in time.
    pub fell_behind: bool,
    /// More iterations failed by this host than may fail.
    pub failed_here: bool,
}

impl Judgement {
    /// Whether the figures say nothing of the target, since this host did not put the load on.
    pub fn is_invalid(self) -> bool {
        self.fell_behind || self.failed_here
    }

    /// Whether a load run fails by it.
    pub fn fails(self) -> bool {
        self.nothing_ended || self.threshold_failed
    }
}

/// One second of a load run.
#[derive(Debug, Clone, Copy)]
pub struct Second<'a> {
    /// Its number by the clock of the run, from 1: it ends when the run is that many seconds old. The last one may be shorter.
    /// Where the machine slept, numbers are left out.
    pub number: u32,
    /// What the figures are.
    pub layout: &'a Layout,
    /// What was measured in it.
    pub interval: &'a Interval,
    /// How the thresholds do at its end, in the order of their verdicts.
    pub judged: &'a [Judged],
    /// The rates that searches try in it, added up, in iterations a second; none where no search tries one.
    pub tried: Option<f64>,
}
