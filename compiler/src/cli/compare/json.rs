//! A comparison as one JSON object. `docs/compare.md` describes its fields.

use super::compared::Compared;
use bggo_metrics::compare::{
    Answer, ComparedFigure, ComparedRow, Measure, Method, RunFigures, Shift, Side, TooShort,
};
use serde::Serialize;

#[derive(Serialize)]
struct Object<'a> {
    old: Vec<&'a str>,
    new: Vec<&'a str>,
    method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    noise_known: Option<bool>,
    seconds: u32,
    verdict: &'static str,
    exit: u8,
    conditions: Vec<Condition<'a>>,
    rows: Vec<Row<'a>>,
    unequal_arrivals: Vec<Arrivals<'a>>,
    left_out: &'a [String],
}

#[derive(Serialize)]
struct Condition<'a> {
    condition: &'a str,
    row: &'a str,
    figure: String,
    side: &'static str,
    change: f64,
    answer: &'static str,
}

#[derive(Serialize)]
struct Row<'a> {
    row: &'a str,
    times: &'static str,
    figures: Vec<Figure>,
}

#[derive(Serialize)]
struct Figure {
    figure: String,
    unit: &'static str,
    old: Option<f64>,
    new: Option<f64>,
    judged: bool,
    different: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<Change>,
    #[serde(skip_serializing_if = "Option::is_none")]
    typical_seconds: Option<Change>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chance: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    too_short: Option<Short>,
}

#[derive(Serialize)]
struct Change {
    estimate: f64,
    low: f64,
    high: f64,
    smallest: f64,
}

#[derive(Serialize)]
struct Short {
    lacks: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds_needed: Option<u32>,
}

#[derive(Serialize)]
struct Arrivals<'a> {
    run: &'a str,
    scenario: &'a str,
    due: u64,
    dropped: u64,
    not_started: u64,
}

/// The object, with a line end.
pub fn json(compared: &Compared<'_>) -> String {
    let comparison = compared.comparison;
    let (method, noise_known) = match comparison.method {
        Method::Blocks { noise_is_known } => ("blocks", Some(noise_is_known)),
        Method::Runs => ("runs", None),
    };
    let unequal = comparison.unequal_arrivals.iter();
    let unequal = unequal.flat_map(|(run, scenarios)| {
        scenarios.iter().map(|arrivals| Arrivals {
            run,
            scenario: &arrivals.scenario,
            due: arrivals.due,
            dropped: arrivals.dropped,
            not_started: arrivals.not_started,
        })
    });
    let object = Object {
        old: names(compared.old),
        new: names(compared.new),
        method,
        noise_known,
        seconds: comparison.seconds,
        verdict: verdict(compared),
        exit: compared.exit,
        conditions: conditions(compared),
        rows: comparison.rows.iter().map(row).collect(),
        unequal_arrivals: unequal.collect(),
        left_out: &comparison.not_in_all,
    };
    // Numbers and texts always serialise.
    serde_json::to_string_pretty(&object).unwrap_or_default() + "\n"
}

fn names(runs: &[RunFigures]) -> Vec<&str> {
    runs.iter().map(|run| run.name.as_str()).collect()
}

fn verdict(compared: &Compared<'_>) -> &'static str {
    let comparison = compared.comparison;
    let mut judged = comparison.judged();
    if comparison.is_too_much() {
        "too much"
    } else if judged.any(|(_, figure)| figure.is_different()) {
        "different"
    } else if comparison.is_too_short() {
        "too short"
    } else {
        "no difference shown"
    }
}

fn conditions<'a>(compared: &Compared<'a>) -> Vec<Condition<'a>> {
    let answers = compared.comparison.answers.iter();
    let conditions = answers.map(|(asked, answer)| Condition {
        condition: &asked.text,
        row: &asked.row,
        figure: asked.measure.to_string(),
        side: match asked.side {
            Side::Above => "above",
            Side::Below => "below",
        },
        change: asked.change,
        answer: match answer {
            Answer::TooMuch => "too much",
            Answer::NotShown => "not shown",
            Answer::TooShort(_) => "too short",
        },
    });
    conditions.collect()
}

fn row(row: &ComparedRow) -> Row<'_> {
    Row {
        row: &row.name,
        times: if row.is_open { "response" } else { "service" },
        figures: row.figures.iter().map(figure).collect(),
    }
}

fn figure(figure: &ComparedFigure) -> Figure {
    let (unit, scale) = match figure.measure {
        Measure::Percentile(_) => ("ms", 1e-3),
        Measure::Failed => ("share", 1.0),
        Measure::Rate => ("a second", 1.0),
    };
    let scaled = |value: Option<f64>| value.map(|value| rounded(value * scale));
    let difference = figure.outcome.ok();
    Figure {
        figure: figure.measure.to_string(),
        unit,
        old: scaled(figure.old),
        new: scaled(figure.new),
        judged: figure.is_judged,
        different: figure.is_different(),
        change: difference.map(|difference| change(figure.measure, difference.shift)),
        typical_seconds: difference
            .and_then(|difference| difference.typical)
            .map(|typical| change(figure.measure, typical)),
        chance: difference.map(|difference| rounded(difference.chance)),
        too_short: figure.outcome.err().map(short),
    }
}

fn change(measure: Measure, shift: Shift) -> Change {
    Change {
        estimate: rounded(measure.change_of(shift.estimate)),
        low: rounded(measure.change_of(shift.low)),
        high: rounded(measure.change_of(shift.high)),
        smallest: rounded(measure.change_of(shift.smallest_seen())),
    }
}

/// To six decimals: further ones are noise.
fn rounded(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}

fn short(why: TooShort) -> Short {
    let (lacks, seconds_needed) = match why {
        TooShort::Seconds(seconds) => ("seconds", Some(seconds)),
        TooShort::Values(seconds) => ("values", Some(seconds)),
        TooShort::Nothing => ("values", None),
    };
    Short {
        lacks,
        seconds_needed,
    }
}
