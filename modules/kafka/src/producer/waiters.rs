//! Who is to hear of a record, a step that waits or the late result of one that has ended: a place each, and a chain of places for each
//! batch. No memory is asked for a record.

use crate::kafka_produce::Metric;
use bggo_runtime::contract::{Fault, LateResult, Moment};
use std::task::{Context, Poll, Waker};

/// No place.
const NONE: u32 = u32::MAX;

/// The places of all steps that wait.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    places: Vec<Place>,
    /// Places that nobody has, as a chain.
    free: Option<u32>,
    /// Who is woken once nothing is borrowed any more.
    woken: Vec<Waker>,
}

/// The places of a batch, in the order of its records.
#[derive(Debug)]
pub(crate) struct List {
    first: u32,
    last: u32,
}

#[derive(Debug)]
struct Place {
    next: u32,
    stands: Stands,
}

#[derive(Debug)]
enum Stands {
    Free,
    Waits(Option<Waker>),
    /// The step has ended, and is told by its late result.
    Later(Later),
    /// Who waited has gone.
    Left,
    Told(Outcome),
}

/// The late result of a step.
#[derive(Debug)]
pub(crate) struct Later {
    pub(crate) result: LateResult,
    /// When the step began.
    pub(crate) begun: Moment,
    /// How many bytes its record has.
    pub(crate) size: usize,
}

/// What became of a record.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    Written(Written),
    Failed(Failed),
}

/// Where a record was written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    /// `None` if the broker does not say it.
    pub(crate) offset: Option<i64>,
    /// The time that the broker gave it, if it did.
    pub(crate) timestamp: Option<i64>,
    pub(crate) sent: Moment,
    pub(crate) acknowledged: Moment,
}

/// Why a record was not acknowledged.
#[derive(Debug, Clone)]
pub(crate) struct Failed {
    pub(crate) fault: Fault,
    /// Nobody knows whether it was written.
    pub(crate) possibly_written: bool,
}

impl Default for List {
    fn default() -> Self {
        Self {
            first: NONE,
            last: NONE,
        }
    }
}

impl Later {
    fn tell(self, outcome: Outcome) {
        match outcome {
            Outcome::Written(written) => {
                let result = &self.result;
                result.record_time(Metric::QUEUE_TIME, written.sent - self.begun);
                result.record_time(Metric::BROKER_TIME, written.acknowledged - written.sent);
                result.add(Metric::BYTES, self.size as u64);
                self.result.delivered();
            }
            Outcome::Failed(failed) if failed.possibly_written => {
                self.result.possibly_written(&failed.fault);
            }
            Outcome::Failed(failed) => self.result.undelivered(&failed.fault),
        }
    }
}

impl Waiters {
    /// A place at the end of a batch.
    pub(crate) fn add(&mut self, list: &mut List) -> u32 {
        let place = Place {
            next: NONE,
            stands: Stands::Waits(None),
        };
        let number = match self.free.take() {
            Some(number) => {
                let there = self.places.get_mut(number as usize);
                if let Some(there) = there {
                    self.free = Some(there.next).filter(|next| *next != NONE);
                    *there = place;
                }
                number
            }
            None => {
                self.places.push(place);
                // There is not memory for more.
                (self.places.len() - 1) as u32
            }
        };
        match self.places.get_mut(list.last as usize) {
            Some(last) => last.next = number,
            None => list.first = number,
        }
        list.last = number;
        number
    }

    /// The places of the first records of a batch, so many, and those of the rest.
    pub(crate) fn split(&mut self, list: &List, at: u32) -> (List, List) {
        let Some(steps) = at.checked_sub(1) else {
            let all = List { ..*list };
            return (List::default(), all);
        };
        let mut last = list.first;
        for _ in 0..steps {
            last = self.places.get(last as usize).map_or(NONE, |of| of.next);
        }
        let rest = self.places.get_mut(last as usize);
        let rest = rest.map_or(NONE, |place| std::mem::replace(&mut place.next, NONE));
        let end = |first: u32, last: u32| if first == NONE { NONE } else { last };
        let first = List {
            first: list.first,
            last,
        };
        let rest = List {
            first: rest,
            last: end(rest, list.last),
        };
        (first, rest)
    }

    /// The step that has a place ends, and its result comes later.
    pub(crate) fn end(&mut self, number: u32, later: Later) {
        if let Some(place) = self.places.get_mut(number as usize) {
            place.stands = Stands::Later(later);
        }
    }

    /// What became of a record. Its place is free then.
    pub(crate) fn poll(&mut self, number: u32, cx: &mut Context<'_>) -> Poll<Outcome> {
        let Some(place) = self.places.get_mut(number as usize) else {
            return Poll::Pending;
        };
        match &mut place.stands {
            Stands::Told(_) => {
                let told = std::mem::replace(&mut place.stands, Stands::Free);
                self.frees(number);
                match told {
                    Stands::Told(outcome) => Poll::Ready(outcome),
                    _ => Poll::Pending,
                }
            }
            Stands::Waits(Some(waker)) => {
                waker.clone_from(cx.waker());
                Poll::Pending
            }
            stands => {
                *stands = Stands::Waits(Some(cx.waker().clone()));
                Poll::Pending
            }
        }
    }

    /// Who waits goes. Says whether nothing was told yet.
    pub(crate) fn leave(&mut self, number: u32) -> bool {
        let Some(place) = self.places.get_mut(number as usize) else {
            return false;
        };
        let was = std::mem::replace(&mut place.stands, Stands::Left);
        if let Stands::Told(_) = was {
            self.frees(number);
            return false;
        }
        true
    }

    /// Tells all of a batch what became of their records, each by its place in the batch.
    pub(crate) fn tell(&mut self, list: List, mut outcome: impl FnMut(i64) -> Outcome) {
        let (mut number, mut at) = (list.first, 0);
        while let Some(place) = self.places.get_mut(number as usize) {
            let next = place.next;
            match std::mem::replace(&mut place.stands, Stands::Free) {
                Stands::Waits(waker) => {
                    place.stands = Stands::Told(outcome(at));
                    self.woken.extend(waker);
                }
                Stands::Later(later) => {
                    later.tell(outcome(at));
                    self.frees(number);
                }
                _ => self.frees(number),
            }
            number = next;
            at += 1;
        }
    }

    /// Has others woken with those whose records are told of.
    pub(crate) fn wakes(&mut self, wakers: &mut Vec<Waker>) {
        self.woken.append(wakers);
    }

    /// Who is to be woken, once nothing is borrowed: who is woken may go at once.
    pub(crate) fn take_woken(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.woken)
    }

    /// Memory of a list that was taken.
    pub(crate) fn give_back(&mut self, woken: Vec<Waker>) {
        if self.woken.is_empty() {
            self.woken = woken;
        }
    }

    fn frees(&mut self, number: u32) {
        if let Some(place) = self.places.get_mut(number as usize) {
            *place = Place {
                next: self.free.unwrap_or(NONE),
                stands: Stands::Free,
            };
            self.free = Some(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(text: &'static str) -> Outcome {
        Outcome::Failed(Failed {
            fault: Fault::new("kind", text),
            possibly_written: false,
        })
    }

    #[test]
    fn each_hears_of_its_own_record_and_places_are_used_again() {
        let mut waiters = Waiters::default();
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..3 {
            let (mut one, mut other) = (List::default(), List::default());
            let a = waiters.add(&mut one);
            let b = waiters.add(&mut other);
            let c = waiters.add(&mut one);
            let d = waiters.add(&mut one);
            assert!(waiters.poll(a, &mut cx).is_pending());
            assert!(waiters.leave(c));
            let mut told = Vec::new();
            waiters.tell(one, |at| {
                told.push(at);
                failed("one")
            });
            // Who left hears nothing, and has its place among the records.
            assert_eq!(told, [0, 2]);
            assert!(waiters.poll(a, &mut cx).is_ready());
            assert!(!waiters.leave(d));
            assert!(waiters.poll(b, &mut cx).is_pending());
            waiters.tell(other, |_| failed("other"));
            let Poll::Ready(Outcome::Failed(failed)) = waiters.poll(b, &mut cx) else {
                panic!("nothing was told");
            };
            assert_eq!(failed.fault.text(), "other");
            assert_eq!(waiters.places.len(), 4);
        }
        assert_eq!(waiters.take_woken().len(), 6);
    }

    #[test]
    fn a_list_is_split_behind_any_of_its_places() {
        for at in 0..=3 {
            let mut waiters = Waiters::default();
            let mut list = List::default();
            for _ in 0..3 {
                waiters.add(&mut list);
            }
            let (mut first, rest) = waiters.split(&list, at);
            waiters.add(&mut first);
            let counts = [first, rest].map(|list| {
                let mut count = 0;
                waiters.tell(list, |_| {
                    count += 1;
                    failed("one")
                });
                count
            });
            assert_eq!(counts, [at + 1, 3 - at]);
        }
    }
}
