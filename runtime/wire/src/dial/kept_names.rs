//! Which names are kept, and for how long: a table of bounded size.

use std::collections::HashMap;
use tokio::time::Instant;

/// How many names are kept.
pub const MOST_NAMES: usize = 1024;

/// What was looked up of names. `A` points to the answer of a look-up that may still go on: who asks for a name gets a copy, and
/// may wait for it.
pub struct KeptNames<A> {
    names: HashMap<String, Entry<A>>,
    /// Until when an answer is used; `None` where it is not there yet.
    until: fn(&A) -> Option<Instant>,
}

struct Entry<A> {
    answer: A,
    /// How many connections were made, to spread them over the addresses.
    given: usize,
}

impl<A: Clone + Default> KeptNames<A> {
    /// Keeps nothing yet. `until` says until when an answer is used, or `None` where it is not there yet.
    pub fn new(until: fn(&A) -> Option<Instant>) -> Self {
        Self {
            names: HashMap::new(),
            until,
        }
    }

    /// The answer for a name, which is a new one where there is none or its time is over; and how often it was asked for before.
    pub fn entry(&mut self, name: &str) -> (A, usize) {
        let (now, until) = (Instant::now(), self.until);
        let is_over = |entry: &Entry<A>| until(&entry.answer).is_some_and(|until| until <= now);
        let names = &mut self.names;
        if let Some(entry) = names.get_mut(name) {
            if is_over(entry) {
                entry.answer = A::default();
            }
            entry.given = entry.given.wrapping_add(1);
            return (entry.answer.clone(), entry.given - 1);
        }
        let answer = A::default();
        if names.len() >= MOST_NAMES {
            names.retain(|_, entry| !is_over(entry));
        }
        if names.len() >= MOST_NAMES {
            let answers = names.iter();
            let answers = answers.filter_map(|(name, entry)| Some((until(&entry.answer)?, name)));
            let first = answers.min().map(|(_, name)| name.clone());
            if let Some(first) = first {
                names.remove(&first);
            }
        }
        // If all kept names are still being looked up, this one is looked up without being kept.
        if names.len() < MOST_NAMES {
            let entry = Entry {
                answer: answer.clone(),
                given: 1,
            };
            names.insert(name.to_owned(), entry);
        }
        (answer, 0)
    }

    /// How many names are kept.
    pub fn count(&self) -> usize {
        self.names.len()
    }
}
