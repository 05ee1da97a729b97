//! What is wrong with an expression, in words about what stands there: hcl-edit only says which characters it expected.

use std::ops::Range;

use hcl_edit::parser::Error;

use crate::diagnostics::{Problems, codes};
use crate::source::{FileId, Span};

use super::mask_for_parser::too_deep;
use super::token::{TokenKind, Tokens};

/// Reports hcl-edit's error about the tokens of `range`, whose masked text is `text`.
pub(super) fn explain_syntax_error(
    file: FileId,
    tokens: &Tokens<'_>,
    range: &Range<usize>,
    text: &str,
    error: &Error,
    problems: &mut Problems,
) {
    let message = error.message();
    let start = tokens.at(range.start).start;
    let byte = start + u32::try_from(error.location().offset()).unwrap_or(0);
    let mut found = range
        .clone()
        .find(|index| tokens.at(*index).end > byte)
        .unwrap_or(range.end);
    if is_at_end(error, text) {
        found = range.end;
    } else if message.contains("object value assignment") {
        // hcl-edit has gone past the character.
        found = found.saturating_sub(1).max(range.start);
    } else if tokens.is_symbol(found, ".")
        || found > range.start && is_operator(tokens, found) && is_operand(tokens, found - 1)
    {
        // hcl-edit goes back to the operator when nothing follows that it could stand before.
        found += 1;
    }
    while found < range.end
        && tokens.kind(found) == TokenKind::Newline
        && is_operator(tokens, found - 1)
    {
        found += 1;
    }
    let token = tokens.at(found);
    let mut span = Span {
        file,
        start: token.start,
        end: token.end,
    };
    if found >= range.end || token.kind == TokenKind::Newline {
        // Behind the last token, where something is missing.
        let last = tokens.at(found.saturating_sub(1).max(range.start));
        span = Span {
            file,
            start: last.end,
            end: last.end,
        };
    }
    if is_of_bounds(error) {
        return too_deep(problems, span);
    }
    if message.contains("redefined object key") {
        let key = |index: usize| Span {
            file,
            start: tokens.at(index).start,
            end: tokens.at(key_end(tokens, index)).end,
        };
        let written = |index: usize| {
            let span = key(index);
            let text = tokens.text.get(span.start as usize..span.end as usize);
            text.unwrap_or_default()
        };
        let text = format!("the key `{}` stands twice in this object", written(found));
        let problem = problems.error(codes::DUPLICATE_KEY, key(found), text);
        let mut before = (range.start..found).rev();
        let same = |index: &usize| is_key(tokens, *index) && written(*index) == written(found);
        if let Some(first) = before.find(same) {
            problem.label(key(first), "first here");
        }
        return;
    }
    let around = Around {
        tokens,
        range,
        found,
    };
    let problem = problems.error(codes::UNEXPECTED_TOKEN, span, around.text(message));
    if let Some(hint) = around.hint() {
        problem.hint(hint);
    }
}

/// Whether hcl-edit refused a text for its bounds: 64 levels, 128 operators.
pub(super) fn is_of_bounds(error: &Error) -> bool {
    let message = error.message();
    message.contains("nesting depth") || message.contains("chained binary operators")
}

/// Whether the text ends where something is missing: at the end, hcl-edit's offset is that of the last byte.
fn is_at_end(error: &Error, text: &str) -> bool {
    let offset = error.location().offset();
    let line = text
        .get(..offset)
        .map_or(0, |before| before.rfind('\n').map_or(0, |at| at + 1));
    let column = text
        .get(line..offset)
        .map_or(0, |before| before.chars().count())
        + 1;
    offset + 1 == text.len() && error.location().column() > column
}

/// Whether the token is an operator of two operands.
fn is_operator(tokens: &Tokens<'_>, index: usize) -> bool {
    const OPERATORS: &[&str] = &[
        "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "?",
    ];
    tokens.kind(index) == TokenKind::Symbol && OPERATORS.contains(&tokens.text(index))
}

/// Whether an operand may end with the token.
fn is_operand(tokens: &Tokens<'_>, index: usize) -> bool {
    use TokenKind::{
        CloseBrace, CloseBracket, CloseHeredoc, CloseParen, CloseQuote, Ident, Number,
    };
    matches!(
        tokens.kind(index),
        Ident | Number | CloseBrace | CloseBracket | CloseParen | CloseQuote | CloseHeredoc
    )
}

fn is_key(tokens: &Tokens<'_>, index: usize) -> bool {
    let behind = key_end(tokens, index) + 1;
    tokens.is_symbol(behind, "=") || tokens.is_symbol(behind, ":")
}

/// The last token of a key that begins here: a name, a string, or `(..)`.
fn key_end(tokens: &Tokens<'_>, index: usize) -> usize {
    if tokens.kind(index) != TokenKind::OpenParen {
        return tokens.at(index).partner as usize;
    }
    let mut depth = 0_usize;
    for at in index..tokens.list.len() {
        match tokens.kind(at) {
            TokenKind::OpenParen => depth += 1,
            TokenKind::CloseParen => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    index
}

struct Around<'a> {
    tokens: &'a Tokens<'a>,
    range: &'a Range<usize>,
    /// The token that does not fit.
    found: usize,
}

impl Around<'_> {
    fn text(&self, message: &str) -> String {
        let found = if self.found >= self.range.end {
            self.end()
        } else {
            self.tokens.describe(self.found)
        };
        if message.contains("object value assignment") {
            return format!("expected `=` after {}, found {found}", self.before());
        }
        if message.contains("traversal operator") {
            return format!("expected a name, a number or `*` after `.`, found {found}");
        }
        if message.contains("expected digit") {
            return "expected digits in the exponent of the number".to_owned();
        }
        if self
            .previous()
            .is_some_and(|index| self.tokens.is_symbol(index, "."))
        {
            return format!("expected a name after `.`, found {found}");
        }
        if self.before_wants_operand() {
            return format!(
                "expected an expression after {}, found {found}",
                self.before()
            );
        }
        if let Some(word) = ["in", ":", "=>"]
            .iter()
            .find(|word| message == format!("expected `{word}`"))
        {
            return format!("expected `{word}` after {}, found {found}", self.before());
        }
        match self.innermost() {
            Some(TokenKind::OpenBracket) => {
                format!("expected `,` or `]` after {}, found {found}", self.before())
            }
            Some(TokenKind::OpenParen) => {
                format!("expected `,` or `)` after {}, found {found}", self.before())
            }
            Some(TokenKind::OpenBrace) => format!(
                "expected `,`, a new line or `}}` after {}, found {found}",
                self.before()
            ),
            _ if self.found == self.range.start => format!("expected an expression, found {found}"),
            _ => format!(
                "expected the end of the expression after {}, found {found}",
                self.before()
            ),
        }
    }

    fn hint(&self) -> Option<String> {
        let found = self.tokens.text(self.found);
        let before = self
            .previous()
            .map(|index| self.tokens.text(index))
            .unwrap_or_default();
        if let Some(previous) = self.previous()
            && self.tokens.at(previous).end == self.tokens.at(self.found).start
        {
            let after = (self.tokens.kind(previous), self.tokens.kind(self.found));
            match after {
                (TokenKind::Number, TokenKind::Ident) => {
                    return number_and_letters(before, found);
                }
                (TokenKind::CloseQuote, TokenKind::Ident | TokenKind::Number) => {
                    return Some("a quote within a string is written `\\\"`".to_owned());
                }
                _ => {}
            }
        }
        let hint = match (before, found) {
            ("if", _) => "a value by condition is written `CONDITION ? VALUE : OTHER`",
            (_, "=>") if self.is_for_in(TokenKind::OpenBracket) => {
                "a `for` that makes keys stands in braces: `{ for .. : KEY => VALUE }`"
            }
            (_, "=>") => "a key of an object is followed by `=`; `=>` is used only in a `for`",
            (_, "}") if self.is_for_in(TokenKind::OpenBrace) => {
                "in braces a `for` makes keys: `KEY => VALUE`; a list is `[for .. : VALUE]`"
            }
            (_, ":" | "::" | "=") if self.innermost() == Some(TokenKind::OpenBrace) => {
                return self.quoted_key();
            }
            (_, "=") if self.innermost() != Some(TokenKind::OpenBrace) => {
                "two values are compared with `==`"
            }
            (_, ",") if self.innermost().is_none() => {
                "attributes are separated by line breaks; write a list in `[ ]`"
            }
            ("and" | "or" | "not", _) | (_, "and" | "or" | "not") => {
                "the logical operators are `&&`, `||` and `!`"
            }
            ("+", "+") | ("-", "-") => "there is no increment: every value is fixed",
            (_, "..") => "a range of numbers is `range(from, to)`",
            ("/", "/") => return None,
            _ => return None,
        };
        Some(hint.to_owned())
    }

    /// `tag:v = 1`: a key of more than letters stands in quotes.
    fn quoted_key(&self) -> Option<String> {
        let is_end = |index: &usize| {
            self.tokens.kind(*index) == TokenKind::Newline
                || ["=", ","]
                    .iter()
                    .any(|end| self.tokens.is_symbol(*index, end))
        };
        let begin = (self.range.start..self.found)
            .rev()
            .find(|index| is_end(index) || self.tokens.kind(*index) == TokenKind::OpenBrace)
            .map_or(self.range.start, |index| index + 1);
        let end = (self.found..self.range.end).find(is_end)?;
        let text = self
            .tokens
            .text
            .get(self.tokens.at(begin).start as usize..self.tokens.at(end).start as usize)?;
        let key = text.trim();
        let plain = key.contains(':') && !key.contains(['"', ' ', '{', '(']);
        let plain = plain && self.tokens.is_symbol(end, "=");
        plain.then(|| format!("write `\"{key}\"`: write such a key in quotes"))
    }

    /// What ends the expression, in words.
    fn end(&self) -> String {
        match self.tokens.kind(self.range.end) {
            TokenKind::Newline => "the end of the line".to_owned(),
            TokenKind::CloseHole | TokenKind::CloseBrace => "`}`".to_owned(),
            TokenKind::End => "the end of the file".to_owned(),
            _ => self.tokens.describe(self.range.end),
        }
    }

    fn previous(&self) -> Option<usize> {
        let mut before = self.range.start..self.found.min(self.range.end);
        before.rfind(|index| self.tokens.kind(*index) != TokenKind::Newline)
    }

    fn before(&self) -> String {
        match self.previous() {
            Some(index)
                if matches!(
                    self.tokens.kind(index),
                    TokenKind::CloseQuote | TokenKind::CloseHeredoc
                ) =>
            {
                "the string".to_owned()
            }
            Some(index) => self.tokens.describe(index),
            None => "this".to_owned(),
        }
    }

    /// Whether the token before is an operator or opens a bracket, so that a value must follow.
    fn before_wants_operand(&self) -> bool {
        let Some(index) = self.previous() else {
            return false;
        };
        let text = self.tokens.text(index);
        match self.tokens.kind(index) {
            TokenKind::Symbol => text != "...",
            TokenKind::Ident => ["in", "if"].contains(&text) && self.innermost().is_some(),
            TokenKind::OpenParen | TokenKind::OpenBracket => true,
            _ => false,
        }
    }

    /// The bracket that is open where the fault is.
    fn innermost(&self) -> Option<TokenKind> {
        self.innermost_at().map(|index| self.tokens.kind(index))
    }

    /// Whether the bracket that is open where the fault is, is of this kind and has a `for` behind it.
    fn is_for_in(&self, bracket: TokenKind) -> bool {
        let open = self.innermost_at();
        let Some(open) = open.filter(|open| self.tokens.kind(*open) == bracket) else {
            return false;
        };
        let mut behind = open + 1..self.found.min(self.range.end);
        let first = behind.find(|index| self.tokens.kind(*index) != TokenKind::Newline);
        first.is_some_and(|index| {
            self.tokens.kind(index) == TokenKind::Ident && self.tokens.text(index) == "for"
        })
    }

    fn innermost_at(&self) -> Option<usize> {
        let mut open = Vec::new();
        for index in self.range.start..self.found.min(self.range.end) {
            match self.tokens.kind(index) {
                TokenKind::OpenHole | TokenKind::OpenDirective => open.push(index),
                kind if kind.opens_bracket() => open.push(index),
                kind if kind.closes_bracket() || kind == TokenKind::CloseHole => {
                    open.pop();
                }
                _ => {}
            }
        }
        open.pop()
    }
}

/// What to write for a number with letters at its end: `10ms`, `1_000`, `0xff`.
fn number_and_letters(number: &str, letters: &str) -> Option<String> {
    let digits = letters.replace('_', "");
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(format!(
            "write `{number}{digits}`: a number has digits only"
        ));
    }
    if letters.chars().all(char::is_alphabetic) {
        return Some(format!(
            "write a duration or size in quotes: `\"{number}{letters}\"`"
        ));
    }
    let radix = match letters.get(..1)? {
        "x" | "X" if number == "0" => 16,
        "o" | "O" if number == "0" => 8,
        "b" | "B" if number == "0" => 2,
        _ => return None,
    };
    let value = u64::from_str_radix(digits.get(1..)?, radix).ok()?;
    Some(format!("write `{value}`: a number is decimal"))
}
