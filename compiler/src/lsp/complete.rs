//! What may be written at a place: kinds of block and attributes, runners and assets, arguments, and values.

use bggo_manifest::{Input, Output};
use bggo_schedule::declared::Profile;
use bggo_values::Type;
use lsp_types::{CompletionItem, CompletionItemKind, Documentation, MarkupContent, MarkupKind};

use super::analysis::Analysis;
use super::cursor::{Block, Cursor, Writes};
use super::hover::{function_words, input_words, signature};
use crate::modules::Modules;
use crate::resolve::ROOTS;
use crate::resolve::model::{BodyId, Callee, InBody, ResourceId, StepId};
use crate::syntax::decl::{Declarations, Expr, ExprKind, FlowDecl};
use crate::syntax::places::{Holds, inside};

/// All that may be written there; the editor leaves those that begin otherwise out.
pub fn complete(cursor: &Cursor, analysis: &Analysis, modules: &Modules) -> Vec<CompletionItem> {
    let place = Place {
        cursor,
        analysis,
        modules,
    };
    match &cursor.writes {
        Writes::Nothing => Vec::new(),
        Writes::Statement => place.statement(),
        Writes::Label(header) => place.label(header),
        Writes::Value { attribute, path } => place.value(attribute, path),
    }
}

struct Place<'a> {
    cursor: &'a Cursor,
    analysis: &'a Analysis,
    modules: &'a Modules,
}

impl<'a> Place<'a> {
    fn declarations(&self) -> &'a Declarations {
        &self.analysis.resolved.declarations
    }

    fn block(&self, from_inside: usize) -> Option<&'a Block> {
        let at = self.cursor.blocks.len().checked_sub(from_inside + 1)?;
        self.cursor.blocks.get(at)
    }

    fn statement(&self) -> Vec<CompletionItem> {
        let kinds: Vec<&str> = self
            .cursor
            .blocks
            .iter()
            .map(|one| one.kind.as_str())
            .collect();
        match kinds.as_slice() {
            [.., "load"] => self.fields(0),
            [.., "load", "stage"] => self.fields(1),
            [.., "arguments"] => self.arguments(),
            [.., "uses"] => self.uses(),
            [.., "record"] => {
                let metrics = self.declarations().metrics.iter();
                let item = |name: &str| item(name, CompletionItemKind::FIELD, "metric");
                metrics.map(|metric| item(&metric.name.text)).collect()
            }
            kinds => {
                let label = self.block(0).and_then(|block| block.labels.first());
                let all = inside(kinds, label.map_or("", String::as_str));
                let all = all.into_iter().map(|holds| match holds {
                    Holds::Attribute(name) => item(name, CompletionItemKind::PROPERTY, "attribute"),
                    Holds::Block(kind) => item(kind, CompletionItemKind::STRUCT, "block"),
                });
                all.collect()
            }
        }
    }

    /// Attributes of a load, or of a stage of it.
    fn fields(&self, above: usize) -> Vec<CompletionItem> {
        let load = self.block(above);
        let profile = load.and_then(|load| Profile::of_name(load.labels.first()?));
        let Some(profile) = profile else {
            return Vec::new();
        };
        let fields = match above {
            0 => profile.fields(),
            _ => profile.stage_fields(),
        };
        let fields = fields.iter().map(|field| {
            let ty = field.ty().to_string();
            item(field.name(), CompletionItemKind::PROPERTY, &ty)
        });
        let mut all: Vec<_> = fields.collect();
        if above == 0 && !profile.stage_fields().is_empty() {
            all.push(item("stage", CompletionItemKind::STRUCT, "block"));
        }
        all
    }

    /// The inputs of what the block around `arguments` names.
    fn inputs(&self) -> Option<&'a [Input]> {
        let owner = self.block(1)?;
        let kind = owner.labels.first()?;
        match owner.kind.as_str() {
            "step" => Some(&self.modules.runner(self.modules.find_runner(kind)?).inputs),
            "resource" => Some(&self.modules.asset(self.modules.find_asset(kind)?).inputs),
            _ => None,
        }
    }

    fn flow(&self, name: &str) -> Option<&'a FlowDecl> {
        let mut flows = self.declarations().flows();
        let is_meant = |flow: &(BodyId, _)| self.declarations().body(flow.0).name.text == name;
        flows.find(is_meant).map(|(_, flow)| flow)
    }

    fn arguments(&self) -> Vec<CompletionItem> {
        let owner = self.block(1).and_then(|owner| owner.labels.first());
        if let Some(flow) = owner.and_then(|name| self.flow(name)) {
            return inputs_of_flow(flow);
        }
        let inputs = self.inputs().unwrap_or_default().iter();
        let item = |input: &Input| {
            let made = item(
                &input.name,
                CompletionItemKind::PROPERTY,
                &input.ty.to_string(),
            );
            described(made, input_words(input))
        };
        inputs.map(item).collect()
    }

    fn uses(&self) -> Vec<CompletionItem> {
        let Some(owner) = self.block(1) else {
            return Vec::new();
        };
        let kind = owner.labels.first().map_or("", String::as_str);
        let runner = self
            .modules
            .find_runner(kind)
            .filter(|_| owner.kind == "step");
        let runner = runner.map(|at| &self.modules.runner(at).uses);
        let asset = self
            .modules
            .find_asset(kind)
            .filter(|_| owner.kind == "resource");
        let asset = asset.map(|at| &self.modules.asset(at).uses);
        let uses = runner.or(asset).into_iter().flatten();
        let item = |taken: &bggo_manifest::Use| {
            let assets = taken.assets.join(", ");
            let made = item(&taken.name, CompletionItemKind::PROPERTY, &assets);
            described(made, taken.description.clone())
        };
        uses.map(item).collect()
    }

    fn label(&self, header: &Block) -> Vec<CompletionItem> {
        if !header.labels.is_empty() {
            return Vec::new();
        }
        let flows = self.declarations().flows();
        // What a step of the kind `mix` runs is a flow that no grid names.
        let flows = flows.filter(|(id, _)| self.declarations().body(*id).mix.is_none());
        let flows = flows.map(|(id, flow)| {
            let name = &self.declarations().body(id).name.text;
            let made = item(name, CompletionItemKind::FUNCTION, "flow");
            described(made, written(flow.description.as_ref()))
        });
        match header.kind.as_str() {
            "step" => {
                let runners = self.modules.runners().map(|runner| {
                    let made = item(&runner.name, CompletionItemKind::CLASS, "runner");
                    described(made, runner.description.clone())
                });
                runners.chain(flows).collect()
            }
            "resource" => {
                let assets = self.modules.assets().map(|asset| {
                    let made = item(&asset.name, CompletionItemKind::CLASS, "asset");
                    described(made, asset.description.clone())
                });
                assets.collect()
            }
            "mix" => flows.collect(),
            "load" => {
                let profiles = Profile::ALL.map(Profile::name).into_iter();
                let item = |name| item(name, CompletionItemKind::ENUM_MEMBER, "profile");
                profiles.map(item).collect()
            }
            _ => Vec::new(),
        }
    }

    fn value(&self, attribute: &str, path: &[String]) -> Vec<CompletionItem> {
        let before = path
            .split_last()
            .map_or(&[] as &[String], |(_, before)| before);
        let names: Vec<&str> = before.iter().map(String::as_str).collect();
        match names.as_slice() {
            [] => self.beginnings(attribute),
            ["var"] => {
                let variables = self.declarations().variables.iter().map(|variable| {
                    let ty = variable.ty.as_ref().map_or(Type::Any, |ty| ty.ty.clone());
                    let made = item(
                        &variable.name.text,
                        CompletionItemKind::VARIABLE,
                        &ty.to_string(),
                    );
                    described(made, written(variable.description.as_ref()))
                });
                variables.collect()
            }
            ["local"] => {
                let locals = self.declarations().locals.iter().map(|local| {
                    let ty = self.type_of(&local.value);
                    let ty = ty.map_or(String::new(), Type::to_string);
                    item(&local.name.text, CompletionItemKind::VARIABLE, &ty)
                });
                locals.collect()
            }
            ["input"] => {
                let flow = self.declarations().flow(self.body());
                flow.map(inputs_of_flow).unwrap_or_default()
            }
            ["count"] => fixed(&["index"]),
            ["each"] => fixed(&["key", "value"]),
            ["vu"] => fixed(&["id", "iteration"]),
            ["scenario"] => fixed(&["name", "iteration"]),
            ["run"] => fixed(&["id"]),
            ["path"] => fixed(&["grid"]),
            ["data"] => {
                let data = self.declarations().data.iter();
                distinct(data.map(|data| &data.kind_name.text))
            }
            ["data", kind] => {
                let data = self.declarations().data.iter();
                let of_kind = data.filter(|data| data.kind_name.text == *kind);
                let item = |name| item(name, CompletionItemKind::FIELD, "data");
                of_kind.map(|data| item(&data.name.text)).collect()
            }
            ["data", kind, name] => {
                let mut data = self.declarations().data.iter();
                let data =
                    data.find(|data| data.kind_name.text == *kind && data.name.text == *name);
                let columns = data.and_then(|data| data.columns.as_ref());
                let columns = columns.into_iter().flatten().map(|column| {
                    let ty = column.ty.as_ref().map_or(Type::String, |ty| ty.ty.clone());
                    item(
                        &column.name.text,
                        CompletionItemKind::FIELD,
                        &ty.to_string(),
                    )
                });
                columns.collect()
            }
            ["step"] => {
                let steps = self.declarations().step_ids(self.body());
                distinct(steps.map(|id| &self.declarations().step(id).runner.text))
            }
            ["step", kind] => {
                let steps = self.declarations().body(self.body()).steps.iter();
                let of_kind = steps.filter(|step| step.runner.text == *kind);
                let item = |step: &crate::syntax::decl::StepDecl| {
                    let made = item(&step.name.text, CompletionItemKind::METHOD, "step");
                    described(made, written(step.description.as_ref()))
                };
                of_kind.map(item).collect()
            }
            ["step", _, _] => fixed(&["output"]),
            ["step", kind, name, "output", inner @ ..] => {
                let step = self.step(kind, name);
                step.map(|id| self.outputs(id, inner)).unwrap_or_default()
            }
            ["output", inner @ ..] => {
                let around = self
                    .cursor
                    .blocks
                    .iter()
                    .rev()
                    .find(|one| one.kind == "step");
                let step = around.and_then(|step| match step.labels.as_slice() {
                    [kind, name, ..] => self.step(kind, name),
                    _ => None,
                });
                step.map(|id| self.outputs(id, inner)).unwrap_or_default()
            }
            ["resource"] => {
                let resources = self.resources().into_iter();
                distinct(resources.map(|id| &self.declarations().resource(id).asset.text))
            }
            ["resource", kind] => {
                let resources = self.resources().into_iter();
                let resources = resources.map(|id| self.declarations().resource(id));
                let of_kind = resources.filter(|one| one.asset.text == *kind);
                let item = |name| item(name, CompletionItemKind::FIELD, "resource");
                of_kind.map(|one| item(&one.name.text)).collect()
            }
            ["resource", kind, _, inner @ ..] => match self.modules.find_asset(kind) {
                Some(at) => self.fields_of_outputs(&self.modules.asset(at).outputs, inner),
                None => Vec::new(),
            },
            ["var", name, inner @ ..] => {
                let mut variables = self.declarations().variables.iter();
                let variable = variables.find(|variable| variable.name.text == *name);
                let ty = variable.and_then(|variable| variable.ty.as_ref());
                ty.map(|ty| self.attributes(&ty.ty, inner))
                    .unwrap_or_default()
            }
            ["local", name, inner @ ..] => {
                let mut locals = self.declarations().locals.iter();
                let local = locals.find(|local| local.name.text == *name);
                let ty = local.and_then(|local| self.type_of(&local.value));
                ty.map(|ty| self.attributes(ty, inner)).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    /// What a value may begin with: the words of references, functions, and texts that an argument may be.
    fn beginnings(&self, attribute: &str) -> Vec<CompletionItem> {
        let roots = ROOTS
            .iter()
            .map(|root| item(root, CompletionItemKind::KEYWORD, "reference"));
        let words = ["true", "false", "null"];
        let words = words.map(|word| item(word, CompletionItemKind::KEYWORD, "value"));
        let functions = bggo_function_table::table().iter().map(|function| {
            let made = item(
                function.name,
                CompletionItemKind::FUNCTION,
                &signature(function),
            );
            described(made, function_words(function))
        });
        let is_argument = self.block(0).is_some_and(|block| block.kind == "arguments");
        let inputs = self.inputs().filter(|_| is_argument).unwrap_or_default();
        let input = inputs.iter().find(|input| input.name == attribute);
        let texts = input.into_iter().flat_map(|input| &input.one_of);
        let texts =
            texts.map(|text| item(&format!("\"{text}\""), CompletionItemKind::VALUE, "string"));
        texts.chain(roots).chain(words).chain(functions).collect()
    }

    /// The body that the place stands in.
    fn body(&self) -> BodyId {
        let mut name = None;
        for block in &self.cursor.blocks {
            let kind = &block.kind;
            match kind.as_str() {
                "scenario" | "flow" => name = block.labels.first().cloned(),
                "setup" | "teardown" | "vu_setup" | "vu_teardown" => {
                    name = Some(match name {
                        Some(owner) => format!("{owner}_{kind}"),
                        None => kind.clone(),
                    });
                }
                _ => {}
            }
        }
        let is_meant = |id: &BodyId| {
            let body = self.declarations().body(*id);
            Some(&body.name.text) == name.as_ref() && *id != BodyId::MAIN
        };
        let mut ids = self.declarations().body_ids();
        ids.find(is_meant).unwrap_or(BodyId::MAIN)
    }

    fn step(&self, kind: &str, name: &str) -> Option<StepId> {
        let mut steps = self.declarations().step_ids(self.body());
        steps.find(|id| {
            let step = self.declarations().step(*id);
            step.runner.text == kind && step.name.text == name
        })
    }

    /// The resources that can be used at the place.
    fn resources(&self) -> Vec<ResourceId> {
        let of_grid = self.declarations().resource_ids(BodyId::MAIN);
        let own = self.declarations().resource_ids(self.body());
        of_grid
            .chain(own.filter(|id| id.body() != BodyId::MAIN))
            .collect()
    }

    fn outputs(&self, id: StepId, inner: &[&str]) -> Vec<CompletionItem> {
        match self.analysis.resolved.callees.get(id).copied().flatten() {
            Some(Callee::Runner(at)) => {
                let outputs = &self.modules.runner(at).outputs;
                let described = |name: &str| {
                    let output = outputs.iter().find(|output| output.name == name)?;
                    let input = output.type_from.as_ref()?;
                    let described = self.analysis.described(self.modules);
                    described.by_document(id, input)
                };
                match inner.split_first() {
                    Some((name, inner)) if let Some(ty) = described(name) => {
                        self.attributes(ty, inner)
                    }
                    _ => self.fields_of_outputs(outputs, inner),
                }
            }
            Some(Callee::Flow(flow)) => {
                let flow = self.declarations().flow(flow).into_iter();
                let mut outputs = flow.flat_map(|flow| &flow.outputs);
                if let [name, inner @ ..] = inner {
                    let output = outputs.find(|output| output.name.text == *name);
                    let ty = output.and_then(|output| self.type_of(output.value.as_ref()?));
                    return ty.map(|ty| self.attributes(ty, inner)).unwrap_or_default();
                }
                let outputs = outputs.map(|output| {
                    let ty = output.value.as_ref().and_then(|value| self.type_of(value));
                    let ty = ty.map_or(String::new(), Type::to_string);
                    let made = item(&output.name.text, CompletionItemKind::FIELD, &ty);
                    described(made, written(output.description.as_ref()))
                });
                outputs.collect()
            }
            None => Vec::new(),
        }
    }

    /// The outputs themselves, or the attributes of what one of them holds.
    fn fields_of_outputs(&self, outputs: &[Output], inner: &[&str]) -> Vec<CompletionItem> {
        match inner {
            [] => {
                let all = outputs.iter().map(|output| {
                    let made = item(
                        &output.name,
                        CompletionItemKind::FIELD,
                        &output.ty.to_string(),
                    );
                    described(made, output.description.clone())
                });
                all.collect()
            }
            [name, inner @ ..] => {
                let output = outputs.iter().find(|output| output.name == *name);
                output
                    .map(|output| self.attributes(&output.ty, inner))
                    .unwrap_or_default()
            }
        }
    }

    /// The attributes of a type at the end of a path. Indexes are left out of paths, so a list stands for its items.
    fn attributes(&self, ty: &Type, inner: &[&str]) -> Vec<CompletionItem> {
        let described = self.analysis.described(self.modules);
        let (mut ty, mut inner) = (described.opened(ty), inner);
        loop {
            let next = match (&ty, inner) {
                (Type::List(item), _) => (**item).clone(),
                (Type::Object(all), []) => {
                    let item = |field: &bggo_values::Field| {
                        let ty = field.ty.to_string();
                        item(field.name.as_str(), CompletionItemKind::FIELD, &ty)
                    };
                    return all.iter().map(item).collect();
                }
                (Type::Object(_), [name, rest @ ..]) => {
                    inner = rest;
                    match ty.attribute(name) {
                        Some(ty) => ty.clone(),
                        None => return Vec::new(),
                    }
                }
                (Type::Map(item), [_, rest @ ..]) => {
                    inner = rest;
                    (**item).clone()
                }
                _ => return Vec::new(),
            };
            ty = described.opened(&next);
        }
    }

    fn type_of(&self, expr: &Expr) -> Option<&'a Type> {
        let mut types = self.analysis.types(self.modules).iter();
        types
            .find(|seen| seen.span == expr.span)
            .map(|seen| &seen.ty)
    }
}

fn inputs_of_flow(flow: &FlowDecl) -> Vec<CompletionItem> {
    let inputs = flow.inputs.iter().map(|input| {
        let ty = input.ty.as_ref().map_or(Type::Any, |ty| ty.ty.clone());
        let made = item(
            &input.name.text,
            CompletionItemKind::PROPERTY,
            &ty.to_string(),
        );
        described(made, written(input.description.as_ref()))
    });
    inputs.collect()
}

/// Names that are always the same.
fn fixed(names: &[&str]) -> Vec<CompletionItem> {
    let names = names.iter();
    names
        .map(|name| item(name, CompletionItemKind::FIELD, ""))
        .collect()
}

/// Each kind once.
fn distinct<'n>(names: impl Iterator<Item = &'n String>) -> Vec<CompletionItem> {
    let names: std::collections::BTreeSet<&String> = names.collect();
    let names = names.into_iter();
    names
        .map(|name| item(name, CompletionItemKind::CLASS, ""))
        .collect()
}

/// A description as it is written in the grid.
fn written(description: Option<&Expr>) -> String {
    match description.map(|expr| &expr.kind) {
        Some(ExprKind::Text(text)) => text.clone(),
        _ => String::new(),
    }
}

fn item(name: &str, kind: CompletionItemKind, detail: &str) -> CompletionItem {
    CompletionItem {
        label: name.to_owned(),
        kind: Some(kind),
        detail: (!detail.is_empty()).then(|| detail.to_owned()),
        ..CompletionItem::default()
    }
}

fn described(mut item: CompletionItem, words: String) -> CompletionItem {
    if !words.is_empty() {
        item.documentation = Some(Documentation::MarkupContent(MarkupContent {
            kind: MarkupKind::Markdown,
            value: words,
        }));
    }
    item
}
