//! Whether two recordings differ: from the same figure of ten blocks of each run, or of several runs a side, to a shift with
//! its interval and the chance of seeing as much where there is none.
//!
//! Figures are compared by the logarithm of their ratio. Ten blocks, paired by their place in the schedule: Wilcoxon's
//! signed-rank test (Wilcoxon, "Individual comparisons by ranking methods", 1945), exact, with the Hodges-Lehmann estimate
//! (Hodges and Lehmann, "Estimates of location based on rank tests", 1963). Three runs or more a side: Student's t, pooled.
//! Several figures at once: Holm ("A simple sequentially rejective multiple test procedure", 1979).

/// Blocks into which a run is cut.
pub const BLOCKS: usize = 10;
/// Of the 55 averages of pairs, counted from either end: between these lies the shift in 95.1 of 100 cases.
const WALSH_END: usize = 8;

/// By what factor a figure changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// The best guess, as a logarithm.
    pub log: f64,
    /// Its interval of 95 %.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// The shift of ten paired blocks, from the logarithms of their ratios.
pub fn paired(ratios: &[f64; BLOCKS]) -> Shift {
    let mut walsh: Vec<f64> = (0..BLOCKS)
        .flat_map(|i| (i..BLOCKS).map(move |j| (i, j)))
        .map(|(i, j)| f64::midpoint(ratios[i], ratios[j]))
        .collect();
    walsh.sort_unstable_by(f64::total_cmp);
    let n = walsh.len();
    Shift { log: walsh[n / 2], low: walsh[WALSH_END], high: walsh[n - 1 - WALSH_END] }
}

/// The chance of ratios that lie as far above `than`, if the true shift were `than`: exact over all signs. Equal sizes share
/// their ranks.
pub fn chance_above(ratios: &[f64; BLOCKS], than: f64) -> f64 {
    let differences = ratios.map(|ratio| ratio - than);
    let sizes = differences.map(f64::abs);
    // Twice the rank, so that shared ones are whole.
    let rank = |size: f64| -> u32 {
        let below = sizes.iter().filter(|other| **other < size).count();
        let same = sizes.iter().filter(|other| **other == size).count();
        (2 * below + same + 1) as u32
    };
    let ranks = sizes.map(rank);
    let sum = |positive: &dyn Fn(usize) -> bool| -> u32 { (0..BLOCKS).filter(|i| positive(*i)).map(|i| ranks[i]).sum() };
    // A difference of nothing speaks for neither side: it counts as not above.
    let seen = sum(&|i| differences[i] > 0.0);
    let all = 1u32 << BLOCKS;
    let as_far = (0..all).filter(|signs| sum(&|i| signs >> i & 1 == 1) >= seen).count();
    as_far as f64 / f64::from(all)
}

/// How many windows one independent one is worth: 1 and twice the sum of autocorrelations (Sokal, "Monte Carlo methods in
/// statistical mechanics", 1997, with a window of 5).
pub fn correlation_time(values: &[f64]) -> f64 {
    let n = values.len();
    let mean = values.iter().sum::<f64>() / n.max(1) as f64;
    let covariance = |lag: usize| -> f64 {
        let pairs = values.iter().zip(&values[lag.min(n)..]);
        pairs.map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>() / n as f64
    };
    let variance = covariance(0);
    if variance <= 0.0 {
        return 1.0;
    }
    let mut tau = 1.0;
    for lag in 1..n {
        tau += 2.0 * covariance(lag) / variance;
        if lag as f64 >= 5.0 * tau {
            break;
        }
    }
    tau.max(1.0)
}

/// Windows that a run must have so that its blocks are as good as independent.
pub const WINDOWS_A_CORRELATION_TIME: f64 = 40.0;

/// Adjusts chances of several questions asked at once, in their order.
pub fn holm(chances: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|a, b| chances[*a].total_cmp(&chances[*b]));
    let (mut adjusted, mut least) = (vec![0.0; chances.len()], 0.0f64);
    for (done, index) in order.into_iter().enumerate() {
        least = least.max(chances[index] * (chances.len() - done) as f64).min(1.0);
        adjusted[index] = least;
    }
    adjusted
}
