//! How a thread learns that the run is being stopped, and how whoever waits in it is woken.
//!
//! The control thread sends a [`Phase`]; a task of the thread puts it here. Users and assets of the thread read a plain
//! cell, so nothing is shared between threads on the way of a request.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// How far the end of the run has come. Never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Phase {
    /// Iterations begin and run.
    #[default]
    Running,
    /// No iteration begins; those that run may finish.
    Draining,
    /// Running iterations are dropped; assets are destroyed.
    Cancelled,
}

/// One thread's view of the phase, and the wakers of those who must hear of its cancellation.
#[derive(Debug, Default)]
pub struct Brake {
    phase: Cell<Phase>,
    waiting: RefCell<Waiting>,
}

/// Wakers by key; freed keys are used again, so idle users cost 16 bytes each.
#[derive(Debug, Default)]
struct Waiting {
    wakers: Vec<Option<Waker>>,
    free: Vec<u32>,
}

impl Brake {
    /// The phase.
    pub fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// Goes on to `phase` (never back) and, when that cancels, wakes everybody.
    pub fn advance(&self, phase: Phase) {
        if phase <= self.phase.get() {
            return;
        }
        self.phase.set(phase);
        if phase == Phase::Cancelled {
            let wakers: Vec<Waker> = self
                .waiting
                .borrow_mut()
                .wakers
                .iter_mut()
                .filter_map(Option::take)
                .collect();
            for waker in wakers {
                waker.wake();
            }
        }
    }

    /// Completes when running iterations are to be dropped.
    pub fn until_cancelled(&self) -> UntilCancelled<'_> {
        UntilCancelled {
            brake: self,
            place: Place::default(),
        }
    }

    /// The same for a future that has no room for a reference: ready when running iterations are to be dropped. The
    /// place is given back by [`Self::leave`].
    pub(super) fn poll_cancelled(&self, place: &mut Place, cx: &mut Context<'_>) -> Poll<()> {
        if self.phase.get() == Phase::Cancelled {
            return Poll::Ready(());
        }
        let mut waiting = self.waiting.borrow_mut();
        let key = match place.0 {
            Some(key) => key,
            None => match waiting.free.pop() {
                Some(key) => key,
                None => {
                    waiting.wakers.push(None);
                    (waiting.wakers.len() - 1) as u32
                }
            },
        };
        place.0 = Some(key);
        if let Some(kept) = waiting.wakers.get_mut(key as usize)
            && !kept
                .as_ref()
                .is_some_and(|waker| waker.will_wake(cx.waker()))
        {
            *kept = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Nobody waits at this place any more.
    pub(super) fn leave(&self, place: &mut Place) {
        if let Some(key) = place.0.take() {
            let mut waiting = self.waiting.borrow_mut();
            if let Some(kept) = waiting.wakers.get_mut(key as usize) {
                *kept = None;
            }
            waiting.free.push(key);
        }
    }
}

/// A place among those who wait, once there is one.
#[derive(Debug, Default)]
pub(super) struct Place(Option<u32>);

/// See [`Brake::until_cancelled`].
#[derive(Debug)]
pub struct UntilCancelled<'a> {
    brake: &'a Brake,
    place: Place,
}

impl Future for UntilCancelled<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let brake = self.brake;
        brake.poll_cancelled(&mut self.place, cx)
    }
}

impl Drop for UntilCancelled<'_> {
    fn drop(&mut self) {
        self.brake.leave(&mut self.place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::Wake;

    #[derive(Default)]
    struct Count(AtomicU32);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn everybody_who_waits_is_woken_once_and_nobody_else() {
        let brake = Brake::default();
        let (first, second) = (Arc::new(Count::default()), Arc::new(Count::default()));
        let (waker_1, waker_2) = (
            Waker::from(Arc::clone(&first)),
            Waker::from(Arc::clone(&second)),
        );
        let mut stays = pin!(brake.until_cancelled());
        let mut goes = Box::pin(brake.until_cancelled());
        assert!(
            stays
                .as_mut()
                .poll(&mut Context::from_waker(&waker_1))
                .is_pending()
        );
        assert!(
            goes.as_mut()
                .poll(&mut Context::from_waker(&waker_2))
                .is_pending()
        );
        drop(goes);
        brake.advance(Phase::Draining);
        assert!(
            stays
                .as_mut()
                .poll(&mut Context::from_waker(&waker_1))
                .is_pending()
        );
        brake.advance(Phase::Cancelled);
        assert!(
            stays
                .as_mut()
                .poll(&mut Context::from_waker(&waker_1))
                .is_ready()
        );
        assert_eq!(
            (
                first.0.load(Ordering::Relaxed),
                second.0.load(Ordering::Relaxed)
            ),
            (1, 0)
        );
    }

    #[test]
    fn keys_of_those_who_left_are_used_again() {
        let brake = Brake::default();
        for _ in 0..100 {
            let mut wait = pin!(brake.until_cancelled());
            assert!(
                wait.as_mut()
                    .poll(&mut Context::from_waker(Waker::noop()))
                    .is_pending()
            );
        }
        assert_eq!(brake.waiting.borrow().wakers.len(), 1);
    }

    #[test]
    fn a_phase_never_goes_back() {
        let brake = Brake::default();
        brake.advance(Phase::Cancelled);
        brake.advance(Phase::Draining);
        assert_eq!(brake.phase(), Phase::Cancelled);
    }
}
