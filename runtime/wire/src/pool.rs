//! Pieces of memory for messages, kept by each thread: a connection holds one only while there is something in it.

use std::cell::RefCell;

/// Bytes of a piece: a whole TLS record has up to 18,437.
pub(crate) const PIECE: usize = 20 << 10;
/// Pieces that a thread keeps at most: 64 MiB.
const MOST: usize = (64 << 20) / PIECE;

thread_local! {
    #[expect(
        clippy::vec_box,
        reason = "a piece is handed on in its box, and asks for no other one"
    )]
    static FREE: RefCell<Vec<Box<Piece>>> = const { RefCell::new(Vec::new()) };
}

/// Memory, and which bytes of it count.
pub(crate) struct Piece {
    pub(crate) memory: Box<[u8]>,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Piece {
    /// With bytes that all count.
    pub(crate) fn of(memory: Box<[u8]>) -> Self {
        let end = memory.len();
        Self {
            memory,
            start: 0,
            end,
        }
    }

    /// The bytes that count.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        self.memory.get(self.start..self.end).unwrap_or_default()
    }

    /// The same, to be changed where they stand.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        self.memory
            .get_mut(self.start..self.end)
            .unwrap_or_default()
    }

    /// How many count.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    /// For how many there is room behind them.
    #[inline]
    pub(crate) fn left(&self) -> usize {
        self.memory.len() - self.end
    }
}

/// A piece of which no byte counts. What stands in it is of somebody else.
pub(crate) fn take() -> Box<Piece> {
    let kept = FREE.with(|free| free.borrow_mut().pop());
    kept.unwrap_or_else(|| {
        let mut piece = Piece::of(vec![0; PIECE].into_boxed_slice());
        piece.end = 0;
        Box::new(piece)
    })
}

/// Gives memory back. Only pieces are kept.
pub(crate) fn put(mut piece: Box<Piece>) {
    if piece.memory.len() != PIECE {
        return;
    }
    (piece.start, piece.end) = (0, 0);
    // A thread that ends drops its pieces with its other values.
    let _ = FREE.try_with(|free| {
        let mut free = free.borrow_mut();
        if free.len() < MOST {
            free.push(piece);
        }
    });
}

/// How many pieces the thread keeps.
#[cfg(test)]
pub(crate) fn kept() -> usize {
    FREE.with(|free| free.borrow().len())
}
