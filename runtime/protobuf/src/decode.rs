//! Bytes to values.

use std::sync::Arc;

use bggo_values::{Fault, Seq, Text, Value};

use crate::form::{self, Left, Pairs, Seconds, below};
use crate::scalar::{self, wire_of};
use crate::schema::{Field, Form, Kind, Label};
use crate::table::{MessageTable, Table};
use crate::wanted::{Part, Wanted, part};
use crate::wire::{Bytes, Wire};
use crate::wrong::Wrong;

/// What a message may be at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How deep messages may be nested, the outermost counted.
    pub depth: u32,
    /// How many values it may be made of, fields that were not sent counted.
    pub values: usize,
}

impl Limits {
    /// 100 levels, as all implementations have, and five million values.
    pub const USUAL: Self = Self {
        depth: 100,
        values: 5_000_000,
    };
}

/// Makes values of the bytes of one message.
#[derive(Debug)]
pub struct Decoder {
    table: Arc<Table>,
    root: At,
    parts: Vec<Part>,
    limits: Limits,
}

/// A message, and what of it is wanted.
#[derive(Debug, Clone, Copy)]
struct At {
    message: u32,
    part: Option<u32>,
}

/// What was found of a list or of a map.
#[derive(Debug)]
enum Gathered {
    List(Vec<Value>),
    Map(Pairs),
}

/// Some of the bytes of a message within a message.
#[derive(Debug, Clone, Copy)]
struct Segment<'b> {
    slot: u32,
    place: u32,
    /// How many others came before it.
    order: usize,
    bytes: &'b [u8],
}

/// The member of a oneof that came last.
#[derive(Debug)]
struct Chosen {
    oneof: u32,
    /// `None` for one that is not wanted.
    slot: Option<u32>,
    /// How many segments there were when it came.
    since: usize,
}

/// An object that is being made.
struct Object<'b, 'd> {
    message: &'d MessageTable,
    part: Option<&'d Part>,
    pairs: Arc<[(Text, Value)]>,
    /// In order of the slots.
    gathered: Vec<(u32, Gathered)>,
    segments: Vec<Segment<'b>>,
    chosen: Vec<Chosen>,
    depth: u32,
}

impl Decoder {
    /// Prepares for the message at this place of the table.
    ///
    /// # Errors
    /// The table has no such message, or it has no field that is wanted.
    pub fn new(
        table: Arc<Table>,
        message: u32,
        wanted: &Wanted,
        limits: Limits,
    ) -> Result<Self, Fault> {
        let mut parts = Vec::new();
        let part = part(&table, message, wanted, &mut parts)?;
        Ok(Self {
            table,
            root: At { message, part },
            parts,
            limits,
        })
    }

    /// The value of a message.
    ///
    /// # Errors
    /// The bytes are no such message, or it is larger or deeper than the limits. The text says in which field, and nothing
    /// of what it holds.
    pub fn decode(&self, bytes: &[u8]) -> Result<Value, Fault> {
        let mut left = Left {
            values: self.limits.values,
        };
        self.message(self.root, &[bytes], self.limits.depth, &mut left)
            .map_err(Wrong::fault)
    }

    fn message(
        &self,
        at: At,
        segments: &[&[u8]],
        depth: u32,
        left: &mut Left,
    ) -> Result<Value, Wrong> {
        let message = self.table.message(at.message)?;
        match message.form {
            Form::Object => self.object(at, segments, depth, left).map(Value::Object),
            Form::Timestamp => Seconds::read(segments)?.timestamp(),
            Form::Duration => Seconds::read(segments)?.duration(),
            Form::Wrapper => {
                let fields = self.object(at, segments, depth, left)?;
                let wrapped = fields.first().map(|(_, value)| value.clone());
                Ok(wrapped.unwrap_or(Value::Null))
            }
            Form::Struct => form::object(segments, depth, left),
            Form::Any => form::any(segments, depth, left),
            Form::List => form::list(segments, depth, left),
        }
    }

    fn object(
        &self,
        at: At,
        segments: &[&[u8]],
        depth: u32,
        left: &mut Left,
    ) -> Result<Seq<(Text, Value)>, Wrong> {
        let message = self.table.message(at.message)?;
        let part = at.part.and_then(|part| self.parts.get(part as usize));
        let blank = part.map_or(&message.blank, |part| &part.blank);
        left.take(blank.len() + 1)?;
        let mut object = Object {
            message,
            part,
            pairs: blank.iter().cloned().collect(),
            gathered: Vec::new(),
            segments: Vec::new(),
            chosen: Vec::new(),
            depth: below(depth)?,
        };
        // Fields mostly come in the order of their numbers.
        let mut next = 0;
        for segment in segments {
            let mut bytes = Bytes::of(segment);
            while !bytes.is_empty() {
                let (number, wire) = bytes.tag()?;
                let place = match message.by_number.get(next) {
                    Some((expected, place)) if *expected == number => Some(*place),
                    _ => match message.by_number.get(next + 1) {
                        Some((expected, place)) if *expected == number => {
                            next += 1;
                            Some(*place)
                        }
                        _ => message.by_number(number),
                    },
                };
                let field = place.and_then(|place| Some((place, message.field(place)?)));
                let Some((place, field)) = field else {
                    bytes.skip(number, wire, object.depth)?;
                    continue;
                };
                let taken = self.field(&mut object, (place, field), wire, &mut bytes, left);
                taken.map_err(|wrong| wrong.in_field(&field.name))?;
            }
        }
        self.finish(object, left)
    }

    /// Reads one occurrence of a field.
    fn field<'b>(
        &self,
        object: &mut Object<'b, '_>,
        (place, field): (u32, &Field),
        wire: Wire,
        bytes: &mut Bytes<'b>,
        left: &mut Left,
    ) -> Result<(), Wrong> {
        let slot = match object.part {
            None => Some(place),
            Some(part) => part.slots.get(place as usize).copied().flatten(),
        };
        if let Some(oneof) = field.oneof {
            object.choose(oneof, slot);
        }
        let Some(slot) = slot else {
            return Ok(bytes.skip(field.number, wire, object.depth)?);
        };
        match field.label {
            Label::Implicit | Label::Optional | Label::Required => {
                expect(field.kind, wire)?;
                if let Kind::Message(_) = field.kind {
                    let order = object.segments.len();
                    let bytes = bytes.bytes()?;
                    object.segments.push(Segment {
                        slot,
                        place,
                        order,
                        bytes,
                    });
                } else {
                    let value = scalar::value(&self.table, field.kind, bytes)?;
                    object.set(slot, value);
                }
            }
            Label::Repeated | Label::Packed => {
                let (at, depth) = (object.inner(place, field.kind), object.depth);
                let Gathered::List(items) = object.gathered(slot, || Gathered::List(Vec::new()))
                else {
                    return Ok(());
                };
                if wire == Wire::Bytes && field.kind.is_packable() {
                    let mut packed = Bytes::of(bytes.bytes()?);
                    while !packed.is_empty() {
                        left.take(1)?;
                        items.push(scalar::value(&self.table, field.kind, &mut packed)?);
                    }
                    return Ok(());
                }
                expect(field.kind, wire)?;
                left.take(1)?;
                let item = match at {
                    Some(at) => self.message(at, &[bytes.bytes()?], depth, left),
                    None => scalar::value(&self.table, field.kind, bytes),
                };
                items.push(item.map_err(|wrong| wrong.in_item(items.len()))?);
            }
            Label::Map(key) => {
                expect(Kind::Bytes, wire)?;
                left.take(1)?;
                let (at, depth) = (object.inner(place, field.kind), object.depth);
                let entry = self.entry((key, field.kind), at, bytes.bytes()?, depth, left);
                let (key, value) = entry.map_err(Wrong::in_entry)?;
                if let Gathered::Map(pairs) =
                    object.gathered(slot, || Gathered::Map(Pairs::default()))
                {
                    pairs.put(key, value);
                }
            }
        }
        Ok(())
    }

    /// Reads an entry of a map.
    fn entry(
        &self,
        (key_kind, kind): (Kind, Kind),
        at: Option<At>,
        bytes: &[u8],
        depth: u32,
        left: &mut Left,
    ) -> Result<(Text, Value), Wrong> {
        let mut key = None;
        let mut value = None;
        let mut segments: Vec<&[u8]> = Vec::new();
        let mut bytes = Bytes::of(bytes);
        while !bytes.is_empty() {
            match bytes.tag()? {
                (1, wire) => {
                    expect(key_kind, wire)?;
                    key = Some(scalar::value(&self.table, key_kind, &mut bytes)?);
                }
                (2, wire) => {
                    expect(kind, wire)?;
                    match at {
                        Some(_) => segments.push(bytes.bytes()?),
                        None => value = Some(scalar::value(&self.table, kind, &mut bytes)?),
                    }
                }
                (number, wire) => bytes.skip(number, wire, depth)?,
            }
        }
        let key = key.unwrap_or_else(|| self.table.zero(key_kind));
        let value = match (at, value) {
            (Some(at), _) => self.message(at, &segments, depth, left)?,
            (None, Some(value)) => value,
            (None, None) => self.table.zero(kind),
        };
        Ok((scalar::key_text(&key)?, value))
    }

    /// Puts lists, maps and messages where they belong.
    fn finish<'b>(
        &self,
        mut object: Object<'b, '_>,
        left: &mut Left,
    ) -> Result<Seq<(Text, Value)>, Wrong> {
        for (slot, gathered) in std::mem::take(&mut object.gathered) {
            let value = match gathered {
                Gathered::List(items) => Value::from(items),
                Gathered::Map(pairs) => pairs.value(),
            };
            object.set(slot, value);
        }
        let mut segments = std::mem::take(&mut object.segments);
        if segments.len() > 1 {
            segments.sort_by_key(|segment| (segment.slot, segment.order));
        }
        for same in segments.chunk_by(|one, other| one.slot == other.slot) {
            let Some(first) = same.first() else { continue };
            let Some(field) = object.message.field(first.place) else {
                continue;
            };
            let Some(at) = object.inner(first.place, field.kind) else {
                continue;
            };
            let value = match same {
                [only] if field.oneof.is_none() => {
                    self.message(at, &[only.bytes], object.depth, left)
                }
                // What comes several times is one message of all their fields. What another member of a oneof replaced is
                // read as well: it may be malformed.
                several => {
                    let counts = |segment: &&Segment<'_>| object.is_chosen(field, segment);
                    let (counting, replaced): (Vec<_>, Vec<_>) = several.iter().partition(counts);
                    let bytes = |segments: Vec<&Segment<'b>>| -> Vec<&'b [u8]> {
                        segments.iter().map(|segment| segment.bytes).collect()
                    };
                    if !replaced.is_empty() {
                        let read = self.message(at, &bytes(replaced), object.depth, left);
                        read.map_err(|wrong| wrong.in_field(&field.name))?;
                    }
                    if counting.is_empty() {
                        continue;
                    }
                    self.message(at, &bytes(counting), object.depth, left)
                }
            };
            let value = value.map_err(|wrong| wrong.in_field(&field.name))?;
            object.set(first.slot, value);
        }
        Ok(Seq::Shared(object.pairs))
    }
}

impl Object<'_, '_> {
    fn set(&mut self, slot: u32, value: Value) {
        // Nobody else has it, so nothing is copied.
        if let Some(pair) = Arc::make_mut(&mut self.pairs).get_mut(slot as usize) {
            pair.1 = value;
        }
    }

    /// The message of a field, if it is one.
    fn inner(&self, place: u32, kind: Kind) -> Option<At> {
        let Kind::Message(message) = kind else {
            return None;
        };
        let part = self.part.and_then(|part| part.inner.get(place as usize));
        Some(At {
            message,
            part: part.copied().flatten(),
        })
    }

    fn gathered(&mut self, slot: u32, empty: fn() -> Gathered) -> &mut Gathered {
        let found = self.gathered.binary_search_by_key(&slot, |one| one.0);
        let place = found.unwrap_or_else(|place| {
            self.gathered.insert(place, (slot, empty()));
            place
        });
        &mut self.gathered[place].1
    }

    /// A member of a oneof came: the others are absent.
    fn choose(&mut self, oneof: u32, slot: Option<u32>) {
        let since = self.segments.len();
        let found = self.chosen.iter_mut().find(|one| one.oneof == oneof);
        let before = match found {
            None => {
                self.chosen.push(Chosen { oneof, slot, since });
                return;
            }
            Some(chosen) if chosen.slot == slot => return,
            Some(chosen) => {
                chosen.since = since;
                std::mem::replace(&mut chosen.slot, slot)
            }
        };
        if let Some(before) = before {
            self.set(before, Value::Null);
        }
    }

    /// Whether no other member of the field's oneof came after these bytes.
    fn is_chosen(&self, field: &Field, segment: &Segment<'_>) -> bool {
        let chosen = self.chosen.iter();
        let mut chosen = chosen.filter(|one| Some(one.oneof) == field.oneof);
        chosen.all(|one| one.slot == Some(segment.slot) && segment.order >= one.since)
    }
}

/// Whether content of this kind is written in this way.
fn expect(kind: Kind, wire: Wire) -> Result<(), Wrong> {
    match wire_of(kind) == wire {
        true => Ok(()),
        false => Err(Wrong::new(format!(
            "expected {}, found {}",
            in_words(wire_of(kind)),
            in_words(wire)
        ))),
    }
}

fn in_words(wire: Wire) -> &'static str {
    match wire {
        Wire::Varint => "a varint",
        Wire::Eight => "eight bytes",
        Wire::Bytes => "bytes with a length",
        Wire::Group | Wire::GroupEnd => "a group",
        Wire::Four => "four bytes",
    }
}
