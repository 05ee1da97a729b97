//! A descriptor set to the trees of its files, which are linked as those of texts are.
//!
//! The set is a message itself: it is read by the table of `google/protobuf/descriptor.proto`.

use std::collections::BTreeMap;
use std::sync::Arc;

use bggo_protobuf::{Decoder, Limits, Table, Wanted};
use bggo_values::Value;

use crate::diagnostics::Problems;
use crate::source::Span;

use super::link::{Linked, Loaded, link};
use super::load::{self, Asked, Lacking};
use super::model::Method;
use super::tree::{
    Enum, EnumValue, Extend, Field, File, Import, Label, Message, Name, Numbered, Oneof, Options,
    Reserved, Service, Syntax, Type,
};
use super::{google, parse, table, tree};

/// Where the messages of a set are declared.
const DESCRIPTOR: &str = "google/protobuf/descriptor.proto";

/// Reads a set, or says what is wrong with it.
pub(super) fn read(bytes: &[u8]) -> Result<Linked, String> {
    let no_set = |fault: bggo_values::Fault| format!("this is no descriptor set: {}", fault.text());
    let set = decoder()?.decode(bytes).map_err(no_set)?;
    let mut files = Vec::new();
    for file in list(&set, "file") {
        // Those that come with bggo are read from there.
        if google::text(&text(&file, "name")).is_none() {
            files.push(loaded(&file)?);
        }
    }
    if files.is_empty() {
        return Err("this is no descriptor set: it has no files".to_owned());
    }
    imports(&mut files)?;
    let linked = link(&files);
    match linked.faults.first() {
        None => Ok(linked),
        Some((file, fault)) => {
            let path = files.get(*file).map_or("", |file| &file.path);
            Err(format!("`{path}`: {}", fault.text))
        }
    }
}

/// What reads sets.
fn decoder() -> Result<Decoder, String> {
    let root = Asked {
        path: DESCRIPTOR,
        at: Span::default(),
    };
    // It comes with bggo, and imports nothing.
    let mut nothing = |path: &str| {
        Err(Lacking {
            text: format!("there is no file `{path}`"),
            hint: None,
        })
    };
    let read = load::read(&[root], &mut nothing, &mut Problems::default());
    let Linked {
        messages, enums, ..
    } = link(&read.files);
    let place = messages
        .iter()
        .position(|message| message.name == "google.protobuf.FileDescriptorSet");
    let place = place.and_then(|place| u32::try_from(place).ok());
    let place = place.ok_or("the messages of descriptor sets are missing")?;
    let method = Method {
        path: String::new(),
        request: place,
        response: place,
        streams_requests: false,
        streams_responses: false,
        doc: None,
        at: None,
    };
    let table = Table::of(table::schema(&messages, &enums, &method));
    let decoder = table.and_then(|table| {
        let root = table.request();
        Decoder::new(Arc::new(table), root, &Wanted::All, Limits::USUAL)
    });
    decoder.map_err(|fault| fault.text().to_owned())
}

/// Finds what each file imports.
fn imports(files: &mut Vec<Loaded>) -> Result<(), String> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for (place, file) in files.iter().enumerate() {
        places.insert(file.path.clone(), place);
    }
    let mut next = 0;
    while let Some(file) = files.get(next) {
        let (path, wanted) = (file.path.clone(), file.tree.imports.clone());
        for import in wanted {
            let wanted = import.path.text;
            let place = match (places.get(&wanted), google::text(&wanted)) {
                (Some(place), _) => *place,
                (None, Some(text)) => {
                    let (tree, _) = parse::read(text);
                    places.insert(wanted.clone(), files.len());
                    files.push(Loaded {
                        path: wanted,
                        id: None,
                        tree,
                        imports: Vec::new(),
                    });
                    files.len() - 1
                }
                (None, None) if import.is_weak => continue,
                (None, None) => {
                    return Err(format!(
                        "`{path}` imports `{wanted}`, which is not in the set: write it with `--include_imports`"
                    ));
                }
            };
            if let Some(file) = files.get_mut(next) {
                file.imports.push((place, import.is_public));
            }
        }
        next += 1;
    }
    Ok(())
}

/// The items of a list.
fn list(of: &Value, name: &str) -> Vec<Value> {
    let items = of.get(name).and_then(|items| items.items());
    items.map_or(Vec::new(), |items| items.to_vec())
}

/// A text, which is empty where there is none.
fn text(of: &Value, name: &str) -> String {
    let text = of.get(name);
    let text = text.as_ref().and_then(Value::as_text);
    text.unwrap_or_default().to_owned()
}

fn number(of: &Value, name: &str) -> Option<i64> {
    match of.get(name)? {
        Value::Number(number) => number.as_i64(),
        _ => None,
    }
}

fn is_true(of: &Value, name: &str) -> bool {
    of.get(name).is_some_and(|value| value.is_true())
}

/// The options of a declaration.
fn options(of: &Value) -> Value {
    of.get("options").unwrap_or(Value::Null)
}

/// A name. Nothing of a set has a place in a text.
fn name(text: String) -> Name {
    Name { text, at: 0..0 }
}

fn name_of(of: &Value) -> Name {
    name(text(of, "name"))
}

fn numbered(of: &Value) -> Numbered {
    Numbered {
        number: number(of, "number").unwrap_or(0),
        at: 0..0,
    }
}

fn loaded(file: &Value) -> Result<Loaded, String> {
    let path = text(file, "name");
    let in_file = |text: String| format!("`{path}`: {text}");
    let syntax = match text(file, "syntax").as_str() {
        "" | "proto2" => Syntax::Two,
        "proto3" => Syntax::Three,
        _ => return Err(in_file("editions are not read".to_owned())),
    };
    let places = |list_name: &str| -> Vec<Option<i64>> {
        let places = list(file, list_name);
        let places = places.iter().map(|place| match place {
            Value::Number(number) => number.as_i64(),
            _ => None,
        });
        places.collect()
    };
    let (public, weak) = (places("public_dependency"), places("weak_dependency"));
    let imports = list(file, "dependency");
    let imports = imports.iter().enumerate().map(|(place, path)| {
        let place = i64::try_from(place).ok();
        Import {
            path: name(path.as_text().unwrap_or_default().to_owned()),
            is_public: public.contains(&place),
            is_weak: weak.contains(&place),
        }
    });
    let package = Some(text(file, "package")).filter(|package| !package.is_empty());
    let messages = list(file, "message_type");
    let messages = messages.iter().map(|one| message(one, syntax));
    let tree = File {
        syntax,
        package: package.map(name),
        imports: imports.collect(),
        messages: messages.collect::<Result<_, _>>().map_err(in_file)?,
        enums: list(file, "enum_type").iter().map(enumeration).collect(),
        services: list(file, "service").iter().map(service).collect(),
        extends: extends(file),
    };
    Ok(Loaded {
        path,
        id: None,
        tree,
        imports: Vec::new(),
    })
}

/// What is extended; by which fields does not matter.
fn extends(of: &Value) -> Vec<Extend> {
    let extensions = list(of, "extension");
    let extends = extensions.iter().map(|one| Extend {
        of: name(text(one, "extendee")),
        fields: Vec::new(),
    });
    extends.collect()
}

fn message(of: &Value, syntax: Syntax) -> Result<Message, String> {
    let full = text(of, "name");
    if is_true(&options(of), "message_set_wire_format") {
        return Err(format!("`{full}` is a message set, which is not read"));
    }
    let nested = list(of, "nested_type");
    let (entries, nested): (Vec<Value>, Vec<Value>) = nested
        .into_iter()
        .partition(|one| is_true(&options(one), "map_entry"));
    let fields = list(of, "field");
    // The oneofs that only stand for `optional` are none here, and the places of the others move.
    let is_of_optional = |place: i64| {
        let mut members = fields
            .iter()
            .filter(|field| number(field, "oneof_index") == Some(place));
        members.any(|field| is_true(field, "proto3_optional"))
    };
    let mut oneofs = Vec::new();
    let mut places = BTreeMap::new();
    for (place, one) in (0..).zip(list(of, "oneof_decl")) {
        if !is_of_optional(place) {
            places.insert(place, oneofs.len());
            oneofs.push(Oneof {
                name: name_of(&one),
            });
        }
    }
    let made = fields.iter().map(|one| {
        let oneof = number(one, "oneof_index");
        let oneof = oneof.and_then(|place| places.get(&place).copied());
        field(one, oneof, syntax, &entries)
    });
    Ok(Message {
        name: name(full.clone()),
        doc: None,
        fields: made.collect::<Result<_, _>>()?,
        oneofs,
        messages: nested
            .iter()
            .map(|one| message(one, syntax))
            .collect::<Result<_, _>>()?,
        enums: list(of, "enum_type").iter().map(enumeration).collect(),
        extends: extends(of),
        reserved: Reserved::default(),
        extensions: Vec::new(),
    })
}

fn field(
    of: &Value,
    oneof: Option<usize>,
    syntax: Syntax,
    entries: &[Value],
) -> Result<Field, String> {
    let type_name = text(of, "type_name");
    let entry = entries.iter().find(|entry| {
        let last = type_name.rsplit_once('.').map_or("", |(_, last)| last);
        !last.is_empty() && last == text(entry, "name")
    });
    let is_repeated = text(of, "label") == "LABEL_REPEATED";
    let (ty, is_map) = match entry.filter(|_| is_repeated) {
        Some(entry) => match list(entry, "field").as_slice() {
            [key, value] => (Type::Map(type_of(key)?, type_of(value)?), true),
            _ => return Err(format!("`{type_name}` is no entry of a map")),
        },
        None => (Type::Named(type_of(of)?), false),
    };
    let label = match text(of, "label").as_str() {
        _ if is_map || oneof.is_some() => None,
        "LABEL_REPEATED" => Some(Label::Repeated),
        "LABEL_REQUIRED" => Some(Label::Required),
        _ if syntax == Syntax::Two || is_true(of, "proto3_optional") => Some(Label::Optional),
        _ => None,
    };
    let packed = options(of).get("packed").filter(|packed| !packed.is_null());
    let json = Some(text(of, "json_name")).filter(|json| !json.is_empty());
    Ok(Field {
        label: label.map(|label| (label, 0..0)),
        ty,
        name: name_of(of),
        number: numbered(of),
        options: Options {
            packed: packed.map(|packed| (packed.is_true(), 0..0)),
            json_name: json.map(name),
            default: None,
        },
        oneof,
        doc: None,
    })
}

/// The word of a scalar, or the name of a message or an enum.
fn type_of(field: &Value) -> Result<Name, String> {
    let word = text(field, "type");
    match word.strip_prefix("TYPE_").unwrap_or_default() {
        "GROUP" => Err(format!(
            "`{}` is a group, which is not read",
            text(field, "name")
        )),
        "MESSAGE" | "ENUM" | "" => Ok(name(text(field, "type_name"))),
        scalar => Ok(name(scalar.to_lowercase())),
    }
}

fn enumeration(of: &Value) -> Enum {
    let values = list(of, "value");
    let values = values.iter().map(|value| EnumValue {
        name: name_of(value),
        number: numbered(value),
    });
    Enum {
        name: name_of(of),
        values: values.collect(),
        allows_alias: is_true(&options(of), "allow_alias"),
        reserved: Reserved::default(),
    }
}

fn service(of: &Value) -> Service {
    let methods = list(of, "method");
    let methods = methods.iter().map(|method| tree::Method {
        name: name_of(method),
        request: name(text(method, "input_type")),
        response: name(text(method, "output_type")),
        streams_requests: is_true(method, "client_streaming"),
        streams_responses: is_true(method, "server_streaming"),
        doc: None,
    });
    Service {
        name: name_of(of),
        methods: methods.collect(),
    }
}
