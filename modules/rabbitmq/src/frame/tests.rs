//! Frames as they come: whole, in parts, and broken. `MUTATIONS` says how many streams are tried.

use super::*;
use crate::message::{Message, Partial};
use crate::method::Method;

/// How many streams are tried if nobody says.
const STREAMS: u64 = 10_000;
/// The size of a frame that is agreed on.
const MOST: usize = 200;

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most.max(1) as u64).unwrap()
    }
}

/// What a reader makes of a stream: each frame, with the message that it ends, and how it stopped.
#[derive(Debug, PartialEq, Eq)]
struct Heard {
    frames: Vec<(Kind, u16, Vec<u8>)>,
    methods: usize,
    messages: Vec<Vec<u8>>,
    end: Result<(), NoFrame>,
}

/// Reads a stream that comes in parts.
fn hear(stream: &[u8], mut part: impl FnMut() -> usize) -> Heard {
    let mut heard = Heard {
        frames: Vec::new(),
        methods: 0,
        messages: Vec::new(),
        end: Ok(()),
    };
    let mut came: Vec<u8> = Vec::new();
    let mut rest = stream;
    let mut partial: Option<Partial> = None;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(part().clamp(1, rest.len()));
        came.extend_from_slice(now);
        rest = later;
        loop {
            let frame = match next(&came, MOST) {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                Err(why) => {
                    heard.end = Err(why);
                    return heard;
                }
            };
            let size = frame.payload.len() + AROUND;
            heard
                .frames
                .push((frame.kind, frame.channel, frame.payload.to_vec()));
            match frame.kind {
                Kind::Method => {
                    heard.methods += usize::from(Method::read(frame.payload).is_some());
                    partial = Some(Partial::new(frame.payload));
                }
                Kind::Header | Kind::Body => {
                    let taken = partial.take().and_then(|mut one| {
                        let taken = match frame.kind {
                            Kind::Header => one.take_header(frame.payload, 10_000),
                            _ => one.take_body(frame.payload),
                        };
                        taken.ok().map(|()| one.whole())
                    });
                    match taken {
                        Some(Ok(message)) => heard.messages.push(shown(&message)),
                        Some(Err(one)) => partial = Some(one),
                        None => {}
                    }
                }
                Kind::Heartbeat => {}
            }
            came.drain(..size);
        }
    }
    heard
}

/// All that is read of a message, so that whatever came cannot end the program.
fn shown(message: &Message) -> Vec<u8> {
    let value = message.value(bggo_runtime::contract::Value::Null);
    let mut all = bggo_runtime::contract::encode_json(&value).into_bytes();
    all.extend(message.correlation_id().unwrap_or_default());
    all.extend(message.tag().to_be_bytes());
    all
}

/// Deliveries with bodies in several frames, confirms and heartbeats.
fn stream(numbers: &mut Numbers) -> (Vec<u8>, usize) {
    let (mut out, mut messages) = (Vec::new(), 0);
    for _ in 0..1 + numbers.below(6) {
        match numbers.below(4) {
            0 => out.extend_from_slice(&HEARTBEAT),
            1 => put_payload(
                &mut out,
                (Kind::Method, 1),
                b"\0\x3c\0\x50\0\0\0\0\0\0\0\x01\x01",
            ),
            _ => {
                put_payload(
                    &mut out,
                    (Kind::Method, 3),
                    b"\0\x3c\0\x3c\x01c\0\0\0\0\0\0\0\x07\0\x01e\x02rk",
                );
                let body: Vec<u8> = (0..numbers.below(600))
                    .map(|at| at.to_be_bytes()[7])
                    .collect();
                let mut header = b"\0\x3c\0\0\0\0\0\0\0\0\0\0".to_vec();
                // A table of headers, a delivery mode and a correlation id.
                header.extend(b"\x34\0\0\0\0\x0a\x01nI\0\0\0\x07\x01t\x02\x03abc");
                let mut sized = Vec::new();
                crate::properties::put_sized(&mut sized, &header, body.len());
                put_payload(&mut out, (Kind::Header, 3), &sized);
                put_body(&mut out, 3, &body, MOST);
                messages += 1;
            }
        }
    }
    (out, messages)
}

fn streams() -> u64 {
    let wanted = std::env::var("MUTATIONS").ok();
    wanted.map_or(STREAMS, |count| count.parse().unwrap())
}

#[test]
fn a_stream_says_the_same_however_it_is_cut() {
    for seed in 0..streams() {
        let mut numbers = Numbers(seed);
        let (mut bytes, messages) = stream(&mut numbers);
        let is_whole = seed % 2 == 0;
        if !is_whole {
            for _ in 0..1 + numbers.below(3) {
                let at = numbers.below(bytes.len());
                match numbers.below(3) {
                    0 => bytes[at] = numbers.next().to_be_bytes()[0],
                    1 => bytes.truncate(at.max(1)),
                    _ => bytes.insert(at, numbers.next().to_be_bytes()[0]),
                }
            }
        }
        let whole = hear(&bytes, || usize::MAX);
        let cut = hear(&bytes, || 1 + numbers.below(40));
        assert_eq!(whole, cut, "seed {seed}");
        if is_whole {
            assert_eq!(whole.end, Ok(()), "seed {seed}");
            assert_eq!(whole.messages.len(), messages, "seed {seed}");
            let sent: usize = whole.frames.iter().map(|one| one.2.len() + AROUND).sum();
            assert_eq!(sent, bytes.len(), "seed {seed}");
        }
    }
}

#[test]
fn what_is_no_frame_is_told_at_once() {
    assert_eq!(next(b"", MOST), Ok(None));
    assert_eq!(next(b"H", MOST), Err(NoFrame::Kind));
    assert_eq!(next(b"\x01\0\0\0\0\0\xc1", MOST), Err(NoFrame::TooLarge));
    assert_eq!(next(b"\x01\0\0\0\0\0\xc0", MOST), Ok(None));
    assert_eq!(next(b"\x08\0\0\0\0\0\0", MOST), Ok(None));
    assert_eq!(next(b"\x08\0\0\0\0\0\0\0", MOST), Err(NoFrame::End));
}

#[test]
fn a_body_is_cut_where_a_frame_is_full() {
    for (size, frames) in [(0, 0), (1, 1), (192, 1), (193, 2), (384, 2), (385, 3)] {
        let mut out = Vec::new();
        put_body(&mut out, 1, &vec![7; size], MOST);
        assert_eq!(out.len(), size + frames * AROUND, "{size}");
    }
}
