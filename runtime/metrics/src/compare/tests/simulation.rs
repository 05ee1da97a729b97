//! Runs of a server that is not there, second by second: response times whose level wanders, pauses, bursts of failures.
//!
//! Each run is made from a seed alone and read as a recorded run is: interval by interval, by the builder.

use crate::buckets::bucket;
use crate::compare::{FailOn, RecordedLoad, RunFigures, RunFiguresBuilder};
use crate::interval::{Interval, SlotFigures};
use crate::layout::{IterationLayout, Layout};
use crate::outcome::Outcome;
use crate::slots::time_slot;
use bggo_values::Text;

/// Random numbers: SplitMix64.
pub struct Random(u64);

impl Random {
    /// Those of a seed; neighbouring seeds give unlike numbers.
    pub fn new(seed: u64) -> Self {
        let mut random = Self(seed);
        random.0 = random.next();
        random
    }

    /// 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// From 0 to 1.
    pub fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Of the standard normal law.
    pub fn normal(&mut self) -> f64 {
        let (one, other) = (1.0 - self.uniform(), self.uniform());
        (-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * other).cos()
    }
}

/// Requests of a second.
const REQUESTS: usize = 200;
/// The law of the times of a second has so many values, equally likely.
const VALUES: usize = 2_048;
const VALUE_BITS: u32 = VALUES.trailing_zeros();

/// A server.
#[derive(Debug, Clone, Copy)]
pub struct Server {
    /// How much the level of a second has in common with that of the second before, from 0 to 1.
    pub correlation: f64,
    /// Whether it pauses: for 2 s, in which all takes 1.65 times as long.
    pub pauses: bool,
    /// Mean number of seconds between two pauses.
    pub pauses_every: f64,
    /// By how much the logarithm of times grows from the first second to the last.
    pub drift: f64,
    /// By how much the logarithm of times lies above the usual.
    pub shift: f64,
    /// Mean length of a burst in which one of five requests fails; 0 for none. Every tenth second or so is in one.
    pub burst: f64,
}

impl Server {
    pub const STEADY: Self = Self {
        correlation: 0.0,
        pauses: false,
        pauses_every: 30.0,
        drift: 0.0,
        shift: 0.0,
        burst: 0.0,
    };
}

/// Times of the law, in microseconds, ascending: lognormal around 10 ms, of deviation 0.5.
pub fn law() -> Vec<f64> {
    // The inverse of the normal law by bisection of its integral, Simpson's rule: slow and simple.
    let density = |x: f64| (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt();
    let steps = 40_000;
    let width = 12.0 / f64::from(steps);
    let (mut below, mut at, mut law) = (0.0, -6.0, Vec::with_capacity(VALUES));
    for step in 0..steps {
        let from = -6.0 + width * f64::from(step);
        let part = (density(from) + 4.0 * density(from + width / 2.0) + density(from + width))
            * width
            / 6.0;
        while law.len() < VALUES && below + part >= (law.len() as f64 + 0.5) / VALUES as f64 {
            at = from + width / 2.0;
            law.push(10_000.0 * (0.5 * at).exp());
        }
        below += part;
    }
    law.resize(VALUES, 10_000.0 * (0.5 * at).exp());
    law
}

/// A layout of one scenario without steps.
pub fn layout() -> Layout {
    Layout {
        iterations: vec![IterationLayout {
            scenario: Text::Static("main"),
            tags: Vec::new(),
            first: 0,
        }],
        ..Layout::default()
    }
}

/// An open load of so many seconds.
pub fn load(seconds: u32) -> RecordedLoad {
    RecordedLoad {
        scenario: Text::Static("main"),
        exact: Text::from(format!("constant_arrival_rate rate={REQUESTS}")),
        is_open: true,
        judged: 0..seconds,
    }
}

/// A run.
pub struct Simulation<'a> {
    /// Without a law no times are drawn.
    pub law: &'a [f64],
    pub seconds: u32,
    pub asked: &'a [FailOn],
}

impl Simulation<'_> {
    pub fn run(&self, server: Server, random: &mut Random) -> RunFigures {
        let mut builder =
            RunFiguresBuilder::new("run", &layout(), &[load(self.seconds)], self.asked);
        let mut level = 0.1 * random.normal();
        let own = 0.1 * (1.0 - server.correlation * server.correlation).sqrt();
        let (mut is_pausing, mut is_failing) = (false, false);
        let mut cells = vec![0u32; VALUES];
        for second in 0..self.seconds {
            level = server.correlation * level + own * random.normal();
            let is_changing = random.uniform();
            is_pausing = server.pauses
                && if is_pausing {
                    is_changing < 0.5
                } else {
                    is_changing < 1.0 / server.pauses_every
                };
            is_failing = server.burst > 0.0
                && if is_failing {
                    random.uniform() >= 1.0 / server.burst
                } else {
                    random.uniform() < 1.0 / (9.0 * server.burst)
                };
            let failed = if is_failing {
                (0..REQUESTS)
                    .filter(|_| random.next().is_multiple_of(5))
                    .count()
            } else {
                0
            };
            let drift = server.drift * f64::from(second) / f64::from(self.seconds);
            let pause = if is_pausing { 0.5 } else { 0.0 };
            let factor = (level + drift + pause + server.shift).exp();
            let mut interval = Interval::default();
            let mut counts = SlotFigures::default();
            counts.add(Outcome::Passed, (REQUESTS - failed) as u64);
            counts.add(Outcome::Failed, failed as u64);
            let times = self.times(factor, &mut cells, random);
            interval.slots.insert(0, counts);
            let slot = interval.slots.entry(time_slot::RESPONSE).or_default();
            slot.histogram.buckets = times;
            builder.add(second, &interval);
        }
        builder.end()
    }

    /// Counts by bucket, ascending. Values are drawn by their places in the law, which are then gone through in order.
    fn times(&self, factor: f64, cells: &mut [u32], random: &mut Random) -> Vec<(u32, u64)> {
        if self.law.is_empty() {
            return Vec::new();
        }
        for _ in 0..REQUESTS / 4 {
            let mut bits = random.next();
            for _ in 0..4 {
                cells[bits as usize % VALUES] += 1;
                bits >>= VALUE_BITS;
            }
        }
        let mut times: Vec<(u32, u64)> = Vec::with_capacity(REQUESTS);
        for (cell, value) in cells.iter_mut().zip(self.law) {
            if *cell == 0 {
                continue;
            }
            let count = u64::from(std::mem::take(cell));
            let bucket = bucket((value * factor) as u64) as u32;
            match times.last_mut() {
                Some((last, sum)) if *last == bucket => *sum += count,
                _ => times.push((bucket, count)),
            }
        }
        times
    }
}
