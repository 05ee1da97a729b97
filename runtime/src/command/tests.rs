//! The command line: what flags mean and what they refuse.

use super::arguments::Stopped;
use super::first_paragraph;
use super::flags::{Flags, Given, ask_for_json, read};
use super::help;
use super::load::{Asked, load};
use super::reporting::one_file_for_two;
use super::thresholds::{measured_anyway, refused, thresholds, unknown_metrics, warnings};
use crate::event::LogLevel;
use crate::fault::{Fault, Place, Placed as _};
use crate::grid::{Body, DeclaredThreshold, Grid, Scenario, Variable};
use crate::info::{Info, MetricInfo};
use crate::outputs::Progress;
use crate::start::Start;
use crate::threshold;
use bggo_metrics::{Address, Condition, OnFail, Statistic, Subject, Term, Threshold};
use bggo_schedule::{Arrivals, Load, Rate, Schedule, Segment, Spread, Stage, WhenFull};
use bggo_values::{Text, Type, Value};
use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

const PLACE: Place = Place::new("grid.hcl", 1, 1);
static VARIABLES: [Variable; 5] = [
    Variable::new("base_url", PLACE)
        .ty(|| Type::String)
        .description("Where to send.")
        .default(|| Value::Text(Text::Static("http://localhost"))),
    Variable::new("token", PLACE)
        .ty(|| Type::String)
        .sensitive()
        .default(|| Value::Text(Text::Static("hunter2"))),
    Variable::new("fast", PLACE).ty(|| Type::Bool),
    Variable::new("vus", PLACE)
        .ty(|| Type::Number)
        .description("Not the flag."),
    Variable::new("log_level", PLACE).ty(|| Type::String),
];
static GRID: Grid = Grid::new("shop")
    .version("1.2.3")
    .description("Buys things.")
    .variables(&[&VARIABLES]);

fn parse(line: &str) -> Result<Flags, String> {
    let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    read(&GRID, &words).map_err(|stopped| text(&GRID, stopped))
}

/// What is printed where no run begins.
fn text(grid: &Grid, stopped: Stopped) -> String {
    match stopped {
        Stopped::Help => help::help(grid, "shop"),
        Stopped::Version => help::version(grid),
        Stopped::Wrong(text) => help::wrong(&text),
    }
}

/// What a grid of one scenario is asked for.
fn asked(line: &str) -> Result<Asked, String> {
    asked_of(&GRID, line)
}

fn asked_of(grid: &Grid, line: &str) -> Result<Asked, String> {
    load(grid, &Start::new(Vec::new(), 0), &parse(line)?)
}

fn schedule(line: &str) -> Result<(Schedule, bool), String> {
    let mut asked = asked(line)?;
    let load = asked.loads.remove(0).unwrap();
    Ok((load.schedule, asked.functional))
}

#[test]
fn without_flags_it_is_a_functional_run() {
    assert_eq!(schedule(""), Ok((Schedule::ONCE, true)));
    assert_eq!(schedule("--once"), Ok((Schedule::ONCE, true)));
}

#[test]
fn flags_put_load_on() {
    let second = Duration::from_secs(1);
    assert_eq!(
        schedule("--vus 50 --duration 1s"),
        Ok((Schedule::lasting(50, second), false))
    );
    assert_eq!(
        schedule("--iterations 1000"),
        Ok((
            Schedule::iterations(1, 1000).at_most(Duration::from_secs(600)),
            false
        ))
    );
    assert_eq!(
        schedule("--duration 1s"),
        Ok((Schedule::lasting(1, second), false))
    );
    assert_eq!(
        schedule("--vus 2 --iterations 9 --duration 1s"),
        Ok((Schedule::iterations(2, 9).at_most(second), false))
    );
}

#[test]
fn load_without_an_end_and_contradictions_are_refused() {
    assert_eq!(
        schedule("--vus 5"),
        Err("--vus needs an end: add --duration 30s or --iterations 1000".to_owned())
    );
    for line in [
        "--once --vus 5",
        "--vus 0",
        "--iterations 0",
        "--duration 0s",
        "--duration soon",
        "--threads 0",
        "--nope",
        "stray",
    ] {
        assert!(parse(line).is_err(), "{line}");
    }
}

#[test]
fn two_flags_that_name_one_file_are_refused_and_a_device_takes_any_number() {
    let found = |line: &str| one_file_for_two(&parse(line).unwrap());
    let one = Some("--out and --csv both name ./a.log: give each a file of its own".to_owned());
    assert_eq!(found("--out a.log --csv ./a.log"), one);
    let one = Some("--junit and --samples both name b: give each a file of its own".to_owned());
    assert_eq!(found("--csv a --junit b --samples b"), one);
    for line in [
        "--csv a.csv --junit a.xml --out a.log --samples b.csv --summary-json a.json",
        "--csv /dev/null --junit /dev/null",
        "--csv - --summary-json -",
    ] {
        assert_eq!(found(line), None, "{line}");
    }
}

#[test]
fn a_number_that_is_none_says_what_is_expected() {
    for (line, expected) in [
        ("--vus many", "expected a whole number, 1 or more"),
        ("--iterations 0", "expected a whole number, 1 or more"),
        ("--vus 5000000000", "expected a whole number, 1 or more"),
        ("--threads 2000", "expected a whole number from 1 to 1024"),
        ("--duration 5", "expected a duration such as 30s"),
        (
            "--duration 2w",
            "its units are d (24 hours), h, m, s, ms, us and ns",
        ),
    ] {
        let said = parse(line).unwrap_err();
        assert!(said.contains(expected), "{line}: {said}");
    }
}

#[test]
fn a_rate_is_an_open_profile_whose_iterations_are_due_whatever_the_target_does() {
    let open = |line: &str| match schedule(line).unwrap() {
        (Schedule::Open(arrivals), false) => arrivals,
        other => panic!("{other:?}"),
    };
    let even = open("--rate 500/s --duration 10s");
    assert_eq!((even.rate.total(), even.users), (5_000, 0));
    assert_eq!((even.max_users, even.shares_users), (10_000, true));
    assert_eq!(
        (even.spread, even.when_full),
        (Spread::Even, WhenFull::Wait)
    );
    assert_eq!(open("--rate 90/m --duration 2m").rate.total(), 180);
    assert_eq!(open("--rate 0.5/s --duration 10s").rate.total(), 5);
    assert_eq!(open("--rate 10/d --duration 3d").rate.total(), 30);
    let chance = open("--rate 5/s --duration 1s --max-vus 3 --arrivals poisson");
    assert_eq!(chance.spread, Spread::Poisson);
    assert_eq!((chance.users, chance.max_users), (0, 3));
    assert!(!chance.shares_users);
    // Up to 500/s in 30 s, then 500/s for a minute.
    let staged = open("--stages 30s:500/s,1m:500/s");
    assert_eq!(staged.rate.total(), 500 * 30 / 2 + 500 * 60);
}

#[test]
fn stages_without_a_time_are_users() {
    let (schedule, _) = schedule("--stages 30s:500,2m:500,0s:20,10s:0").unwrap();
    assert_eq!(schedule.most_users(), 500);
    assert_eq!(schedule.length(), Some(Duration::from_secs(160)));
}

#[test]
fn loads_that_cannot_be_are_refused_with_the_flag_that_is_wrong() {
    for (line, expected) in [
        ("--rate 500/s", "--rate needs an end: add --duration 30s"),
        (
            "--rate 500 --duration 1s",
            "expected a number and a time, such as 500/s",
        ),
        ("--rate -5/s --duration 1s", "expected a number and a time"),
        ("--rate 2000000000/s --duration 1s", "--rate is too high"),
        (
            "--rate 99999999999999999999/s --duration 1s",
            "a rate is at most 1000000000/s",
        ),
        (
            "--rate 0.3333333/s --duration 1s",
            "a rate has at most 6 digits after its point",
        ),
        ("--rate 1/s --duration 100000h", "--duration is too long"),
        ("--max-vus 4 --duration 1s", "--max-vus is about a rate"),
        (
            "--stages 1s:5 --max-vus 4",
            "--max-vus is about a rate: give --rate 500/s with --duration 30s, or stages such as --stages 30s:500/s",
        ),
        (
            "--stages 1s:5 --arrivals even",
            "--arrivals is about a rate",
        ),
        (
            "--arrivals even --duration 1s",
            "--arrivals is about a rate",
        ),
        (
            "--arrivals poisson --duration 1s",
            "--arrivals is about a rate",
        ),
        ("--stages 30s", "expected stages such as 30s:500,2m:500"),
        (
            "--stages 30s:5/s,30s:5/m",
            "all stages have rates of one time",
        ),
        ("--stages 30s:5/s,30s:5", "expected stages such as"),
        ("--stages 30s:0,30s:0", "--stages has no user"),
        (
            "--segment 6/5 --duration 1s",
            "there is no share 6 of 5: they are 1 to 5",
        ),
        (
            "--segment 0/5 --duration 1s",
            "expected one of equal shares",
        ),
        (
            "--segment 3-2/5 --duration 1s",
            "expected one of equal shares",
        ),
        ("--seed abc", "expected a whole number of at most 64 bits"),
        (
            "--scenario nope",
            "there is no scenario nope: there are main",
        ),
    ] {
        let said = asked(line).unwrap_err();
        assert!(said.contains(expected), "{line}: {said}");
    }
}

#[test]
fn flags_that_contradict_each_other_are_refused_with_what_to_write_instead() {
    let no_load = "leave out --once for a load test";
    let users = "leave out --vus: --max-vus says how many there may be, and `vus` in a `load` block of the grid how many are made before the load begins";
    let by_the_clock = "write --duration in place of --iterations";
    let stages = "each stage says how long it takes, and with how many users or which rate it ends";
    for (one, others, instead) in [
        (
            "--once",
            &[
                "--vus 5",
                "--duration 1s",
                "--iterations 5",
                "--rate 5/s",
                "--stages 1s:5",
                "--max-vus 5",
                "--arrivals even",
            ][..],
            no_load,
        ),
        (
            "--vus 5",
            &["--rate 5/s", "--max-vus 9", "--arrivals poisson"],
            users,
        ),
        (
            "--iterations 5",
            &["--rate 5/s", "--max-vus 9", "--arrivals even"],
            by_the_clock,
        ),
        (
            "--stages 1s:5/s",
            &["--duration 1s", "--iterations 5", "--rate 5/s", "--vus 5"],
            stages,
        ),
    ] {
        for other in others {
            for line in [format!("{one} {other}"), format!("{other} {one}")] {
                let said = parse(&line).unwrap_err();
                let name = |flag: &str| flag.split(' ').next().unwrap_or_default().to_owned();
                for part in [&name(one), &name(other), "cannot be used with", instead] {
                    assert!(said.contains(part), "{line}: {said}");
                }
            }
        }
    }
    let said = parse("--rate 5/s --duration 1s --vus 5 --max-vus 4").unwrap_err();
    let first = said.lines().next().unwrap_or_default();
    assert_eq!(
        first,
        format!(
            "error: the argument '--rate <N/TIME>' cannot be used with '--vus <N>': --vus is a fixed number of users, and a rate makes users as it needs them; {users}"
        )
    );
    for line in [
        "--vus 5 --duration 1s --iterations 3",
        "--rate 5/s --duration 1s --max-vus 4 --arrivals even",
        "--stages 1s:5/s --max-vus 4 --arrivals poisson",
    ] {
        assert!(asked(line).is_ok(), "{line}");
    }
}

#[test]
fn a_million_a_second_for_a_year_is_counted_exactly() {
    let year = Duration::from_secs(365 * 86_400);
    for line in [
        "--rate 1000000/s --duration 365d",
        "--rate 60000000/m --duration 8760h",
    ] {
        let (schedule, _) = schedule(line).unwrap();
        assert_eq!(schedule.length(), Some(year), "{line}");
        assert_eq!(schedule.total(), Some(31_536_000_000_000), "{line}");
        // The last one is due a nanosecond after the moment at which all before it fill the integral.
        let last = year - Duration::from_micros(1);
        assert_eq!(schedule.due_by(last), Some(31_535_999_999_999), "{line}");
        let last = last + Duration::from_nanos(1);
        assert_eq!(schedule.due_by(last), Some(31_536_000_000_000), "{line}");
    }
    let (schedule, _) = schedule("--stages 182.5d:1000000/s,182.5d:0/s").unwrap();
    assert_eq!(schedule.total(), Some(31_536_000_000_000 / 2));
    for (line, flag) in [
        ("--rate 1/s --duration 3661d", "--duration"),
        ("--vus 1 --duration 3661d", "--duration"),
        ("--iterations 1 --duration 3661d", "--duration"),
        (
            "--vus 1 --duration 1s --graceful-stop 3661d",
            "--graceful-stop",
        ),
        ("--stages 2000d:1/s,2000d:1/s", "--stages"),
        ("--stages 2000d:1,2000d:1", "--stages"),
        ("--stages 100000d:1,100000d:1,100000d:1", "--stages"),
    ] {
        let said = asked(line).unwrap_err();
        assert_eq!(
            said,
            format!("{flag} is too long: at most ten years"),
            "{line}"
        );
    }
}

#[test]
fn a_share_and_a_seed_are_read() {
    let flags = parse("--segment 2-3/5 --seed 0xff").unwrap();
    assert_eq!(Some(flags.segment), Segment::hosts(1, 2, 5));
    assert_eq!(flags.seed, Some(255));
    assert_eq!(parse("").unwrap().segment, Segment::WHOLE);
}

fn declared(start: &Start) -> Result<Load, Fault> {
    match start.variable(0) {
        Value::Null => Ok(Load::new(
            "constant_vus",
            Schedule::lasting(7, Duration::from_secs(9)),
        )),
        _ => Err(Fault::new("value", "no such load").at(&PLACE)),
    }
}

static LOADED: Grid = Grid::new("loaded").scenarios(&[
    Scenario::new("browse", "main").load(declared),
    Scenario::new("order", "main"),
]);

#[test]
fn a_declared_load_is_put_on_unless_flags_give_another_one() {
    let loads = |line: &str| asked_of(&LOADED, line);
    let users = |asked: &Asked| {
        let loads = asked.loads.iter().map(Option::as_ref);
        loads
            .map(|load| load.map(|load| load.schedule.users()))
            .collect::<Vec<_>>()
    };
    let whole = loads("").unwrap();
    assert_eq!(
        (users(&whole), whole.functional),
        (vec![Some(7), Some(1)], false)
    );
    let once = loads("--once").unwrap();
    assert_eq!(
        (users(&once), once.functional),
        (vec![Some(1), Some(1)], true)
    );
    let one = loads("--scenario order --vus 3 --duration 1s").unwrap();
    assert_eq!((users(&one), one.functional), (vec![None, Some(3)], false));
    let said = loads("--vus 3 --duration 1s").unwrap_err();
    assert!(said.contains("add --scenario NAME"), "{said}");
    let start = Start::new(vec![Value::Bool(true)], 0);
    let said = load(&LOADED, &start, &parse("").unwrap()).unwrap_err();
    assert_eq!(said, "grid.hcl:1:1: no such load");
}

/// A load of each profile, with a grace, a pace and a later beginning.
fn of_profile(schedule: Schedule, profile: &'static str) -> Load {
    Load {
        start_after: Duration::from_secs(60),
        graceful_stop: Duration::from_secs(3),
        pace: Some(Duration::from_secs(2)),
        warm_up: Duration::from_secs(1),
        ..Load::new(profile, schedule)
    }
}

fn open(schedule: [(u64, u64); 2], profile: &'static str) -> Load {
    let stages = schedule.map(|(seconds, to)| Stage {
        length: seconds * 1_000_000_000,
        to: to * 1_000_000,
    });
    let first = stages[0].to;
    let rate = Rate::new(1_000_000_000, first, &stages).unwrap();
    let arrivals = Arrivals {
        rate: Arc::new(rate),
        spread: Spread::Even,
        users: 5,
        max_users: 50,
        shares_users: false,
        when_full: WhenFull::Drop,
    };
    Load {
        pace: None,
        ..of_profile(Schedule::Open(arrivals), profile)
    }
}

/// A rate whose scenario begins with so many users, and says nothing of how many it may have.
fn with_users(users: u32) -> Load {
    let mut load = open([(10, 100), (0, 100)], "constant_arrival_rate");
    if let Schedule::Open(arrivals) = &mut load.schedule {
        *arrivals = Arrivals {
            users,
            max_users: 10_000,
            shares_users: true,
            ..arrivals.clone()
        };
    }
    load
}

static MANY: Grid = Grid::new("many").scenarios(&[
    Scenario::new("browse", "main").load(|_| Ok(with_users(6_000))),
    Scenario::new("order", "main").load(|_| Ok(with_users(4_001))),
]);

#[test]
fn scenarios_that_share_their_users_begin_with_no_more_than_there_may_be() {
    let said = asked_of(&MANY, "").unwrap_err();
    assert_eq!(
        said,
        "the scenarios without `max_vus` begin with 10001 users, and all of them together may have 10000: give them a `max_vus` each"
    );
    assert!(asked_of(&MANY, "--scenario browse").is_ok());
}

fn of_constant(_: &Start) -> Result<Load, Fault> {
    let schedule = Schedule::lasting(7, Duration::from_secs(9));
    Ok(of_profile(schedule, "constant_vus"))
}

fn of_rate(_: &Start) -> Result<Load, Fault> {
    Ok(open([(10, 100), (0, 100)], "constant_arrival_rate"))
}

fn of_stages(_: &Start) -> Result<Load, Fault> {
    Ok(open([(10, 100), (5, 0)], "ramping_arrival_rate"))
}

fn of_chance(start: &Start) -> Result<Load, Fault> {
    let mut load = of_rate(start)?;
    if let Schedule::Open(arrivals) = &mut load.schedule {
        arrivals.spread = Spread::Poisson;
    }
    Ok(load)
}

static BY_CHANCE: Grid =
    Grid::new("chance").scenarios(&[Scenario::new("by_chance", "main").load(of_chance)]);

static PROFILES: Grid = Grid::new("profiles").scenarios(&[
    Scenario::new("constant", "main").load(of_constant),
    Scenario::new("rate", "main")
        .load(of_rate)
        .after("constant"),
    Scenario::new("stages", "main")
        .load(of_stages)
        .after("rate"),
    Scenario::new("loose", "main").after("nobody"),
]);

/// The load of one scenario with flags, and what it replaces.
fn of_scenario(name: &str, line: &str) -> Result<Load, String> {
    let asked = asked_of(&PROFILES, &format!("--scenario {name} {line}"))?;
    let mut loads = asked.loads.into_iter().flatten();
    Ok(loads.next().unwrap())
}

#[test]
fn flags_replace_a_declared_load_or_change_a_part_of_it() {
    let second = Duration::from_secs(1);
    let whole = of_scenario("constant", "--rate 5/s --duration 4s").unwrap();
    assert_eq!(
        (whole.profile, whole.replaces),
        ("constant_arrival_rate", Some("constant_vus"))
    );
    assert_eq!(whole.schedule.total(), Some(20));
    // It begins with the run and keeps its grace; a pace is nothing for a rate.
    let kept = (whole.start_after, whole.graceful_stop, whole.pace);
    assert_eq!(kept, (Duration::ZERO, second * 3, None));
    assert_eq!(whole.warm_up, Duration::ZERO);

    let longer = of_scenario("constant", "--duration 20s").unwrap();
    assert_eq!(longer.schedule, Schedule::lasting(7, second * 20));
    assert_eq!(
        (longer.pace, longer.warm_up, longer.replaces),
        (Some(second * 2), second, Some("constant_vus"))
    );
    let more = of_scenario("constant", "--vus 70").unwrap();
    assert_eq!(more.schedule, Schedule::lasting(70, second * 9));

    let longer = of_scenario("rate", "--duration 20s --max-vus 60 --arrivals poisson").unwrap();
    let Schedule::Open(arrivals) = longer.schedule else {
        panic!("not open");
    };
    assert_eq!(arrivals.rate.total(), 2_000);
    assert_eq!(
        (arrivals.users, arrivals.max_users, arrivals.spread),
        (5, 60, Spread::Poisson)
    );
    assert_eq!(arrivals.when_full, WhenFull::Drop);
    let spread = |line: &str| {
        let asked = asked_of(&BY_CHANCE, line).unwrap();
        let load = asked.loads[0].as_ref().unwrap();
        load.schedule.arrivals().map(|arrivals| arrivals.spread)
    };
    assert_eq!(spread(""), Some(Spread::Poisson));
    assert_eq!(spread("--arrivals even"), Some(Spread::Even));
    let closed = of_scenario("rate", "--vus 3").unwrap();
    assert_eq!(closed.schedule, Schedule::lasting(3, second * 10));
    assert_eq!(closed.profile, "constant_vus");

    for (name, line, expected) in [
        (
            "stages",
            "--duration 5s",
            "--duration does not change the stages of ramping_arrival_rate",
        ),
        ("constant", "--max-vus 5", "--max-vus is about a rate"),
        (
            "rate",
            "--max-vus 4",
            "--max-vus 4 is less than the 5 users that the scenario begins with",
        ),
        (
            "rate",
            "--duration 1s",
            "--duration is not longer than the warm-up of the scenario, which is 1s",
        ),
    ] {
        let said = of_scenario(name, line).unwrap_err();
        assert!(said.contains(expected), "{name} {line}: {said}");
    }
}

#[test]
fn a_scenario_begins_when_the_one_before_it_surely_has_ended() {
    let begins = |line: &str| {
        let asked = asked_of(&PROFILES, line).unwrap();
        let loads = asked.loads.into_iter();
        loads
            .map(|load| load.map(|load| load.start_after.as_secs()))
            .collect::<Vec<_>>()
    };
    // 60 s, 9 s and 3 s to finish; then 60 s of its own, 10 s and 3 s.
    assert_eq!(
        begins(""),
        [Some(60), Some(72 + 60), Some(72 + 73 + 60), Some(0)]
    );
    // One that is left out is not waited for.
    assert_eq!(
        begins("--scenario rate --scenario stages"),
        [None, Some(60), Some(73 + 60), None]
    );
    assert_eq!(begins("--once"), [Some(0); 4]);
    assert_eq!(begins("--graceful-stop 0s")[1], Some(69 + 60));
}

#[test]
fn running_iterations_get_k6s_grace_at_the_end_and_a_short_one_after_a_signal() {
    let seconds = |line| {
        let asked = asked(line).unwrap();
        let load = asked.loads[0].as_ref().unwrap();
        let graces = (load.graceful_stop, asked.graceful_on_signal);
        (graces.0.as_secs(), graces.1.as_secs())
    };
    assert_eq!(seconds(""), (0, 0));
    assert_eq!(seconds("--iterations 5"), (30, 5));
    assert_eq!(seconds("--iterations 5 --graceful-stop 2s"), (2, 2));
}

#[test]
fn a_tip_is_given_only_where_it_is_near() {
    let said = |line| parse(line).unwrap_err();
    assert!(said("--base-ulr x").contains("'--base-url'"));
    assert!(said("--duratoin 5s").contains("'--duration'"));
    for far in ["--nope", "--verbose", "--base"] {
        let said = said(far);
        assert!(
            said.contains(&format!("unexpected argument '{far}' found")),
            "{said}"
        );
        assert!(!said.contains("tip"), "{said}");
    }
}

#[test]
fn quiet_is_stronger_than_a_level() {
    assert_eq!(parse("--log-level debug").unwrap().level, LogLevel::Debug);
    assert_eq!(
        parse("--log-level debug -q").unwrap().level,
        LogLevel::Error
    );
    assert!(parse("--log-format json").unwrap().json);
}

#[test]
fn variables_come_in_the_order_of_their_strength() {
    let flags = parse("--base-url own --var a=1 --var-file f --var a=b=c --fast").unwrap();
    let var = |value: &str| Given::Var("a".to_owned(), value.to_owned());
    let own = |name: &str, value: &str| Given::Flag(name.to_owned(), value.to_owned());
    assert_eq!(
        flags.given,
        [
            var("1"),
            Given::File("f".into()),
            var("b=c"),
            own("base_url", "own"),
            own("fast", "true")
        ]
    );
}

#[test]
fn what_follows_var_without_an_equals_sign_is_not_quoted() {
    for line in ["--var token:hunter2", "--var hunter2", "--var =hunter2"] {
        let text = parse(line).unwrap_err();
        assert!(text.contains("`--var` is followed by NAME=VALUE"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn the_last_log_format_says_how_a_wrong_command_line_is_told() {
    for (line, json) in [
        ("--nope --log-format json", true),
        ("--log-format=json --nope", true),
        ("--log-format json --log-format text", false),
        ("--log-format", false),
        ("--log-formats json", false),
        ("", false),
    ] {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        assert_eq!(ask_for_json(&words), json, "{line}");
    }
    let wrong = |line: &str| {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        match read(&GRID, &words) {
            Err(Stopped::Wrong(text)) => first_paragraph(&text),
            other => panic!("{line}: {other:?}"),
        }
    };
    assert_eq!(wrong("--nope"), "unexpected argument '--nope' found");
    assert_eq!(
        wrong("--log-format xml"),
        "invalid value 'xml' for '--log-format <FORMAT>' [possible values: text, json]"
    );
}

#[test]
fn a_value_may_begin_with_a_hyphen() {
    assert_eq!(
        parse("--base-url -1").unwrap().given,
        [Given::Flag("base_url".to_owned(), "-1".to_owned())]
    );
    // A bool is none of that: what follows is the next flag.
    let flags = parse("--fast --once").unwrap();
    assert_eq!(
        (flags.given, flags.once),
        (
            vec![Given::Flag("fast".to_owned(), "true".to_owned())],
            true
        )
    );
}

#[test]
fn help_lists_variables_with_type_default_and_description_and_keeps_secrets() {
    let help = parse("--help").unwrap_err();
    for part in [
        "Buys things.",
        "--base-url <string>",
        "Where to send. [default: \"http://localhost\"]",
        "--token <string>",
        "[default: (sensitive value)]",
        "--fast [<bool>]",
        "[required]",
        "--var vus=<number>  Not the flag.",
        "--var log_level=<string>",
    ] {
        assert!(help.contains(part), "{part} in\n{help}");
    }
    assert!(!help.contains("hunter2"));
}

#[test]
fn the_version_names_grid_and_builder() {
    assert_eq!(
        parse("--version").unwrap_err(),
        "shop (built by bggo 1.2.3)\n"
    );
}

#[test]
fn a_number_below_zero_is_called_what_it_is() {
    for (line, expected) in [
        ("--vus -1", "expected a whole number, 1 or more"),
        ("--iterations -5", "expected a whole number, 1 or more"),
        ("--threads -2", "expected a whole number from 1 to 1024"),
        ("--duration -5s", "expected a duration such as 30s"),
        ("--graceful-stop -1s", "expected a duration such as 30s"),
    ] {
        let said = parse(line).unwrap_err();
        assert!(said.contains(expected), "{line}: {said}");
    }
}

#[test]
fn help_says_what_each_exit_code_means() {
    let help = parse("--help").unwrap_err();
    let codes = &help[help.find("Exit codes:").unwrap()..];
    let numbers: Vec<u8> = codes
        .lines()
        .filter_map(|line| line.split_whitespace().next()?.parse().ok())
        .collect();
    assert_eq!(numbers, [0, 1, 99, 100, 101, 104, 105, 109, 111, 112]);
}

static STEPS: [Info; 1] = [Info::new("http_request", "home", "grid.hcl:1")
    .slots(0..6)
    .metrics(&[
        MetricInfo::new("waiting", "time"),
        MetricInfo::new("sending", "time").on_demand(),
    ])];

fn slow(start: &Start) -> Result<Threshold, Fault> {
    let bound = threshold::time(start.variable(0)).at(&PLACE)?;
    Ok(Threshold {
        name: Text::from("home is fast"),
        condition: Condition {
            addresses: vec![Address {
                subject: Subject::Run,
                metric: Text::from("response_time"),
                key: None,
                tags: Vec::new(),
                statistic: Statistic::Maximum,
            }],
            terms: vec![Term::Figure(0), Term::Bound(bound), Term::Less],
            text: Text::from("metrics.run.response_time.max < var.limit"),
        },
        over: None,
        hold: 0,
        after: 0,
        on_fail: OnFail::Fail,
    })
}

static JUDGED: Grid = Grid::new("judged")
    .bodies(&[Body::new("main", &STEPS)])
    .thresholds(&[DeclaredThreshold::new("home is fast", PLACE, slow)]);

/// What a run of `JUDGED` is judged by, by names.
fn judged(limit: &str, flags: &[&str]) -> Result<Vec<String>, Vec<String>> {
    let words = flags.iter().flat_map(|text| ["--threshold", text]);
    let words: Vec<OsString> = words.map(OsString::from).collect();
    let flags = read(&JUDGED, &words).map_err(|stopped| vec![text(&JUDGED, stopped)])?;
    let start = Start::new(vec![Value::from(limit.to_owned())], 0);
    let made = thresholds(&JUDGED, &start, &flags.thresholds)?;
    Ok(made.iter().map(|one| one.name.to_string()).collect())
}

#[test]
fn thresholds_of_flags_stand_behind_those_of_the_grid() {
    let texts = ["http_request.home.p95 < 300ms over 10s", "failed < 1%"];
    assert_eq!(
        judged("1s", &texts).unwrap(),
        ["home is fast", texts[0], texts[1]]
    );
}

#[test]
fn a_threshold_that_cannot_be_is_an_error_before_any_load() {
    let said = judged("soon", &["http_request.hom.p95 < 1s", "failed < 1s"]).unwrap_err();
    assert_eq!(
        said[1..],
        [
            "--threshold 'http_request.hom.p95 < 1s': there is no step `http_request.hom`: did you mean `home`? (column 1)",
            "--threshold 'failed < 1s': expected a share such as `1%` or `0.01`, found `1s` (column 10)",
        ]
    );
    assert!(said[0].starts_with("grid.hcl:1:1: "), "{}", said[0]);
    assert!(
        said[0].ends_with(", in the threshold \"home is fast\""),
        "{}",
        said[0]
    );
    let said = judged("1s", &["p95 = 1s"]).unwrap_err().concat();
    assert!(
        said.contains("expected `<`, `<=`, `>` or `>=`, found `=` (column 5)"),
        "{said}"
    );
}

#[test]
fn metrics_are_asked_for_by_the_names_of_their_steps() {
    let words = |names: &[&str]| -> Vec<OsString> {
        let words = names.iter().flat_map(|text| ["--metric", text]);
        words.map(OsString::from).collect()
    };
    let metrics = |names: &[&str]| read(&JUDGED, &words(names)).unwrap().metrics;
    let names = ["http_request.home.sending", "http_request.home.waiting"];
    let asked = metrics(&names);
    assert_eq!(asked.len(), 2);
    assert_eq!(unknown_metrics(&JUDGED, &asked), [""; 0]);
    assert_eq!(
        measured_anyway(&JUDGED, &asked),
        ["--metric 'http_request.home.waiting': it is measured in every run"]
    );
    let wrong = ["http_request.home.sendin", "http_request.hme.sending"];
    assert_eq!(
        unknown_metrics(&JUDGED, &metrics(&wrong)),
        [
            "--metric 'http_request.home.sendin': there is no metric `sendin`: did you mean `sending`?",
            "--metric 'http_request.hme.sending': there is no step `http_request.hme`: did you mean `home`?",
        ]
    );
    let said = read(&JUDGED, &words(&["http_request.home.sending.p95"]));
    let said = text(&JUDGED, said.unwrap_err());
    assert!(
        said.contains("invalid value 'http_request.home.sending.p95' for '--metric <STEP.METRIC>': a metric is named without a statistic: leave out `.p95`"),
        "{said}"
    );
}

#[test]
fn a_functional_run_measures_no_metric() {
    let said = unfit("--metric http_request.home.sending", OnFail::Fail);
    assert_eq!(
        said,
        [
            "--metric measures something of a load, and a functional run shows no figures: add --duration 30s, or --iterations 1000"
        ]
    );
    let of_load = "--metric http_request.home.sending --duration 1s";
    assert_eq!(unfit(of_load, OnFail::Fail), [""; 0]);
}

#[test]
fn files_progress_and_columns_are_read() {
    let flags = parse(
        "--csv a.csv --junit b.xml --summary-json - --progress none --percentiles p50,p99.99",
    )
    .unwrap();
    assert_eq!(flags.csv.as_deref(), Some(std::path::Path::new("a.csv")));
    assert_eq!(flags.junit.as_deref(), Some(std::path::Path::new("b.xml")));
    assert_eq!(
        flags.summary_json.as_deref(),
        Some(std::path::Path::new("-"))
    );
    assert_eq!(flags.progress, Some(Progress::None));
    let heads: Vec<&str> = flags.percentiles.heads().collect();
    assert_eq!(heads, ["p50", "p99.99", "max"]);
    let none = parse("").unwrap();
    assert_eq!((none.progress, none.csv, none.dry_run), (None, None, false));
    assert_eq!(parse("--progress auto").unwrap().progress, None);
}

#[test]
fn a_plan_is_asked_for_and_a_latency_only_with_it() {
    let flags = parse("--dry-run --assume-latency 200ms").unwrap();
    assert!(flags.dry_run);
    assert_eq!(flags.assume_latency, Some(Duration::from_millis(200)));
    for (line, why) in [
        ("--assume-latency 200ms", "--dry-run"),
        ("--dry-run --assume-latency 0s", "longer than zero"),
        ("--percentiles p100", "between p0 and p100"),
        ("--progress loud", "auto, bar, plain, none"),
    ] {
        let said = parse(line).unwrap_err();
        assert!(said.contains(why), "{line}: {said}");
    }
}

/// What of `JUDGED` does not fit a command line.
fn unfit(line: &str, on_fail: OnFail) -> Vec<String> {
    let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
    let flags = read(&JUDGED, &words).unwrap();
    let start = Start::new(vec![Value::from("1s".to_owned())], 0);
    let asked = load(&JUDGED, &start, &flags).unwrap();
    let mut thresholds = thresholds(&JUDGED, &start, &[]).unwrap();
    thresholds[0].on_fail = on_fail;
    refused(&flags, &asked, &thresholds)
}

#[test]
fn a_share_of_a_run_cannot_be_aborted_by_a_threshold() {
    let said = unfit("--duration 1s --segment 1/2", OnFail::Abort).concat();
    assert!(
        said.starts_with("threshold \"home is fast\" aborts the run"),
        "{said}"
    );
    for (line, on_fail) in [
        ("--duration 1s --segment 1/2", OnFail::Fail),
        ("--duration 1s", OnFail::Abort),
    ] {
        assert!(unfit(line, on_fail).is_empty(), "{line}");
    }
}

#[test]
fn a_share_without_a_user_or_an_iteration_is_refused() {
    for line in [
        "--vus 2 --duration 1s --segment 3/3",
        "--vus 5 --iterations 2 --segment 3/3",
        "--rate 2/s --duration 1s --segment 3/3",
        "--rate 9/s --duration 1s --max-vus 2 --segment 3/3",
    ] {
        let said = unfit(line, OnFail::Fail).concat();
        let text = "share 3/3 of the load is empty: there are more shares than users or iterations";
        assert!(said.starts_with(text), "{line}: {said}");
        let other = line.replace("3/3", "1/3");
        assert!(unfit(&other, OnFail::Fail).is_empty(), "{other}");
    }
}

#[test]
fn what_judges_or_shares_a_load_needs_one() {
    for (flag, why) in [
        (
            "--threshold failed<1%",
            "--threshold judges the figures of a load",
        ),
        ("--segment 1/2", "--segment shares a load"),
    ] {
        let said = unfit(&format!("--once {flag}"), OnFail::Fail).concat();
        assert!(said.starts_with(why), "{said}");
        assert!(unfit(&format!("--duration 1s {flag}"), OnFail::Fail).is_empty());
    }
}

#[test]
fn a_load_in_which_nothing_is_ever_due_is_refused() {
    for line in [
        "--rate 0/s --duration 1s",
        "--rate 0/s --duration 1s --arrivals poisson",
        "--stages 1s:0/s",
        "--stages 0s:100/s",
    ] {
        let said = schedule(line).unwrap_err();
        assert!(
            said.starts_with("no iteration is ever due"),
            "{line}: {said}"
        );
    }
    assert!(schedule("--stages 1s:0/s,1s:1/s").is_ok());
}

#[test]
fn a_threshold_whose_percentage_lacks_its_sign_is_warned_of() {
    let words = ["--threshold", "failed<5", "--threshold", "failed<5%"].map(OsString::from);
    let flags = read(&JUDGED, &words).map_err(|_| "flags").unwrap();
    assert_eq!(
        warnings(&JUDGED, &flags.thresholds),
        ["--threshold 'failed<5': a share is from 0 to 1: write `5%` (column 8)"]
    );
}

#[test]
fn a_limit_of_failures_is_a_share_and_needs_a_load() {
    let said = unfit("--once --max-failed 5%", OnFail::Fail).concat();
    assert!(said.starts_with("--max-failed is about a load"), "{said}");
    assert!(unfit("--duration 1s --max-failed 5%", OnFail::Fail).is_empty());
    let limit = |text: &str| {
        let words = ["--max-failed", text].map(OsString::from);
        read(&JUDGED, &words).map(|flags| flags.max_failed).ok()
    };
    assert_eq!(limit("5%"), Some(Some(0.05)));
    assert_eq!(limit("0.1 %"), Some(Some(0.001)));
    for wrong in ["5", "101%", "-1%", "five"] {
        assert_eq!(limit(wrong), None, "{wrong}");
    }
}

#[test]
fn a_trace_has_a_size_and_samples_have_a_share() {
    let size = |line: &str| parse(line).unwrap().trace_io;
    assert_eq!(size(""), None);
    assert_eq!(size("--trace-io"), Some(4096));
    assert_eq!(size("--trace-io --once"), Some(4096));
    assert_eq!(size("--trace-io 64KiB"), Some(65_536));
    assert_eq!(size("--trace-io=0"), Some(0));
    let wrong = parse("--trace-io=much").unwrap_err();
    assert!(
        format!("{wrong:?}").contains("expected a size such as 512, 4KiB or 1MiB"),
        "{wrong:?}"
    );
    let flags = parse("--samples a.csv --sample-share 5%").unwrap();
    assert_eq!(
        flags.samples.as_deref(),
        Some(std::path::Path::new("a.csv"))
    );
    assert_eq!(flags.sample_share, Some(0.05));
    assert!(parse("--sample-share 5%").is_err());
}
