//! Spans as places that a running program can name: file, line and column.

use super::model::Places;
use crate::source::{Sources, Span};

/// All lines of all files.
pub fn places(sources: &Sources) -> Places {
    let mut places = Places::default();
    for file in sources.all_files() {
        places.files.push(file.name.clone());
        let breaks = file
            .text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'\n')
            .map(|(at, _)| at as u32 + 1);
        places
            .lines
            .push(std::iter::once(0).chain(breaks).collect());
        places.texts.push(file.text.clone());
    }
    places
}

impl Places {
    /// File, line and column (in characters, from 1) of the first byte of a span.
    pub fn of(&self, span: Span) -> (&str, u32, u32) {
        let file = span.file.0 as usize;
        let (Some(name), Some(lines), Some(text)) = (
            self.files.get(file),
            self.lines.get(file),
            self.texts.get(file),
        ) else {
            return ("", 0, 0);
        };
        let line = lines
            .partition_point(|start| *start <= span.start)
            .saturating_sub(1);
        let column = text
            .get(lines[line] as usize..span.start as usize)
            .map_or(0, |before| before.chars().count());
        (name, line as u32 + 1, column as u32 + 1)
    }

    /// `grid.hcl:5`
    pub fn line(&self, span: Span) -> String {
        let (file, line, _) = self.of(span);
        format!("{file}:{line}")
    }
}
