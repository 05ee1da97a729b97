//! A connection that the users of a thread share: a task of the asset reads and writes, each user has channels of its own, and one that
//! was lost is opened again by the next step.

use crate::opening::Opener;
use crate::rabbitmq_publish::Error as Of;
use crate::session::Session;
use bggo_runtime::contract::Fault;
use bggo_wire::{KeptDeadline, Turns};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// What the users share.
#[derive(Debug)]
pub(crate) struct Shared {
    opener: Opener,
    current: RefCell<Rc<Session>>,
    /// Of steps that open another one.
    turns: Turns,
    /// How often that failed, and why it did last.
    failed: RefCell<(u64, Option<Fault>)>,
    task: RefCell<Option<Waker>>,
    is_ending: Cell<bool>,
}

/// The channels of one user. They are closed when it has gone.
#[derive(Debug)]
pub(crate) struct Lane {
    shared: Rc<Shared>,
    pub(crate) deadline: KeptDeadline,
    /// The connection that they are of, and their number there.
    at: RefCell<Option<(Rc<Session>, u32)>>,
}

impl Shared {
    /// With the first connection.
    pub(crate) fn new(opener: Opener, session: Session) -> Self {
        Self {
            opener,
            current: RefCell::new(Rc::new(session)),
            turns: Turns::new(),
            failed: RefCell::default(),
            task: RefCell::new(None),
            is_ending: Cell::new(false),
        }
    }

    /// What the asset's task does.
    pub(crate) fn poll_task(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_ending.get() {
            return Poll::Ready(());
        }
        self.task.replace(Some(cx.waker().clone()));
        let session = Rc::clone(&self.current.borrow());
        session.poll_task(cx);
        Poll::Pending
    }

    /// The connection for a step: another one, if a step has failed since that was lost.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(crate) async fn session(&self) -> Result<Rc<Session>, Fault> {
        if let Some(session) = self.usable() {
            return Ok(session);
        }
        let before = self.failed.borrow().0;
        let _turn = self.turns.take().await;
        // Another step may have opened one meanwhile.
        if let Some(session) = self.usable() {
            return Ok(session);
        }
        // What failed for a step while others waited for it has failed for them: each would take as long again.
        if let (times, Some(fault)) = &*self.failed.borrow()
            && *times > before
        {
            return Err(fault.clone());
        }
        let opened = self.opener.open().await;
        let (session, _) = opened.map_err(|fault| {
            let fault = Of::Connect.of(fault);
            let times = self.failed.borrow().0 + 1;
            self.failed.replace((times, Some(fault.clone())));
            fault
        })?;
        let session = Rc::new(session);
        self.current.replace(Rc::clone(&session));
        self.wakes_task();
        Ok(session)
    }

    fn usable(&self) -> Option<Rc<Session>> {
        let session = self.current.borrow();
        (!session.is_spent()).then(|| Rc::clone(&session))
    }

    fn wakes_task(&self) {
        let task = self.task.take();
        if let Some(task) = task {
            task.wake();
        }
    }

    /// Ends the task, and says goodbye.
    pub(crate) async fn close(&self) {
        self.is_ending.set(true);
        self.wakes_task();
        let session = Rc::clone(&self.current.borrow());
        session.close().await;
    }
}

impl Lane {
    /// Of a user that has no channels yet.
    pub(crate) fn new(shared: &Rc<Shared>) -> Self {
        Self {
            shared: Rc::clone(shared),
            deadline: KeptDeadline::new(),
            at: RefCell::new(None),
        }
    }

    /// Whether it is of this connection.
    pub(crate) fn is_of(&self, shared: &Rc<Shared>) -> bool {
        Rc::ptr_eq(&self.shared, shared)
    }

    /// The number of its user on a connection.
    pub(crate) fn number(&self, session: &Rc<Session>) -> u32 {
        let mut at = self.at.borrow_mut();
        match &*at {
            Some((before, number)) if Rc::ptr_eq(before, session) => *number,
            // The channels of one that was lost are gone with it.
            _ => {
                let number = session.next_lane();
                *at = Some((Rc::clone(session), number));
                number
            }
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if let Some((session, number)) = self.at.take() {
            session.leaves(number);
        }
    }
}
