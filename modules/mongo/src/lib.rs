//! MongoDB: the asset `mongo_connection`, and the runners that find, aggregate, insert, update, delete and run commands.
//!
//! ```text
//! mongo_connection: arguments -Settings-> dial, TLS, hello, login -> a connection, on which steps have their turns
//! a step: inputs -Template-> one message (OP_MSG) -exchange-> answers -> outputs, or a failure by outcome
//! ```

mod aggregate;
mod arguments;
mod bson;
mod command;
mod connection;
mod cursor;
mod delete;
mod exchange;
mod find;
mod insert;
mod login;
mod message;
mod object_id;
mod outcome;
mod reply;
mod shown;
mod slots;
mod template;
mod update;
mod url;
mod write;

pub use aggregate::MongoAggregate;
pub use command::MongoCommand;
pub use connection::MongoConnection;
pub use delete::MongoDelete;
pub use find::MongoFind;
pub use insert::MongoInsert;
pub use update::MongoUpdate;

bggo_runtime::contract::module!("manifest.hcl");
