//! MD5 and SHA-256. Written here because the two functions are shorter than the nine crates that they would bring into
//! every cold build; checked against the vectors of RFC 1321 and FIPS 180-4.

use super::args::args;
use bggo_values::{Fault, Value};

/// The MD5 of bytes, or of the UTF-8 of a text, in hexadecimal.
///
/// # Errors
/// When the argument is neither bytes nor a string.
pub fn md5(values: &[Value]) -> Result<Value, Fault> {
    Ok(Value::from(hex(&md5_of(
        &args("md5", values, 1, 1)?.content(0)?,
    ))))
}

/// The SHA-256 of bytes, or of the UTF-8 of a text, in hexadecimal.
///
/// # Errors
/// When the argument is neither bytes nor a string.
pub fn sha256(values: &[Value]) -> Result<Value, Fault> {
    Ok(Value::from(hex(&sha256_of(
        &args("sha256", values, 1, 1)?.content(0)?,
    ))))
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// The blocks of 64 bytes that both hashes work on: the message, a bit, zeros, and its length in bits.
fn blocks(message: &[u8], length: [u8; 8], mut each: impl FnMut(&[u8])) {
    let mut whole = message.chunks_exact(64);
    whole.by_ref().for_each(&mut each);
    let mut last = whole.remainder().to_vec();
    last.push(0x80);
    while last.len() % 64 != 56 {
        last.push(0);
    }
    last.extend_from_slice(&length);
    last.chunks_exact(64).for_each(each);
}

/// The bytes of word `place` of a block.
fn word(block: &[u8], place: usize) -> [u8; 4] {
    let at = place * 4;
    [block[at], block[at + 1], block[at + 2], block[at + 3]]
}

const MD5_SHIFTS: [[u32; 4]; 4] = [
    [7, 12, 17, 22],
    [5, 9, 14, 20],
    [4, 11, 16, 23],
    [6, 10, 15, 21],
];

#[rustfmt::skip]
const MD5_SINES: [u32; 64] = [
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
];

fn md5_of(message: &[u8]) -> [u8; 16] {
    let mut state: [u32; 4] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
    blocks(
        message,
        (message.len() as u64).wrapping_mul(8).to_le_bytes(),
        |block| {
            let [mut a, mut b, mut c, mut d] = state;
            for step in 0..64 {
                let (mixed, place) = match step / 16 {
                    0 => ((b & c) | (!b & d), step),
                    1 => ((d & b) | (!d & c), (5 * step + 1) % 16),
                    2 => (b ^ c ^ d, (3 * step + 5) % 16),
                    _ => (c ^ (b | !d), (7 * step) % 16),
                };
                let sum = a
                    .wrapping_add(mixed)
                    .wrapping_add(MD5_SINES[step])
                    .wrapping_add(u32::from_le_bytes(word(block, place)));
                (a, d, c) = (d, c, b);
                b = b.wrapping_add(sum.rotate_left(MD5_SHIFTS[step / 16][step % 4]));
            }
            for (kept, new) in state.iter_mut().zip([a, b, c, d]) {
                *kept = kept.wrapping_add(new);
            }
        },
    );
    let mut out = [0; 16];
    out.chunks_exact_mut(4)
        .zip(state)
        .for_each(|(bytes, word)| bytes.copy_from_slice(&word.to_le_bytes()));
    out
}

#[rustfmt::skip]
const SHA256_ROOTS: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

fn sha256_of(message: &[u8]) -> [u8; 32] {
    let mut state: [u32; 8] = [
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab,
        0x5be0cd19,
    ];
    blocks(
        message,
        (message.len() as u64).wrapping_mul(8).to_be_bytes(),
        |block| {
            let mut schedule = [0u32; 64];
            for (place, first) in schedule.iter_mut().take(16).enumerate() {
                *first = u32::from_be_bytes(word(block, place));
            }
            for place in 16..64 {
                let (x, y) = (schedule[place - 15], schedule[place - 2]);
                let low = x.rotate_right(7) ^ x.rotate_right(18) ^ (x >> 3);
                let high = y.rotate_right(17) ^ y.rotate_right(19) ^ (y >> 10);
                schedule[place] = schedule[place - 16]
                    .wrapping_add(low)
                    .wrapping_add(schedule[place - 7])
                    .wrapping_add(high);
            }
            let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = state;
            for step in 0..64 {
                let high = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
                let choice = (e & f) ^ (!e & g);
                let first = h
                    .wrapping_add(high)
                    .wrapping_add(choice)
                    .wrapping_add(SHA256_ROOTS[step])
                    .wrapping_add(schedule[step]);
                let low = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
                let majority = (a & b) ^ (a & c) ^ (b & c);
                (h, g, f, e, d, c, b) = (g, f, e, d.wrapping_add(first), c, b, a);
                a = first.wrapping_add(low).wrapping_add(majority);
            }
            for (kept, new) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
                *kept = kept.wrapping_add(new);
            }
        },
    );
    let mut out = [0; 32];
    out.chunks_exact_mut(4)
        .zip(state)
        .for_each(|(bytes, word)| bytes.copy_from_slice(&word.to_be_bytes()));
    out
}
