//! Blocks to declarations.

use crate::diagnostics::{Hint, codes, nearest};

use super::decl::{
    BadHeader, BodyId, Declarations, Expr, ExprKind, GridDecl, Name, Phase, ResourceDecl, StepDecl,
    ValidationDecl, VariableDecl,
};
use super::elsewhere;
use super::expr::FileParser;
use super::fields::{Found, Shape};
use super::mix::MIX;
use super::structure::{Body, Item, RawBlock};
use super::token::{MODULES, TOP};
use super::types;

/// The kinds of block that this version builds, for who knows none of them.
const BLOCKS: &str = "a grid holds the blocks `scenario`, `setup`, `teardown`, `vu_setup`, `vu_teardown`, `flow`, `step`, `resource`, `data`, `metric`, `threshold`, `variable`, `locals` and `grid`";

pub(super) const STEP: Shape = Shape {
    owner: "a step",
    attributes: &[
        "depends_on",
        "count",
        "for_each",
        "enabled",
        "continue_on_failure",
        "delay_before",
        "delay_after",
        "always",
        "sensitive",
        "tags",
        "description",
    ],
    blocks: &[
        "arguments",
        "uses",
        "timeouts",
        "record",
        "retry",
        "repeat",
        "on_error",
        "concurrency",
        "rate_limit",
    ],
    repeated: &["check"],
    labelled: &["check"],
    required: &[],
};

/// A step that runs one of several flows.
pub(super) const MIX_STEP: Shape = Shape {
    owner: "a step of the kind `mix`",
    attributes: &[
        "mix",
        "depends_on",
        "count",
        "for_each",
        "enabled",
        "continue_on_failure",
        "delay_before",
        "delay_after",
        "always",
        "sensitive",
        "tags",
        "description",
    ],
    blocks: &[
        "timeouts",
        "record",
        "retry",
        "repeat",
        "on_error",
        "concurrency",
        "rate_limit",
    ],
    repeated: &["check", "mix"],
    labelled: &["check", "mix"],
    required: &[],
};

pub(super) const RESOURCE: Shape = Shape {
    owner: "a resource",
    attributes: &["depends_on", "scope", "description"],
    blocks: &["arguments", "uses"],
    repeated: &[],
    labelled: &[],
    required: &[],
};

pub(super) const VARIABLE: Shape = Shape {
    owner: "a variable",
    attributes: &["type", "default", "description", "sensitive", "nullable"],
    blocks: &[],
    repeated: &["validation"],
    labelled: &[],
    required: &[],
};

pub(super) const GRID: Shape = Shape {
    owner: "`grid`",
    attributes: &["name", "description", "required_version", "tags"],
    blocks: &[],
    repeated: &[],
    labelled: &[],
    required: &[],
};

pub(super) const VALIDATION: Shape = Shape {
    owner: "`validation`",
    attributes: &["condition", "error_message"],
    blocks: &[],
    repeated: &[],
    labelled: &[],
    required: &["condition", "error_message"],
};

impl FileParser<'_, '_> {
    /// Adds what a file declares.
    pub(super) fn declare(&mut self, body: Body, to: &mut Declarations) {
        to.incomplete |= body.broken;
        for item in body.items {
            match item {
                Item::Block(block) => self.top(block, to),
                Item::Attribute(attribute) => {
                    let name = &attribute.name;
                    let text = format!("a grid holds blocks, found the attribute `{}`", name.text);
                    let hint = match elsewhere::top_attribute(&name.text) {
                        Some(instead) => instead.to_owned(),
                        None => format!(
                            "put a named expression into a block: `locals {{ {} = .. }}`",
                            name.text
                        ),
                    };
                    self.problems
                        .error(codes::UNKNOWN_ATTRIBUTE, name.span, text)
                        .hint(hint);
                    self.value(attribute);
                }
            }
        }
        to.bodies.append(&mut self.mixes);
    }

    fn top(&mut self, block: RawBlock, to: &mut Declarations) {
        if let Some(phase) = Phase::of_name(&block.kind.text) {
            return self.phase(phase, block, (BodyId::MAIN, to));
        }
        match block.kind.text.as_str() {
            "step" => {
                let step = self.named(block, to, Self::step);
                to.main().steps.extend(step);
            }
            "resource" => {
                let resource = self.named(block, to, Self::resource);
                to.main().resources.extend(resource);
            }
            "scenario" => self.scenario(block, to),
            "grid" => self.grid(block, to),
            "flow" => self.flow(block, to),
            "variable" => {
                let variable = self.named(block, to, Self::variable);
                to.variables.extend(variable);
            }
            "data" => {
                let data = self.named(block, to, Self::data);
                to.data.extend(data);
            }
            "metric" => {
                let metric = self.named(block, to, Self::metric);
                to.metrics.extend(metric);
            }
            "threshold" => {
                let threshold = self.named(block, to, Self::threshold);
                to.thresholds.extend(threshold);
            }
            "locals" => {
                self.labels(&block, &[]);
                to.locals.extend(self.free(block, "`locals`").attributes);
            }
            _ => self.no_declaration(block, to),
        }
    }

    /// Reads a block that has a name. Where it has none, what other parts of the grid name may be this one.
    pub(super) fn named<T>(
        &mut self,
        block: RawBlock,
        to: &mut Declarations,
        read: impl FnOnce(&mut Self, RawBlock) -> Option<T>,
    ) -> Option<T> {
        let header = BadHeader::of(&block);
        let found = read(self, block);
        if found.is_none() {
            to.incomplete = true;
            to.bad_headers.push(header);
        }
        found
    }

    /// A block that declares nothing: unknown or out of place.
    fn no_declaration(&mut self, block: RawBlock, to: &mut Declarations) {
        match block.kind.text.as_str() {
            kind @ ("runner" | "asset") => {
                let text = format!("`{kind}` belongs to a module's manifest, found in a grid");
                self.problems.error(codes::MISPLACED_MANIFEST, block.header, text).hint(
                    "a manifest is the file `manifest.hcl` in the module's own folder; a grid has `step` and `resource` blocks",
                );
            }
            "lifecycle" => self.lifecycle(&block),
            MODULES => {
                let text = "a grid does not say where its modules come from";
                self.problems
                    .error(codes::MODULES_ELSEWHERE, block.header, text)
                    .hint("name the folder of each on the command line: `--module DIR`");
            }
            kind => {
                let known = TOP.iter().copied();
                let hint = match (elsewhere::top_block(kind), nearest::nearest(kind, known)) {
                    (Some(instead), _) => Some(instead.into()),
                    (None, Some("variable")) if block.labels.is_empty() => {
                        Some("write `variable \"NAME\" { .. }`, a block for each".into())
                    }
                    (None, near) => near.map(|near| Hint::meant(near).at(block.kind.span)),
                };
                if let Some(near) = nearest::nearest(kind, TOP.iter().copied()) {
                    let kind = near.to_owned();
                    to.bad_headers.push(BadHeader {
                        kind,
                        ..BadHeader::of(&block)
                    });
                }
                let text = format!("a grid has no block `{kind}`");
                // A misspelt block may declare what the rest of the grid names.
                to.incomplete |= hint.is_some();
                self.problems
                    .error(codes::UNKNOWN_BLOCK, block.header, text)
                    .advise(hint.unwrap_or_else(|| BLOCKS.into()));
            }
        }
        self.discard(block.body);
    }

    pub(super) fn step(&mut self, block: RawBlock) -> Option<StepDecl> {
        let fine = self.labels(&block, &["RUNNER", "NAME"]);
        let Some((runner, name)) = two_labels(&block).filter(|_| fine) else {
            self.discard(block.body);
            return None;
        };
        let (span, unread) = (block.header, block.body.broken);
        let is_mix = runner.text == MIX;
        let mut found = self.sort(block.body, if is_mix { &MIX_STEP } else { &STEP });
        let broken = unread || found.misplaced;
        let mix = is_mix.then(|| self.mix_of_step(&mut found, (&name, span), broken));
        let parts = self.parts(&mut found);
        let checks = found.blocks("check").into_iter();
        let checks = checks.filter_map(|block| self.check(block)).collect();
        let (mix, mixed) = mix.unzip();
        Some(StepDecl {
            span,
            runner,
            name,
            mix,
            arguments: mixed.or_else(|| {
                let arguments = found.block("arguments");
                arguments.map(|block| self.free(block, "`arguments`"))
            }),
            uses: found.block("uses").map(|block| self.free(block, "`uses`")),
            checks,
            record: found
                .block("record")
                .map(|block| self.free(block, "`record`")),
            depends_on: self.depends_on(&mut found),
            count: self.optional(&mut found, "count"),
            for_each: self.optional(&mut found, "for_each"),
            enabled: self.optional(&mut found, "enabled"),
            delay_before: self.optional(&mut found, "delay_before"),
            delay_after: self.optional(&mut found, "delay_after"),
            continue_on_failure: self.optional(&mut found, "continue_on_failure"),
            always: self.optional(&mut found, "always"),
            sensitive: self.optional(&mut found, "sensitive"),
            parts,
            tags: self.optional(&mut found, "tags"),
            description: self.optional(&mut found, "description"),
            broken,
        })
    }

    pub(super) fn resource(&mut self, block: RawBlock) -> Option<ResourceDecl> {
        let fine = self.labels(&block, &["ASSET", "NAME"]);
        let Some((asset, name)) = two_labels(&block).filter(|_| fine) else {
            self.discard(block.body);
            return None;
        };
        let (span, unread) = (block.header, block.body.broken);
        let mut found = self.sort(block.body, &RESOURCE);
        let broken = unread || found.misplaced;
        Some(ResourceDecl {
            span,
            asset,
            name,
            arguments: found
                .block("arguments")
                .map(|block| self.free(block, "`arguments`")),
            uses: found.block("uses").map(|block| self.free(block, "`uses`")),
            depends_on: self.depends_on(&mut found),
            scope: self.optional(&mut found, "scope"),
            description: self.optional(&mut found, "description"),
            broken,
        })
    }

    fn variable(&mut self, block: RawBlock) -> Option<VariableDecl> {
        let fine = self.labels(&block, &["NAME"]);
        let Some(name) = block
            .labels
            .first()
            .filter(|_| fine)
            .map(|label| label.name.clone())
        else {
            self.discard(block.body);
            return None;
        };
        let (span, broken) = (block.header, block.body.broken);
        let mut found = self.sort(block.body, &VARIABLE);
        let mut validations = Vec::new();
        while let Some(block) = found.block("validation") {
            validations.extend(self.validation(block));
        }
        let ty = self
            .optional(&mut found, "type")
            .map(|ty| types::read(&ty, self.problems));
        Some(VariableDecl {
            span,
            name,
            ty,
            default: self.optional(&mut found, "default"),
            description: self.optional(&mut found, "description"),
            sensitive: self.optional(&mut found, "sensitive"),
            nullable: self.optional(&mut found, "nullable"),
            validations,
            broken,
        })
    }

    /// The block `grid`, of which there is one.
    fn grid(&mut self, block: RawBlock, to: &mut Declarations) {
        self.labels(&block, &[]);
        let span = block.header;
        let mut found = self.sort(block.body, &GRID);
        let grid = GridDecl {
            span,
            name: self.optional(&mut found, "name"),
            description: self.optional(&mut found, "description"),
            required_version: self.optional(&mut found, "required_version"),
            tags: self.optional(&mut found, "tags"),
        };
        match &to.grid {
            Some(first) => {
                let text = "a grid has one block `grid`, found a second";
                self.problems
                    .error(codes::DUPLICATE_BLOCK, span, text)
                    .label(first.span, "first here");
            }
            None => to.grid = Some(grid),
        }
    }

    fn validation(&mut self, block: RawBlock) -> Option<ValidationDecl> {
        let (span, unread) = (block.header, block.body.broken);
        let mut found = self.sort(block.body, &VALIDATION);
        let broken = unread || found.misplaced;
        let condition = self.optional(&mut found, "condition");
        let error_message = self.optional(&mut found, "error_message");
        for (name, value) in [("condition", &condition), ("error_message", &error_message)] {
            if value.is_none() && !broken {
                let text = format!("`validation` needs the attribute `{name}`");
                let hint = match name {
                    "condition" => "write `condition = ..`: what must be true of the variable",
                    _ => "write `error_message = \"..\"`: what is said where it is not",
                };
                self.problems
                    .error(codes::MISSING_ATTRIBUTE, span, text)
                    .hint(hint);
            }
        }
        Some(ValidationDecl {
            span,
            condition: condition?,
            error_message: error_message?,
        })
    }

    /// The items of `depends_on`.
    fn depends_on(&mut self, found: &mut Found) -> Vec<Expr> {
        match self.optional(found, "depends_on") {
            None => Vec::new(),
            Some(Expr {
                kind: ExprKind::List(items),
                ..
            }) => items,
            Some(other) if !other.is_whole() => Vec::new(),
            Some(other) => {
                let written = &self.tokens.text;
                let written = written.get(other.span.start as usize..other.span.end as usize);
                let one = written.filter(|text| text.len() <= 60 && !text.contains(['\n', '`']));
                let is_name = matches!(
                    other.kind,
                    ExprKind::Text(_) | ExprKind::Field(..) | ExprKind::Index(..)
                );
                let hint = match one.filter(|_| is_name) {
                    Some(one) => Hint::write(format!("[{one}]")),
                    None => "write `depends_on = [step.RUNNER.NAME]`".into(),
                };
                let text = "`depends_on` is a list of steps and resources in `[ ]`";
                self.problems
                    .error(codes::LIST_EXPECTED, other.span, text)
                    .advise(Some(hint));
                Vec::new()
            }
        }
    }
}

impl BadHeader {
    /// What the header of a block says.
    pub(super) fn of(block: &RawBlock) -> BadHeader {
        let labels = block.labels.iter();
        BadHeader {
            kind: block.kind.text.clone(),
            labels: labels.map(|label| label.name.text.clone()).collect(),
        }
    }
}

fn two_labels(block: &RawBlock) -> Option<(Name, Name)> {
    match block.labels.as_slice() {
        [first, second] => Some((first.name.clone(), second.name.clone())),
        _ => None,
    }
}
