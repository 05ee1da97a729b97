//! What can be seen of a statement without knowing SQL: how many there are, which parameters they have, and how the first begins. Quotes,
//! dollar quotes and comments are skipped.

use crate::postgres_query::Error as Kind;
use bggo_runtime::contract::{Fault, FaultText};

/// What is seen of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sql<'a> {
    /// How many statements it holds; empty ones do not count.
    pub(crate) statements: usize,
    /// The highest number of a parameter.
    pub(crate) parameters: usize,
    /// The first two words.
    words: [&'a str; 2],
}

/// One piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece<'a> {
    /// A space or a comment.
    Nothing,
    Semicolon,
    /// `$1`
    Parameter(usize),
    Word(&'a str),
    /// A quoted text, a number, a sign.
    Other,
}

/// Statements that only read, whatever functions they call. Of the others nobody knows.
const READS: [&str; 5] = ["SELECT", "VALUES", "TABLE", "SHOW", "EXPLAIN"];

impl<'a> Sql<'a> {
    pub(crate) fn read(text: &'a str) -> Self {
        let mut sql = Self {
            statements: 0,
            parameters: 0,
            words: [""; 2],
        };
        let mut rest = text;
        let mut is_inside = false;
        let mut pieces = 0;
        while !rest.is_empty() {
            let (piece, behind) = next(rest);
            rest = behind;
            match piece {
                Piece::Nothing => continue,
                Piece::Semicolon => {
                    is_inside = false;
                    continue;
                }
                Piece::Parameter(number) => sql.parameters = sql.parameters.max(number),
                Piece::Word(word) => {
                    if let Some(place) = sql.words.get_mut(pieces) {
                        *place = word;
                    }
                }
                Piece::Other => {}
            }
            pieces += 1;
            if !is_inside {
                is_inside = true;
                sql.statements += 1;
            }
        }
        sql
    }

    fn begins_with(&self, word: &str) -> bool {
        self.words[0].eq_ignore_ascii_case(word)
    }

    /// Whether it copies.
    pub(crate) fn is_copy(&self) -> bool {
        self.begins_with("COPY")
    }

    /// Whether it may write, as far as its first word says.
    pub(crate) fn writes(&self) -> bool {
        !READS.iter().any(|word| self.begins_with(word))
    }

    /// Whether it can be run as one prepared statement with so many parameters.
    ///
    /// # Errors
    /// It cannot, and why.
    pub(crate) fn check(&self, parameters: Option<usize>) -> Result<(), Fault> {
        let wrong = |text: &str| Err(Kind::Statement.fault(FaultText::plain(text)));
        match self.statements {
            0 => return wrong("there is no statement in it"),
            1 => {}
            count => {
                let text = format_args!(
                    "there are {count} statements in it, and one is run: use a step for each, or postgres_batch"
                );
                return Err(Kind::Statement.fault(FaultText::plain(text)));
            }
        }
        let begins = |words: &[&str]| words.iter().any(|word| self.begins_with(word));
        let to = self.words[1];
        if begins(&["BEGIN", "START"]) {
            return wrong("a transaction begins by a step of postgres_begin");
        }
        if begins(&["COMMIT", "END"]) || self.begins_with("PREPARE") && is(to, "TRANSACTION") {
            return wrong("a transaction is committed by a step of postgres_commit");
        }
        if begins(&["ABORT"]) || begins(&["ROLLBACK"]) && !is(to, "TO") {
            return wrong("a transaction is rolled back by a step of postgres_rollback");
        }
        if self.is_copy() {
            return wrong("rows are copied by steps of postgres_copy_in and postgres_copy_out");
        }
        match parameters {
            Some(given) if given != self.parameters => {
                let has = self.parameters;
                let text = format_args!("it has {has} parameters, and {given} are given");
                Err(Kind::Statement.fault(FaultText::plain(text)))
            }
            _ => Ok(()),
        }
    }
}

fn is(word: &str, expected: &str) -> bool {
    word.eq_ignore_ascii_case(expected)
}

/// The first piece of a text that is not empty, and what is behind it.
fn next(text: &str) -> (Piece<'_>, &str) {
    let mut letters = text.chars();
    let first = letters.next().unwrap_or(' ');
    let behind = letters.as_str();
    match first {
        ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c' => (Piece::Nothing, behind),
        '-' if behind.starts_with('-') => {
            let end = behind.find(['\n', '\r']).unwrap_or(behind.len());
            (Piece::Nothing, from(behind, end))
        }
        '/' if behind.starts_with('*') => (Piece::Nothing, behind_comment(behind)),
        ';' => (Piece::Semicolon, behind),
        '\'' => (Piece::Other, behind_quote(behind, '\'', Escapes::No)),
        '"' => (Piece::Other, behind_quote(behind, '"', Escapes::No)),
        'e' | 'E' if behind.starts_with('\'') => (
            Piece::Other,
            behind_quote(from(behind, 1), '\'', Escapes::Yes),
        ),
        '$' => dollar(text, behind),
        '0'..='9' => {
            let end = text
                .find(|letter: char| !is_inner(letter))
                .unwrap_or(text.len());
            (Piece::Other, from(text, end))
        }
        _ if is_first(first) => {
            let end = text
                .find(|letter: char| !is_inner(letter))
                .unwrap_or(text.len());
            (
                Piece::Word(text.get(..end).unwrap_or_default()),
                from(text, end),
            )
        }
        _ => (Piece::Other, behind),
    }
}

/// Whether a name begins so.
fn is_first(letter: char) -> bool {
    letter.is_ascii_alphabetic() || letter == '_' || !letter.is_ascii()
}

/// Whether a name goes on so. A dollar sign inside of a name is a part of it.
fn is_inner(letter: char) -> bool {
    is_first(letter) || letter.is_ascii_digit() || letter == '$'
}

fn from(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or_default()
}

/// Comments stand in each other.
fn behind_comment(mut text: &str) -> &str {
    let mut depth = 0_usize;
    loop {
        if let Some(rest) = text.strip_prefix("*/") {
            text = rest;
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return text;
            }
        } else if let Some(rest) = text.strip_prefix("/*") {
            text = rest;
            depth += 1;
        } else if depth == 0 {
            // The star of its beginning, whose slash was taken.
            text = from(text, 1);
            depth = 1;
        } else {
            let mut letters = text.chars();
            if letters.next().is_none() {
                return "";
            }
            text = letters.as_str();
        }
    }
}

/// Whether a backslash takes the next character with it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    No,
    Yes,
}

/// What is behind a quoted text. A quote that is doubled ends it and begins the next one, which is the same here.
fn behind_quote(text: &str, quote: char, escapes: Escapes) -> &str {
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == '\\' && escapes == Escapes::Yes {
            letters.next();
        } else if letter == quote {
            let behind = letters.as_str();
            match behind.strip_prefix(quote) {
                // With escapes the text goes on with escapes.
                Some(rest) => letters = rest.chars(),
                None => return behind,
            }
        }
    }
    ""
}

/// A parameter or a text in dollar quotes.
fn dollar<'a>(text: &'a str, behind: &'a str) -> (Piece<'a>, &'a str) {
    let digits = behind
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(behind.len());
    if let Some(number) = behind.get(..digits).and_then(|digits| digits.parse().ok()) {
        return (Piece::Parameter(number), from(behind, digits));
    }
    let end = behind.find(|letter: char| !is_first(letter) && !letter.is_ascii_digit());
    let end = end.filter(|end| from(behind, *end).starts_with('$'));
    let Some(end) = end else {
        return (Piece::Other, behind);
    };
    let tag = text.get(..end + 2).unwrap_or_default();
    let inside = from(text, end + 2);
    match inside.split_once(tag) {
        Some((_, rest)) => (Piece::Other, rest),
        None => (Piece::Other, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_and_parameters_are_counted_outside_of_quotes_and_comments() {
        for (text, statements, parameters) in [
            ("", 0, 0),
            (" ; -- nothing\n;/* $9 ; */", 0, 0),
            ("SELECT 1", 1, 0),
            ("SELECT $1, $2 + $1;", 1, 2),
            ("SELECT 1; SELECT $3", 2, 3),
            ("SELECT ';$1', \"a;$1\", $2", 1, 2),
            ("SELECT 'it''s;', E'\\';$1', $1", 1, 1),
            ("SELECT 'a\\', $1; SELECT 2", 2, 1),
            ("SELECT $$;$1$$, $tag$;$2$$$tag$, $3", 1, 3),
            ("SELECT a$1 FROM b", 1, 0),
            ("SELECT 1 /* a /* ; */ $1 */ + $2", 1, 2),
            ("SELECT 1 -- ; $1", 1, 0),
            ("SELECT 'not ended; $1", 1, 0),
            ("SELECT $a, $", 1, 0),
            ("SELECT 1 /* not ended ;", 1, 0),
            ("SELECT 1$1", 1, 0),
            ("SELECT 'é', ü, $1 /* ü */", 1, 1),
            ("$$", 1, 0),
            ("/", 1, 0),
            ("/*", 0, 0),
            ("/*/ ; */ SELECT 1", 1, 0),
        ] {
            let sql = Sql::read(text);
            assert_eq!(
                (sql.statements, sql.parameters),
                (statements, parameters),
                "{text}"
            );
        }
    }

    #[test]
    fn what_belongs_to_another_runner_is_refused() {
        for (text, part) in [
            ("begin", "postgres_begin"),
            ("START TRANSACTION", "postgres_begin"),
            ("/* a */ Commit", "postgres_commit"),
            ("END", "postgres_commit"),
            ("ROLLBACK", "postgres_rollback"),
            ("ABORT", "postgres_rollback"),
            ("COPY a FROM STDIN", "postgres_copy_in"),
            ("SELECT 1; SELECT 2", "2 statements"),
            ("--", "no statement"),
        ] {
            let fault = Sql::read(text).check(None).unwrap_err();
            assert_eq!(fault.kind(), "statement");
            assert!(fault.text().contains(part), "{text}: {}", fault.text());
        }
        for text in [
            "SAVEPOINT a",
            "ROLLBACK TO a",
            "ROLLBACK TO SAVEPOINT a",
            "RELEASE a",
            "SELECT 1;",
            "INSERT INTO commits VALUES (1)",
        ] {
            Sql::read(text).check(None).unwrap();
        }
    }

    #[test]
    fn parameters_are_as_many_as_are_given() {
        let sql = Sql::read("SELECT $1, $2");
        sql.check(Some(2)).unwrap();
        let fault = sql.check(Some(1)).unwrap_err();
        assert_eq!(fault.text(), "it has 2 parameters, and 1 are given");
    }

    #[test]
    fn what_only_reads_is_known_by_its_first_word() {
        for (text, writes) in [
            ("select 1", false),
            ("-- UPDATE\nSELECT 1", false),
            ("UPDATE a SET b = 1", true),
            (
                "WITH a AS (DELETE FROM b RETURNING c) SELECT * FROM a",
                true,
            ),
            ("(SELECT 1)", true),
        ] {
            assert_eq!(Sql::read(text).writes(), writes, "{text}");
        }
    }
}
