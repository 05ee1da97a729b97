//! By how much a figure of the new runs lies above the same one of the old runs.

/// The parts of equal length into which a run is cut. More of them find more, and are less independent of each other:
/// `docs/decisions` has the figures.
pub const BLOCKS: usize = 15;

/// A chance that is no more than this is no chance.
pub const SIGNIFICANT: f64 = 0.05;

/// A shift with its interval of 95 %: the logarithm of a ratio, or the difference of two shares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// The best guess.
    pub estimate: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Shift {
    /// The interval around both.
    pub fn and(self, other: Self) -> Self {
        Self {
            estimate: self.estimate,
            low: self.low.min(other.low),
            high: self.high.max(other.high),
        }
    }

    /// Whether it may be that nothing has shifted.
    pub fn includes_nothing(&self) -> bool {
        self.low <= 0.0 && 0.0 <= self.high
    }

    /// What shift these runs could have shown: half of the interval's width.
    pub fn smallest_seen(&self) -> f64 {
        (self.high - self.low) / 2.0
    }
}
