//! A sliding window over the seconds of a run: the merge of the last ones, of which the oldest drops out.
//!
//! ```text
//! second n --push--> the sub-window that is filled --full--> newer | older --> the merge of all
//! ```
//!
//! Merging cannot be undone (minimum and maximum cannot be taken back), so nothing is ever subtracted. The window is a queue
//! of two stacks: each older sub-window is kept merged with all that came after it among the older ones, so the whole is one
//! merge of the oldest of them and of the newer ones. When the older ones are used up, the newer ones become the older ones.
//! A second costs about three merges, however long the window is, and no more than 60 sub-windows are kept.

use crate::interval::Interval;

/// The most sub-windows of a window.
const MOST: u32 = 60;

/// A sub-window, or the merge of some.
#[derive(Debug, Clone, PartialEq)]
struct Part {
    /// The number of the sub-window, counted from the beginning of the run; of a merge, of the oldest.
    number: u32,
    interval: Interval,
}

/// A window of some seconds, over some slots.
#[derive(Debug)]
pub struct Window {
    /// Seconds of a sub-window.
    seconds: u32,
    /// How many sub-windows are looked at.
    parts: u32,
    /// The slots that are kept, ascending.
    slots: Vec<u32>,
    /// Older sub-windows, the oldest last; each is merged with those before it in this list.
    older: Vec<Part>,
    /// Newer sub-windows.
    newer: Vec<Part>,
    /// The merge of the newer ones.
    newest: Interval,
    /// The sub-window that is not full yet.
    filling: Option<Part>,
}

impl Window {
    /// Of `over` seconds. A window of more than a minute is rounded up to whole sub-windows.
    pub fn new(over: u32, mut slots: Vec<u32>) -> Self {
        slots.sort_unstable();
        slots.dedup();
        let over = over.max(1);
        let seconds = over.div_ceil(MOST);
        let parts = over.div_ceil(seconds);
        let room = parts as usize + 1;
        Self {
            seconds,
            parts,
            slots,
            older: Vec::with_capacity(room),
            newer: Vec::with_capacity(room),
            newest: Interval::default(),
            filling: None,
        }
    }

    /// Adds what second number `second` measured, from 1. Seconds come in order; some may be missing. The last one of a run may
    /// be shorter, and then nothing drops out for it.
    pub fn push(&mut self, second: u32, interval: &Interval) {
        let number = second.saturating_sub(1) / self.seconds;
        match &mut self.filling {
            Some(part) if part.number == number => merge(&mut part.interval, interval, &self.slots),
            filling => {
                let mut part = Part {
                    number,
                    interval: Interval::default(),
                };
                merge(&mut part.interval, interval, &self.slots);
                if let Some(full) = filling.replace(part) {
                    self.keep(full);
                }
            }
        }
        let is_whole = interval.end().as_secs() >= u64::from(second);
        if second.is_multiple_of(self.seconds)
            && is_whole
            && let Some(full) = self.filling.take()
        {
            self.keep(full);
        }
        // The sub-window that is filled comes on top.
        let last = self.filling.as_ref().map_or(number + 1, |part| part.number);
        self.drop_before(last.saturating_sub(self.parts));
    }

    fn keep(&mut self, part: Part) {
        self.newest.merge(&part.interval);
        self.newer.push(part);
    }

    /// Drops sub-windows with lower numbers.
    fn drop_before(&mut self, first: u32) {
        let is_over = |part: &Part| part.number < first;
        if self.older.is_empty() && self.newer.first().is_some_and(is_over) {
            let mut after = Interval::default();
            while let Some(mut part) = self.newer.pop() {
                part.interval.merge(&after);
                after.clone_from(&part.interval);
                self.older.push(part);
            }
            self.newest = Interval::default();
        }
        while self.older.last().is_some_and(is_over) {
            self.older.pop();
        }
        if self.older.is_empty() && self.newer.first().is_some_and(is_over) {
            // Seconds were missing: those that are left may be too old as well.
            self.drop_before(first);
        }
    }

    /// The merge of all that is in the window.
    pub fn whole(&self) -> Interval {
        let mut whole = self.newest.clone();
        if let Some(older) = self.older.last() {
            whole.merge(&older.interval);
        }
        if let Some(part) = &self.filling {
            whole.merge(&part.interval);
        }
        whole
    }
}

/// Adds what some slots of `more` measured.
pub fn merge(to: &mut Interval, more: &Interval, slots: &[u32]) {
    let span = Interval {
        span: more.span,
        ..Interval::default()
    };
    to.merge(&span);
    for slot in slots {
        if let Some(figures) = more.slot(*slot) {
            to.slots.entry(*slot).or_default().merge(figures);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::SlotFigures;
    use crate::outcome::Outcome;
    use proptest::prelude::*;
    use std::time::Duration;

    /// Second number `second`, in which `count` passed in slot 3, and one in slot 4.
    fn second(number: u32, count: u64) -> Interval {
        let mut slots = [SlotFigures::default(), SlotFigures::default()];
        slots[0].add(Outcome::Passed, count);
        slots[1].add(Outcome::Passed, 1);
        let [wanted, other] = slots;
        Interval {
            span: Some((
                Duration::from_secs(u64::from(number) - 1),
                Duration::from_secs(number.into()),
            )),
            slots: [(3, wanted), (4, other)].into_iter().collect(),
            ..Interval::default()
        }
    }

    fn count(window: &Window) -> u64 {
        let whole = window.whole();
        assert!(whole.slot(4).is_none(), "a slot that nobody reads is kept");
        whole.slot(3).map_or(0, |slot| slot.count(Outcome::Passed))
    }

    #[test]
    fn a_window_of_a_second_is_that_second() {
        let mut window = Window::new(1, vec![3]);
        for number in 1..10 {
            window.push(number, &second(number, number.into()));
            assert_eq!(count(&window), u64::from(number));
        }
    }

    #[test]
    fn the_rest_of_a_second_drops_nothing() {
        let mut window = Window::new(2, vec![3]);
        for number in 1..=4 {
            window.push(number, &second(number, 10));
        }
        let mut rest = second(5, 1);
        rest.span = Some((Duration::from_secs(4), Duration::from_millis(4_200)));
        window.push(5, &rest);
        assert_eq!(count(&window), 21);
    }

    #[test]
    fn a_long_window_keeps_no_more_than_sixty_parts() {
        let mut window = Window::new(3_600, vec![3]);
        for number in 1..=19_980 {
            window.push(number, &second(number, 1));
            assert!(window.older.len() + window.newer.len() <= 60);
        }
        assert_eq!(count(&window), 3_600);
        // The second that begins a new sub-window of a minute comes on top.
        window.push(19_981, &second(19_981, 1));
        assert_eq!(count(&window), 3_601);
    }

    proptest! {
        #[test]
        fn a_window_is_the_merge_of_its_last_seconds(
            over in 1_u32..150,
            counts in prop::collection::vec((0_u64..1_000, 1_u32..4), 1..400),
        ) {
            let mut window = Window::new(over, vec![3]);
            let step = over.div_ceil(MOST);
            let (mut number, mut seen) = (0, Vec::new());
            for (n, gap) in counts {
                number += gap;
                seen.push((number, n));
                window.push(number, &second(number, n));
                // Of long windows the oldest sub-window drops out as a whole.
                let parts = over.div_ceil(step);
                let next = number / step;
                let first = next.saturating_sub(parts) * step;
                let within = seen.iter().filter(|(at, _)| *at > first);
                let expected: u64 = within.map(|(_, n)| n).sum();
                prop_assert_eq!(count(&window), expected);
            }
        }
    }
}
