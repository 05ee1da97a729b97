//! Whose connection it is: an asset's, or that of a step which connects by itself.

use bggo_module_http_request::{Asking, HttpClient};
use bggo_runtime::contract::{AssetClock, AssetMetrics};
use std::fmt;

/// Whose connection it is.
pub(crate) struct Owner<'a> {
    pub(crate) asking: Asking<'a>,
    pub(crate) client: &'a HttpClient,
    pub(crate) clock: AssetClock,
    /// `None` if nothing is counted.
    pub(crate) metrics: Option<AssetMetrics>,
    pub(crate) url_is_sensitive: bool,
}

impl fmt::Debug for Owner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owner").finish_non_exhaustive()
    }
}
