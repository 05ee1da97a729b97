//! Kinds of arguments: when each is known, and whether it is written as one text with holes.

use super::tree::WIDTH;
use crate::check::typed::{Binding, TExpr, TKind, TPart, TRules};
use crate::check::walk::walk;
use crate::plan::model::{Argument, Skeleton};
use bggo_manifest::{Carrier, Form};
use bggo_values::text::{can_be_joined, joins_what_is_before};
use bggo_values::{Type, Value};

/// Whether an argument differs between users, iterations or instances.
pub fn is_late(argument: &Argument) -> bool {
    argument.value.binding > Binding::Start
}

/// Whether parts of an argument are replaced before the module sees it.
pub fn is_redacted(argument: &Argument) -> bool {
    argument.input.shown && !argument.value.sensitivity.paths.is_empty()
}

/// Whether something of arguments and rules is computed when the program starts.
pub fn is_started(arguments: &[Argument], rules: &TRules) -> bool {
    let in_part =
        |argument: &Argument| argument.skeleton.as_ref().is_some_and(Skeleton::is_started);
    let mut arguments = arguments.iter();
    arguments.any(|argument| is_of_start(argument) || in_part(argument))
        || rules.known_at_start(true).next().is_some()
}

/// Whether some rules differ between users, iterations or instances.
pub fn has_late(rules: &TRules) -> bool {
    rules.known_at_start(false).next().is_some()
}

/// Whether it is computed when the program starts. Constant expressions whose failure must surface at run time are, too.
pub fn is_of_start(argument: &Argument) -> bool {
    !is_late(argument) && argument.value.constant().is_none()
}

/// Whether an argument is a template or a JSON literal that is written as one `format_args!`. Long ones and those with
/// computed keys are values.
pub fn has_holes(argument: &Argument) -> bool {
    if !is_late(argument) || argument.input.carrier() != Carrier::Text || is_redacted(argument) {
        return false;
    }
    let expr = &argument.value;
    match (&expr.kind, argument.input.form) {
        (TKind::Template(parts), Form::Plain) => parts.len() > 1 && varying(parts) <= WIDTH,
        (TKind::Object(_) | TKind::List(_), Form::Json) => {
            !has_computed_key(expr) && leaves(expr) <= WIDTH
        }
        _ => false,
    }
}

/// Whether a part of a template may begin with a mark that belongs to the letter before it.
pub fn may_join(parts: &[TPart]) -> bool {
    // Whether the text up to here may end with such a letter.
    let mut open = false;
    for part in parts {
        let (begins, ends, empty) = match part {
            TPart::Text(text) => (joins_what_is_before(text), can_be_joined(text), false),
            TPart::Hole(expr) => match expr.ty {
                Type::Number | Type::Size => (false, false, false),
                Type::Bool | Type::Duration => (false, true, false),
                _ => (true, true, true),
            },
            TPart::If { .. } | TPart::For { .. } => (true, true, true),
        };
        if open && begins {
            return true;
        }
        open = ends || empty && open;
    }
    false
}

/// How many parts of a template vary.
fn varying(parts: &[TPart]) -> usize {
    let varies = parts.iter().filter(|part| !matches!(part, TPart::Text(_)));
    varies.count()
}

/// How many parts of a JSON literal vary.
fn leaves(expr: &TExpr) -> usize {
    match &expr.kind {
        TKind::Constant(_) => 0,
        TKind::Object(pairs) => pairs.iter().map(|(_, value)| leaves(value)).sum(),
        TKind::List(items) => items.iter().map(leaves).sum(),
        _ => 1,
    }
}

fn has_computed_key(expr: &TExpr) -> bool {
    let mut found = false;
    walk(expr, &mut |node| {
        if let TKind::Object(pairs) = &node.kind {
            found |= pairs
                .iter()
                .any(|(key, _)| !matches!(key.kind, TKind::Constant(Value::Text(_))));
        }
    });
    found
}
