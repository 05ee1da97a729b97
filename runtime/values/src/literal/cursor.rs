//! A place in a text, moved over spaces, comments and names.

use std::fmt;
use unicode_normalization::char::is_combining_mark;

/// Where a text is no literal, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiteralFault {
    /// The byte at which it was noticed.
    pub offset: usize,
    /// One clause: what was found, what was expected.
    pub text: String,
}

impl fmt::Display for LiteralFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for LiteralFault {}

/// Brackets and blocks deeper than this are refused, so that no text can exhaust the stack.
const DEEPEST: usize = 64;

/// Reads a text from left to right.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        // A byte-order mark is no part of the text, but its bytes count.
        let at = if text.starts_with('\u{FEFF}') {
            '\u{FEFF}'.len_utf8()
        } else {
            0
        };
        Self { text, at }
    }

    pub(crate) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    pub(crate) fn at_end(&self) -> bool {
        self.at == self.text.len()
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Moves over so many bytes, which must end between two characters.
    pub(crate) fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Moves over this text if it stands here.
    pub(crate) fn take(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    pub(crate) fn fault<T>(&self, text: impl Into<String>) -> Result<T, LiteralFault> {
        Err(LiteralFault {
            offset: self.at,
            text: text.into(),
        })
    }

    /// A fault that says what was expected and what stands here.
    pub(crate) fn expected<T>(&self, what: &str) -> Result<T, LiteralFault> {
        let found = match self.peek() {
            None => "the end of the text".to_string(),
            Some('\n' | '\r') => "the end of the line".to_string(),
            Some('`') => "a backquote".to_string(),
            Some(c) if c.is_control() => format!("the character U+{:04X}", u32::from(c)),
            Some(c) => format!("`{c}`"),
        };
        self.fault(format!("expected {what}, found {found}"))
    }

    pub(crate) fn deeper(&self, depth: usize) -> Result<usize, LiteralFault> {
        if depth >= DEEPEST {
            self.fault(format!("nested deeper than {DEEPEST} levels"))
        } else {
            Ok(depth + 1)
        }
    }

    /// Over spaces, tabs and `/* */` comments.
    pub(crate) fn space(&mut self) -> Result<(), LiteralFault> {
        loop {
            let rest = self.rest();
            let blank = rest.bytes().position(|byte| !matches!(byte, b' ' | b'\t'));
            self.at += blank.unwrap_or(rest.len());
            if !self.rest().starts_with("/*") {
                return Ok(());
            }
            match self.rest().find("*/") {
                Some(end) => self.at += end + 2,
                None => return self.fault("a comment that begins with `/*` has no `*/`"),
            }
        }
    }

    /// Over a comment that ends with the line, but not over the end of the line.
    fn line_comment(&mut self) -> bool {
        let rest = self.rest();
        let found = rest.starts_with('#') || rest.starts_with("//");
        if found {
            self.at += rest.find('\n').unwrap_or(rest.len());
        }
        found
    }

    /// Over the end of a line; false when something else stands here.
    pub(crate) fn newline(&mut self) -> Result<bool, LiteralFault> {
        self.space()?;
        self.line_comment();
        Ok(self.take("\n") || self.take("\r\n"))
    }

    /// Over spaces, ends of lines and comments of every kind.
    pub(crate) fn space_and_lines(&mut self) -> Result<(), LiteralFault> {
        while self.newline()? {}
        Ok(())
    }

    /// The end of a line or of the text, with what may stand before it.
    pub(crate) fn end_of_line(&mut self) -> Result<(), LiteralFault> {
        if self.newline()? || self.at_end() {
            Ok(())
        } else {
            self.no_literal("the end of the line")
        }
    }

    pub(crate) fn end(&self, what: &str) -> Result<(), LiteralFault> {
        if self.at_end() {
            Ok(())
        } else {
            self.no_literal(what)
        }
    }

    /// After a value: what goes on here is often an expression, which is worth a word of its own.
    fn no_literal<T>(&self, what: &str) -> Result<T, LiteralFault> {
        match self.peek() {
            Some(
                '.' | '[' | '(' | '+' | '-' | '*' | '/' | '%' | '?' | '<' | '>' | '&' | '|' | '!',
            ) => self.fault("only a literal value can stand here, not an expression"),
            Some('=') if self.rest().starts_with("==") => {
                self.fault("only a literal value can stand here, not an expression")
            }
            _ => self.expected(what),
        }
    }

    /// An identifier, or nothing.
    pub(crate) fn identifier(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let starts = rest
            .chars()
            .next()
            .is_some_and(|c| c.is_alphabetic() || c == '_');
        if !starts {
            return None;
        }
        let word = self.bare_word();
        self.at += word.len();
        Some(word)
    }

    /// The letters with their marks, digits, `_` and `-` that stand here.
    pub(crate) fn bare_word(&self) -> &'a str {
        let rest = self.rest();
        // Most words are plain ASCII.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        let end = rest.bytes().position(|byte| !plain(byte));
        let end = end.unwrap_or(rest.len());
        if rest.as_bytes().get(end).is_none_or(u8::is_ascii) {
            return &rest[..end];
        }
        // An accent may follow its letter as a mark of its own.
        let fits = |c: char| c.is_alphanumeric() || c == '_' || c == '-' || is_combining_mark(c);
        let end = rest.find(|c: char| !fits(c));
        &rest[..end.unwrap_or(rest.len())]
    }

    pub(crate) fn name(&mut self, what: &str) -> Result<String, LiteralFault> {
        match self.identifier() {
            Some(name) => Ok(crate::text::normalized(name.to_string())),
            None => self.expected(what),
        }
    }

    /// The `=` of an attribute, with the space after it.
    pub(crate) fn equals(&mut self, name: &str) -> Result<(), LiteralFault> {
        if self.rest().starts_with("==") || !self.take("=") {
            return self.expected(&format!("`=` after `{name}`"));
        }
        self.space()
    }
}
