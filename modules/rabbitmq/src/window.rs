//! Messages that wait for their confirms on a channel. Confirms come in any order, and one may be for all messages up to its own.

use std::collections::VecDeque;

/// The messages of a channel from the oldest one without a confirm on.
#[derive(Debug)]
pub(crate) struct Window {
    /// The number of the next message, from 1.
    next: u64,
    slots: VecDeque<Slot>,
}

#[derive(Debug)]
struct Slot {
    /// Whose message it is.
    operation: u32,
    is_confirmed: bool,
    is_returned: bool,
    /// Exchange and routing key, if the message may come back.
    route: Option<Box<[u8]>>,
}

/// A confirm of a message that was never sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NeverSent;

impl Window {
    pub(crate) const fn new() -> Self {
        Self {
            next: 1,
            slots: VecDeque::new(),
        }
    }

    /// How many messages have no confirm.
    pub(crate) fn unconfirmed(&self) -> usize {
        self.slots.iter().filter(|slot| !slot.is_confirmed).count()
    }

    /// One more message is sent.
    pub(crate) fn put(&mut self, operation: u32, route: Option<Box<[u8]>>) {
        self.next += 1;
        self.slots.push_back(Slot {
            operation,
            is_confirmed: false,
            is_returned: false,
            route,
        });
    }

    /// A confirm came. `told` gets the operation of each message that it is for, and whether the message came back before.
    ///
    /// # Errors
    /// There was no such message.
    pub(crate) fn confirm(
        &mut self,
        tag: u64,
        multiple: bool,
        mut told: impl FnMut(u32, bool),
    ) -> Result<(), NeverSent> {
        // With `multiple`, 0 means all.
        let tag = match (tag, multiple) {
            (0, true) => self.next - 1,
            _ => tag,
        };
        if tag == 0 || tag >= self.next {
            return Err(NeverSent);
        }
        let first = self.next - self.slots.len() as u64;
        // One that was confirmed before says nothing new.
        let Some(at) = tag.checked_sub(first) else {
            return Ok(());
        };
        let at = usize::try_from(at).map_err(|_| NeverSent)?;
        let start = if multiple { 0 } else { at };
        for slot in self.slots.range_mut(start..=at) {
            if !slot.is_confirmed {
                slot.is_confirmed = true;
                told(slot.operation, slot.is_returned);
            }
        }
        while self.slots.front().is_some_and(|slot| slot.is_confirmed) {
            self.slots.pop_front();
        }
        Ok(())
    }

    /// Gives memory back that is not needed while nothing waits.
    pub(crate) fn release(&mut self) {
        if self.slots.is_empty() {
            self.slots = VecDeque::new();
        }
    }

    /// A message came back: whose it was. Of several with the same route it is the oldest one, for they come back in order and each
    /// before its confirm.
    pub(crate) fn returned(&mut self, exchange: &[u8], routing_key: &[u8]) -> Option<u32> {
        let is_it = |slot: &&mut Slot| {
            let route = slot.route.as_deref();
            !slot.is_confirmed
                && !slot.is_returned
                && route.is_some_and(|route| is_route(route, exchange, routing_key))
        };
        let slot = self.slots.iter_mut().find(is_it)?;
        slot.is_returned = true;
        Some(slot.operation)
    }

    /// The channel is gone. `told` gets the operation of each message without a confirm.
    pub(crate) fn end(&mut self, mut told: impl FnMut(u32)) {
        for slot in self.slots.drain(..) {
            if !slot.is_confirmed {
                told(slot.operation);
            }
        }
        *self = Self::new();
    }
}

/// Exchange and routing key as one.
pub(crate) fn route(exchange: &str, routing_key: &str) -> Box<[u8]> {
    [exchange.as_bytes(), b"\0", routing_key.as_bytes()]
        .concat()
        .into()
}

fn is_route(route: &[u8], exchange: &[u8], routing_key: &[u8]) -> bool {
    let rest = route.strip_prefix(exchange);
    rest.and_then(|rest| rest.strip_prefix(b"\0")) == Some(routing_key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(count: u32) -> Window {
        let mut window = Window::new();
        for operation in 1..=count {
            window.put(operation, Some(route("e", "rk")));
        }
        window
    }

    fn confirmed(window: &mut Window, tag: u64, multiple: bool) -> Vec<(u32, bool)> {
        let mut told = Vec::new();
        let confirm = window.confirm(tag, multiple, |operation, is_returned| {
            told.push((operation, is_returned));
        });
        confirm.unwrap();
        told
    }

    #[test]
    fn each_message_is_confirmed_once_in_any_order() {
        let mut window = window(6);
        assert_eq!(confirmed(&mut window, 4, false), [(4, false)]);
        assert_eq!(confirmed(&mut window, 2, false), [(2, false)]);
        assert_eq!(
            confirmed(&mut window, 5, true),
            [(1, false), (3, false), (5, false)]
        );
        assert_eq!(window.unconfirmed(), 1);
        // Once more, and one of long ago.
        assert_eq!(confirmed(&mut window, 5, false), []);
        assert_eq!(confirmed(&mut window, 1, true), []);
        assert_eq!(confirmed(&mut window, 0, true), [(6, false)]);
        assert_eq!(window.unconfirmed(), 0);
    }

    #[test]
    fn what_was_never_sent_cannot_be_confirmed() {
        let mut window = window(1);
        assert_eq!(window.confirm(2, false, |_, _| {}), Err(NeverSent));
        assert_eq!(window.confirm(0, false, |_, _| {}), Err(NeverSent));
        assert_eq!(Window::new().confirm(0, true, |_, _| {}), Err(NeverSent));
    }

    #[test]
    fn what_comes_back_is_the_oldest_of_its_route() {
        let mut window = window(2);
        window.put(3, None);
        window.put(4, Some(route("", "other")));
        assert_eq!(window.returned(b"e", b"rk"), Some(1));
        assert_eq!(window.returned(b"e", b"rk"), Some(2));
        assert_eq!(window.returned(b"e", b"rk"), None);
        assert_eq!(window.returned(b"", b"other"), Some(4));
        assert_eq!(
            confirmed(&mut window, 4, true),
            [(1, true), (2, true), (3, false), (4, true)]
        );
    }

    #[test]
    fn a_channel_that_ends_tells_of_the_rest() {
        let mut window = window(3);
        confirmed(&mut window, 2, false);
        let mut left = Vec::new();
        window.end(|operation| left.push(operation));
        assert_eq!(left, [1, 3]);
        window.put(9, None);
        assert_eq!(confirmed(&mut window, 1, false), [(9, false)]);
    }
}
