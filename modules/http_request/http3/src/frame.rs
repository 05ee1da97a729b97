//! Numbers and frames of HTTP/3 (RFC 9000, section 16; RFC 9114, section 7): their bytes, and what they are.

/// The body of a message.
pub(crate) const DATA: u64 = 0x0;
/// The fields of a message.
pub(crate) const HEADERS: u64 = 0x1;
/// What an end wants of the other.
pub(crate) const SETTINGS: u64 = 0x4;
/// The server takes no more requests.
pub(crate) const GOAWAY: u64 = 0x7;

/// Kinds of streams that only one end writes to.
pub(crate) const CONTROL_STREAM: u64 = 0x0;
/// What a server sends without being asked.
pub(crate) const PUSH_STREAM: u64 = 0x1;
/// Instructions for compressed fields: from the one who compresses, and back.
pub(crate) const ENCODER_STREAM: u64 = 0x2;
pub(crate) const DECODER_STREAM: u64 = 0x3;

/// A setting: the most bytes that the fields of a message may have, each with 32 more.
pub(crate) const MAX_FIELD_SECTION_SIZE: u64 = 0x6;

/// The length of a number, by its first byte.
pub(crate) const fn number_length(first: u8) -> usize {
    1 << (first >> 6)
}

/// The number that begins with `first`, whose other bytes are `rest`.
pub(crate) fn number(first: u8, rest: &[u8]) -> u64 {
    let begin = u64::from(first & 0x3f);
    rest.iter()
        .fold(begin, |number, byte| number << 8 | u64::from(*byte))
}

/// Appends a number: it has at most 62 bits.
pub(crate) fn put_number(number: u64, into: &mut Vec<u8>) {
    let [.., b4, b5, b6, b7] = number.to_be_bytes();
    match number {
        0..0x40 => into.push(b7),
        0x40..0x4000 => into.extend([0x40 | b6, b7]),
        0x4000..0x4000_0000 => into.extend([0x80 | b4, b5, b6, b7]),
        _ => into.extend((number | 0xc000_0000_0000_0000).to_be_bytes()),
    }
}

/// Appends the begin of a frame, before so many bytes.
pub(crate) fn put_frame(kind: u64, length: usize, into: &mut Vec<u8>) {
    put_number(kind, into);
    put_number(length as u64, into);
}

/// What a client says first on its control stream: how large heads it takes, and that it compresses by nothing that must be
/// remembered.
pub(crate) fn settings(head_bytes: u64) -> Vec<u8> {
    let mut setting = Vec::new();
    put_number(MAX_FIELD_SECTION_SIZE, &mut setting);
    put_number(head_bytes, &mut setting);
    let mut bytes = Vec::new();
    put_number(CONTROL_STREAM, &mut bytes);
    put_frame(SETTINGS, setting.len(), &mut bytes);
    bytes.append(&mut setting);
    bytes
}

/// Whether a kind of frame is one of HTTP/2 that has no meaning here, so that no end may send it.
pub(crate) const fn is_of_http_2(kind: u64) -> bool {
    matches!(kind, 0x2 | 0x6 | 0x8 | 0x9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_short_as_they_can_be_and_read_back() {
        // The examples of RFC 9000, section A.1, and the ends of each length.
        for (number, bytes) in [
            (0, &[0][..]),
            (37, &[0x25]),
            (63, &[0x3f]),
            (64, &[0x40, 0x40]),
            (15_293, &[0x7b, 0xbd]),
            (16_383, &[0x7f, 0xff]),
            (16_384, &[0x80, 0, 0x40, 0]),
            (494_878_333, &[0x9d, 0x7f, 0x3e, 0x7d]),
            (
                151_288_809_941_952_652,
                &[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c],
            ),
        ] {
            let mut written = Vec::new();
            put_number(number, &mut written);
            assert_eq!(written, bytes);
            assert_eq!(number_length(bytes[0]), bytes.len());
            assert_eq!(super::number(bytes[0], &bytes[1..]), number);
        }
    }

    #[test]
    fn a_client_begins_with_its_settings() {
        assert_eq!(settings(64), [0, 4, 3, 6, 0x40, 64]);
    }
}
