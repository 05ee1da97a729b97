//! What is known of data while a grid is checked.

use std::rc::Rc;

use super::typed::TData;

/// What is known of data.
#[derive(Debug, Clone, Default)]
pub(super) enum KnownData {
    /// Nothing asked for it yet.
    #[default]
    Unread,
    /// Its rows; `None` with a reported problem.
    Read(Option<Rc<TData>>),
}

impl KnownData {
    /// The rows.
    pub(super) fn of(self) -> Option<Rc<TData>> {
        match self {
            Self::Unread => None,
            Self::Read(data) => data,
        }
    }
}
