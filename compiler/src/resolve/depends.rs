//! `depends_on`: its items, which are references or strings of the same form, to edges.

use crate::diagnostics::{Hint, codes, nearest};
use crate::source::Span;
use crate::syntax::decl::{Expr, ExprKind, Name, Phase};

use super::address;
use super::model::{EdgeKind, Instances, Node, ResourceId, StepId};
use super::reference::Resolver;
use super::traversal::{literal, name_at, spine};

/// What an item names: up to three names and an instance.
struct Address {
    names: Vec<Name>,
    instances: Instances,
    /// It was written as a string.
    text: bool,
}

impl<'a> Resolver<'a> {
    /// Adds an edge for each item.
    pub(super) fn depends_on(&mut self, items: &'a [Expr]) {
        for item in items {
            if let Some(address) = self.address(item)
                && let Some(to) = self.target(&address, item.span)
            {
                self.depend(to, address.instances, item.span);
            }
        }
    }

    fn depend(&mut self, to: Node, instances: Instances, span: Span) {
        if Some(to) == self.owner.node {
            self.problems
                .error(codes::SELF_REFERENCE, span, "this depends on itself");
        } else if matches!(to, Node::Resource(_)) && instances != Instances::All {
            self.problems.error(
                codes::UNEXPECTED_INDEX,
                span,
                "a resource has no instances, found an index",
            );
        } else {
            self.edge(to, instances, (span, EdgeKind::Explicit));
        }
    }

    fn address(&mut self, item: &'a Expr) -> Option<Address> {
        match &item.kind {
            _ if !item.is_whole() => None,
            ExprKind::Text(text) => match address::read(text, item.span) {
                Some((names, instances)) if names.len() <= 3 => Some(Address {
                    names,
                    instances,
                    text: true,
                }),
                Some(_) => {
                    let text = format!("`{text}` names more than a step or resource");
                    self.wrong(item.span, text);
                    None
                }
                None => {
                    self.wrong(item.span, format!("`{text}` names no step and no resource"));
                    None
                }
            },
            ExprKind::Template(_) => {
                self.problems
                    .error(
                        codes::INVALID_DEPENDENCY,
                        item.span,
                        "a text of `depends_on` is a name, found a template",
                    )
                    .hint("the graph is known when the grid is built: name the step itself");
                None
            }
            ExprKind::Root(_) | ExprKind::Field(..) | ExprKind::Index(..) => self.written(item),
            // `[*]` means the same as the name alone.
            ExprKind::Splat { over, each }
                if matches!(each.kind, ExprKind::Each)
                    && !matches!(over.kind, ExprKind::Index(..)) =>
            {
                self.written(over)
            }
            ExprKind::Splat { .. } => {
                self.problems
                    .error(
                        codes::INVALID_DEPENDENCY,
                        item.span,
                        "expected a step or resource, found a splat",
                    )
                    .hint("without an index the step means all its instances");
                None
            }
            _ => {
                self.wrong(item.span, "expected a step or resource".to_owned());
                None
            }
        }
    }

    /// `step.R.N` and `step.R.N[0]`, written as a reference.
    fn written(&mut self, item: &'a Expr) -> Option<Address> {
        let nodes = spine(item);
        let root = match nodes.first().map(|root| (&root.kind, root.span)) {
            Some((ExprKind::Root(text), span)) => Name {
                text: text.clone(),
                span,
            },
            _ => {
                self.wrong(item.span, "expected a step or resource".to_owned());
                return None;
            }
        };
        let mut names = vec![root];
        names.extend(
            (1..nodes.len())
                .map_while(|place| name_at(&nodes, place))
                .take(2)
                .cloned(),
        );
        let full = matches!(names[0].text.as_str(), "step" | "resource");
        if !full {
            let taken = names.len();
            let written: Vec<&str> = names.iter().map(|name| name.text.as_str()).collect();
            let written = written.join(".");
            let hint = self.without_prefix(&names);
            let ended = Phase::of_name(&names[0].text)
                .filter(|phase| matches!(phase, Phase::Setup | Phase::VuSetup));
            let problem = self.problems.error(
                codes::INVALID_DEPENDENCY,
                nodes[taken - 1].span,
                format!("`{written}` is no step and no resource"),
            );
            let whole = Span {
                start: nodes[0].span.start,
                ..nodes[taken - 1].span
            };
            if let Some(phase) = ended {
                problem.hint(format!(
                    "leave it out: `{phase}` has ended before any of these steps begins"
                ));
                return None;
            }
            problem.advise(hint.map_or_else(
                || format!("write `step.RUNNER.NAME`, or a text: `\"{written}\"`").into(),
                |hint| hint.at(whole),
            ));
            return None;
        }
        let instances = match nodes.get(names.len()..).unwrap_or_default() {
            [] => Instances::All,
            [
                Expr {
                    kind: ExprKind::Index(_, index),
                    ..
                },
            ] => match literal(index) {
                Some(instances) => instances,
                None => {
                    self.problems
                        .error(
                            codes::INVALID_DEPENDENCY,
                            index.span,
                            "an index in `depends_on` is a literal number or string",
                        )
                        .hint("without an index the step means all its instances");
                    return None;
                }
            },
            _ => {
                let text = "expected a step or resource, found a value of it".to_owned();
                let problem = self
                    .problems
                    .error(codes::INVALID_DEPENDENCY, item.span, text);
                let names: Vec<&str> = names.iter().map(|name| name.text.as_str()).collect();
                problem.advise(Hint::write(names.join(".")));
                return None;
            }
        };
        Some(Address {
            names,
            instances,
            text: false,
        })
    }

    /// The full form of a reference without its first word.
    fn without_prefix(&self, names: &[Name]) -> Option<Hint> {
        let body = self.own_body();
        let (kind, name) = match names {
            [name] => {
                let step = self.names.steps_called(body, &name.text).first()?;
                return Some(Hint::meant(self.declarations.step(*step).address()));
            }
            [kind, name, ..] => (kind.text.as_str(), name.text.as_str()),
            [] => return None,
        };
        let word = if self.names.step(body, kind, name).is_some() {
            "step"
        } else if self.names.resource(body, kind, name).is_some() {
            "resource"
        } else {
            return None;
        };
        Some(Hint::meant(format!("{word}.{kind}.{name}")))
    }

    /// The step or resource that an item names.
    fn target(&mut self, address: &Address, span: Span) -> Option<Node> {
        let before = self.problems.list.len();
        let target = self.named_target(address, span);
        if address.instances != Instances::All {
            // A fix is an address without an index: that would be lost.
            for problem in self.problems.list.iter_mut().skip(before) {
                problem.fixes.clear();
            }
        }
        target
    }

    fn named_target(&mut self, address: &Address, span: Span) -> Option<Node> {
        match address.names.as_slice() {
            [word, kind, name] if word.text == "step" => self.step_target(kind, name, span),
            [word, kind, name] if word.text == "resource" => self.resource_target(kind, name, span),
            [kind, name] if address.text && !is_word(kind) => self.kind_target(kind, name, span),
            [name] if address.text && !is_word(name) => self.bare_target(name, span),
            names => {
                let written: Vec<&str> = names.iter().map(|name| name.text.as_str()).collect();
                let text = format!(
                    "`{}` is no full name of a step or resource",
                    written.join(".")
                );
                self.wrong(span, text);
                None
            }
        }
    }

    fn step_target(&mut self, kind: &Name, name: &Name, span: Span) -> Option<Node> {
        if let Some(id) = self.names.step(self.own_body(), &kind.text, &name.text) {
            return Some(Node::Step(id));
        }
        if self
            .declarations
            .may_declare("step", &[&kind.text, &name.text])
        {
            return None;
        }
        let hint = self.step_hint(kind, name);
        let hint = hint.or_else(|| self.steps_here());
        self.missing_target(
            (codes::UNKNOWN_STEP, span),
            format!("there is no step `{}.{}`", kind.text, name.text),
            hint,
        );
        None
    }

    fn resource_target(&mut self, kind: &Name, name: &Name, span: Span) -> Option<Node> {
        if let Some(id) = self.names.resource(self.own_body(), &kind.text, &name.text) {
            return Some(Node::Resource(id));
        }
        if self
            .declarations
            .may_declare("resource", &[&kind.text, &name.text])
        {
            return None;
        }
        let hint = self.resource_hint(kind, name);
        self.missing_target(
            (codes::UNKNOWN_RESOURCE, span),
            format!("there is no resource `{}.{}`", kind.text, name.text),
            hint,
        );
        None
    }

    /// `KIND.NAME`: the step or the resource of that address.
    fn kind_target(&mut self, kind: &Name, name: &Name, span: Span) -> Option<Node> {
        let step = self.names.step(self.own_body(), &kind.text, &name.text);
        let resource = self.names.resource(self.own_body(), &kind.text, &name.text);
        match (step, resource) {
            (Some(step), None) => Some(Node::Step(step)),
            (None, Some(resource)) => Some(Node::Resource(resource)),
            (Some(step), Some(resource)) => {
                self.ambiguous(
                    &format!("{}.{}", kind.text, name.text),
                    &[step],
                    &[resource],
                    span,
                );
                None
            }
            (None, None) if self.may_stand(&[&kind.text, &name.text]) => None,
            (None, None) => {
                let hint = self
                    .step_hint(kind, name)
                    .or_else(|| self.resource_hint(kind, name))
                    .or_else(|| self.steps_here());
                self.missing_target(
                    (codes::UNKNOWN_STEP, span),
                    format!(
                        "there is no step and no resource `{}.{}`",
                        kind.text, name.text
                    ),
                    hint,
                );
                None
            }
        }
    }

    /// `NAME`: the only step of that name, else the only resource.
    fn bare_target(&mut self, name: &Name, span: Span) -> Option<Node> {
        let body = self.own_body();
        let steps = self.names.steps_called(body, &name.text).to_vec();
        let resources = self.names.resources_called(body, &name.text).to_vec();
        match (steps.as_slice(), resources.as_slice()) {
            ([step], _) => Some(Node::Step(*step)),
            ([], [resource]) => Some(Node::Resource(*resource)),
            ([], []) if self.may_stand(&[&name.text]) => None,
            ([], []) => {
                let known = self
                    .other_step_names(body)
                    .chain(self.names.resource_names(body));
                let hint = nearest::nearest(&name.text, known)
                    .map(|near| Hint::meant(format!("\"{near}\"")))
                    .or_else(|| self.steps_here());
                self.missing_target(
                    (codes::UNKNOWN_STEP, span),
                    format!("there is no step and no resource called `{}`", name.text),
                    hint,
                );
                None
            }
            (steps, resources) => {
                let resources = if steps.is_empty() { resources } else { &[] };
                self.ambiguous(&name.text, steps, resources, span);
                None
            }
        }
    }

    fn ambiguous(&mut self, name: &str, steps: &[StepId], resources: &[ResourceId], span: Span) {
        let steps = steps.iter().map(|id| self.declarations.step(*id));
        let steps = steps.map(|step| (step.address(), step.span));
        let resources = resources.iter().map(|id| self.declarations.resource(*id));
        let resources = resources.map(|resource| (resource.address(), resource.span));
        let all: Vec<(String, Span)> = steps.chain(resources).collect();
        let forms: Vec<String> = all.iter().map(|(form, _)| format!("`{form}`")).collect();
        let text = format!("`{name}` may mean any of {}", all.len());
        let problem = self.problems.error(codes::AMBIGUOUS_DEPENDENCY, span, text);
        for (form, place) in &all {
            problem.label(*place, format!("`{form}`"));
        }
        problem.hint(format!("write {}", forms.join(" or ")));
    }

    /// Whether a step or resource with a wrong header may be the one that is named.
    fn may_stand(&self, names: &[&str]) -> bool {
        ["step", "resource"]
            .iter()
            .any(|kind| self.declarations.may_declare(kind, names))
    }

    /// Reports an unknown name, unless it may be declared in a part that could not be read.
    fn missing_target(
        &mut self,
        (code, span): (crate::diagnostics::Code, Span),
        text: String,
        hint: Option<Hint>,
    ) {
        if hint.is_some() || !self.declarations.incomplete {
            self.problems.error(code, span, text).advise(hint);
        }
    }

    fn wrong(&mut self, span: Span, text: String) {
        self.problems
            .error(codes::INVALID_DEPENDENCY, span, text)
            .hint("write `step.RUNNER.NAME`, `\"RUNNER.NAME\"` or `\"NAME\"`, each with `[0]` or `[\"key\"]` where one instance is meant");
    }
}

fn is_word(name: &Name) -> bool {
    matches!(name.text.as_str(), "step" | "resource")
}
