//! What the stages say of a text that an editor has open.

use std::cell::OnceCell;
use std::ops::Range;
use std::path::PathBuf;

use lsp_types::Uri;
use percent_encoding::percent_decode_str;

use super::document::Document;
use crate::check::typed::Typed;
use crate::check::{self, Described, Seen};
use crate::diagnostics::Problems;
use crate::modules::Modules;
use crate::resolve::model::Resolved;
use crate::source::{FileId, Sources, Span};

/// A file of this name holds values for a run, and is no grid.
const VALUES: &str = ".vars.hcl";

/// The result of all stages up to the check.
#[derive(Debug)]
pub struct Analysis {
    /// The text.
    pub sources: Sources,
    /// What its names stand for, also where some of it is wrong.
    pub resolved: Resolved,
    /// Present where the grid has no errors.
    pub typed: Option<Typed>,
    /// What `bggo check` says of the same text.
    pub problems: Problems,
    described: OnceCell<Described>,
}

impl Analysis {
    /// Checks the text of a file, as it is in the editor and not as it is on the disk.
    pub fn of(uri: &Uri, document: &Document, modules: &Modules) -> Self {
        let mut sources = sources(uri, document);
        crate::read_files(&mut sources, modules);
        let (resolved, typed, mut problems) = crate::check_whole(&sources, modules);
        if sources.name.ends_with(VALUES) {
            problems = Problems::default();
        }
        Self {
            sources,
            resolved,
            typed,
            problems,
            described: OnceCell::new(),
        }
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

    /// The byte of the grid's text that stands at this one of the editor's.
    pub fn at(&self, byte: usize) -> u32 {
        u32::try_from(byte.saturating_sub(self.dropped())).unwrap_or(u32::MAX)
    }

    /// The bytes of the editor's text that a piece of the grid is.
    pub fn bytes(&self, span: Span) -> Range<usize> {
        let dropped = self.dropped();
        span.start as usize + dropped..span.end as usize + dropped
    }

    /// The place of a piece of the grid; the begin of the text for a piece of a file that the grid reads.
    pub fn range(&self, span: Span, document: &Document) -> lsp_types::Range {
        document.range(match span.file == FileId(0) {
            true => self.bytes(span),
            false => 0..0,
        })
    }

    /// What is said of a piece, with its place where that lies in a file that the grid reads.
    pub fn said(&self, span: Option<Span>, text: &str) -> String {
        match span.filter(|span| span.file != FileId(0)) {
            Some(span) => {
                let (file, line, column) = self.sources.place(span);
                format!("{file}:{line}:{column}: {text}")
            }
            None => text.to_owned(),
        }
    }

    fn dropped(&self) -> usize {
        let file = self.sources.file(FileId(0));
        file.map_or(0, |file| file.dropped as usize)
    }
}

/// The only file of a grid, named as if it were read from the disk.
pub fn sources(uri: &Uri, document: &Document) -> Sources {
    let path = percent_decode_str(uri.path().as_str()).decode_utf8_lossy();
    let path = PathBuf::from(path.into_owned());
    let name = path.file_name().unwrap_or(path.as_os_str());
    let name = name.to_string_lossy().into_owned();
    let mut sources = Sources::from_texts(vec![(name, document.text.clone())]);
    // What it reads when it is built lies beside it.
    sources.disk = None;
    sources.root = path.parent().map(PathBuf::from).unwrap_or_default();
    sources
}
