//! Exit codes of a compiled grid: a contract with scripts and CI. Those shared with k6 keep k6's numbers.

use std::process::ExitCode;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Every step passed, or a load run stayed below its thresholds.
    Passed = 0,
    /// A step of a functional run failed.
    StepFailed = 1,
    /// A threshold failed; without thresholds: 1 % or more of a load run's iterations failed.
    ThresholdFailed = 99,
    /// Set-up failed: a resource of scope `run` could not be created.
    SetUpFailed = 100,
    /// A resource could not be destroyed.
    TeardownFailed = 101,
    /// Bad flags or variables; nothing was run.
    BadInput = 104,
    /// Ctrl-C or SIGTERM ended the run.
    Interrupted = 105,
    /// A bug in bggo or in a module: something panicked.
    Bug = 109,
}

impl Exit {
    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
