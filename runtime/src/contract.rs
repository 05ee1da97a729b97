//! What authors of modules use: the only public part of the runtime that promises to stay as it is.
//!
//! A runner is prepared once on each worker thread, from the inputs that are known by then, and is used by `&self`. It keeps
//! no state of a user: state of a user or of a connection belongs to an asset.

pub use crate::assets::{Asset, AssetClock, AssetCx, Prepare, Settling};
pub use crate::clock::Moment;
pub use crate::context::{AssetMetrics, Deadline, LateResult};
pub use crate::exchange::{Message, Secrets};
pub use crate::fault::{Fault, FaultText};
pub use crate::flow::{Early, Flow, Running, Stop};
pub use crate::host_limit::HostLimit;
pub use crate::info::{
    Counter, Gauge, Info, LabelledCounter, Numbered, OnDemand, Rate, ResourceInfo, Trend,
};
pub use crate::method::Method;
pub use crate::shape::{Parts, Shape};
pub use crate::stdout::line as print_line;
pub use crate::step::{Pause, Predicate, Runner, STAMP_BYTES, StampMetrics, Step};
pub use bggo_macros::module;
pub use bggo_values::base64::{from_base64, to_base64};
pub use bggo_values::calendar::{date_of_days, days_since_1970};
pub use bggo_values::duration::format as format_duration;
pub use bggo_values::json::{
    RawJson, decode as decode_json, encode_hcl, encode_plain as encode_json,
};
pub use bggo_values::{Number, Seq, Text, Value};

/// For the tests of a module: a worker, a user and an iteration outside of a run, to run steps and assets on.
pub mod testing {
    pub use crate::assets::{RunScope, Scope};
    pub use crate::context::{UserContext, WorkerContext};
    pub use crate::info::{At, Lifetime};
    pub use crate::step::{Begun, Iteration, Policy, Ran};
}
