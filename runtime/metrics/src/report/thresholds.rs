//! How the thresholds of a run came out: a line each for people, an object each for programs.

use super::measure::short;
use super::paint::{GREEN, Paint, RED, YELLOW};
use super::table::{SCREEN, folded};
use crate::address::Quantity;
use crate::condition::OnFail;
use crate::verdict::{Came, Reading, Remark, Verdict};
use std::fmt::Write as _;
use std::time::Duration;

/// Thresholds that are shown; of more those that held are only counted.
const MOST: usize = 12;

/// What stands before what a threshold asked.
const INDENT: &str = "          ";

/// `  failed  home is fast: p95 < 300ms over 30s; got 412ms, worst 1.20s at 45s`, a line or more each with its line break.
/// Those that did not hold come first.
pub fn lines(verdicts: &[Verdict], paint: Paint) -> String {
    let (held, other): (Vec<_>, Vec<_>) = verdicts.iter().partition(|one| one.came == Came::Held);
    let shown = other.iter().chain(&held).take(MOST);
    let mut text: String = shown.map(|one| line(one, paint)).collect();
    let more = verdicts.len().saturating_sub(MOST);
    if more > 0 {
        let _ = writeln!(text, "  … {more} more in --summary-json");
    }
    text
}

fn line(verdict: &Verdict, paint: Paint) -> String {
    let word = word(verdict);
    let colour = match word {
        "passed" => GREEN,
        "failed" => RED,
        _ => YELLOW,
    };
    // Painted text has bytes without width, so the padding is made outside.
    let pad = " ".repeat(8_usize.saturating_sub(word.len()));
    let begin = format!("  {}{pad}", paint.on(colour, word));
    let mut all = vec![format!("{}: {}", verdict.name, verdict.asked)];
    all.extend(parts(verdict));
    let last = all.len() - 1;
    for part in &mut all[..last] {
        part.push(';');
    }
    // What is long is broken between its words, values of many figures between the figures.
    let mut pieces = Vec::new();
    for (number, part) in all.into_iter().enumerate() {
        let is_values = number == 1 && verdict.readings.len() > 1;
        let gap = if is_values { ", " } else { " " };
        if INDENT.len() + part.chars().count() <= SCREEN {
            pieces.push(part);
        } else {
            let of_part = part.split_inclusive(gap);
            pieces.extend(of_part.map(|piece| piece.trim_end().to_owned()));
        }
    }
    folded((&begin, INDENT), " ", &pieces)
}

/// What the verdict of a run says of the thresholds that failed: `; aborted by threshold fast; thresholds fast, failures
/// failed`, or nothing.
pub fn failed(verdicts: &[Verdict]) -> String {
    let mut text = String::new();
    if let Some(aborted) = verdicts.iter().find(|one| one.aborted) {
        let _ = write!(text, "; aborted by threshold {}", aborted.name);
    }
    let failed = verdicts.iter().filter(|one| one.fails());
    let failed: Vec<&str> = failed.map(|one| one.name.as_str()).collect();
    match failed.as_slice() {
        [] => {}
        [only] => {
            let _ = write!(text, "; threshold {only} failed");
        }
        several => {
            let _ = write!(text, "; thresholds {} failed", several.join(", "));
        }
    }
    text
}

/// How it came out, in one word or two.
pub fn word(verdict: &Verdict) -> &'static str {
    match (verdict.came, verdict.on_fail) {
        (Came::Held, _) => "passed",
        (Came::LeftOut, _) => "left out",
        (Came::Broken | Came::NeverMeasured, OnFail::Warn) => "warned",
        (Came::Broken | Came::NeverMeasured, OnFail::Abort | OnFail::Fail) => "failed",
    }
}

/// What is said of it behind what it asked.
pub fn parts(verdict: &Verdict) -> Vec<String> {
    let mut parts = Vec::new();
    let has_value = |reading: &Reading| reading.value.or(reading.worst).is_some();
    match verdict.came {
        // One that nobody asked for holds where nothing was measured.
        Came::Held if !verdict.readings.iter().any(has_value) => {
            parts.push("never measured".to_owned());
        }
        Came::NeverMeasured => parts.push("never measured".to_owned()),
        Came::LeftOut => parts.push("this run leaves out what it asks about".to_owned()),
        Came::Held | Came::Broken => {
            let got = values(&verdict.readings, |reading| reading.value);
            let mut text = format!("got {got}");
            if let Some(at) = verdict.worst_at {
                let worst = values(&verdict.readings, |reading| reading.worst);
                let _ = write!(text, ", worst {worst} at {at}s");
            }
            parts.push(text);
        }
    }
    if verdict.aborted {
        parts.push("it ended the run".to_owned());
    }
    parts.extend(
        verdict
            .remarks
            .iter()
            .map(|remark| said(*remark).to_owned()),
    );
    if verdict.came == Came::Broken {
        parts.extend(verdict.advice.as_ref().map(ToString::to_string));
    }
    parts
}

/// A remark as a sentence.
pub fn said(remark: Remark) -> &'static str {
    match remark {
        Remark::JudgedWhole => "the whole run was judged: it was shorter than the window",
        Remark::ServiceTimes => "service times were judged: a closed load profile has no others",
    }
}

/// One value, or each with the name of its figure.
pub fn values(readings: &[Reading], of: fn(&Reading) -> Option<f64>) -> String {
    let shown = |reading: &Reading| {
        let value = of(reading).map(|value| value_of(value, reading.quantity));
        value.unwrap_or_else(|| "nothing".to_owned())
    };
    if let [only] = readings {
        return shown(only);
    }
    let all = readings.iter();
    let all = all.map(|reading| format!("{} {}", reading.figure, shown(reading)));
    all.collect::<Vec<_>>().join(", ")
}

/// A value with its unit: `412ms`, `0.25 %`, `512 bytes`, `17.5`.
pub fn value_of(value: f64, quantity: Quantity) -> String {
    match quantity {
        // Times are not negative, and none is longer than an hour.
        Quantity::Time => short(Duration::try_from_secs_f64(value).unwrap_or_default()),
        Quantity::Ratio => format!("{:.2} %", value * 100.0),
        Quantity::Bytes => format!("{} bytes", plain(value)),
        Quantity::Number => plain(value),
    }
}

/// At most three decimals, none that say nothing.
fn plain(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_values::Text;

    fn verdict(came: Came) -> Verdict {
        Verdict {
            name: Text::Static("home is fast"),
            asked: Text::Static("home.p95 < 300ms, over 30s"),
            came,
            on_fail: OnFail::Fail,
            readings: vec![Reading {
                figure: Text::Static("home.response_time.p95"),
                quantity: Quantity::Time,
                value: Some(0.412),
                worst: Some(1.2),
            }],
            worst_at: Some(45),
            broken_at: None,
            aborted: false,
            remarks: Vec::new(),
            advice: None,
        }
    }

    fn said_of(verdict: &Verdict) -> String {
        lines(std::slice::from_ref(verdict), Paint(false))
    }

    #[test]
    fn a_line_says_what_was_asked_and_what_came() {
        assert_eq!(
            said_of(&verdict(Came::Broken)),
            "  failed  home is fast: home.p95 < 300ms, over 30s;\n          got 412ms, worst 1.20s at 45s\n"
        );
        let warned = Verdict {
            on_fail: OnFail::Warn,
            aborted: false,
            ..verdict(Came::NeverMeasured)
        };
        assert_eq!(
            said_of(&warned),
            "  warned  home is fast: home.p95 < 300ms, over 30s; never measured\n"
        );
        let aborted = Verdict {
            on_fail: OnFail::Abort,
            aborted: true,
            worst_at: None,
            remarks: vec![Remark::ServiceTimes],
            ..verdict(Came::Broken)
        };
        assert!(
            said_of(&aborted)
                .contains("got 412ms; it ended the run;\n          service times were judged"),
            "{}",
            said_of(&aborted)
        );
    }

    #[test]
    fn one_that_holds_without_a_value_says_so_in_words() {
        let mut held = Verdict {
            asked: Text::Static("less than 1 %"),
            worst_at: None,
            ..verdict(Came::Held)
        };
        for reading in &mut held.readings {
            (reading.value, reading.worst) = (None, None);
        }
        assert_eq!(
            said_of(&held),
            "  passed  home is fast: less than 1 %; never measured\n"
        );
        held.readings[0].worst = Some(1.2);
        held.worst_at = Some(45);
        assert_eq!(
            said_of(&held),
            "  passed  home is fast: less than 1 %; got nothing, worst 1.20s at 45s\n"
        );
    }

    #[test]
    fn a_long_condition_is_broken_between_its_words() {
        let long = Verdict {
            asked: Text::Static(
                "metrics.http_request.home.response_time.p95 < \"300ms\" && metrics.run.failed.ratio < \"1%\"",
            ),
            ..verdict(Came::Held)
        };
        let said = said_of(&long);
        assert!(said.lines().count() >= 2, "{said}");
        for line in said.lines() {
            assert!(line.chars().count() <= SCREEN, "{said}");
        }
        assert!(
            said.ends_with("\"1%\"; got 412ms, worst 1.20s at 45s\n"),
            "{said}"
        );
    }

    #[test]
    fn a_long_advice_is_broken_between_its_words() {
        let advised = Verdict {
            advice: Some(Text::Static(
                "arguments of the steps, such as expect_status, say which of them pass; --max-failed changes the limit",
            )),
            ..verdict(Came::Broken)
        };
        let said = said_of(&advised);
        assert!(
            said.ends_with(
                "such as\n          expect_status, say which of them pass; --max-failed changes the limit\n"
            ),
            "{said}"
        );
    }

    #[test]
    fn the_verdict_names_those_that_failed_and_the_one_that_ended_the_run() {
        let held = verdict(Came::Held);
        let broken = verdict(Came::Broken);
        let aborted = Verdict {
            name: Text::Static("failures"),
            aborted: true,
            ..broken.clone()
        };
        assert_eq!(failed(std::slice::from_ref(&held)), "");
        assert_eq!(
            failed(&[held, broken.clone()]),
            "; threshold home is fast failed"
        );
        assert_eq!(
            failed(&[broken, aborted]),
            "; aborted by threshold failures; thresholds home is fast, failures failed"
        );
    }

    #[test]
    fn of_several_figures_each_has_its_name() {
        let mut both = verdict(Came::Held);
        both.readings.push(Reading {
            figure: Text::Static("run.failed.ratio"),
            quantity: Quantity::Ratio,
            value: Some(0.0025),
            worst: None,
        });
        let said = said_of(&both);
        assert!(said.starts_with("  passed  "), "{said}");
        assert!(
            said.contains("got home.response_time.p95 412ms, run.failed.ratio 0.25 %"),
            "{said}"
        );
    }

    #[test]
    fn values_have_their_units() {
        let check = |value, quantity, expect: &str| assert_eq!(value_of(value, quantity), expect);
        check(0.412, Quantity::Time, "412ms");
        check(0.0025, Quantity::Ratio, "0.25 %");
        check(512.0, Quantity::Bytes, "512 bytes");
        check(17.5, Quantity::Number, "17.5");
        check(3.0, Quantity::Number, "3");
    }
}
