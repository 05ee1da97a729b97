//! How many steps an asset serves at a time, and what a runner does to one that serves one after the other: it blocks it, or
//! opens or closes something on it.

use super::fields::Attributes;
use super::names::is_name;
use super::reader::Reader;
use crate::model::{Asset, Concurrency, Manifest, Runner, Use, When};
use crate::rule::Condition;
use bggo_values::Value;
use bggo_values::literal::{Block, Body, Item};

impl Reader<'_> {
    pub(super) fn concurrency(&mut self, attributes: &mut Attributes<'_>) -> Concurrency {
        let Some((item, offset)) = attributes.take("concurrency") else {
            return Concurrency::Multiplexed;
        };
        let text = match item {
            Item::Value(Value::Text(text)) => text.as_str(),
            _ => "",
        };
        let found = Concurrency::ALL.iter().find(|one| one.name() == text);
        if found.is_none() {
            let text = "`concurrency` is \"exclusive\", \"duplex\" or \"multiplexed\"";
            self.fault(offset, text);
        }
        found.copied().unwrap_or(Concurrency::Multiplexed)
    }

    /// `blocks = true`, or a condition over inputs.
    pub(super) fn when(&mut self, attributes: &mut Attributes<'_>, name: &str) -> When {
        let Some((item, offset)) = attributes.take(name) else {
            return When::Never;
        };
        match item {
            Item::Expression(text, _) if text == "true" => When::Always,
            Item::Expression(text, _) if text == "false" => When::Never,
            Item::Expression(text, start) if text.contains("input.") => When::If(Condition {
                text: text.clone(),
                line: self.line(*start),
            }),
            Item::Expression(..) | Item::Value(_) | Item::Type(_) => {
                self.fault(
                    offset,
                    format!("`{name}` is true or false, or a condition over `input.NAME`"),
                );
                When::Never
            }
        }
    }

    /// `opens = "transaction"`: a name of what is opened.
    pub(super) fn named(&mut self, attributes: &mut Attributes<'_>, name: &str) -> Option<String> {
        let (item, offset) = attributes.take(name)?;
        match item {
            Item::Value(Value::Text(text)) if is_name(text.as_str()) => {
                Some(text.as_str().to_owned())
            }
            _ => {
                self.fault(
                    offset,
                    format!("`{name}` is a name, such as \"transaction\""),
                );
                None
            }
        }
    }

    /// What runners say of an exclusive asset: each of them uses one, and what one opens another one closes.
    pub(super) fn sessions(&mut self, body: &Body, manifest: &Manifest) {
        for block in body.blocks.iter().filter(|block| block.kind == "runner") {
            let mut runners = manifest.runners.iter();
            let Some(runner) = runners.find(|one| block.labels.first() == Some(&one.name)) else {
                continue;
            };
            if let Some(attribute) = runner.says_of_exclusive() {
                let place = place_of(block, attribute);
                self.uses_one_exclusive((runner, attribute), &manifest.assets, place);
            }
            if let (Some(_), Some(_)) = (&runner.opens, &runner.closes) {
                let place = place_of(block, "closes");
                self.fault(place, "a runner opens something or closes it, not both");
            }
            let pairs = [
                ("opens", &runner.opens, "closes"),
                ("closes", &runner.closes, "opens"),
            ];
            for (attribute, word, other) in pairs {
                let Some(word) = word else { continue };
                let mut runners = manifest.runners.iter();
                let found = runners.any(|runner| match other {
                    "opens" => runner.opens.as_ref() == Some(word),
                    _ => runner.closes.as_ref() == Some(word),
                });
                if !found {
                    let text = format!(
                        "this manifest has no runner with `{other} = \"{word}\"`, and what is opened is closed"
                    );
                    self.fault(place_of(block, attribute), text);
                }
            }
        }
    }

    /// Of an asset of another module the compiler knows what it is.
    fn uses_one_exclusive(
        &mut self,
        (runner, attribute): (&Runner, &str),
        assets: &[Asset],
        place: usize,
    ) {
        let is_exclusive = |taken: &&Use| {
            let mut kinds = assets.iter().filter(|asset| taken.takes(&asset.name));
            taken.module.is_none() && kinds.any(|asset| asset.concurrency == Concurrency::Exclusive)
        };
        let exclusive = runner.uses.iter().filter(is_exclusive).count();
        let elsewhere = runner.uses.iter().any(|taken| taken.module.is_some());
        if exclusive == 0 && !elsewhere {
            let text = format!(
                "`{attribute}` is about an asset with `concurrency = \"exclusive\"`, and this runner uses none"
            );
            self.fault(place, text);
        } else if exclusive > 1 {
            let text = format!(
                "`{attribute}` is about the one exclusive asset that a runner uses, and this one uses {exclusive}"
            );
            self.fault(place, text);
        }
    }
}

/// Where an attribute of a block stands.
fn place_of(block: &Block, name: &str) -> usize {
    let mut attributes = block.body.attributes.iter();
    let found = attributes.find(|(known, ..)| known == name);
    found.map_or(block.offset, |(_, _, offset)| *offset)
}
