//! Redis: the asset `redis_connection` with runners for commands, pipelines and scripts, and `redis_subscription` for messages.
//!
//! ```text
//! redis_connection: url -dial (bggo-wire), HELLO-> a connection, on which steps have their turns
//! redis_subscription: SUBSCRIBE on a connection apart -Scan, Push-> inbox <- redis_receive
//! redis_command: command -Template-> bytes -exchange-> Scan (where a reply ends) -> Reply -> value, or a failure by outcome
//! ```

mod answer;
mod command;
mod connection;
mod exchange;
mod outcome;
mod pipeline;
mod publish;
mod receive;
mod reply;
mod run;
mod scan;
mod script;
mod shown;
mod subscription;
mod url;

pub use connection::RedisConnection;
pub use pipeline::RedisPipeline;
pub use publish::RedisPublish;
pub use receive::RedisReceive;
pub use run::RedisCommand;
pub use script::RedisScript;
pub use subscription::RedisSubscription;

bggo_runtime::contract::module!("manifest.hcl");
