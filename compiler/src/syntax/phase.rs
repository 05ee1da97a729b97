//! Blocks `setup`, `teardown`, `vu_setup` and `vu_teardown` to bodies: steps, and how long they may take together.

use crate::diagnostics::codes;

use super::decl::{BodyDecl, BodyId, BodyKind, Declarations, Phase, PhaseDecl};
use super::expr::FileParser;
use super::fields::Shape;
use super::structure::RawBlock;

pub(super) const TIMEOUTS: Shape = Shape {
    owner: "`timeouts`",
    attributes: &["execution"],
    blocks: &[],
    repeated: &[],
    labelled: &[],
    required: &[],
};

/// What a phase may hold.
pub(super) const fn shape(owner: &'static str) -> Shape {
    Shape {
        owner,
        attributes: &["description"],
        blocks: &["timeouts"],
        repeated: &["step"],
        labelled: &["step"],
        required: &[],
    }
}

impl FileParser<'_, '_> {
    /// Adds the body of a phase, of a scenario or of the whole grid.
    pub(super) fn phase(
        &mut self,
        phase: Phase,
        block: RawBlock,
        (owner, to): (BodyId, &mut Declarations),
    ) {
        if !block.labels.is_empty() {
            self.labels(&block, &[]);
        }
        let (span, kind) = (block.header, block.kind);
        let mut body = BodyDecl::empty(BodyKind::Phase(phase), kind, span);
        if owner != BodyId::MAIN {
            body.name.text = format!("{}_{}", to.body(owner).name.text, phase.name());
        }
        let shape = shape(match phase {
            Phase::Setup => "`setup`",
            Phase::Teardown => "`teardown`",
            Phase::VuSetup => "`vu_setup`",
            Phase::VuTeardown => "`vu_teardown`",
        });
        let unread = block.body.broken;
        let mut found = self.sort(block.body, &shape);
        let broken = unread || found.misplaced;
        for block in found.blocks("step") {
            body.steps.extend(self.named(block, to, Self::step));
        }
        to.incomplete |= broken;
        let limit = found.block("timeouts").and_then(|timeouts| {
            let mut found = self.sort(timeouts.body, &TIMEOUTS);
            self.optional(&mut found, "execution")
        });
        body.phase = Some(PhaseDecl {
            owner,
            limit,
            description: self.optional(&mut found, "description"),
            broken,
        });
        let alike = |other: &BodyDecl| {
            let declared = other.phase.as_ref();
            other.kind == body.kind && declared.is_some_and(|phase| phase.owner == owner)
        };
        if let Some(first) = to.bodies.iter().find(|other| alike(other)) {
            let owner = match owner {
                BodyId::MAIN => "a grid",
                _ => "a scenario",
            };
            let text = format!("{owner} has one `{}`, found a second", phase.name());
            self.problems
                .error(codes::DUPLICATE_BLOCK, span, text)
                .label(first.span, "first here")
                .hint("put the steps of both into one block");
        }
        to.bodies.push(body);
    }
}

impl Phase {
    /// As a grid writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Phase::Setup => "setup",
            Phase::Teardown => "teardown",
            Phase::VuSetup => "vu_setup",
            Phase::VuTeardown => "vu_teardown",
        }
    }

    /// All of them.
    pub const ALL: [Phase; 4] = [
        Phase::Setup,
        Phase::Teardown,
        Phase::VuSetup,
        Phase::VuTeardown,
    ];

    /// The phase that a grid calls so.
    pub fn of_name(name: &str) -> Option<Phase> {
        Self::ALL.into_iter().find(|phase| phase.name() == name)
    }

    /// Whether it runs once for each user, in the user's own task; else it runs once for the whole run.
    pub const fn is_of_users(self) -> bool {
        matches!(self, Phase::VuSetup | Phase::VuTeardown)
    }
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
