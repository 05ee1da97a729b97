//! A PEM text, and the file that it was read from.

use bggo_runtime::contract::FaultText;
use std::fmt;

/// Certificates or a key as PEM text.
#[derive(Clone)]
pub struct Pem {
    text: String,
    file: Option<String>,
}

impl Pem {
    /// The same, read from the file with this path, which faults name.
    #[must_use]
    pub fn of_file(self, path: &str) -> Self {
        Self {
            file: Some(path.to_owned()),
            ..self
        }
    }

    /// The text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// `what`, and the file in which it stands.
    pub(super) fn called(&self, what: &str) -> FaultText {
        let text = FaultText::plain(what);
        match &self.file {
            Some(path) => text.and(" in ").and_value(path),
            None => text,
        }
    }
}

impl From<String> for Pem {
    fn from(text: String) -> Self {
        Self { text, file: None }
    }
}

impl fmt::Debug for Pem {
    /// Leaves the text out, which may be a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pem")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}
