//! The literal parts of strings: escapes to what they stand for.

use std::ops::Range;

/// The text that a literal stands for. Invalid escapes do not come here: the lexer cuts them out.
pub(super) fn decode(written: &str, quoted: bool) -> String {
    if !written.contains(['$', '%', '\\']) {
        return written.to_owned();
    }
    let mut text = String::with_capacity(written.len());
    let mut rest = written;
    while let Some(first) = rest.chars().next() {
        let mut length = first.len_utf8();
        match first {
            '$' | '%' if rest.starts_with("$${") || rest.starts_with("%%{") => {
                text.push(first);
                text.push('{');
                length = 3;
            }
            '\\' if quoted => {
                let (character, escape) = escaped(rest);
                text.push(character);
                length = escape;
            }
            _ => text.push(first),
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    text
}

fn escaped(rest: &str) -> (char, usize) {
    let code = |digits: Range<usize>| {
        let end = digits.end;
        let number = rest
            .get(digits)
            .and_then(|hex| u32::from_str_radix(hex, 16).ok());
        (
            number
                .and_then(char::from_u32)
                .unwrap_or(char::REPLACEMENT_CHARACTER),
            end,
        )
    };
    match rest.chars().nth(1) {
        Some('n') => ('\n', 2),
        Some('r') => ('\r', 2),
        Some('t') => ('\t', 2),
        Some('u') => code(2..6),
        Some('U') => code(2..10),
        Some(other) => (other, 1 + other.len_utf8()),
        None => ('\\', 1),
    }
}
