//! The sensitivity of a value to that of its attributes, of its items and of what holds it; messages to what may be shown
//! of them.

use super::expression::context::constant;
use super::typed::{Sensitivity, TExpr, TKind, TLocal, TPart, latest};
use super::walk::{of_parts, walk};
use bggo_manifest::Input;
use bggo_values::ops::SENSITIVE;
use bggo_values::{Type, Value};

/// Shown instead of a message that is computed from a sensitive value as a whole.
const KEPT_BACK: &str = "the value is not allowed (the message reads it, and it is sensitive)";

/// Stands for every attribute and item in a path.
pub(super) const EVERY: &str = "*";

impl Sensitivity {
    /// No part is sensitive.
    pub const NONE: Sensitivity = Sensitivity { paths: Vec::new() };

    /// All of it is sensitive.
    pub fn whole() -> Self {
        Sensitivity {
            paths: vec![Vec::new()],
        }
    }

    /// All of it, or nothing.
    pub(super) fn whole_if(sensitive: bool) -> Self {
        if sensitive { Self::whole() } else { Self::NONE }
    }

    /// Whether any part is.
    pub fn any(&self) -> bool {
        !self.paths.is_empty()
    }

    /// Whether all of it is.
    pub fn is_whole(&self) -> bool {
        self.paths.iter().any(Vec::is_empty)
    }

    /// The sensitivity of the attribute or item of this name.
    pub(super) fn at(&self, name: &str) -> Self {
        self.below(|first| first == name || first == EVERY)
    }

    /// The sensitivity of any attribute or item.
    pub(super) fn of_each(&self) -> Self {
        self.below(|_| true)
    }

    fn below(&self, through: impl Fn(&str) -> bool) -> Self {
        let mut found = Self::NONE;
        for path in &self.paths {
            match path.split_first() {
                None => found.add(Vec::new()),
                Some((first, rest)) if through(first) => found.add(rest.to_vec()),
                Some(_) => {}
            }
        }
        found
    }

    /// The sensitivity of a value that contains this one under a name.
    pub(super) fn under(&self, name: &str) -> Self {
        let mut paths = self.paths.clone();
        for path in &mut paths {
            path.insert(0, name.to_owned());
        }
        Sensitivity { paths }
    }

    /// The sensitivity of a value whose items may have moved to other places.
    pub(super) fn moved(&self) -> Self {
        if self.is_whole() {
            return Self::whole();
        }
        self.of_each().under(EVERY)
    }

    /// The sensitivity of both together.
    pub(super) fn and(mut self, other: &Sensitivity) -> Self {
        for path in &other.paths {
            self.add(path.clone());
        }
        self
    }

    /// A path that another one covers is left out.
    fn add(&mut self, path: Vec<String>) {
        if self.paths.iter().any(|known| path.starts_with(known)) {
            return;
        }
        self.paths.retain(|known| !known.starts_with(&path));
        self.paths.push(path);
    }
}

/// Whether any of these is sensitive in any part.
pub(super) fn any<'a>(exprs: impl IntoIterator<Item = &'a TExpr>) -> bool {
    exprs.into_iter().any(|expr| expr.sensitivity.any())
}

/// Whether any of these is computed from something sensitive, also if its own value shows nothing of that: a fault on the
/// way to the value may quote it.
pub(super) fn reads_secret<'a>(
    exprs: impl IntoIterator<Item = &'a TExpr>,
    locals: &[Option<TLocal>],
) -> bool {
    let of_local = |part: &TExpr| match part.kind {
        TKind::Local(id) => locals[id.0]
            .as_ref()
            .is_some_and(|local| local.reads_secret),
        _ => false,
    };
    let mut found = false;
    for expr in exprs {
        walk(expr, &mut |part| {
            found |= part.sensitivity.any() || of_local(part);
        });
    }
    found
}

/// Whether the texts of faults hide values because of an argument: its input is sensitive, or its value is computed from
/// something sensitive. That a module gets the value without its sensitive parts changes nothing.
pub(super) fn has_secret(
    arguments: &[(usize, TExpr)],
    inputs: &[Input],
    locals: &[Option<TLocal>],
) -> bool {
    arguments.iter().any(|(place, value)| {
        reads_secret([value], locals) || inputs.get(*place).is_some_and(|input| input.sensitive)
    })
}

/// A message for people, with its sensitive parts replaced: part by part in a template, as a whole in any other form.
pub(super) fn without_sensitive(message: TExpr) -> TExpr {
    if !message.sensitivity.any() {
        return message;
    }
    let TKind::Template(parts) = message.kind else {
        return constant(Value::text(KEPT_BACK), Type::String, message.span);
    };
    let parts: Vec<TPart> = parts.into_iter().map(covered).collect();
    TExpr {
        binding: latest(of_parts(&parts)),
        kind: TKind::Template(parts),
        ty: Type::String,
        sensitivity: Sensitivity::NONE,
        span: message.span,
    }
}

/// The part of a template, or the replacement of a sensitive part.
fn covered(part: TPart) -> TPart {
    match part {
        TPart::Text(_) => part,
        TPart::If { condition, yes, no } if !condition.sensitivity.any() => TPart::If {
            condition,
            yes: yes.into_iter().map(covered).collect(),
            no: no.into_iter().map(covered).collect(),
        },
        part if any(of_parts(std::slice::from_ref(&part))) => TPart::Text(SENSITIVE.to_owned()),
        part => part,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(list: &[&[&str]]) -> Sensitivity {
        let owned = |path: &&[&str]| path.iter().map(|name| (*name).to_owned()).collect();
        Sensitivity {
            paths: list.iter().map(owned).collect(),
        }
    }

    #[test]
    fn attribute_keeps_what_is_below_it() {
        let both = paths(&[&["a", "b"], &["c"]]);
        assert_eq!(both.at("a"), paths(&[&["b"]]));
        assert_eq!(both.at("c"), Sensitivity::whole());
        assert_eq!(both.at("d"), Sensitivity::NONE);
        assert_eq!(Sensitivity::whole().at("d"), Sensitivity::whole());
        assert_eq!(paths(&[&["*", "b"]]).at("0"), paths(&[&["b"]]));
    }

    #[test]
    fn wider_path_replaces_narrower_ones() {
        let narrow = paths(&[&["a", "b"], &["a", "c"]]);
        assert_eq!(narrow.clone().and(&paths(&[&["a"]])), paths(&[&["a"]]));
        assert_eq!(paths(&[&["a"]]).and(&narrow), paths(&[&["a"]]));
    }

    #[test]
    fn moved_items_are_sensitive_everywhere() {
        assert_eq!(
            paths(&[&["0", "a"], &["3", "b"]]).moved(),
            paths(&[&["*", "a"], &["*", "b"]])
        );
    }
}
