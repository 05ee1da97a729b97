//! `scenario` blocks to bodies: the load as written, and steps and resources of their own.

use crate::diagnostics::codes;

use super::decl::{
    BadHeader, BodyDecl, BodyId, BodyKind, Declarations, LoadDecl, Phase, ScenarioDecl, StageDecl,
};
use super::expr::FileParser;
use super::fields::Shape;
use super::structure::RawBlock;

pub(super) const SCENARIO: Shape = Shape {
    owner: "a scenario",
    attributes: &[
        "start_after",
        "after",
        "graceful_stop",
        "pace",
        "tags",
        "description",
        "mix",
    ],
    blocks: &["load"],
    repeated: &[
        "step",
        "resource",
        "mix",
        "setup",
        "teardown",
        "vu_setup",
        "vu_teardown",
    ],
    labelled: &["load", "step", "resource", "mix"],
    required: &[],
};

/// Names that stand for something else where metrics are named.
pub(super) const RESERVED: &[&str] = &["run", "custom", "flow", "scenario"];

impl FileParser<'_, '_> {
    /// Adds the body of a scenario.
    pub(super) fn scenario(&mut self, block: RawBlock, to: &mut Declarations) {
        let fine = self.labels(&block, &["NAME"]);
        let name = block.labels.first().map(|label| label.name.clone());
        if !fine {
            to.incomplete = true;
            to.bad_headers.push(BadHeader::of(&block));
        }
        // What stands in a scenario whose name is wrong is read all the same.
        let Some(name) = name.filter(|_| fine || block.labels.len() == 1) else {
            return self.discard(block.body);
        };
        if RESERVED.contains(&name.text.as_str()) {
            let text = format!("a scenario cannot be called `{}`", name.text);
            self.problems
                .error(codes::INVALID_LABEL, name.span, text)
                .hint("this word stands for something else where metrics are named");
        }
        let (span, unread) = (block.header, block.body.broken);
        let mut found = self.sort(block.body, &SCENARIO);
        let broken = unread || found.misplaced;
        let mut body = BodyDecl::empty(BodyKind::Scenario, name, span);
        for block in found.blocks("resource") {
            body.resources.extend(self.named(block, to, Self::resource));
        }
        for block in found.blocks("step") {
            body.steps.extend(self.named(block, to, Self::step));
        }
        self.mix(&mut found, &mut body);
        to.incomplete |= broken;
        body.scenario = Some(ScenarioDecl {
            load: found.block("load").and_then(|block| self.load(block)),
            start_after: self.optional(&mut found, "start_after"),
            after: self.optional(&mut found, "after"),
            graceful_stop: self.optional(&mut found, "graceful_stop"),
            pace: self.optional(&mut found, "pace"),
            tags: self.optional(&mut found, "tags"),
            description: self.optional(&mut found, "description"),
            broken,
        });
        to.bodies.push(body);
        let owner = BodyId(to.bodies.len() - 1);
        for phase in Phase::ALL {
            for block in found.blocks(phase.name()) {
                self.phase(phase, block, (owner, to));
            }
        }
    }

    fn load(&mut self, block: RawBlock) -> Option<LoadDecl> {
        let fine = self.labels(&block, &["PROFILE"]);
        let profile = block.labels.first().map(|label| label.name.clone());
        let Some(profile) = profile.filter(|_| fine) else {
            self.discard(block.body);
            return None;
        };
        let span = block.header;
        let mut broken = block.body.broken;
        let mut stages = Vec::new();
        let attributes = self.free_attributes(block.body, &mut |parser, block| {
            if block.kind.text == "stage" {
                let (span, mut broken) = (block.header, block.body.broken);
                if !block.labels.is_empty() {
                    parser.labels(&block, &[]);
                }
                let attributes = parser.free_attributes(block.body, &mut |parser, block| {
                    broken = true;
                    parser.no_block_of("a stage", block);
                });
                stages.push(StageDecl {
                    span,
                    attributes,
                    broken,
                });
            } else {
                broken = true;
                parser.no_block_of("a load", block);
            }
        });
        Some(LoadDecl {
            span,
            profile,
            attributes,
            stages,
            broken,
        })
    }

    /// Reports a block where only attributes and, in a load, stages stand.
    fn no_block_of(&mut self, owner: &str, block: RawBlock) {
        let kind = &block.kind.text;
        let text = format!("{owner} has no block `{kind}`");
        let problem = self
            .problems
            .error(codes::UNKNOWN_BLOCK, block.header, text);
        match kind.as_str() {
            "step" | "resource" => {
                problem.hint(format!(
                    "a `{kind}` stands in the scenario itself, beside its `load`"
                ));
            }
            "stages" => {
                problem.hint("write a block `stage { .. }` for each of them");
            }
            _ => {
                problem.hint("a load holds attributes, and a block `stage { .. }` for each stage");
            }
        }
        self.discard(block.body);
    }
}
