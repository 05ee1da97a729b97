//! The requests of a connection whose answers somebody waits for, each by a key that stays the same.

use crate::bad::Bad;

/// Interim heads to one request.
const MOST_INTERIM: u8 = 64;

/// A request on a connection, until it is closed by [`crate::Connection::close`]. Keys are small numbers from 0 on; that of a
/// closed one is given out again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key(pub usize);

/// One request and its answer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Stream {
    /// How much of a body may be sent on it. A setting can make it negative.
    pub(crate) may_send: i64,
    /// How much of a body the server may still send.
    pub(crate) may_come: i64,
    /// How much of it was taken since the server was told last.
    pub(crate) taken: u32,
    /// Of the body, by Content-Length.
    pub(crate) left: Option<u64>,
    pub(crate) is_head: bool,
    /// The request was sent to its end.
    pub(crate) has_sent: bool,
    pub(crate) has_head: bool,
    pub(crate) interim: u8,
    /// The answer came to its end.
    pub(crate) has_ended: bool,
    /// Either end gave it up: what still comes for it is dropped.
    pub(crate) is_broken: bool,
}

impl Stream {
    /// Whether the server counts it as one that is open.
    pub(crate) fn is_active(&self) -> bool {
        !(self.is_broken || self.has_sent && self.has_ended)
    }

    /// An interim head came.
    pub(crate) fn passes(&mut self, status: u16, ends: bool) -> Result<(), Bad> {
        self.interim += 1;
        match status {
            _ if ends => Err(Bad::InterimEnd),
            101 => Err(Bad::Switching),
            _ if self.interim > MOST_INTERIM => Err(Bad::TooManyInterim),
            _ => Ok(()),
        }
    }

    /// So much of the body came, and perhaps its end.
    pub(crate) fn counts(&mut self, size: usize, ends: bool) -> Result<(), Bad> {
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(size as u64).ok_or(Bad::LengthDiffers)?;
            if ends && *left > 0 {
                return Err(Bad::LengthDiffers);
            }
        }
        self.has_ended |= ends;
        Ok(())
    }
}

/// The streams that are not closed.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    /// By key; 0 is free. Beside the streams, so that one is found by a look at few bytes.
    ids: Vec<u32>,
    streams: Vec<Stream>,
}

impl Streams {
    pub(crate) const fn new() -> Self {
        Self {
            ids: Vec::new(),
            streams: Vec::new(),
        }
    }

    pub(crate) fn insert(&mut self, id: u32, stream: Stream) -> Key {
        let free = self.ids.iter().position(|id| *id == 0);
        let at = free.unwrap_or(self.ids.len());
        match (self.ids.get_mut(at), self.streams.get_mut(at)) {
            (Some(place), Some(old)) => (*place, *old) = (id, stream),
            _ => {
                self.ids.push(id);
                self.streams.push(stream);
            }
        }
        Key(at)
    }

    pub(crate) fn find(&self, id: u32) -> Option<Key> {
        self.ids.iter().position(|known| *known == id).map(Key)
    }

    pub(crate) fn id(&self, key: Key) -> Option<u32> {
        self.ids.get(key.0).copied().filter(|id| *id > 0)
    }

    pub(crate) fn get(&self, key: Key) -> Option<&Stream> {
        self.id(key)?;
        self.streams.get(key.0)
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut Stream> {
        self.id(key)?;
        self.streams.get_mut(key.0)
    }

    pub(crate) fn remove(&mut self, key: Key) {
        if let Some(id) = self.ids.get_mut(key.0) {
            *id = 0;
        }
    }

    pub(crate) fn all_mut(&mut self) -> impl Iterator<Item = &mut Stream> {
        let all = self.ids.iter().zip(&mut self.streams);
        all.filter(|(id, _)| **id > 0).map(|(_, stream)| stream)
    }
}
