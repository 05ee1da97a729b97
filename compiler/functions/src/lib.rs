//! The signatures of all functions: what a call needs, what type it has, and what the manual says of it.
//!
//! Only the compiler reads this table. The functions themselves are in `bggo-functions` and in crates of their own, which
//! programs link; none of them names the table, so that a compiled grid links no more than it calls.
//!
//! Where arguments of several types meet (`coalesce`, `concat`, `merge`, `lookup`), the result is the type that they have
//! in common, and the checker converts the call's value to it.

mod function;
mod results;
mod shape;
mod table;

pub use function::{Call, Family, Function, Home, Param, Time};

use std::sync::OnceLock;

/// All functions by family, in the order of the manual.
pub fn families() -> &'static [Family] {
    table::FAMILIES
}

/// All functions, sorted by name.
pub fn table() -> &'static [&'static Function] {
    static SORTED: OnceLock<Vec<&'static Function>> = OnceLock::new();
    SORTED.get_or_init(|| {
        let mut all: Vec<&Function> = families()
            .iter()
            .flat_map(|family| family.functions)
            .collect();
        all.sort_by_key(|function| function.name);
        all
    })
}

/// What `base64decode` is where bytes are wanted: the same function, but its value is bytes and need not be UTF-8.
pub fn base64decode_bytes() -> &'static Function {
    &table::BASE64DECODE_BYTES
}

/// The function of this name.
pub fn find(name: &str) -> Option<&'static Function> {
    let table = table();
    let place = table.binary_search_by_key(&name, |function| function.name);
    place.ok().and_then(|place| table.get(place)).copied()
}

#[cfg(test)]
mod tests;
