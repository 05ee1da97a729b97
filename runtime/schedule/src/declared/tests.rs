//! Each rule of a declared load: what is wrong, where, and what is not known yet.

use super::*;
use crate::{Spread, WhenFull};
use bggo_values::Number;

const SECOND: Duration = Duration::from_secs(1);

fn number(text: &str) -> Value {
    Value::Number(Number::parse(text).unwrap())
}

fn seconds(count: u64) -> Value {
    Value::Duration(SECOND * u32::try_from(count).unwrap())
}

/// A profile at place 0 whose fields have the places 1, 2, ...
fn declared(profile: Profile, fields: &[(Field, Value)]) -> Declared<u32> {
    let fields = (1..).zip(fields);
    fields.fold(Declared::new(profile, 0), |all, (place, (field, value))| {
        all.field(*field, value.clone(), place)
    })
}

/// The only thing that is wrong: its kind, its place and its text.
fn wrong(declared: &Declared<u32>) -> (Mistake, u32, String) {
    let mut wrong = declared.load().unwrap_err();
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    let wrong = wrong.remove(0);
    (wrong.kind, wrong.place, wrong.text)
}

fn load(declared: &Declared<u32>) -> Load {
    declared.load().unwrap().unwrap()
}

#[test]
fn defaults_are_those_that_the_manual_names() {
    let once = load(&Declared::new(Profile::Once, 0));
    assert_eq!(once.schedule, Schedule::ONCE.at_most(MAX_DURATION));
    assert_eq!(once.profile, "once");
    assert_eq!(once.graceful_stop, SECOND * 30);
    let shared = load(&declared(
        Profile::SharedIterations,
        &[(Field::Iterations, number("7"))],
    ));
    assert_eq!(
        shared.schedule,
        Schedule::iterations(1, 7).at_most(MAX_DURATION)
    );
    let open = load(&declared(
        Profile::ConstantArrivalRate,
        &[(Field::Rate, number("2.5")), (Field::Duration, seconds(4))],
    ));
    let Schedule::Open(arrivals) = open.schedule else {
        panic!("not open");
    };
    assert_eq!(arrivals.rate.total(), 10);
    assert_eq!((arrivals.users, arrivals.max_users), (0, DEFAULT_MAX_VUS));
    assert!(arrivals.shares_users);
    assert_eq!(
        (arrivals.when_full, arrivals.spread),
        (WhenFull::Wait, Spread::Even)
    );
    let ramp = load(
        &declared(Profile::RampingVus, &[])
            .stage(1)
            .field(Field::Duration, seconds(10), 2)
            .field(Field::Vus, number("5"), 3),
    );
    assert_eq!(ramp.schedule.users(), 1);
    assert_eq!(ramp.graceful_ramp_down, SECOND * 30);
}

#[test]
fn every_field_is_read() {
    let load = load(&declared(
        Profile::ConstantArrivalRate,
        &[
            (Field::Rate, number("30")),
            (Field::Per, seconds(60)),
            (Field::Duration, seconds(120)),
            (Field::Vus, number("2")),
            (Field::MaxVus, number("9")),
            (Field::WhenFull, Value::text("drop")),
            (Field::Arrivals, Value::text("poisson")),
            (Field::WarmUp, seconds(5)),
            (Field::StartAfter, seconds(6)),
            (Field::GracefulStop, seconds(7)),
        ],
    ));
    let Schedule::Open(arrivals) = load.schedule.clone() else {
        panic!("not open");
    };
    assert_eq!(arrivals.rate.total(), 60);
    assert_eq!((arrivals.users, arrivals.max_users), (2, 9));
    assert!(!arrivals.shares_users);
    assert_eq!(
        (arrivals.when_full, arrivals.spread),
        (WhenFull::Drop, Spread::Poisson)
    );
    let times = [load.warm_up, load.start_after, load.graceful_stop];
    assert_eq!(times, [5, 6, 7].map(|seconds| SECOND * seconds));
    let each = self::load(&declared(
        Profile::PerVuIterations,
        &[
            (Field::Iterations, number("3")),
            (Field::Vus, number("4")),
            (Field::MaxDuration, seconds(8)),
            (Field::Pace, seconds(1)),
        ],
    ));
    let expected = Closed {
        users: 4,
        bound: Bound::PerUser(3),
        length: Some(SECOND * 8),
    };
    assert_eq!(each.schedule, Schedule::Closed(expected));
    assert_eq!(each.pace, Some(SECOND));
}

#[test]
fn the_highest_rate_is_told_in_its_own_unit_where_that_is_long() {
    let day = |rate: &str| {
        declared(
            Profile::ConstantArrivalRate,
            &[
                (Field::Duration, seconds(1)),
                (Field::Rate, number(rate)),
                (Field::Per, seconds(86_400)),
            ],
        )
    };
    assert!(day("18446744073709").load().is_ok());
    let (_, place, text) = wrong(&day("18446744073710"));
    let expected = "`rate` is too high: at most 18446744073709 in 24h0m0s, found 18446744073710";
    assert_eq!((place, text.as_str()), (2, expected));
}

#[test]
fn each_wrong_number_is_named_at_its_place() {
    let rate = |rate: &str| {
        declared(
            Profile::ConstantArrivalRate,
            &[(Field::Duration, seconds(1)), (Field::Rate, number(rate))],
        )
    };
    for (given, text) in [
        ("-1", "`rate` must not be negative, found -1"),
        (
            "1000000001",
            "`rate` is too high: at most 1000000000 a second, found 1000000001",
        ),
        (
            "0.3333333",
            "`rate` has more than 6 digits after the point, found 0.3333333",
        ),
        (
            "9999999999999999999999999999",
            "`rate` has more than 6 digits after the point, found 9999999999999999999999999999",
        ),
    ] {
        assert_eq!(wrong(&rate(given)), (Mistake::Value, 2, text.to_owned()));
    }
    assert_eq!(load(&rate("0")).schedule.total(), Some(0));
    let users = |vus: &str| {
        declared(
            Profile::ConstantVus,
            &[(Field::Duration, seconds(1)), (Field::Vus, number(vus))],
        )
    };
    for (given, text) in [
        ("0", "`vus` must be at least 1, found 0"),
        ("1.5", "`vus` must be a whole number, found 1.5"),
        ("10000001", "`vus` is at most 10000000, found 10000001"),
        ("-2", "`vus` must not be negative, found -2"),
    ] {
        assert_eq!(wrong(&users(given)), (Mistake::Value, 2, text.to_owned()));
    }
    assert_eq!(load(&users("10000000")).schedule.users(), 10_000_000);
}

#[test]
fn a_unit_of_time_makes_higher_and_lower_rates() {
    let of = |rate: &str, per: Duration| {
        declared(
            Profile::ConstantArrivalRate,
            &[
                (Field::Duration, seconds(1)),
                (Field::Rate, number(rate)),
                (Field::Per, Value::Duration(per)),
            ],
        )
    };
    let fastest = of("1000000", Duration::from_millis(1));
    assert_eq!(load(&fastest).schedule.total(), Some(1_000_000_000));
    let beyond = of("1000000.1", Duration::from_millis(1));
    assert_eq!(wrong(&beyond).1, 2);
    for per in [Duration::from_micros(999), SECOND * 86_401] {
        assert_eq!(wrong(&of("1", per)).1, 3);
    }
}

#[test]
fn lengths_that_are_none_or_beyond_ten_years_are_wrong() {
    let constant = |time: Value| declared(Profile::ConstantVus, &[(Field::Duration, time)]);
    let ten_years = Duration::from_secs(10 * 366 * 86_400);
    assert_eq!(
        wrong(&constant(seconds(0))).2,
        "`duration` must be longer than 0s"
    );
    assert_eq!(
        wrong(&constant(Value::Duration(ten_years + SECOND))).2,
        "`duration` is too long: at most ten years"
    );
    assert!(constant(Value::Duration(ten_years)).load().is_ok());
    let stages = |seconds: [u64; 2]| {
        let stages = seconds.into_iter();
        stages.fold(
            Declared::new(Profile::RampingArrivalRate, 0),
            |all, length| {
                let length = Value::Duration(Duration::from_secs(length));
                all.stage(1)
                    .field(Field::Duration, length, 2)
                    .field(Field::Rate, number("5"), 3)
            },
        )
    };
    assert_eq!(
        wrong(&stages([0, 0])),
        (Mistake::Value, 0, "all stages together last 0s".to_owned())
    );
    let long = ten_years.as_secs();
    assert_eq!(
        wrong(&stages([long, 1])).2,
        "all stages together are too long: at most ten years"
    );
    assert!(stages([0, 1]).load().is_ok());
}

#[test]
fn fields_are_judged_beside_each_other() {
    let open = |fields: &[(Field, Value)]| {
        let always = [(Field::Rate, number("1")), (Field::Duration, seconds(9))];
        declared(
            Profile::ConstantArrivalRate,
            &[&always[..], fields].concat(),
        )
    };
    let too_many = open(&[(Field::Vus, number("3")), (Field::MaxVus, number("2"))]);
    assert_eq!(
        wrong(&too_many),
        (
            Mistake::Value,
            3,
            "`vus` is 3, more than `max_vus` allows, which is 2".to_owned()
        )
    );
    let unsaid = open(&[(Field::Vus, number("10001"))]);
    assert_eq!(
        wrong(&unsaid).2,
        "`vus` is 10001, more than 10000, the most unless `max_vus` says another number"
    );
    let warm = open(&[(Field::WarmUp, seconds(9))]);
    assert_eq!(wrong(&warm).1, 3);
    let paced = open(&[(Field::Pace, seconds(1))]);
    assert_eq!((wrong(&paced).0, wrong(&paced).1), (Mistake::PaceOfOpen, 3));
    let nobody = Declared::new(Profile::RampingVus, 0)
        .field(Field::StartVus, number("0"), 1)
        .stage(2)
        .field(Field::Duration, seconds(1), 3)
        .field(Field::Vus, number("0"), 4);
    assert_eq!(wrong(&nobody).2, "no stage has a user");
}

#[test]
fn all_that_is_missing_is_said_at_the_block_that_lacks_it() {
    let nothing = Declared::new(Profile::ConstantArrivalRate, 0);
    let texts = |declared: &Declared<u32>| {
        let wrong = declared.load().unwrap_err();
        let one = |wrong: Wrong<u32>| (wrong.kind, wrong.place, wrong.text);
        wrong.into_iter().map(one).collect::<Vec<_>>()
    };
    let missing = |place, text: &str| (Mistake::Missing, place, text.to_owned());
    assert_eq!(
        texts(&nothing),
        [
            missing(0, "`rate` is missing"),
            missing(0, "`duration` is missing")
        ]
    );
    let no_stage = Declared::new(Profile::RampingVus, 0);
    assert_eq!(
        texts(&no_stage),
        [missing(0, "`ramping_vus` needs a block `stage`")]
    );
    let half = Declared::new(Profile::RampingVus, 0)
        .stage(1)
        .field(Field::Vus, number("1"), 2)
        .stage(3)
        .field(Field::Duration, Value::Null, 4);
    assert_eq!(
        texts(&half),
        [
            missing(1, "`duration` is missing"),
            missing(3, "`duration` is missing"),
            missing(3, "`vus` is missing")
        ]
    );
}

#[test]
fn what_is_not_known_yet_is_judged_as_far_as_it_goes() {
    let late = Declared::new(Profile::ConstantArrivalRate, 0)
        .later(Field::Rate, 1)
        .field(Field::Duration, seconds(1), 2);
    assert_eq!(late.load(), Ok(None));
    let wrong_beside = late.field(Field::WhenFull, Value::text("never"), 3);
    assert_eq!(
        wrong(&wrong_beside).2,
        "`when_full` is \"wait\" or \"drop\", found \"never\""
    );
    let late_warm_up = Declared::new(Profile::ConstantVus, 0)
        .field(Field::Duration, seconds(1), 1)
        .later(Field::WarmUp, 2)
        .later(Field::Pace, 3);
    assert_eq!(late_warm_up.load(), Ok(None));
}

#[test]
fn null_is_absent() {
    let load = load(&declared(
        Profile::ConstantVus,
        &[
            (Field::Vus, Value::Null),
            (Field::Duration, seconds(1)),
            (Field::Pace, Value::Null),
        ],
    ));
    assert_eq!((load.schedule.users(), load.pace), (1, None));
}

#[test]
fn names_lead_back_to_fields_and_profiles() {
    for profile in Profile::ALL {
        assert_eq!(Profile::of_name(profile.name()), Some(profile));
        for field in profile.fields().iter().chain(profile.stage_fields()) {
            assert_eq!(Field::of_name(field.name()), Some(*field));
        }
    }
    assert_eq!(Profile::of_name("soak"), None);
}

/// A search from 100 a second, with these fields instead of, or beside, those that it needs.
fn searching(fields: &[(Field, &str)]) -> Declared<u32> {
    let needed = [
        (Field::Start, "100"),
        (Field::Factor, "1.5"),
        (Field::Max, "5000"),
    ];
    let needed = needed.iter().filter(|(field, _)| {
        let mut given = fields.iter();
        !given.any(|(other, _)| other == field)
    });
    let all = needed.chain(fields);
    let all: Vec<(Field, Value)> = all
        .filter(|(_, text)| !text.is_empty())
        .map(|(field, text)| match field.ty() {
            bggo_values::Type::String => (*field, Value::from((*text).to_owned())),
            _ => (*field, number(text)),
        })
        .collect();
    declared(Profile::Search, &all)
        .field(Field::Hold, seconds(30), 50)
        .field(Field::Until, Value::from("fast".to_owned()), 51)
}

#[test]
fn a_search_says_where_it_begins_how_it_rises_and_where_it_ends() {
    let found = load(&searching(&[]));
    assert_eq!((found.profile, found.schedule.length()), ("search", None));
    let search = found.schedule.search().unwrap();
    assert_eq!((search.start, search.max), (100_000_000, 5_000_000_000));
    assert_eq!(search.growth, Growth::Factor(1_500_000));
    assert_eq!(search.precision, crate::Precision::Share(50_000));
    assert_eq!(search.until.as_str(), "fast");
    assert_eq!(search.arrivals.rate.total(), 3_000);
    let by_increment = searching(&[
        (Field::Factor, ""),
        (Field::Increment, "50"),
        (Field::Precision, "2.5"),
    ]);
    let found = load(&by_increment);
    let search = found.schedule.search().unwrap();
    assert_eq!(search.growth, Growth::Increment(50_000_000));
    assert_eq!(search.precision, crate::Precision::Rate(2_500_000));
}

#[test]
fn a_search_that_cannot_be_is_refused() {
    let wrong = |fields: &[(Field, &str)]| wrong(&searching(fields)).2;
    assert_eq!(
        wrong(&[(Field::Factor, "1")]),
        "`factor` is more than 1, with at most 6 digits after the point, found 1"
    );
    assert_eq!(
        wrong(&[(Field::Increment, "50")]),
        "a search rises by `factor` or by `increment`, not by both"
    );
    assert_eq!(
        wrong(&[(Field::Factor, "")]),
        "`factor` or `increment` is missing"
    );
    assert_eq!(wrong(&[(Field::Start, "0")]), "`start` must be more than 0");
    assert_eq!(wrong(&[(Field::Max, "99")]), "`max` is less than `start`");
    for bad in ["0%", "100%", "some", "0", "-1"] {
        assert_eq!(
            wrong(&[(Field::Precision, bad)]),
            format!(
                "`precision` is a share of the rate such as \"5%\", or a rate such as 10, found \"{bad}\""
            )
        );
    }
    assert_eq!(
        wrong(&[(Field::Factor, "1.001")]),
        "more than 1000 steps lie between `start` and `max`"
    );
    let half = declared(
        Profile::Search,
        &[
            (Field::Start, number("1")),
            (Field::Factor, number("2")),
            (Field::Max, number("8")),
            (Field::Hold, Value::Duration(SECOND / 2)),
            (Field::Until, Value::from("fast".to_owned())),
        ],
    );
    assert_eq!(
        super::tests::wrong(&half),
        (
            Mistake::Value,
            4,
            "`hold` takes whole seconds, found 500ms".to_owned()
        )
    );
    let paced = searching(&[]).field(Field::Pace, seconds(1), 60);
    assert_eq!(super::tests::wrong(&paced).0, Mistake::PaceOfOpen);
}
