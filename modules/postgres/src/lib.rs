//! PostgreSQL: the asset `postgres_connection`, and the runners that query, batch, begin, commit and roll back.
//!
//! ```text
//! postgres_connection: arguments -Settings-> dial, TLS, login -> Session: a wire, prepared statements, the state of the transaction
//! postgres_query: sql -Statement-> parameters -Bind-> Session -exchange-> Rows: outputs
//! ```
//!
//! A step takes its turn at the connection and has the session on loan. A loan that is dropped in the middle of an exchange closes
//! the session, and the server is asked to cancel what it does.

mod arguments;
mod batch;
mod begin;
mod bind;
mod cancel;
mod commit;
mod connection;
mod decode;
mod described;
mod encode;
mod exchange;
mod limit;
mod login;
mod message;
mod prepare;
mod query;
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
pub use query::PostgresQuery;
pub use rollback::PostgresRollback;

bggo_runtime::contract::module!("manifest.hcl");
