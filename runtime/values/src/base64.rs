//! Bytes to base64 and back.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 with the standard alphabet and padding.
pub fn to_base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |place: usize| u32::from(chunk.get(place).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            if place > chunk.len() {
                out.push('=');
            } else {
                out.push(char::from(
                    ALPHABET[(bits >> (18 - 6 * place)) as usize & 63],
                ));
            }
        }
    }
    out
}

/// What a byte stands for that is no letter.
const NONE: u8 = 0xff;

/// What each byte stands for.
const LETTERS: [u8; 256] = letters();

const fn letters() -> [u8; 256] {
    let (mut letters, mut value) = ([NONE; 256], 0);
    while value < 64 {
        letters[ALPHABET[value as usize] as usize] = value;
        value += 1;
    }
    letters
}

/// The bytes of base64. Ends of lines between its letters do not count, padding must be there.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    let without_ends;
    let mut letters = text.as_bytes();
    if letters.iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
        let letter = |byte: &&u8| !matches!(byte, b'\r' | b'\n');
        without_ends = letters.iter().filter(letter).copied().collect::<Vec<u8>>();
        letters = &without_ends;
    }
    let padding = letters
        .iter()
        .rev()
        .take_while(|byte| **byte == b'=')
        .count();
    if !letters.len().is_multiple_of(4) || padding > 2 {
        return None;
    }
    let mut out = Vec::with_capacity(letters.len() / 4 * 3);
    for chunk in letters[..letters.len() - padding].chunks(4) {
        let (mut bits, mut wrong) = (0u32, 0);
        for letter in chunk {
            let value = LETTERS[usize::from(*letter)];
            wrong |= value;
            bits = bits << 6 | u32::from(value);
        }
        if wrong == NONE {
            return None;
        }
        bits <<= 6 * (4 - chunk.len());
        let [_, bytes @ ..] = bits.to_be_bytes();
        out.extend_from_slice(&bytes[..chunk.len() - 1]);
    }
    Some(out)
}
