//! The figures of old and new runs -> what has changed, by how much, and whether that is too much.

use super::correlation::{seconds_needed, without_outliers};
use super::evidence::Evidence;
use super::holm;
use super::measure::{FailOn, Measure, RUN, Side};
use super::noise::{Noise, level, on_scale};
use super::not_comparable::{NotComparable, check_asked, check_loads};
use super::recorded::{ArrivalCounts, MeasuredFigure, RowFigures, RunFigures};
use super::seconds::typical_shift;
use super::shift::{BLOCKS, SIGNIFICANT, Shift};
use super::student::MeanDifference;

/// Runs of a side by which the noise between runs is known.
pub const RUNS_OF_A_SIDE: usize = 3;

/// Why nothing can be said of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TooShort {
    /// So many seconds are needed, since successive seconds are alike.
    Seconds(u32),
    /// So many seconds are needed, so that each part has enough values.
    Values(u32),
    /// There are no values in some part of the run, or too few in some run.
    Nothing,
}

/// What a shift is that of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfWhat {
    /// Of all values.
    AllValues,
    /// Of typical seconds.
    TypicalSeconds,
}

/// How a figure has changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// By what: of a share a difference, of all else the logarithm of a factor.
    pub shift: Shift,
    /// By what in typical seconds: of a percentile of one run a side on which the verdict depends, if there are enough values.
    pub typical: Option<Shift>,
    /// The chance of seeing as much where there is none. Over the figures on which the verdict depends it holds for all at once.
    pub chance: f64,
}

impl Difference {
    /// Whether it is more than chance.
    pub fn is_shown(&self) -> bool {
        self.chance <= SIGNIFICANT
    }

    /// The shift that is told: that of all values, or that of typical seconds where it alone is clear.
    pub fn told(&self) -> (Shift, OfWhat) {
        match self.typical {
            Some(typical) if self.shift.includes_nothing() && !typical.includes_nothing() => {
                (typical, OfWhat::TypicalSeconds)
            }
            _ => (self.shift, OfWhat::AllValues),
        }
    }

    /// What shift these runs could have shown.
    pub fn smallest_seen(&self) -> f64 {
        let typical = self
            .typical
            .map_or(f64::MAX, |typical| typical.smallest_seen());
        self.shift.smallest_seen().min(typical)
    }
}

/// One figure of both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedFigure {
    /// Which.
    pub measure: Measure,
    /// Of the old runs: their mean, of times and rates the geometric one. Times are in microseconds.
    pub old: Option<f64>,
    /// Of the new runs.
    pub new: Option<f64>,
    /// Whether the verdict depends on it. All others may be different by chance: one of twenty is.
    pub is_judged: bool,
    /// How it has changed.
    pub outcome: Result<Difference, TooShort>,
}

impl ComparedFigure {
    /// Whether a difference is shown.
    pub fn is_different(&self) -> bool {
        self.outcome.is_ok_and(|difference| difference.is_shown())
    }
}

/// One row of both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedRow {
    /// `run`, `scenario.browse`, `http_request.home`.
    pub name: String,
    /// Whether times are response times.
    pub is_open: bool,
    /// Its figures.
    pub figures: Vec<ComparedFigure>,
}

/// What became of a change that is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The figure has changed by more.
    TooMuch,
    /// It has not, as far as these runs show.
    NotShown,
    /// These runs are too short to say.
    TooShort(TooShort),
}

/// How the runs were compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// One run a side: blocks, paired by their place in the schedule.
    Blocks {
        /// Whether the noise between runs is known.
        noise_is_known: bool,
    },
    /// Several runs a side.
    Runs,
}

/// Both sides, compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// How.
    pub method: Method,
    /// The least number of seconds that a run lasted.
    pub seconds: u32,
    /// `run` first.
    pub rows: Vec<ComparedRow>,
    /// Rows that some runs do not have, which are left out.
    pub not_in_all: Vec<String>,
    /// Arrivals of each run whose counts differ from those of the first one, which comes first; empty where all are equal.
    pub unequal_arrivals: Vec<(String, Vec<ArrivalCounts>)>,
    /// What was asked, with its answer.
    pub answers: Vec<(FailOn, Answer)>,
}

impl Comparison {
    /// Whether some figure changed by more than may be.
    pub fn is_too_much(&self) -> bool {
        self.answers
            .iter()
            .any(|(_, answer)| *answer == Answer::TooMuch)
    }

    /// Figures on which the verdict depends, with the names of their rows.
    pub fn judged(&self) -> impl Iterator<Item = (&str, &ComparedFigure)> {
        let rows = self.rows.iter();
        let figures = rows.flat_map(|row| {
            row.figures
                .iter()
                .map(move |figure| (row.name.as_str(), figure))
        });
        figures.filter(|(_, figure)| figure.is_judged)
    }

    /// Whether some of them cannot be judged.
    pub fn is_too_short(&self) -> bool {
        self.judged().any(|(_, figure)| figure.outcome.is_err())
    }
}

/// Two sides whose loads are alike.
struct Sides<'a> {
    old: &'a [RunFigures],
    new: &'a [RunFigures],
    noise: Option<&'a Noise>,
}

/// Compares. `noise` is that of this host, where it is known; it widens what one run a side can tell.
///
/// # Errors
/// The sides have unlike loads, a run ended early, there are too few runs, or `asked` names what there is not.
pub fn compare(
    old: &[RunFigures],
    new: &[RunFigures],
    asked: &[FailOn],
    noise: Option<&Noise>,
) -> Result<Comparison, NotComparable> {
    let is_pair = old.len() == 1 && new.len() == 1;
    if !is_pair && old.len().min(new.len()) < RUNS_OF_A_SIDE {
        return Err(NotComparable::RunsOfSides {
            old: old.len(),
            new: new.len(),
        });
    }
    let runs = || old.iter().chain(new);
    check_loads(runs())?;
    let Some(first) = old.first() else {
        return Err(NotComparable::RunsOfSides {
            old: 0,
            new: new.len(),
        });
    };
    let is_common = |name: &str| runs().all(|run| run.row(name).is_some());
    let common: Vec<&str> = first
        .rows
        .iter()
        .map(|row| row.name.as_str())
        .filter(|name| is_common(name))
        .collect();
    check_asked(asked, &common)?;
    let mut not_in_all: Vec<String> = Vec::new();
    for row in runs().flat_map(|run| &run.rows) {
        if !is_common(&row.name) && !not_in_all.contains(&row.name) {
            not_in_all.push(row.name.clone());
        }
    }
    let sides = Sides {
        old,
        new,
        noise: noise.filter(|_| is_pair),
    };
    let rows = common.iter().filter_map(|name| sides.row(name, asked));
    let mut rows: Vec<(ComparedRow, Vec<Option<Evidence>>)> = rows.collect();
    adjust(&mut rows);
    let answers = answers(asked, &rows);
    Ok(Comparison {
        method: if is_pair {
            Method::Blocks {
                noise_is_known: noise.is_some(),
            }
        } else {
            Method::Runs
        },
        seconds: runs().map(RunFigures::seconds).min().unwrap_or_default(),
        rows: rows.into_iter().map(|(row, _)| row).collect(),
        not_in_all,
        unequal_arrivals: unequal_arrivals(runs(), first),
        answers,
    })
}

fn unequal_arrivals<'a>(
    runs: impl Iterator<Item = &'a RunFigures>,
    first: &RunFigures,
) -> Vec<(String, Vec<ArrivalCounts>)> {
    let runs = runs.map(|run| (run.name.clone(), run.arrivals.clone()));
    let all: Vec<(String, Vec<ArrivalCounts>)> = runs.collect();
    let are_equal = all.iter().all(|(_, arrivals)| *arrivals == first.arrivals);
    if are_equal { Vec::new() } else { all }
}

impl<'a> Sides<'a> {
    fn row(&self, name: &str, asked: &[FailOn]) -> Option<(ComparedRow, Vec<Option<Evidence>>)> {
        let (old, new) = (self.old.first()?.row(name)?, self.new.first()?.row(name)?);
        let named = |measure: Measure| {
            asked
                .iter()
                .any(|asked| asked.row == name && asked.measure == measure)
        };
        let is_judged = |measure: Measure| {
            if asked.is_empty() {
                name == RUN && Measure::OF_A_RUN.contains(&measure)
            } else {
                named(measure)
            }
        };
        // How often an open profile iterates says nothing of the target, as long as all iterations end.
        let figures = old.figures.iter();
        let figures = figures.filter(|figure| {
            figure.measure != Measure::Rate || !old.is_open || named(Measure::Rate)
        });
        let mut compared = Vec::new();
        let mut all_evidence = Vec::new();
        for figure in figures {
            let Some(of_new) = new.figures.iter().find(|one| one.measure == figure.measure) else {
                continue;
            };
            let evidence = if self.old.len() == 1 {
                self.blocks((old, figure), (new, of_new))
            } else {
                self.whole_runs(name, figure.measure)
            };
            let outcome = match &evidence {
                Ok(evidence) => Ok(Difference {
                    shift: evidence.shift(),
                    typical: evidence.typical(),
                    chance: evidence.chance_of_nothing(),
                }),
                Err(too_short) => Err(*too_short),
            };
            compared.push(ComparedFigure {
                measure: figure.measure,
                old: mean(self.old, name, figure.measure),
                new: mean(self.new, name, figure.measure),
                is_judged: is_judged(figure.measure),
                outcome,
            });
            all_evidence.push(evidence.ok());
        }
        let row = ComparedRow {
            name: name.to_owned(),
            is_open: old.is_open,
            figures: compared,
        };
        Some((row, all_evidence))
    }

    /// One run a side.
    fn blocks(
        &self,
        (old_row, old): (&'a RowFigures, &'a MeasuredFigure),
        (new_row, new): (&'a RowFigures, &'a MeasuredFigure),
    ) -> Result<Evidence, TooShort> {
        let measure = old.measure;
        let needed = match measure {
            Measure::Percentile(_) => self.seconds_for_times(old_row, new_row),
            Measure::Failed => seconds_needed(&old_row.failed, &new_row.failed),
            Measure::Rate => seconds_needed(&old_row.ended, &new_row.ended),
        };
        let mut differences = [0.0; BLOCKS];
        let pairs = old.blocks.iter().zip(&new.blocks);
        for (difference, pair) in differences.iter_mut().zip(pairs) {
            let (Some(old), Some(new)) = pair else {
                return Err(too_few((old, new), needed));
            };
            *difference = on_scale(measure, *new) - on_scale(measure, *old);
        }
        match needed {
            Some(seconds) => Err(TooShort::Seconds(seconds)),
            None => Ok(Evidence::Blocks {
                differences,
                typical: typical(old, new).map(Box::new),
                between_runs: self
                    .noise
                    .and_then(|noise| noise.between_two_runs(&old_row.name, measure)),
            }),
        }
    }

    /// Of a row on which the verdict does not depend, the seconds of the run are looked at.
    fn seconds_for_times(&self, old: &'a RowFigures, new: &'a RowFigures) -> Option<u32> {
        let of_run = |runs: &'a [RunFigures]| runs.first()?.row(RUN);
        let judged = |row: &'a RowFigures, runs: &'a [RunFigures]| {
            if row.above_p95.is_some() {
                Some(row)
            } else {
                of_run(runs)
            }
        };
        let above = |row: Option<&RowFigures>| row.and_then(|row| row.above_p95.clone());
        let levels = |row: Option<&RowFigures>| {
            let levels = row.and_then(|row| row.levels.as_deref());
            without_outliers(levels.unwrap_or_default())
        };
        let (old, new) = (judged(old, self.old), judged(new, self.new));
        let (old_above, new_above) = (
            above(old).unwrap_or_default(),
            above(new).unwrap_or_default(),
        );
        seconds_needed(&old_above, &new_above).max(seconds_needed(&levels(old), &levels(new)))
    }

    /// Several runs a side.
    fn whole_runs(&self, name: &str, measure: Measure) -> Result<Evidence, TooShort> {
        let levels = |runs: &[RunFigures]| -> Option<Vec<f64>> {
            runs.iter().map(|run| level(run, name, measure)).collect()
        };
        let (Some(old), Some(new)) = (levels(self.old), levels(self.new)) else {
            return Err(TooShort::Nothing);
        };
        let difference = MeanDifference::new(&old, &new);
        difference.map(Evidence::Runs).ok_or(TooShort::Nothing)
    }
}

/// What runs lack of which some block has too few values, if they need so many seconds anyway. In a short run a block may have no
/// values only because it is short.
fn too_few((old, new): (&MeasuredFigure, &MeasuredFigure), needed: Option<u32>) -> TooShort {
    match (old.seconds_for_blocks, new.seconds_for_blocks, needed) {
        (Some(old), Some(new), needed) => {
            let for_values = old.max(new).div_ceil(10) * 10;
            TooShort::Values(for_values.max(needed.unwrap_or_default()))
        }
        (_, _, Some(seconds)) => TooShort::Seconds(seconds),
        _ => TooShort::Nothing,
    }
}

/// The shift of typical seconds of each block.
fn typical(old: &MeasuredFigure, new: &MeasuredFigure) -> Option<[f64; BLOCKS]> {
    let mut shifts = [0.0; BLOCKS];
    let pairs = old.windows.as_ref()?.iter().zip(new.windows.as_ref()?);
    for (shift, (old, new)) in shifts.iter_mut().zip(pairs) {
        *shift = typical_shift(old, new)?;
    }
    Some(shifts)
}

/// The mean of the runs of a side; of figures that change by a factor the geometric one.
fn mean(runs: &[RunFigures], name: &str, measure: Measure) -> Option<f64> {
    let levels: Option<Vec<f64>> = runs.iter().map(|run| level(run, name, measure)).collect();
    let levels = levels.filter(|levels| !levels.is_empty())?;
    let mean = levels.iter().sum::<f64>() / levels.len() as f64;
    Some(if measure.is_share() { mean } else { mean.exp() })
}

/// Makes the chances of all figures on which the verdict depends hold at once.
fn adjust(rows: &mut [(ComparedRow, Vec<Option<Evidence>>)]) {
    let figures = rows.iter_mut().flat_map(|(row, _)| &mut row.figures);
    let judged = figures.filter(|figure| figure.is_judged);
    let mut judged: Vec<&mut Difference> = judged
        .filter_map(|figure| figure.outcome.as_mut().ok())
        .collect();
    let chances: Vec<f64> = judged.iter().map(|difference| difference.chance).collect();
    for (difference, chance) in judged.iter_mut().zip(holm::adjust(&chances)) {
        difference.chance = chance;
    }
}

/// A condition holds where the whole interval lies beyond its bound; of several conditions all hold at once.
fn answers(
    asked: &[FailOn],
    rows: &[(ComparedRow, Vec<Option<Evidence>>)],
) -> Vec<(FailOn, Answer)> {
    let found = asked.iter().map(|asked| {
        let (row, all_evidence) = rows.iter().find(|(row, _)| row.name == asked.row)?;
        let mut figures = row.figures.iter().zip(all_evidence);
        figures.find(|(figure, _)| figure.measure == asked.measure)
    });
    let found: Vec<Option<(&ComparedFigure, &Option<Evidence>)>> = found.collect();
    let chances = asked.iter().zip(&found).map(|(asked, found)| {
        let Some((_, Some(evidence))) = found else {
            return None;
        };
        let bound = asked.measure.shift_of(asked.change);
        let chance = match asked.side {
            Side::Above => evidence.chance_above(bound),
            Side::Below => evidence.chance_below(bound),
        };
        // One end of an interval of 95 % is one of two; where typical seconds are looked at as well, there are two intervals of which
        // one end counts.
        Some((2.0 * chance).min(1.0))
    });
    let chances: Vec<Option<f64>> = chances.collect();
    let known: Vec<f64> = chances.iter().flatten().copied().collect();
    let mut adjusted = holm::adjust(&known).into_iter();
    let answers = chances
        .iter()
        .zip(&found)
        .map(|(chance, found)| match chance {
            Some(_) if adjusted.next().is_some_and(|chance| chance <= SIGNIFICANT) => {
                Answer::TooMuch
            }
            Some(_) => Answer::NotShown,
            None => {
                let outcome = found.map(|(figure, _)| figure.outcome);
                let too_short = outcome.and_then(Result::err);
                Answer::TooShort(too_short.unwrap_or(TooShort::Nothing))
            }
        });
    asked.iter().cloned().zip(answers).collect()
}
