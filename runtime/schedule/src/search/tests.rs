//! How a search goes on, and that a rate which grows has the arrivals of the same rate known beforehand.

use super::*;
use crate::{Arrival, Segment, Source, WhenFull};
use proptest::prelude::*;
use std::sync::Arc;

const SECOND: Nanos = 1_000_000_000;

fn search(start: u64, growth: Growth, max: u64) -> Search {
    let mut growing = GrowingRate::new(SECOND);
    let rate = growing.append(0, start * MILLIONTHS, 10 * SECOND).unwrap();
    Search {
        arrivals: arrivals(rate, Spread::Even),
        unit: SECOND,
        start: start * MILLIONTHS,
        growth,
        max: max * MILLIONTHS,
        precision: Precision::Share(50_000),
        hold: 10 * SECOND,
        until: Text::Static("fast"),
    }
}

fn arrivals(rate: Rate, spread: Spread) -> Arrivals {
    Arrivals {
        rate: Arc::new(rate),
        spread,
        users: 0,
        max_users: 100,
        shares_users: false,
        when_full: WhenFull::Wait,
    }
}

/// The rates that are tried against a target that can do `capacity` a second, and what is known at the end.
fn tried(search: &Search, capacity: f64) -> (Vec<f64>, Bracket) {
    let (mut rates, mut known) = (Vec::new(), Bracket::default());
    while let Some(rate) = search.next(known) {
        let a_second = search.a_second(rate);
        rates.push(a_second);
        if a_second <= capacity {
            known.held = Some(rate);
        } else {
            known.broke = Some(rate);
        }
    }
    (rates, known)
}

#[test]
fn a_rate_rises_until_it_breaks_and_then_the_gap_is_halved() {
    let by_factor = search(100, Growth::Factor(1_500_000), 5_000);
    let (rates, known) = tried(&by_factor, 200.0);
    assert_eq!(rates, [100.0, 150.0, 225.0, 187.5, 206.25, 196.875]);
    assert_eq!(known.held, Some(196_875_000));
    assert_eq!(known.broke, Some(206_250_000));
    let by_increment = search(100, Growth::Increment(100 * MILLIONTHS), 5_000);
    assert_eq!(
        tried(&by_increment, 310.0).0,
        [100.0, 200.0, 300.0, 400.0, 350.0, 325.0, 312.5]
    );
}

#[test]
fn a_search_ends_where_its_first_rate_breaks_and_where_its_last_one_holds() {
    let all = search(100, Growth::Factor(2_000_000), 300);
    assert_eq!(tried(&all, 50.0).0, [100.0]);
    let (rates, known) = tried(&all, 1_000.0);
    assert_eq!(rates, [100.0, 200.0, 300.0]);
    assert_eq!(known.broke, None);
    assert_eq!(all.rise(2), [100 * MILLIONTHS, 200 * MILLIONTHS]);
}

proptest! {
    #[test]
    fn what_is_found_is_as_near_to_the_truth_as_was_asked_for(
        start in 1u64..1_000, more in 1u64..1_000, factor in 1_100_000u64..4_000_000,
        by_factor in any::<bool>(), share in 10_000u64..500_000, capacity in 1u64..100_000,
    ) {
        let growth = if by_factor { Growth::Factor(factor) } else { Growth::Increment(more * MILLIONTHS) };
        let search = Search { precision: Precision::Share(share), ..search(start, growth, start + 50_000) };
        let (rates, known) = tried(&search, capacity as f64);
        let (capacity, max) = (capacity * MILLIONTHS, search.max);
        match (known.held, known.broke) {
            (None, broke) => prop_assert!(broke == Some(search.start) && capacity < search.start),
            (Some(held), None) => prop_assert!(held == max && capacity >= max),
            (Some(held), Some(broke)) => {
                prop_assert!(held <= capacity && capacity < broke);
                prop_assert!(broke - held <= scaled(held, share).max(1));
                let rise = search.rise(usize::MAX);
                let risen = rise.iter().filter(|rate| **rate <= capacity).count() + 1;
                prop_assert!(rates.len() <= risen + search.halvings() as usize);
            }
        }
    }

    /// A worker learns of each step after it took the arrivals of those before, and of an early end while it takes them.
    #[test]
    fn a_rate_that_grows_has_the_arrivals_of_one_that_was_known_beforehand(
        steps in prop::collection::vec((0u64..3_000_000_000, 0u64..200_000_000, 1u64..3_000_000_000, any::<bool>()), 1..8),
        workers in 1u32..5, poisson in any::<bool>(), seed in any::<u64>(),
    ) {
        let spread = if poisson { Spread::Poisson } else { Spread::Even };
        // As it is when all is known.
        let (mut stages, mut length) = (Vec::new(), 0);
        for (gap, rate, hold, is_cut) in &steps {
            let hold = if *is_cut { hold / 2 } else { *hold };
            stages.extend([
                Stage { length: *gap, to: 0 }, Stage { length: 0, to: *rate },
                Stage { length: hold, to: *rate }, Stage { length: 0, to: 0 },
            ]);
            length += gap + hold;
        }
        let whole = Rate::new(SECOND, 0, &stages).unwrap();
        let total = whole.total();
        let beforehand = arrivals(whole, spread);
        let mut known: Vec<Arrival> = Vec::new();
        for worker in 0..workers {
            let mut source = Source::new(&beforehand, Segment::WHOLE.worker(worker, workers), seed);
            known.extend(std::iter::from_fn(|| source.take(u64::MAX)));
        }
        known.sort_by_key(|arrival| arrival.number);

        let mut growing = GrowingRate::new(SECOND);
        let empty = arrivals(Rate::new(SECOND, 0, &[]).unwrap(), spread);
        let mut sources: Vec<Source> = (0..workers)
            .map(|worker| Source::new(&empty, Segment::WHOLE.worker(worker, workers), seed))
            .collect();
        let mut due = DueSoFar::new(spread, seed);
        let (mut grown, mut counted) = (Vec::new(), 0);
        for (gap, rate, hold, is_cut) in steps {
            let begins = growing.length() + gap;
            let mut appended = Arc::new(growing.append(begins, rate, hold).unwrap());
            if is_cut {
                let at = begins + hold / 2;
                for source in &mut sources {
                    source.goes_on(Arc::clone(&appended));
                    // The end is decided before it comes.
                    let early = begins + hold / 4;
                    grown.extend(std::iter::from_fn(|| source.take(early)));
                }
                appended = Arc::new(growing.cut(at).unwrap());
            }
            prop_assert_eq!(appended.length(), growing.length());
            for source in &mut sources {
                source.goes_on(Arc::clone(&appended));
                grown.extend(std::iter::from_fn(|| source.take(u64::MAX)));
            }
            counted = due.count(&appended);
            prop_assert_eq!(grown.len() as u64, counted);
        }
        grown.sort_by_key(|arrival| arrival.number);
        prop_assert_eq!(growing.length(), length);
        prop_assert_eq!(counted, beforehand.total(seed));
        prop_assert!(poisson || counted == total);
        prop_assert_eq!(grown, known);
    }
}

#[test]
fn a_worker_that_learns_late_of_an_early_end_takes_no_number_twice() {
    let mut growing = GrowingRate::new(SECOND);
    let first = growing.append(0, 10 * MILLIONTHS, 10 * SECOND).unwrap();
    let mut source = Source::new(&arrivals(first, Spread::Even), Segment::WHOLE, 0);
    let early = std::iter::from_fn(|| source.take(6 * SECOND)).count();
    assert_eq!(early, 60);
    growing.cut(4 * SECOND).unwrap();
    source.goes_on(Arc::new(
        growing
            .append(8 * SECOND, 20 * MILLIONTHS, 5 * SECOND)
            .unwrap(),
    ));
    let later: Vec<Arrival> = std::iter::from_fn(|| source.take(u64::MAX)).collect();
    let numbers: Vec<u64> = later.iter().map(|arrival| arrival.number).collect();
    assert_eq!(numbers, (60..140).collect::<Vec<_>>());
    assert!(later.iter().all(|arrival| arrival.due > 8 * SECOND));
}
