//! The names that emitted code uses, and no others. It is no contract: the compiler and the runtime change together.

pub use crate::assets::{AssetCx, GetRunAsset, Prepare, RunAsset, RunScope, Scope};
pub use crate::command::main;
pub use crate::data::{Column, Data, FileRows};
pub use crate::declared_load::DeclaredLoad;
pub use crate::engine::{
    ErasedRunAssets, PhaseKind, PhaseRun, Program, User, Worker, no_such_phase, no_such_scenario,
    of_run,
};
pub use crate::fault::{Fault, Place, Placed};
pub use crate::flow::{Early, Flow, Running, Stop};
pub use crate::fork;
pub use crate::forms;
pub use crate::grid::{
    Body, BodyCall, BodyPhase, DeclaredThreshold, Grid, RunPhase, Scenario, Validation, Variable,
};
pub use crate::info::{
    At, BodyMetric, CheckInfo, Info, Lifetime, MetricInfo, MetricKind, ResourceInfo,
};
pub use crate::input_conversion;
pub use crate::method::Method;
pub use crate::read_rows::ReadRows;
pub use crate::shape::{Parts, Shape};
pub use crate::start::Start;
pub use crate::step::{
    Begun, Branch, Called, Checks, Fan, Fork, Iteration, Join, Latch, Memo, OutputSlot,
    OutputSlots, Policy, Predicate, Ran, Step, StepBranch, Wait, each,
};
pub use crate::step_outputs::KeptOutput;
pub use crate::threshold;
pub use bggo_metrics::{Address, Condition, OnFail, Statistic, Subject, Term, Threshold};
pub use bggo_schedule::declared::{Field as LoadField, Profile};
pub use bggo_schedule::{Load, Mix, RowAdvance, RowOrder, RowReader, RowRules, RowShare, RowsEnd};
pub use bggo_values::{Field, Number, Seq, Text, Type, Value, convert, json, ops};
pub use std::pin::pin;
pub use std::process::ExitCode;
pub use std::rc::Rc;
pub use std::sync::Arc;
pub use std::time::Duration;
