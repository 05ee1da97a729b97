//! Parses texts into declarations.
//!
//! ```text
//! text --lexer--> tokens --structure--> blocks and attributes --decode--> declarations
//!                                             expressions --expression--> trees, with `Error` for what is missing
//! ```
//!
//! Every step goes on after a fault, so that a file shows all its faults in one run.

pub mod all_expressions;
pub mod decl;

mod allow;
mod bounds;
mod checks;
mod data;
mod decode;
pub mod elsewhere;
mod expr;
mod expression;
mod fields;
mod flow;
mod format;
mod lexer;
mod literal;
mod mix;
mod parts;
mod phase;
pub mod places;
mod scenario;
mod structure;
mod template;
mod threshold;
mod token;
mod types;
pub mod words;

use bounds::LineBreaks;
use decl::{Declarations, Expr};
use expr::FileParser;
use structure::Item;

use crate::diagnostics::Problems;
use crate::source::{FileId, Sources};

/// Reads all files of a grid.
pub fn parse(sources: &Sources) -> (Declarations, Problems) {
    let mut declarations = Declarations::default();
    let mut problems = Problems::default();
    let mut ids = 0;
    for (file, source) in sources.ids().zip(&sources.files) {
        let tokens = lexer::lex(file, &source.text, &mut problems);
        let body = structure::cut(file, &tokens, &mut problems);
        declarations
            .allows
            .extend(allow::find(file, &tokens, &body, &mut problems));
        let mut parser = FileParser::new(file, &tokens, &mut ids, &mut problems);
        parser.declare(body, &mut declarations);
    }
    declarations.expressions = ids;
    problems.sort();
    (declarations, problems)
}

/// Whether a text has a block of this kind that stands in no other.
pub fn has_block(text: &str, kind: &str) -> bool {
    // Most texts do not even have the word.
    if !text.contains(kind) {
        return false;
    }
    let (file, mut problems) = (FileId::default(), Problems::default());
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let tokens = lexer::lex(file, text, &mut problems);
    let body = structure::cut(file, &tokens, &mut problems);
    let is_meant = |item: &Item| matches!(item, Item::Block(block) if block.kind.text == kind);
    body.items.iter().any(is_meant)
}

/// The canonical form of a file, any HCL, as `bggo fmt` writes it: what `terraform fmt` makes of it. It has no byte-order mark.
///
/// # Errors
///
/// What is wrong with its syntax; whether it is a grid is not looked at.
pub fn format(sources: &Sources, file: FileId) -> Result<String, Problems> {
    format::format(sources, file)
}

/// Reads one expression that stands in no file of a grid, with `file` in its places: those are bytes of this text. Also
/// says how many ids its expressions have, from 0.
pub fn expression(text: &str, file: FileId) -> (Expr, u32, Problems) {
    let (mut problems, mut ids) = (Problems::default(), 0);
    let tokens = lexer::lex(file, text, &mut problems);
    // The last token is the end of the text.
    let range = 0..tokens.list.len().saturating_sub(1);
    let mut parser = FileParser::new(file, &tokens, &mut ids, &mut problems);
    let (expr, _) = parser.read_with_height(range, LineBreaks::End, 0);
    problems.sort();
    (expr, ids, problems)
}

/// Reads a text that is all template, with `file` in its places. Also says how many ids its expressions have, from 0.
pub fn template(text: &str, file: FileId) -> (Expr, u32, Problems) {
    let (mut problems, mut ids) = (Problems::default(), 0);
    let tokens = lexer::lex_template(file, text, &mut problems);
    let mut parser = FileParser::new(file, &tokens, &mut ids, &mut problems);
    let (kind, _) = parser.template_with_height(0, 0);
    let span = parser.range_span(&(0..tokens.list.len()));
    let expr = parser.expr(span, kind);
    problems.sort();
    (expr, ids, problems)
}

#[cfg(test)]
mod tests;
