//! One table of Rust names. A name stays as it is, or gets a number if it is taken or a keyword.

use bggo_manifest::RustName;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use std::collections::BTreeSet;

/// Names of parameters and local variables of the emitted text. A function of the grid may have the same name: then it
/// is called by its path, and a local variable that is named after the grid gets another name.
const LOCAL_WORDS: &[&str] = &[
    "all", "call", "called", "cx", "fan", "index", "inputs", "late", "needs", "prepared", "scope",
    "slot", "start", "step", "steps", "this",
];

/// Beginnings of numbered names of local variables.
const NUMBERED: &[&str] = &["branch_", "part_"];

/// The most letters of a key that becomes a part of a name.
const LONGEST_WORD: usize = 32;

/// Names that are taken, of values and functions, and of types.
#[derive(Debug)]
pub struct Names(BTreeSet<String>);

impl Names {
    /// A table in which only the program's `main` is taken.
    pub fn new() -> Self {
        Self(BTreeSet::from(["main".to_owned()]))
    }

    /// A name for a value or function: `a-b` is `a_b`, `Crate` is `crate_2`.
    pub fn snake(&mut self, name: &str) -> Ident {
        let chosen = self.free(&plain(name));
        self.0.insert(chosen.to_string());
        chosen
    }

    /// A name for a static: `FIRST`.
    pub fn upper(&mut self, name: &str) -> Ident {
        let chosen = self.free(&plain(name).to_uppercase());
        self.0.insert(chosen.to_string());
        chosen
    }

    /// Whether `upper` would give the name as it is.
    pub fn is_upper_free(&self, name: &str) -> bool {
        !self.0.contains(&plain(name).to_uppercase())
    }

    /// A function of the runtime, by its path where the grid has a function of that name.
    pub fn of_runtime(&self, name: &str) -> TokenStream {
        let function = Ident::new(name, Span::call_site());
        if self.0.contains(name) {
            quote!(::bggo_runtime::emitted::#function)
        } else {
            quote!(#function)
        }
    }

    /// A name for a variable inside one function. It shadows nothing, and other functions may use it too.
    pub fn inner(&self, name: &str) -> Ident {
        let name = plain(name);
        if is_local_word(&name) {
            self.free(&format!("{name}_value"))
        } else {
            self.free(&name)
        }
    }

    /// A name for a variable of `for`, unique in the program.
    pub fn bound(&mut self, name: &str) -> Ident {
        let name = plain(name);
        if is_local_word(&name) {
            self.snake(&format!("{name}_item"))
        } else {
            self.snake(&name)
        }
    }

    /// The name of a local variable that is named after something of the grid: the same, if no other has it.
    pub fn variable(&self, name: &Ident, kind: &str) -> Ident {
        let text = name.to_string();
        if is_local_word(&text) {
            self.free(&format!("{text}_{kind}"))
        } else {
            name.clone()
        }
    }

    fn free(&self, name: &str) -> Ident {
        let mut chosen = name.to_owned();
        let mut number = 2;
        while !is_name(&chosen) || self.0.contains(&chosen) {
            chosen = format!("{name}_{number}");
            number += 1;
        }
        Ident::new(&chosen, Span::call_site())
    }
}

/// A function of the grid as it is called: by its path, where a local variable may have the same name.
pub fn call_path(function: &Ident) -> TokenStream {
    if is_local_word(&function.to_string()) {
        quote!(self::#function)
    } else {
        quote!(#function)
    }
}

fn is_name(name: &str) -> bool {
    // Reserved since edition 2024, but syn accepts it as a name.
    name != "gen" && syn::parse_str::<syn::Ident>(name).is_ok()
}

fn is_local_word(name: &str) -> bool {
    let is_numbered = |start: &&str| {
        name.strip_prefix(start).is_some_and(|rest| {
            !rest.is_empty() && rest.bytes().all(|letter| letter.is_ascii_digit())
        })
    };
    LOCAL_WORDS.contains(&name) || NUMBERED.iter().any(is_numbered)
}

/// A text of the grid that can be a part of a name as it is: a short word of letters, digits, `_` and `-`.
pub fn word(text: &str) -> Option<&str> {
    let is_letter = |letter: u8| letter.is_ascii_alphanumeric() || b"_-".contains(&letter);
    let begins = text.starts_with(|first: char| first.is_ascii_alphabetic());
    (begins && text.len() <= LONGEST_WORD && text.bytes().all(is_letter)).then_some(text)
}

/// Lower case, `_` for everything that no Rust name has, a letter first.
pub fn plain(name: &str) -> String {
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

/// A manifest's name as a variant, as the macro makes it: `query_params` is `QueryParams`.
pub fn camel(name: &str) -> Ident {
    of_manifest(RustName::camel(name))
}

/// A manifest's name as a field or function, as the macro makes it. A flow is asked for one where it stands for a runner, and its
/// name may have a `-`.
pub fn field(name: &str) -> Ident {
    of_manifest(RustName::of(&name.replace('-', "_")))
}

fn of_manifest(name: RustName) -> Ident {
    match name {
        RustName::Plain(name) => Ident::new(&name, Span::call_site()),
        RustName::Raw(name) => Ident::new_raw(&name, Span::call_site()),
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
                "branch_1",
                "gen_2"
            ]
        );
    }

    #[test]
    fn only_short_plain_texts_are_words() {
        assert_eq!(word("X-Request_id2"), Some("X-Request_id2"));
        for text in ["", "2nd", "a b", "größe", "*/", &"x".repeat(33)] {
            assert_eq!(word(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_function_named_like_a_variable_of_ours_keeps_its_name_and_is_called_by_its_path() {
        let mut names = Names::new();
        let called: Vec<String> = ["shared", "user", "step", "branch_1", "start", "branch_x"]
            .iter()
            .map(|name| {
                let function = names.snake(name);
                call_path(&function).to_string().replace(' ', "")
            })
            .collect();
        assert_eq!(
            called,
            [
                "shared",
                "user",
                "self::step",
                "self::branch_1",
                "self::start",
                "branch_x"
            ]
        );
    }

    #[test]
    fn a_function_of_the_runtime_yields_to_one_of_the_grid() {
        let mut names = Names::new();
        names.snake("of_run");
        let called = ["each", "of_run"].map(|name| names.of_runtime(name).to_string());
        assert_eq!(called, ["each", ":: bggo_runtime :: emitted :: of_run"]);
    }

    #[test]
    fn statics_without_case_never_meet_functions() {
        let mut names = Names::new();
        let given: Vec<String> = ["é", "名", "名"]
            .iter()
            .map(|name| names.upper(name).to_string())
            .collect();
        assert_eq!(given, ["É", "名", "名_2"]);
        assert_eq!(names.snake("名").to_string(), "名_3");
    }

    #[test]
    fn a_variable_of_a_function_hides_neither_an_item_nor_a_variable_of_ours() {
        let mut names = Names::new();
        let cx = names.snake("cx");
        names.snake("url");
        assert_eq!(names.inner("url").to_string(), "url_2");
        assert_eq!(names.inner("url").to_string(), "url_2");
        assert_eq!(names.inner("step").to_string(), "step_value");
        assert_eq!(names.variable(&cx, "asset").to_string(), "cx_asset");
        assert_eq!(names.bound("start").to_string(), "start_item");
    }
}
