//! Redis: the asset `redis_connection`, and runners for commands, pipelines and scripts.
//!
//! ```text
//! redis_connection: url -dial (bggo-wire), HELLO-> a connection, on which steps have their turns
//! redis_command: command -Template-> bytes -exchange-> Scan (where a reply ends) -> Reply -> value, or a failure by outcome
//! ```

mod answer;
mod command;
mod connection;
mod exchange;
mod outcome;
mod pipeline;
mod reply;
mod run;
mod scan;
mod script;
mod shown;
mod url;

pub use connection::RedisConnection;
pub use pipeline::RedisPipeline;
pub use run::RedisCommand;
pub use script::RedisScript;

bggo_runtime::contract::module!("manifest.hcl");
