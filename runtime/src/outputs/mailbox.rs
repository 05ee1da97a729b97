//! A mailbox between threads: any number of senders, one receiver, and things in the order in which they were put in.
//!
//! A channel of the standard library contains three kinds of queue, compiled anew for each type of message: four types were a
//! ninth of this crate's machine code. This is one queue with a lock, since few things come in a second.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A mailbox in which [`Sender::offer`] leaves out what comes while `most` things wait, as long as it is [`Bounded::Yes`].
pub fn mailbox<T>(most: usize) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Shared {
        state: Mutex::new(State {
            queue: VecDeque::new(),
            senders: 1,
            received: true,
            bounded: Bounded::No,
            lost: 0,
        }),
        changed: Condvar::new(),
        most,
    });
    (Sender(Arc::clone(&shared)), Receiver(shared))
}

/// A mailbox for one answer.
pub fn answer<T>() -> (Sender<T>, Receiver<T>) {
    mailbox(1)
}

/// Whether a mailbox takes any number of things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounded {
    /// What is too much is counted and left out.
    Yes,
    /// Nothing is lost.
    No,
}

/// What the receiver of a mailbox was given.
pub enum Received<T> {
    /// The thing that waited longest.
    Item(T),
    /// Nothing came until the time that was asked for.
    Nothing,
    /// Nothing waits, and no sender is left.
    Closed,
}

struct Shared<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    most: usize,
}

struct State<T> {
    queue: VecDeque<T>,
    senders: usize,
    /// The receiver is still there.
    received: bool,
    bounded: Bounded,
    lost: u64,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // The state agrees between any two lines that hold the lock, so a panic elsewhere does not matter.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts things in. Never waits for the receiver.
pub struct Sender<T>(Arc<Shared<T>>);

impl<T> Sender<T> {
    /// Puts something in, however much waits. It is dropped if the receiver is gone.
    pub fn send(&self, item: T) {
        self.put(self.0.lock(), item);
    }

    /// Puts something in, or counts it as lost if the mailbox is bounded and full: then the answer is no.
    pub fn offer(&self, item: T) -> bool {
        let mut state = self.0.lock();
        if state.bounded == Bounded::Yes && state.queue.len() >= self.0.most {
            state.lost += 1;
            return false;
        }
        self.put(state, item);
        true
    }

    fn put(&self, mut state: MutexGuard<'_, State<T>>, item: T) {
        if state.received {
            state.queue.push_back(item);
            drop(state);
            self.0.changed.notify_one();
        }
    }

    /// From now on.
    pub fn bounded(&self, bounded: Bounded) {
        self.0.lock().bounded = bounded;
    }

    /// How many things [`Sender::offer`] left out.
    pub fn lost(&self) -> u64 {
        self.0.lock().lost
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sender")
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.0.lock().senders += 1;
        Self(Arc::clone(&self.0))
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.0.lock().senders -= 1;
        self.0.changed.notify_one();
    }
}

/// Takes things out.
pub struct Receiver<T>(Arc<Shared<T>>);

impl<T> Receiver<T> {
    /// Waits for the next thing, but not longer than until `latest`. What waits by then is given even if that time is over.
    pub fn receive(&self, latest: Option<Instant>) -> Received<T> {
        let mut state = self.0.lock();
        loop {
            if let Some(item) = state.queue.pop_front() {
                return Received::Item(item);
            }
            if state.senders == 0 {
                return Received::Closed;
            }
            let changed = &self.0.changed;
            state = match latest.map(|at| at.saturating_duration_since(Instant::now())) {
                None => changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(left) if left.is_zero() => return Received::Nothing,
                Some(left) => {
                    let woken = changed.wait_timeout(state, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// How many things [`Sender::offer`] left out.
    pub fn lost(&self) -> u64 {
        self.0.lock().lost
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.received = false;
        // Whoever waits for an answer to one of these hears that there will be none.
        let unread = std::mem::take(&mut state.queue);
        drop(state);
        drop(unread);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(receiver: &Receiver<u32>) -> Vec<u32> {
        let next = || match receiver.receive(Some(Instant::now())) {
            Received::Item(item) => Some(item),
            Received::Nothing | Received::Closed => None,
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn things_come_in_their_order_until_the_last_sender_is_gone() {
        let (sender, receiver) = mailbox(1);
        let second = sender.clone();
        let thread = std::thread::spawn(move || {
            sender.send(1);
            drop(sender);
            second.send(2);
        });
        let mut seen = Vec::new();
        while let Received::Item(item) = receiver.receive(None) {
            seen.push(item);
        }
        thread.join().unwrap();
        assert_eq!(seen, [1, 2]);
        assert!(matches!(receiver.receive(None), Received::Closed));
    }

    #[test]
    fn only_what_is_offered_to_a_full_mailbox_while_it_is_bounded_is_lost() {
        let (sender, receiver) = mailbox(2);
        assert_eq!([0, 1, 2].map(|item| sender.offer(item)), [true; 3]);
        sender.bounded(Bounded::Yes);
        assert!(!sender.offer(3));
        sender.send(4);
        assert_eq!((all(&receiver), receiver.lost()), (vec![0, 1, 2, 4], 1));
        let taken = [5, 6, 7].map(|item| sender.offer(item));
        assert_eq!(taken, [true, true, false]);
        assert_eq!((all(&receiver), sender.lost()), (vec![5, 6], 2));
    }

    #[test]
    fn whoever_waits_for_an_answer_hears_that_the_receiver_of_the_question_is_gone() {
        let (questions, receiver) = mailbox(1);
        let (before, first) = answer::<u32>();
        questions.send(before);
        drop(receiver);
        assert!(matches!(first.receive(None), Received::Closed));
        let (after, second) = answer::<u32>();
        questions.send(after);
        assert!(matches!(second.receive(None), Received::Closed));
    }
}
