//! The nodes of a traversal, from its root: names, indexes, and where they stand.

use crate::source::Span;
use crate::syntax::decl::{Expr, ExprKind, Name};

use super::model::{Instances, Reference};
use super::reference::Resolver;

/// A traversal from its root.
pub(super) struct Traversal<'n, 'a> {
    pub(super) nodes: &'n [&'a Expr],
    pub(super) first: Option<&'a Name>,
    pub(super) second: Option<&'a Name>,
}

impl<'a> Traversal<'_, 'a> {
    pub(super) fn refer(&self, resolver: &mut Resolver<'a>, place: usize, reference: Reference) {
        if let Some(node) = self.nodes.get(place) {
            resolver.refer(node.id, reference);
        }
    }

    /// Of the first nodes.
    pub(super) fn upto(&self, place: usize) -> Span {
        self.nodes
            .get(place)
            .or(self.nodes.last())
            .map_or(Span::default(), |node| node.span)
    }

    /// Root and up to two names.
    pub(super) fn span(&self) -> Span {
        match (self.first, self.second) {
            (Some(_), Some(_)) => self.upto(2),
            (Some(_), None) => self.upto(1),
            _ => self.upto(0),
        }
    }

    /// Which instances of `step.R.N` are read, and where that is written.
    pub(super) fn instances(&self) -> (Instances, Span) {
        match self.nodes.get(3).map(|node| (&node.kind, node.span)) {
            Some((ExprKind::Index(_, index), span)) => match literal(index) {
                Some(instances) => (instances, span),
                None => (Instances::Computed(index.id), self.upto(2)),
            },
            _ => (Instances::All, self.upto(2)),
        }
    }
}

/// The instance that an index names as a literal.
pub(super) fn literal(index: &Expr) -> Option<Instances> {
    match &index.kind {
        ExprKind::Number(number) => {
            let index = number.as_u64()?;
            Some(Instances::Index(u32::try_from(index).unwrap_or(u32::MAX)))
        }
        ExprKind::Text(key) => Some(Instances::Key(key.clone())),
        _ => None,
    }
}

/// The nodes of a traversal, its root first.
pub(super) fn spine(expr: &Expr) -> Vec<&Expr> {
    let mut nodes = vec![expr];
    let mut at = expr;
    while let ExprKind::Field(base, _) | ExprKind::Index(base, _) = &at.kind {
        nodes.push(base);
        at = base;
    }
    nodes.reverse();
    nodes
}

/// The name of a `.name` at this place behind the root.
pub(super) fn name_at<'a>(nodes: &[&'a Expr], place: usize) -> Option<&'a Name> {
    match nodes.get(place).map(|node| &node.kind) {
        Some(ExprKind::Field(_, name)) => Some(name),
        _ => None,
    }
}
