//! The `#bggo` lines of a result file: an object of JSON each, which ends with the CRC of all bytes since the line of this
//! sort before it.

#[cfg(feature = "tools")]
use super::crc::Crc;
use super::crc::crc;
use bggo_values::Text;
use bggo_values::Value;
use bggo_values::json::Json;
use std::fmt::{Display, Write as _};

/// How each begins. For HdrHistogram's readers it is a comment.
#[cfg(feature = "tools")]
pub const BEGINS: &str = "#bggo {";
/// What stands before the CRC.
const CRC: &str = ",\"crc\":\"";
/// What stands behind it.
const ENDS: &str = "\"}\n";
/// Letters of a CRC.
#[cfg(feature = "tools")]
const CRC_LETTERS: usize = 8;

/// An object of JSON in the making.
#[derive(Debug)]
pub struct Object(String);

impl Object {
    /// Without anything in it.
    pub fn new() -> Self {
        Self("{".to_owned())
    }

    fn key(&mut self, key: &str) {
        if !self.0.ends_with('{') {
            self.0.push(',');
        }
        let key = Value::Text(Text::from(key));
        // A String never refuses what is written to it.
        let _ = write!(self.0, "{}:", Json(&key));
    }

    /// With a number, or other JSON that is already written.
    pub fn put(mut self, key: &str, value: impl Display) -> Self {
        self.key(key);
        let _ = write!(self.0, "{value}");
        self
    }

    /// With a number that is left out when it is 0.
    pub fn put_unless_zero(self, key: &str, number: u64) -> Self {
        match number {
            0 => self,
            number => self.put(key, number),
        }
    }

    /// With a text.
    pub fn text(self, key: &str, text: &Text) -> Self {
        let value = Value::Text(text.clone());
        self.put(key, Json(&value))
    }

    /// With the items of a list.
    pub fn list(mut self, key: &str, items: impl IntoIterator<Item = String>) -> Self {
        self.key(key);
        self.0.push('[');
        for (place, item) in items.into_iter().enumerate() {
            if place > 0 {
                self.0.push(',');
            }
            self.0.push_str(&item);
        }
        self.0.push(']');
        self
    }

    /// With an object, unless nothing is in it.
    pub fn object(self, key: &str, object: Self) -> Self {
        if object.0.len() == 1 {
            return self;
        }
        let object = object.done();
        self.put(key, object)
    }

    /// The whole.
    pub fn done(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// A text as JSON.
pub fn quoted(text: &Text) -> String {
    Json(&Value::Text(text.clone())).to_string()
}

/// `before`, which are whole lines, and `object` as the line that closes them.
pub fn closed(before: String, object: Object) -> String {
    let mut lines = before;
    lines.push_str("#bggo ");
    lines.push_str(&object.0);
    let crc = crc(lines.as_bytes());
    let _ = write!(lines, "{CRC}{crc:08x}{ENDS}");
    lines
}

/// Whether the CRC that closes `line` is that of the lines before it, whose bytes are in `before`, and of its own beginning.
#[cfg(feature = "tools")]
pub fn is_sound(mut before: Crc, line: &str) -> bool {
    let Some(place) = line.len().checked_sub(CRC.len() + CRC_LETTERS + ENDS.len()) else {
        return false;
    };
    let (Some(object), Some(rest)) = (line.get(..place), line.get(place..)) else {
        return false;
    };
    before.add(object.as_bytes());
    rest == format!("{CRC}{:08x}{ENDS}", before.value())
}
