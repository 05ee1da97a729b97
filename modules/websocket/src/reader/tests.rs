//! Facts of RFC 6455 and RFC 7692, in the order of Autobahn's list of cases.

use super::*;
use crate::deflate::deflate;
use crate::frame::tests::served;

const RULES: ReadRules = ReadRules {
    max_message: 1 << 20,
    compression: Compression::Off,
};
const COMPRESSED: ReadRules = ReadRules {
    compression: Compression::On,
    ..RULES
};
/// The first byte of a frame.
const TEXT: u8 = 0x81;
const TEXT_BEGINS: u8 = 0x01;
const BINARY: u8 = 0x82;
const BINARY_BEGINS: u8 = 0x02;
const GOES_ON: u8 = 0x00;
const ENDS: u8 = 0x80;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;
const PACKED: u8 = 0x40;

/// An event that owns what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Event {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>, String),
    Bad(Violation),
}

fn text(text: &str) -> Event {
    Event::Text(text.to_owned())
}

/// All events of these bytes, which come in pieces of this size.
fn events_in_pieces(bytes: &[u8], piece: usize, rules: &ReadRules) -> Vec<Event> {
    let mut reader = Reader::default();
    let mut events = Vec::new();
    let mut stands = Vec::new();
    for piece in bytes.chunks(piece) {
        stands.extend_from_slice(piece);
        loop {
            let (taken, came) = match reader.read(&stands, rules) {
                Ok(read) => read,
                Err(violation) => {
                    events.push(Event::Bad(violation));
                    return events;
                }
            };
            let is_part = came == Came::Part;
            events.extend(match came {
                Came::Part => None,
                Came::Text(text) => Some(Event::Text(text.into_owned())),
                Came::Binary(bytes) => Some(Event::Binary(bytes.into_owned())),
                Came::Ping(bytes) => Some(Event::Ping(bytes.to_vec())),
                Came::Pong(bytes) => Some(Event::Pong(bytes.to_vec())),
                Came::Close(closing) => Some(Event::Close(closing.code, closing.reason)),
            });
            stands.drain(..taken);
            if is_part && taken == 0 {
                break;
            }
        }
    }
    assert!(stands.len() < 18 << 10, "{} bytes are left", stands.len());
    events
}

/// The same, which must not depend on how the bytes come.
fn events_by(frames: &[Vec<u8>], rules: &ReadRules) -> Vec<Event> {
    let bytes = frames.concat();
    let events = events_in_pieces(&bytes, bytes.len().max(1), rules);
    for piece in [1, 2, 3, 7, 1000, 20_000] {
        if bytes.len() / piece < 100_000 {
            let cut = events_in_pieces(&bytes, piece, rules);
            assert_eq!(cut, events, "in pieces of {piece}");
        }
    }
    events
}

fn events(frames: &[Vec<u8>]) -> Vec<Event> {
    events_by(frames, &RULES)
}

fn fails(frames: &[Vec<u8>]) -> bool {
    matches!(
        events(frames).as_slice(),
        [.., Event::Bad(Violation::Protocol(_))]
    )
}

#[test]
fn case_1_messages_of_every_size() {
    for length in [0, 125, 126, 127, 128, 65_535, 65_536] {
        let payload = vec![b'*'; length];
        let said = String::from_utf8(payload.clone()).unwrap();
        assert_eq!(events(&[served(TEXT, &payload)]), [Event::Text(said)]);
        assert_eq!(
            events(&[served(BINARY, &payload)]),
            [Event::Binary(payload)]
        );
    }
}

#[test]
fn case_2_pings_and_pongs() {
    assert_eq!(events(&[served(PING, b"")]), [Event::Ping(vec![])]);
    let bytes = [0, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0, 0xff];
    assert_eq!(
        events(&[served(PING, &bytes)]),
        [Event::Ping(bytes.to_vec())]
    );
    assert_eq!(
        events(&[served(PING, &[0xfe; 125])]),
        [Event::Ping(vec![0xfe; 125])]
    );
    assert!(fails(&[served(PING, &[0xfe; 126])]));
    assert_eq!(
        events(&[served(PONG, b"unasked"), served(PING, b"a")]),
        [Event::Pong(b"unasked".to_vec()), Event::Ping(b"a".to_vec())]
    );
}

#[test]
fn case_3_and_4_reserved_bits_and_kinds_end_the_session_after_what_came_before() {
    for first in [0xc1, 0xa1, 0x91, 0xf1, 0xc9, 0x83, 0x84, 0x87, 0x8b, 0x8f] {
        let came = events(&[served(TEXT, b"before"), served(first, b"x")]);
        assert_eq!(came[0], text("before"));
        assert!(
            matches!(came[1], Event::Bad(Violation::Protocol(_))),
            "{first:x}"
        );
    }
}

#[test]
fn case_5_fragments() {
    assert!(fails(&[served(0x09, b"a"), served(ENDS, b"b")]));
    assert!(fails(&[served(0x0a, b"a"), served(ENDS, b"b")]));
    let two = [served(TEXT_BEGINS, b"one "), served(ENDS, b"two")];
    assert_eq!(events(&two), [text("one two")]);
    let with_ping = [
        served(TEXT_BEGINS, b"a"),
        served(PING, b"1"),
        served(GOES_ON, b"b"),
        served(PING, b"2"),
        served(GOES_ON, b""),
        served(ENDS, b"c"),
        served(BINARY, b"next"),
    ];
    assert_eq!(
        events(&with_ping),
        [
            Event::Ping(b"1".to_vec()),
            Event::Ping(b"2".to_vec()),
            text("abc"),
            Event::Binary(b"next".to_vec())
        ]
    );
    // Without a beginning, and a beginning within.
    assert!(fails(&[served(ENDS, b"x"), served(TEXT, b"y")]));
    assert!(fails(&[served(GOES_ON, b"x"), served(TEXT, b"y")]));
    assert!(fails(&[served(TEXT_BEGINS, b"a"), served(TEXT, b"b")]));
    assert!(fails(&[
        served(BINARY_BEGINS, b"a"),
        served(TEXT_BEGINS, b"b")
    ]));
    // After a message in fragments the next fragment continues nothing.
    assert!(fails(&[
        served(TEXT_BEGINS, b"a"),
        served(ENDS, b"b"),
        served(ENDS, b"c")
    ]));
}

#[test]
fn case_6_texts_are_utf_8_also_over_the_border_of_fragments() {
    let word = "κόσμε€𝄞";
    assert_eq!(events(&[served(TEXT, word.as_bytes())]), [text(word)]);
    for cut in 0..=word.len() {
        let (before, behind) = word.as_bytes().split_at(cut);
        let came = events(&[served(TEXT_BEGINS, before), served(ENDS, behind)]);
        assert_eq!(came, [text(word)], "cut at {cut}");
    }
    let bad: [&[u8]; 12] = [
        b"\xce\xba\xe1\xbd\xb9\xed\xa0\x80edited",
        b"\x80",
        b"\xbf",
        b"\xfe",
        b"\xff",
        // Longer than it need be.
        b"\xc0\xaf",
        b"\xe0\x80\xaf",
        b"\xf0\x80\x80\xaf",
        // Surrogates, beyond the last character, and one that is cut off.
        b"\xed\xbf\xbf",
        b"\xf4\x90\x80\x80",
        b"\xfc\x80\x80\x80\x80\xaf",
        b"a\xe2\x82",
    ];
    for bytes in bad {
        assert_eq!(
            events(&[served(TEXT, bytes)]),
            [Event::Bad(Violation::InvalidUtf8)],
            "{bytes:x?}"
        );
        assert_eq!(
            events(&[served(BINARY, bytes)]),
            [Event::Binary(bytes.to_vec())]
        );
    }
}

#[test]
fn case_6_4_a_text_in_fragments_is_refused_as_soon_as_it_is_wrong() {
    let begins = served(TEXT_BEGINS, b"\xce\xba\xf4");
    assert_eq!(events(std::slice::from_ref(&begins)), []);
    let wrong = [begins, served(GOES_ON, b"\x90")];
    assert_eq!(events(&wrong), [Event::Bad(Violation::InvalidUtf8)]);
}

#[test]
fn case_7_closing() {
    assert_eq!(
        events(&[served(CLOSE, b"")]),
        [Event::Close(None, String::new())]
    );
    let reason = "r".repeat(123);
    let payload = [&1000_u16.to_be_bytes()[..], reason.as_bytes()].concat();
    assert_eq!(
        events(&[served(CLOSE, &payload)]),
        [Event::Close(Some(1000), reason)]
    );
    assert!(fails(&[served(CLOSE, b"\x03")]));
    assert!(fails(&[served(CLOSE, &1005_u16.to_be_bytes())]));
    assert!(fails(&[served(CLOSE, &[3; 126])]));
    assert_eq!(
        events(&[served(
            CLOSE,
            b"\x03\xe8\xce\xba\xe1\xbd\xb9\xcf\x83\xed\xa0\x80"
        )]),
        [Event::Bad(Violation::InvalidUtf8)]
    );
    // Between fragments it is told at once.
    assert_eq!(
        events(&[served(TEXT_BEGINS, b"a"), served(CLOSE, b"\x03\xe8")]),
        [Event::Close(Some(1000), String::new())]
    );
}

#[test]
fn case_9_large_messages_whole_and_in_fragments() {
    let large: Vec<u8> = (0..1_000_000_u32).map(|at| (at % 251) as u8).collect();
    assert_eq!(
        events(&[served(BINARY, &large)]),
        [Event::Binary(large.clone())]
    );
    for size in [64, 1000, 20_000, 300_000] {
        let mut frames: Vec<Vec<u8>> = Vec::new();
        let count = large.chunks(size).count();
        for (at, piece) in large.chunks(size).enumerate() {
            let first = match at {
                0 => BINARY_BEGINS,
                _ if at + 1 == count => ENDS,
                _ => GOES_ON,
            };
            frames.push(served(first, piece));
        }
        assert_eq!(events(&frames), [Event::Binary(large.clone())], "{size}");
    }
}

#[test]
fn a_message_that_is_too_large_is_refused_by_its_head() {
    let most = RULES.max_message;
    let whole = served(BINARY, &vec![0; most]);
    assert_eq!(events(&[whole]), [Event::Binary(vec![0; most])]);
    let mut head = served(BINARY, &vec![0; most + 1]);
    head.truncate(10);
    assert_eq!(events(&[head]), [Event::Bad(Violation::TooLarge)]);
    // The fragments of a message count together.
    let mut frames = vec![served(BINARY_BEGINS, &vec![0; most - 1])];
    frames.push(served(GOES_ON, b"1"));
    assert_eq!(events(&frames), []);
    frames.push(served(ENDS, b"2"));
    assert_eq!(events(&frames), [Event::Bad(Violation::TooLarge)]);
    let beyond = vec![BINARY, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    assert_eq!(events(&[beyond]), [Event::Bad(Violation::TooLarge)]);
}

#[test]
fn case_12_and_13_compressed_messages_whole_and_in_fragments() {
    for size in [0, 5, 1000, 20_000, 500_000] {
        let said = "Hello, κόσμε! ".repeat(size / 16);
        let packed = deflate(said.as_bytes());
        let whole = [served(TEXT | PACKED, &packed), served(TEXT, b"plain")];
        assert_eq!(events_by(&whole, &COMPRESSED), [text(&said), text("plain")]);
        let (before, behind) = packed.split_at(packed.len() / 2);
        let cut = [
            served(TEXT_BEGINS | PACKED, before),
            served(PING, b"between"),
            served(GOES_ON, b""),
            served(ENDS, behind),
        ];
        assert_eq!(
            events_by(&cut, &COMPRESSED),
            [Event::Ping(b"between".to_vec()), text(&said)]
        );
    }
}

#[test]
fn a_compressed_message_is_as_large_as_what_it_holds() {
    let packed = deflate(&vec![b'a'; RULES.max_message + 1]);
    assert!(packed.len() < 10_000);
    let came = events_by(&[served(TEXT | PACKED, &packed)], &COMPRESSED);
    assert_eq!(came, [Event::Bad(Violation::TooLarge)]);
    let bad = events_by(&[served(TEXT | PACKED, &deflate(b"\xff"))], &COMPRESSED);
    assert_eq!(bad, [Event::Bad(Violation::InvalidUtf8)]);
    let broken = events_by(&[served(BINARY | PACKED, &[0xff; 9])], &COMPRESSED);
    assert!(matches!(broken[..], [Event::Bad(Violation::Protocol(_))]));
}

#[test]
fn a_frame_where_it_stands_is_not_copied() {
    let frame = served(TEXT, b"here");
    let (taken, came) = Reader::default().read(&frame, &RULES).unwrap();
    assert_eq!(taken, frame.len());
    assert!(matches!(came, Came::Text(Cow::Borrowed("here"))));
}
