//! A value to the message that it is given for: every part of it that does not fit, with its own place.
//!
//! What is known when the grid is built is judged by the code that sends it later; of the rest the type is.

use std::collections::BTreeMap;
use std::rc::Rc;

use bggo_manifest::{Given, Input, Side};
use bggo_protobuf::schema::{Form, Kind, Label};
use bggo_protobuf::{check_form, check_scalar};
use bggo_values::types::Fit;
use bggo_values::{Fault, Type, Value};

use crate::diagnostics::{Hint, codes, nearest};
use crate::source::Span;

use super::context::Checker;
use super::methods::{Selected, Selecting};
use super::misfit::MOST_WRONG_PARTS;
use crate::check::schema::proto::{Enum, Field, Files, Holds, Message};
use crate::check::typed::{TExpr, TKind};

/// How deep a value is looked into. Messages are never nested deeper.
const MOST_LEVELS: u32 = 100;

/// A value, or a part of one.
#[derive(Clone, Copy)]
enum Found<'v> {
    /// It is computed later, at least in part.
    Later(&'v TExpr),
    /// It is known, and stands there.
    Known(&'v Value, Span),
}

/// Judges one argument.
struct Judge<'c, 'a> {
    checker: &'c mut Checker<'a>,
    files: Rc<Files>,
    /// The place of the messages among the documents.
    document: u32,
    /// A part of it must not be shown.
    is_secret: bool,
    /// How deep it is looked into.
    depth: u32,
    /// How many problems there were before.
    before: usize,
}

/// A field that is given: where its name stands, and whether its value is there for certain.
#[derive(Clone, Copy)]
struct Member {
    key: Span,
    is_sure: bool,
    is_null: bool,
}

impl Checker<'_> {
    /// The type of a message of a method, or of a list of them.
    pub(in crate::check) fn message_type(
        &mut self,
        selected: &Selected,
        side: Side,
        ty: &Type,
    ) -> Option<Type> {
        let messages = self.documents.messages(selected.document)?;
        let message = messages.message(place_of(selected, side));
        Some(match ty {
            Type::List(_) => Type::list(message),
            _ => message,
        })
    }

    /// Whether an argument fits the message of a method that it is given for, which is said here if not. `at` is the argument's name.
    pub(in crate::check) fn fits_message(
        &mut self,
        (selected, side): (&Selected, Side),
        input: &Input,
        (value, at): (&TExpr, Span),
    ) -> bool {
        let is_list = matches!(input.ty, Type::List(_));
        let method = &selected.method;
        if side == Side::Request && is_list && !method.streams_requests {
            let text = format!("`{}` takes one message and no list of them", method.path);
            let problem = self.error(codes::WRONG_MESSAGE, at, text);
            if let Some(declared) = method.at {
                problem.label(declared, "no `stream` stands before its request");
            }
            return false;
        }
        let before = self.problems.list.len();
        let mut judge = Judge {
            files: Rc::clone(&selected.files),
            document: selected.document,
            is_secret: value.sensitivity.any(),
            depth: 0,
            before,
            checker: self,
        };
        let place = place_of(selected, side);
        let way = &input.name;
        let found = Found::Later(value);
        match is_list {
            true => judge.list(found, way, &mut |judge, item, way| {
                judge.item(item, Kind::Message(place), way)
            }),
            false => judge.one(found, Kind::Message(place), way),
        }
        self.problems.list.len() == before
    }

    /// Says it where a step selects a method and gives it no message that it needs. `given` are the inputs.
    pub(in crate::check) fn has_its_message(
        &mut self,
        selecting: Selecting<'_>,
        span: Span,
        given: &[(Given, Span)],
    ) {
        let requests = || {
            let inputs = selecting.inputs.iter().enumerate();
            inputs.filter_map(|(place, input)| {
                let of = input.type_from.as_ref()?;
                (of.side == Side::Request && of.by.is_none()).then_some((place, input, of))
            })
        };
        let is_given = |place: usize| given.get(place).is_some_and(|given| given.0 != Given::No);
        let Some((_, first, of)) = requests().next() else {
            return;
        };
        if requests().any(|(place, ..)| is_given(place)) {
            return;
        }
        let Ok(selected) = self.selected_by(selecting, of) else {
            return;
        };
        let method = &selected.method;
        let list = requests().find(|(_, input, _)| matches!(input.ty, Type::List(_)));
        let message = selected.files.message(method.request);
        let required = message.and_then(|message| {
            let mut fields = message.fields.iter();
            fields.find(|field| field.label == Label::Required)
        });
        let (text, declared) = match (method.streams_requests, list, required) {
            (true, Some((_, input, _)), _) => (
                format!(
                    "`{}` sends a stream of messages: it needs the argument `{}`",
                    method.path, input.name
                ),
                method.at,
            ),
            (false, _, Some(field)) => (
                format!(
                    "`{}` needs the argument `{}`: `{}` is required in it",
                    method.path, first.name, field.name
                ),
                field.at,
            ),
            _ => return,
        };
        let problem = self.error(codes::MISSING_ARGUMENT, span, text);
        if let Some(declared) = declared {
            problem.label(declared, "declared here");
        }
    }
}

fn place_of(selected: &Selected, side: Side) -> u32 {
    match side {
        Side::Request => selected.method.request,
        Side::Response => selected.method.response,
    }
}

impl Judge<'_, '_> {
    /// Judges what a value is, whichever arm of a condition it is, and through locals.
    fn arms(&mut self, found: Found<'_>, judge: &mut dyn FnMut(&mut Self, Found<'_>)) {
        if self.depth >= MOST_LEVELS || self.is_enough() {
            return;
        }
        self.depth += 1;
        match found {
            Found::Later(expr) => match &expr.kind {
                TKind::Constant(value) => judge(self, Found::Known(value, expr.span)),
                TKind::Conditional(_, yes, no) => {
                    self.arms(Found::Later(yes), judge);
                    self.arms(Found::Later(no), judge);
                }
                TKind::Local(id) => {
                    let local = self.checker.locals.get(id.0).and_then(Option::as_ref);
                    match local.map(|local| local.value.clone()) {
                        Some(value) => self.arms(Found::Later(&value), judge),
                        None => judge(self, found),
                    }
                }
                _ => judge(self, found),
            },
            known @ Found::Known(..) => judge(self, known),
        }
        self.depth -= 1;
    }

    fn is_enough(&self) -> bool {
        self.checker.problems.list.len() - self.before >= MOST_WRONG_PARTS
    }

    /// A field.
    fn field(&mut self, found: Found<'_>, field: &Field, way: &str) {
        let kind = field.kind;
        match field.label {
            Label::Repeated | Label::Packed => {
                self.list(found, way, &mut |judge, item, way| {
                    judge.item(item, kind, way)
                });
            }
            Label::Map(key) => self.map(found, (key, kind), way),
            Label::Implicit | Label::Optional | Label::Required => self.one(found, kind, way),
        }
    }

    /// An item of a list or a map, which cannot be null.
    fn item(&mut self, found: Found<'_>, kind: Kind, way: &str) {
        let files = Rc::clone(&self.files);
        self.arms(found, &mut |judge, found| match found {
            Found::Known(Value::Null, at) if !files.takes_null(kind) => {
                judge.wrong(at, way, "null cannot be sent as an item of a list or a map");
            }
            other => judge.one(other, kind, way),
        });
    }

    fn list(
        &mut self,
        found: Found<'_>,
        way: &str,
        item: &mut dyn FnMut(&mut Self, Found<'_>, &str),
    ) {
        self.arms(found, &mut |judge, found| match found {
            Found::Known(Value::Null, _) => {}
            Found::Known(Value::List(items), at) => {
                for (place, one) in items.iter().enumerate() {
                    let span = judge.checker.place_of_item(at, place);
                    item(judge, Found::Known(one, span), &format!("{way}[{place}]"));
                }
            }
            Found::Later(TExpr {
                kind: TKind::List(items),
                ..
            }) => {
                for (place, one) in items.iter().enumerate() {
                    item(judge, Found::Later(one), &format!("{way}[{place}]"));
                }
            }
            Found::Known(value, at) => judge.not_a(at, way, "a list", value.kind()),
            Found::Later(expr) => judge.of_type(expr, &Type::list(Type::Any), way),
        });
    }

    fn map(&mut self, found: Found<'_>, (key, kind): (Kind, Kind), way: &str) {
        self.arms(found, &mut |judge, found| match found {
            Found::Known(Value::Null, _) => {}
            Found::Known(Value::Object(pairs), at) => {
                for (name, value) in pairs.iter() {
                    let (of_key, span) = judge.checker.places_of_attribute(at, name.as_str());
                    judge.key(name.as_str(), key, of_key, way);
                    let way = format!("{way}[{:?}]", name.as_str());
                    judge.item(Found::Known(value, span), kind, &way);
                }
            }
            Found::Later(TExpr {
                kind: TKind::Object(pairs),
                ..
            }) => {
                for (name, value) in pairs {
                    let known = name.constant().and_then(Value::as_text);
                    let way = match known {
                        Some(known) => {
                            judge.key(known, key, name.span, way);
                            format!("{way}[{known:?}]")
                        }
                        None => format!("{way}[..]"),
                    };
                    judge.item(Found::Later(value), kind, &way);
                }
            }
            Found::Known(value, at) => judge.not_a(at, way, "an object", value.kind()),
            Found::Later(expr) => judge.of_type(expr, &Type::map(Type::Any), way),
        });
    }

    /// The key of a map.
    fn key(&mut self, name: &str, kind: Kind, at: Span, way: &str) {
        if let Err(fault) = check_scalar(kind, &Value::from(name.to_owned())) {
            match self.is_secret {
                true => self.wrong(at, way, "a key of it cannot have this value"),
                false => self.wrong(at, way, &format!("as a key {}", fault.text())),
            }
        }
    }

    /// One value of a kind.
    fn one(&mut self, found: Found<'_>, kind: Kind, way: &str) {
        let files = Rc::clone(&self.files);
        match files.holds(kind) {
            Holds::Message(place) => {
                if let Some(message) = files.message(place) {
                    self.arms(found, &mut |judge, found| {
                        judge.message(found, message, way)
                    });
                }
            }
            Holds::Enum(place) => {
                if let Some(one) = files.enumeration(place) {
                    self.arms(found, &mut |judge, found| {
                        judge.enumeration(found, one, way)
                    });
                }
            }
            Holds::Plain(ty) => self.arms(found, &mut |judge, found| match found {
                Found::Later(expr) => judge.of_type(expr, &ty, way),
                Found::Known(value, at) => {
                    if let Err(fault) = check(&files, kind, value) {
                        judge.fault(at, way, &fault);
                    }
                }
            }),
        }
    }

    fn enumeration(&mut self, found: Found<'_>, one: &Enum, way: &str) {
        let names = || one.values.iter().map(|(name, _)| name.as_str());
        match found {
            Found::Known(Value::Null, _) => {}
            Found::Known(Value::Text(name), at) => {
                if names().any(|known| known == name.as_str()) {
                    return;
                }
                let hint = nearest::advice(name.as_str(), names());
                let text = match self.is_secret {
                    true => format!("`{way}`: the enum `{}` has no such value", one.name),
                    false => format!("`{way}`: the enum `{}` has no value \"{name}\"", one.name),
                };
                let problem = self.checker.error(codes::WRONG_MESSAGE, at, text);
                if let Some(declared) = one.at {
                    problem.label(declared, "its values are declared here");
                }
                problem.advise(hint);
            }
            Found::Known(value @ Value::Number(_), at) => {
                if let Err(fault) = check_scalar(Kind::Int32, value) {
                    self.fault(at, way, &fault);
                }
            }
            Found::Known(value, at) => {
                let what = format!("the name of a value of the enum `{}`", one.name);
                self.not_a(at, way, &what, value.kind());
            }
            Found::Later(expr) => self.of_type(expr, &Type::String, way),
        }
    }

    fn message(&mut self, found: Found<'_>, message: &Message, way: &str) {
        match found {
            Found::Known(Value::Null, _) => {}
            Found::Known(Value::Object(pairs), at) => {
                let parts = pairs.iter().map(|(name, value)| {
                    let (key, span) = self.checker.places_of_attribute(at, name.as_str());
                    (name.as_str(), key, Found::Known(value, span))
                });
                let parts: Vec<_> = parts.collect();
                self.fields(&parts, (message, at, true), way);
            }
            Found::Later(TExpr {
                kind: TKind::Object(pairs),
                span,
                ..
            }) => {
                let parts = pairs.iter().filter_map(|(key, value)| {
                    let name = key.constant().and_then(Value::as_text)?;
                    Some((name, key.span, Found::Later(value)))
                });
                let parts: Vec<_> = parts.collect();
                let is_whole = parts.len() == pairs.len();
                self.fields(&parts, (message, *span, is_whole), way);
            }
            Found::Known(value, at) => {
                let what = format!("an object for the message `{}`", message.name);
                self.not_a(at, way, &what, value.kind());
            }
            Found::Later(expr) => {
                let ty = self.checker.opened(&expr.ty).into_owned();
                match Type::map(Type::Any).accepts(&ty) {
                    Fit::Never(_) => {
                        let what = format!("an object for the message `{}`", message.name);
                        self.not_a(expr.span, way, &what, &ty.named());
                    }
                    _ => self.fields_of_type(expr, message, way),
                }
            }
        }
    }

    /// The fields that an object gives, with the places of their names. Unless it is whole, it may give others.
    fn fields(
        &mut self,
        parts: &[(&str, Span, Found<'_>)],
        (message, at, is_whole): (&Message, Span, bool),
        way: &str,
    ) {
        let mut given: BTreeMap<usize, Member> = BTreeMap::new();
        for (name, key, part) in parts {
            let of = |is_it: fn(&Field, &str) -> bool| {
                let mut fields = message.fields.iter();
                fields.position(|field| is_it(field, name))
            };
            // A name in JSON that is the name of another field means that one.
            let place = of(|field, name| field.name == name)
                .or_else(|| of(|field, name| field.json_name == name));
            let Some((place, field)) = place.and_then(|at| Some((at, message.fields.get(at)?)))
            else {
                self.unknown_field(message, name, *key, way);
                continue;
            };
            let member = Member {
                key: *key,
                is_sure: is_there(*part),
                is_null: is_null(*part),
            };
            if let Some(first) = given.insert(place, member) {
                let text = format!(
                    "`{way}.{}` is given twice, once by its name in JSON",
                    field.name
                );
                self.checker
                    .error(codes::WRONG_MESSAGE, *key, text)
                    .label(first.key, "first here");
            }
            self.field(*part, field, &format!("{way}.{}", field.name));
        }
        self.one_of_each(message, &given, way);
        if !is_whole {
            return;
        }
        for (place, field) in message.fields.iter().enumerate() {
            let is_given = given.get(&place).is_some_and(|member| !member.is_null);
            if field.label != Label::Required || is_given || self.is_enough() {
                continue;
            }
            let text = format!(
                "`{way}` needs the field `{}`, which `{}` requires",
                field.name, message.name
            );
            let problem = self.checker.error(codes::WRONG_MESSAGE, at, text);
            if let Some(declared) = field.at {
                problem.label(declared, "declared here");
            }
        }
    }

    /// Of a oneof at most one member can be given.
    fn one_of_each(&mut self, message: &Message, given: &BTreeMap<usize, Member>, way: &str) {
        let mut taken: BTreeMap<u32, (&Field, Span)> = BTreeMap::new();
        for (place, member) in given.iter().filter(|(_, member)| member.is_sure) {
            let Some(field) = message.fields.get(*place) else {
                continue;
            };
            let Some(oneof) = field.oneof else { continue };
            let Some((other, first)) = taken.insert(oneof, (field, member.key)) else {
                continue;
            };
            let name = message.oneofs.get(oneof as usize);
            let text = format!(
                "`{way}`: only one of `{}` and `{}` can be given, members of the oneof `{}`",
                other.name,
                field.name,
                name.map_or("", String::as_str)
            );
            self.checker
                .error(codes::WRONG_MESSAGE, member.key, text)
                .label(first, "beside this");
        }
    }

    fn unknown_field(&mut self, message: &Message, name: &str, at: Span, way: &str) {
        // It may stand where the files could not be read, which was said.
        if self.files.is_in_part() {
            return;
        }
        let names = message.fields.iter().map(|field| field.name.as_str());
        let in_json = message.fields.iter().map(|field| field.json_name.as_str());
        let near = nearest::nearest(name, names.clone().chain(in_json));
        let hint = near
            .map(Hint::meant)
            .or_else(|| nearest::advice(name, names));
        let text = format!(
            "`{way}`: the message `{}` has no field `{name}`",
            message.name
        );
        let problem = self.checker.error(codes::UNKNOWN_FIELD, at, text);
        if let Some(declared) = message.at {
            problem.label(declared, "its fields are declared here");
        }
        problem.advise(hint);
    }

    /// The fields of what is computed later, as far as its type says which it has.
    fn fields_of_type(&mut self, expr: &TExpr, message: &Message, way: &str) {
        // What a schema describes need not have all that the schema names.
        let is_certain = match &expr.ty {
            Type::Object(_) => true,
            Type::Named(named) => {
                let messages = self.checker.documents.messages(named.document);
                let same = messages.is_some_and(|messages| {
                    let of = messages.message_of(named);
                    let of = of.and_then(|of| messages.files().message(of).cloned());
                    of.is_some_and(|of| of.name == message.name)
                });
                if same && named.document == self.document {
                    return;
                }
                self.checker.documents.messages(named.document).is_some()
            }
            _ => false,
        };
        let ty = self.checker.opened(&expr.ty).into_owned();
        let Type::Object(fields) = ty else { return };
        if !is_certain || self.files.is_in_part() {
            return;
        }
        for field in &fields {
            let name = field.name.as_str();
            let mut known = message.fields.iter();
            let is_known = known.any(|known| known.name == name || known.json_name == name);
            if !is_known && !self.is_enough() {
                let text = format!(
                    "`{way}`: the message `{}` has no field `{name}`, and this value has one",
                    message.name
                );
                let problem = self.checker.error(codes::UNKNOWN_FIELD, expr.span, text);
                if let Some(declared) = message.at {
                    problem.label(declared, "its fields are declared here");
                }
            }
        }
    }

    /// Says it where what is computed later can never be of a type.
    fn of_type(&mut self, expr: &TExpr, want: &Type, way: &str) {
        let ty = self.checker.opened(&expr.ty).into_owned();
        if let Fit::Never(why) = want.accepts(&ty) {
            self.wrong(expr.span, way, &why);
        }
    }

    fn not_a(&mut self, at: Span, way: &str, what: &str, found: &str) {
        self.wrong(at, way, &format!("expected {what}, found {found}"));
    }

    fn fault(&mut self, at: Span, way: &str, fault: &Fault) {
        match self.is_secret {
            true => self.wrong(at, way, "it cannot have this value"),
            false => self.wrong(at, way, fault.text()),
        }
    }

    fn wrong(&mut self, at: Span, way: &str, text: &str) {
        if self.is_enough() {
            return;
        }
        let text = format!("`{way}`: {text}");
        self.checker.error(codes::WRONG_MESSAGE, at, text);
    }
}

/// Whether a value that is known can be sent as one of a kind that is no enum and has no fields.
fn check(files: &Files, kind: Kind, value: &Value) -> Result<(), Fault> {
    let Kind::Message(place) = kind else {
        return check_scalar(kind, value);
    };
    let Some(message) = files.message(place) else {
        return Ok(());
    };
    match (message.form, message.fields.first()) {
        (Form::Wrapper, Some(wrapped)) => check_scalar(wrapped.kind, value),
        (form, _) => check_form(form, value),
    }
}

fn is_null(found: Found<'_>) -> bool {
    match found {
        Found::Known(value, _) => value.is_null(),
        Found::Later(expr) => expr.is_null(),
    }
}

/// Whether a part is there for certain: what is computed when the program runs may be null.
fn is_there(found: Found<'_>) -> bool {
    match found {
        Found::Known(value, _) => !value.is_null(),
        Found::Later(expr) => match &expr.kind {
            TKind::Constant(value) => !value.is_null(),
            TKind::List(_) | TKind::Object(_) | TKind::Template(_) => true,
            _ => false,
        },
    }
}
