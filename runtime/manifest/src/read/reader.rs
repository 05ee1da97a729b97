//! What all parts of the reader share: the faults that were found so far, and the lines of the text.

use crate::fault::ManifestFault;
use std::cell::OnceCell;

/// Reads a manifest, and goes on after a fault.
pub(super) struct Reader<'t> {
    text: &'t str,
    /// The bytes that end a line. Every rule with a condition asks for its line.
    ends: OnceCell<Vec<usize>>,
    pub(super) faults: Vec<ManifestFault>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            ends: OnceCell::new(),
            faults: Vec::new(),
        }
    }

    /// The line of a byte of the manifest, from 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        let ends = self.ends.get_or_init(|| {
            let lines = self.text.match_indices('\n');
            lines.map(|(at, _)| at).collect()
        });
        ends.partition_point(|end| *end < offset) + 1
    }

    pub(super) fn fault(&mut self, offset: usize, text: impl Into<String>) {
        self.faults.push(ManifestFault {
            offset,
            text: text.into(),
        });
    }
}
