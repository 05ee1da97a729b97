//! A message of which some parts are known before and others come each time: what is known is written once.

use std::ops::Range;
use std::sync::Arc;

use bggo_values::{Fault, Text, Value};

use crate::encode::{DEEPEST, Writer, both_given, by_field, one_of_each};
use crate::form::below;
use crate::schema::{Field, Form, Kind, Label};
use crate::table::{MessageTable, Table};
use crate::wire::{Wire, put_sized, put_tag};
use crate::wrong::{Step, Wrong};

/// What is known of a message.
#[derive(Debug, Clone)]
pub enum Skeleton {
    /// A part that is known as a whole.
    Known(Value),
    /// The number of a part that comes each time, from 0.
    Hole(usize),
    /// A list with holes in it.
    List(Vec<Skeleton>),
    /// An object with holes in it.
    Object(Vec<(Text, Skeleton)>),
}

/// Writes the bytes of one message, with what comes each time between what is known.
#[derive(Debug)]
pub struct Encoder {
    table: Arc<Table>,
    /// What is known, as bytes.
    known: Vec<u8>,
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    /// A piece of what is known.
    Known(Range<usize>),
    /// Parts with their length before them.
    Sized(Vec<Part>),
    /// What comes for a hole.
    Hole(usize, Filled),
    /// A part that is written as a whole when its holes are filled: a message that is any value.
    Whole(Skeleton, Filled),
    /// Members of a oneof of which at most one may come.
    OneOf(Vec<(Field, Member)>, Vec<Step>),
}

/// What is given of a member of a oneof.
#[derive(Debug, Clone, Copy)]
enum Member {
    Surely,
    Hole(usize),
}

/// As what a value is written, and where it belongs.
#[derive(Debug)]
struct Filled {
    what: What,
    depth: u32,
    /// From the innermost.
    way: Vec<Step>,
}

#[derive(Debug)]
enum What {
    /// A message without a tag.
    Message(u32),
    Field(Field),
    Item(Field),
    Packed(Kind),
    Entry(Kind),
}

impl Encoder {
    /// Prepares the message at this place of the table.
    ///
    /// # Errors
    /// What is known of it is wrong: the text says in which field.
    pub fn new(table: Arc<Table>, message: u32, skeleton: &Skeleton) -> Result<Self, Fault> {
        let mut builder = Builder {
            writer: Writer { table: &table },
            known: Vec::new(),
            way: Vec::new(),
        };
        let mut parts = Vec::new();
        let built = builder.message(message, skeleton, DEEPEST, &mut parts);
        built.map_err(|wrong| wrong.at(&builder.steps()).fault())?;
        let known = builder.known;
        Ok(Self {
            table,
            known,
            parts,
        })
    }

    /// All bytes, if there is no hole.
    pub fn known(&self) -> Option<&[u8]> {
        match self.parts.as_slice() {
            [] | [Part::Known(_)] => Some(&self.known),
            _ => None,
        }
    }

    /// Writes the message behind what `out` holds, with these values for the holes. Where it fails, nothing is written.
    ///
    /// # Errors
    /// A value does not belong where it is put, or there are fewer than holes.
    pub fn encode(&self, holes: &[Value], out: &mut Vec<u8>) -> Result<(), Fault> {
        let start = out.len();
        self.write(&self.parts, holes, out).map_err(|wrong| {
            out.truncate(start);
            wrong.fault()
        })
    }

    fn write(&self, parts: &[Part], holes: &[Value], out: &mut Vec<u8>) -> Result<(), Wrong> {
        for part in parts {
            match part {
                Part::Known(range) => {
                    out.extend_from_slice(self.known.get(range.clone()).unwrap_or_default());
                }
                Part::Sized(parts) => put_sized(out, |out| self.write(parts, holes, out))?,
                Part::Hole(number, filled) => {
                    self.fill(filled, hole(holes, *number)?, out)?;
                }
                Part::Whole(skeleton, filled) => {
                    self.fill(filled, &whole(skeleton, holes)?, out)?;
                }
                Part::OneOf(members, way) => {
                    only_one(members, holes).map_err(|wrong| wrong.at(way))?
                }
            }
        }
        Ok(())
    }

    fn fill(&self, filled: &Filled, value: &Value, out: &mut Vec<u8>) -> Result<(), Wrong> {
        let Filled { what, depth, way } = filled;
        let writer = Writer { table: &self.table };
        let written = match what {
            What::Message(place) => writer.message(*place, value, *depth, out),
            What::Field(field) => writer.field(field, value, *depth, out),
            What::Item(field) => writer.item(field, value, *depth, out),
            What::Packed(kind) => writer.packed(*kind, value, out),
            What::Entry(kind) => writer.value_of_entry(*kind, value, *depth, out),
        };
        written.map_err(|wrong| wrong.at(way))
    }
}

fn hole(holes: &[Value], number: usize) -> Result<&Value, Wrong> {
    let value = holes.get(number);
    value.ok_or_else(|| Wrong::new(format!("hole {number} of the message has no value")))
}

fn only_one(members: &[(Field, Member)], holes: &[Value]) -> Result<(), Wrong> {
    let mut taken: Option<&Field> = None;
    for (field, member) in members {
        let is_given = match member {
            Member::Surely => true,
            Member::Hole(number) => !hole(holes, *number)?.is_null(),
        };
        if !is_given {
            continue;
        }
        if let Some(other) = taken.replace(field) {
            return Err(both_given(other, field));
        }
    }
    Ok(())
}

/// The value with what came for its holes.
fn whole(skeleton: &Skeleton, holes: &[Value]) -> Result<Value, Wrong> {
    Ok(match skeleton {
        Skeleton::Known(value) => value.clone(),
        Skeleton::Hole(number) => hole(holes, *number)?.clone(),
        Skeleton::List(items) => {
            let items = items.iter().map(|item| whole(item, holes));
            Value::from(items.collect::<Result<Vec<_>, _>>()?)
        }
        Skeleton::Object(pairs) => {
            let pairs = pairs
                .iter()
                .map(|(name, part)| Ok((name.clone(), whole(part, holes)?)));
            Value::from(pairs.collect::<Result<Vec<_>, Wrong>>()?)
        }
    })
}

struct Builder<'t> {
    writer: Writer<'t>,
    known: Vec<u8>,
    /// From the outermost.
    way: Vec<Step>,
}

impl Builder<'_> {
    /// The way to what is being built, from the innermost.
    fn steps(&self) -> Vec<Step> {
        self.way.iter().rev().cloned().collect()
    }

    fn filled(&self, what: What, depth: u32) -> Filled {
        Filled {
            what,
            depth,
            way: self.steps(),
        }
    }

    /// Builds what lies one step further. Where that fails, the step stays on the way.
    fn step(
        &mut self,
        step: Step,
        build: impl FnOnce(&mut Self) -> Result<(), Wrong>,
    ) -> Result<(), Wrong> {
        self.way.push(step);
        build(self)?;
        self.way.pop();
        Ok(())
    }

    /// Writes what is known.
    fn put(
        &mut self,
        parts: &mut Vec<Part>,
        write: impl FnOnce(Writer<'_>, &mut Vec<u8>) -> Result<(), Wrong>,
    ) -> Result<(), Wrong> {
        let start = self.known.len();
        write(self.writer, &mut self.known)?;
        let end = self.known.len();
        match parts.last_mut() {
            Some(Part::Known(last)) if last.end == start => last.end = end,
            _ if end > start => parts.push(Part::Known(start..end)),
            _ => {}
        }
        Ok(())
    }

    fn put_tag(&mut self, number: u32, parts: &mut Vec<Part>) -> Result<(), Wrong> {
        self.put(parts, |_, out| {
            put_tag(number, Wire::Bytes, out);
            Ok(())
        })
    }

    /// Parts with a length before them.
    fn sized(
        &mut self,
        parts: &mut Vec<Part>,
        build: impl FnOnce(&mut Self, &mut Vec<Part>) -> Result<(), Wrong>,
    ) -> Result<(), Wrong> {
        let mut inner = Vec::new();
        build(self, &mut inner)?;
        parts.push(Part::Sized(inner));
        Ok(())
    }

    /// A message without its tag.
    fn message(
        &mut self,
        place: u32,
        skeleton: &Skeleton,
        depth: u32,
        parts: &mut Vec<Part>,
    ) -> Result<(), Wrong> {
        let table = self.writer.table;
        let message = table.message(place)?;
        match skeleton {
            Skeleton::Known(value) => self.put(parts, |writer, out| {
                writer.message(place, value, depth, out)
            }),
            Skeleton::Hole(number) => {
                let filled = self.filled(What::Message(place), depth);
                parts.push(Part::Hole(*number, filled));
                Ok(())
            }
            Skeleton::Object(pairs) if message.form == Form::Object => {
                self.object(message, pairs, depth, parts)
            }
            Skeleton::List(_) if message.form == Form::Object => Err(Wrong::new(format!(
                "expected an object for the message `{}`, found a list",
                message.name
            ))),
            _ => {
                let filled = self.filled(What::Message(place), depth);
                parts.push(Part::Whole(skeleton.clone(), filled));
                Ok(())
            }
        }
    }

    fn object(
        &mut self,
        message: &MessageTable,
        pairs: &[(Text, Skeleton)],
        depth: u32,
        parts: &mut Vec<Part>,
    ) -> Result<(), Wrong> {
        let depth = below(depth)?;
        let given = by_field(message, pairs)?;
        let is_surely_given = |part: &&Skeleton| match part {
            Skeleton::Known(value) => !value.is_null(),
            Skeleton::Hole(_) => false,
            Skeleton::List(_) | Skeleton::Object(_) => true,
        };
        one_of_each(message, &given, is_surely_given)?;
        self.one_of_holes(message, &given, parts);
        for (_, place) in &message.by_number {
            let Some(field) = message.field(*place) else {
                continue;
            };
            let known = Skeleton::Known(Value::Null);
            let part = given.get(*place as usize).copied().flatten();
            let step = Step::Field(field.name.as_str().to_owned());
            self.step(step, |builder| {
                builder.field(field, part.unwrap_or(&known), depth, parts)
            })?;
        }
        Ok(())
    }

    /// Where holes stand in several members of a oneof, it is seen each time which one comes.
    fn one_of_holes(
        &self,
        message: &MessageTable,
        given: &[Option<&Skeleton>],
        parts: &mut Vec<Part>,
    ) {
        for (oneof, _) in (0..).zip(&message.oneofs) {
            let fields = message.fields.iter().zip(given);
            let members = fields.filter(|(field, _)| field.oneof == Some(oneof));
            let members = members.filter_map(|(field, part)| {
                let member = match part.as_ref()? {
                    Skeleton::Hole(number) => Member::Hole(*number),
                    Skeleton::Known(value) if value.is_null() => return None,
                    _ => Member::Surely,
                };
                Some((field.clone(), member))
            });
            let members: Vec<(Field, Member)> = members.collect();
            if members.len() > 1 {
                parts.push(Part::OneOf(members, self.steps()));
            }
        }
    }

    fn field(
        &mut self,
        field: &Field,
        skeleton: &Skeleton,
        depth: u32,
        parts: &mut Vec<Part>,
    ) -> Result<(), Wrong> {
        match (skeleton, field.label) {
            (Skeleton::Known(value), _) => {
                self.put(parts, |writer, out| writer.field(field, value, depth, out))
            }
            (Skeleton::Hole(number), _) => {
                let filled = self.filled(What::Field(field.clone()), depth);
                parts.push(Part::Hole(*number, filled));
                Ok(())
            }
            (Skeleton::List(items), Label::Packed) if items.is_empty() => Ok(()),
            (Skeleton::List(items), Label::Packed) => {
                self.put_tag(field.number, parts)?;
                self.sized(parts, |builder, parts| {
                    for (place, item) in items.iter().enumerate() {
                        let step = Step::Item(place);
                        builder.step(step, |builder| builder.packed(field.kind, item, parts))?;
                    }
                    Ok(())
                })
            }
            (Skeleton::List(items), Label::Repeated) => {
                for (place, item) in items.iter().enumerate() {
                    let step = Step::Item(place);
                    self.step(step, |builder| builder.item(field, item, depth, parts))?;
                }
                Ok(())
            }
            (Skeleton::Object(pairs), Label::Map(key)) => {
                for (name, part) in pairs {
                    self.put_tag(field.number, parts)?;
                    self.step(Step::Entry, |builder| {
                        builder.sized(parts, |builder, parts| {
                            builder.put(parts, |writer, out| writer.key(key, name, out))?;
                            builder.entry(field.kind, part, depth, parts)
                        })
                    })?;
                }
                Ok(())
            }
            (_, Label::Implicit | Label::Optional | Label::Required) => {
                self.item(field, skeleton, depth, parts)
            }
            (_, Label::Repeated | Label::Packed) => {
                Err(Wrong::new("expected a list, found an object"))
            }
            (_, Label::Map(_)) => Err(Wrong::new("expected an object for a map, found a list")),
        }
    }

    /// One value with its tag.
    fn item(
        &mut self,
        field: &Field,
        skeleton: &Skeleton,
        depth: u32,
        parts: &mut Vec<Part>,
    ) -> Result<(), Wrong> {
        match skeleton {
            Skeleton::Known(value) => {
                self.put(parts, |writer, out| writer.item(field, value, depth, out))
            }
            Skeleton::Hole(number) => {
                let filled = self.filled(What::Item(field.clone()), depth);
                parts.push(Part::Hole(*number, filled));
                Ok(())
            }
            Skeleton::List(_) | Skeleton::Object(_) => {
                self.inner(field.number, field.kind, skeleton, depth, parts)
            }
        }
    }

    fn packed(
        &mut self,
        kind: Kind,
        skeleton: &Skeleton,
        parts: &mut Vec<Part>,
    ) -> Result<(), Wrong> {
        match skeleton {
            Skeleton::Known(value) => {
                self.put(parts, |writer, out| writer.packed(kind, value, out))
            }
            Skeleton::Hole(number) => {
                let filled = self.filled(What::Packed(kind), 0);
                parts.push(Part::Hole(*number, filled));
                Ok(())
            }
            Skeleton::List(_) => Err(Wrong::new("expected a value, found a list")),
            Skeleton::Object(_) => Err(Wrong::new("expected a value, found an object")),
        }
    }

    /// The value of an entry of a map.
    fn entry(
        &mut self,
        kind: Kind,
        skeleton: &Skeleton,
        depth: u32,
        parts: &mut Vec<Part>,
    ) -> Result<(), Wrong> {
        match skeleton {
            Skeleton::Known(value) => self.put(parts, |writer, out| {
                writer.value_of_entry(kind, value, depth, out)
            }),
            Skeleton::Hole(number) => {
                let filled = self.filled(What::Entry(kind), depth);
                parts.push(Part::Hole(*number, filled));
                Ok(())
            }
            Skeleton::List(_) | Skeleton::Object(_) => self.inner(2, kind, skeleton, depth, parts),
        }
    }

    /// A message with holes, with its tag and its length.
    fn inner(
        &mut self,
        number: u32,
        kind: Kind,
        skeleton: &Skeleton,
        depth: u32,
        parts: &mut Vec<Part>,
    ) -> Result<(), Wrong> {
        let Kind::Message(place) = kind else {
            let found = match skeleton {
                Skeleton::List(_) => "a list",
                _ => "an object",
            };
            return Err(Wrong::new(format!("expected a value, found {found}")));
        };
        self.put_tag(number, parts)?;
        self.sized(parts, |builder, parts| {
            builder.message(place, skeleton, depth, parts)
        })
    }
}
