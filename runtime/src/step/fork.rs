//! Branches of one iteration that run at the same time. `Fork` joins a few branches that are pinned in place. `Fan` joins many,
//! each with a waker of its own.
//!
//! Each branch has its own due time. Before a branch is polled, its due time is put into the iteration; afterwards the due
//! time, which the poll may have changed, is taken back. After a join the latest due time of the branches holds.

use super::iteration::Iteration;
use crate::clock::Moment;
use crate::flow::{Flow, Running};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A branch of a fork that is still running.
pub struct Branch<'a> {
    future: Option<Pin<&'a mut (dyn Future<Output = Flow> + 'a)>>,
    due: Option<Moment>,
}

impl<'a> Branch<'a> {
    /// A branch that is pinned elsewhere.
    pub fn new(future: Pin<&'a mut (dyn Future<Output = Flow> + 'a)>) -> Self {
        Self {
            future: Some(future),
            due: None,
        }
    }
}

/// A branch of one step: once it has ended and the iteration goes on, `done` says so to the resource that it uses.
pub struct StepBranch<'a, B> {
    step: Running<'a, Flow>,
    body: &'a B,
    done: fn(&B),
}

impl<'a, B> StepBranch<'a, B> {
    /// The branch of a step of `body`, the emitted state of the iteration.
    pub fn new(step: Running<'a, Flow>, body: &'a B, done: fn(&B)) -> Self {
        Self { step, body, done }
    }
}

impl<B> Future for StepBranch<'_, B> {
    type Output = Flow;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Flow> {
        let this = &mut *self;
        let flow = ready!(this.step.as_mut().poll(cx));
        if flow.is_ok() {
            (this.done)(this.body);
        }
        Poll::Ready(flow)
    }
}

/// Completes when all branches are done, or when one of them ends the iteration.
pub struct Fork<'a, 'b> {
    iteration: &'a Iteration<'a>,
    branches: &'a mut [Branch<'b>],
    /// The latest due time of the branches that are done.
    latest: Option<Moment>,
}

impl<'a, 'b> Fork<'a, 'b> {
    /// Joins a few branches. Each wake polls all branches that still run, so many of them would be slow.
    pub fn new(iteration: &'a Iteration<'a>, branches: &'a mut [Branch<'b>]) -> Self {
        for branch in branches.iter_mut() {
            branch.due = iteration.due();
        }
        Self {
            iteration,
            branches,
            latest: None,
        }
    }
}

impl Future for Fork<'_, '_> {
    type Output = Flow;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Flow> {
        let this = &mut *self;
        let mut running = false;
        for branch in this.branches.iter_mut() {
            let Some(future) = &mut branch.future else {
                continue;
            };
            this.iteration.set_due(branch.due);
            let polled = future.as_mut().poll(cx);
            branch.due = this.iteration.due();
            match polled {
                Poll::Ready(Ok(())) => {
                    branch.future = None;
                    this.latest = this.latest.max(branch.due);
                }
                Poll::Ready(Err(stop)) => return Poll::Ready(Err(stop)),
                Poll::Pending => running = true,
            }
        }
        if running {
            return Poll::Pending;
        }
        this.iteration.set_due(this.latest);
        Poll::Ready(Ok(()))
    }
}

/// Runs a few futures of [`Flow`] at the same time, in place. When one of them ends the iteration, the others are dropped.
/// `$body` is the emitted body, which has the iteration.
#[macro_export]
#[doc(hidden)]
macro_rules! fork {
    ($body:expr; $($branch:expr),+ $(,)?) => {
        $crate::emitted::Fork::new(&$body.iteration, &mut [$($crate::emitted::Branch::new(::core::pin::pin!($branch))),+]).await
    };
}

/// A branch that has a waker of its own.
struct OwnedBranch<'a> {
    iteration: &'a Iteration<'a>,
    due: Option<Moment>,
    future: Running<'a, Flow>,
}

impl Future for OwnedBranch<'_> {
    type Output = Flow;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Flow> {
        let this = &mut *self;
        this.iteration.set_due(this.due);
        let polled = this.future.as_mut().poll(cx);
        this.due = this.iteration.due();
        polled
    }
}

/// Many branches, each with a waker of its own.
pub struct Fan<'a> {
    iteration: &'a Iteration<'a>,
    due: Option<Moment>,
    branches: FuturesUnordered<OwnedBranch<'a>>,
}

impl<'a> Fan<'a> {
    /// No branches yet. Each branch that is added is due when the next step of the iteration is.
    pub fn new(iteration: &'a Iteration<'a>) -> Self {
        Self {
            iteration,
            due: iteration.due(),
            branches: FuturesUnordered::new(),
        }
    }

    /// One more branch.
    pub fn add(&mut self, branch: Running<'a, Flow>) {
        self.branches.push(OwnedBranch {
            iteration: self.iteration,
            due: self.due,
            future: branch,
        });
    }

    /// Completes when all branches are done, or when one of them ends the iteration.
    pub fn join(self) -> Join<'a> {
        Join {
            fan: self,
            latest: None,
        }
    }
}

/// See [`Fan::join`].
pub struct Join<'a> {
    fan: Fan<'a>,
    /// The latest due time of the branches that are done.
    latest: Option<Moment>,
}

impl Join<'_> {
    /// The next branch that is done; `None` when all are.
    fn poll_one(&mut self, cx: &mut Context<'_>) -> Poll<Option<Flow>> {
        let polled = self.fan.branches.poll_next_unpin(cx);
        if let Poll::Ready(Some(Ok(()))) = polled {
            // The branch that was polled last is the one that is done.
            self.latest = self.latest.max(self.fan.iteration.due());
        }
        polled
    }

    /// All branches are done: the steps after them are due when the last one ended.
    fn done(&self) -> Flow {
        self.fan.iteration.set_due(self.latest.max(self.fan.due));
        Ok(())
    }
}

impl Future for Join<'_> {
    type Output = Flow;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Flow> {
        let this = &mut *self;
        loop {
            match this.poll_one(cx) {
                Poll::Ready(Some(Ok(()))) => {}
                Poll::Ready(Some(Err(stop))) => return Poll::Ready(Err(stop)),
                Poll::Ready(None) => return Poll::Ready(this.done()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

/// Runs an instance of a step, given its number.
pub type RunInstance<'a> = Box<dyn FnMut(u32) -> Running<'a, Flow> + 'a>;

/// Instances `from..to` of a step, at most `at_once` of them at the same time (at least one), or all. All instances are due
/// when the first one is, so an instance that waits for its turn is late.
pub fn each<'a>(
    iteration: &'a Iteration<'a>,
    from: u32,
    to: u32,
    at_once: Option<u32>,
    instance: RunInstance<'a>,
) -> Each<'a> {
    Each {
        running: Fan::new(iteration).join(),
        next: from,
        to,
        at_once: at_once.map_or(usize::MAX, |most| most.max(1) as usize),
        instance,
    }
}

/// How many instances end before others of the thread have a turn. Those that wait for nothing would else end in one poll.
const IN_ONE_POLL: u32 = 1_000;

/// See [`each`].
pub struct Each<'a> {
    running: Join<'a>,
    /// The first instance that was not started.
    next: u32,
    to: u32,
    at_once: usize,
    instance: RunInstance<'a>,
}

impl Future for Each<'_> {
    type Output = Flow;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Flow> {
        let this = &mut *self;
        let mut ended = 0;
        loop {
            while this.next < this.to && this.running.fan.branches.len() < this.at_once {
                this.running.fan.add((this.instance)(this.next));
                this.next += 1;
            }
            match this.running.poll_one(cx) {
                Poll::Ready(Some(Ok(()))) => {
                    ended += 1;
                    if ended == IN_ONE_POLL {
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                }
                Poll::Ready(Some(Err(stop))) => return Poll::Ready(Err(stop)),
                Poll::Ready(None) if this.next < this.to => {}
                Poll::Ready(None) => return Poll::Ready(this.running.done()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

#[cfg(test)]
mod tests;
