//! Which steps and resources read rows of data, by themselves or through locals.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{DataId, LocalId, Node, Reference, Resolved};
use crate::syntax::all_expressions::{of, of_resource, of_step};
use crate::syntax::decl::Expr;

/// The data that each step and resource reads; those that read none are left out.
pub fn data_reads(resolved: &Resolved) -> BTreeMap<Node, BTreeSet<DataId>> {
    let declarations = &resolved.declarations;
    let mut reads = BTreeMap::new();
    if declarations.data.is_empty() {
        return reads;
    }
    let mut add = |node: Node, expressions: Vec<&Expr>| {
        let found = read_by(resolved, expressions);
        if !found.is_empty() {
            reads.insert(node, found);
        }
    };
    for body in declarations.body_ids() {
        for id in declarations.resource_ids(body) {
            add(Node::Resource(id), of_resource(declarations.resource(id)));
        }
        for id in declarations.step_ids(body) {
            add(Node::Step(id), of_step(declarations.step(id)));
        }
    }
    reads
}

fn read_by(resolved: &Resolved, expressions: Vec<&Expr>) -> BTreeSet<DataId> {
    let locals = &resolved.declarations.locals;
    let (mut found, mut looked) = (BTreeSet::new(), BTreeSet::<LocalId>::new());
    let mut open = expressions;
    while let Some(expr) = open.pop() {
        match resolved.references.get(&expr.id) {
            Some(Reference::Data(id)) => {
                found.insert(*id);
            }
            Some(Reference::Local(id)) if looked.insert(*id) => {
                open.extend(
                    locals
                        .get(id.0)
                        .into_iter()
                        .flat_map(|local| of(&local.value)),
                );
            }
            _ => {}
        }
    }
    found
}
