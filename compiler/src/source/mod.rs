//! Reads a grid, one file or a folder, into texts with ids; every later error points into them by `Span`.

mod beside;
mod lines;
mod proto_imports;
mod read;

use std::collections::BTreeMap;
use std::path::PathBuf;

use lines::Lines;

pub use beside::{
    Answer, Answers, HEAD, LONGEST as LONGEST_BESIDE, Patterns, Proto, Protos, Question, Refusal,
    not_utf8,
};
pub use read::{Unsaved, is_grid_file, read, read_over, texts_over};

/// Index of a file in `Sources`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FileId(pub u32);

/// A piece of a file's text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// Which file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// From the start of `self` to the end of `other`, a later piece of the same file.
    pub fn to(self, other: Span) -> Span {
        Span {
            file: self.file,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// Whether `other` lies within.
    pub fn contains(self, other: Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }
}

/// One file of a grid.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Relative to the grid's folder, so that the program does not depend on where the grid is.
    pub name: String,
    /// Its text without a byte-order mark.
    pub text: String,
    /// Bytes of the byte-order mark that was dropped (0 or 3).
    pub dropped: u32,
    lines: Lines,
}

/// The texts of a grid.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// In order of name.
    pub files: Vec<SourceFile>,
    /// The grid's folder (of a single file: the folder that it lies in).
    pub root: PathBuf,
    /// The name of the grid: its file, or its folder without the path. Empty if there is neither.
    pub name: String,
    /// Texts beside the grid that have places of their own, such as templates. Their ids follow those of `files`.
    pub(crate) texts: Vec<SourceFile>,
    pub(crate) answers: Answers,
    /// The files beside a grid that is not on disk.
    pub(crate) disk: Option<BTreeMap<String, Vec<u8>>>,
}

/// A place for people: line and column count from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl SourceFile {
    /// The text as it is on disk, with the byte-order mark.
    pub fn whole(&self) -> String {
        let mark = if self.dropped > 0 { "\u{feff}" } else { "" };
        format!("{mark}{}", self.text)
    }
}

impl Sources {
    /// Texts that are not on disk (tests, editors, documentation). Pairs of name and text, in any order: a grid is the same
    /// whatever order its files are read in.
    pub fn from_texts(mut texts: Vec<(String, String)>) -> Sources {
        texts.sort();
        let mut sources = Sources {
            name: texts
                .first()
                .map(|(name, _)| name.clone())
                .unwrap_or_default(),
            disk: Some(BTreeMap::new()),
            ..Sources::default()
        };
        for (name, text) in texts {
            sources.add(name, text);
        }
        sources
    }

    /// The same grid with other texts in some files.
    pub fn with(&self, texts: &[(FileId, String)]) -> Sources {
        let mut sources = Sources {
            files: Vec::new(),
            ..self.clone()
        };
        for (id, file) in self.ids().zip(&self.files) {
            let other = texts.iter().find(|(changed, _)| *changed == id);
            let text = other.map_or(&file.text, |(_, text)| text);
            sources.add(file.name.clone(), text.clone());
        }
        for (new, old) in sources.files.iter_mut().zip(&self.files) {
            new.dropped = old.dropped;
        }
        sources
    }

    /// The path of a file as people gave it, to show it to them. The program contains
    /// `SourceFile::name`, which is the same wherever the grid is.
    pub fn shown(&self, file: &SourceFile) -> String {
        let root = self.root.strip_prefix(".").unwrap_or(&self.root);
        root.join(&file.name).display().to_string()
    }

    /// A file's text.
    pub fn file(&self, id: FileId) -> Option<&SourceFile> {
        let place = id.0 as usize;
        self.files
            .get(place)
            .or_else(|| self.texts.get(place.checked_sub(self.files.len())?))
    }

    /// All files that spans may point into, by id.
    pub fn all_files(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter().chain(&self.texts)
    }

    /// The text that a span covers; empty for a span of no file of these.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file)
            .and_then(|file| file.text.get(span.start as usize..span.end as usize))
            .unwrap_or_default()
    }

    /// The path as shown, line and column of a span's start.
    pub fn place(&self, span: Span) -> (String, u32, u32) {
        let position = self.position(span.file, span.start);
        (
            self.file(span.file)
                .map_or_else(String::new, |file| self.shown(file)),
            position.line,
            position.column,
        )
    }

    /// Line and column of a byte.
    pub fn position(&self, file: FileId, byte: u32) -> Position {
        self.file(file)
            .map_or(Position { line: 1, column: 1 }, |file| file.position(byte))
    }

    /// The ids of the files of the grid.
    pub fn ids(&self) -> impl Iterator<Item = FileId> + use<> {
        (0..self.files.len()).map(|index| FileId(u32::try_from(index).unwrap_or(u32::MAX)))
    }

    pub(super) fn add(&mut self, name: String, text: String) {
        self.files.push(Self::source_file(name, text));
    }

    fn source_file(name: String, text: String) -> SourceFile {
        let (text, dropped) = match text.strip_prefix('\u{feff}') {
            Some(rest) => (rest.to_owned(), 3),
            None => (text, 0),
        };
        let lines = Lines::new(&text);
        SourceFile {
            name,
            text,
            dropped,
            lines,
        }
    }
}

impl SourceFile {
    /// Line and column of a byte.
    pub fn position(&self, byte: u32) -> Position {
        let line = self.lines.line_of(byte);
        let start = self.lines.start(line) as usize;
        let end = (byte as usize).min(self.text.len());
        let column = self
            .text
            .get(start..end)
            .map_or(0, |before| before.chars().count());
        Position {
            line: line + 1,
            column: u32::try_from(column).unwrap_or(u32::MAX).saturating_add(1),
        }
    }

    /// Index (from 0) of the line that a byte lies in.
    pub fn line_of(&self, byte: u32) -> u32 {
        self.lines.line_of(byte)
    }

    /// How many lines there are (at least one).
    pub fn line_count(&self) -> u32 {
        self.lines.count()
    }

    /// First byte of a line, counted from 0.
    pub fn line_start(&self, line: u32) -> u32 {
        self.lines.start(line)
    }

    /// A line's text without its line break, counted from 0.
    pub fn line(&self, line: u32) -> &str {
        let start = self.lines.start(line) as usize;
        let end = self.lines.start(line + 1) as usize;
        let text = self.text.get(start..end).unwrap_or_default();
        let text = text.strip_suffix('\n').unwrap_or(text);
        text.strip_suffix('\r').unwrap_or(text)
    }
}

#[cfg(test)]
mod tests;
