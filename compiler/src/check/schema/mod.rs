//! Types out of documents: JSON Schemas, the answers that OpenAPI documents describe, and messages of Protocol Buffers.
//!
//! ```text
//! text --json, yaml--> tree --> reference, openapi --> faults, types, whole        (a file each)
//! .proto files, descriptor set --proto--> files --> messages
//! names of types in SQL --> columns
//! described statements --> statements
//! ```
//!
//! A document is read once for a check, and its types are opened one level at a time, where an expression reads that far.

pub(super) mod columns;
mod faults;
mod json;
mod keywords;
pub(super) mod memory;
mod messages;
mod openapi;
pub(super) mod proto;
mod reference;
pub(super) mod statements;
mod tree;
mod types;
mod whole;
mod yaml;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use bggo_manifest::DocumentKind;
use bggo_values::{NamedType, Type};

use crate::check::typed::TSchema;
use crate::diagnostics::{Hint, Problems, codes, nearest};
use crate::source::{FileId, Span};

use columns::Columns;
use faults::Remark;
use messages::Messages;
use openapi::{Operation, Roots};
use proto::Files;
use reference::{Names, Target};
use tree::{Place, Tree};
use types::{Dialect, Types};
use whole::{Source, Unwritable};

pub(super) use messages::Declared;
pub(super) use types::{Absent, Missing, Opened};

/// The documents that a grid names.
#[derive(Debug, Default)]
pub(super) struct Documents {
    list: Vec<Described>,
    /// By file; `None` for one that could not be read, which was said.
    by_file: BTreeMap<FileId, Option<u32>>,
    /// `.proto` files by what names them.
    by_names: BTreeMap<ProtoNames, u32>,
}

/// What names the messages of an asset: several assets may name the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ProtoNames {
    /// Files, and the folders in which they are looked for.
    Files(Vec<String>, Vec<String>),
    /// A descriptor set.
    Set(String),
}

#[derive(Debug)]
enum Described {
    Schema(Box<Document>),
    Messages(Messages),
    Columns(Columns),
}

#[derive(Debug)]
struct Document {
    file: FileId,
    tree: Tree,
    names: Names,
    kind: DocumentKind,
    types: Types,
    /// Of an OpenAPI document.
    operations: Vec<Operation>,
    dialect: Dialect,
    /// Nothing wrong was found in it.
    is_sound: bool,
    /// What validates values of these schemas; `None` where nothing can, which was said.
    validators: BTreeMap<Vec<Place>, Option<Rc<TSchema>>>,
    /// Schemas that were looked at: many steps may ask for parts of one document, and what is wrong in it is said once.
    judged: BTreeSet<Place>,
}

/// A file that an argument names, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The file.
    pub(super) file: FileId,
    /// Its text.
    pub(super) text: &'a str,
    /// Its path as the grid writes it.
    pub(super) path: &'a str,
    /// What stands behind the `#`, if there is one.
    pub(super) part: Option<&'a str>,
    /// The argument.
    pub(super) at: Span,
    /// What it may be.
    pub(super) kinds: &'a [DocumentKind],
}

impl Documents {
    /// The type that a document gives; `None` with what is wrong in `problems`.
    pub(super) fn type_of(&mut self, asked: Asked<'_>, problems: &mut Problems) -> Option<Type> {
        let (document, roots) = self.asked(asked, problems)?;
        document.judge(&roots.schemas, asked, problems)?;
        let Document {
            tree, names, types, ..
        } = document;
        Some(match roots.schemas.as_slice() {
            [only] => types.of(tree, names, *only),
            several => types.one_of(tree, names, several),
        })
    }

    /// What validates values of the type that a document gives; `None` with what is wrong in `problems`, unless `type_of` said
    /// that before.
    pub(super) fn validator(
        &mut self,
        asked: Asked<'_>,
        problems: &mut Problems,
    ) -> Option<Rc<TSchema>> {
        let (document, roots) = self.asked(asked, &mut Problems::default())?;
        if !document.is_sound {
            return None;
        }
        if let Some(known) = document.validators.get(&roots.schemas) {
            return known.clone();
        }
        let made = document.validator(&roots, asked, problems).map(Rc::new);
        document.validators.insert(roots.schemas, made.clone());
        made
    }

    /// The document that is asked for, and the schemas in it.
    fn asked(
        &mut self,
        asked: Asked<'_>,
        problems: &mut Problems,
    ) -> Option<(&mut Document, Roots)> {
        let known = self.by_file.get(&asked.file).copied();
        let place = match known {
            Some(known) => known?,
            None => {
                let read = read(asked, self.list.len(), problems);
                let place = read.map(|document| {
                    let document = Box::new(document);
                    self.list.push(Described::Schema(document));
                    u32::try_from(self.list.len() - 1).unwrap_or(u32::MAX)
                });
                self.by_file.insert(asked.file, place);
                place?
            }
        };
        let Described::Schema(document) = self.list.get_mut(place as usize)? else {
            return None;
        };
        if !asked.kinds.contains(&document.kind) {
            let kinds: Vec<&str> = asked.kinds.iter().map(|kind| kind.name()).collect();
            let text = format!(
                "`{}` is no document of the kind {}",
                asked.path,
                kinds.join(" or ")
            );
            problems.error(codes::INVALID_SCHEMA, asked.at, text);
            return None;
        }
        let roots = match document.kind == DocumentKind::OpenApi {
            true => document.answers(asked, problems)?,
            false => Roots {
                schemas: vec![document.part(asked, problems)?],
                has_others: false,
            },
        };
        Some((&mut **document, roots))
    }

    /// The place of the messages that are named so, if they were read.
    pub(super) fn known_messages(&self, names: &ProtoNames) -> Option<u32> {
        self.by_names.get(names).copied()
    }

    /// Keeps messages that were read, and gives their place.
    pub(super) fn keep_messages(&mut self, names: ProtoNames, files: Rc<Files>) -> u32 {
        let place = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        let messages = Messages::new(place, files);
        self.list.push(Described::Messages(messages));
        self.by_names.insert(names, place);
        place
    }

    /// The messages at a place.
    pub(super) fn messages(&mut self, place: u32) -> Option<&mut Messages> {
        match self.list.get_mut(place as usize)? {
            Described::Messages(messages) => Some(messages),
            Described::Schema(_) | Described::Columns(_) => None,
        }
    }

    /// The type of a row with the columns that an argument names.
    pub(super) fn row(&mut self, at: Span, columns: Vec<(String, Type)>) -> Type {
        let rows = self.list.iter().filter_map(|one| match one {
            Described::Columns(columns) => Some(columns),
            Described::Schema(_) | Described::Messages(_) => None,
        });
        let mut rows = rows.filter(|columns| columns.at == at);
        if let Some(known) = rows.next() {
            return known.row();
        }
        let place = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        let columns = Columns::new(place, at, columns);
        let row = columns.row();
        self.list.push(Described::Columns(columns));
        row
    }

    /// Whether a type is of columns.
    pub(super) fn is_of_columns(&self, named: &NamedType) -> bool {
        let described = self.list.get(named.document as usize);
        matches!(described, Some(Described::Columns(_)))
    }

    /// One level of a type.
    pub(super) fn open(&mut self, named: &NamedType) -> Rc<Opened> {
        match self.list.get_mut(named.document as usize) {
            None => Rc::new(Opened::any()),
            Some(Described::Messages(messages)) => messages.open(named.node),
            Some(Described::Columns(columns)) => columns.open(named.node),
            Some(Described::Schema(document)) => {
                let Document {
                    tree, names, types, ..
                } = &mut **document;
                types.open(tree, names, named.node)
            }
        }
    }

    /// The same of what is given for a message: there its fields have also their names in JSON.
    pub(super) fn opened_to_give(&mut self, ty: &Type) -> Type {
        let Type::Named(named) = ty else {
            return ty.clone();
        };
        match self.list.get_mut(named.document as usize) {
            Some(Described::Messages(messages)) => messages.open_to_give(named.node),
            _ => self.open(named).ty.clone(),
        }
    }

    /// A type whose first level is opened, if it is one of a document.
    pub(super) fn opened<'t>(&mut self, ty: &'t Type) -> Cow<'t, Type> {
        match ty {
            Type::Named(named) => Cow::Owned(self.open(named).ty.clone()),
            other => Cow::Borrowed(other),
        }
    }
}

/// Reads a document.
fn read(asked: Asked<'_>, place: usize, problems: &mut Problems) -> Option<Document> {
    let is_json = asked.text.trim_start().starts_with(['{', '[']);
    let read = match is_json {
        true => json::read(asked.text),
        false => yaml::read(asked.text),
    };
    let tree = match read {
        Ok(tree) => tree,
        Err(fault) => {
            let start = u32::try_from(fault.at).unwrap_or(u32::MAX);
            let next = asked
                .text
                .get(fault.at..)
                .and_then(|rest| rest.chars().next());
            let next = next.filter(|next| *next != '\n').map_or(0, char::len_utf8);
            let span = Span {
                file: asked.file,
                start,
                end: start + u32::try_from(next).unwrap_or(0),
            };
            problems
                .error(codes::INVALID_SCHEMA, span, fault.text)
                .label(asked.at, "read here");
            return None;
        }
    };
    let root = tree.root()?;
    if tree.get(root, "swagger").is_some() {
        let text = format!("`{}` is a document of Swagger 2", asked.path);
        problems
            .error(codes::INVALID_SCHEMA, asked.at, text)
            .hint("OpenAPI is read from 3.0 on");
        return None;
    }
    let version = tree.text_of(root, "openapi");
    let kind = match tree.get(root, "openapi") {
        Some(_) => DocumentKind::OpenApi,
        None => DocumentKind::JsonSchema,
    };
    let draft = tree.text_of(root, "$schema").unwrap_or_default();
    let is_old = ["draft-04", "draft-06", "draft-07"];
    let is_old = is_old.iter().any(|name| draft.contains(name));
    let dialect = Dialect {
        alone: is_old || version.is_some_and(|version| version.starts_with("3.0")),
        // A list of schemas has this meaning in old drafts, and none in new ones.
        items_are_first: true,
    };
    let names = Names::of(&tree);
    let operations = match kind == DocumentKind::OpenApi {
        true => openapi::operations(&tree, &names),
        false => Vec::new(),
    };
    Some(Document {
        file: asked.file,
        operations,
        dialect,
        is_sound: true,
        validators: BTreeMap::new(),
        judged: BTreeSet::new(),
        names,
        kind,
        types: Types::new(
            u32::try_from(place).unwrap_or(u32::MAX),
            asked.file,
            dialect,
        ),
        tree,
    })
}

impl Document {
    /// The schemas of the answers of the operation that is asked for.
    fn answers(&self, asked: Asked<'_>, problems: &mut Problems) -> Option<Roots> {
        let operations = &self.operations;
        let Some(part) = asked.part else {
            let ids = operations.iter().filter_map(|one| one.id.as_deref());
            let example = ids
                .chain(operations.iter().map(|one| one.line.as_str()))
                .next();
            let text = format!(
                "`{}` describes many answers: say of which operation",
                asked.path
            );
            let example = example.unwrap_or("OPERATION");
            problems
                .error(codes::UNKNOWN_OPERATION, asked.at, text)
                .hint(format!("write `\"{}#{example}\"`", asked.path));
            return None;
        };
        let is_asked = |one: &&Operation| one.id.as_deref() == Some(part) || one.line == part;
        let Some(operation) = operations.iter().find(is_asked) else {
            let known = operations.iter().flat_map(|one| {
                // By a path if it was asked for by one.
                let by_line = part.contains(' ') || one.id.is_none();
                match by_line {
                    true => Some(one.line.as_str()),
                    false => one.id.as_deref(),
                }
            });
            let hint = nearest::advice(part, known).map(Hint::in_words);
            let text = format!("`{}` has no operation `{part}`", asked.path);
            problems
                .error(codes::UNKNOWN_OPERATION, asked.at, text)
                .advise(hint);
            return None;
        };
        let answers = openapi::answers(&self.tree, &self.names, operation.place);
        if answers.schemas.is_empty() {
            let text = format!(
                "no answer of `{part}` with a status of 2xx has a body of JSON with a schema"
            );
            problems
                .error(codes::UNKNOWN_OPERATION, asked.at, text)
                .label(
                    self.span(&self.tree.bytes(operation.place)),
                    "this operation",
                )
                .hint("leave the schema out here: without one the type of a body is `any`");
            return None;
        }
        Some(answers)
    }

    /// The schema that is asked for: the whole, or what a pointer behind the `#` leads to.
    fn part(&self, asked: Asked<'_>, problems: &mut Problems) -> Option<Place> {
        let root = self.tree.root()?;
        let Some(part) = asked.part else {
            return Some(root);
        };
        match self.names.target(&self.tree, &format!("#{part}")) {
            Target::Here(place) => Some(place),
            _ => {
                let text = format!("`#{part}` leads to nothing in `{}`", asked.path);
                problems
                    .error(codes::INVALID_SCHEMA, asked.at, text)
                    .hint("behind the `#` stands a pointer such as `/$defs/user`");
                None
            }
        }
    }

    fn span(&self, bytes: &Range<u32>) -> Span {
        Span {
            file: self.file,
            start: bytes.start,
            end: bytes.end,
        }
    }

    /// Says what is wrong with the schemas, and what of them is not read.
    fn judge(&mut self, roots: &[Place], asked: Asked<'_>, problems: &mut Problems) -> Option<()> {
        let found = faults::find(&self.tree, &self.names, roots, &mut self.judged);
        let is_sound = found.faults.is_empty();
        for Remark { bytes, text, hint } in found.faults {
            problems
                .error(codes::INVALID_SCHEMA, self.span(&bytes), text)
                .label(asked.at, "read here")
                .advise(hint);
        }
        // Here and not there: a comment can let it pass, and the document may be somebody else's.
        if let [first, more @ ..] = found.left_out.as_slice() {
            let problem = problems.warning(
                codes::SCHEMA_IN_PART,
                asked.at,
                "a part of the schema is not read, and its values are of type any",
            );
            for remark in std::iter::once(first).chain(more) {
                problem.label(self.span(&remark.bytes), remark.text.clone());
            }
        }
        self.is_sound &= is_sound;
        is_sound.then_some(())
    }

    /// The text that values are validated by.
    fn validator(
        &self,
        roots: &Roots,
        asked: Asked<'_>,
        problems: &mut Problems,
    ) -> Option<TSchema> {
        let source = Source {
            tree: &self.tree,
            names: &self.names,
            text: asked.text,
            dialect: self.dialect,
        };
        match whole::write(source, &roots.schemas) {
            Ok(text) => Some(TSchema {
                text,
                lets_no_json: roots.has_others,
            }),
            Err(Unwritable { at, text }) => {
                let span = self.span(&self.tree.bytes(at));
                problems
                    .error(codes::INVALID_SCHEMA, span, text)
                    .label(asked.at, "read here");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
