//! Files are read as protox reads them, and refused where it refuses them.

use std::collections::BTreeMap;
use std::sync::Arc;

use bggo_protobuf::schema::Label;
use bggo_protobuf::{Decoder, Limits, Table, Wanted, encode};
use bggo_values::{Text, Value};
use prost::Message as _;
use prost_reflect::{Cardinality, DescriptorPool, DynamicMessage, FieldDescriptor};
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

use super::*;
use crate::source::FileId;

/// Names, scopes, all kinds of fields and options, over several files.
const SHOP: [(&str, &str); 4] = [
    ("shop/cart.proto", include_str!("samples/cart.proto")),
    ("shop/common.proto", include_str!("samples/common.proto")),
    ("shop/money.proto", include_str!("samples/money.proto")),
    ("old.proto", include_str!("samples/old.proto")),
];

fn lacking(path: &str) -> Lacking {
    Lacking {
        text: format!("there is no file `{path}`"),
        hint: None,
    }
}

/// Reads the first of these files.
fn parsed(files: &[(&str, &str)]) -> (Files, Problems) {
    let mut ask = |path: &str| {
        let place = files.iter().position(|(known, _)| *known == path);
        let place = place.ok_or_else(|| lacking(path))?;
        let file = FileId(u32::try_from(place).unwrap());
        Ok(Given {
            file,
            text: files[place].1,
        })
    };
    let root = Asked {
        path: files[0].0,
        at: Span::default(),
    };
    Files::parse(&[root], &mut ask)
}

/// What is wrong in a file, and the piece of it that each fault stands at.
fn faults(text: &str) -> Vec<(String, String)> {
    let (_, problems) = parsed(&[("a.proto", text)]);
    let faults = problems.list.iter().map(|problem| {
        let span = problem.span.unwrap();
        let piece = &text[span.start as usize..span.end as usize];
        (problem.text.clone(), piece.to_owned())
    });
    faults.collect()
}

struct Texts(Arc<BTreeMap<String, String>>);

impl FileResolver for Texts {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match self.0.get(name) {
            Some(text) => File::from_source(name, text),
            None => Err(protox::Error::file_not_found(name)),
        }
    }
}

/// What the other implementation makes of the first of these files.
fn elsewhere(files: &[(&str, &str)]) -> Result<protox::Compiler, protox::Error> {
    let texts = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    elsewhere_of(Arc::new(texts.collect()), files[0].0)
}

fn elsewhere_of(
    files: Arc<BTreeMap<String, String>>,
    first: &str,
) -> Result<protox::Compiler, protox::Error> {
    let mut resolver = ChainFileResolver::new();
    resolver.add(GoogleFileResolver::new());
    resolver.add(Texts(files));
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.include_imports(true);
    compiler.open_file(first)?;
    Ok(compiler)
}

/// All that is declared, a line each.
fn own_lines(files: &Files) -> Vec<String> {
    let mut lines = Vec::new();
    for message in &files.messages {
        let oneofs = message.oneofs.join(" ");
        lines.push(format!("message {} {oneofs}", message.name));
        for field in &message.fields {
            let Field {
                name,
                json_name,
                number,
                label,
                ..
            } = field;
            let kind = own_kind(files, field.kind);
            let label = match label {
                Label::Map(key) => format!("map of {}", own_kind(files, *key)),
                other => format!("{other:?}"),
            };
            let oneof = field
                .oneof
                .map(|place| message.oneofs[place as usize].as_str());
            lines.push(format!(
                "{}.{name} {json_name} {number} {kind} {label} {oneof:?}",
                message.name
            ));
        }
    }
    for one in &files.enums {
        lines.push(format!("enum {} {:?}", one.name, one.values));
    }
    for method in &files.methods {
        let message = |place| &files.message(place).unwrap().name;
        lines.push(format!(
            "method {} {} {} {} {}",
            method.path,
            message(method.request),
            message(method.response),
            method.streams_requests,
            method.streams_responses
        ));
    }
    lines.sort();
    lines
}

fn own_kind(files: &Files, kind: Kind) -> String {
    match kind {
        Kind::Message(place) => files.message(place).unwrap().name.clone(),
        Kind::Enum(place) => files.enumeration(place).unwrap().name.clone(),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// The same of the other implementation.
fn lines_elsewhere(pool: &DescriptorPool) -> Vec<String> {
    let mut lines = Vec::new();
    for message in pool
        .all_messages()
        .filter(|message| !message.is_map_entry())
    {
        let oneofs = message.oneofs().filter(|one| !one.is_synthetic());
        let oneofs: Vec<String> = oneofs.map(|one| one.name().to_owned()).collect();
        lines.push(format!(
            "message {} {}",
            message.full_name(),
            oneofs.join(" ")
        ));
        for field in message.fields() {
            let label = match field.cardinality() {
                _ if field.is_map() => {
                    let entry = field.kind().as_message().unwrap().clone();
                    format!("map of {}", kind_elsewhere(&entry.map_entry_key_field()))
                }
                Cardinality::Required => "Required".to_owned(),
                _ if is_packed(&field) => "Packed".to_owned(),
                _ if field.is_list() => "Repeated".to_owned(),
                _ if field.supports_presence() => "Optional".to_owned(),
                _ => "Implicit".to_owned(),
            };
            let kind = match field.is_map() {
                true => {
                    let entry = field.kind().as_message().unwrap().clone();
                    kind_elsewhere(&entry.map_entry_value_field())
                }
                false => kind_elsewhere(&field),
            };
            let oneof = field.containing_oneof().filter(|one| !one.is_synthetic());
            let oneof = oneof.as_ref().map(|one| one.name());
            lines.push(format!(
                "{}.{} {} {} {kind} {label} {oneof:?}",
                message.full_name(),
                field.name(),
                field.json_name(),
                field.number()
            ));
        }
    }
    for one in pool.all_enums() {
        let values = &one.enum_descriptor_proto().value;
        let values: Vec<(String, i32)> = values
            .iter()
            .map(|value| (value.name().to_owned(), value.number()))
            .collect();
        lines.push(format!("enum {} {values:?}", one.full_name()));
    }
    for service in pool.services() {
        for method in service.methods() {
            lines.push(format!(
                "method {}/{} {} {} {} {}",
                service.full_name(),
                method.name(),
                method.input().full_name(),
                method.output().full_name(),
                method.is_client_streaming(),
                method.is_server_streaming()
            ));
        }
    }
    lines.sort();
    lines
}

/// The other one decides before it has read the options.
fn is_packed(field: &FieldDescriptor) -> bool {
    let options = field.field_descriptor_proto().options.as_ref();
    let packed = options.and_then(|options| options.packed);
    packed.unwrap_or(field.is_packed())
}

fn kind_elsewhere(field: &FieldDescriptor) -> String {
    match field.kind() {
        prost_reflect::Kind::Message(message) => message.full_name().to_owned(),
        prost_reflect::Kind::Enum(one) => one.full_name().to_owned(),
        other => format!("{other:?}"),
    }
}

fn assert_same(own: &[String], other: &[String]) {
    let missing: Vec<_> = other.iter().filter(|line| !own.contains(line)).collect();
    let more: Vec<_> = own.iter().filter(|line| !other.contains(line)).collect();
    let first = |lines: &[&String]| {
        lines
            .iter()
            .take(5)
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let (missing, more) = (first(&missing), first(&more));
    assert!(
        missing.is_empty() && more.is_empty(),
        "missing {missing:#?}\nmore {more:#?}"
    );
}

#[test]
fn files_are_read_as_elsewhere() {
    for start in 0..SHOP.len() {
        let mut files = SHOP.to_vec();
        files.rotate_left(start);
        let (own, problems) = parsed(&files);
        assert!(problems.list.is_empty(), "{problems:?}");
        let other = elsewhere(&files).unwrap().descriptor_pool();
        assert_same(&own_lines(&own), &lines_elsewhere(&other));
    }
}

#[test]
fn the_files_that_come_with_bggo_are_those_of_the_format() {
    let names = [
        "any",
        "api",
        "descriptor",
        "duration",
        "empty",
        "field_mask",
        "source_context",
        "struct",
        "timestamp",
        "type",
        "wrappers",
    ];
    let imports = names.map(|name| format!("import \"google/protobuf/{name}.proto\";\n"));
    let text = format!("syntax = \"proto3\";\n{}", imports.concat());
    let files = [("a.proto", text.as_str())];
    let (own, problems) = parsed(&files);
    assert!(problems.list.is_empty(), "{problems:?}");
    let other = elsewhere(&files).unwrap().descriptor_pool();
    assert_same(&own_lines(&own), &lines_elsewhere(&other));
}

/// `PROTO_FOLDERS=a:b cargo test -p bggo files_of_others` reads all files in these folders.
#[test]
fn files_of_others_are_read_as_elsewhere() {
    let folders = std::env::var("PROTO_FOLDERS").unwrap_or_default();
    let folders: Vec<&str> = folders
        .split(':')
        .filter(|folder| !folder.is_empty())
        .collect();
    for folder in &folders {
        let mut compared = 0;
        let mut open = vec![std::path::PathBuf::from(folder)];
        let mut files: BTreeMap<String, String> = BTreeMap::new();
        while let Some(next) = open.pop() {
            for entry in std::fs::read_dir(next).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else if path.extension().is_some_and(|end| end == "proto") {
                    let name = path
                        .strip_prefix(folder)
                        .unwrap()
                        .to_str()
                        .unwrap()
                        .to_owned();
                    files.insert(name, std::fs::read_to_string(&path).unwrap());
                }
            }
        }
        let files = Arc::new(files);
        let paths: Vec<&String> = files.keys().collect();
        for first in files.keys() {
            let mut ask = |path: &str| {
                let place = paths.iter().position(|known| *known == path);
                let place = place.ok_or_else(|| lacking(path))?;
                let file = FileId(u32::try_from(place).unwrap());
                Ok(Given {
                    file,
                    text: &files[path],
                })
            };
            let root = Asked {
                path: first,
                at: Span::default(),
            };
            let (own, problems) = Files::parse(&[root], &mut ask);
            let told = problems.list.iter().map(|problem| {
                let file = problem.span.map_or("", |span| paths[span.file.0 as usize]);
                format!("{file}: {}", problem.text)
            });
            let told: Vec<String> = told.collect();
            let is_refused = |text: &String| {
                ["extensions of messages", "editions", "groups"]
                    .iter()
                    .any(|what| text.contains(what))
            };
            if told.iter().any(is_refused) {
                continue;
            }
            match elsewhere_of(Arc::clone(&files), first) {
                Ok(other) => {
                    assert!(told.is_empty(), "{first}: {told:#?}");
                    assert_same(&own_lines(&own), &lines_elsewhere(&other.descriptor_pool()));
                    compared += 1;
                }
                Err(error) => assert!(!told.is_empty(), "{first}: {error:?}"),
            }
        }
        assert!(compared > 0, "{folder}");
    }
}

/// A file of proto3 in which this stands.
fn three(text: &str) -> String {
    format!("syntax = \"proto3\";\npackage p;\n{text}")
}

#[test]
fn what_is_wrong_is_wrong_elsewhere_too() {
    // What stands in a file, what is said of it, and of which piece.
    let cases = [
        ("message A { string a = 1 }", "expected `;`, found `}`", "}"),
        ("message A { string a; }", "expected `=`, found `;`", ";"),
        (
            "message A { string = 1; }",
            "expected the name of a field, found `=`",
            "=",
        ),
        (
            "message A { a = 1; }",
            "expected the name of a field, found `=`",
            "=",
        ),
        (
            "message A { int32 a = x; }",
            "expected a whole number, found `x`",
            "x",
        ),
        (
            "message A { int32 a = 1.5; }",
            "expected a whole number, found a number",
            "1.5",
        ),
        (
            "messag A {}",
            "expected a declaration such as `message` or `service`, found `messag`",
            "messag",
        ),
        ("message A {", "this `{` is never closed", "{"),
        ("message A {} }", "this `}` closes nothing", "}"),
        (
            "message A { int32 a = 0; }",
            "the number of a field is 1 to 536870911, not 0",
            "0",
        ),
        (
            "message A { int32 a = -1; }",
            "the number of a field is 1 to 536870911, not -1",
            "-1",
        ),
        (
            "message A { int32 a = 536870912; }",
            "the number of a field is 1 to 536870911, not 536870912",
            "536870912",
        ),
        (
            "message A { int32 a = 19000; }",
            "the numbers 19000 to 19999 are kept for the format itself",
            "19000",
        ),
        (
            "message A { int32 a = 1; int32 b = 1; }",
            "the number 1 is that of `a` already",
            "1",
        ),
        (
            "message A { int32 a = 1; int32 a = 2; }",
            "`p.A.a` is declared twice",
            "a",
        ),
        ("message A {} message A {}", "`p.A` is declared twice", "A"),
        (
            "message A {} enum A { X = 0; }",
            "`p.A` is declared twice",
            "A",
        ),
        (
            "enum A { X = 0; } enum B { X = 0; }",
            "`p.X` is declared twice",
            "X",
        ),
        (
            "message A { reserved 2 to 4; int32 a = 3; }",
            "the number 3 is reserved",
            "3",
        ),
        (
            "message A { required int32 a = 1; }",
            "there is no `required` in proto3",
            "required",
        ),
        (
            "message A { int32 a = 1 [default = 3]; }",
            "a field of proto3 has no default of its own",
            "default",
        ),
        ("message A { B b = 1; }", "there is no type `B`", "B"),
        (
            "message A { string B = 1; B b = 2; }",
            "there is no type `B`",
            "B",
        ),
        ("message A { .B b = 1; }", "there is no type `.B`", ".B"),
        (
            "message A { message B {} } message C { B b = 1; }",
            "there is no type `B`",
            "B",
        ),
        (
            "message A { google.protobuf.Timestamp at = 1; }",
            "there is no type `google.protobuf.Timestamp`",
            "google.protobuf.Timestamp",
        ),
        (
            "message A { map<double, int32> a = 1; }",
            "the keys of a map are whole numbers, bools or strings, not `double`",
            "double",
        ),
        (
            "message A { map<A, int32> a = 1; }",
            "the keys of a map are whole numbers, bools or strings, not `A`",
            "A",
        ),
        (
            "message A { repeated map<int32, int32> a = 1; }",
            "a map has no label",
            "map",
        ),
        (
            "message A { oneof b { map<int32, int32> a = 1; } }",
            "a member of a oneof is no map",
            "int32, int32",
        ),
        (
            "message A { oneof b { repeated int32 a = 1; } }",
            "a member of a oneof has no label",
            "repeated",
        ),
        (
            "message A { oneof b {} }",
            "a oneof has at least one member",
            "b",
        ),
        (
            "message A { int32 foo_bar = 1; int32 fooBar = 2; }",
            "`foo_bar` and `fooBar` are both called `fooBar` in JSON",
            "fooBar",
        ),
        ("enum A {}", "an enum has at least one value", "A"),
        (
            "enum A { X = 1; }",
            "the first value of an enum of proto3 is 0",
            "1",
        ),
        (
            "enum A { X = 0; Y = 0; }",
            "the number 0 is that of `X` already",
            "0",
        ),
        (
            "enum A { X = 0; Y = 2147483648; }",
            "the number of a value has 32 bits: -2147483648 to 2147483647",
            "2147483648",
        ),
        (
            "enum A { reserved 5 to max; X = 0; Y = 7; }",
            "the number 7 is reserved",
            "7",
        ),
        (
            "service S { rpc M(A) returns (A); }",
            "there is no type `A`",
            "A",
        ),
        (
            "service S { rpc M(string) returns (string); }",
            "a method takes and gives a message, not a `string`",
            "string",
        ),
        (
            "enum E { X = 0; } message A {} service S { rpc M(E) returns (A); }",
            "`E` is no message",
            "E",
        ),
        (
            "message A {} service S { rpc M(A) returns (A); rpc M(A) returns (A); }",
            "`p.S.M` is declared twice",
            "M",
        ),
        (
            "message A {} service S { M(A) returns (A); }",
            "expected `rpc`, found `M`",
            "M",
        ),
        (
            "message A {} service S { rpc M(A) (A); }",
            "expected `returns`, found `(`",
            "(",
        ),
        (
            "import \"nowhere.proto\";",
            "there is no file `nowhere.proto`",
            "\"nowhere.proto\"",
        ),
        (
            "import \"a.proto\";",
            "`a.proto` leads back to this file",
            "\"a.proto\"",
        ),
        (
            "message A { string a = 1; # b\n }",
            "'#' has no meaning here",
            "#",
        ),
        (
            "message A { string a = 1; /* }",
            "this comment is never closed",
            "/*",
        ),
        (
            "option java_package = \"x;\n",
            "this text is never closed",
            "\"x;",
        ),
    ];
    let mut wrong = Vec::new();
    for (text, expected, piece) in cases {
        let text = three(text);
        let found = faults(&text);
        let is_refused = elsewhere(&[("a.proto", &text)]).is_err();
        if !is_refused || !found.contains(&(expected.to_owned(), piece.to_owned())) {
            wrong.push((text, is_refused, found));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What protoc refuses, and the other implementation here does not.
#[test]
fn what_only_protoc_refuses_is_refused() {
    let cases = [
        (
            "message A { reserved \"a\"; int32 a = 3; }",
            "the name `a` is reserved",
            "a",
        ),
        (
            "message A { extensions 4 to 8; }",
            "messages of proto3 have no extensions",
            "4 to 8",
        ),
        (
            "message A { string a = 1 [packed = true]; }",
            "only a list of numbers, bools or enums is packed",
            "packed",
        ),
        (
            "message A { int32 a = 1 [packed = true]; }",
            "only a list of numbers, bools or enums is packed",
            "packed",
        ),
        (
            "message A { int32 a = 1 [json_nam = \"b\"]; }",
            "there is no option `json_nam`",
            "json_nam",
        ),
        (
            "message A { option depricated = true; }",
            "there is no option `depricated`",
            "depricated",
        ),
        (
            "enum A { option allow_alia = true; X = 0; }",
            "there is no option `allow_alia`",
            "allow_alia",
        ),
        (
            "message A { reserved 5 to 3; }",
            "the numbers end before they begin",
            "5 to 3",
        ),
        (
            "message A { repeated int32 a = 1 [packed = 1]; }",
            "`packed` is `true` or `false`",
            "1",
        ),
        (
            "import \"google/protobuf/any.proto\"; import \"google/protobuf/any.proto\";",
            "`google/protobuf/any.proto` is imported twice",
            "\"google/protobuf/any.proto\"",
        ),
        (
            "enum A { option allow_alias = true; X = 0; }",
            "the enum allows aliases and has none",
            "A",
        ),
    ];
    for (text, expected, piece) in cases {
        let text = three(text);
        let found = faults(&text);
        assert!(
            found.contains(&(expected.to_owned(), piece.to_owned())),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn what_is_allowed_is_allowed_elsewhere_too() {
    let cases = [
        "",
        ";;",
        "message A { ; int32 a = 1;; }",
        "message message { optional optional oneof = 2; } message optional {}",
        "message A { string map = 1; string package = 2; bool stream = 3; int32 option = 4; int32 reserved = 5; }",
        "message A { int32 a = 0x10; int32 b = 017; reserved 1, 3 to 5, 100 to max; reserved \"x\", \"y\"; }",
        "message stream {} service S { rpc A(stream stream) returns (stream p.stream); rpc B(stream .p.stream) returns (p.stream); }",
        "message A { B.C c = 1; message B { message C { A a = 1; .p.A.B b = 2; } } }",
        "message A { enum E { X = 0; } E e = 1; repeated E es = 2 [packed = false]; map<string, E> m = 3; }",
        "enum E { option allow_alias = true; X = 0; Y = 0; Z = -1; }",
        "message A { int32 a = 1 [deprecated = true, json_name = \"b\" \"c\"]; }",
        "import \"google/protobuf/descriptor.proto\"; extend google.protobuf.FieldOptions { string rule = 50001; repeated int32 marks = 50002; } message A { string a = 1 [(rule) = \"x\", (marks) = 1, (marks) = 2]; option (.p.other).some = 1; }",
        "service S { option deprecated = true; rpc M(A) returns (A) { option deprecated = true; }; } message A {}",
        "option java_package = 'x'; option optimize_for = SPEED; option (x.y).z = { a: 1 b { c: \"}\" } d: [1, -2], };",
        "message A { oneof choice { A a = 1; string b = 2; } optional int32 c = 3; }",
    ];
    for text in cases {
        let text = three(text);
        assert_eq!(faults(&text), [], "{text}");
        // The other one looks at options, too.
        if !text.contains("(x") && !text.contains("other") {
            let found = elsewhere(&[("a.proto", &text)]);
            let other = found
                .unwrap_or_else(|error| panic!("{text}: {error:?}"))
                .descriptor_pool();
            let (own, _) = parsed(&[("a.proto", &text)]);
            assert_same(&own_lines(&own), &lines_elsewhere(&other));
        }
    }
}

#[test]
fn what_is_not_read_is_refused_at_its_place() {
    let old = |text: &str| format!("syntax = \"proto2\";\n{text}");
    let cases = [
        (
            old(
                "message A { optional group B = 1 { optional int32 a = 1; } optional int32 c = 2; }",
            ),
            "groups are not read",
            "group",
        ),
        (
            old("message A { extensions 5 to 9; } extend A { optional int32 b = 5; }"),
            "extensions of messages are not read: this one is of `A`",
            "A",
        ),
        (
            "edition = \"2023\";\nmessage A {}".to_owned(),
            "editions are not read",
            "edition",
        ),
        (
            old("message A { option message_set_wire_format = true; extensions 4 to max; }"),
            "messages with `message_set_wire_format` are not read",
            "message_set_wire_format",
        ),
    ];
    for (text, expected, piece) in cases {
        assert_eq!(
            faults(&text),
            [(expected.to_owned(), piece.to_owned())],
            "{text}"
        );
    }
}

#[test]
fn all_that_is_wrong_in_a_file_is_told_at_once() {
    let text = three(
        "message A {\n  strin name = 1;\n  int32 id = 1;\n  int32 no_end = 3\n  A other = 4;\n}\n\
         enum E { X = 1; }\nservice S {\n  rpc Get(B) returns (A);\n  rpc Set(A) return (A);\n}\nmesage C {}\n",
    );
    let found: Vec<String> = faults(&text).into_iter().map(|fault| fault.0).collect();
    let expected = [
        "there is no type `strin`",
        "the number 1 is that of `name` already",
        "expected `;`, found `A`",
        "the first value of an enum of proto3 is 0",
        "there is no type `B`",
        "expected `returns`, found `return`",
        "expected a declaration such as `message` or `service`, found `mesage`",
    ];
    assert_eq!(found, expected);
    let many: String = (0..30)
        .map(|n| format!("message A{n} {{ B b = 1; }}\n"))
        .collect();
    assert_eq!(faults(&three(&many)).len(), MOST);
}

#[test]
fn hints_name_what_was_meant() {
    let hint = |files: &[(&str, &str)]| {
        let (_, problems) = parsed(files);
        problems
            .list
            .first()
            .and_then(|problem| problem.hint.clone())
    };
    let common = (
        "b.proto",
        "syntax = \"proto3\"; package q.r; message Money { int64 units = 1; }",
    );
    let cases = [
        (
            "message Order {} message A { Oder o = 1; }",
            "did you mean `Order`?",
        ),
        ("message A { strin s = 1; }", "did you mean `string`?"),
        (
            "message A { message Inner {} } message B { Inner i = 1; }",
            "did you mean `A.Inner`?",
        ),
        (
            "import \"b.proto\"; message A { Money m = 1; }",
            "did you mean `q.r.Money`?",
        ),
        (
            "import \"c.proto\"; message A { q.r.Money m = 1; }",
            "write `import \"b.proto\";`",
        ),
        ("mesage A {}", "did you mean `message`?"),
    ];
    for (text, expected) in cases {
        let text = three(text);
        let middle = (
            "c.proto",
            "syntax = \"proto3\"; import \"b.proto\"; message C { q.r.Money m = 1; }",
        );
        assert_eq!(
            hint(&[("a.proto", &text), common, middle]).as_deref(),
            Some(expected),
            "{text}"
        );
    }
}

#[test]
fn imports_are_followed_in_circles_only_once() {
    let a = ("a.proto", "syntax = \"proto3\"; import \"b.proto\";");
    let b = ("b.proto", "syntax = \"proto3\"; import \"c.proto\";");
    let c = ("c.proto", "syntax = \"proto3\"; import \"a.proto\";");
    let (_, problems) = parsed(&[a, b, c]);
    let told: Vec<_> = problems
        .list
        .iter()
        .map(|problem| (problem.text.as_str(), problem.span.unwrap().file.0))
        .collect();
    assert_eq!(told, [("`a.proto` leads back to this file", 2)]);
    // A chain that is long is none, and needs no deep stack.
    let texts: Vec<(String, String)> = (0..500)
        .map(|n| {
            (
                format!("{n}.proto"),
                format!("syntax = \"proto3\"; import public \"{}.proto\";", n + 1),
            )
        })
        .chain([(
            "500.proto".to_owned(),
            "syntax = \"proto3\"; message A { A a = 1; }".to_owned(),
        )])
        .collect();
    let files: Vec<(&str, &str)> = texts
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let (own, problems) = parsed(&files);
    assert!(problems.list.is_empty());
    assert_eq!(own.messages.len(), 1);
}

#[test]
fn methods_are_found_by_their_paths() {
    let (files, _) = parsed(&SHOP);
    let method = files.method("shop.v1.Cart/Add").unwrap();
    assert_eq!(files.method("/shop.v1.Cart/Add"), Some(method));
    assert_eq!(
        files.message(method.request).unwrap().name,
        "shop.v1.AddRequest"
    );
    assert_eq!(method.doc.as_deref(), Some("Puts an item into the cart."));
    assert!(!method.streams_requests && !method.streams_responses);
    assert!(
        files
            .method("shop.v1.Cart/Watch")
            .unwrap()
            .streams_responses
    );
    let meant = |path: &str| files.near_method(path).map(|hint| hint.words);
    for path in ["Cart/Add", "Add", "shop.v1.Cart.Add", "shop.v1.Cart/add"] {
        assert_eq!(
            meant(path).as_deref(),
            Some("did you mean `shop.v1.Cart/Add`?"),
            "{path}"
        );
    }
}

#[test]
fn messages_are_opened_field_by_field() {
    let (files, _) = parsed(&SHOP);
    let method = files.method("shop.v1.Cart/Add").unwrap();
    let request = files.message(method.request).unwrap();
    let shown = request.fields.iter().map(|field| {
        let holds = match files.holds(field.kind) {
            Holds::Plain(ty) => ty.to_string(),
            Holds::Enum(place) => files.enumeration(place).unwrap().name.clone(),
            Holds::Message(place) => files.message(place).unwrap().name.clone(),
        };
        let is_nullable = matches!(field.label, Label::Optional | Label::Required);
        let flags = [field.is_list(), field.is_map(), is_nullable].map(u8::from);
        format!(
            "{} {holds} {flags:?} {}",
            field.name,
            field.doc.as_deref().unwrap_or("-")
        )
    });
    let shown: Vec<String> = shown.collect();
    let expected = [
        "cart_id string [0, 0, 0] Whose cart it is.",
        "items shop.v1.AddRequest.Item [1, 0, 0] -",
        "labels string [0, 1, 0] Free labels.",
        "coupon string [0, 0, 1] -",
        "gift_text string [0, 0, 1] what is written on it",
        "wrapping shop.v1.Wrapping [0, 0, 1] -",
        "placed_at string [0, 0, 1] -",
        "hold duration [0, 0, 1] -",
        "extra any [0, 0, 1] -",
        "limit number [0, 0, 1] -",
    ];
    assert_eq!(shown, expected);
    // Null is one of any values.
    let takes_null = request
        .fields
        .iter()
        .filter(|field| files.takes_null(field.kind));
    let takes_null: Vec<&str> = takes_null.map(|field| field.name.as_str()).collect();
    assert_eq!(takes_null, ["extra"]);
    let (path, text) = SHOP[0];
    assert_eq!(path, "shop/cart.proto");
    let at = request.fields[0].at.unwrap();
    assert_eq!(&text[at.start as usize..at.end as usize], "cart_id");
}

/// From a file over its table to bytes that another implementation reads, and back.
#[test]
fn a_method_is_called_end_to_end() {
    let (files, _) = parsed(&SHOP);
    let method = files.method("shop.v1.Cart/Add").unwrap();
    let table = Arc::new(Table::read(files.table(method).leak()).unwrap());
    let object = |pairs: Vec<(&'static str, Value)>| {
        let pairs = pairs
            .into_iter()
            .map(|(name, value)| (Text::from(name), value));
        Value::from(pairs.collect::<Vec<_>>())
    };
    let item = object(vec![
        ("sku", Value::text("x-1")),
        ("count", Value::number(2)),
    ]);
    let request = object(vec![
        ("cartId", Value::text("c")),
        ("items", Value::from(vec![item])),
        ("wrapping", Value::text("PAPER")),
        ("placed_at", Value::text("2024-02-29T12:00:00Z")),
        ("limit", Value::number(7)),
    ]);
    let mut bytes = Vec::new();
    encode(&table, table.request(), &request, &mut bytes).unwrap();
    let pool = elsewhere(&SHOP).unwrap().descriptor_pool();
    let other = pool.get_message_by_name("shop.v1.AddRequest").unwrap();
    let other = DynamicMessage::decode(other, bytes.as_slice()).unwrap();
    let field = |name: &str| other.get_field_by_name(name).unwrap().into_owned();
    assert_eq!(
        field("cart_id"),
        prost_reflect::Value::String("c".to_owned())
    );
    assert_eq!(field("wrapping"), prost_reflect::Value::EnumNumber(2));
    let decoder =
        Decoder::new(table.clone(), table.request(), &Wanted::All, Limits::USUAL).unwrap();
    let again = decoder.decode(&other.encode_to_vec()).unwrap();
    assert_eq!(again.get("wrapping").unwrap().as_text(), Some("PAPER"));
    assert_eq!(
        again.get("placed_at").unwrap().as_text(),
        Some("2024-02-29T12:00:00Z")
    );
    assert!(again.get("coupon").unwrap().is_null());
    let fault = encode(
        &table,
        0,
        &object(vec![("wraping", Value::Null)]),
        &mut bytes,
    )
    .unwrap_err();
    assert_eq!(
        fault.text(),
        "the message `shop.v1.AddRequest` has no field \"wraping\""
    );
}

#[test]
fn a_descriptor_set_is_read_as_its_files_are() {
    for start in 0..SHOP.len() {
        let mut sources = SHOP.to_vec();
        sources.rotate_left(start);
        let set = elsewhere(&sources).unwrap().encode_file_descriptor_set();
        let files = Files::of_set(&set).unwrap();
        let (parsed, _) = parsed(&sources);
        assert_same(&own_lines(&files), &own_lines(&parsed));
        for method in parsed.methods() {
            let other = files.method(&method.path).unwrap();
            assert_eq!(files.table(other), parsed.table(method), "{}", method.path);
        }
        for length in 0..set.len() {
            // Where it is cut off between two files it may be whole, and none of them may panic.
            let _ = Files::of_set(&set[..length.min(length)]);
            if length > 200 {
                break;
            }
        }
    }
    let error = |bytes: &[u8]| Files::of_set(bytes).unwrap_err();
    assert_eq!(error(b""), "this is no descriptor set: it has no files");
    assert!(error(b"no set at all").starts_with("this is no descriptor set: "));
    let mut compiler = elsewhere(&SHOP).unwrap();
    compiler.include_imports(false);
    let alone = error(&compiler.encode_file_descriptor_set());
    assert_eq!(
        alone,
        "`shop/cart.proto` imports `shop/common.proto`, which is not in the set: write it with `--include_imports`"
    );
}

/// Text that is broken in any way gives places within it, and no panic.
#[test]
fn broken_files_are_told_without_a_panic() {
    let mut state = 7_u64;
    let mut below = |limit: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % limit
    };
    let pieces = [
        "{", "}", ";", "=", "message", "oneof", "\"", "/*", "(", "<", "é", "0", ".", "[", "\\",
    ];
    for _ in 0..500 {
        let (path, text) = SHOP[below(SHOP.len())];
        let mut letters: Vec<char> = text.chars().collect();
        for _ in 0..=below(4) {
            let place = below(letters.len());
            match below(3) {
                0 => {
                    letters.drain(place..(place + below(40)).min(letters.len()));
                }
                1 => letters.truncate(place + 1),
                _ => {
                    let piece = pieces[below(pieces.len())].chars();
                    letters.splice(place..place, piece);
                }
            }
            if letters.is_empty() {
                letters.push(' ');
            }
        }
        let broken: String = letters.into_iter().collect();
        let mut files = SHOP.to_vec();
        let place = files.iter().position(|(known, _)| *known == path).unwrap();
        files.swap(0, place);
        files[0].1 = &broken;
        let (_, problems) = parsed(&files);
        for problem in &problems.list {
            let span = problem.span.unwrap();
            let text = files[span.file.0 as usize].1;
            let piece = text.get(span.start as usize..span.end as usize);
            assert!(piece.is_some(), "{}: {span:?}\n{broken}", problem.text);
        }
    }
}
