//! Numbers of HPACK (RFC 7541, section 5.1): in the last bits of a byte if they fit, else in as many bytes as they take.

/// The largest number that is read: no length, index or size needs more.
const MOST: usize = 1 << 28;

/// Reads a number whose first `bits` bits are the last ones of the first byte: the number, and what follows it. `None` if it does
/// not end, or is larger than any that means something.
#[inline]
pub(crate) fn read(bytes: &[u8], bits: u32) -> Option<(usize, &[u8])> {
    let (first, mut rest) = bytes.split_first()?;
    let most = (1_usize << bits) - 1;
    let mut number = usize::from(*first) & most;
    if number < most {
        return Some((number, rest));
    }
    let mut shift = 0;
    loop {
        let (byte, after) = rest.split_first()?;
        rest = after;
        // Four bytes of seven bits each: 2^28 at most.
        if shift > 21 {
            return None;
        }
        number += (usize::from(*byte) & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return (number < MOST).then_some((number, rest));
        }
        shift += 7;
    }
}

/// Appends a number whose first `bits` bits are the last ones of a byte that begins with `pattern`.
pub(crate) fn put(out: &mut Vec<u8>, (pattern, bits): (u8, u32), number: usize) {
    let most = (1_usize << bits) - 1;
    if number < most {
        out.push(pattern | number as u8);
        return;
    }
    out.push(pattern | most as u8);
    let mut left = number - most;
    while left >= 0x80 {
        out.push(left as u8 | 0x80);
        left >>= 7;
    }
    out.push(left as u8);
}

#[cfg(test)]
mod tests {
    use super::{put, read};

    #[test]
    fn the_examples_of_the_standard() {
        // RFC 7541, C.1.
        for (bits, number, bytes) in [
            (5, 10, &[10][..]),
            (5, 1_337, &[31, 154, 10]),
            (8, 42, &[42]),
        ] {
            let mut out = Vec::new();
            put(&mut out, (0, bits), number);
            assert_eq!(out, bytes);
            assert_eq!(read(bytes, bits), Some((number, &[][..])));
        }
    }

    #[test]
    fn what_is_written_is_read_and_what_is_cut_is_not() {
        for bits in 4..=7 {
            for number in (0..70_000).chain([(1 << 24) + 5, (1 << 28) - 1]) {
                let mut out = Vec::new();
                put(&mut out, (0, bits), number);
                assert_eq!(read(&out, bits), Some((number, &[][..])));
                assert_eq!(read(&out[..out.len() - 1], bits), None);
            }
        }
    }

    #[test]
    fn a_number_without_end_is_none() {
        assert_eq!(read(&[0x1f, 0x80, 0x80, 0x80, 0x80, 0x80, 0], 5), None);
        assert_eq!(read(&[0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], 5), None);
    }
}
