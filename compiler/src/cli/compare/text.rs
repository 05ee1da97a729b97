//! A comparison as text of 80 columns: the answer first, then the figures that it rests on.

use super::compared::Compared;
use super::words::{figure, interval, list, name, number, smallest, too_short, wrapped};
use bggo_metrics::compare::{
    Answer, ArrivalCounts, BLOCKS, ComparedFigure, ComparedRow, Comparison, Difference, FailOn,
    Measure, Method, OfWhat, RUN, RunFigures, Side, TooShort,
};
use bggo_metrics::report::cut;
use std::fmt::Write as _;

/// All of it.
pub fn text(compared: &Compared<'_>) -> String {
    let comparison = compared.comparison;
    let mut text = String::new();
    side(&mut text, "old", compared.old);
    side(&mut text, "new", compared.new);
    text += &wrapped(&method(comparison), "");
    text.push('\n');
    for line in verdict(comparison) {
        text += &wrapped(&line, "");
    }
    answers(&mut text, comparison);
    arrivals(&mut text, comparison);
    text += &format!(
        "\n{:20}{:>10} {:>10} {:>9}   interval of 95 %\n",
        "", "old", "new", "change"
    );
    for of_row in &comparison.rows {
        row(&mut text, of_row);
    }
    notes(&mut text, comparison);
    text
}

fn side(text: &mut String, name: &str, runs: &[RunFigures]) {
    let mut name = name;
    for run in runs {
        text.push_str(&format!("{name:3}  {}\n", run.name));
        name = "";
    }
}

fn method(comparison: &Comparison) -> String {
    let seconds = comparison.seconds;
    match comparison.method {
        Method::Blocks { .. } => format!(
            "{seconds} s of the same load, compared in {BLOCKS} parts, each with that of the same place"
        ),
        Method::Runs => {
            format!("{seconds} s of the same load, compared as whole runs")
        }
    }
}

/// The answer, a sentence a line.
fn verdict(comparison: &Comparison) -> Vec<String> {
    let judged: Vec<(&str, &ComparedFigure)> = comparison.judged().collect();
    let (mut different, mut smallest_seen, mut is_some_alike) = (Vec::new(), Vec::new(), false);
    // Why figures cannot be judged, each reason once with its figures.
    let mut reasons: Vec<(TooShort, Vec<String>)> = Vec::new();
    for (row, figure) in judged {
        let name = name(row, figure);
        match figure.outcome {
            Ok(difference) if difference.is_shown() => {
                let (shift, of_what) = difference.told();
                let of_what = match of_what {
                    OfWhat::AllValues => "",
                    OfWhat::TypicalSeconds => " of typical seconds",
                };
                different.push(format!(
                    "{name}{of_what} by {}",
                    interval(figure.measure, shift)
                ));
            }
            Ok(difference) => {
                is_some_alike = true;
                smallest_seen.extend(smallest(&name, figure.measure, &difference));
            }
            Err(why) => match reasons.iter_mut().find(|(reason, _)| *reason == why) {
                Some((_, names)) => names.push(name),
                None => reasons.push((why, vec![name])),
            },
        }
    }
    let mut lines = Vec::new();
    if !different.is_empty() {
        let different = list(&different);
        lines.push(match comparison.method {
            Method::Blocks {
                noise_is_known: false,
            } => format!(
                "These two recordings differ: {different}. Run-to-run noise is unknown: two runs of one program may differ as much. Compare three runs a side, or measure the noise by `bggo calibrate`."
            ),
            Method::Blocks {
                noise_is_known: true,
            } => format!("Different: {different}. That is more than runs of this host differ by chance."),
            Method::Runs => format!("Different: {different}."),
        });
    }
    if is_some_alike {
        let others = if different.is_empty() {
            ""
        } else {
            " in the others"
        };
        let smallest = if smallest_seen.is_empty() {
            String::new()
        } else {
            format!(
                " The smallest that these runs could show: {}.",
                list(&smallest_seen)
            )
        };
        lines.push(format!("No difference is shown{others}.{smallest}"));
    }
    for (why, names) in reasons {
        lines.push(format!("{}: {}.", list(&names), too_short(why)));
    }
    lines
}

/// What `--fail-on` asked.
fn answers(text: &mut String, comparison: &Comparison) {
    for (asked, answer) in &comparison.answers {
        let word = match answer {
            Answer::TooMuch => "FAILED ",
            Answer::NotShown => "passed ",
            Answer::TooShort(_) => "unknown",
        };
        let row = comparison.rows.iter().find(|row| row.name == asked.row);
        let figures = row.map_or(&[][..], |row| &row.figures);
        let figure = figures
            .iter()
            .find(|figure| figure.measure == asked.measure);
        let why = match (answer, figure.map(|figure| figure.outcome)) {
            (Answer::TooShort(why), _) => too_short(*why),
            (_, Some(Ok(difference))) => why_so(asked, *answer, &difference),
            _ => String::new(),
        };
        *text += &wrapped(&format!("{word}  {}: {why}", asked.text), "         ");
    }
}

/// The intervals on which an answer rests. Where that of all values does not tell why a condition fails, that of typical seconds does.
fn why_so(asked: &FailOn, answer: Answer, difference: &Difference) -> String {
    let of_all = interval(asked.measure, difference.shift);
    let bound = asked.measure.shift_of(asked.change);
    let is_beyond = match asked.side {
        Side::Above => difference.shift.low > bound,
        Side::Below => difference.shift.high < bound,
    };
    match difference.typical {
        Some(typical) if answer == Answer::TooMuch && !is_beyond => format!(
            "{of_all}, in typical seconds {}",
            interval(asked.measure, typical)
        ),
        _ => of_all,
    }
}

/// `30300 due, 300 dropped`
fn counts(arrivals: &ArrivalCounts) -> String {
    let mut text = format!("{} due", arrivals.due);
    for (count, word) in [
        (arrivals.dropped, "dropped"),
        (arrivals.not_started, "not started"),
    ] {
        if count > 0 {
            // A String never refuses what is written to it.
            let _ = write!(text, ", {count} {word}");
        }
    }
    text
}

/// Arrivals are counted, not measured: they are equal or they are not.
fn arrivals(text: &mut String, comparison: &Comparison) {
    for (run, scenarios) in &comparison.unequal_arrivals {
        for arrivals in scenarios {
            let line = format!(
                "arrivals of {} in {run}: {}",
                arrivals.scenario,
                counts(arrivals)
            );
            *text += &wrapped(&line, "  ");
        }
    }
}

fn row(text: &mut String, row: &ComparedRow) {
    let times = if row.is_open {
        "response times"
    } else {
        "service times"
    };
    let heading = if row.name == RUN {
        "all iterations".to_owned()
    } else {
        cut(&row.name, 60)
    };
    text.push_str(&format!("{heading}, {times}\n"));
    for of_row in &row.figures {
        let mark = if of_row.is_different() { '*' } else { ' ' };
        let measure = of_row.measure;
        let kind = match measure {
            Measure::Percentile(_) => measure.to_string(),
            Measure::Failed => "failed".to_owned(),
            Measure::Rate => "ended a second".to_owned(),
        };
        let (old, new) = (figure(measure, of_row.old), figure(measure, of_row.new));
        let what = match of_row.outcome {
            Ok(difference) => format!(
                "{:>9}   {}",
                number(measure, difference.shift.estimate),
                interval(measure, difference.shift)
            ),
            Err(_) => format!("{:>9}   cannot be judged", ""),
        };
        text.push_str(&format!("{mark} {kind:18}{old:>10} {new:>10} {what}\n"));
        let typical = of_row.outcome.ok().filter(Difference::is_shown);
        if let Some((shift, OfWhat::TypicalSeconds)) = typical.map(|difference| difference.told()) {
            text.push_str(&format!(
                "    in typical seconds{:>29}   {}\n",
                number(measure, shift.estimate),
                interval(measure, shift)
            ));
        }
    }
}

fn notes(text: &mut String, comparison: &Comparison) {
    let figures = comparison.rows.iter().flat_map(|row| &row.figures);
    let different: Vec<&ComparedFigure> = figures.filter(|figure| figure.is_different()).collect();
    if !different.is_empty() {
        text.push_str("* differs\n");
    }
    if different.iter().any(|figure| !figure.is_judged) {
        let judged: Vec<String> = comparison
            .judged()
            .map(|(row, figure)| name(row, figure))
            .collect();
        let note = format!(
            "The answer rests on {}. Of all other figures one in twenty differs by chance.",
            list(&judged)
        );
        *text += &wrapped(&note, "");
    }
    if !comparison.not_in_all.is_empty() {
        let note = format!(
            "not in all runs, and left out: {}",
            comparison.not_in_all.join(", ")
        );
        *text += &wrapped(&note, "  ");
    }
}
