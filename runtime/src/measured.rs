//! What programs use that read what another program measured: a fleet that merges the intervals of its hosts, a result file.
//! It is no contract: all of them are built by one version of bggo.

pub use crate::metrics::{Interval, Layout, Unreadable};
