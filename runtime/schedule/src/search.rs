//! A load that searches for the highest rate at which a threshold holds: what is known so far -> the rate that is tried next.
//!
//! The rate rises step by step until the threshold breaks. Then the gap between the highest rate that held and the lowest one
//! that broke is halved until it is small enough. Nothing here knows the threshold: whoever judges a step says how it came out.
//!
//! ```text
//! 100 held -> 150 held -> 225 broke -> 187.5 held -> 206.25 broke -> ..
//! ```

use super::arrivals::{Arrivals, Spread};
use super::poisson::Blocks;
use super::rate::{Nanos, Rate, Stage, TooMuch};
use bggo_values::Text;

/// Parts of an iteration in which rates are counted.
const MILLIONTHS: u64 = 1_000_000;

/// The most steps of a rise.
pub const MOST_STEPS: usize = 1_000;

/// How the rate rises from one step to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Growth {
    /// It is multiplied by this, in millionths: more than one.
    Factor(u64),
    /// This much is added, in millionths of an iteration a unit of time: more than nothing.
    Increment(u64),
}

/// How near to each other the rates must be that held and that broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// This share of the rate that held, in millionths.
    Share(u64),
    /// This far, in millionths of an iteration a unit of time.
    Rate(u64),
}

/// A load that searches. Rates are in millionths of an iteration a unit of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// Its first step, and all that does not change from step to step.
    pub arrivals: Arrivals,
    /// The unit of time of all rates.
    pub unit: Nanos,
    /// The rate of the first step.
    pub start: u64,
    /// How it rises.
    pub growth: Growth,
    /// The highest rate that is tried.
    pub max: u64,
    /// When the search is over.
    pub precision: Precision,
    /// How long each rate is held.
    pub hold: Nanos,
    /// The name of the threshold.
    pub until: Text,
}

/// What is known of the rate that is searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bracket {
    /// The highest rate that held.
    pub held: Option<u64>,
    /// The lowest rate that broke.
    pub broke: Option<u64>,
}

impl Search {
    /// The rate that is tried next; `None` when the search is over.
    pub fn next(&self, known: Bracket) -> Option<u64> {
        match (known.held, known.broke) {
            (None, None) => Some(self.start),
            (None, Some(_)) => None,
            (Some(held), None) => (held < self.max).then(|| self.above(held).min(self.max)),
            (Some(held), Some(broke)) => {
                let gap = broke.saturating_sub(held);
                (gap > self.fine(held) && gap > 1).then_some(held + gap / 2)
            }
        }
    }

    /// The next step of the rise.
    fn above(&self, rate: u64) -> u64 {
        let next = match self.growth {
            Growth::Factor(factor) => scaled(rate, factor),
            Growth::Increment(more) => rate.saturating_add(more),
        };
        next.max(rate.saturating_add(1))
    }

    /// The gap that is small enough above a rate that held.
    fn fine(&self, held: u64) -> u64 {
        match self.precision {
            Precision::Share(share) => scaled(held, share),
            Precision::Rate(rate) => rate,
        }
    }

    /// The rates that are tried if none breaks, at most `most` of them.
    pub fn rise(&self, most: usize) -> Vec<u64> {
        let mut rates = Vec::new();
        let mut known = Bracket::default();
        while rates.len() < most
            && let Some(rate) = self.next(known)
        {
            rates.push(rate);
            known.held = Some(rate);
        }
        rates
    }

    /// How many rates are tried between one that held and the next one of the rise, which broke, at most.
    pub fn halvings(&self) -> u32 {
        let between = |held: u64| {
            let above = self.above(held).min(self.max);
            let (mut gap, fine) = (above.saturating_sub(held), self.fine(held).max(1));
            let mut count = 0;
            while gap > fine {
                gap = gap.div_ceil(2);
                count += 1;
            }
            count
        };
        let rise = self.rise(MOST_STEPS).into_iter();
        rise.map(between).max().unwrap_or_default()
    }

    /// A rate in iterations a second.
    pub fn a_second(&self, rate: u64) -> f64 {
        rate as f64 / MILLIONTHS as f64 * (1e9 / self.unit as f64)
    }

    /// The rate as far as it is known before the first step is over.
    ///
    /// # Errors
    /// A number beyond what can be computed exactly.
    pub fn first_step(&self) -> Result<GrowingRate, TooMuch> {
        let mut growing = GrowingRate::new(self.unit);
        growing.append(0, self.start, self.hold)?;
        Ok(growing)
    }
}

/// A rate times millionths.
fn scaled(rate: u64, millionths: u64) -> u64 {
    let product = u128::from(rate) * u128::from(millionths) / u128::from(MILLIONTHS);
    u64::try_from(product).unwrap_or(u64::MAX)
}

/// A rate that is known only as far as it was decided: steps are appended, and nothing is due between them.
///
/// A step never moves once it was appended. It can only end earlier, so whoever has an older state of it has the same arrivals
/// up to there, with the same numbers.
#[derive(Debug, Clone)]
pub struct GrowingRate {
    unit: Nanos,
    stages: Vec<Stage>,
    length: Nanos,
}

impl GrowingRate {
    /// Nothing is due yet.
    pub const fn new(unit: Nanos) -> Self {
        Self {
            unit,
            stages: Vec::new(),
            length: 0,
        }
    }

    /// When the last step ends.
    pub const fn length(&self) -> Nanos {
        self.length
    }

    /// Appends a step of a constant rate, which begins at `from` or when the one before ends, whichever is later.
    ///
    /// # Errors
    /// A number beyond what can be computed exactly.
    pub fn append(&mut self, from: Nanos, rate: u64, length: Nanos) -> Result<Rate, TooMuch> {
        let gap = from.saturating_sub(self.length);
        let jump = |to: u64| Stage { length: 0, to };
        let steady = |length: Nanos, to: u64| Stage { length, to };
        let step = [steady(gap, 0), jump(rate), steady(length, rate), jump(0)];
        self.stages.extend(step);
        self.length = self.length.saturating_add(gap).saturating_add(length);
        self.rate()
    }

    /// Ends the last step at `at`, if it would end later.
    ///
    /// # Errors
    /// A number beyond what can be computed exactly.
    pub fn cut(&mut self, at: Nanos) -> Result<Rate, TooMuch> {
        if let [.., step, _] = self.stages.as_mut_slice() {
            let less = self.length.saturating_sub(at).min(step.length);
            step.length -= less;
            self.length -= less;
        }
        self.rate()
    }

    fn rate(&self) -> Result<Rate, TooMuch> {
        Rate::new(self.unit, 0, &self.stages)
    }
}

/// Counts how many arrivals of the whole run are due in a rate that grows.
#[derive(Debug)]
pub struct DueSoFar {
    /// Of arrivals by chance.
    blocks: Option<Blocks>,
}

impl DueSoFar {
    /// In a scenario with this seed.
    pub fn new(spread: Spread, seed: u64) -> Self {
        Self {
            blocks: match spread {
                Spread::Even => None,
                Spread::Poisson => Some(Blocks::new(seed)),
            },
        }
    }

    /// How many are due in all of a rate, which must not be shorter than before. Of those by chance a number is drawn for each 64
    /// of them.
    pub fn count(&mut self, rate: &Rate) -> u64 {
        match &mut self.blocks {
            None => rate.total(),
            Some(blocks) => blocks.below(rate.place_after(Nanos::MAX)),
        }
    }
}

#[cfg(test)]
mod tests;
