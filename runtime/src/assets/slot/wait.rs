//! What waits for a slot: for its asset, for quiet around it, for its end. Woken by whoever changes the slot's state.

use super::super::asset::Asset;
use super::inner::{Common, Inner, State};
use crate::fault::Fault;
use crate::wakers::Waiting;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

macro_rules! waits {
    ($(#[$doc:meta])* $name:ident, $slot:ident => $done:expr) => {
        $(#[$doc])*
        pub(super) struct $name<'a> {
            slot: &'a Common,
            waiting: Waiting,
        }

        impl<'a> $name<'a> {
            pub(super) fn new(slot: &'a Common) -> Self {
                let waiting = Waiting::default();
                Self { slot, waiting }
            }
        }

        impl Future for $name<'_> {
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

        impl Drop for $name<'_> {
            fn drop(&mut self) {
                self.slot.changed.leave(&mut self.waiting);
            }
        }
    };
}

waits!(
    /// Nothing is being created any more, and nothing is built on the slot.
    Quiet, slot => slot.dependents.get() == 0 && !slot.is_creating.get()
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
        let common = &self.slot.common;
        let has_asset = matches!(*self.slot.state.borrow(), State::Ready(_));
        has_asset && !common.is_creating.get() && !common.ending.get()
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
        let common = &slot.common;
        if common.is_creating.get() {
            common.changed.wait(&mut self.waiting, cx);
            return Poll::Pending;
        }
        let result = match &*slot.state.borrow() {
            // Once its end is wanted nobody gets hold of it any more, or it could not be destroyed.
            State::Ready(asset) if !common.ending.get() => Ok(Arc::clone(asset)),
            State::Failed(failed) => Err(Fault::asset(common.info, &failed.fault)),
            State::Empty | State::Ready(_) | State::Over => Err(Fault::no_asset(common.info)),
        };
        Poll::Ready(result)
    }
}

impl<A: Asset> Drop for Get<'_, A> {
    fn drop(&mut self) {
        self.slot.common.changed.leave(&mut self.waiting);
    }
}
