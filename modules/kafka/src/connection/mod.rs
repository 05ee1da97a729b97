//! Connections to the brokers of a cluster, for producers and for consumers.
//!
//! ```text
//! Arguments -settings-> Settings
//! Cluster: bootstrap_servers -any-> Connection -topics-> brokers, leaders of partitions -open-> Connection to a leader
//! Opener: dial (bggo-wire), TLS -> ApiVersions -> SASL -> Connection
//! ```

mod ask;
mod broker;
mod cluster;
mod login;
mod settings;

pub(crate) use broker::Connection;
pub(crate) use cluster::{Cluster, PartitionMetadata, To, TopicMetadata, no_answer_within};
pub use settings::Settings;
pub(crate) use settings::{Arguments, cluster_arguments};
