//! An exchange of a step in a cluster: each command to the node that has its key, and again where that node names another one.

use crate::ask::Ask;
use crate::cluster::{Cluster, Redirection, SEED};
use crate::connection::{RedisConnection, poll_reply};
use crate::outcome;
use crate::redis_command::Error as Kind;
use crate::redis_connection::Metric;
use crate::reply::Reply;
use crate::scan::Scan;
use crate::slot::{key_of, slot};
use bggo_runtime::contract::{Fault, Step};
use bggo_wire::Loan;
use std::cell::Cell;
use std::future::poll_fn;

/// How often a command follows another node's word before its step fails with it.
pub(crate) const REDIRECTIONS: u32 = 5;

/// Commands of a step that were sent and have no reply yet. Those that are given up count.
struct Unanswered<'a> {
    step: &'a Step<'a>,
    ask: Ask<'a>,
    count: Cell<u64>,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if self.count.get() > 0 {
            self.step
                .add(self.ask.counts.possibly_executed, self.count.get());
        }
    }
}

/// Commands that go to one node together.
#[derive(Debug, PartialEq, Eq)]
struct Group {
    node: u32,
    /// The node has a key that is on its way to it, and takes each command only behind ASKING.
    asks: bool,
    commands: Vec<usize>,
}

/// Sends commands in the step's turn, and hands over their replies in order.
///
/// # Errors
/// A node could not be reached, a connection broke, what came is no reply, or the keys of a transaction are on several nodes.
pub(crate) async fn routed<'a>(
    step: &'a Step<'a>,
    (connection, cluster): (&'a RedisConnection, &'a Cluster),
    ask: Ask<'a>,
    heard: &mut (dyn FnMut(usize, Reply<'_>) + 'a),
) -> Result<(), Fault> {
    let _turn = match connection.turns.take_now() {
        Some(turn) => turn,
        None => {
            let came = step.now();
            let turn = connection.turns.take().await;
            step.record_time(ask.counts.waiting, step.now() - came);
            turn
        }
    };
    if cluster.is_stale() {
        connection.ask_for_slots(cluster).await?;
    }
    let commands = split(ask.commands);
    let is_transaction = is_named(commands.first().copied(), b"MULTI");
    let mut open = groups(cluster, &commands, is_transaction)?;
    let mut replies: Vec<Vec<u8>> = vec![Vec::new(); commands.len()];
    let unanswered = Unanswered {
        step,
        ask,
        count: Cell::new(0),
    };
    step.sent();
    let mut received = 0;
    for round in 0..=REDIRECTIONS {
        let mut loans = Vec::with_capacity(open.len());
        for group in &open {
            let loan = connection.at_node(cluster, group.node).await?;
            loans.push(send(loan, (group, is_transaction), &commands, &unanswered));
        }
        let mut again: Vec<(usize, Redirection)> = Vec::new();
        for (group, mut loan) in open.iter().zip(loans) {
            for &command in &group.commands {
                if asks_before(group, is_transaction, command) {
                    receive(&mut loan, connection, &unanswered).await?;
                }
                let reply = receive(&mut loan, connection, &unanswered).await?;
                received += reply.len() as u64;
                let error = Reply::new(&reply).error();
                let redirection = error.and_then(|error| cluster.redirection(error, group.node));
                again.extend(redirection.map(|to| (command, to)));
                if let Some(place) = replies.get_mut(command) {
                    *place = reply;
                }
            }
        }
        if again.is_empty() || round == REDIRECTIONS {
            break;
        }
        connection.count(Metric::REDIRECTIONS, again.len() as u64);
        open = redirected(&again, is_transaction.then_some(commands.len()));
    }
    step.received_at(step.now());
    step.add(ask.counts.data_received, received);
    for (number, reply) in replies.iter().enumerate() {
        heard(number, Reply::new(reply));
    }
    Ok(())
}

/// The commands by the nodes that have their keys. Those of a node stay in order.
fn groups(
    cluster: &Cluster,
    commands: &[&[u8]],
    is_transaction: bool,
) -> Result<Vec<Group>, Fault> {
    let slots = commands.iter().map(|command| {
        let words = words(command);
        key_of(&words).map(slot)
    });
    let slots: Vec<Option<u16>> = slots.collect();
    if is_transaction {
        let mut known = slots.iter().copied().flatten();
        let first = known.next();
        if known.any(|other| Some(other) != first) {
            let text = "the keys of a transaction are in different slots of the cluster: give them the same part in braces, as `{cart:1}:items`";
            return Err(Kind::Argument.fault(text));
        }
        return Ok(vec![Group {
            node: first.map_or(SEED, |slot| cluster.node(slot)),
            asks: false,
            commands: (0..commands.len()).collect(),
        }]);
    }
    let mut groups: Vec<Group> = Vec::new();
    for (number, slot) in slots.into_iter().enumerate() {
        let node = slot.map_or(SEED, |slot| cluster.node(slot));
        add(&mut groups, (node, false), number);
    }
    Ok(groups)
}

fn add(groups: &mut Vec<Group>, (node, asks): (u32, bool), command: usize) {
    let found = groups
        .iter_mut()
        .find(|group| group.node == node && group.asks == asks);
    match found {
        Some(group) => group.commands.push(command),
        None => groups.push(Group {
            node,
            asks,
            commands: vec![command],
        }),
    }
}

/// The commands that go out once more. A transaction goes as a whole: it has so many commands.
fn redirected(again: &[(usize, Redirection)], transaction: Option<usize>) -> Vec<Group> {
    let mut groups = Vec::new();
    let asks = |to: &Redirection| matches!(to, Redirection::Ask { .. });
    match (transaction, again.first()) {
        (Some(count), Some((_, to))) => groups.push(Group {
            node: to.to(),
            asks: asks(to),
            commands: (0..count).collect(),
        }),
        _ => {
            for (command, to) in again {
                add(&mut groups, (to.to(), asks(to)), *command);
            }
        }
    }
    groups
}

/// Whether ASKING goes before a command. Before MULTI it holds for all of a transaction, and within one it would be a command of it.
fn asks_before(group: &Group, is_transaction: bool, command: usize) -> bool {
    group.asks && (!is_transaction || command == 0)
}

/// Sends the commands of a group, as far as the system takes them.
fn send<'a>(
    mut loan: Loan<'a>,
    (group, is_transaction): (&Group, bool),
    commands: &[&[u8]],
    unanswered: &Unanswered<'_>,
) -> Loan<'a> {
    const ASKING: &[u8] = b"*1\r\n$6\r\nASKING\r\n";
    let mut bytes = Vec::new();
    for &number in &group.commands {
        if asks_before(group, is_transaction, number) {
            loan.owe();
            bytes.extend_from_slice(ASKING);
            unanswered.count.set(unanswered.count.get() + 1);
        }
        loan.owe();
        bytes.extend_from_slice(commands.get(number).copied().unwrap_or_default());
        unanswered.count.set(unanswered.count.get() + 1);
    }
    loan.send_now(&bytes);
    let sent = unanswered.ask.counts.data_sent;
    unanswered.step.add(sent, bytes.len() as u64);
    loan
}

/// The next reply of a node.
async fn receive(
    loan: &mut Loan<'_>,
    connection: &RedisConnection,
    unanswered: &Unanswered<'_>,
) -> Result<Vec<u8>, Fault> {
    let mut scan = Scan::default();
    let most = connection.settings().max_reply;
    let end = poll_fn(|cx| {
        // What the system did not take at once goes out beside it.
        if let std::task::Poll::Ready(Err(trouble)) = loan.poll_flush(cx) {
            return std::task::Poll::Ready(Err(outcome::broken(&trouble)));
        }
        poll_reply(loan, &mut scan, most, cx)
    });
    let end = end.await?;
    let reply = loan.peek().get(..end).unwrap_or_default().to_vec();
    loan.consume(end);
    loan.paid();
    unanswered
        .count
        .set(unanswered.count.get().saturating_sub(1));
    Ok(reply)
}

/// The commands of a stretch of bytes.
fn split(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut commands = Vec::new();
    while let Ok(Some(end)) = Scan::default().end(bytes) {
        let (command, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
        commands.push(command);
        bytes = rest;
    }
    commands
}

/// The words of a command.
fn words(command: &[u8]) -> Vec<&[u8]> {
    let items = Reply::new(command).items().unwrap_or_default();
    items.into_iter().filter_map(Reply::string).collect()
}

fn is_named(command: Option<&[u8]>, name: &[u8]) -> bool {
    let first = command.map(words).unwrap_or_default().first().copied();
    first.is_some_and(|first| first.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{put_bytes, put_head};
    use crate::url::Place;

    fn bytes(commands: &[&str]) -> Vec<u8> {
        let mut out = Vec::new();
        for command in commands {
            let words: Vec<&str> = command.split(' ').collect();
            put_head(&mut out, words.len());
            words
                .iter()
                .for_each(|word| put_bytes(&mut out, word.as_bytes()));
        }
        out
    }

    /// Two nodes: the second one has the slot of `foo`.
    fn cluster() -> Cluster {
        let cluster = Cluster::new(Place::Host("a".to_owned(), 1));
        cluster.redirection("MOVED 12182 b:2", SEED).unwrap();
        cluster
    }

    fn group(node: u32, asks: bool, commands: &[usize]) -> Group {
        Group {
            node,
            asks,
            commands: commands.to_vec(),
        }
    }

    #[test]
    fn commands_go_to_the_nodes_of_their_keys() {
        let sent = bytes(&["GET foo", "GET x", "PING", "SET {foo}y 1"]);
        let commands = split(&sent);
        assert_eq!(commands.len(), 4);
        assert_eq!(
            groups(&cluster(), &commands, false).unwrap(),
            [group(1, false, &[0, 3]), group(SEED, false, &[1, 2])]
        );
    }

    #[test]
    fn a_transaction_is_on_one_node() {
        let sent = bytes(&["MULTI", "SET foo 1", "INCR {foo}n", "EXEC"]);
        let commands = split(&sent);
        assert!(is_named(commands.first().copied(), b"MULTI"));
        assert_eq!(
            groups(&cluster(), &commands, true).unwrap(),
            [group(1, false, &[0, 1, 2, 3])]
        );
        let sent = bytes(&["MULTI", "SET foo 1", "SET x 1", "EXEC"]);
        let fault = groups(&cluster(), &split(&sent), true).unwrap_err();
        assert_eq!(fault.kind(), "argument");
    }

    #[test]
    fn what_is_sent_elsewhere_goes_out_again_and_a_transaction_as_a_whole() {
        let again = [
            (1, Redirection::Ask { to: 2 }),
            (3, Redirection::Moved { slot: 5, to: 2 }),
            (4, Redirection::Ask { to: 2 }),
        ];
        assert_eq!(
            redirected(&again, None),
            [group(2, true, &[1, 4]), group(2, false, &[3])]
        );
        assert_eq!(
            redirected(&again[1..], Some(3)),
            [group(2, false, &[0, 1, 2])]
        );
    }
}
