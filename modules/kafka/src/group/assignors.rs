//! Who of the members of a group gets which partitions: the rules of Kafka's own assignors.
//!
//! - `range`: the partitions of each topic lie in a row, and so do its members; each gets a piece of the row. The first ones get one more
//!   if it does not divide evenly.
//! - `round_robin`: all partitions of all topics are dealt out one by one.
//! - `cooperative_sticky`: as evenly as can be, and each member keeps as much as it has. What moves is given to its new owner only once the
//!   old one has let it go, so nobody stops reading what it keeps.

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A topic and the number of a partition.
pub(crate) type TopicPartition = (String, i32);

/// A member as it has introduced itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub(crate) member: String,
    pub(crate) instance_id: Option<String>,
    pub(crate) topics: Vec<String>,
    /// What it has.
    pub(crate) owned: Vec<TopicPartition>,
    /// When it got that; a later one is believed.
    pub(crate) generation: i32,
}

/// What each member gets, in the order of the subscriptions.
pub(crate) type Shares = Vec<Vec<TopicPartition>>;

/// Shares out by the assignor of this name, given how many partitions each topic has.
pub(crate) fn share_out(
    assignor: &str,
    members: &[Subscription],
    topics: &BTreeMap<String, i32>,
) -> Shares {
    match assignor {
        "round_robin" => round_robin(members, topics),
        "cooperative_sticky" => cooperative_sticky(members, topics),
        _ => range(members, topics),
    }
}

/// Members that have a name of their own come first, by that; the others by the name that the group gave them.
fn order(members: &[Subscription]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..members.len()).collect();
    let by_name = |a: &Subscription, b: &Subscription| match (&a.instance_id, &b.instance_id) {
        (Some(a), Some(b)) => a.cmp(b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.member.cmp(&b.member),
    };
    order.sort_by(|a, b| match (members.get(*a), members.get(*b)) {
        (Some(a), Some(b)) => by_name(a, b),
        _ => Ordering::Equal,
    });
    order
}

fn wants(member: &Subscription, topic: &str) -> bool {
    member.topics.iter().any(|wanted| wanted == topic)
}

fn range(members: &[Subscription], topics: &BTreeMap<String, i32>) -> Shares {
    let mut shares = vec![Vec::new(); members.len()];
    let order = order(members);
    for (topic, count) in topics {
        let takers = order
            .iter()
            .copied()
            .filter(|at| members.get(*at).is_some_and(|member| wants(member, topic)));
        let takers: Vec<usize> = takers.collect();
        let many = i32::try_from(takers.len()).unwrap_or(i32::MAX);
        let (Some(each), Some(more)) = (count.checked_div(many), count.checked_rem(many)) else {
            continue;
        };
        let mut next = 0;
        for (at, taker) in (0..).zip(takers) {
            let piece = next..next + each + i32::from(at < more);
            next = piece.end;
            if let Some(share) = shares.get_mut(taker) {
                share.extend(piece.map(|number| (topic.clone(), number)));
            }
        }
    }
    shares
}

fn round_robin(members: &[Subscription], topics: &BTreeMap<String, i32>) -> Shares {
    let mut shares = vec![Vec::new(); members.len()];
    let order = order(members);
    let mut dealer = order.iter().copied().cycle();
    for (topic, count) in topics {
        if !members.iter().any(|member| wants(member, topic)) {
            continue;
        }
        for number in 0..*count {
            let taker =
                dealer.find(|at| members.get(*at).is_some_and(|member| wants(member, topic)));
            if let Some(share) = taker.and_then(|taker| shares.get_mut(taker)) {
                share.push((topic.clone(), number));
            }
        }
    }
    shares
}

/// What moves from one member to another is in nobody's share: once its old owner has let it go, the group shares out again.
fn cooperative_sticky(members: &[Subscription], topics: &BTreeMap<String, i32>) -> Shares {
    let owners = owners(members, topics);
    let mut shares = sticky(members, topics, &owners);
    for (at, share) in shares.iter_mut().enumerate() {
        share.retain(|partition| owners.get(partition).is_none_or(|owner| *owner == at));
    }
    shares
}

/// Who has what, where several claim it the one that got it last. What is there no more, or is not wanted, has nobody.
fn owners(
    members: &[Subscription],
    topics: &BTreeMap<String, i32>,
) -> BTreeMap<TopicPartition, usize> {
    let mut claims: BTreeMap<TopicPartition, Vec<(i32, usize)>> = BTreeMap::new();
    for (at, member) in members.iter().enumerate() {
        for partition in &member.owned {
            let (topic, number) = partition;
            let is_there = topics.get(topic).is_some_and(|count| number < count);
            if is_there && wants(member, topic) {
                let claim = claims.entry(partition.clone()).or_default();
                claim.push((member.generation, at));
            }
        }
    }
    let mut owners = BTreeMap::new();
    for (partition, claims) in claims {
        let Some((last, owner)) = claims.iter().max_by_key(|(generation, _)| *generation) else {
            continue;
        };
        // Two that say they got it at the same time are both wrong.
        let claimants = claims.iter().filter(|(generation, _)| generation == last);
        if claimants.count() == 1 {
            owners.insert(partition, *owner);
        }
    }
    owners
}

fn sticky(
    members: &[Subscription],
    topics: &BTreeMap<String, i32>,
    owners: &BTreeMap<TopicPartition, usize>,
) -> Shares {
    let order = order(members);
    let mut shares: Shares = vec![Vec::new(); members.len()];
    for (partition, owner) in owners {
        if let Some(share) = shares.get_mut(*owner) {
            share.push(partition.clone());
        }
    }
    // Those that fewest members want are given out first: there is the least choice.
    let takers = |topic: &str| {
        let takers = order
            .iter()
            .copied()
            .filter(|at| members.get(*at).is_some_and(|member| wants(member, topic)));
        takers.collect::<Vec<_>>()
    };
    let mut all: Vec<(usize, TopicPartition)> = Vec::new();
    for (topic, count) in topics {
        let many = takers(topic).len();
        all.extend((0..*count).map(|number| (many, (topic.clone(), number))));
    }
    all.sort();
    for (_, partition) in &all {
        if owners.contains_key(partition) {
            continue;
        }
        let poorest = takers(&partition.0)
            .into_iter()
            .min_by_key(|at| shares.get(*at).map_or(usize::MAX, Vec::len));
        if let Some(share) = poorest.and_then(|at| shares.get_mut(at)) {
            share.push(partition.clone());
        }
    }
    // One at a time moves to a member that has at least two fewer, until there is none. Each move makes the shares more even, so it ends.
    while let Some((from, to, at)) = next_move(&shares, &order, members) {
        let moved = shares.get_mut(from).map(|share| share.remove(at));
        if let (Some(moved), Some(share)) = (moved, shares.get_mut(to)) {
            share.push(moved);
        }
    }
    for share in &mut shares {
        share.sort();
    }
    shares
}

/// The next partition that moves: from whom, to whom, and which of its share. The richest give first, and what they got last.
fn next_move(
    shares: &Shares,
    order: &[usize],
    members: &[Subscription],
) -> Option<(usize, usize, usize)> {
    let mut rich: Vec<usize> = order.to_vec();
    rich.sort_by_key(|at| std::cmp::Reverse(shares.get(*at).map_or(0, Vec::len)));
    for from in &rich {
        let share = shares.get(*from)?;
        for (at, (topic, _)) in share.iter().enumerate().rev() {
            let poorest = rich
                .iter()
                .rev()
                .find(|to| members.get(**to).is_some_and(|member| wants(member, topic)));
            if let Some(to) = poorest
                && shares.get(*to)?.len() + 1 < share.len()
            {
                return Some((*from, *to, at));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, topics: &[&str]) -> Subscription {
        Subscription {
            member: name.to_owned(),
            topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
            ..Subscription::default()
        }
    }

    fn topics(counts: &[(&str, i32)]) -> BTreeMap<String, i32> {
        let counts = counts
            .iter()
            .map(|(topic, count)| ((*topic).to_owned(), *count));
        counts.collect()
    }

    /// As `a0 a1 | b0`.
    fn shown(shares: &Shares) -> String {
        let share = |share: &Vec<TopicPartition>| {
            let names = share
                .iter()
                .map(|(topic, number)| format!("{topic}{number}"));
            names.collect::<Vec<_>>().join(" ")
        };
        shares.iter().map(share).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn a_range_of_each_topic_goes_to_each_member() {
        let both = [member("c0", &["s", "t"]), member("c1", &["s", "t"])];
        let shares = range(&both, &topics(&[("s", 3), ("t", 3)]));
        assert_eq!(shown(&shares), "s0 s1 t0 t1 | s2 t2");
        let shares = range(&both, &topics(&[("t", 1)]));
        assert_eq!(shown(&shares), "t0 | ");
        // The order is that of the names, not that in which they joined.
        let turned = [member("c1", &["t"]), member("c0", &["t", "s"])];
        let shares = range(&turned, &topics(&[("s", 2), ("t", 5)]));
        assert_eq!(shown(&shares), "t3 t4 | s0 s1 t0 t1 t2");
    }

    #[test]
    fn members_with_a_name_of_their_own_come_first() {
        let mut named = member("z", &["t"]);
        named.instance_id = Some("b".to_owned());
        let mut first = member("y", &["t"]);
        first.instance_id = Some("a".to_owned());
        let shares = range(&[member("c", &["t"]), named, first], &topics(&[("t", 4)]));
        assert_eq!(shown(&shares), "t3 | t2 | t0 t1");
    }

    #[test]
    fn partitions_are_dealt_out_one_by_one() {
        let both = [member("c0", &["s", "t"]), member("c1", &["s", "t"])];
        let shares = round_robin(&both, &topics(&[("s", 3), ("t", 3)]));
        assert_eq!(shown(&shares), "s0 s2 t1 | s1 t0 t2");
        // Who does not want a topic is passed over.
        let three = [
            member("c0", &["a"]),
            member("c1", &["a", "b"]),
            member("c2", &["a", "b", "c"]),
        ];
        let shares = round_robin(&three, &topics(&[("a", 1), ("b", 2), ("c", 3), ("d", 9)]));
        assert_eq!(shown(&shares), "a0 | b0 | b1 c0 c1 c2");
    }

    #[test]
    fn a_member_that_comes_gets_what_others_have_let_go() {
        let counts = topics(&[("t", 4)]);
        let mut old = member("a", &["t"]);
        let alone = cooperative_sticky(std::slice::from_ref(&old), &counts);
        assert_eq!(shown(&alone), "t0 t1 t2 t3");
        old.owned.clone_from(&alone[0]);
        old.generation = 1;
        let new = member("b", &["t"]);
        // What moves is in nobody's share yet.
        let first = cooperative_sticky(&[old.clone(), new.clone()], &counts);
        assert_eq!(shown(&first), "t0 t1 | ");
        old.owned.clone_from(&first[0]);
        old.generation = 2;
        let second = cooperative_sticky(&[old.clone(), new], &counts);
        assert_eq!(shown(&second), "t0 t1 | t2 t3");
        // The other one leaves.
        assert_eq!(shown(&cooperative_sticky(&[old], &counts)), "t0 t1 t2 t3");
    }

    #[test]
    fn of_two_that_claim_a_partition_the_later_one_has_it() {
        let counts = topics(&[("t", 2)]);
        let claim = |name, generation, numbers: &[i32]| Subscription {
            owned: numbers.iter().map(|at| ("t".to_owned(), *at)).collect(),
            generation,
            ..member(name, &["t"])
        };
        let shares = cooperative_sticky(&[claim("a", 1, &[0, 1]), claim("b", 2, &[0])], &counts);
        assert_eq!(shown(&shares), "t1 | t0");
        // Both are wrong.
        let shares = cooperative_sticky(&[claim("a", 2, &[0]), claim("b", 2, &[0])], &counts);
        assert_eq!(shown(&shares), "t0 | t1");
        // What is there no more is nobody's.
        let shares = cooperative_sticky(&[claim("a", 2, &[0, 5])], &counts);
        assert_eq!(shown(&shares), "t0 t1");
    }

    #[test]
    fn shares_are_even_and_everything_is_given_out_once() {
        let mut seed = 7_u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % below
        };
        for _ in 0..300 {
            let counts = topics(&[
                ("a", random(6) as i32),
                ("b", random(6) as i32),
                ("c", random(6) as i32),
            ]);
            let mut members: Vec<Subscription> = (0..1 + random(5))
                .map(|at| {
                    let wanted: Vec<&str> = ["a", "b", "c"]
                        .into_iter()
                        .filter(|_| random(3) > 0)
                        .collect();
                    member(&format!("m{at}"), &wanted)
                })
                .collect();
            for round in 0..4 {
                for assignor in ["range", "round_robin"] {
                    given_out_once(&share_out(assignor, &members, &counts), &members, &counts);
                }
                let owners = owners(&members, &counts);
                let shares = sticky(&members, &counts, &owners);
                given_out_once(&shares, &members, &counts);
                assert!(next_move(&shares, &order(&members), &members).is_none());
                let given = cooperative_sticky(&members, &counts);
                for (member, share) in members.iter_mut().zip(given) {
                    member.owned = share;
                    member.generation = round;
                }
            }
            // After some rounds nothing moves any more, and all is given out.
            let owned: Shares = members.iter().map(|member| member.owned.clone()).collect();
            given_out_once(&owned, &members, &counts);
            assert_eq!(cooperative_sticky(&members, &counts), owned);
        }
    }

    fn given_out_once(shares: &Shares, members: &[Subscription], counts: &BTreeMap<String, i32>) {
        let mut given: Vec<TopicPartition> = shares.iter().flatten().cloned().collect();
        given.sort();
        let wanted = counts
            .iter()
            .filter(|(topic, _)| members.iter().any(|member| wants(member, topic)));
        let all: Vec<TopicPartition> = wanted
            .flat_map(|(topic, count)| (0..*count).map(|number| (topic.clone(), number)))
            .collect();
        assert_eq!(given, all);
        for (share, member) in shares.iter().zip(members) {
            assert!(share.iter().all(|(topic, _)| wants(member, topic)));
        }
    }
}
