//! Properties that hold for any text: the bodies of the fuzz targets. `tests/fuzz_corpus.rs` replays them too.

use crate::check::typed::{TExpr, TKind, TStep, Typed};
use crate::check::walk::walk;
use crate::diagnostics::render::Colour;
use crate::diagnostics::{Problems, json, render};
use crate::modules::Modules;
use crate::source::{FileId, Sources, Span};
use crate::syntax::decl::{AttributeBlock, Declarations, Expr, ExprKind, Part};

/// Parsing gives declarations and problems whose spans lie in the text and on borders of characters, each expression id
/// once, and something to say about every text that it could not read whole.
///
/// # Panics
///
/// When that does not hold.
pub fn parse(text: &str) {
    crate::on_a_large_stack(|| parse_here(text));
}

fn parse_here(text: &str) {
    let sources = Sources::from_texts(vec![("grid.hcl".to_owned(), text.to_owned())]);
    let (declarations, problems) = crate::syntax::parse(&sources);
    let mut seen = Seen {
        sources: &sources,
        ids: vec![false; declarations.expressions as usize],
        errors: 0,
    };
    seen.declarations(&declarations);
    assert!(
        seen.errors == 0 || problems.has_errors(),
        "an unread expression without a problem"
    );
    assert!(
        !declarations.incomplete || problems.has_errors(),
        "an incomplete grid without a problem"
    );
    shown(&problems, &sources);
}

/// Checking never panics, its problems can be shown, and a grid without errors is typed throughout.
///
/// # Panics
///
/// When that does not hold.
pub fn check(text: &str) {
    let sources = Sources::from_texts(vec![("grid.hcl".to_owned(), text.to_owned())]);
    let (typed, problems) = crate::check(&sources, Modules::built_in());
    shown(&problems, &sources);
    assert_eq!(
        typed.is_some(),
        !problems.has_errors(),
        "a grid is typed or has errors"
    );
    for expr in typed.iter().flat_map(expressions) {
        walk(expr, &mut |node| {
            assert!(
                !matches!(node.kind, TKind::Error),
                "an expression without a type in a grid without errors"
            );
        });
    }
}

/// A grid without errors is planned and emitted without a panic, as Rust that parses.
///
/// # Panics
///
/// When that does not hold.
pub fn emit(text: &str) {
    let sources = Sources::from_texts(vec![("grid.hcl".to_owned(), text.to_owned())]);
    let Some(compiled) = crate::compile(&sources, Modules::built_in()).0 else {
        return;
    };
    assert!(!crate::plan::print(&compiled.plan).is_empty());
    let known = crate::known::text(&compiled.plan, &compiled.package.crates);
    assert!(known.ends_with('\n'), "{known}");
    for (path, rust) in compiled.package.files {
        if path.ends_with(".rs") {
            let parsed = syn::parse_file(&rust).map(drop);
            assert!(parsed.is_ok(), "{path}: {parsed:?} in\n{rust}");
        }
    }
}

/// A text that has a canonical form keeps all that is neither space nor rewritten, and its form has itself as its form.
///
/// # Panics
///
/// When that does not hold.
pub fn format(text: &str) {
    crate::on_a_large_stack(|| format_here(text));
}

fn format_here(text: &str) {
    let form = |text: &str| {
        let sources = Sources::from_texts(vec![("grid.hcl".to_owned(), text.to_owned())]);
        crate::syntax::format(&sources, FileId(0)).inspect_err(|problems| {
            shown(problems, &sources);
        })
    };
    let Ok(once) = form(text) else {
        return;
    };
    let twice = form(&once).map_err(|problems| problems.list);
    assert_eq!(twice.as_ref().ok(), Some(&once), "{twice:?} of\n{text}");
    // Rewriting adds quotes, parentheses and words of types, takes away `\"${ }\"`, and spells labels otherwise.
    let kept = |text: &str| -> String {
        let words = text.chars().filter(|letter| !letter.is_whitespace());
        words
            .filter(|letter| !"\u{feff}\"${}~()\\".contains(*letter))
            .collect()
    };
    let spelt_otherwise = ["\\", "type"].iter().any(|part| text.contains(part));
    if !spelt_otherwise && text.is_ascii() {
        assert_eq!(kept(&once), kept(text), "something was lost of\n{text}");
    }
}

/// The expressions of a typed grid.
fn expressions(typed: &Typed) -> Vec<&TExpr> {
    let mut found: Vec<&TExpr> = typed.steps().flat_map(TStep::expressions).collect();
    let resources = typed.resources().flat_map(|resource| &resource.arguments);
    found.extend(resources.map(|(_, value)| value));
    found.extend(typed.locals.iter().map(|local| &local.value));
    found
}

/// Checks the spans of problems, and that both forms can be made of them.
fn shown(problems: &Problems, sources: &Sources) {
    for problem in &problems.list {
        for span in problem
            .span
            .iter()
            .chain(problem.labels.iter().map(|(span, _)| span))
            .chain(problem.fixes.iter().map(|fix| &fix.span))
        {
            lies_within(*span, sources);
        }
    }
    assert_eq!(
        render::problems(problems, sources, Colour::Never).is_empty(),
        problems.list.is_empty()
    );
    assert!(serde_json::from_str::<serde_json::Value>(&json::report(problems, sources)).is_ok());
}

fn lies_within(span: Span, sources: &Sources) {
    let text = sources.file(span.file).map_or("", |file| &file.text);
    assert!(span.start <= span.end, "{span:?} is turned round");
    assert!(
        text.get(span.start as usize..span.end as usize).is_some(),
        "{span:?} cuts a character or leaves the text"
    );
}

struct Seen<'a> {
    sources: &'a Sources,
    /// Which ids were met.
    ids: Vec<bool>,
    /// Expressions that could not be read.
    errors: usize,
}

impl Seen<'_> {
    fn declarations(&mut self, all: &Declarations) {
        for step in all.steps() {
            self.span(step.span);
            self.blocks([&step.arguments, &step.uses]);
            self.all(&step.depends_on);
            let parts = [
                &step.count,
                &step.for_each,
                &step.enabled,
                &step.delay_before,
                &step.delay_after,
                &step.continue_on_failure,
                &step.always,
                &step.sensitive,
                &step.tags,
                &step.description,
            ];
            self.optional(&parts);
            for part in step.parts.iter() {
                self.span(part.span);
                part.attributes.iter().for_each(|(_, expr)| self.expr(expr));
            }
            self.blocks([&step.record, &None]);
            for check in &step.checks {
                self.span(check.span);
                self.optional(&[&check.condition, &check.error_message, &check.required]);
            }
        }
        for metric in &all.metrics {
            self.span(metric.span);
            self.optional(&[
                &metric.kind,
                &metric.unit,
                &metric.scale,
                &metric.description,
            ]);
        }
        for resource in all.resources() {
            self.span(resource.span);
            self.blocks([&resource.arguments, &resource.uses]);
            self.all(&resource.depends_on);
            self.optional(&[&resource.scope, &resource.description]);
        }
        for (_, scenario) in all.scenarios() {
            let parts = [
                &scenario.start_after,
                &scenario.after,
                &scenario.graceful_stop,
                &scenario.pace,
                &scenario.tags,
                &scenario.description,
            ];
            self.optional(&parts);
            if let Some(load) = &scenario.load {
                self.span(load.span);
                let stages = load.stages.iter().flat_map(|stage| &stage.attributes);
                self.all(load.attributes.iter().chain(stages).map(|one| &one.value));
            }
        }
        for variable in &all.variables {
            self.span(variable.span);
            self.optional(&[
                &variable.default,
                &variable.description,
                &variable.sensitive,
                &variable.nullable,
            ]);
            for validation in &variable.validations {
                self.expr(&validation.condition);
                self.expr(&validation.error_message);
            }
        }
        for local in &all.locals {
            self.span(local.name.span);
            self.expr(&local.value);
        }
    }

    fn span(&self, span: Span) {
        lies_within(span, self.sources);
    }

    fn blocks(&mut self, blocks: [&Option<AttributeBlock>; 2]) {
        for block in blocks.into_iter().flatten() {
            self.span(block.span);
            for attribute in &block.attributes {
                self.span(attribute.name.span);
                self.expr(&attribute.value);
            }
        }
    }

    fn optional(&mut self, expressions: &[&Option<Expr>]) {
        for expr in expressions.iter().copied().flatten() {
            self.expr(expr);
        }
    }

    fn all<'e>(&mut self, expressions: impl IntoIterator<Item = &'e Expr>) {
        for expr in expressions {
            self.expr(expr);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        self.span(expr.span);
        let first = self
            .ids
            .get_mut(expr.id.0 as usize)
            .map(|met| !std::mem::replace(met, true));
        assert_eq!(
            first,
            Some(true),
            "the id of {expr:?} is out of range or given twice"
        );
        match &expr.kind {
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::Text(_)
            | ExprKind::Root(_)
            | ExprKind::Each => {}
            ExprKind::Error => self.errors += 1,
            ExprKind::Unfinished(base) => {
                self.errors += 1;
                self.expr(base);
            }
            ExprKind::Template(parts) => self.parts(parts),
            ExprKind::List(items) => self.all(items),
            ExprKind::Object(items) => self.all(items.iter().flat_map(|(key, value)| [key, value])),
            ExprKind::Field(base, name) => {
                self.span(name.span);
                self.expr(base);
            }
            ExprKind::Index(base, index) => self.all([&**base, &**index]),
            ExprKind::Splat { over, each } => self.all([&**over, &**each]),
            ExprKind::Call {
                name, arguments, ..
            } => {
                self.span(name.span);
                self.all(arguments);
            }
            ExprKind::Unary(_, inner) => self.expr(inner),
            ExprKind::Binary(_, left, right) => self.all([&**left, &**right]),
            ExprKind::Conditional(condition, yes, no) => self.all([&**condition, &**yes, &**no]),
            ExprKind::For(parts) => {
                self.all([&parts.over, &parts.result]);
                self.all(parts.key_result.iter().chain(&parts.condition));
            }
        }
    }

    fn parts(&mut self, parts: &[Part]) {
        for part in parts {
            match part {
                Part::Text(_) => {}
                Part::Hole(expr) => self.expr(expr),
                Part::If { condition, yes, no } => {
                    self.expr(condition);
                    self.parts(yes);
                    self.parts(no);
                }
                Part::For { over, body, .. } => {
                    self.expr(over);
                    self.parts(body);
                }
            }
        }
    }
}
