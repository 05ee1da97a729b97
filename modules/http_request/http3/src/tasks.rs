//! The tasks of QUIC on one thread. quinn spawns one for each socket and connection and joins none of them, so they are counted
//! here, waited for when the thread ends, and none is left behind.

use quinn::{AsyncTimer, AsyncUdpSocket, Runtime, TokioRuntime};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::UdpSocket;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Instant;
use tokio::task::{JoinError, JoinSet};

/// The tasks of one thread. Clones stand for the same.
// quinn wants what is `Send`, so there is a lock, which no other thread takes.
#[derive(Clone, Default)]
pub(crate) struct Tasks(Arc<Mutex<Running>>);

#[derive(Default)]
struct Running {
    tasks: JoinSet<()>,
    /// Who waits for the end of a task.
    waits: Option<Waker>,
}

impl Tasks {
    fn running(&self) -> MutexGuard<'_, Running> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a task on this thread.
    pub(crate) fn begin(&self, task: impl Future<Output = ()> + 'static) {
        let mut running = self.running();
        running.tasks.spawn_local(task);
        if let Some(waits) = running.waits.take() {
            waits.wake();
        }
    }

    /// Takes out one that ended; `None` if there are none at all. A panic in it goes on in the caller.
    fn poll_ended(&self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        let ended = self.running().tasks.poll_join_next(cx);
        let Some(ended) = ready!(ended) else {
            return Poll::Ready(None);
        };
        match ended.map_err(JoinError::try_into_panic) {
            Err(Ok(panic)) => resume_unwind(panic),
            _ => Poll::Ready(Some(())),
        }
    }

    /// Takes out those that end, without an end of its own.
    pub(crate) fn poll_ends(&self, cx: &mut Context<'_>) {
        while let Poll::Ready(ended) = self.poll_ended(cx) {
            if ended.is_none() {
                self.running().waits = Some(cx.waker().clone());
                return;
            }
        }
    }

    /// Completes when there are none.
    pub(crate) async fn until_none(&self) {
        while poll_fn(|cx| self.poll_ended(cx)).await.is_some() {}
    }

    /// Drops those that are left: each is gone once its thread comes to it.
    pub(crate) fn start_dropping(&self) {
        self.running().tasks.abort_all();
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks").finish_non_exhaustive()
    }
}

impl Runtime for Tasks {
    fn new_timer(&self, at: Instant) -> Pin<Box<dyn AsyncTimer>> {
        TokioRuntime.new_timer(at)
    }

    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        self.begin(task);
    }

    fn wrap_udp_socket(&self, socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        TokioRuntime.wrap_udp_socket(socket)
    }

    fn now(&self) -> Instant {
        TokioRuntime.now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;
    use tokio::task::LocalSet;

    fn on_a_thread(test: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        LocalSet::new().block_on(&runtime.unwrap(), test);
    }

    #[test]
    fn they_are_waited_for_and_those_that_are_left_are_dropped() {
        on_a_thread(async {
            let tasks = Tasks::default();
            let (say, said) = oneshot::channel::<()>();
            tasks.begin(async move {
                let _ = said.await;
            });
            let (held, mut dropped) = oneshot::channel::<()>();
            tasks.begin(async move {
                let _held = held;
                std::future::pending().await
            });
            say.send(()).unwrap();
            tasks.start_dropping();
            tasks.until_none().await;
            assert!(
                dropped
                    .try_recv()
                    .is_err_and(|error| { error == oneshot::error::TryRecvError::Closed })
            );
            tasks.until_none().await;
        });
    }

    #[test]
    fn those_that_end_are_taken_out_while_others_run_and_new_ones_are_seen() {
        on_a_thread(async {
            let tasks = Tasks::default();
            let ending = {
                let tasks = tasks.clone();
                tokio::task::spawn_local(poll_fn(move |cx| {
                    tasks.poll_ends(cx);
                    Poll::<()>::Pending
                }))
            };
            let (_held, until) = oneshot::channel::<()>();
            for _ in 0..3 {
                tokio::task::yield_now().await;
                tasks.begin(async {});
            }
            tasks.begin(async move {
                let _ = until.await;
            });
            while tasks.running().tasks.len() > 1 {
                tokio::task::yield_now().await;
            }
            ending.abort();
        });
    }

    #[test]
    fn a_panic_goes_on_in_who_waits() {
        on_a_thread(async {
            let tasks = Tasks::default();
            tasks.begin(async { panic!("a task was told to panic") });
            let waits = tokio::task::spawn_local(async move { tasks.until_none().await });
            let panic = waits.await.unwrap_err().into_panic();
            assert_eq!(
                panic.downcast_ref::<&str>(),
                Some(&"a task was told to panic")
            );
        });
    }
}
