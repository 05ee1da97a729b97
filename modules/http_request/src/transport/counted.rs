//! What happened to the connections of a client.

use bggo_wire::{Counts, Traffic};

/// What happened to connections.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counted {
    pub(crate) opened: u64,
    /// Bytes of their sockets.
    pub(crate) traffic: Traffic,
    pub(crate) ends: Counts,
}
