//! `link` blocks of an input: which of its values need a crate that other grids do not link.

use super::fields::Attributes;
use super::reader::Reader;
use crate::model::{Input, LinkedCrate};
use bggo_values::literal::Block;

impl Reader<'_> {
    /// The links of an input. `one_of` are the texts that it may be.
    pub(super) fn links(&mut self, input: &Block, one_of: &[String]) -> Vec<LinkedCrate> {
        let mut found: Vec<LinkedCrate> = Vec::new();
        for block in &input.body.blocks {
            if block.kind != "link" {
                self.fault(
                    block.offset,
                    format!("an input has `link` blocks, not `{}`", block.kind),
                );
                continue;
            }
            let link = self.link(block, one_of);
            found.extend(link.filter(|link| {
                let is_new = found.iter().all(|known| known.value != link.value);
                if !is_new {
                    let text = format!("the link of \"{}\" is given twice", link.value);
                    self.fault(block.offset, text);
                }
                is_new
            }));
        }
        found
    }

    /// The module gets the link of `transport` as `transport_link`, so no input of this runner or asset is called that.
    pub(super) fn names_of_links(&mut self, owner: &Block, inputs: &[Input]) {
        for linked in inputs.iter().filter(|input| !input.links.is_empty()) {
            let name = format!("{}_link", linked.name);
            if inputs.iter().any(|input| input.name == name) {
                let text = format!(
                    "the module gets the link of `{}` as `{name}`, so no input has this name",
                    linked.name
                );
                self.fault(owner.offset, text);
            }
        }
    }

    fn link(&mut self, block: &Block, one_of: &[String]) -> Option<LinkedCrate> {
        let [value] = block.labels.as_slice() else {
            self.fault(block.offset, "`link` has one label, the value that links");
            return None;
        };
        if !one_of.contains(value) {
            let text = format!("a link is for a value of `one_of`, and \"{value}\" is none");
            self.fault(block.offset, text);
        }
        let mut attributes = Attributes::of(&block.body, block.offset);
        let crate_name = self.text(&mut attributes, "crate");
        let path = self.text(&mut attributes, "path");
        let shares_sockets = self.flag(&mut attributes, "shares_sockets");
        self.rest(attributes, "a link");
        if !is_package(&crate_name) {
            self.fault(
                block.offset,
                "a link names its `crate`: letters, digits, `-` and `_`, beginning with a letter",
            );
        }
        if !is_folder_below(&path) {
            self.fault(
                block.offset,
                "a link has the `path` of its crate, a folder in that of the module, such as `path = \"fast\"`",
            );
        }
        Some(LinkedCrate {
            value: value.clone(),
            crate_name,
            path,
            shares_sockets,
        })
    }
}

fn is_package(name: &str) -> bool {
    let of_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(of_name)
}

/// Whether a path leads to a folder below the one that it starts from.
fn is_folder_below(path: &str) -> bool {
    let is_word = |word: &str| {
        let of_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        !word.is_empty() && word.chars().all(of_word)
    };
    path.split('/').all(is_word)
}
