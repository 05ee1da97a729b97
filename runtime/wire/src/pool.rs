//! Pieces of memory for messages, kept by each thread: a connection holds one only while there is something in it.

use std::cell::RefCell;

/// Bytes of a piece: a whole TLS record has up to 18,437.
pub(crate) const PIECE: usize = 20 << 10;
/// Pieces that a thread keeps at most: 64 MiB.
const MOST: usize = (64 << 20) / PIECE;

thread_local! {
    static FREE: RefCell<Vec<Box<[u8]>>> = const { RefCell::new(Vec::new()) };
}

/// A piece. What stands in it is of somebody else.
pub(crate) fn take() -> Box<[u8]> {
    let kept = FREE.with(|free| free.borrow_mut().pop());
    kept.unwrap_or_else(|| vec![0; PIECE].into_boxed_slice())
}

/// Gives memory back. Only pieces are kept.
pub(crate) fn put(piece: Box<[u8]>) {
    if piece.len() != PIECE {
        return;
    }
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
