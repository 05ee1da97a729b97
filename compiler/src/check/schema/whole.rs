//! Schemas to one text, by which a program validates whole bodies: what a document says of them, and no more of it.
//!
//! ```text
//! schemas of a document --each that is reached, once--> {"$ref": "#/$defs/0", "$defs": {"0": {..}, "1": {..}}}
//! ```
//!
//! Whatever the dialect of the document, the text is JSON Schema of 2020-12: `nullable`, a boolean `exclusiveMinimum` and a list
//! in `items` become what they mean. References lead where the types find them, also those of OpenAPI and those that are dynamic.
//! What only people read is left out.

use std::collections::BTreeMap;

use bggo_values::{Value, json};

use super::keywords;
use super::reference::{Names, Target};
use super::tree::{Content, Place, Tree};
use super::types::Dialect;

/// The most bytes of a text. (Aliases of YAML may stand for much with few letters.)
const MOST_BYTES: usize = 8 << 20;

/// Why no text can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unwritable {
    pub(super) at: Place,
    pub(super) text: String,
}

/// A document, and by which rules it is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'d> {
    pub(super) tree: &'d Tree,
    pub(super) names: &'d Names,
    /// The bytes that the tree was made of.
    pub(super) text: &'d str,
    pub(super) dialect: Dialect,
}

/// The text for values that are one of these.
pub(super) fn write(source: Source<'_>, roots: &[Place]) -> Result<String, Unwritable> {
    let mut writer = Writer {
        source,
        out: String::new(),
        definitions: Vec::new(),
        numbers: BTreeMap::new(),
    };
    let roots: Vec<usize> = roots.iter().map(|root| writer.number(*root)).collect();
    let choices: Vec<String> = roots.iter().map(|number| reference(*number)).collect();
    writer.out = match choices.as_slice() {
        [only] => format!("{{{only}"),
        several => {
            let several: Vec<String> = several.iter().map(|one| format!("{{{one}}}")).collect();
            format!("{{\"anyOf\":[{}]", several.join(","))
        }
    };
    writer.out.push_str(",\"$defs\":{");
    let mut number = 0;
    while let Some(place) = writer.definitions.get(number).copied() {
        if number > 0 {
            writer.out.push(',');
        }
        writer.out.push_str(&format!("\"{number}\":"));
        writer.schema(place)?;
        number += 1;
    }
    writer.out.push_str("}}");
    Ok(writer.out)
}

fn reference(number: usize) -> String {
    format!("\"$ref\":\"{}\"", pointer(number))
}

fn pointer(number: usize) -> String {
    format!("#/$defs/{number}")
}

struct Writer<'d> {
    source: Source<'d>,
    out: String,
    definitions: Vec<Place>,
    numbers: BTreeMap<Place, usize>,
}

/// Keywords whose value is a schema.
const OF_ONE: [&str; 10] = [
    "additionalProperties",
    "contains",
    "else",
    "if",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
    // An old one, beside a list in `items`.
    "additionalItems",
];

/// Keywords whose value is a list of schemas.
const OF_LISTS: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];

/// Keywords whose value is an object of schemas.
const OF_OBJECTS: [&str; 3] = ["dependentSchemas", "patternProperties", "properties"];

/// Keywords whose value stays as it is written.
const OF_VALUES: [&str; 17] = [
    "const",
    "dependentRequired",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
];

/// Keywords by which a schema says what null is that `type` and `enum` do not.
const OF_ALTERNATIVES: [&str; 7] = ["$ref", "allOf", "anyOf", "const", "if", "not", "oneOf"];

impl<'d> Writer<'d> {
    /// The number of the definition of a schema.
    fn number(&mut self, place: Place) -> usize {
        let next = self.definitions.len();
        let number = *self.numbers.entry(place).or_insert(next);
        if number == next {
            self.definitions.push(place);
        }
        number
    }

    fn schema(&mut self, schema: Place) -> Result<(), Unwritable> {
        let tree = self.source.tree;
        if self.out.len() > MOST_BYTES {
            return Err(Unwritable {
                at: schema,
                text: "the schema is too large to be validated by".to_owned(),
            });
        }
        if !matches!(tree.content(schema), Content::Object(_)) {
            if !matches!(tree.content(schema), Content::Bool(_)) {
                return Err(Unwritable {
                    at: schema,
                    text: "this is no part of a schema".to_owned(),
                });
            }
            self.value(schema);
            return Ok(());
        }
        let is_nullable = !self.is_alone(schema) && tree.is_true(schema, "nullable");
        let has = |keyword: &&str| tree.get(schema, keyword).is_some();
        // Beside alternatives null must be one of its own.
        let is_wrapped = is_nullable && OF_ALTERNATIVES.iter().any(has);
        if is_wrapped {
            self.out.push_str("{\"anyOf\":[{\"type\":\"null\"},");
        }
        self.keywords(schema, is_nullable && !is_wrapped)?;
        if is_wrapped {
            self.out.push_str("]}");
        }
        Ok(())
    }

    /// An object of keywords. With `is_nullable` null is one more of its types.
    fn keywords(&mut self, schema: Place, is_nullable: bool) -> Result<(), Unwritable> {
        let tree = self.source.tree;
        self.out.push('{');
        let begun = self.out.len();
        let is_alone = self.is_alone(schema);
        for member in tree.members(schema) {
            let (keyword, value) = (member.name.as_str(), member.value);
            // Of a name that comes twice the later one counts.
            let is_last = tree.get(schema, keyword) == Some(value);
            if !is_last || is_alone && keyword != "$ref" {
                continue;
            }
            let length = self.out.len();
            if length > begun {
                self.out.push(',');
            }
            if !self.keyword(schema, (keyword, value), is_nullable)? {
                self.out.truncate(length);
            }
        }
        self.out.push('}');
        Ok(())
    }

    /// Whether all beside a `$ref` says nothing.
    fn is_alone(&self, schema: Place) -> bool {
        self.source.dialect.alone && self.source.tree.text_of(schema, "$ref").is_some()
    }

    /// A keyword with its value, unless it says nothing.
    fn keyword(
        &mut self,
        schema: Place,
        (keyword, value): (&str, Place),
        is_nullable: bool,
    ) -> Result<bool, Unwritable> {
        let tree = self.source.tree;
        if let Some(text) = keywords::fault(tree, self.source.text, (keyword, value)) {
            return Err(Unwritable { at: value, text });
        }
        let is_list = matches!(tree.content(value), Content::List(_));
        match keyword {
            "$ref" | "$dynamicRef" | "$recursiveRef" => self.reference(keyword, value)?,
            "type" => self.types(value, is_nullable),
            "enum" if is_nullable => self.nullable_enum(value),
            "required" => self.required(schema, value),
            "items" if is_list && tree.items(value).is_empty() => return Ok(false),
            "items" if is_list && self.source.dialect.items_are_first => {
                self.key("prefixItems");
                self.list(value)?;
            }
            "items" => {
                self.key("items");
                self.schema(value)?;
            }
            "additionalItems" => {
                let items = tree.get(schema, "items");
                let has_first = items.is_some_and(|items| !tree.items(items).is_empty());
                if !has_first {
                    return Ok(false);
                }
                self.key("items");
                self.schema(value)?;
            }
            "uniqueItems" => {
                self.key(keyword);
                self.value(value);
            }
            "minimum" | "maximum" if self.is_exclusive(schema, keyword) => {
                self.key(match keyword {
                    "minimum" => "exclusiveMinimum",
                    _ => "exclusiveMaximum",
                });
                self.value(value);
            }
            // Said by the bound itself.
            "exclusiveMinimum" | "exclusiveMaximum"
                if matches!(tree.content(value), Content::Bool(_)) =>
            {
                return Ok(false);
            }
            "dependencies" => return self.dependencies(value),
            keyword if OF_ONE.contains(&keyword) => {
                self.key(keyword);
                self.schema(value)?;
            }
            keyword if OF_LISTS.contains(&keyword) => {
                self.key(keyword);
                self.list(value)?;
            }
            keyword if OF_OBJECTS.contains(&keyword) => {
                self.key(keyword);
                self.object(value, &mut |_| true)?;
            }
            keyword if OF_VALUES.contains(&keyword) => {
                self.key(keyword);
                self.value(value);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn key(&mut self, keyword: &str) {
        self.text(keyword);
        self.out.push(':');
    }

    /// A reference to a definition. One that is dynamic has one place to lead to, since there is one document.
    fn reference(&mut self, keyword: &str, value: Place) -> Result<(), Unwritable> {
        let (tree, names) = (self.source.tree, self.source.names);
        let fault = |text: &str| {
            Err(Unwritable {
                at: value,
                text: text.to_owned(),
            })
        };
        let written = tree.text(value).unwrap_or_default();
        let dynamic = match keyword {
            "$dynamicRef" => names.dynamic(written),
            _ => &[],
        };
        let target = match dynamic {
            [] => names.target(tree, written),
            [only] => Target::Here(*only),
            _ => return fault("this dynamic reference leads to several parts of the document"),
        };
        let place = match target {
            Target::Here(place) => place,
            Target::Elsewhere => {
                return fault(
                    "a reference to another document is not followed, so nothing is validated by it",
                );
            }
            Target::Nowhere => return fault("this reference leads to nothing in this document"),
        };
        let number = self.number(place);
        // Both may stand beside each other.
        self.key(match keyword {
            "$ref" => keyword,
            _ => "$dynamicRef",
        });
        self.text(&pointer(number));
        Ok(())
    }

    fn types(&mut self, value: Place, is_nullable: bool) {
        let tree = self.source.tree;
        self.key("type");
        let one = [value];
        let words = match tree.content(value) {
            Content::List(words) => words.as_slice(),
            _ => &one,
        };
        let mut words: Vec<&str> = words.iter().filter_map(|word| tree.text(*word)).collect();
        if is_nullable {
            words.push("null");
        }
        words.sort_unstable();
        words.dedup();
        self.texts(&words);
    }

    fn texts(&mut self, texts: &[&str]) {
        self.out.push('[');
        for (at, text) in texts.iter().enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            self.text(text);
        }
        self.out.push(']');
    }

    /// The values of a schema that also lets null be, which many documents do not write once more.
    fn nullable_enum(&mut self, values: Place) {
        self.key("enum");
        self.out.push_str("[null");
        for value in self.source.tree.items(values) {
            self.out.push(',');
            self.value(*value);
        }
        self.out.push(']');
    }

    /// What must be there. What is only ever sent to a server need not come back from it.
    fn required(&mut self, schema: Place, value: Place) {
        let tree = self.source.tree;
        self.key("required");
        let properties = tree.get(schema, "properties");
        let is_only_sent = |name: &&str| {
            let property = properties.and_then(|all| tree.get(all, name));
            property.is_some_and(|property| tree.is_true(self.behind(property), "writeOnly"))
        };
        let names = tree.items(value).iter().filter_map(|name| tree.text(*name));
        let mut names: Vec<&str> = names.filter(|name| !is_only_sent(name)).collect();
        names.sort_unstable();
        names.dedup();
        self.texts(&names);
    }

    /// What a schema that is a reference stands for.
    fn behind(&self, schema: Place) -> Place {
        let (tree, names) = (self.source.tree, self.source.names);
        let mut place = schema;
        // A circle of references ends somewhere.
        for _ in 0..16 {
            let reference = tree.text_of(place, "$ref");
            match reference.map(|reference| names.target(tree, reference)) {
                Some(Target::Here(next)) => place = next,
                _ => break,
            }
        }
        place
    }

    /// Whether an old dialect says of a bound that the bound itself does not fit.
    fn is_exclusive(&self, schema: Place, bound: &str) -> bool {
        let word = match bound {
            "minimum" => "exclusiveMinimum",
            _ => "exclusiveMaximum",
        };
        self.source.tree.is_true(schema, word)
    }

    /// `dependencies` of old dialects: names that another one requires, and schemas.
    fn dependencies(&mut self, value: Place) -> Result<bool, Unwritable> {
        let tree = self.source.tree;
        let members = tree.members(value);
        let is_list = |place: Place| matches!(tree.content(place), Content::List(_));
        let (names, schemas) = (
            members.iter().any(|member| is_list(member.value)),
            members.iter().any(|member| !is_list(member.value)),
        );
        if names {
            self.key("dependentRequired");
            self.out.push('{');
            let mut first = true;
            for member in members.iter().filter(|member| is_list(member.value)) {
                if !std::mem::take(&mut first) {
                    self.out.push(',');
                }
                self.key(&member.name);
                self.value(member.value);
            }
            self.out.push('}');
        }
        if schemas {
            if names {
                self.out.push(',');
            }
            self.key("dependentSchemas");
            self.object(value, &mut |place| !is_list(place))?;
        }
        Ok(names || schemas)
    }

    fn list(&mut self, value: Place) -> Result<(), Unwritable> {
        self.out.push('[');
        for (at, item) in self.source.tree.items(value).iter().enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            self.schema(*item)?;
        }
        self.out.push(']');
        Ok(())
    }

    fn object(
        &mut self,
        value: Place,
        takes: &mut dyn FnMut(Place) -> bool,
    ) -> Result<(), Unwritable> {
        let tree = self.source.tree;
        self.out.push('{');
        let mut first = true;
        for member in tree.members(value) {
            let is_last = tree.get(value, &member.name) == Some(member.value);
            if !is_last || !takes(member.value) {
                continue;
            }
            if !std::mem::take(&mut first) {
                self.out.push(',');
            }
            self.key(&member.name);
            self.schema(member.value)?;
        }
        self.out.push('}');
        Ok(())
    }

    /// A value as it is written.
    fn value(&mut self, value: Place) {
        let tree = self.source.tree;
        if self.out.len() > MOST_BYTES {
            // Whoever writes the schema around it says so.
            return self.out.push_str("null");
        }
        match tree.content(value) {
            Content::Null => self.out.push_str("null"),
            Content::Bool(truth) => self.out.push_str(if *truth { "true" } else { "false" }),
            Content::Number => {
                let bytes = tree.bytes(value);
                let text = self
                    .source
                    .text
                    .get(bytes.start as usize..bytes.end as usize);
                let number = number(text.unwrap_or_default());
                self.out.push_str(&number);
            }
            Content::Text(text) => self.text(text),
            Content::List(items) => {
                self.out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        self.out.push(',');
                    }
                    self.value(*item);
                }
                self.out.push(']');
            }
            Content::Object(members) => {
                self.out.push('{');
                for (at, member) in members.iter().enumerate() {
                    if at > 0 {
                        self.out.push(',');
                    }
                    self.key(&member.name);
                    self.value(member.value);
                }
                self.out.push('}');
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.out
            .push_str(&json::encode_plain(&Value::from(text.to_owned())));
    }
}

/// A number as JSON writes it: YAML writes some in other ways.
fn number(text: &str) -> String {
    if json::RawJson::from_text(text).is_ok() {
        return text.to_owned();
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => number.to_string(),
        _ => "0".to_owned(),
    }
}
