//! A schema as bytes of a program, and as a structure that is quick to look up in.
//!
//! ```text
//! version  request  response
//! number of messages, each: name  form  oneofs  fields
//!   field: name  JSON name (empty if it is the usual one)  number  kind [place]  label [kind of keys]  oneof + 1
//! number of enums, each: name  values
//!   value: name  number
//! ```
//!
//! Numbers are varints, those of enums zigzag; a text has its length before it.

use std::sync::Arc;

use bggo_values::{Fault, Number, Text, Value};

use crate::schema::{Enum, Field, Form, Kind, Label, Message, Schema, json_name};
use crate::wire::{Bytes, LARGEST_NUMBER, Malformed, put_bytes, put_varint, unzigzag, zigzag};

/// The first byte. A change of the format is another number.
const VERSION: u8 = 1;

/// The kinds in the order of their numbers, which begin at 0. An enum and a message have a place behind it.
const KINDS: [Kind; 17] = [
    Kind::Double,
    Kind::Float,
    Kind::Int64,
    Kind::Uint64,
    Kind::Int32,
    Kind::Fixed64,
    Kind::Fixed32,
    Kind::Bool,
    Kind::String,
    Kind::Bytes,
    Kind::Uint32,
    Kind::Sfixed32,
    Kind::Sfixed64,
    Kind::Sint32,
    Kind::Sint64,
    Kind::Enum(0),
    Kind::Message(0),
];

const FORMS: [Form; 7] = [
    Form::Object,
    Form::Timestamp,
    Form::Duration,
    Form::Wrapper,
    Form::Struct,
    Form::Any,
    Form::List,
];

/// Labels in the order of their numbers; a map has the kind of its keys behind it.
const LABELS: [Label; 6] = [
    Label::Implicit,
    Label::Optional,
    Label::Required,
    Label::Repeated,
    Label::Packed,
    Label::Map(Kind::String),
];

/// The bytes of a schema. The same schema gives the same bytes.
pub fn write(schema: &Schema) -> Vec<u8> {
    let mut out = vec![VERSION];
    put_varint(schema.request.into(), &mut out);
    put_varint(schema.response.into(), &mut out);
    put_varint(schema.messages.len() as u64, &mut out);
    for message in &schema.messages {
        put_bytes(message.name.as_bytes(), &mut out);
        put_varint(place_in(&FORMS, &message.form), &mut out);
        put_varint(message.oneofs.len() as u64, &mut out);
        for oneof in &message.oneofs {
            put_bytes(oneof.as_bytes(), &mut out);
        }
        put_varint(message.fields.len() as u64, &mut out);
        for field in &message.fields {
            write_field(field, &mut out);
        }
    }
    put_varint(schema.enums.len() as u64, &mut out);
    for one in &schema.enums {
        put_bytes(one.name.as_bytes(), &mut out);
        put_varint(one.values.len() as u64, &mut out);
        for (name, number) in &one.values {
            put_bytes(name.as_bytes(), &mut out);
            put_varint(zigzag((*number).into()), &mut out);
        }
    }
    out
}

fn write_field(field: &Field, out: &mut Vec<u8>) {
    put_bytes(field.name.as_bytes(), out);
    match field.json_name.as_str() == json_name(&field.name) {
        true => put_bytes(b"", out),
        false => put_bytes(field.json_name.as_bytes(), out),
    }
    put_varint(field.number.into(), out);
    write_kind(field.kind, out);
    let label = match field.label {
        Label::Map(_) => Label::Map(Kind::String),
        other => other,
    };
    put_varint(place_in(&LABELS, &label), out);
    if let Label::Map(key) = field.label {
        write_kind(key, out);
    }
    put_varint(field.oneof.map_or(0, |place| u64::from(place) + 1), out);
}

fn write_kind(kind: Kind, out: &mut Vec<u8>) {
    let (plain, place) = match kind {
        Kind::Enum(place) => (Kind::Enum(0), Some(place)),
        Kind::Message(place) => (Kind::Message(0), Some(place)),
        other => (other, None),
    };
    put_varint(place_in(&KINDS, &plain), out);
    if let Some(place) = place {
        put_varint(place.into(), out);
    }
}

/// The place of a word in its list, which holds all of them.
fn place_in<T: PartialEq>(words: &[T], word: &T) -> u64 {
    let place = words.iter().position(|known| known == word);
    place.unwrap_or_default() as u64
}

/// The messages of a method, ready for lookups.
#[derive(Debug)]
pub struct Table {
    pub(crate) request: u32,
    pub(crate) response: u32,
    pub(crate) messages: Vec<MessageTable>,
    pub(crate) enums: Vec<EnumTable>,
}

/// A message, ready for lookups.
#[derive(Debug)]
pub(crate) struct MessageTable {
    pub(crate) name: Text,
    pub(crate) form: Form,
    pub(crate) fields: Vec<Field>,
    pub(crate) oneofs: Vec<Text>,
    /// Numbers and places of the fields, in order of the numbers.
    pub(crate) by_number: Vec<(u32, u32)>,
    /// Names, also those in JSON, and places of the fields, in order of the names.
    by_name: Vec<(Text, u32)>,
    /// An object of which nothing was sent, with the fields in their order.
    pub(crate) blank: Arc<[(Text, Value)]>,
}

/// An enum, ready for lookups.
#[derive(Debug)]
pub(crate) struct EnumTable {
    pub(crate) name: Text,
    /// In order of the numbers, each once.
    by_number: Vec<(i32, Text)>,
    /// In order of the names.
    by_name: Vec<(Text, i32)>,
    /// What stands where none was sent.
    pub(crate) first: Value,
}

impl Table {
    /// Reads what [`write`] wrote.
    ///
    /// # Errors
    /// The bytes are no table of this version.
    pub fn read(bytes: &'static [u8]) -> Result<Self, Fault> {
        // Names are parts of the program: no value has a copy of them.
        Self::of(read(bytes, Text::Static)?)
    }

    /// Makes the structure of a schema.
    ///
    /// # Errors
    /// A place or a number in it leads nowhere.
    pub fn of(schema: Schema) -> Result<Self, Fault> {
        check(&schema)?;
        let enums: Vec<EnumTable> = schema.enums.into_iter().map(EnumTable::of).collect();
        let messages = schema.messages.into_iter();
        Ok(Self {
            request: schema.request,
            response: schema.response,
            messages: messages.map(|one| MessageTable::of(one, &enums)).collect(),
            enums,
        })
    }

    /// The place of the message that is sent.
    pub fn request(&self) -> u32 {
        self.request
    }

    /// The place of the message that comes back.
    pub fn response(&self) -> u32 {
        self.response
    }

    pub(crate) fn message(&self, place: u32) -> Result<&MessageTable, Fault> {
        let message = self.messages.get(place as usize);
        message.ok_or_else(|| Fault::new("the table has no such message"))
    }

    /// What a value of this kind is that was not sent.
    pub(crate) fn zero(&self, kind: Kind) -> Value {
        zero(kind, &self.enums)
    }
}

fn zero(kind: Kind, enums: &[EnumTable]) -> Value {
    match kind {
        Kind::Bool => Value::Bool(false),
        Kind::String => Value::text(""),
        Kind::Bytes => Value::Bytes(bggo_values::Seq::Static(&[])),
        Kind::Enum(place) => {
            let found = enums.get(place as usize);
            found.map_or(Value::number(0), |found| found.first.clone())
        }
        Kind::Message(_) => Value::Null,
        _ => Value::Number(Number::ZERO),
    }
}

impl MessageTable {
    fn of(message: Message, enums: &[EnumTable]) -> Self {
        let Message {
            name,
            form,
            fields,
            oneofs,
        } = message;
        let mut by_number = Vec::with_capacity(fields.len());
        let mut by_name = Vec::with_capacity(fields.len() * 2);
        for (place, field) in (0..).zip(&fields) {
            by_number.push((field.number, place));
            by_name.push((field.name.clone(), place));
        }
        // A name in JSON that is the name of another field means that one.
        for (place, field) in (0..).zip(&fields) {
            if fields.iter().all(|other| other.name != field.json_name) {
                by_name.push((field.json_name.clone(), place));
            }
        }
        by_number.sort_unstable();
        by_name.sort();
        let blank = fields.iter().map(|field| {
            let value = match field.label {
                Label::Implicit => zero(field.kind, enums),
                Label::Optional | Label::Required => Value::Null,
                Label::Repeated | Label::Packed => Value::list(&[]),
                Label::Map(_) => Value::object(&[]),
            };
            (field.name.clone(), value)
        });
        Self {
            blank: blank.collect(),
            name,
            form,
            by_number,
            by_name,
            oneofs,
            fields,
        }
    }

    /// The place of the field with this number.
    pub(crate) fn by_number(&self, number: u32) -> Option<u32> {
        let found = self.by_number.binary_search_by_key(&number, |one| one.0);
        let found = found.ok().and_then(|found| self.by_number.get(found));
        found.map(|(_, place)| *place)
    }

    /// The place of the field with this name, or with this name in JSON.
    pub(crate) fn by_name(&self, name: &str) -> Option<u32> {
        let found = self
            .by_name
            .binary_search_by(|known| known.0.as_str().cmp(name));
        let found = found.ok().and_then(|found| self.by_name.get(found));
        found.map(|(_, place)| *place)
    }

    pub(crate) fn field(&self, place: u32) -> Option<&Field> {
        self.fields.get(place as usize)
    }
}

impl EnumTable {
    fn of(one: Enum) -> Self {
        let first = one.values.first();
        let first = first.map_or(Value::number(0), |(name, _)| Value::Text(name.clone()));
        let values = one.values.iter();
        let mut by_number: Vec<(i32, Text)> = values
            .map(|(name, number)| (*number, name.clone()))
            .collect();
        by_number.sort_by_key(|one| one.0);
        by_number.dedup_by_key(|one| one.0);
        let mut by_name = one.values;
        by_name.sort();
        Self {
            name: one.name,
            by_number,
            by_name,
            first,
        }
    }

    /// The name of a number; the number itself, where it has no name.
    pub(crate) fn value(&self, number: i32) -> Value {
        let found = self.by_number.binary_search_by_key(&number, |one| one.0);
        match found.ok().and_then(|found| self.by_number.get(found)) {
            Some((_, name)) => Value::Text(name.clone()),
            None => Value::number(number.into()),
        }
    }

    pub(crate) fn number(&self, name: &str) -> Option<i32> {
        let found = self
            .by_name
            .binary_search_by(|known| known.0.as_str().cmp(name));
        let found = found.ok().and_then(|found| self.by_name.get(found));
        found.map(|(_, number)| *number)
    }
}

/// Whether all places and numbers of a schema lead somewhere.
fn check(schema: &Schema) -> Result<(), Fault> {
    let (messages, enums) = (schema.messages.len(), schema.enums.len());
    let leads = |kind: Kind| match kind {
        Kind::Message(place) => (place as usize) < messages,
        Kind::Enum(place) => (place as usize) < enums,
        _ => true,
    };
    let is_sound = |message: &Message, field: &Field| {
        let oneof = field.oneof.map_or(0, |place| place as usize + 1);
        let is_message = matches!(field.kind, Kind::Message(_));
        leads(field.kind)
            && oneof <= message.oneofs.len()
            && (1..=LARGEST_NUMBER).contains(&field.number)
            && match field.label {
                Label::Map(key) => key.is_key(),
                Label::Packed => field.kind.is_packable(),
                Label::Implicit => !is_message && field.oneof.is_none(),
                Label::Optional => true,
                Label::Required | Label::Repeated => field.oneof.is_none(),
            }
    };
    for message in &schema.messages {
        let is_whole = message.form != Form::Wrapper || message.fields.len() == 1;
        if !is_whole || !message.fields.iter().all(|field| is_sound(message, field)) {
            return Err(Fault::new(format!(
                "the table of the message `{}` is not sound",
                message.name
            )));
        }
    }
    let roots = [schema.request, schema.response];
    match roots.iter().all(|root| leads(Kind::Message(*root))) {
        true => Ok(()),
        false => Err(Fault::new("the table has no message to begin with")),
    }
}

/// Why bytes are no table.
enum NoTable {
    Malformed,
    Version,
}

impl From<Malformed> for NoTable {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

struct Reader<'b> {
    bytes: Bytes<'b>,
    text: fn(&'b str) -> Text,
}

/// Reads a schema, and makes its names by `text`.
fn read<'b>(bytes: &'b [u8], text: fn(&'b str) -> Text) -> Result<Schema, Fault> {
    let bytes = Bytes::of(bytes);
    Reader { bytes, text }.schema().map_err(|why| match why {
        NoTable::Malformed => Fault::new("the table of the messages is cut off or damaged"),
        NoTable::Version => Fault::new("the table of the messages is of another version of bggo"),
    })
}

impl<'b> Reader<'b> {
    fn schema(&mut self) -> Result<Schema, NoTable> {
        if self.bytes.byte()? != VERSION {
            return Err(NoTable::Version);
        }
        let (request, response) = (self.small()?, self.small()?);
        let messages = self.list(Self::message)?;
        let enums = self.list(Self::enumeration)?;
        match self.bytes.is_empty() {
            true => Ok(Schema {
                messages,
                enums,
                request,
                response,
            }),
            false => Err(NoTable::Malformed),
        }
    }

    fn message(&mut self) -> Result<Message, NoTable> {
        let name = self.text()?;
        let form = self.word(&FORMS)?;
        let oneofs = self.list(Self::text)?;
        let fields = self.list(Self::field)?;
        Ok(Message {
            name,
            form,
            fields,
            oneofs,
        })
    }

    fn field(&mut self) -> Result<Field, NoTable> {
        let name = self.text()?;
        let written = self.text()?;
        let json_name = match written.is_empty() {
            // Many names are the same in JSON.
            true if !name.contains('_') => name.clone(),
            true => Text::from(json_name(&name)),
            false => written,
        };
        let number = self.small()?;
        let kind = self.kind()?;
        let label = match self.word(&LABELS)? {
            Label::Map(_) => Label::Map(self.kind()?),
            other => other,
        };
        Ok(Field {
            name,
            json_name,
            number,
            kind,
            label,
            oneof: self.small()?.checked_sub(1),
        })
    }

    fn enumeration(&mut self) -> Result<Enum, NoTable> {
        let name = self.text()?;
        let values = self.list(|reader| {
            let name = reader.text()?;
            let number = unzigzag(reader.bytes.varint()?);
            let number = i32::try_from(number).map_err(|_| NoTable::Malformed)?;
            Ok((name, number))
        })?;
        Ok(Enum { name, values })
    }

    fn kind(&mut self) -> Result<Kind, NoTable> {
        Ok(match self.word(&KINDS)? {
            Kind::Enum(_) => Kind::Enum(self.small()?),
            Kind::Message(_) => Kind::Message(self.small()?),
            other => other,
        })
    }

    fn list<T>(
        &mut self,
        item: impl Fn(&mut Self) -> Result<T, NoTable>,
    ) -> Result<Vec<T>, NoTable> {
        let count = self.small()?;
        (0..count).map(|_| item(self)).collect()
    }

    fn word<T: Copy>(&mut self, words: &[T]) -> Result<T, NoTable> {
        let place = self.small()?;
        words.get(place as usize).copied().ok_or(NoTable::Malformed)
    }

    fn text(&mut self) -> Result<Text, NoTable> {
        let text = std::str::from_utf8(self.bytes.bytes()?).map_err(|_| NoTable::Malformed)?;
        Ok((self.text)(text))
    }

    fn small(&mut self) -> Result<u32, NoTable> {
        u32::try_from(self.bytes.varint()?).map_err(|_| NoTable::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        let field = |name: &str, number, kind, label| Field {
            name: Text::from(name),
            json_name: Text::from(json_name(name)),
            number,
            kind,
            label,
            oneof: None,
        };
        let mut fields = vec![
            field("id", 1, Kind::Sint64, Label::Implicit),
            field("all_tags", 7, Kind::Message(1), Label::Map(Kind::Uint32)),
            field("colour", 4, Kind::Enum(0), Label::Packed),
            field("at", 5000, Kind::Message(1), Label::Optional),
        ];
        fields[3].oneof = Some(0);
        fields[3].json_name = Text::from("when");
        Schema {
            messages: vec![
                Message {
                    name: Text::from("a.B"),
                    form: Form::Object,
                    fields,
                    oneofs: vec![Text::from("choice")],
                },
                Message {
                    name: Text::from("google.protobuf.Timestamp"),
                    form: Form::Timestamp,
                    fields: Vec::new(),
                    oneofs: Vec::new(),
                },
            ],
            enums: vec![Enum {
                name: Text::from("a.Colour"),
                values: vec![
                    (Text::from("RED"), 0),
                    (Text::from("NONE"), -1),
                    (Text::from("ROUGE"), 0),
                ],
            }],
            request: 0,
            response: 1,
        }
    }

    #[test]
    fn a_schema_is_read_as_it_was_written() {
        let bytes = write(&schema());
        assert_eq!(read(&bytes, Text::from).unwrap(), schema());
        assert_eq!(bytes.len(), 127, "the format changed: so must its version");
    }

    #[test]
    fn what_is_cut_off_or_changed_is_a_fault_and_no_panic() {
        let bytes = write(&schema());
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length], Text::from).is_err());
        }
        for place in 0..bytes.len() {
            for byte in 0..=255 {
                let mut changed = bytes.clone();
                changed[place] = byte;
                // Most are another schema or none; none may be used that leads nowhere.
                let _ = read(&changed, Text::from).and_then(Table::of);
            }
        }
        let mut newer = bytes.clone();
        newer[0] += 1;
        let fault = read(&newer, Text::from).unwrap_err();
        assert!(fault.text().contains("another version"));
        let longer = [bytes, vec![0]].concat();
        assert!(read(&longer, Text::from).is_err());
    }

    #[test]
    fn fields_are_found_by_number_and_by_both_names() {
        let table = Table::of(schema()).unwrap();
        let message = table.message(0).unwrap();
        assert_eq!(message.by_number(5000), Some(3));
        assert_eq!(message.by_number(2), None);
        let names = ["id", "all_tags", "allTags", "at", "when", "Id", ""];
        let places = names.map(|name| message.by_name(name));
        let expected = [Some(0), Some(1), Some(1), Some(3), Some(3), None, None];
        assert_eq!(places, expected);
        let colour = &table.enums[0];
        assert_eq!(colour.value(0).as_text(), Some("RED"));
        assert_eq!(colour.value(-1).as_text(), Some("NONE"));
        assert!(matches!(colour.value(9), Value::Number(_)));
        assert_eq!(colour.number("ROUGE"), Some(0));
        assert_eq!(colour.number("rouge"), None);
    }

    #[test]
    fn a_schema_that_leads_nowhere_is_refused() {
        let changes: [fn(&mut Schema); 5] = [
            |schema| schema.request = 2,
            |schema| schema.messages[0].fields[3].kind = Kind::Message(2),
            |schema| schema.messages[0].fields[2].kind = Kind::Enum(1),
            |schema| schema.messages[0].fields[3].oneof = Some(1),
            |schema| schema.messages[0].fields[0].number = 0,
        ];
        for change in changes {
            let mut schema = schema();
            change(&mut schema);
            assert!(Table::of(schema).is_err());
        }
    }
}
