//! The graph as sequences, forks and latches, such that each node starts as soon as its own dependencies are done.
//!
//! A set of nodes without a connection between its parts is a fork of them. A connected set is cut wherever all before
//! the cut come before all after it: a sequence. A connected set without such a cut (the N is the smallest) becomes
//! chains that run at the same time, and each edge between chains a latch. (Series-parallel decomposition; see Valdes,
//! Tarjan and Lawler, "The recognition of series parallel digraphs", 1982, for the first two.)

use super::model::{Node, Schedule};

/// The schedule of those nodes that `is_part` takes, as if there were no others; `None` where it takes none. The nodes stand in an
/// order in which each comes after all in its `after`. `latches` counts on.
pub fn schedule(
    nodes: &[Node],
    is_part: impl Fn(&Node) -> bool,
    latches: &mut usize,
) -> Option<Schedule> {
    let part: Vec<usize> = (0..nodes.len()).filter(|at| is_part(&nodes[*at])).collect();
    let own = part.iter().map(|at| {
        let after = nodes[*at].after.iter();
        Node {
            after: after.filter_map(|to| part.binary_search(to).ok()).collect(),
            ..nodes[*at].clone()
        }
    });
    let own: Vec<Node> = own.collect();
    let all: Vec<usize> = (0..own.len()).collect();
    let mut schedule = Graph::of(&own).schedule(&all, latches);
    renumber(&mut schedule, &part);
    (!part.is_empty()).then_some(schedule)
}

/// Nodes by their numbers among all.
fn renumber(schedule: &mut Schedule, numbers: &[usize]) {
    match schedule {
        Schedule::Node(node) => *node = numbers[*node],
        Schedule::Sequence(parts) | Schedule::Fork(parts) => {
            parts.iter_mut().for_each(|part| renumber(part, numbers));
        }
        Schedule::Choice(_) | Schedule::Wait(_) | Schedule::Open(_) => {}
    }
}

struct Graph {
    /// Direct dependencies without those that another one implies.
    after: Vec<Vec<usize>>,
    /// All dependencies, direct or not, a bit each.
    before: Vec<Vec<u64>>,
}

impl Graph {
    fn of(nodes: &[Node]) -> Self {
        let words = nodes.len().div_ceil(64);
        let mut before: Vec<Vec<u64>> = Vec::with_capacity(nodes.len());
        let mut after = Vec::with_capacity(nodes.len());
        for node in nodes {
            let mut all = vec![0u64; words];
            for &to in &node.after {
                for (word, more) in all.iter_mut().zip(&before[to]) {
                    *word |= more;
                }
            }
            // What is already before a dependency needs no edge of its own.
            let mut direct: Vec<usize> = node
                .after
                .iter()
                .copied()
                .filter(|&to| !has(&all, to))
                .collect();
            direct.sort_unstable();
            direct.dedup();
            for &to in &node.after {
                all[to / 64] |= 1 << (to % 64);
            }
            before.push(all);
            after.push(direct);
        }
        Self { after, before }
    }

    fn schedule(&self, set: &[usize], latches: &mut usize) -> Schedule {
        if let [only] = set {
            return Schedule::Node(*only);
        }
        let parts = self.parts(set);
        if parts.len() > 1 {
            let mut branches = Vec::with_capacity(parts.len());
            for part in &parts {
                match self.schedule(part, latches) {
                    Schedule::Fork(inner) => branches.extend(inner),
                    other => branches.push(other),
                }
            }
            return Schedule::Fork(branches);
        }
        let cuts = self.cuts(set);
        if cuts.is_empty() {
            return self.chains(set, latches);
        }
        let mut segments = Vec::new();
        let mut start = 0;
        for end in cuts.into_iter().chain([set.len()]) {
            segments.push(self.schedule(&set[start..end], latches));
            start = end;
        }
        Schedule::Sequence(segments)
    }

    /// The parts of a set that have no edge between them, each in order.
    fn parts(&self, set: &[usize]) -> Vec<Vec<usize>> {
        let place = |node: usize| set.binary_search(&node).ok();
        let mut group: Vec<usize> = (0..set.len()).collect();
        fn root(group: &mut [usize], mut at: usize) -> usize {
            while group[at] != at {
                group[at] = group[group[at]];
                at = group[at];
            }
            at
        }
        for (at, &node) in set.iter().enumerate() {
            for to in self.after[node].iter().filter_map(|&to| place(to)) {
                let (a, b) = (root(&mut group, at), root(&mut group, to));
                group[a.max(b)] = a.min(b);
            }
        }
        let mut parts: Vec<(usize, Vec<usize>)> = Vec::new();
        for (at, &node) in set.iter().enumerate() {
            let of = root(&mut group, at);
            match parts.binary_search_by_key(&of, |(known, _)| *known) {
                Ok(place) => parts[place].1.push(node),
                Err(place) => parts.insert(place, (of, vec![node])),
            }
        }
        parts.into_iter().map(|(_, part)| part).collect()
    }

    /// Positions where everything before must run before everything after.
    fn cuts(&self, set: &[usize]) -> Vec<usize> {
        // How many of the first nodes of the set all come before this one; then the least of that over the rest.
        let mut least: Vec<usize> = set
            .iter()
            .enumerate()
            .map(|(at, &node)| {
                set[..at]
                    .iter()
                    .take_while(|&&first| has(&self.before[node], first))
                    .count()
            })
            .collect();
        for at in (1..least.len()).rev() {
            least[at - 1] = least[at - 1].min(least[at]);
        }
        (1..set.len()).filter(|&at| least[at] >= at).collect()
    }

    /// Chains by greedy path cover; the edges that are in no chain are latches.
    fn chains(&self, set: &[usize], latches: &mut usize) -> Schedule {
        let mut chains: Vec<Vec<usize>> = Vec::new();
        let mut crossing: Vec<(usize, usize)> = Vec::new();
        for &node in set {
            let inside: Vec<usize> = self.after[node]
                .iter()
                .copied()
                .filter(|to| set.binary_search(to).is_ok())
                .collect();
            let tail = chains
                .iter()
                .position(|chain| chain.last().is_some_and(|last| inside.contains(last)));
            let mut follows = None;
            match tail {
                Some(at) => {
                    follows = chains[at].last().copied();
                    chains[at].push(node);
                }
                None => chains.push(vec![node]),
            }
            crossing.extend(
                inside
                    .into_iter()
                    .filter(|to| Some(*to) != follows)
                    .map(|to| (to, node)),
            );
        }
        let mut sources: Vec<usize> = crossing.iter().map(|(from, _)| *from).collect();
        sources.sort_unstable();
        sources.dedup();
        let first = *latches;
        *latches += sources.len();
        let latch = |node: usize| sources.binary_search(&node).ok().map(|at| first + at);
        let branches = chains.into_iter().map(|chain| {
            let mut parts = Vec::new();
            for node in chain {
                let waits = crossing
                    .iter()
                    .filter(|(_, to)| *to == node)
                    .filter_map(|(from, _)| latch(*from));
                parts.extend(waits.map(Schedule::Wait));
                parts.push(Schedule::Node(node));
                parts.extend(latch(node).map(Schedule::Open));
            }
            if parts.len() == 1 {
                parts.remove(0)
            } else {
                Schedule::Sequence(parts)
            }
        });
        Schedule::Fork(branches.collect())
    }
}

fn has(bits: &[u64], node: usize) -> bool {
    bits[node / 64] & (1 << (node % 64)) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The schedule of all nodes, and the number of its latches.
    fn whole(nodes: &[Node]) -> (Schedule, usize) {
        let mut latches = 0;
        let schedule = schedule(nodes, |_| true, &mut latches);
        (schedule.unwrap(), latches)
    }

    fn nodes(edges: &[&[usize]]) -> Vec<Node> {
        edges
            .iter()
            .enumerate()
            .map(|(at, after)| Node {
                step: at,
                range: (0, 1),
                after: after.to_vec(),
            })
            .collect()
    }

    fn shown(schedule: &Schedule) -> String {
        let all = |parts: &[Schedule], between: &str| {
            parts.iter().map(shown).collect::<Vec<_>>().join(between)
        };
        match schedule {
            Schedule::Node(node) => node.to_string(),
            Schedule::Sequence(parts) => format!("({})", all(parts, " ")),
            Schedule::Fork(parts) => format!("[{}]", all(parts, " | ")),
            Schedule::Wait(latch) => format!("w{latch}"),
            Schedule::Open(latch) => format!("o{latch}"),
            Schedule::Choice(_) => "choice".to_owned(),
        }
    }

    /// Start times by the schedule, with the given lengths of the nodes. Latches are solved by iterating until nothing changes.
    fn simulate(schedule: &Schedule, lengths: &[u64], latches: usize) -> Vec<u64> {
        fn run(
            schedule: &Schedule,
            at: u64,
            lengths: &[u64],
            opened: &mut [u64],
            starts: &mut [u64],
        ) -> u64 {
            match schedule {
                Schedule::Node(node) => {
                    starts[*node] = at;
                    at + lengths[*node]
                }
                Schedule::Sequence(parts) => parts
                    .iter()
                    .fold(at, |at, part| run(part, at, lengths, opened, starts)),
                Schedule::Fork(parts) => parts
                    .iter()
                    .map(|part| run(part, at, lengths, opened, starts))
                    .max()
                    .unwrap_or(at),
                // What is scheduled here has no choices.
                Schedule::Choice(_) => at,
                Schedule::Wait(latch) => at.max(opened[*latch]),
                Schedule::Open(latch) => {
                    opened[*latch] = at;
                    at
                }
            }
        }
        let (mut opened, mut starts) = (vec![0; latches], vec![0; lengths.len()]);
        loop {
            let before = opened.clone();
            run(schedule, 0, lengths, &mut opened, &mut starts);
            if before == opened {
                return starts;
            }
        }
    }

    #[test]
    fn a_part_of_the_nodes_is_scheduled_as_if_there_were_no_others() {
        let all = nodes(&[&[], &[0], &[0], &[1, 2], &[3]]);
        let mut latches = 0;
        let mut part = |numbers: &[usize]| {
            let is_part = |node: &Node| numbers.contains(&node.step);
            schedule(&all, is_part, &mut latches).map(|part| shown(&part))
        };
        assert_eq!(part(&[0, 1, 2]).as_deref(), Some("(0 [1 | 2])"));
        assert_eq!(part(&[3, 4]).as_deref(), Some("(3 4)"));
        assert_eq!(part(&[1, 4]).as_deref(), Some("[1 | 4]"));
        assert_eq!(part(&[]), None);
    }

    #[test]
    fn the_readme_picture_is_a_sequence_with_a_fork() {
        let (schedule, latches) = whole(&nodes(&[&[], &[0], &[0], &[1, 2]]));
        assert_eq!((shown(&schedule).as_str(), latches), ("(0 [1 | 2] 3)", 0));
    }

    #[test]
    fn parts_without_connection_are_a_fork_of_sequences() {
        assert_eq!(
            shown(&whole(&nodes(&[&[], &[], &[0], &[1]])).0),
            "[(0 2) | (1 3)]"
        );
    }

    #[test]
    fn an_n_has_a_latch_and_no_join() {
        let (schedule, latches) = whole(&nodes(&[&[], &[], &[0, 1], &[1]]));
        assert_eq!(
            (shown(&schedule).as_str(), latches),
            ("[(0 w0 2) | (1 o0 3)]", 1)
        );
    }

    #[test]
    fn an_edge_that_another_implies_changes_nothing() {
        assert_eq!(shown(&whole(&nodes(&[&[], &[0], &[0, 1]])).0), "(0 1 2)");
    }

    #[test]
    fn each_node_of_random_graphs_starts_when_its_own_dependencies_are_done() {
        let mut seed = 7u64;
        let mut random = |below: u64| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for _ in 0..3000 {
            let count = 1 + random(12) as usize;
            let edges: Vec<Vec<usize>> = (0..count)
                .map(|node| (0..node).filter(|_| random(4) == 0).collect())
                .collect();
            let nodes = nodes(&edges.iter().map(Vec::as_slice).collect::<Vec<_>>());
            let lengths: Vec<u64> = (0..count).map(|_| 1 + random(100)).collect();
            let mut expected = vec![0; count];
            for node in 0..count {
                expected[node] = edges[node]
                    .iter()
                    .map(|&to| expected[to] + lengths[to])
                    .max()
                    .unwrap_or(0);
            }
            let (schedule, latches) = whole(&nodes);
            assert_eq!(
                simulate(&schedule, &lengths, latches),
                expected,
                "{edges:?} {}",
                shown(&schedule)
            );
        }
    }
}
