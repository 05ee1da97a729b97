//! Futures with their type erased, whether an iteration goes on, and when an input is known.

use std::future::Future;
use std::pin::Pin;

/// A future with its type erased: the boundary behind which a module is compiled once.
pub type Running<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// This iteration ends. The reason is counted already, so this carries none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop;

/// Whether an iteration goes on.
pub type Flow = Result<(), Stop>;

/// An input in `prepare`: known by then, or different in each run of the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Early<T> {
    /// Its value.
    Known(T),
    /// It comes with `run`.
    Later,
}

impl<T> Early<T> {
    /// The value, if it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Later => None,
        }
    }
}
