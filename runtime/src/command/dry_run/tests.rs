//! Plans of loads.

use super::*;
use crate::grid::Grid;
use bggo_schedule::{
    Arrivals, Growth, Load, Precision, Ramp, Rate, Segment, Stage, UserStage, WhenFull,
};
use bggo_values::Text;
use std::sync::Arc;

static GRID: Grid = Grid::new("shop");
const SECOND: u64 = 1_000_000_000;

fn run_of(loads: Vec<LoadDescription>) -> RunDescription {
    RunDescription {
        grid: &GRID,
        run_id: Text::Static("1"),
        loads,
        seed: 7,
        segment: Segment::WHOLE,
        threads: 1,
        functional: false,
    }
}

fn load(profile: &'static str, schedule: Schedule) -> LoadDescription {
    LoadDescription {
        scenario: "main",
        load: Load::new(profile, schedule),
    }
}

/// A rate that changes, in stages of seconds and iterations a second.
fn rate(start: u64, stages: &[(u64, u64)], spread: Spread) -> Schedule {
    let stages: Vec<Stage> = stages
        .iter()
        .map(|(seconds, to)| Stage {
            length: seconds * SECOND,
            to: to * 1_000_000,
        })
        .collect();
    Schedule::Open(Arrivals {
        rate: Arc::new(Rate::new(SECOND, start * 1_000_000, &stages).unwrap()),
        spread,
        users: 0,
        max_users: 80,
        shares_users: false,
        when_full: WhenFull::Wait,
    })
}

#[test]
fn a_plan_has_the_starts_of_each_second_and_their_sum() {
    let ramp = rate(0, &[(2, 100), (1, 100), (1, 0)], Spread::Even);
    let run = run_of(vec![load("ramping_arrival_rate", ramp)]);
    assert_eq!(
        plan(&run, Some(Duration::from_millis(200))),
        "shop: the plan of the load; nothing was run

main: ramping_arrival_rate 0/s to 100/s for 4s, at most 80 users
  0s to 1s                     25 starts        25.0/s
  1s to 2s                     75 starts        75.0/s
  2s to 3s                    100 starts       100.0/s
  3s to 4s                     50 starts        50.0/s
  in all 250 starts in 4.00s
  if an iteration takes 200ms: up to 20 users at once (100/s x 200ms), of at most 80
"
    );
}

#[test]
fn a_long_load_has_at_most_sixty_rows_and_they_add_up() {
    for seconds in [1, 60, 61, 119, 3_600, 100_000, 10_000_000] {
        let rows = rows(Duration::from_secs(seconds));
        assert!(rows.len() as u64 <= MOST_ROWS, "{seconds}: {}", rows.len());
        assert_eq!(rows[0].0, 0);
        assert!(
            rows.iter()
                .zip(&rows[1..])
                .all(|(one, next)| one.1 == next.0)
        );
        let (begin, end) = rows[rows.len() - 1];
        assert!(
            begin < seconds && end >= seconds,
            "{seconds}: {begin} {end}"
        );
    }
    assert!(rows(Duration::ZERO).is_empty());
    // The last row ends with the load: a year is 52 weeks and a day.
    let year = rows(Duration::from_secs(365 * 86_400));
    assert_eq!(year.last(), Some(&(364 * 86_400, 365 * 86_400)));
    let day = rate(7, &[(86_400, 7)], Spread::Even);
    let run = run_of(vec![load("constant_arrival_rate", day)]);
    let text = plan(&run, None);
    let starts = text.lines().filter(|line| line.contains(" starts  "));
    let starts = starts.map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words[3].parse::<u64>().unwrap()
    });
    assert_eq!(starts.sum::<u64>(), 7 * 86_400);
    assert!(
        text.contains("  in all 604800 starts in 24h00m\n"),
        "{text}"
    );
}

#[test]
fn shares_of_a_plan_add_up_to_the_whole() {
    let starts = |segment: Segment| {
        let even = rate(101, &[(3, 101)], Spread::Even);
        let run = RunDescription {
            segment,
            ..run_of(vec![load("constant_arrival_rate", even)])
        };
        let text = plan(&run, None);
        let begin = text.split("in all ").nth(1).unwrap();
        begin.split(' ').next().unwrap().parse::<u64>().unwrap()
    };
    let shares = [0, 1].map(|first| Segment::hosts(first, 1, 2).unwrap());
    assert!(
        plan(
            &RunDescription {
                segment: shares[1],
                ..run_of(Vec::new())
            },
            None
        )
        .contains("share 2/2 of the load\n")
    );
    assert_eq!(starts(shares[0]) + starts(shares[1]), 303);
    assert_eq!(starts(Segment::WHOLE), 303);
}

#[test]
fn a_plan_that_needs_more_users_than_there_may_be_says_so_and_one_by_chance_has_means() {
    let by_chance = rate(500, &[(2, 500)], Spread::Poisson);
    let run = run_of(vec![load("constant_arrival_rate", by_chance)]);
    let text = plan(&run, Some(Duration::from_secs(1)));
    for part in [
        "in all about 1000 starts in 2.00s\n",
        "by chance: these are means\n",
        "up to 500 users at once (500/s x 1.00s), of at most 80\n",
        "too few: iterations would wait",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_search_whose_highest_rate_needs_more_users_than_there_may_be_says_so_too() {
    let Schedule::Open(arrivals) = rate(100, &[(10, 100)], Spread::Even) else {
        unreachable!("it is a rate");
    };
    let search = Search {
        arrivals,
        unit: SECOND,
        start: 100_000_000,
        growth: Growth::Factor(2_000_000),
        max: 400_000_000,
        precision: Precision::Share(50_000),
        hold: 10 * SECOND,
        until: Text::Static("fast"),
    };
    let run = run_of(vec![load("search", Schedule::Search(Box::new(search)))]);
    let text = plan(&run, Some(Duration::from_secs(1)));
    assert!(
        text.contains(
            "up to 400 users at once (400/s x 1.00s), of at most 80\n  that is too few: "
        ),
        "{text}"
    );
    let text = plan(&run, Some(Duration::from_millis(200)));
    assert!(text.ends_with("(400/s x 200ms), of at most 80\n"), "{text}");
}

#[test]
fn a_closed_load_has_users_and_its_starts_follow_from_the_latency() {
    let lasting = Schedule::lasting(20, Duration::from_secs(30));
    let run = run_of(vec![load("constant_vus", lasting)]);
    assert!(
        plan(&run, None).ends_with("  20 users; an iteration starts when a user is free\n"),
        "{}",
        plan(&run, None)
    );
    let text = plan(&run, Some(Duration::from_millis(200)));
    assert!(
        text.ends_with("  if an iteration takes 200ms: about 100.0/s, 3000 starts in 30.0s\n"),
        "{text}"
    );
    let shared = Schedule::iterations(20, 1_000).at_most(Duration::from_secs(600));
    let run = run_of(vec![load("shared_iterations", shared)]);
    let text = plan(&run, Some(Duration::from_millis(200)));
    assert!(
        text.contains("  in all 1000 starts of 20 users;")
            && text.ends_with("1000 starts in 10.0s\n"),
        "{text}"
    );
    let stages = vec![UserStage {
        length: 4 * SECOND,
        to: 40,
    }];
    let ramp = Schedule::Ramping(Arc::new(Ramp::new(0, stages)));
    let late = LoadDescription {
        load: Load {
            start_after: Duration::from_secs(10),
            ..load("ramping_vus", ramp.clone()).load
        },
        ..load("ramping_vus", ramp)
    };
    let text = plan(&run_of(vec![late]), Some(Duration::from_millis(500)));
    assert!(
        text.contains("\n  10s to 11s                    0 to 10 users\n")
            && text.contains("\n  13s to 14s                   30 to 40 users\n")
            && text.ends_with("in all up to 40 users in 4.00s; an iteration starts when a user is free\n  if an iteration takes 500ms: about 160 starts\n"),
        "{text}"
    );
}

#[test]
fn a_functional_run_has_no_plan() {
    let run = RunDescription {
        functional: true,
        ..run_of(Vec::new())
    };
    assert!(plan(&run, None).contains("no load: each scenario runs once"));
}

#[test]
fn the_plan_as_json_has_the_numbers_of_the_plan_in_words() {
    let ramp = rate(0, &[(2, 100), (1, 0)], Spread::Even);
    let mut users = load(
        "ramping_vus",
        Schedule::Ramping(Arc::new(Ramp::new(
            1,
            vec![UserStage {
                length: SECOND,
                to: 11,
            }],
        ))),
    );
    users.load.start_after = Duration::from_secs(3);
    let closed = load("shared_iterations", Schedule::iterations(2, 10));
    let run = run_of(vec![load("ramping_arrival_rate", ramp), users, closed]);
    let text = line(&run, Some(Duration::from_millis(200)));
    assert!(text.ends_with('\n') && text.lines().count() == 1, "{text}");
    let plan: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        plan,
        serde_json::json!({
            "event": "plan", "grid": "shop", "functional": false,
            "scenarios": [
                {
                    "scenario": "main", "profile": "ramping_arrival_rate",
                    "load": "0/s to 100/s for 3s, at most 80 users", "users": 0, "max_users": 80,
                    "duration": 3, "starts": 150, "users_needed": 15,
                    "rows": [
                        { "from": 0, "to": 1, "starts": 25, "rate": 25 },
                        { "from": 1, "to": 2, "starts": 75, "rate": 75 },
                        { "from": 2, "to": 3, "starts": 50, "rate": 50 },
                    ],
                },
                {
                    "scenario": "main", "profile": "ramping_vus",
                    "load": "up to 11 users for 1s, after 3s", "users": 1, "max_users": 11,
                    "duration": 1,
                    "rows": [{ "from": 3, "to": 4, "users_first": 1, "users_last": 11 }],
                },
                {
                    "scenario": "main", "profile": "shared_iterations",
                    "load": "2 users, 10 iterations", "users": 2, "max_users": 2, "starts": 10,
                },
            ],
        })
    );
    let page = include_str!("../../../../docs/output.md");
    for field in [
        "rows",
        "from",
        "to",
        "users_needed",
        "users_first",
        "users_last",
    ] {
        assert!(page.contains(&format!("`{field}`")), "{field}");
    }
}
