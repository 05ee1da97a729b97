//! What is compared of a row of figures, and what `--fail-on` asks of it: `p95 > 10%`, `http_request.home.failed > 1%`.

use crate::interval::WHOLE;
use std::fmt;

/// A figure of the run, of a scenario's iterations or of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// A percentile of times, in millionths of a whole.
    Percentile(u32),
    /// The share that failed.
    Failed,
    /// How many ended in a second.
    Rate,
}

impl Measure {
    /// Those on which the verdict of a run depends, where nothing else is asked.
    pub const OF_A_RUN: [Self; 4] = [
        Self::Percentile(500_000),
        Self::Percentile(950_000),
        Self::Percentile(990_000),
        Self::Failed,
    ];

    /// Whether it changes by a difference: a share that was 0 has no ratio. All others change by a factor.
    pub fn is_share(self) -> bool {
        self == Self::Failed
    }

    /// A change as a shift: the logarithm of the factor by which it changes, or the difference.
    pub fn shift_of(self, change: f64) -> f64 {
        if self.is_share() {
            change
        } else {
            change.ln_1p()
        }
    }

    /// A shift as a change: 0.1 is 10 % more, or 10 points more of a share.
    pub fn change_of(self, shift: f64) -> f64 {
        if self.is_share() {
            shift
        } else {
            shift.exp_m1()
        }
    }

    /// From `p95`, `p99_9`, `failed` or `rate`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "failed" => return Some(Self::Failed),
            "rate" => return Some(Self::Rate),
            _ => {}
        }
        let digits = text.strip_prefix('p')?;
        let (whole, fraction) = digits.split_once('_').unwrap_or((digits, ""));
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let is_sound = matches!(whole.len(), 1 | 2) && fraction.len() <= 4;
        if !is_sound || !are_digits(whole) || !are_digits(fraction) || digits.ends_with('_') {
            return None;
        }
        let millionths: u32 = format!("{whole}{fraction:0<4}").parse().ok()?;
        (0 < millionths && millionths < WHOLE).then_some(Self::Percentile(millionths))
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed => f.write_str("failed"),
            Self::Rate => f.write_str("rate"),
            Self::Percentile(millionths) => {
                let (whole, fraction) = (millionths / 10_000, millionths % 10_000);
                if fraction == 0 {
                    return write!(f, "p{whole}");
                }
                let fraction = format!("{fraction:04}");
                write!(f, "p{whole}_{}", fraction.trim_end_matches('0'))
            }
        }
    }
}

/// On which side of a bound a change is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// `>`
    Above,
    /// `<`
    Below,
}

/// A change of a figure that is too much.
#[derive(Debug, Clone, PartialEq)]
pub struct FailOn {
    /// As it was written.
    pub text: String,
    /// Whose figure: the name of a row; `run` where none was written.
    pub row: String,
    /// Which.
    pub measure: Measure,
    /// On which side of the bound.
    pub side: Side,
    /// The change: 0.1 is 10 %.
    pub change: f64,
}

/// The row of the iterations of all scenarios.
pub const RUN: &str = "run";

impl FailOn {
    /// From `p95 > 10%`.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (figure, side, change) = if let Some((figure, change)) = text.split_once('>') {
            (figure, Side::Above, change)
        } else if let Some((figure, change)) = text.split_once('<') {
            (figure, Side::Below, change)
        } else {
            return Err(format!(
                "`{}` has no `>` or `<`: a condition is written `p95 > 10%`",
                text.trim()
            ));
        };
        let (figure, change) = (figure.trim(), change.trim());
        if figure.is_empty() || change.is_empty() {
            return Err(format!(
                "`{}` lacks its figure or its change: a condition is written `p95 > 10%`",
                text.trim()
            ));
        }
        if let Some(change) = change.strip_prefix('=') {
            return Err(format!(
                "a change is compared by `>` or `<` alone: write `{figure} {} {}`",
                if side == Side::Above { '>' } else { '<' },
                change.trim()
            ));
        }
        let (row, measure) = figure.rsplit_once('.').unwrap_or((RUN, figure));
        let Some(measure) = Measure::parse(measure) else {
            // `p99.9`: its point is taken for that of a row.
            let with_point = row.rsplit_once('.').map_or(row, |(_, last)| last);
            let with_point = format!("{with_point}_{measure}");
            if Measure::parse(&with_point).is_some() {
                return Err(format!(
                    "a percentile has an underline for its point: write `{with_point}`"
                ));
            }
            return Err(format!(
                "`{measure}` is no figure that can be compared: there are `p50`, `p95`, `p99_9` and the like, `failed` and `rate`"
            ));
        };
        let number = change.strip_suffix('%').map(str::trim);
        let number = number.and_then(|number| number.parse::<f64>().ok());
        let Some(number) = number.filter(|number| number.is_finite()) else {
            return Err(format!("`{change}` is no change in percent, such as `10%`"));
        };
        if number <= -100.0 {
            return Err(format!("no figure falls by as much as {number} %"));
        }
        Ok(Self {
            text: text.trim().to_owned(),
            row: row.to_owned(),
            measure,
            side,
            change: number / 100.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_written_with_an_underline_for_the_point() {
        for (text, millionths) in [
            ("p50", 500_000),
            ("p5", 50_000),
            ("p99_9", 999_000),
            ("p99_9999", 999_999),
            ("p0_1", 1_000),
        ] {
            let measure = Measure::parse(text);
            assert_eq!(measure, Some(Measure::Percentile(millionths)));
            assert_eq!(
                measure.map(|measure| measure.to_string()),
                Some(text.to_owned())
            );
        }
        for text in [
            "p",
            "p0",
            "p100",
            "p99_",
            "p99_99999",
            "p9x",
            "95",
            "p-5",
            "mean",
            "p_5",
        ] {
            assert_eq!(Measure::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_condition_names_a_row_a_figure_and_a_change() {
        let asked = FailOn::parse(" p95 > 10% ").unwrap();
        assert_eq!(
            (asked.row.as_str(), asked.measure),
            (RUN, Measure::Percentile(950_000))
        );
        assert_eq!((asked.side, asked.change), (Side::Above, 0.1));
        let asked = FailOn::parse("browse.http_request.home.rate < -5 %").unwrap();
        assert_eq!(
            (asked.row.as_str(), asked.measure),
            ("browse.http_request.home", Measure::Rate)
        );
        assert_eq!((asked.side, asked.change), (Side::Below, -0.05));
    }

    #[test]
    fn what_is_wrong_with_a_condition_is_said() {
        for (text, wrong) in [
            (
                "p95",
                "`p95` has no `>` or `<`: a condition is written `p95 > 10%`",
            ),
            (
                "",
                "`` has no `>` or `<`: a condition is written `p95 > 10%`",
            ),
            (
                "> 10%",
                "`> 10%` lacks its figure or its change: a condition is written `p95 > 10%`",
            ),
            (
                "p95 <",
                "`p95 <` lacks its figure or its change: a condition is written `p95 > 10%`",
            ),
            (
                "p95 >= 10%",
                "a change is compared by `>` or `<` alone: write `p95 > 10%`",
            ),
            (
                "http_request.home.p99.9 > 5%",
                "a percentile has an underline for its point: write `p99_9`",
            ),
            (
                "p99.9 > 5%",
                "a percentile has an underline for its point: write `p99_9`",
            ),
            ("p95 > 10", "`10` is no change in percent, such as `10%`"),
            (
                "p95 > 10ms",
                "`10ms` is no change in percent, such as `10%`",
            ),
            (
                "p95 > NaN%",
                "`NaN%` is no change in percent, such as `10%`",
            ),
            ("rate < -100%", "no figure falls by as much as -100 %"),
        ] {
            assert_eq!(FailOn::parse(text), Err(wrong.to_owned()));
        }
        assert!(
            FailOn::parse("run.mean > 1%")
                .unwrap_err()
                .starts_with("`mean` is no figure")
        );
    }

    #[test]
    fn a_change_of_a_share_is_a_difference_and_of_all_else_a_factor() {
        assert_eq!(Measure::Failed.shift_of(0.01), 0.01);
        assert!((Measure::Rate.shift_of(0.1) - 1.1f64.ln()).abs() < 1e-12);
        let back = Measure::Rate.change_of(Measure::Rate.shift_of(0.1));
        assert!((back - 0.1).abs() < 1e-12);
    }
}
