//! What the settings of a scenario name: what is known at start, and the scenario that it begins after.

use std::collections::BTreeSet;

use crate::diagnostics::{Problems, codes, nearest};
use crate::source::Span;
use crate::syntax::decl::{Declarations, Expr, ExprKind, Name, ScenarioDecl};

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
            let stages = load.stages.iter().flat_map(|stage| &stage.attributes);
            for attribute in load.attributes.iter().chain(stages) {
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

    /// `after = scenario.NAME`
    fn after(&mut self, body: BodyId, expr: &Expr) -> Option<(BodyId, Span)> {
        let nodes = spine(expr);
        let name = match nodes.first().map(|root| &root.kind) {
            Some(ExprKind::Root(root)) if root == "scenario" && nodes.len() == 2 => {
                name_at(&nodes, 1)
            }
            Some(ExprKind::Error) => return None,
            _ => None,
        };
        if let Some(root) = nodes.first() {
            self.refer(root.id, Reference::Error);
        }
        let Some(name) = name else {
            self.problems
                .error(
                    codes::INVALID_REFERENCE,
                    expr.span,
                    "`after` names a scenario",
                )
                .hint("write `after = scenario.NAME`");
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
        let hint = nearest::hint(&name.text, self.names.scenarios.keys().copied());
        let text = format!("there is no scenario `{}`", name.text);
        self.problems
            .error(codes::UNKNOWN_REFERENCE, name.span, text)
            .hint = hint;
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
