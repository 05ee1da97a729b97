//! Bytes to their CRC-32, as zip and PNG count it: a second of a result file whose bytes do not give its number was cut.

/// The polynomial, its lowest power in the highest bit.
const POLYNOMIAL: u32 = 0xedb8_8320;

const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut rest, mut bit) = (byte as u32, 0);
        while bit < 8 {
            rest = if rest & 1 == 1 {
                rest >> 1 ^ POLYNOMIAL
            } else {
                rest >> 1
            };
            bit += 1;
        }
        table[byte] = rest;
        byte += 1;
    }
    table
}

/// The CRC of bytes that come in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crc(u32);

impl Crc {
    /// Of no bytes.
    pub const fn new() -> Self {
        Self(u32::MAX)
    }

    /// Of the bytes before and of these.
    pub fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let index = (self.0 ^ u32::from(*byte)) & 0xff;
            let step = TABLE.get(index as usize).copied().unwrap_or_default();
            self.0 = self.0 >> 8 ^ step;
        }
    }

    /// The number.
    pub const fn value(self) -> u32 {
        !self.0
    }
}

/// The CRC of these bytes.
pub fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.add(bytes);
    crc.value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_published_check_value() {
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
        let mut parts = Crc::new();
        parts.add(b"1234");
        parts.add(b"56789");
        assert_eq!(parts.value(), 0xcbf4_3926);
    }
}
