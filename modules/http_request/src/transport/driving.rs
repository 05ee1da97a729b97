//! What the users of a shared pool and the task that looks after it have in common: how the task is woken, and how a user waits in
//! line.

use super::message::Outgoing;
use bggo_wire::Line;
use std::cell::{Cell, RefCell};
use std::task::{Context, Poll, Waker};

/// How the task of a pool is woken, and told to end.
#[derive(Default)]
pub(super) struct Driving {
    waker: RefCell<Option<Waker>>,
    is_over: Cell<bool>,
}

impl Driving {
    /// There is something to drive.
    pub(super) fn wake(&self) {
        // It is the waker of a task, which does nothing else here.
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }

    /// The waker of the task, once that has begun.
    pub(super) fn waker(&self) -> Option<Waker> {
        self.waker.borrow().clone()
    }

    /// There will be nothing to drive any more.
    pub(super) fn ends(&self) {
        self.is_over.set(true);
        self.wake();
    }

    /// Completes when the task has to end; the waker is kept.
    pub(super) fn poll_end(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_over.get() {
            return Poll::Ready(());
        }
        let before = self.waker.replace(Some(cx.waker().clone()));
        drop(before);
        Poll::Pending
    }
}

/// Waits until `look` finds something. It looks only while nobody waits before it. Also whether it had to wait.
pub(super) async fn wait<T>(
    line: &Line,
    outgoing: &Outgoing<'_>,
    look: impl Fn(&Outgoing<'_>) -> Option<T>,
) -> (T, HasWaited) {
    let mut waiting = line.join();
    let mut has_waited = HasWaited::No;
    loop {
        if waiting.is_next()
            && let Some(found) = look(outgoing)
        {
            return (found, has_waited);
        }
        has_waited = HasWaited::Yes;
        waiting.called().await;
    }
}

/// Whether a connection was there at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HasWaited {
    No,
    Yes,
}
