//! Files that were read before: an editor checks a grid with each letter, and its `.proto` files mostly stay as they are.
//!
//! Kept are files without a fault, with their texts: they are the same only if every text is, and has the same place among
//! the texts of the grid.

use std::cell::RefCell;
use std::rc::Rc;

use crate::source::FileId;

use super::proto::{Files, Given};

/// The most sets of files that are kept.
const MOST: usize = 4;

struct Known {
    roots: Vec<String>,
    texts: Vec<(String, FileId, String)>,
    files: Rc<Files>,
}

thread_local! {
    static KNOWN: RefCell<Vec<Known>> = const { RefCell::new(Vec::new()) };
}

/// What these files were read as, if they were. `texts` are those of all files by their paths, in order.
pub(in crate::check) fn remembered(
    roots: &[String],
    texts: &[(&str, Given<'_>)],
) -> Option<Rc<Files>> {
    let is_same = |known: &&Known| {
        let texts = texts
            .iter()
            .map(|(path, given)| (*path, given.file, given.text));
        let before = known.texts.iter();
        let before = before.map(|(path, file, text)| (path.as_str(), *file, text.as_str()));
        known.roots == roots && before.eq(texts)
    };
    KNOWN.with_borrow(|known| {
        let found = known.iter().find(is_same);
        found.map(|known| Rc::clone(&known.files))
    })
}

/// Keeps files that have no fault.
pub(in crate::check) fn remember(roots: &[String], texts: &[(&str, Given<'_>)], files: &Rc<Files>) {
    let texts = texts
        .iter()
        .map(|(path, given)| ((*path).to_owned(), given.file, given.text.to_owned()));
    let known = Known {
        roots: roots.to_vec(),
        texts: texts.collect(),
        files: Rc::clone(files),
    };
    KNOWN.with_borrow_mut(|all| {
        // The oldest goes.
        if all.len() >= MOST {
            all.remove(0);
        }
        all.push(known);
    });
}
