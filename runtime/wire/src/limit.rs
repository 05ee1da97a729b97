//! A limit of what a step waits for. It takes no place among the deadlines of its thread before the step has to wait.

use bggo_runtime::contract::{Deadline, Moment, Step};
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Where a deadline is kept for one step after the other: a new one would look for a place each time.
pub trait KeepsDeadline {
    /// The deadline that a step before has left, if there is one.
    fn take_deadline(&self) -> Option<Deadline>;

    /// Leaves a deadline, which is not set, for the next step.
    fn leave_deadline(&self, deadline: Deadline);
}

/// The place of one deadline, for an asset that has room for it while it rests.
#[derive(Debug, Default)]
pub struct KeptDeadline(RefCell<Option<Deadline>>);

impl KeptDeadline {
    /// None is kept yet.
    pub const fn new() -> Self {
        Self(RefCell::new(None))
    }
}

impl KeepsDeadline for KeptDeadline {
    fn take_deadline(&self) -> Option<Deadline> {
        self.0.take()
    }

    fn leave_deadline(&self, deadline: Deadline) {
        self.0.replace(Some(deadline));
    }
}

/// Does work of a step until a moment: what came of it, or `None` if the moment came first. Work that is pinned elsewhere is given as
/// its `Pin`.
pub const fn within<'a, K: ?Sized, W>(
    step: &'a Step<'a>,
    kept: &'a K,
    until: Moment,
    work: W,
) -> Within<'a, K, W> {
    Within {
        step,
        kept,
        until,
        work,
        deadline: None,
    }
}

/// See [`within`]. (An `async fn` would keep its arguments twice, for each user that waits.)
#[derive(Debug)]
#[must_use]
pub struct Within<'a, K: ?Sized, W> {
    step: &'a Step<'a>,
    kept: &'a K,
    until: Moment,
    work: W,
    deadline: Option<Deadline>,
}

impl<K: ?Sized, W> Within<'_, K, W> {
    /// The step that waits.
    pub const fn step(&self) -> &Step<'_> {
        self.step
    }

    /// When it gives up.
    pub const fn until(&self) -> Moment {
        self.until
    }
}

impl<K: KeepsDeadline + ?Sized, W: Future + Unpin> Future for Within<'_, K, W> {
    type Output = Option<W::Output>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        match Pin::new(&mut this.work).poll(cx) {
            Poll::Pending => {
                let deadline = this.deadline.get_or_insert_with(|| {
                    let kept = this.kept.take_deadline();
                    let mut deadline = kept.unwrap_or_else(|| this.step.deadline());
                    deadline.set(this.until);
                    deadline
                });
                deadline.poll(cx).map(|()| None)
            }
            Poll::Ready(output) => {
                if let Some(mut deadline) = this.deadline.take() {
                    deadline.clear();
                    this.kept.leave_deadline(deadline);
                }
                Poll::Ready(Some(output))
            }
        }
    }
}
