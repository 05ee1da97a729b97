//! Names: that they are some, that they differ, and that what they name is there.

use super::fields::asset_names;
use super::reader::Reader;
use bggo_values::literal::{Block, Body};

impl Reader<'_> {
    pub(super) fn name(&mut self, block: &Block) -> String {
        match block.labels.as_slice() {
            [name] if is_name(name) => name.clone(),
            [name] => {
                self.fault(block.offset, format!("`{name}` is no name: lower case letters, digits and `_`, beginning with a letter"));
                name.clone()
            }
            _ => {
                self.fault(
                    block.offset,
                    format!("`{}` has one label, its name", block.kind),
                );
                String::new()
            }
        }
    }

    /// What a runner or an asset uses without naming a module is an asset of the same manifest. What it uses of another
    /// module is known once all modules are.
    pub(super) fn known_assets(&mut self, body: &Body) {
        let of_kind = |body: &'_ Body, kind: &str| -> Vec<Block> {
            let blocks = body.blocks.iter().filter(|block| block.kind == kind);
            blocks.cloned().collect()
        };
        let assets = of_kind(body, "asset");
        let runners = of_kind(body, "runner");
        for user in runners.iter().chain(&assets) {
            for part in of_kind(&user.body, "uses") {
                if part
                    .body
                    .attributes
                    .iter()
                    .any(|(name, ..)| name == "module")
                {
                    continue;
                }
                let mut named = part.body.attributes.iter();
                let named = named.find(|(name, ..)| name == "asset");
                let Some((_, item, _)) = named else { continue };
                for asset in asset_names(item).unwrap_or_default() {
                    let known = assets
                        .iter()
                        .any(|block| block.labels.first().is_some_and(|name| name == asset));
                    if !known {
                        self.fault(part.offset, format!("this manifest has no asset `{asset}`; one of another module needs `module`"));
                    }
                }
            }
        }
    }

    /// The blocks of each kind have names of their own.
    pub(super) fn distinct(&mut self, block: &Block, kinds: &[&str]) {
        for kind in kinds {
            let parts = block.body.blocks.iter().filter(|part| part.kind == *kind);
            self.unique(parts, kind);
        }
    }

    /// Names that differ only by `_` would become one name in Rust.
    pub(super) fn unique<'b>(&mut self, blocks: impl Iterator<Item = &'b Block>, what: &str) {
        let named = blocks.filter_map(|block| Some((block.labels.first()?.as_str(), block.offset)));
        self.unique_names(named, what);
    }

    /// The same of names with their places.
    pub(super) fn unique_names<'b>(
        &mut self,
        names: impl Iterator<Item = (&'b str, usize)>,
        what: &str,
    ) {
        let mut seen: Vec<&str> = Vec::new();
        for (name, offset) in names {
            match seen.iter().find(|known| alike(known, name)) {
                Some(known) if *known == name => {
                    self.fault(offset, format!("{what} `{name}` is given twice"));
                }
                Some(known) => self.fault(
                    offset,
                    format!("{what} `{name}` is too much like `{known}`: they differ only by `_`"),
                ),
                None => seen.push(name),
            }
        }
    }
}

fn alike(one: &str, other: &str) -> bool {
    one.chars()
        .filter(|c| *c != '_')
        .eq(other.chars().filter(|c| *c != '_'))
}

pub(super) fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
