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

mod allow;
mod checks;
mod decode;
pub mod elsewhere;
mod explain_syntax_error;
mod expr;
mod fields;
mod flow;
mod keys;
mod lexer;
mod literal;
mod mask_for_parser;
mod mix;
mod parts;
mod plain;
mod scenario;
mod structure;
mod template;
mod threshold;
mod token;
mod traversal;
mod types;

use decl::{Declarations, Expr};
use expr::{Depth, FileParser};
use mask_for_parser::{Bounds, LineBreaks, Replaced};

use crate::diagnostics::Problems;
use crate::source::{FileId, Sources};

/// Reads all files of a grid.
pub fn parse(sources: &Sources) -> (Declarations, Problems) {
    parse_within(sources, Bounds::HCL_EDIT)
}

/// Reads one expression that stands in no file of a grid, with `file` in its places: those are bytes of this text. Also
/// says how many ids its expressions have, from 0.
pub fn expression(text: &str, file: FileId) -> (Expr, u32, Problems) {
    let (mut problems, mut ids) = (Problems::default(), 0);
    let tokens = lexer::lex(file, text, &mut problems);
    // The last token is the end of the text.
    let range = 0..tokens.list.len().saturating_sub(1);
    let mut parser = FileParser {
        file,
        tokens: &tokens,
        ids: &mut ids,
        problems: &mut problems,
        replaced: Replaced::default(),
        bounds: Bounds::HCL_EDIT,
    };
    let expr = parser.read(range, LineBreaks::End, Depth::TOP);
    problems.sort();
    (expr, ids, problems)
}

/// The same, with expressions beyond these bounds cut into parts.
fn parse_within(sources: &Sources, bounds: Bounds) -> (Declarations, Problems) {
    let mut declarations = Declarations::default();
    let mut problems = Problems::default();
    let mut ids = 0;
    for (file, source) in sources.ids().zip(&sources.files) {
        let tokens = lexer::lex(file, &source.text, &mut problems);
        let body = structure::cut(file, &tokens, &mut problems);
        declarations
            .allows
            .extend(allow::find(file, &tokens, &body, &mut problems));
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
