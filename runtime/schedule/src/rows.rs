//! Which row of data an iteration reads, as a closed form of its numbers: nothing is counted while the run goes on, so
//! neither threads nor hosts have to agree on anything.
//!
//! An iteration has an ordinal among those that read the rows, and an ordinal has a row. Where users count their own
//! iterations, those of a scenario with `n` users take turns: the `i`-th of user `u` (from 0) is ordinal `i * n + u`. So a row
//! that is given out once is given out once, and a user that is slow leaves its rows unread.

use super::mix::Mix;
use bggo_values::split_mix::{GAMMA, mix};

/// In which order rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOrder {
    /// As they stand.
    Sequential,
    /// Each once in an order by chance, then each once in another one.
    Shuffle,
    /// Any row at any time.
    Random,
}

/// Who reads different rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowShare {
    /// All iterations of the run.
    Run,
    /// Those of each scenario; scenarios read the same rows.
    Scenario,
    /// Those of each user; users read the same rows.
    User,
}

/// When the next row is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowAdvance {
    /// For each iteration.
    Iteration,
    /// For each user, once.
    User,
}

/// What follows the last row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowsEnd {
    /// The first one.
    Repeat,
    /// Nothing: whoever reads them ends.
    Stop,
}

/// How rows are given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowRules {
    /// In which order.
    pub order: RowOrder,
    /// Who reads different ones.
    pub share: RowShare,
    /// When the next one is taken.
    pub advance: RowAdvance,
    /// What follows the last one.
    pub at_end: RowsEnd,
}

/// A scenario that reads rows.
#[derive(Debug, Clone, Copy)]
pub struct RowReader {
    /// Its number in the grid's table.
    pub scenario: u32,
    /// Its mix, and which of its choices read them; `None` where all iterations do.
    pub chosen: Option<(&'static Mix, &'static [bool])>,
}

/// The numbers of an iteration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowKey {
    /// Its number in the run, where the profile numbers iterations so.
    pub number_of_run: Option<u64>,
    /// The number of its user in the scenario, from 1.
    pub user: u64,
    /// Its number among those of its user, from 0.
    pub nth: u64,
}

/// What the ordinals of a scenario follow from.
#[derive(Debug, Clone, Copy)]
pub struct RowTurns {
    /// The scenario.
    pub reader: RowReader,
    /// Where it stands among the scenarios that read the rows, and how many these are.
    pub place: (u64, u64),
    /// The most users that it has.
    pub users: u64,
}

impl RowRules {
    /// In turn over all iterations of the run, and again from the first.
    pub const IN_TURN: Self = Self {
        order: RowOrder::Sequential,
        share: RowShare::Run,
        advance: RowAdvance::Iteration,
        at_end: RowsEnd::Repeat,
    };

    /// The ordinal of an iteration among those that take rows from the same ones.
    pub fn ordinal(&self, turns: &RowTurns, key: RowKey) -> u64 {
        let user = key.user.saturating_sub(1);
        let own = match (self.advance, self.share, key.number_of_run) {
            (RowAdvance::User, _, _) => user,
            (_, RowShare::User, Some(_)) => key.nth,
            (_, RowShare::User, None) => turns.reader.ordinal_of_user(key.user, key.nth),
            (_, _, Some(number)) => turns.reader.ordinal_of_run(number),
            (_, _, None) => turns
                .reader
                .ordinal_of_user(key.user, key.nth)
                .saturating_mul(turns.users.max(1))
                .saturating_add(user),
        };
        match self.share {
            RowShare::Run => own
                .saturating_mul(turns.place.1)
                .saturating_add(turns.place.0),
            RowShare::Scenario | RowShare::User => own,
        }
    }

    /// The row of an ordinal, of so many; `None` behind the last one, where nothing follows it.
    pub fn row(&self, ordinal: u64, count: u64, seed: u64) -> Option<u64> {
        if count == 0 || (self.at_end == RowsEnd::Stop && ordinal >= count) {
            return None;
        }
        let (pass, place) = (ordinal / count, ordinal % count);
        Some(match self.order {
            RowOrder::Sequential => place,
            RowOrder::Shuffle => shuffled(place, count, hash(seed, pass)),
            RowOrder::Random => {
                let product = u128::from(hash(seed, ordinal)) * u128::from(count);
                // The upper half of a product is below its second factor.
                u64::try_from(product >> 64).unwrap_or(0)
            }
        })
    }

    /// The seed of the order of some data: it follows from their name, and each user has one of its own where rows are not
    /// shared.
    pub fn seed(&self, seed_of_data: u64, key: RowKey) -> u64 {
        match self.share {
            RowShare::User => hash(seed_of_data, key.user),
            RowShare::Run | RowShare::Scenario => seed_of_data,
        }
    }

    /// The first number in the run of which no iteration has a row, of a scenario that numbers iterations so; `None` if each
    /// has one.
    pub fn end_of_run(&self, turns: &RowTurns, count: u64) -> Option<u64> {
        let endless = self.at_end == RowsEnd::Repeat
            || self.advance == RowAdvance::User
            || self.share == RowShare::User;
        if endless {
            return None;
        }
        let key = |number: u64| RowKey {
            number_of_run: Some(number),
            user: 1,
            nth: 0,
        };
        let ends = |number: u64| {
            // Of those up to this one, the last that reads.
            let next = self.ordinal(turns, key(number.saturating_add(1)));
            let step = match self.share {
                RowShare::Run => turns.place.1,
                _ => 1,
            };
            next.saturating_sub(step) >= count && next >= step
        };
        let (mut low, mut high) = (0, u64::MAX - 1);
        if !ends(high) {
            return None;
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if ends(middle) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Some(low)
    }

    /// Whether an iteration of a user that counts its own has no row.
    pub fn ends_user(&self, turns: &RowTurns, key: RowKey, count: u64) -> bool {
        self.at_end == RowsEnd::Stop && self.ordinal(turns, key) >= count
    }
}

impl RowReader {
    /// How many iterations read rows before this one of the run.
    fn ordinal_of_run(&self, number: u64) -> u64 {
        match self.chosen {
            None => number,
            Some((mix, chosen)) => mix.chosen_before(number, chosen),
        }
    }

    /// How many iterations of a user read rows before this one of its own.
    fn ordinal_of_user(&self, user: u64, nth: u64) -> u64 {
        match self.chosen {
            None => nth,
            // Each user begins at another place of the mix.
            Some((mix, chosen)) => mix
                .chosen_before(user.saturating_add(nth), chosen)
                .saturating_sub(mix.chosen_before(user, chosen)),
        }
    }
}

fn hash(seed: u64, part: u64) -> u64 {
    mix((seed ^ mix(part.wrapping_add(GAMMA))).wrapping_add(GAMMA))
}

/// The place of a row in an order by chance: a permutation of `0..count` without a table, by a Feistel network over the next
/// power of four (Luby and Rackoff, 1988), walked until it is within (Black and Rogaway, 2002).
fn shuffled(place: u64, count: u64, key: u64) -> u64 {
    let bits = 64 - count.saturating_sub(1).leading_zeros();
    let half = bits.div_ceil(2).max(1);
    let mask = (1_u64 << half) - 1;
    let mut place = place;
    loop {
        let (mut left, mut right) = (place >> half & mask, place & mask);
        for round in 0..6 {
            let mixed = hash(key.wrapping_add(round), right) & mask;
            (left, right) = (right, left ^ mixed);
        }
        place = left << half | right;
        if place < count {
            return place;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const ALL: RowReader = RowReader {
        scenario: 0,
        chosen: None,
    };

    fn rules(order: RowOrder, share: RowShare, at_end: RowsEnd) -> RowRules {
        RowRules {
            order,
            share,
            advance: RowAdvance::Iteration,
            at_end,
        }
    }

    fn turns(reader: RowReader, place: (u64, u64), users: u64) -> RowTurns {
        RowTurns {
            reader,
            place,
            users,
        }
    }

    fn of_run(number: u64) -> RowKey {
        RowKey {
            number_of_run: Some(number),
            user: 1 + number % 7,
            nth: number / 7,
        }
    }

    fn of_user(user: u64, nth: u64) -> RowKey {
        RowKey {
            number_of_run: None,
            user,
            nth,
        }
    }

    #[test]
    fn rows_are_read_in_turn_and_again_from_the_first() {
        let rules = rules(RowOrder::Sequential, RowShare::Run, RowsEnd::Repeat);
        let turns = turns(ALL, (0, 1), 1);
        let rows = (0..7).map(|k| rules.row(rules.ordinal(&turns, of_run(k)), 3, 0));
        let rows: Vec<u64> = rows.map(Option::unwrap).collect();
        assert_eq!(rows, [0, 1, 2, 0, 1, 2, 0]);
        assert_eq!(rules.end_of_run(&turns, 3), None);
    }

    #[test]
    fn users_that_count_their_own_and_two_scenarios_never_share_a_row_of_the_run() {
        let rules = rules(RowOrder::Sequential, RowShare::Run, RowsEnd::Stop);
        let mut seen = BTreeSet::new();
        for scenario in 0..2 {
            let turns = turns(ALL, (scenario, 2), 5);
            for user in 1..=5 {
                for nth in 0..40 {
                    let ordinal = rules.ordinal(&turns, of_user(user, nth));
                    assert!(seen.insert(ordinal), "{scenario} {user} {nth}");
                    let ends = rules.ends_user(&turns, of_user(user, nth), 100);
                    assert_eq!(ends, ordinal >= 100);
                }
            }
        }
        assert_eq!(seen, (0..400).collect());
    }

    #[test]
    fn of_a_mix_only_iterations_that_read_count() {
        static WEIGHTS: [u32; 3] = [7, 3, 2];
        static MIX: Mix = Mix::new(&WEIGHTS);
        static CHOSEN: [bool; 3] = [false, true, true];
        let reader = RowReader {
            scenario: 0,
            chosen: Some((&MIX, &CHOSEN)),
        };
        let rules = rules(RowOrder::Sequential, RowShare::Scenario, RowsEnd::Stop);
        let turns = turns(reader, (0, 1), 4);
        let mut next = 0;
        let mut last_with_a_row = 0;
        for k in 0..500 {
            if CHOSEN[MIX.choice(k)] {
                assert_eq!(rules.ordinal(&turns, of_run(k)), next, "{k}");
                if next < 20 {
                    last_with_a_row = k;
                }
                next += 1;
            }
        }
        let end = rules.end_of_run(&turns, 20).unwrap();
        assert!(CHOSEN[MIX.choice(end)] && end > last_with_a_row);
        let between = (last_with_a_row + 1..end).filter(|k| CHOSEN[MIX.choice(*k)]);
        assert_eq!(between.count(), 0);
        let mut own = 0;
        for nth in 0..200 {
            if CHOSEN[MIX.choice(3 + nth)] {
                assert_eq!(rules.ordinal(&turns, of_user(3, nth)), own * 4 + 2);
                own += 1;
            }
        }
    }

    #[test]
    fn rows_that_are_shared_out_between_scenarios_end_each_at_its_own() {
        let rules = rules(RowOrder::Shuffle, RowShare::Run, RowsEnd::Stop);
        assert_eq!(rules.end_of_run(&turns(ALL, (0, 2), 1), 5), Some(3));
        assert_eq!(rules.end_of_run(&turns(ALL, (1, 2), 1), 5), Some(2));
        assert_eq!(rules.end_of_run(&turns(ALL, (1, 2), 1), 1), Some(0));
    }

    #[test]
    fn a_user_has_one_row_for_its_life() {
        let rules = RowRules {
            advance: RowAdvance::User,
            ..rules(RowOrder::Sequential, RowShare::Run, RowsEnd::Repeat)
        };
        let turns = turns(ALL, (0, 1), 3);
        for nth in 0..5 {
            assert_eq!(rules.ordinal(&turns, of_user(3, nth)), 2);
        }
        assert_eq!(rules.ordinal(&turns, of_run(9)), 2);
    }

    proptest! {
        #[test]
        fn a_shuffle_has_each_row_once_in_each_pass(count in 1_u64..3000, seed in any::<u64>()) {
            let rules = rules(RowOrder::Shuffle, RowShare::Run, RowsEnd::Repeat);
            let pass = |pass: u64| -> Vec<u64> {
                (0..count).map(|at| rules.row(pass * count + at, count, seed).unwrap()).collect()
            };
            let (first, second) = (pass(0), pass(1));
            for rows in [&first, &second] {
                prop_assert_eq!(rows.iter().copied().collect::<BTreeSet<_>>().len() as u64, count);
                prop_assert!(rows.iter().all(|row| *row < count));
            }
            if count > 20 {
                prop_assert_ne!(first, second);
            }
        }

        #[test]
        fn rows_by_chance_are_rows(ordinal in any::<u64>(), count in 1_u64..u64::MAX, seed in any::<u64>()) {
            let rules = rules(RowOrder::Random, RowShare::Run, RowsEnd::Repeat);
            prop_assert!(rules.row(ordinal, count, seed).unwrap() < count);
        }

        #[test]
        fn what_was_chosen_before_is_what_was_counted(
            weights in prop::collection::vec(0_u32..40, 1..6),
            bits in any::<u8>(),
            number in 0_u64..2000,
        ) {
            let sum: u32 = weights.iter().sum();
            prop_assume!(sum > 0);
            let weights: &'static [u32] = weights.leak();
            let mix = Mix::new(weights);
            let chosen: Vec<bool> = (0..weights.len()).map(|at| bits >> at & 1 == 1).collect();
            let counted = (0..number).filter(|k| chosen[mix.choice(*k)]).count() as u64;
            prop_assert_eq!(mix.chosen_before(number, &chosen), counted);
        }
    }
}
