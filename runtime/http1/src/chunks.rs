//! A chunked body (RFC 9112, section 7.1) to runs of bytes that belong to it. Extensions and trailers are bounded and dropped.

use crate::bad::Bad;
use crate::lines::Limits;

/// Most digits of a size.
const DIGITS: u8 = 16;
/// Most bytes of a size's line.
const LINE: usize = 4 << 10;
/// Most bytes of all extensions of a body.
const EXTENSIONS: usize = 64 << 10;

/// Reads what stands between the runs of bytes of a chunked body.
#[derive(Debug, Clone)]
pub struct Chunks {
    at: At,
    size: u64,
    digits: u8,
    /// Bytes of this size's line, later of all trailers.
    line: usize,
    extensions: usize,
    trailers: usize,
    limits: Limits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Digits of a size.
    Size,
    /// Spaces behind a size.
    AfterSize,
    Extension,
    /// The carriage return of a size's line came.
    SizeEnd,
    /// The data of a chunk has passed.
    DataEnd,
    DataEndReturn,
    /// At the beginning of a line behind the last chunk.
    TrailerStart,
    /// In a line without a colon so far.
    TrailerName,
    TrailerValue,
    /// A carriage return came, at the beginning of a line or behind a trailer.
    LastReturn,
    TrailerReturn,
    Over,
}

/// What the next bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// So many of the bytes given are framing, and are dropped first.
    pub skip: usize,
    /// What follows them.
    pub next: Next,
}

/// What follows the framing of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// More framing, which has not come.
    More,
    /// So many bytes of the body, at least one, come or yet to come. All of them are taken before the next call.
    Data(u64),
    /// Nothing: the body is over. What follows belongs to no body.
    End,
}

impl Chunks {
    /// At the beginning of a body. Its trailers are bounded by the limits of a head.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            at: At::Size,
            size: 0,
            digits: 0,
            line: 0,
            extensions: 0,
            trailers: 0,
            limits: *limits,
        }
    }

    /// Reads framing at the beginning of `bytes`. After [`Next::Data`] it is called again when all that data was taken, with what
    /// follows it; after [`Next::More`] with what follows the skipped bytes.
    ///
    /// # Errors
    ///
    /// The framing is malformed or too long.
    pub fn step(&mut self, bytes: &[u8]) -> Result<Piece, Bad> {
        if self.at == At::Over {
            return Ok(Piece {
                skip: 0,
                next: Next::End,
            });
        }
        for (before, byte) in bytes.iter().enumerate() {
            let next = self.byte(*byte)?;
            if next != Next::More {
                return Ok(Piece {
                    skip: before + 1,
                    next,
                });
            }
        }
        Ok(Piece {
            skip: bytes.len(),
            next: Next::More,
        })
    }

    fn byte(&mut self, byte: u8) -> Result<Next, Bad> {
        self.at = match (self.at, byte) {
            (At::Size | At::AfterSize | At::Extension | At::SizeEnd, _) => {
                return self.size_line(byte);
            }
            (At::DataEnd, b'\r') => At::DataEndReturn,
            (At::DataEndReturn, b'\n') => {
                (self.size, self.digits, self.line) = (0, 0, 0);
                At::Size
            }
            (At::DataEnd | At::DataEndReturn, _) => return Err(Bad::ChunkEnd),
            _ => return self.trailer(byte),
        };
        Ok(Next::More)
    }

    fn size_line(&mut self, byte: u8) -> Result<Next, Bad> {
        self.line += 1;
        if self.line > LINE {
            return Err(Bad::ChunkLineTooLong);
        }
        self.at = match (self.at, byte) {
            (At::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                if self.digits == DIGITS {
                    return Err(Bad::ChunkSizeTooLarge);
                }
                let digit = match byte {
                    b'0'..=b'9' => byte - b'0',
                    letter => (letter | 0x20) - b'a' + 10,
                };
                self.digits += 1;
                self.size = self.size << 4 | u64::from(digit);
                At::Size
            }
            (At::Size, _) if self.digits == 0 => return Err(Bad::ChunkSize),
            (At::Size | At::AfterSize, b' ' | b'\t') => At::AfterSize,
            (At::Size | At::AfterSize, b';') => At::Extension,
            (At::Size | At::AfterSize | At::Extension, b'\r') => At::SizeEnd,
            (At::Extension, b'\t' | b' '..=b'~' | 0x80..) => {
                self.extensions += 1;
                if self.extensions > EXTENSIONS {
                    return Err(Bad::ChunkExtensionsTooLong);
                }
                At::Extension
            }
            (At::SizeEnd, b'\n') if self.size == 0 => {
                self.line = 0;
                At::TrailerStart
            }
            (At::SizeEnd, b'\n') => {
                self.at = At::DataEnd;
                return Ok(Next::Data(self.size));
            }
            _ => return Err(Bad::ChunkSize),
        };
        Ok(Next::More)
    }

    /// Lines as in a head: a line feed alone ends them too.
    fn trailer(&mut self, byte: u8) -> Result<Next, Bad> {
        self.line += 1;
        if self.line > self.limits.bytes {
            return Err(Bad::HeadTooLarge);
        }
        self.at = match (self.at, byte) {
            (At::TrailerStart | At::LastReturn, b'\n') => {
                self.at = At::Over;
                return Ok(Next::End);
            }
            (At::TrailerStart, b'\r') => At::LastReturn,
            (At::TrailerStart, b' ' | b'\t') if self.trailers > 0 => At::TrailerValue,
            (At::TrailerStart, b':' | b' ' | b'\t') => return Err(Bad::Name),
            (At::TrailerStart, _) => {
                self.trailers += 1;
                if self.trailers > self.limits.fields {
                    return Err(Bad::TooManyFields);
                }
                not_a_control(byte)?;
                At::TrailerName
            }
            (At::TrailerName, b':') => At::TrailerValue,
            (At::TrailerName, b'\r' | b'\n') => return Err(Bad::NoColon),
            (At::TrailerValue, b'\r') => At::TrailerReturn,
            (At::TrailerValue | At::TrailerReturn, b'\n') => At::TrailerStart,
            (At::LastReturn | At::TrailerReturn, _) => return Err(Bad::BareCarriageReturn),
            (within, _) => {
                not_a_control(byte)?;
                within
            }
        };
        Ok(Next::More)
    }
}

fn not_a_control(byte: u8) -> Result<(), Bad> {
    if byte.is_ascii_control() && byte != b'\t' {
        Err(Bad::Control)
    } else {
        Ok(())
    }
}
