//! A number of places, and those who wait for one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Who of those that wait has the next place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Who came first.
    FirstInFirstOut,
    /// Who came last.
    LastInFirstOut,
}

/// A number of places, and those who wait for one.
#[derive(Debug)]
pub(crate) struct Queue {
    order: Order,
    state: Mutex<State>,
}

/// Nobody waits while a place is free.
#[derive(Debug)]
struct State {
    free: usize,
    waiting: VecDeque<oneshot::Sender<Permit>>,
}

/// A place that is taken, until it is dropped. Then it goes to who is next.
#[derive(Debug)]
pub(crate) struct Permit(Option<Arc<Queue>>);

impl Queue {
    /// So many places, all of them free.
    pub fn new(places: usize, order: Order) -> Self {
        Self {
            order,
            state: Mutex::new(State {
                free: places,
                waiting: VecDeque::new(),
            }),
        }
    }

    /// Waits for a place.
    pub async fn place(self: &Arc<Self>) -> Permit {
        let waiting = {
            let mut state = self.state();
            if let Some(left) = state.free.checked_sub(1) {
                state.free = left;
                return Permit(Some(Arc::clone(self)));
            }
            let (give, waiting) = oneshot::channel();
            state.wait(give);
            waiting
        };
        // What gives a place away is only taken out of the queue to do so, and the queue is alive.
        waiting.await.unwrap_or(Permit(None))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a place away that was taken.
    fn give(self: Arc<Self>) {
        let mut state = self.state();
        let mut permit = Permit(Some(Arc::clone(&self)));
        while let Some(next) = state.next(self.order) {
            match next.send(permit) {
                Ok(()) => return,
                // Who waited there was cut off.
                Err(back) => permit = back,
            }
        }
        permit.0 = None;
        state.free += 1;
    }
}

impl State {
    fn wait(&mut self, give: oneshot::Sender<Permit>) {
        // In the order last in first out, those that were cut off would lie at the bottom for ever.
        if self.waiting.len() == self.waiting.capacity() {
            self.waiting.retain(|one| !one.is_closed());
        }
        self.waiting.push_back(give);
    }

    fn next(&mut self, order: Order) -> Option<oneshot::Sender<Permit>> {
        match order {
            Order::FirstInFirstOut => self.waiting.pop_front(),
            Order::LastInFirstOut => self.waiting.pop_back(),
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(queue) = self.0.take() {
            queue.give();
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::Pin;
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll, Waker};
    use std::thread;

    type Waiting<'q> = Pin<Box<dyn Future<Output = Permit> + 'q>>;

    fn poll(waiting: &mut Waiting<'_>) -> Option<Permit> {
        match waiting
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(permit) => Some(permit),
            Poll::Pending => None,
        }
    }

    /// A place, if one is free.
    pub(crate) fn free_place(queue: &Arc<Queue>) -> Option<Permit> {
        poll(&mut (Box::pin(queue.place()) as Waiting<'_>))
    }

    /// Some that wait, all of which asked in the order of their numbers.
    fn waiting(queue: &Arc<Queue>, many: usize) -> Vec<Waiting<'_>> {
        let mut all: Vec<Waiting<'_>> = Vec::new();
        for _ in 0..many {
            let mut one: Waiting<'_> = Box::pin(queue.place());
            assert!(poll(&mut one).is_none());
            all.push(one);
        }
        all
    }

    #[test]
    fn places_go_to_who_is_next() {
        for (order, expected) in [
            (Order::FirstInFirstOut, [0, 1, 2]),
            (Order::LastInFirstOut, [2, 1, 0]),
        ] {
            let queue = Arc::new(Queue::new(1, order));
            let mut held = free_place(&queue);
            assert!(held.is_some());
            let mut all = waiting(&queue, 3);
            for next in expected {
                drop(held.take());
                let got: Vec<_> = all.iter_mut().map(poll).collect();
                let who: Vec<_> = got.iter().map(Option::is_some).collect();
                assert_eq!(who.iter().filter(|got| **got).count(), 1, "{order:?}");
                assert!(who[next], "{order:?}: {who:?}");
                held = got.into_iter().flatten().next();
                all[next] = Box::pin(std::future::pending());
            }
            drop(held);
            assert_eq!(queue.state().free, 1);
        }
    }

    #[test]
    fn a_place_is_not_lost_with_those_that_were_cut_off() {
        for order in [Order::FirstInFirstOut, Order::LastInFirstOut] {
            let queue = Arc::new(Queue::new(1, order));
            let held = free_place(&queue);
            let mut all = waiting(&queue, 5);
            // Cut off before they have it, and one with the place that was given to it already.
            all.truncate(4);
            drop(all.remove(0));
            drop(held);
            let given = if order == Order::FirstInFirstOut {
                0
            } else {
                2
            };
            drop(all.remove(given));
            let got: Vec<_> = all.iter_mut().filter_map(poll).collect();
            assert_eq!(got.len(), 1, "{order:?}");
            drop((got, all));
            assert_eq!(queue.state().free, 1, "{order:?}");
        }
    }

    #[test]
    fn those_that_were_cut_off_are_not_kept() {
        let queue = Arc::new(Queue::new(1, Order::LastInFirstOut));
        let held = free_place(&queue);
        for _ in 0..10_000 {
            drop(waiting(&queue, 1));
        }
        assert!(queue.state().waiting.len() < 100);
        drop(held);
        assert_eq!(queue.state().free, 1);
    }

    #[test]
    fn threads_share_places() {
        let queue = Arc::new(Queue::new(2, Order::LastInFirstOut));
        let at_once = AtomicUsize::new(0);
        let most = AtomicUsize::new(0);
        // Two that have a place wait for each other at first: otherwise a busy machine may let one thread end before the next begins.
        let pair = Barrier::new(2);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let runtime = tokio::runtime::Builder::new_current_thread();
                    let runtime = { runtime }.build().unwrap();
                    runtime.block_on(async {
                        for round in 0..2_000 {
                            let permit = queue.place().await;
                            let now = at_once.fetch_add(1, Ordering::SeqCst);
                            most.fetch_max(now + 1, Ordering::SeqCst);
                            if round == 0 {
                                pair.wait();
                            }
                            tokio::task::yield_now().await;
                            at_once.fetch_sub(1, Ordering::SeqCst);
                            drop(permit);
                        }
                    });
                });
            }
        });
        assert_eq!(most.into_inner(), 2);
        assert_eq!(queue.state().free, 2);
    }
}
