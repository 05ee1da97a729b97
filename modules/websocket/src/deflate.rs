//! Compressed messages (permessage-deflate, RFC 7692), each by itself: neither end remembers the message before
//! (`client_no_context_takeover`, `server_no_context_takeover`). So a thread has one compressor for all its sessions.

use crate::violation::Violation;
use flate2::{Compress, Decompress, FlushCompress, FlushDecompress, Status};
use std::cell::RefCell;

/// The end of each compressed message, which is not sent.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];
/// Bytes by which an output grows.
const ROOM: usize = 4 << 10;

const BROKEN: Violation = Violation::Protocol("a message came that cannot be decompressed");

thread_local! {
    static INFLATER: RefCell<Decompress> = RefCell::new(Decompress::new(false));
    static DEFLATER: RefCell<Compress> = RefCell::new(Compress::new(flate2::Compression::fast(), false));
}

/// The bytes of a compressed message: at most so many.
///
/// # Errors
/// They are more, or it is no compressed message.
pub(crate) fn inflate(message: &[u8], most: usize) -> Result<Vec<u8>, Violation> {
    INFLATER.with_borrow_mut(|inflater| {
        inflater.reset(false);
        let mut plain = Vec::new();
        for part in [message, &TAIL] {
            inflate_part(inflater, part, (&mut plain, most))?;
        }
        Ok(plain)
    })
}

fn inflate_part(
    inflater: &mut Decompress,
    mut part: &[u8],
    (plain, most): (&mut Vec<u8>, usize),
) -> Result<(), Violation> {
    loop {
        if plain.capacity() - plain.len() < ROOM {
            plain.reserve(ROOM);
        }
        let (before, produced) = (inflater.total_in(), plain.len());
        let status = inflater.decompress_vec(part, plain, FlushDecompress::Sync);
        let status = status.map_err(|_| BROKEN)?;
        // Never more than the part has.
        let taken = (inflater.total_in() - before) as usize;
        part = part.get(taken..).unwrap_or_default();
        if plain.len() > most {
            return Err(Violation::TooLarge);
        }
        match status {
            // The last block said that it is the last one. What follows is another stream.
            Status::StreamEnd => {
                inflater.reset(false);
                if part.is_empty() {
                    return Ok(());
                }
            }
            Status::Ok | Status::BufError => {
                let has_room = plain.len() < plain.capacity();
                if part.is_empty() && has_room {
                    return Ok(());
                }
                if has_room && taken == 0 && plain.len() == produced {
                    return Err(BROKEN);
                }
            }
        }
    }
}

/// A message, compressed.
pub(crate) fn deflate(message: &[u8]) -> Vec<u8> {
    DEFLATER.with_borrow_mut(|deflater| {
        deflater.reset();
        let mut packed = Vec::with_capacity(message.len() / 2 + ROOM);
        let mut rest = message;
        loop {
            let before = deflater.total_in();
            // It fails only where a stream was ended before, and this one never is.
            let _ = deflater.compress_vec(rest, &mut packed, FlushCompress::Sync);
            rest = rest
                .get((deflater.total_in() - before) as usize..)
                .unwrap_or_default();
            if rest.is_empty() && packed.len() < packed.capacity() {
                break;
            }
            packed.reserve(ROOM);
        }
        if packed.ends_with(&TAIL) {
            packed.truncate(packed.len() - TAIL.len());
        }
        packed
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_is_read_again() {
        let texts: [Vec<u8>; 5] = [
            Vec::new(),
            b"Hello".to_vec(),
            b"ab".repeat(100_000),
            (0..100_000_u32)
                .map(|at| (at.wrapping_mul(at) >> 7) as u8)
                .collect(),
            vec![0; 5_000_000],
        ];
        for text in texts {
            let packed = deflate(&text);
            let most = text.len().max(1);
            assert_eq!(inflate(&packed, most).unwrap(), text, "{}", text.len());
        }
    }

    #[test]
    fn messages_are_told_apart_from_each_other() {
        // Each is compressed alike, so nothing of the one before is remembered.
        assert_eq!(deflate(b"Hello Hello"), deflate(b"Hello Hello"));
        assert_eq!(inflate(&deflate(b"one"), 9).unwrap(), b"one");
        assert_eq!(inflate(&deflate(b"two"), 9).unwrap(), b"two");
    }

    #[test]
    fn the_examples_of_the_standard_are_read() {
        // RFC 7692, section 7.2.3: one block, one that is not compressed, one that is the last, and two blocks.
        let compressed = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        let stored = [
            0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00,
        ];
        let last = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
        let two = [
            0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00,
        ];
        for message in [&compressed[..], &stored, &last, &two] {
            assert_eq!(inflate(message, 5).unwrap(), b"Hello", "{message:x?}");
        }
        assert_eq!(deflate(b"Hello"), compressed);
    }

    #[test]
    fn what_is_larger_than_it_may_be_is_not_made() {
        let packed = deflate(&vec![7; 1 << 20]);
        assert!(packed.len() < 5_000);
        assert_eq!(inflate(&packed, (1 << 20) - 1), Err(Violation::TooLarge));
        assert_eq!(inflate(&packed, 10), Err(Violation::TooLarge));
    }

    #[test]
    fn what_is_no_compressed_message_is_refused_and_the_next_one_is_read() {
        for broken in [&[0xff; 20][..], &[0x06], b"Hello there"] {
            let read = inflate(broken, 1000);
            assert!(
                matches!(read, Err(Violation::Protocol(_))),
                "{broken:?}: {read:?}"
            );
        }
        assert_eq!(inflate(&deflate(b"good"), 9).unwrap(), b"good");
    }
}
