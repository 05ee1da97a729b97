//! Fields of a request to a block (RFC 7541, section 6.2), without the table: so the same fields are the same bytes on every
//! connection, each time, and a request that is always the same is made once.

use crate::integer;
use crate::table::STATIC;

/// The fields of a request, as they are sent.
#[derive(Debug, Clone, Default)]
pub struct Block {
    bytes: Vec<u8>,
}

/// Whether a field may be kept in tables on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// It may.
    Allowed,
    /// It is a secret, which no proxy keeps where others could guess it.
    Never,
}

impl Block {
    /// Without fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What every request begins with: method, scheme, authority (host and port), and path with query.
    pub fn begin(&mut self, method: &str, scheme: &str, (authority, path): (&str, &str)) {
        for (name, value) in [
            (":method", method),
            (":scheme", scheme),
            (":authority", authority),
            (":path", path),
        ] {
            let is_it = |known: &(&str, &str)| *known == (name, value);
            match STATIC.iter().position(is_it) {
                Some(at) => integer::put(&mut self.bytes, (0x80, 7), at + 1),
                None => self.field(name.as_bytes(), value.as_bytes(), Keeping::Allowed),
            }
        }
    }

    /// Appends a field. Its name is written in lower case.
    pub fn field(&mut self, name: &[u8], value: &[u8], keeping: Keeping) {
        let pattern = match keeping {
            Keeping::Allowed => 0,
            Keeping::Never => 0x10,
        };
        let is_it = |known: &(&str, &str)| known.0.as_bytes().eq_ignore_ascii_case(name);
        if let Some(at) = STATIC.iter().position(is_it) {
            integer::put(&mut self.bytes, (pattern, 4), at + 1);
        } else {
            integer::put(&mut self.bytes, (pattern, 4), 0);
            integer::put(&mut self.bytes, (0, 7), name.len());
            self.bytes.extend(name.iter().map(u8::to_ascii_lowercase));
        }
        integer::put(&mut self.bytes, (0, 7), value.len());
        self.bytes.extend_from_slice(value);
    }

    /// Forgets the fields, and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// The fields as they are sent.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
