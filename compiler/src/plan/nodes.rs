//! Steps to the nodes that are scheduled. A step is one node, unless somebody depends on single instances of it: then
//! those are nodes of their own, so that the dependent waits for them alone, and the others are nodes by ranges.

use super::model::Node;
use crate::check::typed::{TInstances, TStep, Typed};
use crate::resolve::model::{Edge, Instances, Node as Declared, StepId};
use std::collections::{BTreeMap, BTreeSet};

/// All nodes, each after those that it depends on.
pub fn nodes(typed: &Typed) -> Vec<Node> {
    let edges = Edges::of(typed);
    let needs: Vec<Vec<(usize, Instances)>> = (0..typed.steps.len())
        .map(|step| edges.steps(Declared::Step(StepId(step))))
        .collect();
    let mut named: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); typed.steps.len()];
    for (step, instances) in needs.iter().flatten() {
        named[*step].extend(position(&typed.steps[*step], instances));
    }
    let order = typed.order.iter().filter_map(|node| match node {
        Declared::Step(id) => Some(id.0),
        _ => None,
    });
    let mut nodes: Vec<Node> = Vec::new();
    let mut of_step: Vec<Vec<usize>> = vec![Vec::new(); typed.steps.len()];
    for step in order {
        let mut after: Vec<usize> = Vec::new();
        for (to, instances) in &needs[step] {
            let only = position(&typed.steps[*to], instances);
            after.extend(of_step[*to].iter().copied().filter(|&at| {
                only.is_none_or(|only| (nodes[at].range.0..nodes[at].range.1).contains(&only))
            }));
        }
        after.sort_unstable();
        after.dedup();
        for range in ranges(count(&typed.steps[step]), &named[step]) {
            of_step[step].push(nodes.len());
            nodes.push(Node {
                step: StepId(step),
                range,
                after: after.clone(),
            });
        }
    }
    nodes
}

fn count(step: &TStep) -> usize {
    match &step.instances {
        TInstances::Single => 1,
        TInstances::Count(count) => *count as usize,
        TInstances::ForEach(keys) => keys.len(),
    }
}

/// The instance that an edge names, if it is one of several.
fn position(step: &TStep, instances: &Instances) -> Option<usize> {
    match (&step.instances, instances) {
        (TInstances::Count(count), Instances::Index(index)) if index < count => {
            Some(*index as usize)
        }
        (TInstances::ForEach(keys), Instances::Key(key)) => {
            keys.iter().position(|(known, _)| known == key)
        }
        _ => None,
    }
}

/// `0..count` with each named one by itself.
fn ranges(count: usize, named: &BTreeSet<usize>) -> Vec<(usize, usize)> {
    let mut ranges = Vec::new();
    let mut start = 0;
    for &one in named {
        if start < one {
            ranges.push((start, one));
        }
        ranges.push((one, one + 1));
        start = one + 1;
    }
    if start < count || ranges.is_empty() {
        ranges.push((start, count));
    }
    ranges
}

/// Which steps a step stands on, directly or through locals and resources.
struct Edges<'a> {
    of: BTreeMap<Declared, Vec<&'a Edge>>,
}

impl<'a> Edges<'a> {
    fn of(typed: &'a Typed) -> Self {
        let mut of: BTreeMap<Declared, Vec<&Edge>> = BTreeMap::new();
        for edge in &typed.edges {
            of.entry(edge.from).or_default().push(edge);
        }
        Self { of }
    }

    fn steps(&self, from: Declared) -> Vec<(usize, Instances)> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![from];
        while let Some(node) = open.pop() {
            for edge in self.of.get(&node).into_iter().flatten() {
                match edge.to {
                    Declared::Step(id) => found.push((id.0, edge.instances.clone())),
                    Declared::Variable(_) => {}
                    through => {
                        if seen.insert(through) {
                            open.push(through);
                        }
                    }
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_instances_stand_alone_between_ranges_of_the_others() {
        assert_eq!(ranges(1000, &BTreeSet::new()), [(0, 1000)]);
        assert_eq!(
            ranges(5, &BTreeSet::from([0, 3])),
            [(0, 1), (1, 3), (3, 4), (4, 5)]
        );
        assert_eq!(ranges(1, &BTreeSet::from([0])), [(0, 1)]);
        assert_eq!(ranges(0, &BTreeSet::new()), [(0, 0)]);
    }
}
