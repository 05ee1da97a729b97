//! The names that emitted code uses, and no others.

pub use crate::command::{Start, main};
pub use crate::contract::Early;
pub use crate::contract::{Flow, Running, Stop};
pub use crate::engine::{Begun, Grid, Program, User, Validation, Variable, Worker, of_run};
pub use crate::fault::{Fault, Place, Placed};
pub use crate::fork;
pub use crate::fork::{Branch, Fan, Fork, Join, each};
pub use crate::forms;
pub use crate::info::{At, Info, Lifetime, ResourceInfo};
pub use crate::latch::Latch;
pub use crate::outputs::{Memo, OutputSlot, OutputSlots};
pub use crate::prepare::Prepare;
pub use crate::scope::{RunScope, Scope};
pub use crate::shared::{GetShared, Shared};
pub use crate::slot::AssetCx;
pub use crate::step::{It, Policy, Ran, Step};
pub use crate::take;
pub use bggo_values::{Field, Number, Seq, Text, Type, Value, convert, functions, json, ops};
pub use std::pin::pin;
pub use std::process::ExitCode;
pub use std::rc::Rc;
pub use std::sync::Arc;
pub use std::time::Duration;

/// What `Program::run_assets` makes: the assets of the run, whose type only the emitted program knows.
pub type ErasedRunAssets = Arc<dyn std::any::Any + Send + Sync>;
