//! A pool that all users of a thread share: who waits for a connection, and the task that looks after those that nobody uses.
//!
//! ```text
//! Pool -wait-> a loan (HTTP/1) | a session with room (HTTP/2) | the right to open a connection
//! Driving, one task of the thread: drives the sessions, and looks after what is idle once a second
//! ```
//!
//! No user drives what is shared: a user may be gone in the middle of it.

use super::message::Outgoing;
use super::own::{Connections, Pool};
use bggo_runtime::contract::AssetCx;
use bggo_wire::Line;
use std::cell::{Cell, OnceCell, RefCell};
use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::task::{Poll, Waker};

/// The pool of a resource on one thread, from its first user on.
pub(crate) struct SharedPool {
    connections: Rc<Connections>,
    pool: OnceCell<Rc<Pool>>,
    driving: Rc<Driving>,
}

impl SharedPool {
    pub(crate) fn new(connections: Connections) -> Self {
        Self {
            connections: Rc::new(connections),
            pool: OnceCell::new(),
            driving: Rc::default(),
        }
    }

    pub(crate) fn connections(&self) -> &Rc<Connections> {
        &self.connections
    }

    /// The task of the pool. It ends with the resource.
    pub(crate) fn task(&self) -> impl Future<Output = ()> + 'static {
        Rc::clone(&self.driving).drive()
    }

    pub(super) fn pool(&self, cx: &AssetCx) -> Rc<Pool> {
        let pool = self.pool.get_or_init(|| {
            let pool = Rc::new(Pool::shared(cx, &self.connections, &self.driving));
            *self.driving.pool.borrow_mut() = Rc::downgrade(&pool);
            pool
        });
        self.driving.wake();
        Rc::clone(pool)
    }
}

impl Drop for SharedPool {
    fn drop(&mut self) {
        self.driving.is_over.set(true);
        self.driving.wake();
    }
}

/// What the task of a pool has to know.
#[derive(Default)]
pub(super) struct Driving {
    pool: RefCell<Weak<Pool>>,
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

    async fn drive(self: Rc<Self>) {
        poll_fn(|cx| {
            if self.is_over.get() {
                return Poll::Ready(());
            }
            let before = self.waker.replace(Some(cx.waker().clone()));
            drop(before);
            let pool = self.pool.borrow().upgrade();
            if let Some(pool) = pool {
                pool.poll_driven(cx);
            }
            Poll::Pending
        })
        .await;
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
