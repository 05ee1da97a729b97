//! The fields of a message to bytes and back (QPACK, RFC 9204), without anything that both ends would have to remember: fields are
//! written by the table that both know, or as they are.

use crate::static_table::FIELDS;
use bggo_http2::huffman;

/// Appends that what follows is fields that refer to nothing that was sent before.
pub(crate) fn begin(into: &mut Vec<u8>) {
    into.extend([0, 0]);
}

/// Appends a field. Its name has no capital letter.
pub(crate) fn put(name: &str, value: &[u8], into: &mut Vec<u8>) {
    let mut of_name = None;
    for (at, (known, text)) in FIELDS.iter().enumerate() {
        if *known != name {
            continue;
        }
        if text.as_bytes() == value {
            return put_integer((at, 6), 0b1100_0000, into);
        }
        of_name = of_name.or(Some(at));
    }
    match of_name {
        Some(at) => put_integer((at, 4), 0b0101_0000, into),
        None => {
            put_integer((name.len(), 3), 0b0010_0000, into);
            into.extend_from_slice(name.as_bytes());
        }
    }
    put_integer((value.len(), 7), 0, into);
    into.extend_from_slice(value);
}

/// An integer whose first part shares a byte with `flags` and has so many bits there.
fn put_integer((number, bits): (usize, u32), flags: u8, into: &mut Vec<u8>) {
    let most = (1_usize << bits) - 1;
    if number < most {
        // It is smaller than 256, for it has less than eight bits.
        into.push(flags | number as u8);
        return;
    }
    into.push(flags | most as u8);
    let mut rest = number - most;
    while rest >= 0x80 {
        into.push(0x80 | (rest & 0x7f) as u8);
        rest >>= 7;
    }
    into.push(rest as u8);
}

/// Fields as a server wrote them.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    bytes: &'a [u8],
    /// The name and the value of the field that was read last, where they had to be put together.
    text: Vec<u8>,
}

/// A field that was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) value: &'a [u8],
}

/// The bytes stand for no fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoFields;

enum Name {
    Known(&'static str),
    /// It is the first part of the text, up to here.
    Read(usize),
}

impl<'a> Fields<'a> {
    /// # Errors
    /// They refer to what a client that remembers nothing cannot know.
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, NoFields> {
        let mut fields = Self {
            bytes,
            text: Vec::new(),
        };
        let inserted = fields.integer(8)?.1;
        fields.integer(7)?;
        if inserted == 0 {
            Ok(fields)
        } else {
            Err(NoFields)
        }
    }

    /// The next field, `None` at their end.
    pub(crate) fn next(&mut self) -> Result<Option<Field<'_>>, NoFields> {
        self.text.clear();
        let Some(first) = self.bytes.first() else {
            return Ok(None);
        };
        let name = match *first {
            0b1100_0000.. => {
                let (name, value) = known(self.integer(6)?.1)?;
                return Ok(Some(Field {
                    name: name.as_bytes(),
                    value: value.as_bytes(),
                }));
            }
            flags @ 0b0100_0000..0b1000_0000 if flags & 0b0001_0000 != 0 => {
                Name::Known(known(self.integer(4)?.1)?.0)
            }
            flags @ 0b0010_0000..0b0100_0000 => {
                let length = self.integer(3)?.1;
                self.read(length, flags & 0b0000_1000 != 0)?;
                Name::Read(self.text.len())
            }
            // An index of what was sent before, and nothing was.
            _ => return Err(NoFields),
        };
        let (flags, length) = self.integer(7)?;
        self.read(length, flags & 0b1000_0000 != 0)?;
        let (name, value) = match name {
            Name::Known(name) => (name.as_bytes(), self.text.as_slice()),
            Name::Read(end) => self.text.split_at_checked(end).ok_or(NoFields)?,
        };
        Ok(Some(Field { name, value }))
    }

    /// An integer that begins with so many bits of the next byte, and that byte.
    fn integer(&mut self, bits: u32) -> Result<(u8, u64), NoFields> {
        let (first, mut rest) = self.bytes.split_first().ok_or(NoFields)?;
        let most = (1_u64 << bits) - 1;
        let mut number = u64::from(*first) & most;
        if number == most {
            let mut shift = 0;
            loop {
                let (byte, behind) = rest.split_first().ok_or(NoFields)?;
                rest = behind;
                // Longer ones are larger than anything that is taken.
                if shift > 28 {
                    return Err(NoFields);
                }
                number += u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    break;
                }
            }
        }
        self.bytes = rest;
        Ok((*first, number))
    }

    /// Appends the next bytes to the text.
    fn read(&mut self, length: u64, is_coded: bool) -> Result<(), NoFields> {
        let length = usize::try_from(length).map_err(|_| NoFields)?;
        let (bytes, rest) = self.bytes.split_at_checked(length).ok_or(NoFields)?;
        self.bytes = rest;
        if is_coded {
            match huffman::decode(bytes, &mut self.text) {
                true => Ok(()),
                false => Err(NoFields),
            }
        } else {
            self.text.extend_from_slice(bytes);
            Ok(())
        }
    }
}

/// A field of the table that both ends know.
fn known(index: u64) -> Result<(&'static str, &'static str), NoFields> {
    let index = usize::try_from(index).ok();
    let found = index.and_then(|index| FIELDS.get(index));
    found.copied().ok_or(NoFields)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each field as `name: value`.
    fn read(bytes: &[u8]) -> Result<Vec<String>, NoFields> {
        let mut fields = Fields::new(bytes)?;
        let mut all = Vec::new();
        while let Some(field) = fields.next()? {
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            all.push(format!("{}: {}", text(field.name), text(field.value)));
        }
        Ok(all)
    }

    fn written(fields: &[(&str, &str)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        begin(&mut bytes);
        for (name, value) in fields {
            put(name, value.as_bytes(), &mut bytes);
        }
        bytes
    }

    #[test]
    fn known_fields_take_a_byte_known_names_their_value_and_others_are_written_out() {
        let bytes = written(&[
            (":method", "GET"),
            (":path", "/index.html"),
            ("x-a", "1"),
            ("x-frame-options", "sameorigin"),
        ]);
        assert_eq!(
            bytes,
            [
                &[0, 0, 0xd1, 0x51, 0x0b][..],
                b"/index.html",
                &[0x23],
                b"x-a",
                &[1],
                b"1",
                &[0xff, 0x23]
            ]
            .concat()
        );
        assert_eq!(
            read(&bytes).unwrap(),
            [
                ":method: GET",
                ":path: /index.html",
                "x-a: 1",
                "x-frame-options: sameorigin"
            ]
        );
    }

    #[test]
    fn long_names_and_values_come_back() {
        let (name, value) = ("n".repeat(300), "v".repeat(70_000));
        let bytes = written(&[(&name, &value), ("", "")]);
        assert_eq!(
            read(&bytes).unwrap(),
            [format!("{name}: {value}"), ": ".to_owned()]
        );
    }

    #[test]
    fn coded_names_and_values_are_read() {
        // `custom-key: custom-value`, both by Huffman's code.
        let mut bytes = vec![0, 0, 0x2f, 0x01];
        bytes.extend([0x25, 0xa8, 0x49, 0xe9, 0x5b, 0xa9, 0x7d, 0x7f]);
        bytes.push(0x89);
        bytes.extend([0x25, 0xa8, 0x49, 0xe9, 0x5b, 0xb8, 0xe8, 0xb4, 0xbf]);
        assert_eq!(read(&bytes).unwrap(), ["custom-key: custom-value"]);
    }

    #[test]
    fn what_refers_to_something_sent_before_is_refused() {
        for bytes in [
            // An insert count, an index of the dynamic table, the same of a name, and one behind the base in both forms.
            &[1, 0][..],
            &[0, 0, 0x80],
            &[0, 0, 0x40, 1, b'a'],
            &[0, 0, 0x10],
            &[0, 0, 0x00, 1, b'a'],
        ] {
            assert_eq!(read(bytes), Err(NoFields), "{bytes:?}");
        }
    }

    #[test]
    fn what_is_cut_off_or_too_large_is_refused() {
        let bytes = written(&[(":path", "/a"), ("x-a", "1")]);
        for end in [0, 1, 3, 4, 5, 7, 9, 10] {
            assert_eq!(read(&bytes[..end]), Err(NoFields), "{end}");
        }
        // An index that the table does not have, and an integer without an end.
        assert_eq!(read(&[0, 0, 0xff, 0x30]), Err(NoFields));
        assert_eq!(
            read(&[0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
            Err(NoFields)
        );
    }

    #[test]
    fn nonsense_is_refused_or_read_and_never_more() {
        let mut seed = 0x9e37_79b9_u32;
        for _ in 0..20_000 {
            let mut bytes = vec![0, 0];
            for _ in 0..24 {
                seed ^= seed << 13;
                seed ^= seed >> 17;
                seed ^= seed << 5;
                bytes.push(seed as u8);
            }
            let mut fields = Fields::new(&bytes).unwrap();
            let mut count = 0;
            while let Ok(Some(_)) = fields.next() {
                count += 1;
            }
            assert!(count <= 24);
        }
    }
}
