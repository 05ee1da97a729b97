//! What a block holds, sorted against what it may hold: what is unknown, doubled or of the wrong form
//! is reported here and goes no further.

use crate::diagnostics::{Hint, codes, nearest};
use crate::source::Span;

use super::bounds::LineBreaks;
use super::decl::{Attribute, AttributeBlock, Expr, Name};
use super::elsewhere;
use super::expr::FileParser;
use super::structure::{Body, Item, RawAttribute, RawBlock};
use super::token::{TokenKind, is_identifier};

/// The longest label that may be any text, in characters.
const LONGEST_LABEL: usize = 80;

/// What a kind of block may hold.
pub(super) struct Shape {
    /// In messages: `a step`.
    pub(super) owner: &'static str,
    pub(super) attributes: &'static [&'static str],
    /// Blocks that may stand there once.
    pub(super) blocks: &'static [&'static str],
    /// Blocks that may stand there often.
    pub(super) repeated: &'static [&'static str],
    /// Those of both that have labels, which whoever reads them checks.
    pub(super) labelled: &'static [&'static str],
    /// Attributes without which it says nothing.
    pub(super) required: &'static [&'static str],
}

impl Shape {
    /// The attributes that a body of this shape lacks.
    fn missing(&self, body: &Body) -> Vec<&'static str> {
        let is_there = |name: &str| body.items.iter().any(|item| item.name().text == name);
        let required = self.required.iter().copied();
        required.filter(|name| !is_there(name)).collect()
    }
}

/// The known items of a block.
#[derive(Default)]
pub(super) struct Found {
    attributes: Vec<RawAttribute>,
    blocks: Vec<RawBlock>,
    /// A part of it has no meaning here, and may be what seems to be missing elsewhere.
    pub(super) misplaced: bool,
}

impl Found {
    /// Takes out an attribute.
    pub(super) fn attribute(&mut self, name: &str) -> Option<RawAttribute> {
        let place = self
            .attributes
            .iter()
            .position(|attribute| attribute.name.text == name)?;
        Some(self.attributes.swap_remove(place))
    }

    /// Takes out a block.
    pub(super) fn block(&mut self, kind: &str) -> Option<RawBlock> {
        let place = self
            .blocks
            .iter()
            .position(|block| block.kind.text == kind)?;
        Some(self.blocks.remove(place))
    }

    /// Takes out all blocks of a kind, in written order.
    pub(super) fn blocks(&mut self, kind: &str) -> Vec<RawBlock> {
        let all = std::mem::take(&mut self.blocks);
        let (found, others) = all.into_iter().partition(|block| block.kind.text == kind);
        self.blocks = others;
        found
    }
}

impl FileParser<'_, '_> {
    /// Sorts a body by its shape.
    pub(super) fn sort(&mut self, body: Body, shape: &Shape) -> Found {
        let mut found = Found::default();
        let missing = shape.missing(&body);
        for item in body.items {
            match item {
                Item::Attribute(attribute) => {
                    self.sort_attribute(attribute, (shape, &missing), &mut found);
                }
                Item::Block(block) => self.sort_block(block, shape, &mut found),
            }
        }
        found
    }

    fn sort_attribute(
        &mut self,
        attribute: RawAttribute,
        (shape, missing): (&Shape, &[&'static str]),
        found: &mut Found,
    ) {
        let name = attribute.name.text.as_str();
        if shape.attributes.contains(&name) {
            let mut others = found.attributes.iter();
            match others.find(|other| other.name.text == name) {
                Some(first) => self.duplicate(&attribute.name, first.name.span),
                None => return found.attributes.push(attribute),
            }
        } else if shape.blocks.contains(&name) || shape.repeated.contains(&name) {
            found.misplaced = true;
            let text = format!("`{name}` is a block, found an attribute");
            let hint = self.as_block(name, &attribute);
            self.problems
                .error(codes::BLOCK_EXPECTED, attribute.name.span, text)
                .advise(Some(hint));
        } else {
            found.misplaced |= self.unknown_attribute(&attribute, shape, missing);
        }
        self.value(attribute);
    }

    fn sort_block(&mut self, block: RawBlock, shape: &Shape, found: &mut Found) {
        let kind = block.kind.text.as_str();
        let once = shape.blocks.contains(&kind);
        if once || shape.repeated.contains(&kind) {
            if !block.labels.is_empty() && !shape.labelled.contains(&kind) {
                self.labels(&block, &[]);
            }
            let mut others = found.blocks.iter();
            let Some(first) = others.find(|other| once && other.kind.text == kind) else {
                return found.blocks.push(block);
            };
            let text = format!("{} has one `{kind}` block, found a second", shape.owner);
            self.problems
                .error(codes::DUPLICATE_BLOCK, block.header, text)
                .label(first.header, "first here");
        } else if kind == "lifecycle" {
            self.lifecycle(&block);
        } else if shape.attributes.contains(&kind) {
            let text = format!("`{kind}` is an attribute, found a block");
            self.problems
                .error(codes::ATTRIBUTE_EXPECTED, block.header, text)
                .hint(format!("write `{kind} = ..`"));
        } else {
            found.misplaced = true;
            self.unknown_block(&block, shape);
        }
        self.discard(block.body);
    }

    /// A block of older grids.
    pub(super) fn lifecycle(&mut self, block: &RawBlock) {
        self.problems
            .error(codes::REPLACED_LIFECYCLE, block.header, "there is no `lifecycle` block")
            .hint("how long a resource lives is its `scope`: \"run\", \"worker\", \"vu\" or \"iteration\"");
    }

    /// Reads what has no meaning here only for the faults in it.
    pub(super) fn discard(&mut self, body: Body) {
        for item in body.items {
            match item {
                Item::Attribute(attribute) => {
                    self.value(attribute);
                }
                Item::Block(block) => self.discard(block.body),
            }
        }
    }

    /// A block of attributes with any names: `locals`, `arguments`, `uses`.
    pub(super) fn free(&mut self, block: RawBlock, owner: &str) -> AttributeBlock {
        let span = block.span;
        let attributes = self.free_attributes(block.body, &mut |parser, block| {
            let name = block.kind.text.as_str();
            let text = format!("{owner} holds attributes only, found the block `{name}`");
            let hint = match name {
                "dynamic" => elsewhere::DYNAMIC.to_owned(),
                _ => format!("write `{name} = {{ .. }}`"),
            };
            parser
                .problems
                .error(codes::ATTRIBUTE_EXPECTED, block.header, text)
                .hint(hint);
            parser.discard(block.body);
        });
        AttributeBlock { span, attributes }
    }

    /// The attributes of a body, whatever their names; `other` reads its blocks.
    pub(super) fn free_attributes(
        &mut self,
        body: Body,
        other: &mut dyn FnMut(&mut Self, RawBlock),
    ) -> Vec<Attribute> {
        let mut attributes: Vec<Attribute> = Vec::new();
        for item in body.items {
            match item {
                Item::Attribute(attribute) => {
                    let name = attribute.name.clone();
                    let value = self.value(attribute);
                    match attributes.iter().find(|other| other.name.text == name.text) {
                        Some(first) => self.duplicate(&name, first.name.span),
                        None => attributes.push(Attribute { name, value }),
                    }
                }
                Item::Block(block) => other(self, block),
            }
        }
        attributes
    }

    /// The expression of an attribute.
    pub(super) fn value(&mut self, attribute: RawAttribute) -> Expr {
        if attribute.value.is_empty() {
            return self.error(attribute.name.span);
        }
        self.brackets_reported = attribute.broken;
        self.depth_reported = false;
        let (value, _) = self.read_with_height(attribute.value, LineBreaks::End, 0);
        value
    }

    /// The expression of an attribute that may be there.
    pub(super) fn optional(&mut self, found: &mut Found, name: &str) -> Option<Expr> {
        let attribute = found.attribute(name)?;
        Some(self.value(attribute))
    }

    /// Whether a block has the labels it needs, each an identifier; faults are reported.
    pub(super) fn labels(&mut self, block: &RawBlock, wanted: &[&str]) -> bool {
        let kind = &block.kind.text;
        if block.labels.len() != wanted.len() {
            let form: String = wanted.iter().map(|label| format!(" \"{label}\"")).collect();
            let number = match wanted.len() {
                0 => "no label".to_owned(),
                1 => "one label".to_owned(),
                count => format!("{count} labels"),
            };
            let found = block.labels.len();
            let extra = block.labels.get(wanted.len()).map(|label| label.name.span);
            let span = extra.unwrap_or(block.header);
            self.problems
                .error(
                    codes::WRONG_LABELS,
                    span,
                    format!("`{kind}` takes {number}, found {found}"),
                )
                .hint(format!("write `{kind}{form} {{ .. }}`"));
            return false;
        }
        let mut fine = true;
        for (label, meaning) in block.labels.iter().zip(wanted) {
            if label.broken {
                fine = false;
            } else if !is_identifier(&label.name.text) {
                fine = false;
                let meaning = meaning.to_lowercase();
                let text = format!(
                    "`{}` cannot be a {meaning}: expected an identifier",
                    label.name.text
                );
                self.problems
                    .error(codes::INVALID_LABEL, label.name.span, text)
                    .hint("an identifier is a letter or `_`, then letters, digits, `_` and `-`");
            }
        }
        fine
    }

    /// The only label of a block, where it may be any text of one line; faults are reported. Of more labels the first one is
    /// the name, so that what names the block means it.
    pub(super) fn free_label(&mut self, block: &RawBlock) -> Option<Name> {
        if block.labels.len() != 1 {
            self.labels(block, &["NAME"]);
        }
        let label = block.labels.first()?;
        let name = &label.name;
        let length = name.text.chars().count();
        let is_shown = |letter: char| !letter.is_control() && letter != '\\';
        let kind = &block.kind.text;
        let text = if label.broken {
            return None;
        } else if !(1..=LONGEST_LABEL).contains(&length) {
            format!("the name of a {kind} has 1 to {LONGEST_LABEL} characters, found {length}")
        } else if name.text.chars().all(is_shown) {
            return Some(name.clone());
        } else {
            format!(
                "the name of a {kind} is shown as it is written: it has no escapes and no characters that cannot be seen"
            )
        };
        self.problems.error(codes::INVALID_LABEL, name.span, text);
        None
    }

    pub(super) fn duplicate(&mut self, name: &Name, first: Span) {
        self.problems
            .error(
                codes::DUPLICATE_ATTRIBUTE,
                name.span,
                format!("`{}` is set twice in this block", name.text),
            )
            .label(first, "first here");
    }

    /// Reports it, and says whether it may be what seems to be missing: an argument, or one of the attributes that are.
    fn unknown_attribute(
        &mut self,
        attribute: &RawAttribute,
        shape: &Shape,
        missing: &[&'static str],
    ) -> bool {
        let name = &attribute.name;
        let known = shape
            .attributes
            .iter()
            .chain(shape.blocks)
            .chain(shape.repeated)
            .copied();
        let of_step = shape.blocks.contains(&"timeouts");
        let of_scenario = shape.blocks.contains(&"load");
        let instead = match (of_step, of_scenario) {
            (true, _) => elsewhere::in_step(&name.text),
            (_, true) => elsewhere::in_scenario(&name.text),
            _ => elsewhere::within(shape.owner, &name.text),
        };
        let near = elsewhere::meant(shape.owner, &name.text)
            .or_else(|| nearest::nearest(&name.text, known.clone()));
        let likely = near.or_else(|| nearest::with_part(&name.text, known.clone()));
        // A name that resembles none of a step's own is most often an argument of its runner.
        let argument = shape.blocks.contains(&"arguments")
            && !matches!(name.text.as_str(), "count" | "for_each" | "enabled")
            && near.is_none();
        let lacked = match (instead, likely, missing) {
            (None, None, [only]) if !argument => Some(*only),
            (None, Some(likely), missing) => missing.iter().copied().find(|one| *one == likely),
            _ => None,
        };
        let hint = match (instead, near) {
            (Some(instead), near) if of_scenario || near.is_none() => Some(instead.into()),
            (_, Some(near)) if !shape.attributes.contains(&near) => {
                Some(self.as_block(near, attribute))
            }
            (_, Some(near)) => Some(Hint::meant(near)),
            _ if likely.is_none()
                && let Some(lacked) = lacked =>
            {
                Some(format!("did you mean `{lacked}`, which is missing?").into())
            }
            _ => match nearest::advice(&name.text, known) {
                Some(known) if argument => {
                    let known = known.words;
                    let name = &name.text;
                    let words = format!(
                        "an argument stands in its block: `arguments {{ {name} = .. }}`; {known}"
                    );
                    Some(words.into())
                }
                hint => hint,
            },
        };
        let text = format!("{} has no attribute `{}`", shape.owner, name.text);
        self.problems
            .error(codes::UNKNOWN_ATTRIBUTE, name.span, text)
            .advise(hint);
        argument || lacked.is_some() || instead.is_some()
    }

    /// What to write in the place of an attribute that is to be a block.
    fn as_block(&self, kind: &str, attribute: &RawAttribute) -> Hint {
        let value = self.range_span(&attribute.value);
        let text = self
            .tokens
            .text
            .get(value.start as usize..value.end as usize);
        let short = text.filter(|text| {
            !attribute.value.is_empty() && text.len() <= 40 && !text.contains(['\n', '{', '`'])
        });
        let first = self.tokens.kind(attribute.value.start);
        let whole = attribute.name.span.to(value);
        match (kind, short) {
            ("load", Some(value)) if first == TokenKind::OpenQuote => {
                format!("write `load {value} {{ .. }}`").into()
            }
            ("load", _) => "write `load \"PROFILE\" { .. }`".into(),
            ("uses", Some(value)) => format!("write `uses {{ NAME = {value} }}`").into(),
            (kind, Some(value))
                if let Some(inner) = elsewhere::of_one_value(kind)
                    && fits_one_value(kind, first) =>
            {
                Hint::write(format!("{kind} {{ {inner} = {value} }}")).at(whole)
            }
            _ => {
                let words = format!("write `{kind} {{ .. }}` without `=`");
                match self.equals_before_block(attribute) {
                    Some(place) => Hint::write(" ").saying(words).at(place),
                    None => words.into(),
                }
            }
        }
    }

    /// What stands between a name and an object that would be a block if it were not there.
    fn equals_before_block(&self, attribute: &RawAttribute) -> Option<Span> {
        let range = &attribute.value;
        let close = range.end.checked_sub(1)?;
        let is_object = self.tokens.kind(range.start) == TokenKind::OpenBrace
            && self.tokens.closing(range.start) == close
            && !attribute.broken;
        let mut at = range.start + 1;
        let mut entries = 0;
        while is_object && at < close {
            match self.tokens.kind(at) {
                kind if kind.opens_bracket() => at = self.tokens.closing(at),
                TokenKind::OpenQuote | TokenKind::OpenHeredoc => at = self.tokens.closing(at),
                TokenKind::Symbol if [",", ":"].contains(&self.tokens.text(at)) => return None,
                // A key of a block is a word.
                TokenKind::Symbol if self.tokens.text(at) == "=" => {
                    if self.tokens.kind(at - 1) != TokenKind::Ident {
                        return None;
                    }
                    entries += 1;
                }
                _ => {}
            }
            at += 1;
        }
        let over_lines = self.tokens.kind(range.start + 1) == TokenKind::Newline
            && self.tokens.kind(close.checked_sub(1)?) == TokenKind::Newline;
        let name = attribute.name.span;
        let place = Span {
            start: name.end,
            end: self.tokens.at(range.start).start,
            ..name
        };
        (is_object && (over_lines || entries == 1)).then_some(place)
    }

    fn unknown_block(&mut self, block: &RawBlock, shape: &Shape) {
        let kind = block.kind.text.as_str();
        let known = shape
            .blocks
            .iter()
            .chain(shape.repeated)
            .chain(shape.attributes)
            .copied();
        let of_step = shape.blocks.contains(&"timeouts");
        let instead = match shape.owner {
            "a scenario" => elsewhere::in_scenario(kind),
            "a flow" => elsewhere::in_flow(kind),
            _ => of_step.then(|| elsewhere::in_step(kind)).flatten(),
        };
        let hint = match (instead, nearest::nearest(kind, known.clone())) {
            _ if kind == "dynamic" => Some(elsewhere::DYNAMIC.into()),
            _ if kind == "resource" && shape.repeated.contains(&"step") => {
                Some(elsewhere::RESOURCE_OF_PHASE.into())
            }
            (Some(instead), None) => Some(instead.into()),
            (_, Some(near)) if shape.attributes.contains(&near) => {
                Some(format!("write `{near} = ..`").into())
            }
            _ => nearest::advice(kind, known).map(|hint| hint.at(block.kind.span)),
        };
        let text = format!("{} has no block `{kind}`", shape.owner);
        self.problems
            .error(codes::UNKNOWN_BLOCK, block.header, text)
            .advise(hint);
    }
}

/// Whether one value alone, which begins so, is what the block's first attribute takes.
fn fits_one_value(kind: &str, first: TokenKind) -> bool {
    match kind {
        "timeouts" => true,
        "backoff" | "on_error" => first == TokenKind::OpenQuote,
        _ => first == TokenKind::Number,
    }
}
