//! What is wrong with a manifest.

use std::fmt;

/// What is wrong with a manifest, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestFault {
    /// Byte of the text.
    pub offset: usize,
    /// One clause.
    pub text: String,
}

impl ManifestFault {
    /// The line of the fault in the manifest's text, from 1.
    pub fn line(&self, text: &str) -> usize {
        let before = text.as_bytes().iter().take(self.offset);
        before.filter(|byte| **byte == b'\n').count() + 1
    }
}

impl fmt::Display for ManifestFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
