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
    /// A file is not in its canonical form.
    NotFormatted,
    /// A file of results cannot be read, or does not fit the others.
    Unreadable,
    /// A threshold of a merged run failed, or no iteration of it ended.
    ThresholdFailed,
    /// The figures of a merged run are not valid: a part of it was not put on as it was asked for.
    NotValid,
    /// A bug in bggo.
    Bug,
}

impl Exit {
    /// Its number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotFormatted => 3,
            Self::Unreadable => 4,
            Self::ThresholdFailed => 99,
            Self::Bug => 101,
            Self::NotValid => 111,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
