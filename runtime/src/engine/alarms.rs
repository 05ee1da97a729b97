//! Wakes tasks of a worker at moments that they choose: one heap and one timer for all users and scenarios of the thread.

use super::timer::Timer;
use futures_util::future::select;
use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Instant;
use tokio::sync::Notify;

/// The moments at which somebody on a worker is to be woken.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    heap: RefCell<BinaryHeap<Reverse<Alarm>>>,
    /// How many were set, so that those of one moment ring in the order in which they were set.
    set: Cell<u64>,
    /// An alarm was set that rings before all others.
    changed: Notify,
}

#[derive(Debug)]
struct Alarm {
    at: Instant,
    number: u64,
    waker: Waker,
}

impl Alarm {
    fn key(&self) -> (Instant, u64) {
        (self.at, self.number)
    }
}

impl PartialEq for Alarm {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Alarm {}

impl PartialOrd for Alarm {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Alarm {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl Alarms {
    /// Wakes at a moment, once. An alarm is never taken back: whoever is woken looks at the clock.
    pub(super) fn wake_at(&self, at: Instant, waker: &Waker) {
        let number = self.set.get();
        self.set.set(number + 1);
        let mut heap = self.heap.borrow_mut();
        let is_first = heap.peek().is_none_or(|Reverse(first)| at < first.at);
        heap.push(Reverse(Alarm {
            at,
            number,
            waker: waker.clone(),
        }));
        if is_first {
            self.changed.notify_one();
        }
    }

    /// Completes at a moment.
    pub(super) fn until(&self, at: Instant) -> Until<'_> {
        Until {
            alarms: self,
            at,
            is_set: false,
        }
    }

    /// Rings the alarms. It never completes.
    pub(super) async fn ring(&self, timer: Timer) {
        loop {
            let first = self.heap.borrow().peek().map(|Reverse(first)| first.at);
            let Some(at) = first else {
                self.changed.notified().await;
                continue;
            };
            select(pin!(self.changed.notified()), pin!(timer.until(at))).await;
            let now = timer.now();
            while let Some(waker) = self.due(now) {
                waker.wake();
            }
        }
    }

    /// Takes the next alarm that is due. (The heap is not borrowed while a waker runs.)
    fn due(&self, now: Instant) -> Option<Waker> {
        let mut heap = self.heap.borrow_mut();
        let is_due = heap.peek().is_some_and(|Reverse(first)| first.at <= now);
        let Reverse(alarm) = is_due.then(|| heap.pop())??;
        Some(alarm.waker)
    }
}

/// See [`Alarms::until`].
#[derive(Debug)]
pub(super) struct Until<'a> {
    alarms: &'a Alarms,
    at: Instant,
    is_set: bool,
}

impl Future for Until<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if tokio::time::Instant::now().into_std() >= self.at {
            return Poll::Ready(());
        }
        if !self.is_set {
            self.is_set = true;
            self.alarms.wake_at(self.at, cx.waker());
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::on_stopped_clock;
    use std::rc::Rc;
    use std::time::Duration;

    #[test]
    fn alarms_ring_in_the_order_of_their_moments_and_none_before_its_own() {
        on_stopped_clock(async {
            let alarms = Rc::new(Alarms::default());
            let ringing = Rc::clone(&alarms);
            let ring = tokio::task::spawn_local(async move { ringing.ring(Timer::Coarse).await });
            let begin = tokio::time::Instant::now();
            let order = Rc::new(RefCell::new(Vec::new()));
            let waits = [30u64, 10, 20, 10].map(|millis| {
                let (alarms, order) = (Rc::clone(&alarms), Rc::clone(&order));
                tokio::task::spawn_local(async move {
                    let at = begin + Duration::from_millis(millis);
                    alarms.until(at.into_std()).await;
                    order
                        .borrow_mut()
                        .push((millis, begin.elapsed().as_millis() as u64));
                })
            });
            for wait in waits {
                wait.await.unwrap();
            }
            ring.abort();
            assert_eq!(*order.borrow(), [(10, 10), (10, 10), (20, 20), (30, 30)]);
        });
    }
}
