//! A text that an editor has open, and places in it as the protocol counts them.

use std::ops::Range;

use lsp_types::{Position, TextDocumentContentChangeEvent};

/// What a column counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// Bytes, where the editor offers it.
    Utf8,
    /// Units of UTF-16, which every editor knows.
    Utf16,
}

/// A text with the starts of its lines.
#[derive(Debug, Clone)]
pub struct Document {
    /// As the editor has it, a byte-order mark included.
    pub text: String,
    /// Its number as the editor counts edits.
    pub version: i32,
    /// Where each line starts.
    starts: Vec<usize>,
    columns: Columns,
}

impl Document {
    /// A text as it was opened.
    pub fn new(text: String, version: i32, columns: Columns) -> Self {
        let starts = starts(&text);
        Self {
            text,
            version,
            starts,
            columns,
        }
    }

    /// Takes over edits, each of the text that the one before it left.
    pub fn edit(&mut self, changes: Vec<TextDocumentContentChangeEvent>, version: i32) {
        for change in changes {
            match change.range {
                Some(range) => {
                    let (one, other) = (self.byte(range.start), self.byte(range.end));
                    let place = one.min(other)..one.max(other);
                    self.text.replace_range(place, &change.text);
                }
                None => self.text = change.text,
            }
            self.starts = starts(&self.text);
        }
        self.version = version;
    }

    /// The byte of a place, which is always a border of characters. A place beyond a line is its end, and one beyond the
    /// text is the text's.
    pub fn byte(&self, position: Position) -> usize {
        let line = usize::try_from(position.line).unwrap_or(usize::MAX);
        let Some(start) = self.starts.get(line).copied() else {
            return self.text.len();
        };
        let wanted = usize::try_from(position.character).unwrap_or(usize::MAX);
        let mut column = 0;
        for (at, character) in self.line(line).char_indices() {
            let after = column + self.width(character);
            if after > wanted {
                return start + at;
            }
            column = after;
        }
        start + self.line(line).len()
    }

    /// The place of a byte.
    pub fn position(&self, byte: usize) -> Position {
        let byte = byte.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= byte);
        let line = line.saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or_default();
        let before = self.text.get(start..byte).unwrap_or_default();
        let column: usize = before.chars().map(|one| self.width(one)).sum();
        Position {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            character: u32::try_from(column).unwrap_or(u32::MAX),
        }
    }

    /// The place of some bytes.
    pub fn range(&self, bytes: Range<usize>) -> lsp_types::Range {
        lsp_types::Range {
            start: self.position(bytes.start),
            end: self.position(bytes.end),
        }
    }

    /// The whole text.
    pub fn whole(&self) -> lsp_types::Range {
        self.range(0..self.text.len())
    }

    /// A line without its break.
    fn line(&self, line: usize) -> &str {
        let start = self.starts.get(line).copied().unwrap_or_default();
        let end = self.starts.get(line + 1).copied();
        let line = self.text.get(start..end.unwrap_or(self.text.len()));
        let line = line.unwrap_or_default();
        let line = line.strip_suffix('\n').unwrap_or(line);
        line.strip_suffix('\r').unwrap_or(line)
    }

    fn width(&self, character: char) -> usize {
        match self.columns {
            Columns::Utf8 => character.len_utf8(),
            Columns::Utf16 => character.len_utf16(),
        }
    }
}

/// A line ends at `\n`, `\r\n` or `\r`: that is more than a grid has, but it is how an editor counts.
fn starts(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let ends = bytes.iter().enumerate().filter(|(at, byte)| match byte {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    std::iter::once(0)
        .chain(ends.map(|(at, _)| at + 1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32, character: u32) -> Position {
        Position { line, character }
    }

    #[test]
    fn columns_count_what_the_editor_counts() {
        // One byte, two bytes, four bytes (two units of UTF-16), one byte.
        let text = "x\naé😀b\n";
        let utf16 = Document::new(text.to_owned(), 0, Columns::Utf16);
        let utf8 = Document::new(text.to_owned(), 0, Columns::Utf8);
        for (byte, units, bytes) in [(2, 0, 0), (3, 1, 1), (5, 2, 3), (9, 4, 7), (10, 5, 8)] {
            assert_eq!(utf16.position(byte), at(1, units), "{byte}");
            assert_eq!(utf8.position(byte), at(1, bytes), "{byte}");
            assert_eq!(utf16.byte(at(1, units)), byte);
            assert_eq!(utf8.byte(at(1, bytes)), byte);
        }
        // Within a character: where it begins.
        assert_eq!((utf16.byte(at(1, 3)), utf8.byte(at(1, 2))), (5, 3));
        assert_eq!((utf16.byte(at(1, 99)), utf16.byte(at(9, 0))), (10, 11));
    }

    #[test]
    fn a_line_ends_as_editors_have_it() {
        let document = Document::new("a\r\nb\rc\nd".to_owned(), 0, Columns::Utf16);
        for (byte, line) in [(0, 0), (3, 1), (5, 2), (7, 3)] {
            assert_eq!(document.position(byte), at(line, 0));
            assert_eq!(document.byte(at(line, 0)), byte);
        }
        assert_eq!(document.byte(at(0, 7)), 1);
    }

    #[test]
    fn edits_are_made_one_after_the_other() {
        let mut document = Document::new("one\ntwo\n".to_owned(), 1, Columns::Utf16);
        let change = |range: Option<[(u32, u32); 2]>, text: &str| TextDocumentContentChangeEvent {
            range: range.map(|[(from, start), (to, end)]| lsp_types::Range {
                start: at(from, start),
                end: at(to, end),
            }),
            range_length: None,
            text: text.to_owned(),
        };
        let insert = change(Some([(0, 3), (0, 3)]), "\nand é");
        document.edit(vec![insert, change(Some([(1, 5), (2, 1)]), "T")], 2);
        assert_eq!(
            (document.text.as_str(), document.version),
            ("one\nand éTwo\n", 2)
        );
        // Turned around, and beyond the end.
        document.edit(vec![change(Some([(9, 9), (1, 0)]), "")], 3);
        assert_eq!(document.text, "one\n");
        document.edit(vec![change(None, "new")], 4);
        assert_eq!(document.text, "new");
    }
}
