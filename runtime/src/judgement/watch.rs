//! The seconds of a run: each is read when it is over, and judged.

use super::search::{SecondOf, is_limited};
use super::{Collector, Judge, Judgement, Order, RateSearch, Second, Verdict};
use crate::health::{FailedHere, FellBehind, HostWatch};
use crate::metrics::{Interval, Layout, SlotFigures};
use bggo_metrics::{Searched, step_mark};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::mpsc::UnboundedSender;

/// How long a second is.
const EVERY: Duration = Duration::from_secs(1);

/// A run whose clock has started.
#[derive(Debug)]
pub struct Watch {
    collector: Collector,
    judge: Judge,
    /// Who is told what follows from the figures.
    orders: Option<UnboundedSender<Order>>,
    /// Whether it was told that a threshold ends the run: that is told once.
    has_aborted: bool,
    searches: Vec<RateSearch>,
    /// Lines about searches that nobody has taken yet.
    said: Vec<String>,
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

    /// With scenarios that search their rates.
    pub fn searching(mut self, searches: Vec<RateSearch>) -> Self {
        self.searches = searches;
        self
    }

    /// What the searches found, when all workers are done.
    pub fn searched(&self) -> Vec<Searched> {
        self.searches.iter().map(RateSearch::searched).collect()
    }

    /// Lines about what searches decided since the last call.
    pub fn take_said(&mut self) -> Vec<String> {
        std::mem::take(&mut self.said)
    }

    /// Where the schedule was held worst, if it was not held.
    pub fn fell_behind(&self) -> Option<&FellBehind> {
        self.host.as_ref()?.fell_behind()
    }

    /// Iterations that failed by this host, if they are more than may fail.
    pub fn failed_here(&self) -> Option<FailedHere> {
        let host = self.host.as_ref()?;
        host.failed_here(self.layout(), self.total())
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
            has_aborted: false,
            searches: Vec::new(),
            said: Vec::new(),
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
        self.search(number);
        Some(self.judged(number))
    }

    /// Reads what is left when all workers are done, `at` after the beginning of the run; `None` if nothing was measured since
    /// the last second, or if it is a functional run. Iterations could begin until `until`.
    pub fn stop(&mut self, at: Duration, until: Duration) -> Option<Second<'_>> {
        self.interval = self.collector.take(at);
        self.look_at_host();
        self.searches.iter_mut().for_each(RateSearch::stops);
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
            && !self.has_aborted
        {
            self.has_aborted = true;
            self.order(Order::Abort(threshold.name.clone()));
        }
        self.second(number)
    }

    fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // If nobody listens any more, the run has ended.
            let _ = orders.send(order);
        }
    }

    /// Lets the searches go on.
    fn search(&mut self, number: u32) {
        if self.searches.is_empty() {
            return;
        }
        let outstanding = self.collector.outstanding(self.interval.end());
        let mut searches = std::mem::take(&mut self.searches);
        for search in &mut searches {
            let scenario = search.scenario();
            let host = self.host.as_ref();
            let follows = search.second(&SecondOf {
                number,
                layout: self.collector.layout(),
                interval: &self.interval,
                total: self.collector.total(),
                outstanding: &outstanding,
                fell_behind: host.is_some_and(|host| host.is_behind(scenario)),
            });
            if let Some(order) = follows.order {
                self.order(order);
            }
            // A system clock set before 1970 counts as 1970.
            let at = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
            let mark = follows.decided.and_then(|step| step_mark(&step, at));
            let row = self.layout().iterations.get(scenario as usize);
            if let (Some(mark), Some(slot)) = (mark, row.map(|row| row.first)) {
                self.collector.add(&mut self.interval, slot, &mark);
            }
            self.said.extend(follows.said);
        }
        self.searches = searches;
    }

    /// No iteration begins any more from now on, before the load was over.
    pub fn stops(&mut self) {
        self.judge.stops(self.collector.begin().elapsed());
        self.searches.iter_mut().for_each(RateSearch::stops);
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
            tried: self.tried(),
        }
    }

    /// The rates that are tried in the last second.
    fn tried(&self) -> Option<f64> {
        let at = self.interval.end();
        let tried = self.searches.iter().filter_map(|one| one.tried(at));
        tried.reduce(|sum, rate| sum + rate)
    }

    /// What the figures come to when all workers are done.
    pub fn judgement(&self) -> Judgement {
        let rows = self.layout().iterations.iter();
        let mut counts = rows.filter_map(|row| row.counts(self.total()));
        let searched = self.searched();
        let threshold_failed =
            self.verdicts.iter().any(Verdict::fails) || searched.iter().any(Searched::fails);
        let is_limited = searched.iter().any(|one| is_limited(one, threshold_failed));
        let fell_behind = self.fell_behind().is_some_and(|found| found.is_open);
        Judgement {
            nothing_ended: counts.all(|row| SlotFigures::ended(row) == 0),
            fell_behind: fell_behind || is_limited,
            failed_here: self.failed_here().is_some(),
            threshold_failed,
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
