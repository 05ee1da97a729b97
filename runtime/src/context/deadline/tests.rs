//! When deadlines pass: never early, at most two ticks late, and not at all when they were taken back.

use super::*;
use crate::test_support::{TestWorker, ms, on_stopped_clock, settle};
use futures_util::future::join_all;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Wake;
use std::time::Duration;
use tokio::time::Instant as Now;

/// How late a limit of the wheel may be.
const LATE: Duration = Duration::from_millis(17);

/// Counts how often it is woken.
#[derive(Default)]
struct Count(AtomicU32);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Count {
    fn new() -> (Arc<Self>, Waker) {
        let count = Arc::new(Self::default());
        let waker = Waker::from(Arc::clone(&count));
        (count, waker)
    }

    fn get(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

fn now() -> Instant {
    Now::now().into_std()
}

/// Completes when it passes.
async fn passes(deadline: &mut Deadline) {
    poll_fn(|cx| deadline.poll(cx)).await;
}

/// Numbers that no length of turns repeats.
fn numbers() -> impl Iterator<Item = u64> {
    (1..).map(|nth: u64| nth.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 24)
}

fn assert_in_time(at: Instant) {
    let late = now().checked_duration_since(at).expect("it was early");
    assert!(late <= LATE, "it was late by {late:?}");
}

#[test]
fn none_is_early_and_none_is_late_by_more_than_two_ticks() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        // Some of them lie more than one turn of the wheel ahead, and some set off while others run.
        let waits = numbers().take(2_000).map(|number| {
            let worker = Rc::clone(&worker.context);
            async move {
                tokio::time::sleep(Duration::from_nanos(number % 3_000_000_000)).await;
                let limit = ms(100) + Duration::from_nanos(number / 7 % 90_000_000_000);
                let mut deadline = worker.deadline();
                let at = worker.now() + limit;
                deadline.set(worker.moment_of(at));
                passes(&mut deadline).await;
                assert_in_time(at);
            }
        });
        join_all(waits).await;
    });
}

#[test]
fn a_million_places_pass_in_time_and_are_used_again() {
    on_stopped_clock(async {
        const MANY: usize = 1_000_000;
        let worker = TestWorker::load();
        let all = Rc::clone(&worker.context.deadlines);
        let (count, waker) = Count::new();
        let mut cx = Context::from_waker(&waker);
        for _ in 0..2 {
            let begin = worker.context.now();
            let limits = || numbers().take(MANY).map(|number| ms(100 + number % 60_000));
            let mut deadlines: Vec<Deadline> = limits()
                .map(|limit| {
                    let mut deadline = worker.context.deadline();
                    deadline.set(worker.context.moment_of(begin + limit));
                    assert!(deadline.poll(&mut cx).is_pending());
                    deadline
                })
                .collect();
            let before = count.get();
            tokio::time::sleep_until((begin + ms(30_000)).into()).await;
            let passed = (count.get() - before) as usize;
            let due = |until| limits().filter(|limit| *limit <= until).count();
            assert!(passed <= due(ms(30_000)), "{passed} passed");
            assert!(passed >= due(ms(30_000) - LATE), "{passed} passed");
            tokio::time::sleep(ms(31_000)).await;
            assert_eq!((count.get() - before) as usize, MANY);
            for deadline in &mut deadlines {
                assert!(deadline.poll(&mut cx).is_ready());
            }
            drop(deadlines);
            assert_eq!(all.wheel.borrow().places.len(), MANY + 1);
        }
        assert_eq!(size_of::<Place>(), 32);
        assert_eq!(size_of::<Option<Deadline>>(), 16);
    });
}

#[test]
fn one_that_is_set_again_passes_at_its_last_moment_only() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let mut deadline = worker.context.deadline();
        let (count, waker) = Count::new();
        let begin = worker.context.now();
        // Later and later, as by one request after the other.
        for nth in 0..50 {
            deadline.set(worker.context.moment_of(begin + ms(1_000 + nth * 100)));
            assert!(deadline.poll(&mut Context::from_waker(&waker)).is_pending());
            tokio::time::sleep(ms(100)).await;
        }
        assert_eq!(count.get(), 0, "nobody was woken in vain");
        let at = begin + ms(5_900);
        passes(&mut deadline).await;
        assert_in_time(at);
        // Earlier than it stands.
        let begin = worker.context.now();
        deadline.set(worker.context.moment_of(begin + ms(60_000)));
        deadline.set(worker.context.moment_of(begin + ms(200)));
        passes(&mut deadline).await;
        assert_in_time(begin + ms(200));
        // From tokio's timer to the wheel and back.
        for limit in [50, 200, 20, 30, 300] {
            let begin = worker.context.now();
            deadline.set(worker.context.moment_of(begin + ms(limit)));
            passes(&mut deadline).await;
            assert_in_time(begin + ms(limit));
            assert!(
                poll_fn(|cx| Poll::Ready(deadline.poll(cx)))
                    .await
                    .is_ready(),
                "it stays so"
            );
        }
    });
}

#[test]
fn a_request_in_time_allocates_nothing_for_its_limits() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let mut of_asset = worker.context.deadline();
        let mut cx = Context::from_waker(Waker::noop());
        let mut request = || {
            let now = worker.context.now();
            of_asset.set(worker.context.moment_of(now + ms(10_000)));
            assert!(of_asset.poll(&mut cx).is_pending());
            // That of a step is made anew each time.
            let mut of_step = worker.context.deadline();
            of_step.set(worker.context.moment_of(now + ms(30_000)));
            assert!(of_step.poll(&mut cx).is_pending());
            of_asset.clear();
        };
        // The places and the task that turns the wheel.
        request();
        let allocated = allocation_counter::measure(|| (0..1_000).for_each(|_| request()));
        assert_eq!(allocated.count_total, 0);
    });
}

#[test]
fn a_short_one_is_as_exact_as_a_timer() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let mut deadline = worker.context.deadline();
        for limit in [99, 10, 1] {
            let begin = worker.context.now();
            deadline.set(worker.context.moment_of(begin + ms(limit)));
            passes(&mut deadline).await;
            assert_eq!(now() - begin, ms(limit));
        }
        assert_eq!(worker.context.deadlines.wheel.borrow().places.len(), 1);
        assert!(
            !worker.context.deadlines.is_turned.get(),
            "nobody turns the wheel"
        );
    });
}

#[test]
fn one_that_is_taken_back_passes_never_and_the_wheel_comes_to_rest() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let (count, waker) = Count::new();
        let mut cx = Context::from_waker(&waker);
        let mut deadlines = [ms(50), ms(200), ms(50_000)].map(|limit| {
            let mut deadline = worker.context.deadline();
            assert!(deadline.poll(&mut cx).is_pending());
            deadline.set(worker.context.moment_of(worker.context.now() + limit));
            assert!(deadline.poll(&mut cx).is_pending());
            deadline.clear();
            deadline
        });
        settle().await;
        let all = &worker.context.deadlines;
        assert!(all.is_turned.get());
        assert!(all.wakes_for.get() < u32::MAX);
        tokio::time::sleep(ms(100_000)).await;
        assert_eq!(all.wakes_for.get(), u32::MAX, "it has nothing to wake for");
        assert_eq!(all.wheel.borrow().queued, 0);
        for deadline in &mut deadlines {
            assert!(deadline.poll(&mut cx).is_pending());
        }
        // The timer of the short one could not be taken back.
        assert!(count.get() <= 1);
        // A worker that was idle goes on as before.
        let at = worker.context.now() + ms(700);
        deadlines[1].set(worker.context.moment_of(at));
        passes(&mut deadlines[1]).await;
        assert_in_time(at);
    });
}

#[test]
fn one_that_is_dropped_leaves_its_place_to_the_next() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let all = &worker.context.deadlines;
        let (count, waker) = Count::new();
        let mut stays = worker.context.deadline();
        let at = worker.context.now() + ms(500);
        stays.set(worker.context.moment_of(at));
        for _ in 0..1_000 {
            // Three in one bucket: the first, the one in the middle and the last one leave it in turn.
            let mut three = Vec::from([0, 0, 0].map(|_| worker.context.deadline()));
            for deadline in &mut three {
                deadline.set(worker.context.moment_of(at));
                assert!(deadline.poll(&mut Context::from_waker(&waker)).is_pending());
            }
            drop(three.remove(1));
            drop(three.remove(1));
        }
        assert_eq!(all.wheel.borrow().places.len(), 5);
        assert_eq!(all.wheel.borrow().queued, 1);
        assert_eq!(Arc::strong_count(&count), 2, "no waker is kept for them");
        passes(&mut stays).await;
        assert_in_time(at);
        assert_eq!(count.get(), 0);
    });
}

#[test]
fn whoever_asked_last_is_woken() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let mut deadline = worker.context.deadline();
        deadline.set(worker.context.moment_of(worker.context.now() + ms(100)));
        let ((first, waker_1), (last, waker_2)) = (Count::new(), Count::new());
        for waker in [&waker_1, &waker_2, &waker_2] {
            assert!(deadline.poll(&mut Context::from_waker(waker)).is_pending());
        }
        tokio::time::sleep(ms(120)).await;
        assert_eq!((first.get(), last.get()), (0, 1));
    });
}

#[test]
fn a_task_that_goes_with_its_waker_may_hold_deadlines_as_well() {
    struct Holds(RefCell<Option<Deadline>>);
    // A waker that owns a deadline. It is made, woken and dropped on this thread only.
    thread_local! {
        static HELD: Holds = const { Holds(RefCell::new(None)) };
    }
    struct DropsHeld;
    impl Wake for DropsHeld {
        fn wake(self: Arc<Self>) {}
    }
    impl Drop for DropsHeld {
        fn drop(&mut self) {
            HELD.with(|held| drop(held.0.take()));
        }
    }
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let hold = || {
            let mut held = worker.context.deadline();
            held.set(worker.context.moment_of(worker.context.now() + ms(1_000)));
            HELD.with(|holds| holds.0.replace(Some(held)));
            Waker::from(Arc::new(DropsHeld))
        };
        let mut deadline = worker.context.deadline();
        // The waker goes with the deadline, with the next waker, and when it was woken.
        let is_held = || HELD.with(|held| held.0.borrow().is_some());
        let poll = |deadline: &mut Deadline, waker: Waker| {
            assert!(deadline.poll(&mut Context::from_waker(&waker)).is_pending());
        };
        deadline.set(worker.context.moment_of(worker.context.now() + ms(100)));
        poll(&mut deadline, hold());
        assert!(is_held());
        poll(&mut deadline, Count::new().1);
        assert!(!is_held());
        poll(&mut deadline, hold());
        tokio::time::sleep(ms(120)).await;
        assert!(!is_held());
        deadline.set(worker.context.moment_of(worker.context.now() + ms(100)));
        poll(&mut deadline, hold());
        drop(deadline);
        assert!(!is_held());
        assert_eq!(worker.context.deadlines.wheel.borrow().queued, 0);
    });
}

#[test]
fn a_thread_that_had_no_time_for_it_goes_on_with_all_that_passed() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let (count, waker) = Count::new();
        let begin = worker.context.now();
        let mut deadlines: Vec<Deadline> = (0..100).map(|_| worker.context.deadline()).collect();
        for (nth, deadline) in (0..).zip(&mut deadlines) {
            deadline.set(worker.context.moment_of(begin + ms(100 + nth * 1_000)));
            assert!(deadline.poll(&mut Context::from_waker(&waker)).is_pending());
        }
        // More than two turns of the wheel at once.
        tokio::time::advance(ms(80_000)).await;
        settle().await;
        assert_eq!(count.get(), 80);
        tokio::time::sleep(ms(20_000)).await;
        assert_eq!(count.get(), 100);
    });
}
