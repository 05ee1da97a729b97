//! Rules of a manifest against the arguments of a step or resource: what is broken for certain is said here, what is known
//! later is left to the program.

use std::collections::BTreeMap;

use bggo_function_table::Time;
use bggo_manifest::{Carrier, Condition, Demand, Given, Input, Rule, Severity};
use bggo_values::{Type, Value};

use crate::diagnostics::codes;
use crate::resolve::model::{self, BoundId, Read, ResourceId};
use crate::source::Span;
use crate::syntax::decl::{BinaryOp, ExprKind};

use super::contract::{ArgumentOwner, is_given};
use super::expression::context::{Arguments, Checker, RuleRead, constant};
use super::typed::{Binding, Sensitivity, TExpr, TKind, TRule, TRules, latest};
use super::walk::walk;

/// The time limit of a step, as rules read it.
pub(super) enum TimeLimit {
    /// A duration, or none.
    Is(Option<TExpr>),
    /// It has a reported problem, or there can be none.
    Unknown,
}

/// What the rules of one step or resource are judged by.
struct RuleScope<'s> {
    owner: &'s ArgumentOwner<'s>,
    arguments: &'s Arguments,
    uses: &'s [(usize, ResourceId, Span)],
    limit: &'s TimeLimit,
    /// Names that stand for late arguments, by position.
    names: BTreeMap<usize, BoundId>,
    /// The inputs that are given, or perhaps: rules ask for each of theirs, and few of all inputs are given.
    given: Vec<(&'s str, Given, Span)>,
}

impl RuleScope<'_> {
    fn place(&self, name: &str) -> Option<usize> {
        let mut inputs = self.owner.inputs.iter();
        inputs.position(|input| input.name == name)
    }

    /// Whether an input is given, and where.
    fn given(&self, name: &str) -> (Given, Span) {
        let mut inputs = self.given.iter();
        let found = inputs.find(|(input, ..)| *input == name);
        found.map_or((Given::No, self.owner.span), |(_, given, span)| {
            (*given, *span)
        })
    }
}

/// Places that a broken rule is about.
#[derive(Default)]
struct Places {
    /// Of its own arguments: it is said at the last one.
    own: Vec<Span>,
    /// Of all else that it reads.
    other: Vec<Span>,
}

impl Checker<'_> {
    /// The rules of the manifest against what is given; those that are left to the program. Late arguments that these read
    /// are computed once: each becomes a name.
    pub(super) fn rules(
        &mut self,
        owner: &ArgumentOwner<'_>,
        arguments: &mut Arguments,
        uses: &[(usize, ResourceId, Span)],
        limit: &TimeLimit,
    ) -> TRules {
        if owner.broken || owner.rules.is_empty() {
            return TRules::default();
        }
        let first = self.bound_names.len();
        let inputs = owner.inputs.iter().zip(&arguments.given);
        let given = inputs.filter(|(_, (given, _))| *given != Given::No);
        let given = given.map(|(input, (given, span))| (input.name.as_str(), *given, *span));
        let mut scope = RuleScope {
            owner,
            arguments,
            uses,
            limit,
            names: BTreeMap::new(),
            given: given.collect(),
        };
        let mut rules = TRules::default();
        for rule in owner.rules {
            match &rule.demand {
                Demand::Condition(condition) => {
                    let kept = self.conditional_rule(rule, condition, &mut scope);
                    rules.list.extend(kept);
                }
                Demand::Conflicts(_) | Demand::AtLeastOne(_) => {
                    if rule.is_broken(|name| scope.given(name).0) {
                        let own = rule.inputs().map(|name| scope.given(name));
                        let own = own.filter(|(given, _)| *given == Given::Yes);
                        let mut own: Vec<Span> = own.map(|(_, span)| span).collect();
                        own.sort_by_key(|span| (span.file, span.start));
                        own.dedup();
                        let places = Places {
                            own,
                            other: Vec::new(),
                        };
                        self.broken_rule((rule, owner), &rule.text(), places);
                    }
                }
            }
        }
        let names = scope.names;
        if rules.list.is_empty() {
            // No name of a condition is left anywhere.
            self.bound_names.truncate(first);
            self.names.truncate(first);
            return rules;
        }
        for (place, id) in names {
            let read = |rule: &TRule| reads_name(&rule.condition, id);
            let argument = arguments.list.iter_mut().find(|(known, _)| *known == place);
            if let Some((_, value)) = argument.filter(|_| rules.list.iter().any(read)) {
                let name = TExpr {
                    kind: TKind::Bound(id),
                    ..value.clone()
                };
                rules.shared.push((id, std::mem::replace(value, name)));
            }
        }
        rules
    }

    fn broken_rule(
        &mut self,
        (rule, owner): (&Rule, &ArgumentOwner<'_>),
        text: &str,
        mut places: Places,
    ) {
        let at = places.own.pop().unwrap_or(owner.span);
        let text = format!("`{}`: {text}", owner.kind);
        let problem = match rule.severity {
            Severity::Error => self.problems.error(codes::RULE_BROKEN, at, text),
            Severity::Warning => self.problems.warning(codes::RULE_BROKEN, at, text),
        };
        for other in places.own.into_iter().chain(places.other) {
            problem.label(other, "beside this");
        }
    }

    /// A rule with a condition, where it is not known yet whether it is broken. One that warns is judged only here.
    fn conditional_rule(
        &mut self,
        rule: &Rule,
        condition: &Condition,
        scope: &mut RuleScope<'_>,
    ) -> Option<TRule> {
        let applies = rule.applies(|name| scope.given(name).0);
        if applies == Given::No {
            return None;
        }
        let text = &condition.text;
        let condition = self.condition_of(text);
        let applies = match applies {
            Given::Perhaps if is_of_the_known(&condition) && self.is_there(rule, scope) => {
                Given::Yes
            }
            applies => applies,
        };
        let mut reads = Vec::with_capacity(condition.reads.len());
        for read in &condition.reads {
            reads.push(self.read(read, scope)?);
            let held = self.held.get(text).filter(|_| applies == Given::Yes);
            if held.is_some_and(|held| {
                held.len() == reads.len() && reads_of_rule(&reads).as_ref() == Some(held)
            }) {
                return None;
            }
        }
        let known = match applies {
            Given::Yes => self.deciding(&condition, &reads),
            Given::Perhaps | Given::No => None,
        };
        let places = self.places(rule, &condition.reads, scope);
        let at = places.own.last().copied().unwrap_or(scope.owner.span);
        let secret = reads.iter().any(|read| read.sensitivity.any());
        let typed = self.perhaps(applies == Given::Perhaps, |checker| {
            checker.typed_condition(&condition, reads, at)
        });
        let typed = match typed {
            Ok(typed) => typed,
            Err(_) if applies == Given::Perhaps => return None,
            Err(problem) => {
                let text = match secret {
                    true => "a rule of the module has no value for these arguments".to_owned(),
                    false => format!(
                        "a rule of the module has no value for these arguments: {}",
                        problem.text
                    ),
                };
                self.broken_rule((rule, scope.owner), &text, places);
                return None;
            }
        };
        let holds = typed.constant().map(Value::is_true);
        match (holds, applies) {
            (Some(true), _) => {
                if let Some(known) = known {
                    self.held.insert(text.clone(), known);
                }
                return None;
            }
            (Some(false), Given::Yes) => {
                self.broken_rule((rule, scope.owner), &rule.text(), places);
                return None;
            }
            _ if rule.severity == Severity::Warning => return None,
            // What is known when the grid is built is judged then or never.
            _ if is_of_the_known(&condition) => return None,
            _ => {}
        }
        let condition = match applies {
            Given::Perhaps => self.guarded(rule, typed, scope)?,
            Given::Yes | Given::No => typed,
        };
        Some(TRule {
            condition,
            message: rule.text(),
            span: at,
        })
    }

    /// The reads by which a condition is known to hold, if it holds: those of its left operand where this decides alone, which
    /// come first.
    fn deciding(&mut self, condition: &model::Condition, reads: &[TExpr]) -> Option<Vec<RuleRead>> {
        if let Some((left, count)) = condition.left_of_or()
            && count < reads.len()
            && let Some(known) = reads_of_rule(&reads[..count])
            && self.is_true(condition, left, &reads[..count])
        {
            return Some(known);
        }
        reads_of_rule(reads)
    }

    /// A condition that holds also where none of the rule's `when` is given.
    fn guarded(
        &mut self,
        rule: &Rule,
        condition: TExpr,
        scope: &mut RuleScope<'_>,
    ) -> Option<TExpr> {
        let at = condition.span;
        let mut guard: Option<TExpr> = None;
        for name in &rule.when {
            if scope.given(name).0 != Given::Perhaps {
                continue;
            }
            let place = scope.place(name)?;
            let value = self.argument_of(place, scope)?;
            let absent = self.is_absent(value, at);
            guard = Some(match guard {
                None => absent,
                Some(other) => self.two(BinaryOp::And, other, absent, (Type::Bool, at)),
            });
        }
        Some(self.two(BinaryOp::Or, guard?, condition, (Type::Bool, at)))
    }

    fn is_absent(&mut self, value: TExpr, at: Span) -> TExpr {
        let null = constant(Value::Null, Type::Null, at);
        self.two(BinaryOp::Equal, value, null, (Type::Bool, at))
    }

    /// The grid's own expression for what a condition reads; `None` where it has none that could be judged.
    fn read(&mut self, read: &Read, scope: &mut RuleScope<'_>) -> Option<TExpr> {
        match read {
            Read::Input(name) => {
                let place = scope.place(&name.text)?;
                self.argument_of(place, scope)
            }
            Read::Known(name) => self.known_argument(&name.text, scope),
            Read::Used(key, name) => self.argument_used(&key.text, &name.text, scope),
            Read::TimeLimit(_) => match scope.limit {
                TimeLimit::Is(Some(limit)) => Some(limit.clone()),
                TimeLimit::Is(None) => {
                    Some(constant(Value::Null, Type::Duration, scope.owner.span))
                }
                TimeLimit::Unknown => None,
            },
            Read::Given(_) => None,
            Read::Loaded => Some(TExpr {
                kind: TKind::Loaded,
                ty: Type::Bool,
                binding: Binding::Start,
                sensitivity: Sensitivity::NONE,
                span: scope.owner.span,
            }),
        }
    }

    /// An argument of the owner, or the default of its input; a late one by its name.
    fn argument_of(&mut self, place: usize, scope: &mut RuleScope<'_>) -> Option<TExpr> {
        let input = scope.owner.inputs.get(place)?;
        if scope.arguments.wrong.contains(&place) {
            return None;
        }
        let found = scope.arguments.list.iter().find(|(at, _)| *at == place);
        let Some((_, value)) = found else {
            return Some(absent(input, scope.owner.span));
        };
        // The shape of an argument is what it is written as: a name has none.
        let has_shape = input.carrier() == Carrier::Shape && !is_drawn(value);
        if value.binding <= Binding::Start || has_shape {
            return Some(self.or_default(input, value.clone()));
        }
        let id = match scope.names.get(&place) {
            Some(id) => *id,
            None => {
                let id = BoundId(u32::try_from(self.bound_names.len()).unwrap_or(u32::MAX));
                self.bound_names.push(input.name.clone());
                self.names.resize(self.bound_names.len(), None);
                scope.names.insert(place, id);
                id
            }
        };
        let given = is_given(value);
        let name = TExpr {
            kind: TKind::Bound(id),
            ..value.clone()
        };
        Some(match given {
            Given::Yes => of_input(input, name),
            Given::No | Given::Perhaps => self.or_default(input, name),
        })
    }

    /// An argument of the owner as far as it is known by now; `None` where nothing of it is.
    fn known_argument(&self, name: &str, scope: &RuleScope<'_>) -> Option<TExpr> {
        let place = scope.place(name)?;
        let input = scope.owner.inputs.get(place)?;
        if scope.arguments.wrong.contains(&place) {
            return None;
        }
        let found = scope.arguments.list.iter().find(|(at, _)| *at == place);
        let Some((_, value)) = found else {
            return Some(absent(input, scope.owner.span));
        };
        let known = constant(self.known_part(value)?, input.ty.clone(), value.span);
        Some(of_input(
            input,
            TExpr {
                sensitivity: value.sensitivity.clone(),
                ..known
            },
        ))
    }

    /// Whether what is known of an argument says that it is given to a rule which asks for it.
    fn is_there(&self, rule: &Rule, scope: &RuleScope<'_>) -> bool {
        rule.when.iter().any(|name| {
            let known = self.known_argument(name, scope);
            known.is_some_and(|known| known.constant().is_some_and(|value| !value.is_null()))
        })
    }

    /// An argument of the asset that is used, or the default of its input.
    fn argument_used(&mut self, key: &str, name: &str, scope: &RuleScope<'_>) -> Option<TExpr> {
        let owner = scope.owner;
        let place = owner.takes.iter().position(|taken| taken.name == key)?;
        let taken = &owner.takes[place];
        let Some((_, id, _)) = scope.uses.iter().find(|(at, ..)| *at == place) else {
            let written = owner.uses.iter().flat_map(|block| &block.attributes);
            let mut written = written.filter(|attribute| attribute.name.text == key);
            if written.any(|attribute| !matches!(attribute.value.kind, ExprKind::Null)) {
                return None;
            }
            let asset = self
                .modules
                .asset(self.modules.find_asset(taken.default_asset())?);
            let input = asset.inputs.iter().find(|input| input.name == name)?;
            let is_own = owner.scope.is_some() && taken.takes(owner.kind);
            return Some(
                match !is_own && asset.default_scope(owner.scope).is_some() {
                    true => absent(input, owner.span),
                    false => constant(Value::Null, input.ty.clone(), owner.span),
                },
            );
        };
        let asset = self.modules.asset(self.asset_of(*id)?);
        let place = asset.inputs.iter().position(|input| input.name == name)?;
        let (input, arguments) = (&asset.inputs[place], self.of_resources.get(id)?);
        if arguments.wrong.contains(&place) {
            return None;
        }
        match arguments.list.iter().find(|(at, _)| *at == place) {
            None => Some(absent(input, owner.span)),
            // The asset has drawn its own value, and another one would say nothing of it.
            Some((_, value)) if is_drawn(value) => None,
            Some((_, value)) => {
                let value = value.clone();
                Some(self.or_default(input, value))
            }
        }
    }

    /// A value, or the input's default where it is null.
    pub(super) fn or_default(&mut self, input: &Input, value: TExpr) -> TExpr {
        let value = of_input(input, value);
        let Some(default) = input.default.as_ref().filter(|_| input.optional()) else {
            return value;
        };
        if is_given(&value) == Given::Yes {
            return value;
        }
        let span = value.span;
        let default = constant(default.clone(), input.ty.clone(), span);
        let absent = self.is_absent(value.clone(), span);
        TExpr {
            ty: value.ty.clone(),
            binding: latest([&absent, &value]),
            sensitivity: value.sensitivity.clone(),
            span,
            kind: TKind::Conditional(Box::new(absent), Box::new(default), Box::new(value)),
        }
    }

    /// The places that a rule is about: those of its `when` come last, so that it is said there.
    fn places(&self, rule: &Rule, reads: &[Read], scope: &RuleScope<'_>) -> Places {
        let mut places = Places::default();
        let given = |name: &str| {
            let (given, span) = scope.given(name);
            (given != Given::No).then_some(span)
        };
        for read in reads {
            match read {
                Read::Input(name) | Read::Known(name) => places.own.extend(given(&name.text)),
                Read::TimeLimit(_) => {
                    if let TimeLimit::Is(Some(limit)) = scope.limit {
                        places.other.push(limit.span);
                    }
                }
                Read::Used(key, name) => {
                    let used = self.place_used(&key.text, &name.text, scope);
                    places.other.extend(used);
                }
                Read::Loaded | Read::Given(_) => {}
            }
        }
        places.own.sort_by_key(|span| (span.file, span.start));
        let when = rule.when.iter().filter_map(|name| given(name));
        let when: Vec<Span> = when.collect();
        places.own.retain(|span| !when.contains(span));
        places.own.extend(when);
        places.own.dedup();
        places.other.sort_by_key(|span| (span.file, span.start));
        places.other.dedup();
        places
    }

    /// Where an input of the asset that is used is given, or where the asset is named.
    fn place_used(&self, key: &str, name: &str, scope: &RuleScope<'_>) -> Option<Span> {
        let place = scope
            .owner
            .takes
            .iter()
            .position(|taken| taken.name == key)?;
        let (_, id, named) = scope.uses.iter().find(|(at, ..)| *at == place)?;
        let inputs = &self.modules.asset(self.asset_of(*id)?).inputs;
        let place = inputs.iter().position(|input| input.name == name);
        let given = place.and_then(|place| self.of_resources.get(id)?.given.get(place));
        match given {
            Some((Given::Yes | Given::Perhaps, span)) => Some(*span),
            Some((Given::No, _)) | None => Some(*named),
        }
    }
}

/// What a condition reads, as far as its result can depend on it; `None` where an expression of the grid stands there, whose
/// form may decide.
fn reads_of_rule(reads: &[TExpr]) -> Option<Vec<RuleRead>> {
    let known = reads.iter().map(|read| {
        let value = match &read.kind {
            TKind::Bound(_) => None,
            _ => Some(read.constant()?.clone()),
        };
        Some((value, read.ty.clone()))
    });
    known.collect()
}

/// A value as a condition reads it: typed as when the manifest was read, and sensitive where its input is.
fn of_input(input: &Input, value: TExpr) -> TExpr {
    let sensitivity = match input.sensitive {
        true => Sensitivity::whole(),
        false => value.sensitivity.clone(),
    };
    // A conversion goes to the type of its node.
    let ty = match &value.kind {
        TKind::Convert(_) => value.ty.clone(),
        _ => input.ty.clone(),
    };
    TExpr {
        ty,
        sensitivity,
        ..value
    }
}

/// What an input that the grid leaves out stands for.
pub(super) fn absent(input: &Input, span: Span) -> TExpr {
    let value = input.default.clone().unwrap_or(Value::Null);
    constant(value, input.ty.clone(), span)
}

/// Whether a condition reads an argument as far as it is known.
fn is_of_the_known(condition: &model::Condition) -> bool {
    let mut reads = condition.reads.iter();
    reads.any(|read| matches!(read, Read::Known(_)))
}

/// Whether a value is another one each time that it is computed.
fn is_drawn(value: &TExpr) -> bool {
    let mut found = false;
    walk(value, &mut |node| {
        if let TKind::Call { function, .. } = &node.kind {
            found |= function.time == Time::Iteration;
        }
    });
    found
}

fn reads_name(expr: &TExpr, id: BoundId) -> bool {
    let mut found = false;
    walk(expr, &mut |node| {
        found |= matches!(node.kind, TKind::Bound(read) if read == id);
    });
    found
}

#[cfg(test)]
mod tests;
