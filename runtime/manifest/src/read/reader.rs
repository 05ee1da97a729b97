//! What all parts of the reader share: the faults that were found so far.

use crate::fault::ManifestFault;

/// Reads a manifest, and goes on after a fault.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) faults: Vec<ManifestFault>,
}

impl Reader {
    pub(super) fn fault(&mut self, offset: usize, text: impl Into<String>) {
        self.faults.push(ManifestFault {
            offset,
            text: text.into(),
        });
    }
}
