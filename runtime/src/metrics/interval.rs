//! What was measured in a stretch of time, over any number of threads: the one stream that every output reads.
//!
//! Merging adds counts, so it loses nothing and does not care about order: threads of a second, seconds of a run and
//! (later) hosts of a fleet are merged by the same function.

use super::buckets::highest;
use super::slab::Counter;
use std::collections::BTreeMap;
use std::time::Duration;

/// Counts by bucket, and the exact sum of what was counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Histogram {
    /// Buckets that are not empty, ascending, with their counts.
    pub(super) buckets: Vec<(u32, u64)>,
    /// Nanoseconds, or the unit of the metric.
    pub(super) sum: u128,
}

impl Histogram {
    /// How many values were counted.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum()
    }

    /// The value below or at which `per_10_000` ten-thousandths of all values lie (9,500: p95), as the largest value of its
    /// bucket; `None` when nothing was counted.
    pub fn quantile(&self, per_10_000: u32) -> Option<u64> {
        let total = u128::from(self.count());
        let rank = (total * u128::from(per_10_000.min(10_000)))
            .div_ceil(10_000)
            .max(1);
        let mut below = 0;
        self.buckets.iter().find_map(|(bucket, count)| {
            below += u128::from(*count);
            (below >= rank).then(|| highest(*bucket as usize))
        })
    }

    /// The same for a histogram of times, which counts microseconds.
    pub fn time(&self, per_10_000: u32) -> Option<Duration> {
        self.quantile(per_10_000).map(Duration::from_micros)
    }

    /// The exact mean of times.
    pub fn mean_time(&self) -> Option<Duration> {
        let mean = self.sum.checked_div(u128::from(self.count()))?;
        Some(Duration::from_nanos(
            u64::try_from(mean).unwrap_or(u64::MAX),
        ))
    }

    /// Adds what `other` counted.
    pub fn merge(&mut self, other: &Self) {
        self.sum += other.sum;
        if self.buckets.is_empty() {
            self.buckets.clone_from(&other.buckets);
            return;
        }
        let mine = std::mem::take(&mut self.buckets);
        self.buckets.reserve(mine.len().max(other.buckets.len()));
        let (mut left, mut right) = (mine.iter().peekable(), other.buckets.iter().peekable());
        loop {
            let next = match (left.peek(), right.peek()) {
                (Some((a, _)), Some((b, _))) => *a.min(b),
                (Some((bucket, _)), None) | (None, Some((bucket, _))) => *bucket,
                (None, None) => break,
            };
            let mut count = 0;
            for side in [&mut left, &mut right] {
                if let Some((_, n)) = side.next_if(|(bucket, _)| *bucket == next) {
                    count += n;
                }
            }
            self.buckets.push((next, count));
        }
    }
}

/// What one slot measured.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Slot {
    counts: [u64; Counter::ALL.len()],
    /// Failures by kind.
    pub kinds: BTreeMap<&'static str, u64>,
    /// Its histogram.
    pub histogram: Histogram,
}

impl Slot {
    /// How often `counter` was counted.
    pub fn count(&self, counter: Counter) -> u64 {
        self.counts
            .get(counter as usize)
            .copied()
            .unwrap_or_default()
    }

    pub(super) fn add(&mut self, counter: Counter, n: u64) {
        if let Some(count) = self.counts.get_mut(counter as usize) {
            *count += n;
        }
    }

    /// Those that ran to an end: passed and failed.
    pub fn ended(&self) -> u64 {
        self.count(Counter::Passed) + self.count(Counter::Failed)
    }

    /// Adds what `other` measured.
    pub fn merge(&mut self, other: &Self) {
        for (mine, more) in self.counts.iter_mut().zip(other.counts) {
            *mine += more;
        }
        for (kind, more) in &other.kinds {
            *self.kinds.entry(kind).or_default() += more;
        }
        self.histogram.merge(&other.histogram);
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
    pub slots: BTreeMap<u32, Slot>,
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
    pub fn slot(&self, slot: u32) -> Option<&Slot> {
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
}
