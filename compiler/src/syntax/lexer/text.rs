//! Quoted strings and heredocs: their literals, holes and ends, and how reading goes on after one without an end.

use crate::diagnostics::{Hint, Problem, codes};

use super::{Lexer, Mode, offset};
use crate::source::Span;
use crate::syntax::token::{
    TokenKind, is_header_line, is_ident_continue, is_ident_start, next_header_line,
};

impl Lexer<'_, '_> {
    // Quoted strings.

    pub(super) fn quoted(&mut self, open: usize) {
        let start = self.at;
        let mut end = start;
        loop {
            let rest = self.text.get(end..).unwrap_or_default();
            let Some(first) = rest.chars().next() else {
                break;
            };
            match first {
                '"' | '\n' => break,
                '\r' if rest.starts_with("\r\n") => break,
                '$' | '%' if rest.starts_with("$${") || rest.starts_with("%%{") => end += 3,
                '$' | '%' if rest.starts_with("${") || rest.starts_with("%{") => break,
                '\\' => match escape_length(rest) {
                    Ok(length) => end += length,
                    Err((length, fault)) => {
                        self.literal(end);
                        const KNOWN: &str = "known are `\\n`, `\\r`, `\\t`, `\\\"`, `\\\\`, `\\uNNNN` and `\\UNNNNNNNN`";
                        let written = rest.get(1..length).unwrap_or_default();
                        let is_escape = written.starts_with(['u', 'U']) || written.is_empty();
                        let hint = match is_escape {
                            true => format!("{KNOWN}; a backslash itself is `\\\\`").into(),
                            false => Hint::write(format!("\\\\{written}")).saying(format!(
                                "a backslash itself is `\\\\`: write `\\\\{written}`; {KNOWN}"
                            )),
                        };
                        self.error(codes::INVALID_ESCAPE, end, end + length, fault)
                            .advise(Some(hint));
                        end += length;
                        self.push(TokenKind::Bad, end);
                        return;
                    }
                },
                _ => end += first.len_utf8(),
            }
        }
        self.literal(end);
        let rest = self.rest();
        if rest.starts_with('"') {
            self.modes.pop();
            self.close(open, TokenKind::CloseQuote, 1);
        } else if rest.starts_with(['$', '%']) {
            self.open_hole();
        } else if !rest.is_empty() {
            self.unclosed_string(open);
            // A string within a hole of a heredoc leaves the heredoc as it is.
            let heredoc = self.innermost_heredoc();
            self.close_modes(heredoc.map_or(0, |place| place + 1));
        }
    }

    fn literal(&mut self, end: usize) {
        if end > self.at {
            self.push(TokenKind::Literal, end);
        }
    }

    fn open_hole(&mut self) {
        let rest = self.rest();
        let kind = if rest.starts_with('$') {
            TokenKind::OpenHole
        } else {
            TokenKind::OpenDirective
        };
        let length = if rest.get(2..3) == Some("~") { 3 } else { 2 };
        self.modes.push(Mode::Hole {
            open: self.tokens.len(),
            braces: 0,
        });
        self.push(kind, self.at + length);
    }

    pub(super) fn unclosed_string(&mut self, open: usize) {
        // `"a ${b"`: the quote that was meant as the end began a string inside the hole.
        if let [
            ..,
            Mode::Quoted { .. },
            Mode::Hole {
                open: hole,
                braces: 0,
            },
            Mode::Quoted { open: quote },
        ] = self.modes.as_slice()
        {
            let (hole, quote) = (*hole, *quote);
            // What stands behind that quote is code again: the ends of lists and blocks.
            let end = self
                .tokens
                .get(quote)
                .map_or(self.at, |token| token.end as usize);
            self.modes.pop();
            self.tokens.truncate(quote);
            self.at = end;
            return self.unclosed_hole(hole);
        }
        if let Some(hole) = self.hole_closed_by_a_block(open) {
            return self.reread_hole(hole);
        }
        let start = self
            .tokens
            .get(open)
            .map_or(0, |token| token.start as usize);
        let end = self.line_end(start);
        self.push(TokenKind::Bad, self.at);
        // The end of a string over several lines, whose first line is reported, looks like the start of another.
        let is_end = self
            .text
            .get(start + 1..end)
            .is_some_and(|rest| rest.trim().is_empty());
        if !std::mem::replace(&mut self.string_reported, true) || !is_end {
            self.error(codes::UNCLOSED_STRING, start, end, "this string is not closed on its line")
                .hint("end it with `\"`; a line break is written `\\n`, and a heredoc (`<<EOT`) has several lines");
        }
    }

    /// The hole of an unclosed string that began on an earlier line and took the brace of a block as its own: one that
    /// stands alone on its line.
    fn hole_closed_by_a_block(&self, open: usize) -> Option<usize> {
        let holes = |index: &usize| matches!(self.tokens.get(*index), Some(token) if token.kind == TokenKind::OpenHole);
        let hole = (open..self.tokens.len()).rev().find(holes)?;
        let close = self.tokens.get(self.tokens.get(hole)?.partner as usize)?;
        let line = self.text.get(..close.start as usize)?.rfind('\n')? + 1;
        let alone = self.text.get(line..self.line_end(line))?.trim() == "}";
        let open = self.tokens.get(hole)?;
        let later = open.start < u32::try_from(line).ok()?;
        // Nothing on the line of `${` is how a hole over several lines is written.
        let begun = self
            .text
            .get(open.end as usize..self.line_end(open.end as usize))?;
        (alone && later && !begun.trim().is_empty()).then_some(hole)
    }

    /// Reports a hole as never closed and goes back to the end of its line.
    fn reread_hole(&mut self, hole: usize) {
        let start = self
            .tokens
            .get(hole)
            .map_or(0, |token| token.start as usize);
        let end = self.line_end(start);
        self.tokens.truncate(hole + 1);
        self.at = end;
        // The mode was taken off when the brace was read.
        self.modes.push(Mode::Hole {
            open: hole,
            braces: 0,
        });
        self.unclosed_hole(hole);
    }

    pub(super) fn unclosed_hole(&mut self, open: usize) {
        let (start, end) = self
            .tokens
            .get(open)
            .map_or((0, 0), |token| (token.start as usize, token.end as usize));
        // What was read as code behind it was none.
        let within = |problem: &Problem| {
            problem
                .span
                .is_some_and(|span| span.file == self.file && span.start as usize >= start)
        };
        while self.problems.list.last().is_some_and(within) {
            self.problems.list.pop();
        }
        let opener = self.text.get(start..end).unwrap_or_default();
        let text = format!("missing `}}`: this `{opener}` is never closed");
        let literal = if opener.starts_with('$') {
            "$${"
        } else {
            "%%{"
        };
        self.error(codes::UNCLOSED_BRACKET, start, end, text)
            .hint(format!("a literal `{opener}` is written `{literal}`"));
        self.push(TokenKind::Bad, self.at);
    }

    // Heredocs.

    /// Where the innermost open heredoc stands among the modes.
    fn innermost_heredoc(&self) -> Option<usize> {
        let mut modes = self.modes.iter();
        modes.rposition(|mode| matches!(mode, Mode::Heredoc { .. }))
    }

    /// A line that ends the heredoc around a hole: the hole was never closed.
    pub(super) fn end_hole_of_heredoc(&mut self) {
        let around = self.innermost_heredoc();
        let Some((place, Mode::Heredoc { name, .. })) =
            around.and_then(|place| Some((place, self.modes.get(place)?)))
        else {
            return;
        };
        let line = self.text.get(self.at..self.line_end(self.at));
        if line.is_none_or(|line| line.trim() != *name) {
            return;
        }
        if let Some(Mode::Hole { open, .. }) = self.modes.get(place + 1) {
            self.unclosed_hole(*open);
        }
        self.close_modes(place + 1);
    }

    /// The line, up to the next block, that would end a heredoc if nothing stood behind its word: `EOT;`.
    fn nearly_ends(&self, body: usize, name: &str) -> Option<Span> {
        let mut at = body;
        let upto = next_header_line(self.text, body);
        for line in self.text.get(body..upto)?.split_inclusive('\n') {
            let text = line.trim_start();
            let start = at + line.len() - text.len();
            at += line.len();
            let behind = text.trim_end().strip_prefix(name);
            if behind
                .is_some_and(|behind| !behind.is_empty() && !behind.starts_with(is_ident_continue))
            {
                return Some(Span {
                    file: self.file,
                    start: offset(start),
                    end: offset(start + text.trim_end().len()),
                });
            }
        }
        None
    }

    pub(super) fn open_heredoc(&mut self) {
        let rest = self.rest();
        let intro = if rest.starts_with("<<-") { 3 } else { 2 };
        let after = rest.get(intro..).unwrap_or_default();
        if !after.starts_with(is_ident_start) {
            return self.push(TokenKind::Symbol, self.at + 1);
        }
        let length = after
            .find(|character: char| !is_ident_continue(character))
            .unwrap_or(after.len());
        let name = after.get(..length).unwrap_or_default();
        let end = self.at + intro + length;
        let line_end = self.line_end(end);
        let body = self
            .text
            .get(end..)
            .and_then(|rest| rest.find('\n'))
            .map_or(self.text.len(), |found| end + found + 1);
        let ends = heredoc_ends(self.text.get(body..).unwrap_or_default(), name);
        if line_end > end {
            self.error(
                codes::UNEXPECTED_TOKEN,
                end,
                line_end,
                format!("expected the end of the line after `<<{name}`"),
            )
            .hint("the text of a heredoc begins on the next line");
            // The lines up to its end are no code all the same.
            if !ends {
                return self.push(TokenKind::Bad, line_end);
            }
        }
        if !ends {
            let near = self.nearly_ends(body, name);
            let problem = self.error(
                codes::UNCLOSED_HEREDOC,
                self.at,
                end,
                format!("this heredoc is never closed by a line `{name}`"),
            );
            problem.hint(format!(
                "end it with a line that holds `{name}` and nothing else"
            ));
            if let Some(near) = near {
                problem.label(near, format!("this line holds more than `{name}`"));
            }
            self.push(TokenKind::Bad, end);
            // What follows is text, up to the next block.
            self.at = next_header_line(self.text, end);
            return self.end_of_lost_text();
        }
        self.modes.push(Mode::Heredoc {
            open: self.tokens.len(),
            name,
        });
        self.push(TokenKind::OpenHeredoc, body);
    }

    pub(super) fn heredoc(&mut self, name: &str) {
        let before = self.text.as_bytes().get(self.at.wrapping_sub(1));
        let end = self.line_end(self.at);
        if before == Some(&b'\n')
            && self
                .text
                .get(self.at..end)
                .is_some_and(|line| line.trim() == name)
        {
            if let Some(Mode::Heredoc { open, .. }) = self.modes.pop() {
                self.close(open, TokenKind::CloseHeredoc, end - self.at);
            }
            return;
        }
        let mut end = self.at;
        loop {
            let rest = self.text.get(end..).unwrap_or_default();
            let Some(first) = rest.chars().next() else {
                break;
            };
            match first {
                '$' | '%' if rest.starts_with("$${") || rest.starts_with("%%{") => end += 3,
                '$' | '%' if rest.starts_with("${") || rest.starts_with("%{") => break,
                _ => end += first.len_utf8(),
            }
            if first == '\n' {
                return self.literal(end);
            }
        }
        self.literal(end);
        if self.at < self.text.len() {
            self.open_hole();
        }
    }
}

/// Whether a line ends the heredoc, and no block that looks whole comes first: else the line belongs to another heredoc.
fn heredoc_ends(body: &str, name: &str) -> bool {
    let mut header_seen = false;
    for line in body.lines() {
        if line.trim() == name {
            return true;
        }
        header_seen |= is_header_line(line, 0);
        let reopened = ["<<", "<<-"]
            .iter()
            .any(|intro| line.trim_end().ends_with(&format!("{intro}{name}")));
        if header_seen && reopened {
            return false;
        }
    }
    false
}

/// Length of a valid escape, else of the invalid one with what is wrong.
fn escape_length(rest: &str) -> Result<usize, (usize, String)> {
    let Some(second) = rest
        .chars()
        .nth(1)
        .filter(|second| !matches!(second, '\n' | '\r'))
    else {
        return Err((1, "a backslash needs a character after it".to_owned()));
    };
    let digits = match second {
        'n' | 'r' | 't' | '"' | '\\' => return Ok(2),
        'u' => 4,
        'U' => 8,
        _ => return Err((1 + second.len_utf8(), format!("`\\{second}` is no escape"))),
    };
    let hex: String = rest
        .chars()
        .skip(2)
        .take(digits)
        .take_while(char::is_ascii_hexdigit)
        .collect();
    if hex.len() < digits {
        return Err((
            2 + hex.len(),
            format!("`\\{second}` needs {digits} hexadecimal digits"),
        ));
    }
    match u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32) {
        Some(_) => Ok(2 + digits),
        None => Err((2 + digits, format!("`\\{second}{hex}` is no character"))),
    }
}
