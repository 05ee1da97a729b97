//! Slots of one scope, and slots built on those of another: the order in which they end.

use super::*;
use crate::test_support::{A, B, C, Does, Plan, Probe, TestWorker, ms, on_stopped_clock, settle};
use futures_util::future::join;

async fn make(slot: &AssetSlot<Probe>, worker: &TestWorker, plan: &Plan) {
    drop(
        slot.get(worker.asker(0), &mut |_| plan.make())
            .await
            .unwrap(),
    );
}

fn slow(worker: &TestWorker, name: &'static str, delay: u64) -> Plan {
    worker.probe(name).destroy(Does::Well(ms(delay)))
}

/// What was destroyed, in order, each with its millisecond.
fn destroyed(worker: &TestWorker) -> Vec<String> {
    let mut lines = worker.notes();
    lines.retain(|line| line.contains(" destroyed "));
    lines
}

#[test]
fn what_is_built_on_another_ends_first_and_independent_ones_end_side_by_side() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let scope = worker.scope();
        let base: AssetSlot<Probe> = AssetSlot::new(&scope, &A, 0, &[]);
        let left: AssetSlot<Probe> = AssetSlot::new(&scope, &B, 0, &[&base]);
        let right: AssetSlot<Probe> = AssetSlot::new(&scope, &C, 0, &[]);
        right.depend_on(&base);
        make(&base, &worker, &slow(&worker, "base", 5)).await;
        make(&left, &worker, &slow(&worker, "left", 10)).await;
        make(&right, &worker, &slow(&worker, "right", 30)).await;
        scope.destroy().await;
        assert_eq!(
            destroyed(&worker),
            [
                "10 destroyed left",
                "30 destroyed right",
                "35 destroyed base"
            ]
        );
    });
}

#[test]
fn one_that_fails_to_end_does_not_keep_the_others_from_it() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let scope = worker.scope();
        let base: AssetSlot<Probe> = AssetSlot::new(&scope, &A, 0, &[]);
        let top: AssetSlot<Probe> = AssetSlot::new(&scope, &B, 0, &[&base]);
        make(&base, &worker, &worker.probe("base")).await;
        make(&top, &worker, &worker.probe("top").destroy(Does::Fails)).await;
        scope.destroy().await;
        assert_eq!(
            destroyed(&worker),
            ["0 not destroyed top", "0 destroyed base"]
        );
        assert_eq!(
            worker.resources()[2..],
            [
                "probe.b destroy_failed: it was told to fail",
                "probe.a destroyed"
            ]
        );
    });
}

#[test]
fn in_a_functional_run_a_base_goes_when_the_last_slot_on_it_is_gone() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let scope = worker.scope();
        // Used by one step and by the slot on it.
        let base: AssetSlot<Probe> = AssetSlot::new(&scope, &A, 2, &[]);
        let top: AssetSlot<Probe> = AssetSlot::new(&scope, &B, 1, &[&base]);
        make(&base, &worker, &worker.probe("base")).await;
        make(&top, &worker, &slow(&worker, "top", 10)).await;
        base.done();
        top.done();
        settle().await;
        assert_eq!(
            destroyed(&worker),
            [""; 0],
            "the base waits for what is on it"
        );
        scope.destroy().await;
        assert_eq!(
            destroyed(&worker),
            ["10 destroyed top", "10 destroyed base"]
        );
    });
}

#[test]
fn a_base_on_which_nothing_was_made_ends_with_the_scope() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let scope = worker.scope();
        let base: AssetSlot<Probe> = AssetSlot::new(&scope, &A, 2, &[]);
        let top: AssetSlot<Probe> = AssetSlot::new(&scope, &B, 1, &[&base]);
        make(&base, &worker, &worker.probe("base")).await;
        let failed = top
            .get(worker.asker(0), &mut |_| {
                worker.probe("top").create(Does::Fails).make()
            })
            .await;
        assert!(failed.is_err());
        scope.destroy().await;
        assert_eq!(destroyed(&worker), ["0 destroyed base"]);
    });
}

#[test]
fn an_inner_scope_that_ends_lets_go_of_the_outer_one() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let outer = worker.scope();
        let base: AssetSlot<Probe> = AssetSlot::new(&outer, &A, 0, &[]);
        make(&base, &worker, &slow(&worker, "base", 1)).await;
        for _ in 0..2 {
            let inner = worker.scope();
            let top: AssetSlot<Probe> = AssetSlot::new(&inner, &B, 0, &[&base]);
            make(&top, &worker, &slow(&worker, "top", 10)).await;
            inner.destroy().await;
        }
        outer.destroy().await;
        assert_eq!(
            destroyed(&worker),
            ["10 destroyed top", "20 destroyed top", "21 destroyed base"]
        );
    });
}

#[test]
fn scopes_that_end_together_keep_the_order_between_them() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let (outer, inner) = (worker.scope(), worker.scope());
        let base: AssetSlot<Probe> = AssetSlot::new(&outer, &A, 0, &[]);
        let top: AssetSlot<Probe> = AssetSlot::new(&inner, &B, 0, &[&base]);
        make(&base, &worker, &worker.probe("base")).await;
        make(&top, &worker, &slow(&worker, "top", 10)).await;
        join(outer.destroy(), inner.destroy()).await;
        assert_eq!(
            destroyed(&worker),
            ["10 destroyed top", "10 destroyed base"]
        );
    });
}

#[test]
fn a_scope_ends_once() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let scope = worker.scope();
        let slot: AssetSlot<Probe> = AssetSlot::new(&scope, &A, 0, &[]);
        make(&slot, &worker, &worker.probe("a")).await;
        scope.destroy().await;
        scope.destroy().await;
        assert_eq!(destroyed(&worker), ["0 destroyed a"]);
    });
}
