//! Bodies of attributes and blocks, as manifests have them. A type expression may stand for a value; some attributes are
//! expressions.

use super::cursor::{Cursor, LiteralFault};
use crate::{Type, Value};

/// Attributes that are set to an expression of the grid language.
const EXPRESSIONS: &[&str] = &[
    "condition",
    "type_from",
    "found_by",
    "selects",
    "validated_by",
    "blocks",
    "late_result",
    "stamps",
];

/// What an attribute is set to.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A literal value.
    Value(Value),
    /// A type expression: it begins with a bare word.
    Type(Type),
    /// The text of an expression, which is not read here, and the byte at which it starts.
    Expression(String, usize),
}

/// What stands between the braces of a block, or in a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Body {
    /// Name, content and the byte at which the name stands, in written order.
    pub attributes: Vec<(String, Item, usize)>,
    /// In written order.
    pub blocks: Vec<Block>,
}

/// A block: `kind "label" { body }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The word that it begins with.
    pub kind: String,
    /// Its labels, quoted or bare.
    pub labels: Vec<String>,
    /// What stands in it.
    pub body: Body,
    /// The byte at which it begins.
    pub offset: usize,
}

impl Cursor<'_> {
    /// A body up to the end of the text, or up to the brace that closes a block.
    pub(crate) fn body(&mut self, depth: usize, braced: bool) -> Result<Body, LiteralFault> {
        let mut body = Body::default();
        loop {
            self.space_and_lines()?;
            if braced && self.take("}") || !braced && self.at_end() {
                return Ok(body);
            }
            let offset = self.offset();
            let what = if braced {
                "an attribute, a block or `}`"
            } else {
                "an attribute or a block"
            };
            let name = self.name(what)?;
            self.space()?;
            if matches!(self.peek(), Some('=')) {
                if body.attributes.iter().any(|(known, ..)| *known == name) {
                    return Err(LiteralFault {
                        offset,
                        text: format!("`{name}` is set twice"),
                    });
                }
                self.equals(&name)?;
                let item = match EXPRESSIONS.contains(&name.as_str()) {
                    true => {
                        let (text, start) = self.expression()?;
                        Item::Expression(text, start)
                    }
                    false => self.item(depth)?,
                };
                body.attributes.push((name, item, offset));
            } else {
                let block = self.block(name, offset, depth)?;
                body.blocks.push(block);
            }
            self.space()?;
            // A block on one line: `input "x" { type = string }`.
            if !(braced && self.peek() == Some('}')) {
                self.end_of_line()?;
            }
        }
    }

    fn item(&mut self, depth: usize) -> Result<Item, LiteralFault> {
        let word = self.bare_word();
        let bare = word.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if bare && !matches!(word, "true" | "false" | "null") {
            self.type_expression(depth).map(Item::Type)
        } else {
            self.value(depth).map(Item::Value)
        }
    }

    fn block(&mut self, kind: String, offset: usize, depth: usize) -> Result<Block, LiteralFault> {
        let depth = self.deeper(depth)?;
        let mut labels = Vec::new();
        loop {
            self.space()?;
            if self.take("{") {
                break;
            } else if self.take("\"") {
                labels.push(self.quoted()?);
            } else if let Some(label) = self.identifier() {
                labels.push(label.to_string());
            } else {
                return self.expected(&format!("`=`, a label or `{{` after `{kind}`"));
            }
        }
        Ok(Block {
            kind,
            labels,
            body: self.body(depth, true)?,
            offset,
        })
    }
}
