//! Messages that came before anybody asked for them: a queue with a limit of how many there are and of their bytes.

use std::collections::VecDeque;

/// An empty inbox keeps room for so many messages until [`Inbox::release`]: who takes each one as it comes asks for no memory each time.
const KEPT: usize = 8;

/// Messages in the order in which they came.
#[derive(Debug)]
pub struct Inbox<T> {
    /// Each with its bytes.
    messages: VecDeque<(T, usize)>,
    bytes: usize,
}

/// How much an inbox holds. Many inboxes have the same, so each call gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InboxLimits {
    /// The most messages.
    pub messages: usize,
    /// The most bytes of all messages. A single message may have more.
    pub bytes: usize,
    /// What happens to a message for which there is no room.
    pub on_full: OnFull,
}

/// What happens to a message for which there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFull {
    /// The oldest ones go.
    DropOldest,
    /// None goes: whoever reads the connection asks [`Inbox::is_full`] and reads no further, until the other end has to wait.
    Block,
}

impl<T> Default for Inbox<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Inbox<T> {
    /// Without messages.
    pub const fn new() -> Self {
        Self {
            messages: VecDeque::new(),
            bytes: 0,
        }
    }

    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Whether one more message would be too many.
    pub fn is_full(&self, limits: &InboxLimits) -> bool {
        self.messages.len() >= limits.messages.max(1) || self.bytes >= limits.bytes.max(1)
    }

    /// Takes in a message with so many bytes. Says how many of the oldest ones went for it.
    pub fn put(&mut self, message: T, bytes: usize, limits: &InboxLimits) -> u64 {
        let mut dropped = 0;
        if limits.on_full == OnFull::DropOldest {
            let too_many = |inbox: &Self| {
                inbox.messages.len() >= limits.messages.max(1)
                    || inbox.bytes.saturating_add(bytes) > limits.bytes
            };
            while too_many(self) && self.take().is_some() {
                dropped += 1;
            }
        }
        self.bytes = self.bytes.saturating_add(bytes);
        self.messages.push_back((message, bytes));
        dropped
    }

    /// Puts a message back that was taken, before all others.
    pub fn put_back(&mut self, message: T, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.messages.push_front((message, bytes));
    }

    /// The oldest message.
    pub fn take(&mut self) -> Option<T> {
        let (message, bytes) = self.messages.pop_front()?;
        self.bytes = self.bytes.saturating_sub(bytes);
        self.release_much();
        Some(message)
    }

    /// Gives its memory back if it is empty: nothing is about to come.
    pub fn release(&mut self) {
        if self.messages.is_empty() {
            self.messages = VecDeque::new();
        }
    }

    fn release_much(&mut self) {
        if self.messages.capacity() > KEPT {
            self.release();
        }
    }

    /// Whether there is one that fits.
    pub fn has(&self, mut fits: impl FnMut(&T) -> bool) -> bool {
        self.messages.iter().any(|(message, _)| fits(message))
    }

    /// The oldest message that fits.
    pub fn take_first(&mut self, mut fits: impl FnMut(&T) -> bool) -> Option<T> {
        let at = self
            .messages
            .iter()
            .position(|(message, _)| fits(message))?;
        let (message, bytes) = self.messages.remove(at)?;
        self.bytes = self.bytes.saturating_sub(bytes);
        self.release_much();
        Some(message)
    }

    /// Drops the messages that fit: how many.
    pub fn drop_all(&mut self, mut fits: impl FnMut(&T) -> bool) -> u64 {
        let before = self.messages.len();
        let bytes = &mut self.bytes;
        self.messages.retain(|(message, size)| {
            let drops = fits(message);
            if drops {
                *bytes = bytes.saturating_sub(*size);
            }
            !drops
        });
        self.release_much();
        (before - self.messages.len()) as u64
    }

    /// Drops messages from the oldest on, as long as they fit: how many.
    pub fn drop_while(&mut self, mut fits: impl FnMut(&T) -> bool) -> u64 {
        let mut dropped = 0;
        while let Some((message, _)) = self.messages.front()
            && fits(message)
        {
            self.take();
            dropped += 1;
        }
        dropped
    }

    /// Drops all messages: how many.
    pub fn clear(&mut self) -> u64 {
        let count = self.messages.len() as u64;
        self.messages.clear();
        self.bytes = 0;
        self.release_much();
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE: InboxLimits = InboxLimits {
        messages: 3,
        bytes: 10,
        on_full: OnFull::DropOldest,
    };

    fn all(mut inbox: Inbox<u32>) -> Vec<u32> {
        std::iter::from_fn(|| inbox.take()).collect()
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many() {
        let mut inbox = Inbox::new();
        let dropped: Vec<u64> = (0..5).map(|number| inbox.put(number, 1, &THREE)).collect();
        assert_eq!(dropped, [0, 0, 0, 1, 1]);
        assert_eq!(all(inbox), [2, 3, 4]);
    }

    #[test]
    fn the_oldest_go_when_they_are_too_large_and_one_is_never_too_large() {
        let mut inbox = Inbox::new();
        assert_eq!(inbox.put(0, 6, &THREE), 0);
        assert_eq!(inbox.put(1, 4, &THREE), 0);
        assert_eq!(inbox.put(2, 5, &THREE), 1);
        assert_eq!(inbox.put(3, 100, &THREE), 2);
        assert_eq!(inbox.put(4, 1, &THREE), 1);
        assert_eq!(all(inbox), [4]);
    }

    #[test]
    fn one_that_blocks_drops_nothing_and_says_that_it_is_full() {
        let limits = InboxLimits {
            on_full: OnFull::Block,
            ..THREE
        };
        let mut inbox = Inbox::new();
        for number in 0..3 {
            assert!(!inbox.is_full(&limits));
            assert_eq!(inbox.put(number, 1, &limits), 0);
        }
        assert!(inbox.is_full(&limits));
        // What came with the same read is not lost.
        assert_eq!(inbox.put(3, 1, &limits), 0);
        assert_eq!(inbox.len(), 4);
        inbox.take();
        inbox.take();
        assert!(!inbox.is_full(&limits));
        assert_eq!(all(inbox), [2, 3]);
        let mut large = Inbox::new();
        large.put(0, 10, &limits);
        assert!(large.is_full(&limits));
    }

    #[test]
    fn what_is_put_back_comes_first() {
        let mut inbox = Inbox::new();
        inbox.put(1, 4, &THREE);
        inbox.put(2, 4, &THREE);
        let first = inbox.take().unwrap();
        inbox.put_back(first, 4);
        // Its bytes count again.
        assert_eq!(inbox.put(3, 4, &THREE), 1);
        assert_eq!(all(inbox), [2, 3]);
    }

    #[test]
    fn one_that_fits_is_taken_from_between_the_others() {
        let mut inbox = Inbox::new();
        for number in 1..=3 {
            inbox.put(number, 3, &THREE);
        }
        assert!(inbox.has(|number| *number == 2));
        assert_eq!(inbox.take_first(|number| number % 2 == 0), Some(2));
        assert_eq!(inbox.take_first(|number| number % 2 == 0), None);
        // Its bytes count no more.
        assert_eq!(inbox.put(5, 4, &THREE), 0);
        assert_eq!(inbox.drop_all(|number| *number < 4), 2);
        assert_eq!(all(inbox), [5]);
    }

    #[test]
    fn the_oldest_that_fit_are_dropped_up_to_the_first_that_does_not() {
        let mut inbox = Inbox::new();
        for number in [1, 2, 9, 1] {
            inbox.put(
                number,
                1,
                &InboxLimits {
                    messages: 9,
                    ..THREE
                },
            );
        }
        assert_eq!(inbox.drop_while(|number| *number < 5), 2);
        assert_eq!(inbox.drop_while(|number| *number < 5), 0);
        assert_eq!(inbox.bytes, 2);
        assert_eq!(all(inbox), [9, 1]);
    }

    #[test]
    fn an_empty_one_holds_little_memory_and_none_once_it_is_released() {
        let many = InboxLimits {
            messages: 100,
            bytes: 100,
            ..THREE
        };
        let mut inbox = Inbox::new();
        let fill = |inbox: &mut Inbox<u32>, count: u32| {
            for number in 0..count {
                inbox.put(number, 1, &many);
            }
        };
        fill(&mut inbox, 100);
        assert_eq!(inbox.clear(), 100);
        assert_eq!(
            (inbox.messages.capacity(), inbox.len(), inbox.bytes),
            (0, 0, 0)
        );
        fill(&mut inbox, 1);
        assert_eq!(inbox.take(), Some(0));
        assert!((1..=KEPT).contains(&inbox.messages.capacity()));
        fill(&mut inbox, 1);
        inbox.release();
        assert_eq!(inbox.take(), Some(0));
        inbox.release();
        assert_eq!(inbox.messages.capacity(), 0);
        fill(&mut inbox, 50);
        assert_eq!(inbox.drop_all(|_| true), 50);
        assert_eq!(inbox.messages.capacity(), 0);
        assert!(inbox.is_empty());
    }
}
