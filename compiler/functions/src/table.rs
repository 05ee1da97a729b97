//! The rows of the table, a file for each family.

mod chance;
mod collections;
mod conversions;
mod dates;
mod encodings;
mod fakes;
mod hashes;
mod networks;
mod numbers;
mod paths;
mod searching;
mod strings;

use crate::function::{Family, Function};

pub(super) use encodings::BASE64DECODE_BYTES;

pub(super) static FAMILIES: &[Family] = &[
    family("Numbers", numbers::FUNCTIONS),
    family("Strings", strings::FUNCTIONS),
    family("Searching in texts", searching::FUNCTIONS),
    family("Collections", collections::FUNCTIONS),
    family("Conversions", conversions::FUNCTIONS),
    family("Encodings", encodings::FUNCTIONS),
    family("Dates and times", dates::FUNCTIONS),
    family("Hashes and tokens", hashes::FUNCTIONS),
    family("Networks", networks::FUNCTIONS),
    family("Paths and the environment", paths::FUNCTIONS),
    family("Chance", chance::FUNCTIONS),
    family("Made-up data", fakes::FUNCTIONS),
];

const fn family(title: &'static str, functions: &'static [Function]) -> Family {
    Family { title, functions }
}
