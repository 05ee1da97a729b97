//! Counts of successive seconds -> how many seconds say as much as one independent second would, and whether a run has enough.
//!
//! A pause of a server lasts longer than a second, and so does a busy neighbour: seconds that follow each other are alike. A run
//! that is short by this measure has too few independent parts for any statement.

/// Lags beyond this many correlation times add more noise than they tell (Sokal, "Monte Carlo methods in statistical mechanics",
/// 1997, says 4 to 10 for long series; of some hundred seconds fewer lags tell more).
const WINDOW: f64 = 3.0;

/// A run has at least this many correlation times: blocks are then as good as independent. `docs/decisions` has the figures.
const LEAST_TIMES: f64 = 35.0;

/// And at least this many seconds: the correlation time of fewer is not known well enough.
const LEAST_SECONDS: f64 = 300.0;

/// The correlation time in seconds: 1, and twice the sum of the autocorrelations of `values`. Where it is more than a twelfth of
/// their number it may be anything above that.
pub fn correlation_time(values: &[f64]) -> f64 {
    let count = values.len();
    let mean = values.iter().sum::<f64>() / count.max(1) as f64;
    let distances: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let covariance = |lag: usize| -> f64 {
        let later = distances.iter().skip(lag);
        let pairs = distances.iter().zip(later);
        pairs.map(|(one, other)| one * other).sum()
    };
    let variance = covariance(0);
    if variance <= 0.0 {
        return 1.0;
    }
    let mut time = 1.0;
    // All autocorrelations together always sum up to nothing, so the later ones are left out.
    for lag in 1..count / 4 {
        time += 2.0 * covariance(lag) / variance;
        if lag as f64 >= WINDOW * time {
            break;
        }
    }
    time.max(1.0)
}

/// Seconds that lie further from the middle than so many times half of all do are no drift. With normal values they are 4 of 100.
const OUTLIERS: f64 = 3.0;

/// Levels of seconds without outliers: those are drawn in, and seconds without a level lie in the middle. Pauses come and go, and
/// would hide from the correlation how slowly the level between them wanders.
pub fn without_outliers(levels: &[Option<f64>]) -> Vec<f64> {
    let middle = |mut values: Vec<f64>| {
        values.sort_unstable_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    let at = middle(levels.iter().flatten().copied().collect());
    let distances = levels.iter().flatten().map(|level| (level - at).abs());
    let most = OUTLIERS * middle(distances.collect());
    let drawn_in = levels
        .iter()
        .map(|level| level.unwrap_or(at).clamp(at - most, at + most));
    drawn_in.collect()
}

/// How many seconds two runs should have, by a count of each of their seconds; `None` where they have them.
///
/// What both runs have in common, such as a ramp of the load or a cache that fills, cancels out in a comparison of pairs. So the
/// correlation of their difference counts where it is the smaller one.
pub fn seconds_needed(old: &[f64], new: &[f64]) -> Option<u32> {
    let own = f64::midpoint(correlation_time(old), correlation_time(new));
    let time = if old.len() == new.len() {
        let difference: Vec<f64> = new.iter().zip(old).map(|(new, old)| new - old).collect();
        own.min(correlation_time(&difference))
    } else {
        own
    };
    let needed = (LEAST_TIMES * time).max(LEAST_SECONDS);
    let seconds = old.len().min(new.len()) as f64;
    // The time is a guess: tens are exact enough.
    (seconds < needed).then(|| (needed / 10.0).ceil() as u32 * 10)
}
