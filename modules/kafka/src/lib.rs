//! Kafka: the asset `kafka_producer`, the runner that sends records by it, and those that are about topics.
//!
//! ```text
//! connection: bootstrap_servers -> brokers, and connections to them, of producers and consumers
//! producer:   records of all users -> batches -> the brokers that lead their partitions; who waits is told
//! kafka_produce: key, value, headers -> a record of the producer -> partition, offset, timestamp
//! ```

mod connection;
mod create_topic;
mod delete_topic;
mod list_offsets;
mod outcome;
mod produce;
mod producer;
mod shown;

pub use create_topic::KafkaCreateTopic;
pub use delete_topic::KafkaDeleteTopic;
pub use list_offsets::KafkaListOffsets;
pub use produce::KafkaProduce;
pub use producer::KafkaProducer;

bggo_runtime::contract::module!("manifest.hcl");
