//! A limit of what a step waits for. It takes no place among the deadlines of its thread before the step has to wait.

use bggo_runtime::contract::{Deadline, Moment, Step};
use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A deadline that an asset keeps for one step after the other: a new one would look for a place each time.
#[derive(Debug, Default)]
pub struct KeptDeadline(RefCell<Option<Deadline>>);

impl KeptDeadline {
    /// None is kept yet.
    pub const fn new() -> Self {
        Self(RefCell::new(None))
    }

    fn take(&self) -> Option<Deadline> {
        self.0.take()
    }

    fn leave(&self, mut deadline: Deadline) {
        deadline.clear();
        self.0.replace(Some(deadline));
    }
}

/// Does work of a step until a moment: what came of it, or `None` if the moment came first.
pub const fn within<'a, W: ?Sized>(
    step: &'a Step<'a>,
    kept: &'a KeptDeadline,
    until: Moment,
    work: Pin<&'a mut W>,
) -> Within<'a, W> {
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
pub struct Within<'a, W: ?Sized> {
    step: &'a Step<'a>,
    kept: &'a KeptDeadline,
    until: Moment,
    work: Pin<&'a mut W>,
    deadline: Option<Deadline>,
}

impl<W: Future + ?Sized> Future for Within<'_, W> {
    type Output = Option<W::Output>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        match this.work.as_mut().poll(cx) {
            Poll::Pending => {
                let deadline = this.deadline.get_or_insert_with(|| {
                    let kept = this.kept.take();
                    let mut deadline = kept.unwrap_or_else(|| this.step.deadline());
                    deadline.set(this.until);
                    deadline
                });
                deadline.poll(cx).map(|()| None)
            }
            Poll::Ready(output) => {
                if let Some(deadline) = this.deadline.take() {
                    this.kept.leave(deadline);
                }
                Poll::Ready(Some(output))
            }
        }
    }
}
