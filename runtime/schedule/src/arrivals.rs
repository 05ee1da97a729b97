//! Open profiles: arrivals that are due whether or not a user is free, and those of them that are one worker's.

use super::poisson::Blocks;
use super::rate::{Nanos, Place, Rate};
use super::segment::Segment;
use std::sync::Arc;

/// How arrivals are spread over the time in which they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// At even distances, as far as the rate is even.
    Even,
    /// By chance, as independent callers come: a Poisson process. The same seed gives the same arrivals.
    Poisson,
}

/// What happens to an arrival while all users are busy and there may be no more of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenFull {
    /// It waits for a user, and its response time counts from the moment at which it was due.
    Wait,
    /// It is dropped and counted.
    Drop,
}

/// An open profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrivals {
    /// How many come at which time.
    pub rate: Arc<Rate>,
    /// How they are spread.
    pub spread: Spread,
    /// Users that are made before the clock starts.
    pub users: u32,
    /// The most users at once.
    pub max_users: u32,
    /// Whether these are the most of all scenarios together that say nothing of their own.
    pub shares_users: bool,
    /// What becomes of an arrival that no user can take.
    pub when_full: WhenFull,
}

impl Arrivals {
    /// How many arrivals there are in the whole run of a scenario with this seed.
    #[cfg(test)]
    pub fn total(&self, seed: u64) -> u64 {
        match self.spread {
            Spread::Even => self.rate.total(),
            Spread::Poisson => Blocks::new(seed).below(self.rate.place_after(Nanos::MAX)),
        }
    }
}

/// An iteration of an open profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Its number in the whole run, from 0.
    pub number: u64,
    /// When it is due, since the clock started.
    pub due: Nanos,
}

/// The arrivals of one worker, in the order in which they are due.
#[derive(Debug)]
pub struct Source {
    rate: Arc<Rate>,
    segment: Segment,
    /// How many of this worker's were taken.
    taken: u64,
    /// The piece of the rate in which the next one lies.
    piece: usize,
    blocks: Option<Blocks>,
    /// How many there are in the run at most.
    most: u64,
    next: Option<Arrival>,
}

impl Source {
    /// Those of one segment, in a scenario with this seed.
    pub fn new(arrivals: &Arrivals, segment: Segment, seed: u64) -> Self {
        let mut source = Self {
            rate: Arc::clone(&arrivals.rate),
            segment,
            taken: 0,
            piece: 0,
            blocks: match arrivals.spread {
                Spread::Even => None,
                Spread::Poisson => Some(Blocks::new(seed)),
            },
            most: u64::MAX,
            next: None,
        };
        source.find();
        source
    }

    /// What has this number in the run or a higher one does not come.
    pub fn ends_before(&mut self, number: u64) {
        self.most = number;
        self.next = self.next.filter(|next| next.number < number);
    }

    /// Whether none is left because those that would come have too high a number.
    pub fn is_cut(&self) -> bool {
        let next = self.segment.nth(self.taken);
        self.next.is_none() && next.is_some_and(|number| number >= self.most)
    }

    /// The rate is known further than before: it goes on as this one does, which has the same beginning.
    pub fn goes_on(&mut self, rate: Arc<Rate>) {
        self.rate = rate;
        self.find();
    }

    /// The next one.
    pub const fn peek(&self) -> Option<Arrival> {
        self.next
    }

    /// Takes the next one if it is due when the run is `elapsed` old.
    pub fn take(&mut self, elapsed: Nanos) -> Option<Arrival> {
        let arrival = self.next.filter(|next| next.due <= elapsed)?;
        self.taken += 1;
        self.find();
        Some(arrival)
    }

    /// Takes all that are due when the run is `elapsed` old, and returns how many these are. They are not looked at one by one.
    pub fn take_all(&mut self, elapsed: Nanos) -> u64 {
        // What is taken already may lie behind that moment: then nothing is left before it.
        if self.next.is_none_or(|next| next.due > elapsed) {
            return 0;
        }
        let due = match &mut self.blocks {
            None => self.rate.count(elapsed),
            Some(blocks) => blocks.below(self.rate.place_after(elapsed)),
        };
        let own = self.segment.of(due.min(self.most));
        let left = own.saturating_sub(self.taken);
        if left > 0 {
            self.taken = own;
            self.find();
        }
        left
    }

    fn find(&mut self) {
        let number = self.segment.nth(self.taken);
        let number = number.filter(|number| *number < self.most);
        self.next = number.and_then(|number| {
            let place = match &mut self.blocks {
                None => Place::whole(number),
                Some(blocks) => blocks.place(number)?,
            };
            let due = self.rate.due_from(place, &mut self.piece)?;
            Some(Arrival { number, due })
        });
    }
}
