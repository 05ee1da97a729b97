//! Sessions with a real PostgreSQL, which counts as well.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

mod batches;
mod connecting;
mod faults;
mod queries;
mod transactions;
mod user;

use bggo_tests::server::Postgres;
use std::sync::OnceLock;

/// One server for all tests that do not break it.
fn server() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(Postgres::start)
}

/// A user of that server.
fn user() -> user::User {
    user::User::new(&server().url("postgres"))
}
