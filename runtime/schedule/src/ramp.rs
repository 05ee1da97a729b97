//! A number of users that changes over time, to when each of them is there.
//!
//! User i, from 0, is there while the number of users is more than i. In each stage that number is a line, so a user comes
//! or goes at most once in a stage, at a moment that is exact in integers.

use super::rate::Nanos;

/// A part of a profile in which the number of users is a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserStage {
    /// How long it takes. In a stage of no length the number jumps.
    pub length: Nanos,
    /// How many users there are at its end.
    pub to: u32,
}

/// A number of users over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ramp {
    start: u32,
    stages: Vec<UserStage>,
}

impl std::fmt::Display for Ramp {
    /// Its stages, exactly: `1,10000000000:50` begins with one user and has 50 after 10 s.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.start)?;
        for stage in &self.stages {
            write!(f, ",{}:{}", stage.length, stage.to)?;
        }
        Ok(())
    }
}

impl Ramp {
    /// Begins with `start` users and goes on as the stages say. After the last one nobody is there.
    pub fn new(start: u32, stages: Vec<UserStage>) -> Self {
        Self { start, stages }
    }

    /// How long it takes.
    pub fn length(&self) -> Nanos {
        self.stages
            .iter()
            .fold(0, |sum, stage| sum.saturating_add(stage.length))
    }

    /// The most users that are there at once.
    pub fn most(&self) -> u32 {
        let lasting = self.stages.iter().enumerate();
        let ends = lasting.flat_map(|(index, stage)| {
            let from = if index == 0 {
                self.start
            } else {
                self.stages[index - 1].to
            };
            if stage.length > 0 {
                [from, stage.to]
            } else {
                [0, 0]
            }
        });
        ends.max().unwrap_or(0)
    }

    /// The first and the last nanosecond of each stage that takes time: the most users are there at one of them.
    pub fn turns(&self) -> impl Iterator<Item = Nanos> {
        let mut begins: Nanos = 0;
        let stages = self.stages.iter().filter(|stage| stage.length > 0);
        stages.flat_map(move |stage| {
            let first = begins;
            begins = begins.saturating_add(stage.length);
            [first, begins - 1]
        })
    }

    /// How many users there are at a moment: the whole ones that have come.
    pub fn at(&self, at: Nanos) -> u32 {
        let (mut begins, mut from) = (0, self.start);
        for stage in &self.stages {
            let into = at.saturating_sub(begins);
            if into < stage.length {
                let (low, high) = (i128::from(from), i128::from(stage.to));
                let length = i128::from(stage.length);
                // Rounded up: user i is there while the number is more than i.
                let change = (high - low) * i128::from(into);
                let users =
                    low + change.div_euclid(length) + i128::from(change.rem_euclid(length) > 0);
                return u32::try_from(users).unwrap_or(u32::MAX);
            }
            begins = begins.saturating_add(stage.length);
            from = stage.to;
        }
        0
    }

    /// When user `i`, from 0, is there: from its coming to its going, in order, in nanoseconds since the start.
    pub fn stays(&self, i: u32) -> Stays<'_> {
        Stays {
            ramp: self,
            user: i,
            next: 0,
            begins: 0,
            from: self.start,
        }
    }
}

/// The times at which a user is there.
#[derive(Debug)]
pub struct Stays<'a> {
    ramp: &'a Ramp,
    user: u32,
    /// The next stage, when it begins, and with how many users.
    next: usize,
    begins: Nanos,
    from: u32,
}

impl Iterator for Stays<'_> {
    type Item = (Nanos, Nanos);

    fn next(&mut self) -> Option<(Nanos, Nanos)> {
        // One that would come at the very moment of a jump that leaves it out is never there.
        loop {
            let (since, until) = self.stay()?;
            if since < until {
                return Some((since, until));
            }
        }
    }
}

impl Stays<'_> {
    fn stay(&mut self) -> Option<(Nanos, Nanos)> {
        let mut came = None;
        while let Some(stage) = self.ramp.stages.get(self.next) {
            let (begins, from) = (self.begins, self.from);
            let there = from > self.user;
            if stage.length > 0 {
                match (came, there) {
                    (None, true) => came = Some(begins),
                    // Gone at a jump between two stages.
                    (Some(since), false) => return Some((since, begins)),
                    _ => {}
                }
            }
            self.next += 1;
            self.begins = begins.saturating_add(stage.length);
            self.from = stage.to;
            if stage.length == 0 {
                continue;
            }
            let (length, user) = (u128::from(stage.length), u128::from(self.user));
            let (low, high) = (
                u128::from(from.min(stage.to)),
                u128::from(from.max(stage.to)),
            );
            if came.is_none() && stage.to > self.user {
                // The first nanosecond at which `from + (to - from) * x / length` is more than the user's number.
                came = Some(begins + cast(length * (user - low) / (high - low) + 1));
                continue;
            }
            if let Some(since) = came
                && stage.to <= self.user
            {
                // The first nanosecond at which it is not any more.
                let gone = begins + cast((length * (high - user)).div_ceil(high - low));
                return Some((since, gone));
            }
        }
        came.map(|since| (since, self.begins))
    }
}

/// A moment within a stage, whose length fits.
fn cast(x: u128) -> Nanos {
    Nanos::try_from(x).unwrap_or(Nanos::MAX)
}
