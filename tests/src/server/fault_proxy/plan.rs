//! Which exchanges are broken off: all follows from a seed.

/// Which exchanges are broken off.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// All faults follow from it.
    pub seed: u64,
    /// One exchange of so many has a fault; none at 0.
    pub one_in: u64,
    /// One connection of so many is reset when it is taken, with TLS also within its handshake; none at 0.
    pub refuses_one_in: u64,
    /// HTTP/2: no connection is broken off, only streams, and connections go away in good order.
    pub only_streams: bool,
}

impl Plan {
    /// Passes everything.
    pub const NOTHING: Self = Self {
        seed: 0,
        one_in: 0,
        refuses_one_in: 0,
        only_streams: false,
    };

    /// Whether a connection is reset when it is taken.
    pub(super) fn refuses(&self, connection: u64) -> bool {
        let refuses = self.refuses_one_in;
        refuses > 0 && mixed(self.seed, connection, u64::MAX).is_multiple_of(refuses)
    }

    /// What the nth exchange of a connection has: which of so many faults, and a number for its place. `None` if it has none.
    pub(super) fn fault(&self, connection: u64, nth: u64, count: u64) -> Option<(u64, usize)> {
        let mixed = mixed(self.seed, connection, nth);
        if self.one_in == 0 || !mixed.is_multiple_of(self.one_in) {
            return None;
        }
        let mixed = mixed / self.one_in;
        let place = usize::try_from(mixed / count % (1 << 30)).unwrap_or(0);
        Some((mixed % count, place))
    }
}

/// A number that follows from three others, evenly spread (the mixing of SplitMix64).
fn mixed(seed: u64, connection: u64, nth: u64) -> u64 {
    let mut mixed = seed;
    for part in [connection, nth] {
        mixed = mixed.wrapping_add(part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
    }
    mixed
}
