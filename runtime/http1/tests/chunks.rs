//! Chunked bodies: what is data, what is dropped, what is refused.

#![expect(clippy::panic, reason = "a body without an end fails the test")]

use bggo_http1::{Bad, Chunks, Limits, Next};

const LIMITS: Limits = Limits {
    fields: 10,
    bytes: 1_000,
};

/// The body and how many bytes follow it. So many bytes come at a time.
fn decoded(bytes: &[u8], at_once: usize) -> Result<(Vec<u8>, usize), Bad> {
    let mut chunks = Chunks::new(&LIMITS);
    let (mut body, mut come, mut rest) = (Vec::new(), Vec::new(), bytes.chunks(at_once));
    let mut left = 0;
    loop {
        let taken = usize::try_from(left).unwrap_or(usize::MAX).min(come.len());
        body.extend(come.drain(..taken));
        left -= taken as u64;
        if left == 0 {
            let piece = chunks.step(&come)?;
            come.drain(..piece.skip);
            match piece.next {
                Next::End => return Ok((body, come.len() + rest.map(<[u8]>::len).sum::<usize>())),
                Next::Data(size) => {
                    left = size;
                    continue;
                }
                Next::More => {}
            }
        }
        match rest.next() {
            Some(more) => come.extend_from_slice(more),
            None => panic!("the body does not end: {}", bytes.escape_ascii()),
        }
    }
}

#[test]
fn data_is_found_and_the_rest_dropped() {
    for (text, body, behind) in [
        ("0\r\n\r\n", "", 0),
        ("b\r\nhello world\r\n0\r\n\r\n", "hello world", 0),
        ("B\r\nhello world\r\n00\r\n\r\nHTTP/1.1", "hello world", 8),
        ("6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n", "hello world", 0),
        ("0000000000000006\r\nhello \r\n0\r\n\r\n", "hello ", 0),
        ("6;comment=hi\r\nhello \r\n0;x\r\n\r\n", "hello ", 0),
        ("6 ; comment\r\nhello \r\n0\r\n\r\n", "hello ", 0),
        ("6 \t\r\nhello \r\n0  \r\n\r\n", "hello ", 0),
        ("2;\r\naa\r\n0\r\n\r\n", "aa", 0),
        ("5;a=\"b; c\";d\r\nhello\r\n0\r\n\r\n", "hello", 0),
        // A quote that is not closed ends with its line.
        ("5;a=\"b\";c=\"d; e\r\nhello\r\n0\r\n\r\n", "hello", 0),
        ("b\r\nhello world\r\n0\r\n\n", "hello world", 0),
        ("1\r\n\n\r\n0\r\n\r\n", "\n", 0),
        ("4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n", 0),
        ("1\r\na\r\n0\r\nA: b\r\nC: d\r\n e\r\n\r\nX", "a", 1),
        ("1\r\na\r\n0\r\nA:\nC: d\n\nX", "a", 1),
    ] {
        for at_once in 1..=text.len() {
            let expected = Ok((body.as_bytes().to_vec(), behind));
            assert_eq!(decoded(text.as_bytes(), at_once), expected, "{text:?}");
        }
    }
}

#[test]
fn what_is_malformed_is_refused() {
    for (text, why) in [
        ("z\r\nabc", Bad::ChunkSize),
        ("\r\n\r\n", Bad::ChunkSize),
        (" 5\r\nhello", Bad::ChunkSize),
        (";x\r\n", Bad::ChunkSize),
        ("0x5\r\nhello", Bad::ChunkSize),
        ("-1\r\n", Bad::ChunkSize),
        ("+1\r\n", Bad::ChunkSize),
        ("1x\r\na\r\n", Bad::ChunkSize),
        ("2 erfrferferf\r\naa", Bad::ChunkSize),
        ("2\r\naa\r\n0 rrrr\r\n\r\n", Bad::ChunkSize),
        ("6\nhello ", Bad::ChunkSize),
        ("6;x\nhello ", Bad::ChunkSize),
        ("6;x\0\r\n", Bad::ChunkSize),
        ("6\rX\nhello ", Bad::ChunkSize),
        ("00000000000000001\r\na", Bad::ChunkSizeTooLarge),
        ("fffffffffffffffff\r\na", Bad::ChunkSizeTooLarge),
        ("5\r\nhelloo\r\n", Bad::ChunkEnd),
        ("5\r\nhello\n0\r\n\r\n", Bad::ChunkEnd),
        ("5\r\nhello\rX", Bad::ChunkEnd),
        ("0\n\n", Bad::ChunkSize),
        ("0\r\nHTTP/1.1 200 OK\r\n", Bad::NoColon),
        ("0\r\n a: b\r\n\r\n", Bad::Name),
        ("0\r\n: b\r\n\r\n", Bad::Name),
        ("0\r\na: \0\r\n\r\n", Bad::Control),
        ("0\r\n\0: b\r\n\r\n", Bad::Control),
        ("0\r\na: b\rc\r\n\r\n", Bad::BareCarriageReturn),
        ("0\r\n\rX", Bad::BareCarriageReturn),
    ] {
        for at_once in 1..=text.len() {
            assert_eq!(decoded(text.as_bytes(), at_once), Err(why), "{text:?}");
        }
    }
}

#[test]
fn a_chunk_of_2_to_the_64_less_1_is_begun_and_its_size_is_given() {
    let piece = Chunks::new(&LIMITS).step(b"ffffffffffffffff\r\nabc").ok();
    assert_eq!(
        piece.map(|piece| (piece.skip, piece.next)),
        Some((18, Next::Data(u64::MAX)))
    );
}

#[test]
fn lines_extensions_and_trailers_are_bounded() {
    let line = |length: usize| format!("1;{}\r\na\r\n0\r\n\r\n", "x".repeat(length - 4));
    assert_eq!(
        decoded(line(4 << 10).as_bytes(), 1_000),
        Ok((b"a".to_vec(), 0))
    );
    assert_eq!(
        decoded(line((4 << 10) + 1).as_bytes(), 1_000),
        Err(Bad::ChunkLineTooLong)
    );

    let chunks = |count: usize| {
        format!(
            "{}0\r\n\r\n",
            format!("1;{}\r\na\r\n", "x".repeat(1 << 10)).repeat(count)
        )
    };
    assert_eq!(
        decoded(chunks(64).as_bytes(), 1_000),
        Ok((b"a".repeat(64), 0))
    );
    assert_eq!(
        decoded(chunks(65).as_bytes(), 1_000),
        Err(Bad::ChunkExtensionsTooLong)
    );

    let trailers = |count: usize| format!("0\r\n{}\r\n", "a: b\r\n".repeat(count));
    assert_eq!(decoded(trailers(10).as_bytes(), 7), Ok((vec![], 0)));
    assert_eq!(decoded(trailers(11).as_bytes(), 7), Err(Bad::TooManyFields));
    let long = |length: usize| format!("0\r\na: {}\r\n\r\n", "b".repeat(length - 7));
    assert_eq!(decoded(long(1_000).as_bytes(), 7), Ok((vec![], 0)));
    assert_eq!(decoded(long(1_001).as_bytes(), 7), Err(Bad::HeadTooLarge));
}
