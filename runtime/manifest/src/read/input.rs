//! `input` blocks: types, defaults that fit them, and forms.

use super::fields::Attributes;
use super::reader::Reader;
use crate::model::{DocumentKind, Form, Input};
use bggo_values::literal::{Block, Item};
use bggo_values::{Type, Value, convert};

impl Reader<'_> {
    pub(super) fn input(&mut self, block: &Block) -> Option<Input> {
        let name = self.name(block);
        let mut attributes = Attributes::of(&block.body, block.offset);
        let ty = self.ty(&mut attributes);
        let required = self.flag(&mut attributes, "required");
        let nullable = self.flag(&mut attributes, "nullable");
        let shown = self.flag(&mut attributes, "shown");
        let sensitive = self.flag(&mut attributes, "sensitive");
        let description = self.text(&mut attributes, "description");
        let one_of = self.texts(&mut attributes, "one_of");
        let form = self.form(&mut attributes, &ty);
        let shape = self.shape(&mut attributes, (ty.as_ref(), form, shown));
        let bounds = self.bounds(&mut attributes, (ty.as_ref(), form));
        let pattern = self.pattern(&mut attributes, (ty.as_ref(), form));
        let key_pattern = self.key_pattern(&mut attributes, ty.as_ref());
        let default = attributes.take("default");
        let (reads, is_switch) = self.reads(&mut attributes, ty.as_ref());
        let found_by = self.found_by(&mut attributes, &reads);
        let selects = self.selects(&mut attributes);
        let streams = self.flag(&mut attributes, "streams");
        let type_from = self.message_of(&mut attributes, ty.as_ref());
        self.rest(attributes, "an input");
        let default =
            default.and_then(|(item, offset)| self.default_value(item, offset, ty.as_ref()?));
        if required && default.is_some() {
            self.fault(
                block.offset,
                format!("input `{name}` is required, so its default would never be used"),
            );
        }
        if let Some(value) = &default
            && let Some(bound) = bounds.iter().find(|bound| !bound.allows(value))
        {
            self.fault(block.offset, format!("the default of `{name}` {bound}"));
        }
        if !one_of.is_empty() && ty.as_ref().is_some_and(|ty| *ty != Type::String) {
            self.fault(block.offset, "`one_of` is for inputs of type string");
        }
        if form == Form::Predicate && (default.is_some() || nullable || shown || sensitive) {
            let text = format!(
                "`{name}` is judged again and again: it has no default, and is not `nullable`, `shown` or `sensitive`"
            );
            self.fault(block.offset, text);
        }
        let links = self.links(block, &one_of);
        let is_plain = default.is_none()
            && one_of.is_empty()
            && bounds.is_empty()
            && pattern.is_none()
            && !(nullable || shown || sensitive);
        if !reads.is_empty() {
            let (fits, what) = match reads.as_slice() {
                [DocumentKind::Protobuf | DocumentKind::Folders] => {
                    (ty == Some(Type::list(Type::String)), "a list of strings")
                }
                [DocumentKind::Columns] => {
                    (ty == Some(Type::map(Type::String)), "a map of strings")
                }
                [DocumentKind::ProtobufSet | DocumentKind::Statements] => {
                    (ty == Some(Type::String), "a string")
                }
                kinds => {
                    if !kinds.iter().all(|kind| kind.is_schema()) {
                        let text = "\"protobuf\", \"protobuf_set\", \"folders\", \"columns\" and \"statements\" stand alone in `as`";
                        self.fault(block.offset, text);
                    }
                    (ty == Some(Type::String), "a string")
                }
            };
            if ty.is_some() && !fits || !is_plain {
                let text = format!(
                    "`{name}` is read when the grid is built: it is {what}, with `required` and `description` alone"
                );
                self.fault(block.offset, text);
            }
        }
        if is_switch && !(is_plain && form == Form::Plain && !required) {
            let text = format!(
                "`{name}` is read when the grid is built: it is a bool, with a `description` alone"
            );
            self.fault(block.offset, text);
        }
        if streams && selects.is_none() {
            let text = format!("`{name}` selects no method, so `streams` says nothing of it");
            self.fault(block.offset, text);
        }
        if selects.is_some() {
            let fits = ty.as_ref().is_none_or(|ty| *ty == Type::String);
            if !(fits && is_plain && required && reads.is_empty()) {
                let text = format!(
                    "`{name}` selects a method when the grid is built: it is a string that is `required`, with a `description` alone"
                );
                self.fault(block.offset, text);
            }
        }
        Some(Input {
            name,
            ty: ty?,
            required,
            nullable,
            default,
            one_of,
            links,
            bounds,
            pattern,
            key_pattern,
            form,
            shape,
            shown,
            sensitive,
            reads,
            found_by,
            is_switch,
            selects,
            streams,
            type_from,
            description,
        })
    }

    fn default_value(&mut self, item: &Item, offset: usize, ty: &Type) -> Option<Value> {
        let Item::Value(value) = item else {
            self.fault(offset, "a default is a value");
            return None;
        };
        match convert::convert(value, ty) {
            Ok(Value::Null) => None,
            Ok(value) => Some(value),
            Err(fault) => {
                self.fault(
                    offset,
                    format!("the default does not fit type {ty}: {fault}"),
                );
                None
            }
        }
    }

    fn shape(
        &mut self,
        attributes: &mut Attributes<'_>,
        (ty, form, shown): (Option<&Type>, Form, bool),
    ) -> bool {
        let Some((item, offset)) = attributes.take("shape") else {
            return false;
        };
        let Item::Value(Value::Bool(shape)) = item else {
            self.fault(offset, "`shape` is true or false");
            return false;
        };
        if !shape {
            return false;
        }
        let has_parts = matches!(
            ty,
            None | Some(
                Type::List(_) | Type::Map(_) | Type::Object(_) | Type::Tuple(_) | Type::Any
            )
        );
        // The items of a set have no order before all of them are known.
        let text = if !has_parts {
            "`shape` is for inputs of type list, map, object, tuple and any"
        } else if form == Form::Json {
            "`shape` is for values, and `form = \"json\"` gives a text"
        } else if shown {
            "`shape` and `shown` do not go together: sensitive parts are taken out of whole values"
        } else {
            return true;
        };
        self.fault(offset, text);
        false
    }

    fn form(&mut self, attributes: &mut Attributes<'_>, ty: &Option<Type>) -> Form {
        let Some((item, offset)) = attributes.take("form") else {
            return Form::Plain;
        };
        let word = match item {
            Item::Value(Value::Text(text)) => text.as_str(),
            _ => "",
        };
        let (form, of) = match word {
            "json" => (Form::Json, Type::Any),
            "predicate" => (Form::Predicate, Type::Bool),
            _ => {
                self.fault(offset, "a form is \"json\" or \"predicate\"");
                return Form::Plain;
            }
        };
        if ty.as_ref().is_some_and(|ty| *ty != of) {
            let text = format!("`form = \"{word}\"` is for inputs of type {of}");
            self.fault(offset, text);
            return Form::Plain;
        }
        form
    }
}
