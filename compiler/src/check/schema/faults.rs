//! What is wrong with the schemas that a type is made of, and which parts of them say nothing here.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::diagnostics::{Hint, nearest};

use super::reference::{Names, Target};
use super::tree::{Content, Member, Place, Tree};
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

/// Looks at all schemas that are reached from these.
pub(super) fn find(tree: &Tree, names: &Names, roots: &[Place]) -> Found {
    let mut search = Search {
        tree,
        names,
        found: Found::default(),
        open: roots.to_vec(),
        straight: BTreeSet::new(),
    };
    let mut seen = BTreeSet::new();
    while let Some(schema) = search.open.pop() {
        if seen.insert(schema) {
            search.schema(schema);
        }
    }
    let mut found = search.found;
    for remarks in [&mut found.faults, &mut found.left_out] {
        remarks.sort_by_key(|remark| remark.bytes.start);
        remarks.truncate(MOST);
    }
    found
}

struct Search<'t> {
    tree: &'t Tree,
    names: &'t Names,
    found: Found,
    /// Schemas that are still to be looked at.
    open: Vec<Place>,
    /// Schemas whose references come to an end.
    straight: BTreeSet<Place>,
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
        // Each keyword is looked at once: documents have tens of thousands of schemas.
        for member in tree.members(schema) {
            self.keyword(schema, member);
        }
    }

    fn keyword(&mut self, schema: Place, member: &Member) {
        let (tree, value) = (self.tree, member.value);
        match member.name.as_str() {
            "$ref" => self.reference(schema, value),
            "type" => self.words(value),
            "properties" => match tree.content(value) {
                Content::Object(members) => self.open.extend(members.iter().map(|one| one.value)),
                _ => self.fault(value, "`properties` is an object of schemas", None),
            },
            "required" => {
                let is_list = matches!(tree.content(value), Content::List(_));
                if !is_list
                    || tree
                        .items(value)
                        .iter()
                        .any(|item| tree.text(*item).is_none())
                {
                    let hint =
                        "an attribute that must be there is named in the `required` of its object";
                    self.fault(value, "`required` is a list of names", Some(hint.into()));
                }
            }
            "additionalProperties" | "unevaluatedProperties" | "additionalItems" => {
                self.open.push(value);
            }
            "items" => match tree.content(value) {
                Content::List(first) => self.open.extend(first),
                _ => self.open.push(value),
            },
            keyword @ ("allOf" | "anyOf" | "oneOf" | "prefixItems") => match tree.content(value) {
                Content::List(schemas) => self.open.extend(schemas),
                _ => self.fault(value, format!("`{keyword}` is a list of schemas"), None),
            },
            "then" | "else" => self.left_out(member, "what a condition adds is not read"),
            "dependentSchemas" | "dependencies" => {
                self.left_out(member, "what an attribute adds is not read");
            }
            "$dynamicRef" | "$recursiveRef" => {
                self.left_out(member, "a dynamic reference is not followed");
            }
            "patternProperties" => self.left_out(member, "names by a pattern are not read"),
            _ => {}
        }
    }

    fn left_out(&mut self, member: &Member, what: &str) {
        self.found.left_out.push(Remark {
            bytes: member.key.clone(),
            text: what.to_owned(),
            hint: None,
        });
    }

    fn words(&mut self, ty: Place) {
        let tree = self.tree;
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

    fn reference(&mut self, schema: Place, place: Place) {
        let tree = self.tree;
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
    fn is_circle(&mut self, schema: Place) -> bool {
        let (mut place, mut seen) = (schema, BTreeSet::new());
        loop {
            if !seen.insert(place) {
                return true;
            }
            let next = self.tree.text_of(place, "$ref");
            let next = next.map(|reference| self.names.target(self.tree, reference));
            match next.filter(|_| !self.straight.contains(&place)) {
                Some(Target::Here(next)) if self.tree.members(place).len() == 1 => place = next,
                _ => {
                    self.straight.extend(seen);
                    return false;
                }
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
