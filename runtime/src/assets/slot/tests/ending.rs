//! The end of a slot: destroyed exactly once on every path, by its last user or by its scope.

use super::*;

#[test]
fn a_destruction_that_takes_too_long_is_given_up_and_named() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let (scope, plan) = (worker.scope(), worker.probe("a").destroy(Does::Never));
        let slot = slot(&scope, 0);
        drop(get(&slot, &worker, 0, &plan).await.unwrap());
        scope.destroy().await;
        worker.note("over");
        assert_eq!(worker.notes().last().unwrap(), "30000 over");
        assert_eq!(
            worker.resources()[1],
            "probe.a destroy_failed: its destruction took longer than 30s"
        );
    });
}

#[test]
fn a_destruction_that_fails_is_reported() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let (scope, plan) = (worker.scope(), worker.probe("a").destroy(Does::Fails));
        let slot = slot(&scope, 0);
        drop(get(&slot, &worker, 0, &plan).await.unwrap());
        scope.destroy().await;
        assert_eq!(
            worker.resources()[1],
            "probe.a destroy_failed: it was told to fail"
        );
    });
}

#[test]
fn one_that_is_still_held_at_the_end_is_an_error() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let (scope, plan) = (worker.scope(), worker.probe("a"));
        let slot = slot(&scope, 0);
        let held = get(&slot, &worker, 0, &plan).await.unwrap();
        scope.destroy().await;
        assert!(
            worker.resources()[1].starts_with("probe.a destroy_failed: something still holds it"),
            "{:?}",
            worker.resources()
        );
        drop(held);
    });
}

#[test]
fn in_a_functional_run_the_last_user_destroys_it_at_once() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let (scope, plan) = (worker.scope(), worker.probe("a"));
        let slot = slot(&scope, 3);
        drop(get(&slot, &worker, 0, &plan).await.unwrap());
        slot.done();
        slot.done();
        settle().await;
        assert_eq!(worker.notes(), ["0 creating a", "0 created a"]);
        // The third one was skipped: it says so all the same.
        slot.done();
        settle().await;
        assert_eq!(worker.notes()[2..], ["0 destroying a", "0 destroyed a"]);
        scope.destroy().await;
        assert_eq!(worker.notes().len(), 4);
    });
}

#[test]
fn under_load_the_last_user_of_an_iteration_leaves_it_for_the_next() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let (scope, plan) = (worker.scope(), worker.probe("a"));
        let slot = slot(&scope, 1);
        for iteration in 0..3 {
            drop(get(&slot, &worker, iteration, &plan).await.unwrap());
            slot.done();
            settle().await;
        }
        assert_eq!(worker.notes(), ["0 creating a", "0 created a"]);
        scope.destroy().await;
        assert_eq!(worker.notes()[2..], ["0 destroying a", "0 destroyed a"]);
    });
}

#[test]
fn a_scope_that_ends_while_its_last_user_destroys_waits_for_that() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let (scope, plan) = (
            worker.scope(),
            worker.probe("a").destroy(Does::Well(ms(20))),
        );
        let slot = slot(&scope, 1);
        drop(get(&slot, &worker, 0, &plan).await.unwrap());
        slot.done();
        tokio::time::sleep(ms(5)).await;
        join(scope.destroy(), slot.destroy()).await;
        worker.note("over");
        assert_eq!(
            worker.notes()[2..],
            ["0 destroying a", "20 destroyed a", "20 over"]
        );
    });
}
