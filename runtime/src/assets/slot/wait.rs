//! What waits for a slot: for its asset, for quiet around it, for its end. Woken by whoever changes the slot's state.

use super::super::asset::Asset;
use super::inner::{Inner, State};
use crate::fault::Fault;
use crate::wakers::Waiting;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

macro_rules! waits {
    ($(#[$doc:meta])* $name:ident, $slot:ident => $done:expr) => {
        $(#[$doc])*
        pub(super) struct $name<'a, A: Asset> {
            slot: &'a Inner<A>,
            waiting: Waiting,
        }

        impl<'a, A: Asset> $name<'a, A> {
            pub(super) fn new(slot: &'a Inner<A>) -> Self {
                let waiting = Waiting::default();
                Self { slot, waiting }
            }
        }

        impl<A: Asset> Future for $name<'_, A> {
            type Output = ();

            fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
                let $slot = self.slot;
                if $done {
                    return Poll::Ready(());
                }
                $slot.changed.wait(&mut self.waiting, cx);
                Poll::Pending
            }
        }

        impl<A: Asset> Drop for $name<'_, A> {
            fn drop(&mut self) {
                self.slot.changed.leave(&mut self.waiting);
            }
        }
    };
}

waits!(
    /// Nothing is being created any more, and nothing is built on the slot.
    Quiet, slot => slot.dependents.get() == 0 && !matches!(*slot.state.borrow(), State::Creating)
);
waits!(
    /// The slot's end is wanted.
    Ending, slot => slot.ending.get()
);
waits!(
    /// The asset is destroyed, and what it stood on is let go.
    IsOver, slot => slot.over.get()
);

/// See [`super::AssetSlot::get`].
pub struct Get<'a, A: Asset> {
    slot: &'a Inner<A>,
    waiting: Waiting,
}

impl<'a, A: Asset> Get<'a, A> {
    pub(super) fn new(slot: &'a Inner<A>) -> Self {
        let waiting = Waiting::default();
        Self { slot, waiting }
    }

    /// Whether it completes at once, with the asset.
    pub fn is_there(&self) -> bool {
        matches!(*self.slot.state.borrow(), State::Ready(..)) && !self.slot.ending.get()
    }
}

impl<A: Asset> Clone for Get<'_, A> {
    /// One more who waits for the same asset.
    fn clone(&self) -> Self {
        Self::new(self.slot)
    }
}

impl<A: Asset> Future for Get<'_, A> {
    type Output = Result<Arc<A>, Fault>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let slot = self.slot;
        let result = match &*slot.state.borrow() {
            // Once its end is wanted nobody gets hold of it any more, or it could not be destroyed.
            State::Ready(asset, _) if !slot.ending.get() => Ok(Arc::clone(asset)),
            State::Failed(failed) => Err(Fault::asset(slot.info, &failed.fault)),
            State::Creating => {
                slot.changed.wait(&mut self.waiting, cx);
                return Poll::Pending;
            }
            State::Empty | State::Ready(..) | State::Over => Err(Fault::no_asset(slot.info)),
        };
        Poll::Ready(result)
    }
}

impl<A: Asset> Drop for Get<'_, A> {
    fn drop(&mut self) {
        self.slot.changed.leave(&mut self.waiting);
    }
}
