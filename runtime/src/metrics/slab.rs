//! The memory of one thread's measurements: written by that thread alone, read by the reporter.
//!
//! Histograms lie in one anonymous mapping of `u32`, zero and without memory until a page is written: 1,000 steps reserve
//! 94 KB of addresses each and use a page or two. Huge pages are declined, or the first value would cost 2 MiB. Every cell
//! is an atomic with one writer, which loads and stores relaxed (an ordinary add on the machine) and never
//! reads-modifies-writes; the reader takes wrapping differences.

use super::buckets::{BUCKETS, ROW, bucket};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::kinds::KINDS;

/// What a slot counts beside its histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Counter {
    /// StepEnd well.
    Passed,
    /// StepEnd with a fault, whether or not the iteration went on.
    Failed,
    /// Of the failed ones: the iteration went on (`continue_on_failure`).
    Continued,
    /// Not enabled.
    Skipped,
    /// Dropped while it ran: a sibling failed or the run was stopped.
    Cancelled,
}

/// Counters of a slot: one for each [`Counter`], rounded up, then one for each kind of failure.
const NAMED: usize = 8;
pub(super) const COUNTERS: usize = NAMED + KINDS;

impl Counter {
    pub(super) const ALL: [Self; 5] = [
        Self::Passed,
        Self::Failed,
        Self::Continued,
        Self::Skipped,
        Self::Cancelled,
    ];
}

/// Where the counter of failures of one kind stands.
pub(super) const fn of_kind(kind: usize) -> usize {
    NAMED + if kind < KINDS { kind } else { KINDS - 1 }
}

/// One thread's measurements.
#[derive(Debug)]
pub struct Slab {
    buckets: &'static [AtomicU32],
    /// A bit for each row of a slot's histogram that was ever written.
    pub(super) touched: Box<[AtomicU32]>,
    /// The exact sum of what a slot's histogram counts: nanoseconds, or the unit of the metric.
    pub(super) sums: Box<[AtomicU64]>,
    pub(super) counters: Box<[AtomicU32]>,
    /// Users that began and that ended.
    pub(super) users: [AtomicU32; 2],
}

impl Slab {
    /// Room for `slots` slots. The mapping lives as long as the process: a run makes one a thread.
    ///
    /// # Errors
    /// The system refuses the addresses.
    pub fn new(slots: usize) -> io::Result<Arc<Self>> {
        let bytes = slots.max(1) * BUCKETS * size_of::<u32>();
        let map = Box::leak(Box::new(memmap2::MmapMut::map_anon(bytes)?));
        #[cfg(target_os = "linux")]
        // Only a hint: a kernel without huge pages refuses it, and then it is not needed.
        let _ = map.advise(memmap2::Advice::NoHugePage);
        let buckets = cells(map);
        Ok(Arc::new(Self {
            buckets,
            touched: std::iter::repeat_with(AtomicU32::default)
                .take(slots)
                .collect(),
            sums: std::iter::repeat_with(AtomicU64::default)
                .take(slots)
                .collect(),
            counters: std::iter::repeat_with(AtomicU32::default)
                .take(slots * COUNTERS)
                .collect(),
            users: Default::default(),
        }))
    }

    /// Slots that there is room for.
    pub fn slots(&self) -> usize {
        self.touched.len()
    }

    /// One row of a slot's histogram.
    pub(super) fn row(&self, slot: usize, row: usize) -> &[AtomicU32] {
        let from = slot * BUCKETS + row * ROW;
        self.buckets.get(from..from + ROW).unwrap_or_default()
    }
}

/// A mapping as cells. The crate that does this without `unsafe` took 4 of the 144 seconds of processor time that a user's
/// first build had cost.
#[expect(
    unsafe_code,
    reason = "a safe cast costs every first build four seconds"
)]
fn cells(map: &'static mut [u8]) -> &'static [AtomicU32] {
    // SAFETY: every bit pattern is an `AtomicU32`; the mapping is borrowed mutably for ever, so nothing else reaches it;
    // `align_to_mut` leaves out what is not aligned or too short, which in a page-aligned mapping of whole cells is nothing.
    let (_, cells, _) = unsafe { map.align_to_mut::<AtomicU32>() };
    cells
}

/// The writing end of a slab: held by its thread, and by no other.
#[derive(Debug)]
pub struct Recorder {
    slab: Arc<Slab>,
    // A second writer would lose counts: not `Sync`, not `Clone`.
    only_here: std::marker::PhantomData<std::cell::Cell<()>>,
}

fn add(cell: &AtomicU32, n: u32) {
    cell.store(cell.load(Relaxed).wrapping_add(n), Relaxed);
}

impl Recorder {
    /// The one writer of `slab`.
    pub fn new(slab: Arc<Slab>) -> Self {
        Self {
            slab,
            only_here: std::marker::PhantomData,
        }
    }

    /// Counts a length of time in a slot's histogram, by whole microseconds; its nanoseconds go to the sum.
    pub fn time(&self, slot: u32, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.put(slot as usize, nanos / 1_000, nanos);
    }

    /// Counts a value of a metric's own unit.
    pub fn value(&self, slot: u32, value: u64) {
        self.put(slot as usize, value, value);
    }

    fn put(&self, slot: usize, value: u64, exact: u64) {
        let bucket = bucket(value);
        // A slot that the grid did not announce has no room; it is not worth a panic in the middle of a run.
        let (Some(cell), Some(touched), Some(sum)) = (
            self.slab.buckets.get(slot * BUCKETS + bucket),
            self.slab.touched.get(slot),
            self.slab.sums.get(slot),
        ) else {
            return;
        };
        add(cell, 1);
        let (rows, row) = (touched.load(Relaxed), 1 << (bucket / ROW));
        if rows & row == 0 {
            touched.store(rows | row, Relaxed);
        }
        sum.store(sum.load(Relaxed).wrapping_add(exact), Relaxed);
    }

    /// Counts one ending of a step or an iteration.
    pub fn count(&self, slot: u32, counter: Counter) {
        self.bump(slot, counter as usize);
    }

    /// Counts one failure of a kind.
    pub fn kind(&self, slot: u32, kind: usize) {
        self.bump(slot, of_kind(kind));
    }

    fn bump(&self, slot: u32, index: usize) {
        if let Some(cell) = self.slab.counters.get(slot as usize * COUNTERS + index) {
            add(cell, 1);
        }
    }

    /// One more user is there.
    pub fn user_begins(&self) {
        add(&self.slab.users[0], 1);
    }

    /// One user is gone.
    pub fn user_ends(&self) {
        add(&self.slab.users[1], 1);
    }
}
