//! Messages between the five bytes before each and the pieces in which they come: what is sent, and what came.

use bggo_runtime::contract::Moment;
use flate2::Compression as Level;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::collections::VecDeque;
use std::io::{Read, Write};

/// Bytes before each message: whether it is compressed, and its length.
const PREFIX: usize = 5;

/// The most bytes of all messages that a step keeps until the end of its call.
const MOST_KEPT: usize = 64 << 20;
/// About what a kept message takes beside its bytes.
const EACH: usize = 48;

/// How what is sent or came is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
}

/// Appends a message, which `write` writes, with its prefix. Where it fails, nothing is appended.
pub(crate) fn put<E>(
    out: &mut Vec<u8>,
    compression: Compression,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    let start = out.len();
    out.extend([0; PREFIX]);
    if let Err(error) = write(out) {
        out.truncate(start);
        return Err(error);
    }
    let body = start + PREFIX;
    let mut is_compressed = 0;
    if compression == Compression::Gzip
        && let Some(packed) = compress(out.get(body..).unwrap_or_default())
        // Short ones only grow.
        && packed.len() < out.len() - body
    {
        is_compressed = 1;
        out.truncate(body);
        out.extend_from_slice(&packed);
    }
    let [a, b, c, d] = u32::try_from(out.len() - body)
        .unwrap_or(u32::MAX)
        .to_be_bytes();
    if let Some(prefix) = out.get_mut(start..body) {
        prefix.copy_from_slice(&[is_compressed, a, b, c, d]);
    }
    Ok(())
}

fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::new(), Level::default());
    packer.write_all(bytes).ok()?;
    packer.finish().ok()
}

/// A message that came, decompressed.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) bytes: Vec<u8>,
    /// When its last byte was read.
    pub(crate) came: Moment,
}

/// Which messages are kept; the others are counted only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Keeps {
    #[default]
    None,
    Last,
    All,
}

/// What is wrong with a message that comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadMessage {
    /// It has more bytes than are allowed, which are so many.
    TooLarge(usize),
    /// With those before, which are kept, it has more bytes than a step keeps.
    TooMany,
    /// What cannot be read, and why.
    Malformed(&'static str),
}

/// Puts messages together from the pieces in which they come.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    /// The prefix of the message that is coming, as far as it came.
    prefix: [u8; PREFIX],
    had: usize,
    /// Bytes of that message that are missing, once its prefix is whole.
    left: usize,
    body: Vec<u8>,
    pub(crate) keeps: Keeps,
    pub(crate) messages: VecDeque<Message>,
    /// Bytes of all messages that were kept.
    kept: usize,
    /// How many came.
    pub(crate) count: u64,
    /// When the first one was there.
    pub(crate) first: Option<Moment>,
}

/// What a stream allows, and what it said of itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// The most bytes of a message.
    pub(crate) most: usize,
    pub(crate) compression: Compression,
    /// When the piece was read.
    pub(crate) came: Moment,
}

impl Assembler {
    /// Takes a piece.
    ///
    /// # Errors
    /// The message is none that may come.
    pub(crate) fn takes(&mut self, mut piece: &[u8], terms: &Terms) -> Result<(), BadMessage> {
        loop {
            if self.had < PREFIX {
                let now = piece.len().min(PREFIX - self.had);
                let (begin, rest) = piece.split_at(now);
                if let Some(place) = self.prefix.get_mut(self.had..self.had + now) {
                    place.copy_from_slice(begin);
                }
                self.had += now;
                piece = rest;
                if self.had < PREFIX {
                    return Ok(());
                }
                self.begins(terms)?;
            }
            let (now, rest) = piece.split_at(piece.len().min(self.left));
            if self.keeps != Keeps::None {
                self.body.extend_from_slice(now);
            }
            self.left -= now.len();
            piece = rest;
            if self.left > 0 {
                return Ok(());
            }
            self.is_whole(terms)?;
            if piece.is_empty() {
                return Ok(());
            }
        }
    }

    /// Refuses what came last, if a step that keeps all messages until the end of its call would keep too much.
    ///
    /// # Errors
    /// It would.
    pub(crate) fn check_kept(&self) -> Result<(), BadMessage> {
        match self.kept > MOST_KEPT {
            true => Err(BadMessage::TooMany),
            false => Ok(()),
        }
    }

    /// Whether some of a message came, and not all.
    pub(crate) fn is_within_a_message(&self) -> bool {
        self.had > 0
    }

    fn begins(&mut self, terms: &Terms) -> Result<(), BadMessage> {
        let [flag, a, b, c, d] = self.prefix;
        self.left = u32::from_be_bytes([a, b, c, d]) as usize;
        match flag {
            0 => {}
            1 if terms.compression == Compression::Gzip => {}
            1 => {
                let text = "a message is compressed, and its head does not say how";
                return Err(BadMessage::Malformed(text));
            }
            _ => return Err(BadMessage::Malformed("what came is no message of gRPC")),
        }
        if self.left > terms.most {
            return Err(BadMessage::TooLarge(terms.most));
        }
        if self.keeps != Keeps::None {
            self.body.reserve_exact(self.left);
        }
        Ok(())
    }

    fn is_whole(&mut self, terms: &Terms) -> Result<(), BadMessage> {
        self.had = 0;
        self.count += 1;
        self.first.get_or_insert(terms.came);
        if self.keeps == Keeps::None {
            return Ok(());
        }
        let mut bytes = std::mem::take(&mut self.body);
        if self.prefix.first() == Some(&1) {
            bytes = decompress(&bytes, terms.most)?;
        }
        match self.keeps {
            Keeps::Last => self.messages.clear(),
            _ => self.kept = self.kept.saturating_add(bytes.len() + EACH),
        }
        self.messages.push_back(Message {
            bytes,
            came: terms.came,
        });
        Ok(())
    }
}

fn decompress(bytes: &[u8], most: usize) -> Result<Vec<u8>, BadMessage> {
    let mut plain = Vec::new();
    let more = (most as u64).saturating_add(1);
    let read = GzDecoder::new(bytes).take(more).read_to_end(&mut plain);
    if read.is_err() {
        return Err(BadMessage::Malformed("a message cannot be decompressed"));
    }
    if plain.len() > most {
        return Err(BadMessage::TooLarge(most));
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_runtime::contract::testing::WorkerContext;

    fn terms(most: usize, compression: Compression) -> Terms {
        Terms {
            most,
            compression,
            came: WorkerContext::alone().unwrap().moment(),
        }
    }

    fn framed(compression: Compression, messages: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        for message in messages {
            put(&mut out, compression, |out| {
                out.extend_from_slice(message);
                Ok::<(), ()>(())
            })
            .unwrap();
        }
        out
    }

    fn came(assembler: &Assembler) -> Vec<&[u8]> {
        let messages = assembler.messages.iter();
        messages.map(|message| &*message.bytes).collect()
    }

    #[test]
    fn messages_are_the_same_in_whatever_pieces_they_come() {
        let long = vec![7; 3000];
        let messages: [&[u8]; 4] = [b"one", b"", &long, b"x"];
        for compression in [Compression::None, Compression::Gzip] {
            let bytes = framed(compression, &messages);
            for size in [1, 2, 5, 6, 100, bytes.len()] {
                let mut assembler = Assembler {
                    keeps: Keeps::All,
                    ..Assembler::default()
                };
                for piece in bytes.chunks(size) {
                    assembler.takes(piece, &terms(3000, compression)).unwrap();
                }
                assert_eq!(came(&assembler), messages);
                assert_eq!(assembler.count, 4);
                assert!(!assembler.is_within_a_message());
            }
        }
    }

    #[test]
    fn only_what_is_smaller_compressed_is_compressed() {
        let flags = |message: &[u8]| framed(Compression::Gzip, &[message])[0];
        assert_eq!((flags(b"abc"), flags(&[0; 1000])), (0, 1));
        assert_eq!(
            framed(Compression::None, &[&[0; 1000]])[..5],
            [0, 0, 0, 3, 232]
        );
    }

    #[test]
    fn what_is_not_kept_is_counted() {
        let bytes = framed(Compression::None, &[b"one", b"two", b"three"]);
        for (keeps, kept) in [(Keeps::None, 0), (Keeps::Last, 1), (Keeps::All, 3)] {
            let mut assembler = Assembler {
                keeps,
                ..Assembler::default()
            };
            assembler
                .takes(&bytes, &terms(10, Compression::None))
                .unwrap();
            assert_eq!((assembler.messages.len(), assembler.count), (kept, 3));
        }
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let refused = |bytes: &[u8], most, compression| {
            let mut assembler = Assembler {
                keeps: Keeps::All,
                ..Assembler::default()
            };
            assembler
                .takes(bytes, &terms(most, compression))
                .unwrap_err()
        };
        let gzip = Compression::Gzip;
        assert_eq!(refused(b"\0\0\0\0\x0b", 10, gzip), BadMessage::TooLarge(10));
        assert!(matches!(
            refused(b"\x01\0\0\0\x01x", 10, Compression::None),
            BadMessage::Malformed(_)
        ));
        assert!(matches!(
            refused(b"\x01\0\0\0\x01x", 10, gzip),
            BadMessage::Malformed(_)
        ));
        assert!(matches!(
            refused(b"\x02\0\0\0\x01x", 10, gzip),
            BadMessage::Malformed(_)
        ));
        // Small as it comes and large when it is decompressed.
        let bomb = framed(gzip, &[&[0; 100_000]]);
        assert!(bomb.len() < 1000);
        assert_eq!(refused(&bomb, 1000, gzip), BadMessage::TooLarge(1000));
        assert_eq!(framed(gzip, &[]), []);
    }

    #[test]
    fn a_message_that_cannot_be_written_leaves_nothing() {
        let mut out = b"before".to_vec();
        let failed = put(&mut out, Compression::None, |out| {
            out.push(1);
            Err("no")
        });
        assert_eq!((failed, &*out), (Err("no"), &b"before"[..]));
    }
}
