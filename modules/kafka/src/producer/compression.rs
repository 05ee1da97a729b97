//! How the records of a batch are compressed, as other clients and brokers read it.

use std::io::Write;

/// How batches are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

/// What stands before blocks of snappy: the format of the Java library that all clients know.
const SNAPPY: &[u8] = b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01";
/// Bytes of a block of it.
const BLOCK: usize = 32 << 10;

impl Compression {
    /// By its name in a grid.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        match name {
            "none" => Some(Self::None),
            "gzip" => Some(Self::Gzip),
            "snappy" => Some(Self::Snappy),
            "lz4" => Some(Self::Lz4),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Its number among the attributes of a batch.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Gzip => 1,
            Self::Snappy => 2,
            Self::Lz4 => 3,
            Self::Zstd => 4,
        }
    }

    /// Appends bytes, compressed. `None` if that fails, which memory never does.
    pub(crate) fn put(self, bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::None => out.extend_from_slice(bytes),
            Self::Gzip => {
                let mut encoder =
                    flate2::write::GzEncoder::new(out, flate2::Compression::default());
                encoder.write_all(bytes).ok()?;
                encoder.finish().ok()?;
            }
            Self::Snappy => {
                out.extend_from_slice(SNAPPY);
                let mut encoder = snap::raw::Encoder::new();
                for block in bytes.chunks(BLOCK) {
                    let block = encoder.compress_vec(block).ok()?;
                    out.extend_from_slice(&u32::try_from(block.len()).ok()?.to_be_bytes());
                    out.extend_from_slice(&block);
                }
            }
            Self::Lz4 => {
                let mut encoder = lz4_flex::frame::FrameEncoder::new(out);
                encoder.write_all(bytes).ok()?;
                encoder.finish().ok()?;
            }
            Self::Zstd => {
                let level = ruzstd::encoding::CompressionLevel::Fastest;
                out.extend_from_slice(&ruzstd::encoding::compress_to_vec(bytes, level));
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn what_is_compressed_is_read_back() {
        let bytes: Vec<u8> = (0..100_000u32)
            .flat_map(|number| (number / 7).to_le_bytes())
            .collect();
        let of = |compression: Compression| {
            let mut out = b"before".to_vec();
            compression.put(&bytes, &mut out).unwrap();
            out.split_off(6)
        };
        assert_eq!(of(Compression::None), bytes);
        let mut back = Vec::new();
        flate2::read::GzDecoder::new(&*of(Compression::Gzip))
            .read_to_end(&mut back)
            .unwrap();
        assert_eq!(back, bytes);
        back.clear();
        lz4_flex::frame::FrameDecoder::new(&*of(Compression::Lz4))
            .read_to_end(&mut back)
            .unwrap();
        assert_eq!(back, bytes);
        back.clear();
        let zstd = of(Compression::Zstd);
        ruzstd::decoding::StreamingDecoder::new(&*zstd)
            .unwrap()
            .read_to_end(&mut back)
            .unwrap();
        assert_eq!(back, bytes);
        back.clear();
        let snappy = of(Compression::Snappy);
        let mut blocks = snappy.strip_prefix(SNAPPY).unwrap();
        while let Some((length, rest)) = blocks.split_first_chunk::<4>() {
            let (block, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
            back.extend(snap::raw::Decoder::new().decompress_vec(block).unwrap());
            blocks = rest;
        }
        assert_eq!(back, bytes);
        for name in ["gzip", "snappy", "lz4", "zstd"] {
            let compression = Compression::of_name(name).unwrap();
            assert!(of(compression).len() < bytes.len(), "{name}");
        }
    }
}
