//! Tasks of what a worker prepared: they outlive the users and the assets of their thread, and not the thread.

use super::*;
use tokio::sync::Notify;

/// A program whose worker shares a task among its users.
struct Sharing {
    hears: bool,
    notes: Mutex<Vec<&'static str>>,
}

impl Sharing {
    fn note(&self, text: &'static str) {
        self.notes.lock().unwrap().push(text);
    }
}

impl Program for Sharing {
    fn run_assets(&'static self, _: &RunScope) -> Arc<dyn Any + Send + Sync> {
        Arc::new(())
    }

    fn worker(&'static self, cx: &Prepare<'_>, _: &Arc<dyn Any + Send + Sync>) -> Rc<dyn Worker> {
        let end = Rc::new(Notify::new());
        let hears = Rc::clone(&end);
        cx.spawn("pool", async move {
            hears.notified().await;
            if !self.hears {
                std::future::pending::<()>().await;
            }
            sleep(Duration::from_millis(7)).await;
            self.note("task over");
        })
        .unwrap();
        Rc::new(SharingWorker { program: self, end })
    }
}

struct SharingWorker {
    program: &'static Sharing,
    end: Rc<Notify>,
}

impl Worker for SharingWorker {
    fn user(self: Rc<Self>, _: u32, user: User) -> Running<'static, ()> {
        Box::pin(async move {
            while let Some(begun) = user.next().await {
                user.finish(begun, Ok(()));
            }
            self.program.note("user over");
        })
    }

    fn destroy(&self) -> Running<'_, ()> {
        Box::pin(async {
            sleep(Duration::from_millis(5)).await;
            self.program.note("assets over");
        })
    }
}

impl Drop for SharingWorker {
    fn drop(&mut self) {
        self.program.note("dropped");
        self.end.notify_one();
    }
}

/// How long a run of one iteration takes, what it notes, and its end.
async fn shared(hears: bool) -> (Duration, Vec<&'static str>, Exit) {
    let bench = bench(|_| Does::Nothing);
    let program: &'static Sharing = Box::leak(Box::new(Sharing {
        hears,
        notes: Mutex::default(),
    }));
    let begin = tokio::time::Instant::now();
    let loads = [load(0, Schedule::iterations(1, 1))];
    bench.run_program(program, (begin.into_std(), &loads)).await;
    let notes = program.notes.lock().unwrap().clone();
    (begin.elapsed(), notes, bench.causes.exit())
}

#[tokio::test(start_paused = true)]
async fn a_task_of_what_was_prepared_ends_after_the_users_and_the_assets() {
    let (took, notes, exit) = shared(true).await;
    assert_eq!(notes, ["user over", "assets over", "dropped", "task over"]);
    assert_eq!((took, exit), (Duration::from_millis(12), Exit::Passed));
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_end_is_dropped_and_the_run_says_so() {
    let (took, notes, exit) = shared(false).await;
    assert_eq!(notes, ["user over", "assets over", "dropped"]);
    let limit = Duration::from_millis(30_005);
    assert_eq!((took, exit), (limit, Exit::TeardownFailed));
}
