//! A cluster of three brokers of Kafka, each of which may be killed: the two others go on.

use super::free_port;
use super::kafka::{Kafka, KafkaSetup, Seat};

/// What holds for a cluster beside what holds for each broker: everything is there three times, and soon led by whom it is meant to be led.
const SETTINGS: &[&str] = &[
    "offsets.topic.replication.factor=3",
    "transaction.state.log.replication.factor=3",
    "transaction.state.log.min.isr=2",
    "leader.imbalance.check.interval.seconds=1",
    "leader.imbalance.per.broker.percentage=0",
    "controller.quorum.election.timeout.ms=500",
    "controller.quorum.fetch.timeout.ms=1000",
];

/// A running cluster.
pub struct KafkaCluster {
    brokers: [Kafka; 3],
}

impl KafkaCluster {
    /// Starts three brokers, numbered from 1 on, and waits until each of them knows all.
    pub fn start() -> Self {
        let controllers = [(); 3].map(|()| free_port());
        let mut cluster = Self {
            brokers: [1, 2, 3].map(|id| {
                let setup = KafkaSetup {
                    settings: SETTINGS,
                    core: None,
                };
                let controllers = &controllers;
                Kafka::begin(setup, Seat { id, controllers })
            }),
        };
        for broker in &mut cluster.brokers {
            broker.wait();
        }
        // A topic with three replicas can only be made once there are three.
        while !cluster.brokers.iter().all(|broker| {
            let said = broker.kcat(&["-L"]);
            String::from_utf8_lossy(&said.stdout).contains("3 brokers")
        }) {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        cluster
    }

    /// `127.0.0.1:PORT` of each broker, with commas between them.
    pub fn servers(&self) -> String {
        self.brokers.each_ref().map(Kafka::server).join(",")
    }

    /// The broker with this number, from 1 on.
    pub fn broker(&self, id: usize) -> &Kafka {
        &self.brokers[id - 1]
    }

    /// The same, to be killed.
    pub fn broker_mut(&mut self, id: usize) -> &mut Kafka {
        &mut self.brokers[id - 1]
    }

    /// Some broker that is not this one.
    pub fn other_than(&self, id: usize) -> &Kafka {
        &self.brokers[id % 3]
    }
}
