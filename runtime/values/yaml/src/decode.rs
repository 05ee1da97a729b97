//! The events of a YAML parser to a value.

use crate::scalar;
use bggo_functions::args::args;
use bggo_values::convert::to_text;
use bggo_values::{Fault, Text, Value};
use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// How deep lists and mappings may stand in each other.
const DEEPEST: usize = 500;

/// How large a value may become by aliases, which repeat what they stand for.
const MOST_PARTS: usize = 1_000_000;

/// The value of a YAML document.
///
/// # Errors
/// When the argument is no YAML of one document, has tags that are not known, or is too large by its aliases.
pub fn yamldecode(values: &[Value]) -> Result<Value, Fault> {
    let args = args("yamldecode", values, 1, 1)?;
    let text = args.text(0)?;
    read(&text)
        .map(Value::normalized)
        .map_err(|why| args.fault(0, &why))
}

/// A list or mapping that is being read.
struct Open {
    anchor: usize,
    of: Collection,
}

enum Collection {
    List(Vec<Value>),
    Mapping {
        pairs: Pairs,
        /// The key whose value comes next, or that a mapping comes whose pairs are taken over.
        key: Option<Key>,
    },
}

enum Key {
    Named(Text),
    Merged,
}

#[derive(Default)]
struct Pairs {
    places: BTreeMap<Text, usize>,
    list: Vec<(Text, Value)>,
}

impl Pairs {
    /// Of a key that comes twice the later value counts.
    fn put(&mut self, key: Text, value: Value) {
        match self
            .places
            .get(&key)
            .and_then(|place| self.list.get_mut(*place))
        {
            Some(known) => known.1 = value,
            None => {
                self.places.insert(key.clone(), self.list.len());
                self.list.push((key, value));
            }
        }
    }
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: BTreeMap<usize, Value>,
    root: Option<Value>,
    parts: usize,
}

fn read(text: &str) -> Result<Value, String> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, place) = event.map_err(|error| {
            let at = error.marker();
            format!("line {}: the text is no YAML: {}", at.line(), error.info())
        })?;
        let line = place.start.line();
        builder
            .take(event)
            .map_err(|why| format!("line {line}: {why}"))?;
    }
    builder
        .root
        .ok_or_else(|| "there is no document".to_owned())
}

impl Builder {
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::DocumentStart(_) if self.root.is_some() => {
                return Err("only one document is possible".to_owned());
            }
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                if text == "<<" && tag.is_none() && self.wants_key() {
                    return self.set_key(Key::Merged);
                }
                let tag = tag.as_deref().map(name_of);
                let value = scalar::value(&text, plain, tag.as_deref())?;
                self.put(value, anchor)?;
            }
            Event::SequenceStart(anchor, tag) => {
                self.begin(anchor, tag, "seq", Collection::List(Vec::new()))?;
            }
            Event::MappingStart(anchor, tag) => {
                let mapping = Collection::Mapping {
                    pairs: Pairs::default(),
                    key: None,
                };
                self.begin(anchor, tag, "map", mapping)?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Open { anchor, of }) = self.open.pop() {
                    let value = match of {
                        Collection::List(items) => Value::from(items),
                        Collection::Mapping { pairs, .. } => Value::from(pairs.list),
                    };
                    self.put(value, anchor)?;
                }
            }
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor).cloned();
                let value = value.ok_or("an alias stands for something that holds it")?;
                self.parts += value.size(MOST_PARTS);
                if self.parts > MOST_PARTS {
                    return Err("the aliases make it too large".to_owned());
                }
                self.put(value, 0)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn begin(
        &mut self,
        anchor: usize,
        tag: Option<Cow<'_, Tag>>,
        own: &str,
        of: Collection,
    ) -> Result<(), String> {
        if self.wants_key() {
            return Err("only texts can be keys".to_owned());
        }
        if self.open.len() == DEEPEST {
            return Err(format!("it is nested deeper than {DEEPEST} levels"));
        }
        match tag.as_deref().map(name_of) {
            Some(tag) if tag != own => return Err(scalar::UNKNOWN_TAG.to_owned()),
            _ => {}
        }
        self.open.push(Open { anchor, of });
        Ok(())
    }

    /// Whether what comes next is the key of a mapping.
    fn wants_key(&self) -> bool {
        let last = self.open.last();
        last.is_some_and(|open| matches!(open.of, Collection::Mapping { key: None, .. }))
    }

    fn set_key(&mut self, new: Key) -> Result<(), String> {
        if let Some(Open {
            of: Collection::Mapping { key, .. },
            ..
        }) = self.open.last_mut()
        {
            *key = Some(new);
        }
        Ok(())
    }

    /// Puts a value where it stands: as the document, an item, a key or the value of a key.
    fn put(&mut self, value: Value, anchor: usize) -> Result<(), String> {
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        match self.open.last_mut().map(|open| &mut open.of) {
            None => self.root = Some(value),
            Some(Collection::List(items)) => items.push(value),
            Some(Collection::Mapping { pairs, key }) => match key.take() {
                None if value.is_null() => return Err("a key is null".to_owned()),
                None => {
                    let name = to_text(&value).map_err(|_| "only texts can be keys".to_owned())?;
                    *key = Some(Key::Named(name));
                }
                Some(Key::Named(name)) => pairs.put(name, value),
                Some(Key::Merged) => {
                    let others = value
                        .pairs()
                        .ok_or("only a mapping can be merged into one")?;
                    for (name, value) in others.iter() {
                        pairs.put(name.clone(), value.clone());
                    }
                }
            },
        }
        Ok(())
    }
}

/// The name of a tag: those of YAML itself without their long prefix.
fn name_of(tag: &Tag) -> String {
    match tag.is_yaml_core_schema() {
        true => tag.suffix.clone(),
        false => format!("{}{}", tag.handle, tag.suffix),
    }
}
