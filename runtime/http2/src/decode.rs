//! Blocks of fields to heads (RFC 7541, section 3). The table of the server is kept up also by heads that are refused.

use crate::bad::Bad;
use crate::head::{Cut, Head, Limits, Part, Told};
use crate::table::{MOST, OVERHEAD, STATIC, Table};
use crate::{huffman, integer};
use std::rc::Rc;

/// A block of more bytes than this is read each time.
const RECOGNISED: usize = 4 << 10;

/// The server's half of HPACK.
#[derive(Debug)]
pub(crate) struct Decoder {
    table: Table,
    limits: Limits,
    /// A block that was recognised, whose fields were not put into the table yet.
    owed: Option<Owed>,
}

/// A block that came a few times.
#[derive(Debug)]
struct Owed {
    block: Rc<Vec<u8>>,
    times: usize,
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
            owed: None,
        }
    }

    /// Reads a block. What is wrong with the head alone comes back; the next block can be read then.
    ///
    /// A server often answers with the same bytes again and again: these are recognised and not read again if what they say does
    /// not depend on the server's table. What they put into it is put there when another block comes.
    ///
    /// # Errors
    /// The block is none. Nothing can be read after that.
    pub(crate) fn read(
        &mut self,
        block: &[u8],
        part: Part,
        head: &mut Head,
    ) -> Result<Option<Bad>, Bad> {
        let told = head.told();
        if part == Part::Answer && !told.block.is_empty() && *told.block == block {
            if told.kept.0 > 0 && !self.table.is_closed() {
                self.owes(told);
            }
            return Ok(None);
        }
        self.settle();
        let told = head.begin();
        let is_the_same_always = self.fields(block, part, told)?;
        let bad = told.end(part);
        if is_the_same_always && block.len() <= RECOGNISED && bad.is_none() && part == Part::Answer
        {
            told.keep_block(block);
        }
        Ok(bad)
    }

    /// A block was recognised that puts fields into the table.
    fn owes(&mut self, told: &Told) {
        match &mut self.owed {
            Some(owed) if Rc::ptr_eq(&owed.block, &told.block) => {
                // As often as the table can hold it: from then on that is all that it holds.
                let most = MOST / told.kept.1.max(1) + 1;
                owed.times = (owed.times + 1).min(most);
            }
            _ => {
                self.settle();
                self.owed = Some(Owed {
                    block: Rc::clone(&told.block),
                    times: 1,
                });
            }
        }
    }

    /// Puts into the table what was not put there yet.
    fn settle(&mut self) {
        if let Some(Owed { block, times }) = self.owed.take() {
            let mut told = Told::default();
            // It was read before without a fault.
            let _ = self.fields(&block, Part::Answer, &mut told);
            self.table.repeat(told.kept.0, times - 1);
        }
    }

    /// Reads the fields of a block. Whether the same bytes always say the same.
    fn fields(&mut self, block: &[u8], part: Part, told: &mut Told) -> Result<bool, Bad> {
        let mut is_the_same_always = true;
        let mut rest = self.sizes(block, &mut is_the_same_always)?;
        told.kept = (0, 0);
        while let Some(first) = rest.first() {
            let (form, bits) = match first {
                0x80.. => (Form::Indexed, 7),
                0x40..0x80 => (Form::Kept, 6),
                0x20..0x40 => return Err(Bad::TableSize),
                _ => (Form::Literal, 4),
            };
            let (index, after) = integer::read(rest, bits).ok_or(Bad::Compression)?;
            rest = after;
            is_the_same_always &= index <= STATIC.len();
            // What is larger than the table empties it, whatever it is.
            let needed = if form == Form::Kept { MOST } else { 0 };
            let mut text = told.text(&self.limits, needed);
            let start = text.len();
            let name = if index > 0 {
                let (name, value) = self.table.get(index).ok_or(Bad::Compression)?;
                text.put(name);
                if form == Form::Indexed {
                    text.put(value);
                }
                name.len()
            } else if form == Form::Indexed {
                return Err(Bad::Compression);
            } else {
                rest = string(rest, &mut text)?;
                text.len() - start
            };
            if form != Form::Indexed {
                rest = string(rest, &mut text)?;
            }
            let dropped = text.dropped;
            if form == Form::Kept {
                told.kept.0 += 1;
                told.kept.1 += told.unread() + OVERHEAD;
            }
            if form == Form::Kept && dropped > 0 {
                self.table.clear();
            } else if form == Form::Kept {
                let (name, value) = told.written(name);
                self.table.insert(name, value);
            }
            told.take((name, dropped), part, &self.limits);
        }
        Ok(is_the_same_always)
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
fn string<'a>(bytes: &'a [u8], into: &mut Cut<'_>) -> Result<&'a [u8], Bad> {
    let is_huffman = bytes.first().is_some_and(|first| first & 0x80 != 0);
    let (length, rest) = integer::read(bytes, 7).ok_or(Bad::Compression)?;
    let (text, rest) = rest.split_at_checked(length).ok_or(Bad::Compression)?;
    if !is_huffman {
        into.put(text);
        return Ok(rest);
    }
    let is_right = match into.whole(huffman::longest(text.len())) {
        Some(into) => huffman::decode(text, into),
        None => huffman::decode_each(text, |byte| into.put_one(byte)),
    };
    if !is_right {
        return Err(Bad::Huffman);
    }
    Ok(rest)
}

#[cfg(test)]
mod tests;
