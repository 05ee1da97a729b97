//! Text to tokens, as HCL's own scanner makes them. The lexer goes on after every fault.
//!
//! A stack of modes says what a character means: inside a quoted string, a heredoc or, within one of these, a hole
//! (`${ }`, `%{ }`) that is code again; an empty stack is code. Strings that are not closed end at the end of their
//! line, heredocs and comments at the next line that is clearly the header of a block, so that one slip costs one block.

mod text;

use crate::diagnostics::{Code, Hint, Problem, Problems, codes};
use crate::source::{FileId, Span};

use super::token::{
    Comment, Token, TokenKind, Tokens, is_header_line, is_ident_continue, is_ident_start,
    next_header_line,
};

/// Quotes of other languages and of word processors.
const QUOTES: [char; 6] = ['\'', '`', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}'];

/// Cuts a text into tokens.
pub(super) fn lex<'a>(file: FileId, text: &'a str, problems: &mut Problems) -> Tokens<'a> {
    Lexer::new(file, text, problems).tokens()
}

/// Cuts a text that is all template, as a file for `templatefile` is: the inside of a heredoc that only the text's end ends.
pub(super) fn lex_template<'a>(file: FileId, text: &'a str, problems: &mut Problems) -> Tokens<'a> {
    let mut lexer = Lexer::new(file, text, problems);
    lexer.modes.push(Mode::Heredoc {
        open: 0,
        // No line is that.
        name: "\n",
    });
    lexer.push(TokenKind::OpenHeredoc, 0);
    lexer.tokens()
}

enum Mode<'a> {
    Quoted { open: usize },
    Heredoc { open: usize, name: &'a str },
    Hole { open: usize, braces: u32 },
}

struct Lexer<'a, 'p> {
    file: FileId,
    text: &'a str,
    at: usize,
    tokens: Vec<Token>,
    comments: Vec<Comment>,
    modes: Vec<Mode<'a>>,
    problems: &'p mut Problems,
    /// A string that is not closed on its line is reported.
    string_reported: bool,
}

impl<'a, 'p> Lexer<'a, 'p> {
    fn new(file: FileId, text: &'a str, problems: &'p mut Problems) -> Self {
        Lexer {
            file,
            text,
            at: 0,
            tokens: Vec::with_capacity(text.len() / 4),
            comments: Vec::new(),
            modes: Vec::new(),
            problems,
            string_reported: false,
        }
    }

    fn tokens(mut self) -> Tokens<'a> {
        self.run();
        Tokens {
            text: self.text,
            list: self.tokens,
            comments: self.comments,
        }
    }

    fn run(&mut self) {
        loop {
            while self.at < self.text.len() {
                match self.modes.last() {
                    None | Some(Mode::Hole { .. }) => self.code(),
                    Some(Mode::Quoted { open }) => self.quoted(*open),
                    Some(Mode::Heredoc { name, .. }) => self.heredoc(name),
                }
            }
            match self.modes.last() {
                Some(Mode::Quoted { open }) => self.unclosed_string(*open),
                Some(Mode::Hole { open, .. }) => self.unclosed_hole(*open),
                // Looked for when it was opened.
                Some(Mode::Heredoc { .. }) | None => {}
            }
            self.close_modes(0);
            // A string that was not closed may have given back what follows it.
            if self.at >= self.text.len() {
                break;
            }
        }
        self.push(TokenKind::End, self.at);
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Adds the token that ends at `end` and goes there.
    fn push(&mut self, kind: TokenKind, end: usize) {
        let partner = offset(self.tokens.len());
        self.tokens.push(Token {
            kind,
            start: offset(self.at),
            end: offset(end),
            partner,
        });
        self.at = end;
    }

    fn error(
        &mut self,
        code: Code,
        from: usize,
        to: usize,
        text: impl Into<String>,
    ) -> &mut Problem {
        let span = Span {
            file: self.file,
            start: offset(from),
            end: offset(to),
        };
        self.problems.error(code, span, text)
    }

    fn line_end(&self, at: usize) -> usize {
        let found = self
            .text
            .get(at..)
            .and_then(|rest| rest.find('\n'))
            .map_or(self.text.len(), |found| at + found);
        if found > at && self.text.as_bytes().get(found - 1) == Some(&b'\r') {
            found - 1
        } else {
            found
        }
    }

    // Code.

    fn code(&mut self) {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return;
        };
        match first {
            ' ' | '\t' => self.at += 1,
            '\n' => self.newline(1),
            '\r' if rest.starts_with("\r\n") => self.newline(2),
            '#' => self.skip_comment(self.line_end(self.at)),
            '/' if rest.starts_with("//") => self.skip_comment(self.line_end(self.at)),
            '/' if rest.starts_with("/*") => self.comment(),
            '"' => {
                self.modes.push(Mode::Quoted {
                    open: self.tokens.len(),
                });
                self.push(TokenKind::OpenQuote, self.at + 1);
            }
            '<' if rest.starts_with("<<") => self.open_heredoc(),
            '0'..='9' => self.number(rest),
            '{' => {
                if let Some(Mode::Hole { braces, .. }) = self.modes.last_mut() {
                    *braces += 1;
                }
                self.push(TokenKind::OpenBrace, self.at + 1);
            }
            '}' => self.close_brace(1),
            '~' if rest.starts_with("~}")
                && matches!(self.modes.last(), Some(Mode::Hole { braces: 0, .. })) =>
            {
                self.close_brace(2)
            }
            '[' => self.push(TokenKind::OpenBracket, self.at + 1),
            ']' => self.push(TokenKind::CloseBracket, self.at + 1),
            '(' => self.push(TokenKind::OpenParen, self.at + 1),
            ')' => self.push(TokenKind::CloseParen, self.at + 1),
            _ if is_ident_start(first) => {
                let length = rest
                    .find(|character: char| !is_ident_continue(character))
                    .unwrap_or(rest.len());
                self.push(TokenKind::Ident, self.at + length);
            }
            _ => match symbol_length(rest) {
                Some(length) => self.push(TokenKind::Symbol, self.at + length),
                None => self.invalid(first),
            },
        }
    }

    fn number(&mut self, rest: &str) {
        let end = self.at + number_length(rest);
        let dotted = self.text.get(end..).is_some_and(|rest| {
            rest.strip_prefix('.')
                .is_some_and(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()))
        });
        let whole = self
            .text
            .get(self.at..end)
            .is_some_and(|number| !number.contains('.'));
        let index = self
            .at
            .checked_sub(1)
            .is_some_and(|before| self.text.as_bytes().get(before) == Some(&b'.'));
        if index && !whole {
            self.error(
                codes::UNEXPECTED_TOKEN,
                self.at,
                end,
                "two indexes after one `.`",
            )
            .hint("write them as `[0][1]`");
            return self.push(TokenKind::Bad, end);
        }
        if dotted && !index {
            self.error(
                codes::INVALID_NUMBER,
                self.at,
                end,
                "a number has one decimal point",
            )
            .hint("an index is written `[0]`");
            return self.push(TokenKind::Bad, end);
        }
        self.push(TokenKind::Number, end);
    }

    fn newline(&mut self, length: usize) {
        self.push(TokenKind::Newline, self.at + length);
        if let Some(Mode::Hole { open, .. }) = self.modes.last()
            && is_header_line(self.text, self.at)
        {
            self.unclosed_hole(*open);
            self.end_of_lost_text();
        }
        self.end_hole_of_heredoc();
    }

    /// After a piece that was given up, at the start of a line: everything that was open ends here.
    fn end_of_lost_text(&mut self) {
        self.close_modes(0);
        self.push(TokenKind::Newline, self.at);
    }

    fn close_brace(&mut self, length: usize) {
        match self.modes.last_mut() {
            Some(Mode::Hole { braces, open }) if *braces == 0 => {
                let open = *open;
                self.modes.pop();
                self.close(open, TokenKind::CloseHole, length);
            }
            Some(Mode::Hole { braces, .. }) => {
                *braces -= 1;
                self.push(TokenKind::CloseBrace, self.at + length);
            }
            _ => self.push(TokenKind::CloseBrace, self.at + length),
        }
    }

    /// The partner of the token `open`.
    fn close(&mut self, open: usize, kind: TokenKind, length: usize) {
        let partner = offset(self.tokens.len());
        if let Some(token) = self.tokens.get_mut(open) {
            token.partner = partner;
        }
        self.push(kind, self.at + length);
    }

    /// Closes everything that is open except the outermost `kept`, with empty tokens.
    fn close_modes(&mut self, kept: usize) {
        while self.modes.len() > kept
            && let Some(mode) = self.modes.pop()
        {
            match mode {
                Mode::Quoted { open } => self.close(open, TokenKind::CloseQuote, 0),
                Mode::Heredoc { open, .. } => self.close(open, TokenKind::CloseHeredoc, 0),
                Mode::Hole { open, .. } => self.close(open, TokenKind::CloseHole, 0),
            }
        }
    }

    fn skip_comment(&mut self, end: usize) {
        self.comments.push(Comment {
            start: offset(self.at),
            end: offset(end),
        });
        self.at = end;
    }

    fn comment(&mut self) {
        let rest = self.rest();
        if let Some(length) = rest.get(2..).and_then(|inner| inner.find("*/")) {
            return self.skip_comment(self.at + length + 4);
        }
        self.error(
            codes::UNCLOSED_COMMENT,
            self.at,
            self.at + 2,
            "this comment is never closed",
        )
        .hint("end it with `*/`");
        self.push(TokenKind::Bad, next_header_line(self.text, self.at));
        self.end_of_lost_text();
    }

    fn invalid(&mut self, character: char) {
        let rest = self.rest();
        let mut length = character.len_utf8();
        let hint = match character {
            _ if QUOTES.contains(&character) => {
                // Up to the partner, so that the words between are not read as code.
                let line = rest
                    .get(length..self.line_end(self.at) - self.at)
                    .unwrap_or_default();
                if let Some(found) = line.find(QUOTES) {
                    let partner = line
                        .get(found..)
                        .and_then(|rest| rest.chars().next())
                        .map_or(1, char::len_utf8);
                    length += found + partner;
                }
                let words = "write strings in double quotes: `\"text\"`";
                let inside = line.find(QUOTES).and_then(|end| line.get(..end));
                let is_plain = |inside: &&str| !inside.contains(['"', '\\', '{']);
                Some(match inside.filter(is_plain) {
                    Some(inside) => Hint::write(format!("\"{inside}\"")).saying(words),
                    None => words.into(),
                })
            }
            '&' => Some(Hint::write("&&").saying("the operator for \"and\" is `&&`")),
            '|' => Some(Hint::write("||").saying("the operator for \"or\" is `||`")),
            ';' => Some("attributes are separated by line breaks".into()),
            '$' | '%' if rest.get(1..2) == Some("{") => Some(
                "`${ }` stands inside a string; outside one, write the expression alone".into(),
            ),
            '\\' => Some("an expression goes on over a line break inside `( )`".into()),
            _ => None,
        };
        let shown = if character == '`' {
            "a backtick has no meaning here".to_owned()
        } else if character.is_control() || character.is_whitespace() {
            format!(
                "the character U+{:04X} has no meaning here",
                u32::from(character)
            )
        } else {
            format!("the character `{character}` has no meaning here")
        };
        let problem = self.error(codes::INVALID_CHARACTER, self.at, self.at + length, shown);
        problem.advise(hint);
        self.push(TokenKind::Bad, self.at + length);
    }
}

fn number_length(rest: &str) -> usize {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut length = digits(rest);
    if let Some(fraction) = rest.get(length..).and_then(|rest| rest.strip_prefix('.')) {
        length += match digits(fraction) {
            0 => 0,
            count => count + 1,
        };
    }
    if let Some(exponent) = rest
        .get(length..)
        .and_then(|rest| rest.strip_prefix(['e', 'E']))
    {
        let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        length += match digits(unsigned) {
            0 => 0,
            count => 1 + exponent.len() - unsigned.len() + count,
        };
    }
    length
}

fn symbol_length(rest: &str) -> Option<usize> {
    if rest.starts_with("...") {
        return Some(3);
    }
    const TWO: [&str; 8] = ["==", "!=", ">=", "<=", "&&", "||", "=>", "::"];
    if TWO.iter().any(|symbol| rest.starts_with(symbol)) {
        return Some(2);
    }
    rest.starts_with([
        '.', ',', '*', '/', '%', '+', '-', '=', '<', '>', '!', '?', ':',
    ])
    .then_some(1)
}

/// Offsets are 32 bits: `source` refuses longer files.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
