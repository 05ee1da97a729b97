//! A rate that changes over time, to the moment at which its k-th iteration is due, and back.
//!
//! The rate is a line in each stage, so the number of iterations that are due by a moment is its integral: a parabola in
//! each stage. Everything is exact in integers. A moment is estimated in floating point and then corrected by comparing
//! integers of 256 bits: a day's ramp to a million a second overflows 128.

use ethnum::I256;
use std::time::Duration;

/// A moment or a length of time, in nanoseconds.
pub type Nanos = u64;

/// A length of time in nanoseconds, or as many as there can be.
#[inline]
pub fn nanos(length: Duration) -> Nanos {
    length
        .as_secs()
        .saturating_mul(1_000_000_000)
        .saturating_add(length.subsec_nanos().into())
}

/// A part of a profile in which the rate is a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// How long it takes. In a stage of no length the rate jumps.
    pub length: Nanos,
    /// Its rate at the end, in millionths of an iteration a unit of time.
    pub to: u64,
}

/// The longest that a profile may take: ten years.
pub const LONGEST: Nanos = 10 * 366 * 86_400 * 1_000_000_000;
/// The highest rate, in iterations a nanosecond: a billion a second.
pub const HIGHEST: u64 = 1;
const MILLIONTHS: u64 = 1_000_000;
/// The longest unit of time: a day.
pub const LONGEST_UNIT: Nanos = 86_400 * 1_000_000_000;

/// Parts into which the place between two iterations is divided, as a power of two.
pub const FRACTION_BITS: u32 = 32;

/// A place on the axis of iterations: `k` iterations and a fraction of one, in 2^-32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(pub u128);

impl Place {
    /// The place of iteration `k` of evenly spread ones.
    pub const fn whole(k: u64) -> Self {
        Self((k as u128) << FRACTION_BITS)
    }
}

/// A rate over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// Millionths of an iteration a nanosecond are `1 / unit` of the numbers of the stages.
    unit: Nanos,
    pieces: Vec<Piece>,
    length: Nanos,
    /// Twice the integral over all, in millionths of an iteration times the unit.
    twice_area: I256,
}

/// A stage with where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    /// Since the start.
    begins: Nanos,
    length: Nanos,
    from: u64,
    to: u64,
    /// Twice the integral before it.
    twice_before: I256,
}

/// Why there is no such profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TooMuch {
    /// Longer than [`LONGEST`].
    Length,
    /// A rate over [`HIGHEST`].
    Rate,
    /// A unit of time that is zero or over [`LONGEST_UNIT`].
    Unit,
}

impl Rate {
    /// Begins with `start` millionths of an iteration a `unit`, and goes on as the stages say.
    ///
    /// # Errors
    /// A number beyond what can be computed exactly.
    pub fn new(unit: Nanos, start: u64, stages: &[Stage]) -> Result<Self, TooMuch> {
        if unit == 0 || unit > LONGEST_UNIT {
            return Err(TooMuch::Unit);
        }
        let (mut begins, mut from, mut twice) = (0u64, start, I256::ZERO);
        let mut pieces = Vec::with_capacity(stages.len());
        for stage in stages {
            let highest = u128::from(unit) * u128::from(HIGHEST * MILLIONTHS);
            if u128::from(from.max(stage.to)) > highest {
                return Err(TooMuch::Rate);
            }
            if stage.length > 0 {
                pieces.push(Piece {
                    begins,
                    length: stage.length,
                    from,
                    to: stage.to,
                    twice_before: twice,
                });
                twice +=
                    I256::from(stage.length) * I256::from(u128::from(from) + u128::from(stage.to));
                begins = begins
                    .checked_add(stage.length)
                    .filter(|end| *end <= LONGEST)
                    .ok_or(TooMuch::Length)?;
            }
            from = stage.to;
        }
        Ok(Self {
            unit,
            pieces,
            length: begins,
            twice_area: twice,
        })
    }

    /// How long it takes.
    pub const fn length(&self) -> Nanos {
        self.length
    }

    /// The lowest and the highest rate that it has at any moment, in iterations a second.
    pub fn extremes(&self) -> (f64, f64) {
        let rates = self.pieces.iter().flat_map(|piece| [piece.from, piece.to]);
        let (lowest, highest) = rates.fold((u64::MAX, 0), |(lowest, highest), rate| {
            (lowest.min(rate), highest.max(rate))
        });
        let a_second = |rate: u64| rate as f64 / 1e6 * (1e9 / self.unit as f64);
        (a_second(lowest.min(highest)), a_second(highest))
    }

    /// The same rate for another time; `None` where it changes.
    ///
    /// # Errors
    /// The time is too long.
    pub fn lasting(&self, length: Nanos) -> Option<Result<Self, TooMuch>> {
        match self.pieces.as_slice() {
            [only] if only.from == only.to => {
                let stages = [Stage {
                    length,
                    to: only.to,
                }];
                Some(Self::new(self.unit, only.from, &stages))
            }
            _ => None,
        }
    }

    /// Twice a place, in millionths of an iteration times the unit and 2^-32.
    fn scaled(&self, place: Place) -> I256 {
        I256::from(place.0) * I256::from(2 * u128::from(self.unit) * u128::from(MILLIONTHS))
    }

    /// The first place that the integral up to and with a moment does not exceed: what lies before it is due by then.
    pub fn place_after(&self, at: Nanos) -> Place {
        let begun = self.pieces.partition_point(|piece| piece.begins <= at);
        let piece = begun
            .checked_sub(1)
            .and_then(|index| self.pieces.get(index));
        let Some(piece) = piece else { return Place(0) };
        let length = I256::from(piece.length);
        let exact =
            piece.twice_before * length + piece.exact((at - piece.begins).min(piece.length));
        let one = self.scaled(Place(1)) * length;
        let after = ((exact << FRACTION_BITS) + one - I256::ONE) / one;
        Place(u128::try_from(after).unwrap_or(u128::MAX))
    }

    /// How many iterations are due at all: those whose number is below the integral.
    pub fn total(&self) -> u64 {
        self.whole_below(self.twice_area)
    }

    /// Whole numbers from 0 below a doubled area.
    fn whole_below(&self, twice: I256) -> u64 {
        let one = I256::from(2 * u128::from(self.unit) * u128::from(MILLIONTHS));
        let whole = (twice + one - I256::ONE) / one;
        u64::try_from(whole).unwrap_or(u64::MAX)
    }

    /// The first nanosecond at which the integral of the rate exceeds a place; `None` where it never does.
    #[cfg(test)]
    pub fn due(&self, place: Place) -> Option<Nanos> {
        self.due_from(place, &mut 0)
    }

    /// The same, where the place lies in piece `hint` or later; `hint` is moved on.
    pub fn due_from(&self, place: Place, hint: &mut usize) -> Option<Nanos> {
        let wanted = self.scaled(place);
        let exceeds = |twice: I256| (twice << FRACTION_BITS) > wanted;
        if !exceeds(self.twice_area) {
            return None;
        }
        // The last piece before which the place is not exceeded.
        let mut index = *hint;
        while self
            .pieces
            .get(index + 1)
            .is_some_and(|next| !exceeds(next.twice_before))
        {
            index += 1;
        }
        *hint = index;
        let piece = self.pieces.get(index)?;
        Some(piece.begins + piece.first_beyond(wanted))
    }

    /// How many iterations are due up to and with a moment.
    pub fn count(&self, at: Nanos) -> u64 {
        self.whole_below(self.twice_area_until(at))
    }

    /// Twice the integral up to a moment, rounded down to a whole.
    fn twice_area_until(&self, at: Nanos) -> I256 {
        let index = self.pieces.partition_point(|piece| piece.begins <= at);
        match index
            .checked_sub(1)
            .and_then(|index| self.pieces.get(index))
        {
            // Rounded up: what lies between two integers still exceeds the lower one.
            Some(piece) => piece.twice_before + piece.twice_area_up(at - piece.begins),
            None => I256::ZERO,
        }
    }
}

impl std::fmt::Display for Rate {
    /// Its stages, exactly: `10000000000:0-500000000/1000000000` is a stage of 10 s from 0 to 500 a second.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (place, piece) in self.pieces.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            write!(f, "{comma}{}:{}-{}", piece.length, piece.from, piece.to)?;
        }
        write!(f, "/{}", self.unit)
    }
}

impl Piece {
    /// Twice the integral of the first `x` nanoseconds, times the length: whole.
    fn exact(&self, x: Nanos) -> I256 {
        let (x, length) = (I256::from(x), I256::from(self.length));
        let (from, to) = (I256::from(self.from), I256::from(self.to));
        x * (from * length * I256::from(2u8) + (to - from) * x)
    }

    /// Twice the integral of the first `x` nanoseconds, rounded up.
    fn twice_area_up(&self, x: Nanos) -> I256 {
        let length = I256::from(self.length);
        (self.exact(x.min(self.length)) + length - I256::ONE) / length
    }

    /// The first `x` at which twice the integral from the start of the profile, in 2^-32, exceeds `wanted`. It does at the
    /// end of the piece, and does not at its beginning.
    fn first_beyond(&self, wanted: I256) -> Nanos {
        // What this piece must add, in 2^-32.
        let rest = wanted - (self.twice_before << FRACTION_BITS);
        let scaled = rest * I256::from(self.length);
        let exceeds = |x: Nanos| (self.exact(x) << FRACTION_BITS) > scaled;
        let mut x = self.estimate(rest).clamp(1, self.length);
        if exceeds(x) {
            // Back, by growing steps, to one that does not; then halve.
            let mut step = 1;
            let mut low = loop {
                match x.checked_sub(step) {
                    None | Some(0) => break 0,
                    Some(lower) if !exceeds(lower) => break lower,
                    Some(lower) => x = lower,
                }
                step *= 2;
            };
            while x - low > 1 {
                let middle = low + (x - low) / 2;
                if exceeds(middle) {
                    x = middle;
                } else {
                    low = middle;
                }
            }
            x
        } else {
            let (mut low, mut step) = (x, 1);
            let mut high = loop {
                let higher = low.saturating_add(step).min(self.length);
                if exceeds(higher) || higher == self.length {
                    break higher;
                }
                low = higher;
                step *= 2;
            };
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                if exceeds(middle) {
                    high = middle;
                } else {
                    low = middle;
                }
            }
            high
        }
    }

    /// About where the integral of this piece is half of `rest`, which is in 2^-32.
    fn estimate(&self, rest: I256) -> Nanos {
        let area = rest.as_f64() / 2.0 / f64::from(2u32).powi(FRACTION_BITS as i32);
        let (from, change) = (self.from as f64, self.to as f64 - self.from as f64);
        let slope = change / self.length as f64;
        // The root of `slope / 2 * x^2 + from * x = area` that loses no digits.
        let root = (from * from + 2.0 * slope * area).max(0.0).sqrt();
        let x = 2.0 * area / (from + root);
        if x.is_finite() { x as Nanos + 1 } else { 1 }
    }
}
