//! Names of a manifest as Rust names: the macro makes items of them, and the compiler emits programs that name these items.

/// A manifest's name as a name of Rust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RustName {
    /// As it is.
    Plain(String),
    /// A keyword, which needs `r#` before it.
    Raw(String),
}

impl RustName {
    /// A field, a function or a module. What cannot be a raw name gets a `_`.
    pub fn of(name: &str) -> Self {
        match name {
            "self" | "Self" | "super" | "crate" => Self::Plain(format!("{name}_")),
            keyword if KEYWORDS.contains(&keyword) => Self::Raw(keyword.to_owned()),
            other => Self::Plain(other.to_owned()),
        }
    }

    /// A type or a variant: `query_params` is `QueryParams`.
    pub fn camel(name: &str) -> Self {
        let mut camel = String::with_capacity(name.len());
        for word in name.split('_') {
            let mut letters = word.chars();
            camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            camel.push_str(letters.as_str());
        }
        Self::of(&camel)
    }
}

/// The keywords of Rust's edition of 2024, strict and reserved, that can be raw names.
const KEYWORDS: [&str; 48] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_raw_or_get_a_line() {
        let plain = |name: &str| RustName::Plain(name.to_owned());
        let raw = |name: &str| RustName::Raw(name.to_owned());
        for (name, field, variant) in [
            ("url", plain("url"), plain("Url")),
            ("query_params", plain("query_params"), plain("QueryParams")),
            ("type", raw("type"), plain("Type")),
            ("gen", raw("gen"), plain("Gen")),
            ("self", plain("self_"), plain("Self_")),
            ("crate", plain("crate_"), plain("Crate")),
            ("a_1", plain("a_1"), plain("A1")),
        ] {
            assert_eq!(RustName::of(name), field);
            assert_eq!(RustName::camel(name), variant);
        }
    }
}
