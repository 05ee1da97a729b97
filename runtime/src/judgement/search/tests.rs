//! A search against a target that a test makes up: how long it takes at which rate.

use super::*;
use bggo_metrics::buckets::bucket;
use bggo_metrics::{
    Address, Condition, Histogram, IterationLayout, SlotFigures, Statistic, Subject, Term,
    iteration_slot, time_slot,
};
use bggo_schedule::{Arrivals, Growth, Precision, Schedule, Spread, WhenFull};

/// Two scenarios; the second one searches.
const ROW: u32 = iteration_slot::COUNT;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn layout() -> Layout {
    let row = |scenario: &'static str, first| IterationLayout {
        scenario: Text::Static(scenario),
        tags: Vec::new(),
        first,
    };
    Layout {
        iterations: vec![row("other", 0), row("browse", ROW)],
        ..Layout::default()
    }
}

/// `scenario.browse.response_time.p95 < 300ms`
fn fast(over: Option<u32>) -> Threshold {
    Threshold {
        name: Text::Static("fast"),
        condition: Condition {
            addresses: vec![Address {
                subject: Subject::Scenario(Text::Static("browse")),
                metric: Text::Static("response_time"),
                key: None,
                tags: Vec::new(),
                statistic: Statistic::Percentile(950_000),
            }],
            terms: vec![Term::Figure(0), Term::Bound(0.3), Term::Less],
            text: Text::Static("p95 < 300ms"),
        },
        over,
        hold: 0,
        after: 0,
        on_fail: OnFail::Abort,
    }
}

/// From 100 a second, half as much again each step, 10 s each.
fn search(max: u64, spread: Spread) -> Search {
    let (unit, start, hold) = (1_000_000_000, 100_000_000, 10_000_000_000);
    let rate = GrowingRate::new(unit).append(0, start, hold).unwrap();
    Search {
        arrivals: Arrivals {
            rate: Arc::new(rate),
            spread,
            users: 0,
            max_users: 100,
            shares_users: false,
            when_full: WhenFull::Wait,
        },
        unit,
        start,
        growth: Growth::Factor(1_500_000),
        max: max * 1_000_000,
        precision: Precision::Share(50_000),
        hold,
        until: Text::Static("fast"),
    }
}

/// A run of a search, second by second.
struct Simulated {
    search: RateSearch,
    layout: Layout,
    total: Interval,
    second: u32,
    /// The rate as the workers have it.
    rate: Arc<Rate>,
    due: DueSoFar,
    before: u64,
    ended: u64,
    orders: Vec<SearchedRate>,
    decided: Vec<SearchStep>,
}

impl Simulated {
    fn new(search: Search, until: Threshold) -> Self {
        let seed = 7;
        let (rate, spread) = (Arc::clone(&search.arrivals.rate), search.arrivals.spread);
        let mut load = Load::new("search", Schedule::Search(Box::new(search)));
        load.start_after = seconds(1);
        load.graceful_stop = seconds(5);
        let course = |searches| {
            Some(Course {
                from: Duration::ZERO,
                until: None,
                has_due_times: true,
                searches,
            })
        };
        let of = SearchOf {
            scenario: 1,
            name: Text::Static("browse"),
            load,
            seed,
            until,
            overload: Overload::Ends,
            courses: vec![course(false), course(true)],
        };
        Self {
            search: RateSearch::new(of, &layout()).unwrap().unwrap(),
            layout: layout(),
            total: Interval::default(),
            second: 0,
            rate,
            due: DueSoFar::new(spread, seed),
            before: 0,
            ended: 0,
            orders: Vec::new(),
            decided: Vec::new(),
        }
    }

    /// How many were due by now, as far as that can be counted between seconds.
    fn due(&mut self) -> u64 {
        let at = u64::from(self.second.saturating_sub(1)) * 1_000_000_000;
        let due = if at >= self.rate.length() {
            self.due.count(&self.rate)
        } else {
            self.rate.count(at)
        };
        // By chance the mean may be ahead of what is drawn.
        self.before = self.before.max(due);
        self.before
    }

    /// A second in which all end that are due but so many, each after so many milliseconds.
    fn second(&mut self, millis: u64, left: u64, fell_behind: bool) {
        self.second += 1;
        let ended = self.due().saturating_sub(left).saturating_sub(self.ended);
        self.ended += ended;
        let mut counts = SlotFigures::default();
        counts.add(Outcome::Passed, ended);
        let mut times = SlotFigures::default();
        if ended > 0 {
            times.histogram = Histogram {
                buckets: vec![(u32::try_from(bucket(millis * 1_000)).unwrap(), ended)],
                sum: u128::from(millis * 1_000_000 * ended),
                extremes: Some((millis * 1_000_000, millis * 1_000_000)),
            };
        }
        counts.merge(&times);
        assert_eq!(time_slot::RESPONSE, 0);
        let interval = Interval {
            span: Some((
                seconds(u64::from(self.second) - 1),
                seconds(self.second.into()),
            )),
            slots: [(ROW, counts)].into_iter().collect(),
            ..Interval::default()
        };
        self.total.merge(&interval);
        let follows = self.search.second(&SecondOf {
            number: self.second,
            layout: &self.layout,
            interval: &interval,
            total: &self.total,
            outstanding: &[None, None],
            fell_behind,
        });
        if let Some(Order::Search(scenario, rate)) = follows.order {
            assert_eq!(scenario, 1);
            // What is decided lies ahead of what has happened.
            let age = u64::from(self.second - 1) * 1_000_000_000;
            for at in 0..=u64::from(self.second) {
                let at = (at * 1_000_000_000).min(age + 1_000_000_000);
                assert_eq!(self.rate.count(at), rate.rate.count(at));
            }
            self.rate = Arc::clone(&rate.rate);
            self.orders.push(rate);
        }
        self.decided.extend(follows.decided);
    }

    fn is_over(&self) -> bool {
        matches!(self.search.state, State::Over(_))
    }

    /// Goes on to the end, against a target that is slow above a rate.
    fn against(&mut self, capacity: f64) -> Searched {
        for _ in 0..10_000 {
            if self.is_over() {
                return self.search.searched();
            }
            let tried = self.search.search.a_second(self.search.step.rate);
            let millis = if tried <= capacity { 100 } else { 900 };
            self.second(millis, 0, false);
        }
        panic!("it never ends")
    }
}

fn rates(searched: &Searched) -> Vec<(f64, StepCame)> {
    let steps = searched.steps.iter();
    steps.map(|step| (step.rate, step.came)).collect()
}

#[test]
fn the_highest_rate_is_found_and_all_that_was_due_is_counted() {
    for spread in [Spread::Even, Spread::Poisson] {
        for over in [None, Some(5)] {
            let mut run = Simulated::new(search(5_000, spread), fast(over));
            let searched = run.against(200.0);
            assert_eq!(searched.end, SearchEnd::Found);
            assert_eq!(
                rates(&searched),
                [
                    (100.0, StepCame::Held),
                    (150.0, StepCame::Held),
                    (225.0, StepCame::Broke),
                    (187.5, StepCame::Held),
                    (206.25, StepCame::Broke),
                    (196.875, StepCame::Held),
                ]
            );
            assert_eq!(searched.steps, run.decided);
            assert_eq!(
                (searched.held(), searched.broke()),
                (Some(196.875), Some(206.25))
            );
            assert_eq!(searched.steps[0].readings[0].value, Some(0.1));
            assert_eq!(searched.steps[2].readings[0].value, Some(0.9));
            assert!(run.orders.last().unwrap().is_whole);
            assert_eq!(run.ended, run.due.count(&run.rate));
        }
    }
}

#[test]
fn each_rate_is_held_for_its_time_and_begins_with_a_whole_second_ahead() {
    let mut run = Simulated::new(search(150, Spread::Even), fast(None));
    let searched = run.against(1_000.0);
    assert_eq!(searched.end, SearchEnd::AtLeastMax);
    let times = searched.steps.iter().map(|step| (step.from, step.to));
    // The scenario begins a second after the run.
    assert_eq!(
        times.collect::<Vec<_>>(),
        [(seconds(1), seconds(11)), (seconds(13), seconds(23))]
    );
    assert_eq!(run.search.tried(seconds(12)), None);
    assert_eq!(run.rate.length(), 22_000_000_000);
}

#[test]
fn the_rate_that_is_tried_is_known_while_it_is_put_on() {
    let mut run = Simulated::new(search(150, Spread::Even), fast(None));
    run.second(100, 0, false);
    assert_eq!(run.search.tried(seconds(1)), None);
    run.second(100, 0, false);
    assert_eq!(run.search.tried(seconds(2)), Some(100.0));
}

#[test]
fn a_window_that_breaks_ends_the_step_before_its_time() {
    let mut run = Simulated::new(search(5_000, Spread::Even), fast(Some(3)));
    let searched = run.against(50.0);
    assert_eq!(searched.end, SearchEnd::BelowStart);
    assert!(searched.fails());
    // The window is full after three seconds, and two more are decided already.
    let step = &searched.steps[0];
    assert_eq!((step.from, step.to), (seconds(1), seconds(6)));
    assert_eq!(run.ended, 500);
}

#[test]
fn what_does_not_end_in_time_is_cut_and_the_search_goes_on() {
    let mut run = Simulated::new(search(5_000, Spread::Even), fast(None));
    // The step is over at 11 s; its iterations have 5 s to end.
    while run.second < 16 {
        run.second(100, 3, false);
        assert!(run.decided.is_empty(), "at {} s", run.second);
    }
    let cut = run.orders.last().unwrap();
    assert_eq!((cut.cut_before, cut.is_whole), (15_000_000_000, false));
    run.second(400, 0, false);
    assert_eq!(run.decided[0].came, StepCame::Held);
    assert_eq!(run.orders.last().unwrap().rate.length(), 28_000_000_000);
    // Nobody waits for ever for what is not counted.
    let mut stuck = Simulated::new(search(5_000, Spread::Even), fast(None));
    while stuck.second < 18 {
        assert!(stuck.decided.is_empty(), "at {} s", stuck.second);
        stuck.second(100, 3, false);
    }
    assert_eq!(stuck.decided.len(), 1);
}

#[test]
fn nothing_that_is_measured_is_no_rate_that_held() {
    let mut run = Simulated::new(search(5_000, Spread::Even), fast(None));
    while !run.is_over() {
        run.second(100, u64::MAX, false);
    }
    assert_eq!(rates(&run.search.searched()), [(100.0, StepCame::Broke)]);
}

#[test]
fn a_rate_that_this_host_does_not_put_on_ends_the_search() {
    let mut run = Simulated::new(search(5_000, Spread::Even), fast(None));
    while run.decided.is_empty() {
        run.second(100, 0, false);
    }
    run.second(100, 0, false);
    run.second(100, 0, false);
    run.second(100, 0, true);
    while !run.is_over() {
        run.second(100, 0, false);
    }
    let searched = run.search.searched();
    assert_eq!(searched.end, SearchEnd::LimitOfGenerator);
    let mut allowed = Simulated::new(search(5_000, Spread::Even), fast(None));
    allowed.search.of.overload = Overload::IsAllowed;
    allowed.second(100, 0, true);
    assert_eq!(allowed.search.step.came, None);
    assert_eq!(
        rates(&searched),
        [(100.0, StepCame::Held), (150.0, StepCame::NotPutOn)]
    );
    assert!(!searched.fails());
    // What it found is enough unless something asks for more.
    assert_eq!(
        [false, true].map(|failed| is_limited(&searched, failed)),
        [false, true]
    );
    let mut at_once = Simulated::new(search(5_000, Spread::Even), fast(None));
    at_once.second(100, 0, false);
    at_once.second(100, 0, true);
    while !at_once.is_over() {
        at_once.second(100, 0, false);
    }
    assert!(is_limited(&at_once.search.searched(), false));
}

#[test]
fn a_search_that_is_stopped_says_what_it_knows_and_orders_nothing_more() {
    let mut run = Simulated::new(search(5_000, Spread::Even), fast(None));
    while run.decided.is_empty() {
        run.second(100, 0, false);
    }
    run.search.stops();
    run.search.stops();
    let orders = run.orders.len();
    run.second(900, 0, false);
    assert_eq!(run.orders.len(), orders);
    let searched = run.search.searched();
    assert_eq!(searched.end, SearchEnd::Stopped);
    assert_eq!(
        rates(&searched),
        [(100.0, StepCame::Held), (150.0, StepCame::Unfinished)]
    );
}
