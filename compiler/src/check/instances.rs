//! `count` and `for_each` of a step to its instances.

use bggo_values::{Type, Value};

use crate::diagnostics::codes;
use crate::resolve::model::StepId;
use crate::syntax::decl::Expr;

use super::expression::context::Checker;
use super::typed::{LateOf, TExpr, TInstances, TLate};

/// The most instances of a step that are known when the grid is built. Each one is a future and a slot in every user.
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
        if !expr.is_whole() {
            return None;
        }
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
            None => return Some(late(count, LateOf::Count)),
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

    fn for_each(&mut self, expr: &Expr) -> Option<TInstances> {
        let over = self.infer(expr);
        if over.is_error() || !expr.is_whole() {
            return None;
        }
        if over.sensitivity.any() {
            let text = "`for_each` must not be sensitive: its keys are shown as names of instances";
            self.error(codes::INVALID_FOR_EACH, over.span, text);
            return None;
        }
        let opened = self.opened(&over.ty);
        let wrong = match opened.as_ref() {
            Type::Map(_) | Type::Object(_) | Type::Any => None,
            Type::Set(item) if matches!(**item, Type::String | Type::Any | Type::Null) => None,
            ty @ (Type::List(_) | Type::Tuple(_)) if !is_of_texts(ty) => {
                Some("give each item a key: `{ for index, item in .. : index => item }`")
            }
            Type::List(_) | Type::Tuple(_) => Some("write `toset(..)` around it"),
            Type::Set(_) => Some("write `toset([for x in .. : tostring(x)])`"),
            _ => Some("for a number of instances write `count`"),
        };
        if let Some(hint) = wrong {
            let text = format!(
                "`for_each` runs over a map or a set of strings, found {}",
                opened.named()
            );
            let problem = self.error(codes::INVALID_FOR_EACH, over.span, text);
            if over.ty != Type::Null {
                problem.hint(hint);
            }
            return None;
        }
        let Some(value) = over.constant() else {
            let of = match over.ty {
                Type::Set(_) => LateOf::Set,
                _ => LateOf::Map,
            };
            return Some(late(over, of));
        };
        match keys(value, &over.ty) {
            Ok(pairs) => Some(TInstances::ForEach(pairs)),
            Err(text) => {
                self.error(codes::INVALID_FOR_EACH, over.span, text);
                None
            }
        }
    }
}

/// Whether the items of a list can be members of a set that steps run over.
fn is_of_texts(ty: &Type) -> bool {
    let is_text = |item: &Type| matches!(item, Type::String | Type::Any | Type::Null);
    match ty {
        Type::List(item) => is_text(item),
        Type::Tuple(items) => items.iter().all(is_text),
        _ => false,
    }
}

fn late(over: TExpr, of: LateOf) -> TInstances {
    TInstances::Late(Box::new(TLate { over, of }))
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
