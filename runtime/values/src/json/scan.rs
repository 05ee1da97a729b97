//! The scanner under the JSON reader: checks a text once, then skips through it without checking.

use crate::Fault;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Texts that are nested deeper are refused, so that no answer costs memory and time without bound: what is written into a
/// nested text is written again once a level. Go's reader, and so Terraform's, has the same bound.
pub(super) const DEEPEST_TEXT: usize = 10_000;

/// The byte-order mark that some servers write before their JSON. RFC 8259, 8.1, allows readers to pass it over.
const BYTE_ORDER_MARK: char = '\u{feff}';

pub(super) fn is_space_char(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// A JSON text without what may stand around the value: a byte-order mark before it, spaces on both sides.
pub(super) fn trimmed(text: &str) -> &str {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    text.trim_matches(is_space_char)
}

/// Checks that the whole text is one JSON value. It takes no more stack for a nested text than for a flat one.
pub(super) fn validate(text: &str) -> Result<(), Fault> {
    let mut check = Check {
        bytes: text.as_bytes(),
        at: match text.starts_with(BYTE_ORDER_MARK) {
            true => BYTE_ORDER_MARK.len_utf8(),
            false => 0,
        },
    };
    check.space();
    check.value()?;
    check.space();
    if check.at < check.bytes.len() {
        Err(Fault::new(format!(
            "not valid JSON: something follows the value at byte {}",
            check.at
        )))
    } else {
        Ok(())
    }
}

/// What is open around a value: a bit for each level, whether it is an object. The last 64 levels are at hand, those
/// around them in a list, so that a usual text allocates nothing.
#[derive(Default)]
struct Open {
    bits: u64,
    around: Vec<u64>,
    depth: usize,
}

impl Open {
    fn push(&mut self, keyed: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.around.push(self.bits);
        }
        self.bits = self.bits << 1 | u64::from(keyed);
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.depth -= 1;
        self.bits >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.bits = self.around.pop().unwrap_or_default();
        }
    }

    /// Whether the innermost is an object; `None` when nothing is open.
    fn keyed(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.bits & 1 == 1)
    }
}

struct Check<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Check<'_> {
    fn fault(&self, expected: &str) -> Fault {
        match self.bytes.get(self.at) {
            Some(_) => Fault::new(format!(
                "not valid JSON: expected {expected} at byte {}",
                self.at
            )),
            None => Fault::new(format!(
                "not valid JSON: it ends where {expected} is expected"
            )),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// A value with all that is in it.
    fn value(&mut self) -> Result<(), Fault> {
        let mut open = Open::default();
        loop {
            match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    if open.depth == DEEPEST_TEXT {
                        return Err(Fault::new(format!(
                            "the JSON is nested deeper than {DEEPEST_TEXT} levels"
                        )));
                    }
                    let keyed = bracket == b'{';
                    self.at += 1;
                    self.space();
                    if !self.take(close(keyed)) {
                        open.push(keyed);
                        self.key(keyed)?;
                        continue;
                    }
                }
                Some(b'"') => self.string()?,
                Some(b't') => self.word(b"true")?,
                Some(b'f') => self.word(b"false")?,
                Some(b'n') => self.word(b"null")?,
                Some(b'-' | b'0'..=b'9') => self.number()?,
                _ => return Err(self.fault("a value")),
            }
            // A value is over: so may be what is around it.
            loop {
                let Some(keyed) = open.keyed() else {
                    return Ok(());
                };
                self.space();
                if self.take(close(keyed)) {
                    open.pop();
                    continue;
                }
                if !self.take(b',') {
                    return Err(self.fault(if keyed { "`,` or `}`" } else { "`,` or `]`" }));
                }
                self.space();
                self.key(keyed)?;
                break;
            }
        }
    }

    /// In an object, the key before a value.
    fn key(&mut self, keyed: bool) -> Result<(), Fault> {
        if !keyed {
            return Ok(());
        }
        if self.peek() != Some(b'"') {
            return Err(self.fault("a quoted key"));
        }
        self.string()?;
        self.space();
        if !self.take(b':') {
            return Err(self.fault("`:`"));
        }
        self.space();
        Ok(())
    }

    fn string(&mut self) -> Result<(), Fault> {
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    self.at += 1;
                    match self.peek() {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                            self.at += 1
                        }
                        Some(b'u') => {
                            self.at += 1;
                            for _ in 0..4 {
                                if !self.peek().is_some_and(|b| b.is_ascii_hexdigit()) {
                                    return Err(self.fault("four hexadecimal digits"));
                                }
                                self.at += 1;
                            }
                        }
                        _ => return Err(self.fault("an escape")),
                    }
                }
                Some(0x20..) => self.at += 1,
                Some(_) => {
                    return Err(Fault::new(format!(
                        "not valid JSON: a control character stands in a string at byte {}",
                        self.at
                    )));
                }
                None => return Err(self.fault("the end of a string")),
            }
        }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Fault> {
        if self.bytes[self.at..].starts_with(word) {
            self.at += word.len();
            Ok(())
        } else {
            Err(self.fault("a value"))
        }
    }

    fn digits(&mut self) -> Result<(), Fault> {
        if !self.peek().is_some_and(|b| b.is_ascii_digit()) {
            return Err(self.fault("a digit"));
        }
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Fault> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            if !self.take(b'+') {
                self.take(b'-');
            }
            self.digits()?;
        }
        Ok(())
    }
}

fn close(keyed: bool) -> u8 {
    if keyed { b'}' } else { b']' }
}

/// Where the value that starts at `at` ends. The text is valid.
fn end_of_value(bytes: &[u8], mut at: usize) -> usize {
    match bytes.get(at) {
        Some(b'"') => end_of_string(bytes, at),
        Some(b'{' | b'[') => {
            let mut depth = 0usize;
            while let Some(byte) = bytes.get(at) {
                match byte {
                    b'"' => {
                        at = end_of_string(bytes, at);
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => {
                        depth -= 1;
                        if depth == 0 {
                            return at + 1;
                        }
                    }
                    _ => {}
                }
                at += 1;
            }
            at
        }
        _ => {
            while bytes
                .get(at)
                .is_some_and(|b| !matches!(b, b',' | b'}' | b']') && !is_space(*b))
            {
                at += 1;
            }
            at
        }
    }
}

fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    at += 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(|b| is_space(*b)) {
        at += 1;
    }
    at
}

/// The items of a valid array, each as its text.
pub(super) struct Items<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Items<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, at: 1 }
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a str;
    fn next(&mut self) -> Option<&'a str> {
        let bytes = self.text.as_bytes();
        let start = skip_space(bytes, self.at);
        if start >= bytes.len() || bytes[start] == b']' {
            return None;
        }
        let end = end_of_value(bytes, start);
        // Past the comma; a closing bracket there is met again at the next call.
        let next = skip_space(bytes, end);
        self.at = next + usize::from(bytes.get(next) == Some(&b','));
        Some(&self.text[start..end])
    }
}

/// The pairs of a valid object: the key with its quotes, the value's text. Repeated keys are repeated.
pub(super) struct Pairs<'a>(Items<'a>);

impl<'a> Pairs<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self(Items::of(text))
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a str, &'a str);
    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        let bytes = self.0.text.as_bytes();
        let start = skip_space(bytes, self.0.at);
        if start >= bytes.len() || bytes[start] != b'"' {
            return None;
        }
        let end = end_of_string(bytes, start);
        self.0.at = skip_space(bytes, end) + 1;
        let value = self.0.next()?;
        Some((&self.0.text[start..end], value))
    }
}

/// The pairs of a valid object, keys decoded; a repeated key stays where it was first and has its last value.
pub(super) fn pairs(text: &str) -> Vec<(Cow<'_, str>, &str)> {
    const FEW: usize = 12;
    let mut found: Vec<(Cow<'_, str>, &str)> = Vec::new();
    let mut places: BTreeMap<Cow<'_, str>, usize> = BTreeMap::new();
    for (key, value) in Pairs::of(text) {
        let key = unquote(key);
        let known = if found.len() < FEW {
            found.iter().position(|(name, _)| *name == key)
        } else {
            if places.is_empty() {
                places = found
                    .iter()
                    .enumerate()
                    .map(|(place, (name, _))| (name.clone(), place))
                    .collect();
            }
            places.get(&key).copied()
        };
        match known {
            Some(place) => found[place].1 = value,
            None => {
                if !places.is_empty() {
                    places.insert(key.clone(), found.len());
                }
                found.push((key, value));
            }
        }
    }
    found
}

/// The characters of a valid string with its quotes. Halves of surrogate pairs become U+FFFD, as in Go.
pub(super) fn unquote(text: &str) -> Cow<'_, str> {
    let inner = text
        .get(1..text.len().saturating_sub(1))
        .unwrap_or_default();
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = rest.as_bytes().get(at + 1).copied().unwrap_or(b'\\');
        rest = rest.get(at + 2..).unwrap_or_default();
        out.push(match escape {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = unit(rest);
                rest = rest.get(4..).unwrap_or_default();
                let second = rest
                    .strip_prefix("\\u")
                    .map(unit)
                    .filter(|low| (0xDC00..0xE000).contains(low));
                match (first, second) {
                    (0xD800..0xDC00, Some(low)) => {
                        rest = rest.get(6..).unwrap_or_default();
                        char::from_u32(0x10000 + ((first - 0xD800) << 10) + (low - 0xDC00))
                            .unwrap_or('\u{FFFD}')
                    }
                    _ => char::from_u32(first).unwrap_or('\u{FFFD}'),
                }
            }
            plain => char::from(plain),
        });
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn unit(text: &str) -> u32 {
    text.get(..4)
        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
        .unwrap_or(0xFFFD)
}
