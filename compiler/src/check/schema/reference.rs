//! `$ref` to the part that it names.

use std::collections::BTreeMap;

use super::tree::{Place, Tree};

/// Where a reference leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// To this part.
    Here(Place),
    /// To another document, which is not read.
    Elsewhere,
    /// To nothing.
    Nowhere,
}

/// The names that parts of a document have beside their places: `$id`, `$anchor` and `$dynamicAnchor`.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// `$id` of the whole document.
    whole: Option<String>,
    ids: BTreeMap<String, Place>,
    anchors: BTreeMap<String, Place>,
    dynamic: BTreeMap<String, Vec<Place>>,
}

impl Names {
    pub(super) fn of(tree: &Tree) -> Self {
        let whole = tree.root().and_then(|root| {
            let id = tree.text_of(root, "$id").or(tree.text_of(root, "id"))?;
            Some(id.trim_end_matches('#').to_owned())
        });
        let mut names = Self {
            whole,
            ..Self::default()
        };
        for place in tree.places() {
            for member in tree.members(place) {
                let is_id = match member.name.as_str() {
                    "$id" => true,
                    "$anchor" | "$dynamicAnchor" => false,
                    _ => continue,
                };
                let Some(text) = tree.text(member.value) else {
                    continue;
                };
                if member.name == "$dynamicAnchor" {
                    let known = names.dynamic.entry(text.to_owned());
                    known.or_default().push(place);
                }
                match (is_id, text.strip_prefix('#')) {
                    (true, None) => names
                        .ids
                        .insert(text.trim_end_matches('#').to_owned(), place),
                    // An anchor of draft 7.
                    (true, Some(anchor)) => names.anchors.insert(anchor.to_owned(), place),
                    (false, _) => names.anchors.insert(text.to_owned(), place),
                };
            }
        }
        names
    }

    /// Where a reference leads, written as in `$ref`.
    pub(super) fn target(&self, tree: &Tree, reference: &str) -> Target {
        let (base, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let from = match base {
            "" => tree.root(),
            base => match self.document(tree, base) {
                Some(place) => Some(place),
                None => return Target::Elsewhere,
            },
        };
        let Some(from) = from else {
            return Target::Nowhere;
        };
        let fragment = decoded(fragment);
        let found = match fragment.as_str() {
            "" => Some(from),
            pointer if pointer.starts_with('/') => tree.at_pointer(from, pointer),
            anchor => self.anchors.get(anchor).copied(),
        };
        found.map_or(Target::Nowhere, Target::Here)
    }

    /// The parts that a `$dynamicRef` may lead to, written as in it; none if it is like any other reference.
    pub(super) fn dynamic(&self, reference: &str) -> &[Place] {
        let anchor = reference.split_once('#').map_or("", |(_, anchor)| anchor);
        self.dynamic.get(anchor).map_or(&[], Vec::as_slice)
    }

    /// The part with an `$id`, which may be written relative to that of the whole.
    fn document(&self, tree: &Tree, base: &str) -> Option<Place> {
        if self.whole.as_deref() == Some(base) {
            return tree.root();
        }
        if let Some(place) = self.ids.get(base) {
            return Some(*place);
        }
        let folder = self.whole.as_deref()?.rsplit_once('/')?.0;
        self.ids.get(&format!("{folder}/{base}")).copied()
    }
}

/// A fragment without its percent signs.
fn decoded(fragment: &str) -> String {
    let text = percent_encoding::percent_decode_str(fragment);
    text.decode_utf8_lossy().into_owned()
}

/// The last part of a reference, a name for people.
pub(super) fn last_part(reference: &str) -> &str {
    let parts = reference.rsplit(['/', '#']);
    let mut named = parts.filter(|part| !part.is_empty());
    named.next().unwrap_or("object")
}
