//! Which partition a record goes to.

/// Who chooses the partition of a record that names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Partitioner {
    /// The key; without one the partition whose batch is being filled.
    Default,
    Random,
    RoundRobin,
}

impl Partitioner {
    /// By its name in a grid.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        match name {
            "default" => Some(Self::Default),
            "random" => Some(Self::Random),
            "round_robin" => Some(Self::RoundRobin),
            _ => None,
        }
    }
}

/// The hash of a key by which Kafka's own clients choose a partition, without its sign.
pub(crate) fn hash(key: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let length = key.len() as u32;
    let mut hash = 0x9747_b28c ^ length;
    let mut words = key.chunks_exact(4);
    for word in words.by_ref() {
        let word = word
            .first_chunk()
            .map_or(0, |word| u32::from_le_bytes(*word));
        let mut k = word.wrapping_mul(M);
        k ^= k >> 24;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    let rest = words.remainder();
    for (at, byte) in rest.iter().enumerate().rev() {
        hash ^= u32::from(*byte) << (8 * at);
    }
    if !rest.is_empty() {
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^= hash >> 15;
    hash & 0x7fff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_hashes_of_other_clients() {
        // Those of Kafka's own tests of murmur2, without their signs.
        for (key, expected) in [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            (
                "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8",
                -58_897_971,
            ),
            ("abc", 479_470_107),
        ] {
            assert_eq!(
                hash(key.as_bytes()),
                (expected & 0x7fff_ffff) as u32,
                "{key}"
            );
        }
    }
}
