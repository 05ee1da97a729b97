//! The requests of a connection whose answers somebody waits for, each by a key that stays the same.

use crate::bad::Bad;

/// Interim heads to one request.
const MOST_INTERIM: u8 = 64;

/// A request on a connection, until it is closed by [`crate::Connection::close`]. Keys are small numbers from 0 on; that of a
/// closed one is given out again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key(pub usize);

/// Whether something was the last of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// More follows.
    No,
    /// It was.
    Yes,
}

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
    pub(crate) fn passes(&mut self, status: u16, ends: Ends) -> Result<(), Bad> {
        self.interim += 1;
        match status {
            _ if ends == Ends::Yes => Err(Bad::InterimEnd),
            101 => Err(Bad::Switching),
            _ if self.interim > MOST_INTERIM => Err(Bad::TooManyInterim),
            _ => Ok(()),
        }
    }

    /// So much of the body came, and perhaps its end.
    pub(crate) fn counts(&mut self, size: usize, ends: Ends) -> Result<(), Bad> {
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(size as u64).ok_or(Bad::LengthDiffers)?;
            if ends == Ends::Yes && *left > 0 {
                return Err(Bad::LengthDiffers);
            }
        }
        self.has_ended |= ends == Ends::Yes;
        Ok(())
    }
}

/// The streams that are not closed.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    /// By key; 0 is free. Beside the streams, so that one is found by a look at few bytes.
    ids: Vec<u32>,
    streams: Vec<Stream>,
    /// The keys before this one are not free.
    free_from: usize,
    /// Keys by some bits of the ids: where to look first if there are many. What does not stand there is looked for.
    hints: Vec<usize>,
}

/// With fewer streams all are looked at.
const FEW: usize = 8;

impl Streams {
    pub(crate) const fn new() -> Self {
        Self {
            ids: Vec::new(),
            streams: Vec::new(),
            free_from: 0,
            hints: Vec::new(),
        }
    }

    pub(crate) fn insert(&mut self, id: u32, stream: Stream) -> Key {
        let rest = self.ids.get(self.free_from..).unwrap_or_default();
        let free = rest.iter().position(|id| *id == 0);
        let at = free.map_or(self.ids.len(), |free| self.free_from + free);
        self.free_from = at + 1;
        match (self.ids.get_mut(at), self.streams.get_mut(at)) {
            (Some(place), Some(old)) => (*place, *old) = (id, stream),
            _ => {
                self.ids.push(id);
                self.streams.push(stream);
            }
        }
        if self.ids.len() > FEW {
            self.hints(at, id);
        }
        Key(at)
    }

    /// Remembers where a stream is. Ids follow each other, so those that are open at once seldom share a place.
    fn hints(&mut self, at: usize, id: u32) {
        if self.hints.len() < 2 * self.ids.len() {
            let size = (2 * self.ids.len()).next_power_of_two();
            self.hints.resize(size, 0);
        }
        let place = self.place(id);
        if let Some(hint) = self.hints.get_mut(place) {
            *hint = at;
        }
    }

    /// Where the hint of a stream is. The ids of a client's streams are odd.
    fn place(&self, id: u32) -> usize {
        (id / 2) as usize & self.hints.len().saturating_sub(1)
    }

    pub(crate) fn find(&self, id: u32) -> Option<Key> {
        if let Some(at) = self.hints.get(self.place(id))
            && self.ids.get(*at) == Some(&id)
        {
            return Some(Key(*at));
        }
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
            self.free_from = self.free_from.min(key.0);
        }
    }

    pub(crate) fn all_mut(&mut self) -> impl Iterator<Item = &mut Stream> {
        let all = self.ids.iter().zip(&mut self.streams);
        all.filter(|(id, _)| **id > 0).map(|(_, stream)| stream)
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, Stream, Streams};
    use std::collections::BTreeMap;

    #[test]
    fn streams_are_found_by_their_ids_and_the_lowest_free_key_is_given_out() {
        let mut streams = Streams::new();
        let mut open = BTreeMap::new();
        let mut state = 1_u64;
        let mut below = |end: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as usize % end
        };
        for step in 0..20_000_u32 {
            // A few stay open for long, so many ids lie between those that are open.
            let most = 1 + (step as usize / 100) % 150;
            if open.len() < most {
                let id = 2 * step + 1;
                let lowest = (0..).find(|key| !open.values().any(|known| known == key));
                let Key(key) = streams.insert(id, Stream::default());
                assert_eq!(Some(key), lowest);
                open.insert(id, key);
            } else {
                let at = below(open.len());
                let (id, key) = open.iter().nth(at).map(|(id, key)| (*id, *key)).unwrap();
                streams.remove(Key(key));
                open.remove(&id);
                assert_eq!(streams.find(id), None);
            }
            for (id, key) in open.iter().take(5).chain(open.iter().rev().take(5)) {
                assert_eq!(streams.find(*id), Some(Key(*key)));
            }
        }
    }
}
