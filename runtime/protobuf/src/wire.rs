//! The grammar below all messages: varints, tags and lengths.

/// How the content of a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    /// A number of seven bits a byte.
    Varint,
    /// Eight bytes.
    Eight,
    /// A length and so many bytes.
    Bytes,
    /// The beginning of a group, which only old messages have.
    Group,
    /// Its end.
    GroupEnd,
    /// Four bytes.
    Four,
}

/// What is wrong with bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// They end too early.
    Short,
    /// A varint has more than ten bytes, or more than 64 bits.
    Long,
    /// A tag has a wire type or a field number that there is not, or a group ends that did not begin.
    Tag,
    /// Groups are nested too deep.
    Deep,
}

/// The largest number of a field.
pub(crate) const LARGEST_NUMBER: u32 = (1 << 29) - 1;

impl Malformed {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Short => "the bytes end in the middle of a field",
            Self::Long => "a varint is longer than 64 bits",
            Self::Tag => "the bytes hold a tag that cannot be",
            Self::Deep => "groups are nested too deep",
        }
    }
}

/// Bytes that are read from the start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bytes<'b> {
    rest: &'b [u8],
}

impl<'b> Bytes<'b> {
    pub(crate) fn of(rest: &'b [u8]) -> Self {
        Self { rest }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        let (byte, rest) = self.rest.split_first().ok_or(Malformed::Short)?;
        self.rest = rest;
        Ok(*byte)
    }

    pub(crate) fn varint(&mut self) -> Result<u64, Malformed> {
        // Most tags and lengths are one byte.
        match self.rest.split_first() {
            Some((byte, rest)) if *byte < 0x80 => {
                self.rest = rest;
                Ok(u64::from(*byte))
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, Malformed> {
        let mut found = 0;
        for (place, byte) in self.rest.iter().enumerate().take(10) {
            found |= u64::from(byte & 0x7f) << (7 * place);
            if *byte < 0x80 {
                // Of the tenth byte one bit is left.
                if place == 9 && *byte > 1 {
                    return Err(Malformed::Long);
                }
                self.rest = self.rest.get(place + 1..).unwrap_or_default();
                return Ok(found);
            }
        }
        match self.rest.len() < 10 {
            true => Err(Malformed::Short),
            false => Err(Malformed::Long),
        }
    }

    pub(crate) fn four(&mut self) -> Result<[u8; 4], Malformed> {
        let (four, rest) = self.rest.split_first_chunk().ok_or(Malformed::Short)?;
        self.rest = rest;
        Ok(*four)
    }

    pub(crate) fn eight(&mut self) -> Result<[u8; 8], Malformed> {
        let (eight, rest) = self.rest.split_first_chunk().ok_or(Malformed::Short)?;
        self.rest = rest;
        Ok(*eight)
    }

    /// A length, and so many bytes.
    pub(crate) fn bytes(&mut self) -> Result<&'b [u8], Malformed> {
        let length = usize::try_from(self.varint()?).map_err(|_| Malformed::Short)?;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(Malformed::Short)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// The number of a field and how its content is written.
    pub(crate) fn tag(&mut self) -> Result<(u32, Wire), Malformed> {
        let tag = u32::try_from(self.varint()?).map_err(|_| Malformed::Tag)?;
        let wire = match tag & 7 {
            0 => Wire::Varint,
            1 => Wire::Eight,
            2 => Wire::Bytes,
            3 => Wire::Group,
            4 => Wire::GroupEnd,
            5 => Wire::Four,
            _ => return Err(Malformed::Tag),
        };
        match tag >> 3 {
            0 => Err(Malformed::Tag),
            number => Ok((number, wire)),
        }
    }

    /// Goes past the content of a field. `depth` is how many groups may still begin.
    pub(crate) fn skip(&mut self, number: u32, wire: Wire, depth: u32) -> Result<(), Malformed> {
        match wire {
            Wire::Varint => self.varint().map(drop),
            Wire::Eight => self.eight().map(drop),
            Wire::Bytes => self.bytes().map(drop),
            Wire::Four => self.four().map(drop),
            Wire::GroupEnd => Err(Malformed::Tag),
            Wire::Group => {
                let depth = depth.checked_sub(1).ok_or(Malformed::Deep)?;
                loop {
                    match self.tag()? {
                        (inner, Wire::GroupEnd) if inner == number => return Ok(()),
                        (inner, wire) => self.skip(inner, wire, depth)?,
                    }
                }
            }
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "seven bits are kept of each"
)]
pub(crate) fn put_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

pub(crate) fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    put_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

pub(crate) fn put_tag(number: u32, wire: Wire, out: &mut Vec<u8>) {
    let wire = match wire {
        Wire::Varint => 0,
        Wire::Eight => 1,
        Wire::Bytes => 2,
        Wire::Group => 3,
        Wire::GroupEnd => 4,
        Wire::Four => 5,
    };
    put_varint(u64::from(number) << 3 | wire, out);
}

/// Writes what `content` writes, with its length before it.
pub(crate) fn put_sized<E>(
    out: &mut Vec<u8>,
    content: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    // Most contents are shorter than 128 bytes, so one byte is kept free; longer ones move.
    let start = out.len();
    out.push(0);
    content(out)?;
    let length = out.len() - start - 1;
    match u8::try_from(length) {
        Ok(byte) if byte < 0x80 => {
            if let Some(place) = out.get_mut(start) {
                *place = byte;
            }
        }
        _ => {
            let mut size = Vec::with_capacity(10);
            put_varint(length as u64, &mut size);
            out.splice(start..=start, size);
        }
    }
    Ok(())
}

/// Small negative numbers as small numbers.
pub(crate) fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63).cast_unsigned()
}

/// What `zigzag` made a number of.
pub(crate) fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_are_read_as_they_are_written() {
        for bits in 0..64 {
            for number in [1 << bits, (1 << bits) - 1, u64::MAX >> bits] {
                let mut out = Vec::new();
                put_varint(number, &mut out);
                let mut bytes = Bytes::of(&out);
                assert_eq!(bytes.varint(), Ok(number));
                assert!(bytes.is_empty());
                assert_eq!(unzigzag(zigzag(number.cast_signed())), number.cast_signed());
                out.pop();
                assert_eq!(Bytes::of(&out).varint(), Err(Malformed::Short));
            }
        }
        assert_eq!(Bytes::of(&[0xff; 10]).varint(), Err(Malformed::Long));
        let mut long = [0x80; 10];
        long[9] = 2;
        assert_eq!(Bytes::of(&long).varint(), Err(Malformed::Long));
        long[9] = 1;
        assert_eq!(Bytes::of(&long).varint(), Ok(1 << 63));
    }

    #[test]
    fn lengths_of_all_sizes_stand_before_their_content() {
        for length in [0, 1, 127, 128, 16_383, 16_384, 70_000] {
            let mut out = vec![7];
            let written: Result<(), ()> = put_sized(&mut out, |out| {
                out.resize(out.len() + length, 9);
                Ok(())
            });
            assert_eq!(written, Ok(()));
            let mut bytes = Bytes::of(&out);
            assert_eq!(bytes.byte(), Ok(7));
            assert_eq!(bytes.bytes(), Ok(vec![9; length].as_slice()));
            assert!(bytes.is_empty());
        }
    }

    #[test]
    fn groups_are_skipped_as_a_whole() {
        // Group 1 with a varint and group 2 in it, then a byte.
        let bytes = [0x0b, 0x18, 5, 0x13, 0x14, 0x0c, 9];
        let mut whole = Bytes::of(&bytes);
        assert_eq!(whole.tag(), Ok((1, Wire::Group)));
        assert_eq!(whole.skip(1, Wire::Group, 2), Ok(()));
        assert_eq!(whole.byte(), Ok(9));
        let inner = Bytes::of(&bytes[1..]);
        assert_eq!(inner.clone().skip(1, Wire::Group, 1), Err(Malformed::Deep));
        assert_eq!(inner.clone().skip(2, Wire::Group, 2), Err(Malformed::Tag));
        let short = Bytes::of(&bytes[1..5]);
        assert_eq!(short.clone().skip(1, Wire::Group, 2), Err(Malformed::Short));
    }
}
