//! A compressed body, whole, to what it holds. Only a body that somebody reads comes here.

use crate::http_request::Error as Kind;
use bggo_runtime::contract::Fault;
use brotli_decompressor::Decompressor;
use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use reqwest::header::{CONTENT_ENCODING, HeaderMap};
use ruzstd::decoding::StreamingDecoder;
use std::io::{self, Read};

/// The Accept-Encoding of a client that decompresses.
pub(crate) const ACCEPTED: &str = "gzip, br, zstd";
/// A body that grows beyond this is not worth its memory: a test reads a field, not a gibibyte.
const LARGEST: u64 = 1 << 30;

/// Undoes the encodings that the headers name, last first; one that is not known is left as it is.
pub(crate) fn decompress(mut body: Bytes, headers: &HeaderMap) -> Result<Bytes, Fault> {
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
            "gzip" | "x-gzip" => all(MultiGzDecoder::new(&*body)),
            "br" => all(Decompressor::new(&*body, 4096)),
            "zstd" => zstd(&body),
            "identity" => continue,
            _ => break,
        };
        body = plain
            .map_err(|error| {
                Kind::Body.fault(format!(
                    "the body cannot be decompressed as {encoding}: {error}"
                ))
            })?
            .into();
    }
    Ok(body)
}

fn all(compressed: impl Read) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    compressed.take(LARGEST + 1).read_to_end(&mut plain)?;
    if plain.len() as u64 > LARGEST {
        Err(io::Error::other("it is larger than 1 GiB"))
    } else {
        Ok(plain)
    }
}

/// Zstandard's decoder reads one frame; a body may hold several.
fn zstd(mut compressed: &[u8]) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    while !compressed.is_empty() {
        let frame = StreamingDecoder::new(&mut compressed).map_err(io::Error::other)?;
        plain.append(&mut all(frame)?);
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
            decompress(PLAIN.to_vec().into(), &HeaderMap::new()).unwrap(),
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
}
