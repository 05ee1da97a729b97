//! Runs that never were, for tests of what is written of them.

use super::described::{Described, DescribedLoad};
use super::examples::Examples;
use super::figures::Figures;
use crate::address::Quantity;
use crate::buckets::bucket;
use crate::condition::OnFail;
use crate::interval::{Histogram, Interval, LastValue, SlotFigures};
use crate::layout::{
    IterationLayout, Layout, MetricKind, MetricLayout, ResourceLayout, StepLayout, Unit,
};
use crate::outcome::Outcome;
use crate::slots::{iteration_slot, time_slot};
use crate::verdict::{Came, Reading, Verdict};
use bggo_values::Text;
use std::time::Duration;

/// Slots that a step has at most.
const ROOM: u32 = 16;

/// A histogram of times.
pub fn times(all: impl IntoIterator<Item = Duration>) -> Histogram {
    let mut histogram = Histogram::default();
    for time in all {
        let nanos = u64::try_from(time.as_nanos()).unwrap();
        let one = Histogram {
            buckets: vec![(u32::try_from(bucket(nanos / 1_000)).unwrap(), 1)],
            sum: nanos.into(),
            extremes: Some((nanos, nanos)),
        };
        histogram.merge(&one);
    }
    histogram
}

/// A time of each of these numbers of milliseconds.
pub fn all_ms(first: u64, last: u64) -> Histogram {
    times((first..=last).map(Duration::from_millis))
}

/// Each value so many times.
pub fn repeated(histogram: &Histogram, each: u64) -> Histogram {
    let buckets = histogram.buckets.iter();
    Histogram {
        buckets: buckets.map(|(at, count)| (*at, count * each)).collect(),
        sum: histogram.sum * u128::from(each),
        extremes: histogram.extremes,
    }
}

/// A run of these loads.
pub fn run(loads: Vec<DescribedLoad>) -> Described {
    Described {
        grid: Text::Static("shop"),
        version: Text::Static("1.2.3"),
        run: Text::Static("0123456789abcdef"),
        seed: 7,
        segment: None,
        threads: 2,
        functional: false,
        loads,
    }
}

/// 500 a second for 30 seconds.
pub fn open_load(scenario: &'static str) -> DescribedLoad {
    DescribedLoad {
        scenario: Text::Static(scenario),
        profile: Text::Static("constant_arrival_rate"),
        words: Text::Static("500/s for 30s, at most 10000 users"),
        is_open: true,
        users: 0,
        most_users: 10_000,
        iterations: Some(15_000),
        expected: None,
        start_after: Duration::ZERO,
        length: Some(Duration::from_secs(30)),
        warm_up: Duration::ZERO,
    }
}

/// 20 users for 30 seconds.
pub fn closed_load(scenario: &'static str) -> DescribedLoad {
    DescribedLoad {
        scenario: Text::Static(scenario),
        profile: Text::Static("constant_vus"),
        words: Text::Static("20 users for 30s"),
        is_open: false,
        users: 20,
        most_users: 20,
        iterations: None,
        expected: None,
        start_after: Duration::ZERO,
        length: Some(Duration::from_secs(30)),
        warm_up: Duration::ZERO,
    }
}

/// A threshold on a time that came out so.
pub fn verdict(name: &'static str, asked: &'static str, came: Came) -> Verdict {
    Verdict {
        name: Text::Static(name),
        asked: Text::Static(asked),
        came,
        on_fail: OnFail::Fail,
        readings: vec![Reading {
            figure: Text::Static("http_request.home.response_time.p95"),
            quantity: Quantity::Time,
            value: Some(0.412),
            worst: Some(1.2),
        }],
        worst_at: Some(45),
        broken_at: None,
        aborted: false,
        remarks: Vec::new(),
        advice: None,
    }
}

/// A run, and what it measured.
pub struct Simulated {
    /// How it was started.
    pub run: Described,
    /// What its figures are.
    pub layout: Layout,
    /// What it measured.
    pub total: Interval,
    /// Texts of its failures.
    pub examples: Examples,
    /// How its thresholds came out.
    pub verdicts: Vec<Verdict>,
    begins_for: Duration,
    next: u32,
}

impl Simulated {
    /// A run that measured nothing yet.
    pub fn new(run: Described) -> Self {
        let mut simulated = Self {
            layout: Layout::default(),
            total: Interval::default(),
            examples: Examples::default(),
            verdicts: Vec::new(),
            begins_for: Duration::ZERO,
            next: 0,
            run,
        };
        for load in simulated.run.loads.clone() {
            let first = simulated.take();
            simulated.layout.iterations.push(IterationLayout {
                scenario: load.scenario.clone(),
                tags: Vec::new(),
                first,
            });
            if !load.warm_up.is_zero() {
                let first = simulated.take();
                simulated.layout.warm_up_iterations.push(IterationLayout {
                    scenario: load.scenario,
                    tags: Vec::new(),
                    first,
                });
            }
        }
        simulated.lasts(Duration::from_secs(30), Duration::from_secs(30));
        simulated
    }

    fn take(&mut self) -> u32 {
        let first = self.next;
        self.next += ROOM;
        first
    }

    /// It was so long, and iterations could begin for so long.
    pub fn lasts(&mut self, length: Duration, begins_for: Duration) {
        self.total.span = Some((Duration::ZERO, length));
        self.begins_for = begins_for;
    }

    /// What the whole run measured.
    pub fn figures(&self) -> Figures {
        Figures::new(&self.layout, &self.total, (&self.run, self.begins_for))
    }

    /// Adds a step with a counter of answers by status and a trend of bytes; its first slot.
    pub fn step(&mut self, scenario: &'static str, name: &str) -> u32 {
        let first = self.take();
        let metric =
            |name: &'static str, unit: Unit, kind, label: Option<&'static str>| MetricLayout {
                name: Text::Static(name),
                unit,
                kind,
                label: label.map(Text::Static),
                warning: None,
                scale: 1,
                description: None,
            };
        let bytes = Unit::Other(Text::Static("bytes"));
        let none = Unit::Other(Text::Static(""));
        self.layout.steps.push(StepLayout {
            scenario: Text::Static(scenario),
            path: Vec::new(),
            name: Text::from(name.to_owned()),
            tags: Vec::new(),
            metrics: vec![
                metric("answers", none, MetricKind::Counter, Some("status")),
                metric("waiting", Unit::Time, MetricKind::Trend, None),
                metric("received", bytes, MetricKind::Counter, None),
            ],
            checks: Vec::new(),
            first,
        });
        first
    }

    /// Adds a resource with a gauge; its slot.
    pub fn resource(&mut self, name: &'static str) -> u32 {
        let first = self.take();
        self.layout.resources.push(ResourceLayout {
            name: Text::Static(name),
            metrics: vec![MetricLayout {
                name: Text::Static("open"),
                unit: Unit::Other(Text::Static("")),
                kind: MetricKind::Gauge,
                label: None,
                warning: None,
                scale: 1,
                description: None,
            }],
            first,
        });
        first
    }

    /// The gauge in this slot was set to this.
    pub fn set(&mut self, slot: u32, value: u64) {
        let scalar = &mut self.slot(slot).scalar;
        scalar.count += 1;
        scalar.sum += u128::from(value);
        scalar.extremes = Some(scalar.extremes.map_or((value, value), |(least, most)| {
            (least.min(value), most.max(value))
        }));
        scalar.last = Some(LastValue {
            at: scalar.count,
            worker: 0,
            value,
        });
    }

    fn slot(&mut self, slot: u32) -> &mut SlotFigures {
        self.total.slots.entry(slot).or_default()
    }

    fn of(&self, scenario: &str) -> u32 {
        let mut rows = self.layout.iterations.iter();
        rows.find(|row| row.scenario.as_str() == scenario)
            .unwrap()
            .first
    }

    fn is_open(&self, scenario: &str) -> bool {
        self.run.load(scenario).is_some_and(|load| load.is_open)
    }

    /// Iterations passed, `each` with each of these service times; response times of an open load are 1 % longer.
    pub fn passed(&mut self, scenario: &str, each: u64, service: &Histogram) {
        let first = self.of(scenario);
        let is_open = self.is_open(scenario);
        self.pass(first, &repeated(service, each), is_open);
    }

    /// Iterations passed in the warm-up.
    pub fn warmed_up(&mut self, scenario: &str, each: u64, service: &Histogram) {
        let mut rows = self.layout.warm_up_iterations.iter();
        let row = rows.find(|row| row.scenario.as_str() == scenario).unwrap();
        let is_open = self.is_open(scenario);
        self.pass(row.first, &repeated(service, each), is_open);
    }

    /// The same of a step.
    pub fn step_passed(&mut self, step: u32, each: u64, service: &Histogram) {
        let scenario = self.scenario_of(step);
        let is_open = self.is_open(&scenario);
        self.pass(step, &repeated(service, each), is_open);
    }

    fn scenario_of(&self, step: u32) -> Text {
        let mut steps = self.layout.steps.iter();
        let step = steps.find(|row| row.first == step).unwrap();
        step.scenario.clone()
    }

    fn pass(&mut self, first: u32, service: &Histogram, is_open: bool) {
        self.slot(first).add(Outcome::Passed, service.count());
        self.slot(first + time_slot::SERVICE)
            .histogram
            .merge(service);
        if is_open {
            let mut longer = Histogram::default();
            for (at, count) in &service.buckets {
                let micros = crate::buckets::highest(*at as usize);
                let time = times([Duration::from_nanos(micros * 1_010)]);
                longer.merge(&repeated(&time, *count));
            }
            self.slot(first + time_slot::RESPONSE)
                .histogram
                .merge(&longer);
        }
    }

    /// Some failed in a step and with it their iterations, `each` with each of these service times.
    pub fn failed(&mut self, step: u32, (kind, each): (&'static str, u64), service: &Histogram) {
        let scenario = self.scenario_of(step);
        let service = repeated(service, each);
        let count = service.count();
        for first in [step, self.of(&scenario)] {
            self.slot(first).add(Outcome::Failed, count);
            let kinds = &mut self.slot(first).kinds;
            *kinds.entry(Text::Static(kind)).or_default() += count;
            self.slot(first + time_slot::FAILED_SERVICE)
                .histogram
                .merge(&service);
        }
    }

    /// Iterations of a scenario, or runs of a step, ended so.
    pub fn counted(&mut self, first: u32, outcome: Outcome, count: u64) {
        self.slot(first).add(outcome, count);
    }

    /// So many arrivals began: half of them waited for this long, and all began 10 or 20 us late.
    pub fn waits(&mut self, scenario: &str, count: u64, wait: Duration) {
        let first = self.of(scenario);
        let two = |one: Duration, other: Duration| repeated(&times([one, other]), count / 2);
        let micros = Duration::from_micros;
        self.slot(first + iteration_slot::QUEUED).histogram = two(Duration::ZERO, wait);
        self.slot(first + iteration_slot::START_ERROR).histogram = two(micros(10), micros(20));
    }

    /// Arrivals that never began: dropped, and not started.
    pub fn never(&mut self, scenario: &str, dropped: u64, not_started: u64) {
        let first = self.of(scenario);
        self.slot(first).add(Outcome::Dropped, dropped);
        self.slot(first).add(Outcome::NotStarted, not_started);
    }

    /// Answers of a step by status.
    pub fn labels(&mut self, step: u32, sums: &[(&'static str, u64)]) {
        let labels = &mut self.slot(step + time_slot::COUNT).labels;
        labels.extend(sums.iter().map(|(label, sum)| (Text::Static(label), *sum)));
    }

    /// Times of the step's own trend.
    pub fn trend(&mut self, step: u32, values: &Histogram) {
        self.slot(step + time_slot::COUNT + 1)
            .histogram
            .merge(values);
    }

    /// Bytes that the step received.
    pub fn received(&mut self, step: u32, bytes: u64) {
        self.slot(step + time_slot::COUNT + 2).scalar.sum += u128::from(bytes);
    }
}
