//! A resource of the run, asked for from other threads.

use super::*;
use crate::ground::{B, Does, Ground, Plan, Probe, ms, on_stopped_clock, settle};
use crate::info::Lifetime;
use futures_util::future::join;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

static RUN: ResourceInfo = ResourceInfo::new("probe", "run", "grid.hcl:1").scope(Lifetime::Run);
static TOP: ResourceInfo = ResourceInfo::new("probe", "top", "grid.hcl:2").scope(Lifetime::Run);

fn run_scope(ground: &Ground) -> RunScope {
    let scope = RunScope::new(Rc::clone(&ground.thread));
    scope.serve();
    scope
}

fn shared(scope: &RunScope, users: u32, plan: Plan) -> Shared {
    Shared::new::<Probe>(scope, &RUN, users, &[], Box::new(move |_| plan.make()))
}

fn ends(ground: &Ground) -> Vec<String> {
    let mut lines = ground.notes();
    lines.retain(|line| line.contains(" destroyed "));
    lines
}

#[test]
fn threads_share_one_that_is_made_on_the_control_thread() {
    on_stopped_clock(async {
        let ground = Ground::load();
        let scope = run_scope(&ground);
        let shared = shared(&scope, 0, ground.probe("run"));
        // Time stands still, so each thread says by a channel when it has what it wants.
        let (seen, mut all_seen) = tokio::sync::mpsc::unbounded_channel();
        let workers: Vec<_> = (0..3)
            .map(|_| {
                let (shared, seen) = (shared.clone(), seen.clone());
                std::thread::spawn(move || {
                    on_stopped_clock(async move {
                        let ground = Ground::load();
                        shared.get(&ground.it(0)).await.unwrap();
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
            ground.resources(),
            ["probe.run created", "probe.run destroyed"]
        );
    });
}

#[test]
fn one_that_nobody_asked_for_is_never_made() {
    on_stopped_clock(async {
        let ground = Ground::load();
        let scope = run_scope(&ground);
        let shared = shared(&scope, 0, ground.probe("run"));
        assert!(shared.export(0).is_err());
        scope.destroy().await;
        assert_eq!(ground.notes(), [""; 0]);
    });
}

#[test]
fn a_failed_creation_fails_all_who_wait_and_is_not_tried_again() {
    on_stopped_clock(async {
        let ground = Ground::load();
        let scope = run_scope(&ground);
        let shared = shared(&scope, 0, ground.probe("run").create(Does::Fails));
        let it = ground.it(0);
        let (first, second) = join(shared.get(&it), shared.get(&it)).await;
        let third = shared.get(&ground.it(1)).await;
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
        assert_eq!(ground.notes(), ["0 creating run", "0 not created run"]);
    });
}

#[test]
fn one_that_is_asked_for_and_given_up_is_finished_and_destroyed() {
    on_stopped_clock(async {
        let ground = Ground::load();
        let scope = run_scope(&ground);
        let shared = shared(&scope, 0, ground.probe("run").create(Does::Well(ms(10))));
        // Nobody ever polls: the worker was cancelled at once.
        drop(shared.get(&ground.it(0)));
        scope.destroy().await;
        assert_eq!(
            ground.notes(),
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
        let ground = Ground::functional();
        let scope = run_scope(&ground);
        let shared = shared(&scope, 2, ground.probe("run"));
        shared.get(&ground.it(0)).await.unwrap();
        shared.done();
        settle().await;
        assert_eq!(ends(&ground), [""; 0]);
        shared.done();
        settle().await;
        assert_eq!(ends(&ground), ["0 destroyed run"]);
        scope.destroy().await;
        assert_eq!(ends(&ground).len(), 1);
    });
}

#[test]
fn slots_of_users_hold_it_until_they_are_destroyed() {
    on_stopped_clock(async {
        let ground = Ground::load();
        let scope = run_scope(&ground);
        let shared = shared(&scope, 0, ground.probe("run"));
        let users: Vec<_> = (0..2).map(|_| ground.scope()).collect();
        for (user, name) in users.iter().zip(["first", "second"]) {
            let slot: Slot<Probe> = Slot::new(user, &B, 0, &[&shared]);
            let plan = ground.probe(name).destroy(Does::Well(ms(10)));
            shared.get(&ground.it(0)).await.unwrap();
            drop(slot.get(&ground.it(0), &mut |_| plan.make()).await.unwrap());
        }
        let over = join(scope.destroy(), async {
            for user in &users {
                user.destroy().await;
            }
        });
        over.await;
        assert_eq!(
            ends(&ground),
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
        let ground = Ground::load();
        let scope = run_scope(&ground);
        let base = shared(&scope, 0, ground.probe("run").create(Does::Well(ms(5))));
        let top = {
            let (base, plan) = (
                base.clone(),
                ground.probe("top").destroy(Does::Well(ms(10))),
            );
            Shared::new::<Probe>(
                &scope,
                &TOP,
                0,
                &[&base.clone()],
                Box::new(move |cx| {
                    let (base, plan) = (base.clone(), plan.clone());
                    Box::pin(async move {
                        base.get_for(cx).await?;
                        assert_eq!(base.export(0)?, Value::text("run"));
                        plan.make().await
                    })
                }),
            )
        };
        top.get(&ground.it(0)).await.unwrap();
        scope.destroy().await;
        assert_eq!(
            ground.notes(),
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
        let ground = Ground::load();
        let scope = run_scope(&ground);
        let shared = shared(&scope, 0, ground.probe("run").create(Does::Well(ms(10))));
        let it = ground.it(0);
        let (dropped, kept) = (
            Arc::new(Counts(AtomicUsize::new(0))),
            Arc::new(Counts(AtomicUsize::new(0))),
        );
        let mut stays = pin!(shared.get(&it));
        {
            let goes = pin!(shared.get(&it));
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
