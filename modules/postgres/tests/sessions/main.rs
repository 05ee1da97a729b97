//! Sessions with a real PostgreSQL, which counts as well.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

mod batches;
mod bouncer;
mod connecting;
mod copies;
mod describing;
mod faults;
mod notifications;
mod pools;
mod queries;
mod splits;
mod transactions;
mod user;

use bggo_tests::server::Postgres;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// One server for all tests that do not break it, as long as one of them runs: it ends with the last one that holds it.
fn server() -> Arc<Postgres> {
    static SERVER: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
    let mut kept = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = kept.upgrade() {
        return server;
    }
    let server = Arc::new(Postgres::start());
    *kept = Arc::downgrade(&server);
    server
}

/// A user of that server.
fn user() -> user::User {
    user::User::new(&server().url("postgres"))
}
