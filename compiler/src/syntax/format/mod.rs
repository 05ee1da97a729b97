//! The canonical form of a text: what `terraform fmt` (1.11) makes of it, byte for byte.
//!
//! ```text
//! text --lexer, structure--> tokens, items --pieces--> tokens with comments --rewrite--> the same, some replaced
//!                                                                           --layout--> spaces before each
//! ```
//!
//! It works on tokens, so nothing but what `rewrite` replaces can change or get lost. Any HCL has a form, whether its
//! blocks mean something in a grid or not.
//!
//! Where what Terraform writes has lost something, is no HCL any more, or is written otherwise the second time, the form
//! is another one:
//! - comments between labels and labels with `$` or `%` in them stay;
//! - a hole that is unwrapped gets parentheses wherever it needs them to stay one expression;
//! - holes in holes (`"${"${x}"}"`) are unwrapped at once;
//! - an index of the old kind keeps the space that parts it from the next (`a.0 .1`).

mod columns;
mod layout;
mod pieces;
mod rewrite;

use crate::diagnostics::{Code, Problem, Problems, codes};
use crate::source::{FileId, Sources};

use super::expr::FileParser;
use super::lexer;
use super::structure::{self, Body, Item};

/// What is read well enough to know its form.
const NOT_OF_SYNTAX: &[Code] = &[codes::AMBIGUOUS_KEY, codes::DUPLICATE_KEY];

/// The canonical form of a file.
///
/// # Errors
///
/// What is wrong with its syntax; such a text has no form.
pub(super) fn format(sources: &Sources, file: FileId) -> Result<String, Problems> {
    let mut problems = Problems::default();
    let text = sources.file(file).map_or("", |source| source.text.as_str());
    let tokens = lexer::lex(file, text, &mut problems);
    let body = structure::cut(file, &tokens, &mut problems);
    let mut ids = 0;
    let mut parser = FileParser::new(file, &tokens, &mut ids, &mut problems);
    let mut pieces = pieces::pieces(&tokens);
    rewrite::rewrite(&tokens, &body, &mut pieces);
    read_values(&mut parser, body);
    let is_of_syntax = |problem: &Problem| !NOT_OF_SYNTAX.contains(&problem.code);
    problems.list.retain(is_of_syntax);
    if problems.has_errors() {
        problems.sort();
        return Err(problems);
    }
    layout::layout(&mut pieces);
    Ok(pieces::text(&pieces, text.len()))
}

/// Finds what is wrong with the expressions.
fn read_values(parser: &mut FileParser<'_, '_>, body: Body) {
    for item in body.items {
        match item {
            Item::Attribute(attribute) => drop(parser.value(attribute)),
            Item::Block(block) => read_values(parser, block.body),
        }
    }
}

#[cfg(test)]
mod tests;
