//! What a consumer does between its steps: which partitions it has, where it is in each, and fetching.
//!
//! ```text
//! work of a consumer: leaders and offsets (positions) -> a fetch to each leader -> Batches -> Assigned <- steps take records
//! ```
//!
//! A consumer has no task. Its work is one future, which its user's idle work and its waiting steps drive.

mod assigned;
mod core;
mod fetch;
mod new_partitions;
mod positions;
mod settings;

pub(crate) use assigned::{Partition, Place, Taken};
pub(crate) use core::Core;
pub(crate) use fetch::{fetching, is_settled};
pub(crate) use new_partitions::{looking, looks_for_partitions};
pub(crate) use positions::choose;
pub use settings::ConsumerSettings;
pub(crate) use settings::{GroupProtocol, GroupSettings};
