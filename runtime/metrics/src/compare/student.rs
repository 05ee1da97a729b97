//! Figures of several whole runs a side -> by how much one side lies above the other, and the chance of seeing as much where it
//! does not: Student's t, pooled.
//!
//! Degrees of freedom are whole numbers here, so the chance has a closed form (Abramowitz and Stegun, "Handbook of mathematical
//! functions", 26.7.3 and 26.7.4) and needs no table.

use super::shift::Shift;

/// The difference of two means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanDifference {
    /// New less old.
    pub difference: f64,
    /// How far it lies from the truth, typically.
    pub standard_error: f64,
    /// How well that is known.
    pub degrees: u32,
}

impl MeanDifference {
    /// Of two samples, whose spread is taken as one; `None` where both together have fewer than three values or one has none.
    pub fn new(old: &[f64], new: &[f64]) -> Option<Self> {
        let degrees = u32::try_from((old.len() + new.len()).checked_sub(2)?).ok()?;
        let (old_mean, old_squares) = mean_and_squares(old)?;
        let (new_mean, new_squares) = mean_and_squares(new)?;
        if degrees == 0 {
            return None;
        }
        let variance = (old_squares + new_squares) / f64::from(degrees);
        let share = 1.0 / old.len() as f64 + 1.0 / new.len() as f64;
        Some(Self {
            difference: new_mean - old_mean,
            standard_error: (variance * share).sqrt(),
            degrees,
        })
    }

    /// The same spread around another difference.
    pub fn around(&self, difference: f64) -> Self {
        Self {
            difference,
            ..*self
        }
    }

    /// The shift with its interval of 95 %.
    pub fn shift(&self) -> Shift {
        let half = quantile_975(self.degrees) * self.standard_error;
        Shift {
            estimate: self.difference,
            low: self.difference - half,
            high: self.difference + half,
        }
    }

    /// The chance that the difference lies as far above `than`, if it truly were `than`.
    pub fn chance_above(&self, than: f64) -> f64 {
        let distance = self.difference - than;
        if self.standard_error > 0.0 {
            return chance_above(distance / self.standard_error, self.degrees);
        }
        // Runs that agree to the last bit: they differ from `than`, or they do not.
        if distance > 0.0 {
            0.0
        } else if distance < 0.0 {
            1.0
        } else {
            0.5
        }
    }
}

/// The mean, and the sum of the squares of the distances from it.
fn mean_and_squares(values: &[f64]) -> Option<(f64, f64)> {
    if values.is_empty() {
        return None;
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((mean, squares))
}

/// The standard deviation of a sample; `None` of fewer than two values.
pub fn standard_deviation(values: &[f64]) -> Option<f64> {
    let (_, squares) = mean_and_squares(values)?;
    let degrees = values.len().checked_sub(1).filter(|degrees| *degrees > 0)?;
    Some((squares / degrees as f64).sqrt())
}

/// The chance that Student's t is more than `t`.
pub fn chance_above(t: f64, degrees: u32) -> f64 {
    let angle = (t.abs() / f64::from(degrees).sqrt()).atan();
    let (sine, cosine) = angle.sin_cos();
    let is_odd = degrees % 2 == 1;
    // The series: each term is the one before, times cos^2 and a ratio of two numbers that follow each other.
    let mut term = if is_odd { cosine } else { 1.0 };
    let mut sum = 0.0;
    let mut number = if is_odd { 2 } else { 1 };
    while number < degrees {
        sum += term;
        term *= cosine * cosine * f64::from(number) / f64::from(number + 1);
        number += 2;
    }
    let within = if is_odd {
        std::f64::consts::FRAC_2_PI * (angle + sine * sum)
    } else {
        sine * sum
    };
    let beyond = (1.0 - within).max(0.0) / 2.0;
    if t >= 0.0 { beyond } else { 1.0 - beyond }
}

/// The value that Student's t exceeds in 2.5 of 100 cases.
pub fn quantile_975(degrees: u32) -> f64 {
    // That of one degree is 12.7, and it falls from there.
    let (mut low, mut high) = (0.0, 16.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if chance_above(middle, degrees) > 0.025 {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}
