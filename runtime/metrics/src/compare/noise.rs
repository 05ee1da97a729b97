//! Runs of one program on one host -> by how much runs differ where nothing has changed.

use super::measure::Measure;
use super::not_comparable::{NotComparable, check_loads};
use super::recorded::RunFigures;
use super::student::{MeanDifference, standard_deviation};
use bggo_values::Text;

/// By how much runs differ where nothing has changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Noise {
    /// How many runs told it.
    pub runs: u32,
    /// Each scenario with its load: another one has another noise.
    pub loads: Vec<(Text, Text)>,
    /// Of each figure that all runs have.
    pub figures: Vec<FigureNoise>,
}

/// By how much one figure differs.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureNoise {
    /// The row.
    pub row: String,
    /// The figure.
    pub measure: Measure,
    /// The standard deviation of one run: of the figure's logarithm, or of the share itself.
    pub deviation: f64,
}

impl Noise {
    /// From runs of one program.
    ///
    /// # Errors
    /// There is only one, or they have unlike loads.
    pub fn of(runs: &[RunFigures]) -> Result<Self, NotComparable> {
        let [first, _, ..] = runs else {
            return Err(NotComparable::OneRun);
        };
        check_loads(runs.iter())?;
        let mut figures = Vec::new();
        for row in &first.rows {
            for figure in &row.figures {
                let values: Option<Vec<f64>> = runs
                    .iter()
                    .map(|run| level(run, &row.name, figure.measure))
                    .collect();
                let Some(deviation) = values.and_then(|values| standard_deviation(&values)) else {
                    continue;
                };
                figures.push(FigureNoise {
                    row: row.name.clone(),
                    measure: figure.measure,
                    deviation,
                });
            }
        }
        Ok(Self {
            runs: u32::try_from(runs.len()).unwrap_or(u32::MAX),
            loads: first.stated_loads(),
            figures,
        })
    }

    /// By how much two single runs differ in a figure: around 0.
    pub fn between_two_runs(&self, row: &str, measure: Measure) -> Option<MeanDifference> {
        let mut figures = self.figures.iter();
        let figure = figures.find(|figure| figure.row == row && figure.measure == measure)?;
        self.of_means(figure, 1)
    }

    /// By how much the means of two sides of so many runs each differ in a figure: around 0.
    pub fn of_means(&self, figure: &FigureNoise, runs_a_side: u32) -> Option<MeanDifference> {
        let degrees = self.runs.checked_sub(1).filter(|degrees| *degrees > 0)?;
        Some(MeanDifference {
            difference: 0.0,
            standard_error: figure.deviation * (2.0 / f64::from(runs_a_side.max(1))).sqrt(),
            degrees,
        })
    }
}

/// The figure of a whole run, as shifts count: the logarithm, or the share itself.
pub fn level(run: &RunFigures, row: &str, measure: Measure) -> Option<f64> {
    let mut figures = run.row(row)?.figures.iter();
    let whole = figures.find(|figure| figure.measure == measure)?.whole?;
    Some(on_scale(measure, whole))
}

/// A figure as shifts count.
pub fn on_scale(measure: Measure, figure: f64) -> f64 {
    if measure.is_share() {
        figure
    } else {
        figure.ln()
    }
}
