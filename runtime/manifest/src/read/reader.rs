//! What all parts of the reader share: the faults that were found so far, and the lines of the text.

use crate::fault::ManifestFault;

/// Reads a manifest, and goes on after a fault.
pub(super) struct Reader<'t> {
    text: &'t str,
    pub(super) faults: Vec<ManifestFault>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            faults: Vec::new(),
        }
    }

    /// The line of a byte of the manifest, from 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        crate::fault::line_of(self.text, offset)
    }

    pub(super) fn fault(&mut self, offset: usize, text: impl Into<String>) {
        self.faults.push(ManifestFault {
            offset,
            text: text.into(),
        });
    }
}
