//! What a step uses: a connection of its user, or one that a pool lends it.

use crate::connection::PostgresConnection;
use crate::pool::{Borrowed, PostgresPool};
use crate::{
    postgres_batch, postgres_copy_in, postgres_copy_out, postgres_describe, postgres_notify,
    postgres_query,
};
use bggo_runtime::contract::{Fault, Moment, Step};
use std::ops::Deref;

/// Where a step has its connection from.
#[derive(Clone, Copy)]
pub(crate) enum Lender<'a> {
    Connection(&'a PostgresConnection),
    Pool(&'a PostgresPool),
}

/// The connection of a step.
pub(crate) enum Held<'a> {
    Own(&'a PostgresConnection),
    Borrowed(Borrowed<'a>),
}

impl<'a> Lender<'a> {
    /// The connection. A step waits for one of a pool until a moment at most.
    ///
    /// # Errors
    /// The pool lends none.
    pub(crate) async fn hold(self, step: &Step<'_>, until: Moment) -> Result<Held<'a>, Fault> {
        match self {
            Self::Connection(connection) => Ok(Held::Own(connection)),
            // Steps with a connection of their own hold no place for this.
            Self::Pool(pool) => {
                let borrowed = Box::pin(pool.borrow(step, until)).await;
                borrowed.map(Held::Borrowed)
            }
        }
    }
}

impl Deref for Held<'_> {
    type Target = PostgresConnection;

    fn deref(&self) -> &PostgresConnection {
        match self {
            Self::Own(connection) => connection,
            Self::Borrowed(borrowed) => borrowed,
        }
    }
}

/// Each runner has a type of its own for what it uses.
macro_rules! sources {
    ($($runner:ident),*) => {
        $(impl<'a> From<$runner::ConnectionAsset<'a>> for Lender<'a> {
            fn from(used: $runner::ConnectionAsset<'a>) -> Self {
                match used {
                    $runner::ConnectionAsset::PostgresConnection(connection) => Self::Connection(connection),
                    $runner::ConnectionAsset::PostgresPool(pool) => Self::Pool(pool),
                }
            }
        })*
    };
}

sources!(
    postgres_batch,
    postgres_copy_in,
    postgres_copy_out,
    postgres_describe,
    postgres_notify,
    postgres_query
);
