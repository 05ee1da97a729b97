//! The face of the runtime for authors of modules, and the only one that the manual names.
//!
//! A runner is prepared once a worker thread from what is known by then, and is used by `&self`: it has no state of a
//! user. What belongs to a user or a connection lives in an asset.

pub use crate::assets::{Asset, AssetCx, Prepare};
pub use crate::fault::{Fault, FaultText};
pub use crate::flow::{Early, Flow, Running, Stop};
pub use crate::info::{Info, ResourceInfo};
pub use crate::shape::{Parts, Shape};
pub use crate::stdout::line as print_line;
pub use crate::step::{Runner, Step};
pub use bggo_macros::module;
pub use bggo_values::functions;
pub use bggo_values::json::{encode_hcl, encode_plain as encode_json};
pub use bggo_values::{Number, Seq, Text, Value};

/// What the tests of a module run its steps and assets on: a worker, a user and an iteration outside of a run.
pub mod testing {
    pub use crate::assets::{RunScope, Scope};
    pub use crate::context::{UserContext, WorkerContext};
    pub use crate::info::At;
    pub use crate::step::{Begun, Iteration, Policy, Ran};
}
