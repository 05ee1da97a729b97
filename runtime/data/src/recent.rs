//! Rows that were read last: an iteration reads several cells of its row, and most files are read in their order.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Rows that are kept, so that each of some threads finds the one before its own.
const ROWS: usize = 64;

/// The most bytes of a row that is kept, so that all of them are few.
const LONGEST: u64 = 64 << 10;

/// A row that was read.
#[derive(Debug)]
struct Kept<T> {
    row: u64,
    /// Where the row behind it begins.
    end: u64,
    content: Arc<T>,
}

/// The rows that were read last, each at the place of its number.
#[derive(Debug)]
pub(crate) struct Recent<T> {
    slots: Vec<Mutex<Option<Kept<T>>>>,
}

impl<T> Recent<T> {
    pub(crate) fn new() -> Self {
        Self {
            slots: (0..ROWS).map(|_| Mutex::new(None)).collect(),
        }
    }

    /// A row, if it was read a short while ago.
    pub(crate) fn get(&self, row: u64) -> Option<Arc<T>> {
        let slot = self.slot(row);
        let kept = slot.as_ref().filter(|kept| kept.row == row)?;
        Some(Arc::clone(&kept.content))
    }

    /// Where a row begins, if the one before it was read a short while ago.
    pub(crate) fn place_of(&self, row: u64) -> Option<u64> {
        let before = row.checked_sub(1)?;
        let slot = self.slot(before);
        slot.as_ref()
            .filter(|kept| kept.row == before)
            .map(|kept| kept.end)
    }

    /// Keeps a row that has so many bytes and ends here.
    pub(crate) fn keep(&self, row: u64, length: u64, end: u64, content: &Arc<T>) {
        if length <= LONGEST {
            *self.slot(row) = Some(Kept {
                row,
                end,
                content: Arc::clone(content),
            });
        }
    }

    fn slot(&self, row: u64) -> MutexGuard<'_, Option<Kept<T>>> {
        // The remainder is smaller than the number of slots.
        let place = (row % self.slots.len() as u64) as usize;
        // What a thread that panicked has left is a whole row, or none.
        self.slots[place]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_gives_way_to_another_in_its_place() {
        let recent = Recent::new();
        recent.keep(3, 10, 40, &Arc::new("three"));
        assert_eq!(recent.get(3).as_deref(), Some(&"three"));
        assert_eq!(recent.place_of(4), Some(40));
        assert_eq!((recent.get(4), recent.place_of(3)), (None, None));
        assert_eq!(
            (recent.place_of(0), recent.get(3 + ROWS as u64)),
            (None, None)
        );
        recent.keep(3 + ROWS as u64, 10, 900, &Arc::new("other"));
        assert_eq!((recent.get(3), recent.place_of(4)), (None, None));
    }

    #[test]
    fn a_long_row_is_not_kept() {
        let recent = Recent::new();
        recent.keep(0, LONGEST + 1, 70_000, &Arc::new("long"));
        assert_eq!(recent.get(0), None);
    }
}
