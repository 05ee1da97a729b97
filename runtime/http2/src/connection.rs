//! A connection as a client sees it: what came to events, requests and what the server is owed to bytes.
//!
//! ```text
//! open, send, close --> bytes to be sent        receive(bytes that came) --> how many are taken, Event
//!                       answers to the server: put_replies
//! ```
//!
//! There is no queue here: whoever drives it hands what came to whom it belongs, and keeps what somebody takes later.

use crate::bad::Bad;
use crate::code::Code;
use crate::decode::Decoder;
use crate::frame::{self, FrameHeader, HEADER, LARGEST, flag, kind};
use crate::head::{Head, Limits, Part};
use crate::sink::Sink;
use crate::stream::{Ends, Key, Stream, Streams};

/// What a client says first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Every window at the beginning, and the largest that there can be.
const WINDOW: u32 = 65_535;
const LARGEST_WINDOW: i64 = (1 << 31) - 1;
/// The last stream that there can be.
const LAST: u32 = (1 << 31) - 1;
/// Streams at once before the server says how many, which is the least that it should allow.
const STREAMS: u32 = 100;
/// Frames one after the other that bring nothing forward.
const MOST_IDLE: u32 = 10_000;
/// Pieces of one block.
const MOST_PIECES: u32 = 1_000;

/// The numbers of settings (RFC 9113, section 6.5.2).
mod setting {
    pub(super) const HEADER_TABLE_SIZE: u16 = 1;
    pub(super) const ENABLE_PUSH: u16 = 2;
    pub(super) const MAX_CONCURRENT_STREAMS: u16 = 3;
    pub(super) const INITIAL_WINDOW_SIZE: u16 = 4;
    pub(super) const MAX_FRAME_SIZE: u16 = 5;
    pub(super) const MAX_HEADER_LIST_SIZE: u16 = 6;
}

/// What a server may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Of the head of an answer.
    pub limits: Limits,
    /// Bytes of one body that nobody has taken; below 2^31.
    pub stream_window: u32,
    /// The same of all bodies together; from 65,535 to below 2^31.
    pub connection_window: u32,
}

/// The head of a request.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// Its fields, as [`crate::Block`] makes them, in two parts.
    pub block: [&'a [u8]; 2],
    /// A body follows.
    pub has_body: bool,
    /// The method is HEAD: the answer has no body, whatever it says.
    pub is_head: bool,
}

/// Whether a request can be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// It can.
    Now,
    /// As many are open as the server allows.
    Later,
    /// The connection takes no more of them.
    Never,
}

/// What came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Nothing whole: more has to come.
    More,
    /// Something that concerns nobody.
    Nothing,
    /// The head of an answer, which is in the [`Head`]; the answer may end with it.
    Head(Key, Ends),
    /// The last `usize` of the bytes that were taken belong to a body. Whoever has no more need of them says so by
    /// [`Connection::taken`].
    Data(Key, usize, Ends),
    /// The answer ended with nothing more.
    End(Key),
    /// The answer ended with trailers, which are in the [`Head`].
    Trailers(Key),
    /// The server gave a request up.
    Reset(Key, Code),
    /// The answer to a request is none. The server is told.
    Failed(Key, Bad),
    /// More may be sent, or more requests opened.
    Room,
    /// The server has read a [`Connection::ping`] that held this.
    Pong([u8; 8]),
    /// The server takes no more requests: [`Connection::is_refused`] tells which of those that are open it did not look at.
    GoesAway(Code),
}

/// What was read of the bytes that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// So many bytes are taken from the beginning.
    pub taken: usize,
    /// What they were.
    pub event: Event,
}

/// A connection.
#[derive(Debug)]
pub struct Connection {
    decoder: Decoder,
    streams: Streams,
    /// What the server is owed: acknowledgements, windows, ends of streams.
    replies: Vec<u8>,
    /// A body that is coming.
    data: Option<Data>,
    /// A head whose block comes in pieces.
    block: Option<Box<Pieces>>,
    rules: Rules,
    next: u32,
    /// Streams that the server counts as open, and how many it allows.
    active: u32,
    most_active: u32,
    /// How much may be sent, on the connection and at the beginning on a stream.
    may_send: i64,
    first_window: i64,
    /// How much may come, and how much was taken since the server was told.
    may_come: i64,
    taken: u32,
    /// Frames since the last that brought something forward.
    idle: u32,
    /// Pings that the server has not answered.
    pings: u32,
    /// The size of our half's table, which the next block has to begin with.
    table_size: Option<u32>,
    state: State,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    /// The server's settings have come.
    has_begun: bool,
    /// The server takes no streams beyond this one.
    last: Option<u32>,
    broken: Option<Bad>,
}

/// A frame of a body of which some is still to come.
#[derive(Debug, Clone, Copy)]
struct Data {
    key: Option<Key>,
    left: usize,
    padding: usize,
    ends: Ends,
}

/// A head whose block comes in pieces.
#[derive(Debug)]
struct Pieces {
    stream: u32,
    ends: Ends,
    bytes: Vec<u8>,
    count: u32,
}

impl Connection {
    /// Begins: appends what a client says first.
    pub fn new(rules: Rules, out: &mut dyn Sink) -> Self {
        out.put(PREFACE);
        let mut settings = Vec::with_capacity(18);
        for (number, value) in [
            (setting::ENABLE_PUSH, 0),
            (setting::INITIAL_WINDOW_SIZE, rules.stream_window),
            (
                setting::MAX_HEADER_LIST_SIZE,
                u32::try_from(rules.limits.of_list()).unwrap_or(u32::MAX),
            ),
        ] {
            settings.extend(number.to_be_bytes());
            settings.extend(u32::to_be_bytes(value));
        }
        frame::put(out, (kind::SETTINGS, 0), 0, &[&settings]);
        let more = rules.connection_window.saturating_sub(WINDOW);
        if more > 0 {
            frame::put_window_update(out, 0, more);
        }
        Self {
            decoder: Decoder::new(rules.limits),
            streams: Streams::new(),
            replies: Vec::new(),
            data: None,
            block: None,
            rules,
            next: 1,
            active: 0,
            most_active: STREAMS,
            may_send: i64::from(WINDOW),
            first_window: i64::from(WINDOW),
            may_come: i64::from(WINDOW) + i64::from(more),
            taken: 0,
            idle: 0,
            pings: 0,
            table_size: None,
            state: State::default(),
        }
    }

    /// Whether a request can be opened.
    #[must_use]
    pub fn room(&self) -> Room {
        if self.state.broken.is_some() || self.state.last.is_some() || self.next > LAST {
            Room::Never
        } else if self.active >= self.most_active {
            Room::Later
        } else {
            Room::Now
        }
    }

    /// How many requests the server takes at once: 100 until it has said so.
    #[must_use]
    pub fn most_open(&self) -> u32 {
        self.most_active
    }

    /// Whether the server has said what it allows.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.state.has_begun
    }

    /// Opens a request: appends its head. `None` if there is no room.
    pub fn open(&mut self, asking: &Asking<'_>, out: &mut dyn Sink) -> Option<Key> {
        if self.room() != Room::Now {
            return None;
        }
        // What follows keeps to the server's settings, so that these are acknowledged comes before it.
        self.put_replies(out);
        let id = self.next;
        self.next += 2;
        self.active += 1;
        self.idle = 0;
        let key = self.streams.insert(
            id,
            Stream {
                may_send: self.first_window,
                may_come: i64::from(self.rules.stream_window),
                is_head: asking.is_head,
                has_sent: !asking.has_body,
                ..Stream::default()
            },
        );
        let mut size = Vec::new();
        if let Some(most) = self.table_size.take() {
            // This end puts nothing into the table, so it may be as small as the server likes.
            crate::integer::put(&mut size, (0x20, 5), most as usize);
        }
        let end_stream = if asking.has_body { 0 } else { flag::END_STREAM };
        let [first, second] = asking.block;
        let length = size.len() + first.len() + second.len();
        if length <= LARGEST {
            let flags = flag::END_HEADERS | end_stream;
            frame::put(out, (kind::HEADERS, flags), id, &[&size, first, second]);
        } else {
            put_long(out, id, end_stream, &[&size, first, second].concat());
        }
        Some(key)
    }

    /// Appends a part of a body, as much as the windows allow: how many bytes. The request ends with the last of them if
    /// `ends` says so.
    pub fn send(&mut self, key: Key, bytes: &[u8], ends: Ends, out: &mut dyn Sink) -> usize {
        self.put_replies(out);
        let may_send = self.may_send;
        let Some(stream) = self.streams.get_mut(key).filter(|stream| !stream.has_sent) else {
            return 0;
        };
        if stream.is_broken {
            return 0;
        }
        let most = usize::try_from(may_send.min(stream.may_send)).unwrap_or(0);
        let (now, later) = bytes.split_at(bytes.len().min(most));
        let is_last = ends == Ends::Yes && later.is_empty();
        if now.is_empty() && !is_last {
            return 0;
        }
        stream.may_send -= now.len() as i64;
        self.may_send -= now.len() as i64;
        self.idle = 0;
        if is_last {
            stream.has_sent = true;
            if stream.has_ended {
                self.active -= 1;
            }
        }
        let id = self.streams.id(key).unwrap_or_default();
        let mut rest = now;
        loop {
            let (piece, after) = rest.split_at(rest.len().min(LARGEST));
            rest = after;
            let flags = if is_last && rest.is_empty() {
                flag::END_STREAM
            } else {
                0
            };
            frame::put(out, (kind::DATA, flags), id, &[piece]);
            if rest.is_empty() {
                return now.len();
            }
        }
    }

    /// How many bytes of a body could be sent now.
    #[must_use]
    pub fn may_send(&self, key: Key) -> usize {
        let stream = self.streams.get(key);
        let stream = stream.filter(|stream| !stream.has_sent && !stream.is_broken);
        let most = stream.map_or(0, |stream| stream.may_send.min(self.may_send));
        usize::try_from(most).unwrap_or(0)
    }

    /// Somebody has taken so many bytes of a body, so that as many may follow.
    pub fn taken(&mut self, key: Key, count: usize) {
        if self.state.broken.is_some() {
            // Nothing may follow the word that the connection is over.
            return;
        }
        self.taken_of_connection(count);
        let id = self.streams.id(key);
        let (Some(stream), Some(id)) = (self.streams.get_mut(key), id) else {
            return;
        };
        stream.taken = stream.taken.saturating_add(count as u32);
        let is_over = stream.has_ended || stream.is_broken;
        if !is_over && stream.taken >= self.rules.stream_window / 2 && stream.taken > 0 {
            let more = std::mem::take(&mut stream.taken);
            stream.may_come += i64::from(more);
            frame::put_window_update(&mut self.replies, id, more);
        }
    }

    /// Closes a request, whose key is not its own any more. If it is not over, the server is told that nobody wants it.
    pub fn close(&mut self, key: Key) {
        let Some(stream) = self.streams.get(key).copied() else {
            return;
        };
        if stream.is_active() {
            self.active -= 1;
            if let Some(id) = self.streams.id(key).filter(|_| self.state.broken.is_none()) {
                frame::put_reset(&mut self.replies, id, Code::CANCEL);
            }
        }
        if let Some(data) = self.data.as_mut().filter(|data| data.key == Some(key)) {
            data.key = None;
        }
        self.streams.remove(key);
    }

    /// Asks the server for a sign of life: appends a ping that holds these bytes, which [`Event::Pong`] brings back.
    pub fn ping(&mut self, payload: [u8; 8], out: &mut dyn Sink) {
        if self.state.broken.is_none() {
            self.put_replies(out);
            self.pings = self.pings.saturating_add(1);
            frame::put(out, (kind::PING, 0), 0, &[&payload]);
        }
    }

    /// Whether a part of the answer came for this request, an interim head at least: the server has read the request then.
    pub fn is_begun(&self, key: Key) -> bool {
        let stream = self.streams.get(key);
        stream.is_some_and(|stream| stream.interim > 0 || stream.has_head)
    }

    /// Whether the server, which takes no more requests, did not look at this one.
    #[must_use]
    pub fn is_refused(&self, key: Key) -> bool {
        match (self.state.last, self.streams.id(key)) {
            (Some(last), Some(id)) => id > last,
            _ => false,
        }
    }

    /// Whether the server takes requests of this connection: one that goes away may have looked at none.
    #[must_use]
    pub fn takes_any(&self) -> bool {
        self.state.last != Some(0)
    }

    /// Whether it takes no more requests and nothing more comes for one.
    #[must_use]
    pub fn is_over(&self) -> bool {
        // A stream is not active from the beginning of its last frame on, and the rest of that may still come.
        let is_coming = self.data.is_some_and(|data| data.key.is_some());
        let is_done = self.active == 0 && !is_coming && self.room() == Room::Never;
        self.state.broken.is_some() || is_done
    }

    /// Whether the server is owed something.
    #[must_use]
    pub fn has_replies(&self) -> bool {
        !self.replies.is_empty()
    }

    /// Appends what the server is owed.
    pub fn put_replies(&mut self, out: &mut dyn Sink) {
        if !self.replies.is_empty() {
            out.put(&std::mem::take(&mut self.replies));
        }
    }

    /// Reads from the beginning of `bytes`, which have come. What is taken must not come again; after [`Event::More`] what is left
    /// comes again with what follows. The same bytes are the same events in whatever pieces they come, but for the pieces of
    /// bodies.
    ///
    /// # Errors
    /// The connection is of no use any more. The server is told why.
    pub fn receive(&mut self, bytes: &[u8], head: &mut Head) -> Result<Received, Bad> {
        if let Some(bad) = self.state.broken {
            return Err(bad);
        }
        let received = self.frame(bytes, head);
        if let Err(bad) = received {
            self.state.broken = Some(bad);
            (self.data, self.block) = (None, None);
            frame::put_goaway(&mut self.replies, bad.code());
        }
        received
    }

    fn frame(&mut self, bytes: &[u8], head: &mut Head) -> Result<Received, Bad> {
        if self.data.is_some() {
            return Ok(self.more_data(bytes));
        }
        const WAITS: Received = Received {
            taken: 0,
            event: Event::More,
        };
        let Some(header) = FrameHeader::read(bytes) else {
            return if self.may_begin(bytes) {
                Ok(WAITS)
            } else {
                Err(Bad::NotHttp2)
            };
        };
        self.check(&header)?;
        let whole = HEADER + header.length;
        if header.kind == kind::DATA {
            let Some((data, taken)) = self.data_begins(&header, bytes)? else {
                return Ok(WAITS);
            };
            self.data = Some(data);
            if let Some(event) = self.judge_body(header.length) {
                return Ok(Received { taken, event });
            }
            // What stands behind it comes at once.
            let rest = bytes.get(taken..).unwrap_or_default();
            let more = self.more_data(rest);
            return Ok(match more.event {
                Event::More => Received {
                    taken,
                    event: Event::Nothing,
                },
                event => Received {
                    taken: taken + more.taken,
                    event,
                },
            });
        }
        let Some(payload) = bytes.get(HEADER..whole) else {
            return Ok(WAITS);
        };
        self.idle += 1;
        if self.idle > MOST_IDLE {
            return Err(Bad::Flood);
        }
        let event = match header.kind {
            kind::HEADERS => self.headers(&header, payload, head)?,
            kind::CONTINUATION => self.continuation(&header, payload, head)?,
            kind::RST_STREAM => self.reset(&header, payload)?,
            kind::SETTINGS => self.settings(&header, payload)?,
            kind::PUSH_PROMISE => return Err(Bad::Push),
            kind::PING => self.pinged(&header, payload)?,
            kind::GOAWAY => self.goaway(payload)?,
            kind::WINDOW_UPDATE => self.window_update(&header, payload)?,
            // Nothing is told apart by priorities, and frames of other kinds mean nothing.
            _ => Event::Nothing,
        };
        Ok(Received {
            taken: whole,
            event,
        })
    }

    /// Whether the first bytes can be those of the first frame.
    fn may_begin(&self, bytes: &[u8]) -> bool {
        let is_settings = |kind: &u8| *kind == kind::SETTINGS;
        self.state.has_begun
            || bytes.first().is_none_or(|byte| *byte == 0)
                && bytes.get(3).is_none_or(is_settings)
                && bytes.get(4).is_none_or(|flags| flags & flag::ACK == 0)
    }

    /// What can be said of a frame before its payload.
    fn check(&mut self, header: &FrameHeader) -> Result<(), Bad> {
        if !self.state.has_begun {
            let is_first = header.kind == kind::SETTINGS && !header.has(flag::ACK);
            if !is_first || header.length > LARGEST {
                return Err(Bad::NotHttp2);
            }
        }
        if header.length > LARGEST {
            return Err(Bad::FrameTooLarge);
        }
        let within = self.block.as_ref().map(|pieces| pieces.stream);
        if within.is_some() != (header.kind == kind::CONTINUATION)
            || within.is_some_and(|stream| stream != header.stream)
        {
            return Err(Bad::Continuation);
        }
        match header.kind {
            kind::SETTINGS | kind::PING | kind::GOAWAY if header.stream != 0 => {
                Err(Bad::WrongStream)
            }
            kind::DATA | kind::HEADERS | kind::PRIORITY | kind::RST_STREAM
                if header.stream == 0 =>
            {
                Err(Bad::WrongStream)
            }
            // It would end its stream only, if that is open. Who cannot count to five is not trusted with the others.
            kind::PRIORITY if header.length != 5 => Err(Bad::FrameSize),
            kind::DATA | kind::HEADERS | kind::RST_STREAM | kind::WINDOW_UPDATE
                if self.is_idle(header.stream) =>
            {
                Err(Bad::IdleStream)
            }
            _ => Ok(()),
        }
    }

    /// Whether nobody has opened a stream. Those with even numbers are the server's, which may open none.
    fn is_idle(&self, stream: u32) -> bool {
        stream != 0 && (stream >= self.next || stream.is_multiple_of(2))
    }

    /// A frame of a body begins: what comes, and how many bytes stand before it.
    fn data_begins(
        &mut self,
        header: &FrameHeader,
        bytes: &[u8],
    ) -> Result<Option<(Data, usize)>, Bad> {
        let (padding, before) = if header.has(flag::PADDED) {
            if header.length == 0 {
                return Err(Bad::Padding);
            }
            match bytes.get(HEADER) {
                None => return Ok(None),
                Some(padding) => (usize::from(*padding), 1),
            }
        } else {
            (0, 0)
        };
        let left = header.length.checked_sub(before + padding);
        let left = left.ok_or(Bad::Padding)?;
        self.may_come -= header.length as i64;
        if self.may_come < 0 {
            return Err(Bad::BeyondWindow);
        }
        let ends = if header.has(flag::END_STREAM) {
            Ends::Yes
        } else {
            Ends::No
        };
        if left > 0 {
            self.idle = 0;
        } else {
            self.idle += 1;
            if self.idle > MOST_IDLE {
                return Err(Bad::Flood);
            }
        }
        let key = self.streams.find(header.stream);
        self.taken_of_frame(key, before + padding);
        let data = Data {
            key,
            left,
            padding,
            ends,
        };
        Ok(Some((data, HEADER + before)))
    }

    /// What was no part of a body is taken at once.
    fn taken_of_frame(&mut self, key: Option<Key>, count: usize) {
        match key {
            _ if count == 0 => {}
            Some(key) => self.taken(key, count),
            None => self.taken_of_connection(count),
        }
    }

    /// The server may send as much again when half of what may come is taken.
    fn taken_of_connection(&mut self, count: usize) {
        self.taken = self.taken.saturating_add(count as u32);
        if self.taken >= self.rules.connection_window / 2 {
            let more = std::mem::take(&mut self.taken);
            self.may_come += i64::from(more);
            frame::put_window_update(&mut self.replies, 0, more);
        }
    }

    /// More of a frame of a body, or the padding behind it.
    fn more_data(&mut self, bytes: &[u8]) -> Received {
        let Some(data) = &mut self.data else {
            return Received {
                taken: 0,
                event: Event::Nothing,
            };
        };
        let now = data.left.min(bytes.len());
        let padding = if now == data.left {
            data.padding.min(bytes.len() - now)
        } else {
            0
        };
        let is_empty = data.left == 0 && data.padding == 0;
        if now + padding == 0 && !is_empty {
            return Received {
                taken: 0,
                event: Event::More,
            };
        }
        let has_body = now > 0 || is_empty;
        data.left -= now;
        // The padding comes by itself: what is told of a body ends with its last byte.
        let padding = if now > 0 { 0 } else { padding };
        data.padding -= padding;
        let Data {
            key,
            left,
            padding: more,
            ends,
        } = *data;
        let is_last = left == 0;
        if is_last && more == 0 {
            self.data = None;
        }
        let ends = if is_last && (has_body || more == 0) {
            ends
        } else {
            Ends::No
        };
        if let Some(data) = self.data.as_mut().filter(|_| ends == Ends::Yes) {
            // Only padding follows.
            data.ends = Ends::No;
        }
        let event = match key {
            Some(key) if now > 0 => Event::Data(key, now, ends),
            Some(key) if ends == Ends::Yes => Event::End(key),
            _ => {
                // Nobody hears of it, so nobody takes it.
                self.taken_of_frame(key, now);
                Event::Nothing
            }
        };
        Received {
            taken: now + padding,
            event,
        }
    }

    /// Judges the frame of a body that begins, with so many bytes, by its size: all of it counts or nothing.
    fn judge_body(&mut self, length: usize) -> Option<Event> {
        let data = self.data.as_mut()?;
        let (key, size, ends) = (data.key?, data.left, data.ends);
        let stream = self.streams.get_mut(key)?;
        stream.may_come -= length as i64;
        let counted = if stream.is_broken {
            data.key = None;
            return None;
        } else if stream.has_ended {
            Err(Bad::AfterEnd)
        } else if !stream.has_head {
            Err(Bad::BodyBeforeHead)
        } else if stream.may_come < 0 {
            Err(Bad::BeyondWindow)
        } else {
            stream.counts(size, ends)
        };
        match counted {
            Err(bad) => {
                data.key = None;
                Some(self.fails(key, bad))
            }
            Ok(()) => {
                self.note_end(key, ends);
                None
            }
        }
    }

    /// The answer ended, so the server does not count the stream any more if the request did as well.
    fn note_end(&mut self, key: Key, ends: Ends) {
        let stream = self.streams.get(key);
        if ends == Ends::Yes && stream.is_some_and(|stream| stream.has_sent) {
            self.active -= 1;
        }
    }

    fn fails(&mut self, key: Key, bad: Bad) -> Event {
        let id = self.streams.id(key);
        if let (Some(stream), Some(id)) = (self.streams.get_mut(key), id) {
            if stream.is_active() {
                self.active -= 1;
            }
            stream.is_broken = true;
            frame::put_reset(&mut self.replies, id, bad.code());
        }
        Event::Failed(key, bad)
    }

    fn headers(
        &mut self,
        header: &FrameHeader,
        payload: &[u8],
        head: &mut Head,
    ) -> Result<Event, Bad> {
        let mut block = payload;
        if header.has(flag::PADDED) {
            let (padding, rest) = block.split_first().ok_or(Bad::Padding)?;
            let length = rest.len().checked_sub(usize::from(*padding));
            block = rest.get(..length.ok_or(Bad::Padding)?).unwrap_or_default();
        }
        if header.has(flag::PRIORITY) {
            block = block.get(5..).ok_or(Bad::FrameSize)?;
        }
        let ends = if header.has(flag::END_STREAM) {
            Ends::Yes
        } else {
            Ends::No
        };
        if header.has(flag::END_HEADERS) {
            return self.whole_head((header.stream, ends), block, head);
        }
        self.block = Some(Box::new(Pieces {
            stream: header.stream,
            ends,
            bytes: block.to_vec(),
            count: 1,
        }));
        Ok(Event::Nothing)
    }

    fn continuation(
        &mut self,
        header: &FrameHeader,
        payload: &[u8],
        head: &mut Head,
    ) -> Result<Event, Bad> {
        let Some(mut pieces) = self.block.take() else {
            return Err(Bad::Continuation);
        };
        pieces.count += 1;
        let most = self.rules.limits.bytes.saturating_mul(2);
        if pieces.count > MOST_PIECES || pieces.bytes.len() + payload.len() > most {
            return Err(Bad::BlockTooLarge);
        }
        pieces.bytes.extend_from_slice(payload);
        if header.has(flag::END_HEADERS) {
            return self.whole_head((pieces.stream, pieces.ends), &pieces.bytes, head);
        }
        self.block = Some(pieces);
        Ok(Event::Nothing)
    }

    /// The block of a head has come whole.
    fn whole_head(
        &mut self,
        (stream, ends): (u32, Ends),
        block: &[u8],
        head: &mut Head,
    ) -> Result<Event, Bad> {
        let key = self.streams.find(stream);
        let known = key.and_then(|key| self.streams.get(key));
        let part = match known {
            Some(stream) if stream.has_head => Part::Trailers,
            _ => Part::Answer,
        };
        // The table changes with every block, also with one that nobody waits for.
        let wrong = self.decoder.read(block, part, head)?;
        let Some(key) = key else {
            return Ok(Event::Nothing);
        };
        let Some(stream) = self.streams.get_mut(key).filter(|one| !one.is_broken) else {
            return Ok(Event::Nothing);
        };
        let taken = match wrong {
            Some(bad) => Err(bad),
            None if stream.has_ended => Err(Bad::AfterEnd),
            None if part == Part::Trailers && ends == Ends::No => Err(Bad::SecondHead),
            None if part == Part::Trailers => {
                stream.counts(0, Ends::Yes).map(|()| Event::Trailers(key))
            }
            None if head.status() < 200 => {
                stream.passes(head.status(), ends).map(|()| Event::Nothing)
            }
            None => {
                stream.has_head = true;
                let has_no_body = stream.is_head || matches!(head.status(), 204 | 304);
                stream.left = if has_no_body { Some(0) } else { head.length() };
                let counted = stream.counts(0, ends);
                counted.map(|()| Event::Head(key, ends))
            }
        };
        match taken {
            Err(bad) => Ok(self.fails(key, bad)),
            Ok(event) => {
                if event != Event::Nothing {
                    self.idle = 0;
                    self.note_end(key, ends);
                }
                Ok(event)
            }
        }
    }

    fn reset(&mut self, header: &FrameHeader, payload: &[u8]) -> Result<Event, Bad> {
        let code = number_alone(payload)?;
        let Some(key) = self.streams.find(header.stream) else {
            return Ok(Event::Nothing);
        };
        let Some(stream) = self.streams.get_mut(key).filter(|one| one.is_active()) else {
            return Ok(Event::Nothing);
        };
        stream.is_broken = true;
        self.active -= 1;
        self.idle = 0;
        Ok(Event::Reset(key, Code(code)))
    }

    fn settings(&mut self, header: &FrameHeader, payload: &[u8]) -> Result<Event, Bad> {
        self.state.has_begun = true;
        if header.has(flag::ACK) {
            return if payload.is_empty() {
                Ok(Event::Nothing)
            } else {
                Err(Bad::FrameSize)
            };
        }
        let (each, rest) = payload.as_chunks::<6>();
        if !rest.is_empty() {
            return Err(Bad::FrameSize);
        }
        for [n0, n1, v0, v1, v2, v3] in each {
            let value = u32::from_be_bytes([*v0, *v1, *v2, *v3]);
            match u16::from_be_bytes([*n0, *n1]) {
                setting::HEADER_TABLE_SIZE if (value as usize) < crate::table::MOST => {
                    self.table_size = Some(self.table_size.map_or(value, |least| least.min(value)));
                }
                setting::ENABLE_PUSH if value != 0 => return Err(Bad::Setting),
                setting::MAX_CONCURRENT_STREAMS => self.most_active = value,
                setting::INITIAL_WINDOW_SIZE => self.windows_begin_with(i64::from(value))?,
                setting::MAX_FRAME_SIZE if !(1 << 14..1 << 24).contains(&value) => {
                    return Err(Bad::Setting);
                }
                _ => {}
            }
        }
        frame::put(&mut self.replies, (kind::SETTINGS, flag::ACK), 0, &[]);
        Ok(Event::Room)
    }

    /// The first window of streams changes, and with it that of those that are open.
    fn windows_begin_with(&mut self, size: i64) -> Result<(), Bad> {
        if size > LARGEST_WINDOW {
            return Err(Bad::WindowSetting);
        }
        let more = size - std::mem::replace(&mut self.first_window, size);
        for stream in self.streams.all_mut() {
            stream.may_send += more;
            if stream.may_send > LARGEST_WINDOW {
                return Err(Bad::WindowSetting);
            }
        }
        Ok(())
    }

    fn pinged(&mut self, header: &FrameHeader, payload: &[u8]) -> Result<Event, Bad> {
        let payload = <[u8; 8]>::try_from(payload).map_err(|_| Bad::FrameSize)?;
        if header.has(flag::ACK) {
            if let Some(left) = self.pings.checked_sub(1) {
                (self.pings, self.idle) = (left, 0);
            }
            return Ok(Event::Pong(payload));
        }
        frame::put(&mut self.replies, (kind::PING, flag::ACK), 0, &[&payload]);
        Ok(Event::Nothing)
    }

    fn goaway(&mut self, payload: &[u8]) -> Result<Event, Bad> {
        let (Some(last), Some(code)) = (
            frame::number(payload),
            payload.get(4..).and_then(frame::number),
        ) else {
            return Err(Bad::FrameSize);
        };
        let last = last & LAST;
        let known = self.state.last.unwrap_or(LAST);
        self.state.last = Some(last.min(known));
        Ok(Event::GoesAway(Code(code)))
    }

    fn window_update(&mut self, header: &FrameHeader, payload: &[u8]) -> Result<Event, Bad> {
        let more = i64::from(number_alone(payload)? & LAST);
        if header.stream == 0 {
            if more == 0 {
                return Err(Bad::WindowUpdate);
            }
            self.may_send += more;
            if self.may_send > LARGEST_WINDOW {
                return Err(Bad::WindowTooLarge);
            }
            return Ok(Event::Room);
        }
        let Some(key) = self.streams.find(header.stream) else {
            return Ok(Event::Nothing);
        };
        let Some(stream) = self.streams.get_mut(key).filter(|one| one.is_active()) else {
            return Ok(Event::Nothing);
        };
        stream.may_send += more;
        if more == 0 {
            return Ok(self.fails(key, Bad::WindowUpdate));
        }
        if stream.may_send > LARGEST_WINDOW {
            return Ok(self.fails(key, Bad::WindowTooLarge));
        }
        Ok(Event::Room)
    }
}

/// The one number that a payload is.
fn number_alone(payload: &[u8]) -> Result<u32, Bad> {
    match frame::number(payload) {
        Some(number) if payload.len() == 4 => Ok(number),
        _ => Err(Bad::FrameSize),
    }
}

/// Appends a head that takes more than one frame.
fn put_long(out: &mut dyn Sink, id: u32, end_stream: u8, block: &[u8]) {
    let mut pieces = block.chunks(LARGEST).peekable();
    let mut kind_and_flags = (kind::HEADERS, end_stream);
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            kind_and_flags.1 |= flag::END_HEADERS;
        }
        frame::put(out, kind_and_flags, id, &[piece]);
        kind_and_flags = (kind::CONTINUATION, 0);
    }
}
