//! Steps to the nodes that are scheduled. A step is one node, unless somebody depends on single instances of it: then
//! those are nodes of their own, so that the dependent waits for them alone, and the others are nodes by ranges.

use super::model::Node;
use crate::check::typed::{TBody, TInstances, TStep};
use crate::resolve::model::{Edge, Instances, Node as Declared};
use std::collections::{BTreeMap, BTreeSet};

/// All nodes of a body, each after those that it depends on.
pub fn nodes(body: &TBody) -> Vec<Node> {
    let edges = Edges::of(body);
    let order = body.order.iter().filter_map(|node| match node {
        Declared::Step(id) => Some(*id),
        _ => None,
    });
    let mut needs: Vec<Vec<(usize, Instances)>> = vec![Vec::new(); body.steps.len()];
    for id in order.clone() {
        needs[id.index] = edges.steps(Declared::Step(id));
    }
    let readers = readers(body, &needs);
    let mut nodes: Vec<Node> = Vec::new();
    let mut of_step: Vec<Vec<usize>> = vec![Vec::new(); body.steps.len()];
    for step in order.map(|id| id.index) {
        let mut after: Vec<usize> = Vec::new();
        for (to, instances) in &needs[step] {
            let only = position(&body.steps[*to], instances);
            after.extend(of_step[*to].iter().copied().filter(|&at| {
                only.is_none_or(|only| (nodes[at].range.0..nodes[at].range.1).contains(&only))
            }));
        }
        after.sort_unstable();
        after.dedup();
        for range in ranges(count(&body.steps[step]), &readers[step]) {
            of_step[step].push(nodes.len());
            nodes.push(Node {
                step,
                range,
                after: after.clone(),
            });
        }
    }
    nodes
}

fn count(step: &TStep) -> usize {
    match &step.instances {
        // What is known late is one node: nobody can wait for an instance that may not be there.
        TInstances::Single | TInstances::Late(_) => 1,
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
        (known, Instances::Key(key)) => known.position_of_key(key),
        _ => None,
    }
}

/// By step, by instance: the steps that wait for this instance by name and not for all of them.
fn readers(
    body: &TBody,
    needs: &[Vec<(usize, Instances)>],
) -> Vec<BTreeMap<usize, BTreeSet<usize>>> {
    let mut readers: Vec<BTreeMap<usize, BTreeSet<usize>>> =
        vec![BTreeMap::new(); body.steps.len()];
    for (reader, needs) in needs.iter().enumerate() {
        let place = |(step, instances): &(usize, Instances)| {
            (*step, position(&body.steps[*step], instances))
        };
        let all: BTreeSet<usize> = needs
            .iter()
            .map(place)
            .filter_map(|(step, position)| position.is_none().then_some(step))
            .collect();
        for (step, position) in needs.iter().map(place) {
            if let Some(position) = position.filter(|_| !all.contains(&step)) {
                readers[step].entry(position).or_default().insert(reader);
            }
        }
    }
    readers
}

/// `0..count`, cut where the readers of one instance are not those of the next.
fn ranges(count: usize, readers: &BTreeMap<usize, BTreeSet<usize>>) -> Vec<(usize, usize)> {
    let borders = readers.keys().flat_map(|&one| [one, one + 1]);
    let mut cuts: Vec<usize> = borders
        .filter(|&at| at > 0 && at < count && readers.get(&(at - 1)) != readers.get(&at))
        .collect();
    cuts.dedup();
    let starts = std::iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain([count]);
    starts.zip(ends).collect()
}

/// Which steps of its body a step depends on, directly or through locals and resources.
struct Edges<'a> {
    of: BTreeMap<Declared, Vec<&'a Edge>>,
}

impl<'a> Edges<'a> {
    fn of(body: &'a TBody) -> Self {
        let mut of: BTreeMap<Declared, Vec<&Edge>> = BTreeMap::new();
        for edge in &body.edges {
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
                    // What ran before the iteration is there.
                    Declared::Step(id) if id.body != from.body() => {}
                    Declared::Step(id) => found.push((id.index, edge.instances.clone())),
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

    fn cut(count: usize, readers: &[(usize, &[usize])]) -> Vec<(usize, usize)> {
        let readers = readers
            .iter()
            .map(|(one, of)| (*one, of.iter().copied().collect()));
        ranges(count, &readers.collect())
    }

    #[test]
    fn named_instances_stand_alone_between_ranges_of_the_others() {
        assert_eq!(cut(1000, &[]), [(0, 1000)]);
        assert_eq!(
            cut(5, &[(0, &[7]), (3, &[8])]),
            [(0, 1), (1, 3), (3, 4), (4, 5)]
        );
        assert_eq!(cut(1, &[(0, &[7])]), [(0, 1)]);
        assert_eq!(cut(0, &[]), [(0, 0)]);
    }

    #[test]
    fn neighbours_that_the_same_steps_wait_for_stay_together() {
        assert_eq!(cut(4, &[(0, &[7]), (1, &[7])]), [(0, 2), (2, 4)]);
        assert_eq!(cut(4, &[(0, &[7]), (1, &[7, 8])]), [(0, 1), (1, 2), (2, 4)]);
    }
}
