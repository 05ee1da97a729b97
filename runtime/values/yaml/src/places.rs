//! A YAML document in pieces with their places, for readers that say where something stands.
//!
//! Scalars are those of YAML 1.2: `yes` and `on` are texts, as they are in every document that could be JSON as well.

use saphyr_parser::{Event, Parser, ScalarStyle};
use std::ops::Range;

/// A piece of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its bytes in the text.
    pub bytes: Range<usize>,
    /// What it is.
    pub what: What,
    /// A number that aliases name it by; 0 for none.
    pub anchor: usize,
}

/// What a piece is. In a mapping keys and values come by turns.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words say it")]
pub enum What {
    /// A scalar; whether it is plain, without quotes.
    Scalar {
        text: String,
        plain: bool,
    },
    List,
    Mapping,
    /// The end of the list or mapping that began last.
    End,
    /// The piece with this number once more.
    Alias(usize),
}

/// Why a text has no pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PieceFault {
    /// The byte where.
    pub at: usize,
    /// One clause.
    pub what: String,
}

/// The pieces of the first document of a text.
///
/// # Errors
/// When the text is no YAML.
pub fn pieces(text: &str) -> Result<Vec<Piece>, PieceFault> {
    let bytes = Bytes::of(text);
    let mut found = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, place) = event.map_err(|error| PieceFault {
            at: bytes.at(error.marker().index()),
            what: error.info().to_owned(),
        })?;
        let (what, anchor) = match event {
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                let text = text.into_owned();
                (What::Scalar { text, plain }, anchor)
            }
            Event::SequenceStart(anchor, _) => (What::List, anchor),
            Event::MappingStart(anchor, _) => (What::Mapping, anchor),
            Event::SequenceEnd | Event::MappingEnd => (What::End, 0),
            Event::Alias(number) => (What::Alias(number), 0),
            Event::DocumentEnd => break,
            _ => continue,
        };
        found.push(Piece {
            bytes: bytes.at(place.start.index())..bytes.at(place.end.index()),
            what,
            anchor,
        });
    }
    Ok(found)
}

/// The byte of each character; empty where they are the same.
struct Bytes {
    of_characters: Vec<usize>,
    length: usize,
}

impl Bytes {
    fn of(text: &str) -> Self {
        let of_characters = match text.is_ascii() {
            true => Vec::new(),
            false => text.char_indices().map(|(byte, _)| byte).collect(),
        };
        Self {
            of_characters,
            length: text.len(),
        }
    }

    fn at(&self, character: usize) -> usize {
        if self.of_characters.is_empty() {
            return character.min(self.length);
        }
        let byte = self.of_characters.get(character).copied();
        byte.unwrap_or(self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_know_their_bytes() {
        let text = "é: [1, \"on\"]\nb: &x {c: d}\ne: *x\n";
        let found = pieces(text).unwrap();
        let shown: Vec<String> = found
            .iter()
            .map(|piece| match &piece.what {
                What::Scalar { text: of, plain } => {
                    format!(
                        "{of}{} {}",
                        if *plain { "" } else { "!" },
                        &text[piece.bytes.clone()]
                    )
                }
                What::Alias(number) => format!("alias {number} {}", &text[piece.bytes.clone()]),
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(
            shown.join(", "),
            "Mapping, é é, List, 1 1, on! \"on\", End, b b, Mapping, c c, d d, End, e e, alias 1 *x, End"
        );
        let anchors: Vec<usize> = found.iter().map(|piece| piece.anchor).collect();
        assert_eq!(anchors.iter().filter(|anchor| **anchor == 1).count(), 1);
        let fault = pieces("a: [1\nb: }").unwrap_err();
        assert!(fault.at <= 10, "{fault:?}");
    }
}
