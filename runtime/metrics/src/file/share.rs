//! Which part of a run one host did: stripes of all of its iterations and users, as `--segment` names them.

use std::fmt;

/// Stripes `first..first + own` of `stripes`, numbered from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share {
    /// How many there are of all hosts.
    pub stripes: u64,
    /// The first of this host.
    pub first: u64,
    /// How many are its own.
    pub own: u64,
}

impl Share {
    /// All.
    pub const WHOLE: Self = Self {
        stripes: 1,
        first: 0,
        own: 1,
    };

    /// As `--segment` writes it: `2/5`, `2-3/5`.
    pub fn parse(text: &str) -> Option<Self> {
        let (numbers, stripes) = text.split_once('/')?;
        let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
        let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
        let stripes = stripes.parse().ok()?;
        (1 <= first && first <= last && last <= stripes).then(|| Self {
            stripes,
            first: first - 1,
            own: last + 1 - first,
        })
    }

    /// Whether some iteration is of both.
    #[cfg(feature = "tools")]
    pub fn overlaps(self, other: Self) -> bool {
        // Numbers with these remainders meet where the remainders agree modulo the greatest common divisor.
        let modulo = greatest_common_divisor(self.stripes, other.stripes);
        if self.own.saturating_add(other.own) > modulo {
            return true;
        }
        let (a, b) = (self.first % modulo, other.first % modulo);
        // How far it is from the one's beginning to the other's, going round.
        (b + modulo - a) % modulo < self.own || (a + modulo - b) % modulo < other.own
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            stripes,
            first,
            own,
        } = self;
        match own {
            1 => write!(f, "{}/{stripes}", first + 1),
            _ => write!(f, "{}-{}/{stripes}", first + 1, first + own),
        }
    }
}

#[cfg(feature = "tools")]
fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// What is missing of a run of which these disjoint shares were done: in words, or `None` if nothing is.
#[cfg(feature = "tools")]
pub fn missing(shares: &[Share]) -> Option<String> {
    let done: f64 = shares
        .iter()
        .map(|share| share.own as f64 / share.stripes as f64)
        .sum();
    let left = 1.0 - done;
    // The nearest that a share of whole stripes can come to all is far more than the rounding.
    if left < 1e-10 {
        return None;
    }
    let stripes = shares.first().map_or(1, |share| share.stripes);
    let names = if stripes <= 1_000 && shares.iter().all(|share| share.stripes == stripes) {
        let is_done = |stripe: u64| {
            let mut shares = shares.iter();
            shares.any(|share| (share.first..share.first + share.own).contains(&stripe))
        };
        let names = (0..stripes).filter(|stripe| !is_done(*stripe));
        let names: Vec<String> = names
            .map(|stripe| format!("{}/{stripes}", stripe + 1))
            .collect();
        names.join(", ")
    } else {
        "a part".to_owned()
    };
    Some(format!(
        "{names} is missing: {:.4} % of the schedule was not run",
        left * 100.0
    ))
}

#[cfg(test)]
#[cfg(feature = "tools")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn share(text: &str) -> Share {
        Share::parse(text).unwrap()
    }

    #[test]
    fn a_share_is_written_as_it_is_read() {
        for text in ["1/1", "2/5", "2-3/5"] {
            assert_eq!(share(text).to_string(), text);
        }
        for text in ["", "1", "0/2", "3/2", "2-1/3", "a/b", "1/0"] {
            assert_eq!(Share::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(missing(&[share("1/2"), share("2/2")]), None);
        assert_eq!(missing(&[share("1/3"), share("2-3/3")]), None);
        assert_eq!(
            missing(&[share("1/5"), share("2/5"), share("4-5/5")]).unwrap(),
            "3/5 is missing: 20.0000 % of the schedule was not run"
        );
        assert!(
            missing(&[share("1/2"), share("2/4")])
                .unwrap()
                .contains("25.0000 %")
        );
        assert_eq!(missing(&[share("1/2"), share("2/4"), share("4/4")]), None);
    }

    proptest! {
        #[test]
        fn two_shares_overlap_where_an_iteration_is_of_both(
            (n, a, own) in (1..12u64).prop_flat_map(|n| (Just(n), 0..n, 1..=n)),
            (m, b, other) in (1..12u64).prop_flat_map(|n| (Just(n), 0..n, 1..=n)),
        ) {
            let one = Share { stripes: n, first: a, own: own.min(n - a) };
            let two = Share { stripes: m, first: b, own: other.min(m - b) };
            let has = |share: Share, k: u64| {
                (share.first..share.first + share.own).contains(&(k % share.stripes))
            };
            let expected = (0..n * m).any(|k| has(one, k) && has(two, k));
            prop_assert_eq!(one.overlaps(two), expected);
            prop_assert_eq!(two.overlaps(one), expected);
        }
    }
}
