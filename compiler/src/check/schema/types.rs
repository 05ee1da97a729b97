//! Schemas to types, one level at a time.
//!
//! A node is one or several schemas that hold together, or several of which one holds. It is a node only once, however it
//! is reached: so a schema that holds itself comes to an end.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use bggo_values::{Field, NamedType, Text, Type};

use crate::source::{FileId, Span};

use super::reference::{Names, Target, last_part};
use super::tree::{Content, Place, Tree};

/// How many levels of lists the name of a type shows.
const MOST_LEVELS: u32 = 4;

/// By which rules a document is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    /// What stands beside a `$ref` does not count.
    pub(super) alone: bool,
    /// `items` of a list of schemas are those of the first items.
    pub(super) items_are_first: bool,
}

/// What a node is made of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// A schema.
    Schema(Place),
    /// One of these holds.
    OneOf(Vec<u32>),
}

/// The types of a document.
#[derive(Debug)]
pub(super) struct Types {
    document: u32,
    file: FileId,
    dialect: Dialect,
    keys: Vec<Key>,
    known: BTreeMap<Key, u32>,
    names: Vec<Text>,
    opened: BTreeMap<u32, Rc<Opened>>,
}

/// One level of a type.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::check) struct Opened {
    /// What it is; its parts are named again.
    pub(in crate::check) ty: Type,
    /// The type of attributes that have no name in it; without one there are no others.
    pub(in crate::check) others: Option<Type>,
    /// Attributes that may be missing, and why.
    pub(in crate::check) absent: BTreeMap<String, Absent>,
    /// The first items, where each has a type of its own and more may follow; the last is the type of those.
    pub(in crate::check) first: Vec<Type>,
    /// Where null is allowed, and why.
    pub(in crate::check) null: Option<Nullable>,
    /// Where its attributes are declared.
    pub(in crate::check) declared: Option<Span>,
}

/// Why a value may be null.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::check) struct Nullable {
    /// Where that is said, if it is said in a text.
    pub(in crate::check) at: Option<Span>,
    /// A clause.
    pub(in crate::check) why: &'static str,
}

/// Why an attribute may be missing.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::check) struct Absent {
    /// Where it is declared, if that is in a text.
    pub(in crate::check) declared: Option<Span>,
    /// What makes it so.
    pub(in crate::check) why: Missing,
}

/// What makes an attribute missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::check) enum Missing {
    /// Its schema does not require it.
    NotRequired,
    /// Only some of several schemas have it.
    OfSome,
    /// It is a field of a message that need not be sent, and null then.
    NotSent,
}

/// What schemas that hold together say.
#[derive(Default)]
struct Said {
    /// Words of `type` without null; `None` where nothing is said.
    types: Option<BTreeSet<&'static str>>,
    /// The schemas of each attribute with the bytes of its name, in written order.
    attributes: Vec<(String, Place, Range<u32>)>,
    required: Option<BTreeSet<String>>,
    others: Option<Place>,
    /// More attributes are allowed, or may be: none of them is refused.
    is_open: bool,
    is_closed: bool,
    first: Option<Vec<Place>>,
    items: Option<Place>,
    no_more_items: bool,
    null: Option<Range<u32>>,
    /// Null is allowed whatever else is said.
    nullable: bool,
    refuses_null: bool,
    declared: Option<Range<u32>>,
    choices: Vec<Vec<u32>>,
}

impl Types {
    pub(super) fn new(document: u32, file: FileId, dialect: Dialect) -> Self {
        Self {
            document,
            file,
            dialect,
            keys: Vec::new(),
            known: BTreeMap::new(),
            names: Vec::new(),
            opened: BTreeMap::new(),
        }
    }

    /// The type of a schema.
    pub(super) fn of(&mut self, tree: &Tree, names: &Names, schema: Place) -> Type {
        let node = self.node(tree, names, schema);
        self.named(node)
    }

    /// The type of what is one of several.
    pub(super) fn one_of(&mut self, tree: &Tree, names: &Names, schemas: &[Place]) -> Type {
        let nodes = schemas.iter().map(|schema| self.node(tree, names, *schema));
        let nodes: BTreeSet<u32> = nodes.collect();
        self.choice(nodes.into_iter().collect())
    }

    fn span(&self, bytes: &Range<u32>) -> Span {
        Span {
            file: self.file,
            start: bytes.start,
            end: bytes.end,
        }
    }

    fn named(&self, node: u32) -> Type {
        Type::Named(NamedType {
            name: self
                .names
                .get(node as usize)
                .cloned()
                .unwrap_or(Text::Static("any")),
            document: self.document,
            node,
        })
    }

    fn choice(&mut self, nodes: Vec<u32>) -> Type {
        if let [only] = nodes[..] {
            return self.named(only);
        }
        let shown = nodes
            .iter()
            .filter_map(|node| self.names.get(*node as usize));
        let shown: BTreeSet<&str> = shown.map(Text::as_str).collect();
        let name = match shown.len() {
            0..=3 => shown.into_iter().collect::<Vec<_>>().join(" or "),
            _ => "any of several".to_owned(),
        };
        let node = self.intern(Key::OneOf(nodes), || name);
        self.named(node)
    }

    fn intern(&mut self, key: Key, name: impl FnOnce() -> String) -> u32 {
        if let Some(node) = self.known.get(&key) {
            return *node;
        }
        let node = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        self.names.push(Text::from(name()));
        self.keys.push(key.clone());
        self.known.insert(key, node);
        node
    }

    /// The node of a schema: of one that is only a reference, that of what it refers to.
    fn node(&mut self, tree: &Tree, names: &Names, schema: Place) -> u32 {
        let (schema, by) = self.behind(tree, names, schema);
        let key = Key::Schema(schema);
        if let Some(node) = self.known.get(&key) {
            // A name that people wrote is better than one that was made of the parts.
            if let (Some(by), Some(name)) = (by, self.names.get_mut(*node as usize)) {
                *name = Text::from(by);
            }
            return *node;
        }
        let name = by.map(str::to_owned);
        let name = name.unwrap_or_else(|| self.shown(tree, names, schema, 0));
        self.intern(key, || name)
    }

    /// What a schema that is only a reference stands for, and the last name on the way.
    fn behind<'t>(&self, tree: &'t Tree, names: &Names, schema: Place) -> (Place, Option<&'t str>) {
        let (mut place, mut by) = (schema, None);
        let mut seen = BTreeSet::new();
        while let Some(reference) = tree.text_of(place, "$ref")
            && (self.dialect.alone || tree.members(place).len() == 1)
            && seen.insert(place)
            && let Target::Here(target) = names.target(tree, reference)
        {
            (place, by) = (target, Some(last_part(reference)));
        }
        (place, by)
    }

    /// How people see a type that has no name.
    fn shown(&self, tree: &Tree, names: &Names, schema: Place, level: u32) -> String {
        let mut words = words_of(tree, schema);
        words.retain(|word| *word != "null");
        let has = |keyword: &str| tree.get(schema, keyword).is_some();
        let word = match words.as_slice() {
            [only] => *only,
            [] if has("properties") || has("additionalProperties") => "object",
            [] if has("items") => "array",
            _ => "any",
        };
        let named = |part: Place| {
            let (part, by) = self.behind(tree, names, part);
            let name = by.map(str::to_owned);
            name.unwrap_or_else(|| self.shown(tree, names, part, level + 1))
        };
        let part = |keyword: &str| {
            let part = tree.get(schema, keyword).filter(|_| level < MOST_LEVELS);
            let part = part.filter(|part| matches!(tree.content(*part), Content::Object(_)));
            part.map(named)
        };
        match word {
            "integer" => "number".to_owned(),
            "boolean" => "bool".to_owned(),
            "array" => format!("list({})", part("items").as_deref().unwrap_or("any")),
            "object" => match (tree.text_of(schema, "title"), part("additionalProperties")) {
                (Some(title), _) => title.to_owned(),
                (None, Some(item)) if !has("properties") => format!("map({item})"),
                (None, _) => "object".to_owned(),
            },
            other => other.to_owned(),
        }
    }

    /// One level of a type.
    pub(super) fn open(&mut self, tree: &Tree, names: &Names, node: u32) -> Rc<Opened> {
        if let Some(opened) = self.opened.get(&node) {
            return Rc::clone(opened);
        }
        // What it needs of itself on the way is any.
        let any = Rc::new(Opened::any());
        self.opened.insert(node, any);
        let opened = match self.keys.get(node as usize).cloned() {
            Some(Key::Schema(schema)) => self.open_schema(tree, names, schema),
            Some(Key::OneOf(nodes)) => self.open_choice(tree, names, &nodes),
            None => Opened::any(),
        };
        let opened = Rc::new(opened);
        self.opened.insert(node, Rc::clone(&opened));
        opened
    }

    fn open_schema(&mut self, tree: &Tree, names: &Names, schema: Place) -> Opened {
        let mut said = Said::default();
        let mut open = vec![schema];
        let mut seen = BTreeSet::new();
        while let Some(part) = open.pop() {
            if seen.insert(part) {
                self.read(tree, names, part, (&mut said, &mut open));
            }
        }
        self.level(tree, names, said)
    }

    /// Reads one of the schemas that hold together; others that hold with it are put in `open`.
    fn read(
        &mut self,
        tree: &Tree,
        names: &Names,
        schema: Place,
        (said, open): (&mut Said, &mut Vec<Place>),
    ) {
        if !matches!(tree.content(schema), Content::Object(_)) {
            return;
        }
        if let Some(reference) = tree.text_of(schema, "$ref") {
            match names.target(tree, reference) {
                Target::Here(target) => open.push(target),
                Target::Elsewhere | Target::Nowhere => said.is_open = true,
            }
            if self.dialect.alone {
                return;
            }
        }
        // In the order in which they are written: the last that is put in comes out first.
        let all = tree.get(schema, "allOf").map(|all| tree.items(all));
        open.extend(all.into_iter().flatten().rev());
        said.words(tree, schema);
        said.object(tree, schema);
        self.list(tree, schema, said);
        for keyword in ["anyOf", "oneOf"] {
            let Some(choices) = tree.get(schema, keyword) else {
                continue;
            };
            let mut nodes = BTreeSet::new();
            for choice in tree.items(choices) {
                let node = self.node(tree, names, *choice);
                if self.open(tree, names, node).ty == Type::Null {
                    said.null.get_or_insert(tree.bytes(*choice));
                    said.nullable = true;
                } else {
                    nodes.insert(node);
                }
            }
            said.choices.push(nodes.into_iter().collect());
        }
    }

    fn list(&self, tree: &Tree, schema: Place, said: &mut Said) {
        let items = tree.get(schema, "items");
        let (first, rest) = match items {
            Some(items) if self.dialect.items_are_first && !tree.items(items).is_empty() => {
                (Some(items), tree.get(schema, "additionalItems"))
            }
            items => (tree.get(schema, "prefixItems"), items),
        };
        if let Some(first) = first
            && said.first.is_none()
        {
            said.first = Some(tree.items(first).to_vec());
        }
        if let Some(rest) = rest {
            said.no_more_items |= *tree.content(rest) == Content::Bool(false);
            said.items = said.items.or(Some(rest));
        }
    }

    /// The type that several schemas make.
    fn level(&mut self, tree: &Tree, names: &Names, said: Said) -> Opened {
        let null = said.null.as_ref();
        let null = null.filter(|_| said.nullable || !said.refuses_null);
        let mut found = Opened {
            null: null.map(|null| Nullable {
                at: Some(self.span(null)),
                why: "the schema lets it be null",
            }),
            declared: said.declared.as_ref().map(|bytes| self.span(bytes)),
            ..Opened::any()
        };
        let word = match &said.types {
            Some(types) => match types.iter().copied().collect::<Vec<_>>()[..] {
                [only] => only,
                [] if said.null.is_some() => "null",
                ["integer", "number"] => "number",
                _ => "any",
            },
            None if !said.attributes.is_empty() || said.others.is_some() || said.is_closed => {
                "object"
            }
            None if said.first.is_some() || said.items.is_some() => "array",
            None => "any",
        };
        match word {
            "string" => found.ty = Type::String,
            "number" | "integer" => found.ty = Type::Number,
            "boolean" => found.ty = Type::Bool,
            "null" => found.ty = Type::Null,
            "object" => self.object(tree, names, &said, &mut found),
            "array" => {
                let mut item = |place: &Place| self.of(tree, names, *place);
                let first: Vec<Type> = said.first.iter().flatten().map(&mut item).collect();
                let rest = said.items.as_ref().map_or(Type::Any, &mut item);
                found.ty = match (first.is_empty(), said.no_more_items) {
                    (true, _) => Type::list(rest),
                    (false, true) => Type::Tuple(first),
                    (false, false) => {
                        found.first = first;
                        found.first.push(rest);
                        Type::list(Type::Any)
                    }
                };
            }
            _ => {}
        }
        for nodes in said.choices {
            let choice = self.open_choice(tree, names, &nodes);
            found = found.with(choice);
        }
        found
    }

    fn object(&mut self, tree: &Tree, names: &Names, said: &Said, found: &mut Opened) {
        let mut fields: Vec<Field> = Vec::new();
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, schema, declared) in &said.attributes {
            let ty = self.of(tree, names, *schema);
            let known = places.get(name.as_str());
            match known.and_then(|place| fields.get_mut(*place)) {
                // What is declared twice holds twice: the one that says more is kept.
                Some(field) => {
                    if let Type::Named(known) = &field.ty
                        && self.open(tree, names, known.node).ty == Type::Any
                    {
                        field.ty = ty;
                    }
                }
                None => {
                    places.insert(name, fields.len());
                    fields.push(Field {
                        name: Text::from(name.as_str()),
                        ty,
                        optional: None,
                    });
                }
            }
            let missing = said
                .required
                .as_ref()
                .is_some_and(|all| !all.contains(name));
            if missing {
                let absent = Absent {
                    declared: Some(self.span(declared)),
                    why: Missing::NotRequired,
                };
                found.absent.insert(name.clone(), absent);
            }
        }
        // What is required is there, also where nothing more is said of it.
        for name in said.required.iter().flatten() {
            if !fields.is_empty() && !places.contains_key(name.as_str()) {
                fields.push(Field {
                    name: Text::from(name.as_str()),
                    ty: Type::Any,
                    optional: None,
                });
            }
        }
        found.others = match said.others {
            Some(others) => Some(self.of(tree, names, others)),
            None if said.is_open || said.attributes.is_empty() && !said.is_closed => {
                Some(Type::Any)
            }
            None => None,
        };
        found.ty = match (fields.is_empty(), &found.others) {
            (true, Some(others)) => Type::map(others.clone()),
            _ => Type::Object(fields),
        };
    }

    /// What holds of whatever is one of these.
    fn open_choice(&mut self, tree: &Tree, names: &Names, nodes: &[u32]) -> Opened {
        let opened: Vec<Rc<Opened>> = nodes
            .iter()
            .map(|node| self.open(tree, names, *node))
            .collect();
        let null = opened.iter().find_map(|one| one.null.clone());
        let mut found = Opened {
            null,
            ..Opened::any()
        };
        let first = match opened.as_slice() {
            [] => return found,
            [only] => return Opened::clone(only),
            [first, ..] => first,
        };
        let is = |kind: fn(&Type) -> bool| opened.iter().all(|one| kind(&one.ty));
        if is(|ty| matches!(ty, Type::Object(_) | Type::Map(_))) {
            self.either_object(&opened, &mut found);
        } else if is(|ty| matches!(ty, Type::List(_) | Type::Tuple(_))) {
            let items = opened.iter().flat_map(|one| one.ty.parts()).cloned();
            let items: Vec<Type> = items.collect();
            found.ty = Type::list(self.either(&items));
        } else if opened.iter().all(|one| one.ty == first.ty) && first.ty.is_scalar() {
            found.ty = first.ty.clone();
        } else if !is(|ty| *ty == Type::Any) {
            found.others = Some(Type::Any);
        }
        found
    }

    fn either_object(&mut self, opened: &[Rc<Opened>], found: &mut Opened) {
        let mut by_name: BTreeMap<Text, Vec<Type>> = BTreeMap::new();
        let mut order = Vec::new();
        for one in opened {
            let Type::Object(fields) = &one.ty else {
                continue;
            };
            for field in fields {
                let types = by_name.entry(field.name.clone()).or_default();
                if types.is_empty() {
                    order.push(field.name.clone());
                }
                types.push(field.ty.clone());
                let name = field.name.as_str();
                if let Some(absent) = one.absent.get(name) {
                    found.absent.insert(name.to_owned(), absent.clone());
                }
            }
        }
        let mut fields = Vec::new();
        for name in order {
            let types = by_name.remove(&name).unwrap_or_default();
            if types.len() < opened.len() {
                let declared = opened.iter().find(|one| one.ty.attribute(&name).is_some());
                let absent = Absent {
                    declared: declared.and_then(|one| one.declared),
                    why: Missing::OfSome,
                };
                found
                    .absent
                    .entry(name.as_str().to_owned())
                    .or_insert(absent);
            }
            let ty = self.either(&types);
            fields.push(Field {
                name,
                ty,
                optional: None,
            });
        }
        let others = opened.iter().find_map(|one| one.others.clone());
        found.declared = opened.first().and_then(|one| one.declared);
        found.others = others.map(|_| Type::Any);
        found.ty = match fields.is_empty() && found.others.is_some() {
            true => Type::map(Type::Any),
            false => Type::Object(fields),
        };
    }

    /// The type of what has one of these.
    fn either(&mut self, types: &[Type]) -> Type {
        let mut nodes = BTreeSet::new();
        for ty in types {
            match ty {
                Type::Named(named) => {
                    nodes.insert(named.node);
                }
                _ => return Type::Any,
            }
        }
        // What is one of several that are choices themselves is one of all of those.
        let mut flat = BTreeSet::new();
        for node in nodes {
            match self.keys.get(node as usize) {
                Some(Key::OneOf(inner)) => flat.extend(inner.iter().copied()),
                _ => {
                    flat.insert(node);
                }
            }
        }
        match flat.is_empty() {
            true => Type::Any,
            false => self.choice(flat.into_iter().collect()),
        }
    }
}

impl Opened {
    pub(super) fn any() -> Self {
        Self {
            ty: Type::Any,
            others: None,
            absent: BTreeMap::new(),
            first: Vec::new(),
            null: None,
            declared: None,
        }
    }

    /// A type without more to say.
    pub(super) fn of(ty: Type) -> Self {
        Self { ty, ..Self::any() }
    }

    /// What holds where both hold.
    fn with(self, other: Opened) -> Opened {
        let null = self.null.clone().or(other.null.clone());
        match (&self.ty, &other.ty) {
            (_, Type::Any) => {
                let ty = self.ty.clone();
                let is_object = matches!(ty, Type::Object(_) | Type::Map(_));
                let others = self.others.clone().or(other.others.filter(|_| is_object));
                Opened {
                    others,
                    null,
                    ..self
                }
            }
            (Type::Any, _) => Opened { null, ..other },
            (Type::Object(own), Type::Object(more)) => {
                let mut fields = own.clone();
                let mut absent = other.absent;
                for field in more {
                    if own.iter().all(|known| known.name != field.name) {
                        fields.push(field.clone());
                    } else {
                        absent.remove(field.name.as_str());
                    }
                }
                absent.extend(self.absent.clone());
                Opened {
                    ty: Type::Object(fields),
                    others: self.others.clone().or(other.others),
                    absent,
                    null,
                    ..self
                }
            }
            (Type::Map(_), Type::Object(_)) => Opened {
                others: other.others.clone(),
                null,
                ..other
            },
            _ => Opened { null, ..self },
        }
    }
}

impl Said {
    /// `type`, `enum`, `const` and `nullable`.
    fn words(&mut self, tree: &Tree, schema: Place) {
        let words = words_of(tree, schema);
        if tree.is_true(schema, "nullable") {
            self.nullable = true;
            let at = tree
                .member(schema, "nullable")
                .map(|member| member.key.clone());
            self.null = self.null.take().or(at);
        }
        if words.is_empty() {
            return;
        }
        if words.contains(&"null") {
            let at = ["type", "enum", "const"];
            let at = at.iter().find_map(|name| tree.get(schema, name));
            self.null
                .get_or_insert(at.map_or(0..0, |at| tree.bytes(at)));
        } else {
            self.refuses_null = true;
        }
        let words: BTreeSet<&'static str> =
            words.into_iter().filter(|word| *word != "null").collect();
        let both = |known: &BTreeSet<&'static str>| {
            let is_number = |word: &str| matches!(word, "number" | "integer");
            let kept = known.iter().filter(|word| {
                words.contains(*word)
                    || is_number(word) && words.iter().any(|other| is_number(other))
            });
            kept.copied().collect()
        };
        self.types = Some(match &self.types {
            Some(known) => both(known),
            None => words,
        });
    }

    fn object(&mut self, tree: &Tree, schema: Place) {
        if let Some(properties) = tree.member(schema, "properties") {
            self.declared.get_or_insert(properties.key.clone());
            for member in tree.members(properties.value) {
                let (name, key) = (member.name.clone(), member.key.clone());
                self.attributes.push((name, member.value, key));
            }
        }
        if let Some(required) = tree.get(schema, "required") {
            let names = tree.items(required).iter();
            let names = names.filter_map(|name| tree.text(*name).map(str::to_owned));
            self.required.get_or_insert_default().extend(names);
        }
        for keyword in ["additionalProperties", "unevaluatedProperties"] {
            let Some(others) = tree.get(schema, keyword) else {
                continue;
            };
            match tree.content(others) {
                Content::Bool(true) => self.is_open = true,
                Content::Bool(false) => self.is_closed = true,
                _ => {
                    self.others.get_or_insert(others);
                }
            }
        }
        let more = [
            "patternProperties",
            "then",
            "else",
            "dependentSchemas",
            "dependencies",
        ];
        self.is_open |= more.iter().any(|word| tree.get(schema, word).is_some());
        self.is_open |= ["$dynamicRef", "$recursiveRef"]
            .iter()
            .any(|word| tree.get(schema, word).is_some());
    }
}

/// The words that may stand in `type`.
pub(super) const WORDS: [&str; 7] = [
    "null", "boolean", "object", "array", "number", "integer", "string",
];

/// The words of `type`; without one, those that `enum` or `const` come to.
fn words_of(tree: &Tree, schema: Place) -> Vec<&'static str> {
    let known = |place: &Place| {
        let word = tree.text(*place)?;
        WORDS.iter().find(|known| **known == word).copied()
    };
    let of_value = |place: &Place| match tree.content(*place) {
        Content::Null => "null",
        Content::Bool(_) => "boolean",
        Content::Number => "number",
        Content::Text(_) => "string",
        Content::List(_) => "array",
        Content::Object(_) => "object",
    };
    let mut words: Vec<&'static str> = Vec::new();
    if let Some(ty) = tree.get(schema, "type") {
        words.extend(known(&ty));
        words.extend(tree.items(ty).iter().filter_map(known));
    } else if let Some(value) = tree.get(schema, "const") {
        words.push(of_value(&value));
    } else if let Some(values) = tree.get(schema, "enum") {
        words.extend(tree.items(values).iter().map(of_value));
    }
    words.sort_unstable();
    words.dedup();
    words
}
