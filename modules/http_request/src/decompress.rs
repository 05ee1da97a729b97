//! Decompresses a whole body. Only a body that the grid reads is decompressed.

use crate::http_request::Error as Kind;
use bggo_runtime::contract::{Fault, FaultText};
use brotli_decompressor::Decompressor;
use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use http::header::{CONTENT_ENCODING, HeaderMap};
use ruzstd::decoding::StreamingDecoder;
use std::io::{self, Read};

/// The Accept-Encoding of a client that decompresses.
pub(crate) const ACCEPTED: &str = "gzip, br, zstd";

/// Undoes the encodings that the headers name, last first; one that is not known is left as it is. None may grow beyond
/// `most` bytes.
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
            "gzip" | "x-gzip" => all(MultiGzDecoder::new(&*body), most),
            "br" => all(Decompressor::new(&*body, 4096), most),
            "zstd" => zstd(&body, most),
            "identity" => continue,
            _ => break,
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

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
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
        assert_eq!(read("gzip", gzip(PLAIN)).unwrap(), PLAIN);
        assert_eq!(read("BR", brotli(PLAIN)).unwrap(), PLAIN);
        assert_eq!(read("zstd", zstandard(PLAIN)).unwrap(), PLAIN);
        assert_eq!(
            read("zstd", [zstandard(PLAIN), zstandard(PLAIN)].concat()).unwrap(),
            [PLAIN, PLAIN].concat()
        );
        assert_eq!(read("br, gzip", gzip(&brotli(PLAIN))).unwrap(), PLAIN);
    }

    #[test]
    fn an_unknown_encoding_is_left_alone() {
        assert_eq!(read("identity", PLAIN.to_vec()).unwrap(), PLAIN);
        assert_eq!(read("compress", PLAIN.to_vec()).unwrap(), PLAIN);
        assert_eq!(
            decompress(PLAIN.to_vec().into(), &HeaderMap::new(), 1000).unwrap(),
            PLAIN
        );
    }

    #[test]
    fn a_broken_body_is_a_fault_of_the_body() {
        for encoding in ["gzip", "br", "zstd"] {
            assert_eq!(
                read(encoding, PLAIN.to_vec()).unwrap_err().kind(),
                "body",
                "{encoding}"
            );
        }
        assert_eq!(
            read("gzip", gzip(PLAIN)[..20].to_vec()).unwrap_err().kind(),
            "body"
        );
    }

    #[test]
    fn a_body_grows_no_further_than_it_may() {
        let zeroes = vec![0; 2000];
        for (encoding, packed) in [
            ("gzip", gzip(&zeroes)),
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
        assert_eq!(read("gzip", gzip(&zeroes[..1000])).unwrap().len(), 1000);
    }
}
