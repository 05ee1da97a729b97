//! Names of files that belong together to messages, enums and methods, and what is wrong with what they declare.

use std::collections::{BTreeMap, BTreeSet};

use bggo_protobuf::schema::{self, Form, Kind, json_name};

use crate::diagnostics::{Hint, nearest};
use crate::source::{FileId, Span};

use super::model::{Enum, Field, Message, Method};
use super::tree::{self, At, Fault, File, Label, Name, Numbers, Reserved, Syntax, Type};

/// The largest number of a field.
const LARGEST: i64 = (1 << 29) - 1;
/// Numbers that the format keeps to itself.
const KEPT: std::ops::RangeInclusive<i64> = 19_000..=19_999;

/// A file and what it imports.
#[derive(Debug)]
pub(super) struct Loaded {
    /// Its path as others import it.
    pub(super) path: String,
    /// `None` for one that comes with bggo.
    pub(super) id: Option<FileId>,
    pub(super) tree: File,
    /// The places of what it imports, and whether whoever imports this file sees them, too.
    pub(super) imports: Vec<(usize, bool)>,
}

/// What files declare.
#[derive(Debug, Default)]
pub(super) struct Linked {
    pub(super) messages: Vec<Message>,
    pub(super) enums: Vec<Enum>,
    pub(super) methods: Vec<Method>,
    /// What is wrong in which file.
    pub(super) faults: Vec<(usize, Fault)>,
}

/// What a full name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Package,
    Message(u32),
    Enum(u32),
    Service,
    /// A field, a oneof, a value of an enum, a method.
    Other,
}

#[derive(Debug)]
struct Symbol {
    what: What,
    file: usize,
    at: At,
}

/// A name that leads to no type.
enum Unresolved {
    Unknown,
    /// It is declared in a file that is not imported.
    Elsewhere(usize),
    /// It is no message and no enum.
    NoType,
}

/// Links files; the faults of each are in order of place.
pub(super) fn link(files: &[Loaded]) -> Linked {
    let mut linker = Linker {
        files,
        symbols: BTreeMap::new(),
        visible: Vec::new(),
        enums_of: BTreeMap::new(),
        linked: Linked::default(),
    };
    for file in 0..files.len() {
        linker.declare(file);
    }
    linker.visible = (0..files.len()).map(|file| visible(files, file)).collect();
    let mut next = Places::default();
    for file in 0..files.len() {
        linker.define(file, &mut next);
    }
    let mut linked = linker.linked;
    linked
        .faults
        .sort_by_key(|(file, fault)| (*file, fault.at.start));
    linked
}

/// Which files' names a file sees: its own, those of its imports, and what these import publicly.
fn visible(files: &[Loaded], file: usize) -> BTreeSet<usize> {
    let mut seen = BTreeSet::from([file]);
    let imports = files.get(file).map_or(&[][..], |file| &file.imports);
    let mut open: Vec<usize> = imports.iter().map(|(place, _)| *place).collect();
    while let Some(next) = open.pop() {
        if !seen.insert(next) {
            continue;
        }
        let imports = files.get(next).map_or(&[][..], |file| &file.imports);
        let public = imports.iter().filter(|(_, is_public)| *is_public);
        open.extend(public.map(|(place, _)| *place));
    }
    seen
}

struct Linker<'f> {
    files: &'f [Loaded],
    symbols: BTreeMap<String, Symbol>,
    /// Of each file the files whose names it sees.
    visible: Vec<BTreeSet<usize>>,
    /// The syntax of the file of each enum.
    enums_of: BTreeMap<u32, Syntax>,
    linked: Linked,
}

/// How many messages and enums came before, in the order in which they were declared.
#[derive(Default)]
struct Places {
    messages: u32,
    enums: u32,
}

fn joined(scope: &str, name: &str) -> String {
    match scope.is_empty() {
        true => name.to_owned(),
        false => format!("{scope}.{name}"),
    }
}

impl<'f> Linker<'f> {
    fn fault(&mut self, file: usize, fault: Fault) {
        self.linked.faults.push((file, fault));
    }

    fn span(&self, file: usize, at: &At) -> Option<Span> {
        let file = self.files.get(file)?.id?;
        Some(Span {
            file,
            start: at.start,
            end: at.end,
        })
    }

    /// Puts the names of a file where others find them.
    fn declare(&mut self, file: usize) {
        let files = self.files;
        let Some(Loaded { tree, .. }) = files.get(file) else {
            return;
        };
        let mut scope = String::new();
        if let Some(package) = &tree.package {
            for part in package.text.split('.') {
                scope = joined(&scope, part);
                self.symbol(&scope, What::Package, file, &package.at);
            }
        }
        for message in &tree.messages {
            self.declare_message(file, &scope, message, tree.syntax);
        }
        for one in &tree.enums {
            self.declare_enum(file, &scope, one, tree.syntax);
        }
        for extend in &tree.extends {
            for field in &extend.fields {
                self.declare_name(file, &scope, &field.name);
            }
        }
        for service in &tree.services {
            let full = joined(&scope, &service.name.text);
            self.symbol(&full, What::Service, file, &service.name.at);
            for method in &service.methods {
                self.declare_name(file, &full, &method.name);
            }
        }
    }

    fn declare_message(
        &mut self,
        file: usize,
        scope: &str,
        message: &tree::Message,
        syntax: Syntax,
    ) {
        let full = joined(scope, &message.name.text);
        let place = u32::try_from(self.linked.messages.len()).unwrap_or(u32::MAX);
        self.linked.messages.push(Message {
            form: Form::of(&full),
            name: full.clone(),
            fields: Vec::new(),
            oneofs: Vec::new(),
            doc: message.doc.clone(),
            at: self.span(file, &message.name.at),
        });
        self.symbol(&full, What::Message(place), file, &message.name.at);
        for field in &message.fields {
            self.declare_name(file, &full, &field.name);
        }
        for oneof in &message.oneofs {
            self.declare_name(file, &full, &oneof.name);
        }
        for inner in &message.messages {
            self.declare_message(file, &full, inner, syntax);
        }
        for one in &message.enums {
            self.declare_enum(file, &full, one, syntax);
        }
        for field in message.extends.iter().flat_map(|extend| &extend.fields) {
            self.declare_name(file, &full, &field.name);
        }
    }

    fn declare_enum(&mut self, file: usize, scope: &str, one: &tree::Enum, syntax: Syntax) {
        let full = joined(scope, &one.name.text);
        let place = u32::try_from(self.linked.enums.len()).unwrap_or(u32::MAX);
        self.linked.enums.push(Enum {
            name: full.clone(),
            values: Vec::new(),
            at: self.span(file, &one.name.at),
        });
        self.enums_of.insert(place, syntax);
        self.symbol(&full, What::Enum(place), file, &one.name.at);
        // Values are beside their enum, as in C.
        for value in &one.values {
            self.declare_name(file, scope, &value.name);
        }
    }

    fn declare_name(&mut self, file: usize, scope: &str, name: &Name) {
        self.symbol(&joined(scope, &name.text), What::Other, file, &name.at);
    }

    fn symbol(&mut self, full: &str, what: What, file: usize, at: &At) {
        let Some(known) = self.symbols.get(full) else {
            let at = at.clone();
            self.symbols
                .insert(full.to_owned(), Symbol { what, file, at });
            return;
        };
        if known.what == What::Package && what == What::Package {
            return;
        }
        let text = format!("`{full}` is declared twice");
        let fault = match known.file == file {
            true => Fault::new(at.clone(), text).label(known.at.clone(), "first here"),
            false => {
                let other = self.files.get(known.file).map_or("", |file| &file.path);
                Fault::new(at.clone(), format!("{text}: also in `{other}`"))
            }
        };
        self.fault(file, fault);
    }

    /// Gives messages, enums and methods what they are made of, in the order in which they were declared.
    fn define(&mut self, file: usize, next: &mut Places) {
        let files = self.files;
        let Some(Loaded { tree, .. }) = files.get(file) else {
            return;
        };
        let package = tree.package.as_ref().map_or("", |package| &package.text);
        for message in &tree.messages {
            self.message(file, message, next);
        }
        for one in &tree.enums {
            self.enumeration(file, one, next);
        }
        for extend in &tree.extends {
            self.extend(file, package, extend);
        }
        for service in &tree.services {
            let full = joined(package, &service.name.text);
            for method in &service.methods {
                self.method(file, &full, method);
            }
        }
    }

    fn message(&mut self, file: usize, message: &tree::Message, next: &mut Places) {
        let place = next.messages as usize;
        next.messages += 1;
        let full = self
            .linked
            .messages
            .get(place)
            .map(|made| made.name.clone());
        let full = full.unwrap_or_default();
        self.numbers_of_fields(file, message);
        let fields = message.fields.iter();
        let fields: Vec<Field> = fields
            .filter_map(|field| self.field(file, &full, field))
            .collect();
        if self.syntax(file) == Syntax::Three {
            self.names_in_json(file, message);
        }
        if let Some(made) = self.linked.messages.get_mut(place) {
            made.fields = fields;
            let oneofs = message.oneofs.iter();
            made.oneofs = oneofs.map(|oneof| oneof.name.text.clone()).collect();
        }
        for inner in &message.messages {
            self.message(file, inner, next);
        }
        for one in &message.enums {
            self.enumeration(file, one, next);
        }
        for extend in &message.extends {
            self.extend(file, &full, extend);
        }
    }

    fn syntax(&self, file: usize) -> Syntax {
        let file = self.files.get(file);
        file.map_or(Syntax::Two, |file| file.tree.syntax)
    }

    /// Whether each field has a number that it may have, and no other one has.
    fn numbers_of_fields(&mut self, file: usize, message: &tree::Message) {
        let mut known: BTreeMap<i64, &tree::Field> = BTreeMap::new();
        for field in &message.fields {
            let (number, at) = (field.number.number, &field.number.at);
            if !(1..=LARGEST).contains(&number) {
                let text = format!("the number of a field is 1 to {LARGEST}, not {number}");
                self.fault(file, Fault::new(at.clone(), text));
                continue;
            }
            if KEPT.contains(&number) {
                let text = "the numbers 19000 to 19999 are kept for the format itself";
                self.fault(file, Fault::new(at.clone(), text));
            }
            if let Some(first) = known.get(&number) {
                let text = format!(
                    "the number {number} is that of `{}` already",
                    first.name.text
                );
                let fault = Fault::new(at.clone(), text);
                self.fault(file, fault.label(first.number.at.clone(), "first here"));
            } else {
                known.insert(number, field);
            }
            let name = &field.name;
            self.unreserved(file, &message.reserved, number, at, name);
            if let Some(kept) = within(&message.extensions, number) {
                let text = format!("the number {number} is left to extensions");
                let fault = Fault::new(at.clone(), text);
                self.fault(file, fault.label(kept.at.clone(), "left to them here"));
            }
        }
        if let Some(first) = message.extensions.first()
            && self.syntax(file) == Syntax::Three
        {
            let fault = Fault::new(first.at.clone(), "messages of proto3 have no extensions");
            self.fault(file, fault);
        }
    }

    fn unreserved(&mut self, file: usize, reserved: &Reserved, number: i64, at: &At, name: &Name) {
        if let Some(kept) = within(&reserved.numbers, number) {
            let fault = Fault::new(at.clone(), format!("the number {number} is reserved"));
            self.fault(file, fault.label(kept.at.clone(), "reserved here"));
        }
        let kept = reserved.names.iter().find(|kept| kept.text == name.text);
        if let Some(kept) = kept {
            let text = format!("the name `{}` is reserved", name.text);
            let fault = Fault::new(name.at.clone(), text);
            self.fault(file, fault.label(kept.at.clone(), "reserved here"));
        }
    }

    /// In proto3 no two fields may be the same in JSON.
    fn names_in_json(&mut self, file: usize, message: &tree::Message) {
        let mut known: BTreeMap<String, &Name> = BTreeMap::new();
        for field in &message.fields {
            let json = field.options.json_name.as_ref();
            let json = json.map_or_else(|| json_name(&field.name.text), |json| json.text.clone());
            match known.get(&json) {
                Some(first) if first.text != field.name.text => {
                    let text = format!(
                        "`{}` and `{}` are both called `{json}` in JSON",
                        first.text, field.name.text
                    );
                    let fault = Fault::new(field.name.at.clone(), text);
                    self.fault(file, fault.label(first.at.clone(), "the other one"));
                }
                _ => {
                    known.insert(json, &field.name);
                }
            }
        }
    }

    /// A field; `None` if its type is not known, or its number cannot be.
    fn field(&mut self, file: usize, scope: &str, field: &tree::Field) -> Option<Field> {
        let syntax = self.syntax(file);
        let written = field.label.as_ref();
        let is_single = field.oneof.is_some() || matches!(field.ty, Type::Map(..));
        match (syntax, written) {
            (Syntax::Two, None) if !is_single => {
                let text = "a field of proto2 begins with `optional`, `required` or `repeated`";
                let hint = "without a line `syntax = \"proto3\";` a file is one of proto2";
                let at = type_at(&field.ty);
                self.fault(file, Fault::new(at, text).hint(hint));
            }
            (Syntax::Three, Some((Label::Required, at))) => {
                let fault = Fault::new(at.clone(), "there is no `required` in proto3");
                self.fault(file, fault);
            }
            _ => {}
        }
        if let (Syntax::Three, Some(at)) = (syntax, &field.options.default) {
            let fault = Fault::new(at.clone(), "a field of proto3 has no default of its own");
            self.fault(file, fault);
        }
        let (ty, key) = match &field.ty {
            Type::Named(ty) => (ty, None),
            Type::Map(key, value) => (value, Some(self.key(file, key))),
        };
        let kind = self.kind(file, scope, ty, syntax)?;
        let is_repeated = matches!(written, Some((Label::Repeated, _)));
        let packs = is_repeated && kind.is_packable();
        if let Some((true, at)) = &field.options.packed
            && !packs
        {
            let text = "only a list of numbers, bools or enums is packed";
            self.fault(file, Fault::new(at.clone(), text));
        }
        let packed = field.options.packed.as_ref().map(|packed| packed.0);
        let label = match (key, written.map(|written| written.0)) {
            (Some(key), _) => schema::Label::Map(key?),
            (None, Some(Label::Repeated)) => {
                match packs && packed.unwrap_or(syntax == Syntax::Three) {
                    true => schema::Label::Packed,
                    false => schema::Label::Repeated,
                }
            }
            (None, Some(Label::Required)) => schema::Label::Required,
            (None, Some(Label::Optional)) => schema::Label::Optional,
            (None, None) => {
                let is_message = matches!(kind, Kind::Message(_));
                match syntax == Syntax::Two || is_message || field.oneof.is_some() {
                    true => schema::Label::Optional,
                    false => schema::Label::Implicit,
                }
            }
        };
        let json = field.options.json_name.as_ref();
        Some(Field {
            name: field.name.text.clone(),
            json_name: json.map_or_else(|| json_name(&field.name.text), |json| json.text.clone()),
            number: u32::try_from(field.number.number).ok()?,
            kind,
            label,
            oneof: field.oneof.and_then(|place| u32::try_from(place).ok()),
            doc: field.doc.clone(),
            at: self.span(file, &field.name.at),
        })
    }

    /// The type of the keys of a map.
    fn key(&mut self, file: usize, key: &Name) -> Option<Kind> {
        let kind = scalar(&key.text).filter(|kind| kind.is_key());
        if kind.is_none() {
            let text = format!(
                "the keys of a map are whole numbers, bools or strings, not `{}`",
                key.text
            );
            self.fault(file, Fault::new(key.at.clone(), text));
        }
        kind
    }

    /// The type of a field.
    fn kind(&mut self, file: usize, scope: &str, ty: &Name, syntax: Syntax) -> Option<Kind> {
        if let Some(kind) = scalar(&ty.text) {
            return Some(kind);
        }
        match self.resolve(file, scope, &ty.text) {
            Ok(What::Message(place)) => Some(Kind::Message(place)),
            Ok(What::Enum(place)) => {
                if syntax == Syntax::Three && self.enums_of.get(&place) == Some(&Syntax::Two) {
                    let text = format!(
                        "`{}` is an enum of proto2, which proto3 cannot have",
                        ty.text
                    );
                    self.fault(file, Fault::new(ty.at.clone(), text));
                }
                Some(Kind::Enum(place))
            }
            Ok(_) => None,
            Err(why) => {
                let fault = self.unresolved(file, scope, ty, &why, true);
                self.fault(file, fault);
                None
            }
        }
    }

    /// What a name that stands in a scope leads to: a message or an enum.
    fn resolve(&self, file: usize, scope: &str, name: &str) -> Result<What, Unresolved> {
        if let Some(full) = name.strip_prefix('.') {
            return self.ty(file, full);
        }
        let (first, rest) = match name.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (name, None),
        };
        let mut scope = scope;
        loop {
            let candidate = joined(scope, first);
            let found = self.seen(file, &candidate);
            match (found, rest) {
                // What is no type does not hide one further out.
                (Some(What::Message(_) | What::Enum(_)), None) => return self.ty(file, &candidate),
                // The first part decides, as in C++: it hides those further out also where the rest leads nowhere.
                (
                    Some(What::Message(_) | What::Package | What::Enum(_) | What::Service),
                    Some(rest),
                ) => {
                    return self.ty(file, &joined(&candidate, rest));
                }
                _ => {}
            }
            if scope.is_empty() {
                return match self.symbols.get(name) {
                    Some(_) => self.ty(file, name),
                    None => Err(Unresolved::Unknown),
                };
            }
            scope = scope.rsplit_once('.').map_or("", |(outer, _)| outer);
        }
    }

    /// What a full name is for a file.
    fn seen(&self, file: usize, full: &str) -> Option<What> {
        let symbol = self.symbols.get(full)?;
        let visible = self.visible.get(file)?;
        let is_seen = match symbol.what {
            // A package is one of many files.
            What::Package => visible.iter().any(|file| {
                let package = self
                    .files
                    .get(*file)
                    .and_then(|file| file.tree.package.as_ref());
                let rest = package.and_then(|package| package.text.strip_prefix(full));
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            }),
            _ => visible.contains(&symbol.file),
        };
        is_seen.then_some(symbol.what)
    }

    fn ty(&self, file: usize, full: &str) -> Result<What, Unresolved> {
        let Some(symbol) = self.symbols.get(full) else {
            return Err(Unresolved::Unknown);
        };
        match symbol.what {
            What::Message(_) | What::Enum(_) => match self.seen(file, full) {
                Some(what) => Ok(what),
                None => Err(Unresolved::Elsewhere(symbol.file)),
            },
            _ => Err(Unresolved::NoType),
        }
    }

    fn unresolved(
        &self,
        file: usize,
        scope: &str,
        name: &Name,
        why: &Unresolved,
        also_words: bool,
    ) -> Fault {
        let at = name.at.clone();
        match why {
            Unresolved::NoType => Fault::new(
                at,
                format!("`{}` is neither a message nor an enum", name.text),
            ),
            Unresolved::Elsewhere(other) => {
                let path = self.files.get(*other).map_or("", |file| &file.path);
                let text = format!(
                    "`{}` is declared in `{path}`, which is not imported",
                    name.text
                );
                Fault::new(at, text).hint(format!("write `import \"{path}\";`"))
            }
            Unresolved::Unknown => {
                let fault = Fault::new(at, format!("there is no type `{}`", name.text));
                fault.advise(self.near(file, scope, &name.text, also_words))
            }
        }
    }

    /// The type that was meant, perhaps.
    fn near(&self, file: usize, scope: &str, name: &str, also_words: bool) -> Option<Hint> {
        let visible = self.visible.get(file)?;
        let package = self.files.get(file)?.tree.package.as_ref();
        let package = package.map_or("", |package| &package.text);
        // By the last part: it is what one remembers.
        let mut known: BTreeMap<&str, &str> = BTreeMap::new();
        for (full, symbol) in &self.symbols {
            let is_type = matches!(symbol.what, What::Message(_) | What::Enum(_));
            if is_type && visible.contains(&symbol.file) {
                let last = full
                    .rsplit_once('.')
                    .map_or(full.as_str(), |(_, last)| last);
                // Of several the one that is nearest by where it stands.
                let is_nearer = |known: &&str| common(scope, known) >= common(scope, full);
                if !known.get(last).is_some_and(is_nearer) {
                    known.insert(last, full);
                }
            }
        }
        if also_words {
            known.extend(SCALARS.iter().map(|(word, _)| (*word, *word)));
        }
        let last = name.rsplit_once('.').map_or(name, |(_, last)| last);
        let near = match known.get_key_value(last) {
            Some((near, _)) => near,
            None => nearest::nearest(last, known.keys().copied())?,
        };
        let full = *known.get(near)?;
        let shown = full
            .strip_prefix(package)
            .and_then(|rest| rest.strip_prefix('.'));
        Some(Hint::meant(shown.unwrap_or(full)).in_words())
    }

    fn enumeration(&mut self, file: usize, one: &tree::Enum, next: &mut Places) {
        let place = next.enums as usize;
        next.enums += 1;
        let at = one.name.at.clone();
        let Some(first) = one.values.first() else {
            self.fault(file, Fault::new(at, "an enum has at least one value"));
            return;
        };
        if self.syntax(file) == Syntax::Three && first.number.number != 0 {
            let fault = Fault::new(
                first.number.at.clone(),
                "the first value of an enum of proto3 is 0",
            );
            self.fault(file, fault);
        }
        let mut known: BTreeMap<i64, &tree::EnumValue> = BTreeMap::new();
        let mut values = Vec::new();
        let mut has_alias = false;
        for value in &one.values {
            let (number, at) = (value.number.number, &value.number.at);
            match i32::try_from(number) {
                Ok(number) => values.push((value.name.text.clone(), number)),
                Err(_) => {
                    let text = "the number of a value has 32 bits: -2147483648 to 2147483647";
                    self.fault(file, Fault::new(at.clone(), text));
                }
            }
            if let Some(first) = known.get(&number) {
                has_alias = true;
                if !one.allows_alias {
                    let text = format!(
                        "the number {number} is that of `{}` already",
                        first.name.text
                    );
                    let fault = Fault::new(at.clone(), text);
                    let fault = fault.label(first.number.at.clone(), "first here");
                    let hint = "two names for one number need `option allow_alias = true;`";
                    self.fault(file, fault.hint(hint));
                }
            } else {
                known.insert(number, value);
            }
            self.unreserved(file, &one.reserved, number, at, &value.name);
        }
        if one.allows_alias && !has_alias {
            let text = "the enum allows aliases and has none";
            self.fault(file, Fault::new(at, text));
        }
        if let Some(made) = self.linked.enums.get_mut(place) {
            made.values = values;
        }
    }

    /// Fields that are added to the options of files, messages and so on change no message; others are refused.
    fn extend(&mut self, file: usize, scope: &str, extend: &tree::Extend) {
        let of = &extend.of;
        match self.resolve(file, scope, &of.text) {
            Ok(What::Message(place)) => {
                let message = self.linked.messages.get(place as usize);
                let name = message.map_or("", |message| &message.name);
                let rest = name.strip_prefix("google.protobuf.");
                if rest.is_none_or(|rest| !rest.ends_with("Options")) {
                    let text =
                        format!("extensions of messages are not read: this one is of `{name}`");
                    let hint = "fields of the message itself are read, and so are options";
                    self.fault(file, Fault::new(of.at.clone(), text).hint(hint));
                }
            }
            Ok(_) => {
                let text = format!("`{}` is no message", of.text);
                self.fault(file, Fault::new(of.at.clone(), text));
            }
            Err(why) => {
                let fault = self.unresolved(file, scope, of, &why, false);
                self.fault(file, fault);
            }
        }
    }

    fn method(&mut self, file: usize, service: &str, method: &tree::Method) {
        let request = self.message_of_method(file, service, &method.request);
        let response = self.message_of_method(file, service, &method.response);
        if let (Some(request), Some(response)) = (request, response) {
            let made = Method {
                path: format!("{service}/{}", method.name.text),
                request,
                response,
                streams_requests: method.streams_requests,
                streams_responses: method.streams_responses,
                doc: method.doc.clone(),
                at: self.span(file, &method.name.at),
            };
            self.linked.methods.push(made);
        }
    }

    fn message_of_method(&mut self, file: usize, service: &str, name: &Name) -> Option<u32> {
        let fault = match self.resolve(file, service, &name.text) {
            Ok(What::Message(place)) => return Some(place),
            Ok(_) => Fault::new(name.at.clone(), format!("`{}` is no message", name.text)),
            Err(_) if scalar(&name.text).is_some() => {
                let text = format!("a method takes and gives a message, not a `{}`", name.text);
                Fault::new(name.at.clone(), text)
            }
            Err(why) => self.unresolved(file, service, name, &why, false),
        };
        self.fault(file, fault);
        None
    }
}

/// How many parts two full names have in common.
fn common(one: &str, other: &str) -> usize {
    let parts = one.split('.').zip(other.split('.'));
    parts.take_while(|(one, other)| one == other).count()
}

fn within(ranges: &[Numbers], number: i64) -> Option<&Numbers> {
    ranges
        .iter()
        .find(|range| (range.from..=range.to).contains(&number))
}

fn type_at(ty: &Type) -> At {
    match ty {
        Type::Named(name) => name.at.clone(),
        Type::Map(key, value) => key.at.start..value.at.end,
    }
}

const SCALARS: [(&str, Kind); 15] = [
    ("double", Kind::Double),
    ("float", Kind::Float),
    ("int32", Kind::Int32),
    ("int64", Kind::Int64),
    ("uint32", Kind::Uint32),
    ("uint64", Kind::Uint64),
    ("sint32", Kind::Sint32),
    ("sint64", Kind::Sint64),
    ("fixed32", Kind::Fixed32),
    ("fixed64", Kind::Fixed64),
    ("sfixed32", Kind::Sfixed32),
    ("sfixed64", Kind::Sfixed64),
    ("bool", Kind::Bool),
    ("string", Kind::String),
    ("bytes", Kind::Bytes),
];

fn scalar(word: &str) -> Option<Kind> {
    let found = SCALARS.iter().find(|(known, _)| *known == word);
    found.map(|(_, kind)| *kind)
}
