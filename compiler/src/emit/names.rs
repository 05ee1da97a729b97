//! One table of Rust names: plain when free, numbered on a clash or when the name is a keyword.

use proc_macro2::{Ident, Span};
use std::collections::BTreeSet;

/// Names that the emitted text has of its own: items, parameters, and what it calls by a bare name.
const TAKEN: &[&str] = &[
    "assets",
    "at",
    "begun",
    "convert",
    "cx",
    "each",
    "fan",
    "flow",
    "fork",
    "forms",
    "functions",
    "index",
    "it",
    "iteration",
    "json",
    "late",
    "life",
    "lifetime",
    "m",
    "main",
    "needs",
    "of_run",
    "ops",
    "output",
    "prepared",
    "s",
    "scope",
    "shared",
    "slot",
    "start",
    "step",
    "take",
    "thread",
    "user",
    "work",
    "DATA",
    "GRID",
    "PLACES",
    "RESOURCES",
    "STEPS",
    "VARIABLES",
];

/// Beginnings of numbered names of the emitted text.
const NUMBERED: &[&str] = &["DATA_", "branch_", "part_"];

/// Names given so far, of values and functions, and of types.
#[derive(Debug)]
pub struct Names(BTreeSet<String>);

impl Names {
    /// A table in which names of the emitted text itself are taken.
    pub fn new() -> Self {
        Self(TAKEN.iter().map(|word| (*word).to_owned()).collect())
    }

    /// A name for a value or function: `a-b` is `a_b`, `Crate` is `crate_2`.
    pub fn snake(&mut self, name: &str) -> Ident {
        let chosen = self.free(&snake(name));
        self.0.insert(chosen.to_string());
        chosen
    }

    /// A name for a static: `FIRST`.
    pub fn upper(&mut self, name: &str) -> Ident {
        let chosen = self.free(&snake(name).to_uppercase());
        self.0.insert(chosen.to_string());
        chosen
    }

    /// A name for a variable inside of one function: it hides nothing, and other functions may use it too.
    pub fn inner(&self, name: &str) -> Ident {
        self.free(&snake(name))
    }

    fn free(&self, name: &str) -> Ident {
        let mut chosen = name.to_owned();
        let mut number = 2;
        // `DATA_2` and all that follow are the emitted text's own.
        let name = match is_numbered(&format!("{name}_2")) {
            true if name.starts_with(char::is_uppercase) => format!("THE_{name}"),
            true => format!("the_{name}"),
            false => name.to_owned(),
        };
        while !is_name(&chosen) || is_numbered(&chosen) || self.0.contains(&chosen) {
            chosen = format!("{name}_{number}");
            number += 1;
        }
        Ident::new(&chosen, Span::call_site())
    }
}

fn is_name(name: &str) -> bool {
    // Reserved since the edition of 2024, which syn takes for a name.
    name != "gen" && syn::parse_str::<syn::Ident>(name).is_ok()
}

/// `DATA_1`, which the emitted text counts by itself.
fn is_numbered(name: &str) -> bool {
    NUMBERED.iter().any(|start| {
        name.strip_prefix(start).is_some_and(|rest| {
            !rest.is_empty() && rest.bytes().all(|letter| letter.is_ascii_digit())
        })
    })
}

/// Lower case, `_` for everything that no Rust name has, a letter first.
fn snake(name: &str) -> String {
    let mut out = String::new();
    let mut small = false;
    for letter in name.chars() {
        if letter.is_uppercase() && small {
            out.push('_');
        }
        small = letter.is_lowercase() || letter.is_numeric();
        if unicode_ident::is_xid_continue(letter) {
            out.extend(letter.to_lowercase())
        } else {
            out.push('_')
        }
    }
    let begins = out.chars().next().is_some_and(unicode_ident::is_xid_start);
    if begins { out } else { format!("n{out}") }
}

/// A manifest's name as a variant: `query_params` is `QueryParams`. The macro makes the same.
pub fn camel(name: &str) -> Ident {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_ascii_uppercase())
            .into_iter()
            .chain(letters)
            .collect::<String>()
    };
    let text: String = name.split('_').map(word).collect();
    if syn::parse_str::<syn::Ident>(&text).is_ok() {
        Ident::new(&text, Span::call_site())
    } else {
        Ident::new(&format!("{text}_"), Span::call_site())
    }
}

/// A manifest's name as a field or function, as the macro makes it.
pub fn field(name: &str) -> Ident {
    if matches!(name, "self" | "Self" | "super" | "crate") {
        Ident::new(&format!("{name}_"), Span::call_site())
    } else if name != "gen" && syn::parse_str::<syn::Ident>(name).is_ok() {
        // `gen` is a keyword since the edition of 2024, and syn reads it as a name.
        Ident::new(name, Span::call_site())
    } else {
        Ident::new_raw(name, Span::call_site())
    }
}

/// The crate of a module, as a Rust name.
pub fn crate_name(name: &str) -> Ident {
    Ident::new(&name.replace('-', "_"), Span::call_site())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_when_free_and_numbered_otherwise() {
        let mut names = Names::new();
        let given: Vec<String> = [
            "login", "a-b", "a_b", "crate", "crate_2", "main", "Größe", "9lives", "fooBar", "type",
            "branch_1", "gen",
        ]
        .iter()
        .map(|name| names.snake(name).to_string())
        .collect();
        assert_eq!(
            given,
            [
                "login",
                "a_b",
                "a_b_2",
                "crate_2",
                "crate_2_2",
                "main_2",
                "größe",
                "n9lives",
                "foo_bar",
                "type_2",
                "branch_1_2",
                "gen_2"
            ]
        );
    }

    #[test]
    fn statics_never_meet_those_of_the_program_itself() {
        let mut names = Names::new();
        let given: Vec<String> = ["steps", "places", "data_1", "é", "名", "名"]
            .iter()
            .map(|name| names.upper(name).to_string())
            .collect();
        assert_eq!(
            given,
            ["STEPS_2", "PLACES_2", "DATA_1_2", "É", "名", "名_2"]
        );
    }

    #[test]
    fn names_whose_numbers_are_taken_get_another_beginning() {
        let mut names = Names::new();
        assert_eq!(names.upper("data").to_string(), "THE_DATA_2");
        let given: Vec<String> = ["data", "data", "part", "Part", "branch", "branch"]
            .iter()
            .map(|name| names.snake(name).to_string())
            .collect();
        assert_eq!(
            given,
            [
                "data",
                "data_2",
                "part",
                "the_part_2",
                "branch",
                "the_branch_2"
            ]
        );
    }

    #[test]
    fn a_variable_of_a_function_hides_no_item() {
        let mut names = Names::new();
        names.snake("url");
        assert_eq!(names.inner("url").to_string(), "url_2");
        assert_eq!(names.inner("url").to_string(), "url_2");
    }
}
