//! Sets of characters: those that have a name in an expression, and how they are joined.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};
use std::sync::LazyLock;

/// The characters from one to another; a half of a surrogate pair is in no text and so in no set.
pub fn range(from: u32, to: u32) -> ClassUnicode {
    let first = char::from_u32(from).unwrap_or('\u{E000}');
    let last = char::from_u32(to).unwrap_or('\u{D7FF}');
    let range = (first <= last).then(|| ClassUnicodeRange::new(first, last));
    ClassUnicode::new(range)
}

/// `\d`, `\s` or `\w` by its letter, small or capital: of ASCII alone, and without the vertical tab.
pub fn of_letter(letter: char) -> Option<ClassUnicode> {
    Some(match letter.to_ascii_lowercase() {
        'd' => of_ascii(|byte| byte.is_ascii_digit()),
        's' => of_ascii(|byte| byte.is_ascii_whitespace()),
        'w' => of_ascii(|byte| byte.is_ascii_alphanumeric() || byte == b'_'),
        _ => return None,
    })
}

/// The set of a name between `[:` and `:]`.
pub fn of_posix(name: &str) -> Option<ClassUnicode> {
    Some(of_ascii(match name {
        "alnum" => |byte| byte.is_ascii_alphanumeric(),
        "alpha" => |byte| byte.is_ascii_alphabetic(),
        "ascii" => |_| true,
        "blank" => |byte| matches!(byte, b' ' | b'\t'),
        "cntrl" => |byte| byte.is_ascii_control(),
        "digit" => |byte| byte.is_ascii_digit(),
        "graph" => |byte| byte.is_ascii_graphic(),
        "lower" => |byte| byte.is_ascii_lowercase(),
        "print" => |byte| matches!(byte, b' '..=b'~'),
        "punct" => |byte| byte.is_ascii_punctuation(),
        "space" => |byte| byte.is_ascii_whitespace() || byte == b'\x0B',
        "upper" => |byte| byte.is_ascii_uppercase(),
        "word" => |byte| byte.is_ascii_alphanumeric() || byte == b'_',
        "xdigit" => |byte| byte.is_ascii_hexdigit(),
        _ => return None,
    }))
}

/// The set of a category (`Lu`), a script (`Greek`) or `Any` of Unicode.
pub fn of_unicode(name: &str) -> Option<ClassUnicode> {
    if name == "Any" {
        return Some(range(0, u32::from(char::MAX)));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_uppercase()) || !name.chars().all(plain) {
        return None;
    }
    let kind = if name.len() <= 2 { "gc" } else { "sc" };
    match regex_syntax::parse(&format!("\\p{{{kind}={name}}}")) {
        Ok(hir) => match hir.into_kind() {
            HirKind::Class(Class::Unicode(class)) => Some(class),
            _ => None,
        },
        Err(_) => None,
    }
}

/// The set with every character in small and capital letters.
pub fn folded(mut class: ClassUnicode) -> ClassUnicode {
    // Fails only without the tables of Unicode, which this crate asks for.
    let _ = class.try_case_fold_simple();
    class
}

/// Whether a character can be part of a group's name in a replacement: a letter, a digit or `_`.
pub fn is_of_name(c: char) -> bool {
    static BEYOND_ASCII: LazyLock<ClassUnicode> = LazyLock::new(|| {
        let mut class = of_unicode("L").unwrap_or_else(ClassUnicode::empty);
        class.union(&of_unicode("Nd").unwrap_or_else(ClassUnicode::empty));
        class
    });
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    let ranges = BEYOND_ASCII.ranges();
    let after = ranges.partition_point(|range| range.end() < c);
    ranges.get(after).is_some_and(|range| range.start() <= c)
}

fn of_ascii(holds: fn(u8) -> bool) -> ClassUnicode {
    let ranges = (0..128)
        .filter(|byte| holds(*byte))
        .map(|byte| ClassUnicodeRange::new(byte.into(), byte.into()));
    ClassUnicode::new(ranges)
}
