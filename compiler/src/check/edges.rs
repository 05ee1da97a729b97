//! Edges of a graph to edges between instances: what they name must be there, and an index that folded stands for the
//! instances that it gave.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::diagnostics::{Hint, Problems, codes, nearest};
use crate::resolve::model::{ByBody, Edge, EdgeKind, Instances, Node};
use crate::syntax::decl::{Declarations, ExprId};

use super::typed::TInstances;

/// Edges to single instances that exist; all others become edges to the whole step. Wrong ones of `depends_on` are reported.
pub(super) fn existing(
    edges: &[Edge],
    declarations: &Declarations,
    instances: &ByBody<Option<TInstances>>,
    problems: &mut Problems,
) -> Vec<Edge> {
    let checked = edges.iter().map(|edge| {
        let named = match edge.to {
            Node::Step(id) => match instances.get(id).and_then(Option::as_ref) {
                Some(there) => named(edge, &declarations.step(id).address(), there, problems),
                None => Instances::All,
            },
            _ => Instances::All,
        };
        Edge {
            instances: named,
            ..edge.clone()
        }
    });
    checked.collect()
}

/// Edges by an index that folded are about the instances that it stood for, others about the whole step.
pub(super) fn of_instances(
    edges: Vec<Edge>,
    instances: &ByBody<Option<TInstances>>,
    indexed: &BTreeMap<ExprId, Option<BTreeSet<u32>>>,
) -> Vec<Edge> {
    let mut seen = HashSet::new();
    let mut named = Vec::with_capacity(edges.len());
    let mut keep = |edge: Edge| {
        if seen.insert((edge.from, edge.to, edge.instances.clone(), edge.kind)) {
            named.push(edge);
        }
    };
    for edge in edges {
        let Instances::Computed(index) = edge.instances else {
            keep(edge);
            continue;
        };
        for instances in read_by(&edge, index, instances, indexed) {
            keep(Edge {
                instances,
                ..edge.clone()
            });
        }
    }
    named
}

/// The instances that an edge by this index is about, each by its index or key.
fn read_by(
    edge: &Edge,
    index: ExprId,
    instances: &ByBody<Option<TInstances>>,
    indexed: &BTreeMap<ExprId, Option<BTreeSet<u32>>>,
) -> Vec<Instances> {
    let (Some(Some(places)), Node::Step(id)) = (indexed.get(&index), edge.to) else {
        return vec![Instances::All];
    };
    let name = |place: &u32| match instances.get(id)?.as_ref()? {
        TInstances::Count(_) => Some(Instances::Index(*place)),
        TInstances::ForEach(keys) => Some(Instances::Key(keys.get(*place as usize)?.0.clone())),
        TInstances::Single | TInstances::Late(_) => None,
    };
    let names: Option<Vec<Instances>> = places.iter().map(name).collect();
    names.unwrap_or_else(|| vec![Instances::All])
}

/// What an edge names of the instances that its step has; one that is not there is reported where the grid wrote it by hand.
fn named(edge: &Edge, address: &str, instances: &TInstances, problems: &mut Problems) -> Instances {
    let (code, text, hint) = match (instances, &edge.instances) {
        (_, Instances::All) | (TInstances::Single, Instances::Index(0)) => {
            return Instances::All;
        }
        (_, Instances::Computed(_)) => return edge.instances.clone(),
        (TInstances::Count(count), Instances::Index(index)) if index < count => {
            return edge.instances.clone();
        }
        (known, Instances::Key(key)) if known.position_of_key(key).is_some() => {
            return edge.instances.clone();
        }
        // Which instances there are shows when the step begins, so all of them are waited for.
        (TInstances::Late(late), Instances::Index(_)) if !late.of.is_keyed() => {
            return Instances::All;
        }
        (TInstances::Late(late), Instances::Key(_)) if late.of.is_keyed() => {
            return Instances::All;
        }
        // Expressions that surely run report their own indexes.
        _ if edge.kind != EdgeKind::Explicit => return Instances::All,
        (TInstances::Single, _) => (
            codes::UNEXPECTED_INDEX,
            format!("`{address}` has neither `count` nor `for_each`, found an index"),
            Some(Hint::write(address)),
        ),
        (TInstances::Count(count), Instances::Index(index)) => (
            codes::INDEX_OUT_OF_RANGE,
            format!("`{address}` has `count = {count}`, found index {index}"),
            count
                .checked_sub(1)
                .map(|last| format!("the indexes are 0 to {last}").into()),
        ),
        (TInstances::Count(_), _) | (TInstances::Late(_), Instances::Key(_)) => (
            codes::UNEXPECTED_INDEX,
            format!("the instances of `{address}` are numbered, found a key"),
            Some(Hint::write(format!("{address}[0]"))),
        ),
        (TInstances::ForEach(keys), Instances::Key(key)) => (
            codes::INDEX_OUT_OF_RANGE,
            format!("`{address}` has no instance \"{key}\""),
            match nearest::nearest(key, keys.iter().map(|(key, _)| key.as_str())) {
                Some(near) => Some(Hint::meant(format!("{address}[\"{near}\"]"))),
                None => nearest::advice(key, keys.iter().map(|(key, _)| key.as_str())),
            },
        ),
        (TInstances::Late(_), _) => (
            codes::UNEXPECTED_INDEX,
            format!("the instances of `{address}` have keys, found a number"),
            Some(format!("write a key in quotes, or `{address}` for all of them").into()),
        ),
        (TInstances::ForEach(keys), _) => (
            codes::UNEXPECTED_INDEX,
            format!("the instances of `{address}` have keys, found a number"),
            keys.first()
                .map(|(key, _)| Hint::write(format!("{address}[\"{key}\"]"))),
        ),
    };
    problems.error(code, edge.cause, text).advise(hint);
    Instances::All
}
