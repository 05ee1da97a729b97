//! Parts that several runners and assets of a manifest share: they are written once, in a block `shared`.

use super::fields::Attributes;
use super::reader::Reader;
use bggo_values::Value;
use bggo_values::literal::{Block, Body, Item};

impl Reader<'_> {
    /// The manifest in which each runner and asset has the parts of what it shares before its own.
    pub(super) fn with_shares(&mut self, body: Body) -> Body {
        let is_shared = |block: &Block| block.kind == "shared";
        let (shared, mut blocks): (Vec<Block>, Vec<Block>) =
            body.blocks.into_iter().partition(is_shared);
        for one in &shared {
            self.name(one);
            self.rest(Attributes::of(&one.body, one.offset), "a shared block");
        }
        self.unique(shared.iter(), "shared block");
        let mut is_used = vec![false; shared.len()];
        for block in &mut blocks {
            let mut parts = Vec::new();
            for place in self.shares_of(block, &shared) {
                is_used[place] = true;
                parts.extend_from_slice(&shared[place].body.blocks);
            }
            block.body.blocks.splice(..0, parts);
        }
        // What nobody has is not looked at either.
        for (one, _) in shared.iter().zip(is_used).filter(|(_, used)| !used) {
            self.fault(one.offset, "no runner or asset `shares` this");
        }
        Body { blocks, ..body }
    }

    /// Takes the attribute `shares` out of a block: the positions of what it names.
    fn shares_of(&mut self, block: &mut Block, shared: &[Block]) -> Vec<usize> {
        let mut attributes = block.body.attributes.iter();
        let Some(at) = attributes.position(|(name, ..)| name == "shares") else {
            return Vec::new();
        };
        let (_, item, offset) = block.body.attributes.remove(at);
        let names = match &item {
            Item::Value(Value::List(items)) => items.iter().map(Value::as_text).collect(),
            _ => None,
        };
        let Some(names): Option<Vec<&str>> = names else {
            self.fault(offset, "`shares` is a list of strings");
            return Vec::new();
        };
        self.unique_names(names.iter().map(|name| (*name, offset)), "shared block");
        let mut found = Vec::new();
        for name in names {
            let is_named = |one: &Block| one.labels.first().is_some_and(|label| label == name);
            match shared.iter().position(is_named) {
                Some(place) if found.contains(&place) => {}
                Some(place) => found.push(place),
                None => self.fault(offset, format!("this manifest has no `shared \"{name}\"`")),
            }
        }
        found
    }
}
