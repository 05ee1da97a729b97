//! The task of a thread that attends to its commands. A step only waits for the news of its own, so one that is dropped leaves no process
//! behind: the task hears of it and ends the command, which a step that is gone could not wait for.
//!
//! ```text
//! step -Order-> attend: until closed, or its limit, or the step is gone -> TERM, grace, KILL -> Ended -> step
//! ```

use crate::process::Process;
use std::io;
use std::pin::{Pin, pin};
use std::process::ExitStatus;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;

/// A command that was started.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) process: Process,
    /// How long it may take.
    pub(crate) limit: Duration,
    /// How long it may go on after it was asked to end.
    pub(crate) grace: Duration,
    /// Who wants to know.
    pub(crate) step: oneshot::Sender<Ended>,
}

/// A command of which nothing is left.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its streams.
    pub(crate) process: Process,
    /// What came first.
    pub(crate) by: EndedBy,
    /// How the first process ended.
    pub(crate) status: io::Result<ExitStatus>,
}

/// What came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndedBy {
    /// The command ended, and its streams.
    Itself,
    /// Its time limit, while its first process ran.
    Limit,
    /// Its time limit, while only processes that it had started still held its streams.
    LimitOfOthers,
    /// The end of its step.
    Dropped,
}

/// Attends to what it is sent. Completes when nobody can send any more and all of it has ended.
pub(crate) async fn attend(mut incoming: UnboundedReceiver<Order>) {
    let mut running: Vec<Pin<Box<dyn Future<Output = ()>>>> = Vec::new();
    std::future::poll_fn(|cx| {
        let is_over = loop {
            match incoming.poll_recv(cx) {
                Poll::Ready(Some(order)) => running.push(Box::pin(run(order))),
                Poll::Ready(None) => break true,
                Poll::Pending => break false,
            }
        };
        running.retain_mut(|one| one.as_mut().poll(cx).is_pending());
        if is_over && running.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

async fn run(order: Order) {
    let Order {
        mut process,
        limit,
        grace,
        mut step,
    } = order;
    let waited = {
        let mut closed = pin!(tokio::time::timeout(limit, process.until_closed()));
        std::future::poll_fn(|cx| match closed.as_mut().poll(cx) {
            Poll::Ready(closed) => Poll::Ready(Some(closed.is_ok())),
            Poll::Pending => step.poll_closed(cx).map(|()| None),
        })
        .await
    };
    let by = match waited {
        Some(true) => EndedBy::Itself,
        Some(false) if process.has_ended() => EndedBy::LimitOfOthers,
        Some(false) => EndedBy::Limit,
        None => EndedBy::Dropped,
    };
    if by != EndedBy::Itself {
        process.stop(grace).await;
    }
    let status = process.reap();
    // The step may be gone.
    let _ = step.send(Ended {
        process,
        by,
        status,
    });
}

#[cfg(test)]
mod tests;
