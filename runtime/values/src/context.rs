//! What a function may ask beside its arguments: where it stands in the run, chance that follows from that, and the time.
//!
//! Random values are drawn from no state that calls share. Each is a hash of the run's seed and of its own address (scenario,
//! iteration, call, instance, how many were drawn there before), so the same seed gives the same values for the same user and
//! iteration, whatever ran beside them and in whatever order.
//!
//! The hash is the finalizer of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014,
//! with the constants that Stafford found for it), applied once for each part of the address.

use crate::split_mix::{GAMMA, mix};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Where a call stands in a run.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The seed of the whole run.
    pub seed: u64,
    /// Number of the scenario in the grid.
    pub scenario: u32,
    /// Which iteration of it.
    pub iteration: IterationKey,
    /// Which call of the grid, and for which instance of its step.
    pub site: Site,
    /// What was drawn in this iteration so far.
    pub draws: &'a Draws,
    /// The clock of the run.
    pub clock: &'a dyn WallClock,
}

/// Which iteration of a scenario it is, the same on however many threads and hosts the scenario runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IterationKey {
    /// Where iterations are numbered over the whole run: the number, from 0.
    Run(u64),
    /// Where each user counts its own: the user's number, from 1, and how many iterations it had before.
    User {
        /// The user.
        user: u64,
        /// Its iteration, from 0.
        nth: u64,
    },
}

/// A call in the grid, for one instance of the step that it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site {
    /// By which calls of flows the program came to the call; 0 outside of flows.
    pub path: u64,
    /// The number that the compiler gave the call.
    pub call: u32,
    /// The instance of the step, from 0; 0 also where there are none.
    pub instance: u32,
}

/// How many values each site drew.
#[derive(Default)]
struct Counts {
    path: u64,
    /// Those of the first sites. Most iterations have no others, and need no memory of a map.
    of_first: [Option<(Site, u64)>; 4],
    /// `None` costs less to drop than an empty one.
    of_others: Option<BTreeMap<Site, u64>>,
}

impl Counts {
    fn of(&mut self, site: Site) -> &mut u64 {
        let is_it = |one: &Option<(Site, u64)>| one.is_none_or(|(of, _)| of == site);
        match self.of_first.iter_mut().find(|one| is_it(one)) {
            Some(one) => &mut one.get_or_insert((site, 0)).1,
            None => {
                let others = self.of_others.get_or_insert_default();
                others.entry(site).or_insert(0)
            }
        }
    }
}

/// How many values each site drew in one iteration. Empty, it is a null pointer.
#[derive(Default)]
pub struct Draws(Cell<Option<Box<Counts>>>);

impl Draws {
    /// Nothing was drawn.
    pub const fn new() -> Self {
        Self(Cell::new(None))
    }

    /// Nothing was drawn, in a flow to which the program came by these calls. (The path stands here since most iterations have none,
    /// and each user has an iteration.)
    pub fn in_flow(path: u64) -> Self {
        let counts = Counts {
            path,
            ..Counts::default()
        };
        Self(Cell::new(Some(Box::new(counts))))
    }

    /// By which calls of flows the program came here; 0 outside of flows.
    pub fn path(&self) -> u64 {
        let counts = self.0.take();
        let path = counts.as_ref().map_or(0, |counts| counts.path);
        self.0.set(counts);
        path
    }

    /// How many values the site drew before, and one more from now on.
    fn next(&self, site: Site) -> u64 {
        let mut counts = self.0.take().unwrap_or_default();
        let count = counts.of(site);
        let before = *count;
        *count += 1;
        self.0.set(Some(counts));
        before
    }
}

impl fmt::Debug for Draws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Draws")
    }
}

/// A clock that says what time it is in the world. The run has one, and tests can stop it.
pub trait WallClock: fmt::Debug {
    /// Time since the beginning of 1970, UTC.
    fn since_epoch(&self) -> Duration;
}

impl Context<'_> {
    /// The next random value of this site: 128 bits, each half a hash of its own, so that a run may draw many more than
    /// 2^32 of them before two are the same.
    pub fn draw(&self) -> u128 {
        let draw = self.draws.next(self.site);
        let half = |lane: u64| {
            let [scenario, user, number] = self.iteration.parts(self.scenario);
            let site = u64::from(self.site.call) << 32 | u64::from(self.site.instance);
            // Outside of flows the path leaves the other parts of the address as they are.
            hash(
                (self.seed, lane),
                &[scenario, user, number, site ^ self.site.path, draw],
            )
        };
        u128::from(half(1)) << 64 | u128::from(half(2))
    }
}

impl IterationKey {
    /// A number of 64 bits that each iteration of a scenario has, the same in every run of a seed and another one for each seed.
    /// It says nothing of the random values of the iteration.
    pub fn hash(self, seed: u64, scenario: u32) -> u64 {
        hash((seed, 3), &self.parts(scenario))
    }

    /// Three numbers that no other iteration has.
    fn parts(self, scenario: u32) -> [u64; 3] {
        let (kind, user, number) = match self {
            Self::Run(number) => (0, 0, number),
            Self::User { user, nth } => (1, user, nth),
        };
        [u64::from(scenario) << 1 | kind, user, number]
    }
}

/// A hash of an address; those of other lanes are independent of it.
fn hash((seed, lane): (u64, u64), address: &[u64]) -> u64 {
    let start = mix(seed.wrapping_add(GAMMA.wrapping_mul(lane)));
    address
        .iter()
        .fold(start, |hash, part| mix((hash ^ part).wrapping_add(GAMMA)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[derive(Debug)]
    struct Stopped(Duration);

    impl WallClock for Stopped {
        fn since_epoch(&self) -> Duration {
            self.0
        }
    }

    static NOON: Stopped = Stopped(Duration::from_secs(43_200));

    fn context(draws: &Draws) -> Context<'_> {
        Context {
            seed: 7,
            scenario: 0,
            iteration: IterationKey::User { user: 1, nth: 0 },
            site: Site {
                path: 0,
                call: 0,
                instance: 0,
            },
            draws,
            clock: &NOON,
        }
    }

    #[test]
    fn each_part_of_the_address_gives_another_value_and_the_same_address_the_same() {
        let again = |change: &dyn Fn(&mut Context<'_>)| {
            let draws = Draws::new();
            let mut context = context(&draws);
            change(&mut context);
            [context.draw(), context.draw()]
        };
        let changes: [&dyn Fn(&mut Context<'_>); 10] = [
            &|_| {},
            &|context| context.seed = 8,
            &|context| context.scenario = 1,
            &|context| context.iteration = IterationKey::User { user: 2, nth: 0 },
            &|context| context.iteration = IterationKey::User { user: 1, nth: 1 },
            &|context| context.iteration = IterationKey::User { user: 0, nth: 0 },
            &|context| context.iteration = IterationKey::Run(0),
            &|context| context.site.call = 1,
            &|context| context.site.instance = 1,
            &|context| context.site.path = 1 << 40,
        ];
        let mut all = BTreeSet::new();
        for change in changes {
            let values = again(change);
            assert_eq!(values, again(change));
            all.extend(values);
        }
        assert_eq!(all.len(), 2 * changes.len());
    }

    #[test]
    fn sites_draw_apart_from_each_other_in_whatever_order() {
        let sites: Vec<Site> = (0..8)
            .map(|number| Site {
                path: u64::from(number / 4),
                call: number / 2 % 2,
                instance: number % 2,
            })
            .collect();
        let drawn = |order: &[usize]| {
            let draws = Draws::new();
            let mut values: Vec<Vec<u128>> = vec![Vec::new(); sites.len()];
            for at in order {
                let site = sites[*at];
                values[*at].push(
                    Context {
                        site,
                        ..context(&draws)
                    }
                    .draw(),
                );
            }
            values
        };
        assert_eq!(
            drawn(&[0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 7]),
            drawn(&[3, 7, 1, 4, 0, 6, 2, 5, 2, 3, 4, 1, 0])
        );
    }

    #[test]
    fn bits_are_spread_evenly() {
        let mut ones = [0u32; 128];
        let (draws, count) = (Draws::new(), 4096);
        for nth in 0..count {
            let iteration = IterationKey::User { user: 1, nth };
            let value = Context {
                iteration,
                ..context(&draws)
            }
            .draw();
            for (bit, ones) in ones.iter_mut().enumerate() {
                *ones += u32::from(value >> bit & 1 == 1);
            }
        }
        // Six standard deviations of a fair coin thrown 4096 times: 6 * 32.
        for (bit, ones) in ones.into_iter().enumerate() {
            assert!(ones.abs_diff(2048) < 192, "bit {bit}: {ones} of 4096");
        }
    }

    #[test]
    fn an_iteration_that_draws_nothing_pays_one_pointer() {
        assert_eq!(size_of::<Draws>(), size_of::<usize>());
    }

    #[test]
    fn the_time_is_the_clocks() {
        let draws = Draws::new();
        assert_eq!(context(&draws).clock.since_epoch().as_secs(), 43_200);
    }
}
