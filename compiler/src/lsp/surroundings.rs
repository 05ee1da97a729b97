//! What stands around a place that is written: the blocks, the body, and what they name.

use bggo_manifest::{Input, Output};
use bggo_values::{Field, Type};
use lsp_types::{CompletionItem, CompletionItemKind};

use super::analysis::Analysis;
use super::cursor::{Block, Cursor};
use super::items::{described, fields_of_outputs, fields_opened, fixed, item, written};
use crate::check::{Described, ShownMethod};
use crate::modules::Modules;
use crate::resolve::model::{BodyId, Callee, InBody, Node, ResourceId, StepId};
use crate::syntax::decl::{BodyKind, Declarations, Expr, FlowDecl, Phase};

/// Names of headers that requests often have.
const HEADERS: [&str; 14] = [
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Authorization",
    "Cache-Control",
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "Origin",
    "Referer",
    "User-Agent",
    "X-Forwarded-For",
    "X-Request-Id",
    "X-Requested-With",
];

/// A place at which something is written.
pub struct Surroundings<'a> {
    /// The blocks around it, and what is written.
    pub cursor: &'a Cursor,
    /// The grid.
    pub analysis: &'a Analysis,
    /// The modules.
    pub modules: &'a Modules,
}

impl<'a> Surroundings<'a> {
    /// What the grid declares.
    pub fn declarations(&self) -> &'a Declarations {
        &self.analysis.resolved.declarations
    }

    /// The block around the place, so many further out.
    pub fn block(&self, from_inside: usize) -> Option<&'a Block> {
        let at = self.cursor.blocks.len().checked_sub(from_inside + 1)?;
        self.cursor.blocks.get(at)
    }

    /// The kinds of the blocks around, outermost first.
    pub fn kinds(&self) -> Vec<&'a str> {
        let blocks = self.cursor.blocks.iter();
        blocks.map(|one| one.kind.as_str()).collect()
    }

    /// The step around the place, wherever in it that is.
    pub fn own_step(&self) -> Option<StepId> {
        let mut blocks = self.cursor.blocks.iter().rev();
        match blocks.find(|one| one.kind == "step")?.labels.as_slice() {
            [kind, name, ..] => self.step(self.body(), kind, name),
            _ => None,
        }
    }

    /// The step or the resource around the place.
    fn owner(&self) -> Option<Node> {
        let owner = self.block(1)?;
        let [kind, name, ..] = owner.labels.as_slice() else {
            return None;
        };
        match owner.kind.as_str() {
            "step" => self.step(self.body(), kind, name).map(Node::Step),
            "resource" => {
                let mut resources = self.resources().into_iter();
                let is_it = |id: &ResourceId| {
                    let resource = self.declarations().resource(*id);
                    resource.asset.text == *kind && resource.name.text == *name
                };
                resources.find(is_it).map(Node::Resource)
            }
            _ => None,
        }
    }

    /// The methods of which an argument that is written names one.
    pub fn methods(&self, attribute: &str) -> &'a [ShownMethod] {
        let mut inputs = self.inputs().unwrap_or_default().iter();
        let selects = inputs.any(|input| input.name == attribute && input.selects.is_some());
        match self.owner().filter(|_| selects) {
            Some(owner) => self
                .analysis
                .described(self.modules)
                .methods(owner, attribute),
            None => &[],
        }
    }

    /// The type that an attribute takes, where a message, a manifest or the grid says it.
    fn wanted(&self, attribute: &str) -> Option<Type> {
        let kinds = self.kinds();
        match kinds.as_slice() {
            [.., "on_error"] if attribute == "fallback" => self.all_outputs(self.own_step()?),
            ["variable"] if attribute == "default" => {
                let name = self.block(0)?.labels.first()?;
                let mut variables = self.declarations().variables.iter();
                let variable = variables.find(|variable| variable.name.text == *name)?;
                Some(variable.ty.as_ref()?.ty.clone())
            }
            [.., "input"] if attribute == "default" => {
                let name = self.block(0)?.labels.first()?;
                let mut inputs = self.declarations().flow(self.body())?.inputs.iter();
                let input = inputs.find(|input| input.name.text == *name)?;
                Some(input.ty.as_ref()?.ty.clone())
            }
            [.., "arguments"] => {
                if let Some((_, flow)) = self.flow(self.block(1)?.labels.first()?) {
                    let mut inputs = flow.inputs.iter();
                    let input = inputs.find(|input| input.name.text == attribute)?;
                    return Some(input.ty.as_ref()?.ty.clone());
                }
                let mut inputs = self.inputs()?.iter();
                let input = inputs.find(|input| input.name == attribute)?;
                let described = self.analysis.described(self.modules);
                let by_method = match self.owner() {
                    Some(Node::Step(step)) => described.by_method(step, attribute),
                    _ => None,
                };
                Some(by_method.unwrap_or(&input.ty).clone())
            }
            _ => None,
        }
    }

    /// The type of what stands below some keys of an attribute.
    fn type_within(&self, attribute: &str, keys: &[String]) -> Option<Type> {
        let described = self.analysis.described(self.modules);
        let mut ty = self.wanted(attribute)?;
        for key in keys {
            ty = match described.opened_to_give(&without_lists(ty, described)) {
                Type::Map(of) => *of,
                opened => opened.attribute(key)?.clone(),
            };
        }
        Some(without_lists(ty, described))
    }

    /// The fields of the object that is written below some keys of an attribute.
    pub fn fields_within(&self, attribute: &str, keys: &[String]) -> Vec<CompletionItem> {
        if attribute == "mix" && keys.is_empty() {
            return self.flows();
        }
        let Some(ty) = self.type_within(attribute, keys) else {
            return Vec::new();
        };
        if let (Type::Map(_), "headers", []) = (&ty, attribute, keys) {
            return fixed(&HEADERS);
        }
        let described = self.analysis.described(self.modules);
        let fields = self.fields(&ty, &[]).into_iter();
        let fields = fields.map(|field| match &ty {
            Type::Named(named) => {
                let words = described.words_of_field(named, &field.label);
                self::described(field, words.unwrap_or_default())
            }
            _ => field,
        });
        fields.collect()
    }

    /// The flows that a grid names.
    pub fn flows(&self) -> Vec<CompletionItem> {
        let all = self.declarations();
        // What a step of the kind `mix` runs is a flow that no grid names.
        let flows = all.flows().filter(|(id, _)| all.body(*id).mix.is_none());
        let flows = flows.map(|(id, flow)| {
            let made = item(
                &all.body(id).name.text,
                CompletionItemKind::FUNCTION,
                "flow",
            );
            described(made, written(flow.description.as_ref()))
        });
        flows.collect()
    }

    /// The texts of which there is one below some keys of an argument.
    pub fn words_within(&self, attribute: &str, keys: &[String]) -> Vec<String> {
        let ty = self.type_within(attribute, keys);
        let described = self.analysis.described(self.modules);
        ty.map_or(Vec::new(), |ty| described.names_of_enum(&ty))
    }

    /// The inputs of what the block around `arguments` names.
    pub fn inputs(&self) -> Option<&'a [Input]> {
        let owner = self.block(1)?;
        let kind = owner.labels.first()?;
        match owner.kind.as_str() {
            "step" => Some(&self.modules.runner(self.modules.find_runner(kind)?).inputs),
            "resource" => Some(&self.modules.asset(self.modules.find_asset(kind)?).inputs),
            _ => None,
        }
    }

    /// A flow.
    pub fn flow(&self, name: &str) -> Option<(BodyId, &'a FlowDecl)> {
        let mut flows = self.declarations().flows();
        flows.find(|flow| self.declarations().body(flow.0).name.text == name)
    }

    /// The body that the place stands in.
    pub fn body(&self) -> BodyId {
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

    /// The bodies of a phase: that of the grid, and those of scenarios.
    pub fn phases(&self, phase: Phase) -> Vec<BodyId> {
        let ids = self.declarations().body_ids();
        ids.filter(|id| self.declarations().body(*id).kind == BodyKind::Phase(phase))
            .collect()
    }

    /// A step of a body.
    pub fn step(&self, body: BodyId, kind: &str, name: &str) -> Option<StepId> {
        let mut steps = self.declarations().step_ids(body);
        steps.find(|id| {
            let step = self.declarations().step(*id);
            step.runner.text == kind && step.name.text == name
        })
    }

    /// The resources that can be used at the place.
    pub fn resources(&self) -> Vec<ResourceId> {
        let of_grid = self.declarations().resource_ids(BodyId::MAIN);
        let own = self.declarations().resource_ids(self.body());
        of_grid
            .chain(own.filter(|id| id.body() != BodyId::MAIN))
            .collect()
    }

    /// The outputs of a step, or what stands within one of them.
    pub fn outputs(&self, id: StepId, inner: &[&str]) -> Vec<CompletionItem> {
        match self.analysis.resolved.callees.get(id).copied().flatten() {
            Some(Callee::Runner(at)) => {
                let outputs = &self.modules.runner(at).outputs;
                match inner {
                    [name, inner @ ..] if let Some(ty) = self.by_document(id, outputs, name) => {
                        self.fields(ty, inner)
                    }
                    _ => fields_of_outputs(outputs, inner),
                }
            }
            Some(Callee::Flow(flow)) => self.outputs_of_flow(flow, inner),
            None => Vec::new(),
        }
    }

    /// The type that a document gives to an output of a step.
    fn by_document(&self, id: StepId, outputs: &[Output], name: &str) -> Option<&'a Type> {
        let output = outputs.iter().find(|output| output.name == name)?;
        output.type_from.as_ref()?;
        self.analysis.described(self.modules).by_document(id, name)
    }

    /// The type of one output of a step.
    pub fn type_of_output(&self, id: StepId, name: &str) -> Option<Type> {
        self.all_outputs(id)?.attribute(name).cloned()
    }

    /// The outputs of a step as one object.
    fn all_outputs(&self, id: StepId) -> Option<Type> {
        let field = |name: &str, ty: Type| Field {
            name: name.into(),
            ty,
            optional: None,
        };
        let fields = match self.analysis.resolved.callees.get(id).copied().flatten()? {
            Callee::Runner(at) => {
                let outputs = &self.modules.runner(at).outputs;
                let outputs_of = outputs.iter().map(|output| {
                    let ty = self.by_document(id, outputs, &output.name);
                    field(&output.name, ty.unwrap_or(&output.ty).clone())
                });
                outputs_of.collect()
            }
            Callee::Flow(flow) => {
                let outputs = self.declarations().flow(flow)?.outputs.iter();
                let outputs = outputs.map(|output| {
                    let ty = output.value.as_ref().and_then(|value| self.type_of(value));
                    field(&output.name.text, ty.cloned().unwrap_or(Type::Any))
                });
                outputs.collect()
            }
        };
        Some(Type::Object(fields))
    }

    /// What a type is, where a document may describe it.
    pub fn opened(&self, ty: &Type) -> Type {
        self.analysis.described(self.modules).opened(ty)
    }

    /// The fields of a type at the end of a path, where a document may describe it.
    pub fn fields(&self, ty: &Type, inner: &[&str]) -> Vec<CompletionItem> {
        let described = self.analysis.described(self.modules);
        fields_opened(ty, inner, &|ty| described.opened(ty))
    }

    fn outputs_of_flow(&self, flow: BodyId, inner: &[&str]) -> Vec<CompletionItem> {
        let flow = self.declarations().flow(flow).into_iter();
        let mut outputs = flow.flat_map(|flow| &flow.outputs);
        let ty = |value: &Option<Expr>| value.as_ref().and_then(|value| self.type_of(value));
        match inner {
            [] => {
                let outputs = outputs.map(|output| {
                    let ty = ty(&output.value).map_or(String::new(), Type::to_string);
                    let made = item(&output.name.text, CompletionItemKind::FIELD, &ty);
                    described(made, written(output.description.as_ref()))
                });
                outputs.collect()
            }
            [name, inner @ ..] => {
                let output = outputs.find(|output| output.name.text == *name);
                let ty = output.and_then(|output| ty(&output.value));
                ty.map(|ty| self.fields(ty, inner)).unwrap_or_default()
            }
        }
    }

    /// The type of an expression, as far as it has one.
    pub fn type_of(&self, expr: &Expr) -> Option<&'a Type> {
        let mut types = self.analysis.types(self.modules).iter();
        types
            .find(|seen| seen.span == expr.span)
            .map(|seen| &seen.ty)
    }
}

/// The type of the items, of lists and sets of such as well.
fn without_lists(ty: Type, described: &Described) -> Type {
    let mut ty = ty;
    loop {
        match described.opened(&ty) {
            Type::List(of) | Type::Set(of) => ty = *of,
            _ => return ty,
        }
    }
}
