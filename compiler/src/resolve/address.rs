//! Names of steps and resources as texts: `step.http_request.first["key"]`.

use crate::source::Span;
use crate::syntax::decl::Name;

use super::model::Instances;

/// The names and the instance of a text such as `step.http_request.first["a"]`.
pub(super) fn read(text: &str, span: Span) -> Option<(Vec<Name>, Instances)> {
    let (names, index) = match text.split_once('[') {
        Some((names, index)) => (names, Some(index.strip_suffix(']')?)),
        None => (text, None),
    };
    let mut found = Vec::new();
    for name in names.split('.') {
        let mut characters = name.chars();
        let first = characters.next()?;
        let fits = (first.is_alphabetic() || first == '_')
            && characters.all(|c| c.is_alphanumeric() || c == '_' || c == '-');
        if !fits {
            return None;
        }
        found.push(Name {
            text: name.to_owned(),
            span,
        });
    }
    let instances = match index {
        None => Instances::All,
        Some("*") => Instances::All,
        Some(index) => match index.strip_prefix('"') {
            Some(key) => Instances::Key(unescape(key.strip_suffix('"')?)?),
            None if !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit()) => {
                Instances::Index(index.parse().unwrap_or(u32::MAX))
            }
            None => return None,
        },
    };
    Some((found, instances))
}

/// A key between its quotes, with `\"` and `\\` read.
fn unescape(key: &str) -> Option<String> {
    let mut out = String::with_capacity(key.len());
    let mut characters = key.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next()? {
                plain @ ('"' | '\\') => out.push(plain),
                _ => return None,
            },
            '"' => return None,
            plain => out.push(plain),
        }
    }
    Some(out)
}
