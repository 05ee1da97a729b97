//! JSON to a tree.

use super::tree::{Content, DEEPEST, Member, Place, Tree, TreeFault};

/// Reads a document.
pub(super) fn read(text: &str) -> Result<Tree, TreeFault> {
    let mut reader = Reader {
        text,
        at: 0,
        tree: Tree::default(),
    };
    let root = reader.value(0)?;
    reader.space();
    if reader.at < text.len() {
        return Err(reader.fault("the document ends before this"));
    }
    reader.tree.set_root(root);
    Ok(reader.tree)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    tree: Tree,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn fault(&self, text: impl Into<String>) -> TreeFault {
        TreeFault {
            at: self.at,
            text: text.into(),
        }
    }

    /// What was expected where something else stands.
    fn expected(&self, what: &str) -> TreeFault {
        match self
            .text
            .get(self.at..)
            .and_then(|rest| rest.chars().next())
        {
            None => self.fault(format!("expected {what}, found the end of the file")),
            Some(found) => self.fault(format!("expected {what}, found {found:?}")),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Place, TreeFault> {
        self.space();
        let start = self.at;
        let content = match self.peek() {
            Some(b'{' | b'[') if depth == DEEPEST => {
                return Err(self.fault(format!("it is nested deeper than {DEEPEST} levels")));
            }
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Content::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.word()?,
        };
        Ok(self.tree.add(start..self.at, content))
    }

    fn word(&mut self) -> Result<Content, TreeFault> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let words = [
            ("null", Content::Null),
            ("true", Content::Bool(true)),
            ("false", Content::Bool(false)),
        ];
        for (word, content) in words {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(content);
            }
        }
        Err(self.expected("a value"))
    }

    fn number(&mut self) -> Result<Content, TreeFault> {
        let is_part = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest.bytes().take_while(|byte| is_part(*byte)).count();
        if rest
            .get(..length)
            .and_then(|text| text.parse::<f64>().ok())
            .is_none()
        {
            return Err(self.fault("this is no number"));
        }
        self.at += length;
        Ok(Content::Number)
    }

    fn list(&mut self, depth: usize) -> Result<Content, TreeFault> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.take(b']') {
            return Ok(Content::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.take(b']') {
                return Ok(Content::List(items));
            }
            if !self.take(b',') {
                return Err(self.expected("`,` or `]`"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Content, TreeFault> {
        self.at += 1;
        let mut members = Vec::new();
        self.space();
        if self.take(b'}') {
            return Ok(Content::Object(members));
        }
        loop {
            self.space();
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.expected("a name in quotes"));
            }
            let name = self.string()?;
            let key = u32::try_from(start).unwrap_or(u32::MAX)
                ..u32::try_from(self.at).unwrap_or(u32::MAX);
            self.space();
            if !self.take(b':') {
                return Err(self.expected("`:`"));
            }
            let value = self.value(depth + 1)?;
            members.push(Member { name, key, value });
            self.space();
            if self.take(b'}') {
                return Ok(Content::Object(members));
            }
            if !self.take(b',') {
                return Err(self.expected("`,` or `}`"));
            }
        }
    }

    fn string(&mut self) -> Result<String, TreeFault> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let plain = rest
                .bytes()
                .take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f));
            let plain = plain.count();
            text.push_str(rest.get(..plain).unwrap_or_default());
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(_) => return Err(self.fault("a text holds no control character")),
                None => {
                    self.at = start;
                    return Err(self.fault("this text is never closed"));
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, TreeFault> {
        let start = self.at;
        self.at += 1;
        let letter = self.peek();
        self.at += 1;
        Ok(match letter {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let first = self.hexadecimal();
                let code = match first {
                    // Half of a pair.
                    Some(high @ 0xd800..=0xdbff) if self.take(b'\\') && self.take(b'u') => {
                        let low = self
                            .hexadecimal()
                            .filter(|low| (0xdc00..=0xdfff).contains(low));
                        low.map(|low| 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
                    }
                    other => other,
                };
                // A half alone is no character.
                code.and_then(char::from_u32).unwrap_or('\u{fffd}')
            }
            _ => {
                self.at = start;
                return Err(self.fault("there is no such escape"));
            }
        })
    }

    fn hexadecimal(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        let code = u32::from_str_radix(digits, 16).ok()?;
        self.at += 4;
        Some(code)
    }
}
