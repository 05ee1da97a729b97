//! Summaries of simulated runs, as they stand on a screen of 80 columns.

use super::super::simulated::{Simulated, all_ms, closed_load, open_load, run, times, verdict};
use super::super::table::SCREEN;
use super::*;
use crate::verdict::Came;

fn written(simulated: &Simulated, ending: Ending) -> String {
    let figures = simulated.figures();
    let text = Summary {
        searches: &[],
        run: &simulated.run,
        figures: &figures,
        ending,
        verdicts: &simulated.verdicts,
        fell_behind: None,
        left: false,
        examples: &simulated.examples,
        percentiles: &Percentiles::default(),
    }
    .text(Paint(false));
    for line in text.lines() {
        assert!(line.chars().count() <= SCREEN, "too wide: {line}");
    }
    text
}

/// An open load of one step: what a run of `--rate 500/s --duration 30s` leaves behind.
fn open() -> Simulated {
    let mut simulated = Simulated::new(run(vec![open_load("main")]));
    let step = simulated.step("main", "http_request.login");
    simulated.passed("main", 149, &all_ms(1, 100));
    simulated.waits("main", 14_900, Duration::from_millis(3));
    simulated.never("main", 60, 40);
    simulated.step_passed(step, 149, &all_ms(1, 100));
    simulated.labels(step, &[("200", 14_890), ("503", 10)]);
    simulated.lasts(Duration::from_millis(31_200), Duration::from_secs(30));
    simulated
}

/// A closed load of two steps, of which one fails in two ways and one is skipped now and then.
fn closed() -> Simulated {
    let mut simulated = Simulated::new(run(vec![closed_load("main")]));
    let login = simulated.step("main", "http_request.login");
    let order = simulated.step("main", "http_request.order");
    let pool = simulated.resource("db_pool.main");
    simulated.passed("main", 90, &all_ms(21, 30));
    simulated.step_passed(login, 100, &all_ms(1, 10));
    simulated.step_passed(order, 90, &all_ms(11, 20));
    simulated.failed(order, ("status", 35), &all_ms(1, 2));
    simulated.failed(order, ("timeout", 30), &times([Duration::from_secs(5)]));
    simulated.counted(order, Outcome::Skipped, 12);
    simulated.labels(login, &[("200", 1_000)]);
    simulated.labels(order, &[("200", 900), ("503", 70)]);
    simulated.trend(login, &all_ms(1, 4));
    simulated.received(login, 5_120);
    simulated.set(pool, 3);
    simulated.set(pool, 4);
    let status = "status 503, expected one of 2xx or 404; the body begins with `{\"error\": \"the pool of connections is exhausted\"}`, grid.hcl:12";
    simulated
        .examples
        .keep("http_request.order", Text::Static("status"), status);
    simulated.verdicts = vec![
        verdict("home is fast", "home.p95 < 300ms, over 30s", Came::Held),
        verdict("failures", "run.failed.ratio < 1 %", Came::Broken),
    ];
    simulated
}

/// An open and a closed scenario beside each other, of a share of the load.
fn mixed() -> Simulated {
    let late = DescribedLoad {
        words: Text::Static("20 users for 20s, after 10s"),
        start_after: Duration::from_secs(10),
        length: Some(Duration::from_secs(20)),
        ..closed_load("order")
    };
    let mut simulated = Simulated::new(Described {
        segment: Some(Text::Static("1/2")),
        ..run(vec![open_load("browse"), late])
    });
    let home = simulated.step("browse", "http_request.home");
    let order = simulated.step("order", "http_request.home");
    simulated.passed("browse", 1_500, &all_ms(1, 10));
    simulated.waits("browse", 15_000, Duration::from_micros(1));
    simulated.step_passed(home, 1_500, &all_ms(1, 10));
    simulated.passed("order", 10, &all_ms(301, 400));
    simulated.step_passed(order, 10, &all_ms(301, 400));
    simulated
}

/// Two hundred steps with long names.
fn many() -> Simulated {
    let mut simulated = Simulated::new(run(vec![closed_load("main")]));
    simulated.passed("main", 10, &all_ms(1_001, 2_000));
    for number in 1..=200_u64 {
        let name = format!("http_request.a_step_with_a_rather_long_name_number_{number:03}");
        let step = simulated.step("main", &name);
        simulated.step_passed(step, 10, &all_ms(number, number));
        simulated.trend(step, &all_ms(number, number));
        if number % 5 == 0 {
            simulated.failed(step, ("connect", number), &all_ms(1, 1));
        }
        let answers = [("200", 10), ("404", number)];
        simulated.labels(step, &answers);
    }
    simulated
}

#[test]
fn an_open_load_shows_response_times_and_service_times_beside_them() {
    assert_eq!(
        written(&open(), Ending::Passed),
        "
passed: 14900 iterations, 0 failed, 100 never began (0.67 %)

load: 30.0s, then 1.20s of drain, 2 threads, seed 7
  main: constant_arrival_rate 500/s for 30s, at most 10000 users
    asked 15000 (500.0/s), began 14900, 60 dropped: no user was free,
    40 not started before the end
    ended 14900 (496.7/s)
    waited for a free user: p50 0us, p90 3.00ms, p95 3.00ms, p99 3.00ms,
      p99.9 3.00ms, max 3.00ms

response times        count     p50     p90     p95     p99  p99.9    max
  iterations          14900  50.5ms  91.0ms  96.0ms   100ms  101ms  101ms
  http_request.login  14900  50.5ms  91.0ms  96.0ms   100ms  101ms  101ms
service times
  iterations          14900  50.0ms  90.0ms  95.0ms  99.0ms  100ms  100ms
  http_request.login  14900  50.0ms  90.0ms  95.0ms  99.0ms  100ms  100ms

answers by status: 200 14890, 503 10

own health
  starts late by: p50 10us, p90 20us, p95 20us, p99 20us, p99.9 20us, max 20us
"
    );
}

#[test]
fn a_warm_up_is_told_apart_and_no_rate_is_over_its_time() {
    let shared = DescribedLoad {
        words: Text::Static("20 users, 1100 iterations, at most 30s"),
        iterations: Some(1_100),
        warm_up: Duration::from_secs(10),
        ..closed_load("main")
    };
    let mut simulated = Simulated::new(run(vec![shared]));
    let step = simulated.step("main", "noop.wait");
    simulated.warmed_up("main", 1, &all_ms(1, 100));
    simulated.passed("main", 10, &all_ms(1, 100));
    simulated.step_passed(step, 10, &all_ms(1, 100));
    assert_eq!(
        written(&simulated, Ending::Passed),
        "
passed: 1000 iterations, 0 failed (0.00 %)

load: 30.0s, 2 threads, seed 7
  main: constant_vus 20 users, 1100 iterations, at most 30s
    asked 1100
    ended 1000 (50.0/s)
    its warm-up of 10.0s, apart: ended 100 (10.0/s)

service times  count     p50     p90     p95     p99  p99.9    max
  iterations    1000  50.0ms  90.0ms  95.0ms  99.0ms  100ms  100ms
  noop.wait     1000  50.0ms  90.0ms  95.0ms  99.0ms  100ms  100ms
in a closed load users wait for each answer: a slow target gets less load
"
    );
    let figures = simulated.figures();
    for rate in [figures.iterations.rate(), figures.steps[0].rate()] {
        assert!((rate - 50.0).abs() < 1e-9, "{rate}");
    }
}

#[test]
fn a_closed_load_shows_service_times_and_each_kind_of_failure_with_an_example() {
    assert_eq!(
        written(&closed(), Ending::Failed),
        "
failed: 1000 iterations, 100 failed (10.00 %); threshold failures failed

load: 30.0s, 2 threads, seed 7
  main: constant_vus 20 users for 30s
    ended 1000 (33.3/s), 100 failed

service times         count     p50     p90     p95     p99   p99.9     max
  iterations            900  25.0ms  29.0ms  30.0ms  30.0ms  30.0ms  30.0ms
  http_request.login   1000  5.00ms  9.01ms  10.0ms  10.0ms  10.0ms  10.0ms
  http_request.order    900  15.0ms  19.0ms  20.0ms  20.0ms  20.0ms  20.0ms
service times of failures
  iterations            100  2.00ms   5.00s   5.00s   5.00s   5.00s   5.00s
  http_request.order    100  2.00ms   5.00s   5.00s   5.00s   5.00s   5.00s
in a closed load users wait for each answer: a slow target gets less load
skipped: http_request.order 12

answers by status: 200 1900, 503 70
  http_request.order: 200 900, 503 70

failures
  70  status  http_request.order
      status 503, expected one of 2xx or 404; the body begins with `{\"error\":
      \"the pool of connections is exhausted\"}`, grid.hcl:12
  30  timeout  http_request.order

thresholds
  failed  failures: run.failed.ratio < 1 %; got 412ms, worst 1.20s at 45s
  passed  home is fast: home.p95 < 300ms, over 30s;
          got 412ms, worst 1.20s at 45s

metric                    values     p50     p90     p95     p99   p99.9     max
http_reques…ogin waiting       4  2.00ms  4.00ms  4.00ms  4.00ms  4.00ms  4.00ms
http_request.login: received 5120 bytes
resource.db_pool.main open: last 4, min 3, mean 3.5, max 4
"
    );
}

#[test]
fn scenarios_stand_beside_each_other_each_with_the_times_that_it_has() {
    assert_eq!(
        written(&mixed(), Ending::Interrupted),
        "
interrupted: 16000 iterations, 0 failed (0.00 %)

load: 30.0s, 2 threads, seed 7, share 1/2 of the load
  browse: constant_arrival_rate 500/s for 30s, at most 10000 users
    asked 15000 (500.0/s), began 15000
    ended 15000 (500.0/s)
  order: constant_vus 20 users for 20s, after 10s
    ended 1000 (50.0/s)

response times             count     p50     p90     p95     p99   p99.9     max
  iterations               15000  5.05ms  9.10ms  10.1ms  10.1ms  10.1ms  10.1ms
  iterations of browse     15000  5.05ms  9.10ms  10.1ms  10.1ms  10.1ms  10.1ms
  browse.htt…request.home  15000  5.05ms  9.10ms  10.1ms  10.1ms  10.1ms  10.1ms
service times
  iterations               16000  6.00ms  10.0ms   320ms   384ms   399ms   400ms
  iterations of browse     15000  5.00ms  9.01ms  10.0ms  10.0ms  10.0ms  10.0ms
  iterations of order       1000   350ms   390ms   395ms   399ms   400ms   400ms
  browse.htt…request.home  15000  5.00ms  9.01ms  10.0ms  10.0ms  10.0ms  10.0ms
  order.http_request.home   1000   350ms   390ms   395ms   399ms   400ms   400ms
in a closed load users wait for each answer: a slow target gets less load

own health
  starts late by: p50 10us, p90 20us, p95 20us, p99 20us, p99.9 20us, max 20us
"
    );
}

#[test]
fn of_many_steps_the_slowest_are_shown_and_the_rest_is_counted() {
    assert_eq!(
        written(&many(), Ending::Passed),
        "
passed: 14100 iterations, 4100 failed (29.08 %)

load: 30.0s, 2 threads, seed 7
  main: constant_vus 20 users for 30s
    ended 14100 (470.0/s), 4100 failed

service times              count     p50     p90     p95     p99   p99.9     max
  iterations               10000   1.50s   1.90s   1.95s   1.99s   2.00s   2.00s
  http_reque…e_number_189     10   189ms   189ms   189ms   189ms   189ms   189ms
  http_reque…e_number_190     10   190ms   190ms   190ms   190ms   190ms   190ms
  http_reque…e_number_191     10   191ms   191ms   191ms   191ms   191ms   191ms
  http_reque…e_number_192     10   192ms   192ms   192ms   192ms   192ms   192ms
  http_reque…e_number_193     10   193ms   193ms   193ms   193ms   193ms   193ms
  http_reque…e_number_194     10   194ms   194ms   194ms   194ms   194ms   194ms
  http_reque…e_number_195     10   195ms   195ms   195ms   195ms   195ms   195ms
  http_reque…e_number_196     10   196ms   196ms   196ms   196ms   196ms   196ms
  http_reque…e_number_197     10   197ms   197ms   197ms   197ms   197ms   197ms
  http_reque…e_number_198     10   198ms   198ms   198ms   198ms   198ms   198ms
  http_reque…e_number_199     10   199ms   199ms   199ms   199ms   199ms   199ms
  http_reque…e_number_200     10   200ms   200ms   200ms   200ms   200ms   200ms
service times of failures
  iterations                4100  1.00ms  1.00ms  1.00ms  1.00ms  1.00ms  1.00ms
  http_reque…e_number_190    190  1.00ms  1.00ms  1.00ms  1.00ms  1.00ms  1.00ms
  http_reque…e_number_195    195  1.00ms  1.00ms  1.00ms  1.00ms  1.00ms  1.00ms
  http_reque…e_number_200    200  1.00ms  1.00ms  1.00ms  1.00ms  1.00ms  1.00ms
  … 188 more steps in --summary-json: these are the slowest by p95
in a closed load users wait for each answer: a slow target gets less load

answers by status: 404 20100, 200 2000
  http_request.a_step_with_a_rather_long_name_number_001: 200 10, 404 1
  http_request.a_step_with_a_rather_long_name_number_002: 200 10, 404 2
  http_request.a_step_with_a_rather_long_name_number_003: 200 10, 404 3
  http_request.a_step_with_a_rather_long_name_number_004: 200 10, 404 4
  http_request.a_step_with_a_rather_long_name_number_005: 200 10, 404 5
  http_request.a_step_with_a_rather_long_name_number_006: 200 10, 404 6
  … 194 more in --summary-json

failures
  200  connect  http_request.a_step_with_a_rather_long_name_number_200
  195  connect  http_request.a_step_with_a_rather_long_name_number_195
  190  connect  http_request.a_step_with_a_rather_long_name_number_190
  185  connect  http_request.a_step_with_a_rather_long_name_number_185
  180  connect  http_request.a_step_with_a_rather_long_name_number_180
  175  connect  http_request.a_step_with_a_rather_long_name_number_175
  170  connect  http_request.a_step_with_a_rather_long_name_number_170
  165  connect  http_request.a_step_with_a_rather_long_name_number_165
  … 32 more in --summary-json

metric                    values     p50     p90     p95     p99   p99.9     max
http_reques…_001 waiting       1  1.00ms  1.00ms  1.00ms  1.00ms  1.00ms  1.00ms
http_reques…_002 waiting       1  2.00ms  2.00ms  2.00ms  2.00ms  2.00ms  2.00ms
http_reques…_003 waiting       1  3.00ms  3.00ms  3.00ms  3.00ms  3.00ms  3.00ms
http_reques…_004 waiting       1  4.00ms  4.00ms  4.00ms  4.00ms  4.00ms  4.00ms
http_reques…_005 waiting       1  5.00ms  5.00ms  5.00ms  5.00ms  5.00ms  5.00ms
http_reques…_006 waiting       1  6.00ms  6.00ms  6.00ms  6.00ms  6.00ms  6.00ms
… 194 more metrics in --summary-json
"
    );
}
