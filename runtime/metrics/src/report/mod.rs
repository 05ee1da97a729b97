//! What a run measured, for people and for other programs: figures of a whole run, and texts of them.
//!
//! ```text
//! Interval of the whole run -> Figures -> Summary (text)
//! Interval of a second ---------------> rows of CSV
//! ```
//!
//! All of it takes owned data, so a summary is made of a file as well as of the run that has just ended.

mod cases;
pub mod checks;
mod columns;
mod csv;
pub mod custom_metrics;
mod described;
mod examples;
mod figures;
pub mod measure;
mod metric_lines;
mod paint;
pub mod searches;
#[cfg(test)]
mod simulated;
mod summary;
mod table;
pub mod thresholds;

pub use cases::{Case, CaseResult, junit};
pub use columns::Percentiles;
pub use csv::{CsvRows, push_field};
pub use described::{Described, DescribedLoad};
pub use examples::Examples;
pub use figures::{Figures, Metrics, ResourceRow, Row, Values, sum_of_labels};
pub use paint::{GREEN, Paint, RED, YELLOW};
pub use summary::{Ending, Summary};
pub use table::{cut, folded};
