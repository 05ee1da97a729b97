//! Counts the bytes that sockets carry.

use std::cell::Cell;

/// Bytes that sockets carried, those of TLS included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes that were sent.
    pub sent: u64,
    /// Bytes that were received.
    pub received: u64,
}

/// The count of all connections of dialers with the same rules. One for each dialer would be memory of each user.
#[derive(Debug, Default)]
pub struct Meter(Cell<Traffic>);

impl Meter {
    pub(crate) fn sent(&self, count: usize) {
        let mut traffic = self.0.get();
        traffic.sent += count as u64;
        self.0.set(traffic);
    }

    pub(crate) fn received(&self, count: usize) {
        let mut traffic = self.0.get();
        traffic.received += count as u64;
        self.0.set(traffic);
    }

    /// What was carried since this was asked last.
    pub(crate) fn take(&self) -> Traffic {
        self.0.take()
    }
}
