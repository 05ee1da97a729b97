//! `data.KIND.NAME`: which data it is, and what whoever reads it needs.

use crate::diagnostics::{Hint, codes, nearest};

use super::model::{Instances, Reference};
use super::reference::Resolver;
use super::traversal::Traversal;

impl<'a> Resolver<'a> {
    /// `data.KIND.NAME`, whose attributes whoever reads it needs as well.
    pub(super) fn data_row(&mut self, here: &Traversal<'_, 'a>) {
        let Some((kind, name)) = self.two_names(here, "data.KIND.NAME") else {
            return;
        };
        let found = self
            .names
            .data
            .get(&(kind.text.as_str(), name.text.as_str()));
        match found.copied() {
            Some(_) if self.data.is_some() => {
                let text =
                    "data are made of what is known when the grid is built, not of other data";
                self.self_reference(here, here.upto(2), text)
                    .hint("a local may hold the rows of both");
            }
            Some(id) => {
                here.refer(self, 2, Reference::Data(id));
                for node in self.read_by_data[id.0].clone() {
                    if self.owner.node == Some(node) {
                        let text = "a local cannot be computed from data that are made of it";
                        self.self_reference(here, here.upto(2), text);
                        return;
                    }
                    let kind = self.owner.kind;
                    self.edge(node, Instances::All, (here.upto(2), kind));
                }
            }
            None if self
                .declarations
                .may_declare("data", &[&kind.text, &name.text]) =>
            {
                here.refer(self, 0, Reference::Error);
            }
            None => {
                let known = self.declarations.data.iter().map(|data| data.address());
                let known: Vec<String> = known.collect();
                let written = format!("{}.{}", kind.text, name.text);
                let near = nearest::nearest(&written, known.iter().map(String::as_str));
                let same_name = self
                    .declarations
                    .data
                    .iter()
                    .find(|data| data.name.text == name.text)
                    .map(|data| data.address());
                // `data.users.email`: the kind was left out.
                let without_kind = self
                    .declarations
                    .data
                    .iter()
                    .find(|data| data.name.text == kind.text);
                let near = near.map(str::to_owned).or(same_name);
                let hint = match near {
                    None if let Some(data) = without_kind => {
                        let full = format!("data.{}.{}", data.address(), name.text);
                        Some(Hint::meant(full).at(here.upto(2)))
                    }
                    Some(near) => Some(Hint::meant(format!("data.{near}")).at(here.upto(2))),
                    None if known.is_empty() => Some(
                        format!(
                            "declare them: `data \"csv\" \"{}\" {{ file = \"{0}.csv\" }}`",
                            name.text
                        )
                        .into(),
                    ),
                    None => nearest::advice(&written, known.iter().map(String::as_str))
                        .map(Hint::in_words),
                };
                let place = kind.span.to(name.span);
                self.unknown_name(here, (codes::UNKNOWN_DATA, place), hint, || {
                    format!("there are no data `{written}`")
                });
            }
        }
    }
}
