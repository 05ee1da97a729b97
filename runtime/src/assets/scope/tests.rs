//! Which assets work while their user waits, and what it costs to ask them.

use super::*;
use crate::assets::{Asset, AssetCx, AssetSlot, Prepare};
use crate::fault::Fault;
use crate::test_support::{A, TestWorker, on_stopped_clock, settle};
use bggo_values::Value;
use std::cell::Cell;
use std::task::Waker;

/// What a [`Busy`] does when it works.
enum Work {
    /// It is counted.
    Counts,
    /// A slot with one more is added to the scope.
    Adds(Scope),
    /// The scope is destroyed.
    Ends(Scope),
}

/// What a test and an asset share.
struct Shared {
    has_work: Cell<bool>,
    asked: Cell<u32>,
    worked: Cell<u32>,
    work: RefCell<Work>,
    /// A slot that was added, whose asset nobody asked for.
    added: RefCell<Option<AssetSlot<Busy>>>,
}

struct Busy(Rc<Shared>);

impl Asset for Busy {
    const WORKS_WHEN_IDLE: bool = true;

    type Inputs = ();
    type Uses = ();
    type Ready = ();
    type Exports = [Value; 0];

    fn prepare(_: &Prepare<'_>, (): &()) -> Result<(), Fault> {
        Ok(())
    }

    async fn create(_: AssetCx, _: Rc<()>, (): (), (): ()) -> Result<Self, Fault> {
        Err(Fault::new("bug", "the tests make it by hand"))
    }

    fn exports(&self) -> [Value; 0] {
        []
    }

    fn has_idle_work(&self) -> bool {
        self.0.asked.set(self.0.asked.get() + 1);
        self.0.has_work.get()
    }

    fn poll_idle(&self, _: &mut Context<'_>) {
        self.0.worked.set(self.0.worked.get() + 1);
        match &*self.0.work.borrow() {
            Work::Counts => {}
            Work::Adds(scope) => {
                let slot = AssetSlot::<Self>::new(scope, &A, 0, &[]);
                self.0.added.replace(Some(slot));
            }
            Work::Ends(scope) => drop(scope.destroy()),
        }
    }

    async fn destroy(self) -> Result<(), Fault> {
        Ok(())
    }
}

/// An asset in a scope, with work to do.
async fn busy(worker: &TestWorker, scope: &Scope) -> Rc<Shared> {
    let shared = Rc::new(Shared {
        has_work: Cell::new(true),
        asked: Cell::new(0),
        worked: Cell::new(0),
        work: RefCell::new(Work::Counts),
        added: RefCell::new(None),
    });
    let slot = AssetSlot::<Busy>::new(scope, &A, 0, &[]);
    let made = slot.get(worker.asker(0), &mut |_| {
        let shared = Rc::clone(&shared);
        Box::pin(async move { Ok(Busy(shared)) })
    });
    drop(made.await.unwrap());
    shared
}

#[test]
fn those_without_work_are_asked_and_not_polled_and_nothing_is_allocated() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let outer = worker.scope();
        let scope = Scope::inside(&worker.context, Some(outer.clone()));
        let all = [
            busy(&worker, &outer).await,
            busy(&worker, &scope).await,
            busy(&worker, &scope).await,
        ];
        all[1].has_work.set(false);
        let mut cx = Context::from_waker(Waker::noop());
        let allocated = allocation_counter::measure(|| {
            for _ in 0..10 {
                scope.poll_idle(&mut cx);
            }
        });
        assert_eq!(allocated.count_total, 0);
        let counts = all.map(|one| (one.asked.get(), one.worked.get()));
        assert_eq!(counts, [(10, 10), (10, 0), (10, 10)]);
        scope.destroy().await;
        outer.destroy().await;
    });
}

#[test]
fn an_asset_that_works_may_reach_its_scope() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let scope = worker.scope();
        let (first, second) = (busy(&worker, &scope).await, busy(&worker, &scope).await);
        let mut cx = Context::from_waker(Waker::noop());
        first.work.replace(Work::Adds(scope.clone()));
        scope.poll_idle(&mut cx);
        assert_eq!((first.worked.get(), second.worked.get()), (1, 1));
        let has = |at| scope.0.slots.borrow().get(at).is_some();
        assert!(has(2) && !has(3));
        first.work.replace(Work::Ends(scope.clone()));
        scope.poll_idle(&mut cx);
        // The second one is being destroyed by then.
        assert_eq!((first.worked.get(), second.worked.get()), (2, 1));
        settle().await;
        first.added.take();
        first.work.replace(Work::Counts);
    });
}
