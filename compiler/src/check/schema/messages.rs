//! Messages of Protocol Buffers to types, one level at a time: a message may hold itself.
//!
//! In a program they are what a module decodes, so all of their parts have a name of their own, and nothing is known of them but
//! what the files say.

use std::collections::BTreeMap;
use std::rc::Rc;

use bggo_protobuf::schema::{Kind, Label};
use bggo_values::{Field as TypeField, NamedType, Text, Type};

use super::proto::{Field, Files, Holds, Method};
use super::types::{Absent, Missing, Nullable, Opened};

/// The messages of files that belong together.
#[derive(Debug)]
pub(in crate::check) struct Messages {
    document: u32,
    files: Rc<Files>,
    nodes: Vec<Node>,
    known: BTreeMap<Node, u32>,
    opened: BTreeMap<u32, Rc<Opened>>,
}

/// The messages that an asset names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::check) enum Declared {
    /// Those at this place of the documents.
    Messages(u32),
    /// It names none.
    Nothing,
    /// Their files are read, and then the grid is checked again.
    Unread,
    /// That is wrong, and said.
    Wrong,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    /// The message at this place.
    Message(u32),
    /// The last answer of the method at this place, of which there may be none.
    LastAnswer(u32),
    /// The field of the message at these places.
    Field(u32, u32),
    /// An item of that field, which is a list or a map.
    Item(u32, u32),
}

impl Messages {
    pub(super) fn new(document: u32, files: Rc<Files>) -> Self {
        Self {
            document,
            files,
            nodes: Vec::new(),
            known: BTreeMap::new(),
            opened: BTreeMap::new(),
        }
    }

    /// The files.
    pub(in crate::check) fn files(&self) -> Rc<Files> {
        Rc::clone(&self.files)
    }

    /// The type of the message at a place.
    pub(in crate::check) fn message(&mut self, place: u32) -> Type {
        self.named(Node::Message(place))
    }

    /// The type of the last answer of a method, which is null if none came.
    pub(in crate::check) fn last_answer(&mut self, method: &Method) -> Type {
        let place = self.files.methods().iter().position(|one| one == method);
        match place.and_then(|place| u32::try_from(place).ok()) {
            Some(place) => self.named(Node::LastAnswer(place)),
            None => self.message(method.response),
        }
    }

    /// The place of the message that a type is.
    pub(in crate::check) fn message_of(&self, named: &NamedType) -> Option<u32> {
        let node = *self.nodes.get(named.node as usize)?;
        match node {
            Node::Message(place) => Some(place),
            Node::LastAnswer(method) => {
                let method = self.files.methods().get(method as usize)?;
                Some(method.response)
            }
            Node::Field(..) | Node::Item(..) => None,
        }
    }

    fn named(&mut self, node: Node) -> Type {
        let place = match self.known.get(&node) {
            Some(place) => *place,
            None => {
                let place = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
                self.nodes.push(node);
                self.known.insert(node, place);
                place
            }
        };
        Type::Named(NamedType {
            name: Text::from(self.shown(node)),
            document: self.document,
            node: place,
        })
    }

    /// What people read of it.
    fn shown(&self, node: Node) -> String {
        match node {
            Node::Message(place) => {
                let message = self.files.message(place);
                message.map_or("any".to_owned(), |message| message.name.clone())
            }
            Node::LastAnswer(method) => {
                let method = self.files.methods().get(method as usize);
                let message = method.and_then(|method| self.files.message(method.response));
                message.map_or("any".to_owned(), |message| message.name.clone())
            }
            Node::Field(message, field) => {
                let Some(field) = self.field(message, field) else {
                    return "any".to_owned();
                };
                let item = self.shown_kind(field.kind);
                match (field.is_list(), field.is_map()) {
                    (true, _) => format!("list({item})"),
                    (_, true) => format!("map({item})"),
                    _ => item,
                }
            }
            Node::Item(message, field) => {
                let field = self.field(message, field);
                field.map_or("any".to_owned(), |field| self.shown_kind(field.kind))
            }
        }
    }

    fn shown_kind(&self, kind: Kind) -> String {
        match self.files.holds(kind) {
            Holds::Plain(ty) => ty.to_string(),
            Holds::Enum(_) => Type::String.to_string(),
            Holds::Message(place) => self.shown(Node::Message(place)),
        }
    }

    fn field(&self, message: u32, field: u32) -> Option<&Field> {
        self.files.message(message)?.fields.get(field as usize)
    }

    /// One level of a type.
    pub(super) fn open(&mut self, node: u32) -> Rc<Opened> {
        if let Some(opened) = self.opened.get(&node) {
            return Rc::clone(opened);
        }
        let opened = match self.nodes.get(node as usize).copied() {
            None => Opened::any(),
            Some(Node::Message(place)) => self.open_message(place),
            Some(Node::LastAnswer(method)) => {
                let found = self.files.methods().get(method as usize);
                let (response, at) = found.map_or((0, None), |found| (found.response, found.at));
                Opened {
                    null: Some(Nullable {
                        at,
                        why: "the last answer of a stream is null if none came",
                    }),
                    ..self.open_message(response)
                }
            }
            Some(Node::Field(message, place)) => {
                let Some(field) = self.field(message, place).cloned() else {
                    return Rc::new(Opened::any());
                };
                match (field.is_list(), field.is_map()) {
                    (true, _) => Opened::of(Type::list(self.item(message, place, field.kind))),
                    (_, true) => Opened::of(Type::map(self.item(message, place, field.kind))),
                    _ => self.open_kind(field.kind),
                }
            }
            Some(Node::Item(message, place)) => match self.field(message, place).cloned() {
                Some(field) => self.open_kind(field.kind),
                None => Opened::any(),
            },
        };
        let opened = Rc::new(opened);
        self.opened.insert(node, Rc::clone(&opened));
        opened
    }

    fn item(&mut self, message: u32, field: u32, kind: Kind) -> Type {
        match self.files.holds(kind) {
            Holds::Message(place) => self.message(place),
            _ => self.named(Node::Item(message, field)),
        }
    }

    fn open_kind(&mut self, kind: Kind) -> Opened {
        match self.files.holds(kind) {
            Holds::Plain(ty) => Opened::of(ty),
            // The number of a value that has no name is an exception that nobody plans for.
            Holds::Enum(_) => Opened::of(Type::String),
            Holds::Message(place) => self.open_message(place),
        }
    }

    fn open_message(&mut self, place: u32) -> Opened {
        let Some(message) = self.files.message(place).cloned() else {
            return Opened::any();
        };
        let whole = self.files.holds(Kind::Message(place));
        if !matches!(whole, Holds::Message(_)) {
            return self.open_kind(Kind::Message(place));
        }
        let mut fields = Vec::with_capacity(message.fields.len());
        let mut absent = BTreeMap::new();
        for (number, field) in (0..).zip(&message.fields) {
            let single = !field.is_list() && !field.is_map();
            let ty = match self.files.holds(field.kind) {
                Holds::Message(inner) if single => self.message(inner),
                _ => self.named(Node::Field(place, number)),
            };
            fields.push(TypeField {
                name: Text::from(field.name.as_str()),
                ty,
                optional: None,
            });
            if field.label == Label::Optional {
                let missing = Absent {
                    declared: field.at,
                    why: Missing::NotSent,
                };
                absent.insert(field.name.clone(), missing);
            }
        }
        Opened {
            absent,
            declared: message.at,
            ..Opened::of(Type::Object(fields))
        }
    }

    /// One level of the type of what is given for a message: there its fields have also their names in JSON.
    pub(super) fn open_to_give(&mut self, node: u32) -> Type {
        let opened = self.open(node);
        let message = match self.nodes.get(node as usize) {
            Some(Node::Message(place)) => self.files.message(*place),
            _ => None,
        };
        let (Type::Object(fields), Some(message)) = (&opened.ty, message) else {
            return opened.ty.clone();
        };
        let mut fields = fields.clone();
        let in_json = message.fields.iter().zip(fields.clone());
        fields.extend(in_json.map(|(field, ty)| TypeField {
            name: Text::from(field.json_name.as_str()),
            ..ty
        }));
        Type::Object(fields)
    }

    /// The names of the values of an enum that a type is, or the items of a list or a map.
    pub(in crate::check) fn names_of_enum(&self, named: &NamedType) -> Vec<String> {
        let (Some(Node::Field(message, field)) | Some(Node::Item(message, field))) =
            self.nodes.get(named.node as usize)
        else {
            return Vec::new();
        };
        let field = self.field(*message, *field);
        let holds = field.map(|field| self.files.holds(field.kind));
        let Some(Holds::Enum(place)) = holds else {
            return Vec::new();
        };
        let values = self.files.enumeration(place).map(|one| &one.values);
        let values = values.into_iter().flatten();
        values.map(|(name, _)| name.clone()).collect()
    }

    /// What the files say of a field of a message, for people: the names that it may have, and its comment.
    pub(in crate::check) fn words_of_field(&self, of: &NamedType, name: &str) -> Option<String> {
        let message = self.files.message(self.message_of(of)?)?;
        let mut fields = message.fields.iter();
        let field = fields.find(|field| field.name == name || field.json_name == name)?;
        let mut words = Vec::new();
        if let Holds::Enum(place) = self.files.holds(field.kind)
            && let Some(one) = self.files.enumeration(place)
        {
            let names = one.values.iter().map(|(name, _)| format!("`{name}`"));
            let names: Vec<String> = names.take(MOST_NAMES).collect();
            let more = match one.values.len() > MOST_NAMES {
                true => ", ..",
                false => "",
            };
            words.push(format!("one of {}{more}", names.join(", ")));
        }
        words.extend(field.doc.clone());
        Some(words.join("\n\n"))
    }
}

/// The most names of an enum that are listed.
const MOST_NAMES: usize = 24;
