//! Parses texts into declarations; only this folder names hcl-edit.
//!
//! ```text
//! text --lexer--> tokens --structure--> blocks and attributes --decode--> declarations
//!                                             expressions --mask_for_parser, hcl-edit, expr--> our own expressions
//!                                             (beyond hcl-edit's bounds: parts, then the same for each)
//! ```
//!
//! Every step goes on after a fault, so that a file shows all its faults in one run.

pub mod decl;

mod decode;
pub mod elsewhere;
mod explain_syntax_error;
mod expr;
mod fields;
mod keys;
mod lexer;
mod literal;
mod mask_for_parser;
mod parts;
mod structure;
mod template;
mod token;
mod traversal;
mod types;

use decl::Declarations;
use expr::FileParser;
use mask_for_parser::{Bounds, Replaced};

use crate::diagnostics::Problems;
use crate::source::Sources;

/// Reads all files of a grid.
pub fn parse(sources: &Sources) -> (Declarations, Problems) {
    parse_within(sources, Bounds::HCL_EDIT)
}

/// The same, with expressions beyond these bounds cut into parts.
fn parse_within(sources: &Sources, bounds: Bounds) -> (Declarations, Problems) {
    let mut declarations = Declarations::default();
    let mut problems = Problems::default();
    let mut ids = 0;
    for (file, source) in sources.ids().zip(&sources.files) {
        let tokens = lexer::lex(file, &source.text, &mut problems);
        let body = structure::cut(file, &tokens, &mut problems);
        let mut parser = FileParser {
            file,
            tokens: &tokens,
            ids: &mut ids,
            problems: &mut problems,
            replaced: Replaced::default(),
            bounds,
        };
        parser.declare(body, &mut declarations);
    }
    declarations.expressions = ids;
    problems.sort();
    (declarations, problems)
}

#[cfg(test)]
mod tests;
