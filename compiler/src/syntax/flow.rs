//! `flow` blocks to bodies: typed inputs, outputs, and steps and resources of their own.

use crate::diagnostics::codes;

use super::decl::{
    BadHeader, BodyDecl, BodyKind, Declarations, FlowDecl, InputDecl, Name, OutputDecl,
};
use super::expr::FileParser;
use super::fields::Shape;
use super::scenario::RESERVED;
use super::structure::RawBlock;
use super::types;

pub(super) const FLOW: Shape = Shape {
    owner: "a flow",
    attributes: &["description"],
    blocks: &[],
    repeated: &["input", "output", "step", "resource"],
    labelled: &["input", "output", "step", "resource"],
    required: &[],
};

pub(super) const INPUT: Shape = Shape {
    owner: "an input",
    attributes: &["type", "default", "description", "sensitive", "nullable"],
    blocks: &[],
    repeated: &[],
    labelled: &[],
    required: &[],
};

pub(super) const OUTPUT: Shape = Shape {
    owner: "an output",
    attributes: &["value", "description", "sensitive"],
    blocks: &[],
    repeated: &[],
    labelled: &[],
    required: &["value"],
};

impl FileParser<'_, '_> {
    /// Adds the body of a flow.
    pub(super) fn flow(&mut self, block: RawBlock, to: &mut Declarations) {
        let fine = self.labels(&block, &["NAME"]);
        let name = block.labels.first().map(|label| label.name.clone());
        if !fine {
            to.incomplete = true;
            to.bad_headers.push(BadHeader::of(&block));
        }
        // What stands in a flow whose name is wrong is read all the same.
        let Some(name) = name.filter(|_| fine || block.labels.len() == 1) else {
            return self.discard(block.body);
        };
        if RESERVED.contains(&name.text.as_str()) {
            let text = format!("a flow cannot be called `{}`", name.text);
            self.problems
                .error(codes::INVALID_LABEL, name.span, text)
                .hint("this word stands for something else where metrics are named");
        }
        let (span, unread) = (block.header, block.body.broken);
        let mut found = self.sort(block.body, &FLOW);
        let mut broken = unread || found.misplaced;
        let mut body = BodyDecl::empty(BodyKind::Flow, name, span);
        for block in found.blocks("resource") {
            body.resources.extend(self.named(block, to, Self::resource));
        }
        for block in found.blocks("step") {
            body.steps.extend(self.named(block, to, Self::step));
        }
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        for block in found.blocks("input") {
            let input = self.named(block, to, Self::flow_input);
            broken |= input.is_none();
            inputs.extend(input);
        }
        for block in found.blocks("output") {
            let output = self.named(block, to, Self::flow_output);
            broken |= output.is_none();
            outputs.extend(output);
        }
        to.incomplete |= broken;
        body.flow = Some(FlowDecl {
            inputs,
            outputs,
            description: self.optional(&mut found, "description"),
            broken,
        });
        to.bodies.push(body);
    }

    fn flow_input(&mut self, block: RawBlock) -> Option<InputDecl> {
        let Some(name) = self.only_label(&block) else {
            self.discard(block.body);
            return None;
        };
        let span = block.header;
        let mut found = self.sort(block.body, &INPUT);
        let ty = self.optional(&mut found, "type");
        Some(InputDecl {
            stands_for: None,
            span,
            name,
            ty: ty.map(|ty| types::read(&ty, self.problems)),
            default: self.optional(&mut found, "default"),
            description: self.optional(&mut found, "description"),
            sensitive: self.optional(&mut found, "sensitive"),
            nullable: self.optional(&mut found, "nullable"),
        })
    }

    fn flow_output(&mut self, block: RawBlock) -> Option<OutputDecl> {
        let Some(name) = self.only_label(&block) else {
            self.discard(block.body);
            return None;
        };
        let (span, broken) = (block.header, block.body.broken);
        let mut found = self.sort(block.body, &OUTPUT);
        let value = self.optional(&mut found, "value");
        if value.is_none() && !broken && !found.misplaced {
            let text = "an output needs the attribute `value`";
            self.problems
                .error(codes::MISSING_ATTRIBUTE, span, text)
                .hint("write `value = ..`: what whoever calls the flow reads by this name");
        }
        Some(OutputDecl {
            span,
            name,
            value,
            description: self.optional(&mut found, "description"),
            sensitive: self.optional(&mut found, "sensitive"),
        })
    }

    /// The label of a block that has one. Where it is wrong, that is reported.
    fn only_label(&mut self, block: &RawBlock) -> Option<Name> {
        let fine = self.labels(block, &["NAME"]);
        let label = block.labels.first().filter(|_| fine);
        label.map(|label| label.name.clone())
    }
}
