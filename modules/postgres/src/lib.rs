//! PostgreSQL: the assets `postgres_connection` and `postgres_pool`, the runners that query, batch, copy, begin, commit and roll back, and notifications.
//!
//! ```text
//! postgres_connection: arguments -Settings-> dial, TLS, login -> Session: a wire, prepared statements, the state of the transaction
//! postgres_query: sql -Statement-> parameters -Bind-> Session -Asking-> Rows: outputs
//! postgres_receive: postgres_listener -inbox-> notifications: outputs
//! ```
//!
//! A step takes its turn at the connection and has the session on loan. A loan that is dropped in the middle of an exchange closes
//! the session, and the server is asked to cancel what it does.

mod arguments;
mod asking;
mod batch;
mod begin;
mod bind;
mod cancel;
mod commit;
mod connection;
mod copy_in;
mod copy_out;
mod copy_source;
mod copying;
mod decode;
mod describe;
mod described;
mod encode;
mod exchange;
mod expected;
mod held;
mod limit;
mod listener;
mod login;
mod message;
mod notify;
mod pool;
mod prepare;
mod query;
mod receive;
mod rollback;
mod rows;
mod secure;
mod server_error;
mod session;
mod shown;
mod sql;
mod transaction;
mod types;
mod url;

pub use batch::PostgresBatch;
pub use begin::PostgresBegin;
pub use commit::PostgresCommit;
pub use connection::PostgresConnection;
pub use copy_in::PostgresCopyIn;
pub use copy_out::PostgresCopyOut;
pub use describe::PostgresDescribe;
pub use listener::PostgresListener;
pub use notify::PostgresNotify;
pub use pool::PostgresPool;
pub use query::PostgresQuery;
pub use receive::PostgresReceive;
pub use rollback::PostgresRollback;

bggo_runtime::contract::module!("manifest.hcl");
