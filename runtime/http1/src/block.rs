//! Eight bytes at a time, as one number: which of them are line ends, controls, letters of a name.
//!
//! An answer is a number in which the highest bit of byte N is set if it holds for byte N, and no other bit is. A byte's lower
//! seven bits never carry into the next byte, so each bit is exact.

/// How many bytes a block has.
pub(crate) const WIDTH: usize = 8;

/// The highest bit of each byte.
const HIGH: u64 = all(0x80);
/// The other seven bits of each byte.
const LOW: u64 = all(0x7f);

/// The byte eight times.
const fn all(byte: u8) -> u64 {
    u64::from_le_bytes([byte; WIDTH])
}

/// Which bytes are `byte`.
#[inline]
pub(crate) const fn equal(block: u64, byte: u8) -> u64 {
    let differs = block ^ all(byte);
    !(((differs & LOW) + LOW) | differs) & HIGH
}

/// Which bytes are control characters, the tab among them.
#[inline]
pub(crate) const fn controls(block: u64) -> u64 {
    let low = block & LOW;
    let not_below_space = low + all(0x80 - b' ');
    let delete = low + all(1);
    (!not_below_space | delete) & !block & HIGH
}

/// Which bytes are letters or hyphens, as nearly all bytes of names are.
#[inline]
pub(crate) const fn plain(block: u64) -> u64 {
    let low = (block | all(0x20)) & LOW;
    let from_a = low + all(0x80 - b'a');
    let beyond_z = low + all(0x80 - b'z' - 1);
    (from_a & !beyond_z & !block & HIGH) | equal(block, b'-')
}

/// The first byte for which an answer holds; 8 if there is none.
#[inline]
pub(crate) const fn first(answer: u64) -> usize {
    (answer.trailing_zeros() / 8) as usize
}

/// The first `N` bytes; spaces stand for those that are not there.
#[inline]
pub(crate) fn padded<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.first_chunk().copied().unwrap_or_else(|| {
        let mut padded = [b' '; N];
        for (to, from) in padded.iter_mut().zip(bytes) {
            *to = *from;
        }
        padded
    })
}

#[cfg(test)]
mod tests {
    use super::{WIDTH, controls, equal, first, plain};

    #[test]
    fn each_byte_beside_each_other_is_answered_exactly() {
        for byte in 0..=u8::MAX {
            for around in 0..=u8::MAX {
                for place in 0..WIDTH {
                    let mut bytes = [around; WIDTH];
                    bytes[place] = byte;
                    let block = u64::from_le_bytes(bytes);
                    let those = |are: &dyn Fn(u8) -> bool| {
                        u64::from_le_bytes(bytes.map(|one| if are(one) { 0x80 } else { 0 }))
                    };
                    assert_eq!(equal(block, byte), those(&|one| one == byte));
                    assert_eq!(controls(block), those(&|one| one.is_ascii_control()));
                    let is_plain = |one: u8| one.is_ascii_alphabetic() || one == b'-';
                    assert_eq!(plain(block), those(&is_plain));
                }
            }
        }
        assert_eq!((first(0), first(0x80), first(0x80 << 56)), (8, 0, 7));
    }
}
