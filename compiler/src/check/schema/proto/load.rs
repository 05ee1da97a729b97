//! Files and all that they import, each read once.

use std::collections::BTreeMap;

use crate::diagnostics::{Hint, Problems, codes};
use crate::source::{FileId, Span};

use super::link::Loaded;
use super::tree::{Fault, Import};
use super::{google, parse};

/// A file that is read first.
#[derive(Debug, Clone, Copy)]
pub(in crate::check) struct Asked<'a> {
    /// Its path, as a file beside it would import it.
    pub(in crate::check) path: &'a str,
    /// The argument that names it.
    pub(in crate::check) at: Span,
}

/// The text of a file.
#[derive(Debug, Clone, Copy)]
pub(in crate::check) struct Given<'t> {
    /// The file.
    pub(in crate::check) file: FileId,
    /// Its text.
    pub(in crate::check) text: &'t str,
}

/// Why there is no text of a file.
#[derive(Debug, Clone)]
pub(in crate::check) struct Lacking {
    /// One clause.
    pub(in crate::check) text: String,
    /// What to do about it.
    pub(in crate::check) hint: Option<Hint>,
}

/// Who gives the text of the file with this path.
pub(in crate::check) type Ask<'a, 't> = dyn FnMut(&str) -> Result<Given<'t>, Lacking> + 'a;

/// The files that were read, and what is wrong in them.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) files: Vec<Loaded>,
    pub(super) faults: Vec<(usize, Fault)>,
    places: BTreeMap<String, usize>,
    /// Two paths may lead to one file.
    by_id: BTreeMap<FileId, usize>,
}

/// Reads files and all that they import.
pub(super) fn read(roots: &[Asked<'_>], ask: &mut Ask<'_, '_>, problems: &mut Problems) -> Read {
    let mut read = Read::default();
    for root in roots {
        if let Err(lacking) = read.file(root.path, ask) {
            problems
                .error(codes::INVALID_SCHEMA, root.at, lacking.text)
                .advise(lacking.hint);
        }
    }
    // The list grows while it is gone through, so no chain of imports is too long for the stack.
    let mut next = 0;
    while let Some(file) = read.files.get(next) {
        let imports = file.tree.imports.clone();
        read.imports(next, &imports, ask);
        next += 1;
    }
    read.circles();
    read
}

impl Read {
    /// The place of a file, which is read if it was not.
    fn file(&mut self, path: &str, ask: &mut Ask<'_, '_>) -> Result<usize, Lacking> {
        if let Some(place) = self.places.get(path) {
            return Ok(*place);
        }
        let (id, text) = match google::text(path) {
            Some(text) => (None, text),
            None => {
                let given = ask(path)?;
                if let Some(place) = self.by_id.get(&given.file) {
                    self.places.insert(path.to_owned(), *place);
                    return Ok(*place);
                }
                self.by_id.insert(given.file, self.files.len());
                (Some(given.file), given.text)
            }
        };
        let (tree, faults) = parse::read(text);
        let place = self.files.len();
        self.faults
            .extend(faults.into_iter().map(|fault| (place, fault)));
        self.places.insert(path.to_owned(), place);
        self.files.push(Loaded {
            path: path.to_owned(),
            id,
            tree,
            imports: Vec::new(),
        });
        Ok(place)
    }

    fn imports(&mut self, file: usize, imports: &[Import], ask: &mut Ask<'_, '_>) {
        let mut seen: BTreeMap<&str, &Import> = BTreeMap::new();
        for import in imports {
            let (path, at) = (import.path.text.as_str(), &import.path.at);
            if let Some(first) = seen.insert(path, import) {
                let fault = Fault::new(at.clone(), format!("`{path}` is imported twice"));
                let fault = fault.label(first.path.at.clone(), "first here");
                self.faults.push((file, fault));
                continue;
            }
            match self.file(path, ask) {
                Ok(place) => {
                    if let Some(file) = self.files.get_mut(file) {
                        file.imports.push((place, import.is_public));
                    }
                }
                Err(_) if import.is_weak => {}
                Err(Lacking { text, hint }) => {
                    let fault = Fault::new(at.clone(), text).advise(hint);
                    self.faults.push((file, fault));
                }
            }
        }
    }

    /// Says which imports lead back to their own file.
    fn circles(&mut self) {
        let mut found = Vec::new();
        for (place, file) in self.files.iter().enumerate() {
            for import in &file.tree.imports {
                let Some(target) = self.places.get(&import.path.text) else {
                    continue;
                };
                // Of a circle of several files one import is told: that of the file that was read first.
                if self.reaches(*target, place) && *target <= place {
                    let text = format!("`{}` leads back to this file", import.path.text);
                    found.push((place, Fault::new(import.path.at.clone(), text)));
                }
            }
        }
        self.faults.extend(found);
    }

    fn reaches(&self, from: usize, to: usize) -> bool {
        let mut seen = vec![false; self.files.len()];
        let mut open = vec![from];
        while let Some(next) = open.pop() {
            if next == to {
                return true;
            }
            let (Some(seen), Some(file)) = (seen.get_mut(next), self.files.get(next)) else {
                continue;
            };
            if !std::mem::replace(seen, true) {
                open.extend(file.imports.iter().map(|(place, _)| *place));
            }
        }
        false
    }
}
