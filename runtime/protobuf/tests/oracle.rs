//! What is written here is read elsewhere, and the other way round: the other implementation is prost-reflect.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod samples;

use bggo_protobuf::{Decoder, Encoder, Limits, Skeleton, Wanted, encode};
use bggo_values::Value;
use proptest::prelude::*;
use proptest::test_runner::RngAlgorithm;
use prost::Message;
use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value as Other,
};
use samples::{message, table};
use std::collections::HashMap;

/// Makes any messages from a seed.
struct Maker {
    state: u64,
}

impl Maker {
    fn next(&mut self) -> u64 {
        // SplitMix64.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ self.state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Numbers of all lengths, also the outermost.
    fn number(&mut self) -> u64 {
        let shift = self.below(65);
        let number = self
            .next()
            .checked_shr(u32::try_from(shift).unwrap())
            .unwrap_or(0);
        if self.below(4) == 0 { !number } else { number }
    }

    fn text(&mut self) -> String {
        const LETTERS: [char; 8] = ['a', 'Z', '"', '\n', '\0', 'é', '界', '🦀'];
        let length = [0, 1, 5, 200][usize::try_from(self.below(4)).unwrap()];
        let letters = (0..length).map(|_| LETTERS[usize::try_from(self.below(8)).unwrap()]);
        letters.collect()
    }

    fn message(&mut self, message: &MessageDescriptor, depth: u32) -> DynamicMessage {
        let mut made = DynamicMessage::new(message.clone());
        match message.full_name() {
            "google.protobuf.Timestamp" => {
                made.set_field_by_name(
                    "seconds",
                    Other::I64(self.below(253_402_300_800).cast_signed() - 1_000_000_000),
                );
                made.set_field_by_name(
                    "nanos",
                    Other::I32(i32::try_from(self.below(1_000_000_000)).unwrap()),
                );
                return made;
            }
            "google.protobuf.Duration" => {
                let sign = if self.below(2) == 0 { 1 } else { -1 };
                made.set_field_by_name(
                    "seconds",
                    Other::I64(sign * self.below(315_576_000_001).cast_signed()),
                );
                let nanos = i32::try_from(self.below(1_000_000_000)).unwrap();
                made.set_field_by_name("nanos", Other::I32(i32::try_from(sign).unwrap() * nanos));
                return made;
            }
            "google.protobuf.Value" => {
                let field = message.get_field(
                    u32::try_from(self.below(if depth == 0 { 4 } else { 6 })).unwrap() + 1,
                );
                let field = field.unwrap();
                let value = match field.name() {
                    "null_value" => Other::EnumNumber(0),
                    _ => self.single(&field, depth),
                };
                made.set_field(&field, value);
                return made;
            }
            _ => {}
        }
        for field in message.fields() {
            let is_message = matches!(field.kind(), Kind::Message(_));
            if is_message && depth == 0 || self.below(3) == 0 {
                continue;
            }
            let value = if field.is_map() {
                self.map(&field, depth)
            } else if field.is_list() {
                let count = self.below(4);
                Other::List((0..count).map(|_| self.single(&field, depth)).collect())
            } else {
                self.single(&field, depth)
            };
            // A null of any value is what is absent, for a grid.
            let is_null = match &value {
                Other::Message(inner) => inner.has_field_by_name("null_value"),
                _ => false,
            };
            if !is_null {
                made.set_field(&field, value);
            }
        }
        made
    }

    fn map(&mut self, field: &FieldDescriptor, depth: u32) -> Other {
        let Kind::Message(entry) = field.kind() else {
            unreachable!()
        };
        let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
        let count = self.below(4);
        let entries = (0..count).map(|_| {
            let key = self.single(&key, depth);
            let key = match key {
                Other::Bool(key) => MapKey::Bool(key),
                Other::I64(key) => MapKey::I64(key),
                Other::U32(key) => MapKey::U32(key),
                Other::String(key) => MapKey::String(key),
                other => unreachable!("{other:?}"),
            };
            (key, self.single(&value, depth))
        });
        Other::Map(entries.collect::<HashMap<_, _>>())
    }

    #[expect(clippy::cast_possible_truncation, reason = "any numbers will do")]
    fn single(&mut self, field: &FieldDescriptor, depth: u32) -> Other {
        let number = self.number();
        match field.kind() {
            Kind::Double => {
                let any = f64::from_bits(self.next());
                let is_odd = any.is_nan() || any == 0.0;
                Other::F64(if is_odd || self.below(2) == 0 {
                    number as i32 as f64 / 8.0
                } else {
                    any
                })
            }
            Kind::Float => {
                let any = f32::from_bits(self.next() as u32);
                let is_odd = any.is_nan() || any == 0.0;
                Other::F32(if is_odd {
                    number as i16 as f32 / 8.0
                } else {
                    any
                })
            }
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Other::I32(number as i32),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Other::I64(number.cast_signed()),
            Kind::Uint32 | Kind::Fixed32 => Other::U32(number as u32),
            Kind::Uint64 | Kind::Fixed64 => Other::U64(number),
            Kind::Bool => Other::Bool(number.is_multiple_of(2)),
            Kind::String => Other::String(self.text()),
            Kind::Bytes => Other::Bytes(self.text().into_bytes().into()),
            Kind::Enum(one) => {
                let values: Vec<i32> = one
                    .values()
                    .map(|value| value.number())
                    .chain([77])
                    .collect();
                Other::EnumNumber(values[number as usize % values.len()])
            }
            Kind::Message(inner) => Other::Message(self.message(&inner, depth.saturating_sub(1))),
        }
    }

    /// What is known of a value, with holes in any places and what belongs in them.
    fn skeleton(&mut self, value: &Value, holes: &mut Vec<Value>) -> Skeleton {
        if self.below(4) == 0 {
            holes.push(value.clone());
            return Skeleton::Hole(holes.len() - 1);
        }
        match value {
            Value::List(items) if self.below(3) > 0 => Skeleton::List(
                items
                    .iter()
                    .map(|item| self.skeleton(item, holes))
                    .collect(),
            ),
            Value::Object(pairs) if self.below(4) > 0 => {
                let pairs = pairs.iter();
                let pairs = pairs.map(|(name, value)| (name.clone(), self.skeleton(value, holes)));
                Skeleton::Object(pairs.collect())
            }
            other => Skeleton::Known(other.clone()),
        }
    }
}

fn read_elsewhere(message: &MessageDescriptor, bytes: &[u8]) -> DynamicMessage {
    DynamicMessage::decode(message.clone(), bytes).unwrap()
}

/// Reads a message of another hand, writes it, whole and with holes, and has it read by the other hand.
fn there_and_back(message: &MessageDescriptor, seed: u64) {
    let mut maker = Maker { state: seed };
    // Read once, since a field that was set to what it is anyway is another message to it.
    let other = read_elsewhere(message, &maker.message(message, 3).encode_to_vec());
    let table = table(message);
    let decoder =
        Decoder::new(table.clone(), table.request(), &Wanted::All, Limits::USUAL).unwrap();
    let value = decoder.decode(&other.encode_to_vec()).unwrap();

    let mut bytes = vec![1];
    encode(&table, table.request(), &value, &mut bytes).unwrap();
    // What the other one shows of messages does not come to an end.
    let again = read_elsewhere(message, &bytes[1..]);
    assert!(
        again == other,
        "{}\n{}",
        samples::fields(&again),
        samples::fields(&other)
    );

    let mut holes = Vec::new();
    let skeleton = maker.skeleton(&value, &mut holes);
    let encoder = Encoder::new(table.clone(), table.request(), &skeleton).unwrap();
    let mut filled = vec![1];
    encoder.encode(&holes, &mut filled).unwrap();
    assert_eq!(filled, bytes, "{skeleton:?}");
    assert!(encoder.known().is_none_or(|known| known == &bytes[1..]));
}

fn config() -> ProptestConfig {
    // The seeds are tried as they come: there is nothing to shrink in them.
    ProptestConfig {
        rng_algorithm: RngAlgorithm::ChaCha,
        max_shrink_iters: 0,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn messages_are_the_same_for_both(seed: u64) {
        there_and_back(&message("sample.All"), seed);
    }

    #[test]
    fn known_types_are_the_same_for_both(seed: u64) {
        there_and_back(&message("sample.Known"), seed);
    }

    #[test]
    fn old_messages_are_the_same_for_both(seed: u64) {
        let message = message("old.Old");
        let mut maker = Maker { state: seed };
        let mut other = maker.message(&message, 2);
        let inner = maker.message(&message, 0);
        other.set_field_by_name("inner", Other::Message(inner));
        // Fields that must be there.
        fn complete(message: &mut DynamicMessage) {
            message.set_field_by_name("id", Other::I32(1));
            if message.has_field_by_name("inner") {
                complete(message.get_field_by_name_mut("inner").unwrap().as_message_mut().unwrap());
            }
        }
        complete(&mut other);
        let other = read_elsewhere(&message, &other.encode_to_vec());
        let table = table(&message);
        let decoder = Decoder::new(table.clone(), 0, &Wanted::All, Limits::USUAL).unwrap();
        let value = decoder.decode(&other.encode_to_vec()).unwrap();
        let mut bytes = Vec::new();
        encode(&table, 0, &value, &mut bytes).unwrap();
        let again = read_elsewhere(&message, &bytes);
        prop_assert!(again == other, "{}\n{}", samples::fields(&again), samples::fields(&other));
    }

    /// Bytes of which some were changed, cut off, doubled or put elsewhere.
    #[test]
    fn both_refuse_the_same_bytes(seed: u64) {
        let message = message("sample.All");
        let table = table(&message);
        let decoder = Decoder::new(table.clone(), 0, &Wanted::All, Limits::USUAL).unwrap();
        let mut maker = Maker { state: seed };
        let mut bytes = maker.message(&message, 2).encode_to_vec();
        for _ in 0..20 {
            if bytes.is_empty() {
                break;
            }
            let place = usize::try_from(maker.below(bytes.len() as u64)).unwrap();
            match maker.below(4) {
                0 => bytes[place] = u8::try_from(maker.below(256)).unwrap(),
                1 => bytes.truncate(place),
                2 => bytes.insert(place, u8::try_from(maker.below(256)).unwrap()),
                _ => bytes.extend_from_within(place..),
            }
            let other = DynamicMessage::decode(message.clone(), bytes.as_slice());
            let own = decoder.decode(&bytes);
            // The other one reads the entry of a map also where it is written as a group.
            let is_group = own.as_ref().is_err_and(|fault| fault.text().ends_with("found a group"));
            prop_assert!(own.is_ok() == other.is_ok() || is_group, "{:?}\n{:?}", own.err(), bytes);
            if let (Ok(value), Ok(other)) = (own, other) {
                // The other one puts in order what came several times.
                let again = decoder.decode(&other.encode_to_vec()).unwrap();
                prop_assert_eq!(samples::shown(&again), samples::shown(&value), "{:?}", bytes);
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for name in ["sample.All", "sample.Known", "old.Old"] {
            let table = table(&message(name));
            let decoder = Decoder::new(table, 0, &Wanted::All, Limits::USUAL).unwrap();
            let _ = decoder.decode(&bytes);
        }
    }
}
