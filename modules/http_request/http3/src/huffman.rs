//! Texts that a server has compressed by the fixed code of RFC 7541, appendix B.
//!
//! The code is canonical: the codes of one length follow each other in the order of their bytes, and begin where those of the
//! shorter length ended. So the lengths alone say what each code stands for.

/// The length of each byte's code in bits.
#[rustfmt::skip]
const LENGTHS: [u8; 256] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7,
    7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21,
    23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24,
    21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
];
/// The longest code, that of no byte included: it has 30 bits, all of them ones.
const LONGEST: usize = 30;

/// What the lengths say.
struct Code {
    /// The bytes in the order of their codes.
    bytes: [u8; 256],
    /// By length: the first code that is no longer one of this length, at the left of 30 bits, and how many codes are before it.
    ends: [(u32, u16); LONGEST + 1],
}

const CODE: Code = code();

const fn code() -> Code {
    let mut code = Code {
        bytes: [0; 256],
        ends: [(0, 0); LONGEST + 1],
    };
    let (mut length, mut count, mut end) = (1, 0, 0_u32);
    while length <= LONGEST {
        let mut byte = 0;
        while byte < 256 {
            if LENGTHS[byte] as usize == length {
                code.bytes[count] = byte as u8;
                count += 1;
                end += 1 << (LONGEST - length);
            }
            byte += 1;
        }
        code.ends[length] = (end, count as u16);
        length += 1;
    }
    code
}

/// Appends the text that `coded` stands for.
///
/// # Errors
/// It stands for none: a code of no byte, or an end that is no right one. `None` then.
pub(crate) fn decode(coded: &[u8], into: &mut Vec<u8>) -> Option<()> {
    // The bits that are not decoded yet, at the right.
    let (mut bits, mut count) = (0_u64, 0_usize);
    for byte in coded {
        bits = bits << 8 | u64::from(*byte);
        count += 8;
        // A code has at most 30 bits; shorter ones are tried while there are some.
        while let Some((byte, length)) = first(bits, count) {
            into.push(byte);
            count -= length;
            bits &= (1 << count) - 1;
        }
        if count > LONGEST {
            return None;
        }
    }
    // What is left over is at most seven ones.
    (count < 8 && bits == (1 << count) - 1).then_some(())
}

/// The byte of the first code among `count` bits, and the length of the code; `None` if it is not whole, or none.
fn first(bits: u64, count: usize) -> Option<(u8, usize)> {
    // At the left of 30 bits.
    let code = match count.checked_sub(LONGEST) {
        Some(more) => bits >> more,
        None => bits << (LONGEST - count),
    };
    let code = u32::try_from(code).ok()?;
    for (length, (end, before)) in CODE.ends.iter().enumerate().take(count + 1).skip(5) {
        if code < *end {
            let back = (*end - code - 1) >> (LONGEST - length);
            let at = usize::from(*before).checked_sub(back as usize + 1)?;
            return Some((*CODE.bytes.get(at)?, length));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(hex: &str) -> Option<String> {
        let bytes: Vec<u8> = (0..hex.len() / 2)
            .map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap())
            .collect();
        let mut text = Vec::new();
        decode(&bytes, &mut text)?;
        Some(String::from_utf8(text).unwrap())
    }

    #[test]
    fn the_examples_of_rfc_7541_are_read() {
        for (hex, text) in [
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
            ("", ""),
        ] {
            assert_eq!(decoded(hex).as_deref(), Some(text));
        }
    }

    #[test]
    fn each_byte_has_a_code_of_its_length() {
        for byte in 0..=255_u8 {
            let at = CODE.bytes.iter().position(|known| *known == byte).unwrap();
            let length = usize::from(LENGTHS[usize::from(byte)]);
            let (end, count) = CODE.ends[length];
            let code = (end >> (LONGEST - length)) - u32::from(count) + at as u32;
            // Padded by ones to whole bytes.
            let padding = (8 - length % 8) % 8;
            let bits = u64::from(code) << padding | ((1 << padding) - 1);
            let bytes = bits.to_be_bytes();
            let mut text = Vec::new();
            decode(&bytes[8 - (length + padding) / 8..], &mut text).unwrap();
            assert_eq!(text, [byte]);
        }
    }

    #[test]
    fn what_ends_in_the_middle_of_a_code_or_is_none_is_refused() {
        // `a` is 00011; the rest must be ones.
        assert_eq!(decoded("1f").as_deref(), Some("a"));
        assert_eq!(decoded("18"), None);
        // More than seven bits of padding, and the code that stands for the end.
        assert_eq!(decoded("1fff"), None);
        assert_eq!(decoded("ffffffff"), None);
    }
}
