//! Conditions of manifests: read once, typed with whatever stands in the places of what they read.
//!
//! With the grid's own expressions in those places a condition becomes an expression of the grid. With placeholders of the
//! inputs' types it shows what is wrong with the manifest, before any grid is looked at.

use std::borrow::Cow;
use std::rc::Rc;

use bggo_manifest::{Condition as Written, Demand, Input, Use, When};
use bggo_values::{Type, Value};

use crate::diagnostics::{Problem, Problems, codes};
use crate::modules::Modules;
use crate::resolve::model::{BoundId, Condition, Read, Reference};
use crate::resolve::{resolve, resolve_condition};
use crate::source::{FileId, Sources, Span};
use crate::syntax;
use crate::syntax::decl::{Declarations, Expr, Name};

use super::context::{Checker, error};
use crate::check::called::SensitiveInputs;
use crate::check::typed::{Binding, Sensitivity, TExpr, TKind};
use crate::check::walk::children_mut;

/// The file of places within a condition: no grid has so many.
pub(super) const NO_FILE: FileId = FileId(u32::MAX);

/// A name that stands for a value of which only the type is known.
const PLACEHOLDER: TKind = TKind::Bound(BoundId(u32::MAX));

impl Checker<'_> {
    /// A condition as it was read. One that cannot be read is a fault of its manifest, which was said when the modules
    /// were read.
    pub(in crate::check) fn condition_of(&mut self, text: &str) -> Rc<Condition> {
        if let Some(known) = self.conditions.get(text) {
            return Rc::clone(known);
        }
        let condition = Rc::new(read(text).0);
        self.conditions
            .insert(text.to_owned(), Rc::clone(&condition));
        condition
    }

    /// A condition with these expressions in the places of what it reads; its own nodes get the place `at`.
    ///
    /// # Errors
    /// What is wrong with it, at a place within the condition or of what it reads.
    pub(in crate::check) fn typed_condition(
        &mut self,
        condition: &Condition,
        reads: Vec<TExpr>,
        at: Span,
    ) -> Result<TExpr, Box<Problem>> {
        let before = self.problems.list.len();
        let mut typed = self.with_names_of(condition, reads, |checker| {
            let typed = checker.infer(&condition.expr);
            if !matches!(
                typed.ty,
                Type::Bool | Type::Any | Type::Named(_) | Type::Error
            ) || typed.is_null()
            {
                let text = format!("a condition is a bool, found {}", typed.ty.named());
                checker.error(codes::WRONG_TYPE, condition.expr.span, text);
            }
            checker.convert(typed, &Type::Bool, "a condition")
        });
        let found = self.problems.list.split_off(before);
        if let Some(problem) = found.into_iter().find(is_error) {
            return Err(Box::new(problem));
        }
        place(&mut typed, at);
        Ok(typed)
    }

    /// Whether a part of a condition is true for certain, with these expressions in the places of the first that it reads.
    pub(in crate::check) fn is_true(
        &mut self,
        condition: &Condition,
        part: &Expr,
        reads: &[TExpr],
    ) -> bool {
        let before = self.problems.list.len();
        let typed = self.with_names_of(condition, reads.to_vec(), |checker| checker.infer(part));
        // The whole condition says what is wrong with it.
        self.problems.list.truncate(before);
        typed.constant().is_some_and(Value::is_true)
    }

    /// Runs `check` while names have the meaning that they have in a condition or template, with these expressions in the
    /// places of what it reads.
    pub(super) fn with_names_of<T>(
        &mut self,
        condition: &Condition,
        reads: Vec<TExpr>,
        check: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let first = u32::try_from(self.bound_names.len()).unwrap_or(u32::MAX);
        self.bound_names.extend_from_slice(&condition.bound_names);
        self.names.resize(self.bound_names.len(), None);
        let own = |id: BoundId| BoundId(first + id.0);
        let references = condition
            .references
            .iter()
            .map(|reference| match reference {
                Some(Reference::Bound(id)) => Some(Reference::Bound(own(*id))),
                other => *other,
            });
        let bound = condition.bound.iter();
        let bound = bound.map(|(over, (key, value))| (*over, (key.map(own), own(*value))));
        let references = std::mem::replace(&mut self.references, references.collect());
        let bound = std::mem::replace(&mut self.bound, Cow::Owned(bound.collect()));
        let reads = std::mem::replace(&mut self.reads, reads);
        let seen = self.seen.take();
        let result = check(self);
        self.references = references;
        self.bound = bound;
        self.reads = reads;
        self.seen = seen;
        result
    }
}

fn is_error(problem: &Problem) -> bool {
    problem.severity == crate::diagnostics::Severity::Error
}

/// Gives the nodes that the condition has written a place in the grid.
pub(super) fn place(expr: &mut TExpr, at: Span) {
    if expr.span.file == NO_FILE {
        expr.span = at;
    }
    for child in children_mut(expr) {
        place(child, at);
    }
}

fn read(text: &str) -> (Condition, Problems) {
    let (expr, ids, mut problems) = syntax::expression(text, NO_FILE);
    let (condition, more) = resolve_condition(expr, ids);
    problems.extend(more);
    (condition, problems)
}

/// What a condition belongs to: a runner or an asset of a module.
struct ConditionOwner<'m> {
    modules: &'m Modules,
    /// `runner` or `asset`.
    kind: &'static str,
    inputs: &'m [Input],
    uses: &'m [Use],
}

/// What is wrong with the conditions of these modules, of rules and of `blocks`, each with its place.
pub fn faults_of_conditions(modules: &Modules) -> Vec<String> {
    let (resolved, _) = resolve(Declarations::default(), modules);
    let nothing = SensitiveInputs::none(&resolved.declarations);
    let sources = Sources::default();
    let mut checker = Checker::new(&resolved, modules, &sources, nothing);
    let mut found = Vec::new();
    for module in &modules.list {
        let runners = module.manifest.runners.iter();
        let runners = runners.map(|one| ("runner", &one.name, &one.inputs, &one.uses, &one.rules));
        let assets = module.manifest.assets.iter();
        let assets = assets.map(|one| ("asset", &one.name, &one.inputs, &one.uses, &one.rules));
        let path = format!("{}/manifest.hcl", module.name);
        for (kind, name, inputs, uses, rules) in runners.chain(assets) {
            let owner = ConditionOwner {
                modules,
                kind,
                inputs,
                uses,
            };
            let conditions = rules.iter().filter_map(|rule| match &rule.demand {
                Demand::Condition(condition) => Some(condition),
                Demand::Conflicts(_) | Demand::AtLeastOne(_) => None,
            });
            for (line, text) in
                conditions.flat_map(|one| checker.faults_of_condition(&owner, one, Over::Rule))
            {
                found.push(format!(
                    "{path}:{line}: the condition of a rule of {kind} `{name}`: {text}"
                ));
            }
        }
        for runner in &module.manifest.runners {
            let owner = ConditionOwner {
                modules,
                kind: "runner",
                inputs: &runner.inputs,
                uses: &runner.uses,
            };
            let conditions = [
                ("blocks", &runner.blocks),
                ("settled_at_end", &runner.settled_at_end),
                ("late_result", &runner.late_result),
            ];
            for (of, when) in conditions {
                let When::If(condition) = when else { continue };
                for (line, text) in checker.faults_of_condition(&owner, condition, Over::Inputs) {
                    let name = &runner.name;
                    found.push(format!(
                        "{path}:{line}: the condition of `{of}` of runner `{name}`: {text}"
                    ));
                }
            }
        }
    }
    found
}

/// What a condition may read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    /// All that a rule reads.
    Rule,
    /// Inputs alone.
    Inputs,
}

impl Checker<'_> {
    /// What is wrong with a condition, with lines of its manifest.
    fn faults_of_condition(
        &mut self,
        owner: &ConditionOwner<'_>,
        written: &Written,
        over: Over,
    ) -> Vec<(usize, String)> {
        let line = |span: Option<Span>| {
            let start = span.map_or(0, |span| span.start as usize);
            let before = written.text.get(..start).unwrap_or_default();
            written.line + before.matches('\n').count()
        };
        let said = |problem: Problem| (line(problem.span), problem.text);
        let (condition, problems) = read(&written.text);
        let mut faults: Vec<_> = problems.list.into_iter().map(said).collect();
        if !faults.is_empty() {
            return faults;
        }
        if condition.reads.is_empty() {
            return vec![(written.line, "it reads nothing".to_owned())];
        }
        let mut reads = Vec::with_capacity(condition.reads.len());
        for wanted in &condition.reads {
            let span = match wanted {
                Read::Input(name) | Read::Known(name) | Read::Used(_, name) | Read::Given(name) => {
                    name.span
                }
                Read::TimeLimit(span) => *span,
                Read::Loaded => condition.expr.span,
            };
            let ty = match (over, wanted) {
                (Over::Rule, _) | (Over::Inputs, Read::Input(_)) => owner.type_of(wanted),
                (Over::Inputs, _) => Err((span, "it reads only `input.NAME`".to_owned())),
            };
            match ty {
                Ok(ty) => reads.push(TExpr {
                    kind: PLACEHOLDER,
                    ty,
                    binding: Binding::Step,
                    sensitivity: Sensitivity::NONE,
                    span,
                }),
                Err((span, text)) => {
                    faults.push((line(Some(span)), text));
                    reads.push(error(span));
                }
            }
        }
        if faults.is_empty()
            && let Err(problem) = self.typed_condition(&condition, reads, Span::default())
        {
            faults.push(said(*problem));
        }
        faults
    }
}

impl ConditionOwner<'_> {
    /// The type of what a condition reads.
    fn type_of(&self, read: &Read) -> Result<Type, (Span, String)> {
        match read {
            Read::Input(name) | Read::Known(name) => input_type(self.inputs, name),
            Read::Used(key, name) => {
                let taken = self.uses.iter().find(|taken| taken.name == key.text);
                let taken =
                    taken.ok_or_else(|| (key.span, format!("there is no use `{}`", key.text)))?;
                self.type_in_each(taken, key, name)
            }
            Read::TimeLimit(span) if self.kind != "runner" => Err((
                *span,
                "`step.time_limit` is for rules of runners: an asset has none".to_owned(),
            )),
            Read::TimeLimit(_) => Ok(Type::Duration),
            Read::Loaded => Ok(Type::Bool),
            // Templates alone read these.
            Read::Given(name) => Err((name.span, format!("there is no `{}`", name.text))),
        }
    }

    /// The type of an input that each kind of asset of a use has: which of them it will be is the grid's to say.
    fn type_in_each(&self, taken: &Use, key: &Name, name: &Name) -> Result<Type, (Span, String)> {
        let types = taken.assets.iter().map(|kind| {
            let Some(asset) = self.modules.find_asset(kind) else {
                return Err((key.span, format!("there is no asset `{kind}`")));
            };
            input_type(&self.modules.asset(asset).inputs, name).map_err(|(span, text)| match taken
                .assets
                .len()
            {
                1 => (span, text),
                _ => (span, format!("{text} in `{kind}`")),
            })
        });
        let types = types.collect::<Result<Vec<Type>, _>>()?;
        match types.split_first() {
            Some((first, others)) if others.iter().all(|other| other == first) => Ok(first.clone()),
            _ => Err((
                name.span,
                format!("`{}` has not the same type in all of its kinds", name.text),
            )),
        }
    }
}

fn input_type(inputs: &[Input], name: &Name) -> Result<Type, (Span, String)> {
    match inputs.iter().find(|input| input.name == name.text) {
        Some(input) => Ok(input.ty.clone()),
        None => Err((name.span, format!("there is no input `{}`", name.text))),
    }
}

#[cfg(test)]
mod tests;
