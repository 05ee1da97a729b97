//! The attributes of a block, each as what it must be: a string, a flag, a type, a scope.

use super::reader::Reader;
use crate::model::Lifetime;
use bggo_values::literal::{Body, Item};
use bggo_values::{Type, Value};

/// The attributes of one block: each is taken once, what is left is unknown.
pub(super) struct Attributes<'a> {
    left: Vec<&'a (String, Item, usize)>,
    offset: usize,
}

impl<'a> Attributes<'a> {
    pub(super) fn of(body: &'a Body, offset: usize) -> Self {
        Self {
            left: body.attributes.iter().collect(),
            offset,
        }
    }

    /// Where the block stands.
    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    /// Where an attribute stands that has not been taken.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        let mut left = self.left.iter();
        left.find_map(|(known, _, offset)| (known == name).then_some(*offset))
    }

    pub(super) fn take(&mut self, name: &str) -> Option<(&'a Item, usize)> {
        let place = self.left.iter().position(|(known, ..)| known == name)?;
        let (_, item, offset) = self.left.remove(place);
        Some((item, *offset))
    }
}

/// The names in the `asset` of a `uses`, which is one name or a list of names.
pub(super) fn asset_names(item: &Item) -> Option<Vec<&str>> {
    match item {
        Item::Value(Value::List(items)) => items.iter().map(asset_name).collect(),
        Item::Value(value) => Some(vec![asset_name(value)?]),
        Item::Type(_) | Item::Expression(..) => None,
    }
}

fn asset_name(value: &Value) -> Option<&str> {
    value.as_text().filter(|name| !name.is_empty())
}

impl Reader<'_> {
    pub(super) fn ty(&mut self, attributes: &mut Attributes<'_>) -> Option<Type> {
        match attributes.take("type") {
            Some((Item::Type(ty), _)) => Some(ty.clone()),
            Some((Item::Value(_) | Item::Expression(..), offset)) => {
                self.fault(
                    offset,
                    "a type is written without quotes, such as `list(string)`",
                );
                None
            }
            None => {
                self.fault(attributes.offset, "a `type` is missing");
                None
            }
        }
    }

    pub(super) fn text(&mut self, attributes: &mut Attributes<'_>, name: &str) -> String {
        match attributes.take(name) {
            None => String::new(),
            Some((Item::Value(Value::Text(text)), _)) => text.as_str().to_owned(),
            Some((_, offset)) => {
                self.fault(offset, format!("`{name}` is a string"));
                String::new()
            }
        }
    }

    pub(super) fn flag(&mut self, attributes: &mut Attributes<'_>, name: &str) -> bool {
        match attributes.take(name) {
            None => false,
            Some((Item::Value(Value::Bool(value)), _)) => *value,
            Some((_, offset)) => {
                self.fault(offset, format!("`{name}` is true or false"));
                false
            }
        }
    }

    pub(super) fn texts(&mut self, attributes: &mut Attributes<'_>, name: &str) -> Vec<String> {
        let Some((item, offset)) = attributes.take(name) else {
            return Vec::new();
        };
        let texts = match item {
            Item::Value(Value::List(items)) => items
                .iter()
                .map(|item| item.as_text().map(str::to_owned))
                .collect(),
            _ => None,
        };
        texts.unwrap_or_else(|| {
            self.fault(offset, format!("`{name}` is a list of strings"));
            Vec::new()
        })
    }

    /// The kinds of asset of a `uses`: one name, or a list of names.
    pub(super) fn kinds_of_asset(
        &mut self,
        attributes: &mut Attributes<'_>,
    ) -> Option<Vec<String>> {
        let Some((item, offset)) = attributes.take("asset") else {
            self.fault(attributes.offset, "`uses` names the kind of its `asset`");
            return None;
        };
        let Some(kinds) = asset_names(item).filter(|kinds| !kinds.is_empty()) else {
            let text = "`asset` is the name of an asset, or a list of such names";
            self.fault(offset, text);
            return None;
        };
        self.unique_names(kinds.iter().map(|kind| (*kind, offset)), "asset");
        Some(kinds.into_iter().map(str::to_owned).collect())
    }

    pub(super) fn scopes(&mut self, attributes: &mut Attributes<'_>) -> Vec<Lifetime> {
        let Some((item, offset)) = attributes.take("scopes") else {
            return Vec::new();
        };
        let Item::Value(Value::List(items)) = item else {
            self.fault(
                offset,
                "`scopes` is a list of scopes, such as [\"vu\", \"worker\"]",
            );
            return Vec::new();
        };
        items
            .iter()
            .filter_map(|item| self.lifetime(&Item::Value(item.clone()), offset))
            .collect()
    }

    pub(super) fn lifetime(&mut self, item: &Item, offset: usize) -> Option<Lifetime> {
        let text = match item {
            Item::Value(Value::Text(text)) => text.as_str(),
            _ => "",
        };
        let found = match text {
            "run" => Some(Lifetime::Run),
            "worker" => Some(Lifetime::Worker),
            "vu" => Some(Lifetime::Vu),
            "iteration" => Some(Lifetime::Iteration),
            _ => None,
        };
        if found.is_none() {
            self.fault(
                offset,
                "a scope is \"run\", \"worker\", \"vu\" or \"iteration\"",
            );
        }
        found
    }

    pub(super) fn rest(&mut self, attributes: Attributes<'_>, what: &str) {
        for (name, _, offset) in attributes.left {
            self.fault(*offset, format!("{what} has no attribute `{name}`"));
        }
    }
}
