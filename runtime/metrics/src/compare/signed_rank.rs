//! Fifteen paired differences -> by how much one side lies above the other, and the chance of seeing as much where it does not.
//!
//! Wilcoxon's signed-rank test, exact ("Individual comparisons by ranking methods", 1945; zeros as Pratt ranks them, 1959),
//! with the estimate and the interval of Hodges and Lehmann ("Estimates of location based on rank tests", 1963). It asks for no
//! law of the differences, and one block that went wrong moves it little.

use super::shift::{BLOCKS, Shift};

/// Averages of two differences, each with itself too.
const WALSH_AVERAGES: usize = BLOCKS * (BLOCKS + 1) / 2;
/// So many of the averages are cut off at either end. The sum of ranks is at most that with a chance of 2.4 % (Wilcoxon's table:
/// 25 for fifteen pairs at 5 %), so what is left covers the shift with a chance of 95.2 %.
const CUT: usize = 25;

/// The shift: the median of the averages, and the interval from the 26th smallest of them to the 26th largest.
pub fn shift(differences: &[f64; BLOCKS]) -> Shift {
    let mut averages = [0.0; WALSH_AVERAGES];
    let pairs = differences.iter().enumerate().flat_map(|(first, one)| {
        differences
            .iter()
            .skip(first)
            .map(move |other| (one, other))
    });
    for (average, (one, other)) in averages.iter_mut().zip(pairs) {
        *average = f64::midpoint(*one, *other);
    }
    averages.sort_unstable_by(f64::total_cmp);
    Shift {
        estimate: f64::midpoint(
            averages[(WALSH_AVERAGES - 1) / 2],
            averages[WALSH_AVERAGES / 2],
        ),
        low: averages[CUT],
        high: averages[WALSH_AVERAGES - 1 - CUT],
    }
}

/// The chance that differences lie as far above `than` as these do, if half of them should lie above it and half below.
pub fn chance_above(differences: &[f64; BLOCKS], than: f64) -> f64 {
    let distances = differences.map(|difference| difference - than);
    // Twice the rank: equal sizes share their ranks, and twice a shared rank is whole.
    let rank = |distance: f64| {
        let size = distance.abs();
        let smaller = distances.iter().filter(|other| other.abs() < size).count();
        let equal = distances.iter().filter(|other| other.abs() == size).count();
        2 * smaller + equal + 1
    };
    // How many choices of signs give each sum of the ranks that are positive. A distance of zero has no sign; it only pushes
    // the ranks of the others up.
    let mut choices = [0u32; 2 * WALSH_AVERAGES + 1];
    choices[0] = 1;
    let (mut all, mut seen) = (1, 0);
    for distance in distances.into_iter().filter(|distance| *distance != 0.0) {
        let rank = rank(distance);
        for sum in (rank..choices.len()).rev() {
            choices[sum] += choices[sum - rank];
        }
        all *= 2;
        if distance > 0.0 {
            seen += rank;
        }
    }
    let as_far: u32 = choices[seen..].iter().sum();
    f64::from(as_far) / f64::from(all)
}
