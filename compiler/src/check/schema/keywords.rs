//! What the values of a schema's keywords have to be. The validator of a program says the same of each schema; it is not linked here,
//! because it takes longer to compile than most of bggo.

use std::collections::BTreeSet;

use super::tree::{Content, Place, Tree};

/// What is wrong with the value of a keyword, if something is. Keywords that say nothing of a value may have any.
///
/// `text` is what the tree was made of.
pub(super) fn fault(tree: &Tree, text: &str, (keyword, value): (&str, Place)) -> Option<String> {
    let content = tree.content(value);
    let is_right = match keyword {
        "pattern" => match content {
            Content::Text(pattern) if is_pattern(pattern) => true,
            Content::Text(_) => return Some(NO_PATTERN.to_owned()),
            _ => false,
        },
        "patternProperties" => match content {
            Content::Object(members) => {
                if !members.iter().all(|member| is_pattern(&member.name)) {
                    return Some(NO_PATTERN.to_owned());
                }
                true
            }
            _ => false,
        },
        "minimum" | "maximum" => matches!(content, Content::Number),
        // A bool in old dialects.
        "exclusiveMinimum" | "exclusiveMaximum" => {
            matches!(content, Content::Number | Content::Bool(_))
        }
        "multipleOf" => number(tree, text, value).is_some_and(|number| number > 0.0),
        "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties"
        | "minContains" | "maxContains" => {
            number(tree, text, value).is_some_and(|number| number >= 0.0 && number.fract() == 0.0)
        }
        "uniqueItems" => matches!(content, Content::Bool(_)),
        "enum" => matches!(content, Content::List(_)),
        "required" => is_names(tree, value),
        "dependentRequired" => match content {
            Content::Object(members) => {
                let mut lists = members.iter().map(|member| member.value);
                lists.all(|list| is_names(tree, list) && has_each_once(tree, list))
            }
            _ => false,
        },
        "properties" | "dependentSchemas" => matches!(content, Content::Object(_)),
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => !tree.items(value).is_empty(),
        _ => true,
    };
    (!is_right).then(|| format!("this is no value of `{keyword}` in a schema"))
}

const NO_PATTERN: &str = "this is no regular expression that can be searched for";

/// Whether the validator can search for a pattern: by the crates that it uses.
fn is_pattern(pattern: &str) -> bool {
    let translated = jsonschema_regex::to_rust_regex(pattern);
    translated.is_ok_and(|pattern| fancy_regex::Regex::new(&pattern).is_ok())
}

fn number(tree: &Tree, text: &str, value: Place) -> Option<f64> {
    let bytes = tree.bytes(value);
    let is_number = matches!(tree.content(value), Content::Number);
    let text = text.get(bytes.start as usize..bytes.end as usize)?;
    // What only YAML writes so stands as 0 in the text for the validator.
    is_number.then(|| text.parse().unwrap_or(0.0))
}

fn has_each_once(tree: &Tree, list: Place) -> bool {
    let mut seen = BTreeSet::new();
    let mut names = tree.items(list).iter();
    names.all(|name| seen.insert(tree.text(*name)))
}

/// Whether it is a list of names.
fn is_names(tree: &Tree, list: Place) -> bool {
    let is_list = matches!(tree.content(list), Content::List(_));
    let mut names = tree.items(list).iter();
    is_list && names.all(|name| tree.text(*name).is_some())
}
