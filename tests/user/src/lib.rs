//! A virtual user outside of a run, for tests of modules whose assets last over steps: its steps run as in a compiled grid, through what
//! the macro makes, on a thread of the runtime that reports nothing.

use bggo_runtime::contract::testing::{
    At, Begun, Iteration, Policy, Scope, UserContext, WorkerContext,
};
use bggo_runtime::contract::{Early, Fault, Info, Moment, Prepare, Step, Text};
use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;
use tokio::task::LocalSet;

/// Milliseconds of a limit that passes in no test: who waits so long and is not woken hangs.
pub const NEVER: u64 = 600_000;

/// Runs a test on a runtime like a worker's. A test that hangs fails.
pub fn run<T>(test: impl AsyncFnOnce() -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let limit = Duration::from_secs(60);
    LocalSet::new().block_on(&runtime, async {
        tokio::time::timeout(limit, test())
            .await
            .expect("the test takes no minute")
    })
}

/// A user, whose assets are the test's.
pub struct TestUser {
    /// The thread on which it is, with what was counted there.
    pub worker: Rc<WorkerContext>,
    /// What its assets belong to.
    pub scope: Scope,
    number: u64,
    began: Cell<Moment>,
}

impl Default for TestUser {
    fn default() -> Self {
        let worker = Rc::new(WorkerContext::alone().unwrap());
        let scope = Prepare::new(&worker).scope();
        Self {
            began: Cell::new(worker.moment()),
            worker,
            scope,
            number: 1,
        }
    }
}

impl TestUser {
    /// Another user of the same thread, with the same assets.
    pub fn beside(&self, number: u64) -> Self {
        Self {
            worker: Rc::clone(&self.worker),
            scope: self.scope.clone(),
            number,
            began: Cell::new(self.worker.moment()),
        }
    }

    /// It goes, and with it what assets keep for it that others share. The assets stay.
    pub fn goes(&self) {
        UserContext::new(Rc::clone(&self.worker), self.number, 0).forget();
    }

    /// With what steps and assets are prepared.
    pub fn prepare(&self) -> Prepare<'_> {
        Prepare::new(&self.worker)
    }

    /// Runs a step of its iteration, while its assets look after what they have.
    pub async fn runs<T>(
        &self,
        (info, policy): (&'static Info, &Policy),
        run: impl AsyncFnOnce(&Iteration<'_>, &Step<'_>) -> T,
    ) -> T {
        let user = UserContext::new(Rc::clone(&self.worker), self.number, 0);
        let begun = Begun::when_free(self.began.get(), 0);
        let it = Iteration::new(&user, &begun);
        let step = it.step(At::step(info), policy);
        self.idle_beside(run(&it, &step)).await
    }

    /// From now on steps are those of another iteration.
    pub fn begins_another_iteration(&self) {
        self.began.set(self.worker.moment());
    }

    /// Work of the user, whose assets look after what they have while it waits.
    pub async fn idle_beside<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|cx| {
            let polled = work.as_mut().poll(cx);
            if polled.is_pending() {
                self.scope.poll_idle(cx);
            }
            polled
        })
        .await
    }

    /// Waits as a user does between two steps, until something has happened.
    pub async fn waits_until(&self, mut has_happened: impl FnMut() -> bool) {
        let happens = async {
            while !has_happened() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        self.idle_beside(happens).await;
    }
}

/// The kind and the text of a failure.
pub fn told<T: std::fmt::Debug>(result: Result<T, Fault>) -> (String, String) {
    let fault = result.expect_err("the step should fail");
    (fault.kind().to_owned(), fault.text().to_owned())
}

/// The kind of a failure.
pub fn kind<T: std::fmt::Debug>(result: Result<T, Fault>) -> String {
    told(result).0
}

/// An input that is known early.
pub fn known<T>(value: impl Into<T>) -> Early<T> {
    Early::Known(value.into())
}

/// An optional text that is known early.
pub fn some(text: &str) -> Early<Option<Text>> {
    Early::Known(Some(Text::from(text.to_owned())))
}

/// A limit of a step that is known early.
pub fn limit(millis: u64) -> Early<Option<Duration>> {
    Early::Known(Some(Duration::from_millis(millis)))
}
