//! A virtual user as its steps and assets see it.

use super::worker::WorkerContext;
use crate::step_outputs::KeptOutputs;
use std::any::Any;
use std::cell::Cell;
use std::rc::Rc;

/// The user that needs an asset (its number, from 1), and its iteration (from 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker {
    pub(crate) user: u64,
    pub(crate) iteration: u64,
    /// How often the user has tried a step again.
    pub(crate) retries: u16,
}

/// Why a running iteration is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Its time was over: it has failed.
    TimeIsOver,
    /// Nobody wants it any more.
    Cancelled,
}

/// A virtual user as its steps and assets see it.
#[derive(Debug)]
pub struct UserContext {
    worker: Rc<WorkerContext>,
    number: u64,
    /// The number of its scenario in the grid's table.
    scenario: u32,
    /// Why its running iteration is dropped, if it is.
    cut: Cell<Option<Cut>>,
    /// It begins no further iteration.
    leaves: Cell<bool>,
    /// How often it has tried a step again, beyond all numbers from 0 again.
    retries: Cell<u16>,
    /// Iterations that it has begun.
    iterations: Cell<u64>,
}

impl UserContext {
    /// User `number`, from 1, of a scenario on a worker.
    pub fn new(worker: Rc<WorkerContext>, number: u64, scenario: u32) -> Self {
        Self {
            worker,
            number,
            scenario,
            cut: Cell::new(None),
            leaves: Cell::new(false),
            retries: Cell::new(0),
            iterations: Cell::new(0),
        }
    }

    /// It begins no further iteration.
    pub(crate) fn leave(&self) {
        self.leaves.set(true);
    }

    /// Whether it begins no further iteration.
    pub(crate) fn leaves(&self) -> bool {
        self.leaves.get()
    }

    /// Its running iteration is dropped.
    pub(crate) fn iteration_is_cut(&self, cut: Cut) {
        self.cut.set(Some(cut));
    }

    /// Why its running iteration is dropped, if it is.
    pub(crate) fn cut(&self) -> Option<Cut> {
        self.cut.get()
    }

    /// The same; the next iteration is not.
    pub(crate) fn take_cut(&self) -> Option<Cut> {
        self.cut.take()
    }

    /// Its worker.
    pub fn worker(&self) -> &Rc<WorkerContext> {
        &self.worker
    }

    /// The number of its scenario in the grid's table.
    pub fn scenario(&self) -> u32 {
        self.scenario
    }

    /// Its number, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Keeps the outputs of step `i` of its `vu_setup` among those that something reads later.
    pub(crate) fn keep(&self, i: usize, outputs: KeptOutputs) {
        let user = (self.scenario, self.number);
        self.worker.keep_of_user(user, (i, Rc::new(outputs)));
    }

    /// What a shared asset keeps for this user, or what it makes now.
    pub(crate) fn shared<T: Any>(
        &self,
        is_it: impl Fn(&T) -> bool,
        make: impl FnOnce() -> T,
    ) -> Rc<T> {
        let user = (self.scenario, self.number);
        self.worker.shared_of_user(user, is_it, make)
    }

    /// It has gone, and with it what was kept of it.
    pub fn forget(&self) {
        self.worker.forget_user((self.scenario, self.number));
    }

    /// The outputs of step `i` of its `vu_setup`; none before it has run.
    pub fn of_vu_setup(&self, i: usize) -> Rc<KeptOutputs> {
        self.worker.kept_of_user((self.scenario, self.number), i)
    }

    /// The user and its current iteration, for a request for an asset.
    pub fn asker(&self) -> Asker {
        Asker {
            user: self.number,
            iteration: self.iteration(),
            retries: self.retries.get(),
        }
    }

    /// A step is tried again: an asset that could not be created is tried again with it.
    pub(crate) fn tries_again(&self) {
        self.retries.set(self.retries.get().wrapping_add(1));
    }

    /// How many iterations it has begun.
    pub(crate) fn begun(&self) -> u64 {
        self.iterations.get()
    }

    /// One more iteration begins.
    pub(crate) fn iteration_begins(&self) {
        self.iterations.set(self.iterations.get() + 1);
    }

    /// The iteration that began last, from 0.
    pub fn iteration(&self) -> u64 {
        self.iterations.get().saturating_sub(1)
    }
}
