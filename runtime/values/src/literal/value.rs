//! Literals to values: numbers, strings, lists, objects.

use super::cursor::{Cursor, LiteralFault};
use crate::{Number, Text, Value};

impl Cursor<'_> {
    /// A literal value that starts here.
    pub(crate) fn value(&mut self, depth: usize) -> Result<Value, LiteralFault> {
        match self.peek() {
            Some('"') => {
                self.skip(1);
                self.quoted().map(Value::from)
            }
            Some('<') if self.rest().starts_with("<<") => self.heredoc().map(Value::from),
            Some('[') => self.list(depth),
            Some('{') => self.object(depth),
            Some('(') => {
                let depth = self.deeper(depth)?;
                self.skip(1);
                self.space_and_lines()?;
                let value = self.value(depth)?;
                self.space_and_lines()?;
                if self.take(")") {
                    Ok(value)
                } else {
                    self.expected("`)`")
                }
            }
            Some('-') => {
                self.skip(1);
                self.space()?;
                if !self.peek().is_some_and(|c| c.is_ascii_digit()) {
                    return self.expected("a number after `-`");
                }
                self.number().map(|number| Value::Number(number.negated()))
            }
            Some('0'..='9') => self.number().map(Value::Number),
            Some(c) if c.is_alphabetic() || c == '_' => self.word(),
            _ => self.expected("a value"),
        }
    }

    fn word(&mut self) -> Result<Value, LiteralFault> {
        let start = self.offset();
        match self.identifier() {
            Some("true") => Ok(Value::Bool(true)),
            Some("false") => Ok(Value::Bool(false)),
            Some("null") => Ok(Value::Null),
            Some(name) => {
                let called = self.peek() == Some('(');
                let text = if called {
                    format!("only a literal value can stand here, not a call of `{name}`")
                } else {
                    format!(
                        "only a literal value can stand here, not the name `{name}`: a text needs quotes"
                    )
                };
                Err(LiteralFault {
                    offset: start,
                    text,
                })
            }
            None => self.expected("a value"),
        }
    }

    fn number(&mut self) -> Result<Number, LiteralFault> {
        let start = self.offset();
        let rest = self.rest();
        let digits = |from: usize| {
            rest[from..]
                .find(|c: char| !c.is_ascii_digit())
                .map_or(rest.len(), |end| from + end)
        };
        let mut end = digits(0);
        if rest[end..].starts_with('.') && digits(end + 1) > end + 1 {
            end = digits(end + 1);
        }
        if rest[end..].starts_with(['e', 'E']) {
            let sign = usize::from(rest[end + 1..].starts_with(['+', '-']));
            if digits(end + 1 + sign) > end + 1 + sign {
                end = digits(end + 1 + sign);
            }
        }
        self.skip(end);
        if self.peek().is_some_and(|c| c.is_alphanumeric() || c == '_') {
            return self.fault("a number cannot go on with a letter: a text needs quotes");
        }
        match Number::parse(&rest[..end]) {
            Some(number) => Ok(number),
            None => Err(LiteralFault {
                offset: start,
                text: "a number has at most 28 digits before and after the point".into(),
            }),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, LiteralFault> {
        let depth = self.deeper(depth)?;
        self.skip(1);
        let mut items = Vec::new();
        loop {
            self.space_and_lines()?;
            if self.take("]") {
                return Ok(Value::from(items));
            }
            if items.is_empty() && self.rest().starts_with("for ") {
                return self.fault("only a literal value can stand here, not a `for`");
            }
            items.push(self.value(depth)?);
            self.space_and_lines()?;
            if !self.take(",") && self.peek() != Some(']') {
                return self.expected("`,` or `]`");
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, LiteralFault> {
        let depth = self.deeper(depth)?;
        self.skip(1);
        let mut pairs: Vec<(Text, Value)> = Vec::new();
        loop {
            self.space_and_lines()?;
            if self.take("}") {
                return Ok(Value::from(pairs));
            }
            if pairs.is_empty() && self.rest().starts_with("for ") {
                return self.fault("only a literal value can stand here, not a `for`");
            }
            let key = self.key(depth)?;
            self.space()?;
            if self.rest().starts_with("==") || !(self.take("=") || self.take(":")) {
                return self.expected("`=` or `:` after a key");
            }
            self.space_and_lines()?;
            let value = self.value(depth)?;
            match pairs.iter_mut().find(|(name, _)| *name == key) {
                Some(known) => known.1 = value,
                None => pairs.push((key, value)),
            }
            self.space()?;
            if !self.take(",") && self.peek() != Some('}') && !self.newline()? {
                return self.expected("`,`, `}` or a new line");
            }
        }
    }

    fn key(&mut self, depth: usize) -> Result<Text, LiteralFault> {
        if let Some(name) = self.identifier() {
            return Ok(Text::from(name));
        }
        let start = self.offset();
        match self.peek() {
            Some('"' | '(' | '-' | '0'..='9') => match self.value(depth)? {
                Value::Text(text) => Ok(text),
                value @ (Value::Number(_) | Value::Bool(_)) => Ok(Text::from(value.to_string())),
                _ => Err(LiteralFault {
                    offset: start,
                    text: "a key must be a string".into(),
                }),
            },
            _ => self.expected("a key or `}`"),
        }
    }
}
