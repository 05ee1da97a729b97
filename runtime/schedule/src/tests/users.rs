//! A number of users over time, against its line in rational numbers.

use crate::Ramp;
use crate::ramp::UserStage;
use num_bigint::BigInt;
use num_rational::BigRational;
use proptest::prelude::*;

fn whole(n: u64) -> BigRational {
    BigRational::from_integer(BigInt::from(n))
}

proptest! {
    #[test]
    fn a_user_is_there_while_the_number_of_users_is_more_than_its_own(start in 0u32..6, stages in prop::collection::vec((0u64..12, 0u32..7), 0..6), user in 0u32..7) {
        let list = stages.iter().map(|(length, to)| UserStage { length: *length, to: *to });
        let list: Vec<UserStage> = list.collect();
        let ramp = Ramp::new(start, list.clone());
        let stays: Vec<(u64, u64)> = ramp.stays(user).collect();
        for pair in stays.windows(2) {
            prop_assert!(pair[0].1 <= pair[1].0);
        }
        for at in 0..ramp.length() {
            let (mut begins, mut from, mut number) = (0, start, None);
            for stage in &list {
                if at >= begins && at < begins + stage.length {
                    let (low, high) = (whole(from.into()), whole(stage.to.into()));
                    number = Some(&low + (high - &low) * whole(at - begins) / whole(stage.length));
                }
                begins += stage.length;
                from = stage.to;
            }
            let there = number.unwrap() > whole(user.into());
            let said = stays.iter().any(|(since, until)| at >= *since && at < *until);
            prop_assert_eq!(there, said, "at {} of {:?}", at, stays);
            prop_assert_eq!(there, ramp.at(at) > user, "at {}", at);
        }
        prop_assert!(stays.iter().all(|(since, until)| since < until && *until <= ramp.length()));
        prop_assert!(user < ramp.most() || stays.is_empty());
        let most = (0..ramp.length()).map(|at| ramp.at(at)).max();
        prop_assert_eq!(ramp.turns().map(|at| ramp.at(at)).max(), most);
    }

    #[test]
    fn users_of_higher_numbers_come_later(start in 0u32..6, stages in prop::collection::vec((0u64..12, 0u32..7), 0..6)) {
        let list = stages.iter().map(|(length, to)| UserStage { length: *length, to: *to });
        let ramp = Ramp::new(start, list.collect());
        // One that would come at the very end is never there, and neither are those after it.
        let first = |user| ramp.stays(user).next().map_or(u64::MAX, |stay| stay.0);
        let firsts: Vec<u64> = (0..ramp.most()).map(first).collect();
        prop_assert!(firsts.is_sorted(), "{:?}", firsts);
    }
}
