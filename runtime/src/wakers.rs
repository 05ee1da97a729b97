//! The wakers of futures that wait for something of their worker. Each future has one waker here, under a number of its own,
//! and removes it when it is dropped. Slots of assets and the shutdown signal use this.

use std::cell::{Cell, RefCell};
use std::num::NonZeroU32;
use std::task::{Context, Waker};

/// Wakers by number. Many users may wait for one thing, so only a wake goes through all of them. Freed numbers are used
/// again.
#[derive(Debug, Default)]
pub(crate) struct Queue(slab::Slab<Waker>);

/// The number of a future that waits, once it is in the queue. It takes four bytes, because every idle user has one.
#[derive(Debug, Default)]
pub(crate) struct Waiting(Option<NonZeroU32>);

impl Waiting {
    /// Whether it is in the queue.
    pub(crate) fn waits(&self) -> bool {
        self.0.is_some()
    }

    fn key(&self) -> Option<usize> {
        self.0.map(|number| number.get() as usize - 1)
    }
}

impl Queue {
    /// Keeps the waker of `waiting` until it leaves.
    pub(crate) fn wait(&mut self, waiting: &mut Waiting, cx: &mut Context<'_>) {
        match waiting.key().and_then(|key| self.0.get_mut(key)) {
            Some(kept) => kept.clone_from(cx.waker()),
            None => {
                if self.0.len() == self.0.capacity() {
                    // Every idle user waits in one queue: twice as many places as are needed would be memory of each of them.
                    self.0.reserve_exact(self.0.len() / 8 + 1);
                }
                let key = self.0.insert(cx.waker().clone());
                // Fewer than 2^32 tasks wait on one worker: their memory would not fit any machine.
                waiting.0 = u32::try_from(key + 1).ok().and_then(NonZeroU32::new);
            }
        }
    }

    /// `waiting` waits no more.
    pub(crate) fn leave(&mut self, waiting: &mut Waiting) {
        if let Some(key) = waiting.key() {
            waiting.0 = None;
            self.0.try_remove(key);
        }
    }

    /// Whether nobody waits.
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All wakers. They stay in the queue until their futures leave.
    pub(crate) fn all(&self) -> Vec<Waker> {
        self.0.iter().map(|(_, waker)| waker.clone()).collect()
    }

    /// The number that the next future gets.
    #[cfg(test)]
    pub(crate) fn next_number(&self) -> usize {
        self.0.vacant_key()
    }
}

/// The wakers of those who wait for one thing. There is one of these for each worker or scenario.
#[derive(Debug, Default)]
pub(crate) struct Wakers(RefCell<Queue>);

impl Wakers {
    /// Keeps the waker of `waiting` for each [`Wakers::wake`] until it leaves.
    pub(crate) fn wait(&self, waiting: &mut Waiting, cx: &mut Context<'_>) {
        self.0.borrow_mut().wait(waiting, cx);
    }

    /// `waiting` waits no more.
    pub(crate) fn leave(&self, waiting: &mut Waiting) {
        self.0.borrow_mut().leave(waiting);
    }

    /// Wakes all futures. They stay in the queue, so those that must wait longer need not enter again.
    pub(crate) fn wake(&self) {
        // The borrow ends before the wakes: a waker may run code that borrows it again.
        let wakers = self.0.borrow().all();
        for waker in wakers {
            waker.wake();
        }
    }
}

/// The same for a thing of which every user has one, and which is waited for now and then: it holds memory only while somebody
/// waits.
#[derive(Default)]
pub(crate) struct RareWakers(Cell<Option<Box<Queue>>>);

impl RareWakers {
    /// See [`Wakers::wait`].
    pub(crate) fn wait(&self, waiting: &mut Waiting, cx: &mut Context<'_>) {
        let mut queue = self.0.take().unwrap_or_default();
        queue.wait(waiting, cx);
        self.0.set(Some(queue));
    }

    /// See [`Wakers::leave`].
    pub(crate) fn leave(&self, waiting: &mut Waiting) {
        if let Some(mut queue) = self.0.take() {
            queue.leave(waiting);
            self.0.set((!queue.is_empty()).then_some(queue));
        }
    }

    /// See [`Wakers::wake`].
    pub(crate) fn wake(&self) {
        let Some(queue) = self.0.take() else {
            return;
        };
        let wakers = queue.all();
        self.0.set(Some(queue));
        for waker in wakers {
            waker.wake();
        }
    }

    /// How many wait.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        let queue = self.0.take();
        let count = queue.as_ref().map_or(0, |queue| queue.0.len());
        self.0.set(queue);
        count
    }

    /// Whether it holds memory.
    #[cfg(test)]
    pub(crate) fn holds_memory(&self) -> bool {
        let queue = self.0.take();
        let holds = queue.is_some();
        self.0.set(queue);
        holds
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::Wake;

    struct Count(AtomicU32);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_is_waited_for_now_and_then_wakes_all_and_holds_memory_only_while_somebody_waits() {
        let count = Arc::new(Count(AtomicU32::new(0)));
        let waker = Waker::from(Arc::clone(&count));
        let mut cx = Context::from_waker(&waker);
        let wakers = RareWakers::default();
        let [mut one, mut other] = [Waiting::default(), Waiting::default()];
        wakers.wake();
        wakers.leave(&mut one);
        assert!(!wakers.holds_memory());
        wakers.wait(&mut one, &mut cx);
        wakers.wait(&mut other, &mut cx);
        wakers.wake();
        assert_eq!(count.0.load(Ordering::Relaxed), 2);
        wakers.leave(&mut one);
        assert!(wakers.holds_memory());
        wakers.wake();
        assert_eq!(count.0.load(Ordering::Relaxed), 3);
        wakers.leave(&mut other);
        assert!(!wakers.holds_memory());
        // Numbers begin again, and both may wait once more.
        wakers.wait(&mut other, &mut cx);
        wakers.wait(&mut one, &mut cx);
        wakers.wake();
        assert_eq!(count.0.load(Ordering::Relaxed), 5);
    }
}
