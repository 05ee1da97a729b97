//! How a run is stopped: deadlines of scenarios, signals, and the phases that the workers are sent.

use super::request::RunRequest;
use super::scenario_load::ScenarioLoad;
use crate::exit::ExitCauses;
use crate::outputs::Report;
use crate::shutdown::{Phase, Phases, SearchedRate};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// What becomes of a `teardown` after a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InTeardown {
    /// It goes on.
    GoesOn,
    /// Its steps are dropped.
    IsCancelled,
    /// The run is left at once.
    Leaves,
}

/// A scenario that still has users.
struct Running {
    scenario: u32,
    /// Workers that have users of it.
    workers: u32,
    cancel_at: Option<Instant>,
}

/// Decides when no iteration begins any more and when running ones are dropped, and sends that to the workers.
pub(super) struct Stopping<'a> {
    run: &'a RunRequest,
    report: &'a Report,
    causes: &'a ExitCauses,
    phases: watch::Sender<Phases>,
    /// When all scenarios are cancelled.
    cancel_at: Option<Instant>,
    /// Whether the clock of the run has started.
    begun: bool,
    /// When the last iteration may begin; `None` if that is not known yet.
    begins_until: Option<Instant>,
    /// The number of each scenario, when it begins, and when its last iteration may begin, if that is known yet.
    lasts: Vec<(u32, Option<Instant>, Option<Instant>)>,
    scenarios: Vec<Running>,
    signals: u32,
    /// A step ended the run.
    is_ended: bool,
}

impl<'a> Stopping<'a> {
    pub(super) fn new(run: &'a RunRequest, report: &'a Report, causes: &'a ExitCauses) -> Self {
        let (phases, _) = watch::channel(Phases::running(run.loads.len()));
        Self {
            run,
            report,
            causes,
            phases,
            cancel_at: None,
            begun: false,
            begins_until: None,
            lasts: Vec::new(),
            scenarios: Vec::new(),
            signals: 0,
            is_ended: false,
        }
    }

    /// The phases, for a worker.
    pub(super) fn subscribe(&self) -> watch::Receiver<Phases> {
        self.phases.subscribe()
    }

    /// The clock of the run starts: each scenario has a deadline from now on.
    pub(super) fn begins(&mut self, begin: Instant, loads: &[ScenarioLoad], workers: u32) {
        self.begun = true;
        if !self.may_cancel() {
            // It was stopped before anything could begin.
            self.begins_until = Some(begin);
            return;
        }
        let lasts = loads.iter().map(|load| {
            let until = load.load.begins_until();
            let begins = begin.checked_add(load.load.start_after);
            let until = until.and_then(|until| begin.checked_add(until));
            (load.scenario, begins, until)
        });
        self.lasts = lasts.collect();
        self.all_are_known();
        self.scenarios = loads
            .iter()
            .map(|load| Running {
                scenario: load.scenario,
                workers,
                // A length that no clock can hold has no end.
                cancel_at: load.load.ends().and_then(|ends| begin.checked_add(ends)),
            })
            .collect();
    }

    /// If one of the loads has no end yet, only the end of its search, a signal or a fault can say when the last iteration
    /// begins.
    fn all_are_known(&mut self) {
        let lasts = self.lasts.iter().map(|(_, _, last)| *last);
        let lasts = lasts.collect::<Option<Vec<_>>>();
        self.begins_until = lasts.and_then(|lasts| lasts.into_iter().max());
    }

    /// Whether a scenario waits for what its search decides.
    pub(super) fn is_searching(&self) -> bool {
        let searches = |scenario: u32| {
            let load = self.run.loads.get(scenario as usize);
            let load = load.and_then(Option::as_ref);
            load.is_some_and(|load| load.schedule.search().is_some())
        };
        let mut lasts = self.lasts.iter();
        self.may_cancel() && lasts.any(|(scenario, _, last)| last.is_none() && searches(*scenario))
    }

    /// The search of a scenario goes on.
    pub(super) fn search(&mut self, scenario: u32, rate: SearchedRate) {
        if rate.is_whole && self.begins_until.is_none() {
            let length = Duration::from_nanos(rate.rate.length());
            let own = |last: &&mut (u32, Option<Instant>, Option<Instant>)| last.0 == scenario;
            if let Some((_, begins, last)) = self.lasts.iter_mut().find(own) {
                *last = begins.and_then(|begins| begins.checked_add(length));
            }
            self.all_are_known();
        }
        self.phases
            .send_modify(|phases| phases.search(scenario, rate));
    }

    /// The users of a scenario are gone from one more worker.
    pub(super) fn scenario_over(&mut self, scenario: u32) {
        for running in &mut self.scenarios {
            if running.scenario == scenario {
                running.workers = running.workers.saturating_sub(1);
            }
        }
        self.scenarios.retain(|running| running.workers > 0);
    }

    /// Completes at the next deadline.
    pub(super) async fn time(&self) {
        let deadlines = self.scenarios.iter().map(|running| running.cancel_at);
        match deadlines.chain([self.cancel_at]).flatten().min() {
            Some(at) => tokio::time::sleep_until(at.into()).await,
            None => std::future::pending().await,
        }
    }

    /// Whether the run is not cancelled yet.
    pub(super) fn may_cancel(&self) -> bool {
        self.phases.borrow().run() != Phase::Cancelled
    }

    /// Whether a signal came.
    pub(super) fn is_interrupted(&self) -> bool {
        self.signals > 0
    }

    /// When the last iteration may begin; `None` if that is not known yet.
    pub(super) fn begins_until(&self) -> Option<Instant> {
        self.begins_until
    }

    /// No iteration begins any more.
    fn nothing_begins(&mut self) {
        self.report.stops();
        let now = Instant::now();
        self.begins_until = Some(self.begins_until.map_or(now, |before| before.min(now)));
    }

    /// Drops all running iterations.
    pub(super) fn cancel(&mut self) {
        self.nothing_begins();
        self.cancel_at = None;
        self.scenarios.clear();
        self.advance(Phase::Cancelled);
    }

    fn advance(&self, phase: Phase) {
        self.phases.send_modify(|phases| phases.advance_run(phase));
    }

    /// A deadline has come: of the run, or of some scenarios.
    pub(super) fn out_of_time(&mut self, now: Instant) {
        if self.cancel_at.is_some_and(|at| at <= now) {
            self.report
                .warn("iterations that were still running are cancelled: --graceful-stop is over");
            self.cancel();
            return;
        }
        let has_come = |running: &mut Running| running.cancel_at.is_some_and(|at| at <= now);
        let over: Vec<Running> = self.scenarios.extract_if(.., has_come).collect();
        for Running { scenario, .. } in over {
            let table = self.run.grid.scenarios;
            let of = match table.get(scenario as usize) {
                Some(row) if table.len() > 1 => format!("of scenario {} ", row.name()),
                _ => String::new(),
            };
            // Whoever interrupts a run says nothing of its target.
            let (what, phase) = if self.is_interrupted() {
                ("are cancelled", Phase::Cancelled)
            } else {
                ("have failed", Phase::TimeIsOver)
            };
            self.report.warn(&format!(
                "iterations {of}that were still running {what}: --graceful-stop is over"
            ));
            self.phases
                .send_modify(|phases| phases.advance_scenario(scenario, phase));
        }
    }

    /// Whether a step ended the run.
    pub(super) fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// A step failed whose failure ends the run, as a threshold does.
    pub(super) fn ended_by(&mut self, step: &str) {
        if std::mem::replace(&mut self.is_ended, true) {
            return;
        }
        self.drain(&format!(
            "step {step} failed, which ends the run: no iteration begins any more"
        ));
    }

    /// A threshold ends the run.
    pub(super) fn abort(&mut self, threshold: &str) {
        self.drain(&format!(
            "threshold {threshold} is broken and ends the run: no iteration begins any more"
        ));
    }

    /// No iteration begins any more, and those of each scenario have its own time to finish.
    fn drain(&mut self, why: &str) {
        if !self.may_cancel() {
            return;
        }
        self.report.warn(why);
        let now = tokio::time::Instant::now().into_std();
        self.nothing_begins();
        for running in &mut self.scenarios {
            let load = self.run.loads.get(running.scenario as usize);
            let grace = load.and_then(Option::as_ref).map(|load| load.graceful_stop);
            let at = grace.and_then(|grace| now.checked_add(grace));
            running.cancel_at = [running.cancel_at, at].into_iter().flatten().min();
        }
        self.advance(Phase::Draining);
    }

    /// One more signal, while `teardown` runs.
    pub(super) fn signal_in_teardown(&mut self) -> InTeardown {
        self.signals += 1;
        self.causes.interrupted();
        match self.signals {
            1 => {
                self.report
                    .warn("interrupted: `teardown` goes on; a second signal cancels it");
                InTeardown::GoesOn
            }
            2 => {
                self.report.warn(
                    "interrupted again: `teardown` is cancelled, resources are destroyed; a third signal ends the program at once",
                );
                InTeardown::IsCancelled
            }
            _ => {
                self.report
                    .error("ended at once: some resources may not have been destroyed");
                InTeardown::Leaves
            }
        }
    }

    /// One more signal; `true` when the run is to be left at once.
    pub(super) fn signal(&mut self) -> bool {
        self.signals += 1;
        self.causes.interrupted();
        self.nothing_begins();
        match self.signals {
            1 => {
                let grace = self.run.graceful_on_signal;
                if grace.is_zero() || !self.begun {
                    self.report
                        .warn("interrupted: running steps are cancelled, resources are destroyed");
                    self.cancel();
                } else {
                    self.report.warn(&format!(
                        "interrupted: running iterations have {} to finish; a second signal cancels them",
                        bggo_values::duration::format(grace)
                    ));
                    let at = Instant::now() + grace;
                    self.cancel_at = Some(self.cancel_at.map_or(at, |before| before.min(at)));
                    self.advance(Phase::Draining);
                }
            }
            2 => {
                self.report.warn(
                    "interrupted again: resources are destroyed; a third signal ends the program at once",
                );
                self.cancel();
            }
            _ => {
                self.report
                    .error("ended at once: some resources may not have been destroyed");
                return true;
            }
        }
        false
    }
}
