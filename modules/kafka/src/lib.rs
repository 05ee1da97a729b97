//! Kafka: the asset `kafka_producer` and what a step does on it.
//!
//! ```text
//! connection: bootstrap_servers -> brokers, and connections to them, of producers and consumers
//! ```

mod connection;
mod outcome;
mod producer;

pub use producer::KafkaProducer;

bggo_runtime::contract::module!("manifest.hcl");
