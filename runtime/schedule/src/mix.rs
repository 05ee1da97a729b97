//! A weighted choice as a closed form: number of an iteration -> which of several it runs.
//!
//! The numbers of iterations are cut into rounds of as many as the weights have together. In each round every choice comes
//! exactly as often as its weight says, whatever thread or host runs which iteration. Within a round the places are visited in
//! steps of about the golden ratio of the round's length, so the choices of a round are spread evenly: the sequence `k * s mod n`
//! for such an `s` is the one whose gaps are most alike (Knuth, The Art of Computer Programming, volume 3, section 6.4).

/// The largest sum of weights.
pub const MOST_WEIGHT: u64 = u32::MAX as u64;

/// Several choices with weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mix {
    /// How often each comes in a round. Not all are zero.
    weights: &'static [u32],
    /// How many places a round has.
    round: u64,
    /// From one iteration's place to that of the next. It has no divisor in common with `round`, so a round visits all places.
    stride: u64,
}

impl Mix {
    /// A mix of these weights. Where all are zero, the first choice comes always.
    pub const fn new(weights: &'static [u32]) -> Self {
        let (mut round, mut at) = (0, 0);
        while at < weights.len() {
            round += weights[at] as u64;
            at += 1;
        }
        if round == 0 {
            round = 1;
        }
        Self {
            weights,
            round,
            stride: stride(round),
        }
    }

    /// Which choice iteration number `k` runs, by its position.
    pub fn choice(&self, k: u64) -> usize {
        // Both factors are below 2^32 and their product fits.
        let mut place = k % self.round * self.stride % self.round;
        for (at, weight) in self.weights.iter().enumerate() {
            match place.checked_sub(u64::from(*weight)) {
                Some(rest) => place = rest,
                None => return at,
            }
        }
        0
    }

    /// How many of the iterations before number `k` run one of the choices that `chosen` marks, by position.
    pub fn chosen_before(&self, k: u64, chosen: &[bool]) -> u64 {
        let (rounds, rest) = (k / self.round, k % self.round);
        let mut found = 0;
        let mut first = 0;
        for (at, weight) in self.weights.iter().enumerate() {
            let behind = first + u64::from(*weight);
            if chosen.get(at) == Some(&true) {
                let of_rest = self.below(behind, rest) - self.below(first, rest);
                found += rounds * u64::from(*weight) + of_rest;
            }
            first = behind;
        }
        found
    }

    /// How many of the first `many` iterations of a round have a place below `bound`.
    fn below(&self, bound: u64, many: u64) -> u64 {
        let (round, stride) = (u128::from(self.round), u128::from(self.stride));
        // `x mod n < b` is `x / n - (x - b) / n` of whole quotients that are rounded down; a round more keeps all above zero.
        let whole = sum_of_quotients(many.into(), round, stride, 0);
        let shifted = sum_of_quotients(many.into(), round, stride, round - u128::from(bound));
        u64::try_from(whole + u128::from(many) - shifted).unwrap_or(0)
    }
}

/// The sum of `(a * i + b) / m`, rounded down, for each `i` below `n`: by the steps of Euclid's algorithm.
fn sum_of_quotients(n: u128, m: u128, a: u128, b: u128) -> u128 {
    let (mut n, mut m, mut a, mut b) = (n, m, a, b);
    let mut sum = 0;
    while n > 0 {
        sum += n * (n - 1) / 2 * (a / m) + n * (b / m);
        (a, b) = (a % m, b % m);
        let last = a * n + b;
        (n, b) = (last / m, last % m);
        (m, a) = (a, m);
        if m == 0 {
            break;
        }
    }
    sum
}

/// The number nearest below the golden ratio of `round` that has no divisor in common with it.
const fn stride(round: u64) -> u64 {
    // 0.618... as a fraction of 2^32; `round` is below 2^32.
    let mut stride = (round * 2_654_435_769) >> 32;
    while stride > 1 && greatest_common_divisor(stride, round) != 1 {
        stride -= 1;
    }
    if stride == 0 { 1 } else { stride }
}

const fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counts(mix: &Mix, from: u64, many: u64) -> Vec<u64> {
        let mut counts = vec![0; mix.weights.len()];
        for k in from..from + many {
            counts[mix.choice(k)] += 1;
        }
        counts
    }

    #[test]
    fn ten_iterations_of_seven_and_three_are_spread() {
        static WEIGHTS: [u32; 2] = [7, 3];
        let mix = Mix::new(&WEIGHTS);
        let first: Vec<usize> = (0..20).map(|k| mix.choice(k)).collect();
        assert_eq!(first[..10], first[10..], "each round is the same");
        let buys: Vec<usize> = (0..10).filter(|k| first[*k] == 1).collect();
        assert_eq!(buys.len(), 3);
        assert!(
            buys.windows(2).all(|pair| pair[1] - pair[0] >= 2),
            "no two in a row: {buys:?}"
        );
    }

    #[test]
    fn a_weight_of_zero_never_comes_and_a_single_choice_always() {
        static ZERO: [u32; 3] = [0, 5, 0];
        assert_eq!(counts(&Mix::new(&ZERO), 3, 50), [0, 50, 0]);
        static ONE: [u32; 1] = [1];
        assert_eq!(counts(&Mix::new(&ONE), 0, 5), [5]);
        static NOTHING: [u32; 2] = [0, 0];
        assert_eq!(counts(&Mix::new(&NOTHING), 0, 5), [5, 0]);
    }

    #[test]
    fn the_largest_weights_do_not_overflow() {
        static LARGE: [u32; 2] = [u32::MAX - 1, 1];
        let mix = Mix::new(&LARGE);
        assert_eq!(greatest_common_divisor(mix.stride, mix.round), 1);
        assert!(
            [0, u64::MAX, u64::MAX / 2]
                .iter()
                .all(|k| mix.choice(*k) <= 1)
        );
    }

    proptest! {
        #[test]
        fn each_round_has_each_choice_as_often_as_its_weight(
            weights in prop::collection::vec(0_u32..40, 1..6),
            round in 0_u64..1000,
        ) {
            let weights: &'static [u32] = weights.leak();
            let sum: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
            prop_assume!(sum > 0);
            let counts = counts(&Mix::new(weights), round * sum, sum);
            let wanted: Vec<u64> = weights.iter().map(|weight| u64::from(*weight)).collect();
            prop_assert_eq!(counts, wanted);
        }
    }
}
