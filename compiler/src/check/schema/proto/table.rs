//! A method to the table that the program reads: the messages and enums that it can reach, and nothing else.

use std::collections::BTreeMap;

use bggo_protobuf::Schema;
use bggo_protobuf::schema::{self, Form, Kind};
use bggo_values::Text;

use super::model::{Enum, Field, Message, Method};

/// The messages of a method. The request is the first one, and the others follow in the order in which they are reached,
/// so the same files give the same bytes.
pub(super) fn schema(messages: &[Message], enums: &[Enum], method: &Method) -> Schema {
    let mut reached = Reached::default();
    let request = reached.message(method.request);
    let response = reached.message(method.response);
    let mut made = Vec::new();
    // The list grows while it is gone through, so no chain of messages is too long for the stack.
    let mut next = 0;
    while let Some(place) = reached.order.get(next).copied() {
        made.push(match messages.get(place as usize) {
            Some(message) => reached.fields(message),
            None => schema::Message {
                name: Text::Static(""),
                form: Form::Object,
                fields: Vec::new(),
                oneofs: Vec::new(),
            },
        });
        next += 1;
    }
    let enums = reached.enum_order.iter().map(|place| {
        let found = enums.get(*place as usize);
        schema::Enum {
            name: Text::from(found.map_or("", |found| &found.name)),
            values: found.map_or(Vec::new(), |found| {
                let values = found.values.iter();
                values
                    .map(|(name, number)| (Text::from(name.as_str()), *number))
                    .collect()
            }),
        }
    });
    Schema {
        enums: enums.collect(),
        messages: made,
        request,
        response,
    }
}

/// What was reached so far, in order, and where each stands in the table.
#[derive(Default)]
struct Reached {
    order: Vec<u32>,
    places: BTreeMap<u32, u32>,
    enum_order: Vec<u32>,
    enum_places: BTreeMap<u32, u32>,
}

impl Reached {
    fn message(&mut self, place: u32) -> u32 {
        place_in(&mut self.order, &mut self.places, place)
    }

    fn fields(&mut self, message: &Message) -> schema::Message {
        let fields = message.fields.iter();
        let fields = fields.filter(|_| message.form.has_fields());
        schema::Message {
            name: Text::from(message.name.as_str()),
            form: message.form,
            fields: fields.map(|field| self.field(field)).collect(),
            oneofs: message
                .oneofs
                .iter()
                .map(|name| Text::from(name.as_str()))
                .collect(),
        }
    }

    fn field(&mut self, field: &Field) -> schema::Field {
        let kind = match field.kind {
            Kind::Message(place) => Kind::Message(self.message(place)),
            Kind::Enum(place) => {
                Kind::Enum(place_in(&mut self.enum_order, &mut self.enum_places, place))
            }
            other => other,
        };
        schema::Field {
            name: Text::from(field.name.as_str()),
            json_name: Text::from(field.json_name.as_str()),
            number: field.number,
            kind,
            label: field.label,
            oneof: field.oneof,
        }
    }
}

fn place_in(order: &mut Vec<u32>, places: &mut BTreeMap<u32, u32>, place: u32) -> u32 {
    *places.entry(place).or_insert_with(|| {
        order.push(place);
        u32::try_from(order.len() - 1).unwrap_or(u32::MAX)
    })
}
