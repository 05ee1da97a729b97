//! What a server sends, frame by frame, and what comes of it: events, an end of a stream, or the end of the connection. The facts
//! are those of RFC 9113 and of h2spec's list, as a client has to see them.

use bggo_http2::{
    Asking, Bad, Block, Code, Connection, Ends, Event, Head, Keeping, Key, Limits, Room, Rules,
};

const RULES: Rules = Rules {
    limits: Limits {
        fields: 100,
        bytes: 10_000,
    },
    stream_window: 70_000,
    connection_window: 100_000,
};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const HAS_PRIORITY: u8 = 0x20;

/// `:status: 200`, `:status: 304`, `:status: 100`, `:status: 101`
const OK: &[u8] = b"\x88";
const NOT_MODIFIED: &[u8] = b"\x8b";
const CONTINUE: &[u8] = b"\x08\x03100";
const SWITCHING: &[u8] = b"\x08\x03101";
/// `:status: 200` and `content-length: 5`.
const FIVE: &[u8] = b"\x88\x0f\x0d\x015";
/// `a: b`, as trailers are.
const TRAILERS: &[u8] = b"\x00\x01a\x01b";

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len())
        .unwrap_or(u32::MAX)
        .to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

fn settings(each: &[(u16, u32)]) -> Vec<u8> {
    let mut payload = Vec::new();
    for (number, value) in each {
        payload.extend(number.to_be_bytes());
        payload.extend(value.to_be_bytes());
    }
    frame(SETTINGS, 0, 0, &payload)
}

/// A connection with a GET, a HEAD and a POST whose body is not sent: streams 1, 3 and 5, keys 0, 1 and 2.
struct Peer {
    connection: Connection,
    head: Head,
    out: Vec<u8>,
}

const GET: Key = Key(0);
const HEAD: Key = Key(1);
const POST: Key = Key(2);

impl Peer {
    /// The settings of the server have come.
    fn new() -> Self {
        let mut peer = Self::before_settings();
        assert_eq!(peer.says(&settings(&[])), Ok(vec![Event::Room]));
        peer.owed();
        peer
    }

    fn before_settings() -> Self {
        let mut out = Vec::new();
        let mut peer = Self {
            connection: Connection::new(RULES, &mut out),
            head: Head::new(),
            out,
        };
        for (method, has_body) in [("GET", false), ("HEAD", false), ("POST", true)] {
            peer.asks(method, has_body);
        }
        peer
    }

    fn asks(&mut self, method: &str, has_body: bool) -> Option<Key> {
        let mut block = Block::new();
        block.begin(method, "https", ("a.test", "/"));
        let asking = Asking {
            block: [block.bytes(), &[]],
            has_body,
            is_head: method == "HEAD",
        };
        self.connection.open(&asking, &mut self.out)
    }

    /// What comes of bytes, but for what concerns nobody. Bodies are taken at once.
    fn says(&mut self, bytes: &[u8]) -> Result<Vec<Event>, Bad> {
        let (mut events, mut at) = (Vec::new(), 0);
        loop {
            let received = self.connection.receive(&bytes[at..], &mut self.head)?;
            at += received.taken;
            match received.event {
                Event::More => {
                    assert_eq!(at, bytes.len(), "whole frames");
                    return Ok(events);
                }
                Event::Nothing => continue,
                Event::Data(key, size, _) => self.connection.taken(key, size),
                _ => {}
            }
            events.push(received.event);
        }
    }

    /// The frames that the server is owed: kind, stream and payload.
    fn owed(&mut self) -> Vec<(u8, u32, Vec<u8>)> {
        let mut out = Vec::new();
        self.connection.put_replies(&mut out);
        frames(&out)
    }
}

fn frames(mut bytes: &[u8]) -> Vec<(u8, u32, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [l0, l1, l2, kind, _, s0, s1, s2, s3, rest @ ..] = bytes {
        let length = u32::from_be_bytes([0, *l0, *l1, *l2]) as usize;
        let stream = u32::from_be_bytes([*s0, *s1, *s2, *s3]);
        frames.push((*kind, stream, rest[..length].to_vec()));
        bytes = &rest[length..];
    }
    frames
}

fn concat(frames: &[Vec<u8>]) -> Vec<u8> {
    frames.concat()
}

#[test]
fn what_ends_the_connection() {
    let large = vec![0; 16_385];
    for (why, bytes, bad) in [
        // 4.2 Frame size
        (
            "a frame that is too large",
            frame(DATA, 0, 1, &large),
            Bad::FrameTooLarge,
        ),
        (
            "a head that is too large for a frame",
            frame(HEADERS, END_HEADERS, 1, &large),
            Bad::FrameTooLarge,
        ),
        (
            "an unknown frame that is too large",
            frame(99, 0, 0, &large),
            Bad::FrameTooLarge,
        ),
        // 5.1 Stream states
        (
            "data for a stream nobody opened",
            frame(DATA, 0, 7, b"x"),
            Bad::IdleStream,
        ),
        (
            "a head for a stream nobody opened",
            frame(HEADERS, END_HEADERS, 7, OK),
            Bad::IdleStream,
        ),
        (
            "a reset of a stream nobody opened",
            frame(RST_STREAM, 0, 7, &[0; 4]),
            Bad::IdleStream,
        ),
        (
            "a window of a stream nobody opened",
            frame(WINDOW_UPDATE, 0, 7, &[0, 0, 0, 1]),
            Bad::IdleStream,
        ),
        (
            "a continuation on a stream nobody opened",
            frame(CONTINUATION, END_HEADERS, 7, OK),
            Bad::Continuation,
        ),
        (
            "a head on a stream of the server",
            frame(HEADERS, END_HEADERS, 2, OK),
            Bad::IdleStream,
        ),
        // 6.1 DATA
        (
            "data without a stream",
            frame(DATA, 0, 0, b"x"),
            Bad::WrongStream,
        ),
        (
            "data that is all padding and more",
            frame(DATA, PADDED, 1, &[3, 1, 2]),
            Bad::Padding,
        ),
        (
            "padded data without a byte",
            frame(DATA, PADDED, 1, &[]),
            Bad::Padding,
        ),
        // 6.2 HEADERS
        (
            "a head without a stream",
            frame(HEADERS, END_HEADERS, 0, OK),
            Bad::WrongStream,
        ),
        (
            "a head whose padding is too long",
            frame(HEADERS, END_HEADERS | PADDED, 1, &[2, 0x88]),
            Bad::Padding,
        ),
        (
            "a padded head without a byte",
            frame(HEADERS, END_HEADERS | PADDED, 1, &[]),
            Bad::Padding,
        ),
        (
            "a head without its whole priority",
            frame(HEADERS, END_HEADERS | HAS_PRIORITY, 1, &[0; 4]),
            Bad::FrameSize,
        ),
        // 6.3 PRIORITY
        (
            "a priority without a stream",
            frame(PRIORITY, 0, 0, &[0; 5]),
            Bad::WrongStream,
        ),
        (
            "a priority of four bytes",
            frame(PRIORITY, 0, 1, &[0; 4]),
            Bad::FrameSize,
        ),
        // 6.4 RST_STREAM
        (
            "a reset without a stream",
            frame(RST_STREAM, 0, 0, &[0; 4]),
            Bad::WrongStream,
        ),
        (
            "a reset of three bytes",
            frame(RST_STREAM, 0, 1, &[0; 3]),
            Bad::FrameSize,
        ),
        // 6.5 SETTINGS
        (
            "settings on a stream",
            frame(SETTINGS, 0, 1, &[]),
            Bad::WrongStream,
        ),
        (
            "an acknowledgement with settings",
            frame(SETTINGS, ACK, 0, &[0; 6]),
            Bad::FrameSize,
        ),
        (
            "settings of seven bytes",
            frame(SETTINGS, 0, 0, &[0; 7]),
            Bad::FrameSize,
        ),
        (
            "a server that allows pushing",
            settings(&[(2, 1)]),
            Bad::Setting,
        ),
        ("pushing that is neither", settings(&[(2, 2)]), Bad::Setting),
        (
            "a window of 2^31",
            settings(&[(4, 1 << 31)]),
            Bad::WindowSetting,
        ),
        (
            "frames of at most 16383 bytes",
            settings(&[(5, 16_383)]),
            Bad::Setting,
        ),
        (
            "frames of 2^24 bytes",
            settings(&[(5, 1 << 24)]),
            Bad::Setting,
        ),
        // 6.6 PUSH_PROMISE
        (
            "a push",
            frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2, 0x82]),
            Bad::Push,
        ),
        // 6.7 PING
        (
            "a ping on a stream",
            frame(PING, 0, 1, &[0; 8]),
            Bad::WrongStream,
        ),
        (
            "a ping of seven bytes",
            frame(PING, 0, 0, &[0; 7]),
            Bad::FrameSize,
        ),
        // 6.8 GOAWAY
        (
            "a farewell on a stream",
            frame(GOAWAY, 0, 1, &[0; 8]),
            Bad::WrongStream,
        ),
        (
            "a farewell of seven bytes",
            frame(GOAWAY, 0, 0, &[0; 7]),
            Bad::FrameSize,
        ),
        // 6.9 WINDOW_UPDATE
        (
            "a window that grows by nothing",
            frame(WINDOW_UPDATE, 0, 0, &[0; 4]),
            Bad::WindowUpdate,
        ),
        (
            "a window beyond 2^31 - 1",
            frame(WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff]),
            Bad::WindowTooLarge,
        ),
        (
            "an update of five bytes",
            frame(WINDOW_UPDATE, 0, 1, &[0; 5]),
            Bad::FrameSize,
        ),
        // 6.10 CONTINUATION
        (
            "a continuation of nothing",
            frame(CONTINUATION, END_HEADERS, 1, OK),
            Bad::Continuation,
        ),
        (
            "a continuation after the end of a head",
            concat(&[
                frame(HEADERS, END_HEADERS, 1, OK),
                frame(CONTINUATION, END_HEADERS, 1, OK),
            ]),
            Bad::Continuation,
        ),
        (
            "a continuation of another stream's head",
            concat(&[
                frame(HEADERS, 0, 1, OK),
                frame(CONTINUATION, END_HEADERS, 3, &[]),
            ]),
            Bad::Continuation,
        ),
        (
            "a continuation without a stream",
            concat(&[
                frame(HEADERS, 0, 1, OK),
                frame(CONTINUATION, END_HEADERS, 0, &[]),
            ]),
            Bad::Continuation,
        ),
        (
            "a continuation after the last one",
            concat(&[
                frame(HEADERS, 0, 1, OK),
                frame(CONTINUATION, END_HEADERS, 1, &[]),
                frame(CONTINUATION, END_HEADERS, 1, &[]),
            ]),
            Bad::Continuation,
        ),
        (
            "a continuation after a piece of a body",
            concat(&[
                frame(HEADERS, END_HEADERS, 1, OK),
                frame(DATA, 0, 1, b"x"),
                frame(CONTINUATION, END_HEADERS, 1, &[]),
            ]),
            Bad::Continuation,
        ),
        (
            "a continuation on a stream that was given up",
            concat(&[
                frame(RST_STREAM, 0, 1, &[0; 4]),
                frame(CONTINUATION, END_HEADERS, 1, OK),
            ]),
            Bad::Continuation,
        ),
        (
            "a priority within a head",
            concat(&[frame(HEADERS, 0, 1, OK), frame(PRIORITY, 0, 1, &[0; 5])]),
            Bad::Continuation,
        ),
        (
            "a ping within a head",
            concat(&[frame(HEADERS, 0, 1, OK), frame(PING, 0, 0, &[0; 8])]),
            Bad::Continuation,
        ),
        (
            "an unknown frame within a head",
            concat(&[frame(HEADERS, 0, 1, OK), frame(99, 0, 1, &[])]),
            Bad::Continuation,
        ),
        // 4.3 Compression
        (
            "a head that cannot be decompressed",
            frame(HEADERS, END_HEADERS, 1, &[0xbe]),
            Bad::Compression,
        ),
        (
            "the same for a stream that is over",
            {
                let over = frame(HEADERS, END_HEADERS | END_STREAM, 1, OK);
                concat(&[over, frame(HEADERS, END_HEADERS, 1, &[0xbe])])
            },
            Bad::Compression,
        ),
    ] {
        let mut peer = Peer::new();
        assert_eq!(peer.says(&bytes), Err(bad), "{why}");
        let code = bad.code().0.to_be_bytes();
        let farewell = [[0; 4], code].concat();
        let owed = peer.owed();
        assert_eq!(owed.last(), Some(&(GOAWAY, 0, farewell)), "{why}");
        assert!(peer.connection.is_over() && peer.connection.room() == Room::Never);
        assert_eq!(peer.asks("GET", false), None);
    }
}

#[test]
fn what_ends_a_stream_and_leaves_the_others() {
    let head = |block| frame(HEADERS, END_HEADERS, 1, block);
    let last = |block| frame(HEADERS, END_HEADERS | END_STREAM, 1, block);
    let begun = Event::Head(GET, Ends::No);
    for (why, bytes, before, bad) in [
        ("no status", head(TRAILERS), vec![], Bad::Status),
        (
            "a capital letter",
            head(b"\x88\x00\x01A\x01b"),
            vec![],
            Bad::Name,
        ),
        (
            "data before the head",
            frame(DATA, 0, 1, b"x"),
            vec![],
            Bad::BodyBeforeHead,
        ),
        (
            "an end before the head",
            frame(DATA, END_STREAM, 1, b""),
            vec![],
            Bad::BodyBeforeHead,
        ),
        (
            "a second head",
            concat(&[head(OK), head(TRAILERS)]),
            vec![begun],
            Bad::SecondHead,
        ),
        (
            "trailers with a status",
            concat(&[head(OK), last(OK)]),
            vec![begun],
            Bad::Pseudo,
        ),
        (
            "an interim answer that ends it",
            last(CONTINUE),
            vec![],
            Bad::InterimEnd,
        ),
        ("another protocol", head(SWITCHING), vec![], Bad::Switching),
        (
            "a body that is too long",
            concat(&[head(FIVE), frame(DATA, 0, 1, b"123456")]),
            vec![begun],
            Bad::LengthDiffers,
        ),
        (
            "a body that is too short",
            concat(&[head(FIVE), frame(DATA, END_STREAM, 1, b"1234")]),
            vec![begun],
            Bad::LengthDiffers,
        ),
        (
            "no body where one is announced",
            last(FIVE),
            vec![],
            Bad::LengthDiffers,
        ),
        (
            "trailers before the body is whole",
            concat(&[head(FIVE), last(TRAILERS)]),
            vec![begun],
            Bad::LengthDiffers,
        ),
        (
            "a body with 304",
            concat(&[head(NOT_MODIFIED), frame(DATA, 0, 1, b"x")]),
            vec![begun],
            Bad::LengthDiffers,
        ),
        (
            "a window that grows by nothing",
            frame(WINDOW_UPDATE, 0, 5, &[0; 4]),
            vec![],
            Bad::WindowUpdate,
        ),
        (
            "a window beyond 2^31 - 1",
            frame(WINDOW_UPDATE, 0, 5, &[0x7f, 0xff, 0xff, 0xff]),
            vec![],
            Bad::WindowTooLarge,
        ),
    ] {
        let mut peer = Peer::new();
        let (key, stream) = match bad {
            Bad::WindowUpdate | Bad::WindowTooLarge => (POST, 5),
            _ => (GET, 1),
        };
        let mut events = before;
        events.push(Event::Failed(key, bad));
        assert_eq!(peer.says(&bytes), Ok(events), "{why}");
        let reset = (RST_STREAM, stream, bad.code().0.to_be_bytes().to_vec());
        assert_eq!(peer.owed(), [reset], "{why}");
        // What still comes for it is dropped, and another stream has its answer.
        let more = concat(&[
            frame(DATA, 0, stream, b"late"),
            frame(HEADERS, END_HEADERS | END_STREAM, stream, TRAILERS),
            frame(RST_STREAM, 0, stream, &[0; 4]),
            frame(WINDOW_UPDATE, 0, stream, &[0, 0, 0, 1]),
            frame(HEADERS, END_HEADERS | END_STREAM, 3, OK),
        ]);
        assert_eq!(
            peer.says(&more),
            Ok(vec![Event::Head(HEAD, Ends::Yes)]),
            "{why}"
        );
        assert_eq!(peer.owed(), []);
    }
}

#[test]
fn what_comes_after_the_end_of_an_answer() {
    let last = frame(HEADERS, END_HEADERS | END_STREAM, 1, OK);
    for (late, is_data) in [
        (frame(DATA, END_STREAM, 1, b"late"), true),
        (frame(HEADERS, END_HEADERS | END_STREAM, 1, TRAILERS), false),
    ] {
        let mut peer = Peer::new();
        assert_eq!(peer.says(&last), Ok(vec![Event::Head(GET, Ends::Yes)]));
        let failed = Event::Failed(GET, Bad::AfterEnd);
        assert_eq!(peer.says(&late), Ok(vec![failed]), "{is_data}");
        peer.owed();
        // Of a stream that is closed nothing is known any more.
        peer.connection.close(GET);
        assert_eq!(peer.says(&late), Ok(vec![]));
        assert_eq!(peer.owed(), []);
    }
}

#[test]
fn what_comes_after_a_stream_was_given_up_is_dropped() {
    for late in [
        frame(DATA, 0, 1, b"late"),
        frame(DATA, END_STREAM, 1, b"late"),
        frame(HEADERS, END_HEADERS, 1, OK),
        frame(HEADERS, END_HEADERS | END_STREAM, 1, TRAILERS),
        frame(RST_STREAM, 0, 1, &[0; 4]),
    ] {
        let mut peer = Peer::new();
        let cancel = Code::CANCEL;
        let given_up = frame(RST_STREAM, 0, 1, &cancel.0.to_be_bytes());
        let events = vec![Event::Reset(GET, cancel)];
        assert_eq!(peer.says(&given_up), Ok(events), "{late:?}");
        assert_eq!(peer.says(&late), Ok(vec![]), "{late:?}");
        assert_eq!(peer.owed(), [], "{late:?}");
        let next = frame(HEADERS, END_HEADERS | END_STREAM, 3, OK);
        assert_eq!(peer.says(&next), Ok(vec![Event::Head(HEAD, Ends::Yes)]));
    }
}

#[test]
fn a_frame_of_2_to_the_14_bytes_is_taken() {
    let mut peer = Peer::new();
    let bytes = concat(&[
        frame(HEADERS, END_HEADERS, 1, OK),
        frame(DATA, END_STREAM, 1, &[b'x'; 16_384]),
    ]);
    let events = vec![
        Event::Head(GET, Ends::No),
        Event::Data(GET, 16_384, Ends::Yes),
    ];
    assert_eq!(peer.says(&bytes), Ok(events));
}

#[test]
fn what_changes_nothing() {
    let mut peer = Peer::new();
    let bytes = concat(&[
        frame(99, 0xff, 0, b"unknown"),
        frame(PRIORITY, 0, 1, &[0; 5]),
        frame(PRIORITY, 0, 77, &[0; 5]),
        frame(SETTINGS, ACK, 0, &[]),
        frame(HEADERS, END_HEADERS, 1, CONTINUE),
        frame(HEADERS, END_HEADERS, 1, CONTINUE),
    ]);
    assert_eq!(peer.says(&bytes), Ok(vec![]));
    assert_eq!(peer.owed(), []);
    assert_eq!(
        peer.says(&settings(&[(99, 7), (6, 0)])),
        Ok(vec![Event::Room])
    );
    assert_eq!(peer.owed(), [(SETTINGS, 0, vec![])]);
    assert_eq!(peer.says(&frame(PING, 0, 0, b"pingpong")), Ok(vec![]));
    assert_eq!(peer.owed(), [(PING, 0, b"pingpong".to_vec())]);
    // Flags that a frame does not know, and the first bit of a stream's number.
    let head = frame(HEADERS, END_HEADERS | 0xc2, 1 | 1 << 31, OK);
    assert_eq!(peer.says(&head), Ok(vec![Event::Head(GET, Ends::No)]));
}

#[test]
fn a_ping_goes_out_and_comes_back() {
    let mut peer = Peer::new();
    peer.out.clear();
    peer.connection.ping(*b"are you?", &mut peer.out);
    assert_eq!(peer.out, frame(PING, 0, 0, b"are you?"));
    let pong = frame(PING, ACK, 0, b"are you?");
    assert_eq!(peer.says(&pong), Ok(vec![Event::Pong(*b"are you?")]));
    assert_eq!(peer.owed(), []);
}

#[test]
fn answers_to_pings_are_no_flood_as_long_as_somebody_pings() {
    let mut peer = Peer::new();
    let pong = frame(PING, ACK, 0, &[7; 8]);
    for _ in 0..20_000 {
        peer.connection.ping([7; 8], &mut Vec::new());
        assert_eq!(peer.says(&pong), Ok(vec![Event::Pong([7; 8])]));
    }
    assert_eq!(peer.says(&pong.repeat(20_000)), Err(Bad::Flood));
}

#[test]
fn a_whole_answer_with_everything_that_may_surround_it() {
    let mut peer = Peer::new();
    let bytes = concat(&[
        frame(HEADERS, END_HEADERS, 1, CONTINUE),
        frame(HEADERS, PADDED | HAS_PRIORITY, 1, b"\x02\0\0\0\0\0\x88\0\0"),
        frame(CONTINUATION, 0, 1, b""),
        frame(CONTINUATION, END_HEADERS, 1, b"\x0f\x0d\x015"),
        frame(DATA, PADDED, 1, b"\x03123\0\0\0"),
        frame(DATA, 0, 1, b""),
        frame(DATA, PADDED, 1, b"\x01\0"),
        frame(DATA, 0, 1, b"45"),
        frame(HEADERS, END_HEADERS | END_STREAM, 1, TRAILERS),
    ]);
    let events = vec![
        Event::Head(GET, Ends::No),
        Event::Data(GET, 3, Ends::No),
        Event::Data(GET, 2, Ends::No),
        Event::Trailers(GET),
    ];
    assert_eq!(peer.says(&bytes), Ok(events));
    assert_eq!(peer.head.get("a"), Some(&b"b"[..]));
    assert_eq!(peer.owed(), []);
    let mut peer = Peer::new();
    let bytes = concat(&[
        frame(HEADERS, END_HEADERS, 1, OK),
        frame(DATA, PADDED | END_STREAM, 1, b"\x02x\0\0"),
        frame(HEADERS, END_HEADERS, 3, FIVE),
        frame(DATA, PADDED | END_STREAM, 3, b"\x02\0\0"),
    ]);
    let events = vec![
        Event::Head(GET, Ends::No),
        Event::Data(GET, 1, Ends::Yes),
        Event::Head(HEAD, Ends::No),
        Event::End(HEAD),
    ];
    assert_eq!(peer.says(&bytes), Ok(events));
}

#[test]
fn what_is_no_http_2_is_told_at_once() {
    for text in [
        &b"H"[..],
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x15\x03\x01\0\x02\x02\x28",
        b"\0\0\x05\x01",
        b"\0\0\0\x04\x01",
    ] {
        assert_eq!(Peer::before_settings().says(text), Err(Bad::NotHttp2));
    }
    for first in [frame(PING, 0, 0, &[0; 8]), frame(SETTINGS, ACK, 0, &[])] {
        assert_eq!(Peer::before_settings().says(&first), Err(Bad::NotHttp2));
    }
}

#[test]
fn what_comes_without_end_has_an_end() {
    let flood = |frame: Vec<u8>, count: usize| Peer::new().says(&frame.repeat(count)).map(drop);
    for (one, is_head) in [
        (settings(&[]), false),
        (frame(PING, 0, 0, &[0; 8]), false),
        (frame(PRIORITY, 0, 1, &[0; 5]), false),
        (frame(99, 0, 0, &[]), false),
        (frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]), false),
        (frame(HEADERS, END_HEADERS, 1, CONTINUE), true),
    ] {
        assert_eq!(flood(one.clone(), 60), Ok(()));
        // Interim heads end their stream first.
        let ends = flood(one, 10_001);
        assert_eq!(ends, Err(Bad::Flood), "{is_head}");
    }
    let mut peer = Peer::new();
    let interim = frame(HEADERS, END_HEADERS, 1, CONTINUE).repeat(65);
    let failed = Event::Failed(GET, Bad::TooManyInterim);
    assert_eq!(peer.says(&interim), Ok(vec![failed]));
    // Empty pieces of a body and of a head.
    let head = frame(HEADERS, END_HEADERS, 1, OK);
    let empty = [head, frame(DATA, 0, 1, b"").repeat(10_001)].concat();
    assert_eq!(Peer::new().says(&empty), Err(Bad::Flood));
    let pieces = [
        frame(HEADERS, 0, 1, OK),
        frame(CONTINUATION, 0, 1, b"").repeat(1_000),
    ]
    .concat();
    assert_eq!(Peer::new().says(&pieces), Err(Bad::BlockTooLarge));
    let block = [
        frame(HEADERS, 0, 1, OK),
        frame(CONTINUATION, 0, 1, &[0x88; 10_000]).repeat(2),
    ]
    .concat();
    assert_eq!(Peer::new().says(&block), Err(Bad::BlockTooLarge));
    // A byte of a body is enough to count anew.
    let mut peer = Peer::new();
    peer.says(&frame(HEADERS, END_HEADERS, 1, OK))
        .map_or_else(|bad| panic!("{bad:?}"), drop);
    for _ in 0..3 {
        let some = [
            frame(PING, 0, 0, &[0; 8]).repeat(9_000),
            frame(DATA, 0, 1, b"x"),
        ]
        .concat();
        assert_eq!(peer.says(&some), Ok(vec![Event::Data(GET, 1, Ends::No)]));
        peer.owed();
    }
}

#[test]
fn a_head_that_is_too_large_ends_its_stream_only() {
    let mut block = OK.to_vec();
    for _ in 0..3 {
        // A value of 5,000 bytes.
        block.extend(b"\x00\x01a\x7f\x89\x26");
        block.extend(vec![b'x'; 5_000]);
    }
    let mut peer = Peer::new();
    let came = frame(HEADERS, END_HEADERS, 1, &block);
    let failed = Event::Failed(GET, Bad::HeadTooLarge);
    assert_eq!(peer.says(&came), Ok(vec![failed]));
    let next = frame(HEADERS, END_HEADERS, 3, FIVE);
    assert_eq!(peer.says(&next), Ok(vec![Event::Head(HEAD, Ends::No)]));
    assert_eq!(peer.head.length(), Some(5));
}

#[test]
fn windows_of_what_comes_grow_in_large_steps_and_hold() {
    let mut peer = Peer::new();
    peer.says(&frame(HEADERS, END_HEADERS, 1, OK))
        .map_or_else(|bad| panic!("{bad:?}"), drop);
    let piece = frame(DATA, 0, 1, &[0; 10_000]);
    let mut owed = Vec::new();
    for _ in 0..5 {
        peer.says(&piece).map_or_else(|bad| panic!("{bad:?}"), drop);
        owed.push(peer.owed());
    }
    let update = |stream: u32, more: u32| (WINDOW_UPDATE, stream, more.to_be_bytes().to_vec());
    assert_eq!(
        owed,
        [
            vec![],
            vec![],
            vec![],
            // Half of the stream's window, then half of the connection's.
            vec![update(1, 40_000)],
            vec![update(0, 50_000)],
        ]
    );
    // What nobody takes stays within the window.
    let mut head = Head::new();
    let mut connection = Connection::new(RULES, &mut Vec::new());
    let asking = Asking {
        block: [&[0x82, 0x86, 0x84], &[]],
        has_body: false,
        is_head: false,
    };
    let key = connection.open(&asking, &mut Vec::new());
    let bytes = concat(&[
        settings(&[]),
        frame(HEADERS, END_HEADERS, 1, OK),
        piece.repeat(7),
        frame(DATA, 0, 1, b"x"),
        piece.repeat(4),
    ]);
    let (mut at, mut events) = (0, Vec::new());
    let bad = loop {
        match connection.receive(&bytes[at..], &mut head) {
            Err(bad) => break bad,
            Ok(received) if received.event == Event::More => panic!("the window holds"),
            Ok(received) => {
                at += received.taken;
                events.push(received.event);
            }
        }
    };
    let failed = key.map(|key| Event::Failed(key, Bad::BeyondWindow));
    assert_eq!(events.get(9).copied(), failed);
    // What is dropped is taken, but so much at once is beyond the connection's window.
    assert_eq!(bad, Bad::BeyondWindow);
}

#[test]
fn what_is_taken_after_the_end_of_the_connection_is_told_to_nobody() {
    let mut peer = Peer::new();
    // More than half of the stream's window.
    let piece = frame(DATA, 0, 1, &[7; 10_000]);
    let bytes = concat(&[frame(HEADERS, END_HEADERS, 1, OK), piece.repeat(4)]);
    let (mut at, mut came) = (0, 0);
    while at < bytes.len() {
        let received = peer
            .connection
            .receive(&bytes[at..], &mut peer.head)
            .unwrap();
        at += received.taken;
        if let Event::Data(_, size, _) = received.event {
            came += size;
        }
    }
    let bad = peer
        .connection
        .receive(&frame(PUSH_PROMISE, 0, 1, &[0; 4]), &mut peer.head);
    assert_eq!(bad, Err(Bad::Push));
    let kinds: Vec<u8> = peer.owed().iter().map(|(kind, ..)| *kind).collect();
    assert_eq!(kinds.last(), Some(&GOAWAY));
    assert_eq!(came, 40_000);
    peer.connection.taken(GET, came);
    assert_eq!(peer.owed(), []);
}

#[test]
fn windows_of_what_is_sent_are_kept_to() {
    let mut peer = Peer::new();
    let body = vec![7; 200_000];
    let sent = |peer: &mut Peer, ends| {
        peer.owed();
        peer.out.clear();
        let size = peer.connection.send(POST, &body, ends, &mut peer.out);
        let lengths: Vec<usize> = frames(&peer.out)
            .iter()
            .map(|(.., data)| data.len())
            .collect();
        (size, lengths)
    };
    // Both windows have 65,535 bytes, a frame 16,384.
    assert_eq!(peer.connection.may_send(POST), 65_535);
    assert_eq!(
        sent(&mut peer, Ends::Yes),
        (65_535, vec![16_384, 16_384, 16_384, 16_383])
    );
    assert_eq!(sent(&mut peer, Ends::Yes), (0, vec![]));
    let more = |stream, more: u32| frame(WINDOW_UPDATE, 0, stream, &more.to_be_bytes());
    assert_eq!(peer.says(&more(0, 100)), Ok(vec![Event::Room]));
    assert_eq!(sent(&mut peer, Ends::Yes), (0, vec![]));
    assert_eq!(peer.says(&more(5, 10)), Ok(vec![Event::Room]));
    assert_eq!(sent(&mut peer, Ends::Yes), (10, vec![10]));
    // A smaller first window makes the stream's negative.
    assert_eq!(peer.says(&settings(&[(4, 65_435)])), Ok(vec![Event::Room]));
    assert_eq!(peer.says(&more(5, 100)), Ok(vec![Event::Room]));
    assert_eq!(sent(&mut peer, Ends::Yes), (0, vec![]));
    assert_eq!(peer.says(&more(5, 7)), Ok(vec![Event::Room]));
    assert_eq!(sent(&mut peer, Ends::Yes), (7, vec![7]));
    assert_eq!(peer.says(&settings(&[(4, 65_535)])), Ok(vec![Event::Room]));
    assert_eq!(sent(&mut peer, Ends::No), (83, vec![83]));
    assert_eq!(peer.connection.may_send(POST), 0);
    // The end needs no window.
    peer.out.clear();
    peer.connection.send(POST, &[], Ends::Yes, &mut peer.out);
    assert_eq!(frames(&peer.out), [(DATA, 5, vec![])]);
    assert_eq!(
        peer.connection.send(POST, b"x", Ends::Yes, &mut peer.out),
        0
    );
    // A window that a setting makes too large.
    assert_eq!(peer.says(&more(3, 0x7fff_0000)), Ok(vec![Event::Room]));
    let too_large = peer.says(&settings(&[(4, 0x7fff_ffff)]));
    assert_eq!(too_large, Err(Bad::WindowSetting));
}

#[test]
fn as_many_streams_are_open_as_the_server_allows() {
    let before = Peer::before_settings();
    assert!(!before.connection.has_begun() && before.connection.most_open() == 100);
    let mut peer = Peer::new();
    assert!(peer.connection.has_begun() && peer.connection.most_open() == 100);
    assert_eq!(peer.says(&settings(&[(3, 3)])), Ok(vec![Event::Room]));
    assert_eq!(peer.connection.most_open(), 3);
    assert_eq!(
        (peer.connection.room(), peer.asks("GET", false)),
        (Room::Later, None)
    );
    // An answer that is whole is not counted; a request that is still being sent is.
    let last = |stream| frame(HEADERS, END_HEADERS | END_STREAM, stream, OK);
    assert_eq!(peer.says(&last(5)), Ok(vec![Event::Head(POST, Ends::Yes)]));
    assert_eq!(peer.connection.room(), Room::Later);
    assert_eq!(
        peer.connection.send(POST, b"x", Ends::Yes, &mut peer.out),
        1
    );
    assert_eq!(peer.connection.room(), Room::Now);
    // Its key is its own until it is closed.
    assert_eq!(peer.asks("GET", false), Some(Key(3)));
    peer.connection.close(POST);
    assert_eq!(peer.says(&last(1)), Ok(vec![Event::Head(GET, Ends::Yes)]));
    assert_eq!(peer.asks("GET", false), Some(POST));
    peer.owed();
    // One that is given up is not counted either.
    assert_eq!(peer.connection.room(), Room::Later);
    peer.connection.close(HEAD);
    assert_eq!(peer.connection.room(), Room::Now);
    let cancel = Code::CANCEL.0.to_be_bytes().to_vec();
    assert_eq!(peer.owed(), [(RST_STREAM, 3, cancel)]);
    let refused = frame(RST_STREAM, 0, 9, &Code::REFUSED_STREAM.0.to_be_bytes());
    let reset = Event::Reset(POST, Code::REFUSED_STREAM);
    assert_eq!(peer.says(&refused), Ok(vec![reset]));
    peer.connection.close(POST);
    assert_eq!(peer.owed(), []);
    assert_eq!(peer.says(&settings(&[(3, 0)])), Ok(vec![Event::Room]));
    assert_eq!(peer.connection.room(), Room::Later);
}

#[test]
fn a_server_that_goes_away_answers_what_it_looked_at() {
    let mut peer = Peer::new();
    let goes = |last: u32| {
        let payload = [last.to_be_bytes(), [0; 4]].concat();
        frame(GOAWAY, 0, 0, &[&payload[..], b"because"].concat())
    };
    assert_eq!(
        peer.says(&goes(0x7fff_ffff)),
        Ok(vec![Event::GoesAway(Code::NO_ERROR)])
    );
    assert_eq!(peer.connection.room(), Room::Never);
    assert!(!peer.connection.is_refused(POST) && !peer.connection.is_over());
    assert_eq!(
        peer.says(&goes(3)),
        Ok(vec![Event::GoesAway(Code::NO_ERROR)])
    );
    // It cannot take that back.
    assert_eq!(
        peer.says(&goes(5)),
        Ok(vec![Event::GoesAway(Code::NO_ERROR)])
    );
    let refused = [GET, HEAD, POST].map(|key| peer.connection.is_refused(key));
    assert_eq!(refused, [false, false, true]);
    let last = |stream| frame(HEADERS, END_HEADERS | END_STREAM, stream, OK);
    peer.connection.close(POST);
    assert_eq!(peer.says(&last(1)), Ok(vec![Event::Head(GET, Ends::Yes)]));
    assert!(!peer.connection.is_over());
    assert_eq!(peer.says(&last(3)), Ok(vec![Event::Head(HEAD, Ends::Yes)]));
    assert!(peer.connection.is_over());
}

#[test]
fn a_connection_that_goes_away_is_not_over_before_the_last_byte_of_an_answer() {
    let mut peer = Peer::new();
    peer.connection.close(HEAD);
    peer.connection.close(POST);
    let goes = frame(GOAWAY, 0, 0, &[[0, 0, 0, 1], [0; 4]].concat());
    let head = frame(HEADERS, END_HEADERS, 1, OK);
    assert!(peer.says(&[goes, head].concat()).is_ok());
    let body = frame(DATA, END_STREAM, 1, b"body");
    // A frame begins, and its rest takes its time.
    let (begins, rest) = body.split_at(body.len() - 1);
    let mut events = peer.says(begins).unwrap();
    assert!(!peer.connection.is_over());
    events.extend(peer.says(rest).unwrap());
    assert_eq!(
        events,
        [
            Event::Data(GET, 3, Ends::No),
            Event::Data(GET, 1, Ends::Yes)
        ]
    );
    assert!(peer.connection.is_over());
}

#[test]
fn a_long_head_is_sent_in_pieces_and_a_smaller_table_is_acknowledged() {
    let mut peer = Peer::new();
    // The smallest of several holds.
    for size in [100, 50, 4_096] {
        assert_eq!(peer.says(&settings(&[(1, size)])), Ok(vec![Event::Room]));
    }
    let mut block = Block::new();
    block.begin("PUT", "http", ("a", "/b"));
    block.field(b"X-Long", &[b'v'; 40_000], Keeping::Allowed);
    block.field(b"Authorization", b"s", Keeping::Never);
    for (number, begins) in [(0, &b"\x3f\x13"[..]), (1, b"")] {
        peer.owed();
        peer.out.clear();
        let asking = Asking {
            block: [&block.bytes()[..7], &block.bytes()[7..]],
            has_body: false,
            is_head: false,
        };
        let key = peer.connection.open(&asking, &mut peer.out);
        assert_eq!(key, Some(Key(3 + number)));
        let frames = frames(&peer.out);
        let kinds: Vec<u8> = frames.iter().map(|(kind, ..)| *kind).collect();
        assert_eq!(kinds, [HEADERS, CONTINUATION, CONTINUATION]);
        let whole: Vec<u8> = frames
            .iter()
            .flat_map(|(.., piece)| piece.clone())
            .collect();
        assert_eq!(whole, [begins, block.bytes()].concat());
        let flags = [4, 4 + 9 + 16_384].map(|at| peer.out[at]);
        assert_eq!((flags[0], flags[1]), (END_STREAM, 0));
    }
    // `:method` 2, `:scheme: http`, `:authority` 1, `:path` 4, a name of its own, `authorization` 23 that nobody keeps.
    assert!(
        block
            .bytes()
            .starts_with(b"\x02\x03PUT\x86\x01\x01a\x04\x02/b\x00\x06x-long\x7f\xc1\xb7\x02v")
    );
    assert!(block.bytes().ends_with(b"v\x1f\x08\x01s"));
}
