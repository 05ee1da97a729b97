//! A place in an expression: what stands there, and faults that name it.

/// Reads an expression from its start to its end.
#[derive(Clone)]
pub struct Cursor<'p> {
    text: &'p str,
    at: usize,
}

impl<'p> Cursor<'p> {
    pub fn new(text: &'p str) -> Self {
        Self { text, at: 0 }
    }

    /// The place, as bytes before it.
    pub fn at(&self) -> usize {
        self.at
    }

    fn rest(&self) -> &'p str {
        &self.text[self.at..]
    }

    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Whether the rest begins so.
    pub fn sees(&self, text: &str) -> bool {
        self.rest().starts_with(text)
    }

    pub fn eat(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    pub fn eat_text(&mut self, text: &str) -> bool {
        let found = self.sees(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// What stands before the next `end`, which is passed; nothing moves where there is none.
    pub fn until(&mut self, end: &str) -> Option<&'p str> {
        let (before, _) = self.rest().split_once(end)?;
        self.at += before.len() + end.len();
        Some(before)
    }

    /// What stands before the next `end`, which is passed, or all that is left.
    pub fn until_or_end(&mut self, end: &str) -> &'p str {
        let rest = self.rest();
        self.until(end).unwrap_or_else(|| {
            self.at = self.text.len();
            rest
        })
    }

    /// `n}`, `n,}` or `n,m}` after an opening brace; nothing moves where it is another text, which is then one like any
    /// other. A number that is too large stands for one that no repetition may have.
    pub fn bounds(&mut self) -> Option<(u32, Option<u32>)> {
        let (inside, _) = self.rest().split_once('}')?;
        let (min, max) = match inside.split_once(',') {
            None => (bound(inside)?, Some(bound(inside)?)),
            Some((min, "")) => (bound(min)?, None),
            Some((min, max)) => (bound(min)?, Some(bound(max)?)),
        };
        self.at += inside.len() + 1;
        Some((min, max))
    }

    /// The character that an escape stands for, after its backslash.
    pub fn escaped(&mut self, start: usize) -> Result<u32, String> {
        let code = match self.next() {
            None => return Err(self.fault(start, "a backslash ends the expression")),
            Some(c @ '0'..='7') => {
                // A digit other than zero alone would be a back reference, which there is not.
                let octal = |c: Option<char>| c.and_then(|c| c.to_digit(8));
                let mut code = octal(Some(c)).filter(|_| c == '0' || octal(self.peek()).is_some());
                for _ in 0..2 {
                    if let (Some(before), Some(digit)) = (code, octal(self.peek())) {
                        code = Some(before * 8 + digit);
                        self.next();
                    }
                }
                code
            }
            Some('x') => self.hexadecimal(),
            Some('a') => Some(7),
            Some('f') => Some(12),
            Some('n') => Some(10),
            Some('r') => Some(13),
            Some('t') => Some(9),
            Some('v') => Some(11),
            Some(c) if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(u32::from(c)),
            Some(_) => None,
        };
        code.ok_or_else(|| self.fault(start, "there is no such escape"))
    }

    /// `41` or `{1F600}`.
    fn hexadecimal(&mut self) -> Option<u32> {
        let digits = if self.eat('{') {
            self.until("}")?
        } else {
            let digits = self.rest().get(..2)?;
            self.at += 2;
            digits
        };
        let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let digits = match digits.trim_start_matches('0') {
            "" if !digits.is_empty() => "0",
            digits => digits,
        };
        let code = u32::from_str_radix(digits, 16).ok()?;
        (hexadecimal && code <= u32::from(char::MAX)).then_some(code)
    }

    /// What is wrong at a place. Names its number, never what stands there.
    pub fn fault(&self, start: usize, why: &str) -> String {
        let before = self.text.get(..start).unwrap_or(self.text);
        let place = before.chars().count() + 1;
        format!("character {place} of the regular expression: {why}")
    }
}

fn bound(digits: &str) -> Option<u32> {
    let decimal = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !decimal || (digits.len() > 1 && digits.starts_with('0')) {
        return None;
    }
    Some(digits.parse().unwrap_or(u32::MAX))
}
