//! JSON of a response, validated once and kept as its text: reading at a path skips what stands before, and what is only
//! passed on is never taken apart.

use super::scan;
use crate::{Fault, Text};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// A part of a valid JSON text, sharing it with its clones and with the parts that were read out of it.
///
/// A text that could not be read is null, and knows why it is: see [`RawJson::of_answer`].
#[derive(Clone)]
pub struct RawJson {
    /// The whole text; where the part is empty, why there is none.
    text: Arc<str>,
    // 32 bits keep a `Value` at 32 bytes.
    start: u32,
    end: u32,
}

impl RawJson {
    /// Checks and keeps a JSON text.
    ///
    /// # Errors
    /// When the text is not JSON or is nested too deep.
    pub fn from_text(text: impl Into<Arc<str>>) -> Result<Self, Fault> {
        let text = text.into();
        scan::validate(&text)?;
        let end = u32::try_from(text.len())
            .map_err(|_| Fault::new("a JSON text is longer than 4 GiB"))?;
        let whole = Self {
            start: 0,
            end,
            text,
        };
        Ok(whole.part(scan::trimmed(&whole.text)))
    }

    /// Keeps the JSON text of an answer. What is no JSON is null, as an answer without JSON has none, but a fault that
    /// comes of reading a field of this null says why there is nothing.
    pub fn of_answer(text: impl Into<Arc<str>>) -> Self {
        Self::from_text(text).unwrap_or_else(|fault| Self::null_because(fault.text()))
    }

    /// Null, with a reason that a fault of reading it gives.
    pub fn null_because(why: impl Into<Arc<str>>) -> Self {
        Self {
            text: why.into(),
            start: 0,
            end: 0,
        }
    }

    /// Why this is null although a text was there: where the text ceases to be JSON, and none of its content.
    pub fn why_null(&self) -> Option<&str> {
        (self.start == self.end).then_some(&*self.text)
    }

    /// Checks and keeps a JSON text that came as bytes.
    ///
    /// # Errors
    /// When the bytes are not UTF-8, or as `from_text`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Fault> {
        let text = std::str::from_utf8(bytes)
            .map_err(|_| Fault::new("not valid JSON: the text is not UTF-8"))?;
        Self::from_text(text)
    }

    /// The text of this part.
    pub fn as_str(&self) -> &str {
        if self.start == self.end {
            return "null";
        }
        &self.text[self.start as usize..self.end as usize]
    }

    /// The first byte says what it is. A part is never empty.
    pub(super) fn first(&self) -> u8 {
        self.as_str().as_bytes()[0]
    }

    /// A part, which must be a slice of this text.
    fn part(&self, part: &str) -> Self {
        let start = part.as_ptr() as usize - self.text.as_ptr() as usize;
        // Within a text whose length fits.
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self {
            text: Arc::clone(&self.text),
            start: place(start),
            end: place(start + part.len()),
        }
    }

    /// The part that is the value of this key; `None` when there is none or this is no object. A repeated key has its
    /// last value.
    pub fn field(&self, key: &str) -> Option<Self> {
        if self.first() != b'{' {
            return None;
        }
        let found = scan::Pairs::of(self.as_str())
            .filter(|(name, _)| scan::unquote(name) == key)
            .last();
        found.map(|(_, value)| self.part(value))
    }

    /// The item at this position; `None` when there is none or this is no array.
    pub fn index(&self, position: usize) -> Option<Self> {
        if self.first() != b'[' {
            return None;
        }
        let found = scan::Items::of(self.as_str()).nth(position);
        found.map(|item| self.part(item))
    }

    /// The items, if this is an array.
    pub fn items(&self) -> Option<impl Iterator<Item = Self>> {
        (self.first() == b'[').then(|| scan::Items::of(self.as_str()).map(|item| self.part(item)))
    }

    /// The pairs in written order, if this is an object.
    pub fn pairs(&self) -> Option<impl Iterator<Item = (Text, Self)>> {
        (self.first() == b'{').then(|| {
            let pairs = scan::pairs(self.as_str()).into_iter();
            pairs.map(|(key, value)| (Text::from(key.as_ref()), self.part(value)))
        })
    }

    /// The characters, if this is a string.
    pub fn string(&self) -> Option<Cow<'_, str>> {
        (self.first() == b'"').then(|| scan::unquote(self.as_str()))
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        self.first() == b'n'
    }

    /// What this is called in a fault.
    pub fn kind(&self) -> &'static str {
        match self.first() {
            b'{' => "an object",
            b'[' => "a list",
            b'"' => "a string",
            b't' | b'f' => "a bool",
            b'n' => "null",
            _ => "a number",
        }
    }
}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
