//! What two sides say of one figure -> the shift, and the chance that it is nothing.

use super::shift::{BLOCKS, Shift};
use super::signed_rank;
use super::student::MeanDifference;

/// What is known of a shift.
#[derive(Debug, Clone, PartialEq)]
pub enum Evidence {
    /// Of one run a side: the shift of each block, and how far two runs differ where nothing has changed, if that is known.
    Blocks {
        /// New less old, by all values of the block.
        differences: [f64; BLOCKS],
        /// And by its typical seconds, of a percentile.
        typical: Option<Box<[f64; BLOCKS]>>,
        /// Over whole runs.
        between_runs: Option<MeanDifference>,
    },
    /// Of several runs a side.
    Runs(MeanDifference),
}

impl Evidence {
    /// The shift, with its interval of 95 %.
    pub fn shift(&self) -> Shift {
        match self {
            Self::Blocks {
                differences,
                between_runs,
                ..
            } => of_blocks(differences, *between_runs),
            Self::Runs(difference) => difference.shift(),
        }
    }

    /// The shift of typical seconds, with its interval of 95 %.
    pub fn typical(&self) -> Option<Shift> {
        match self {
            Self::Blocks {
                typical,
                between_runs,
                ..
            } => typical
                .as_ref()
                .map(|typical| of_blocks(typical, *between_runs)),
            Self::Runs(_) => None,
        }
    }

    /// The chance that the shift lies as far above `than`, if it truly were `than`. Where there are typical seconds too, it is the
    /// smaller one of two chances, and held to 2.5 % it is wrong in 5 % at most.
    ///
    /// Typical seconds do not count where the interval of all values lies below `than`: the percentile itself has surely not grown
    /// by as much then, whatever typical seconds say.
    pub fn chance_above(&self, than: f64) -> f64 {
        match self {
            Self::Blocks {
                differences,
                typical,
                between_runs,
            } => {
                let all = chance_of_blocks(differences, *between_runs, than);
                let may_be_above = of_blocks(differences, *between_runs).high > than;
                match typical {
                    Some(typical) if may_be_above => {
                        all.min(chance_of_blocks(typical, *between_runs, than))
                    }
                    _ => all,
                }
            }
            Self::Runs(difference) => difference.chance_above(than),
        }
    }

    /// The chance that the shift lies as far below `than`, if it truly were `than`.
    pub fn chance_below(&self, than: f64) -> f64 {
        self.mirrored().chance_above(-than)
    }

    /// The chance that the shift lies as far from 0 on either side.
    pub fn chance_of_nothing(&self) -> f64 {
        let one_side = self.chance_above(0.0).min(self.chance_below(0.0));
        let sides_of_all = if self.typical().is_some() { 4.0 } else { 2.0 };
        (sides_of_all * one_side).min(1.0)
    }

    /// Of old less new.
    fn mirrored(&self) -> Self {
        match self {
            Self::Blocks {
                differences,
                typical,
                between_runs,
            } => Self::Blocks {
                differences: differences.map(|difference| -difference),
                typical: typical
                    .as_ref()
                    .map(|typical| Box::new(typical.map(|difference| -difference))),
                between_runs: *between_runs,
            },
            Self::Runs(difference) => Self::Runs(difference.around(-difference.difference)),
        }
    }
}

fn of_blocks(differences: &[f64; BLOCKS], between_runs: Option<MeanDifference>) -> Shift {
    let shift = signed_rank::shift(differences);
    match between_runs {
        Some(noise) => shift.and(noise.around(shift.estimate).shift()),
        None => shift,
    }
}

fn chance_of_blocks(
    differences: &[f64; BLOCKS],
    between_runs: Option<MeanDifference>,
    than: f64,
) -> f64 {
    let chance = signed_rank::chance_above(differences, than);
    let estimate = signed_rank::shift(differences).estimate;
    let noise = between_runs.map(|noise| noise.around(estimate).chance_above(than));
    noise.map_or(chance, |noise| noise.max(chance))
}
