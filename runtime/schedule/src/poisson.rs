//! Arrivals that come by chance: a Poisson process whose rate is that of the profile, the same for each run of a seed.
//!
//! The axis of iterations is cut into blocks of 64. What falls into a block follows from the seed and the block's number
//! alone: how many come, and where. So each worker and each host can find its own without asking another, and a run with
//! one thread has the same arrivals as one with eight.

use super::rate::{FRACTION_BITS, Place};
use bggo_values::split_mix::{GAMMA, mix};

/// Expected arrivals in a block.
const BLOCK: u32 = 64;
/// No block has more: the chance of that is below 2^-64.
const MOST: usize = 192;

/// Arrivals of one block, sorted.
#[derive(Debug, Clone)]
pub struct Blocks {
    seed: u64,
    /// The number of the block that is there.
    block: u64,
    /// The number of its first arrival in the run.
    first: u64,
    places: Vec<u64>,
}

/// 2^64 times the chance that at most `n` come where 64 are expected.
const CHANCES: [u64; MOST] = chances();

const fn chances() -> [u64; MOST] {
    // e^-64
    let mut chance = 1.603_810_890_548_638e-28_f64;
    let mut sum = 0.0_f64;
    let mut table = [0; MOST];
    let mut n = 0;
    while n < MOST {
        sum += chance;
        // The cast is at its end where the sum has become one.
        table[n] = (sum * 18_446_744_073_709_551_616.0) as u64;
        n += 1;
        chance *= BLOCK as f64 / n as f64;
    }
    table[MOST - 1] = u64::MAX;
    table
}

/// How many arrivals a uniform number of 64 bits stands for.
fn count(chance: u64) -> usize {
    CHANCES
        .partition_point(|at_most| *at_most <= chance)
        .min(MOST - 1)
}

impl Blocks {
    /// Before the first block.
    pub fn new(seed: u64) -> Self {
        let mut blocks = Self {
            seed,
            block: 0,
            first: 0,
            places: Vec::with_capacity(MOST),
        };
        blocks.fill();
        blocks
    }

    /// The random numbers of a block: the first one says how many arrivals it has, the others where they lie.
    fn numbers(&self, block: u64) -> impl FnMut() -> u64 + use<> {
        let mut state = mix(self.seed ^ mix(block.wrapping_add(GAMMA)));
        move || {
            state = state.wrapping_add(GAMMA);
            mix(state)
        }
    }

    fn fill(&mut self) {
        let mut next = self.numbers(self.block);
        let count = count(next());
        self.places.clear();
        // 64 is 2^6: the top bits of a random number are a place in the block.
        self.places
            .extend(std::iter::repeat_with(|| next() >> (64 - 6 - FRACTION_BITS)).take(count));
        self.places.sort_unstable();
    }

    /// How many arrivals lie below a place. Places must not go back to an earlier block.
    pub fn below(&mut self, end: Place) -> u64 {
        let last = u64::try_from(end.0 >> (6 + FRACTION_BITS)).unwrap_or(u64::MAX);
        if self.block < last {
            self.first += self.places.len() as u64;
            // Of a block that lies before the place as a whole only the number of its arrivals matters.
            let between = (self.block + 1)..last;
            self.first += between
                .map(|block| count(self.numbers(block)()) as u64)
                .sum::<u64>();
            self.block = last;
            self.fill();
        }
        let begins = u128::from(self.block) << (6 + FRACTION_BITS);
        let here = self
            .places
            .partition_point(|place| begins + u128::from(*place) < end.0);
        self.first + here as u64
    }

    /// Where arrival `k` lies. Numbers must not go back to an earlier block.
    pub fn place(&mut self, k: u64) -> Option<Place> {
        loop {
            let index = k.checked_sub(self.first)?;
            if let Some(place) = self.places.get(usize::try_from(index).ok()?) {
                let begins = u128::from(self.block) << (6 + FRACTION_BITS);
                return Some(Place(begins + u128::from(*place)));
            }
            self.first += self.places.len() as u64;
            self.block += 1;
            self.fill();
        }
    }
}
