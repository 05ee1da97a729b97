//! What the code that `module!` makes may use. It is no contract: authors of modules use [`crate::contract`].

pub use crate::assets::{
    Asset, AssetCx, AssetSlot, Dependency, DependencyGuard, Get, Make, Making, Prepare, RunAsset,
    RunScope, Scope,
};
pub use crate::fault::{Fault, PlainText};
pub use crate::flow::{Early, Flow, Running};
pub use crate::info::{
    At, Counter, Gauge, LabelledCounter, MetricInfo, MetricKind, MetricWarning, OnDemand, Rate,
    ResourceInfo, Trend,
};
pub use crate::method::Method;
pub use crate::shape::{Parts, Shape};
pub use crate::step::{Iteration, Judged, OutputSlot, Policy, Predicate, Ran, Runner, Step};
pub use bggo_values::{Number, Seq, Text, Value};
