//! A document as a tree whose parts know their places.

use std::collections::BTreeMap;
use std::ops::Range;

/// How deep lists and objects may stand in each other.
pub(super) const DEEPEST: usize = 500;

/// A part of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(u32);

/// What a part is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    Null,
    Bool(bool),
    Number,
    Text(String),
    List(Vec<Place>),
    Object(Vec<Member>),
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: String,
    /// The bytes of its name.
    pub(super) key: Range<u32>,
    pub(super) value: Place,
}

#[derive(Debug)]
struct Part {
    bytes: Range<u32>,
    content: Content,
}

/// A document.
#[derive(Debug, Default)]
pub(super) struct Tree {
    parts: Vec<Part>,
    /// Members by name of objects with many: a reference looks one up.
    by_name: BTreeMap<Place, BTreeMap<String, usize>>,
    root: Option<Place>,
}

/// Objects of more members have a table of names.
const FEW_MEMBERS: usize = 16;

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TreeFault {
    /// The byte where.
    pub(super) at: usize,
    /// One clause.
    pub(super) text: String,
}

impl Tree {
    pub(super) fn root(&self) -> Option<Place> {
        self.root
    }

    pub(super) fn set_root(&mut self, root: Place) {
        self.root = Some(root);
    }

    pub(super) fn add(&mut self, bytes: Range<usize>, content: Content) -> Place {
        let place = Place(number(self.parts.len()));
        if let Content::Object(members) = &content
            && members.len() > FEW_MEMBERS
        {
            let names = members.iter().enumerate();
            let names = names.map(|(at, member)| (member.name.clone(), at));
            self.by_name.insert(place, names.collect());
        }
        self.parts.push(Part {
            bytes: number(bytes.start)..number(bytes.end),
            content,
        });
        place
    }

    pub(super) fn content(&self, place: Place) -> &Content {
        static NULL: Content = Content::Null;
        let part = self.parts.get(place.0 as usize);
        part.map_or(&NULL, |part| &part.content)
    }

    pub(super) fn bytes(&self, place: Place) -> Range<u32> {
        let part = self.parts.get(place.0 as usize);
        part.map_or(0..0, |part| part.bytes.clone())
    }

    /// Every part.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> + use<> {
        (0..number(self.parts.len())).map(Place)
    }

    pub(super) fn members(&self, place: Place) -> &[Member] {
        match self.content(place) {
            Content::Object(members) => members,
            _ => &[],
        }
    }

    pub(super) fn items(&self, place: Place) -> &[Place] {
        match self.content(place) {
            Content::List(items) => items,
            _ => &[],
        }
    }

    /// A member of an object. Of a name that comes twice the later one counts.
    pub(super) fn member(&self, place: Place, name: &str) -> Option<&Member> {
        let members = self.members(place);
        match self.by_name.get(&place) {
            Some(names) => members.get(*names.get(name)?),
            None => members.iter().rfind(|member| member.name == name),
        }
    }

    pub(super) fn get(&self, place: Place, name: &str) -> Option<Place> {
        self.member(place, name).map(|member| member.value)
    }

    pub(super) fn text(&self, place: Place) -> Option<&str> {
        match self.content(place) {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn text_of(&self, place: Place, name: &str) -> Option<&str> {
        self.text(self.get(place, name)?)
    }

    pub(super) fn is_true(&self, place: Place, name: &str) -> bool {
        let value = self.get(place, name);
        value.is_some_and(|value| *self.content(value) == Content::Bool(true))
    }

    /// What a JSON pointer leads to from here: `/a/0/b~1c`.
    pub(super) fn at_pointer(&self, from: Place, pointer: &str) -> Option<Place> {
        let mut place = from;
        for part in pointer.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            place = match self.content(place) {
                Content::Object(_) => self.get(place, &part)?,
                Content::List(items) => *items.get(part.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(place)
    }
}

/// A count or a byte: files that are read have at most 64 MiB.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
