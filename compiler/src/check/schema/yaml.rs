//! YAML to a tree. What an alias stands for is the same part once more, so a document grows by none.

use std::collections::BTreeMap;
use std::ops::Range;

use bggo_yaml::places::{Piece, What, pieces};

use super::tree::{Content, DEEPEST, Member, Place, Tree, TreeFault};

/// Reads a document.
pub(super) fn read(text: &str) -> Result<Tree, TreeFault> {
    let found = pieces(text).map_err(|fault| TreeFault {
        at: fault.at,
        text: format!("the text is no YAML: {}", fault.what),
    })?;
    let mut builder = Builder::default();
    for mut piece in found {
        if matches!(piece.what, What::End) {
            // A block goes on until the next one begins; what stands in it ends before that.
            let upto = text.get(..piece.bytes.end).unwrap_or(text);
            piece.bytes.end = upto.trim_end().len();
        }
        builder.take(piece)?;
    }
    match builder.root {
        Some(root) => builder.tree.set_root(root),
        None => {
            return Err(TreeFault {
                at: 0,
                text: "there is no document".to_owned(),
            });
        }
    }
    Ok(builder.tree)
}

#[derive(Default)]
struct Builder {
    tree: Tree,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Place>,
    root: Option<Place>,
}

struct Open {
    start: usize,
    anchor: usize,
    of: Collection,
}

enum Collection {
    List(Vec<Place>),
    Mapping {
        members: Vec<Member>,
        /// The key whose value comes next.
        key: Option<(String, Range<u32>)>,
    },
}

impl Builder {
    fn take(&mut self, piece: Piece) -> Result<(), TreeFault> {
        let fault = |text: &str| TreeFault {
            at: piece.bytes.start,
            text: text.to_owned(),
        };
        let of = match piece.what {
            What::Scalar { text, plain } => {
                if self.set_key(&text, &piece.bytes) {
                    return Ok(());
                }
                let content = match plain {
                    true => plain_scalar(text),
                    false => Content::Text(text),
                };
                let place = self.tree.add(piece.bytes, content);
                self.put(place, piece.anchor);
                return Ok(());
            }
            What::Alias(number) => {
                let place = self.anchors.get(&number).copied();
                let place =
                    place.ok_or_else(|| fault("an alias stands for something that holds it"))?;
                if self.wants_key() {
                    return Err(fault("only texts can be keys"));
                }
                self.put(place, 0);
                return Ok(());
            }
            What::End => {
                self.close(piece.bytes.end);
                return Ok(());
            }
            What::List => Collection::List(Vec::new()),
            What::Mapping => Collection::Mapping {
                members: Vec::new(),
                key: None,
            },
        };
        if self.wants_key() {
            return Err(fault("only texts can be keys"));
        }
        if self.open.len() == DEEPEST {
            return Err(fault(&format!("it is nested deeper than {DEEPEST} levels")));
        }
        self.open.push(Open {
            start: piece.bytes.start,
            anchor: piece.anchor,
            of,
        });
        Ok(())
    }

    fn wants_key(&self) -> bool {
        let last = self.open.last();
        last.is_some_and(|open| matches!(open.of, Collection::Mapping { key: None, .. }))
    }

    /// Takes a scalar as a key, if one comes next.
    fn set_key(&mut self, text: &str, bytes: &Range<usize>) -> bool {
        let Some(Open {
            of: Collection::Mapping { key, .. },
            ..
        }) = self.open.last_mut()
        else {
            return false;
        };
        if key.is_some() {
            return false;
        }
        let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        *key = Some((text.to_owned(), byte(bytes.start)..byte(bytes.end)));
        true
    }

    fn close(&mut self, end: usize) {
        let Some(Open { start, anchor, of }) = self.open.pop() else {
            return;
        };
        let content = match of {
            Collection::List(items) => Content::List(items),
            Collection::Mapping { members, .. } => Content::Object(members),
        };
        let place = self.tree.add(start..end, content);
        self.put(place, anchor);
    }

    fn put(&mut self, place: Place, anchor: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, place);
        }
        match self.open.last_mut().map(|open| &mut open.of) {
            None => self.root = Some(place),
            Some(Collection::List(items)) => items.push(place),
            Some(Collection::Mapping { members, key }) => match key.take() {
                // Members of others that are taken over, where there are none of their names.
                Some((name, _)) if name == "<<" => {
                    let lists = self.tree.items(place);
                    let from = if lists.is_empty() {
                        &[place][..]
                    } else {
                        lists
                    };
                    for other in from {
                        for member in self.tree.members(*other) {
                            if !members.iter().any(|known| known.name == member.name) {
                                members.push(member.clone());
                            }
                        }
                    }
                }
                Some((name, key)) => members.push(Member {
                    name,
                    key,
                    value: place,
                }),
                None => {}
            },
        }
    }
}

/// A scalar without quotes, by the rules of YAML 1.2.
fn plain_scalar(text: String) -> Content {
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Content::Null,
        "true" | "True" | "TRUE" => Content::Bool(true),
        "false" | "False" | "FALSE" => Content::Bool(false),
        number
            if number
                .starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first))
                && number.parse::<f64>().is_ok() =>
        {
            Content::Number
        }
        _ => Content::Text(text),
    }
}
