//! A pool that all users of a thread share, and the task of the thread that looks after it: it drives the sessions of HTTP/2, and
//! once a second what is idle.
//!
//! No user drives what is shared: a user may be gone in the middle of it.

use super::driving::Driving;
use super::link::{Linked, Remote};
use super::own::{Connections, Pool};
use super::settings::Settings;
use bggo_runtime::contract::{AssetCx, Fault};
use std::cell::{OnceCell, RefCell};
use std::future::{Future, poll_fn};
use std::rc::{Rc, Weak};

/// The pool of a resource on one thread, from its first user on.
pub(crate) struct SharedPool {
    connections: Rc<Connections>,
    pool: OnceCell<Rc<Pool>>,
    /// The same, for the task.
    driven: Rc<RefCell<Weak<Pool>>>,
    driving: Rc<Driving>,
}

impl SharedPool {
    pub(crate) fn new(connections: Connections) -> Self {
        Self {
            connections: Rc::new(connections),
            pool: OnceCell::new(),
            driven: Rc::default(),
            driving: Rc::default(),
        }
    }

    pub(crate) fn connections(&self) -> &Rc<Connections> {
        &self.connections
    }

    /// The task of the pool. It ends with the resource.
    pub(crate) fn task(&self) -> impl Future<Output = ()> + 'static {
        let (driving, pool) = (Rc::clone(&self.driving), Rc::clone(&self.driven));
        poll_fn(move |cx| {
            let ended = driving.poll_end(cx);
            let pool = pool.borrow().upgrade();
            if let Some(pool) = pool.filter(|_| ended.is_pending()) {
                pool.poll_driven(cx);
            }
            ended
        })
    }

    pub(super) fn pool(&self, cx: &AssetCx) -> Rc<Pool> {
        let pool = self.pool.get_or_init(|| {
            let pool = Rc::new(Pool::shared(cx, &self.connections, &self.driving));
            *self.driven.borrow_mut() = Rc::downgrade(&pool);
            pool
        });
        self.driving.wake();
        Rc::clone(pool)
    }
}

/// The same of a linked transport, which looks after its connections itself.
pub(crate) struct SharedRemote {
    linked: Rc<dyn Linked>,
    settings: Rc<Settings>,
    remote: OnceCell<Rc<dyn Remote>>,
}

impl SharedRemote {
    pub(crate) fn new(linked: &Rc<dyn Linked>, settings: Settings) -> Self {
        Self {
            linked: Rc::clone(linked),
            settings: Rc::new(settings),
            remote: OnceCell::new(),
        }
    }

    pub(super) fn remote(&self, cx: &AssetCx) -> Result<Rc<dyn Remote>, Fault> {
        if let Some(remote) = self.remote.get() {
            return Ok(Rc::clone(remote));
        }
        let remote = self.linked.open(cx, &self.settings)?;
        Ok(Rc::clone(self.remote.get_or_init(|| remote)))
    }
}

impl Drop for SharedPool {
    fn drop(&mut self) {
        self.driving.ends();
    }
}
