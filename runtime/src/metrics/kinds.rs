//! Kinds of failure as small numbers, so that they can be counted without a string.
//!
//! A thread asks the run's table once for each kind that it meets; from then on it finds the number in its own copy.

use bggo_values::Text;
use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};

/// Kinds that are told apart; the last number stands for all that come after. A kind that never occurs costs addresses
/// and no memory, so there are far more than the manifests of a grid can name.
pub const KINDS: usize = 1024;
const OTHERS: &str = "other";

/// All kinds that the run has met, by number.
#[derive(Debug, Default)]
pub struct Kinds(Mutex<Vec<&'static str>>);

impl Kinds {
    fn number(&self, kind: &'static str) -> usize {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = names.iter().position(|name| *name == kind) {
            return number;
        }
        if names.len() < KINDS - 1 {
            names.push(kind);
            return names.len() - 1;
        }
        // The last number gets a name only when something is counted there.
        if names.len() < KINDS {
            names.push(OTHERS);
        }
        KINDS - 1
    }

    /// Names by number, of all kinds that were met so far.
    pub fn names(&self) -> Vec<Text> {
        let names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.iter().map(|name| Text::Static(name)).collect()
    }
}

/// One thread's copy of the table.
#[derive(Debug)]
pub struct KnownKinds {
    run: Arc<Kinds>,
    known: RefCell<Vec<(&'static str, usize)>>,
}

impl KnownKinds {
    /// Knows nothing yet.
    pub fn new(run: Arc<Kinds>) -> Self {
        Self {
            run,
            known: RefCell::default(),
        }
    }

    /// The number of `kind`.
    pub fn number(&self, kind: &'static str) -> usize {
        let mut known = self.known.borrow_mut();
        match known.iter().find(|(name, _)| *name == kind) {
            Some((_, number)) => *number,
            None => {
                let number = self.run.number(kind);
                known.push((kind, number));
                number
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_agree_on_the_number_of_a_kind() {
        let run = Arc::new(Kinds::default());
        let (one, two) = (
            KnownKinds::new(Arc::clone(&run)),
            KnownKinds::new(Arc::clone(&run)),
        );
        assert_eq!((one.number("connect"), one.number("timeout")), (0, 1));
        assert_eq!(
            (
                two.number("timeout"),
                two.number("connect"),
                two.number("tls")
            ),
            (1, 0, 2)
        );
        let names: Vec<String> = run.names().iter().map(Text::to_string).collect();
        assert_eq!(names, ["connect", "timeout", "tls"]);
    }

    #[test]
    fn what_exceeds_the_bound_is_counted_as_other() {
        let run = Arc::new(Kinds::default());
        let known = KnownKinds::new(Arc::clone(&run));
        for n in 0..2 * KINDS {
            let name: &'static str = Box::leak(format!("kind_{n}").into_boxed_str());
            assert_eq!(known.number(name), n.min(KINDS - 1));
        }
        assert_eq!(run.names().len(), KINDS);
        assert_eq!(run.names()[KINDS - 1].as_str(), "other");
    }
}
