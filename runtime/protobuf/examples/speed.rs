//! How long one small message takes each way: `cargo run --release -p bggo-protobuf --example speed`.
//!
//! A message of 71 bytes, by the table, by prost-reflect, which reads tables too, and by prost, whose code is made for the
//! message. The least of several rounds is shown.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on ends, and shows what it found"
)]

#[path = "../tests/samples/mod.rs"]
mod samples;

use std::hint::black_box;
use std::time::Instant;

use bggo_protobuf::{Decoder, Encoder, Limits, Skeleton, Wanted, encode};
use bggo_values::{Text, Value};
use prost::Message;
use prost_reflect::DynamicMessage;
use samples::{message, number, object, table};

#[derive(Clone, PartialEq, prost::Message)]
struct Echo {
    #[prost(string, tag = "1")]
    text: String,
    #[prost(int64, tag = "2")]
    id: i64,
    #[prost(bool, tag = "3")]
    urgent: bool,
    #[prost(int32, repeated, tag = "4")]
    marks: Vec<i32>,
    #[prost(message, optional, tag = "5")]
    place: Option<Place>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Place {
    #[prost(double, tag = "1")]
    north: f64,
    #[prost(double, tag = "2")]
    east: f64,
    #[prost(string, tag = "3")]
    name: String,
}

fn measure(name: &str, mut once: impl FnMut()) {
    const TIMES: u32 = 100_000;
    let rounds = (0..15).map(|_| {
        let begun = Instant::now();
        for _ in 0..TIMES {
            once();
        }
        begun.elapsed().as_nanos() / u128::from(TIMES)
    });
    println!("{name:44} {:5} ns", rounds.min().unwrap_or_default());
}

fn main() {
    let (text, place_name) = ("a message of some words", "somewhere");
    let place = object([
        ("north", number("52.5")),
        ("east", number("13.25")),
        ("name", Value::text(place_name)),
    ]);
    let marks = Value::from([1, 20, 300].map(Value::number).to_vec());
    let value = object([
        ("text", Value::text(text)),
        ("id", Value::number(123_456_789)),
        ("urgent", Value::Bool(true)),
        ("marks", marks.clone()),
        ("place", place.clone()),
    ]);
    let descriptor = message("sample.Echo");
    let table = table(&descriptor);
    let mut out = Vec::with_capacity(128);
    encode(&table, 0, &value, &mut out).unwrap();
    let bytes = out.clone();
    println!("{} bytes", bytes.len());

    measure("encode: a value", || {
        out.clear();
        encode(&table, 0, black_box(&value), &mut out).unwrap();
        black_box(&out);
    });
    let named = |name: &'static str, part| (Text::from(name), part);
    let skeleton = Skeleton::Object(vec![
        named("text", Skeleton::Hole(0)),
        named("id", Skeleton::Hole(1)),
        named("urgent", Skeleton::Known(Value::Bool(true))),
        named("marks", Skeleton::Known(marks)),
        named("place", Skeleton::Known(place)),
    ]);
    let encoder = Encoder::new(table.clone(), 0, &skeleton).unwrap();
    let holes = [Value::text(text), Value::number(123_456_789)];
    measure("encode: two holes, the rest known", || {
        out.clear();
        encoder.encode(black_box(&holes), &mut out).unwrap();
        black_box(&out);
    });
    let echo = Echo::decode(bytes.as_slice()).unwrap();
    measure("encode: prost", || {
        out.clear();
        black_box(&echo).encode(&mut out).unwrap();
        black_box(&out);
    });
    let dynamic = DynamicMessage::decode(descriptor.clone(), bytes.as_slice()).unwrap();
    measure("encode: prost-reflect", || {
        out.clear();
        black_box(&dynamic).encode(&mut out).unwrap();
        black_box(&out);
    });

    let decoder = |wanted: &Wanted| Decoder::new(table.clone(), 0, wanted, Limits::USUAL).unwrap();
    let all = decoder(&Wanted::All);
    measure("decode: all", || {
        black_box(all.decode(black_box(&bytes)).unwrap());
    });
    let one = decoder(&Wanted::Fields(vec![(Text::from("id"), Wanted::All)]));
    measure("decode: one field", || {
        black_box(one.decode(black_box(&bytes)).unwrap());
    });
    measure("decode: prost", || {
        black_box(Echo::decode(black_box(bytes.as_slice())).unwrap());
    });
    measure("decode: prost-reflect", || {
        black_box(DynamicMessage::decode(descriptor.clone(), black_box(bytes.as_slice())).unwrap());
    });
}
