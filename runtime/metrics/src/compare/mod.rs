//! Recorded runs of two sides, old and new -> whether the target has changed, by how much, and whether that is too much.
//!
//! ```text
//! intervals --recorded--> figures of blocks and of the whole --evidence--> a shift with its chance
//!           --comparison--> what is shown, what is too much, and what these runs are too short for
//! ```
//!
//! One run a side: both are cut into blocks. Block 3 of the old run and block 3 of the new one had the same load, so the pairs
//! are compared (`signed_rank`), if the seconds of the runs are independent enough (`correlation`): once by all values of a block,
//! once by its typical seconds (`seconds`). By how much two runs differ where nothing has changed is then unknown, unless it was
//! measured (`noise`). Three runs or more a side show it themselves (`student`). Several questions at once are harder to pass than
//! one (`holm`).

mod comparison;
mod correlation;
mod evidence;
mod holm;
mod load;
mod measure;
mod noise;
mod not_comparable;
mod recorded;
mod seconds;
mod shift;
mod signed_rank;
mod student;
mod values;

pub use comparison::{
    Answer, ComparedFigure, ComparedRow, Comparison, Difference, Method, OfWhat, RUNS_OF_A_SIDE,
    TooShort, compare,
};
pub use load::RecordedLoad;
pub use measure::{FailOn, Measure, RUN, Side};
pub use noise::{FigureNoise, Noise};
pub use not_comparable::NotComparable;
pub use recorded::{
    ArrivalCounts, MeasuredFigure, RowFigures, RunFigures, RunFiguresBuilder, row_names,
};
pub use shift::{BLOCKS, SIGNIFICANT, Shift};
pub use student::MeanDifference;

#[cfg(test)]
mod tests;
