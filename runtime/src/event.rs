//! Events that are reported one by one: ends of steps in a functional run, first failures, resources, messages.
//!
//! An event owns its data, so it can leave the thread on which it happened. A worker thread knows only the [`EventSink`]
//! that takes events, not the readers behind it.

use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::info::{CheckInfo, Info, Instance, ResourceInfo};
use bggo_schedule::Nanos;
use std::time::Duration;

/// How important a message is, from most to least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// What failed.
    Error,
    /// Also what looks wrong.
    Warn,
    /// Also steps, live lines and the summary.
    Info,
    /// Also resources.
    Debug,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepOutcome {
    /// Without a fault.
    Passed,
    /// With a fault that ends the iteration.
    Failed,
    /// With a fault after which the iteration goes on (`continue_on_failure`).
    FailedAndContinued,
    /// With a fault, but a fallback stands in for its outputs, so the iteration passes.
    Recovered,
    /// It was not enabled.
    Skipped,
    /// It was dropped while it ran.
    Cancelled,
    /// Dropped when the time in which it could finish was over, which is a failure.
    Cut,
}

/// The end of a step.
#[derive(Debug, Clone, Copy)]
pub struct StepEnd<'a> {
    /// Which step.
    pub info: &'static Info,
    /// Which of its instances.
    pub instance: &'a Instance,
    /// The number of its scenario in the grid's table.
    pub scenario: u32,
    /// The user's number, from 1.
    pub user: u64,
    /// The user's iteration, from 0.
    pub iteration: u64,
    /// The first of its slots, where its counters stand.
    pub first_slot: u32,
    /// How many attempts it took; 0 where only one can be.
    pub attempts: u16,
    /// The address of the run of the step, which no other has that runs at the same time.
    pub step: usize,
    /// From the moment when the step was due to its end; `None` if the load profile gives the step no such moment.
    pub response: Option<Nanos>,
    /// From the moment sent (or begun) to the end; `None` where it ended before it began.
    pub service: Option<Nanos>,
    /// How.
    pub outcome: StepOutcome,
    /// Why it failed.
    pub fault: Option<&'a Fault>,
}

impl StepEnd<'_> {
    /// The same with owned data, for an event; without exchanges.
    pub fn report(&self) -> StepReport {
        StepReport {
            info: self.info,
            instance: self.instance.clone(),
            scenario: self.scenario,
            user: self.user,
            iteration: self.iteration,
            first_slot: self.first_slot,
            service: self.service.map(Duration::from_nanos),
            attempts: self.attempts,
            outcome: self.outcome,
            fault: self.fault.cloned(),
            exchanges: Vec::new(),
        }
    }
}

/// The end of a step, with owned data.
#[derive(Debug, Clone)]
pub struct StepReport {
    /// Which step.
    pub info: &'static Info,
    /// Which of its instances.
    pub instance: Instance,
    /// The number of its scenario in the grid's table.
    pub scenario: u32,
    /// The user's number, from 1.
    pub user: u64,
    /// The user's iteration, from 0.
    pub iteration: u64,
    /// The first of its slots, which says by which calls of flows the scenario came to it.
    pub first_slot: u32,
    /// From the moment sent (or begun) to the end; `None` where it ended before it began.
    pub service: Option<Duration>,
    /// How many attempts it took; 0 where only one can be.
    pub attempts: u16,
    /// How.
    pub outcome: StepOutcome,
    /// Why it failed.
    pub fault: Option<Fault>,
    /// What it sent and what came back, if that is shown.
    pub exchanges: Vec<Exchange>,
}

/// A check that failed.
#[derive(Debug, Clone)]
pub struct CheckReport {
    /// Of which step.
    pub info: &'static Info,
    /// Of which of its instances.
    pub instance: Instance,
    /// The number of its scenario in the grid's table.
    pub scenario: u32,
    /// The user's number, from 1.
    pub user: u64,
    /// The user's iteration, from 0.
    pub iteration: u64,
    /// The first slot of its step, which says by which calls of flows the scenario came to it.
    pub first_slot: u32,
    /// Which check.
    pub check: &'static CheckInfo,
    /// Why, as it may be shown; empty where nothing is said.
    pub text: String,
    /// Where it is written, or the part of it that has no value.
    pub place: String,
}

/// What happened to a resource.
#[derive(Debug, Clone)]
pub enum ResourceEvent {
    /// It was created.
    Created {
        /// How long that took.
        took: Duration,
    },
    /// It could not be created.
    CreateFailed {
        /// Why.
        fault: Fault,
    },
    /// It was destroyed.
    Destroyed {
        /// How long that took.
        took: Duration,
    },
    /// What an iteration had left open on it could not be ended.
    SettleFailed {
        /// Why.
        fault: Fault,
    },
    /// It could not be destroyed properly.
    DestroyFailed {
        /// Why.
        fault: Fault,
    },
}

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// A step of a functional run ended.
    Step(StepReport),
    /// Under load: a step failed with a kind of failure that it did not have on this thread before.
    FirstFailure(StepReport),
    /// A check failed: each time in a functional run, and under load for the first time on this thread.
    Check(CheckReport),
    /// Something happened to a resource.
    Resource(&'static ResourceInfo, ResourceEvent),
    /// A message about the run itself.
    Message(LogLevel, String),
    /// A panic was caught; its message.
    Panic(String),
}

impl Event {
    /// How important it is.
    pub fn level(&self) -> LogLevel {
        match self {
            Self::Step(end) => match end.outcome {
                StepOutcome::Failed | StepOutcome::FailedAndContinued | StepOutcome::Cut => {
                    LogLevel::Error
                }
                StepOutcome::Recovered => LogLevel::Warn,
                _ => LogLevel::Info,
            },
            Self::FirstFailure(_) | Self::Check(_) => LogLevel::Warn,
            Self::Resource(
                _,
                ResourceEvent::CreateFailed { .. } | ResourceEvent::DestroyFailed { .. },
            )
            | Self::Panic(_) => LogLevel::Error,
            Self::Resource(_, ResourceEvent::SettleFailed { .. }) => LogLevel::Warn,
            Self::Resource(..) => LogLevel::Debug,
            Self::Message(level, _) => *level,
        }
    }
}

/// Takes events of any thread. A thread that gives an event never waits for the readers.
pub trait EventSink: std::fmt::Debug + Send + Sync {
    /// Takes one event.
    fn tell(&self, event: Event);
}
