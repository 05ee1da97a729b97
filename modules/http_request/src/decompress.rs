//! Decompresses a whole body. Only a body that the grid reads is decompressed.

use crate::http_request::Error as Kind;
use bggo_runtime::contract::{Fault, FaultText};
use brotli_decompressor::Decompressor;
use bytes::Bytes;
use encoding_rs::Encoding;
use flate2::bufread::GzDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use http::header::{CONTENT_ENCODING, HeaderMap};
use ruzstd::decoding::StreamingDecoder;
use std::io::{self, Read};

/// The Accept-Encoding of a client that decompresses.
pub(crate) const ACCEPTED: &str = "gzip, br, zstd";

/// How a gzip member begins (RFC 1952).
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];

/// By how much the text of a deflated body may grow at once.
const STEP: usize = 64 * 1024;

/// Undoes the encodings that the headers name, last first. None may grow beyond `most` bytes.
///
/// # Errors
/// An encoding that is not known, or a body that is not encoded so.
pub(crate) fn decompress(mut body: Bytes, headers: &HeaderMap, most: u64) -> Result<Bytes, Fault> {
    if body.is_empty() {
        return Ok(body);
    }
    let named: Vec<String> = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|encoding| encoding.trim().to_ascii_lowercase())
        .collect();
    for encoding in named.iter().rev() {
        let plain = match encoding.as_str() {
            "gzip" | "x-gzip" => gzip(&body, most),
            "deflate" => deflate(&body, most),
            "br" => all(Decompressor::new(&*body, 4096), most),
            "zstd" => zstd(&body, most),
            name if says_nothing(name) => continue,
            _ => return Err(unknown(encoding)),
        };
        let plain = plain.map_err(|_| {
            Kind::Body.fault(FaultText::plain(format_args!(
                "the body is not what its Content-Encoding says: it cannot be decompressed as {encoding}"
            )))
        })?;
        if plain.len() as u64 > most {
            return Err(too_large(most));
        }
        body = plain.into();
    }
    Ok(body)
}

/// Whether bytes stay as they are under this name. Servers also write here what is no encoding, such as a charset, and
/// browsers then read the body as it is.
fn says_nothing(name: &str) -> bool {
    matches!(name, "" | "identity" | "none" | "aws-chunked")
        || Encoding::for_label(name.as_bytes()).is_some()
}

fn unknown(encoding: &str) -> Fault {
    let shown: String = encoding.chars().take(40).collect();
    Kind::Body.fault(
        FaultText::plain("the body has the Content-Encoding ")
            .and_value(shown)
            .and(", which is not known; known are gzip, deflate, br and zstd. With compression = false it is read as it is"),
    )
}

/// The fault of a body that is longer than it may be kept.
pub(crate) fn too_large(most: u64) -> Fault {
    Kind::Body.fault(FaultText::plain(format_args!(
        "the body is longer than the client's max_body_size, {most} bytes"
    )))
}

/// Reads the decompressed bytes, at most one byte more than are allowed.
fn all(compressed: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    compressed
        .take(most.saturating_add(1))
        .read_to_end(&mut plain)?;
    Ok(plain)
}

/// Reads member after member. Bytes behind them that are no member are padding, which browsers ignore, too.
fn gzip(mut compressed: &[u8], most: u64) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    loop {
        let mut member = GzDecoder::new(compressed);
        plain.append(&mut all(&mut member, most)?);
        compressed = member.into_inner();
        if plain.len() as u64 > most || !compressed.starts_with(GZIP_MAGIC) {
            return Ok(plain);
        }
    }
}

/// "deflate" means the format of zlib (RFC 9110, 8.4.1.2), but some servers leave out its header and its checksum.
fn deflate(compressed: &[u8], most: u64) -> io::Result<Vec<u8>> {
    let has_header = matches!(compressed, [method, flags, ..]
        if method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]) % 31 == 0);
    let mut decoder = Decompress::new(has_header);
    let mut plain = Vec::new();
    loop {
        let left = most.saturating_add(1) - plain.len() as u64;
        plain.reserve(usize::try_from(left).unwrap_or(usize::MAX).min(STEP));
        let read = usize::try_from(decoder.total_in()).map_err(io::Error::other)?;
        let before = decoder.total_out();
        let rest = compressed.get(read..).unwrap_or_default();
        let status = decoder.decompress_vec(rest, &mut plain, FlushDecompress::None)?;
        if status == Status::StreamEnd || plain.len() as u64 > most {
            return Ok(plain);
        }
        // The reader of the library takes an early end for the end.
        let is_stuck = decoder.total_in() == read as u64 && decoder.total_out() == before;
        if is_stuck {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Zstandard's decoder reads one frame; a body may hold several.
fn zstd(mut compressed: &[u8], most: u64) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    while !compressed.is_empty() && plain.len() as u64 <= most {
        let frame = StreamingDecoder::new(&mut compressed).map_err(io::Error::other)?;
        plain.append(&mut all(frame, most)?);
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const PLAIN: &[u8] = b"plain plain plain plain plain plain";

    fn gzipped(plain: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn deflated(plain: &[u8], has_header: bool) -> Vec<u8> {
        let mut packed = Vec::with_capacity(10_000);
        flate2::Compress::new(flate2::Compression::best(), has_header)
            .compress_vec(plain, &mut packed, flate2::FlushCompress::Finish)
            .unwrap();
        packed
    }

    fn brotli(plain: &[u8]) -> Vec<u8> {
        let mut compressed = Vec::new();
        brotli::CompressorWriter::new(&mut compressed, 4096, 5, 20)
            .write_all(plain)
            .unwrap();
        compressed
    }

    fn zstandard(plain: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(plain, ruzstd::encoding::CompressionLevel::Fastest)
    }

    fn read(encoding: &str, body: Vec<u8>) -> Result<Bytes, Fault> {
        decompress(
            body.into(),
            &HeaderMap::from_iter([(CONTENT_ENCODING, encoding.parse().unwrap())]),
            1000,
        )
    }

    #[test]
    fn each_encoding_is_undone() {
        assert_eq!(read("gzip", gzipped(PLAIN)).unwrap(), PLAIN);
        assert_eq!(read("BR", brotli(PLAIN)).unwrap(), PLAIN);
        assert_eq!(read("zstd", zstandard(PLAIN)).unwrap(), PLAIN);
        assert_eq!(
            read("zstd", [zstandard(PLAIN), zstandard(PLAIN)].concat()).unwrap(),
            [PLAIN, PLAIN].concat()
        );
        assert_eq!(read("br, gzip", gzipped(&brotli(PLAIN))).unwrap(), PLAIN);
    }

    #[test]
    fn members_of_gzip_are_joined_and_what_follows_them_is_ignored() {
        let one = gzipped(PLAIN);
        let both = [PLAIN, PLAIN].concat();
        let with = |rest: &[u8]| read("gzip", [&one, rest].concat());
        assert_eq!(with(&one).unwrap(), both);
        assert_eq!(with(&[&one[..], &[0; 20]].concat()).unwrap(), both);
        for rest in [&[0; 20][..], b"garbage", b"\x1f"] {
            assert_eq!(with(rest).unwrap(), PLAIN, "{rest:?}");
        }
        // A member that has begun is no padding.
        for rest in [&one[..2], &one[..12], &one[..one.len() - 1]] {
            assert_eq!(with(rest).unwrap_err().kind(), "body", "{rest:?}");
        }
        let damaged = [&one[..one.len() - 8], b"12345678"].concat();
        assert_eq!(read("gzip", damaged).unwrap_err().kind(), "body");
    }

    #[test]
    fn deflate_is_undone_with_and_without_its_header() {
        let large: Vec<u8> = (0..1000).map(|n| (n * n % 251) as u8).collect();
        for plain in [PLAIN, &large] {
            for packed in [deflated(plain, true), deflated(plain, false)] {
                assert_eq!(read("deflate", packed.clone()).unwrap(), plain);
                let padded = [&packed[..], b"garbage"].concat();
                assert_eq!(read("deflate", padded).unwrap(), plain);
                let cut = &packed[..packed.len() - 5];
                assert_eq!(read("deflate", cut.to_vec()).unwrap_err().kind(), "body");
                let twice = deflated(&gzipped(plain), true);
                assert_eq!(read("gzip, deflate", twice).unwrap(), plain);
            }
        }
        assert_eq!(
            read("deflate", b"no deflate".to_vec()).unwrap_err().kind(),
            "body"
        );
    }

    #[test]
    fn an_unknown_encoding_is_refused() {
        for encoding in ["compress", "gzip, compress", "compress, gzip"] {
            let fault = read(encoding, gzipped(PLAIN)).unwrap_err();
            assert_eq!(
                (fault.kind(), fault.text()),
                (
                    "body",
                    "the body has the Content-Encoding compress, which is not known; known are gzip, deflate, br and zstd. \
                     With compression = false it is read as it is"
                ),
                "{encoding}"
            );
        }
    }

    #[test]
    fn what_is_no_encoding_changes_nothing() {
        for encoding in ["identity", "none", "", "UTF-8", "aws-chunked", ", ,"] {
            assert_eq!(read(encoding, PLAIN.to_vec()).unwrap(), PLAIN, "{encoding}");
        }
        assert_eq!(read(", x-gzip,,identity", gzipped(PLAIN)).unwrap(), PLAIN);
        assert_eq!(
            decompress(PLAIN.to_vec().into(), &HeaderMap::new(), 1000).unwrap(),
            PLAIN
        );
    }

    #[test]
    fn a_broken_body_is_a_fault_of_the_body() {
        for encoding in ["gzip", "deflate", "br", "zstd"] {
            assert_eq!(
                read(encoding, PLAIN.to_vec()).unwrap_err().kind(),
                "body",
                "{encoding}"
            );
        }
        assert_eq!(
            read("gzip", gzipped(PLAIN)[..20].to_vec())
                .unwrap_err()
                .kind(),
            "body"
        );
    }

    #[test]
    fn a_body_grows_no_further_than_it_may() {
        let zeroes = vec![0; 2000];
        for (encoding, packed) in [
            ("gzip", gzipped(&zeroes)),
            (
                "gzip",
                [gzipped(&zeroes[..600]), gzipped(&zeroes[..600])].concat(),
            ),
            ("deflate", deflated(&zeroes, true)),
            ("br", brotli(&zeroes)),
            ("zstd", zstandard(&zeroes)),
            (
                "zstd",
                [zstandard(&zeroes[..600]), zstandard(&zeroes[..600])].concat(),
            ),
        ] {
            let fault = read(encoding, packed).unwrap_err();
            assert_eq!(
                (fault.kind(), fault.text()),
                (
                    "body",
                    "the body is longer than the client's max_body_size, 1000 bytes"
                ),
                "{encoding}"
            );
        }
        assert_eq!(read("gzip", gzipped(&zeroes[..1000])).unwrap().len(), 1000);
    }
}
