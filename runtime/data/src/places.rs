//! Where rows begin in a file: as many places as memory is given for.

/// The most places that are kept: 4 MiB of them.
const MOST: usize = 1 << 18;

/// The fewest bytes between two places of a small file.
const APART: u64 = 4 << 10;

/// Places of rows, in their order.
#[derive(Debug)]
pub(crate) struct Places {
    /// Numbers of rows and where they begin.
    kept: Vec<(u64, u64)>,
    /// The fewest bytes between two.
    apart: u64,
    most: usize,
}

impl Places {
    pub(crate) fn new() -> Self {
        Self::of(APART, MOST)
    }

    fn of(apart: u64, most: usize) -> Self {
        Self {
            kept: Vec::new(),
            apart,
            most,
        }
    }

    /// A row begins here, behind all that were seen before. Its place is kept if it is far enough from the last one. Where
    /// there is no room left, every other goes, and all that come are twice as far apart.
    pub(crate) fn see(&mut self, row: u64, place: u64) {
        let last = self.kept.last();
        if last.is_some_and(|(_, last)| place - last < self.apart) {
            return;
        }
        if self.kept.len() == self.most {
            let mut number = 0;
            self.kept.retain(|_| {
                number += 1;
                number % 2 == 1
            });
            self.apart *= 2;
        }
        self.kept.push((row, place));
    }

    /// The last place at or before a row: the number of the row that begins there, and where.
    pub(crate) fn before(&self, row: u64) -> Option<(u64, u64)> {
        let behind = self.kept.partition_point(|(kept, _)| *kept <= row);
        self.kept.get(behind.checked_sub(1)?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_rows_there_are_the_places_fit_and_lie_evenly() {
        let mut places = Places::of(100, 64);
        assert_eq!(places.before(0), None);
        for row in 0..100_000_u64 {
            places.see(row, row * 30 + 7);
        }
        assert!(places.kept.len() <= 64 && places.kept.len() >= 32);
        for row in [0, 1, 3_333, 50_000, 99_999] {
            let (kept, place) = places.before(row).unwrap();
            assert!(
                kept <= row && place == kept * 30 + 7,
                "{row} {kept} {place}"
            );
            assert!((row - kept) * 30 < 2 * places.apart, "{row} {kept}");
        }
    }

    #[test]
    fn rows_that_are_longer_than_the_distance_are_all_kept() {
        let mut places = Places::of(100, 64);
        for row in 0..60 {
            places.see(row, row * 1_000);
        }
        for row in 0..60 {
            assert_eq!(places.before(row), Some((row, row * 1_000)));
        }
        assert_eq!(places.before(1_000), Some((59, 59_000)));
    }
}
