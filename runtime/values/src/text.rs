//! A text that is cheap to clone: a literal of the program, or shared bytes made at run time.
//!
//! Texts of the grid, texts from outside (variables, the environment) and what functions make are in Unicode's normal form
//! C, as every string of Terraform's is: an accented letter is the same however it was typed. What an answer brings is
//! passed on as it came.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc, is_nfc_quick};

/// The text in normal form C.
pub fn normalized(text: String) -> String {
    if is_normalized(&text) {
        text
    } else {
        text.nfc().collect()
    }
}

fn is_normalized(text: &str) -> bool {
    // Characters below U+0300 (in UTF-8: bytes below 0xCC) neither combine nor decompose in this form.
    text.bytes().all(|byte| byte < 0xCC) || is_nfc(text)
}

/// Whether its first character may become one with a character that stands before it, or change places with it.
pub fn joins_what_is_before(text: &str) -> bool {
    // Most texts begin with a byte below those of U+0300 (see `is_normalized`), and this comparison is all that they cost.
    let first = text.as_bytes().first().filter(|byte| **byte >= 0xCC);
    first.is_some() && text.chars().next().is_some_and(joins)
}

/// Whether a character may become one with the character before it, or change places with it.
fn joins(c: char) -> bool {
    canonical_combining_class(c) != 0 || is_nfc_quick(std::iter::once(c)) == IsNormalized::Maybe
}

/// Whether its last character may become one with a mark that follows it, or change places with it. No mark changes a
/// digit or a `/`.
pub fn can_be_joined(text: &str) -> bool {
    text.chars().next_back().is_some_and(|last| {
        !last.is_ascii() || last.is_ascii_alphabetic() || matches!(last, '<' | '=' | '>')
    })
}

/// A text that is put together of parts. Each part stays as it came, but where one begins with a mark that belongs to the
/// letter before it, the letter and its marks are normalised.
#[derive(Debug, Default)]
pub struct Joined {
    text: String,
}

impl Joined {
    /// Puts a part behind the others.
    pub fn push(&mut self, part: &dyn fmt::Display) {
        use fmt::Write;
        let before = self.text.len();
        // A String never refuses what is written to it.
        let _ = write!(self.text, "{part}");
        let (start, part) = self.text.split_at(before);
        if joins_what_is_before(part) && can_be_joined(start) {
            self.join(before);
        }
    }

    /// Normalises from the letter before this place to the last of the marks behind it.
    fn join(&mut self, at: usize) {
        let (before, behind) = self.text.split_at(at);
        let letter = before.char_indices().rfind(|(_, c)| !joins(*c));
        let start = letter.map_or(0, |(place, _)| place);
        let end = behind.find(|c| !joins(c)).unwrap_or(behind.len());
        let joined: String = self.text[start..at + end].nfc().collect();
        self.text.replace_range(start..at + end, &joined);
    }

    /// The whole.
    pub fn finish(self) -> String {
        self.text
    }
}

/// An immutable string. `Static` can be made in a `const`.
#[derive(Clone)]
pub enum Text {
    /// A literal of the program.
    Static(&'static str),
    /// Made at run time, shared by its clones.
    Shared(Arc<str>),
}

impl Text {
    /// The text in normal form C; itself where it is that already.
    pub fn normalized(self) -> Self {
        if is_normalized(&self) {
            self
        } else {
            Self::from(normalized(self.as_str().to_owned()))
        }
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Static(text) => text,
            Self::Shared(text) => text,
        }
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Shared(text.into())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::Shared(text.into())
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl std::hash::Hash for Text {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_are_composed_and_marks_put_in_order() {
        let cases = [
            ("", ""),
            ("abc \u{e9}\u{2ff}", "abc \u{e9}\u{2ff}"),
            ("e\u{301}", "\u{e9}"),
            ("\u{212b}", "\u{c5}"),
            ("x\u{301}\u{316}", "x\u{316}\u{301}"),
            ("\u{1100}\u{1161}", "\u{ac00}"),
            ("\u{fb01}", "\u{fb01}"),
            ("\u{301}e", "\u{301}e"),
        ];
        for (text, expected) in cases {
            assert_eq!(normalized(text.to_owned()), expected);
            assert_eq!(Text::from(text).normalized().as_str(), expected);
        }
        assert!(matches!(Text::Static("a").normalized(), Text::Static("a")));
    }

    fn joined(parts: &[&str]) -> String {
        let mut joined = Joined::default();
        for part in parts {
            joined.push(part);
        }
        joined.finish()
    }

    #[test]
    fn parts_stay_as_they_came_unless_a_mark_joins_them() {
        assert_eq!(joined(&["x", "e\u{301}"]), "xe\u{301}");
        assert_eq!(joined(&["e", "", "\u{301}x"]), "\u{e9}x");
        assert_eq!(joined(&["\u{301}x"]), "\u{301}x");
        assert_eq!(joined(&["\u{1100}", "\u{1161}"]), "\u{ac00}");
        // Only the letter and its marks are touched.
        assert_eq!(
            joined(&["e\u{301} e", "\u{301} e\u{301}"]),
            "e\u{301} \u{e9} e\u{301}"
        );
        assert_eq!(joined(&["a\u{301}", "\u{316}"]), "\u{e1}\u{316}");
        assert_eq!(joined(&["/", "\u{301}\u{316}"]), "/\u{301}\u{316}");
        assert_eq!(joined(&["e", "\u{212b}"]), "e\u{212b}");
    }

    #[test]
    fn no_mark_changes_what_cannot_be_joined() {
        let marks: Vec<char> = ('\u{300}'..'\u{3000}').filter(|c| joins(*c)).collect();
        assert!(marks.len() > 500);
        for c in '\0'..'\u{80}' {
            let text = String::from(c);
            let changed = marks
                .iter()
                .any(|mark| unicode_normalization::char::compose(c, *mark).is_some());
            assert!(can_be_joined(&text) || !changed, "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn the_fast_path_agrees_with_the_table(text in "[\u{0}-\u{36f}\u{1e00}-\u{1eff}\u{1100}-\u{11ff}\u{ac00}]{0,6}") {
            prop_assert_eq!(normalized(text.clone()), text.nfc().collect::<String>());
        }

        #[test]
        fn normal_parts_become_a_normal_whole(
            parts in prop::collection::vec("[a-e/0\u{300}-\u{330}\u{1100}-\u{1175}\u{e9}]{0,3}", 0..4)
        ) {
            let normal: Vec<String> = parts.iter().map(|part| part.nfc().collect()).collect();
            let normal: Vec<&str> = normal.iter().map(String::as_str).collect();
            prop_assert_eq!(joined(&normal), parts.concat().nfc().collect::<String>());
        }
    }
}
