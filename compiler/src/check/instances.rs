//! `count` and `for_each`, and edges that name single instances.

use std::collections::BTreeSet;

use bggo_values::{Type, Value};

use crate::diagnostics::{codes, nearest};
use crate::resolve::model::{Edge, EdgeKind, Instances, Node, StepId};
use crate::syntax::decl::Expr;

use super::context::Checker;
use super::typed::{TExpr, TInstances};

/// The most instances of a step. Each one is a future and a slot in every user.
pub const MOST_INSTANCES: u32 = 100_000;

impl Checker<'_> {
    /// The instances of a step; `None` with a reported problem.
    pub(super) fn instances_of(&mut self, id: StepId) -> Option<TInstances> {
        let step = self.declarations.step(id);
        match (&step.count, &step.for_each) {
            (None, None) => Some(TInstances::Single),
            (Some(count), None) => self.count(count),
            (None, Some(for_each)) => self.for_each(for_each),
            (Some(count), Some(for_each)) => {
                let text = "a step has `count` or `for_each`, found both";
                self.error(codes::INVALID_FOR_EACH, for_each.span, text)
                    .label(count.span, "`count` here");
                None
            }
        }
    }

    fn count(&mut self, expr: &Expr) -> Option<TInstances> {
        let count = self.infer(expr);
        let count = self.convert(count, &Type::Number, "`count`");
        if count.is_error() {
            return None;
        }
        if count.sensitivity.any() {
            let text = "`count` must not be sensitive: the number of instances is shown";
            self.error(codes::INVALID_COUNT, count.span, text);
            return None;
        }
        let text = match count.constant() {
            None => {
                self.late("count", &count);
                return None;
            }
            Some(Value::Number(number)) => match number.as_u64() {
                Some(whole) if whole <= u64::from(MOST_INSTANCES) => {
                    return Some(TInstances::Count(
                        u32::try_from(whole).unwrap_or(MOST_INSTANCES),
                    ));
                }
                _ if number.is_negative() => {
                    format!("`count` must not be negative, found {number}")
                }
                _ if !number.is_whole() => {
                    format!("`count` must be a whole number, found {number}")
                }
                _ => format!("`count` is at most {MOST_INSTANCES}, found {number}"),
            },
            Some(_) => "`count` must be a number, found null".to_owned(),
        };
        self.error(codes::INVALID_COUNT, count.span, text);
        None
    }

    fn late(&mut self, what: &str, value: &TExpr) {
        let text =
            format!("`{what}` that is known only when the program runs is not yet supported");
        let hint =
            "in this version it must be computed from literals, or from locals made of literals";
        self.error(codes::NOT_YET_SUPPORTED, value.span, text)
            .hint(hint);
    }

    fn for_each(&mut self, expr: &Expr) -> Option<TInstances> {
        let over = self.infer(expr);
        if over.is_error() {
            return None;
        }
        if over.sensitivity.any() {
            let text = "`for_each` must not be sensitive: its keys are shown as names of instances";
            self.error(codes::INVALID_FOR_EACH, over.span, text);
            return None;
        }
        let wrong = match &over.ty {
            Type::Map(_) | Type::Object(_) | Type::Any => None,
            Type::Set(item) if matches!(**item, Type::String | Type::Any | Type::Null) => None,
            Type::List(_) | Type::Tuple(_) => Some("write `toset(..)` around it"),
            Type::Set(_) => Some("write `toset([for x in .. : tostring(x)])`"),
            _ => Some("for a number of instances write `count`"),
        };
        if let Some(hint) = wrong {
            let text = format!(
                "`for_each` runs over a map or a set of strings, found {}",
                over.ty.named()
            );
            let problem = self.error(codes::INVALID_FOR_EACH, over.span, text);
            if over.ty != Type::Null {
                problem.hint(hint);
            }
            return None;
        }
        let Some(value) = over.constant() else {
            self.late("for_each", &over);
            return None;
        };
        match keys(value, &over.ty) {
            Ok(pairs) => Some(TInstances::ForEach(pairs)),
            Err(text) => {
                self.error(codes::INVALID_FOR_EACH, over.span, text);
                None
            }
        }
    }

    /// Edges to single instances that exist; all others become edges to the whole step. Wrong ones of `depends_on` are reported.
    pub(super) fn edges(&mut self, edges: &[Edge]) -> Vec<Edge> {
        let checked = edges.iter().map(|edge| {
            let instances = match edge.to {
                Node::Step(id) => self.edge(id, edge),
                _ => Instances::All,
            };
            Edge {
                instances,
                ..edge.clone()
            }
        });
        checked.collect()
    }

    /// Edges by an index that folded are about the instances that it stood for, others about the whole step.
    pub(super) fn named_edges(&self, edges: Vec<Edge>) -> Vec<Edge> {
        let mut seen = BTreeSet::new();
        let mut named = Vec::with_capacity(edges.len());
        for edge in edges {
            for instances in self.named(&edge) {
                let edge = Edge {
                    instances,
                    ..edge.clone()
                };
                if seen.insert((edge.from, edge.to, edge.instances.clone(), edge.kind)) {
                    named.push(edge);
                }
            }
        }
        named
    }

    fn named(&self, edge: &Edge) -> Vec<Instances> {
        let Instances::Computed(index) = &edge.instances else {
            return vec![edge.instances.clone()];
        };
        let (Some(Some(places)), Node::Step(id)) = (self.indexed.get(index), edge.to) else {
            return vec![Instances::All];
        };
        let name = |place: &u32| match self.known_instances(id)? {
            TInstances::Count(_) => Some(Instances::Index(*place)),
            TInstances::ForEach(keys) => Some(Instances::Key(keys.get(*place as usize)?.0.clone())),
            TInstances::Single => None,
        };
        let names: Option<Vec<Instances>> = places.iter().map(name).collect();
        names.unwrap_or_else(|| vec![Instances::All])
    }

    fn edge(&mut self, id: StepId, edge: &Edge) -> Instances {
        let Some(instances) = self.known_instances(id) else {
            return Instances::All;
        };
        let address = self.declarations.step(id).address();
        let (code, text, hint) = match (instances, &edge.instances) {
            (_, Instances::All) | (TInstances::Single, Instances::Index(0)) => {
                return Instances::All;
            }
            (_, Instances::Computed(_)) => return edge.instances.clone(),
            (TInstances::Count(count), Instances::Index(index)) if index < count => {
                return edge.instances.clone();
            }
            (TInstances::ForEach(keys), Instances::Key(key))
                if keys.iter().any(|(known, _)| known == key) =>
            {
                return edge.instances.clone();
            }
            // Expressions that surely run report their own indexes.
            _ if edge.kind != EdgeKind::Explicit => return Instances::All,
            (TInstances::Single, _) => (
                codes::UNEXPECTED_INDEX,
                format!("`{address}` has neither `count` nor `for_each`, found an index"),
                Some(format!("write `{address}`")),
            ),
            (TInstances::Count(count), Instances::Index(index)) => (
                codes::INDEX_OUT_OF_RANGE,
                format!("`{address}` has `count = {count}`, found index {index}"),
                count
                    .checked_sub(1)
                    .map(|last| format!("the indexes are 0 to {last}")),
            ),
            (TInstances::Count(_), _) => (
                codes::UNEXPECTED_INDEX,
                format!("the instances of `{address}` are numbered, found a key"),
                Some(format!("write `{address}[0]`")),
            ),
            (TInstances::ForEach(keys), Instances::Key(key)) => (
                codes::INDEX_OUT_OF_RANGE,
                format!("`{address}` has no instance \"{key}\""),
                match nearest::nearest(key, keys.iter().map(|(key, _)| key.as_str())) {
                    Some(near) => Some(format!("did you mean `{address}[\"{near}\"]`?")),
                    None => nearest::hint(key, keys.iter().map(|(key, _)| key.as_str())),
                },
            ),
            (TInstances::ForEach(keys), _) => (
                codes::UNEXPECTED_INDEX,
                format!("the instances of `{address}` have keys, found a number"),
                keys.first()
                    .map(|(key, _)| format!("write `{address}[\"{key}\"]`")),
            ),
        };
        self.error(code, edge.cause, text).hint = hint;
        Instances::All
    }
}

/// The keys in order with their values.
fn keys(value: &Value, ty: &Type) -> Result<Vec<(String, Value)>, String> {
    let settled = value.settled().map_err(|fault| fault.to_string())?;
    let mut pairs: Vec<(String, Value)> = match settled.as_ref() {
        Value::Object(pairs) => {
            let pairs = pairs.iter();
            pairs
                .map(|(key, value)| (key.as_str().to_owned(), value.clone()))
                .collect()
        }
        Value::List(items) if matches!(ty, Type::Set(_)) => {
            let mut pairs = Vec::with_capacity(items.len());
            for item in items.iter() {
                let Some(key) = item.as_text() else {
                    return Err(format!(
                        "`for_each` runs over strings, found {} in the set",
                        item.kind()
                    ));
                };
                pairs.push((key.to_owned(), item.clone()));
            }
            pairs
        }
        other => {
            return Err(format!(
                "`for_each` runs over a map or a set of strings, found {}",
                other.kind()
            ));
        }
    };
    if pairs.len() > MOST_INSTANCES as usize {
        return Err(format!(
            "`for_each` has at most {MOST_INSTANCES} keys, found {}",
            pairs.len()
        ));
    }
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(pairs)
}
