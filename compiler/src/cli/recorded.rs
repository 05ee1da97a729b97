//! What the seconds of a result file come to: figures, verdicts of the thresholds, and how the run ended.

use super::console::Console;
use super::exit::Exit;
use bggo_metrics::file::{Head, PartEnd, Second, Share};
use bggo_metrics::report::{Ending, Examples, Figures, Paint, Percentiles, Summary};
use bggo_metrics::{Interval, Judge, Searched, Verdict};
use std::time::Duration;

/// A run that is gathered from its seconds.
#[derive(Debug)]
pub struct Recorded {
    head: Head,
    judge: Judge,
    total: Interval,
}

impl Recorded {
    /// Of a run that began so. Tells of thresholds that cannot be judged.
    pub fn new(head: Head, console: &mut Console) -> Result<Self, Exit> {
        // A share of a run is judged together with the others.
        let is_share = matches!(head.parts.as_slice(), [part] if part.share != Share::WHOLE);
        let thresholds = if is_share {
            Vec::new()
        } else {
            head.thresholds.clone()
        };
        let judge = Judge::new(thresholds, &head.layout, &head.courses());
        let judge = judge.map_err(|unknown| {
            for one in unknown {
                console.fault(&format!("a threshold cannot be judged: {one}"), "");
            }
            Exit::Unreadable
        })?;
        Ok(Self {
            head,
            judge,
            total: Interval::default(),
        })
    }

    /// The next second.
    pub fn second(&mut self, second: &Second) {
        self.judge.second(second.number, &second.interval);
        self.total.merge(&second.interval);
    }

    /// The whole run, whose parts ended so.
    pub fn whole(self, ends: &[Option<PartEnd>]) -> Whole {
        let begun = ends.iter().map(|end| self.begins_for(end.as_ref()));
        let begins_for = begun.max().unwrap_or_default();
        let verdicts = self.judge.end(&self.total, begins_for);
        let run = self.head.described();
        let figures = Figures::new(&self.head.layout, &self.total, (&run, begins_for));
        let mut examples = Examples::default();
        for (step, kind, text) in ends.iter().flatten().flat_map(|end| end.examples.iter()) {
            examples.keep(step, kind.clone(), text);
        }
        let behind = self.head.parts.iter().zip(ends).filter_map(|(part, end)| {
            let text = end.as_ref()?.fell_behind.as_ref()?;
            Some(if part.share == Share::WHOLE {
                text.to_string()
            } else {
                format!("segment {}: {text}", part.share)
            })
        });
        let behind: Vec<String> = behind.collect();
        let left = ends.iter().flatten().any(|end| end.left);
        let searches = ends.iter().flatten();
        let searches: Vec<Searched> = searches
            .flat_map(|end| end.searches.iter().cloned())
            .collect();
        let fails = figures.nothing_ended()
            || verdicts.iter().any(Verdict::fails)
            || searches.iter().any(Searched::fails);
        Whole {
            ending: ending(ends, fails),
            head: self.head,
            figures,
            verdicts,
            searches,
            examples,
            left,
            fell_behind: (!behind.is_empty()).then(|| behind.join("; ")),
        }
    }

    /// For how long iterations could begin. One that was cut has not said it.
    fn begins_for(&self, end: Option<&PartEnd>) -> Duration {
        let measured = self.total.end();
        let courses = self.head.loads.iter().map(|load| load.course.until);
        let until = courses.collect::<Option<Vec<_>>>();
        let until = until.and_then(|all| all.into_iter().max());
        match end {
            Some(end) => end.begins_for,
            None => until.map_or(measured, |until| until.min(measured)),
        }
    }
}

/// How a run ended whose parts ended so, and whose thresholds say whether it `fails`.
fn ending(ends: &[Option<PartEnd>], fails: bool) -> Ending {
    let has = |code: u8| ends.iter().flatten().any(|end| end.exit == code);
    // In the order in which a program chooses its own exit code.
    match () {
        () if has(109) => Ending::Bug,
        () if has(105) || ends.contains(&None) => Ending::Interrupted,
        () if has(100) => Ending::SetUpFailed,
        () if has(111) => Ending::Overloaded,
        () if fails => Ending::Failed,
        () if has(112) => Ending::OutputFailed,
        () if has(101) => Ending::TeardownFailed,
        () => Ending::Passed,
    }
}

/// A run that was read to its end.
#[derive(Debug)]
pub struct Whole {
    head: Head,
    figures: Figures,
    verdicts: Vec<Verdict>,
    searches: Vec<Searched>,
    examples: Examples,
    left: bool,
    fell_behind: Option<String>,
    ending: Ending,
}

impl Whole {
    /// The summary that the program itself prints.
    pub fn summary(&self, percentiles: &Percentiles, paint: Paint) -> String {
        let run = self.head.described();
        Summary {
            run: &run,
            figures: &self.figures,
            ending: self.ending,
            verdicts: &self.verdicts,
            searches: &self.searches,
            left: self.left,
            fell_behind: self.fell_behind.clone(),
            examples: &self.examples,
            percentiles,
        }
        .text(paint)
    }

    /// The verdict as the exit code of whoever merged it.
    pub fn exit(&self) -> Exit {
        match self.ending {
            Ending::Passed | Ending::OutputFailed | Ending::TeardownFailed => Exit::Done,
            Ending::Failed | Ending::Bug if self.fails() => Exit::ThresholdFailed,
            _ => Exit::NotValid,
        }
    }

    fn fails(&self) -> bool {
        self.figures.nothing_ended()
            || self.verdicts.iter().any(Verdict::fails)
            || self.searches.iter().any(Searched::fails)
    }
}
