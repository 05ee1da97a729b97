//! Text of a `manifest.hcl` to its model. All faults of a manifest come in one go.

mod documents;
mod fields;
mod input;
mod late;
mod links;
mod metric;
mod names;
mod reader;
mod rules;
mod sessions;
mod shares;

use crate::fault::ManifestFault;
use crate::model::*;
use bggo_values::literal::{self, Block, Body};
use fields::Attributes;
use metric::Owner;
use reader::Reader;
use std::collections::BTreeSet;

/// The kind of failure of what panicked. The runtime gives it, and it ends the run.
const OF_A_PANIC: &str = "bug";

/// Reads a manifest.
///
/// # Errors
/// Every fault that was found: unknown blocks and attributes, wrong types, a default that does not fit, names given twice.
pub fn read(text: &str) -> Result<Manifest, Vec<ManifestFault>> {
    let body = literal::body(text).map_err(|fault| {
        vec![ManifestFault {
            offset: fault.offset,
            text: fault.text,
        }]
    })?;
    let mut reader = Reader::new(text);
    let body = reader.with_shares(body);
    let manifest = reader.manifest(&body);
    if reader.faults.is_empty() {
        Ok(manifest)
    } else {
        reader.faults.sort_by_key(|fault| fault.offset);
        // What is wrong with a part is found in each block that shares it.
        let mut seen = BTreeSet::new();
        reader
            .faults
            .retain(|fault| seen.insert((fault.offset, fault.text.clone())));
        Err(reader.faults)
    }
}

impl Reader<'_> {
    fn manifest(&mut self, body: &Body) -> Manifest {
        let mut attributes = Attributes::of(body, 0);
        let mut manifest = Manifest {
            description: self.text(&mut attributes, "description"),
            runners: Vec::new(),
            assets: Vec::new(),
        };
        self.rest(attributes, "a manifest");
        for block in &body.blocks {
            match block.kind.as_str() {
                "runner" => {
                    let runner = self.runner(block);
                    manifest.runners.push(runner);
                }
                "asset" => {
                    let asset = self.asset(block);
                    manifest.assets.push(asset);
                }
                other => self.fault(
                    block.offset,
                    format!("a manifest has `runner`, `asset` and `shared` blocks, not `{other}`"),
                ),
            }
        }
        self.known_assets(body);
        self.methods(body, &manifest);
        self.sessions(body, &manifest);
        let named = |block: &&Block| matches!(block.kind.as_str(), "runner" | "asset");
        self.unique(body.blocks.iter().filter(named), "runner or asset");
        manifest
    }

    fn runner(&mut self, block: &Block) -> Runner {
        let name = self.name(block);
        let mut attributes = Attributes::of(&block.body, block.offset);
        let description = self.text(&mut attributes, "description");
        let without = attributes.place("no_effect_without");
        let names = self.texts(&mut attributes, "no_effect_without");
        let meant_for_setup = attributes.place("meant_for_setup").map(|offset| {
            let before = self.faults.len();
            let why = self.text(&mut attributes, "meant_for_setup");
            if why.is_empty() && self.faults.len() == before {
                self.fault(
                    offset,
                    "`meant_for_setup` says why: what a step costs, in a clause",
                );
            }
            why
        });
        let blocks = self.when(&mut attributes, "blocks");
        let late_result = self.when(&mut attributes, "late_result");
        let settled_at_end = self.when(&mut attributes, "settled_at_end");
        let lingers = self.lingers(&mut attributes);
        let stamps = self.stamps(&mut attributes);
        let reads_stamps = self.flag(&mut attributes, "reads_stamps");
        let opens = self.named(&mut attributes, "opens");
        let closes = self.named(&mut attributes, "closes");
        self.rest(attributes, "a runner");
        let mut runner = Runner {
            name,
            description,
            uses: Vec::new(),
            inputs: Vec::new(),
            rules: Vec::new(),
            outputs: Vec::new(),
            metrics: Vec::new(),
            errors: Vec::new(),
            no_effect_without: None,
            meant_for_setup,
            blocks,
            opens,
            closes,
            settled_at_end,
            lingers,
            late_result,
            stamps,
            reads_stamps,
        };
        for part in &block.body.blocks {
            match part.kind.as_str() {
                "uses" => runner.uses.extend(self.uses(part)),
                "input" => runner.inputs.extend(self.input(part)),
                "output" => runner.outputs.extend(self.output(part)),
                "error" => runner.errors.push(self.error(part)),
                // Read once all inputs are known.
                "rule" | "metric" => {}
                other => self.unknown_block(
                    part,
                    other,
                    "`uses`, `input`, `rule`, `output`, `metric` and `error`",
                ),
            }
        }
        self.distinct(block, &["uses", "input", "output", "metric", "error"]);
        self.names_of_links(block, &runner.inputs);
        if let Some((used, _)) = &runner.lingers
            && !runner.uses.iter().any(|known| known.name == *used)
        {
            let text = format!("`lingers` reads `uses.{used}`, and the runner has no such `uses`");
            self.fault(block.offset, text);
        }
        let parts = (&runner.inputs[..], &runner.outputs[..]);
        self.documents(block, parts, runner.stamps.as_deref());
        runner.rules = self.rules(block, &runner.inputs);
        runner.metrics = self.standard_metrics(block, &runner);
        let own = self.metrics(block, Owner::Runner, &runner.inputs);
        runner.metrics.extend(own);
        if let Some(offset) = without {
            for name in &names {
                if !runner.inputs.iter().any(|input| input.name == *name) {
                    self.fault(offset, format!("there is no input `{name}`"));
                }
            }
            runner.no_effect_without = Some(names);
        }
        runner
    }

    fn asset(&mut self, block: &Block) -> Asset {
        let name = self.name(block);
        let mut attributes = Attributes::of(&block.body, block.offset);
        let description = self.text(&mut attributes, "description");
        let scope = attributes
            .take("scope")
            .and_then(|(item, offset)| self.lifetime(item, offset))
            .unwrap_or(Lifetime::Vu);
        let mut scopes = self.scopes(&mut attributes);
        let connects = self.flag(&mut attributes, "connects");
        let concurrency = self.concurrency(&mut attributes);
        let spawns = self.flag(&mut attributes, "spawns");
        self.rest(attributes, "an asset");
        scopes.push(scope);
        if !spawns {
            scopes.push(Lifetime::Iteration);
        } else if scopes.iter().any(|scope| *scope > Lifetime::Worker) {
            self.fault(
                block.offset,
                "an asset that `spawns` has the scope \"run\" or \"worker\": those of users and iterations have no tasks",
            );
        }
        scopes.sort();
        scopes.dedup();
        let mut asset = Asset {
            name,
            description,
            scope,
            scopes,
            connects,
            concurrency,
            uses: Vec::new(),
            inputs: Vec::new(),
            rules: Vec::new(),
            outputs: Vec::new(),
            metrics: Vec::new(),
            errors: Vec::new(),
        };
        for part in &block.body.blocks {
            match part.kind.as_str() {
                "input" => asset.inputs.extend(self.input(part)),
                "output" => asset.outputs.extend(self.output(part)),
                "error" => asset.errors.push(self.error(part)),
                "rule" | "metric" => {}
                "uses" => asset.uses.extend(self.uses(part)),
                other => self.unknown_block(
                    part,
                    other,
                    "`uses`, `input`, `rule`, `output`, `metric` and `error`",
                ),
            }
        }
        self.distinct(block, &["uses", "input", "output", "metric", "error"]);
        if let Some(input) = asset.inputs.iter().find(|input| input.shape) {
            let text = format!(
                "`shape` is for inputs of runners: an asset is created with the whole of `{}`",
                input.name
            );
            self.fault(block.offset, text);
        }
        let mut inputs = asset.inputs.iter();
        if let Some(input) = inputs.find(|input| input.form == Form::Predicate) {
            let text = format!(
                "`form = \"predicate\"` is for inputs of runners: an asset judges nothing, as `{}` says",
                input.name
            );
            self.fault(block.offset, text);
        }
        self.names_of_links(block, &asset.inputs);
        self.documents(block, (&asset.inputs, &asset.outputs), None);
        asset.rules = self.rules(block, &asset.inputs);
        asset.metrics = self.metrics(block, Owner::Asset, &asset.inputs);
        asset
    }

    fn unknown_block(&mut self, block: &Block, kind: &str, known: &str) {
        let text = if kind == "lifecycle" {
            "`lifecycle` is gone: implement `create` and `destroy` of the `Asset` trait, and give the asset a `scope`".into()
        } else {
            format!("there are {known} blocks here, not `{kind}`")
        };
        self.fault(block.offset, text);
    }

    fn uses(&mut self, block: &Block) -> Option<Use> {
        let name = self.name(block);
        let mut attributes = Attributes::of(&block.body, block.offset);
        let assets = self.kinds_of_asset(&mut attributes);
        let module = self.text(&mut attributes, "module");
        let optional = self.flag(&mut attributes, "optional");
        let description = self.text(&mut attributes, "description");
        self.rest(attributes, "`uses`");
        Some(Use {
            name,
            assets: assets?,
            module: (!module.is_empty()).then_some(module),
            optional,
            description,
        })
    }

    fn output(&mut self, block: &Block) -> Option<Output> {
        let name = self.name(block);
        let mut attributes = Attributes::of(&block.body, block.offset);
        let ty = self.ty(&mut attributes);
        let description = self.text(&mut attributes, "description");
        let sensitive = self.flag(&mut attributes, "sensitive");
        let type_from = self.type_from(&mut attributes, ty.as_ref());
        let validated_by = self.validated_by(&mut attributes, type_from.as_ref());
        let comes_late = self.flag(&mut attributes, "comes_late");
        self.rest(attributes, "an output");
        Some(Output {
            name,
            ty: ty?,
            type_from,
            validated_by,
            comes_late,
            description,
            sensitive,
        })
    }

    fn error(&mut self, block: &Block) -> ErrorKind {
        let name = self.name(block);
        let mut attributes = Attributes::of(&block.body, block.offset);
        let description = self.text(&mut attributes, "description");
        self.rest(attributes, "an error");
        if name == OF_A_PANIC {
            let text = format!(
                "`{name}` is the kind of failure of what panicked: give this one another name"
            );
            self.fault(block.offset, text);
        }
        ErrorKind { name, description }
    }
}
