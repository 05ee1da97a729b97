//! Messages to try, and their tables made by another implementation.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test uses a part of it, and one that cannot go on fails"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use bggo_protobuf::schema::{Enum, Field, Form, Kind, Label, Message};
use bggo_protobuf::{Schema, Table};
use bggo_values::{Number, Text, Value};
use prost_reflect::{
    Cardinality, DescriptorPool, DynamicMessage, EnumDescriptor, FieldDescriptor, MessageDescriptor,
};
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

/// Everything that a message of the third version can hold.
const NEW: &str = r#"
syntax = "proto3";
package sample;

import "google/protobuf/duration.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/any.proto";

enum Colour {
  option allow_alias = true;
  COLOUR_NONE = 0;
  RED = 3;
  ROUGE = 3;
  BLUE = -2;
}

message All {
  double a_double = 1;
  float a_float = 2;
  int32 an_int32 = 3;
  int64 an_int64 = 4;
  uint32 a_uint32 = 5;
  uint64 a_uint64 = 6;
  sint32 a_sint32 = 7;
  sint64 a_sint64 = 8;
  fixed32 a_fixed32 = 9;
  fixed64 a_fixed64 = 10;
  sfixed32 a_sfixed32 = 11;
  sfixed64 a_sfixed64 = 12;
  bool a_bool = 13;
  string a_string = 14;
  bytes some_bytes = 15;
  Colour colour = 16;
  All inner = 17;
  optional int32 perhaps = 18;
  optional string perhaps_text = 19 [json_name = "maybe"];

  repeated double doubles = 21;
  repeated sint64 numbers = 22;
  repeated sint64 loose = 23 [packed = false];
  repeated string texts = 24;
  repeated Colour colours = 25;
  repeated All inners = 26;
  repeated bool bools = 27;

  map<string, int32> counts = 31;
  map<int64, All> by_number = 32;
  map<bool, Colour> by_truth = 33;
  map<uint32, bytes> by_place = 34;

  oneof choice {
    string text = 41;
    uint32 number = 42;
    All message = 43;
    Small small = 44;
  }
  oneof other {
    bool yes = 45;
    Small no = 46;
  }
  Small far = 536870911;
}

message Small { string name = 1; }

message Known {
  google.protobuf.Timestamp at = 1;
  google.protobuf.Duration length = 2;
  google.protobuf.Struct object = 3;
  google.protobuf.Value any = 4;
  google.protobuf.ListValue list = 5;
  google.protobuf.StringValue text = 6;
  google.protobuf.Int64Value number = 7;
  google.protobuf.BytesValue bytes = 8;
  google.protobuf.BoolValue truth = 9;
  repeated google.protobuf.Timestamp times = 10;
  map<string, google.protobuf.Duration> lengths = 11;
  map<string, google.protobuf.Value> values = 12;
  repeated google.protobuf.DoubleValue doubles = 13;
  google.protobuf.NullValue null = 14;
  google.protobuf.Any packed = 15;
}

// About 71 bytes in use, as an echo of a benchmark is.
message Echo {
  string text = 1;
  int64 id = 2;
  bool urgent = 3;
  repeated int32 marks = 4;
  Place place = 5;
}

message Place { double north = 1; double east = 2; string name = 3; }

service Things {
  rpc Get(All) returns (Known);
}
"#;

/// What only messages of the second version have.
const OLD: &str = r#"
syntax = "proto2";
package old;

enum Kind { FIRST = 4; SECOND = 7; }

message Old {
  required int32 id = 1;
  optional string name = 2 [default = "x"];
  optional Kind kind = 3;
  repeated int32 loose = 4;
  repeated int32 packed = 5 [packed = true];
  optional Old inner = 6;
  map<string, Kind> kinds = 7;
}
"#;

struct Own;

impl FileResolver for Own {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match name {
            "sample.proto" => File::from_source(name, NEW),
            "old.proto" => File::from_source(name, OLD),
            _ => Err(protox::Error::file_not_found(name)),
        }
    }
}

/// The messages as the other implementation reads them.
pub fn pool() -> DescriptorPool {
    static POOL: OnceLock<DescriptorPool> = OnceLock::new();
    POOL.get_or_init(read).clone()
}

fn read() -> DescriptorPool {
    let mut resolver = ChainFileResolver::new();
    resolver.add(Own);
    resolver.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.include_imports(true);
    compiler.open_files(["sample.proto", "old.proto"]).unwrap();
    compiler.descriptor_pool()
}

pub fn message(name: &str) -> MessageDescriptor {
    pool().get_message_by_name(name).unwrap()
}

/// The table of the messages that this one can reach.
pub fn table(message: &MessageDescriptor) -> Arc<Table> {
    let bytes = bggo_protobuf::write(&schema(message)).leak();
    Arc::new(Table::read(bytes).unwrap())
}

pub fn schema(message: &MessageDescriptor) -> Schema {
    let mut found = Reached::default();
    let root = found.message(message);
    Schema {
        messages: found.messages.into_iter().map(Option::unwrap).collect(),
        enums: found.enums,
        request: root,
        response: root,
    }
}

#[derive(Default)]
struct Reached {
    messages: Vec<Option<Message>>,
    enums: Vec<Enum>,
    places: BTreeMap<String, u32>,
}

impl Reached {
    fn message(&mut self, message: &MessageDescriptor) -> u32 {
        if let Some(place) = self.places.get(message.full_name()) {
            return *place;
        }
        let place = u32::try_from(self.messages.len()).unwrap();
        self.messages.push(None);
        self.places.insert(message.full_name().to_owned(), place);
        let form = Form::of(message.full_name());
        let oneofs: Vec<_> = message.oneofs().filter(|one| !one.is_synthetic()).collect();
        let mut fields: Vec<FieldDescriptor> = message.fields().collect();
        if !form.has_fields() {
            fields.clear();
        }
        let fields = fields.iter().map(|field| {
            let oneof = field.containing_oneof();
            let oneof = oneof.and_then(|one| oneofs.iter().position(|known| *known == one));
            self.field(field, oneof)
        });
        let made = Message {
            name: Text::from(message.full_name()),
            form,
            fields: fields.collect(),
            oneofs: oneofs.iter().map(|one| Text::from(one.name())).collect(),
        };
        self.messages[place as usize] = Some(made);
        place
    }

    fn field(&mut self, field: &FieldDescriptor, oneof: Option<usize>) -> Field {
        let label = match field.cardinality() {
            Cardinality::Required => Label::Required,
            _ if field.is_map() => {
                let prost_reflect::Kind::Message(entry) = field.kind() else {
                    unreachable!()
                };
                Label::Map(self.kind(&entry.map_entry_key_field().kind()))
            }
            _ if field.is_packed() => Label::Packed,
            _ if field.is_list() => Label::Repeated,
            _ if field.supports_presence() => Label::Optional,
            _ => Label::Implicit,
        };
        let kind = match field.kind() {
            prost_reflect::Kind::Message(entry) if field.is_map() => {
                entry.map_entry_value_field().kind()
            }
            other => other,
        };
        Field {
            name: Text::from(field.name()),
            json_name: Text::from(field.json_name()),
            number: field.number(),
            kind: self.kind(&kind),
            label,
            oneof: oneof.map(|place| u32::try_from(place).unwrap()),
        }
    }

    fn kind(&mut self, kind: &prost_reflect::Kind) -> Kind {
        use prost_reflect::Kind as Other;
        match kind {
            Other::Double => Kind::Double,
            Other::Float => Kind::Float,
            Other::Int32 => Kind::Int32,
            Other::Int64 => Kind::Int64,
            Other::Uint32 => Kind::Uint32,
            Other::Uint64 => Kind::Uint64,
            Other::Sint32 => Kind::Sint32,
            Other::Sint64 => Kind::Sint64,
            Other::Fixed32 => Kind::Fixed32,
            Other::Fixed64 => Kind::Fixed64,
            Other::Sfixed32 => Kind::Sfixed32,
            Other::Sfixed64 => Kind::Sfixed64,
            Other::Bool => Kind::Bool,
            Other::String => Kind::String,
            Other::Bytes => Kind::Bytes,
            Other::Message(message) => Kind::Message(self.message(message)),
            Other::Enum(one) => Kind::Enum(self.enumeration(one)),
        }
    }

    fn enumeration(&mut self, one: &EnumDescriptor) -> u32 {
        let known = self
            .enums
            .iter()
            .position(|known| known.name.as_str() == one.full_name());
        let place = known.unwrap_or_else(|| {
            self.enums.push(Enum {
                name: Text::from(one.full_name()),
                values: written_values(one),
            });
            self.enums.len() - 1
        });
        u32::try_from(place).unwrap()
    }
}

/// The values in the order in which they are written; `values` of the other implementation sorts them.
fn written_values(one: &EnumDescriptor) -> Vec<(Text, i32)> {
    let values = &one.enum_descriptor_proto().value;
    values
        .iter()
        .map(|value| (Text::from(value.name()), value.number()))
        .collect()
}

/// An object, by its pairs.
pub fn object<const N: usize>(pairs: [(&'static str, Value); N]) -> Value {
    let pairs = pairs
        .into_iter()
        .map(|(name, value)| (Text::from(name), value));
    Value::from(pairs.collect::<Vec<_>>())
}

pub fn number(text: &str) -> Value {
    Value::Number(Number::parse(text).unwrap())
}

/// The text of a value, to compare: two values of one text are the same.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Bytes(bytes) => format!("bytes{:?}", &**bytes),
        Value::Duration(length) => format!("{length:?}"),
        Value::List(items) => format!(
            "[{}]",
            items.iter().map(shown).collect::<Vec<_>>().join(", ")
        ),
        Value::Object(pairs) => {
            let pairs = pairs
                .iter()
                .map(|(name, value)| format!("{name}={}", shown(value)));
            let mut pairs: Vec<String> = pairs.collect();
            pairs.sort();
            format!("{{{}}}", pairs.join(", "))
        }
        other => bggo_values::json::encode_plain(other),
    }
}

/// The fields of a message of the other implementation, to show.
pub fn fields(message: &DynamicMessage) -> String {
    let fields = message.fields().map(|(field, value)| {
        let value = match value {
            prost_reflect::Value::Message(inner) => fields(inner),
            prost_reflect::Value::List(items) => {
                let items = items.iter().map(|item| match item {
                    prost_reflect::Value::Message(inner) => fields(inner),
                    other => format!("{other:?}"),
                });
                items.collect::<Vec<_>>().join(", ")
            }
            prost_reflect::Value::Map(pairs) => format!("{} pairs", pairs.len()),
            other => format!("{other:?}"),
        };
        format!("{}={value}", field.name())
    });
    format!("{{{}}}", fields.collect::<Vec<_>>().join(" "))
}
