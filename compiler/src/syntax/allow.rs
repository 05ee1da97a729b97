//! `# bggo: allow(CODE)`: comments that silence a warning in the attribute or block that follows, or on whose line they stand.

use crate::diagnostics::{Problems, codes};
use crate::source::{FileId, Span};

use super::decl::Allow;
use super::structure::{Body, Item};
use super::token::{Comment, Tokens};

/// What stands before the words of such a comment.
const MARK: &str = "bggo:";

/// All of a file. A comment that begins as one and is none is reported.
pub(super) fn find(
    file: FileId,
    tokens: &Tokens<'_>,
    body: &Body,
    problems: &mut Problems,
) -> Vec<Allow> {
    let mut allows = Vec::new();
    let mut items = None;
    for comment in &tokens.comments {
        let Some(words) = words(tokens.text, *comment) else {
            continue;
        };
        let items = items.get_or_insert_with(|| Items::of(tokens, body));
        let covers = items
            .covered(tokens.text, *comment)
            .map(|(start, end)| Span { file, start, end });
        match listed(tokens.text, words) {
            Some(codes) => allows.extend(codes.into_iter().map(|(start, end)| Allow {
                code: text(tokens.text, (start, end)).to_owned(),
                place: Span { file, start, end },
                covers,
            })),
            None => {
                let place = Span {
                    file,
                    start: comment.start,
                    end: comment.end,
                };
                problems
                    .warning(
                        codes::UNUSED_ALLOW,
                        place,
                        "expected `allow(CODE)` after `bggo:`",
                    )
                    .hint("`bggo explain` lists all codes");
            }
        }
    }
    allows
}

/// Bytes of a text: the first, and one past the last.
type Bytes = (u32, u32);

fn text(text: &str, (start, end): Bytes) -> &str {
    text.get(start as usize..end as usize).unwrap_or_default()
}

/// A piece without the spaces around it.
fn trimmed(whole: &str, (start, end): Bytes) -> Bytes {
    let piece = text(whole, (start, end));
    let before = piece.len() - piece.trim_start().len();
    let after = piece.trim_start().len() - piece.trim().len();
    (start + length(before), end - length(after))
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// What stands behind the mark, if it is there.
fn words(whole: &str, comment: Comment) -> Option<Bytes> {
    let written = text(whole, (comment.start, comment.end));
    let (marks, closing) = match written.get(..2) {
        Some("/*") => (2, 2),
        Some("//") => (2, 0),
        _ => (1, 0),
    };
    let inside = trimmed(whole, (comment.start + marks, comment.end - closing));
    text(whole, inside)
        .starts_with(MARK)
        .then(|| trimmed(whole, (inside.0 + length(MARK.len()), inside.1)))
}

/// The codes of `allow(CODE, CODE)`. A reason may follow.
fn listed(whole: &str, words: Bytes) -> Option<Vec<Bytes>> {
    let rest = text(whole, words).strip_prefix("allow")?;
    let open = rest.len() - rest.trim_start().len();
    let (list, _) = rest.trim_start().strip_prefix('(')?.split_once(')')?;
    let mut at = words.0 + length("allow".len() + open + "(".len());
    let mut codes = Vec::new();
    for code in list.split(',') {
        let end = at + length(code.len());
        let piece = trimmed(whole, (at, end));
        // A comma may stand behind the last one.
        if piece.0 < piece.1 {
            codes.push(piece);
        }
        at = end + 1;
    }
    (!codes.is_empty()).then_some(codes)
}

/// Where attributes and blocks stand.
#[derive(Default)]
struct Items {
    /// In order of their beginnings.
    all: Vec<Bytes>,
    /// The attributes among them.
    attributes: Vec<Bytes>,
    /// The blocks among them.
    blocks: Vec<Bytes>,
}

impl Items {
    fn of(tokens: &Tokens<'_>, body: &Body) -> Self {
        let mut items = Self::default();
        items.add(tokens, body);
        items.all.sort_unstable();
        items
    }

    fn add(&mut self, tokens: &Tokens<'_>, body: &Body) {
        for item in &body.items {
            match item {
                Item::Attribute(attribute) => {
                    let last = attribute.value.end.checked_sub(1);
                    let end = last.map_or(0, |last| tokens.at(last).end);
                    let name = attribute.name.span;
                    let bytes = (name.start, end.max(name.end));
                    self.all.push(bytes);
                    self.attributes.push(bytes);
                }
                Item::Block(block) => {
                    let span = (block.span.start, block.span.end);
                    self.all.push(span);
                    self.blocks.push(span);
                    self.add(tokens, &block.body);
                }
            }
        }
    }

    /// The attribute in whose value a comment stands, else the item on whose line it does, else the next one in the same
    /// block.
    fn covered(&self, text: &str, comment: Comment) -> Option<Bytes> {
        let next = self
            .all
            .partition_point(|(start, _)| *start < comment.start);
        let before = next.checked_sub(1).and_then(|last| self.all.get(last));
        if let Some(before) = before
            && !self::text(text, (before.0, comment.start)).contains('\n')
        {
            return Some(*before);
        }
        let is_around = |(start, end): &&Bytes| *start < comment.start && comment.start < *end;
        if let Some(around) = self.attributes.iter().find(is_around) {
            return Some(*around);
        }
        // The innermost block around the comment ends first of those around it.
        let around = self.blocks.iter().filter(is_around);
        let bound = around.map(|(_, end)| *end).min().unwrap_or(u32::MAX);
        self.all
            .get(next)
            .filter(|(start, _)| *start < bound)
            .copied()
    }
}
