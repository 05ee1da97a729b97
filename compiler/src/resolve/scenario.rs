//! What the settings of a scenario name: what is known at start, and the scenario that it begins after.

use std::collections::BTreeSet;

use crate::diagnostics::{Hint, Problems, codes, nearest};
use crate::source::Span;
use crate::syntax::decl::{Declarations, Expr, ExprKind, Name, ScenarioDecl};

use bggo_schedule::declared::Field;

use super::model::{BodyId, Reference};
use super::reference::{Reads, Resolver};
use super::traversal::{name_at, spine};

impl<'a> Resolver<'a> {
    /// Walks all but the steps and resources of a scenario.
    pub(super) fn scenario(&mut self, body: BodyId, scenario: &'a ScenarioDecl) {
        self.owner_is(None, Reads::Start("a load"));
        for (_, value) in scenario.settings() {
            self.expr(value);
        }
        if let Some(load) = &scenario.load {
            for attribute in &load.attributes {
                if attribute.name.text == Field::Until.name() {
                    self.until(&attribute.value);
                } else {
                    self.expr(&attribute.value);
                }
            }
            let stages = load.stages.iter().flat_map(|stage| &stage.attributes);
            for attribute in stages {
                self.expr(&attribute.value);
            }
        }
        self.owner_is(None, Reads::Everything);
        for expr in [&scenario.tags, &scenario.description] {
            self.optional(expr.as_ref());
        }
        if let Some(after) = &scenario.after {
            self.found.after[body.0] = self.after(body, after);
        }
    }

    /// `until = threshold.NAME`, or `threshold["NAME"]`
    fn until(&mut self, expr: &Expr) {
        let nodes = spine(expr);
        let name = match nodes.as_slice() {
            [root, node] if matches!(&root.kind, ExprKind::Root(root) if root == "threshold") => {
                match &node.kind {
                    ExprKind::Field(_, name) => Some((name.text.as_str(), name.span)),
                    ExprKind::Index(_, index) => match &index.kind {
                        ExprKind::Text(name) => Some((name.as_str(), index.span)),
                        _ => None,
                    },
                    _ => None,
                }
            }
            _ => None,
        };
        let found = match name {
            Some((name, span)) => self.threshold_named(name, span),
            None => {
                if expr.is_whole() {
                    let text = "`until` names the threshold that ends the search";
                    self.problems
                        .error(codes::INVALID_REFERENCE, expr.span, text)
                        .hint("write `until = threshold.NAME`, or `threshold[\"NAME\"]` where the name is no plain word");
                }
                None
            }
        };
        let reference = found.map_or(Reference::Error, Reference::Threshold);
        self.refer(expr.id, reference);
    }

    fn threshold_named(&mut self, name: &str, span: Span) -> Option<usize> {
        let declarations = self.declarations;
        let mut thresholds = declarations.thresholds.iter();
        let found = thresholds.position(|threshold| threshold.name.text == name);
        if found.is_none() && !declarations.may_declare("threshold", &[name]) {
            let known = declarations.thresholds.iter();
            let known = known.map(|threshold| threshold.name.text.as_str());
            let hint = nearest::advice(name, known);
            let text = format!("there is no threshold `{name}`");
            self.problems
                .error(codes::UNKNOWN_REFERENCE, span, text)
                .advise(hint);
        }
        found
    }

    /// `after = scenario.NAME`
    fn after(&mut self, body: BodyId, expr: &Expr) -> Option<(BodyId, Span)> {
        let nodes = spine(expr);
        let name = match nodes.first().map(|root| &root.kind) {
            Some(ExprKind::Root(root)) if root == "scenario" && nodes.len() == 2 => {
                name_at(&nodes, 1)
            }
            _ if !expr.is_whole() => return None,
            _ => None,
        };
        if let Some(root) = nodes.first() {
            self.refer(root.id, Reference::Error);
        }
        let Some(name) = name else {
            let named = match &expr.kind {
                ExprKind::Text(text) | ExprKind::Root(text) => Some(text),
                _ => None,
            };
            let named = named.filter(|name| self.names.scenarios.contains_key(name.as_str()));
            let hint = match named {
                Some(name) => Hint::write(format!("scenario.{name}")),
                None => "write `after = scenario.NAME`".into(),
            };
            self.problems
                .error(
                    codes::INVALID_REFERENCE,
                    expr.span,
                    "`after` names a scenario",
                )
                .advise(Some(hint));
            return None;
        };
        match self.names.scenarios.get(name.text.as_str()).copied() {
            Some(found) if found == body => {
                let text = "a scenario cannot begin after itself";
                self.problems.error(codes::SELF_REFERENCE, expr.span, text);
                None
            }
            Some(found) => Some((found, expr.span)),
            None => {
                self.no_such_scenario(name);
                None
            }
        }
    }

    fn no_such_scenario(&mut self, name: &Name) {
        let declarations = self.declarations;
        if declarations.may_declare("scenario", &[&name.text]) {
            return;
        }
        let hint = nearest::advice(&name.text, self.names.scenarios.keys().copied());
        let text = format!("there is no scenario `{}`", name.text);
        self.problems
            .error(codes::UNKNOWN_REFERENCE, name.span, text)
            .advise(hint);
    }
}

/// Reports scenarios that wait for each other, and lets them wait no more.
pub(super) fn report_cycles(
    declarations: &Declarations,
    after: &mut [Option<(BodyId, Span)>],
    problems: &mut Problems,
) {
    let mut done: BTreeSet<BodyId> = BTreeSet::new();
    for start in declarations.body_ids() {
        let mut way: Vec<(BodyId, Span)> = Vec::new();
        let mut at = start;
        while let Some((before, span)) = after[at.0]
            && !done.contains(&at)
        {
            let ring = way.iter().position(|(body, _)| *body == at);
            if let Some(ring) = ring {
                report_cycle(declarations, &way[ring..], problems);
                for (body, _) in &way[ring..] {
                    after[body.0] = None;
                }
                break;
            }
            way.push((at, span));
            at = before;
        }
        done.extend(way.into_iter().map(|(body, _)| body));
    }
}

fn report_cycle(declarations: &Declarations, ring: &[(BodyId, Span)], problems: &mut Problems) {
    let Some((_, first)) = ring.first() else {
        return;
    };
    let name = |body: BodyId| format!("`scenario.{}`", declarations.body(body).name.text);
    let names = ring.iter().chain(ring.first()).map(|(body, _)| name(*body));
    let names: Vec<String> = names.collect();
    let text = format!("these wait for each other: {}", names.join(" -> "));
    let problem = problems.error(codes::DEPENDENCY_CYCLE, *first, text);
    for ((_, span), pair) in ring.iter().zip(names.windows(2)) {
        problem.label(*span, format!("{} begins after {}", pair[0], pair[1]));
    }
    problem.hint("leave out one of these `after`");
}
