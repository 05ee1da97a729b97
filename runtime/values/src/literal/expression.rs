//! The text of an expression of the grid language, found but not read: whoever knows that language reads it.

use super::{Cursor, LiteralFault};

/// What is open around a place in an expression.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// A bracket or a hole, up to this character.
    UpTo(char),
    /// A quoted string.
    Quote,
}

impl Cursor<'_> {
    /// The text of an expression that starts here, with the byte at which it starts. It ends with its line, or before the
    /// brace that closes the block around it; within brackets it goes on over lines.
    pub(crate) fn expression(&mut self) -> Result<(String, usize), LiteralFault> {
        let (start, text) = (self.offset(), self.rest());
        let mut open: Vec<Open> = Vec::new();
        while let Some(next) = self.peek() {
            if open.last() == Some(&Open::Quote) {
                self.in_quotes(next, &mut open)?;
                continue;
            }
            if let '#' | '\n' | '\r' = next
                && open.is_empty()
            {
                break;
            }
            let rest = self.rest();
            if rest.starts_with("//") && open.is_empty() {
                break;
            } else if next == '#' || rest.starts_with("//") {
                self.skip(rest.find('\n').unwrap_or(rest.len()));
                continue;
            } else if rest.starts_with("/*") {
                self.space()?;
                continue;
            } else if rest.starts_with("<<") {
                return self.fault("a heredoc cannot stand here: write a quoted string");
            }
            match next {
                '"' => open.push(Open::Quote),
                '(' => open.push(Open::UpTo(')')),
                '[' => open.push(Open::UpTo(']')),
                '{' => open.push(Open::UpTo('}')),
                '}' if open.is_empty() => break,
                ')' | ']' | '}' if open.pop() != Some(Open::UpTo(next)) => {
                    return self.fault(format!("`{next}` closes nothing"));
                }
                _ => {}
            }
            self.skip(next.len_utf8());
        }
        match open.last() {
            Some(Open::UpTo(close)) => return self.fault(format!("a `{close}` is missing")),
            Some(Open::Quote) => return self.fault("a quoted string has no closing quote"),
            None => {}
        }
        let text = text[..self.offset() - start].trim_end();
        if text.is_empty() {
            return self.expected("an expression");
        }
        Ok((text.to_owned(), start))
    }

    /// Over one piece of a quoted string.
    fn in_quotes(&mut self, next: char, open: &mut Vec<Open>) -> Result<(), LiteralFault> {
        let rest = self.rest();
        let width = if rest.starts_with("$${") || rest.starts_with("%%{") {
            3
        } else if rest.starts_with("${") || rest.starts_with("%{") {
            open.push(Open::UpTo('}'));
            2
        } else if next == '\\' {
            1 + rest[1..].chars().next().map_or(0, char::len_utf8)
        } else if next == '\n' {
            return self.fault("a quoted string ends on its line: write `\\n`");
        } else {
            if next == '"' {
                open.pop();
            }
            next.len_utf8()
        };
        self.skip(width);
        Ok(())
    }
}
