//! Slots of metrics that are measured on demand -> whether somebody asks for the one that a step is about to measure.

use std::sync::Arc;

/// Bits of a word.
const BITS: u32 = u64::BITS;

/// The slots of which somebody asks for the figures. All threads of a run share them and only read them.
#[derive(Debug, Clone, Default)]
pub struct AskedSlots {
    /// A bit a slot; words behind the last one that has a bit are not there.
    words: Arc<[u64]>,
}

impl AskedSlots {
    /// These slots.
    pub fn new(slots: impl IntoIterator<Item = u32>) -> Self {
        let mut words: Vec<u64> = Vec::new();
        for slot in slots {
            let at = (slot / BITS) as usize;
            if at >= words.len() {
                words.resize(at + 1, 0);
            }
            if let Some(word) = words.get_mut(at) {
                *word |= 1 << (slot % BITS);
            }
        }
        Self {
            words: words.into(),
        }
    }

    /// Whether somebody asks for this slot.
    pub fn has(&self, slot: u32) -> bool {
        let word = self.words.get((slot / BITS) as usize);
        word.is_some_and(|word| word >> (slot % BITS) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_slots_that_were_given_are_asked_for() {
        let asked = AskedSlots::new([3, 64, 200, 3]);
        let found: Vec<u32> = (0..400).filter(|slot| asked.has(*slot)).collect();
        assert_eq!(found, [3, 64, 200]);
        assert!(!asked.has(u32::MAX));
        assert!(!AskedSlots::default().has(0));
    }
}
