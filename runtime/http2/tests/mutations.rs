//! The fuzz target over what servers say, changed at random: the same outcome whole and byte by byte, no panic.
//!
//! `MUTATIONS=10000000 cargo test --release -p bggo-http2 --test mutations` tries more than the usual number.

use bggo_http2::fuzz;

const USUAL: u64 = 100_000;

/// Frames of a server, each whole.
const FRAMES: &[&[u8]] = &[
    b"\0\0\0\x04\0\0\0\0\0",
    b"\0\0\x0c\x04\0\0\0\0\0\0\x03\0\0\0\x64\0\x04\0\0\xff\xff",
    b"\0\0\0\x04\x01\0\0\0\0",
    b"\0\0\x01\x01\x04\0\0\0\x01\x88",
    b"\0\0\x01\x01\x05\0\0\0\x03\x88",
    b"\0\0\x05\x01\x04\0\0\0\x01\x88\x0f\x0d\x015",
    b"\0\0\x05\x01\x04\0\0\0\x01\x08\x03100",
    b"\0\0\x09\x01\x2d\0\0\0\x05\x02\0\0\0\0\0\x88\0\0",
    b"\0\0\x06\x01\x04\0\0\0\x05\x88\x40\x01a\x01b",
    b"\0\0\x02\x01\x05\0\0\0\x05\x88\xbe",
    b"\0\0\x01\x01\0\0\0\0\x01\x88",
    b"\0\0\x05\x09\x04\0\0\0\x01\0\x01a\x01b",
    b"\0\0\x05\x01\x05\0\0\0\x01\0\x01a\x01b",
    b"\0\0\x0a\x01\x04\0\0\0\x01\x88\x61\x86\xa8\xeb\x10\x64\x9c\xbf",
    b"\0\0\x05\0\0\0\0\0\x01hello",
    b"\0\0\x05\0\x01\0\0\0\x01hello",
    b"\0\0\x05\0\x09\0\0\0\x01\x02hi\0\0",
    b"\0\0\0\0\x01\0\0\0\x05",
    // A head, and all or a part of a body.
    b"\0\0\x01\x01\x04\0\0\0\x01\x88\0\0\x05\0\x01\0\0\0\x01hello",
    b"\0\0\x05\x01\x04\0\0\0\x05\x88\x0f\x0d\x015\0\0\x04\0\x08\0\0\0\x05\x01he\0",
    b"\0\0\x05\x01\x04\0\0\0\x01\x88\x0f\x0d\x015\0\0\x05\0\0\0\0\0\x01hello",
    b"\0\0\x04\x03\0\0\0\0\x05\0\0\0\x08",
    b"\0\0\x08\x06\0\0\0\0\0pingpong",
    b"\0\0\x04\x08\0\0\0\0\x05\0\0\x01\0",
    b"\0\0\x04\x08\0\0\0\0\0\0\0\x01\0",
    b"\0\0\x08\x07\0\0\0\0\0\0\0\0\x03\0\0\0\0",
    b"\0\0\x05\x02\0\0\0\0\x01\0\0\0\0\x10",
    b"\0\0\x02\x63\x07\0\0\0\x09xx",
];

/// splitmix64
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap_or(0)
    }
}

/// Settings, then frames in any order, some with other bytes.
fn changed(random: &mut Random) -> Vec<u8> {
    let mut bytes = FRAMES[random.below(2)].to_vec();
    for _ in 0..1 + random.below(8) {
        let mut frame = FRAMES[random.below(FRAMES.len())].to_vec();
        let count = match random.below(8) {
            0 => 1 + random.below(2),
            _ => 0,
        };
        for _ in 0..count {
            let at = random.below(frame.len());
            match random.below(10) {
                // The right length, and another payload.
                0..3 => {
                    frame.push(random.next().to_le_bytes()[0]);
                    frame[2] = frame[2].wrapping_add(1);
                }
                3..6 => frame[at] ^= 1 << random.below(8),
                6..9 => frame[at] = random.next().to_le_bytes()[0],
                _ => frame.truncate(9.max(at)),
            }
        }
        bytes.extend(frame);
    }
    if random.below(8) == 0 {
        let at = random.below(bytes.len());
        bytes[at] = random.next().to_le_bytes()[0];
    }
    bytes
}

#[test]
fn what_a_server_says_comes_alike_in_any_pieces() {
    let wanted = std::env::var("MUTATIONS").ok();
    let count = wanted.map_or(USUAL, |count| count.parse().unwrap_or(USUAL));
    let (mut ended, mut answered) = (0, 0);
    for seed in 0..count {
        let bytes = changed(&mut Random(seed));
        let holds = std::panic::catch_unwind(|| fuzz::server(&bytes));
        assert!(holds.is_ok(), "seed {seed}: {}", bytes.escape_ascii());
        let outcome = fuzz::outcome(&bytes, bytes.len());
        ended += u64::from(outcome.bad.is_some());
        answered += u64::from(!outcome.body.is_empty());
    }
    // It reaches what it should: connections that end and bodies that come.
    assert!(
        ended > count / 10 && answered > count / 10,
        "{ended}, {answered}"
    );
}

#[test]
fn every_frame_cut_anywhere_waits_for_the_rest() {
    for frame in FRAMES {
        let whole = [FRAMES[0], frame].concat();
        for cut in 0..whole.len() {
            let first = fuzz::outcome(&whole[..cut], whole.len());
            if first.bad.is_none() {
                fuzz::server(&whole[..cut]);
            }
        }
        fuzz::server(&whole);
    }
}
