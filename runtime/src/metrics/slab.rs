//! The memory of one thread's measurements: written by that thread alone, read by the reporter.
//!
//! Histograms lie in one anonymous mapping of `u32`, zero and without memory until a page is written: a slot takes 92 KiB of
//! addresses and, when something is recorded, a page or two of memory. Two neighbours share their pages: the first half of a
//! page is the one's, the second half the other's. Response and service time of a step are such neighbours and mostly alike,
//! so the two take one page where each would take its own. The mapping is made without reserve, so that
//! addresses alone never count against what the system would promise: 10,000 slots on 16 threads take 16 GB of addresses
//! (of the 128 TB that a process has) and memory only for the rows that are written. Huge pages are declined, or the first
//! value would cost 2 MiB. Every cell is an atomic with one writer, which loads and stores relaxed (an ordinary add on the
//! machine) and never reads-modifies-writes; the reader takes wrapping differences.
//!
//! Failures by kind lie in a mapping of the same sort, a row for each kind that covers all slots: kinds that never occur
//! take no memory.

use super::asked::AskedSlots;
use super::names::{KINDS, LABELS};
use bggo_metrics::buckets::{BUCKETS, ROW, ROWS, bucket};
use bggo_metrics::{FEW_SLOTS, Outcome};
use bggo_schedule::{Nanos, nanos};
use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Counters of a slot: one for each [`Outcome`], rounded up.
pub(super) const OUTCOMES: usize = 8;

/// Buckets of half a row: what a slot has of a page.
pub(super) const HALF: usize = ROW / 2;
/// Halves of all rows of a histogram.
pub(super) const HALVES: usize = 2 * ROWS;

/// The first half of a row that a run is unlikely to need: that of times over four seconds.
const UNLIKELY: usize = 2 * 13;

/// Where a slot counts a bucket: halves of its rows alternate with those of its neighbour.
const fn cell_of(slot: usize, bucket: usize) -> usize {
    let (first_of_pair, neighbour) = (slot & !1, slot & 1);
    // Each half of a row that lies before it is followed by one of the neighbour.
    first_of_pair * BUCKETS + bucket + (bucket & !(HALF - 1)) + neighbour * HALF
}

/// What is known of a slot's histogram beside its buckets. All three are in thousandths of what the buckets count: a
/// histogram of times counts microseconds and has its sum in nanoseconds.
#[derive(Debug)]
pub(super) struct Exact {
    pub(super) sum: AtomicU64,
    /// `u64::MAX` before the first value.
    pub(super) smallest: AtomicU64,
    pub(super) largest: AtomicU64,
    /// A bit for each row of the histogram that was ever written.
    pub(super) touched: AtomicU32,
    /// Of a scenario's iterations: the second of the run in which the oldest was due that waits, plus one; 0 if none does.
    pub(super) oldest: AtomicU32,
}

impl Default for Exact {
    fn default() -> Self {
        Self {
            sum: AtomicU64::new(0),
            smallest: AtomicU64::new(u64::MAX),
            largest: AtomicU64::new(0),
            touched: AtomicU32::new(0),
            oldest: AtomicU32::new(0),
        }
    }
}

/// What a counter, a rate or a gauge measured: whole numbers, without a histogram.
#[derive(Debug)]
pub(super) struct ScalarCells {
    /// Values of a gauge; hits and misses of a rate.
    pub(super) count: AtomicU64,
    /// What a counter is, and the hits of a rate.
    pub(super) sum: AtomicU64,
    /// Of the whole run; `u64::MAX` before the first value.
    pub(super) smallest: AtomicU64,
    pub(super) largest: AtomicU64,
    /// The value that was set last.
    pub(super) last: AtomicU64,
    /// When, in nanoseconds since 1970.
    pub(super) last_at: AtomicU64,
    /// The window in which the two that follow were written.
    pub(super) window: AtomicU64,
    pub(super) window_smallest: AtomicU64,
    pub(super) window_largest: AtomicU64,
}

impl Default for ScalarCells {
    fn default() -> Self {
        let zero = || AtomicU64::new(0);
        Self {
            count: zero(),
            sum: zero(),
            smallest: AtomicU64::new(u64::MAX),
            largest: zero(),
            last: zero(),
            last_at: zero(),
            window: AtomicU64::new(u64::MAX),
            window_smallest: zero(),
            window_largest: zero(),
        }
    }
}

/// What a counter with a label measured: a sum a label, and one of all others.
#[derive(Debug)]
pub(super) struct LabelCells(pub(super) [AtomicU64; LABELS + 1]);

impl Default for LabelCells {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

/// Cells that take memory when they are first written.
type OnFirstUse<T> = Box<[OnceLock<Box<T>>]>;

fn on_first_use<T>(slots: usize) -> OnFirstUse<T> {
    std::iter::repeat_with(OnceLock::new).take(slots).collect()
}

/// One thread's measurements.
#[derive(Debug)]
pub struct Slab {
    buckets: &'static [AtomicU32],
    pub(super) exact: Box<[Exact]>,
    pub(super) outcomes: Box<[AtomicU32]>,
    kinds: &'static [AtomicU32],
    scalars: OnFirstUse<ScalarCells>,
    labels: OnFirstUse<LabelCells>,
    /// The window that is measured: counted on by the reader, and by no other.
    pub(super) window: AtomicU64,
    /// Users that began and that ended.
    pub(super) users: [AtomicU32; 2],
    spun: Spun,
}

/// How long a worker spun, in nanoseconds: written by its timer alone.
#[derive(Debug, Clone, Default)]
pub struct Spun(Arc<AtomicU64>);

impl Spun {
    /// It spun this long once more.
    pub fn add(&self, time: Duration) {
        add_wide(&self.0, nanos(time));
    }

    /// How long it has spun since it began.
    pub fn time(&self) -> Duration {
        Duration::from_nanos(self.0.load(Relaxed))
    }
}

impl Slab {
    /// Room for `slots` slots. The mapping lives as long as the process: a run makes one a thread.
    ///
    /// # Errors
    /// The system refuses the addresses.
    pub fn new(slots: usize) -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            buckets: mapping(slots.next_multiple_of(2), BUCKETS)?,
            exact: std::iter::repeat_with(Exact::default).take(slots).collect(),
            outcomes: std::iter::repeat_with(AtomicU32::default)
                .take(slots * OUTCOMES)
                .collect(),
            kinds: mapping(slots, KINDS)?,
            scalars: on_first_use(slots),
            labels: on_first_use(slots),
            window: AtomicU64::new(0),
            users: Default::default(),
            spun: Spun::default(),
        }))
    }

    /// How long its worker spun.
    pub fn spun(&self) -> &Spun {
        &self.spun
    }

    /// Slots that there is room for.
    pub fn slots(&self) -> usize {
        self.exact.len()
    }

    /// Whether it has so few slots that each gets the memory that it may need, before it needs it.
    pub(super) fn has_few_slots(&self) -> bool {
        self.slots() <= FEW_SLOTS
    }

    /// A slot has its first value. Of few slots the rows that rare values will need get their memory now, or a run would take more
    /// of it the longer it lasts.
    #[cold]
    fn first_use(&self, slot: usize) {
        if !self.has_few_slots() {
            return;
        }
        let halves = (0..UNLIKELY).map(|half| self.half(slot, half));
        for cell in halves.filter_map(<[_]>::first) {
            add(cell, 0);
        }
    }

    /// The buckets from `half * HALF` on of a slot's histogram.
    pub(super) fn half(&self, slot: usize, half: usize) -> &[AtomicU32] {
        let from = cell_of(slot, half * HALF);
        self.buckets.get(from..from + HALF).unwrap_or_default()
    }

    /// What a counter, a rate or a gauge measured, if it did.
    pub(super) fn scalar(&self, slot: usize) -> Option<&ScalarCells> {
        self.scalars.get(slot)?.get().map(Box::as_ref)
    }

    /// What a counter with a label measured, if it did.
    pub(super) fn labels(&self, slot: usize) -> Option<&LabelCells> {
        self.labels.get(slot)?.get().map(Box::as_ref)
    }

    /// Where each slot counts its failures of one kind.
    pub(super) fn of_kind(&self, kind: usize) -> &[AtomicU32] {
        let from = kind.min(KINDS - 1) * self.slots();
        self.kinds
            .get(from..from + self.slots())
            .unwrap_or_default()
    }
}

/// `each` cells for each of `slots`, without memory until they are written.
fn mapping(slots: usize, each: usize) -> io::Result<&'static [AtomicU32]> {
    let refused = |why: String| {
        io::Error::other(format!(
            "the system gives no room for the figures of {slots} metrics: {why}. Fewer threads (--threads) or steps need less; `ulimit -v` shows a limit of addresses"
        ))
    };
    let bytes = slots
        .max(1)
        .checked_mul(each * size_of::<AtomicU32>())
        .ok_or_else(|| refused("more than a process can address".to_owned()))?;
    let map = memmap2::MmapOptions::new()
        .len(bytes)
        .no_reserve_swap()
        .map_anon()
        .map_err(|error| refused(format!("{bytes} bytes of addresses: {error}")))?;
    let map = Box::leak(Box::new(map));
    #[cfg(target_os = "linux")]
    // Only a hint: a kernel without huge pages refuses it, and then it is not needed.
    let _ = map.advise(memmap2::Advice::NoHugePage);
    Ok(cells(map))
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
    asked: AskedSlots,
    // A second writer would lose counts: not `Sync`, not `Clone`.
    only_here: std::marker::PhantomData<std::cell::Cell<()>>,
}

fn add(cell: &AtomicU32, n: u32) {
    cell.store(cell.load(Relaxed).wrapping_add(n), Relaxed);
}

fn add_wide(cell: &AtomicU64, n: u64) {
    cell.store(cell.load(Relaxed).wrapping_add(n), Relaxed);
}

impl Recorder {
    /// The one writer of `slab`.
    pub fn new(slab: Arc<Slab>) -> Self {
        Self {
            slab,
            asked: AskedSlots::default(),
            only_here: std::marker::PhantomData,
        }
    }

    /// The same, in a run that asks for some metrics.
    #[must_use]
    pub fn asked(self, asked: AskedSlots) -> Self {
        Self { asked, ..self }
    }

    /// Whether somebody asks for the metric of a slot that is measured on demand.
    #[inline]
    pub fn is_asked(&self, slot: u32) -> bool {
        self.asked.has(slot)
    }

    /// What it writes to, for a reader of it.
    #[cfg(any(test, feature = "test-support"))]
    pub(crate) fn slab(&self) -> Arc<Slab> {
        Arc::clone(&self.slab)
    }

    /// Counts a length of time in a slot's histogram, by whole microseconds; sum, minimum and maximum have its nanoseconds.
    pub fn time(&self, slot: u32, took: Duration) {
        self.nanos(slot, nanos(took));
    }

    /// The same of a length in nanoseconds.
    pub fn nanos(&self, slot: u32, nanos: Nanos) {
        self.put(slot as usize, nanos / 1_000, nanos);
    }

    /// Counts a value of a metric's own unit: a time in microseconds, a size in bytes.
    pub fn value(&self, slot: u32, value: u64) {
        self.put(slot as usize, value, value.saturating_mul(1_000));
    }

    fn put(&self, slot: usize, value: u64, thousandths: u64) {
        let bucket = bucket(value);
        // A slot that the grid did not announce has no room; it is not worth a panic in the middle of a run.
        let (Some(cell), Some(exact)) = (
            self.slab.buckets.get(cell_of(slot, bucket)),
            self.slab.exact.get(slot),
        ) else {
            return;
        };
        if thousandths < exact.smallest.load(Relaxed) {
            exact.smallest.store(thousandths, Relaxed);
        }
        if thousandths > exact.largest.load(Relaxed) {
            exact.largest.store(thousandths, Relaxed);
        }
        let sum = exact.sum.load(Relaxed);
        exact.sum.store(sum.wrapping_add(thousandths), Relaxed);
        let before = cell.load(Relaxed);
        cell.store(before.wrapping_add(1), Relaxed);
        // The row of a bucket that counted before is known already.
        if before == 0 {
            let rows = exact.touched.load(Relaxed);
            exact.touched.store(rows | 1 << (bucket / ROW), Relaxed);
            if rows == 0 {
                self.slab.first_use(slot);
            }
        }
    }

    /// Cells of a slot, made at its first value.
    #[inline]
    fn scalar(&self, slot: u32) -> Option<&ScalarCells> {
        let cell = self.slab.scalars.get(slot as usize)?;
        Some(cell.get_or_init(Box::default))
    }

    /// Adds to a counter.
    #[inline]
    pub fn add(&self, slot: u32, n: u64) {
        if let Some(cells) = self.scalar(slot) {
            add_wide(&cells.sum, n);
        }
    }

    /// What a counter has counted so far.
    pub fn counted(&self, slot: u32) -> u64 {
        let cells = self.slab.scalar(slot as usize);
        cells.map_or(0, |cells| cells.sum.load(Relaxed))
    }

    /// How many values a trend has so far.
    pub fn recorded(&self, slot: u32) -> u64 {
        let cells = (0..HALVES).flat_map(|half| self.slab.half(slot as usize, half));
        cells.map(|cell| u64::from(cell.load(Relaxed))).sum()
    }

    /// The sum of a trend of times so far.
    pub fn time_recorded(&self, slot: u32) -> Duration {
        let exact = self.slab.exact.get(slot as usize);
        let nanos = exact.map_or(0, |exact| exact.sum.load(Relaxed));
        Duration::from_nanos(nanos)
    }

    /// Hits of a rate so far, and of how many.
    pub fn hits(&self, slot: u32) -> (u64, u64) {
        let cells = self.slab.scalar(slot as usize);
        let counted = |cell: &AtomicU64| cell.load(Relaxed);
        cells.map_or((0, 0), |cells| (counted(&cells.sum), counted(&cells.count)))
    }

    /// Adds to a counter with a label, where the label has this number.
    pub fn add_labelled(&self, slot: u32, label: usize, n: u64) {
        let Some(cell) = self.slab.labels.get(slot as usize) else {
            return;
        };
        let LabelCells(sums) = &**cell.get_or_init(Box::default);
        if let Some(sum) = sums.get(label.min(LABELS)) {
            add_wide(sum, n);
        }
    }

    /// Counts a hit of a rate.
    #[inline]
    pub fn hit(&self, slot: u32) {
        if let Some(cells) = self.scalar(slot) {
            add_wide(&cells.sum, 1);
            add_wide(&cells.count, 1);
        }
    }

    /// Counts a miss of a rate.
    #[inline]
    pub fn miss(&self, slot: u32) {
        if let Some(cells) = self.scalar(slot) {
            add_wide(&cells.count, 1);
        }
    }

    /// Sets a gauge, at a time since 1970.
    pub fn set(&self, slot: u32, value: u64, at: Duration) {
        let Some(cells) = self.scalar(slot) else {
            return;
        };
        if value < cells.smallest.load(Relaxed) {
            cells.smallest.store(value, Relaxed);
        }
        if value > cells.largest.load(Relaxed) {
            cells.largest.store(value, Relaxed);
        }
        let window = self.slab.window.load(Relaxed);
        let is_first = cells.window.load(Relaxed) != window;
        if is_first || value < cells.window_smallest.load(Relaxed) {
            cells.window_smallest.store(value, Relaxed);
        }
        if is_first || value > cells.window_largest.load(Relaxed) {
            cells.window_largest.store(value, Relaxed);
        }
        cells.window.store(window, Relaxed);
        cells.last.store(value, Relaxed);
        cells.last_at.store(nanos(at), Relaxed);
        add_wide(&cells.sum, value);
        add_wide(&cells.count, 1);
    }

    /// Counts one ending of a step or an iteration; one that failed is counted by [`Recorder::failed`].
    pub fn count(&self, slot: u32, outcome: Outcome) {
        debug_assert_ne!(outcome, Outcome::Failed, "its kind counts it");
        let index = slot as usize * OUTCOMES + outcome as usize;
        if let Some(cell) = self.slab.outcomes.get(index) {
            add(cell, 1);
        }
    }

    /// Counts many endings at once.
    pub fn count_many(&self, slot: u32, outcome: Outcome, n: u64) {
        debug_assert_ne!(outcome, Outcome::Failed, "its kind counts it");
        let index = slot as usize * OUTCOMES + outcome as usize;
        if let Some(cell) = self.slab.outcomes.get(index) {
            // A cell wraps; more than 2^32 of one outcome in one second are not told apart.
            add(cell, u32::try_from(n).unwrap_or(u32::MAX));
        }
    }

    /// Counts one failure, by the number of its kind. Failures have no other count, so no reading sees one without its kind.
    pub fn failed(&self, slot: u32, kind: usize) {
        if let Some(cell) = self.slab.of_kind(kind).get(slot as usize) {
            add(cell, 1);
        }
    }

    /// The oldest iteration that waits was due in this second of the run.
    pub fn oldest(&self, slot: u32, second: Option<u32>) {
        if let Some(exact) = self.slab.exact.get(slot as usize) {
            let second = second.map_or(0, |second| second.saturating_add(1));
            exact.oldest.store(second, Relaxed);
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn buckets_of_two_neighbours_have_cells_of_their_own_in_pages_that_they_share() {
        let cells: BTreeSet<usize> = (4..8)
            .flat_map(|slot| (0..BUCKETS).map(move |bucket| cell_of(slot, bucket)))
            .collect();
        assert_eq!(cells.len(), 4 * BUCKETS);
        assert_eq!(cells.first(), Some(&(4 * BUCKETS)));
        assert_eq!(cells.last(), Some(&(8 * BUCKETS - 1)));
        let page = |slot, bucket| cell_of(slot, bucket) / ROW;
        assert_eq!(page(4, 180), page(5, 210));
        assert_eq!(page(4, 9_900), page(5, 9_800));
        assert_ne!(page(4, HALF - 1), page(4, HALF));
        assert_ne!(page(5, 0), page(6, 0));
    }
}
