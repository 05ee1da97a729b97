//! A scenario whose rate is searched, on one worker: what is appended is begun when it is due, and what does not end is cut.

use super::super::stopping::Stopping;
use super::*;
use crate::shutdown::SearchedRate;
use bggo_schedule::{
    Arrivals, GrowingRate, Growth, Nanos, Precision, Rate, Search, Spread, WhenFull,
};
use bggo_values::Text;

const SECOND: Nanos = 1_000_000_000;

/// Of a rate a second for a second, and the rate that grows from there.
fn searching(rate: u64, max_users: u32) -> (Search, GrowingRate) {
    let mut growing = GrowingRate::new(SECOND);
    let start = rate * 1_000_000;
    let first = growing.append(0, start, SECOND).unwrap();
    let search = Search {
        arrivals: Arrivals {
            rate: Arc::new(first),
            spread: Spread::Even,
            users: 0,
            max_users,
            shares_users: false,
            when_full: WhenFull::Wait,
        },
        unit: SECOND,
        start,
        growth: Growth::Factor(2_000_000),
        max: 1_000 * start,
        precision: Precision::Share(50_000),
        hold: SECOND,
        until: Text::Static("fast"),
    };
    (search, growing)
}

fn load_of_search(search: Search) -> ScenarioLoad {
    let schedule = Schedule::Search(Box::new(search));
    load_of(0, Load::new("search", schedule))
}

fn known(rate: Rate) -> SearchedRate {
    SearchedRate {
        rate: Arc::new(rate),
        is_whole: false,
        cut_before: 0,
    }
}

impl Bench {
    fn search(&self, rate: &SearchedRate) {
        let rate = rate.clone();
        self.phases.send_modify(|phases| phases.search(0, rate));
    }
}

fn longest(interval: &Interval, slot: u32) -> Duration {
    let figures = interval.slot(slot);
    let times = figures.and_then(|figures| figures.histogram.time_extremes());
    times.map_or(Duration::ZERO, |(_, longest)| longest)
}

#[tokio::test(start_paused = true)]
async fn steps_that_are_appended_begin_when_they_are_due_and_the_end_comes_when_it_is_told() {
    let mut bench = bench(|_| Does::Waits(Duration::from_millis(40)));
    let begin = tokio::time::Instant::now();
    let (search, mut growing) = searching(10, 100);
    let appends = async {
        sleep(Duration::from_secs(3)).await;
        let second = known(growing.append(5 * SECOND, 20_000_000, SECOND).unwrap());
        bench.search(&second);
        // The same again changes nothing.
        bench.search(&second);
        sleep(Duration::from_millis(2_500)).await;
        // In the middle of the second step its end and a third one are decided.
        growing.cut(5_800_000_000).unwrap();
        let third = known(growing.append(7 * SECOND, 5_000_000, SECOND).unwrap());
        bench.search(&third);
        sleep(Duration::from_secs(4)).await;
        assert_eq!(bench.phases.borrow().run(), Phase::Running);
        bench.search(&SearchedRate {
            is_whole: true,
            ..third
        });
    };
    let loads = [load_of_search(search)];
    tokio::join!(bench.run_loads(&loads), appends);
    // Users wait for what may be decided, and go when nothing comes any more.
    assert_eq!(begin.elapsed().as_millis() / 10, 950);
    let measured = bench.measured();
    let iterations = measured.slot(0).unwrap();
    assert_eq!(iterations.count(Outcome::Passed), 10 + 16 + 5);
    assert_eq!(iterations.count(Outcome::NotStarted), 0);
    assert_eq!((measured.users_begun, measured.users_ended), (1, 1));
    let late = longest(&measured, iteration_slot::START_ERROR);
    assert!(late <= Duration::from_millis(1), "{late:?}");
}

#[tokio::test(start_paused = true)]
async fn what_does_not_end_between_two_steps_is_cut_and_what_waits_never_begins() {
    let mut bench = bench(|_| Does::WaitsForEver);
    let (program, context, phases) = (
        bench.program,
        Rc::clone(&bench.context),
        bench.phases.subscribe(),
    );
    let (search, mut growing) = searching(4, 3);
    let appends = async {
        sleep(Duration::from_secs(3)).await;
        let cut = SearchedRate {
            cut_before: 3 * SECOND,
            ..known(growing.append(5 * SECOND, 1_000_000, SECOND).unwrap())
        };
        bench.search(&cut);
        settle().await;
        let interval = bench.measured();
        let slot = interval.slot(0).unwrap();
        assert_eq!(slot.kinds.get(&Text::Static("cut")), Some(&3));
        let counts = [Outcome::Failed, Outcome::NotStarted, Outcome::Cancelled];
        assert_eq!(counts.map(|outcome| slot.count(outcome)), [3, 1, 0]);
        assert!(longest(&interval, time_slot::FAILED_SERVICE) >= Duration::from_secs(2));
        // The next step begins as it would have without that, and is not cut.
        sleep(Duration::from_secs(3)).await;
        let interval = bench.measured();
        assert!(interval.slot(0).is_none_or(|slot| slot.ended() == 0));
        let started = interval.slot(iteration_slot::START_ERROR).unwrap();
        assert_eq!(started.histogram.count(), 1);
        bench
            .phases
            .send_modify(|phases| phases.advance_run(Phase::Cancelled));
        bench.reader
    };
    let loads = [load_of_search(search)];
    let begin = tokio::time::Instant::now().into_std();
    let started = Work {
        program,
        shared: Arc::new(()),
        loads: loads.to_vec(),
        worker: (0, 1),
        phases,
        begin: watch::channel(Some(begin)).1,
        news: WorkerNews::new(mpsc::unbounded_channel().0),
        spin: None,
        pin: false,
    };
    let ((), mut reader) = tokio::join!(work(context, started), appends);
    let mut interval = Interval::default();
    reader.take(&mut interval);
    assert_eq!(interval.slot(0).unwrap().count(Outcome::Cancelled), 1);
}

#[tokio::test(start_paused = true)]
async fn a_signal_ends_a_scenario_that_waits_for_its_next_step() {
    let mut bench = bench(|_| Does::Nothing);
    let begin = tokio::time::Instant::now();
    let (search, _) = searching(10, 100);
    let stop = async {
        sleep(Duration::from_secs(2)).await;
        bench.stop(Phase::Draining);
    };
    let loads = [load_of_search(search)];
    tokio::join!(bench.run_loads(&loads), stop);
    assert_eq!(begin.elapsed().as_millis() / 10, 200);
    assert_eq!(bench.counted(Outcome::Passed), 10);
}

#[tokio::test(start_paused = true)]
async fn when_the_last_iteration_may_begin_is_known_with_the_end_of_the_search() {
    let report = Report::new(Format::Json, LogLevel::Error, Box::new(std::io::sink())).unwrap();
    let bench = bench(|_| Does::Nothing);
    let (search, mut growing) = searching(10, 100);
    let load = load_of_search(search);
    let request = scenarios::request(bench.program, [load.load.schedule.clone(), Schedule::ONCE]);
    let mut stopping = Stopping::new(&request, &report, &bench.causes);
    let begin = tokio::time::Instant::now().into_std();
    let lasting = Schedule::lasting(1, Duration::from_secs(3));
    let other = load_of(1, at_once(lasting));
    stopping.begins(begin, &[load, other], 1);
    assert_eq!(
        (stopping.begins_until(), stopping.is_searching()),
        (None, true)
    );
    let rate = known(growing.append(4 * SECOND, 1_000_000, SECOND).unwrap());
    stopping.search(0, rate.clone());
    assert_eq!(stopping.begins_until(), None);
    stopping.search(
        0,
        SearchedRate {
            is_whole: true,
            ..rate
        },
    );
    let until = begin + Duration::from_secs(5);
    assert_eq!(
        (stopping.begins_until(), stopping.is_searching()),
        (Some(until), false)
    );
    let phases = stopping.subscribe();
    assert!(
        phases
            .borrow()
            .searched(0)
            .is_some_and(|rate| rate.is_whole)
    );
}
