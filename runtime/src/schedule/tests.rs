//! Properties of closed profiles and of the shares of threads.

use super::*;
use proptest::prelude::*;

#[test]
fn a_functional_run_has_one_iteration() {
    assert_eq!(
        Schedule::ONCE.due(0, Duration::from_secs(3600)),
        Due::WhenFree
    );
    assert_eq!(Schedule::ONCE.due(1, Duration::ZERO), Due::Over);
    assert_eq!(Schedule::ONCE.users(), 1);
}

#[test]
fn the_bound_that_is_met_first_ends_the_run() {
    let both = Schedule::iterations(3, 10).at_most(Duration::from_secs(1));
    assert_eq!(both.due(9, Duration::from_millis(999)), Due::WhenFree);
    assert_eq!(both.due(10, Duration::ZERO), Due::Over);
    assert_eq!(both.due(0, Duration::from_secs(1)), Due::Over);
}

#[test]
fn a_profile_of_no_length_has_no_iteration() {
    assert_eq!(
        Schedule::lasting(5, Duration::ZERO).due(0, Duration::ZERO),
        Due::Over
    );
}

#[test]
fn there_are_never_more_threads_than_users() {
    assert_eq!(workers(8, &[Schedule::iterations(3, 100)]), 3);
    assert_eq!(workers(0, &[Schedule::iterations(3, 100)]), 1);
    assert_eq!(workers(2, &[Schedule::lasting(0, Duration::ZERO)]), 1);
}

#[test]
fn a_profile_of_a_length_numbers_nothing_and_asks_the_clock_only() {
    let iterations = Iterations::new(Schedule::lasting(1, Duration::from_secs(1)));
    let taken = iterations.take(Duration::ZERO);
    assert_eq!(
        taken,
        Some(Taken {
            number_of_run: None
        })
    );
    assert!(iterations.next.is_none());
    assert_eq!(iterations.take(Duration::from_secs(1)), None);
}

#[test]
fn no_number_is_lost_when_the_time_is_over() {
    let schedule = Schedule::iterations(1, 2).at_most(Duration::from_secs(1));
    let iterations = Iterations::new(schedule);
    assert_eq!(iterations.take(Duration::from_secs(1)), None);
    let taken = iterations.take(Duration::ZERO);
    assert_eq!(taken.and_then(|taken| taken.number_of_run), Some(0));
}

proptest! {
    #[test]
    fn shares_are_disjoint_and_complete(total in 0u64..2_000, workers in 1u32..40) {
        let mut seen = vec![0u8; total as usize];
        let mut sum = 0;
        for worker in 0..workers {
            let share = Share::new(worker, workers);
            sum += share.of(total);
            let mut j = 0;
            while share.nth(j) < total {
                seen[share.nth(j) as usize] += 1;
                j += 1;
            }
            prop_assert_eq!(j, share.of(total));
        }
        prop_assert_eq!(sum, total);
        prop_assert!(seen.iter().all(|times| *times == 1));
    }

    #[test]
    fn each_number_of_a_run_is_taken_once_whoever_takes_it(total in 0u64..2_000, takers in proptest::collection::vec(0usize..8, 2_200)) {
        let iterations = Iterations::new(Schedule::iterations(8, total));
        let users = vec![iterations; 8];
        let taken: Vec<u64> = takers
            .into_iter()
            .map_while(|user| users[user].take(Duration::ZERO))
            .map(|taken| taken.number_of_run.unwrap())
            .collect();
        prop_assert_eq!(taken, (0..total).collect::<Vec<_>>());
    }

    #[test]
    fn once_over_a_profile_stays_over(total in any::<u64>(), length in any::<u64>(), k in any::<u64>(), at in any::<u64>(), later in any::<u64>()) {
        let schedule = Schedule::iterations(1, total).at_most(Duration::from_nanos(length));
        let (first, second) = (Duration::from_nanos(at), Duration::from_nanos(at.saturating_add(later)));
        if schedule.due(k, first) == Due::Over {
            prop_assert_eq!(schedule.due(k, second), Due::Over);
            prop_assert_eq!(schedule.due(k.saturating_add(1), first), Due::Over);
        }
    }

    #[test]
    fn the_largest_numbers_do_not_overflow(j in any::<u64>(), total in any::<u64>(), worker in 0u32..1_000, more in 1u32..1_000) {
        let share = Share::new(worker, worker + more);
        let _ = (share.nth(j), share.of(total));
    }
}
