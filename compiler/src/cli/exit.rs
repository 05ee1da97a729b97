//! How a command of bggo ends, as the exit code of the process.

use std::process::ExitCode;

/// How bggo ends. `docs/output.md` lists the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// The grid has errors, or this machine cannot build it.
    Failed,
    /// Wrong usage.
    Usage,
    /// A bug in bggo.
    Bug,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Bug => 101,
        })
    }
}
