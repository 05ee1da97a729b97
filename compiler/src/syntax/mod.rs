//! Parses texts into declarations; only this folder names hcl-edit.
//!
//! ```text
//! text --lexer--> tokens --structure--> blocks and attributes --decode--> declarations
//!                                             expressions --mend, hcl-edit, expr--> our own expressions
//! ```
//!
//! Every step goes on after a fault, so that a file shows all its faults in one run.

pub mod decl;

mod decode;
pub mod elsewhere;
mod expr;
mod fields;
mod keys;
mod lexer;
mod literal;
mod mend;
mod structure;
mod template;
mod token;
mod traversal;
mod types;
mod words;

use decl::Declarations;
use expr::Reader;

use crate::diagnostics::Problems;
use crate::source::Sources;

/// Reads all files of a grid.
pub fn parse(sources: &Sources) -> (Declarations, Problems) {
    let mut declarations = Declarations::default();
    let mut problems = Problems::default();
    let mut ids = 0;
    for (file, source) in sources.ids().zip(&sources.files) {
        let tokens = lexer::lex(file, &source.text, &mut problems);
        let body = structure::cut(file, &tokens, &mut problems);
        let mut reader = Reader {
            file,
            tokens: &tokens,
            ids: &mut ids,
            problems: &mut problems,
        };
        reader.declare(body, &mut declarations);
    }
    declarations.expressions = ids;
    problems.sort();
    (declarations, problems)
}

#[cfg(test)]
mod tests;
