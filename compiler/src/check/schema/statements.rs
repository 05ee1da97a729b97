//! What statements of SQL take and give, as a server described them: a file of JSON that `bggo postgres describe` writes. By the text
//! of each statement it holds the types of its parameters and its columns, in their order.
//!
//! ```json
//! { "SELECT name FROM users WHERE id = $1": { "parameters": ["int8"], "columns": { "name": "text" } } }
//! ```

use std::collections::BTreeMap;
use std::rc::Rc;

use bggo_values::Type;

use crate::source::{FileId, Span};

use super::tree::{Content, Place, Tree, TreeFault};
use super::{columns, json};

/// The statements of a file.
#[derive(Debug)]
pub(in crate::check) struct Statements {
    by_sql: BTreeMap<String, DescribedStatement>,
}

/// A statement that was described.
#[derive(Debug, Clone)]
pub(in crate::check) struct DescribedStatement {
    /// Where its columns stand in the file.
    pub(in crate::check) at: Span,
    /// Its columns with the names of their types.
    pub(in crate::check) columns: Vec<(String, String)>,
}

/// What the file of an asset says.
#[derive(Debug, Clone)]
pub(in crate::check) enum StatementsOf {
    /// The asset names no file.
    Nothing,
    /// The file is read, and then the grid is checked again.
    Unread,
    /// That is wrong, and said.
    Wrong,
    /// These statements.
    File(Rc<NamedStatements>),
}

/// Statements, and what names their file.
#[derive(Debug)]
pub(in crate::check) struct NamedStatements {
    pub(in crate::check) statements: Statements,
    pub(in crate::check) path: String,
    /// The argument that names it.
    pub(in crate::check) at: Span,
}

/// A statement of the grid that is known when it is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownStatement {
    /// Its text.
    pub sql: String,
    /// Where it stands.
    pub at: Span,
    /// The file that its asset names.
    pub file: Option<String>,
}

/// What a server can be asked of the statements of a grid.
#[derive(Debug, Default)]
pub struct GridStatements {
    /// Those that are known when the grid is built, and whose columns the grid does not name.
    pub known: Vec<KnownStatement>,
    /// How many others there are.
    pub unknown: usize,
}

/// What is wrong with a file.
#[derive(Debug)]
pub(in crate::check) struct StatementsFault {
    /// Where in the file.
    pub(in crate::check) at: Span,
    /// One clause.
    pub(in crate::check) text: String,
}

impl Statements {
    /// Reads a file.
    pub(in crate::check) fn read(file: FileId, text: &str) -> Result<Self, StatementsFault> {
        let span = |start: u32, end: u32| Span { file, start, end };
        let tree = json::read(text).map_err(|TreeFault { at, text }| {
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            StatementsFault {
                at: span(at, at),
                text,
            }
        })?;
        let whole = |place: Place| {
            let bytes = tree.bytes(place);
            span(bytes.start, bytes.end)
        };
        let wrong = |at: Span, text: &str| StatementsFault {
            at,
            text: text.to_owned(),
        };
        let Some(root) = tree.root() else {
            return Err(wrong(span(0, 0), "there is nothing in it"));
        };
        if !is_object(&tree, root) {
            let text = "statements stand in an object, each by its text";
            return Err(wrong(whole(root), text));
        }
        let mut by_sql = BTreeMap::new();
        for statement in tree.members(root) {
            let named = tree.get(statement.value, "columns");
            let Some(named) = named.filter(|named| is_object(&tree, *named)) else {
                let text = "a statement has `columns`, an object";
                return Err(wrong(whole(statement.value), text));
            };
            let mut columns = Vec::new();
            for column in tree.members(named) {
                let ty = tree.text(column.value).unwrap_or_default();
                if columns::of_name(ty).is_none() {
                    let text = format!("the column `{}` has no type that is known", column.name);
                    return Err(wrong(whole(column.value), &text));
                }
                columns.push((column.name.clone(), ty.to_owned()));
            }
            let at = span(statement.key.start, statement.key.end);
            by_sql.insert(statement.name.clone(), DescribedStatement { at, columns });
        }
        Ok(Self { by_sql })
    }

    /// The statement with this text.
    pub(in crate::check) fn get(&self, sql: &str) -> Option<&DescribedStatement> {
        self.by_sql.get(sql)
    }

    /// Whether it holds none.
    pub(in crate::check) fn is_empty(&self) -> bool {
        self.by_sql.is_empty()
    }
}

impl DescribedStatement {
    /// The columns with the types of their values.
    pub(in crate::check) fn typed(&self) -> Vec<(String, Type)> {
        let typed = self.columns.iter().map(|(name, ty)| {
            let ty = columns::of_name(ty).unwrap_or(Type::Any);
            (name.clone(), ty)
        });
        typed.collect()
    }
}

fn is_object(tree: &Tree, place: Place) -> bool {
    matches!(tree.content(place), Content::Object(_))
}
