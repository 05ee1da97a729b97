//! Figures and changes as words.

use bggo_metrics::compare::{ComparedFigure, Difference, Measure, Shift, TooShort};
use bggo_metrics::report::folded;

/// A figure: `812us`, `10.05ms`, `1.20s`, `0.25 %`, `203.1/s`.
pub fn figure(measure: Measure, value: Option<f64>) -> String {
    let Some(value) = value else {
        return "-".to_owned();
    };
    match measure {
        Measure::Failed => format!("{:.2} %", value * 100.0),
        Measure::Rate => format!("{value:.1}/s"),
        // The rounding of a time just below would print `1000us` and `1000.00ms`.
        Measure::Percentile(_) if value < 999.5 => format!("{value:.0}us"),
        Measure::Percentile(_) if value < 999_995.0 => format!("{:.2}ms", value / 1e3),
        Measure::Percentile(_) => format!("{:.2}s", value / 1e6),
    }
}

/// A change with its sign and without its unit: `+8.1`, of a share in points `+0.12`.
pub fn number(measure: Measure, shift: f64) -> String {
    let percent = measure.change_of(shift) * 100.0;
    let decimals = if measure.is_share() {
        2
    } else if percent.abs() < 100.0 {
        1
    } else {
        0
    };
    signed(percent, decimals)
}

fn signed(number: f64, decimals: usize) -> String {
    let text = format!("{number:+.decimals$}");
    // Rounded to nothing, it has no sign.
    if text.bytes().any(|byte| matches!(byte, b'1'..=b'9')) {
        text
    } else {
        format!("{:.decimals$}", 0.0)
    }
}

/// The unit of a change.
fn unit(measure: Measure) -> &'static str {
    if measure.is_share() { "points" } else { "%" }
}

/// `+5.2 to +11.0 %`
pub fn interval(measure: Measure, shift: Shift) -> String {
    let (low, high) = (number(measure, shift.low), number(measure, shift.high));
    format!("{low} to {high} {}", unit(measure))
}

/// `1.2 % of p50`: the smallest change that would have been seen; `None` where both sides had the same all the time, such as no
/// failure.
pub fn smallest(name: &str, measure: Measure, difference: &Difference) -> Option<String> {
    let smallest = difference.smallest_seen();
    (smallest > 0.0).then(|| format!("{} of {name}", percent(measure, smallest)))
}

/// Why nothing can be said.
pub fn too_short(why: TooShort) -> String {
    match why {
        TooShort::Seconds(seconds) => format!("too short to judge, about {seconds} s needed"),
        TooShort::Values(seconds) => format!("too few values to judge, about {seconds} s needed"),
        TooShort::Nothing => "too few values to judge in some part of the runs".to_owned(),
    }
}

/// `p95`, of a step `http_request.home.p95`.
pub fn name(row: &str, figure: &ComparedFigure) -> String {
    if row == bggo_metrics::compare::RUN {
        figure.measure.to_string()
    } else {
        format!("{row}.{}", figure.measure)
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Lines that fit a screen; those behind the first one begin with `indent`. A longer word has a line of its own.
pub fn wrapped(text: &str, indent: &str) -> String {
    let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    folded(("", indent), " ", &words)
}

/// The size of a shift: `8.4 %`, `0.30 points`.
pub fn percent(measure: Measure, shift: f64) -> String {
    let percent = measure.change_of(shift) * 100.0;
    if measure.is_share() {
        format!("{percent:.2} points")
    } else {
        format!("{percent:.1} %")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_the_unit_in_which_it_is_shown_below_a_thousand() {
        for (micros, shown) in [
            (812.4, "812us"),
            (999.4, "999us"),
            (999.6, "1.00ms"),
            (10_050.0, "10.05ms"),
            (999_994.0, "999.99ms"),
            (999_996.0, "1.00s"),
        ] {
            let percentile = Measure::Percentile(950_000);
            assert_eq!(figure(percentile, Some(micros)), shown);
        }
    }
}
