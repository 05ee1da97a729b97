//! Kafka: the asset `kafka_producer` and what a step does on it, and the asset `kafka_consumer`.
//!
//! ```text
//! connection: bootstrap_servers -> brokers, and connections to them, of producers and consumers
//! kafka_consumer: consuming (partitions, fetching) -> Batches -> records, for kafka_consume; group: who of a group reads what
//! ```

mod batches;
mod commit;
mod connection;
mod consume;
mod consumer;
mod consuming;
mod decompress;
mod group;
mod outcome;
mod producer;

pub use commit::KafkaCommit;
pub use consume::KafkaConsume;
pub use consumer::KafkaConsumer;
pub use producer::KafkaProducer;

bggo_runtime::contract::module!("manifest.hcl");
