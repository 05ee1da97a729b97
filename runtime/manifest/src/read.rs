//! Text of a `manifest.hcl` to its model. All faults of a manifest come in one go.

use crate::model::*;
use bggo_values::literal::{self, Block, Body, Item};
use bggo_values::{Type, Value, convert};
use std::fmt;

/// What is wrong with a manifest, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestFault {
    /// Byte of the text.
    pub offset: usize,
    /// One clause.
    pub text: String,
}

impl ManifestFault {
    /// The line of the fault in the manifest's text, from 1.
    pub fn line(&self, text: &str) -> usize {
        text.as_bytes()
            .iter()
            .take(self.offset)
            .filter(|byte| **byte == b'\n')
            .count()
            + 1
    }
}

impl fmt::Display for ManifestFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

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
    let mut reader = Reader::default();
    let manifest = reader.manifest(&body);
    if reader.faults.is_empty() {
        Ok(manifest)
    } else {
        reader.faults.sort_by_key(|fault| fault.offset);
        Err(reader.faults)
    }
}

#[derive(Default)]
struct Reader {
    faults: Vec<ManifestFault>,
}

/// The attributes of one block: each is taken once, what is left is unknown.
struct Attributes<'a> {
    left: Vec<&'a (String, Item, usize)>,
    offset: usize,
}

impl<'a> Attributes<'a> {
    fn of(body: &'a Body, offset: usize) -> Self {
        Self {
            left: body.attributes.iter().collect(),
            offset,
        }
    }

    fn take(&mut self, name: &str) -> Option<(&'a Item, usize)> {
        let place = self.left.iter().position(|(known, ..)| known == name)?;
        let (_, item, offset) = self.left.remove(place);
        Some((item, *offset))
    }
}

impl Reader {
    fn fault(&mut self, offset: usize, text: impl Into<String>) {
        self.faults.push(ManifestFault {
            offset,
            text: text.into(),
        });
    }

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
                    format!("a manifest has `runner` and `asset` blocks, not `{other}`"),
                ),
            }
        }
        self.known_assets(body);
        let named = |block: &&Block| matches!(block.kind.as_str(), "runner" | "asset");
        self.unique(body.blocks.iter().filter(named), "runner or asset");
        manifest
    }

    fn runner(&mut self, block: &Block) -> Runner {
        let name = self.name(block);
        let mut attributes = Attributes::of(&block.body, block.offset);
        let description = self.text(&mut attributes, "description");
        self.rest(attributes, "a runner");
        let mut runner = Runner {
            name,
            description,
            uses: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            metrics: Vec::new(),
            errors: Vec::new(),
        };
        for part in &block.body.blocks {
            match part.kind.as_str() {
                "uses" => runner.uses.extend(self.uses(part)),
                "input" => runner.inputs.extend(self.input(part)),
                "output" => runner.outputs.extend(self.output(part)),
                "metric" => runner.metrics.extend(self.metric(part)),
                "error" => runner.errors.push(self.error(part)),
                other => self.unknown_block(
                    part,
                    other,
                    "`uses`, `input`, `output`, `metric` and `error`",
                ),
            }
        }
        self.distinct(block, &["uses", "input", "output", "metric", "error"]);
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
        self.rest(attributes, "an asset");
        scopes.extend([scope, Lifetime::Iteration]);
        scopes.sort();
        scopes.dedup();
        let mut asset = Asset {
            name,
            description,
            scope,
            scopes,
            uses: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            errors: Vec::new(),
        };
        for part in &block.body.blocks {
            match part.kind.as_str() {
                "input" => asset.inputs.extend(self.input(part)),
                "output" => asset.outputs.extend(self.output(part)),
                "error" => asset.errors.push(self.error(part)),
                "uses" => self.fault(
                    part.offset,
                    "an asset that uses another one is not yet supported",
                ),
                other => self.unknown_block(part, other, "`input`, `output` and `error`"),
            }
        }
        self.distinct(block, &["input", "output", "error"]);
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

    fn scopes(&mut self, attributes: &mut Attributes<'_>) -> Vec<Lifetime> {
        let Some((item, offset)) = attributes.take("scopes") else {
            return Vec::new();
        };
        let Item::Value(Value::List(items)) = item else {
            self.fault(
                offset,
                "`scopes` is a list of scopes, such as [\"vu\", \"worker\"]",
            );
            return Vec::new();
        };
        items
            .iter()
            .filter_map(|item| self.lifetime(&Item::Value(item.clone()), offset))
            .collect()
    }

    fn lifetime(&mut self, item: &Item, offset: usize) -> Option<Lifetime> {
        let text = match item {
            Item::Value(Value::Text(text)) => text.as_str(),
            _ => "",
        };
        let found = match text {
            "run" => Some(Lifetime::Run),
            "worker" => Some(Lifetime::Worker),
            "vu" => Some(Lifetime::Vu),
            "iteration" => Some(Lifetime::Iteration),
            _ => None,
        };
        if found.is_none() {
            self.fault(
                offset,
                "a scope is \"run\", \"worker\", \"vu\" or \"iteration\"",
            );
        }
        found
    }

    fn uses(&mut self, block: &Block) -> Option<Use> {
        let name = self.name(block);
        let mut attributes = Attributes::of(&block.body, block.offset);
        let asset = self.text(&mut attributes, "asset");
        let optional = self.flag(&mut attributes, "optional");
        let description = self.text(&mut attributes, "description");
        self.rest(attributes, "`uses`");
        if asset.is_empty() {
            self.fault(block.offset, "`uses` names the kind of its `asset`");
            return None;
        }
        Some(Use {
            name,
            asset,
            optional,
            description,
        })
    }

    fn input(&mut self, block: &Block) -> Option<Input> {
        let name = self.name(block);
        let mut attributes = Attributes::of(&block.body, block.offset);
        let ty = self.ty(&mut attributes);
        let required = self.flag(&mut attributes, "required");
        let nullable = self.flag(&mut attributes, "nullable");
        let shown = self.flag(&mut attributes, "shown");
        let sensitive = self.flag(&mut attributes, "sensitive");
        let description = self.text(&mut attributes, "description");
        let one_of = self.texts(&mut attributes, "one_of");
        let form = self.form(&mut attributes, &ty);
        let default = attributes.take("default");
        self.rest(attributes, "an input");
        let default =
            default.and_then(|(item, offset)| self.default_value(item, offset, ty.as_ref()?));
        if required && default.is_some() {
            self.fault(
                block.offset,
                format!("input `{name}` is required, so its default would never be used"),
            );
        }
        if !one_of.is_empty() && ty.as_ref().is_some_and(|ty| *ty != Type::String) {
            self.fault(block.offset, "`one_of` is for inputs of type string");
        }
        Some(Input {
            name,
            ty: ty?,
            required,
            nullable,
            default,
            one_of,
            form,
            shown,
            sensitive,
            description,
        })
    }

    fn default_value(&mut self, item: &Item, offset: usize, ty: &Type) -> Option<Value> {
        let Item::Value(value) = item else {
            self.fault(offset, "a default is a value");
            return None;
        };
        match convert::convert(value, ty) {
            Ok(Value::Null) => None,
            Ok(value) => Some(value),
            Err(fault) => {
                self.fault(
                    offset,
                    format!("the default does not fit type {ty}: {fault}"),
                );
                None
            }
        }
    }

    fn form(&mut self, attributes: &mut Attributes<'_>, ty: &Option<Type>) -> Form {
        let Some((item, offset)) = attributes.take("form") else {
            return Form::Plain;
        };
        match item {
            Item::Value(Value::Text(text)) if text.as_str() == "json" => {
                if *ty != Some(Type::Any) {
                    self.fault(offset, "`form = \"json\"` is for inputs of type any");
                }
                Form::Json
            }
            _ => {
                self.fault(offset, "the only form is \"json\"");
                Form::Plain
            }
        }
    }

    fn output(&mut self, block: &Block) -> Option<Output> {
        let name = self.name(block);
        let mut attributes = Attributes::of(&block.body, block.offset);
        let ty = self.ty(&mut attributes);
        let description = self.text(&mut attributes, "description");
        let sensitive = self.flag(&mut attributes, "sensitive");
        self.rest(attributes, "an output");
        Some(Output {
            name,
            ty: ty?,
            description,
            sensitive,
        })
    }

    fn metric(&mut self, block: &Block) -> Option<Metric> {
        let name = self.name(block);
        let mut attributes = Attributes::of(&block.body, block.offset);
        let kind = self.text(&mut attributes, "kind");
        let unit = self.text(&mut attributes, "unit");
        let description = self.text(&mut attributes, "description");
        self.rest(attributes, "a metric");
        let kind = match kind.as_str() {
            "counter" => MetricKind::Counter,
            "trend" => MetricKind::Trend,
            _ => {
                self.fault(
                    block.offset,
                    "the `kind` of a metric is \"counter\" or \"trend\"",
                );
                return None;
            }
        };
        Some(Metric {
            name,
            kind,
            unit,
            description,
        })
    }

    fn error(&mut self, block: &Block) -> ErrorKind {
        let name = self.name(block);
        let mut attributes = Attributes::of(&block.body, block.offset);
        let description = self.text(&mut attributes, "description");
        self.rest(attributes, "an error");
        ErrorKind { name, description }
    }

    fn name(&mut self, block: &Block) -> String {
        match block.labels.as_slice() {
            [name] if is_name(name) => name.clone(),
            [name] => {
                self.fault(block.offset, format!("`{name}` is no name: lower case letters, digits and `_`, beginning with a letter"));
                name.clone()
            }
            _ => {
                self.fault(
                    block.offset,
                    format!("`{}` has one label, its name", block.kind),
                );
                String::new()
            }
        }
    }

    fn ty(&mut self, attributes: &mut Attributes<'_>) -> Option<Type> {
        match attributes.take("type") {
            Some((Item::Type(ty), _)) => Some(ty.clone()),
            Some((Item::Value(_), offset)) => {
                self.fault(
                    offset,
                    "a type is written without quotes, such as `list(string)`",
                );
                None
            }
            None => {
                self.fault(attributes.offset, "a `type` is missing");
                None
            }
        }
    }

    fn text(&mut self, attributes: &mut Attributes<'_>, name: &str) -> String {
        match attributes.take(name) {
            None => String::new(),
            Some((Item::Value(Value::Text(text)), _)) => text.as_str().to_owned(),
            Some((_, offset)) => {
                self.fault(offset, format!("`{name}` is a string"));
                String::new()
            }
        }
    }

    fn flag(&mut self, attributes: &mut Attributes<'_>, name: &str) -> bool {
        match attributes.take(name) {
            None => false,
            Some((Item::Value(Value::Bool(value)), _)) => *value,
            Some((_, offset)) => {
                self.fault(offset, format!("`{name}` is true or false"));
                false
            }
        }
    }

    fn texts(&mut self, attributes: &mut Attributes<'_>, name: &str) -> Vec<String> {
        let Some((item, offset)) = attributes.take(name) else {
            return Vec::new();
        };
        let texts = match item {
            Item::Value(Value::List(items)) => items
                .iter()
                .map(|item| item.as_text().map(str::to_owned))
                .collect(),
            _ => None,
        };
        texts.unwrap_or_else(|| {
            self.fault(offset, format!("`{name}` is a list of strings"));
            Vec::new()
        })
    }

    fn rest(&mut self, attributes: Attributes<'_>, what: &str) {
        for (name, _, offset) in attributes.left {
            self.fault(*offset, format!("{what} has no attribute `{name}`"));
        }
    }

    /// What a runner uses is an asset of the same manifest: its Rust type stands in the same crate.
    fn known_assets(&mut self, body: &Body) {
        let of_kind = |body: &'_ Body, kind: &str| -> Vec<Block> {
            let blocks = body.blocks.iter().filter(|block| block.kind == kind);
            blocks.cloned().collect()
        };
        let assets = of_kind(body, "asset");
        for runner in of_kind(body, "runner") {
            for part in of_kind(&runner.body, "uses") {
                let asset = part.body.attributes.iter().find_map(|(name, item, _)| {
                    let Item::Value(Value::Text(text)) = item else {
                        return None;
                    };
                    (name == "asset").then_some(text.as_str())
                });
                let Some(asset) = asset else { continue };
                let known = assets
                    .iter()
                    .any(|block| block.labels.first().is_some_and(|name| name == asset));
                if !known {
                    self.fault(part.offset, format!("this manifest has no asset `{asset}`"));
                }
            }
        }
    }

    /// The blocks of each kind have names of their own.
    fn distinct(&mut self, block: &Block, kinds: &[&str]) {
        for kind in kinds {
            let parts = block.body.blocks.iter().filter(|part| part.kind == *kind);
            self.unique(parts, kind);
        }
    }

    /// Names that differ only by `_` would become one name in Rust.
    fn unique<'b>(&mut self, blocks: impl Iterator<Item = &'b Block>, what: &str) {
        let mut seen: Vec<&String> = Vec::new();
        for block in blocks {
            let Some(name) = block.labels.first() else {
                continue;
            };
            match seen.iter().find(|known| alike(known, name)) {
                Some(known) if *known == name => {
                    self.fault(block.offset, format!("{what} `{name}` is given twice"));
                }
                Some(known) => self.fault(
                    block.offset,
                    format!("{what} `{name}` is too much like `{known}`: they differ only by `_`"),
                ),
                None => seen.push(name),
            }
        }
    }
}

fn alike(one: &str, other: &str) -> bool {
    one.chars()
        .filter(|c| *c != '_')
        .eq(other.chars().filter(|c| *c != '_'))
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
