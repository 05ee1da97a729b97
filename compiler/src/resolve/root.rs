//! Traversals to references: `step.R.N`, `var.x`, `count.index` and the like, and what to say about the rest.

use crate::diagnostics::{Hint, Problem, codes, nearest};
use crate::source::Span;
use crate::syntax::decl::{Expr, ExprKind, Name, Phase};

use super::model::{Instances, Node, Read, Reference};
use super::reference::{Reads, Resolver};
use super::traversal::{Traversal, name_at, spine};

/// First words of references that this version knows.
pub const ROOTS: &[&str] = &[
    "var", "local", "input", "step", "resource", "setup", "vu_setup", "output", "previous", "data",
    "count", "each", "vu", "scenario", "run", "path",
];

impl<'a> Resolver<'a> {
    /// A root with names and indexes behind it.
    pub(super) fn traversal(&mut self, expr: &'a Expr) {
        let nodes = spine(expr);
        let Some((root, rest)) = nodes.split_first() else {
            return;
        };
        match &root.kind {
            ExprKind::Root(name) => self.root(name, &nodes),
            _ => self.expr(root),
        }
        for node in rest {
            if let ExprKind::Index(_, index) = &node.kind {
                self.expr(index);
            }
        }
    }

    /// Of a name that is not whole, what its brackets hold; of anything else all.
    pub(super) fn unfinished(&mut self, base: &'a Expr) {
        for node in &spine(base) {
            match &node.kind {
                ExprKind::Root(_) | ExprKind::Field(..) => {}
                ExprKind::Index(_, index) => self.expr(index),
                _ => self.expr(node),
            }
        }
    }

    fn root(&mut self, name: &'a str, nodes: &[&'a Expr]) {
        let Some(root) = nodes.first() else { return };
        if let Some(bound) = self.bound_to(name) {
            return self.refer(root.id, Reference::Bound(bound));
        }
        let here = Traversal {
            nodes,
            first: name_at(nodes, 1),
            second: name_at(nodes, 2),
        };
        if self.owner.reads == Reads::OfRule {
            return self.of_rule(name, &here);
        }
        if self.owner.reads == Reads::OfTemplate {
            let text = name.to_owned();
            let span = root.span;
            here.refer(self, 0, Reference::Read(self.found.reads.len()));
            return self.found.reads.push(Read::Given(Name { text, span }));
        }
        if ROOTS.contains(&name) && !self.may_read(name, &here) {
            return self.refer(root.id, Reference::Error);
        }
        match name {
            "var" => self.variable(&here),
            "local" => self.local(&here),
            "input" => self.input(&here),
            "step" => self.step(&here),
            "resource" => self.resource(&here),
            "output" => self.own_output(&here),
            "data" => self.data_row(&here),
            "previous" => self.previous(&here),
            "count" => self.count(&here),
            "each" => self.each(&here),
            "setup" => self.phase_step(Phase::Setup, &here),
            "vu_setup" => self.phase_step(Phase::VuSetup, &here),
            "teardown" | "vu_teardown" => self.after_all(name, &here),
            "vu" | "scenario" if self.is_outside(name, &here) => {}
            "vu" => {
                let known = [
                    ("id", Reference::VuId),
                    ("iteration", Reference::VuIteration),
                ];
                self.fixed(&here, name, &known);
            }
            "scenario" => {
                let known = [
                    ("name", Reference::ScenarioName),
                    ("iteration", Reference::ScenarioIteration),
                ];
                self.fixed(&here, name, &known);
            }
            "run" => self.fixed(&here, name, &[("id", Reference::RunId)]),
            "path" => self.fixed(&here, name, &[("grid", Reference::PathGrid)]),
            "metrics" => self.metric_address(&here),
            _ => {
                self.unknown(name, &here);
                self.refer(root.id, Reference::Error);
            }
        }
    }

    /// Whether the owner may read this; if not, that is reported.
    fn may_read(&mut self, name: &str, here: &Traversal<'_, 'a>) -> bool {
        let (text, hint) = match self.owner.reads {
            Reads::Everything | Reads::OfRule | Reads::OfTemplate => return true,
            Reads::Start(_) | Reads::Threshold
                if matches!(name, "var" | "local" | "path" | "run") =>
            {
                return true;
            }
            Reads::Start(_) | Reads::Threshold => {
                let owner = match self.owner.reads {
                    Reads::Start(owner) => owner,
                    _ => "a bound of a threshold",
                };
                let text = format!("{owner} is known when the program starts, and `{name}` is not");
                let scenario = here.first.filter(|first| {
                    name == "scenario" && self.names.scenarios.contains_key(first.text.as_str())
                });
                let is_figure = name == "step" && self.owner.reads == Reads::Threshold;
                let hint = match (here.first, here.second) {
                    (Some(runner), Some(step)) if is_figure => format!(
                        "a figure of a step is read as `metrics.{}.{}.response_time.p95`",
                        runner.text, step.text
                    ),
                    _ if let Some(scenario) = scenario => format!(
                        "a scenario that begins when another has ended says `after = scenario.{}`",
                        scenario.text
                    ),
                    _ => "it is computed from literals, variables, and locals made of these"
                        .to_owned(),
                };
                self.problems
                    .error(codes::NOT_KNOWN_AT_START, here.span(), text)
                    .hint(hint);
                return false;
            }
            Reads::Nothing(what, cure) => (
                format!("{what} is a constant, found a reference"),
                cure.to_owned(),
            ),
            Reads::Own(id) => {
                let own = &self.declarations.variables[id.0].name.text;
                if matches!(name, "var" | "path") {
                    return true;
                }
                (
                    "the validation of a variable reads variables, found another reference"
                        .to_owned(),
                    format!("a validation checks `var.{own}`"),
                )
            }
        };
        self.problems
            .error(codes::REFERENCE_NOT_ALLOWED, here.span(), text)
            .hint(hint);
        false
    }

    /// What a rule of a manifest is about.
    fn of_rule(&mut self, name: &str, here: &Traversal<'_, 'a>) {
        let first = here.first.map(|name| name.text.as_str());
        let (place, read) = match (name, first) {
            ("input", _) => {
                let Some(input) = self.one_name(here, "input.NAME") else {
                    return;
                };
                (1, Read::Input(input.clone()))
            }
            ("known", _) => {
                let Some(input) = self.one_name(here, "known.NAME") else {
                    return;
                };
                (1, Read::Known(input.clone()))
            }
            ("uses", _) => {
                let Some((key, input)) = self.two_names(here, "uses.KEY.NAME") else {
                    return;
                };
                (2, Read::Used(key.clone(), input.clone()))
            }
            ("step", Some("time_limit")) => (1, Read::TimeLimit(here.upto(1))),
            ("scenario", Some("loaded")) => (1, Read::Loaded),
            _ => {
                let text = "a rule reads `input.NAME`, `known.NAME`, `uses.KEY.NAME`, `step.time_limit` and `scenario.loaded`, found another name";
                self.problems
                    .error(codes::REFERENCE_NOT_ALLOWED, here.span(), text);
                return here.refer(self, 0, Reference::Error);
            }
        };
        here.refer(self, place, Reference::Read(self.found.reads.len()));
        self.found.reads.push(read);
    }

    fn variable(&mut self, here: &Traversal<'_, 'a>) {
        let Some(name) = self.one_name(here, "var.NAME") else {
            return;
        };
        match self.names.variables.get(name.text.as_str()).copied() {
            Some(id) => {
                here.refer(self, 1, Reference::Variable(id));
                if self.owner.node != Some(Node::Variable(id)) {
                    self.reads(Node::Variable(id), Instances::All, here.upto(1));
                }
            }
            None if self.declarations.may_declare("variable", &[&name.text]) => {
                here.refer(self, 0, Reference::Error);
            }
            None => {
                let hint = nearest::nearest(&name.text, self.names.variables.keys().copied())
                    .map(|near| Hint::meant(format!("var.{near}")).at(here.upto(1)))
                    .or_else(|| {
                        let local = self.names.locals.contains_key(name.text.as_str());
                        local.then(|| {
                            let written = format!("local.{}", name.text);
                            let words = format!("it is a local: write `{written}`");
                            Hint::write(written).saying(words).at(here.upto(1))
                        })
                    })
                    .or_else(|| {
                        Some(format!("declare it: `variable \"{}\" {{}}`", name.text).into())
                    });
                self.unknown_name(here, (codes::UNKNOWN_VARIABLE, name.span), hint, || {
                    format!("there is no variable `{}`", name.text)
                });
            }
        }
    }

    fn local(&mut self, here: &Traversal<'_, 'a>) {
        let Some(name) = self.one_name(here, "local.NAME") else {
            return;
        };
        match self.names.locals.get(name.text.as_str()).copied() {
            Some(id) if self.owner.node == Some(Node::Local(id)) => {
                let hint = "give the value that it is computed from a name of its own";
                self.self_reference(here, here.upto(1), "a local cannot be computed from itself")
                    .hint(hint);
            }
            Some(id) => {
                here.refer(self, 1, Reference::Local(id));
                self.reads(Node::Local(id), Instances::All, here.upto(1));
            }
            None => {
                let hint = nearest::nearest(&name.text, self.names.locals.keys().copied())
                    .map(|near| Hint::meant(format!("local.{near}")).at(here.upto(1)))
                    .or_else(|| {
                        let variable = self.names.variables.contains_key(name.text.as_str());
                        variable.then(|| {
                            let written = format!("var.{}", name.text);
                            let words = format!("it is a variable: write `{written}`");
                            Hint::write(written).saying(words).at(here.upto(1))
                        })
                    });
                self.unknown_name(here, (codes::UNKNOWN_LOCAL, name.span), hint, || {
                    format!("there is no local `{}`", name.text)
                });
            }
        }
    }

    fn step(&mut self, here: &Traversal<'_, 'a>) {
        let Some((runner, name)) = self.two_names(here, "step.RUNNER.NAME") else {
            return;
        };
        let body = self.own_body();
        match self.names.step(body, &runner.text, &name.text) {
            Some(id) if self.owner.node == Some(Node::Step(id)) && self.owner.output => {
                let text =
                    "what is computed once a step has run reads its output by a shorter name";
                let is_output = |place: &usize| {
                    name_at(here.nodes, *place).is_some_and(|name| name.text == "output")
                };
                // With an index between them there is one place more.
                let whole = (3..=4).find(is_output).unwrap_or(2);
                self.self_reference(here, here.upto(whole), text)
                    .advise(Hint::write("output"));
            }
            Some(id) if self.owner.node == Some(Node::Step(id)) => {
                let hint = match self.owner.previous {
                    true => "what the attempt before has given is `previous.output`",
                    false => {
                        "put a value that two arguments need into `locals`; an output is read by another step"
                    }
                };
                self.self_reference(here, here.upto(2), "a step cannot read itself")
                    .hint(hint);
            }
            Some(id) => {
                here.refer(self, 2, Reference::Step(id));
                let (instances, span) = here.instances();
                self.reads(Node::Step(id), instances, span);
            }
            None if self
                .declarations
                .may_declare("step", &[&runner.text, &name.text]) =>
            {
                here.refer(self, 0, Reference::Error);
            }
            None => {
                let hint = self.step_hint(runner, name);
                let hint = hint.map(|hint| hint.at(here.upto(2)));
                let hint = hint.or_else(|| self.steps_here());
                let place = if self.names.steps_of(body, &runner.text).is_some() {
                    name.span
                } else {
                    runner.span.to(name.span)
                };
                self.unknown_name(here, (codes::UNKNOWN_STEP, place), hint, || {
                    format!("there is no step `{}.{}`", runner.text, name.text)
                });
            }
        }
    }

    fn resource(&mut self, here: &Traversal<'_, 'a>) {
        let Some((asset, name)) = self.two_names(here, "resource.ASSET.NAME") else {
            return;
        };
        let body = self.own_body();
        match self.names.resource(body, &asset.text, &name.text) {
            Some(id) if self.owner.node == Some(Node::Resource(id)) => {
                let hint = "put a value that two arguments need into `locals`";
                self.self_reference(here, here.upto(2), "a resource cannot read itself")
                    .hint(hint);
            }
            Some(id) => {
                here.refer(self, 2, Reference::Resource(id));
                self.reads(Node::Resource(id), Instances::All, here.upto(2));
            }
            None if self
                .declarations
                .may_declare("resource", &[&asset.text, &name.text]) =>
            {
                here.refer(self, 0, Reference::Error);
            }
            None => {
                let declare = || {
                    let known = self.modules.find_asset(&asset.text);
                    known.map(|_| {
                        let (asset, name) = (&asset.text, &name.text);
                        format!("declare it: `resource \"{asset}\" \"{name}\" {{}}`")
                    })
                };
                let hint = match self.resource_hint(asset, name) {
                    None if !self.declarations.incomplete => declare().map(Hint::from),
                    hint => hint.map(|hint| hint.at(here.upto(2))),
                };
                let place = if self.names.has_resource_of(body, &asset.text) {
                    name.span
                } else {
                    asset.span.to(name.span)
                };
                self.unknown_name(here, (codes::UNKNOWN_RESOURCE, place), hint, || {
                    format!("there is no resource `{}.{}`", asset.text, name.text)
                });
            }
        }
    }

    /// `output` of the step that the expression belongs to.
    fn own_output(&mut self, here: &Traversal<'_, 'a>) {
        if let (Some(Node::Step(id)), true) = (self.owner.node, self.owner.output) {
            return here.refer(self, 0, Reference::OwnOutput(id));
        }
        let text = "`output` is there once the step has run: its checks, its `record` and its `repeat` read it";
        self.problems
            .error(codes::REFERENCE_NOT_ALLOWED, here.upto(0), text)
            .hint("the output of another step is `step.RUNNER.NAME.output`");
        here.refer(self, 0, Reference::Error);
    }

    /// `previous.output` in the arguments of a step that is repeated.
    fn previous(&mut self, here: &Traversal<'_, 'a>) {
        match (self.owner.node, self.owner.previous, here.first) {
            (Some(Node::Step(id)), true, Some(name)) if name.text == "output" => {
                return here.refer(self, 1, Reference::OwnOutput(id));
            }
            (_, true, _) => self
                .problems
                .error(
                    codes::UNKNOWN_REFERENCE,
                    here.upto(1),
                    "what there is of the attempt before is `previous.output`",
                )
                .hint("it is null in the first attempt"),
            _ => self
                .problems
                .error(
                    codes::REFERENCE_NOT_ALLOWED,
                    here.upto(0),
                    "`previous` is there in the arguments of a step with `repeat`",
                )
                .hint("`previous.output` is the output of the attempt before, and null in the first one"),
        };
        here.refer(self, 0, Reference::Error);
    }

    fn count(&mut self, here: &Traversal<'_, 'a>) {
        if self.owner.count {
            return self.fixed(here, "count", &[("index", Reference::CountIndex)]);
        }
        let cure = "`count = 3`";
        self.no_instances(
            here,
            "`count.index` exists only in a step with `count`",
            cure,
        );
    }

    fn each(&mut self, here: &Traversal<'_, 'a>) {
        if self.owner.each {
            let known = [("key", Reference::EachKey), ("value", Reference::EachValue)];
            return self.fixed(here, "each", &known);
        }
        let cure = "`for_each = toset([\"a\", \"b\"])`";
        self.no_instances(here, "`each` exists only in a step with `for_each`", cure);
    }

    fn no_instances(&mut self, here: &Traversal<'_, 'a>, text: &str, cure: &str) {
        let problem = self.problems.error(codes::NO_INSTANCES, here.upto(1), text);
        match (self.owner.node, self.owner.count || self.owner.each) {
            (Some(Node::Step(_)), true) if self.owner.count => {
                problem.hint("this step has `count`: write `count.index`");
            }
            (Some(Node::Step(_)), true) => {
                problem.hint("this step has `for_each`: write `each.key` or `each.value`");
            }
            (Some(Node::Step(_)), false) => {
                problem.hint(format!("give the step instances, such as {cure}"));
            }
            (Some(Node::Local(_)), _) => {
                problem.hint("a local is the same for all instances: write it in the step");
            }
            (Some(Node::Resource(_)), _) => {
                problem.hint("a resource has no instances: write what differs in the step");
            }
            _ => {}
        }
        here.refer(self, 0, Reference::Error);
    }

    /// `vu.id` and the like.
    fn fixed(&mut self, here: &Traversal<'_, 'a>, root: &str, known: &[(&str, Reference)]) {
        let form = match known {
            [(only, _)] => format!("{root}.{only}"),
            _ => format!("{root}.NAME"),
        };
        let Some(name) = self.one_name(here, &form) else {
            return;
        };
        match known.iter().find(|(known, _)| *known == name.text) {
            Some((_, reference)) => here.refer(self, 1, *reference),
            None => {
                let hint = nearest::advice(&name.text, known.iter().map(|(name, _)| *name));
                let text = format!("`{root}` has no `{}`", name.text);
                self.problems
                    .error(codes::UNKNOWN_REFERENCE, name.span, text)
                    .advise(hint);
                here.refer(self, 0, Reference::Error);
            }
        }
    }

    /// A word that starts no reference.
    fn unknown(&mut self, name: &str, here: &Traversal<'_, 'a>) {
        let hint = self.unknown_hint(name, here);
        let alone = here.nodes.len() == 1;
        let text = if alone {
            format!("`{name}` is no value and no reference")
        } else {
            format!("there is no `{name}` to refer to")
        };
        let span = here.nodes.first().map_or(here.span(), |root| root.span);
        let fallback = alone.then(|| format!("write a string in quotes: `\"{name}\"`").into());
        self.problems
            .error(codes::UNKNOWN_REFERENCE, span, text)
            .advise(hint.or(fallback));
    }

    /// An unknown name. Where a part of the grid could not be read it may stand there, unless it is near a known one.
    pub(super) fn unknown_name(
        &mut self,
        here: &Traversal<'_, 'a>,
        (code, span): (crate::diagnostics::Code, Span),
        hint: Option<Hint>,
        text: impl FnOnce() -> String,
    ) {
        here.refer(self, 0, Reference::Error);
        if hint.is_none() && self.declarations.incomplete {
            return;
        }
        self.problems.error(code, span, text()).advise(hint);
    }

    pub(super) fn self_reference(
        &mut self,
        here: &Traversal<'_, 'a>,
        span: Span,
        text: &str,
    ) -> &mut Problem {
        here.refer(self, 0, Reference::Error);
        self.problems.error(codes::SELF_REFERENCE, span, text)
    }

    pub(super) fn reads(&mut self, to: Node, instances: Instances, cause: Span) {
        let kind = self.owner.kind;
        self.edge(to, instances, (cause, kind));
    }

    pub(super) fn one_name(&mut self, here: &Traversal<'_, 'a>, form: &str) -> Option<&'a Name> {
        if here.first.is_none() {
            self.incomplete(here, form);
        }
        here.first
    }

    pub(super) fn two_names(
        &mut self,
        here: &Traversal<'_, 'a>,
        form: &str,
    ) -> Option<(&'a Name, &'a Name)> {
        let names = here.first.zip(here.second);
        if names.is_none() {
            self.incomplete(here, form);
        }
        names
    }

    fn incomplete(&mut self, here: &Traversal<'_, 'a>, form: &str) {
        here.refer(self, 0, Reference::Error);
        let text = format!("expected `{form}`");
        self.problems
            .error(codes::INVALID_REFERENCE, here.span(), text);
    }
}
