//! Which percentiles the tables of a summary have as columns.

use super::measure::or_dash;
use crate::interval::{Histogram, WHOLE};
use bggo_values::Number;

/// More columns do not fit beside a name on a screen of 80.
const MOST: usize = 6;

/// Percentiles, each with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Percentiles(Vec<(String, u32)>);

impl Default for Percentiles {
    fn default() -> Self {
        let all = [500_000, 900_000, 950_000, 990_000, 999_000];
        Self(all.map(|at| (name(at), at)).to_vec())
    }
}

/// `p99.9` of 999,000 millionths.
fn name(millionths: u32) -> String {
    let (whole, rest) = (millionths / 10_000, millionths % 10_000);
    if rest == 0 {
        format!("p{whole}")
    } else {
        let digits = format!("{rest:04}");
        format!("p{whole}.{}", digits.trim_end_matches('0'))
    }
}

impl Percentiles {
    /// Reads `p50,p95,p99.99`.
    ///
    /// # Errors
    /// What is wrong with it, and what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let all = text.split(',').map(|part| percentile(part.trim()));
        let all: Vec<_> = all.collect::<Result<_, String>>()?;
        if all.len() > MOST {
            return Err(format!("expected at most {MOST} percentiles"));
        }
        Ok(Self(all))
    }

    /// Each with its name, and what it is in millionths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        self.0.iter().map(|(name, at)| (name.as_str(), *at))
    }

    /// Their names, and that of the maximum.
    pub fn heads(&self) -> impl Iterator<Item = &str> {
        let names = self.0.iter().map(|(name, _)| name.as_str());
        names.chain(["max"])
    }

    /// Times at them, and the longest.
    pub fn times(&self, times: &Histogram) -> Vec<String> {
        let at = self.0.iter().map(|(_, at)| or_dash(times.time(*at)));
        let longest = times.time_extremes().map(|(_, longest)| longest);
        at.chain([or_dash(longest)]).collect()
    }

    /// Values at them, and the largest.
    pub fn values(&self, values: &Histogram) -> Vec<String> {
        let at = self.0.iter().map(|(_, at)| values.quantile(*at));
        let largest = values.extremes().map(|(_, largest)| largest);
        at.chain([largest])
            .map(|value| value.map_or_else(|| "-".to_owned(), |value| value.to_string()))
            .collect()
    }
}

/// `p99.9`, or `99.9`.
fn percentile(text: &str) -> Result<(String, u32), String> {
    let wrong = || format!("expected percentiles such as p50,p95,p99.99, not `{text}`");
    let digits = text.strip_prefix('p').unwrap_or(text);
    if digits.starts_with(|c: char| !c.is_ascii_digit()) {
        return Err(wrong());
    }
    let (unscaled, scale) = Number::parse(digits).ok_or_else(wrong)?.unscaled();
    // A percent is 10,000 millionths.
    let zeros = 4_u32
        .checked_sub(scale)
        .ok_or_else(|| format!("`{text}` has more than four decimals"))?;
    let millionths = unscaled.checked_mul(10_u128.pow(zeros));
    let millionths = millionths
        .and_then(|millionths| u32::try_from(millionths).ok())
        .filter(|millionths| (1..WHOLE).contains(millionths))
        .ok_or_else(|| format!("`{text}` is no percentile: they lie between p0 and p100"))?;
    Ok((name(millionths), millionths))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(percentiles: &Percentiles) -> Vec<&str> {
        percentiles.heads().collect()
    }

    #[test]
    fn percentiles_are_read_in_the_order_in_which_they_stand() {
        let read = Percentiles::parse("p99.99, p5,50,p99.9990").unwrap();
        assert_eq!(heads(&read), ["p99.99", "p5", "p50", "p99.999", "max"]);
        assert_eq!(
            heads(&Percentiles::default()),
            ["p50", "p90", "p95", "p99", "p99.9", "max"]
        );
    }

    #[test]
    fn what_is_no_percentile_is_refused() {
        for (text, why) in [
            ("", "expected percentiles"),
            ("p", "expected percentiles"),
            ("fast", "expected percentiles"),
            ("p-5", "expected percentiles"),
            ("p0", "between p0 and p100"),
            ("p100", "between p0 and p100"),
            ("p99.99999", "four decimals"),
            ("1,2,3,4,5,6,7", "at most 6"),
        ] {
            let said = Percentiles::parse(text).unwrap_err();
            assert!(said.contains(why), "{text}: {said}");
        }
    }
}
