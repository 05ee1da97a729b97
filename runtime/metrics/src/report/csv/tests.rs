//! Rows of simulated seconds.

use super::super::simulated::{Simulated, all_ms, closed_load, open_load, run, times};
use super::*;
use crate::layout::{CheckLayout, CustomLayout, MetricKind};
use crate::report::DescribedLoad;

/// A metric of a grid, which counts whole numbers of nothing in particular.
fn metric(name: &'static str, kind: MetricKind) -> MetricLayout {
    MetricLayout {
        name: Text::Static(name),
        unit: Unit::Other(Text::Static("")),
        kind,
        label: None,
        warning: None,
        scale: 1,
        description: None,
    }
}

#[test]
fn each_second_has_a_row_for_each_metric() {
    let mut simulated = Simulated::new(run(vec![open_load("main")]));
    let step = simulated.step("main", "http_request.a,b");
    let pool = simulated.resource("db_pool.main");
    simulated.passed("main", 1, &all_ms(1, 10));
    simulated.waits("main", 10, Duration::from_millis(3));
    simulated.step_passed(step, 1, &all_ms(1, 10));
    simulated.failed(step, ("time\"out", 1), &all_ms(5, 5));
    simulated.never("main", 2, 0);
    simulated.labels(step, &[("200", 10), ("503", 1)]);
    simulated.trend(step, &all_ms(1, 2));
    simulated.received(step, 512);
    simulated.set(pool, 4);
    simulated.lasts(Duration::from_millis(1_002), Duration::from_secs(1));
    simulated.total.users_begun = 3;
    let mut rows = CsvRows::default();
    let at = Duration::from_millis(1_700_000_000_250);
    assert_eq!(
        rows.next(1, &simulated.layout, (&simulated.total, at)),
        "\
1,1.002,1700000000.250,,run,users,,,,,,,,,,,,,3
1,1.002,1700000000.250,main,iterations,ended,,,11,11,,,,,,,,,
1,1.002,1700000000.250,main,iterations,failed,,,1,1,,,,,,,,,
1,1.002,1700000000.250,main,iterations,failures,\"time\"\"out\",,1,1,,,,,,,,,
1,1.002,1700000000.250,main,iterations,dropped,,,2,2,,,,,,,,,
1,1.002,1700000000.250,main,iterations,response_time,,ms,10,,1.010,5.557,5.055,9.103,10.107,10.107,10.107,10.107,
1,1.002,1700000000.250,main,iterations,service_time,,ms,10,,1.000,5.500,5.003,9.007,10.000,10.000,10.000,10.000,
1,1.002,1700000000.250,main,iterations,failed_service_time,,ms,1,,5.000,5.000,5.000,5.000,5.000,5.000,5.000,5.000,
1,1.002,1700000000.250,main,iterations,queued,,ms,10,,0.000,1.500,0.000,3.000,3.000,3.000,3.000,3.000,
1,1.002,1700000000.250,main,iterations,start_error,,ms,10,,0.010,0.015,0.010,0.020,0.020,0.020,0.020,0.020,
1,1.002,1700000000.250,main,\"http_request.a,b\",ended,,,11,11,,,,,,,,,
1,1.002,1700000000.250,main,\"http_request.a,b\",failed,,,1,1,,,,,,,,,
1,1.002,1700000000.250,main,\"http_request.a,b\",failures,\"time\"\"out\",,1,1,,,,,,,,,
1,1.002,1700000000.250,main,\"http_request.a,b\",response_time,,ms,10,,1.010,5.557,5.055,9.103,10.107,10.107,10.107,10.107,
1,1.002,1700000000.250,main,\"http_request.a,b\",service_time,,ms,10,,1.000,5.500,5.003,9.007,10.000,10.000,10.000,10.000,
1,1.002,1700000000.250,main,\"http_request.a,b\",failed_service_time,,ms,1,,5.000,5.000,5.000,5.000,5.000,5.000,5.000,5.000,
1,1.002,1700000000.250,main,\"http_request.a,b\",answers,200,,,10,,,,,,,,,
1,1.002,1700000000.250,main,\"http_request.a,b\",answers,503,,,1,,,,,,,,,
1,1.002,1700000000.250,main,\"http_request.a,b\",waiting,,ms,2,,1.000,1.500,1.000,2.000,2.000,2.000,2.000,2.000,
1,1.002,1700000000.250,main,\"http_request.a,b\",received,,bytes,,512,,,,,,,,,
1,1.002,1700000000.250,,resource.db_pool.main,open,,,1,,4,4.000,,,,,,4,4
"
    );
}

#[test]
fn a_second_without_anything_has_rows_of_nothing_and_users_are_counted_on() {
    let mut simulated = Simulated::new(run(vec![closed_load("main")]));
    simulated.step("main", "http_request.a");
    simulated.total.users_begun = 20;
    let mut rows = CsvRows::default();
    let _ = rows.next(1, &simulated.layout, (&simulated.total, Duration::ZERO));
    let second = Interval {
        span: Some((Duration::from_secs(30), Duration::from_secs(31))),
        users_ended: 5,
        ..Interval::default()
    };
    assert_eq!(
        rows.next(2, &simulated.layout, (&second, Duration::ZERO)),
        "\
2,31.000,0.000,,run,users,,,,,,,,,,,,,15
2,31.000,0.000,main,iterations,ended,,,0,0,,,,,,,,,
2,31.000,0.000,main,iterations,failed,,,0,0,,,,,,,,,
2,31.000,0.000,main,http_request.a,ended,,,0,0,,,,,,,,,
2,31.000,0.000,main,http_request.a,failed,,,0,0,,,,,,,,,
"
    );
}

#[test]
fn each_row_has_a_field_for_each_column() {
    let mut simulated = Simulated::new(run(vec![open_load("main")]));
    let step = simulated.step("main", "noop.a");
    let pool = simulated.resource("db_pool.main");
    simulated.step_passed(step, 1, &all_ms(1, 10));
    simulated.waits("main", 10, Duration::from_millis(3));
    simulated.labels(step, &[("200", 10)]);
    simulated.trend(step, &all_ms(1, 2));
    simulated.received(step, 512);
    simulated.set(pool, 4);
    let columns = |line: &str| line.split(',').count();
    let mut rows = CsvRows::default();
    let text = rows.next(1, &simulated.layout, (&simulated.total, Duration::ZERO));
    assert!(text.lines().count() > 10, "{text}");
    for line in text.lines() {
        assert_eq!(columns(line), columns(CsvRows::HEAD), "{line}");
    }
}

#[test]
fn checks_and_metrics_of_the_grid_have_rows_in_their_units() {
    let mut simulated = Simulated::new(run(vec![closed_load("main")]));
    simulated.step("main", "noop.a");
    let check = |name: &'static str| CheckLayout {
        name: Text::Static(name),
        required: false,
    };
    simulated.layout.steps[0].checks = vec![check("is there"), check("never judged")];
    let slot = simulated.layout.steps[0].check_slot("is there").unwrap();
    let judged = simulated.total.slots.entry(slot).or_default();
    (judged.scalar.sum, judged.scalar.count) = (3, 4);
    simulated.layout.custom = vec![CustomLayout {
        scenario: Text::Static("main"),
        tags: Vec::new(),
        metric: MetricLayout {
            unit: Unit::Other(Text::Static("EUR")),
            scale: 100,
            ..metric("basket", MetricKind::Trend)
        },
        slot: 1_000,
    }];
    let mut tagged = simulated.layout.custom[0].clone();
    tagged.tags = vec![(Text::Static("team"), Text::Static("a"))];
    tagged.slot = 1_001;
    // 19.99 EUR in hundredths, which are counted as times are: in thousandths of them.
    let values = times([Duration::from_micros(1_999)]);
    simulated.total.slots.entry(1_000).or_default().histogram = values;
    let mut rows = CsvRows::default();
    let text = rows.next(1, &simulated.layout, (&simulated.total, Duration::ZERO));
    for row in [
        ",main,noop.a,checks,is there,,4,3,,,,,,,,,\n",
        ",main,custom,basket,,EUR,1,,19.99,19.990,19.99,19.99,19.99,19.99,19.99,19.99,\n",
    ] {
        assert!(text.contains(row), "{row}{text}");
    }
    assert!(!text.contains("never judged"), "{text}");
    // Where steps with unlike tags record it, the rows are told apart by them.
    simulated.layout.custom.push(tagged);
    let values = times([Duration::from_micros(500)]);
    simulated.total.slots.entry(1_001).or_default().histogram = values;
    let text = rows.next(2, &simulated.layout, (&simulated.total, Duration::ZERO));
    for row in [
        ",main,custom[],basket,,EUR,1,,19.99,",
        ",main,custom[team=a],basket,,EUR,1,,5,",
    ] {
        assert!(text.contains(row), "{row}{text}");
    }
}

#[test]
fn a_warm_up_has_rows_with_names_of_their_own_and_only_while_it_lasts() {
    let load = DescribedLoad {
        warm_up: Duration::from_secs(1),
        ..closed_load("main")
    };
    let mut simulated = Simulated::new(run(vec![load]));
    let step = simulated.step("main", "noop.a");
    let mut warm_up = simulated.layout.steps[0].clone();
    warm_up.first = step + 1_000;
    simulated.layout.warm_up_steps = vec![warm_up];
    simulated.layout.warm_up_custom = vec![CustomLayout {
        scenario: Text::Static("main"),
        tags: Vec::new(),
        metric: metric("basket", MetricKind::Counter),
        slot: 5_000,
    }];
    let silent = |text: &str| !text.contains("warm_up");
    let mut rows = CsvRows::default();
    let nothing = rows.next(1, &simulated.layout, (&simulated.total, Duration::ZERO));
    assert!(silent(nothing), "{nothing}");

    let measured = simulated.total.clone();
    simulated.warmed_up("main", 1, &all_ms(1, 10));
    let counts = simulated.total.slots.entry(step + 1_000).or_default();
    counts.add(Outcome::Passed, 10);
    simulated.total.slots.entry(5_000).or_default().scalar.sum = 7;
    let text = rows.next(2, &simulated.layout, (&simulated.total, Duration::ZERO));
    for row in [
        ",main,iterations,ended,,,0,0,,,,,,,,,\n",
        ",main,warm_up.iterations,ended,,,10,10,,,,,,,,,\n",
        ",main,warm_up.iterations,service_time,,ms,10,,",
        ",main,noop.a,ended,,,0,0,,,,,,,,,\n",
        ",main,warm_up.noop.a,ended,,,10,10,,,,,,,,,\n",
        ",main,warm_up.custom,basket,,,,7,,,,,,,,,\n",
    ] {
        assert!(text.contains(row), "{row}{text}");
    }
    // What does not begin so is the same with it as without.
    let rest: Vec<&str> = text.lines().filter(|row| silent(row)).collect();
    let rest = rest.join("\n") + "\n";
    let alone = rows.next(2, &simulated.layout, (&measured, Duration::ZERO));
    assert_eq!(rest, alone);
}
