//! Why runs cannot be compared, in words.

use super::load::{RecordedLoad, differences};
use super::measure::FailOn;
use super::recorded::RunFigures;
use std::fmt;

/// Why runs cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotComparable {
    /// There is one run, or two, on a side, and not one on each.
    RunsOfSides {
        /// How many old ones.
        old: usize,
        /// How many new ones.
        new: usize,
    },
    /// A noise needs more runs than one.
    OneRun,
    /// A run ended before its load.
    EndedEarly {
        /// Which.
        run: String,
        /// How many seconds are missing.
        missing: u32,
        /// How many there should be.
        of: u32,
    },
    /// A scenario of one run is none of another.
    Scenario {
        /// Which.
        scenario: String,
        /// Where it is.
        with: String,
        /// Where it is not.
        without: String,
    },
    /// A scenario has another load.
    Load {
        /// Which.
        scenario: String,
        /// A run.
        one: String,
        /// Another one.
        other: String,
        /// What differs: its name, and its value in both.
        differences: Vec<(String, String, String)>,
    },
    /// `--fail-on` asks for what no run has.
    NoRow {
        /// As it was written.
        asked: String,
        /// What it names.
        row: String,
        /// What there is.
        rows: Vec<String>,
    },
}

impl fmt::Display for NotComparable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RunsOfSides { old, new } => write!(
                f,
                "{old} old and {new} new cannot be compared: give one on each side, or three or more on each, so that the noise between runs is known"
            ),
            Self::OneRun => f.write_str(
                "the noise between runs shows in two runs or more, and six tell it well",
            ),
            Self::EndedEarly { run, missing, of } => write!(
                f,
                "{run} ended before its load: {missing} of {of} seconds are missing"
            ),
            Self::Scenario {
                scenario,
                with,
                without,
            } => write!(
                f,
                "the loads differ: {with} has the scenario `{scenario}`, {without} has not"
            ),
            Self::Load {
                scenario,
                one,
                other,
                differences,
            } => {
                write!(f, "the loads of {scenario} differ")?;
                let mut mark = ':';
                for (name, of_one, of_other) in differences {
                    write!(
                        f,
                        "{mark} {name} is {of_one} in {one} and {of_other} in {other}"
                    )?;
                    mark = ';';
                }
                Ok(())
            }
            Self::NoRow { asked, row, rows } => write!(
                f,
                "`{asked}`: the runs have no figures of `{row}`; they have those of {}",
                rows.join(", ")
            ),
        }
    }
}

impl std::error::Error for NotComparable {}

/// Whether all runs have had the same load, to its end.
///
/// # Errors
/// How one of them differs from the first one.
pub fn check_loads<'a>(
    runs: impl Iterator<Item = &'a RunFigures> + Clone,
) -> Result<(), NotComparable> {
    let mut others = runs.clone();
    let Some(first) = others.next() else {
        return Ok(());
    };
    for other in others {
        for (one, another) in [(first, other), (other, first)] {
            let has = |load: &RecordedLoad| {
                another
                    .loads
                    .iter()
                    .any(|other| other.scenario == load.scenario)
            };
            if let Some(load) = one.loads.iter().find(|load| !has(load)) {
                return Err(NotComparable::Scenario {
                    scenario: load.scenario.to_string(),
                    with: one.name.clone(),
                    without: another.name.clone(),
                });
            }
        }
        let loads = first.loads.iter().flat_map(|load| {
            let same = other
                .loads
                .iter()
                .filter(|other| other.scenario == load.scenario);
            same.map(move |other| (load, other))
        });
        for (load, of_other) in loads {
            if load.exact != of_other.exact {
                return Err(NotComparable::Load {
                    scenario: load.scenario.to_string(),
                    one: first.name.clone(),
                    other: other.name.clone(),
                    differences: differences(&load.exact, &of_other.exact),
                });
            }
        }
    }
    for run in runs {
        // The last interval of a run that ended in time may be cut a little before the end.
        if run.missing_seconds > 1 {
            return Err(NotComparable::EndedEarly {
                run: run.name.clone(),
                missing: run.missing_seconds,
                of: run.seconds(),
            });
        }
    }
    Ok(())
}

/// Whether `--fail-on` names rows that all runs have.
///
/// # Errors
/// Which it names that they do not have.
pub fn check_asked(asked: &[FailOn], common: &[&str]) -> Result<(), NotComparable> {
    match asked
        .iter()
        .find(|asked| !common.contains(&asked.row.as_str()))
    {
        None => Ok(()),
        Some(asked) => Err(NotComparable::NoRow {
            asked: asked.text.clone(),
            row: asked.row.clone(),
            rows: common.iter().map(|name| (*name).to_owned()).collect(),
        }),
    }
}
