//! Percent-encoding as signatures of S3 want it: all but letters, digits and `-._~` becomes `%` and two upper-case digits.

/// Whether a slash stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slash {
    /// In a path.
    Stays,
    /// In a query.
    IsEncoded,
}

/// Appends a text in encoded form.
pub(crate) fn encode_into(out: &mut String, text: &str, slash: Slash) {
    for byte in text.bytes() {
        let is_plain = byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'.' | b'_' | b'~')
            || byte == b'/' && slash == Slash::Stays;
        if is_plain {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(digit(byte >> 4));
            out.push(digit(byte & 15));
        }
    }
}

fn digit(value: u8) -> char {
    char::from(match value {
        0..=9 => b'0' + value,
        _ => b'A' - 10 + value,
    })
}

/// Reads what was encoded; a plus is a space, as servers encode keys. What is no encoding stays as it is.
pub(crate) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digits = text.get(at + 1..at + 3);
        let decoded = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (byte, decoded) {
            (b'%', Some(decoded)) => {
                out.push(decoded);
                at += 3;
                continue;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(*byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex_into(out: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    // A hash is one piece: its digits are appended at once.
    for piece in bytes.chunks(32) {
        let mut text = [0; 64];
        let (pairs, _) = text.as_chunks_mut();
        for ([high, low], byte) in pairs.iter_mut().zip(piece) {
            *high = DIGITS[usize::from(byte >> 4)];
            *low = DIGITS[usize::from(byte & 15)];
        }
        let digits = text.get(..2 * piece.len()).unwrap_or_default();
        // They are ASCII.
        out.push_str(std::str::from_utf8(digits).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        let mut encoded = String::new();
        encode_into(&mut encoded, "a b+c/ü?.txt", Slash::Stays);
        assert_eq!(encoded, "a%20b%2Bc/%C3%BC%3F.txt");
        assert_eq!(decode(&encoded), "a b+c/ü?.txt");
        encoded.clear();
        encode_into(&mut encoded, "a/~", Slash::IsEncoded);
        assert_eq!(encoded, "a%2F~");
        let all: String = (0..=0x7f_u8).map(char::from).collect();
        encoded.clear();
        encode_into(&mut encoded, &all, Slash::IsEncoded);
        assert_eq!(decode(&encoded), all);
    }

    #[test]
    fn what_is_no_encoding_stays() {
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%zz%4"), "%zz%4");
        assert_eq!(decode("%ü"), "%ü");
        assert_eq!(decode("a+b%2B"), "a b+");
    }
}
