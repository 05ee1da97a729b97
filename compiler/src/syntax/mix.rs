//! `mix = { browse = 7, buy = 3 }` and blocks `mix "buy" { .. }` to the steps of a scenario, of which each iteration runs one.
//!
//! A step of the kind `mix` calls a flow that no grid can name, whose steps are such a mix. What its blocks hand to their flows
//! are inputs of it, so they are computed where the step stands.

use crate::diagnostics::codes;
use crate::source::Span;

use super::decl::{
    Attribute, AttributeBlock, BodyDecl, BodyKind, Expr, ExprKind, FlowDecl, InputDecl, MixDecl,
    Name, StepDecl,
};
use super::expr::FileParser;
use super::fields::{Found, Shape};
use super::structure::RawBlock;

/// The kind of a step that runs one of several flows.
pub(super) const MIX: &str = "mix";

pub(super) const CHOICE: Shape = Shape {
    owner: "a `mix`",
    attributes: &["weight"],
    blocks: &["arguments"],
    repeated: &[],
    labelled: &[],
    required: &["weight"],
};

impl FileParser<'_, '_> {
    /// Reads the mix of a step into a flow, and gives its name and what the step hands to it.
    pub(super) fn mix_of_step(
        &mut self,
        found: &mut Found,
        (name, span): (&Name, Span),
        broken: bool,
    ) -> (String, AttributeBlock) {
        let text = format!("mix {} {}:{}", name.text, span.file.0, span.start);
        let name = Name {
            text: text.clone(),
            span: name.span,
        };
        let mut body = BodyDecl::empty(BodyKind::Flow, name, span);
        let written = self.mix(found, &mut body);
        if !written && !broken {
            self.problems
                .error(
                    codes::MISSING_ATTRIBUTE,
                    span,
                    "a step of the kind `mix` needs the attribute `mix` or blocks `mix \"FLOW\"`",
                )
                .hint("it names flows and how often each runs in relation to the others: `mix = { browse = 7, buy = 3 }`");
        }
        let (mut handed, mut inputs) = (Vec::new(), Vec::new());
        for step in &mut body.steps {
            let flow = step.name.text.clone();
            let arguments = step.arguments.iter_mut();
            for argument in arguments.flat_map(|block| &mut block.attributes) {
                let Name { text, span } = &argument.name;
                let input = InputDecl::standing_for(&flow, text, *span);
                let name = input.name.clone();
                let read = self.field_of("input", &name.text, *span);
                let value = std::mem::replace(&mut argument.value, read);
                inputs.push(input);
                handed.push(Attribute { name, value });
            }
        }
        body.flow = Some(FlowDecl {
            inputs,
            outputs: Vec::new(),
            description: None,
            broken,
        });
        self.mixes.push(body);
        let arguments = AttributeBlock {
            span,
            attributes: handed,
        };
        (text, arguments)
    }

    /// `ROOT.FIELD`
    fn field_of(&mut self, root: &str, field: &str, span: Span) -> Expr {
        let root = self.expr(span, ExprKind::Root(root.to_owned()));
        let name = Name {
            text: field.to_owned(),
            span,
        };
        self.expr(span, ExprKind::Field(Box::new(root), name))
    }

    /// Reads the mix of a scenario, if it has one, whose steps stand in `body` already. Whether there is one, also where its
    /// faults leave nothing of it.
    pub(super) fn mix(&mut self, found: &mut Found, body: &mut BodyDecl) -> bool {
        let mut choices: Vec<(StepDecl, Option<Expr>)> = Vec::new();
        let (mut whole, mut written) = (None, false);
        let before = self.problems.list.len();
        if let Some(attribute) = found.attribute("mix") {
            whole = Some(attribute.name.span);
            written = true;
            let value = self.value(attribute);
            let unread = !value.is_whole();
            self.weights(value, &mut choices);
            if unread && choices.is_empty() {
                // Which flows it has is not known.
                whole = None;
            }
        }
        for block in found.blocks("mix") {
            written = true;
            whole = whole.or(Some(block.header));
            choices.extend(self.choice(block));
        }
        let Some(span) = whole else { return written };
        if choices.is_empty() {
            if self.problems.list.len() == before {
                self.problems
                    .error(codes::INVALID_MIX, span, "the `mix` names no flow")
                    .hint("each flow has a weight, as in `mix = { browse = 7, buy = 3 }`");
            }
            return written;
        }
        if let Some(step) = body.steps.first() {
            let text = "a scenario has steps or a `mix`, found both";
            self.problems
                .error(codes::INVALID_MIX, span, text)
                .label(step.span, "a step of its own")
                .hint("put the steps into a `flow`, and name it in the `mix`");
            return written;
        }
        let mut weights = Vec::new();
        for (step, weight) in choices {
            let mut others = body.steps.iter();
            if let Some(first) = others.find(|other| other.name.text == step.name.text) {
                let text = format!("the `mix` names `{}` twice", step.name.text);
                self.problems
                    .error(codes::DUPLICATE_NAME, step.span, text)
                    .label(first.span, "first here");
                continue;
            }
            body.steps.push(step);
            weights.push(weight);
        }
        body.mix = Some(MixDecl { span, weights });
        written
    }

    /// `{ browse = 7, buy = 3 }`
    fn weights(&mut self, value: Expr, choices: &mut Vec<(StepDecl, Option<Expr>)>) {
        let (span, whole) = (value.span, value.is_whole());
        let pairs = match value.kind {
            ExprKind::Object(pairs) => pairs,
            _ if !whole => return,
            _ => {
                self.problems
                    .error(
                        codes::INVALID_MIX,
                        span,
                        "`mix` is an object of flows and their weights",
                    )
                    .hint("each flow has a weight, as in `mix = { browse = 7, buy = 3 }`");
                return;
            }
        };
        for (key, weight) in pairs {
            let span = key.span;
            match key.kind {
                ExprKind::Text(text) => {
                    let name = Name { text, span };
                    choices.push((StepDecl::plain(name.clone(), name, span), Some(weight)));
                }
                ExprKind::Error => {}
                _ => {
                    let text = "a `mix` names its flows, found a name that is computed";
                    self.problems.error(codes::INVALID_MIX, span, text);
                }
            }
        }
    }

    /// `mix "NAME" { weight = 3, arguments { .. } }`
    fn choice(&mut self, block: RawBlock) -> Option<(StepDecl, Option<Expr>)> {
        let fine = self.labels(&block, &["FLOW"]);
        let label = block.labels.first().filter(|_| fine);
        let Some(name) = label.map(|label| label.name.clone()) else {
            self.discard(block.body);
            return None;
        };
        let (span, unread) = (block.header, block.body.broken);
        let mut found = self.sort(block.body, &CHOICE);
        let broken = unread || found.misplaced;
        let weight = self.optional(&mut found, "weight");
        if weight.is_none() && !broken {
            let text = "a `mix` block needs the attribute `weight`";
            self.problems
                .error(codes::MISSING_ATTRIBUTE, span, text)
                .hint("its `weight` says how many of all iterations run it, in relation to the others");
        }
        let arguments = found.block("arguments");
        let step = StepDecl {
            arguments: arguments.map(|block| self.free(block, "`arguments`")),
            broken,
            ..StepDecl::plain(name.clone(), name, span)
        };
        Some((step, weight))
    }
}
