//! What was measured in a stretch of time, over any number of threads: the one stream that every output reads.
//!
//! Merging adds counts, so it loses nothing and does not care about order: threads of a second, seconds of a run and
//! (later) hosts of a fleet are merged by the same function.

use crate::buckets::{highest, lowest};
use crate::outcome::Outcome;
use bggo_values::Text;
use std::collections::BTreeMap;
use std::time::Duration;

/// A whole as [`Histogram::quantile`] counts it: 950,000 is p95, 999,990 is p99.999.
pub const WHOLE: u32 = 1_000_000;

/// Counts by bucket, and what is exact of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Histogram {
    /// Buckets that are not empty, ascending, with their counts.
    pub buckets: Vec<(u32, u64)>,
    /// The exact sum, in thousandths of what the buckets count: nanoseconds where they count microseconds.
    pub sum: u128,
    /// Minimum and maximum, in thousandths. Exact over a whole run; of a part of it they may be edges of buckets.
    pub extremes: Option<(u64, u64)>,
}

impl Histogram {
    /// How many values were counted.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum()
    }

    /// The value at or below which `millionths` of all values lie, in thousandths of what the buckets count: the upper edge
    /// of its bucket, and never more than the maximum. `None` when nothing was counted.
    fn quantile_thousandths(&self, millionths: u32) -> Option<u64> {
        let total = u128::from(self.count());
        let rank = (total * u128::from(millionths.min(WHOLE)))
            .div_ceil(u128::from(WHOLE))
            .max(1);
        let mut below = 0;
        let (bucket, _) = self.buckets.iter().find(|(_, count)| {
            below += u128::from(*count);
            below >= rank
        })?;
        let edge = highest(*bucket as usize) * 1_000;
        let (smallest, largest) = self.extremes.unwrap_or((0, u64::MAX));
        Some(edge.min(largest).max(smallest.min(largest)))
    }

    /// The value at or below which `millionths` of all values lie (950,000: p95; 999,990: p99.999), in the metric's own unit,
    /// with three significant digits; `None` when nothing was counted.
    pub fn quantile(&self, millionths: u32) -> Option<u64> {
        self.quantile_thousandths(millionths)
            .map(|value| value / 1_000)
    }

    /// The same of a histogram of times.
    pub fn time(&self, millionths: u32) -> Option<Duration> {
        self.quantile_thousandths(millionths)
            .map(Duration::from_nanos)
    }

    /// The smallest and the largest value, in the metric's own unit: exact over a whole run.
    pub fn extremes(&self) -> Option<(u64, u64)> {
        let (smallest, largest) = self.extremes?;
        Some((smallest / 1_000, largest / 1_000))
    }

    /// The shortest and the longest time: exact over a whole run.
    pub fn time_extremes(&self) -> Option<(Duration, Duration)> {
        let (smallest, largest) = self.extremes?;
        Some((
            Duration::from_nanos(smallest),
            Duration::from_nanos(largest),
        ))
    }

    /// How many times are longer than one, as far as buckets tell them apart.
    pub fn longer_than(&self, time: Duration) -> u64 {
        let longer = self.buckets.iter().filter(|(bucket, _)| {
            let lowest = Duration::from_micros(lowest(*bucket as usize));
            lowest > time
        });
        longer.map(|(_, count)| count).sum()
    }

    fn mean_thousandths(&self) -> Option<u64> {
        let mean = self.sum.checked_div(u128::from(self.count()))?;
        Some(u64::try_from(mean).unwrap_or(u64::MAX))
    }

    /// The exact mean, in the metric's own unit.
    pub fn mean(&self) -> Option<f64> {
        self.mean_thousandths().map(|mean| mean as f64 / 1e3)
    }

    /// The exact mean of times.
    pub fn mean_time(&self) -> Option<Duration> {
        self.mean_thousandths().map(Duration::from_nanos)
    }

    /// The standard deviation, in the metric's own unit, from the middles of the buckets: no sum of squares is kept.
    pub fn standard_deviation(&self) -> Option<f64> {
        let count = self.count() as f64;
        let middle = |bucket: u32| {
            let bucket = bucket as usize;
            (lowest(bucket) + highest(bucket)) as f64 / 2.0
        };
        let mean = self.buckets.iter().map(|(at, n)| middle(*at) * *n as f64);
        let mean = mean.sum::<f64>() / count;
        let squares = self.buckets.iter().map(|(at, n)| {
            let off = middle(*at) - mean;
            off * off * *n as f64
        });
        (count > 0.0).then(|| (squares.sum::<f64>() / count).sqrt())
    }

    /// Adds what `other` counted.
    pub fn merge(&mut self, other: &Self) {
        self.sum += other.sum;
        self.extremes = wider(self.extremes, other.extremes);
        add_counts(&mut self.buckets, &other.buckets);
    }
}

/// Adds counts by bucket; both lists are ascending. It takes memory only for buckets that are new, and more at once than it
/// needs: a list that grew by a bucket now and then would move each time, and leave a hole into which it never fits again.
pub fn add_counts<N>(buckets: &mut Vec<(u32, N)>, more: &[(u32, N)])
where
    N: Copy + Default + std::ops::Add<Output = N>,
{
    let known = buckets.len();
    let (mut left, mut right, mut new) = (0, 0, more.len());
    // Which of them is first is as good as chance, so a jump for each case would mostly be guessed wrong.
    while let (Some((a, _)), Some((b, _))) = (buckets.get(left), more.get(right)) {
        new -= usize::from(a == b);
        (left, right) = (left + usize::from(a <= b), right + usize::from(b <= a));
    }
    buckets.resize(known + new, (0, N::default()));
    // From the end: what is moved never meets what is not read yet.
    let (mut left, mut right, mut at) = (known, more.len(), buckets.len());
    while right > 0 {
        let (Some((of_more, add)), Some(before)) = (more.get(right - 1), at.checked_sub(1)) else {
            return;
        };
        let mine = left
            .checked_sub(1)
            .and_then(|left| buckets.get(left))
            .copied();
        let (of_mine, count) = mine.unwrap_or_default();
        let (is_mine, is_more) = (
            mine.is_some() && of_mine >= *of_more,
            mine.is_none() || *of_more >= of_mine,
        );
        let of = |is_there: bool, count: N| if is_there { count } else { N::default() };
        if let Some(place) = buckets.get_mut(before) {
            let bucket = if is_more { *of_more } else { of_mine };
            *place = (bucket, of(is_mine, count) + of(is_more, *add));
        }
        at = before;
        (left, right) = (left - usize::from(is_mine), right - usize::from(is_more));
    }
}

/// Slots of a layout whose histograms get room for all that they may hold, before they need it. With more slots this would be
/// memory that most of them never use.
pub const FEW_SLOTS: usize = 64;
/// Entries of a list of buckets that has room: as many as the times of a slot have that are shorter than 130 ms, and those of rare
/// longer ones.
const ROOM: usize = 8192;

/// Takes the memory that a list of buckets may need while a run goes on. Rare times have buckets of their own, so a list grows as
/// long as the run lasts, and the memory of the run with it.
pub fn make_room<N: Copy + Default>(buckets: &mut Vec<(u32, N)>) {
    let known = buckets.len();
    if buckets.capacity() < ROOM {
        buckets.reserve_exact(ROOM - known);
        // The system gives memory when it is written.
        buckets.resize(ROOM, (0, N::default()));
        buckets.truncate(known);
    }
}

/// The value that a gauge had last: the one with the greatest time, and of two at one time the one of the greater worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LastValue {
    /// When it was set, in nanoseconds since 1970.
    pub at: u64,
    /// By which worker.
    pub worker: u32,
    /// The value.
    pub value: u64,
}

/// What a counter, a rate or a gauge measured.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scalar {
    /// Values of a gauge, hits and misses of a rate.
    pub count: u64,
    /// What a counter is, and the hits of a rate; of a gauge the sum of its values.
    pub sum: u128,
    /// Minimum and maximum of a gauge.
    pub extremes: Option<(u64, u64)>,
    /// What a gauge was set to last.
    pub last: Option<LastValue>,
}

impl Scalar {
    /// How many values a gauge had, or how many hits and misses a rate.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// What a counter counted, or how many hits a rate had.
    pub fn sum(&self) -> u64 {
        u64::try_from(self.sum).unwrap_or(u64::MAX)
    }

    /// Minimum and maximum of a gauge: exact over the whole run.
    pub fn extremes(&self) -> Option<(u64, u64)> {
        self.extremes
    }

    /// The mean of a gauge's values.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// What a gauge was set to last.
    pub fn last(&self) -> Option<u64> {
        self.last.map(|last| last.value)
    }

    /// Adds what `other` measured.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.extremes = wider(self.extremes, other.extremes);
        self.last = self.last.max(other.last);
    }
}

/// Minimum and maximum of both.
fn wider(one: Option<(u64, u64)>, other: Option<(u64, u64)>) -> Option<(u64, u64)> {
    match (one, other) {
        (Some((smallest, largest)), Some((small, large))) => {
            Some((smallest.min(small), largest.max(large)))
        }
        (one, None) | (None, one) => one,
    }
}

/// What one slot measured.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SlotFigures {
    counts: [u64; Outcome::ALL.len()],
    /// Failures by kind.
    pub kinds: BTreeMap<Text, u64>,
    /// Its histogram: of times, and of a trend.
    pub histogram: Histogram,
    /// Of a counter, a rate or a gauge.
    pub scalar: Scalar,
    /// Sums of a counter with a label, by label.
    pub labels: BTreeMap<Text, u64>,
}

impl SlotFigures {
    /// How often something ended with `outcome`.
    pub fn count(&self, outcome: Outcome) -> u64 {
        self.counts
            .get(outcome as usize)
            .copied()
            .unwrap_or_default()
    }

    /// Counts `n` more that ended so.
    pub fn add(&mut self, outcome: Outcome, n: u64) {
        if let Some(count) = self.counts.get_mut(outcome as usize) {
            *count += n;
        }
    }

    /// Takes away the counts and labels of a part of it.
    pub fn take_away(&mut self, part: &Self) {
        for (mine, less) in self.counts.iter_mut().zip(part.counts) {
            *mine = mine.saturating_sub(less);
        }
        for (label, less) in &part.labels {
            if let Some(mine) = self.labels.get_mut(label) {
                *mine = mine.saturating_sub(*less);
            }
        }
    }

    /// Those that ran to an end: passed and failed.
    pub fn ended(&self) -> u64 {
        self.count(Outcome::Passed) + self.count(Outcome::Failed)
    }

    /// Adds what `other` measured.
    pub fn merge(&mut self, other: &Self) {
        for (mine, more) in self.counts.iter_mut().zip(other.counts) {
            *mine += more;
        }
        add_all(&mut self.kinds, &other.kinds);
        add_all(&mut self.labels, &other.labels);
        self.histogram.merge(&other.histogram);
        self.scalar.merge(&other.scalar);
    }
}

/// Adds counts by name.
fn add_all(counts: &mut BTreeMap<Text, u64>, more: &BTreeMap<Text, u64>) {
    for (name, more) in more {
        let count = counts.entry(name.clone()).or_default();
        // The sum of a counter may be as large as a number may be.
        *count = count.saturating_add(*more);
    }
}

/// What was measured in a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interval {
    /// From when to when, since the start of the run; `None` when it is empty.
    pub span: Option<(Duration, Duration)>,
    /// Users that began.
    pub users_begun: u64,
    /// Users that ended.
    pub users_ended: u64,
    /// Slots that measured something.
    pub slots: BTreeMap<u32, SlotFigures>,
}

impl Interval {
    /// How long it is.
    pub fn length(&self) -> Duration {
        self.span
            .map_or(Duration::ZERO, |(from, to)| to.saturating_sub(from))
    }

    /// When it ends.
    pub fn end(&self) -> Duration {
        self.span.map_or(Duration::ZERO, |(_, to)| to)
    }

    /// What a slot measured.
    pub fn slot(&self, slot: u32) -> Option<&SlotFigures> {
        self.slots.get(&slot)
    }

    /// Adds what `other` measured: of another thread, or of another stretch of time.
    pub fn merge(&mut self, other: &Self) {
        self.span = match (self.span, other.span) {
            (Some((from, to)), Some((other_from, other_to))) => {
                Some((from.min(other_from), to.max(other_to)))
            }
            (one, None) | (None, one) => one,
        };
        self.users_begun += other.users_begun;
        self.users_ended += other.users_ended;
        for (slot, more) in &other.slots {
            self.slots.entry(*slot).or_default().merge(more);
        }
    }

    /// Takes the memory that the histograms may need which have measured something: of what is merged over a whole run with few
    /// slots.
    pub fn make_room(&mut self) {
        let histograms = self.slots.values_mut().map(|slot| &mut slot.histogram);
        for histogram in histograms.filter(|one| !one.buckets.is_empty()) {
            make_room(&mut histogram.buckets);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_added_by_bucket() {
        let sum = |mine: &[(u32, u64)], more: &[(u32, u64)]| {
            let mut sum = mine.to_vec();
            add_counts(&mut sum, more);
            sum
        };
        assert_eq!(sum(&[], &[(3, 1)]), [(3, 1)]);
        assert_eq!(sum(&[(3, 1)], &[]), [(3, 1)]);
        assert_eq!(sum(&[(3, 1), (5, 2)], &[(3, 4), (5, 1)]), [(3, 5), (5, 3)]);
        assert_eq!(
            sum(&[(3, 1), (5, 2)], &[(1, 7), (4, 8), (5, 1), (9, 9)]),
            [(1, 7), (3, 1), (4, 8), (5, 3), (9, 9)]
        );
        assert_eq!(sum(&[(8, 1)], &[(1, 7), (4, 8)]), [(1, 7), (4, 8), (8, 1)]);
    }

    #[test]
    fn a_list_with_room_takes_no_more_memory_for_buckets_that_come_later() {
        let mut whole = Interval::default();
        whole.slots.entry(3).or_default();
        whole.make_room();
        assert_eq!(whole.slots[&3].histogram.buckets.capacity(), 0);
        let add = |whole: &mut Interval, bucket: u32| {
            let histogram = &mut whole.slots.entry(3).or_default().histogram;
            add_counts(&mut histogram.buckets, &[(bucket, 1)]);
            (histogram.buckets.as_ptr(), histogram.buckets.capacity())
        };
        add(&mut whole, 7);
        whole.make_room();
        let first = add(&mut whole, 7);
        for bucket in 0..8_000 {
            assert_eq!(add(&mut whole, bucket), first);
        }
        assert_eq!(whole.slots[&3].histogram.count(), 8_002);
    }

    #[test]
    fn buckets_that_are_known_take_no_more_memory() {
        let mut all: Vec<(u32, u64)> = (0..100).map(|bucket| (bucket, 1)).collect();
        all.shrink_to_fit();
        let (at, room) = (all.as_ptr(), all.capacity());
        add_counts(&mut all, &[(3, 1), (99, 4)]);
        assert_eq!((all.as_ptr(), all.capacity()), (at, room));
    }
}
