//! Each place of a grid at which a name stands, with what it names: the declaration itself, and who reads it.

use super::analysis::{Analysis, At};
use crate::resolve::model::{
    BodyId, Callee, DataId, InputId, LocalId, MetricSubject, Reference, ResourceId, StepId,
    VariableId,
};
use crate::source::Span;
use crate::syntax::all_expressions::expressions;
use crate::syntax::decl::{Expr, ExprKind, Name};

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// A step.
    Step(StepId),
    /// A resource.
    Resource(ResourceId),
    /// A variable.
    Variable(VariableId),
    /// A local.
    Local(LocalId),
    /// An input of a flow.
    Input(InputId),
    /// An output of a flow: its position among them.
    Output(BodyId, usize),
    /// A flow.
    Flow(BodyId),
    /// Data.
    Data(DataId),
}

/// A place at which a name stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The name alone, without quotes.
    pub span: Span,
    /// What it names.
    pub named: Named,
    /// Whether it is the declaration.
    pub declares: bool,
}

/// All of them, in the order of the text.
pub fn places(analysis: &Analysis) -> Vec<Place> {
    let mut finder = Finder {
        analysis,
        found: Vec::new(),
    };
    finder.declarations();
    for expr in expressions(&analysis.resolved.declarations) {
        finder.reference(expr);
    }
    finder.metrics();
    let mut found = finder.found;
    found.sort_by_key(|place| (place.span, !place.declares));
    found.dedup_by_key(|place| (place.span, place.named));
    found
}

/// The place whose name is touched.
pub fn place_at(places: &[Place], at: At) -> Option<Place> {
    let mut places = places.iter();
    places.find(|place| at.touches(place.span)).copied()
}

/// The step of which an expression is all outputs: `step.R.N.output`, with an instance or without, or `output`.
pub fn step_of_output(analysis: &Analysis, expr: &Expr) -> Option<StepId> {
    let references = &analysis.resolved.references;
    if let Some(Reference::OwnOutput(id)) = references.get(&expr.id) {
        return Some(*id);
    }
    let ExprKind::Field(step, word) = &expr.kind else {
        return None;
    };
    let step = match &step.kind {
        ExprKind::Index(step, _) | ExprKind::Splat { over: step, .. } => step,
        _ => step,
    };
    let step = match references.get(&step.id)? {
        // An item of what a `for` or a splat runs over.
        Reference::Bound(item) => {
            let mut bound = analysis.resolved.bound.iter();
            let (over, _) = bound.find(|(_, (_, bound))| bound == item)?;
            references.get(over)?
        }
        step => step,
    };
    match step {
        Reference::Step(id) if word.text == "output" => Some(*id),
        _ => None,
    }
}

struct Finder<'a> {
    analysis: &'a Analysis,
    found: Vec<Place>,
}

impl Finder<'_> {
    fn declarations(&mut self) {
        let all = &self.analysis.resolved.declarations;
        for (at, variable) in all.variables.iter().enumerate() {
            self.add(variable.name.span, Named::Variable(VariableId(at)), true);
        }
        for (at, local) in all.locals.iter().enumerate() {
            self.add(local.name.span, Named::Local(LocalId(at)), true);
        }
        for (at, data) in all.data.iter().enumerate() {
            self.add(data.name.span, Named::Data(DataId(at)), true);
        }
        // What a step of the kind `mix` runs is a flow that no grid names.
        let flows = all
            .flows()
            .filter(|(flow, _)| all.body(*flow).mix.is_none());
        for (flow, decl) in flows {
            self.add(all.body(flow).name.span, Named::Flow(flow), true);
            for (index, input) in decl.inputs.iter().enumerate() {
                let named = Named::Input(InputId { flow, index });
                self.add(input.name.span, named, true);
            }
            for (index, output) in decl.outputs.iter().enumerate() {
                self.add(output.name.span, Named::Output(flow, index), true);
            }
        }
        for body in all.body_ids() {
            for id in all.resource_ids(body) {
                let resource = all.resource(id);
                self.add(resource.name.span, Named::Resource(id), true);
                self.depends_on(body, &resource.depends_on);
            }
            for id in all.step_ids(body) {
                self.step(id);
            }
        }
    }

    fn step(&mut self, id: StepId) {
        let resolved = &self.analysis.resolved;
        let step = resolved.declarations.step(id);
        // A choice of a mix has its flow's name, which stands there once.
        if step.name.span != step.runner.span {
            self.add(step.name.span, Named::Step(id), true);
        }
        self.depends_on(id.body, &step.depends_on);
        let Some(flow) = self.flow_of(id) else {
            return;
        };
        self.add(step.runner.span, Named::Flow(flow), false);
        let inputs = resolved.declarations.flow(flow).map(|flow| &flow.inputs);
        let Some(inputs) = inputs else { return };
        let given = step.arguments.iter().flat_map(|block| &block.attributes);
        for attribute in given {
            let name = &attribute.name;
            if let Some(index) = inputs.iter().position(|input| input.name.text == name.text) {
                self.add(name.span, Named::Input(InputId { flow, index }), false);
            }
        }
    }

    /// The flow that a step calls.
    fn flow_of(&self, id: StepId) -> Option<BodyId> {
        if self.analysis.resolved.declarations.step(id).mix.is_some() {
            return None;
        }
        match self.analysis.resolved.callees.get(id)? {
            Some(Callee::Flow(flow)) => Some(*flow),
            Some(Callee::Runner(_)) | None => None,
        }
    }

    /// An expression that the resolve stage knows the meaning of.
    fn reference(&mut self, expr: &Expr) {
        let ExprKind::Field(base, name) = &expr.kind else {
            return;
        };
        let named = match self.analysis.resolved.references.get(&expr.id) {
            Some(Reference::Step(id)) => {
                self.kind_of(*id, base);
                Named::Step(*id)
            }
            Some(Reference::Resource(id)) => Named::Resource(*id),
            Some(Reference::Data(id)) => Named::Data(*id),
            Some(Reference::Variable(id)) => Named::Variable(*id),
            Some(Reference::Local(id)) => Named::Local(*id),
            Some(Reference::Input(id)) => Named::Input(*id),
            Some(_) => return,
            None => return self.output_of_flow(base, name),
        };
        self.add(name.span, named, false);
    }

    /// The `O` of `step.F.N.output.O`, or of `output.O` in a step that calls a flow.
    fn output_of_flow(&mut self, base: &Expr, name: &Name) {
        let Some(step) = step_of_output(self.analysis, base) else {
            return;
        };
        let Some(flow) = self.flow_of(step) else {
            return;
        };
        let decl = self.analysis.resolved.declarations.flow(flow);
        let mut outputs = decl.into_iter().flat_map(|flow| &flow.outputs);
        if let Some(index) = outputs.position(|output| output.name.text == name.text) {
            self.add(name.span, Named::Output(flow, index), false);
        }
    }

    /// The `F` of `step.F.N`, where that is a flow.
    fn kind_of(&mut self, id: StepId, base: &Expr) {
        if let (ExprKind::Field(_, kind), Some(flow)) = (&base.kind, self.flow_of(id)) {
            self.add(kind.span, Named::Flow(flow), false);
        }
    }

    /// Items of `depends_on`, which name steps and resources as references or as texts, and texts with fewer names.
    fn depends_on(&mut self, body: BodyId, items: &[Expr]) {
        for item in items {
            let names = self.address(item);
            let Some((name, kind, named)) = self.target(body, &names) else {
                continue;
            };
            self.add(name.span, named, false);
            if let (Named::Step(id), Some(kind)) = (named, kind)
                && let Some(flow) = self.flow_of(id)
            {
                self.add(kind.span, Named::Flow(flow), false);
            }
        }
    }

    /// What the names of an item stand for, with the name and the kind that say so.
    fn target<'n>(
        &self,
        body: BodyId,
        names: &'n [Name],
    ) -> Option<(&'n Name, Option<&'n Name>, Named)> {
        let (word, kind, name) = match names {
            [word, kind, name] => (Some(word.text.as_str()), Some(kind), name),
            [kind, name] => (None, Some(kind), name),
            [name] => (None, None, name),
            _ => return None,
        };
        let all = &self.analysis.resolved.declarations;
        let fits = |of_kind: &Name, called: &Name| {
            called.text == name.text && kind.is_none_or(|kind| kind.text == of_kind.text)
        };
        let steps = all.step_ids(body).filter(|id| {
            let step = all.step(*id);
            fits(&step.runner, &step.name)
        });
        let outer = (body != BodyId::MAIN).then(|| all.resource_ids(BodyId::MAIN));
        let resources = all.resource_ids(body).chain(outer.into_iter().flatten());
        let resources = resources.filter(|id| {
            let resource = all.resource(*id);
            fits(&resource.asset, &resource.name)
        });
        let steps: Vec<StepId> = steps.filter(|_| word != Some("resource")).collect();
        let resources: Vec<ResourceId> = resources.filter(|_| word != Some("step")).collect();
        let named = match (steps.as_slice(), resources.as_slice()) {
            _ if word.is_some_and(|word| word != "step" && word != "resource") => return None,
            ([step], _) => Named::Step(*step),
            ([], [resource, ..]) => Named::Resource(*resource),
            _ => return None,
        };
        Some((name, kind, named))
    }

    /// The names of an item, whatever instance it means; none where it has no such form.
    fn address(&self, item: &Expr) -> Vec<Name> {
        match &item.kind {
            ExprKind::Index(over, _) | ExprKind::Splat { over, .. } => self.address(over),
            // A reference is written whole.
            ExprKind::Field(..) => written(item).map(Vec::from).unwrap_or_default(),
            ExprKind::Text(text) => {
                let inner = self.unquoted(item.span);
                let names = |text: &str| text.split('[').next().unwrap_or_default().to_owned();
                let text = names(text);
                // With escapes in it, places in the text are not places in the file.
                if names(self.analysis.sources.text(inner)) != text {
                    return Vec::new();
                }
                let length = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX);
                let mut at = inner.start;
                let names = text.split('.').map(|name| {
                    let span = Span {
                        start: at,
                        end: at.saturating_add(length(name)),
                        ..inner
                    };
                    at = span.end.saturating_add(1);
                    Name {
                        text: name.to_owned(),
                        span,
                    }
                });
                names.collect()
            }
            _ => Vec::new(),
        }
    }

    /// `metrics.R.N`, `metrics.flow.F` and `metrics.flow.F.step.R.N` of thresholds.
    fn metrics(&mut self) {
        let analysis = self.analysis;
        for read in &analysis.resolved.metrics {
            match &read.subject {
                MetricSubject::Step {
                    runner,
                    name,
                    steps,
                    ..
                } => {
                    // Several steps of one name are not told apart here, and none of them is renamed alone.
                    if let [step] = steps.as_slice() {
                        let before = format!(".{runner}.");
                        self.after(read.span, (&before, name, ""), Named::Step(*step));
                        if let Some(flow) = self.flow_of(*step) {
                            let after = format!(".{name}");
                            self.after(read.span, (".", runner, &after), Named::Flow(flow));
                        }
                    }
                }
                MetricSubject::Flow { flow, step, steps } => {
                    let name = &analysis.resolved.declarations.body(*flow).name.text;
                    self.after(read.span, (".flow.", name, ""), Named::Flow(*flow));
                    if let (Some([runner, name]), [id]) = (step, steps.as_slice()) {
                        let before = format!(".step.{runner}.");
                        self.after(read.span, (&before, name, ""), Named::Step(*id));
                    }
                }
                MetricSubject::Run | MetricSubject::Scenario(_) | MetricSubject::Custom(_) => {}
            }
        }
    }

    /// The name that stands between these words in a piece of text.
    fn after(&mut self, within: Span, (before, name, after): (&str, &str, &str), named: Named) {
        let text = self.analysis.sources.text(within);
        let Some(at) = text.find(&format!("{before}{name}{after}")) else {
            return;
        };
        let offset = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        let start = within.start.saturating_add(offset(at + before.len()));
        let end = start.saturating_add(offset(name.len()));
        let span = Span {
            start,
            end,
            ..within
        };
        self.found.push(Place {
            span,
            named,
            declares: false,
        });
    }

    fn add(&mut self, span: Span, named: Named, declares: bool) {
        let span = self.unquoted(span);
        if span.start < span.end {
            self.found.push(Place {
                span,
                named,
                declares,
            });
        }
    }

    fn unquoted(&self, span: Span) -> Span {
        let text = self.analysis.sources.text(span);
        let is_quoted = text.len() > 1 && text.starts_with('"') && text.ends_with('"');
        match is_quoted {
            true => Span {
                start: span.start + 1,
                end: span.end - 1,
                ..span
            },
            false => span,
        }
    }
}

/// The three names of `step.R.N`.
fn written(item: &Expr) -> Option<[Name; 3]> {
    let ExprKind::Field(base, name) = &item.kind else {
        return None;
    };
    let ExprKind::Field(root, kind) = &base.kind else {
        return None;
    };
    let ExprKind::Root(text) = &root.kind else {
        return None;
    };
    let word = Name {
        text: text.clone(),
        span: root.span,
    };
    Some([word, kind.clone(), name.clone()])
}
