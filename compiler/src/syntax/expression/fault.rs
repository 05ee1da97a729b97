//! What is wrong with an expression, in words about what stands there.

use crate::diagnostics::{Hint, codes};
use crate::source::Span;

use super::reader::{Read, Reader, Within};
use crate::syntax::decl::ExprKind;
use crate::syntax::token::{TokenKind, is_identifier};
use crate::syntax::types;

impl Reader<'_, '_, '_> {
    /// Reports that an operand is missing before the next token.
    pub(super) fn missing_operand(&mut self) -> Read {
        let text = match self.before() {
            Some(_) => format!(
                "expected an expression after {}, found {}",
                self.described_before(),
                self.found()
            ),
            None => format!("expected an expression, found {}", self.found()),
        };
        self.report(text);
        self.absent()
    }

    /// Reports that this symbol is missing before the next token, and with it the expression behind it.
    pub(super) fn missing_symbol(&mut self, symbol: &str) -> Read {
        self.next();
        let text = self.missing_behind(&format!("`{symbol}`"));
        let whole = (symbol == ":").then(|| "a conditional is `CONDITION ? VALUE : OTHER`".into());
        self.report_with(text, whole);
        self.absent()
    }

    pub(super) fn report_symbol(&mut self, symbol: &str) {
        self.next();
        self.report_missing(&format!("`{symbol}`"));
    }

    /// Reports that a name is missing behind a word or `::`.
    pub(super) fn report_name(&mut self) {
        self.next();
        let (before, found) = (self.described_before(), self.found());
        self.report(format!("expected a name after {before}, found {found}"));
    }

    /// Reports that what a `.` reads is missing.
    pub(super) fn report_field(&mut self) {
        let found = self.found();
        self.report(format!("expected a name after `.`, found {found}"));
    }

    /// Reports that a key is missing.
    pub(super) fn report_key(&mut self) {
        let (before, found) = (self.described_before(), self.found());
        self.report(format!(
            "expected a key or `}}` after {before}, found {found}"
        ));
    }

    /// Reports that a comma is missing at the end of the line before the next token, which is right.
    pub(super) fn report_comma(&mut self) {
        let next = self.at;
        if let Some(before) = self.before() {
            self.at = before + 1;
        }
        self.report_misfit();
        self.at = next;
    }

    /// Reports that the next token does not go on with what was read.
    pub(super) fn report_separator(&mut self) {
        self.next();
        // Whatever stands behind a bracket that is missing does not fit.
        if self.parser.brackets_reported {
            self.state.faulty = true;
            return;
        }
        self.report_misfit();
    }

    fn report_misfit(&mut self) {
        if let Some(end) = self.exponent_without_digits() {
            self.state.faulty |= self.is_told();
            if !std::mem::replace(&mut self.state.faulty, true) {
                let text = "expected digits in the exponent of the number";
                let problems = &mut self.parser.problems;
                problems.error(codes::UNEXPECTED_TOKEN, end, text);
            }
            return;
        }
        let expected = match self.state.within {
            Within::Nothing => "the end of the expression",
            Within::Call if self.is_expanded() => "`)`",
            Within::Group => "`)`",
            Within::Index => "`]`",
            Within::List | Within::ForList => "`,` or `]`",
            Within::Call => "`,` or `)`",
            Within::Object => "`,`, a new line or `}`",
            Within::ForObject => "`}`",
        };
        self.report_missing(expected);
    }

    /// Reports that something is missing behind the token before.
    fn report_missing(&mut self, expected: &str) {
        let text = self.missing_behind(expected);
        self.report(text);
    }

    fn missing_behind(&self, expected: &str) -> String {
        let (before, found) = (self.described_before(), self.found());
        format!("expected {expected} after {before}, found {found}")
    }

    /// Whether `...` is before the next token.
    fn is_expanded(&self) -> bool {
        self.before()
            .is_some_and(|before| self.parser.tokens.is_symbol(before, "..."))
    }

    /// Where digits are missing in `1e`: there the letter is a word behind the number.
    fn exponent_without_digits(&self) -> Option<Span> {
        let number = self.at.checked_sub(1)?;
        let tokens = self.parser.tokens;
        let is_exponent = self.kind() == TokenKind::Ident
            && self.touches_before()
            && tokens.kind(number) == TokenKind::Number
            && matches!(tokens.text(self.at), "e" | "E" | "e-" | "E-");
        let end = self.token_span(self.at).end;
        let span = Span {
            start: end,
            ..self.token_span(self.at)
        };
        is_exponent.then_some(span)
    }

    /// Nothing, where something is missing that is reported.
    pub(super) fn absent(&mut self) -> Read {
        let span = match self.before() {
            Some(before) => self.behind(before),
            None => {
                let token = self.token_span(self.at);
                Span {
                    end: token.start,
                    ..token
                }
            }
        };
        self.leaf(span, ExprKind::Error)
    }

    /// An expression with something behind it that does not belong there: it is not what was meant.
    pub(super) fn misread(&mut self, read: Read) -> Read {
        if matches!(read.expr.kind, ExprKind::Error) {
            return read;
        }
        let Read {
            expr,
            outer,
            height,
        } = read;
        let kind = ExprKind::Unfinished(Box::new(expr));
        Read {
            outer,
            ..self.node(outer, kind, height)
        }
    }

    /// A word alone beside an operator of which the other operand is missing may have been meant as anything.
    pub(super) fn word_beside(&mut self, read: Read, other: &Read) -> Read {
        let missing = matches!(other.expr.kind, ExprKind::Error);
        match read.expr.kind {
            ExprKind::Root(_) if missing => self.misread(read),
            _ => read,
        }
    }

    /// Whether what does not fit here is reported already, by the lexer or the cutter.
    fn is_told(&self) -> bool {
        let kind = self.kind();
        let at_end = kind == TokenKind::End || kind.closes_bracket();
        kind == TokenKind::Bad || self.parser.brackets_reported && at_end
    }

    /// Reports the fault at the next token, unless the item has one already.
    fn report(&mut self, text: String) {
        self.report_with(text, None);
    }

    /// The same with a hint where what stands there gives none.
    fn report_with(&mut self, text: String, fallback: Option<Hint>) {
        let told = self.is_told();
        if std::mem::replace(&mut self.state.faulty, true) || told {
            return;
        }
        let span = match (self.kind(), self.before()) {
            // Behind the last token, where something is missing.
            (TokenKind::Newline | TokenKind::End, Some(before)) => self.behind(before),
            _ => self.token_span(self.at),
        };
        let hint = self.hint().or(fallback);
        let problem = self
            .parser
            .problems
            .error(codes::UNEXPECTED_TOKEN, span, text);
        problem.advise(hint);
    }

    fn behind(&self, token: usize) -> Span {
        let span = self.token_span(token);
        Span {
            start: span.end,
            ..span
        }
    }

    /// The next token in a message.
    fn found(&self) -> String {
        let tokens = self.parser.tokens;
        if self.at < self.range.end {
            return tokens.describe(self.at);
        }
        match tokens.kind(self.range.end) {
            TokenKind::CloseHole | TokenKind::CloseBrace => "`}`".to_owned(),
            _ => tokens.describe(self.range.end),
        }
    }

    /// The token before in a message.
    fn described_before(&self) -> String {
        let tokens = self.parser.tokens;
        match self.before() {
            Some(index)
                if matches!(
                    tokens.kind(index),
                    TokenKind::CloseQuote | TokenKind::CloseHeredoc
                ) =>
            {
                "the string".to_owned()
            }
            Some(index) => tokens.describe(index),
            None => "this".to_owned(),
        }
    }

    /// Whether nothing stands between the next token and the one before it.
    fn touches_before(&self) -> bool {
        let tokens = self.parser.tokens;
        let before = self.at.checked_sub(1).map(|before| tokens.at(before).end);
        before == Some(tokens.at(self.at).start)
    }

    /// Whether an operand may end with the token before.
    fn ends_operand(&self) -> bool {
        let tokens = self.parser.tokens;
        self.before().is_some_and(|before| {
            let kind = tokens.kind(before);
            let word = matches!(tokens.text(before), "in" | "if");
            kind != TokenKind::Symbol && !kind.opens_bracket() && !word
        })
    }

    /// What to write instead, where that is known.
    fn hint(&self) -> Option<Hint> {
        let tokens = self.parser.tokens;
        let text = |index: usize| tokens.text(index);
        let found = match self.at < self.range.end {
            true => text(self.at),
            false => "",
        };
        let before = self.before();
        let last = before.map(text).unwrap_or_default();
        if let Some(before) = before.filter(|_| self.touches_before()) {
            match (tokens.kind(before), self.kind()) {
                (TokenKind::Number, TokenKind::Ident) => {
                    let both = self.token_span(before).to(self.token_span(self.at));
                    return number_and_letters(last, found).map(|hint| hint.at(both));
                }
                (TokenKind::CloseQuote, TokenKind::Ident | TokenKind::Number) => {
                    return Some("a quote within a string is written `\\\"`".into());
                }
                _ => {}
            }
        }
        let within = self.state.within;
        let special = self.method().or_else(|| self.percent());
        if let Some(hint) = special.or_else(|| self.sign_elsewhere()) {
            return Some(hint);
        }
        // What stands in place of the next token, or of the one before.
        let written = match (last, found) {
            ("for", "=" | ":") if within == Within::ForObject => {
                before.map(|before| Hint::write("\"for\"").at(self.token_span(before)))
            }
            (_, "=>") if within == Within::Object => Some(Hint::write("=")),
            (_, "and") => Some(Hint::write("&&")),
            (_, "or") => Some(Hint::write("||")),
            _ => None,
        };
        let hint = match (last, found) {
            ("if", _) if within != Within::ForList && within != Within::ForObject => {
                "a value by condition is written `CONDITION ? VALUE : OTHER`"
            }
            ("for", "=" | ":") if within == Within::ForObject => {
                "a key that is the word `for` stands in quotes: `\"for\" = ..`"
            }
            (_, "=>") if within == Within::ForList => {
                "a `for` that makes keys stands in braces: `{ for .. : KEY => VALUE }`"
            }
            (_, "=>") => "a key of an object is followed by `=`; `=>` is used only in a `for`",
            (_, "}") if within == Within::ForObject && self.ends_operand() => {
                "in braces a `for` makes keys: `KEY => VALUE`; a list is `[for .. : VALUE]`"
            }
            (_, ":" | "::" | "=") if within == Within::Object => return self.quoted_key(),
            _ if within == Within::Object && self.is_key_of_words() => {
                let both =
                    before.map(|before| self.token_span(before).to(self.token_span(self.at)))?;
                let key = format!("\"{last} {found}\"");
                let words = format!("a key of several words stands in quotes: `{key}`");
                return Some(Hint::write(key).saying(words).at(both));
            }
            (_, "=") => "two values are compared with `==`",
            (_, ",") if within == Within::Nothing && self.written == 0 => {
                let words = "attributes are separated by line breaks; write a list in `[ ]`";
                let at_end = self.at + 1 == self.range.end;
                return Some(match at_end {
                    true => Hint::write("").saying(words),
                    false => words.into(),
                });
            }
            ("and" | "or" | "not", _) | (_, "and" | "or" | "not") => {
                "the logical operators are `&&`, `||` and `!`"
            }
            ("+", "+") | ("-", "-") => "there is no increment: every value is fixed",
            (_, "..") => "a range of numbers is `range(from, to)`",
            _ => return None,
        };
        Some(match written {
            Some(written) => written.saying(hint),
            None => hint.into(),
        })
    }

    /// Whether two words stand before `=`, where an object has one key.
    fn is_key_of_words(&self) -> bool {
        let tokens = self.parser.tokens;
        let is_word = |index: usize| tokens.kind(index) == TokenKind::Ident;
        let same_line = self.at.checked_sub(1) == self.before();
        same_line
            && self.before().is_some_and(is_word)
            && self.kind() == TokenKind::Ident
            && self.at + 1 < self.range.end
            && tokens.is_symbol(self.at + 1, "=")
    }

    /// `text.upper()`, `p(95)`: values have no methods, and a percentile is a name.
    fn method(&self) -> Option<Hint> {
        let tokens = self.parser.tokens;
        let name_at = self.before()?;
        let dot = name_at.checked_sub(1)?;
        let is_method = self.kind() == TokenKind::OpenParen
            && self.touches_before()
            && tokens.kind(name_at) == TokenKind::Ident
            && tokens.is_symbol(dot, ".");
        if !is_method {
            return None;
        }
        let name = tokens.text(name_at);
        let close = tokens
            .closing(self.at)
            .min(self.range.end.saturating_sub(1));
        let inner = tokens.at(self.at).end as usize..tokens.at(close).start as usize;
        let argument = tokens.text.get(inner).unwrap_or_default().trim();
        let whole = self.token_span(name_at).to(self.token_span(close));
        let digits = argument.replace('.', "_");
        if name == "p"
            && digits.starts_with(|one: char| one.is_ascii_digit())
            && digits
                .bytes()
                .all(|byte| byte == b'_' || byte.is_ascii_digit())
        {
            return Some(Hint::write(format!("p{digits}")).at(whole));
        }
        let path = argument.trim_matches('"');
        let is_path = !path.is_empty() && path.split('.').all(is_identifier);
        if name == "json" && argument.starts_with('"') && is_path {
            return Some(Hint::write(format!("json.{path}")).at(whole));
        }
        Some(match argument {
            "" => format!("values have no methods: a function takes the value, as in `{name}(..)`"),
            _ => format!("values have no methods: a function takes all values, as in `{name}(.., {argument})`"),
        }
        .into())
    }

    /// Operators that are written otherwise: `<>`, `not x`; and the arm that a conditional lacks.
    fn sign_elsewhere(&self) -> Option<Hint> {
        let tokens = self.parser.tokens;
        let last = self.before()?;
        let both = self.token_span(last).to(self.token_span(self.at));
        if tokens.is_symbol(last, "<") && tokens.is_symbol(self.at, ">") && self.touches_before() {
            return Some(Hint::write("!=").at(both));
        }
        if tokens.kind(last) == TokenKind::OpenBracket && self.kind() == TokenKind::CloseBracket {
            let of = last.checked_sub(1)?;
            let name = tokens.text(of);
            let is_plain = !["list", "set", "map", "object", "tuple"].contains(&name);
            let is_type = self.written == 1 && is_plain && types::NAMES.contains(&name);
            return is_type.then(|| {
                let whole = self.token_span(of).to(self.token_span(self.at));
                Hint::write(format!("list({name})")).at(whole)
            });
        }
        if tokens.kind(last) == TokenKind::Ident
            && tokens.text(last) == "not"
            && self.kind() == TokenKind::Ident
        {
            let (not, found) = (self.token_span(last), self.token_span(self.at));
            let place = Span {
                end: found.start,
                ..not
            };
            return Some(Hint::write("!").saying("`not` is written `!`").at(place));
        }
        None
    }

    /// `< 1%`: a share is a text.
    fn percent(&self) -> Option<Hint> {
        let tokens = self.parser.tokens;
        let sign = self.before()?;
        let number = sign.checked_sub(1)?;
        let is_share = tokens.is_symbol(sign, "%")
            && tokens.kind(number) == TokenKind::Number
            && tokens.at(number).end == tokens.at(sign).start;
        if !is_share {
            return None;
        }
        let written = format!("\"{}%\"", tokens.text(number));
        let words = format!("a share is written in quotes: `{written}`");
        let place = self.token_span(number).to(self.token_span(sign));
        Some(Hint::write(written).saying(words).at(place))
    }

    /// `tag:v = 1`: a key of more than letters stands in quotes.
    fn quoted_key(&self) -> Option<Hint> {
        let tokens = self.parser.tokens;
        let is_end = |index: &usize| {
            tokens.kind(*index) == TokenKind::Newline
                || ["=", ","].iter().any(|end| tokens.is_symbol(*index, end))
        };
        let begin = (self.range.start..self.at)
            .rev()
            .find(|index| is_end(index) || tokens.kind(*index) == TokenKind::OpenBrace)
            .map_or(self.range.start, |index| index + 1);
        let end = (self.at..self.range.end).find(is_end)?;
        let bytes = tokens.at(begin).start as usize..tokens.at(end).start as usize;
        let key = tokens.text.get(bytes)?.trim();
        let plain = key.contains(':') && !key.contains(['"', ' ', '{', '(']);
        let plain = plain && tokens.is_symbol(end, "=");
        let start = tokens.at(begin).start;
        let place = Span {
            start,
            end: start + u32::try_from(key.len()).ok()?,
            ..self.token_span(begin)
        };
        plain.then(|| {
            let words = format!("write `\"{key}\"`: write such a key in quotes");
            Hint::write(format!("\"{key}\"")).saying(words).at(place)
        })
    }
}

/// What to write for a number with letters at its end: `10ms`, `1_000`, `0xff`.
fn number_and_letters(number: &str, letters: &str) -> Option<Hint> {
    let digits = letters.replace('_', "");
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let written = format!("{number}{digits}");
        let words = format!("write `{written}`: a number has digits only");
        return Some(Hint::write(written).saying(words));
    }
    if letters.chars().all(char::is_alphabetic) {
        let written = format!("\"{number}{letters}\"");
        let words = format!("write a duration or size in quotes: `{written}`");
        return Some(Hint::write(written).saying(words));
    }
    let radix = match letters.get(..1)? {
        "x" | "X" if number == "0" => 16,
        "o" | "O" if number == "0" => 8,
        "b" | "B" if number == "0" => 2,
        _ => return None,
    };
    let value = u64::from_str_radix(digits.get(1..)?, radix).ok()?;
    let words = format!("write `{value}`: a number is decimal");
    Some(Hint::write(value.to_string()).saying(words))
}
