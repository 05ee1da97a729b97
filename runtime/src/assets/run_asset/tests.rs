//! A resource of the run, asked for from other threads.

use super::*;
use crate::info::Lifetime;
use crate::test_support::{B, Does, Plan, Probe, TestWorker, ms, on_stopped_clock, settle};
use futures_util::future::join;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

static RUN: ResourceInfo = ResourceInfo::new("probe", "run", "grid.hcl:1").scope(Lifetime::Run);
static TOP: ResourceInfo = ResourceInfo::new("probe", "top", "grid.hcl:2").scope(Lifetime::Run);

fn run_scope(worker: &TestWorker) -> RunScope {
    let scope = RunScope::new(Rc::clone(&worker.context));
    scope.serve();
    scope
}

fn shared(scope: &RunScope, users: u32, plan: Plan) -> RunAsset {
    RunAsset::new::<Probe>(scope, &RUN, users, &[], Box::new(move |_| plan.make()))
}

fn ends(worker: &TestWorker) -> Vec<String> {
    let mut lines = worker.notes();
    lines.retain(|line| line.contains(" destroyed "));
    lines
}

#[test]
fn threads_share_one_that_is_made_on_the_control_thread() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let scope = run_scope(&worker);
        let shared = shared(&scope, 0, worker.probe("run"));
        // Time stands still, so each thread says by a channel when it has what it wants.
        let (seen, mut all_seen) = tokio::sync::mpsc::unbounded_channel();
        let workers: Vec<_> = (0..3)
            .map(|_| {
                let (shared, seen) = (shared.clone(), seen.clone());
                std::thread::spawn(move || {
                    on_stopped_clock(async move {
                        let worker = TestWorker::load();
                        shared.get(worker.asker(0)).await.unwrap();
                        seen.send(shared.export(0).unwrap()).unwrap();
                    });
                })
            })
            .collect();
        drop(seen);
        let mut exports = Vec::new();
        while let Some(export) = all_seen.recv().await {
            exports.push(export);
        }
        assert_eq!(exports, vec![Value::text("run"); 3]);
        for worker in workers {
            worker.join().unwrap();
        }
        scope.destroy().await;
        assert_eq!(
            worker.resources(),
            ["probe.run created", "probe.run destroyed"]
        );
    });
}

#[test]
fn one_that_nobody_asked_for_is_never_made() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let scope = run_scope(&worker);
        let shared = shared(&scope, 0, worker.probe("run"));
        assert!(shared.export(0).is_err());
        scope.destroy().await;
        assert_eq!(worker.notes(), [""; 0]);
    });
}

#[test]
fn a_panic_on_the_way_to_its_creation_fails_all_who_wait() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let scope = run_scope(&worker);
        let make: Make<Probe> = Box::new(|_| panic!("an input"));
        let shared = RunAsset::new::<Probe>(&scope, &RUN, 0, &[], make);
        let asker = worker.asker(0);
        let (first, second) = join(shared.get(asker), shared.get(asker)).await;
        for fault in [first.unwrap_err(), second.unwrap_err()] {
            assert!(fault.text().contains("its creation panicked"), "{fault}");
        }
        scope.destroy().await;
        assert!(worker.context.cancelled());
    });
}

#[test]
fn a_failed_creation_fails_all_who_wait_and_is_not_tried_again() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let scope = run_scope(&worker);
        let shared = shared(&scope, 0, worker.probe("run").create(Does::Fails));
        let it = worker.iteration(0).asker();
        let (first, second) = join(shared.get(it), shared.get(it)).await;
        let third = shared.get(worker.asker(1)).await;
        for result in [first, second, third] {
            let fault = result.unwrap_err();
            assert_eq!(
                (fault.kind(), fault.text()),
                (
                    "asset",
                    "resource probe.run could not be created: it was told to fail"
                )
            );
        }
        scope.destroy().await;
        assert_eq!(worker.notes(), ["0 creating run", "0 not created run"]);
    });
}

#[test]
fn one_that_is_asked_for_and_given_up_is_finished_and_destroyed() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let scope = run_scope(&worker);
        let shared = shared(&scope, 0, worker.probe("run").create(Does::Well(ms(10))));
        // Nobody ever polls: the worker was cancelled at once.
        drop(shared.get(worker.asker(0)));
        scope.destroy().await;
        assert_eq!(
            worker.notes(),
            [
                "0 creating run",
                "10 created run",
                "10 destroying run",
                "10 destroyed run"
            ]
        );
    });
}

#[test]
fn in_a_functional_run_the_last_user_destroys_it() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let scope = run_scope(&worker);
        let shared = shared(&scope, 2, worker.probe("run"));
        shared.get(worker.asker(0)).await.unwrap();
        shared.done();
        settle().await;
        assert_eq!(ends(&worker), [""; 0]);
        shared.done();
        settle().await;
        assert_eq!(ends(&worker), ["0 destroyed run"]);
        scope.destroy().await;
        assert_eq!(ends(&worker).len(), 1);
    });
}

#[test]
fn slots_of_users_hold_it_until_they_are_destroyed() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let scope = run_scope(&worker);
        let shared = shared(&scope, 0, worker.probe("run"));
        let users: Vec<_> = (0..2).map(|_| worker.scope()).collect();
        for (user, name) in users.iter().zip(["first", "second"]) {
            let slot: AssetSlot<Probe> = AssetSlot::new(user, &B, 0, &[&shared]);
            let plan = worker.probe(name).destroy(Does::Well(ms(10)));
            shared.get(worker.asker(0)).await.unwrap();
            drop(
                slot.get(worker.asker(0), &mut |_| plan.make())
                    .await
                    .unwrap(),
            );
        }
        let over = join(scope.destroy(), async {
            for user in &users {
                user.destroy().await;
            }
        });
        over.await;
        assert_eq!(
            ends(&worker),
            [
                "10 destroyed first",
                "20 destroyed second",
                "20 destroyed run"
            ]
        );
    });
}

#[test]
fn one_that_is_built_on_another_reads_its_exports_and_ends_before_it() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let scope = run_scope(&worker);
        let base = shared(&scope, 0, worker.probe("run").create(Does::Well(ms(5))));
        let top = {
            let (base, plan) = (
                base.clone(),
                worker.probe("top").destroy(Does::Well(ms(10))),
            );
            RunAsset::new::<Probe>(
                &scope,
                &TOP,
                0,
                &[&base.clone()],
                Box::new(move |cx| {
                    let (base, plan) = (base.clone(), plan.clone());
                    Box::pin(async move {
                        base.get_for(&cx).await?;
                        assert_eq!(base.export(0)?, Value::text("run"));
                        plan.make().await
                    })
                }),
            )
        };
        top.get(worker.asker(0)).await.unwrap();
        scope.destroy().await;
        assert_eq!(
            worker.notes(),
            [
                "0 creating run",
                "5 created run",
                "5 creating top",
                "5 created top",
                "5 destroying top",
                "15 destroyed top",
                "15 destroying run",
                "15 destroyed run"
            ]
        );
    });
}

#[test]
fn who_is_dropped_while_waiting_is_not_woken() {
    struct Counts(AtomicUsize);
    impl Wake for Counts {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let scope = run_scope(&worker);
        let shared = shared(&scope, 0, worker.probe("run").create(Does::Well(ms(10))));
        let it = worker.iteration(0).asker();
        let (dropped, kept) = (
            Arc::new(Counts(AtomicUsize::new(0))),
            Arc::new(Counts(AtomicUsize::new(0))),
        );
        let mut stays = pin!(shared.get(it));
        {
            let goes = pin!(shared.get(it));
            let waker = Arc::clone(&dropped).into();
            assert!(goes.poll(&mut Context::from_waker(&waker)).is_pending());
            let waker = Arc::clone(&kept).into();
            for _ in 0..2 {
                let poll = stays.as_mut().poll(&mut Context::from_waker(&waker));
                assert!(poll.is_pending());
            }
        }
        tokio::time::sleep(ms(20)).await;
        assert_eq!(dropped.0.load(Ordering::Relaxed), 0);
        assert_eq!(kept.0.load(Ordering::Relaxed), 1);
        assert!(stays.await.is_ok());
        scope.destroy().await;
    });
}
