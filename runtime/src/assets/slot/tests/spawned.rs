//! Tasks that an asset spawns: joined when it is destroyed, dropped and named when they do not end, and never left over.

use super::*;
use crate::context::WorkerContext;
use crate::event::Event;
use crate::info::Lifetime;
use crate::shutdown::Phase;
use crate::test_support::{B, TestWorker};
use std::rc::Weak;
use tokio::sync::Notify;
use tokio::time::sleep;

static OF_WORKER: ResourceInfo =
    ResourceInfo::new("link", "a", "grid.hcl:1").scope(Lifetime::Worker);
static OF_RUN: ResourceInfo = ResourceInfo::new("link", "r", "grid.hcl:2").scope(Lifetime::Run);
static OF_ITERATION: ResourceInfo =
    ResourceInfo::new("link", "i", "grid.hcl:3").scope(Lifetime::Iteration);

/// How a task of a [`Link`] behaves.
#[derive(Debug, Clone, Copy)]
enum Task {
    /// Every 10 ms it notes that it beats, until it is told to end; then it takes this long.
    Beats(u64),
    /// It does not hear.
    Deaf,
    PanicsAt(u64),
    /// It ends when the run is cancelled.
    UntilCancelled,
    PanicsWhenDropped,
}

/// What a link and its tasks share.
struct Shared {
    worker: Rc<TestWorker>,
    end: Notify,
}

/// An asset with tasks.
struct Link {
    cx: AssetCx,
    shared: Rc<Shared>,
    /// It begins a last task in `destroy`.
    says_goodbye: bool,
    fails_to_end: bool,
}

impl Asset for Link {
    type Inputs = ();
    type Uses = ();
    type Ready = ();
    type Exports = [Value; 0];

    fn prepare(_: &crate::assets::Prepare<'_>, (): &()) -> Result<(), Fault> {
        Ok(())
    }

    async fn create(_: AssetCx, _: Rc<()>, (): (), (): ()) -> Result<Self, Fault> {
        Err(Fault::new("bug", "the tests make it by hand"))
    }

    fn exports(&self) -> [Value; 0] {
        []
    }

    async fn destroy(self) -> Result<(), Fault> {
        let shared = Rc::clone(&self.shared);
        shared.worker.note("destroying");
        shared.end.notify_one();
        if self.says_goodbye {
            self.cx.spawn("goodbye", async move {
                sleep(ms(7)).await;
                shared.worker.note("goodbye");
            })?;
        }
        if self.fails_to_end {
            return Err(Fault::new("broken", "it was told to fail"));
        }
        Ok(())
    }
}

struct NotesWhenDropped(Rc<Shared>, &'static str);

impl Drop for NotesWhenDropped {
    fn drop(&mut self) {
        self.0.worker.note(self.1);
    }
}

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

fn link(cx: AssetCx, worker: &Rc<TestWorker>) -> Link {
    let shared = Shared {
        worker: Rc::clone(worker),
        end: Notify::new(),
    };
    Link {
        cx,
        shared: Rc::new(shared),
        says_goodbye: false,
        fails_to_end: false,
    }
}

impl Link {
    fn with(self, name: &'static str, task: Task) -> Result<Self, Fault> {
        let shared = Rc::clone(&self.shared);
        let cx = self.cx.clone();
        self.cx.spawn(name, async move {
            let _gone = NotesWhenDropped(Rc::clone(&shared), "task gone");
            match task {
                Task::Beats(last) => {
                    while tokio::time::timeout(ms(10), shared.end.notified())
                        .await
                        .is_err()
                    {
                        shared.worker.note("beat");
                    }
                    sleep(ms(last)).await;
                }
                Task::Deaf => std::future::pending().await,
                Task::PanicsAt(at) => {
                    sleep(ms(at)).await;
                    panic!("a task was told to panic");
                }
                Task::UntilCancelled => {
                    cx.until_cancelled().await;
                    assert!(cx.is_cancelled());
                    shared.worker.note("heard");
                    shared.end.notified().await;
                }
                Task::PanicsWhenDropped => {
                    let _panics = PanicsWhenDropped;
                    std::future::pending().await
                }
            }
        })?;
        Ok(self)
    }
}

fn slot_of(scope: &Scope, info: &'static ResourceInfo) -> AssetSlot<Link> {
    AssetSlot::new(scope, info, 0, &[])
}

/// Gets the asset of a slot, whose creation does as `make` says.
async fn made(
    slot: &AssetSlot<Link>,
    make: impl AsyncFnOnce(AssetCx) -> Result<Link, Fault> + 'static,
) -> Result<(), Fault> {
    let mut make = Some(make);
    let asker = Asker {
        user: 1,
        iteration: 0,
        retries: 0,
    };
    slot.get(asker, &mut |cx| {
        let make = make.take().unwrap();
        Box::pin(async move { make(cx).await })
    })
    .await
    .map(drop)
}

fn panics(worker: &TestWorker) -> Vec<String> {
    let told = worker.told().into_iter();
    told.filter_map(|event| match event {
        Event::Panic(text) => Some(text),
        _ => None,
    })
    .collect()
}

#[test]
fn a_task_works_while_the_asset_is_there_and_is_joined_when_it_is_destroyed() {
    on_stopped_clock(async {
        for info in [&OF_WORKER, &OF_RUN] {
            let worker = Rc::new(TestWorker::load());
            let (scope, to) = (worker.scope(), Rc::clone(&worker));
            let base: AssetSlot<Probe> = AssetSlot::new(&scope, &B, 0, &[]);
            drop(
                base.get(worker.asker(0), &mut |_| worker.probe("base").make())
                    .await
                    .unwrap(),
            );
            let slot = slot_of(&scope, info);
            slot.depend_on(&base);
            made(&slot, async move |cx| {
                assert!(cx.may_spawn());
                link(cx, &to).with("heartbeat", Task::Beats(3))
            })
            .await
            .unwrap();
            sleep(ms(25)).await;
            scope.destroy().await;
            assert_eq!(
                worker.notes()[2..],
                [
                    "10 beat",
                    "20 beat",
                    "25 destroying",
                    "28 task gone",
                    "28 destroying base",
                    "28 destroyed base"
                ]
            );
            assert_eq!(worker.resources()[2], format!("{info} destroyed"));
        }
    });
}

#[test]
fn a_task_that_begins_while_the_asset_is_destroyed_is_joined_as_well() {
    on_stopped_clock(async {
        let worker = Rc::new(TestWorker::load());
        let (scope, to) = (worker.scope(), Rc::clone(&worker));
        let slot = slot_of(&scope, &OF_WORKER);
        let kept = Rc::new(RefCell::new(None));
        let keep = Rc::clone(&kept);
        made(&slot, async move |cx| {
            *keep.borrow_mut() = Some(cx.clone());
            let mut link = link(cx, &to);
            link.says_goodbye = true;
            Ok(link)
        })
        .await
        .unwrap();
        scope.destroy().await;
        worker.note("over");
        assert_eq!(worker.notes(), ["0 destroying", "7 goodbye", "7 over"]);
        let fault = kept.take().unwrap().spawn("late", async {}).unwrap_err();
        assert_eq!(
            fault.text(),
            "its task `late` cannot begin, for it is destroyed"
        );
    });
}

#[test]
fn tasks_that_do_not_end_are_dropped_and_named() {
    on_stopped_clock(async {
        let worker = Rc::new(TestWorker::load());
        let (scope, to) = (worker.scope(), Rc::clone(&worker));
        let slot = slot_of(&scope, &OF_WORKER);
        made(&slot, async move |cx| {
            let link = link(cx, &to).with("reader", Task::Deaf)?;
            link.with("linger", Task::Deaf)?
                .with("beat", Task::Beats(0))
        })
        .await
        .unwrap();
        scope.destroy().await;
        worker.note("over");
        assert_eq!(
            worker.notes(),
            [
                "0 destroying",
                "0 task gone",
                "30000 task gone",
                "30000 task gone",
                "30000 over"
            ]
        );
        assert_eq!(
            worker.resources()[1..],
            [
                "link.a destroy_failed: its tasks `linger`, `reader` did not end within 30s and were dropped"
            ]
        );
    });
}

#[test]
fn a_destruction_that_fails_still_waits_for_the_tasks() {
    on_stopped_clock(async {
        let worker = Rc::new(TestWorker::load());
        let (scope, to) = (worker.scope(), Rc::clone(&worker));
        let slot = slot_of(&scope, &OF_WORKER);
        made(&slot, async move |cx| {
            let mut link = link(cx, &to).with("reader", Task::Deaf)?;
            link.fails_to_end = true;
            Ok(link)
        })
        .await
        .unwrap();
        scope.destroy().await;
        assert_eq!(
            worker.resources()[1..],
            [
                "link.a destroy_failed: it was told to fail",
                "link.a destroy_failed: its task `reader` did not end within 30s and was dropped"
            ]
        );
    });
}

#[test]
fn a_creation_that_fails_or_is_given_up_or_panics_drops_its_tasks() {
    on_stopped_clock(async {
        for (how, end) in [
            (Does::Fails, "0 task gone"),
            (Does::Never, "30000 task gone"),
            (Does::Panics, "0 task gone"),
        ] {
            let worker = Rc::new(TestWorker::load());
            let (scope, to) = (worker.scope(), Rc::clone(&worker));
            let slot = slot_of(&scope, &OF_WORKER);
            let failed = made(&slot, async move |cx| {
                let link = link(cx, &to).with("reader", Task::Deaf)?;
                // It has begun.
                tokio::task::yield_now().await;
                match how {
                    Does::Fails => Err(Fault::new("broken", "no")),
                    Does::Panics => panic!("it was told to panic"),
                    _ => {
                        std::future::pending::<()>().await;
                        Ok(link)
                    }
                }
            })
            .await;
            assert!(failed.is_err());
            settle().await;
            assert_eq!(worker.notes(), [end]);
            scope.destroy().await;
        }
    });
}

#[test]
fn a_panic_in_a_task_ends_the_run_as_a_bug_and_the_asset_is_destroyed() {
    on_stopped_clock(async {
        let worker = Rc::new(TestWorker::load());
        let (scope, to) = (worker.scope(), Rc::clone(&worker));
        let slot = slot_of(&scope, &OF_WORKER);
        made(&slot, async move |cx| {
            let link = link(cx, &to).with("panics", Task::PanicsAt(5))?;
            link.with("hears", Task::UntilCancelled)
        })
        .await
        .unwrap();
        assert!(!worker.context.cancelled());
        sleep(ms(6)).await;
        assert!(worker.context.cancelled());
        assert_eq!(panics(&worker).len(), 1, "{:?}", panics(&worker));
        assert!(panics(&worker)[0].contains("a task was told to panic"));
        assert_eq!(worker.notes(), ["5 task gone", "5 heard"]);
        scope.destroy().await;
        assert_eq!(worker.notes()[2..], ["6 destroying", "6 task gone"]);
        assert_eq!(worker.resources()[1..], ["link.a destroyed"]);
    });
}

#[test]
fn a_panic_in_what_a_dropped_task_held_is_a_bug_and_nothing_hangs() {
    on_stopped_clock(async {
        let worker = Rc::new(TestWorker::load());
        let (scope, to) = (worker.scope(), Rc::clone(&worker));
        let slot = slot_of(&scope, &OF_WORKER);
        made(&slot, async move |cx| {
            link(cx, &to).with("reader", Task::PanicsWhenDropped)
        })
        .await
        .unwrap();
        scope.destroy().await;
        assert_eq!(panics(&worker).len(), 1, "{:?}", panics(&worker));
        assert!(worker.resources()[1].contains("its task `reader` did not end"));
    });
}

#[test]
fn an_asset_of_a_user_or_an_iteration_has_no_tasks() {
    on_stopped_clock(async {
        for (info, scope_name) in [(&A, "vu"), (&OF_ITERATION, "iteration")] {
            let worker = Rc::new(TestWorker::load());
            let (scope, to) = (worker.scope(), Rc::clone(&worker));
            let slot = slot_of(&scope, info);
            let failed = made(&slot, async move |cx| {
                assert!(!cx.may_spawn());
                link(cx, &to).with("reader", Task::Deaf)
            })
            .await;
            let said = format!(
                "resource {info} could not be created: its task `reader` needs the scope \"worker\" or \"run\", and it has the scope \"{scope_name}\""
            );
            assert_eq!(failed.unwrap_err().text(), said);
            scope.destroy().await;
        }
    });
}

#[test]
fn an_asset_keeps_its_clock_and_the_shutdown_signal() {
    on_stopped_clock(async {
        let worker = Rc::new(TestWorker::load());
        let (scope, to) = (worker.scope(), Rc::clone(&worker));
        // Of a user as well.
        let slot = slot_of(&scope, &A);
        let kept = Rc::new(RefCell::new(None));
        let keep = Rc::clone(&kept);
        made(&slot, async move |cx| {
            *keep.borrow_mut() = Some(cx.clone());
            Ok(link(cx, &to))
        })
        .await
        .unwrap();
        let cx = kept.take().unwrap();
        sleep(ms(12)).await;
        assert_eq!(worker.context.now().duration_since(worker.began()), ms(12));
        assert!(!cx.is_cancelled());
        let cancel = async {
            sleep(ms(8)).await;
            worker.context.shutdown.advance(Phase::Cancelled);
        };
        join(cx.until_cancelled(), cancel).await;
        assert!(cx.is_cancelled());
        assert_eq!(worker.context.now().duration_since(worker.began()), ms(20));
        scope.destroy().await;
    });
}

#[test]
fn nothing_of_a_worker_is_left_once_its_assets_with_tasks_are_destroyed() {
    on_stopped_clock(async {
        let worker = Rc::new(TestWorker::load());
        let context: Weak<WorkerContext> = Rc::downgrade(&worker.context);
        let (scope, to) = (worker.scope(), Rc::clone(&worker));
        let slot = slot_of(&scope, &OF_WORKER);
        made(&slot, async move |cx| {
            let link = link(cx, &to).with("beat", Task::Beats(0))?;
            link.with("hears", Task::UntilCancelled)?
                .with("deaf", Task::Deaf)
        })
        .await
        .unwrap();
        settle().await;
        scope.destroy().await;
        // The task that destroyed it comes to its own end.
        settle().await;
        assert!(context.upgrade().is_some());
        drop((slot, scope, worker));
        assert!(context.upgrade().is_none());
    });
}
