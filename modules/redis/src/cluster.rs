//! A cluster as far as it is known on a thread: which node has which slot.

use crate::reply::Reply;
use crate::slot::SLOTS;
use crate::url::Place;
use std::cell::{Cell, RefCell};

/// The number of the node that the url names: commands without a key go there.
pub(crate) const SEED: u32 = 0;
/// The most nodes that are told apart, so that no server can make the table grow without end.
const MOST: usize = 4_096;

/// What is known of a cluster.
#[derive(Debug)]
pub(crate) struct Cluster {
    /// The node that the url names, then those that the cluster named.
    nodes: RefCell<Vec<Place>>,
    /// The number of the node of each slot; the seed's where it is not known.
    slots: RefCell<Box<[u32]>>,
    /// Nothing was asked yet, or a node could not be reached.
    is_stale: Cell<bool>,
}

/// Where a server sends a command that it does not have the key of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Redirection {
    /// The node has the slot from now on.
    Moved {
        /// The slot.
        slot: u16,
        /// The node.
        to: u32,
    },
    /// The node has this key, while the slot is on its way to it.
    Ask {
        /// The node.
        to: u32,
    },
}

impl Redirection {
    /// The node.
    pub(crate) fn to(&self) -> u32 {
        match self {
            Self::Moved { to, .. } | Self::Ask { to } => *to,
        }
    }
}

impl Cluster {
    pub(crate) fn new(seed: Place) -> Self {
        Self {
            nodes: RefCell::new(vec![seed]),
            slots: RefCell::new(vec![SEED; usize::from(SLOTS)].into()),
            is_stale: Cell::new(true),
        }
    }

    /// Whether the nodes have to be asked which slots they have.
    pub(crate) fn is_stale(&self) -> bool {
        self.is_stale.get()
    }

    /// A node could not be reached: another one may have its slots by now.
    pub(crate) fn lost(&self) {
        self.is_stale.set(true);
    }

    /// How many nodes there are, that of the url included.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.nodes.borrow().len()).unwrap_or(u32::MAX)
    }

    /// Where a node is.
    pub(crate) fn place(&self, node: u32) -> Option<Place> {
        self.nodes.borrow().get(node as usize).cloned()
    }

    /// The node of a slot.
    pub(crate) fn node(&self, slot: u16) -> u32 {
        let slots = self.slots.borrow();
        slots.get(usize::from(slot)).copied().unwrap_or(SEED)
    }

    /// The number of the node at an address; `None` if there are too many.
    fn number(&self, host: &str, port: u16) -> Option<u32> {
        let place = Place::Host(host.to_owned(), port);
        let mut nodes = self.nodes.borrow_mut();
        let known = nodes.iter().position(|node| *node == place);
        let number = match known {
            Some(number) => number,
            None if nodes.len() >= MOST => return None,
            None => {
                nodes.push(place);
                nodes.len() - 1
            }
        };
        u32::try_from(number).ok()
    }

    /// Takes in the answer to CLUSTER SLOTS of a node: ranges with the nodes that have them, of which the first one takes writes.
    pub(crate) fn learn(&self, reply: Reply<'_>, from: u32) -> Option<()> {
        for range in reply.items()? {
            let range = range.items()?;
            let [first, last, master, ..] = range.as_slice() else {
                return None;
            };
            let (first, last) = (number(*first)?, number(*last)?);
            let master = master.items()?;
            let host = master.first().and_then(|host| host.string());
            let host = std::str::from_utf8(host.unwrap_or_default()).ok()?;
            let port = u16::try_from(number(*master.get(1)?)?).ok()?;
            let node = self.at(host, port, from)?;
            let mut slots = self.slots.borrow_mut();
            slots.get_mut(first..=last)?.fill(node);
        }
        self.is_stale.set(false);
        Some(())
    }

    /// The node at an address that another one named: without a host it is that one's.
    fn at(&self, host: &str, port: u16, from: u32) -> Option<u32> {
        let own = match self.place(from) {
            Some(Place::Host(own, _)) => own,
            _ => "127.0.0.1".to_owned(),
        };
        let host = match host {
            "" | "?" => &own,
            host => host,
        };
        self.number(host, port)
    }

    /// Where an error sends a command, if it does. Slots that have moved are known from here on.
    pub(crate) fn redirection(&self, error: &str, from: u32) -> Option<Redirection> {
        let mut words = error.split(' ');
        let word = words
            .next()
            .filter(|word| matches!(*word, "MOVED" | "ASK"))?;
        let slot: u16 = words.next()?.parse().ok().filter(|slot| *slot < SLOTS)?;
        let (host, port) = words.next()?.rsplit_once(':')?;
        let to = self.at(host, port.parse().ok()?, from)?;
        if word == "ASK" {
            return Some(Redirection::Ask { to });
        }
        if let Some(known) = self.slots.borrow_mut().get_mut(usize::from(slot)) {
            *known = to;
        }
        Some(Redirection::Moved { slot, to })
    }
}

fn number(reply: Reply<'_>) -> Option<usize> {
    match reply.value().ok()? {
        bggo_runtime::contract::Value::Number(number) => number.as_usize(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster() -> Cluster {
        Cluster::new(Place::Host("a".to_owned(), 1))
    }

    #[test]
    fn nodes_have_the_slots_that_the_cluster_says() {
        let cluster = cluster();
        assert!(cluster.is_stale());
        let slots = "*2\r\n*3\r\n:0\r\n:8191\r\n*3\r\n$1\r\na\r\n:1\r\n$2\r\nid\r\n*3\r\n:8192\r\n:16383\r\n*3\r\n$1\r\nb\r\n:2\r\n$2\r\nid\r\n";
        cluster.learn(Reply::new(slots.as_bytes()), SEED).unwrap();
        assert!(!cluster.is_stale());
        assert_eq!((cluster.node(0), cluster.node(8_191)), (SEED, SEED));
        assert_eq!((cluster.node(8_192), cluster.node(16_383)), (1, 1));
        assert_eq!(cluster.place(1), Some(Place::Host("b".to_owned(), 2)));
        // A node that does not know its own host is where it was asked.
        let slots = "*1\r\n*3\r\n:5\r\n:5\r\n*2\r\n$-1\r\n:3\r\n";
        cluster.learn(Reply::new(slots.as_bytes()), 1).unwrap();
        let node = cluster.node(5);
        assert_eq!(cluster.place(node), Some(Place::Host("b".to_owned(), 3)));
        for wrong in [
            "+OK\r\n",
            "*1\r\n:1\r\n",
            "*1\r\n*3\r\n:0\r\n:99999\r\n*2\r\n$1\r\na\r\n:1\r\n",
        ] {
            assert_eq!(
                cluster.learn(Reply::new(wrong.as_bytes()), SEED),
                None,
                "{wrong}"
            );
        }
    }

    #[test]
    fn what_has_moved_is_known_and_what_is_asked_for_is_not() {
        let cluster = cluster();
        let moved = cluster.redirection("MOVED 7 b:2", SEED);
        assert_eq!(moved, Some(Redirection::Moved { slot: 7, to: 1 }));
        assert_eq!(cluster.node(7), 1);
        let asked = cluster.redirection("ASK 8 b:2", SEED);
        assert_eq!(asked, Some(Redirection::Ask { to: 1 }));
        assert_eq!(cluster.node(8), SEED);
        let own = cluster.redirection("MOVED 9 :6380", 1).unwrap();
        assert_eq!(
            cluster.place(own.to()),
            Some(Place::Host("b".to_owned(), 6_380))
        );
        for none in [
            "ERR no",
            "MOVED",
            "MOVED 99999 b:2",
            "MOVED 1 b",
            "MOVED 1 b:x",
        ] {
            assert_eq!(cluster.redirection(none, SEED), None, "{none}");
        }
    }
}
