//! What the stages say of a grid of which an editor has files open.

use std::cell::OnceCell;
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;

use lsp_types::{Location, Uri};

use super::document::Document;
use crate::check::typed::Typed;
use crate::check::{self, Described, Seen};
use crate::diagnostics::{Problem, Problems};
use crate::modules::Modules;
use crate::resolve::model::Resolved;
use crate::source::{FileId, Sources, Span, Unsaved};

/// A file of a grid, with its text as the editor counts places in it.
#[derive(Debug)]
pub struct GridFile {
    /// Its address.
    pub uri: Uri,
    /// Its text: the editor's where it has the file open.
    pub document: Rc<Document>,
    /// Whether the editor has it open.
    pub is_open: bool,
}

/// A place in a grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// The file.
    pub file: FileId,
    /// The byte of the grid's text.
    pub byte: u32,
}

impl At {
    /// Whether it lies in a piece.
    pub fn is_in(self, span: Span) -> bool {
        span.file == self.file && span.start <= self.byte && self.byte < span.end
    }

    /// Whether it lies in a piece or right behind it.
    pub fn touches(self, span: Span) -> bool {
        span.file == self.file && span.start <= self.byte && self.byte <= span.end
    }
}

/// The result of all stages up to the check.
#[derive(Debug)]
pub struct Analysis {
    /// The texts.
    pub sources: Sources,
    /// The files, by id.
    pub files: Vec<GridFile>,
    /// What its names stand for, also where some of it is wrong.
    pub resolved: Resolved,
    /// Present where the grid has no errors.
    pub typed: Option<Typed>,
    /// What `bggo check` says of the same texts.
    pub problems: Problems,
    described: OnceCell<Described>,
    /// Files that the grid reads whose texts have places, such as templates, behind `files`; those whose address is known.
    read: Vec<Option<GridFile>>,
}

impl Analysis {
    /// Checks a grid. `unread` is what could not be read of it, of which there is nothing else to say then.
    pub fn of(
        mut sources: Sources,
        files: Vec<GridFile>,
        unread: Problems,
        modules: &Modules,
        unsaved: &Unsaved<'_>,
    ) -> Self {
        crate::read_files_over(&mut sources, modules, unsaved);
        let (resolved, typed, mut problems) = crate::check_whole(&sources, modules);
        if !unread.list.is_empty() {
            problems = unread;
        }
        Self {
            sources,
            files,
            resolved,
            typed,
            problems,
            described: OnceCell::new(),
            read: Vec::new(),
        }
    }

    /// The same, with the files that the grid reads, by their paths from its folder.
    pub fn with_read(mut self, file: impl Fn(&str, &str) -> Option<GridFile>) -> Self {
        let texts = self.sources.all_files().skip(self.sources.files.len());
        self.read = texts.map(|text| file(&text.name, &text.text)).collect();
        self
    }

    /// The same, without problems: a text that is no grid has none.
    pub fn without_problems(mut self) -> Self {
        self.problems = Problems::default();
        self
    }

    /// The types of all expressions, made when they are asked for.
    pub fn types(&self, modules: &Modules) -> &[Seen] {
        &self.described(modules).seen
    }

    /// The same with what documents describe.
    pub fn described(&self, modules: &Modules) -> &Described {
        self.described
            .get_or_init(|| check::described(&self.resolved, modules, &self.sources))
    }

    /// Whether what it says may be another when this file changes.
    pub fn asks_of(&self, file: &Path) -> bool {
        self.sources.asks_of(file)
    }

    /// The id of a file.
    pub fn file(&self, uri: &Uri) -> Option<FileId> {
        let mut files = self.sources.ids().zip(&self.files);
        files.find(|(_, file)| file.uri == *uri).map(|(id, _)| id)
    }

    /// The file in which a problem stands that has no place: the one with the block `grid`, else the first.
    pub fn main_file(&self) -> FileId {
        let grid = self.resolved.declarations.grid.as_ref();
        grid.map_or(FileId(0), |grid| grid.span.file)
    }

    /// The file in which a problem is shown.
    pub fn file_of(&self, problem: &Problem) -> FileId {
        match problem.span {
            Some(span) if self.grid_file(span.file).is_some() => span.file,
            _ => self.main_file(),
        }
    }

    fn grid_file(&self, id: FileId) -> Option<&GridFile> {
        self.files.get(id.0 as usize)
    }

    /// The place that a byte of an editor's text is.
    pub fn at(&self, file: FileId, byte: usize) -> At {
        let byte = byte.saturating_sub(self.dropped(file));
        At {
            file,
            byte: u32::try_from(byte).unwrap_or(u32::MAX),
        }
    }

    /// The bytes of the editor's text that a piece of the grid is.
    pub fn bytes(&self, span: Span) -> Range<usize> {
        let dropped = self.dropped(span.file);
        span.start as usize + dropped..span.end as usize + dropped
    }

    /// The place of a piece in its file; the begin of a text for a piece of a file that the grid reads.
    pub fn range(&self, span: Span) -> lsp_types::Range {
        match self.grid_file(span.file) {
            Some(file) => file.document.range(self.bytes(span)),
            None => lsp_types::Range::default(),
        }
    }

    /// The place of a piece, with the address of its file.
    pub fn location(&self, span: Span) -> Option<Location> {
        let file = self.grid_file(span.file);
        let file = file.or_else(|| self.grid_file(self.main_file()))?;
        Some(Location {
            uri: file.uri.clone(),
            range: self.range(span),
        })
    }

    /// The place of a piece of a file that the grid reads.
    pub fn read_location(&self, span: Span) -> Option<Location> {
        let at = (span.file.0 as usize).checked_sub(self.files.len())?;
        let file = self.read.get(at)?.as_ref()?;
        Some(Location {
            uri: file.uri.clone(),
            range: file.document.range(self.bytes(span)),
        })
    }

    /// What is said of a piece, with its place where that lies in a file that the grid reads.
    pub fn said(&self, span: Option<Span>, text: &str) -> String {
        match span.filter(|span| self.grid_file(span.file).is_none()) {
            Some(span) => {
                let (file, line, column) = self.sources.place(span);
                format!("{file}:{line}:{column}: {text}")
            }
            None => text.to_owned(),
        }
    }

    fn dropped(&self, file: FileId) -> usize {
        let file = self.sources.file(file);
        file.map_or(0, |file| file.dropped as usize)
    }
}
