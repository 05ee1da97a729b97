//! Figures and changes as words.

use bggo_metrics::compare::{ComparedFigure, Difference, Measure, Shift, TooShort};

/// A figure: `812us`, `10.05ms`, `1.20s`, `0.25 %`, `203.1/s`.
pub fn figure(measure: Measure, value: Option<f64>) -> String {
    let Some(value) = value else {
        return "-".to_owned();
    };
    match measure {
        Measure::Failed => format!("{:.2} %", value * 100.0),
        Measure::Rate => format!("{value:.1}/s"),
        Measure::Percentile(_) if value < 1_000.0 => format!("{value:.0}us"),
        Measure::Percentile(_) if value < 1e6 => format!("{:.2}ms", value / 1e3),
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

/// Lines of at most 80 columns; those behind the first one begin with `indent`. A longer word has a line of its own.
pub fn wrapped(text: &str, indent: &str) -> String {
    let (mut done, mut line) = (String::new(), String::new());
    for word in text.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > 80 && !line.trim().is_empty() {
            done += line.trim_end();
            done.push('\n');
            line = indent.to_owned();
        } else if !line.is_empty() {
            line.push(' ');
        }
        line += word;
    }
    done + &line + "\n"
}

/// A name that is too long, cut in its middle.
pub fn cut(name: &str, columns: usize) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= columns {
        return name.to_owned();
    }
    let kept = columns.saturating_sub(1);
    let (head, tail) = (kept / 2, kept - kept / 2);
    let head = letters.iter().take(head);
    let tail = letters.iter().skip(letters.len() - tail);
    head.chain(&['…']).chain(tail).collect()
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
