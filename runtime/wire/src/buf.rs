//! Bytes between a protocol and its connection: appended at the end, consumed at the beginning, on a piece of the thread's pool.

use crate::pool::{self, PIECE, Piece};
use std::fmt;
use std::io;

/// Bytes in order. It holds no memory while it is empty, and takes eight bytes then, because every idle connection has two.
#[derive(Default)]
pub struct Buf(Option<Box<Piece>>);

impl Buf {
    /// Without bytes and without memory.
    pub fn new() -> Self {
        Self::default()
    }

    /// The bytes.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], |piece| piece.bytes())
    }

    /// The bytes, to be changed where they stand.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        match &mut self.0 {
            Some(piece) => piece.bytes_mut(),
            None => &mut [],
        }
    }

    /// How many there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |piece| piece.len())
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends bytes.
    pub fn put(&mut self, bytes: &[u8]) {
        let room = self.room(bytes.len());
        // There is room for that many.
        if let Some(room) = room.get_mut(..bytes.len()) {
            room.copy_from_slice(bytes);
            self.grows(bytes.len());
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
        self.grows(length);
    }

    /// Appends so many bytes where they stand in the end: `write` gets their place and has to write all of them, for what stands there
    /// before is no zeros but what the memory held last. For bytes that are changed on the way, such as masked ones.
    #[inline]
    pub fn put_with(&mut self, length: usize, write: impl FnOnce(&mut [u8])) {
        let room = self.room(length);
        // There is room for that many.
        if let Some(room) = room.get_mut(..length) {
            write(room);
            self.grows(length);
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
        if let Some(piece) = &mut self.0 {
            piece.start += count.min(piece.len());
            self.release();
        }
    }

    /// Forgets all bytes and gives the memory back.
    pub fn clear(&mut self) {
        if let Some(piece) = self.0.take() {
            pool::put(piece);
        }
    }

    /// Room for at least `least` bytes behind the last one. Bytes that are written there count once [`Buf::filled`] says so.
    pub(crate) fn room(&mut self, least: usize) -> &mut [u8] {
        let left = self.0.as_ref().map_or(0, |piece| piece.left());
        if left < least {
            self.make_room(least);
        }
        match &mut self.0 {
            Some(piece) => piece.memory.get_mut(piece.end..).unwrap_or_default(),
            None => &mut [],
        }
    }

    /// So many bytes were written into the room, which there was.
    #[inline]
    fn grows(&mut self, count: usize) {
        if let Some(piece) = &mut self.0 {
            piece.end += count;
        }
    }

    /// So many bytes were written into the room.
    pub(crate) fn filled(&mut self, count: usize) {
        if let Some(piece) = &mut self.0 {
            piece.end = (piece.end + count).min(piece.memory.len());
        }
    }

    /// Gives the memory back if there is nothing in it.
    #[inline]
    pub(crate) fn release(&mut self) {
        if let Some(piece) = self.0.take_if(|piece| piece.len() == 0) {
            pool::put(piece);
        }
    }

    /// Moves what there is into memory of its own size: an idle connection with the beginning of a message holds no whole
    /// piece.
    pub(crate) fn shrink(&mut self) {
        self.release();
        if let Some(piece) = &mut self.0
            && piece.memory.len() > piece.len()
        {
            let small = Box::new(Piece::of(piece.bytes().into()));
            pool::put(std::mem::replace(piece, small));
        }
    }

    /// Bytes of memory that it holds.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.0.as_ref().map_or(0, |piece| piece.memory.len())
    }

    #[cold]
    fn make_room(&mut self, least: usize) {
        let needed = self.len() + least;
        let Some(piece) = &mut self.0 else {
            self.0 = Some(with_room(needed));
            return;
        };
        let length = piece.len();
        if needed <= piece.memory.len() {
            piece.memory.copy_within(piece.start..piece.end, 0);
            (piece.start, piece.end) = (0, length);
            return;
        }
        let mut larger = with_room(needed);
        if let Some(room) = larger.memory.get_mut(..length) {
            room.copy_from_slice(piece.bytes());
        }
        larger.end = length;
        pool::put(std::mem::replace(piece, larger));
    }
}

/// Memory for so many bytes.
fn with_room(needed: usize) -> Box<Piece> {
    if needed <= PIECE {
        return pool::take();
    }
    let memory = vec![0; needed.next_power_of_two()].into_boxed_slice();
    Box::new(Piece {
        memory,
        start: 0,
        end: 0,
    })
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
