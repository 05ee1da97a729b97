//! A cluster of Redis: two nodes, each with half of the slots.

use super::free_port;
use super::redis::{Redis, RedisSetup};
use std::time::{Duration, Instant};

/// The first slot of the second node.
const HALF: u16 = 8_192;

/// A running cluster.
pub struct RedisCluster {
    nodes: [Redis; 2],
}

impl RedisCluster {
    /// Starts both nodes and waits until each of them serves its half.
    pub fn start() -> Self {
        let buses = [free_port(), free_port()].map(|port| port.to_string());
        let cluster = Self {
            nodes: buses.each_ref().map(|bus| {
                let timeout = ["--cluster-node-timeout", "5000"];
                let enabled = ["--cluster-enabled", "yes", "--cluster-port", bus];
                Redis::start_with(RedisSetup {
                    arguments: &[&enabled[..], &timeout[..]].concat(),
                    ..RedisSetup::default()
                })
            }),
        };
        let [first, second] = &cluster.nodes;
        let ranges = [(first, 0, HALF - 1), (second, HALF, 16_383)];
        for (node, from, to) in ranges {
            let slots = [from.to_string(), to.to_string()];
            node.ask(&["CLUSTER", "ADDSLOTSRANGE", &slots[0], &slots[1]]);
        }
        let port = second.port().to_string();
        first.ask(&["CLUSTER", "MEET", "127.0.0.1", &port, &buses[1]]);
        let begun = Instant::now();
        let serves = |node: &Redis| {
            let info = node.ask(&["CLUSTER", "INFO"]);
            info.contains("cluster_state:ok") && info.contains("cluster_slots_ok:16384")
        };
        while !cluster.nodes.iter().all(serves) {
            assert!(begun.elapsed() < Duration::from_secs(60), "no cluster");
            std::thread::sleep(Duration::from_millis(20));
        }
        cluster
    }

    /// The nodes: the first one has the lower half of the slots.
    pub fn nodes(&self) -> [&Redis; 2] {
        self.nodes.each_ref()
    }

    /// The same, to be killed.
    pub fn node_mut(&mut self, node: usize) -> &mut Redis {
        &mut self.nodes[node]
    }

    /// A slot begins to move from one node to the other: keys that the first one does not have are asked of the other.
    pub fn begin_move(&self, slot: u16, from: usize) {
        let (from, to) = (&self.nodes[from], &self.nodes[1 - from]);
        let [from_id, to_id] = [from, to].map(|node| node.ask(&["CLUSTER", "MYID"]));
        let slot = slot.to_string();
        to.ask(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from_id]);
        from.ask(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to_id]);
    }

    /// It has moved. (Its keys stay behind: a test moves slots without any.)
    pub fn end_move(&self, slot: u16, from: usize) {
        let (from, to) = (&self.nodes[from], &self.nodes[1 - from]);
        let to_id = to.ask(&["CLUSTER", "MYID"]);
        for node in [to, from] {
            node.ask(&["CLUSTER", "SETSLOT", &slot.to_string(), "NODE", &to_id]);
        }
    }
}
