//! Bytes between a protocol and its connection: appended at the end, consumed at the beginning, on a piece of the thread's pool.

use crate::pool::{self, PIECE};
use std::fmt;
use std::io;

/// Bytes in order. It holds no memory while it is empty.
#[derive(Default)]
pub struct Buf {
    memory: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Buf {
    /// Without bytes and without memory.
    pub fn new() -> Self {
        Self::default()
    }

    /// The bytes.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        self.memory.get(self.start..self.end).unwrap_or_default()
    }

    /// The bytes, to be changed where they stand.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        self.memory
            .get_mut(self.start..self.end)
            .unwrap_or_default()
    }

    /// How many there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Appends bytes.
    pub fn put(&mut self, bytes: &[u8]) {
        let room = self.room(bytes.len());
        // There is room for that many.
        if let Some(room) = room.get_mut(..bytes.len()) {
            room.copy_from_slice(bytes);
            self.end += bytes.len();
        }
    }

    /// Appends some pieces, one behind the other: cheaper than each by itself.
    #[inline]
    pub fn put_all<const PIECES: usize>(&mut self, pieces: [&[u8]; PIECES]) {
        let length = pieces.iter().map(|piece| piece.len()).sum();
        let mut room = self.room(length);
        for piece in pieces {
            // There is room for all of them.
            let Some((place, behind)) = room.split_at_mut_checked(piece.len()) else {
                return;
            };
            place.copy_from_slice(piece);
            room = behind;
        }
        self.end += length;
    }

    /// Appends so many bytes where they stand in the end: `write` gets their place and has to write all of them, for what stands there
    /// before is no zeros but what the memory held last. For bytes that are changed on the way, such as masked ones.
    #[inline]
    pub fn put_with(&mut self, length: usize, write: impl FnOnce(&mut [u8])) {
        let room = self.room(length);
        // There is room for that many.
        if let Some(room) = room.get_mut(..length) {
            write(room);
            self.end += length;
        }
    }

    /// Overwrites bytes that were appended before, from the byte `at` on: such as a length, once it is known. What would be behind
    /// the last byte is left out.
    pub fn put_at(&mut self, at: usize, bytes: &[u8]) {
        let there = self.bytes_mut().get_mut(at..).unwrap_or_default();
        for (old, new) in there.iter_mut().zip(bytes) {
            *old = *new;
        }
    }

    /// Appends one byte.
    pub fn put_byte(&mut self, byte: u8) {
        self.put(&[byte]);
    }

    /// Takes bytes away from the beginning: at most those that there are.
    #[inline]
    pub fn consume(&mut self, count: usize) {
        self.start += count.min(self.len());
        if self.start == self.end {
            self.release();
        }
    }

    /// Forgets all bytes and gives the memory back.
    pub fn clear(&mut self) {
        self.start = self.end;
        self.release();
    }

    /// Room for at least `least` bytes behind the last one. Bytes that are written there count once [`Buf::filled`] says so.
    pub(crate) fn room(&mut self, least: usize) -> &mut [u8] {
        if self.memory.len() - self.end < least {
            self.make_room(least);
        }
        self.memory.get_mut(self.end..).unwrap_or_default()
    }

    /// So many bytes were written into the room.
    pub(crate) fn filled(&mut self, count: usize) {
        self.end = (self.end + count).min(self.memory.len());
    }

    /// Gives the memory back if there is nothing in it.
    pub(crate) fn release(&mut self) {
        if self.is_empty() && !self.memory.is_empty() {
            pool::put(std::mem::take(&mut self.memory));
            (self.start, self.end) = (0, 0);
        }
    }

    /// Moves what there is into memory of its own size: an idle connection with the beginning of a message holds no whole
    /// piece.
    pub(crate) fn shrink(&mut self) {
        self.release();
        if self.memory.len() > self.len() {
            let small: Box<[u8]> = self.bytes().into();
            (self.start, self.end) = (0, small.len());
            pool::put(std::mem::replace(&mut self.memory, small));
        }
    }

    /// Bytes of memory that it holds.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.memory.len()
    }

    #[cold]
    fn make_room(&mut self, least: usize) {
        let needed = self.len() + least;
        let len = self.len();
        if self.memory.is_empty() && needed <= PIECE {
            self.memory = pool::take();
        } else if needed <= self.memory.len() {
            self.memory.copy_within(self.start..self.end, 0);
        } else {
            let mut larger = if needed <= PIECE {
                pool::take()
            } else {
                vec![0; needed.next_power_of_two()].into_boxed_slice()
            };
            if let Some(room) = larger.get_mut(..len) {
                room.copy_from_slice(self.bytes());
            }
            pool::put(std::mem::replace(&mut self.memory, larger));
        }
        (self.start, self.end) = (0, len);
    }
}

impl Drop for Buf {
    fn drop(&mut self) {
        self.clear();
    }
}

impl io::Write for Buf {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Write for Buf {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.put(text.as_bytes());
        Ok(())
    }
}

impl fmt::Debug for Buf {
    /// Leaves the bytes out, since they may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buf")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
