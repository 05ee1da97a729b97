//! The shutdown signal: how a worker learns that the run is being stopped, and how waiting users and assets are woken.
//!
//! The control thread sends [`Phases`]. A task of the worker copies them into plain cells of the worker, which its users and
//! assets read, so a request touches nothing that threads share. The run has a phase ([`ShutdownSignal`]). Each scenario has
//! its own, which may be ahead of the run's.

use crate::wakers::{Queue, Waiting};
use bggo_schedule::{Nanos, Rate};
use bggo_values::OrderedPairs;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// How far the run has come to its end. A phase never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Phase {
    /// Iterations begin and run.
    #[default]
    Running,
    /// No iteration begins; those that run may finish.
    Draining,
    /// The time in which they could finish is over: they are dropped and have failed. Assets are destroyed.
    TimeIsOver,
    /// The run does not want them any more: they are dropped and count as cancelled. Assets are destroyed.
    Cancelled,
}

impl Phase {
    /// Whether running iterations are dropped.
    pub fn drops(self) -> bool {
        self >= Self::TimeIsOver
    }
}

/// The rate of a scenario that searches it, as far as it is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchedRate {
    /// It goes on as before, and further.
    pub rate: Arc<Rate>,
    /// Nothing comes after it.
    pub is_whole: bool,
    /// Iterations that were due before this moment of the scenario, and still run, are cut and have failed; those that wait
    /// for a user never begin.
    pub cut_before: Nanos,
}

/// The phase of the run, and that of each of its scenarios.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phases {
    run: Phase,
    scenarios: Box<[Phase]>,
    /// Of scenarios that search their rates.
    searched: OrderedPairs<u32, SearchedRate>,
}

impl Phases {
    /// All scenarios run.
    pub fn running(scenarios: usize) -> Self {
        Self {
            run: Phase::Running,
            scenarios: std::iter::repeat_n(Phase::Running, scenarios).collect(),
            searched: OrderedPairs::default(),
        }
    }

    /// The run's.
    pub fn run(&self) -> Phase {
        self.run
    }

    /// The phase of one scenario. The phase of the run may be ahead of it.
    pub fn scenario(&self, scenario: u32) -> Phase {
        let own = self.scenarios.get(scenario as usize);
        own.copied().unwrap_or(self.run)
    }

    /// The rate that a scenario has searched so far.
    pub fn searched(&self, scenario: u32) -> Option<&SearchedRate> {
        self.searched.get(&scenario)
    }

    /// A scenario goes on with its search.
    pub fn search(&mut self, scenario: u32, rate: SearchedRate) {
        self.searched.insert(scenario, rate);
    }

    /// The run goes on to `phase`.
    pub fn advance_run(&mut self, phase: Phase) {
        self.run = self.run.max(phase);
    }

    /// A scenario goes on to `phase`. When all scenarios have reached a phase, the run has reached it.
    pub fn advance_scenario(&mut self, scenario: u32, phase: Phase) {
        if let Some(own) = self.scenarios.get_mut(scenario as usize) {
            *own = phase.max(*own);
        }
        let least = self.scenarios.iter().copied().min();
        self.run = self.run.max(least.unwrap_or_default());
    }
}

/// The phase of the run as one worker sees it, and the wakers of those who wait for its cancellation.
#[derive(Debug, Default)]
pub struct ShutdownSignal {
    phase: Cell<Phase>,
    waiting: RefCell<Queue>,
}

impl ShutdownSignal {
    /// The phase.
    pub fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// Goes on to `phase`, never back. One that drops iterations wakes everybody who waits.
    pub fn advance(&self, phase: Phase) {
        if phase <= self.phase.get() {
            return;
        }
        self.phase.set(phase);
        if phase.drops() {
            self.wake_all();
        }
    }

    /// Wakes everybody who waits for a cancellation, so that they look whether their own has come, such as their scenario's.
    pub(crate) fn wake_all(&self) {
        // The borrow ends before the wakes: a waker may run code that borrows it again.
        let wakers = self.waiting.borrow().all();
        for waker in wakers {
            waker.wake();
        }
    }

    /// Completes when running iterations are to be dropped.
    pub fn until_cancelled(&self) -> UntilCancelled<'_> {
        UntilCancelled {
            signal: self,
            waiting: Waiting::default(),
        }
    }

    /// The same for a future that stores no reference to the signal: ready when running iterations are to be dropped. The
    /// future must call [`Self::leave`] when it is dropped.
    pub(crate) fn poll_cancelled(&self, waiting: &mut Waiting, cx: &mut Context<'_>) -> Poll<()> {
        if self.phase.get().drops() {
            return Poll::Ready(());
        }
        self.waiting.borrow_mut().wait(waiting, cx);
        Poll::Pending
    }

    /// The future waits no more.
    pub(crate) fn leave(&self, waiting: &mut Waiting) {
        if waiting.waits() {
            self.waiting.borrow_mut().leave(waiting);
        }
    }
}

/// See [`ShutdownSignal::until_cancelled`].
#[derive(Debug)]
pub struct UntilCancelled<'a> {
    signal: &'a ShutdownSignal,
    waiting: Waiting,
}

impl Future for UntilCancelled<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let signal = self.signal;
        signal.poll_cancelled(&mut self.waiting, cx)
    }
}

impl Drop for UntilCancelled<'_> {
    fn drop(&mut self) {
        self.signal.leave(&mut self.waiting);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::{Wake, Waker};

    #[derive(Default)]
    struct Count(AtomicU32);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn everybody_who_waits_is_woken_once_and_nobody_else() {
        let signal = ShutdownSignal::default();
        let (first, second) = (Arc::new(Count::default()), Arc::new(Count::default()));
        let (waker_1, waker_2) = (
            Waker::from(Arc::clone(&first)),
            Waker::from(Arc::clone(&second)),
        );
        let mut stays = pin!(signal.until_cancelled());
        let mut goes = Box::pin(signal.until_cancelled());
        assert!(
            stays
                .as_mut()
                .poll(&mut Context::from_waker(&waker_1))
                .is_pending()
        );
        assert!(
            goes.as_mut()
                .poll(&mut Context::from_waker(&waker_2))
                .is_pending()
        );
        drop(goes);
        signal.advance(Phase::Draining);
        assert!(
            stays
                .as_mut()
                .poll(&mut Context::from_waker(&waker_1))
                .is_pending()
        );
        signal.advance(Phase::Cancelled);
        assert!(
            stays
                .as_mut()
                .poll(&mut Context::from_waker(&waker_1))
                .is_ready()
        );
        assert_eq!(
            (
                first.0.load(Ordering::Relaxed),
                second.0.load(Ordering::Relaxed)
            ),
            (1, 0)
        );
    }

    #[test]
    fn keys_of_those_who_left_are_used_again() {
        let signal = ShutdownSignal::default();
        for _ in 0..100 {
            let mut wait = pin!(signal.until_cancelled());
            assert!(
                wait.as_mut()
                    .poll(&mut Context::from_waker(Waker::noop()))
                    .is_pending()
            );
        }
        assert_eq!(signal.waiting.borrow().next_number(), 0);
    }

    #[test]
    fn the_run_has_come_as_far_as_the_last_of_its_scenarios() {
        let mut phases = Phases::running(2);
        phases.advance_scenario(1, Phase::Cancelled);
        assert_eq!(
            (phases.run(), phases.scenario(0), phases.scenario(1)),
            (Phase::Running, Phase::Running, Phase::Cancelled)
        );
        phases.advance_scenario(0, Phase::Draining);
        assert_eq!(phases.run(), Phase::Draining);
        phases.advance_run(Phase::Running);
        assert_eq!(phases.run(), Phase::Draining);
    }

    #[test]
    fn a_phase_never_goes_back() {
        let signal = ShutdownSignal::default();
        signal.advance(Phase::Cancelled);
        signal.advance(Phase::Draining);
        assert_eq!(signal.phase(), Phase::Cancelled);
    }
}
