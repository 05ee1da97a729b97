//! Uploads in parts that were begun and are not completed: their parts take room on the server until they are aborted.

use std::cell::RefCell;

/// An upload that is not completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unfinished {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) id: String,
}

/// The uploads of a client that are not completed.
#[derive(Debug, Default)]
pub(crate) struct Uploads(RefCell<Vec<Unfinished>>);

impl Uploads {
    pub(crate) fn add(&self, upload: Unfinished) {
        self.0.borrow_mut().push(upload);
    }

    /// An upload is completed or aborted.
    pub(crate) fn remove(&self, upload: &Unfinished) {
        self.0.borrow_mut().retain(|known| known != upload);
    }

    pub(crate) fn take(&self) -> Vec<Unfinished> {
        self.0.take()
    }
}
