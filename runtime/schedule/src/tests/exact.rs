//! Moments and counts of arrivals against the integral of the rate in rational numbers.

use crate::poisson::Blocks;
use crate::rate::{LONGEST_UNIT, Place};
use crate::*;
use num_bigint::BigInt;
use num_rational::BigRational;
use proptest::prelude::*;
use std::sync::Arc;

fn whole(n: u64) -> BigRational {
    BigRational::from_integer(BigInt::from(n))
}

/// The integral until `at`, in iterations.
fn integral(unit: u64, start: u64, stages: &[Stage], at: u64) -> BigRational {
    let (mut sum, mut from, mut begins) = (whole(0), start, 0u64);
    for stage in stages {
        let x = whole(at.saturating_sub(begins).min(stage.length));
        if stage.length > 0 {
            let (low, high) = (whole(from), whole(stage.to));
            sum += &low * &x + (high - &low) * &x * &x / (whole(2) * whole(stage.length));
        }
        begins += stage.length;
        from = stage.to;
    }
    sum / (whole(unit) * whole(1_000_000))
}

/// A unit of time, a rate at the start, and stages: small, large, of no length, up to a year and a billion a second.
fn profiles() -> impl Strategy<Value = (u64, u64, Vec<Stage>)> {
    let rate = || {
        prop_oneof![
            Just(0u64),
            0u64..5_000_000,
            0u64..2_000_000_000,
            Just(1_000_000_000_000u64),
            0u64..=u64::MAX
        ]
    };
    let length = || {
        prop_oneof![
            Just(0u64),
            1u64..100,
            1u64..10_000_000_000,
            1u64..90_000_000_000_000,
            Just(31_536_000_000_000_000u64)
        ]
    };
    let unit = prop_oneof![
        Just(1_000_000_000u64),
        Just(60_000_000_000),
        Just(LONGEST_UNIT),
        1u64..1_000_000
    ];
    let stage = (length(), rate()).prop_map(|(length, to)| Stage { length, to });
    (unit, rate(), prop::collection::vec(stage, 0..5)).prop_map(|(unit, start, stages)| {
        let highest = u64::try_from(u128::from(unit) * 1_000_000).unwrap_or(u64::MAX);
        let stages = stages.into_iter().map(|stage| Stage {
            to: stage.to.min(highest),
            ..stage
        });
        (unit, start.min(highest), stages.collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn due_is_the_first_nanosecond_at_which_the_integral_exceeds_the_place((unit, start, stages) in profiles(), share in 0.0f64..1.0, fraction in 0u32..) {
        let rate = Rate::new(unit, start, &stages).unwrap();
        let area = |at| integral(unit, start, &stages, at);
        let total = area(rate.length());
        let limit = BigInt::from(u64::MAX);
        prop_assert_eq!(BigInt::from(rate.total()), total.ceil().to_integer().min(limit));
        let numbers = [0, 1, rate.total().saturating_sub(1), (rate.total() as f64 * share) as u64, rate.total()];
        let mut numbers = numbers.to_vec();
        numbers.sort_unstable();
        numbers.dedup();
        let (mut last, mut hint) = (0, 0);
        for (number, part) in numbers.into_iter().flat_map(|number| [(number, 0), (number, fraction)]) {
            let place = Place(Place::whole(number).0 + u128::from(part));
            let exact = whole(number) + whole(part.into()) / whole(1 << 32);
            let due = rate.due(place);
            prop_assert_eq!(rate.due_from(place, &mut hint), due);
            let Some(at) = due else {
                prop_assert!(exact >= total);
                continue;
            };
            prop_assert!(area(at) > exact);
            prop_assert!(area(at - 1) <= exact);
            prop_assert!(at >= last);
            last = at;
            prop_assert!(rate.count(at) > number);
            prop_assert!(rate.count(at - 1) <= number + u64::from(part > 0));
        }
    }

    #[test]
    fn cutting_a_stage_in_two_changes_nothing(unit in 1_000_000u64..2_000_000_000, from in 0u64..1_000_000_000, half in 1u64..1_000_000_000_000, slope in 0u64..1_000_000, number in 0u64..1000) {
        let (middle, to) = (from + slope, from + 2 * slope);
        let stage = |length, to| Stage { length, to };
        let one = Rate::new(unit, from, &[stage(half * 2, to)]).unwrap();
        let two = Rate::new(unit, from, &[stage(half, middle), stage(half, to)]).unwrap();
        prop_assert_eq!(one.total(), two.total());
        prop_assert_eq!(one.due(Place::whole(number)), two.due(Place::whole(number)));
    }

    #[test]
    fn the_same_load_in_twice_the_time_is_due_at_twice_the_moments(from in 0u64..1_000_000_000, to in 0u64..1_000_000_000, length in 1u64..1_000_000_000_000, number in 0u64..1000) {
        let rate = |length, half: u64| Rate::new(1_000_000_000 * half, from, &[Stage { length, to }]).unwrap();
        let (once, twice) = (rate(length, 1), rate(length * 2, 2));
        prop_assert_eq!(once.total(), twice.total());
        match (once.due(Place::whole(number)), twice.due(Place::whole(number))) {
            // Rounded up to a whole nanosecond in both.
            (Some(once), Some(twice)) => prop_assert!(twice <= once * 2 && twice + 2 > once * 2),
            (once, twice) => prop_assert_eq!(once, twice),
        }
    }

    #[test]
    fn shares_of_hosts_and_workers_are_disjoint_and_complete(cuts in prop::collection::vec(1u32..4, 1..4), workers in prop::collection::vec(1u32..9, 4), total in 0u64..500) {
        let stripes: u32 = cuts.iter().sum();
        let (mut seen, mut first) = (vec![0; total as usize], 0);
        for (own, workers) in cuts.iter().zip(workers) {
            let host = Segment::hosts(first, *own, stripes).unwrap();
            first += own;
            for worker in 0..workers {
                let segment = host.worker(worker, workers);
                let numbers = (0..).map_while(|j| segment.nth(j).filter(|k| *k < total));
                let numbers: Vec<u64> = numbers.collect();
                prop_assert_eq!(numbers.len() as u64, segment.of(total));
                for number in numbers {
                    prop_assert!(segment.has(number));
                    seen[number as usize] += 1;
                }
            }
        }
        prop_assert!(seen.iter().all(|times| *times == 1));
    }

    #[test]
    fn the_largest_numbers_do_not_overflow(j in any::<u64>(), total in any::<u64>(), worker in 0u32..1_000, more in 1u32..1_000) {
        let segment = Segment::WHOLE.worker(worker, worker + more);
        let _ = (segment.nth(j), segment.of(total));
    }

    /// Whoever takes them: one worker, or several of several hosts.
    #[test]
    fn arrivals_by_chance_are_the_same_for_any_number_of_workers(seed in any::<u64>(), workers in 1u32..9, hosts in 1u32..4, to in 1u64..2_000_000_000) {
        let rate = Rate::new(1_000_000_000, 0, &[Stage { length: 2_000_000_000, to }]).unwrap();
        let arrivals = Arrivals {
            rate: Arc::new(rate),
            spread: Spread::Poisson,
            users: 0,
            max_users: 1,
            shares_users: false,
            when_full: WhenFull::Wait,
        };
        let taken = |segment| {
            let mut source = Source::new(&arrivals, segment, seed);
            std::iter::from_fn(move || source.take(u64::MAX)).collect::<Vec<_>>()
        };
        let one = taken(Segment::WHOLE);
        let parts = (0..hosts).flat_map(|host| (0..workers).map(move |worker| (host, worker)));
        let mut all: Vec<Arrival> = parts
            .flat_map(|(host, worker)| {
                let segment = Segment::hosts(host, 1, hosts).unwrap();
                taken(segment.worker(worker, workers))
            })
            .collect();
        all.sort_by_key(|arrival| arrival.number);
        prop_assert_eq!(one.len() as u64, arrivals.total(seed));
        // What is left at some moment is counted as it would be taken.
        for segment in [Segment::WHOLE, Segment::hosts(0, 1, hosts).unwrap().worker(0, workers)] {
            let source = || Source::new(&arrivals, segment, seed);
            let (mut by_one, mut at_once) = (source(), source());
            let at = |share: usize| one.get(one.len() * share / 5).map(|arrival| arrival.due);
            let moments = (0..5).filter_map(at).chain([u64::MAX]);
            for moment in moments.flat_map(|due| [due - 1, due]) {
                by_one.take(moment);
                at_once.take(moment);
                let taken = std::iter::from_fn(|| by_one.take(moment)).count() as u64;
                prop_assert_eq!(at_once.take_all(moment), taken);
                prop_assert_eq!(at_once.peek(), by_one.peek());
            }
        }
        prop_assert_eq!(one, all);
    }
}

#[test]
fn a_day_up_to_a_million_a_second_is_exact() {
    let day = 86_400 * 1_000_000_000;
    let stages = [Stage {
        length: day,
        to: 1_000_000_000_000,
    }];
    let rate = Rate::new(1_000_000_000, 0, &stages).unwrap();
    assert_eq!(rate.total(), 43_200_000_000);
    let last = rate.due(Place::whole(rate.total() - 1)).unwrap();
    assert!(last <= day && rate.count(last) == rate.total());
}

#[test]
fn gaps_of_arrivals_by_chance_have_the_mean_and_the_variance_of_a_poisson_process() {
    let mut blocks = Blocks::new(7);
    let (mut last, count) = (Place(0), 200_000);
    let mut gaps = Vec::with_capacity(count);
    for number in 0..count as u64 {
        let place = blocks.place(number).unwrap();
        assert!(place >= last);
        gaps.push((place.0 - last.0) as f64 / f64::from(2u32).powi(32));
        last = place;
    }
    let mean = gaps.iter().sum::<f64>() / count as f64;
    let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / count as f64;
    // Three standard errors of both, for this number of gaps.
    assert!((mean - 1.0).abs() < 0.007, "{mean}");
    assert!((variance - 1.0).abs() < 0.02, "{variance}");
}
