//! How often something happens: a range, whose end may not be known.

use std::ops::AddAssign;

/// How often something happens in an iteration in which nothing fails.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Count {
    pub(super) low: f64,
    /// `None`: nobody knows beforehand.
    pub(super) high: Option<f64>,
}

impl Count {
    pub(super) const NONE: Self = Self::exactly(0.0);

    pub(super) const fn exactly(times: f64) -> Self {
        Self {
            low: times,
            high: Some(times),
        }
    }

    /// So often for each time of something else.
    pub(super) fn each(self, other: Self) -> Self {
        Self {
            low: self.low * other.low,
            high: self.high.zip(other.high).map(|(one, other)| one * other),
        }
    }

    /// At a rate that lies between these, as text.
    pub(super) fn times(self, (lowest, highest): (f64, f64)) -> String {
        let low = shown(self.low * lowest);
        match self.high.map(|high| shown(high * highest)) {
            Some(high) if high == low => low,
            Some(high) => format!("{low} to {high}"),
            None => format!("{low} or more"),
        }
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.low += other.low;
        self.high = self.high.zip(other.high).map(|(one, other)| one + other);
    }
}

/// A number with at most three digits after the point.
pub(super) fn shown(number: f64) -> String {
    let text = format!("{number:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_shown_as_ranges_without_needless_digits() {
        let count = Count {
            low: 0.0,
            high: Some(2.0),
        };
        assert_eq!(count.times((1.0, 1.0)), "0 to 2");
        assert_eq!(Count::exactly(1.0).times((0.5, 100.0)), "0.5 to 100");
        assert_eq!(Count::exactly(1.0 / 3.0).times((1.0, 1.0)), "0.333");
        let mut endless = Count {
            low: 1.0,
            high: None,
        };
        endless += Count::exactly(2.0);
        assert_eq!(endless.each(count).times((10.0, 10.0)), "0 or more");
        assert_eq!(endless.times((10.0, 10.0)), "30 or more");
        assert_eq!(shown(1000.0), "1000");
    }
}
