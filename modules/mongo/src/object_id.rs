//! New ObjectIds, as clients of MongoDB make them: the second, a number of the process, and a counter.

use std::cell::Cell;
use std::time::Duration;

/// Makes them for all connections of a resource on a thread.
#[derive(Debug, Default)]
pub(crate) struct ObjectIds {
    /// A random number, once one was needed.
    random: Cell<Option<u64>>,
    count: Cell<u32>,
}

impl ObjectIds {
    /// One more, at this time since 1970.
    pub(crate) fn make(&self, since_1970: Duration, random: impl FnOnce() -> u64) -> [u8; 12] {
        let random = self.random.get().unwrap_or_else(|| {
            let random = random();
            self.random.set(Some(random));
            // The counter begins anywhere.
            self.count.set((random >> 40) as u32);
            random
        });
        let count = self.count.get().wrapping_add(1);
        self.count.set(count);
        let mut id = [0; 12];
        // The seconds of a BSON ObjectId have 32 bits.
        let parts = [
            &(since_1970.as_secs() as u32).to_be_bytes()[..],
            &random.to_le_bytes()[..5],
            &count.to_be_bytes()[1..],
        ];
        for (place, byte) in id.iter_mut().zip(parts.concat()) {
            *place = byte;
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_another_one_and_says_when() {
        let ids = ObjectIds::default();
        let now = Duration::from_secs(0x6554_3210);
        let made: Vec<_> = (0..1000).map(|_| ids.make(now, || 7)).collect();
        let mut known = made.clone();
        known.sort_unstable();
        known.dedup();
        assert_eq!(known.len(), 1000);
        assert!(
            made.iter()
                .all(|id| id[..9] == [0x65, 0x54, 0x32, 0x10, 7, 0, 0, 0, 0])
        );
        assert_eq!(made[0][9..], [0, 0, 1]);
    }
}
