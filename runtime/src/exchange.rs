//! What a step sent and what came back, as people read it: lines of a head and a body, made short, without secrets.
//!
//! A module hands over a [`Message`] a side and the [`Secrets`] that went into them; the rest is made here, the same for all
//! modules.

use crate::fault::KEPT_BACK;
use bggo_values::base64::to_base64;
use bggo_values::{Value, json};
use std::fmt::Write as _;

/// The longest text of a part whose words are looked for. Of a longer one the words are not, so nothing is shown beside it.
const SEARCHED: usize = 64 << 10;
/// The most texts that are looked for.
const MOST: usize = 4096;
/// A text shorter than this is kept back only where it is a word of its own.
const SHORT: usize = 4;
/// Bytes of a binary body that are shown.
const OF_BINARY: usize = 32;
/// Words that stand beside secrets, and are none.
const NO_SECRETS: [&str; 4] = ["http", "https", "Bearer", "Basic"];

/// How much of an exchange is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// Bytes of the head of a side.
    pub head: usize,
    /// Bytes of the body of a side.
    pub body: usize,
}

impl Shown {
    /// Of a step of a functional run, with this much of each body.
    pub const fn body(body: usize) -> Self {
        Self {
            head: 16 << 10,
            body,
        }
    }

    /// Of a step that failed, where nothing else is asked for.
    pub const FAILED: Self = Self::body(1 << 10);
    /// Of a step that failed under load: 2 KiB for both sides.
    pub const EXAMPLE: Self = Self {
        head: 512,
        body: 512,
    };
}

/// Texts that are never shown.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// As bytes; the longest first.
    texts: Vec<Vec<u8>>,
    /// There were too many: nothing is shown that may hold one.
    too_many: bool,
}

impl Secrets {
    /// Keeps back a text, each of its words, and both as they stand in JSON, in a url and in Base64.
    pub fn add(&mut self, text: &str) {
        if text.len() > SEARCHED {
            self.too_many = true;
            return;
        }
        self.add_forms(text);
        let is_part = |c: char| c.is_alphanumeric() || "-_.~+/%@!$*".contains(c);
        for word in text.split(|c: char| !is_part(c)) {
            self.add_forms(word);
            // A path, or a number beside a unit.
            for piece in word.split(['/', '@']) {
                self.add_forms(piece);
            }
        }
    }

    /// Keeps back each text of a value, however deep.
    pub fn add_value(&mut self, value: &Value) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::List(items) => items.iter().for_each(|item| self.add_value(item)),
            Value::Object(pairs) => pairs.iter().for_each(|(_, item)| self.add_value(item)),
            other => {
                let text = other.to_string();
                self.add_forms(&text);
                // Of a key of many lines no line is shown either.
                text.lines().for_each(|line| self.add_forms(line.trim()));
            }
        }
    }

    fn add_forms(&mut self, text: &str) {
        if text.is_empty() || NO_SECRETS.contains(&text) {
            return;
        }
        self.add_one(text);
        if text.len() < SHORT {
            return;
        }
        let quoted = json::encode_plain(&Value::from(text.to_owned()));
        self.add_one(quoted.trim_matches('"'));
        for form in [percent(text, "%20"), percent(text, "+")] {
            self.add_one(&form.to_ascii_lowercase());
            self.add_one(&form);
        }
        self.add_one(&text.to_lowercase());
        // What follows it decides the last character, unless it fills it.
        let mut encoded = to_base64(text.as_bytes());
        encoded.truncate(text.len() * 4 / 3);
        self.add_one(&encoded);
    }

    /// Keeps it in its order: of two that begin alike the longer one is replaced.
    fn add_one(&mut self, text: &str) {
        let text = text.as_bytes();
        let order = |known: &Vec<u8>| {
            text.len()
                .cmp(&known.len())
                .then_with(|| known[..].cmp(text))
        };
        if let (false, Err(place)) = (text.is_empty(), self.texts.binary_search_by(order)) {
            self.texts.insert(place, text.to_vec());
        }
        if self.texts.len() > MOST {
            self.texts.truncate(MOST);
            self.too_many = true;
        }
    }
}

/// The secrets of the run and of a step, ready to be looked for.
struct Search<'a> {
    /// By their first byte; the longest first.
    by_first: Vec<Vec<&'a [u8]>>,
    too_many: bool,
}

impl<'a> Search<'a> {
    fn new(secrets: [&'a Secrets; 2]) -> Self {
        let mut by_first: Vec<Vec<&[u8]>> = vec![Vec::new(); 256];
        for of in secrets {
            for text in &of.texts {
                let first = text.first().copied().map(usize::from);
                if let Some(of_first) = first.and_then(|first| by_first.get_mut(first)) {
                    let place = of_first.partition_point(|known| known.len() >= text.len());
                    of_first.insert(place, text.as_slice());
                }
            }
        }
        Self {
            by_first,
            too_many: secrets.iter().any(|of| of.too_many),
        }
    }

    /// The first `most` bytes with a mark in the place of each secret. `bytes` goes on beyond them, if there is more, by the
    /// longest secret at least.
    fn without(&self, bytes: &[u8], most: usize) -> Vec<u8> {
        let mut shown = Vec::with_capacity(most.min(bytes.len()));
        let mut at = 0;
        while at < most {
            let rest = bytes.get(at..).unwrap_or_default();
            let Some(first) = rest.first() else { break };
            let before = at.checked_sub(1).and_then(|before| bytes.get(before));
            let secrets = self.by_first.get(usize::from(*first));
            let mut secrets = secrets.map_or(&[][..], Vec::as_slice).iter();
            match secrets.find(|secret| begins(rest, secret, before)) {
                Some(secret) => {
                    if !shown.ends_with(KEPT_BACK.as_bytes()) {
                        shown.extend_from_slice(KEPT_BACK.as_bytes());
                    }
                    at += secret.len();
                }
                None => {
                    shown.push(*first);
                    at += 1;
                }
            }
        }
        shown
    }
}

/// Whether `rest` begins with a secret; with a short one only where it is no part of a longer word.
fn begins(rest: &[u8], secret: &[u8], before: Option<&u8>) -> bool {
    let goes_on = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    rest.starts_with(secret)
        && (secret.len() >= SHORT || !(goes_on(before) || goes_on(rest.get(secret.len()))))
}

/// A text as it stands in a url.
fn percent(text: &str, space: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push_str(space),
            byte if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) => {
                encoded.push(char::from(byte));
            }
            // Writing to a String never fails.
            byte => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

/// One side of an exchange as the module has it: a request, an answer, a message.
#[derive(Debug, Clone, Default)]
pub struct Message {
    head: Vec<String>,
    body: Body,
}

#[derive(Debug, Clone, Default)]
enum Body {
    #[default]
    None,
    /// The first bytes, and how many there are.
    Start(Vec<u8>, u64),
    /// Not shown: what is said in its place.
    Told(String),
}

impl Message {
    /// Begins with a line that says in short what it is, as `GET /orders HTTP/1.1` or `HTTP/1.1 200 OK`.
    pub fn new(first: impl Into<String>) -> Self {
        Self {
            head: vec![first.into()],
            body: Body::None,
        }
    }

    /// Adds a line of the head: `name: value`.
    pub fn line(&mut self, name: &str, value: &str) {
        self.head.push(format!("{name}: {value}"));
    }

    /// Adds a line whose value is kept back.
    pub fn secret_line(&mut self, name: &str) {
        self.line(name, KEPT_BACK);
    }

    /// Its body: the first bytes, and how many bytes there are in all. A start that is longer than what is shown is cut.
    pub fn body(&mut self, start: impl Into<Vec<u8>>, size: u64) {
        self.body = Body::Start(start.into(), size);
    }

    /// A body that is kept back, of so many bytes if they are known.
    pub fn secret_body(&mut self, size: Option<u64>) {
        let size = size.map_or_else(String::new, |size| format!(", {size} bytes"));
        self.body = Body::Told(format!("{KEPT_BACK}{size}"));
    }

    /// A body of which only this is said.
    pub fn told_body(&mut self, what: &str) {
        self.body = Body::Told(format!("({what})"));
    }

    /// What is kept back, for a place in a line.
    pub fn kept_back() -> &'static str {
        KEPT_BACK
    }

    /// As it is shown: the lines of the head, and after an empty line the body.
    fn text(&self, secrets: [&Secrets; 2], shown: Shown) -> String {
        let all = Search::new(secrets);
        let mut text = String::new();
        for (number, line) in self.head.iter().enumerate() {
            if number > 0 && text.len() + line.len() > shown.head {
                text.push_str("\n(more lines)");
                break;
            }
            if number > 0 {
                text.push('\n');
            }
            let line = match line.split_once(": ") {
                // It may hold what is not looked for.
                Some((name, _)) if number > 0 && all.too_many => format!("{name}: {KEPT_BACK}"),
                _ => line.clone(),
            };
            let line = all.without(line.as_bytes(), shown.head);
            text.push_str(&printable(&String::from_utf8_lossy(&line)).replace(['\n', '\t'], " "));
        }
        match &self.body {
            Body::None => {}
            Body::Start(_, 0) => {}
            Body::Start(_, size) if all.too_many => {
                let _ = write!(text, "\n\n{KEPT_BACK}, {size} bytes");
            }
            Body::Start(_, size) if shown.body == 0 => {
                let _ = write!(text, "\n\n({size} bytes)");
            }
            Body::Start(start, size) => {
                text.push_str("\n\n");
                text.push_str(&body((start, *size), &all, shown.body));
            }
            Body::Told(what) => {
                text.push_str("\n\n");
                text.push_str(what);
            }
        }
        text
    }
}

/// The start of a body as text, and how much there is in all.
fn body((start, size): (&[u8], u64), secrets: &Search<'_>, most: usize) -> String {
    let clean = secrets.without(start, most);
    let is_whole = size <= most as u64 && start.len() as u64 >= size;
    match as_text(&clean) {
        Some(text) => {
            let mut text = printable(text);
            if !is_whole {
                let seen = start.len().min(most);
                let _ = write!(text, "\n({seen} of {size} bytes)");
            }
            text
        }
        None => {
            let mut hex = String::new();
            for byte in clean.iter().take(OF_BINARY) {
                let _ = write!(hex, " {byte:02x}");
            }
            let more = if size > OF_BINARY as u64 { " .." } else { "" };
            format!("(binary, {size} bytes:{hex}{more})")
        }
    }
}

/// Text, unless it is none; a character that is cut at its end does not count.
fn as_text(bytes: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    (!text.contains('\0')).then_some(text)
}

/// Without what a terminal would obey.
fn printable(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => clean.push(c),
            '\r' => {}
            c if c.is_control() => clean.extend(c.escape_default()),
            c => clean.push(c),
        }
    }
    clean
}

/// Makes what a step sent, what came back, and the secrets that went into them.
type Make = dyn FnOnce() -> (Message, Option<Message>, Secrets);

/// An exchange of a step that is not failed yet: its messages are made if it fails after all.
pub struct Unmade(Box<Make>);

impl Unmade {
    /// Made by `make`.
    pub(crate) fn new(
        make: impl FnOnce() -> (Message, Option<Message>, Secrets) + 'static,
    ) -> Self {
        Self(Box::new(make))
    }

    /// Its messages, and the secrets that went into them.
    pub(crate) fn made(self) -> (Message, Option<Message>, Secrets) {
        (self.0)()
    }
}

impl std::fmt::Debug for Unmade {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Unmade")
    }
}

/// What a step sent and what came back, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The lines of the head; after an empty line the body.
    pub sent: String,
    /// The same; `None` if nothing came.
    pub received: Option<String>,
}

impl Exchange {
    /// As people may see it: neither of the secrets, nor more than `shown`.
    pub(crate) fn new(
        (sent, received): (&Message, Option<&Message>),
        secrets: [&Secrets; 2],
        shown: Shown,
    ) -> Self {
        Self {
            sent: sent.text(secrets, shown),
            received: received.map(|received| received.text(secrets, shown)),
        }
    }

    /// The first line of each side: `GET /orders HTTP/1.1 -> HTTP/1.1 503 Service Unavailable`.
    pub fn short(&self) -> String {
        let first = |text: &str| text.lines().next().unwrap_or_default().to_owned();
        let received = self.received.as_deref();
        let received = received.map_or_else(|| "no answer".to_owned(), first);
        format!("{} -> {received}", first(&self.sent))
    }

    /// With marks before each line: `> ` of what was sent, `< ` of what came back.
    pub fn lines(&self) -> String {
        let mut all = String::new();
        for (mark, text) in [('>', Some(&self.sent)), ('<', self.received.as_ref())] {
            let Some(text) = text else { continue };
            for line in text.split('\n') {
                let _ = write!(all, "\n  {mark} {line}");
                if line.is_empty() {
                    all.pop();
                }
            }
        }
        if self.received.is_none() {
            all.push_str("\n  < (no answer)");
        }
        all
    }
}

#[cfg(test)]
mod tests;
