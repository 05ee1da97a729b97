//! Branches run at the same time, and the first that ends the iteration drops the rest.

use super::*;
use crate::contract::Stop;
use crate::latch::Latch;
use crate::test_support::{TestWorker, ms, on_stopped_clock};
use std::cell::Cell;

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
        let flow = fork!(
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
        let flow = fork!(
            branch(&worker, "a", 30, Ok(())),
            branch(&worker, "b", 10, Err(Stop)),
            branch(&worker, "c", 5, Ok(())),
        );
        assert_eq!(flow, Err(Stop));
        assert_eq!(worker.notes(), ["5 c over", "10 b over", "10 a dropped"]);
    });
}

#[test]
fn a_fork_in_a_fork_works_as_one() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let inner = async {
            fork!(
                branch(&worker, "b", 10, Ok(())),
                branch(&worker, "c", 20, Ok(())),
            )?;
            branch(&worker, "d", 1, Ok(())).await
        };
        let flow = fork!(branch(&worker, "a", 15, Ok(())), inner);
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
        let polls = Cell::new(0_u64);
        let mut fan = Fan::new();
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
        let mut fan = Fan::new();
        fan.add(Box::pin(branch(&worker, "a", 30, Ok(()))));
        fan.add(Box::pin(branch(&worker, "b", 10, Err(Stop))));
        assert_eq!(fan.join().await, Err(Stop));
        assert_eq!(worker.notes(), ["10 b over", "10 a dropped"]);
    });
}

#[test]
fn each_runs_the_instances_of_a_range_and_none_of_an_empty_one() {
    on_stopped_clock(async {
        let seen = Cell::new(0);
        let seen = &seen;
        let mut instance = |index: u32| -> Running<'_, Flow> {
            Box::pin(async move {
                seen.set(seen.get() * 10 + index);
                Ok(())
            })
        };
        assert_eq!(each(2, 5, &mut instance).await, Ok(()));
        assert_eq!(seen.get(), 234);
        assert_eq!(each(3, 3, &mut instance).await, Ok(()));
        assert_eq!(seen.get(), 234);
    });
}

#[test]
fn a_step_starts_when_its_own_dependencies_are_done_and_no_level_of_the_graph() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        // a -> c, a -> d, b -> d: `c` must not wait for `b`, though `d` does.
        let (a_done, b_done) = (Latch::default(), Latch::default());
        let flow = fork!(
            async {
                branch(&worker, "a", 10, Ok(())).await?;
                a_done.open();
                branch(&worker, "c", 5, Ok(())).await
            },
            async {
                branch(&worker, "b", 100, Ok(())).await?;
                b_done.open();
                Ok(())
            },
            async {
                a_done.wait().await;
                b_done.wait().await;
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
        let mut fan = Fan::new();
        for name in ["a", "b"] {
            let worker = &worker;
            fan.add(Box::pin(async move {
                latch.wait().await;
                branch(worker, name, 0, Ok(())).await
            }));
        }
        let open = async {
            tokio::time::sleep(ms(10)).await;
            latch.open();
            Ok(())
        };
        assert_eq!(fork!(fan.join(), open), Ok(()));
        latch.wait().await;
        let mut notes = worker.notes();
        notes.sort();
        assert_eq!(notes, ["10 a over", "10 b over"]);
    });
}
