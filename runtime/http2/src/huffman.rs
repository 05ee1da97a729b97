//! The Huffman code of HPACK and QPACK (RFC 7541, appendix B) to bytes. Nothing is sent in it: it would save a quarter of a request's bytes,
//! and cost both ends more instructions than those bytes do.
//!
//! The code is canonical: the codes of one length follow each other in the order of their symbols, and the first of a length
//! follows the last of the length before. So the lengths are all there is to know. What has at most nine bits (letters, digits and
//! most signs) is found by one look into a table; the rest is found by length.

/// Bits of the code of each byte.
const LENGTHS: [u8; 256] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5,
    5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6,
    6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22,
    23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22,
    21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20,
    22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19,
    21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22,
    22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
];
/// The longest code.
const LONGEST: usize = 30;
/// Bits of a look into the table.
const LOOK: usize = 9;

/// Codes in their order.
struct Codes {
    /// Symbols by their codes: shorter ones first, then by value.
    symbols: [u8; 256],
    /// How many symbols there are up to each length, and the first code beyond those of that length, with 30 bits.
    counts: [u16; LONGEST + 1],
    ends: [u32; LONGEST + 1],
    /// For each first nine bits the symbol and its length; 0 if its code is longer.
    short: [(u8, u8); 1 << LOOK],
}

static CODES: Codes = codes();

const fn codes() -> Codes {
    let mut codes = Codes {
        symbols: [0; 256],
        counts: [0; LONGEST + 1],
        ends: [0; LONGEST + 1],
        short: [(0, 0); 1 << LOOK],
    };
    let (mut count, mut code, mut length) = (0, 0_u32, 1);
    while length <= LONGEST {
        let mut symbol = 0;
        while symbol < 256 {
            if LENGTHS[symbol] as usize == length {
                codes.symbols[count] = symbol as u8;
                count += 1;
                let step = 1_u32 << (LONGEST - length);
                if length <= LOOK {
                    let mut at = code >> (LONGEST - LOOK);
                    while at < (code + step) >> (LONGEST - LOOK) {
                        codes.short[at as usize] = (symbol as u8, length as u8);
                        at += 1;
                    }
                }
                code += step;
            }
            symbol += 1;
        }
        codes.counts[length] = count as u16;
        codes.ends[length] = code;
        length += 1;
    }
    codes
}

/// The most bytes that so many bytes of code can say: the shortest code has five bits.
pub(crate) const fn longest(code: usize) -> usize {
    code.saturating_mul(8) / 5 + 1
}

/// Appends what a string in Huffman code says. False if it is none: it holds the code for its end, or its last byte is filled with
/// something else than the first bits of that code, or with a whole byte of them.
pub fn decode(bytes: &[u8], into: &mut Vec<u8>) -> bool {
    into.reserve(longest(bytes.len()));
    decode_each(bytes, |byte| into.push(byte))
}

/// The same for whoever takes one byte after the other.
pub(crate) fn decode_each(bytes: &[u8], mut take: impl FnMut(u8)) -> bool {
    let (mut bits, mut held) = (0_u64, 0_usize);
    let mut rest = bytes.iter();
    loop {
        while held <= 56 {
            let Some(byte) = rest.next() else { break };
            bits |= u64::from(*byte) << (56 - held);
            held += 8;
        }
        if held < LONGEST {
            break;
        }
        let Some((symbol, length)) = symbol(bits) else {
            return false;
        };
        take(symbol);
        bits <<= length;
        held -= length;
    }
    // What is left is filled up with ones, as the code for the end begins.
    while held > 0 {
        let filled = bits | (u64::MAX >> held);
        match symbol(filled) {
            Some((symbol, length)) if length <= held => {
                take(symbol);
                bits <<= length;
                held -= length;
            }
            _ => return held < 8 && filled == u64::MAX,
        }
    }
    true
}

/// The symbol whose code is at the beginning of `bits`, and its length. `None` if that is the code for the end.
#[inline]
fn symbol(bits: u64) -> Option<(u8, usize)> {
    let (symbol, length) = *CODES.short.get((bits >> (64 - LOOK)) as usize)?;
    if length > 0 {
        return Some((symbol, usize::from(length)));
    }
    let code = (bits >> (64 - LONGEST)) as u32;
    let longer = CODES.ends.iter().enumerate().skip(LOOK + 1);
    let (length, end) = longer.into_iter().find(|(_, end)| code < **end)?;
    let before_end = (end - code).div_ceil(1 << (LONGEST - length)) as usize;
    let at = usize::from(*CODES.counts.get(length)?).checked_sub(before_end)?;
    Some((*CODES.symbols.get(at)?, length))
}

#[cfg(test)]
mod tests {
    use super::{CODES, LENGTHS, LONGEST, decode};

    /// The code of each byte, with 30 bits, and its length.
    fn codes() -> Vec<(u32, usize)> {
        let mut codes = vec![(0, 0); 256];
        let mut code = 0;
        for symbol in CODES.symbols {
            let length = usize::from(LENGTHS[usize::from(symbol)]);
            codes[usize::from(symbol)] = (code, length);
            code += 1 << (LONGEST - length);
        }
        codes
    }

    /// Filled up with ones, and with so many whole bytes of them behind.
    fn encoded(codes: &[(u32, usize)], text: &[u8], more: usize) -> Vec<u8> {
        let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u64, 0);
        for byte in text {
            let (code, length) = codes[usize::from(*byte)];
            bits |= u64::from(code) << (64 - LONGEST - held);
            held += length;
            while held >= 8 {
                bytes.push((bits >> 56) as u8);
                bits <<= 8;
                held -= 8;
            }
        }
        if held > 0 {
            bytes.push((bits >> 56) as u8 | 0xff >> held);
        }
        bytes.extend(vec![0xff; more]);
        bytes
    }

    fn decoded(bytes: &[u8]) -> Option<Vec<u8>> {
        let mut into = b"before".to_vec();
        decode(bytes, &mut into).then(|| into.split_off(6))
    }

    #[test]
    fn codes_of_the_standard_at_each_length() {
        // RFC 7541, appendix B.
        for (symbol, code, length) in [
            (b'0', 0x0, 5),
            (b't', 0x9, 5),
            (b' ', 0x14, 6),
            (b'u', 0x2d, 6),
            (b':', 0x5c, 7),
            (b'&', 0xf8, 8),
            (b'Z', 0xfd, 8),
            (b'!', 0x3f8, 10),
            (b'|', 0x7fc, 11),
            (b'>', 0xffb, 12),
            (0, 0x1ff8, 13),
            (b'}', 0x3ffd, 14),
            (b'{', 0x7ffe, 15),
            (b'\\', 0x7fff0, 19),
            (1, 0x7f_ffd8, 23),
            (22, 0x3fff_fffe, 30),
        ] {
            let (known, bits) = codes()[usize::from(symbol)];
            assert_eq!(
                (known >> (LONGEST - bits), bits),
                (code, length),
                "{symbol}"
            );
        }
        // The last code but the end's.
        assert_eq!(CODES.ends[LONGEST], 0x3fff_ffff);
        assert_eq!(CODES.counts[LONGEST], 256);
    }

    #[test]
    fn the_examples_of_the_standard_are_read() {
        // RFC 7541, appendix C.
        for (coded, text) in [
            ("f1e3c2e5f23a6ba0ab90f4ff", "www.example.com"),
            ("a8eb10649cbf", "no-cache"),
            ("25a849e95ba97d7f", "custom-key"),
            ("25a849e95bb8e8b4bf", "custom-value"),
            ("6402", "302"),
            ("aec3771a4b", "private"),
            (
                "d07abe941054d444a8200595040b8166e082a62d1bff",
                "Mon, 21 Oct 2013 20:13:21 GMT",
            ),
            (
                "9d29ad171863c78f0b97c8e9ae82ae43d3",
                "https://www.example.com",
            ),
            (
                "94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
                "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
            ),
        ] {
            let byte = |at| u8::from_str_radix(&coded[at..at + 2], 16).unwrap();
            let bytes: Vec<u8> = (0..coded.len()).step_by(2).map(byte).collect();
            assert_eq!(decoded(&bytes).as_deref(), Some(text.as_bytes()));
        }
    }

    #[test]
    fn every_byte_and_every_pair_of_bytes_comes_back() {
        let codes = codes();
        for first in 0..=255 {
            assert_eq!(decoded(&encoded(&codes, &[first], 0)), Some(vec![first]));
            for second in 0..=255 {
                let text = [first, second, first, b'a', second];
                assert_eq!(decoded(&encoded(&codes, &text, 0)), Some(text.to_vec()));
            }
        }
    }

    #[test]
    fn what_is_filled_up_wrongly_is_refused() {
        assert_eq!(decoded(&[]), Some(vec![]));
        // A whole byte of ones, or more of them.
        assert_eq!(decoded(&encoded(&codes(), b"abc", 1)), None);
        assert_eq!(decoded(&encoded(&codes(), b"abc", 2)), None);
        assert_eq!(decoded(&[0xff]), None);
        // The code for the end.
        assert_eq!(decoded(&[0xff; 4]), None);
        assert_eq!(
            decoded(&[0xff, 0xff, 0xff, 0xff, 0x12, 0x34, 0x56, 0x78]),
            None
        );
        // `0` and zeros, which are the code of `0` cut off.
        assert_eq!(decoded(&[0b0000_0000]), None);
    }
}
