//! What runs at the same time in one iteration: few branches pinned where they stand, many in a set with a waker each.

use crate::contract::{Flow, Running};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A branch of a fork that is still running.
pub struct Branch<'a>(Option<Pin<&'a mut (dyn Future<Output = Flow> + 'a)>>);

impl<'a> Branch<'a> {
    /// A branch that is pinned elsewhere.
    pub fn new(future: Pin<&'a mut (dyn Future<Output = Flow> + 'a)>) -> Self {
        Self(Some(future))
    }
}

/// Completes when all branches are done, or with the first that ends the iteration.
pub struct Fork<'a, 'b>(&'a mut [Branch<'b>]);

impl<'a, 'b> Fork<'a, 'b> {
    /// Joins branches. Each wake polls all that still run, so there should be few.
    pub fn new(branches: &'a mut [Branch<'b>]) -> Self {
        Self(branches)
    }
}

impl Future for Fork<'_, '_> {
    type Output = Flow;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Flow> {
        let mut running = false;
        for branch in self.0.iter_mut() {
            let Some(future) = &mut branch.0 else {
                continue;
            };
            match future.as_mut().poll(cx) {
                Poll::Ready(Ok(())) => branch.0 = None,
                Poll::Ready(Err(stop)) => return Poll::Ready(Err(stop)),
                Poll::Pending => running = true,
            }
        }
        if running {
            Poll::Pending
        } else {
            Poll::Ready(Ok(()))
        }
    }
}

/// Runs a few futures of [`Flow`] at the same time, in place; the first that ends the iteration drops the rest.
#[macro_export]
macro_rules! fork {
    ($($branch:expr),+ $(,)?) => {
        $crate::emitted::Fork::new(&mut [$($crate::emitted::Branch::new(::core::pin::pin!($branch))),+]).await
    };
}

/// Many branches, each with a waker of its own.
#[derive(Default)]
pub struct Fan<'a>(FuturesUnordered<Running<'a, Flow>>);

impl<'a> Fan<'a> {
    /// No branches yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more branch.
    pub fn add(&mut self, branch: Running<'a, Flow>) {
        self.0.push(branch);
    }

    /// Completes when all are done, or with the first that ends the iteration.
    pub fn join(self) -> Join<'a> {
        Join(self)
    }
}

/// See [`Fan::join`].
pub struct Join<'a>(Fan<'a>);

impl Future for Join<'_> {
    type Output = Flow;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Flow> {
        loop {
            match self.0.0.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok(()))) => {}
                Poll::Ready(Some(Err(stop))) => return Poll::Ready(Err(stop)),
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

/// Instances `from..to` of a step, all at the same time.
pub fn each<'a>(
    from: u32,
    to: u32,
    instance: &mut dyn FnMut(u32) -> Running<'a, Flow>,
) -> Join<'a> {
    let mut fan = Fan::new();
    for index in from..to {
        fan.add(instance(index));
    }
    fan.join()
}

#[cfg(test)]
mod tests;
