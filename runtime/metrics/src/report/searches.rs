//! What searches for the highest rate found: the answer in a line, and a line for each rate that was tried.

use super::measure::{a_second, plural};
use super::paint::{GREEN, Paint, RED, YELLOW};
use super::table::folded;
use super::thresholds;
use crate::search::{SearchEnd, SearchStep, Searched, StepCame};
use std::fmt::Write as _;

/// Steps that are shown: the last ones, which decided.
const MOST: usize = 20;

/// All of them, each line with its line break.
pub fn lines(searches: &[Searched], paint: Paint) -> String {
    searches.iter().map(|one| line(one, paint)).collect()
}

fn line(search: &Searched, paint: Paint) -> String {
    let words: Vec<String> = answer(search).split(' ').map(str::to_owned).collect();
    let begin = format!("search of {}: ", search.scenario);
    let mut text = folded((&begin, "  "), " ", &words);
    let hidden = search.steps.len().saturating_sub(MOST);
    if hidden > 0 {
        let before = plural(hidden as u64, "step", "steps");
        let _ = writeln!(text, "  … {before} before in --summary-json");
    }
    for step in search.steps.iter().skip(hidden) {
        let colour = match step.came {
            StepCame::Held => GREEN,
            StepCame::Broke => RED,
            StepCame::NotPutOn | StepCame::Unfinished => YELLOW,
        };
        let word = came(step.came);
        // Painted text has bytes without width, so the padding is made outside.
        let pad = " ".repeat(12_usize.saturating_sub(word.len()));
        let begin = format!(
            "  {:>12}  {}{pad}",
            a_second(step.rate),
            paint.on(colour, word)
        );
        let values = thresholds::values(&step.readings, |reading| reading.value);
        let values: Vec<String> = values.split(' ').map(str::to_owned).collect();
        text.push_str(&folded((&begin, &" ".repeat(28)), " ", &values));
    }
    text
}

/// `the highest rate is 196.88/s: there threshold fast held, and at 206.25/s it broke`
pub fn answer(search: &Searched) -> String {
    let until = &search.until;
    let rate = |rate: Option<f64>| rate.map_or_else(|| "nothing".to_owned(), a_second);
    let (held, broke, last) = (search.held(), search.broke(), rate(search.last()));
    match search.end {
        SearchEnd::Found => format!(
            "the highest rate is {}: there threshold {until} held, and at {} it broke",
            rate(held),
            rate(broke)
        ),
        SearchEnd::BelowStart => {
            format!(
                "the highest rate is below {last}: threshold {until} broke there, where the search began"
            )
        }
        SearchEnd::AtLeastMax => {
            format!(
                "the highest rate is at least {last}, the last that was asked for: threshold {until} held there"
            )
        }
        SearchEnd::LimitOfGenerator if held.is_some() => format!(
            "the highest rate is at least {}: threshold {until} held there, and {last} was more than this generator could put on in time",
            rate(held)
        ),
        SearchEnd::LimitOfGenerator => {
            format!(
                "the highest rate is not known: {last} was more than this generator could put on in time"
            )
        }
        SearchEnd::Stopped => {
            let known: Vec<String> = [("at least", held), ("below", broke)]
                .into_iter()
                .filter_map(|(word, known)| Some(format!("{word} {}", a_second(known?))))
                .collect();
            match known.as_slice() {
                [] => "it was not finished: nothing is known yet".to_owned(),
                known => format!(
                    "it was not finished: the highest rate is {} so far",
                    known.join(" and ")
                ),
            }
        }
    }
}

/// What the verdict of a run says of searches that found nothing: `; the search of browse broke at its first rate`.
pub fn failed(searches: &[Searched]) -> String {
    let failed = searches.iter().filter(|one| one.fails());
    let texts = failed.map(|one| {
        let scenario = &one.scenario;
        format!("; the search of {scenario} broke at its first rate")
    });
    texts.collect()
}

/// `search of browse: 150/s held, 120ms`
pub fn said(scenario: &str, step: &SearchStep) -> String {
    let values = thresholds::values(&step.readings, |reading| reading.value);
    format!(
        "search of {scenario}: {} {}, {values}",
        a_second(step.rate),
        came(step.came)
    )
}

/// How a step came out, in a word or two.
pub fn came(came: StepCame) -> &'static str {
    match came {
        StepCame::Held => "held",
        StepCame::Broke => "broke",
        StepCame::NotPutOn => "not put on",
        StepCame::Unfinished => "unfinished",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Quantity;
    use crate::verdict::Reading;
    use bggo_values::Text;
    use std::time::Duration;

    fn step((rate, came, p95): (f64, StepCame, f64)) -> SearchStep {
        SearchStep {
            rate,
            from: Duration::ZERO,
            to: Duration::from_secs(30),
            came,
            readings: vec![Reading {
                figure: Text::Static("run.response_time.p95"),
                quantity: Quantity::Time,
                value: Some(p95),
                worst: None,
            }],
        }
    }

    fn searched(end: SearchEnd, steps: &[(f64, StepCame, f64)]) -> Searched {
        Searched {
            scenario: Text::Static("browse"),
            until: Text::Static("fast"),
            asked: Text::Static("run.response_time.p95 < 300ms, over 10s"),
            end,
            steps: steps.iter().copied().map(step).collect(),
        }
    }

    const FIRST: (f64, StepCame, f64) = (100.0, StepCame::Held, 0.12);

    #[test]
    fn the_answer_comes_first_and_each_rate_after_it() {
        let found = searched(
            SearchEnd::Found,
            &[
                FIRST,
                (200.0, StepCame::Broke, 0.9),
                (150.0, StepCame::Held, 0.2),
            ],
        );
        assert_eq!(
            lines(&[found], Paint(false)),
            "search of browse: the highest rate is 150/s: there threshold fast held, and at\n  \
             200/s it broke\n         100/s  held        120ms\n         200/s  broke       900ms\n         \
             150/s  held        200ms\n"
        );
    }

    #[test]
    fn each_end_is_said_plainly() {
        let said = |end, steps: &[(f64, StepCame, f64)]| answer(&searched(end, steps));
        let broke = (100.0, StepCame::Broke, 0.9);
        assert_eq!(
            said(SearchEnd::BelowStart, &[broke]),
            "the highest rate is below 100/s: threshold fast broke there, where the search began"
        );
        assert_eq!(
            said(SearchEnd::AtLeastMax, &[FIRST]),
            "the highest rate is at least 100/s, the last that was asked for: threshold fast held there"
        );
        let limit = (200.0, StepCame::NotPutOn, 0.1);
        assert_eq!(
            said(SearchEnd::LimitOfGenerator, &[FIRST, limit]),
            "the highest rate is at least 100/s: threshold fast held there, and 200/s was more than this generator could put on in time"
        );
        assert_eq!(
            said(SearchEnd::LimitOfGenerator, &[limit]),
            "the highest rate is not known: 200/s was more than this generator could put on in time"
        );
        assert_eq!(
            said(
                SearchEnd::Stopped,
                &[FIRST, (150.0, StepCame::Unfinished, 0.1)]
            ),
            "it was not finished: the highest rate is at least 100/s so far"
        );
        assert_eq!(
            said(SearchEnd::Stopped, &[(100.0, StepCame::Unfinished, 0.1)]),
            "it was not finished: nothing is known yet"
        );
        let below = searched(SearchEnd::BelowStart, &[broke]);
        assert_eq!(
            failed(&[below, searched(SearchEnd::AtLeastMax, &[FIRST])]),
            "; the search of browse broke at its first rate"
        );
    }

    #[test]
    fn of_many_steps_the_last_ones_are_shown() {
        let steps = vec![FIRST; 25];
        let text = lines(&[searched(SearchEnd::AtLeastMax, &steps)], Paint(false));
        assert!(
            text.contains("\n  … 5 steps before in --summary-json\n"),
            "{text}"
        );
        assert_eq!(text.matches("held        120ms").count(), 20);
        let one_more = searched(SearchEnd::AtLeastMax, &vec![FIRST; 21]);
        let text = lines(&[one_more], Paint(false));
        assert!(text.contains("\n  … 1 step before in"), "{text}");
    }
}
