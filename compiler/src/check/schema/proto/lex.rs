//! Text to tokens: names, numbers, texts and marks, with the comments beside them.

use super::tree::{At, Fault};

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A name or a word, without dots.
    Word(String),
    /// A whole number.
    Whole(u64),
    /// A number with a point or an exponent, or one that is larger than 64 bits.
    Fraction,
    /// A text, without its quotes and escapes. What is no UTF-8 in it is replaced.
    Text(String),
    /// Any other character.
    Mark(char),
    /// The end of the file.
    End,
}

#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) at: At,
    /// No other token stands before it on its line.
    pub(super) is_first: bool,
    /// The comment on the lines right before it.
    pub(super) before: Option<String>,
    /// The comment behind it on its line.
    pub(super) behind: Option<String>,
}

impl Token {
    /// What it is called where something else was expected.
    pub(super) fn in_words(&self) -> String {
        match &self.kind {
            Kind::Word(word) => format!("`{word}`"),
            Kind::Whole(_) | Kind::Fraction => "a number".to_owned(),
            Kind::Text(_) => "a text".to_owned(),
            Kind::Mark(mark) => format!("`{mark}`"),
            Kind::End => "the end of the file".to_owned(),
        }
    }
}

/// The tokens of a file, with an end behind them, and what is wrong with its characters.
pub(super) fn read(text: &str) -> (Vec<Token>, Vec<Fault>) {
    let mut lexer = Lexer {
        text,
        at: 0,
        tokens: Vec::new(),
        faults: Vec::new(),
    };
    while lexer.token() {}
    (lexer.tokens, lexer.faults)
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    tokens: Vec<Token>,
    faults: Vec<Fault>,
}

/// Comments that stand before a token.
#[derive(Default)]
struct Comments {
    /// The last block of them.
    text: String,
    /// How many lines ended behind it.
    lines: usize,
    /// Whether a line ended at all.
    is_new_line: bool,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn span(&self, start: usize) -> At {
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        place(start)..place(self.at)
    }

    /// Goes past the characters that are like this.
    fn take_while(&mut self, is_like: impl Fn(char) -> bool) -> &str {
        let start = self.at;
        let rest = self.rest();
        self.at += rest.find(|letter| !is_like(letter)).unwrap_or(rest.len());
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Reads a token, and says whether another one follows.
    fn token(&mut self) -> bool {
        let comments = self.space();
        let is_first = comments.is_new_line || self.tokens.is_empty();
        let before = (comments.lines < 2 && !comments.text.is_empty()).then_some(comments.text);
        let start = self.at;
        let kind = match self.peek() {
            None => Kind::End,
            Some(letter) if letter.is_ascii_alphabetic() || letter == '_' => {
                let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
                Kind::Word(self.take_while(is_of_name).to_owned())
            }
            Some(letter) if letter.is_ascii_digit() => self.number(),
            Some('.')
                if self
                    .rest()
                    .chars()
                    .nth(1)
                    .is_some_and(|next| next.is_ascii_digit()) =>
            {
                self.number()
            }
            Some(quote @ ('"' | '\'')) => Kind::Text(self.string(quote)),
            Some(mark) => {
                self.at += mark.len_utf8();
                if !"{}[]()<>;:,=.-+/".contains(mark) {
                    let fault =
                        Fault::new(self.span(start), format!("{mark:?} has no meaning here"));
                    self.faults.push(fault);
                    return true;
                }
                Kind::Mark(mark)
            }
        };
        let is_end = kind == Kind::End;
        let at = self.span(start);
        self.tokens.push(Token {
            kind,
            at,
            is_first,
            before,
            behind: None,
        });
        !is_end
    }

    /// Goes past space and comments. A comment on the line of the token before it belongs to that one.
    fn space(&mut self) -> Comments {
        let mut found = Comments::default();
        let mut is_on_line = !self.tokens.is_empty();
        loop {
            let lines = self.take_while(char::is_whitespace).matches('\n').count();
            is_on_line &= lines == 0;
            found.lines += lines;
            found.is_new_line |= lines > 0;
            let start = self.at;
            let comment = if self.rest().starts_with("//") {
                let line = self.take_while(|letter| letter != '\n');
                line.trim_start_matches('/').trim().to_owned()
            } else if self.rest().starts_with("/*") {
                match self.rest().find("*/") {
                    Some(end) => {
                        let comment = self
                            .text
                            .get(self.at + 2..self.at + end)
                            .unwrap_or_default();
                        let lines = comment
                            .lines()
                            .map(|line| line.trim().trim_start_matches('*').trim());
                        let lines: Vec<&str> = lines.collect();
                        let comment = lines.join("\n").trim().to_owned();
                        self.at += end + 2;
                        comment
                    }
                    None => {
                        self.at = self.text.len();
                        let at = self.span(start);
                        let fault =
                            Fault::new(at.start..at.start + 2, "this comment is never closed");
                        self.faults.push(fault);
                        return found;
                    }
                }
            } else {
                return found;
            };
            if is_on_line {
                if let Some(last) = self.tokens.last_mut() {
                    last.behind.get_or_insert(comment);
                }
                found.lines = 0;
                continue;
            }
            if found.lines > 1 {
                found.text.clear();
            }
            if !found.text.is_empty() {
                found.text.push('\n');
            }
            found.text.push_str(&comment);
            found.lines = 0;
        }
    }

    fn number(&mut self) -> Kind {
        let start = self.at;
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.');
        self.take_while(is_part);
        // The sign of an exponent.
        let so_far = self.text.get(start..self.at).unwrap_or_default();
        let is_hexadecimal = so_far.starts_with("0x") || so_far.starts_with("0X");
        if so_far.ends_with(['e', 'E']) && !is_hexadecimal && matches!(self.peek(), Some('+' | '-'))
        {
            self.at += 1;
            self.take_while(is_part);
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        let digits = |radix: u32, digits: &str| {
            let is_whole = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
            // What is larger than 64 bits is a number all the same.
            is_whole.then(|| u64::from_str_radix(digits, radix).map_or(Kind::Fraction, Kind::Whole))
        };
        let hexadecimal = text.get(2..).filter(|_| is_hexadecimal);
        let found = match (hexadecimal, text.strip_prefix('0')) {
            (Some(rest), _) => digits(16, rest),
            (None, Some(rest))
                if !rest.is_empty() && rest.chars().all(|digit| digit.is_ascii_digit()) =>
            {
                digits(8, rest)
            }
            _ => digits(10, text),
        };
        let is_fraction = || {
            if text.bytes().all(|byte| byte.is_ascii_digit()) {
                return false;
            }
            let bare = text.strip_suffix(['f', 'F']).unwrap_or(text);
            bare.bytes()
                .all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte))
                && bare.parse::<f64>().is_ok()
        };
        match found {
            Some(found) => found,
            None if is_fraction() => Kind::Fraction,
            None => {
                let fault = Fault::new(self.span(start), "this is no number");
                self.faults.push(fault);
                Kind::Fraction
            }
        }
    }

    fn string(&mut self, quote: char) -> String {
        let start = self.at;
        self.at += 1;
        let mut bytes = Vec::new();
        loop {
            let plain = self.take_while(|letter| !matches!(letter, '\\' | '\n') && letter != quote);
            bytes.extend_from_slice(plain.as_bytes());
            match self.peek() {
                Some('\\') => self.escape(&mut bytes),
                Some(end) if end == quote => {
                    self.at += 1;
                    break;
                }
                _ => {
                    let fault = Fault::new(self.span(start), "this text is never closed");
                    self.faults.push(fault);
                    break;
                }
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn escape(&mut self, bytes: &mut Vec<u8>) {
        let start = self.at;
        self.at += 1;
        let letter = self.peek();
        self.at += letter.map_or(0, char::len_utf8);
        let simple = match letter {
            Some('a') => Some(7),
            Some('b') => Some(8),
            Some('f') => Some(12),
            Some('n') => Some(10),
            Some('r') => Some(13),
            Some('t') => Some(9),
            Some('v') => Some(11),
            Some('\\') => Some(b'\\'),
            Some('\'') => Some(b'\''),
            Some('"') => Some(b'"'),
            Some('?') => Some(b'?'),
            Some('x' | 'X') => self.code(16, 2).and_then(|code| u8::try_from(code).ok()),
            Some('0'..='7') => {
                self.at -= 1;
                self.code(8, 3).and_then(|code| u8::try_from(code).ok())
            }
            Some(letter @ ('u' | 'U')) => {
                let digits = if letter == 'u' { 4 } else { 8 };
                let from = self.at;
                let found = self.code(16, digits).filter(|_| self.at - from == digits);
                if let Some(found) = found.and_then(char::from_u32) {
                    bytes.extend_from_slice(found.encode_utf8(&mut [0; 4]).as_bytes());
                    return;
                }
                None
            }
            _ => None,
        };
        match simple {
            Some(byte) => bytes.push(byte),
            None => {
                let fault = Fault::new(self.span(start), "there is no such escape");
                self.faults.push(fault);
            }
        }
    }

    /// The number of so many digits at most.
    fn code(&mut self, radix: u32, most: usize) -> Option<u32> {
        let rest = self.rest();
        let count = rest
            .chars()
            .take(most)
            .take_while(|digit| digit.is_digit(radix))
            .count();
        let code = u32::from_str_radix(rest.get(..count)?, radix).ok();
        self.at += count;
        code
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        let (tokens, faults) = read(text);
        assert!(faults.is_empty(), "{text}: {faults:?}");
        let kinds = tokens.into_iter().map(|token| token.kind);
        kinds.filter(|kind| *kind != Kind::End).collect()
    }

    #[test]
    fn numbers_of_all_forms_are_read() {
        let cases = [
            ("0", Kind::Whole(0)),
            ("10", Kind::Whole(10)),
            ("0x1F", Kind::Whole(31)),
            ("0xe", Kind::Whole(14)),
            ("017", Kind::Whole(15)),
            ("18446744073709551615", Kind::Whole(u64::MAX)),
            ("18446744073709551616", Kind::Fraction),
            ("1.5", Kind::Fraction),
            (".5", Kind::Fraction),
            ("1e-3", Kind::Fraction),
            ("1.5E+3f", Kind::Fraction),
            ("0.", Kind::Fraction),
            ("0f", Kind::Fraction),
        ];
        for (text, kind) in cases {
            assert_eq!(kinds(text), [kind], "{text}");
        }
        for text in ["08", "0x", "1x", "1..2", "1e", "0xg"] {
            assert_eq!(read(text).1.len(), 1, "{text}");
        }
    }

    #[test]
    fn texts_lose_their_escapes() {
        let text = r#""a\n\x41\101\"'\u00e9\U0001F980" 'b"'"#;
        let expected = ["a\nAA\"'é🦀", "b\""].map(|text| Kind::Text(text.to_owned()));
        assert_eq!(kinds(text), expected);
        for (text, at) in [
            ("\"a", 0..2),
            ("'a\nb'", 0..2),
            (r#""\q""#, 1..3),
            (r#""\u12""#, 1..5),
        ] {
            assert_eq!(
                read(text).1.first().map(|fault| fault.at.clone()),
                Some(at),
                "{text}"
            );
        }
    }

    #[test]
    fn comments_belong_to_what_stands_beside_them() {
        let text = "// of the file\n\n// of a\n// and more\na // behind a\n/* of b\n * too */ b\n// lost\n\nc /* open";
        let (tokens, faults) = read(text);
        let found: Vec<_> = tokens
            .iter()
            .map(|token| (token.before.as_deref(), token.behind.as_deref()))
            .collect();
        let expected = [
            (Some("of a\nand more"), Some("behind a")),
            (Some("of b\ntoo"), None),
            (None, None),
            (None, None),
        ];
        assert_eq!(found, expected);
        assert_eq!(faults.len(), 1);
    }
}
