//! Values to bytes.

use bggo_values::{Fault, Text, Value};

use crate::form::{self, Seconds, below};
use crate::scalar::{Scalar, scalar, settled, wire_of};
use crate::schema::{Field, Form, Kind, Label};
use crate::table::{MessageTable, Table};
use crate::wire::{Wire, put_sized, put_tag};
use crate::wrong::Wrong;

/// How deep messages may be nested: others refuse what is deeper.
pub(crate) const DEEPEST: u32 = 100;

/// Writes a value behind what `out` holds, as the message at this place of the table. Null is the message without fields.
/// Where it fails, nothing is written.
///
/// # Errors
/// The value is no such message: the text says in which field, and what was expected. A part of it that quotes the value is
/// apart.
pub fn encode(table: &Table, message: u32, value: &Value, out: &mut Vec<u8>) -> Result<(), Fault> {
    let start = out.len();
    let written = Writer { table }.message(message, value, DEEPEST, out);
    written.map_err(|wrong| {
        out.truncate(start);
        wrong.fault()
    })
}

/// Writes by a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writer<'t> {
    pub(crate) table: &'t Table,
}

impl Writer<'_> {
    pub(crate) fn message(
        self,
        place: u32,
        value: &Value,
        depth: u32,
        out: &mut Vec<u8>,
    ) -> Result<(), Wrong> {
        let message = self.table.message(place)?;
        match message.form {
            Form::Any => return form::put_any(value, depth, out),
            _ if value.is_null() => return Ok(()),
            Form::Struct => return form::put_object(value, depth, out),
            Form::List => return form::put_list(value, depth, out),
            Form::Timestamp => Seconds::of_timestamp(value)?.put(out),
            Form::Duration => Seconds::of_duration(value)?.put(out),
            Form::Wrapper => {
                if let Some(field) = message.field(0) {
                    self.field(field, value, depth, out)?;
                }
            }
            Form::Object => match value {
                Value::Object(pairs) => self.object(message, pairs, depth, out)?,
                other => match other.pairs() {
                    Some(pairs) => self.object(message, &pairs, depth, out)?,
                    None => {
                        let (name, kind) = (&message.name, other.kind());
                        return Err(Wrong::new(format!(
                            "expected an object for the message `{name}`, found {kind}"
                        )));
                    }
                },
            },
        }
        Ok(())
    }

    fn object(
        self,
        message: &MessageTable,
        pairs: &[(Text, Value)],
        depth: u32,
        out: &mut Vec<u8>,
    ) -> Result<(), Wrong> {
        let depth = below(depth)?;
        let given = by_field(message, pairs)?;
        let is_given = |value: &&Value| !value.is_null();
        one_of_each(message, &given, is_given)?;
        for (_, place) in &message.by_number {
            let value = given.get(*place as usize).copied().flatten();
            let Some(field) = message.field(*place) else {
                continue;
            };
            let value = value.unwrap_or(&Value::Null);
            self.field(field, value, depth, out)
                .map_err(|wrong| wrong.in_field(&field.name))?;
        }
        Ok(())
    }

    /// A field with its tags; nothing for null, which is what is not sent.
    pub(crate) fn field(
        self,
        field: &Field,
        value: &Value,
        depth: u32,
        out: &mut Vec<u8>,
    ) -> Result<(), Wrong> {
        if value.is_null() {
            return match field.label {
                Label::Required => Err(Wrong::new(
                    "the field is required, and it is null or missing",
                )),
                _ => Ok(()),
            };
        }
        match field.label {
            Label::Implicit => {
                let scalar = scalar(self.table, field.kind, value)?;
                if !scalar.is_zero() {
                    put(field, &scalar, out);
                }
            }
            Label::Optional | Label::Required => self.item(field, value, depth, out)?,
            Label::Repeated => {
                for (place, item) in items(value)?.iter().enumerate() {
                    self.item(field, item, depth, out)
                        .map_err(|wrong| wrong.in_item(place))?;
                }
            }
            Label::Packed => {
                let items = items(value)?;
                if items.is_empty() {
                    return Ok(());
                }
                put_tag(field.number, Wire::Bytes, out);
                put_sized(out, |out| {
                    for (place, item) in items.iter().enumerate() {
                        self.packed(field.kind, item, out)
                            .map_err(|wrong| wrong.in_item(place))?;
                    }
                    Ok::<(), Wrong>(())
                })?;
            }
            Label::Map(key) => {
                let Some(pairs) = value.pairs() else {
                    let kind = value.kind();
                    return Err(Wrong::new(format!(
                        "expected an object for a map, found {kind}"
                    )));
                };
                for (name, value) in pairs.iter() {
                    put_tag(field.number, Wire::Bytes, out);
                    let written = put_sized(out, |out| {
                        self.key(key, name, out)?;
                        self.value_of_entry(field.kind, value, depth, out)
                    });
                    written.map_err(Wrong::in_entry)?;
                }
            }
        }
        Ok(())
    }

    /// A tag and one value.
    pub(crate) fn item(
        self,
        field: &Field,
        value: &Value,
        depth: u32,
        out: &mut Vec<u8>,
    ) -> Result<(), Wrong> {
        self.tagged(field.number, field.kind, value, depth, out)
    }

    /// A number among others that have one tag.
    pub(crate) fn packed(self, kind: Kind, value: &Value, out: &mut Vec<u8>) -> Result<(), Wrong> {
        if value.is_null() {
            return Err(null_item());
        }
        scalar(self.table, kind, value)?.put(out);
        Ok(())
    }

    /// The key of an entry of a map.
    pub(crate) fn key(self, kind: Kind, name: &Text, out: &mut Vec<u8>) -> Result<(), Wrong> {
        self.tagged(1, kind, &Value::Text(name.clone()), DEEPEST, out)
    }

    /// The value of an entry of a map.
    pub(crate) fn value_of_entry(
        self,
        kind: Kind,
        value: &Value,
        depth: u32,
        out: &mut Vec<u8>,
    ) -> Result<(), Wrong> {
        self.tagged(2, kind, value, depth, out)
    }

    fn tagged(
        self,
        number: u32,
        kind: Kind,
        value: &Value,
        depth: u32,
        out: &mut Vec<u8>,
    ) -> Result<(), Wrong> {
        if let Kind::Message(place) = kind {
            let message = self.table.message(place)?;
            if value.is_null() && message.form != Form::Any {
                return Err(null_item());
            }
            put_tag(number, Wire::Bytes, out);
            return put_sized(out, |out| self.message(place, value, depth, out));
        }
        if value.is_null() {
            return Err(null_item());
        }
        let scalar = scalar(self.table, kind, value)?;
        put_tag(number, wire_of(kind), out);
        scalar.put(out);
        Ok(())
    }
}

fn null_item() -> Wrong {
    Wrong::new("null cannot be sent as an item of a list or a map")
}

fn put(field: &Field, scalar: &Scalar<'_>, out: &mut Vec<u8>) {
    put_tag(field.number, wire_of(field.kind), out);
    scalar.put(out);
}

fn items(value: &Value) -> Result<bggo_values::Seq<Value>, Wrong> {
    value.items().ok_or_else(|| {
        let settled = settled(value);
        Wrong::new(format!("expected a list, found {}", settled.kind()))
    })
}

/// What is given for each field, in the order of the fields.
pub(crate) fn by_field<'p, T>(
    message: &MessageTable,
    pairs: &'p [(Text, T)],
) -> Result<Vec<Option<&'p T>>, Wrong> {
    let mut given = vec![None; message.fields.len()];
    // Mostly fields are given in the order in which they are declared.
    let mut next = 0;
    for (name, value) in pairs {
        let place = place_of(message, name, next);
        let slot = place.and_then(|place| given.get_mut(place));
        let Some(slot) = slot else {
            let before = format!("the message `{}` has no field ", message.name);
            return Err(Fault::quoting(before, &format!("{:?}", name.as_str()), "").into());
        };
        if slot.replace(value).is_some() {
            let field = place.and_then(|place| message.fields.get(place));
            let name = field.map_or("", |field| field.name.as_str());
            return Err(Wrong::new("the field is given by both of its names").in_field(name));
        }
        next = place.map_or(next, |place| place + 1);
    }
    Ok(given)
}

fn place_of(message: &MessageTable, name: &Text, next: usize) -> Option<usize> {
    match message.fields.get(next) {
        Some(field) if field.name == *name => Some(next),
        _ => message.by_name(name).map(|place| place as usize),
    }
}

/// Whether at most one member of each oneof is given.
pub(crate) fn one_of_each<T>(
    message: &MessageTable,
    given: &[Option<&T>],
    is_given: impl Fn(&&T) -> bool,
) -> Result<(), Wrong> {
    if message.oneofs.is_empty() {
        return Ok(());
    }
    let mut taken: Vec<Option<&Field>> = vec![None; message.oneofs.len()];
    for (field, value) in message.fields.iter().zip(given) {
        let slot = field.oneof.and_then(|oneof| taken.get_mut(oneof as usize));
        let (Some(slot), Some(_)) = (slot, value.as_ref().filter(|value| is_given(value))) else {
            continue;
        };
        if let Some(other) = slot.replace(field) {
            return Err(both_given(other, field));
        }
    }
    Ok(())
}

/// The fault of two members of a oneof.
pub(crate) fn both_given(one: &Field, other: &Field) -> Wrong {
    let (one, other) = (&one.name, &other.name);
    Wrong::new(format!("only one of `{one}` and `{other}` can be given"))
}
