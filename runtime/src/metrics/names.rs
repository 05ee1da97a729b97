//! Texts that are counted, as small numbers: kinds of failure, and labels of counters.
//!
//! A thread asks the run's tables once for each text that it meets; from then on it finds the number in its own copy.

use bggo_values::Text;
use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Kinds that are told apart; the last number stands for all that come after. A kind that never occurs costs addresses
/// and no memory, so there are far more than the manifests of a grid can name.
pub const KINDS: usize = 1024;
/// Labels of one counter that are told apart in a run. The number after them stands for all others.
pub const LABELS: usize = 64;
/// Bytes of the longest label: one that is longer counts as another.
const LONGEST_LABEL: usize = 128;
/// What all others are called.
pub const OTHERS: &str = "other";

/// All texts that the run has numbered.
#[derive(Debug, Default)]
pub struct RunNames {
    kinds: Mutex<Vec<&'static str>>,
    /// By slot.
    labels: Mutex<Vec<Vec<Text>>>,
}

fn lock<T>(table: &Mutex<T>) -> MutexGuard<'_, T> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The labels of one slot, in a table that grows as far as needed.
fn of_slot(labels: &mut Vec<Vec<Text>>, slot: u32) -> &mut Vec<Text> {
    let slot = slot as usize;
    if slot >= labels.len() {
        labels.resize(slot + 1, Vec::new());
    }
    // The table was just made long enough.
    &mut labels[slot]
}

impl RunNames {
    fn kind(&self, kind: &'static str) -> usize {
        let mut names = lock(&self.kinds);
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

    /// Kinds by number, of all that were met so far.
    pub fn kinds(&self) -> Vec<Text> {
        let names = lock(&self.kinds);
        names.iter().map(|name| Text::Static(name)).collect()
    }

    /// Gives a label of the counter in `slot` a number, as far as there is room, and returns all labels of it.
    fn label(&self, slot: u32, label: &str) -> Vec<Text> {
        let mut all = lock(&self.labels);
        let labels = of_slot(&mut all, slot);
        if labels.len() < LABELS && !labels.iter().any(|known| known.as_str() == label) {
            labels.push(Text::from(label.to_owned()));
        }
        labels.clone()
    }

    /// Labels of the counter in `slot`, by number, of all that were met so far.
    pub fn labels(&self, slot: u32) -> Vec<Text> {
        of_slot(&mut lock(&self.labels), slot).clone()
    }
}

/// One thread's copy of the tables.
#[derive(Debug)]
pub struct KnownNames {
    run: Arc<RunNames>,
    kinds: RefCell<Vec<(&'static str, usize)>>,
    /// By slot.
    labels: RefCell<Vec<Vec<Text>>>,
}

impl KnownNames {
    /// Knows nothing yet.
    pub fn new(run: Arc<RunNames>) -> Self {
        Self {
            run,
            kinds: RefCell::default(),
            labels: RefCell::default(),
        }
    }

    /// The number of the kind of failure `kind`.
    pub fn kind(&self, kind: &'static str) -> usize {
        let mut known = self.kinds.borrow_mut();
        match known.iter().find(|(name, _)| *name == kind) {
            Some((_, number)) => *number,
            None => {
                let number = self.run.kind(kind);
                known.push((kind, number));
                number
            }
        }
    }

    /// The number of `label` among those of the counter in `slot`; [`LABELS`] where there is no room for it.
    pub fn label(&self, slot: u32, label: &str) -> usize {
        if label.len() > LONGEST_LABEL {
            return LABELS;
        }
        let number = |labels: &[Text]| labels.iter().position(|known| known.as_str() == label);
        let mut all = self.labels.borrow_mut();
        let known = of_slot(&mut all, slot);
        if let Some(number) = number(known) {
            return number;
        }
        // A thread that knows as many as there may be asks no more.
        if known.len() < LABELS {
            *known = self.run.label(slot, label);
        }
        number(known).unwrap_or(LABELS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_threads() -> (Arc<RunNames>, KnownNames, KnownNames) {
        let run = Arc::new(RunNames::default());
        let known = || KnownNames::new(Arc::clone(&run));
        let (one, two) = (known(), known());
        (run, one, two)
    }

    fn texts(names: &[Text]) -> Vec<&str> {
        names.iter().map(Text::as_str).collect()
    }

    #[test]
    fn threads_agree_on_the_number_of_a_kind() {
        let (run, one, two) = two_threads();
        assert_eq!((one.kind("connect"), one.kind("timeout")), (0, 1));
        let numbers = ["timeout", "connect", "tls"].map(|kind| two.kind(kind));
        assert_eq!(numbers, [1, 0, 2]);
        assert_eq!(texts(&run.kinds()), ["connect", "timeout", "tls"]);
    }

    #[test]
    fn what_exceeds_the_bound_is_counted_as_other() {
        let (run, known, _) = two_threads();
        for n in 0..2 * KINDS {
            let name: &'static str = Box::leak(format!("kind_{n}").into_boxed_str());
            assert_eq!(known.kind(name), n.min(KINDS - 1));
        }
        assert_eq!(run.kinds().len(), KINDS);
        assert_eq!(run.kinds()[KINDS - 1].as_str(), "other");
    }

    #[test]
    fn threads_agree_on_the_number_of_a_label_and_each_counter_has_its_own() {
        let (run, one, two) = two_threads();
        assert_eq!((one.label(3, "200"), one.label(3, "503")), (0, 1));
        assert_eq!((two.label(3, "503"), two.label(4, "503")), (1, 0));
        assert_eq!(texts(&run.labels(3)), ["200", "503"]);
        assert_eq!(texts(&run.labels(4)), ["503"]);
        assert!(run.labels(5).is_empty());
    }

    #[test]
    fn labels_are_bounded_in_number_and_length() {
        let (run, one, two) = two_threads();
        for n in 0..2 * LABELS {
            assert_eq!(one.label(0, &n.to_string()), n.min(LABELS));
        }
        assert_eq!((two.label(0, "63"), two.label(0, "64")), (63, LABELS));
        assert_eq!(run.labels(0).len(), LABELS);
        assert_eq!(two.label(1, &"x".repeat(LONGEST_LABEL + 1)), LABELS);
        assert!(run.labels(1).is_empty());
    }
}
