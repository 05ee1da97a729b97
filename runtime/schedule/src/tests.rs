//! Properties of all profiles and of the shares of hosts and threads. What is exact is held against rational numbers.

mod exact;
mod users;

use super::closed::Taken;
use super::*;
use proptest::prelude::*;
use std::time::Duration;

#[test]
fn a_functional_run_has_one_iteration() {
    let Schedule::Closed(once) = Schedule::ONCE else {
        panic!("a closed profile");
    };
    let iterations = Iterations::new(once, Segment::WHOLE);
    assert_eq!(once.users, 1);
    assert!(iterations.take(0, Duration::from_secs(3600)).is_some());
    assert_eq!(iterations.take(1, Duration::ZERO), None);
}

/// The iterations of a closed profile on one host.
fn iterations(schedule: Schedule) -> Iterations {
    match schedule {
        Schedule::Closed(closed) => Iterations::new(closed, Segment::WHOLE),
        _ => panic!("a closed profile"),
    }
}

#[test]
fn the_bound_that_is_met_first_ends_the_run() {
    let second = Duration::from_secs(1);
    let both = iterations(Schedule::iterations(3, 2).at_most(second));
    assert_eq!(both.take(0, second), None);
    let number = |taken: Option<Taken>| taken.and_then(|taken| taken.number_of_run);
    assert_eq!(number(both.take(0, Duration::from_millis(999))), Some(0));
    assert_eq!(number(both.take(0, Duration::ZERO)), Some(1));
    assert_eq!(both.take(0, Duration::ZERO), None);
}

#[test]
fn a_profile_of_no_length_has_no_iteration() {
    let none = iterations(Schedule::lasting(5, Duration::ZERO));
    assert_eq!(none.take(0, Duration::ZERO), None);
}

#[test]
fn iterations_of_each_user_are_counted_by_user() {
    let each = Closed {
        users: 2,
        bound: Bound::PerUser(3),
        length: None,
    };
    let taken = Iterations::new(each, Segment::WHOLE);
    assert_eq!(
        taken.take(2, Duration::ZERO),
        Some(Taken {
            number_of_run: None
        })
    );
    assert_eq!(taken.take(3, Duration::ZERO), None);
    assert_eq!(Schedule::Closed(each).total(), Some(6));
}

#[test]
fn there_are_never_more_threads_than_users() {
    let few = [Schedule::iterations(3, 100)];
    assert_eq!(workers(8, few.iter()), 3);
    assert_eq!(workers(0, few.iter()), 1);
    let nobody = [Schedule::lasting(0, Duration::ZERO)];
    assert_eq!(workers(2, nobody.iter()), 1);
}

#[test]
fn a_profile_of_a_length_numbers_nothing_and_asks_the_clock_only() {
    let iterations = iterations(Schedule::lasting(1, Duration::from_secs(1)));
    let taken = iterations.take(7, Duration::ZERO);
    assert_eq!(
        taken,
        Some(Taken {
            number_of_run: None
        })
    );
    assert_eq!(iterations.take(8, Duration::from_secs(1)), None);
}

proptest! {
    #[test]
    fn each_number_of_a_run_is_taken_once_whoever_takes_it(total in 0u64..500, cuts in prop::collection::vec(1u32..4, 1..4), takers in prop::collection::vec(0usize..8, 600)) {
        let stripes: u32 = cuts.iter().sum();
        let profile = Closed { users: 8, bound: Bound::Shared(total), length: None };
        let (mut seen, mut first) = (vec![0; total as usize], 0);
        for own in cuts {
            let segment = Segment::hosts(first, own, stripes).unwrap();
            first += own;
            let users = vec![Iterations::new(profile, segment); 8];
            for user in &takers {
                if let Some(taken) = users[*user].take(0, Duration::ZERO) {
                    seen[taken.number_of_run.unwrap() as usize] += 1;
                }
            }
        }
        prop_assert!(seen.iter().all(|times| *times == 1));
    }
}
