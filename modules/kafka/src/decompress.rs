//! The records of a batch as they were before they were compressed.

use bytes::Bytes;
use std::io::Read;

/// The most bytes of the records of a batch. A batch that says it has more is not believed.
const MOST: usize = 256 << 20;

/// What stands before blocks of snappy as Java's clients write them, and how long all of that is with two versions.
const BLOCKS: &[u8] = b"\x82SNAPPY\0";
const BLOCKS_HEAD: usize = 16;

/// Undoes the compression of this number, which the attributes of a batch have. `None` if that cannot be done.
pub(crate) fn decompress(bytes: Bytes, compression: u8) -> Option<Bytes> {
    match compression {
        0 => Some(bytes),
        1 => read_all(flate2::read::MultiGzDecoder::new(&*bytes)),
        2 => snappy(&bytes),
        3 => read_all(lz4_flex::frame::FrameDecoder::new(&*bytes)),
        4 => read_all(ruzstd::decoding::StreamingDecoder::new(&*bytes).ok()?),
        _ => None,
    }
}

fn read_all(from: impl Read) -> Option<Bytes> {
    let mut all = Vec::new();
    from.take(MOST as u64 + 1).read_to_end(&mut all).ok()?;
    (all.len() <= MOST).then(|| all.into())
}

fn snappy(bytes: &[u8]) -> Option<Bytes> {
    let mut decoder = snap::raw::Decoder::new();
    let is_small = |bytes: &[u8]| snap::raw::decompress_len(bytes).is_ok_and(|size| size <= MOST);
    if !bytes.starts_with(BLOCKS) {
        return match is_small(bytes) {
            true => decoder.decompress_vec(bytes).ok().map(Bytes::from),
            false => None,
        };
    }
    let mut rest = bytes.get(BLOCKS_HEAD..)?;
    let mut all = Vec::new();
    while let Some((size, behind)) = rest.split_first_chunk() {
        let (block, behind) = behind.split_at_checked(u32::from_be_bytes(*size) as usize)?;
        if !is_small(block) || all.len() > MOST {
            return None;
        }
        all.extend_from_slice(&decoder.decompress_vec(block).ok()?);
        rest = behind;
    }
    (rest.is_empty() && all.len() <= MOST).then(|| all.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn what_each_compression_made_comes_back() {
        let text = b"one two one two one two".repeat(1000);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&text).unwrap();
        let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
        lz4.write_all(&text).unwrap();
        let level = ruzstd::encoding::CompressionLevel::Fastest;
        let mut blocks = b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01".to_vec();
        for part in text.chunks(7000) {
            let block = snap::raw::Encoder::new().compress_vec(part).unwrap();
            blocks.extend((block.len() as u32).to_be_bytes());
            blocks.extend(block);
        }
        let cases = [
            (0, text.clone()),
            (1, gzip.finish().unwrap()),
            (2, snap::raw::Encoder::new().compress_vec(&text).unwrap()),
            (2, blocks),
            (3, lz4.finish().unwrap()),
            (4, ruzstd::encoding::compress_to_vec(&*text, level)),
        ];
        for (number, compressed) in cases {
            let cut = Bytes::from(compressed[..compressed.len() / 2].to_vec());
            let undone = decompress(compressed.into(), number);
            assert!(undone.as_deref() == Some(&*text), "{number}");
            // A cut one is not taken for the whole.
            let is_whole = decompress(cut, number).as_deref() == Some(&*text);
            assert!(!is_whole, "{number}");
        }
        assert_eq!(decompress(Bytes::from_static(b"x"), 5), None);
    }
}
