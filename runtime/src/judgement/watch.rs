//! The seconds of a run: each is read when it is over, and judged.

use super::{Collector, Judge, Judgement, Order, Second, Verdict};
use crate::health::{FellBehind, HostWatch};
use crate::metrics::{Interval, Layout, SlotFigures};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedSender;

/// How long a second is.
const EVERY: Duration = Duration::from_secs(1);

/// A run whose clock has started.
#[derive(Debug)]
pub struct Watch {
    collector: Collector,
    judge: Judge,
    /// Who is told that a threshold ends the run; it is told once.
    orders: Option<UnboundedSender<Order>>,
    /// The second that is read next; `None` of a functional run, and when all workers are done.
    next: Option<u32>,
    /// What the last second measured.
    interval: Interval,
    verdicts: Vec<Verdict>,
    /// Whether this host holds the schedule.
    host: Option<HostWatch>,
}

impl Watch {
    /// Over the slabs of a load run.
    pub fn new(collector: Collector, judge: Judge, orders: UnboundedSender<Order>) -> Self {
        Self {
            next: Some(1),
            orders: Some(orders),
            ..Self::at_the_end(collector, judge)
        }
    }

    /// With an eye on the host.
    pub fn on(mut self, host: HostWatch) -> Self {
        self.host = Some(host);
        self
    }

    /// Where the schedule was held worst, if it was not held.
    pub fn fell_behind(&self) -> Option<&FellBehind> {
        self.host.as_ref()?.fell_behind()
    }

    /// What this host had none left of, in sentences.
    pub fn host_lacked(&self) -> Vec<String> {
        self.host.as_ref().map_or_else(Vec::new, HostWatch::lacked)
    }

    /// Over those of a functional run, which is read once, at its end.
    pub fn at_the_end(collector: Collector, judge: Judge) -> Self {
        Self {
            collector,
            judge,
            orders: None,
            next: None,
            interval: Interval::default(),
            verdicts: Vec::new(),
            host: None,
        }
    }

    /// When the next second is over.
    pub fn due(&self) -> Option<Instant> {
        Some(self.collector.begin() + EVERY * self.next?)
    }

    /// Reads the second that is over, and judges it. A reading that comes late counts for the second that ended last.
    pub fn read(&mut self) -> Option<Second<'_>> {
        let number = self.next?;
        let elapsed = self.collector.begin().elapsed();
        self.interval = self.collector.take(elapsed);
        self.look_at_host();
        // A machine that slept does not make up for the seconds that it missed.
        let over = u32::try_from(elapsed.as_secs()).unwrap_or(u32::MAX);
        let number = over.max(number);
        self.next = Some(number.saturating_add(1));
        Some(self.judged(number))
    }

    /// Reads what is left when all workers are done, `at` after the beginning of the run; `None` if nothing was measured since
    /// the last second, or if it is a functional run. Iterations could begin until `until`.
    pub fn stop(&mut self, at: Duration, until: Duration) -> Option<Second<'_>> {
        self.interval = self.collector.take(at);
        self.look_at_host();
        let last = self.next.take();
        let last = last.filter(|_| !self.interval.slots.is_empty());
        if let Some(number) = last {
            self.judged(number);
        }
        self.verdicts = self.judge.end(self.collector.total(), until);
        Some(self.second(last?))
    }

    fn judged(&mut self, number: u32) -> Second<'_> {
        let outstanding = self.collector.outstanding(self.interval.end());
        self.judge.outstanding(outstanding);
        self.judge.second(number, &self.interval);
        if let Some(threshold) = self.judge.aborted_by()
            && let Some(orders) = self.orders.take()
        {
            // If nobody listens any more, the run has ended.
            let _ = orders.send(Order::Abort(threshold.name.clone()));
        }
        self.second(number)
    }

    /// No iteration begins any more from now on, before the load was over.
    pub fn stops(&mut self) {
        self.judge.stops(self.collector.begin().elapsed());
    }

    fn look_at_host(&mut self) {
        if let Some(host) = &mut self.host {
            host.second(self.collector.layout(), &self.interval);
        }
    }

    fn second(&self, number: u32) -> Second<'_> {
        Second {
            number,
            layout: self.collector.layout(),
            interval: &self.interval,
            judged: self.judge.judged(),
        }
    }

    /// What the figures come to when all workers are done.
    pub fn judgement(&self) -> Judgement {
        let rows = self.layout().iterations.iter();
        let mut counts = rows.filter_map(|row| row.counts(self.total()));
        Judgement {
            nothing_ended: counts.all(|row| SlotFigures::ended(row) == 0),
            fell_behind: self.fell_behind().is_some_and(|found| found.is_open),
            threshold_failed: self.verdicts.iter().any(Verdict::fails),
        }
    }

    /// How the thresholds came out, when all workers are done.
    pub fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }

    /// What the figures are.
    pub fn layout(&self) -> &Layout {
        self.collector.layout()
    }

    /// All that was measured.
    pub fn total(&self) -> &Interval {
        self.collector.total()
    }
}
