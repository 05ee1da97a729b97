//! Load profiles as pure functions: profile and number of an iteration, or of a user -> when it begins.
//!
//! Nothing here knows threads, users or a clock. In an open profile ([`Arrivals`]) iterations are due at moments of their own,
//! exact to the nanosecond. In a closed one ([`Closed`], [`Ramp`]) an iteration begins when a user is free. Which iterations
//! and which users belong to a host and to one of its workers follows from their numbers alone ([`Segment`]).

mod arrivals;
mod closed;
pub mod declared;
mod load;
mod mix;
mod poisson;
mod ramp;
mod rate;
mod rows;
mod schedule;
mod search;
mod segment;

pub use arrivals::{Arrival, Arrivals, Source, Spread, WhenFull};
pub use closed::{Bound, Closed, Iterations};
pub use load::Load;
pub use mix::{MOST_WEIGHT, Mix};
pub use ramp::{Ramp, UserStage};
pub use rate::{LONGEST, Nanos, Rate, Stage, TooMuch, nanos};
pub use rows::{RowAdvance, RowKey, RowOrder, RowReader, RowRules, RowShare, RowTurns, RowsEnd};
pub use schedule::{Schedule, workers};
pub use search::{Bracket, DueSoFar, GrowingRate, Growth, MOST_STEPS, Precision, Search};
pub use segment::Segment;

#[cfg(test)]
mod tests;
