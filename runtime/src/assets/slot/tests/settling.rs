//! What an iteration has left open on an asset is ended when the iteration is, and before the asset is destroyed.

use super::*;
use crate::assets::{Prepare, Settling};
use crate::event::{Event, LogLevel};
use crate::info::Info;
use std::cell::Cell;

static BY: Info = Info::new("begin", "first", "grid.hcl:1");

/// One on which something is open.
struct Opened {
    is_open: Rc<Cell<bool>>,
    settles: Does,
}

impl Asset for Opened {
    const SETTLES: bool = true;

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

    async fn settle(&self, end: &Settling<'_>) -> Result<(), Fault> {
        if self.is_open.get() {
            self.settles.run().await?;
            self.is_open.set(false);
            end.left_open("transaction", &BY);
        }
        Ok(())
    }

    async fn destroy(self) -> Result<(), Fault> {
        match self.is_open.get() {
            true => Err(Fault::new("open", "it is open")),
            false => Ok(()),
        }
    }
}

/// A slot with one, and whether it is open.
async fn opened(
    worker: &TestWorker,
    (scope, users): (&Scope, u32),
    settles: Does,
) -> (AssetSlot<Opened>, Rc<Cell<bool>>) {
    let is_open = Rc::new(Cell::new(true));
    let slot = AssetSlot::new(scope, &A, users, &[]);
    let made = slot.get(worker.asker(0), &mut |_| {
        let is_open = Rc::clone(&is_open);
        Box::pin(async move { Ok(Opened { is_open, settles }) })
    });
    drop(made.await.unwrap());
    (slot, is_open)
}

/// The warnings that were told.
fn warnings(worker: &TestWorker) -> Vec<String> {
    let told = worker.told().into_iter();
    let warnings = told.filter_map(|event| match event {
        Event::Message(LogLevel::Warn, text) => Some(text),
        _ => None,
    });
    warnings.collect()
}

#[test]
fn what_is_left_open_is_ended_with_each_iteration_under_load_in_silence() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let scope = worker.scope();
        let (_, is_open) = opened(&worker, (&scope, 0), Does::Well(ms(10))).await;
        scope.settle().await;
        assert!(!is_open.get());
        worker.note("settled");
        scope.settle().await;
        worker.note("nothing to do");
        is_open.set(true);
        scope.settle().await;
        worker.note("settled");
        assert!(!is_open.get());
        assert_eq!(
            worker.notes(),
            ["10 settled", "10 nothing to do", "20 settled"]
        );
        assert_eq!(warnings(&worker), Vec::<String>::new());
        scope.destroy().await;
        assert_eq!(worker.resources(), ["probe.a created", "probe.a destroyed"]);
    });
}

#[test]
fn the_last_user_of_a_functional_run_ends_what_is_open_before_the_asset_is_destroyed() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let scope = worker.scope();
        let (slot, is_open) = opened(&worker, (&scope, 1), Does::Well(ms(10))).await;
        slot.done();
        // It is on its way already.
        scope.settle().await;
        scope.destroy().await;
        assert!(!is_open.get());
        assert_eq!(worker.resources(), ["probe.a created", "probe.a destroyed"]);
        assert_eq!(
            warnings(&worker),
            [
                "resource.probe.a: the transaction that step.begin.first opened was left open at the end of its iteration, so it is undone"
            ]
        );
    });
}

#[test]
fn one_that_cannot_end_it_is_reported_and_the_user_goes_on() {
    for (settles, why) in [
        (Does::Fails, "it was told to fail"),
        (
            Does::Panics,
            "it panicked at the end of an iteration: this is a bug of the module",
        ),
        (
            Does::Never,
            "its work at the end of an iteration took longer than 30s",
        ),
    ] {
        on_stopped_clock(async {
            let worker = TestWorker::load();
            let scope = worker.scope();
            let (_, is_open) = opened(&worker, (&scope, 0), settles).await;
            scope.settle().await;
            assert_eq!(
                worker.resources(),
                [
                    "probe.a created".to_owned(),
                    format!("probe.a settle_failed: {why}")
                ]
            );
            // The same is not said again under load.
            scope.settle().await;
            assert_eq!(worker.resources().len(), 2);
            is_open.set(false);
            scope.destroy().await;
        });
    }
}

#[test]
fn nothing_is_asked_of_an_asset_that_is_not_there_or_settles_nothing() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let (scope, plan) = (worker.scope(), worker.probe("a"));
        let probe = slot(&scope, 0);
        let never_made = AssetSlot::<Opened>::new(&scope, &A, 0, &[]);
        drop(get(&probe, &worker, 0, &plan).await.unwrap());
        scope.settle().await;
        assert_eq!(worker.notes(), ["0 creating a", "0 created a"]);
        drop(never_made);
        scope.destroy().await;
    });
}
