//! Profiles that say when an iteration may begin: arrivals, a number of users that changes, a pace, a later start, a warm-up.

use super::*;
use bggo_schedule::{Arrivals, Bound, Closed, Ramp, Rate, Spread, Stage, UserStage, WhenFull};
use bggo_values::Text;

/// Arrivals at an even rate a second for some seconds.
pub(super) fn arrivals(rate: u64, seconds: u64, max_users: u32) -> Arrivals {
    let millionths = rate * 1_000_000;
    let stages = [Stage {
        length: seconds * 1_000_000_000,
        to: millionths,
    }];
    Arrivals {
        rate: Arc::new(Rate::new(1_000_000_000, millionths, &stages).unwrap()),
        spread: Spread::Even,
        users: 0,
        max_users,
        shares_users: false,
        when_full: WhenFull::Wait,
    }
}

impl Bench {
    async fn run_load(&self, load: Load) {
        self.run_loads(&[load_of(0, load)]).await;
    }
}

/// The longest time of a slot, and how many there are.
fn longest(interval: &Interval, slot: u32) -> (u64, Duration) {
    let Some(figures) = interval.slot(slot) else {
        return (0, Duration::ZERO);
    };
    let longest = figures.histogram.time_extremes();
    (
        figures.histogram.count(),
        longest.map_or(Duration::ZERO, |(_, longest)| longest),
    )
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[tokio::test(start_paused = true)]
async fn what_still_runs_when_its_time_is_over_has_failed_and_its_age_is_a_response_time() {
    let mut bench = bench(|_| Does::WaitsForEver);
    let stop = async {
        sleep(Duration::from_secs(3)).await;
        bench.stop(Phase::TimeIsOver);
    };
    let load = at_once(Schedule::Open(arrivals(2, 1, 100)));
    tokio::join!(bench.run_load(load), stop);
    let measured = bench.measured();
    let iterations = measured.slot(0).unwrap();
    let counts = [Outcome::Failed, Outcome::Cancelled].map(|outcome| iterations.count(outcome));
    assert_eq!(counts, [2, 0]);
    assert_eq!(iterations.kinds.get(&Text::Static("cut")), Some(&2));
    // The first one was due after a nanosecond.
    let age = Duration::from_secs(3) - Duration::from_nanos(1);
    assert_eq!(longest(&measured, time_slot::RESPONSE), (2, age));
    assert_eq!(longest(&measured, time_slot::FAILED_SERVICE).0, 2);
}

#[tokio::test(start_paused = true)]
async fn the_second_of_the_oldest_iteration_that_waits_is_there_to_be_read() {
    // Users 1 and 2 take the arrivals of the first second, and wait for two and for four seconds.
    let bench = bench(|vu| Does::Waits(Duration::from_secs(2 * vu)));
    let begin = bench.context.now();
    let looks = async {
        let mut seen = Vec::new();
        for _ in 0..5 {
            let ahead = Duration::from_millis(1_100) * (seen.len() as u32 + 1);
            tokio::time::sleep_until((begin + ahead).into()).await;
            seen.push(bench.reader.oldest(0));
        }
        seen
    };
    let load = Load {
        start_after: Duration::from_millis(500),
        graceful_stop: Duration::from_secs(60),
        ..Load::new("constant_arrival_rate", Schedule::Open(arrivals(2, 1, 100)))
    };
    let ((), seen) = tokio::join!(bench.run_load(load), looks);
    // Half a second before the scenario begins counts as a whole one.
    assert_eq!(seen, [Some(1), Some(1), Some(1), Some(1), None]);
    assert_eq!(bench.reader.oldest(0), None);
}

#[tokio::test(start_paused = true)]
async fn arrivals_begin_when_they_are_due_whether_or_not_earlier_ones_have_ended() {
    let mut bench = bench(|_| Does::Waits(millis(950)));
    let begin = tokio::time::Instant::now();
    bench
        .run_load(at_once(Schedule::Open(arrivals(10, 2, 100))))
        .await;
    let measured = bench.measured();
    let iterations = measured.slot(0).unwrap();
    assert_eq!(iterations.count(Outcome::Passed), 20);
    // Ten run at once; whoever became idle last takes the next one.
    assert_eq!(measured.users_begun, 10);
    assert_eq!(
        longest(&measured, iteration_slot::QUEUED),
        (20, Duration::ZERO)
    );
    // A stopped clock knows whole milliseconds only.
    let (count, error) = longest(&measured, iteration_slot::START_ERROR);
    assert!(count == 20 && error <= millis(1), "{count} {error:?}");
    // The first one is due one nanosecond after the start, the last one 1.9 s later.
    let end = begin.elapsed();
    assert!(end >= millis(1_900 + 950) && end < millis(2_860), "{end:?}");
}

#[tokio::test(start_paused = true)]
async fn users_that_were_made_before_take_the_first_arrivals() {
    let mut bench = bench(|_| Does::Waits(millis(10)));
    let open = Arrivals {
        users: 3,
        ..arrivals(10, 1, 100)
    };
    // Threads begin a little later than the clock of the run: the first arrival is due already.
    let begin = tokio::time::Instant::now().into_std();
    tokio::time::advance(millis(1)).await;
    let load = load_of(0, at_once(Schedule::Open(open)));
    bench.run_loads_since(begin, &[load]).await;
    let measured = bench.measured();
    assert_eq!(measured.slot(0).unwrap().count(Outcome::Passed), 10);
    assert_eq!(measured.users_begun, 3);
}

#[tokio::test(start_paused = true)]
async fn however_many_users_were_made_before_all_of_them_come_before_one_more_is_made() {
    let mut bench = bench(|_| Does::Waits(millis(10)));
    // 200 arrivals in a millisecond, all of them due when the thread begins, and a user for each.
    let rate = 200_000 * 1_000_000;
    let stage = Stage {
        length: 1_000_000,
        to: rate,
    };
    let open = Arrivals {
        rate: Arc::new(Rate::new(1_000_000_000, rate, &[stage]).unwrap()),
        users: 200,
        ..arrivals(1, 1, 1_000)
    };
    let begin = tokio::time::Instant::now().into_std();
    tokio::time::advance(millis(1)).await;
    let load = load_of(0, at_once(Schedule::Open(open)));
    bench.run_loads_since(begin, &[load]).await;
    let measured = bench.measured();
    assert_eq!(measured.slot(0).unwrap().count(Outcome::Passed), 200);
    assert_eq!(measured.users_begun, 200);
    // They waited for the program and not for a user.
    let (count, queued) = longest(&measured, iteration_slot::QUEUED);
    assert_eq!((count, queued), (200, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn what_finds_no_user_waits_and_its_response_time_counts_from_the_moment_due() {
    let mut bench = bench(|_| Does::Waits(millis(500)));
    bench
        .run_load(at_once(Schedule::Open(arrivals(4, 1, 1))))
        .await;
    let measured = bench.measured();
    assert_eq!(measured.users_begun, 1);
    assert_eq!(measured.slot(0).unwrap().count(Outcome::Passed), 4);
    // Due at 0, 250, 500, 750 ms; begun at 0, 500, 1,000, 1,500 ms, and a little later each.
    let (count, queued) = longest(&measured, iteration_slot::QUEUED);
    assert!(
        count == 4 && queued >= millis(750) && queued < millis(760),
        "{queued:?}"
    );
    let (count, response) = longest(&measured, time_slot::RESPONSE);
    assert!(
        count == 4 && response >= millis(1_250) && response < millis(1_260),
        "{response:?}"
    );
    let (_, error) = longest(&measured, iteration_slot::START_ERROR);
    assert!(error <= millis(1), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn what_finds_no_user_may_be_dropped_and_is_counted() {
    let mut bench = bench(|_| Does::Waits(millis(500)));
    let arrivals = Arrivals {
        when_full: WhenFull::Drop,
        ..arrivals(4, 1, 1)
    };
    bench.run_load(at_once(Schedule::Open(arrivals))).await;
    let measured = bench.measured();
    let iterations = measured.slot(0).unwrap();
    assert_eq!(
        (
            iterations.count(Outcome::Passed),
            iterations.count(Outcome::Dropped)
        ),
        (2, 2)
    );
}

#[tokio::test(start_paused = true)]
async fn every_arrival_that_was_due_was_started_dropped_or_is_said_not_to_have_started() {
    let mut bench = bench(|_| Does::Waits(Duration::from_secs(10)));
    let stop = async {
        // Behind the arrival at 2.9 s.
        sleep(millis(2_950)).await;
        bench.stop(Phase::Draining);
    };
    let load = at_once(Schedule::Open(arrivals(10, 60, 7)));
    tokio::join!(bench.run_load(load), stop);
    let measured = bench.measured();
    let iterations = measured.slot(0).unwrap();
    assert_eq!(
        (
            iterations.count(Outcome::Passed),
            iterations.count(Outcome::NotStarted)
        ),
        (7, 23)
    );
}

#[tokio::test(start_paused = true)]
async fn a_load_lasts_as_long_as_was_asked_for_whenever_its_last_arrival_is_due() {
    let mut bench = bench(|_| Does::Nothing);
    let begin = tokio::time::Instant::now();
    bench
        .run_load(at_once(Schedule::Open(arrivals(1, 3, 5))))
        .await;
    assert_eq!(bench.counted(Outcome::Passed), 3);
    // The last one is due after 2 s.
    assert!(begin.elapsed() >= Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn two_workers_share_the_arrivals_and_each_has_a_user_at_least() {
    let mut workers = [0, 1].map(|index| {
        let mut worker = bench(|_| Does::Waits(millis(400)));
        worker.worker = (index, 2);
        worker
    });
    let schedule = Schedule::Open(arrivals(10, 1, 2));
    let mut load = load_of(0, at_once(schedule.clone()));
    load.taking = Taking::new(&schedule, (Segment::WHOLE, 2), &mut None);
    let loads = [load];
    let [first, second] = &workers;
    tokio::join!(first.run_loads(&loads), second.run_loads(&loads));
    let passed = workers.each_mut().map(|worker| {
        let measured = worker.measured();
        let iterations = measured.slot(0).unwrap();
        (iterations.count(Outcome::Passed), measured.users_begun)
    });
    assert_eq!(passed, [(5, 1), (5, 1)]);
}

/// Loads of two scenarios that may have so many users together. The second one begins so much later.
fn sharing(most: u32, [first, second]: [(u64, u64); 2], later: Duration) -> [ScenarioLoad; 2] {
    let mut places = None;
    let mut begins = [Duration::ZERO, later].into_iter();
    [(0, first), (1, second)].map(|(scenario, (rate, seconds))| {
        let schedule = Schedule::Open(Arrivals {
            shares_users: true,
            ..arrivals(rate, seconds, most)
        });
        let load = Load {
            start_after: begins.next().unwrap_or_default(),
            ..at_once(schedule.clone())
        };
        ScenarioLoad {
            taking: Taking::new(&schedule, (Segment::WHOLE, 1), &mut places),
            ..load_of(scenario, load)
        }
    })
}

#[tokio::test(start_paused = true)]
async fn scenarios_without_a_number_of_their_own_share_their_users() {
    let mut bench = bench(|_| Does::WaitsForEver);
    let stop = async {
        sleep(Duration::from_secs(20)).await;
        bench.stop(Phase::Cancelled);
    };
    let loads = sharing(5, [(10, 1), (10, 1)], Duration::ZERO);
    tokio::join!(bench.run_loads(&loads), stop);
    let measured = bench.measured();
    assert_eq!(measured.users_begun, 5);
    // One user was kept for each scenario, and whichever needed one first had the others.
    let begun = [0, iteration_slot::COUNT].map(|slot| {
        let iterations = measured.slot(slot).unwrap();
        iterations.count(Outcome::Cancelled)
    });
    assert!(
        begun.iter().sum::<u64>() == 5 && begun.iter().all(|users| *users > 0),
        "{begun:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn users_of_a_scenario_that_is_over_give_their_places_to_others() {
    // Nine at once after 800 ms: all places but the one that is kept for the other scenario.
    let mut bench = bench(|_| Does::Waits(millis(900)));
    let loads = sharing(10, [(10, 1), (10, 3)], millis(850));
    bench.run_loads(&loads).await;
    let measured = bench.measured();
    // The second one has a user at first, and nine more when the first one is over.
    assert_eq!(measured.users_begun, 9 + 10);
    let at = iteration_slot::COUNT;
    assert_eq!(measured.slot(at).unwrap().count(Outcome::Passed), 30);
    let (_, queued) = longest(&measured, at + iteration_slot::QUEUED);
    assert!(
        queued >= millis(750) && queued < Duration::from_secs(2),
        "{queued:?}"
    );
    // That nobody was free is not this program's fault.
    let (_, error) = longest(&measured, at + iteration_slot::START_ERROR);
    assert!(error <= millis(1), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn users_come_and_go_as_their_number_changes_and_finish_what_they_began() {
    let mut bench = bench(|_| Does::Waits(millis(300)));
    let stage = |seconds: u64, to| UserStage {
        length: seconds * 1_000_000_000,
        to,
    };
    // Users 1 and 2 come at the beginning and 1 s later, go as late as they came before the end.
    let ramp = Ramp::new(0, vec![stage(2, 2), stage(2, 0)]);
    bench
        .run_load(at_once(Schedule::Ramping(Arc::new(ramp))))
        .await;
    let measured = bench.measured();
    assert_eq!(measured.users_begun, 2);
    // The first one is there for 4 s, the second one for 2 s: 14 and 7 iterations of 300 ms begin.
    assert_eq!(
        (bench.count("1:iteration"), bench.count("2:iteration")),
        (14, 7)
    );
    assert_eq!((bench.count("1:end"), bench.count("2:end")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_user_that_comes_back_is_the_same_one_and_one_that_goes_has_a_grace() {
    let mut bench = bench(|user| match user {
        1 => Does::Waits(millis(100)),
        _ => Does::Waits(Duration::from_secs(3)),
    });
    let stage = |seconds: u64, to| UserStage {
        length: seconds * 1_000_000_000,
        to,
    };
    let jump = |to| UserStage { length: 0, to };
    // The second user is there in the first and in the third of five seconds.
    let stages = vec![
        stage(1, 2),
        jump(1),
        stage(1, 1),
        jump(2),
        stage(1, 2),
        jump(1),
        stage(2, 1),
    ];
    let load = Load {
        graceful_ramp_down: millis(500),
        ..at_once(Schedule::Ramping(Arc::new(Ramp::new(2, stages))))
    };
    bench.run_load(load).await;
    let measured = bench.measured();
    assert_eq!(measured.users_begun, 2);
    assert_eq!((bench.count("2:stop"), bench.count("2:end")), (2, 1));
    assert_eq!(measured.slot(0).unwrap().count(Outcome::Cancelled), 2);
}

#[tokio::test(start_paused = true)]
async fn a_pace_is_the_least_time_between_two_beginnings_of_a_user() {
    let mut bench = bench(|user| match user {
        1 => Does::Waits(millis(100)),
        _ => Does::Waits(millis(700)),
    });
    let load = Load {
        pace: Some(millis(500)),
        ..at_once(Schedule::lasting(2, Duration::from_secs(2)))
    };
    bench.run_load(load).await;
    // At 0, 500, 1,000, 1,500 ms, and for the one that is slower at 0, 700, 1,400 ms.
    assert_eq!(
        (bench.count("1:iteration"), bench.count("2:iteration")),
        (4, 3)
    );
    let measured = bench.measured();
    let (count, error) = longest(&measured, iteration_slot::START_ERROR);
    assert!(count == 7 && error <= millis(1), "{count} {error:?}");
    assert_eq!(longest(&measured, time_slot::RESPONSE).0, 7);
}

#[tokio::test(start_paused = true)]
async fn each_user_has_a_number_of_iterations_of_its_own() {
    let bench = bench(|user| Does::Waits(millis(user * 100)));
    let profile = Closed {
        users: 2,
        bound: Bound::PerUser(3),
        length: None,
    };
    bench.run_load(at_once(Schedule::Closed(profile))).await;
    assert_eq!(
        (bench.count("1:iteration"), bench.count("2:iteration")),
        (3, 3)
    );
}

#[tokio::test(start_paused = true)]
async fn iterations_that_the_time_of_a_profile_left_out_are_counted_as_not_started() {
    let of = |bound| {
        at_once(Schedule::Closed(Closed {
            users: 2,
            bound,
            length: Some(millis(600)),
        }))
    };
    // Two users begin at 0 and 400 ms; 800 ms is too late.
    for bound in [Bound::Shared(10), Bound::PerUser(5)] {
        let mut bench = bench(|_| Does::Waits(millis(400)));
        bench.run_load(of(bound)).await;
        let measured = bench.measured();
        let count = |outcome| measured.slot(0).unwrap().count(outcome);
        assert_eq!(
            (count(Outcome::Passed), count(Outcome::NotStarted)),
            (4, 6),
            "{bound:?}"
        );
    }
    // With a pace beyond the end of the profile nobody waits for the turn that never comes.
    let mut paced = bench(|_| Does::Nothing);
    let begin = tokio::time::Instant::now();
    let load = Load {
        pace: Some(Duration::from_secs(60)),
        ..of(Bound::PerUser(5))
    };
    paced.run_load(load).await;
    assert!(begin.elapsed() < millis(700), "{:?}", begin.elapsed());
    assert_eq!(paced.counted(Outcome::NotStarted), 8);

    // After a signal the rest is expected by nobody.
    for bound in [Bound::Shared(10), Bound::PerUser(5)] {
        let mut stopped = bench(|_| Does::Waits(millis(400)));
        let stop = async {
            sleep(millis(100)).await;
            stopped.stop(Phase::Draining);
        };
        tokio::join!(stopped.run_load(of(bound)), stop);
        assert_eq!(stopped.counted(Outcome::NotStarted), 0, "{bound:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_scenario_may_begin_later_and_a_signal_before_that_leaves_it_without_an_iteration() {
    let mut late = bench(|_| Does::Waits(millis(400)));
    let load = Load {
        start_after: Duration::from_secs(5),
        ..at_once(Schedule::lasting(1, Duration::from_secs(1)))
    };
    let begin = tokio::time::Instant::now();
    late.run_load(load.clone()).await;
    assert_eq!(late.counted(Outcome::Passed), 3);
    assert!(begin.elapsed() >= millis(6_200), "{:?}", begin.elapsed());

    let stopped = bench(|_| Does::Nothing);
    let begin = tokio::time::Instant::now();
    let stop = async {
        sleep(Duration::from_secs(1)).await;
        stopped.stop(Phase::Draining);
    };
    tokio::join!(stopped.run_load(load), stop);
    assert_eq!(stopped.count(":iteration"), 0);
    assert!(begin.elapsed() < Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn what_is_due_in_the_warm_up_is_counted_apart() {
    let mut bench = bench(|_| Does::Waits(millis(10)));
    let mut load = load_of(
        0,
        Load {
            warm_up: Duration::from_secs(1),
            ..at_once(Schedule::Open(arrivals(10, 3, 10)))
        },
    );
    load.warm_up = Some(ScenarioSlots {
        steps: 100,
        iterations: iteration_slot::COUNT,
    });
    bench.run_loads(&[load]).await;
    let measured = bench.measured();
    let passed = |slot| measured.slot(slot).unwrap().count(Outcome::Passed);
    // The one that is due at the end of the warm-up comes a nanosecond after it.
    assert_eq!((passed(iteration_slot::COUNT), passed(0)), (10, 20));
}
