//! Properties that hold for any bytes: the bodies of the fuzz targets. `tests/mutations.rs` runs them too.

use crate::{
    Asked, Bad, Chunks, Framing, Head, Limits, Next, Progress, RequestProgress, fields, read,
    read_request,
};

/// Small, so that random bytes reach them.
const LIMITS: Limits = Limits {
    fields: 8,
    bytes: 600,
};

/// An answer is the same whether it comes whole or byte by byte: its heads, its fields, its body or what is wrong.
///
/// # Panics
///
/// When that does not hold.
pub fn answer(bytes: &[u8]) {
    for asked in [
        Asked::default(),
        Asked {
            head: true,
            connect: false,
            upgrade: true,
        },
    ] {
        let whole = read(bytes, &mut Progress::new(), &asked, &LIMITS);
        assert_eq!(whole, head_by_byte(bytes, &asked));
        let Ok(Some(head)) = whole else { continue };
        assert!(head.size <= bytes.len() && head.size <= LIMITS.bytes);
        let (this, rest) = bytes.split_at(head.size);
        assert!(fields(this).count() <= LIMITS.fields);
        assert!(fields(this).all(|(name, _)| !name.is_empty()));
        if head.framing == Framing::Chunked {
            chunks(rest);
        }
    }
    // Of any bytes at all there are fields, or none.
    let _ = fields(bytes).count();
}

/// A request is the same whether it comes whole or byte by byte.
///
/// # Panics
///
/// When that does not hold.
pub fn request(bytes: &[u8]) {
    let whole = read_request(bytes, &mut RequestProgress::new(), &LIMITS);
    let mut progress = RequestProgress::new();
    let mut came = 0..=bytes.len();
    let by_byte =
        came.find_map(|count| read_request(&bytes[..count], &mut progress, &LIMITS).transpose());
    assert_eq!(whole, by_byte.transpose());
    if let Ok(Some(head)) = whole {
        assert!(!head.method.is_empty() && !head.target.is_empty());
        if head.framing == Framing::Chunked {
            chunks(&bytes[head.size..]);
        }
    }
}

/// A chunked body is the same whether it comes whole or byte by byte.
///
/// # Panics
///
/// When that does not hold.
pub fn chunks(bytes: &[u8]) {
    let (whole, body) = body(bytes, bytes.len().max(1));
    assert_eq!((whole, body.len()), {
        let (by_byte, same) = self::body(bytes, 1);
        assert_eq!(body, same);
        (by_byte, same.len())
    });
    assert!(body.len() <= bytes.len());
}

fn head_by_byte(bytes: &[u8], asked: &Asked) -> Result<Option<Head>, Bad> {
    let mut progress = Progress::new();
    let mut came = 0..=bytes.len();
    let found =
        came.find_map(|count| read(&bytes[..count], &mut progress, asked, &LIMITS).transpose());
    found.transpose()
}

/// What stands behind the body (or that it is not over, or what is wrong), and the body. So many bytes come at a time.
fn body(bytes: &[u8], at_once: usize) -> (Result<Option<usize>, Bad>, Vec<u8>) {
    let mut chunks = Chunks::new(&LIMITS);
    let (mut body, mut at, mut came, mut left) = (Vec::new(), 0, 0, 0_u64);
    loop {
        let data = usize::try_from(left).unwrap_or(usize::MAX).min(came - at);
        body.extend_from_slice(&bytes[at..at + data]);
        at += data;
        left -= data as u64;
        if left == 0 {
            match chunks.step(&bytes[at..came]) {
                Err(bad) => return (Err(bad), body),
                Ok(piece) => {
                    at += piece.skip;
                    match piece.next {
                        Next::Data(size) => {
                            assert!(size > 0);
                            left = size;
                            continue;
                        }
                        Next::End => return (Ok(Some(at)), body),
                        Next::More => assert_eq!(at, came),
                    }
                }
            }
        }
        if came == bytes.len() {
            return (Ok(None), body);
        }
        came = bytes.len().min(came + at_once);
    }
}
