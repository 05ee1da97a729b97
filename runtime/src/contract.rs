//! What a module's author sees, and the types that travel through a run.

use std::future::Future;
use std::pin::Pin;

/// A future with its type erased: the boundary behind which a module is compiled once.
pub type Running<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// This iteration ends. Why is already recorded; only this travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop;

/// Whether an iteration goes on.
pub type Flow = Result<(), Stop>;
