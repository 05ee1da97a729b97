//! Bounds and patterns of inputs, and `rule` blocks.

use super::fields::Attributes;
use super::reader::Reader;
use crate::model::{Form, Input};
use crate::rule::{Bound, Condition, Demand, Pattern, Rule, Severity};
use bggo_values::literal::{Block, Item};
use bggo_values::{Type, Value, convert};

/// An attribute, and the bound that it is of its value.
type BoundOf<T> = (&'static str, fn(T) -> Bound);

impl Reader<'_> {
    pub(super) fn bounds(
        &mut self,
        attributes: &mut Attributes<'_>,
        (ty, form): (Option<&Type>, Form),
    ) -> Vec<Bound> {
        let mut bounds = Vec::new();
        let compared: [BoundOf<Value>; 3] = [
            ("min", Bound::Min),
            ("max", Bound::Max),
            ("more_than", Bound::MoreThan),
        ];
        for (name, bound) in compared {
            let Some((item, offset)) = attributes.take(name) else {
                continue;
            };
            let Some(ty @ (Type::Number | Type::Duration | Type::Size)) = ty else {
                let text = format!("`{name}` is for inputs of type number, duration and size");
                self.fault(offset, text);
                continue;
            };
            match item {
                Item::Value(value) => match convert::convert(value, ty) {
                    Ok(Value::Null) | Err(_) => {
                        self.fault(offset, format!("`{name}` is a {ty}, as its input is"));
                    }
                    Ok(value) => bounds.push(bound(value)),
                },
                Item::Type(_) | Item::Expression(..) => {
                    self.fault(offset, format!("`{name}` is a value"));
                }
            }
        }
        let lengths: [BoundOf<usize>; 2] = [
            ("min_length", Bound::MinLength),
            ("max_length", Bound::MaxLength),
        ];
        for (name, bound) in lengths {
            let Some((item, offset)) = attributes.take(name) else {
                continue;
            };
            let has_length = matches!(
                ty,
                Some(
                    Type::String
                        | Type::Bytes
                        | Type::Any
                        | Type::List(_)
                        | Type::Set(_)
                        | Type::Map(_)
                )
            );
            if !has_length || form == Form::Json {
                let text = format!(
                    "`{name}` is for inputs that have a length: strings, bytes, lists, sets, maps and any"
                );
                self.fault(offset, text);
                continue;
            }
            let length = match item {
                Item::Value(Value::Number(length)) => length.as_usize(),
                _ => None,
            };
            match length {
                Some(length) => bounds.push(bound(length)),
                None => self.fault(offset, format!("`{name}` is a whole number from 0")),
            }
        }
        bounds
    }

    pub(super) fn pattern(
        &mut self,
        attributes: &mut Attributes<'_>,
        (ty, form): (Option<&Type>, Form),
    ) -> Option<Pattern> {
        let at = attributes.offset();
        let regex = self.text(attributes, "pattern");
        let message = self.text(attributes, "pattern_message");
        if regex.is_empty() {
            if !message.is_empty() {
                self.fault(at, "`pattern_message` belongs to a `pattern`");
            }
            return None;
        }
        let has_text = match ty {
            Some(Type::String | Type::Any) => true,
            Some(Type::List(item) | Type::Set(item) | Type::Map(item)) => **item == Type::String,
            _ => false,
        };
        if !has_text || form == Form::Json {
            self.fault(
                at,
                "`pattern` is for inputs of type string and any, and for a list, set or map of strings",
            );
        }
        Some(Pattern { regex, message })
    }

    pub(super) fn key_pattern(
        &mut self,
        attributes: &mut Attributes<'_>,
        ty: Option<&Type>,
    ) -> Option<Pattern> {
        let at = attributes.offset();
        let regex = self.text(attributes, "key_pattern");
        let message = self.text(attributes, "key_pattern_message");
        if regex.is_empty() {
            if !message.is_empty() {
                self.fault(at, "`key_pattern_message` belongs to a `key_pattern`");
            }
            return None;
        }
        if !matches!(ty, Some(Type::Map(_))) {
            self.fault(at, "`key_pattern` is for inputs that are maps");
        }
        Some(Pattern { regex, message })
    }

    /// The rules of a runner or an asset over its inputs.
    pub(super) fn rules(&mut self, block: &Block, inputs: &[Input]) -> Vec<Rule> {
        let blocks = block.body.blocks.iter().filter(|part| part.kind == "rule");
        blocks.filter_map(|part| self.rule(part, inputs)).collect()
    }

    fn rule(&mut self, block: &Block, inputs: &[Input]) -> Option<Rule> {
        if !block.labels.is_empty() {
            self.fault(block.offset, "a `rule` has no label");
        }
        let mut attributes = Attributes::of(&block.body, block.offset);
        let when = self.texts(&mut attributes, "when");
        let conflicts = self.texts(&mut attributes, "conflicts");
        let at_least_one = self.texts(&mut attributes, "at_least_one");
        let error_message = self.text(&mut attributes, "error_message");
        let severity = match self.text(&mut attributes, "severity").as_str() {
            "" | "error" => Severity::Error,
            "warning" => Severity::Warning,
            _ => {
                self.fault(
                    block.offset,
                    "the `severity` of a rule is \"error\" or \"warning\"",
                );
                Severity::Error
            }
        };
        let condition = match attributes.take("condition") {
            Some((Item::Expression(text, start), _)) => Some(Condition {
                text: text.clone(),
                line: self.line(*start),
            }),
            Some((Item::Value(_) | Item::Type(_), _)) | None => None,
        };
        self.rest(attributes, "a rule");
        let demand = match (conflicts.is_empty(), at_least_one.is_empty(), condition) {
            (false, true, None) => Demand::Conflicts(conflicts),
            (true, false, None) => Demand::AtLeastOne(at_least_one),
            (true, true, Some(condition)) => Demand::Condition(condition),
            _ => {
                self.fault(
                    block.offset,
                    "a rule has `conflicts`, `at_least_one` or a `condition`, one of them",
                );
                return None;
            }
        };
        if matches!(demand, Demand::Condition(_)) && error_message.is_empty() {
            let text = "a rule with a `condition` has an `error_message` that says what to write";
            self.fault(block.offset, text);
        }
        let rule = Rule {
            when,
            demand,
            error_message,
            severity,
        };
        for name in rule.inputs() {
            match inputs.iter().find(|input| input.name == *name) {
                None => self.fault(block.offset, format!("there is no input `{name}`")),
                Some(input) if !input.may_be_absent() => {
                    let text = format!(
                        "input `{name}` is always there: a rule is about those that may be absent"
                    );
                    self.fault(block.offset, text);
                }
                Some(input) if input.is_read_when_built() => {
                    let text = format!(
                        "input `{name}` is read when the grid is built: only a `condition` can be about it"
                    );
                    self.fault(block.offset, text);
                }
                Some(_) => {}
            }
        }
        Some(rule)
    }
}
