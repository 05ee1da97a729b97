//! One slot: made once, for all who ask for it. (How it ends: `ending`; the tasks of its asset: `spawned`.)

mod ending;
mod scope;
mod settling;
mod spawned;

use super::super::spawned::LIMIT;
use super::*;
use crate::test_support::{A, Does, Plan, Probe, TestWorker, ms, on_stopped_clock, settle};
use futures_util::future::{join, join_all};

fn slot(scope: &Scope, users: u32) -> AssetSlot<Probe> {
    AssetSlot::new(scope, &A, users, &[])
}

async fn get(
    slot: &AssetSlot<Probe>,
    worker: &TestWorker,
    iteration: u64,
    plan: &Plan,
) -> Result<Arc<Probe>, Fault> {
    slot.get(worker.asker(iteration), &mut |_| plan.make())
        .await
}

#[test]
fn all_who_ask_get_the_same_one_and_the_scope_destroys_it_once() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let (scope, plan) = (worker.scope(), worker.probe("a").create(Does::Well(ms(10))));
        let slot = slot(&scope, 0);
        let (first, second) =
            join(get(&slot, &worker, 0, &plan), get(&slot, &worker, 0, &plan)).await;
        let (first, second) = (first.unwrap(), second.unwrap());
        assert!(Arc::ptr_eq(&first, &second));
        assert_eq!(first.name(), "a");
        drop((first, second));
        let third = get(&slot, &worker, 1, &plan).await.map(drop);
        assert!(third.is_ok());
        scope.destroy().await;
        assert_eq!(
            worker.notes(),
            [
                "0 creating a",
                "10 created a",
                "10 destroying a",
                "10 destroyed a"
            ]
        );
        assert_eq!(worker.resources(), ["probe.a created", "probe.a destroyed"]);
    });
}

#[test]
fn one_that_is_spent_is_destroyed_and_made_anew_once_nobody_holds_it() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let (scope, plan) = (worker.scope(), worker.probe("a").destroy(Does::Well(ms(5))));
        let slot = slot(&scope, 0);
        let first = get(&slot, &worker, 0, &plan).await.unwrap();
        plan.is_spent(true);
        let held = get(&slot, &worker, 0, &plan).await.unwrap();
        assert!(Arc::ptr_eq(&first, &held), "it is still held");
        drop((first, held));
        let asked = slot.get(worker.asker(0), &mut |_| plan.make());
        plan.is_spent(false);
        assert!(asked.await.is_ok());
        assert!(get(&slot, &worker, 1, &plan).await.is_ok());
        scope.destroy().await;
        assert_eq!(
            worker.notes(),
            [
                "0 creating a",
                "0 created a",
                "0 destroying a",
                "5 destroyed a",
                "5 creating a",
                "5 created a",
                "5 destroying a",
                "10 destroyed a"
            ]
        );
        let (created, destroyed) = ("probe.a created", "probe.a destroyed");
        assert_eq!(worker.resources(), [created, destroyed, created, destroyed]);
    });
}

#[test]
fn a_creation_that_failed_is_tried_again_with_the_step_or_the_next_iteration() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let (scope, plan) = (worker.scope(), worker.probe("a").create(Does::Fails));
        let slot = slot(&scope, 0);
        let iteration = worker.iteration(0);
        let get = async || {
            slot.get(iteration.asker(), &mut |_| plan.make())
                .await
                .is_err()
        };
        assert!(get().await && get().await);
        assert_eq!(worker.notes().len(), 2, "{:?}", worker.notes());
        iteration.user().tries_again();
        assert!(get().await && get().await);
        assert_eq!(worker.notes().len(), 4, "{:?}", worker.notes());
        scope.destroy().await;
    });
}

#[test]
fn one_that_nobody_asked_for_is_never_made() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let scope = worker.scope();
        let slot = slot(&scope, 1);
        slot.done();
        scope.destroy().await;
        assert_eq!(worker.notes(), [""; 0]);
        assert_eq!(worker.resources(), [""; 0]);
    });
}

#[test]
fn who_waits_gets_it_although_the_one_that_asked_first_is_dropped() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let (scope, plan) = (worker.scope(), worker.probe("a").create(Does::Well(ms(10))));
        let slot = slot(&scope, 0);
        let mut first = Box::pin(get(&slot, &worker, 0, &plan));
        let mut second = Box::pin(get(&slot, &worker, 0, &plan));
        // The second one polls last, so a slot that is polled by its users would know its waker only.
        tokio::select! {
            biased;
            _ = &mut second => unreachable!("it takes 10 ms"),
            _ = &mut first => unreachable!("it takes 10 ms"),
            () = settle() => {}
        }
        assert_eq!(
            slot.0.common.changed.len(),
            2 + 1,
            "two users and the cut of the creation"
        );
        drop(first);
        assert_eq!(
            slot.0.common.changed.len(),
            1 + 1,
            "a dropped user leaves no waker"
        );
        assert!(second.await.is_ok());
        assert_eq!(worker.notes(), ["0 creating a", "10 created a"]);
        scope.destroy().await;
        assert_eq!(slot.0.common.changed.len(), 0);
    });
}

#[test]
fn when_all_users_are_dropped_while_it_is_made_it_is_finished_and_destroyed() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let (scope, plan) = (
            worker.scope(),
            worker
                .probe("a")
                .create(Does::Well(ms(10)))
                .destroy(Does::Well(ms(5))),
        );
        let slot = slot(&scope, 0);
        {
            let get = get(&slot, &worker, 0, &plan);
            tokio::select! { biased; _ = get => unreachable!("it takes 10 ms"), () = settle() => {} }
        }
        scope.destroy().await;
        assert_eq!(
            worker.notes(),
            [
                "0 creating a",
                "10 created a",
                "10 destroying a",
                "15 destroyed a"
            ]
        );
    });
}

#[test]
fn a_user_that_comes_after_the_end_hears_that_it_is_not_there() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let (scope, plan) = (worker.scope(), worker.probe("a"));
        let slot = slot(&scope, 1);
        drop(get(&slot, &worker, 0, &plan).await.unwrap());
        slot.done();
        for _ in 0..2 {
            let fault = get(&slot, &worker, 0, &plan).await.map(drop).unwrap_err();
            assert_eq!(
                (fault.kind(), fault.text()),
                (
                    "asset",
                    "resource probe.a is not there: it was not created, or is destroyed already"
                )
            );
            scope.destroy().await;
            assert!(slot.export(0).is_err());
        }
        assert_eq!(worker.notes().len(), 4, "{:?}", worker.notes());
    });
}

#[test]
fn a_failed_creation_fails_each_user_of_the_iteration_and_the_next_one_tries_again() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let scope = worker.scope();
        let slot = slot(&scope, 0);
        let bad = worker.probe("bad").create(Does::Fails);
        for _ in 0..2 {
            let fault = get(&slot, &worker, 0, &bad).await.map(drop).unwrap_err();
            assert_eq!(
                (fault.kind(), fault.text()),
                (
                    "asset",
                    "resource probe.a could not be created: it was told to fail"
                )
            );
        }
        assert_eq!(worker.notes(), ["0 creating bad", "0 not created bad"]);
        let good = worker.probe("good");
        assert!(get(&slot, &worker, 1, &good).await.is_ok());
        scope.destroy().await;
        assert_eq!(
            worker.resources(),
            [
                "probe.a create_failed: it was told to fail",
                "probe.a created",
                "probe.a destroyed"
            ]
        );
    });
}

#[test]
fn under_load_a_creation_that_fails_again_and_again_is_said_once() {
    on_stopped_clock(async {
        for (worker, said) in [(TestWorker::load(), 1), (TestWorker::functional(), 3)] {
            let scope = worker.scope();
            let slot = slot(&scope, 0);
            let bad = worker.probe("bad").create(Does::Fails);
            for iteration in 0..3 {
                assert!(get(&slot, &worker, iteration, &bad).await.is_err());
            }
            assert_eq!(worker.resources().len(), said, "{:?}", worker.resources());
            scope.destroy().await;
        }
    });
}

#[test]
fn a_fault_of_a_late_input_keeps_its_place() {
    static PLACE: crate::fault::Place = crate::fault::Place::new("grid.hcl", 7, 3);
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let scope = worker.scope();
        let slot = slot(&scope, 0);
        let result = slot
            .get(worker.asker(0), &mut |_| {
                Box::pin(async { Err(Fault::new("value", "no such field").at(&PLACE)) })
            })
            .await;
        assert_eq!(result.map(drop).unwrap_err().place(), Some(PLACE));
    });
}

#[test]
fn a_creation_that_takes_too_long_is_dropped_and_named() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let (scope, plan) = (worker.scope(), worker.probe("a").create(Does::Never));
        let slot = slot(&scope, 0);
        let fault = get(&slot, &worker, 0, &plan).await.map(drop).unwrap_err();
        assert!(
            fault.text().ends_with("its creation took longer than 30s"),
            "{fault}"
        );
        scope.destroy().await;
        assert_eq!(worker.notes(), ["0 creating a", "30000 not created a"]);
    });
}

#[test]
fn after_a_cancellation_a_creation_has_the_time_of_a_destruction_and_no_more() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let (scope, plan) = (
            worker.scope(),
            worker.probe("a").create(Does::Well(LIMIT * 2)),
        );
        let slot = slot(&scope, 0);
        {
            let get = get(&slot, &worker, 0, &plan);
            tokio::select! { biased; _ = get => unreachable!("it takes a minute"), () = tokio::time::sleep(ms(1000)) => {} }
        }
        scope.destroy().await;
        assert_eq!(worker.notes(), ["0 creating a", "30000 not created a"]);
        assert_eq!(
            worker.resources(),
            ["probe.a create_failed: its creation took longer than 30s"]
        );
    });
}

#[test]
fn panics_of_a_module_fail_the_users_or_the_destruction_and_nobody_hangs() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let scope = worker.scope();
        let (first, second) = (slot(&scope, 0), slot(&scope, 0));
        let plan = worker.probe("a").create(Does::Panics);
        let fault = get(&first, &worker, 0, &plan).await.map(drop).unwrap_err();
        assert!(fault.text().contains("its creation panicked"), "{fault}");
        let plan = worker.probe("b").destroy(Does::Panics);
        drop(get(&second, &worker, 0, &plan).await.unwrap());
        scope.destroy().await;
        let said = worker.resources();
        assert_eq!(said.len(), 3, "{said:?}");
        assert!(said[2].contains("its destruction panicked"), "{said:?}");
    });
}

#[test]
fn one_whose_exports_panic_fails_its_users_and_is_destroyed_once() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let (scope, plan) = (worker.scope(), worker.probe("a").without_exports());
        let slot = slot(&scope, 0);
        let (first, second) =
            join(get(&slot, &worker, 0, &plan), get(&slot, &worker, 0, &plan)).await;
        for fault in [first.map(drop).unwrap_err(), second.map(drop).unwrap_err()] {
            assert!(fault.text().contains("it panicked"), "{fault}");
        }
        scope.destroy().await;
        assert_eq!(
            worker.notes(),
            [
                "0 creating a",
                "0 created a",
                "0 destroying a",
                "0 destroyed a"
            ]
        );
        assert!(worker.context.cancelled());
    });
}

#[test]
fn a_panic_before_the_creation_leaves_the_slot_as_it_was() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let (scope, plan) = (worker.scope(), worker.probe("a"));
        let slot = slot(&scope, 0);
        let it = worker.iteration(0).asker();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            drop(slot.get(it, &mut |_| panic!("a late input")));
        }));
        assert!(panicked.is_err());
        assert!(get(&slot, &worker, 0, &plan).await.is_ok());
        scope.destroy().await;
        assert_eq!(worker.notes().len(), 4, "{:?}", worker.notes());
    });
}

#[test]
fn exports_can_be_read_once_it_is_there() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let (scope, plan) = (worker.scope(), worker.probe("a"));
        let slot = slot(&scope, 0);
        assert!(slot.export(0).is_err());
        drop(get(&slot, &worker, 0, &plan).await.unwrap());
        assert_eq!(slot.export(0).unwrap(), Value::text("a"));
        scope.destroy().await;
        assert!(slot.export(0).is_err());
    });
}

#[test]
fn fifty_users_each_have_their_own_and_each_is_destroyed_once() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let worker = &worker;
        let lives = (0..50).map(|user: u64| async move {
            let scope = worker.scope();
            let slot = slot(&scope, 0);
            let plan = worker
                .probe("a")
                .create(Does::Well(ms(user)))
                .destroy(Does::Well(ms(1)));
            // Every third is cancelled while its asset is made.
            let work = async {
                for iteration in 0..3 {
                    drop(get(&slot, worker, iteration, &plan).await.unwrap());
                }
            };
            let limit = if user.is_multiple_of(3) {
                ms(user / 2)
            } else {
                LIMIT
            };
            let _ = tokio::time::timeout(limit, work).await;
            scope.destroy().await;
        });
        join_all(lives).await;
        for word in ["created", "destroyed"] {
            let count = worker
                .notes()
                .iter()
                .filter(|line| line.ends_with(&format!(" {word} a")))
                .count();
            assert_eq!(count, 50, "{word}");
        }
    });
}
