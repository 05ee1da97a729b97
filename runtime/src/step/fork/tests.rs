//! Branches run at the same time, and the first that ends the iteration drops the rest.

use super::*;
use crate::flow::Stop;
use crate::info::{At, Info};
use crate::step::{Latch, Policy, Ran};
use crate::test_support::{TestWorker, ms, on_stopped_clock};
use std::cell::Cell;

/// A body of an emitted program, as far as a fork knows it.
struct Body {
    iteration: &'static Iteration<'static>,
}

fn body(worker: &TestWorker) -> Body {
    Body {
        iteration: worker.iteration(0),
    }
}

/// Waits, notes that it is over, ends as told; notes too when it is dropped before.
async fn branch(worker: &TestWorker, name: &str, delay: u64, flow: Flow) -> Flow {
    struct Dropped<'a>(&'a TestWorker, &'a str);
    impl Drop for Dropped<'_> {
        fn drop(&mut self) {
            self.0.note(&format!("{} dropped", self.1));
        }
    }
    let dropped = Dropped(worker, name);
    tokio::time::sleep(ms(delay)).await;
    std::mem::forget(dropped);
    worker.note(&format!("{name} over"));
    flow
}

#[test]
fn branches_of_a_fork_take_the_time_of_the_slowest() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let flow = fork!(body(&worker);
            branch(&worker, "a", 30, Ok(())),
            branch(&worker, "b", 10, Ok(())),
            branch(&worker, "c", 20, Ok(())),
        );
        assert_eq!(flow, Ok(()));
        assert_eq!(worker.notes(), ["10 b over", "20 c over", "30 a over"]);
    });
}

#[test]
fn the_first_branch_of_a_fork_that_stops_drops_the_others() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let flow = fork!(body(&worker);
            branch(&worker, "a", 30, Ok(())),
            branch(&worker, "b", 10, Err(Stop)),
            branch(&worker, "c", 5, Ok(())),
        );
        assert_eq!(flow, Err(Stop));
        assert_eq!(worker.notes(), ["5 c over", "10 b over", "10 a dropped"]);
    });
}

#[test]
fn a_branch_of_one_step_says_that_it_is_done_unless_the_iteration_ends() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let step = |name, delay, flow| Box::pin(branch(&worker, name, delay, flow));
        let done = |worker: &TestWorker| worker.note("done");
        let flow = fork!(body(&worker);
            StepBranch::new(step("a", 20, Err(Stop)), &worker, done),
            StepBranch::new(step("b", 10, Ok(())), &worker, done),
            StepBranch::new(step("c", 30, Ok(())), &worker, done),
        );
        assert_eq!(flow, Err(Stop));
        assert_eq!(
            worker.notes(),
            ["10 b over", "10 done", "20 a over", "20 c dropped"]
        );
    });
}

#[test]
fn a_fork_in_a_fork_works_as_one() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let inner = async {
            fork!(body(&worker);
                branch(&worker, "b", 10, Ok(())),
                branch(&worker, "c", 20, Ok(())),
            )?;
            branch(&worker, "d", 1, Ok(())).await
        };
        let flow = fork!(body(&worker); branch(&worker, "a", 15, Ok(())), inner);
        assert_eq!(flow, Ok(()));
        assert_eq!(
            worker.notes(),
            ["10 b over", "15 a over", "20 c over", "21 d over"]
        );
    });
}

#[test]
fn a_fan_of_200_takes_the_time_of_the_slowest_and_polls_only_who_is_woken() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let polls = Cell::new(0_u64);
        let mut fan = Fan::new(worker.iteration(0));
        for index in 0..200 {
            let polls = &polls;
            fan.add(Box::pin(async move {
                let mut sleep = std::pin::pin!(tokio::time::sleep(ms(index)));
                std::future::poll_fn(|cx| {
                    polls.set(polls.get() + 1);
                    sleep.as_mut().poll(cx)
                })
                .await;
                Ok(())
            }));
        }
        let began = tokio::time::Instant::now();
        assert_eq!(fan.join().await, Ok(()));
        assert_eq!(began.elapsed(), ms(199));
        assert!(polls.get() <= 2 * 200, "{} polls", polls.get());
    });
}

#[test]
fn the_first_branch_of_a_fan_that_stops_drops_the_others() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let mut fan = Fan::new(worker.iteration(0));
        fan.add(Box::pin(branch(&worker, "a", 30, Ok(()))));
        fan.add(Box::pin(branch(&worker, "b", 10, Err(Stop))));
        assert_eq!(fan.join().await, Err(Stop));
        assert_eq!(worker.notes(), ["10 b over", "10 a dropped"]);
    });
}

#[test]
fn each_runs_the_instances_of_a_range_and_none_of_an_empty_one() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let seen = Cell::new(0);
        let seen = &seen;
        let instance = |index: u32| -> Running<'_, Flow> {
            Box::pin(async move {
                seen.set(seen.get() * 10 + index);
                Ok(())
            })
        };
        let it = worker.iteration(0);
        assert_eq!(each(it, 2, 5, None, Box::new(instance)).await, Ok(()));
        assert_eq!(seen.get(), 234);
        assert_eq!(each(it, 3, 3, None, Box::new(instance)).await, Ok(()));
        assert_eq!(seen.get(), 234);
    });
}

#[test]
fn a_step_starts_when_its_own_dependencies_are_done_and_no_level_of_the_graph() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        // a -> c, a -> d, b -> d: `c` must not wait for `b`, though `d` does.
        let iteration = worker.iteration(0);
        let (a_done, b_done) = (Latch::default(), Latch::default());
        let flow = fork!(Body { iteration };
            async {
                branch(&worker, "a", 10, Ok(())).await?;
                a_done.open(iteration);
                branch(&worker, "c", 5, Ok(())).await
            },
            async {
                branch(&worker, "b", 100, Ok(())).await?;
                b_done.open(iteration);
                Ok(())
            },
            async {
                a_done.wait(iteration).await;
                b_done.wait(iteration).await;
                branch(&worker, "d", 1, Ok(())).await
            },
        );
        assert_eq!(flow, Ok(()));
        assert_eq!(
            worker.notes(),
            ["10 a over", "15 c over", "100 b over", "101 d over"]
        );
    });
}

#[test]
fn a_latch_wakes_waiters_with_wakers_of_their_own_and_stays_open() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let latch = Latch::default();
        let latch = &latch;
        let iteration = worker.iteration(0);
        let mut fan = Fan::new(worker.iteration(0));
        for name in ["a", "b"] {
            let worker = &worker;
            fan.add(Box::pin(async move {
                latch.wait(iteration).await;
                branch(worker, name, 0, Ok(())).await
            }));
        }
        let open = async {
            tokio::time::sleep(ms(10)).await;
            latch.open(iteration);
            Ok(())
        };
        assert_eq!(fork!(Body { iteration }; fan.join(), open), Ok(()));
        latch.wait(iteration).await;
        let mut notes = worker.notes();
        notes.sort();
        assert_eq!(notes, ["10 a over", "10 b over"]);
    });
}

static A: Info = Info::new("noop", "a", "grid.hcl:1").slots(0..2);
static B: Info = Info::new("noop", "b", "grid.hcl:2").slots(2..4);
static C: Info = Info::new("noop", "c", "grid.hcl:3").slots(4..6);
static D: Info = Info::new("noop", "d", "grid.hcl:4").slots(6..8);
static E: Info = Info::new("noop", "e", "grid.hcl:5").slots(8..10);

/// A step that takes a while; when it was due, in milliseconds since `began`, is noted.
async fn step(
    worker: &TestWorker,
    iteration: &Iteration<'_>,
    info: &'static Info,
    took: u64,
) -> Flow {
    const PLAIN: Policy = Policy::new();
    let due = iteration.due();
    let began = worker.context.moment_of(worker.began());
    let due = due.map(|due| due.since(began) / 1_000_000);
    worker.note(&format!("{} due {due:?}", info.name()));
    let step = iteration.step(At::step(info), &PLAIN);
    step.drive(&mut || {
        Box::pin(async {
            step.begin();
            tokio::time::sleep(ms(took)).await;
            Ok(Ran::Done)
        })
    })
    .await
}

#[test]
fn a_step_is_due_at_the_end_of_its_own_last_dependency_and_not_of_its_siblings() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let (iteration, latch) = (worker.iteration(0), Latch::default());
        let (worker, latch) = (&worker, &latch);
        // a -> b -> c beside d; then e. The branch of `c` waits for `d` as well.
        let flow = fork!(Body { iteration };
            async {
                step(worker, iteration, &A, 10).await?;
                step(worker, iteration, &B, 20).await?;
                latch.wait(iteration).await;
                step(worker, iteration, &C, 5).await
            },
            async {
                step(worker, iteration, &D, 40).await?;
                latch.open(iteration);
                Ok(())
            },
        );
        assert_eq!(flow, Ok(()));
        step(worker, iteration, &E, 1).await.unwrap();
        assert_eq!(
            worker.notes(),
            [
                "0 a due None",
                "0 d due None",
                "10 b due Some(10)",
                "40 c due Some(40)",
                "45 e due Some(45)"
            ]
        );
    });
}

#[test]
fn each_branch_of_a_fan_has_a_due_time_of_its_own_and_what_follows_is_due_at_the_latest_end() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let iteration = worker.iteration(0);
        let worker = &worker;
        let mut fan = Fan::new(iteration);
        for (first, second, took) in [(&A, &B, 10), (&C, &D, 30)] {
            fan.add(Box::pin(async move {
                step(worker, iteration, first, took).await?;
                step(worker, iteration, second, 1).await
            }));
        }
        fan.join().await.unwrap();
        step(worker, iteration, &E, 1).await.unwrap();
        let mut notes = worker.notes();
        notes.retain(|note| note.contains("Some"));
        assert_eq!(
            notes,
            [
                "10 b due Some(10)",
                "30 d due Some(30)",
                "31 e due Some(31)"
            ]
        );
    });
}

#[test]
fn no_more_instances_run_at_once_than_the_bound_says() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let (running, most) = (Cell::new(0), Cell::new(0));
        let (worker, running, most) = (&worker, &running, &most);
        let instance = move |index: u32| -> Running<'_, Flow> {
            Box::pin(async move {
                running.set(running.get() + 1);
                most.set(most.get().max(running.get()));
                tokio::time::sleep(ms(10)).await;
                running.set(running.get() - 1);
                worker.note(&index.to_string());
                Ok(())
            })
        };
        let it = worker.iteration(0);
        for (bound, expected) in [(Some(2), 2), (Some(0), 1), (Some(9), 5), (None, 5)] {
            most.set(0);
            assert_eq!(each(it, 0, 5, bound, Box::new(instance)).await, Ok(()));
            assert_eq!(most.get(), expected);
        }
        let first = &worker.notes()[..5];
        assert_eq!(first, ["10 0", "10 1", "20 2", "20 3", "30 4"]);
    });
}

#[test]
fn an_instance_that_stops_lets_no_other_begin() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let started = Cell::new(0);
        let started = &started;
        let instance = move |_| -> Running<'_, Flow> {
            started.set(started.get() + 1);
            Box::pin(async { Err(Stop) })
        };
        let flow = each(worker.iteration(0), 0, 5, Some(1), Box::new(instance)).await;
        assert_eq!((flow, started.get()), (Err(Stop), 1));
    });
}

#[test]
fn instances_that_wait_for_nothing_let_others_have_their_turn() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let ran = Cell::new(0);
        let ran = &ran;
        let instance = |_: u32| -> Running<'_, Flow> {
            Box::pin(async move {
                ran.set(ran.get() + 1);
                Ok(())
            })
        };
        let it = worker.iteration(0);
        let mut all = each(it, 0, 2_500, Some(100), Box::new(instance));
        let mut polls = 0;
        std::future::poll_fn(|cx| {
            polls += 1;
            assert!(ran.get() <= polls * 1_100, "{} in {polls}", ran.get());
            Pin::new(&mut all).poll(cx)
        })
        .await
        .unwrap();
        assert_eq!((ran.get(), polls), (2_500, 3));
    });
}
