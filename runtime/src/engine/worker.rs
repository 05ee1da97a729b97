//! One worker thread: a single-threaded runtime, its share of the users, and the end of what they stand on.

use super::program::{Program, Worker};
use super::user::{Arrivals, User};
use crate::assets::Prepare;
use crate::context::{UserContext, WorkerContext};
use crate::panic;
use crate::schedule::{Schedule, Share};
use crate::shutdown::Phase;
use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::sync::watch;
use tokio::task::LocalSet;

/// What a worker thread works on.
pub(super) struct Work {
    pub program: &'static dyn Program,
    pub shared: Arc<dyn Any + Send + Sync>,
    pub schedule: Schedule,
    pub share: Share,
    pub begin: Instant,
}

/// Runs this worker's users to their end, then destroys the assets of the worker.
pub(super) async fn work(context: Rc<WorkerContext>, work: Work, phases: watch::Receiver<Phase>) {
    let local = LocalSet::new();
    local
        .run_until(async {
            let listener = tokio::task::spawn_local(listen(Rc::clone(&context), phases));
            let prepared =
                panic::caught(|| work.program.worker(&Prepare::new(&context), &work.shared));
            match prepared {
                Ok(worker) => users(&context, &worker, &work).await,
                Err(text) => context.panicked(&text),
            }
            listener.abort();
        })
        .await;
}

async fn users(context: &Rc<WorkerContext>, worker: &Rc<dyn Worker>, work: &Work) {
    let arrivals = Rc::new(Arrivals::new(work.schedule, work.share, work.begin));
    for position in 0..work.share.of(work.schedule.users().into()) {
        let number = work.share.nth(position) + 1;
        let user_context = UserContext::new(Rc::clone(context), number, 0);
        let user = User::new(user_context, Rc::clone(&arrivals));
        tokio::task::spawn_local(Rc::clone(worker).user(user));
    }
    arrivals.until_nobody_is_left().await;
    let ended = Guarded {
        task: worker.destroy(),
    }
    .await;
    if let Err(text) = ended {
        context.panicked(&text);
    }
}

/// A future whose panic is its result.
struct Guarded<'a> {
    task: Pin<Box<dyn Future<Output = ()> + 'a>>,
}

impl Future for Guarded<'_> {
    type Output = Result<(), String>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), String>> {
        match panic::caught(|| self.task.as_mut().poll(cx)) {
            Ok(poll) => poll.map(Ok),
            Err(text) => Poll::Ready(Err(text)),
        }
    }
}

/// Puts what the control context says where the users of this context see it.
async fn listen(context: Rc<WorkerContext>, mut phases: watch::Receiver<Phase>) {
    loop {
        context.shutdown.advance(*phases.borrow_and_update());
        if phases.changed().await.is_err() {
            return;
        }
    }
}
