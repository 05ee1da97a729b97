//! What is wrong with the schemas that a type is made of, and which parts of them say nothing here.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::diagnostics::{Hint, nearest};

use super::reference::{Names, Target};
use super::tree::{Content, Place, Tree};
use super::types::WORDS;

/// The most that is said of one document.
const MOST: usize = 10;

/// Something to say of a part of a document.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Remark {
    pub(super) bytes: Range<u32>,
    pub(super) text: String,
    pub(super) hint: Option<Hint>,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What is no schema.
    pub(super) faults: Vec<Remark>,
    /// What is one, and leaves values without a type here.
    pub(super) left_out: Vec<Remark>,
}

/// Keywords whose value is a schema.
const OF_ONE: [&str; 4] = [
    "additionalProperties",
    "unevaluatedProperties",
    "additionalItems",
    "contains",
];
/// Keywords whose value is a list of schemas.
const OF_LIST: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
/// Keywords that may give an object more attributes than are read here.
const LEFT_OUT: [(&str, &str); 7] = [
    ("then", "what a condition adds is not read"),
    ("else", "what a condition adds is not read"),
    ("dependentSchemas", "what an attribute adds is not read"),
    ("dependencies", "what an attribute adds is not read"),
    ("$dynamicRef", "a dynamic reference is not followed"),
    ("$recursiveRef", "a recursive reference is not followed"),
    ("patternProperties", "names by a pattern are not read"),
];

/// Looks at all schemas that are reached from these.
pub(super) fn find(tree: &Tree, names: &Names, roots: &[Place]) -> Found {
    let mut search = Search {
        tree,
        names,
        found: Found::default(),
        open: roots.iter().rev().copied().collect(),
    };
    let mut seen = BTreeSet::new();
    while let Some(schema) = search.open.pop() {
        if seen.insert(schema) {
            search.schema(schema);
        }
    }
    let mut found = search.found;
    found.faults.truncate(MOST);
    found.left_out.truncate(MOST);
    found
}

struct Search<'t> {
    tree: &'t Tree,
    names: &'t Names,
    found: Found,
    /// Schemas that are still to be looked at.
    open: Vec<Place>,
}

impl Search<'_> {
    fn fault(&mut self, at: Place, text: impl Into<String>, hint: Option<Hint>) {
        self.found.faults.push(Remark {
            bytes: self.tree.bytes(at),
            text: text.into(),
            hint,
        });
    }

    fn schema(&mut self, schema: Place) {
        let tree = self.tree;
        match tree.content(schema) {
            Content::Object(_) => {}
            Content::Bool(_) => return,
            _ => return self.fault(schema, "a schema is an object, `true` or `false`", None),
        }
        self.reference(schema);
        self.words(schema);
        if let Some(properties) = tree.get(schema, "properties") {
            match tree.content(properties) {
                Content::Object(members) => {
                    self.open.extend(members.iter().rev().map(|one| one.value))
                }
                _ => self.fault(properties, "`properties` is an object of schemas", None),
            }
        }
        if let Some(required) = tree.get(schema, "required") {
            let is_list = matches!(tree.content(required), Content::List(_));
            let texts = tree
                .items(required)
                .iter()
                .all(|item| tree.text(*item).is_some());
            if !is_list || !texts {
                let hint =
                    "an attribute that must be there is named in the `required` of its object";
                self.fault(required, "`required` is a list of names", Some(hint.into()));
            }
        }
        for keyword in OF_ONE {
            self.open.extend(tree.get(schema, keyword));
        }
        if let Some(items) = tree.get(schema, "items") {
            match tree.content(items) {
                Content::List(first) => self.open.extend(first.iter().rev()),
                _ => self.open.push(items),
            }
        }
        for keyword in OF_LIST {
            let Some(list) = tree.get(schema, keyword) else {
                continue;
            };
            match tree.content(list) {
                Content::List(schemas) => self.open.extend(schemas.iter().rev()),
                _ => self.fault(list, format!("`{keyword}` is a list of schemas"), None),
            }
        }
        for (keyword, what) in LEFT_OUT {
            if let Some(member) = tree.member(schema, keyword) {
                self.found.left_out.push(Remark {
                    bytes: member.key.clone(),
                    text: what.to_owned(),
                    hint: None,
                });
            }
        }
    }

    fn words(&mut self, schema: Place) {
        let tree = self.tree;
        let Some(ty) = tree.get(schema, "type") else {
            return;
        };
        let one = [ty];
        let places = match tree.content(ty) {
            Content::List(words) => words.as_slice(),
            _ => &one,
        };
        for place in places {
            match tree.text(*place) {
                Some(word) if WORDS.contains(&word) => {}
                Some(word) => {
                    let text = format!("there is no type \"{word}\"");
                    self.fault(
                        *place,
                        text,
                        nearest::advice(word, WORDS).map(Hint::in_words),
                    );
                }
                None => self.fault(*place, "a type is a word, or a list of words", None),
            }
        }
    }

    fn reference(&mut self, schema: Place) {
        let tree = self.tree;
        let Some(place) = tree.get(schema, "$ref") else {
            return;
        };
        let Some(reference) = tree.text(place) else {
            return self.fault(place, "`$ref` is a text", None);
        };
        match self.names.target(tree, reference) {
            Target::Here(_) if self.is_circle(schema) => self.fault(
                place,
                "this reference leads back to itself, and says nothing on the way",
                None,
            ),
            Target::Here(target) => self.open.push(target),
            Target::Elsewhere => self.found.left_out.push(Remark {
                bytes: tree.bytes(place),
                text: "a reference to another document is not followed".to_owned(),
                hint: None,
            }),
            Target::Nowhere => {
                let hint = self.near(reference);
                let text = format!("`{reference}` leads to nothing in this document");
                self.fault(place, text, hint);
            }
        }
    }

    /// Whether a reference leads to itself over nothing but references.
    fn is_circle(&self, schema: Place) -> bool {
        let (mut place, mut seen) = (schema, BTreeSet::new());
        loop {
            if !seen.insert(place) {
                return true;
            }
            let next = self.tree.text_of(place, "$ref");
            match next.map(|reference| self.names.target(self.tree, reference)) {
                Some(Target::Here(next)) if self.tree.members(place).len() == 1 => place = next,
                _ => return false,
            }
        }
    }

    /// The name beside those that a pointer does not find.
    fn near(&self, reference: &str) -> Option<Hint> {
        let (folder, name) = reference.rsplit_once('/')?;
        let folder = match folder.strip_suffix('#') {
            Some(_) => Target::Here(self.tree.root()?),
            None => self.names.target(self.tree, folder),
        };
        let Target::Here(folder) = folder else {
            return None;
        };
        let known = self
            .tree
            .members(folder)
            .iter()
            .map(|one| one.name.as_str());
        nearest::advice(name, known).map(Hint::in_words)
    }
}
