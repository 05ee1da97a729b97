//! Redis: the asset `redis_connection` with runners for commands, pipelines and scripts, and `redis_subscription` for messages.
//!
//! ```text
//! redis_connection: url -dial (bggo-wire), HELLO-> a connection, on which steps have their turns
//! redis_subscription: SUBSCRIBE on a connection apart -Scan, Push-> inbox <- redis_receive
//! redis_stream_add, redis_stream_read: XADD, XREAD and XREADGROUP, and XACK, on the connection, which knows how far it has read (Positions)
//! a cluster: slot of a key -Cluster-> node; routed is the exchange over several nodes
//! redis_command: command -Template-> bytes -exchange-> Scan (where a reply ends) -> Reply -> value, or a failure by outcome
//! ```

mod answer;
mod ask;
mod cluster;
mod command;
mod connection;
mod exchange;
#[cfg(test)]
mod oracle;
mod outcome;
mod pipeline;
mod positions;
mod publish;
mod receive;
mod reply;
mod routed;
mod run;
mod scan;
mod script;
mod shown;
mod slot;
mod stream_add;
mod stream_read;
mod subscription;
mod url;

pub use connection::RedisConnection;
pub use pipeline::RedisPipeline;
pub use publish::RedisPublish;
pub use receive::RedisReceive;
pub use run::RedisCommand;
pub use script::RedisScript;
pub use stream_add::RedisStreamAdd;
pub use stream_read::RedisStreamRead;
pub use subscription::RedisSubscription;

bggo_runtime::contract::module!("manifest.hcl");
