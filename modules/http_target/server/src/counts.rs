//! Counts requests by path, so that a test can compare the figures of a load test with what arrived.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How many paths have a count of their own. Further paths share one count, so that paths with ids do not fill the memory.
const PATHS: usize = 10_000;

/// What a server has counted: each request once, when its head has arrived. `/counts` itself is not counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections accepted.
    pub connections: u64,
    /// Requests.
    pub requests: u64,
    /// Requests by path, without the query.
    pub paths: BTreeMap<String, u64>,
    /// Requests to paths beyond the first 10,000 different ones.
    pub other: u64,
}

impl Counts {
    pub(crate) fn request(&mut self, path: &str) {
        if path == "/counts" {
            return;
        }
        self.requests += 1;
        if let Some(count) = self.paths.get_mut(path) {
            *count += 1;
        } else if self.paths.len() < PATHS {
            self.paths.insert(path.to_owned(), 1);
        } else {
            self.other += 1;
        }
    }
}

/// The counts, as all connections share them.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) counts: Arc<Mutex<Counts>>,
}

impl Shared {
    /// The counts, for a moment.
    pub(crate) fn counted<T>(&self, what: impl FnOnce(&mut Counts) -> T) -> T {
        what(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
