//! Blocks of fields to heads (RFC 7541, section 3). The table of the server is kept up also by heads that are refused.

use crate::bad::Bad;
use crate::head::{Head, Limits, Part};
use crate::table::{STATIC, Table};
use crate::{huffman, integer};

/// A block of more bytes than this is read each time.
const RECOGNISED: usize = 4 << 10;

/// The server's half of HPACK.
#[derive(Debug)]
pub(crate) struct Decoder {
    table: Table,
    limits: Limits,
}

/// What a field of a block does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// It is in a table.
    Indexed,
    /// It is written out and put into the table.
    Kept,
    /// It is written out.
    Literal,
}

impl Decoder {
    pub(crate) const fn new(limits: Limits) -> Self {
        Self {
            table: Table::new(),
            limits,
        }
    }

    /// Reads a block. What is wrong with the head alone comes back; the next block can be read then.
    ///
    /// A server often answers with the same bytes again and again: these are recognised and not read again if what they say does
    /// not depend on the server's table.
    ///
    /// # Errors
    /// The block is none. Nothing can be read after that.
    pub(crate) fn read(
        &mut self,
        block: &[u8],
        part: Part,
        head: &mut Head,
    ) -> Result<Option<Bad>, Bad> {
        if part == Part::Answer
            && !head.block.is_empty()
            && head.block == block
            && (!head.fills_table || self.table.is_closed())
        {
            return Ok(None);
        }
        head.begin();
        let mut is_the_same_always = block.len() <= RECOGNISED;
        let mut rest = self.sizes(block, &mut is_the_same_always)?;
        let is_closed = self.table.is_closed();
        head.fills_table = false;
        while let Some(first) = rest.first() {
            let (form, bits) = match first {
                0x80.. => (Form::Indexed, 7),
                0x40..0x80 => (Form::Kept, 6),
                0x20..0x40 => return Err(Bad::TableSize),
                _ => (Form::Literal, 4),
            };
            let (index, after) = integer::read(rest, bits).ok_or(Bad::Compression)?;
            rest = after;
            head.fills_table |= form == Form::Kept;
            is_the_same_always &= (form != Form::Kept || is_closed) && index <= STATIC.len();
            let text = head.text();
            let start = text.len();
            let name = if index > 0 {
                let (name, value) = self.table.get(index).ok_or(Bad::Compression)?;
                text.extend_from_slice(name);
                if form == Form::Indexed {
                    text.extend_from_slice(value);
                }
                name.len()
            } else if form == Form::Indexed {
                return Err(Bad::Compression);
            } else {
                rest = string(rest, text)?;
                text.len() - start
            };
            if form != Form::Indexed {
                rest = string(rest, text)?;
            }
            if form == Form::Kept {
                let (name, value) = head.written(name);
                self.table.insert(name, value);
            }
            head.take(name, part, &self.limits);
        }
        let bad = head.end(part);
        if is_the_same_always && bad.is_none() && part == Part::Answer {
            head.block.extend_from_slice(block);
        }
        Ok(bad)
    }

    /// Reads what a block says of the size of the table, which it may say at its beginning only.
    fn sizes<'a>(&mut self, block: &'a [u8], is_the_same: &mut bool) -> Result<&'a [u8], Bad> {
        let mut rest = block;
        while let Some(0x20..0x40) = rest.first() {
            *is_the_same = false;
            let (size, after) = integer::read(rest, 5).ok_or(Bad::Compression)?;
            if !self.table.resize(size) {
                return Err(Bad::TableSize);
            }
            rest = after;
        }
        Ok(rest)
    }
}

/// Appends a string at the beginning of `bytes`, and gives what follows it.
fn string<'a>(bytes: &'a [u8], into: &mut Vec<u8>) -> Result<&'a [u8], Bad> {
    let is_huffman = bytes.first().is_some_and(|first| first & 0x80 != 0);
    let (length, rest) = integer::read(bytes, 7).ok_or(Bad::Compression)?;
    let (text, rest) = rest.split_at_checked(length).ok_or(Bad::Compression)?;
    if !is_huffman {
        into.extend_from_slice(text);
    } else if !huffman::decode(text, into) {
        return Err(Bad::Huffman);
    }
    Ok(rest)
}

#[cfg(test)]
mod tests;
