//! Exit codes of a compiled grid: a contract with scripts and CI. Those shared with k6 keep k6's numbers.

use crate::host_limit::Lacked;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Every step passed, or a load run stayed below its thresholds.
    Passed = 0,
    /// A step of a functional run failed, or one whose failure ends the run.
    StepFailed = 1,
    /// A threshold of a load run failed, or no iteration ended.
    ThresholdFailed = 99,
    /// Set-up failed: `setup`, a resource of scope `run` could not be created, or a worker thread could not be started.
    SetUpFailed = 100,
    /// `teardown` failed, or a resource could not be destroyed.
    TeardownFailed = 101,
    /// Bad flags or variables; nothing was run.
    BadInput = 104,
    /// Ctrl-C, SIGTERM or SIGHUP ended the run.
    Interrupted = 105,
    /// A bug in bggo or in a module: something panicked.
    Bug = 109,
    /// The load was not put on as it was asked for, because this program or its host could not keep up: the figures are not
    /// valid.
    Overloaded = 111,
    /// A file that was asked for, such as the result file, could not be written to its end.
    OutputFailed = 112,
}

impl Exit {
    /// All of them with what they mean, for `--help`.
    pub const MEANINGS: [(Self, &'static str); 10] = [
        (Self::Passed, "passed"),
        (
            Self::StepFailed,
            "a step of a functional run failed, or one whose failure ends the run",
        ),
        (
            Self::ThresholdFailed,
            "a threshold of a load run failed, or no iteration ended",
        ),
        (
            Self::SetUpFailed,
            "set-up failed: `setup`, a resource of scope `run`, or a worker thread",
        ),
        (
            Self::TeardownFailed,
            "`teardown` failed, or a resource could not be destroyed",
        ),
        (Self::BadInput, "bad flags or variables: nothing was run"),
        (
            Self::Interrupted,
            "interrupted by Ctrl-C, SIGTERM or SIGHUP",
        ),
        (Self::Bug, "a bug in bggo or in a module"),
        (
            Self::Overloaded,
            "this program could not hold the load, so the figures are not valid",
        ),
        (Self::OutputFailed, "an output file could not be written"),
    ];

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

/// The events that decide the exit code. Any thread sets them, and the control thread reads them.
///
/// A flag is set when something fails, never while a request succeeds.
#[derive(Debug, Default)]
pub struct ExitCauses {
    step_failed: AtomicBool,
    set_up_failed: AtomicBool,
    teardown_failed: AtomicBool,
    interrupted: AtomicBool,
    threshold_failed: AtomicBool,
    overloaded: AtomicBool,
    output_failed: AtomicBool,
    bug: AtomicBool,
    /// The step that ended the run.
    ended_by: OnceLock<String>,
    /// What this host had none left of. It decides nothing and explains much.
    pub lacked: Lacked,
    news: Notify,
    end: Notify,
}

impl ExitCauses {
    /// A step of a functional run failed.
    pub fn step_failed(&self) {
        self.step_failed.store(true, Ordering::Release);
    }

    /// The run cannot go on: a resource of scope `run` or a worker thread is missing.
    pub fn set_up_failed(&self) {
        self.set_up_failed.store(true, Ordering::Release);
        self.news.notify_one();
    }

    /// Something could not be destroyed.
    pub fn teardown_failed(&self) {
        self.teardown_failed.store(true, Ordering::Release);
    }

    /// A signal ended the run.
    pub fn interrupted(&self) {
        self.interrupted.store(true, Ordering::Release);
    }

    /// A threshold does not hold.
    pub fn threshold_failed(&self) {
        self.threshold_failed.store(true, Ordering::Release);
    }

    /// The load was not put on as it was asked for.
    pub fn overloaded(&self) {
        self.overloaded.store(true, Ordering::Release);
    }

    /// A file that was asked for could not be written.
    #[cfg_attr(not(test), expect(dead_code, reason = "outputs to files say so"))]
    pub fn output_failed(&self) {
        self.output_failed.store(true, Ordering::Release);
    }

    /// Something panicked.
    pub fn bug(&self) {
        self.bug.store(true, Ordering::Release);
        self.news.notify_one();
    }

    /// Something happened after which the run cannot go on.
    pub fn cannot_go_on(&self) -> bool {
        self.bug.load(Ordering::Acquire) || self.set_up_failed.load(Ordering::Acquire)
    }

    /// A failure of this step ends the run: of the first one, if there are several.
    pub fn ended_by(&self, step: String) {
        self.step_failed();
        if self.ended_by.set(step).is_ok() {
            self.end.notify_one();
        }
    }

    /// The step whose failure has ended the run.
    pub fn was_ended_by(&self) -> Option<&str> {
        self.ended_by.get().map(String::as_str)
    }

    /// The step whose failure ends the run, once it has come.
    pub async fn ended(&self) -> &str {
        loop {
            if let Some(step) = self.ended_by.get() {
                return step;
            }
            self.end.notified().await;
        }
    }

    /// Completes when something happened after which the run cannot go on.
    pub async fn broken(&self) {
        while !self.cannot_go_on() {
            self.news.notified().await;
        }
    }

    /// Takes over what happened in a phase, but that a step of it failed.
    pub fn add(&self, phase: &Self) {
        if phase.bug.load(Ordering::Acquire) {
            self.bug();
        }
        if phase.teardown_failed.load(Ordering::Acquire) {
            self.teardown_failed();
        }
        if phase.set_up_failed.load(Ordering::Acquire) {
            self.set_up_failed();
        }
    }

    /// The exit code of the most important cause.
    pub fn exit(&self) -> Exit {
        let by_rank = [
            (&self.bug, Exit::Bug),
            (&self.interrupted, Exit::Interrupted),
            (&self.set_up_failed, Exit::SetUpFailed),
            (&self.overloaded, Exit::Overloaded),
            (&self.step_failed, Exit::StepFailed),
            (&self.threshold_failed, Exit::ThresholdFailed),
            (&self.output_failed, Exit::OutputFailed),
            (&self.teardown_failed, Exit::TeardownFailed),
        ];
        by_rank
            .into_iter()
            .find(|(flag, _)| flag.load(Ordering::Acquire))
            .map_or(Exit::Passed, |(_, exit)| exit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_of_the_highest_rank_decides() {
        let causes = ExitCauses::default();
        assert_eq!(causes.exit(), Exit::Passed);
        type Says = fn(&ExitCauses);
        let by_rank: [(Says, Exit); 8] = [
            (ExitCauses::teardown_failed, Exit::TeardownFailed),
            (ExitCauses::output_failed, Exit::OutputFailed),
            (ExitCauses::threshold_failed, Exit::ThresholdFailed),
            (ExitCauses::step_failed, Exit::StepFailed),
            (ExitCauses::overloaded, Exit::Overloaded),
            (ExitCauses::set_up_failed, Exit::SetUpFailed),
            (ExitCauses::interrupted, Exit::Interrupted),
            (ExitCauses::bug, Exit::Bug),
        ];
        for (cause, exit) in by_rank {
            cause(&causes);
            assert_eq!(causes.exit(), exit);
        }
        let codes = Exit::MEANINGS.map(|(exit, _)| exit.code());
        assert_eq!(codes, [0, 1, 99, 100, 101, 104, 105, 109, 111, 112]);
    }
}
