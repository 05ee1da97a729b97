//! A run of the steps of a phase: `setup` and `teardown` once for the whole run, `vu_setup` and `vu_teardown` once for a user.
//!
//! Emitted code fills the struct of its body, as it does for an iteration, runs it by [`PhaseRun::run`], and keeps the outputs
//! that others read.

use super::user::User;
use crate::assets::Scope;
use crate::context::{Cut, Deadline, UserContext, WorkerContext};
use crate::event::{Event, LogLevel};
use crate::flow::{Flow, Stop};
use crate::panic;
use crate::shutdown::Phase;
use crate::step::{Begun, Iteration};
use crate::step_outputs::KeptOutputs;
use crate::wakers::Waiting;
use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

/// Which phase it is: part of the address of a random value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhaseKind {
    /// Before the first iteration of a user.
    VuSetup,
    /// After the last iteration of a user.
    VuTeardown,
    /// Before all scenarios.
    Setup,
    /// After all scenarios.
    Teardown,
}

impl PhaseKind {
    /// A number that no other run of a phase of the same user has, above 0.
    fn number(self, attempt: u32) -> u16 {
        let kind = match self {
            Self::VuSetup => 1,
            Self::VuTeardown => 2,
            Self::Setup => 3,
            Self::Teardown => 4,
        };
        // After eight thousand attempts values come again.
        kind + 8 * u16::try_from(attempt % 0x1FFF).unwrap_or_default()
    }

    fn name(self) -> &'static str {
        match self {
            Self::VuSetup => "vu_setup",
            Self::VuTeardown => "vu_teardown",
            Self::Setup => "setup",
            Self::Teardown => "teardown",
        }
    }
}

/// Whose phase it is.
enum Whose<'a> {
    /// A user's.
    User(&'a User),
    /// That of the whole run, with the scope that was made last: its assets may work while its steps wait.
    Run(Cell<Option<Scope>>),
}

/// A run of the steps of a phase.
pub struct PhaseRun<'a> {
    kind: PhaseKind,
    context: &'a UserContext,
    begun: Begun,
    limit: Duration,
    whose: Whose<'a>,
}

impl std::fmt::Debug for PhaseRun<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PhaseRun")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl<'a> PhaseRun<'a> {
    /// Of the whole run: steps whose slots begin at `first_slot`.
    pub(super) fn of_run(
        context: &'a UserContext,
        kind: PhaseKind,
        (first_slot, limit): (u32, Duration),
    ) -> Self {
        let now = context.worker().moment();
        Self {
            kind,
            context,
            begun: Begun::of_phase(now, first_slot, kind.number(0)),
            limit,
            whose: Whose::Run(Cell::default()),
        }
    }

    /// The steps of a phase in the place of an iteration.
    pub fn iteration(&self) -> Iteration<'_> {
        Iteration::of_phase(self.context, &self.begun)
    }

    /// A scope for the assets of whoever runs it.
    pub fn scope(&self) -> Scope {
        match &self.whose {
            Whose::User(user) => user.scope(),
            Whose::Run(idle) => {
                let scope = Scope::new(self.worker());
                idle.set(Some(scope.clone()));
                scope
            }
        }
    }

    /// A scope for the assets of this run alone.
    pub fn iteration_scope(&self) -> Scope {
        match &self.whose {
            Whose::User(user) => user.iteration_scope(),
            Whose::Run(idle) => {
                let outer = idle.take().map(Scope::outermost);
                let scope = Scope::inside(self.worker(), outer);
                idle.set(Some(scope.clone()));
                scope
            }
        }
    }

    /// Runs the steps within the limit of the phase. They end with `Stop` when the run does not want them any more. A panic ends
    /// the run.
    pub fn run<'b>(&'b self, steps: Pin<&'b mut dyn Future<Output = Flow>>) -> RunSteps<'b> {
        RunSteps {
            steps,
            of: self,
            deadline: None,
            waiting: Waiting::default(),
        }
    }

    /// Keeps the outputs of its step with this number, for whoever reads them later.
    pub fn keep(&self, i: usize, outputs: KeptOutputs) {
        match self.kind {
            PhaseKind::Setup => self.worker().start.keep(i, outputs),
            _ => self.context.keep(i, outputs),
        }
    }

    /// It is over. Says whether it passed.
    pub fn ends(self, flow: Flow) -> bool {
        self.context.take_cut();
        self.worker().time_passes();
        if let Whose::User(user) = self.whose {
            user.phase_ends();
        }
        flow.is_ok()
    }

    fn worker(&self) -> &Rc<WorkerContext> {
        self.context.worker()
    }

    fn phase(&self) -> Phase {
        match &self.whose {
            Whose::User(user) => user.phase(),
            Whose::Run(_) => self.worker().shutdown.phase(),
        }
    }

    /// A user whose data have no row for it begins no iteration, and so there is nothing to set up.
    fn is_for_nothing(&self) -> bool {
        match &self.whose {
            Whose::User(user) => self.kind == PhaseKind::VuSetup && user.has_no_row(),
            Whose::Run(_) => false,
        }
    }

    fn poll_idle(&self, cx: &mut Context<'_>) {
        match &self.whose {
            Whose::User(user) => user.poll_idle(cx),
            Whose::Run(idle) => {
                if let Some(scope) = idle.take() {
                    scope.poll_idle(cx);
                    idle.set(Some(scope));
                }
            }
        }
    }

    fn is_too_long(&self) {
        // Of users the rows of its steps say so.
        if matches!(self.whose, Whose::Run(_)) {
            let (name, limit) = (self.kind.name(), bggo_values::duration::format(self.limit));
            let text = format!("`{name}` took longer than its limit of {limit}");
            self.worker().tell(Event::Message(LogLevel::Error, text));
        }
    }
}

impl User {
    /// A phase of this user, whose steps have their slots from `first_slot` on, counted from those of its scenario.
    pub fn phase_run(
        &self,
        kind: PhaseKind,
        (first_slot, attempt): (u32, u32),
        limit: Duration,
    ) -> PhaseRun<'_> {
        let (now, steps) = self.phase_begins();
        PhaseRun {
            kind,
            context: self.context(),
            begun: Begun::of_phase(now, steps + first_slot, kind.number(attempt)),
            limit,
            whose: Whose::User(self),
        }
    }
}

/// See [`PhaseRun::run`].
pub struct RunSteps<'a> {
    steps: Pin<&'a mut dyn Future<Output = Flow>>,
    of: &'a PhaseRun<'a>,
    /// Set once the steps have to wait.
    deadline: Option<Deadline>,
    waiting: Waiting,
}

impl Future for RunSteps<'_> {
    type Output = Flow;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Flow> {
        let this = &mut *self;
        let (of, worker) = (this.of, this.of.worker());
        if of.phase().drops() || of.is_for_nothing() {
            return this.cut(Cut::Cancelled);
        }
        worker.iteration_is_polled();
        let polled = panic::caught(|| {
            let polled = this.steps.as_mut().poll(cx);
            if polled.is_pending() {
                of.poll_idle(cx);
            }
            polled
        });
        match polled {
            Ok(Poll::Ready(flow)) => return Poll::Ready(flow),
            Ok(Poll::Pending) => {}
            Err(text) => {
                worker.panicked(&text);
                return this.cut(Cut::Cancelled);
            }
        }
        worker.time_passes();
        let deadline = this.deadline.get_or_insert_with(|| {
            let mut deadline = worker.deadline();
            deadline.set(of.begun.began() + of.limit);
            deadline
        });
        if deadline.poll(cx).is_ready() {
            of.is_too_long();
            return this.cut(Cut::TimeIsOver);
        }
        match worker.shutdown.poll_cancelled(&mut this.waiting, cx) {
            Poll::Ready(()) => this.cut(Cut::Cancelled),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl RunSteps<'_> {
    fn cut(&self, cut: Cut) -> Poll<Flow> {
        self.of.worker().time_passes();
        self.of.context.iteration_is_cut(cut);
        Poll::Ready(Err(Stop))
    }
}

impl Drop for RunSteps<'_> {
    fn drop(&mut self) {
        self.of.worker().shutdown.leave(&mut self.waiting);
    }
}
