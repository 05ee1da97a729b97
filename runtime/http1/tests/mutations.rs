//! The fuzz targets over answers and requests that were changed at random: the same result whole and byte by byte, no panic.
//!
//! `MUTATIONS=10000000 cargo test --release -p bggo-http1 --test mutations` tries more than the usual number.

use bggo_http1::fuzz;

const USUAL: u64 = 100_000;

const ANSWERS: &[&str] = &[
    "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6;a=b\r\nhello \r\n5\r\nworld\r\n0\r\nA: b\r\n c\r\n\r\n",
    "HTTP/1.0 301\r\nLocation: /\r\nSet-Cookie: a=b\r\nX: y\r\n\tz\r\nContent-Length : 3\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 None\nConnection: close, x\n\n",
    "\r\nHTTP/1.1 101 x\r\nUpgrade: h2c\r\nContent-Length: 1, 1\r\nTransfer-Encoding: identity\r\n\r\n",
];

const REQUESTS: &[&str] = &[
    "GET /a?b=c HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
];

/// What is put in: signs that mean something.
const WORDS: &[&str] = &[
    "\r\n",
    "\n",
    "\r",
    "\r\n\r\n",
    "\0",
    " ",
    "\t",
    ":",
    ",",
    ";",
    "0",
    "f",
    "\r\n ",
    "\u{7f}",
    "Content-Length: 7\r\n",
    "Transfer-Encoding: chunked\r\n",
    "HTTP/1.1 ",
    "chunked",
    "close",
    "18446744073709551616",
    "ffffffffffffffff\r\n",
    "a: b\r\n",
    "xxxxxxxxxxxxxxxxxxxxxxxx",
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

fn changed(random: &mut Random, seeds: &[&str]) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].as_bytes().to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let end = bytes.len().min(at + random.below(6));
        match random.below(5) {
            0 => drop(bytes.splice(at..end, [])),
            1 => bytes.truncate(at),
            2 => bytes.insert(at, random.next().to_le_bytes()[0]),
            3 => {
                let again = bytes[at..].to_vec();
                bytes.extend(again);
            }
            _ => {
                let word = WORDS[random.below(WORDS.len())];
                drop(bytes.splice(at..end, word.bytes()));
            }
        }
    }
    bytes
}

#[test]
fn changed_messages_are_read_or_refused_alike_in_any_pieces() {
    let wanted = std::env::var("MUTATIONS").ok();
    let count = wanted.map_or(USUAL, |count| count.parse().unwrap_or(USUAL));
    for seed in 0..count {
        let mut random = Random(seed);
        let (answer, request) = (
            changed(&mut random, ANSWERS),
            changed(&mut random, REQUESTS),
        );
        let holds = std::panic::catch_unwind(|| {
            fuzz::answer(&answer);
            fuzz::request(&request);
            fuzz::chunks(&answer);
        });
        assert!(
            holds.is_ok(),
            "seed {seed}: {}, {}",
            answer.escape_ascii(),
            request.escape_ascii()
        );
    }
}
