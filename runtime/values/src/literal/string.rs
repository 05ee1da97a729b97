//! Quoted strings and heredocs to their texts.

use super::cursor::{Cursor, LiteralFault};
use crate::text::normalized;

impl Cursor<'_> {
    /// The text of a quoted string whose opening quote was read.
    pub(crate) fn quoted(&mut self) -> Result<String, LiteralFault> {
        let mut out = String::new();
        loop {
            let rest = self.rest();
            let special = |byte| matches!(byte, b'"' | b'\\' | b'$' | b'%' | b'\n' | b'\r');
            let plain = rest.bytes().position(special).unwrap_or(rest.len());
            out.push_str(&rest[..plain]);
            self.skip(plain);
            match self.peek() {
                Some('"') => {
                    self.skip(1);
                    return Ok(normalized(out));
                }
                Some('\\') => out.push(self.escape()?),
                Some('$' | '%') => self.marker(&mut out)?,
                Some(_) => {
                    return self
                        .fault("a quoted string ends on its line: write `\\n`, or a heredoc");
                }
                None => return self.fault("a quoted string has no closing quote"),
            }
        }
    }

    /// At `$` or `%`: a sign that stands for itself, or an escaped opening.
    fn marker(&mut self, out: &mut String) -> Result<(), LiteralFault> {
        for (escaped, opening) in [("$${", "${"), ("%%{", "%{")] {
            if self.take(escaped) {
                out.push_str(opening);
                return Ok(());
            }
            if self.rest().starts_with(opening) {
                let double = if opening == "${" { "$${" } else { "%%{" };
                return self.fault(format!(
                    "only a literal text can stand here: write `{double}` for `{opening}`"
                ));
            }
        }
        if let Some(sign) = self.peek() {
            out.push(sign);
            self.skip(sign.len_utf8());
        }
        Ok(())
    }

    /// At a backslash.
    fn escape(&mut self) -> Result<char, LiteralFault> {
        let start = self.offset();
        self.skip(1);
        let Some(letter) = self.peek() else {
            return self.fault("a quoted string has no closing quote");
        };
        let width = match letter {
            'n' | 'r' | 't' | '"' | '\\' => {
                self.skip(1);
                return Ok(match letter {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    same => same,
                });
            }
            'u' => 4,
            'U' => 8,
            _ => {
                let text =
                    "no such escape: a backslash stands before n, r, t, \", \\, uNNNN or UNNNNNNNN"
                        .to_string();
                return Err(LiteralFault {
                    offset: start,
                    text,
                });
            }
        };
        self.skip(1);
        let digits = self
            .rest()
            .get(..width)
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(digits) = digits else {
            return Err(LiteralFault {
                offset: start,
                text: format!("`\\{letter}` needs {width} hexadecimal digits"),
            });
        };
        self.skip(width);
        match u32::from_str_radix(digits, 16)
            .ok()
            .and_then(char::from_u32)
        {
            Some(c) => Ok(c),
            None => Err(LiteralFault {
                offset: start,
                text: format!("`\\{letter}{digits}` is no character"),
            }),
        }
    }

    /// The text of a heredoc; the end of the line after its closing word is left to be read.
    pub(crate) fn heredoc(&mut self) -> Result<String, LiteralFault> {
        let start = self.offset();
        self.skip(2);
        let dedent = self.take("-");
        let Some(word) = self.identifier() else {
            return self.expected("a word after `<<`");
        };
        if !(self.take("\n") || self.take("\r\n")) {
            return self.expected("the end of the line after the heredoc's word");
        }
        let mut lines: Vec<String> = Vec::new();
        loop {
            if self.at_end() {
                return Err(LiteralFault {
                    offset: start,
                    text: format!("a heredoc has no closing `{word}`"),
                });
            }
            let rest = self.rest();
            let length = rest.find('\n').unwrap_or(rest.len());
            let line = rest[..length].strip_suffix('\r').unwrap_or(&rest[..length]);
            if line.trim_matches([' ', '\t']) == word {
                self.skip(line.len());
                break;
            }
            lines.push(self.heredoc_line(length)?);
            self.take("\n");
        }
        if dedent {
            strip_indent(&mut lines);
        }
        Ok(normalized(lines.concat()))
    }

    fn heredoc_line(&mut self, length: usize) -> Result<String, LiteralFault> {
        let end = self.offset() + length;
        let mut out = String::new();
        while self.offset() < end {
            let line = &self.rest()[..end - self.offset()];
            let plain = line.find(['$', '%']).unwrap_or(line.len());
            out.push_str(&line[..plain]);
            self.skip(plain);
            if self.offset() < end {
                self.marker(&mut out)?;
            }
        }
        out.push('\n');
        Ok(out)
    }
}

/// `<<-`: as many leading spaces as every line has are taken away; a line of nothing but spaces does not count and stays.
fn strip_indent(lines: &mut [String]) {
    let indent = |line: &String| line.len() - line.trim_start_matches([' ', '\t']).len();
    let blank = |line: &String| line.trim().is_empty();
    let common = lines
        .iter()
        .filter(|line| !blank(line))
        .map(indent)
        .min()
        .unwrap_or(0);
    for line in lines.iter_mut().filter(|line| !blank(line)) {
        line.drain(..common);
    }
}
