//! One table of Rust names: plain when free, numbered on a clash or when the name is a keyword.

use proc_macro2::{Ident, Span};
use std::collections::BTreeSet;

/// Names given so far, of values and functions, and of types.
#[derive(Debug, Default)]
pub struct Names(BTreeSet<String>);

impl Names {
    /// A table in which names of the emitted text itself are taken.
    pub fn reserved(words: &[&str]) -> Self {
        Self(words.iter().map(|word| (*word).to_owned()).collect())
    }

    /// A name for a value or function: `a-b` is `a_b`, `Crate` is `crate_2`.
    pub fn snake(&mut self, name: &str) -> Ident {
        self.free(&snake(name))
    }

    /// A name for a static: `FIRST`.
    pub fn upper(&mut self, name: &str) -> Ident {
        let upper = snake(name).to_uppercase();
        self.free(&upper)
    }

    fn free(&mut self, name: &str) -> Ident {
        let usable = |name: &str| syn::parse_str::<syn::Ident>(name).is_ok();
        let mut chosen = name.to_owned();
        let mut number = 2;
        while !usable(&chosen) || self.0.contains(&chosen) {
            chosen = format!("{name}_{number}");
            number += 1;
        }
        self.0.insert(chosen.clone());
        Ident::new(&chosen, Span::call_site())
    }
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
    } else if syn::parse_str::<syn::Ident>(name).is_ok() {
        Ident::new(name, Span::call_site())
    } else {
        Ident::new_raw(name, Span::call_site())
    }
}

/// An input's name as a local variable of an attempt.
pub fn local(name: &str) -> String {
    let taken = matches!(
        name,
        "m" | "step" | "index" | "output" | "s" | "json" | "ops" | "take" | "functions" | "convert"
    );
    if taken || syn::parse_str::<syn::Ident>(name).is_err() {
        format!("{name}_input")
    } else {
        name.to_owned()
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
        let mut names = Names::reserved(&["main"]);
        let given: Vec<String> = [
            "login", "a-b", "a_b", "crate", "crate_2", "main", "Größe", "9lives", "fooBar", "type",
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
                "type_2"
            ]
        );
    }
}
