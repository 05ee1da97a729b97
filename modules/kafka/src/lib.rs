//! Kafka: the assets `kafka_producer` and `kafka_consumer`, the runners that send and take records by them, and those that are about topics.
//!
//! ```text
//! connection: bootstrap_servers -> brokers, and connections to them, of producers and consumers
//! producer:   records of all users -> batches -> the brokers that lead their partitions; who waits is told
//! kafka_produce: key, value, headers -> a record of the producer -> partition, offset, timestamp
//! consumer:   what a user reads: its partitions and fetching (consuming), its membership (group) -> Batches
//! kafka_consume: records of the consumer; kafka_commit: how far it has come -> its group
//! ```

mod batches;
mod commit;
mod connection;
mod consume;
mod consumer;
mod consuming;
mod create_topic;
mod decompress;
mod delete_topic;
mod group;
mod list_offsets;
mod outcome;
mod produce;
mod producer;
mod shown;

pub use commit::KafkaCommit;
pub use consume::KafkaConsume;
pub use consumer::KafkaConsumer;
pub use create_topic::KafkaCreateTopic;
pub use delete_topic::KafkaDeleteTopic;
pub use list_offsets::KafkaListOffsets;
pub use produce::KafkaProduce;
pub use producer::KafkaProducer;

bggo_runtime::contract::module!("manifest.hcl");
