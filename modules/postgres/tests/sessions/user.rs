//! A virtual user with a connection: each step gives its outputs or its fault.

use bggo_module_postgres::{
    postgres_batch, postgres_begin, postgres_commit, postgres_connection, postgres_copy_in,
    postgres_copy_out, postgres_describe, postgres_listener, postgres_notify, postgres_query,
    postgres_receive, postgres_rollback,
};
use bggo_runtime::contract::testing::Policy;
use bggo_runtime::contract::{
    Counter, Early, Fault, Info, ResourceInfo, Shape, Trend, Value, encode_json,
};
use bggo_test_user::TestUser;
pub use bggo_test_user::{kind, known, limit, run, some, told};
use std::ops::Deref;
use std::rc::Rc;

static STEP: Info = Info::new("postgres_query", "step", "test.hcl:1").slots(0..16);
static CONNECTION: ResourceInfo =
    ResourceInfo::new("postgres_connection", "db", "test.hcl:2").first_slot(32);

static LISTENER: ResourceInfo =
    ResourceInfo::new("postgres_listener", "events", "test.hcl:3").first_slot(48);

/// A user.
pub struct User {
    user: TestUser,
    connection: Rc<postgres_connection::Prepared>,
    connections: postgres_connection::Slot,
    listener: Rc<postgres_listener::Prepared>,
    listeners: postgres_listener::Slot,
}

impl Deref for User {
    type Target = TestUser;

    fn deref(&self) -> &TestUser {
        &self.user
    }
}

/// A step of a runner, prepared for each call.
macro_rules! step {
    ($name:ident, $runner:ident $(, $wraps:path)?) => {
        impl User {
            pub async fn $name(&self, inputs: Vec<$runner::In>) -> Result<$runner::Output, Fault> {
                let cx = self.prepare();
                let wanted = $runner::Wanted::ALL;
                let prepared = $runner::Prepared::new(&cx, Ok(inputs), wanted, Policy::new());
                self.runs((&STEP, prepared.policy()), async |it, step| {
                    let mut make = |cx| self.connection.create(cx, Ok(Vec::new()));
                    let connection = self.connections.get(it, &mut make);
                    $(let connection = $wraps(connection);)?
                    let needs = $runner::Needs::NONE.connection(connection);
                    prepared.run(step, needs, &[]).await
                })
                .await
            }
        }
    };
}

step!(
    query,
    postgres_query,
    postgres_query::ConnectionGet::PostgresConnection
);
step!(
    batch,
    postgres_batch,
    postgres_batch::ConnectionGet::PostgresConnection
);
step!(
    copy_in,
    postgres_copy_in,
    postgres_copy_in::ConnectionGet::PostgresConnection
);
step!(
    copy_out,
    postgres_copy_out,
    postgres_copy_out::ConnectionGet::PostgresConnection
);
step!(
    describe,
    postgres_describe,
    postgres_describe::ConnectionGet::PostgresConnection
);
step!(
    notify,
    postgres_notify,
    postgres_notify::ConnectionGet::PostgresConnection
);
step!(begin_with, postgres_begin);
step!(commit_with, postgres_commit);
step!(rollback_with, postgres_rollback);

impl User {
    /// With a connection of these arguments, which is made with its first step.
    pub fn with(connection: Vec<postgres_connection::In>) -> Self {
        Self::listening(connection, Vec::new())
    }

    /// With a listener as well, which listens from its first step on.
    pub fn listening(
        connection: Vec<postgres_connection::In>,
        listener: Vec<postgres_listener::In>,
    ) -> Self {
        let user = TestUser::default();
        let cx = user.prepare();
        let connection = postgres_connection::Prepared::new(&cx, Ok(connection));
        let connections = postgres_connection::Slot::new(&user.scope, &CONNECTION, 0, &[]);
        let listener = postgres_listener::Prepared::new(&cx, Ok(listener));
        let listeners = postgres_listener::Slot::new(&user.scope, &LISTENER, 0, &[&connections]);
        Self {
            user,
            connection,
            connections,
            listener,
            listeners,
        }
    }

    /// A step that waits for notifications.
    pub async fn receive(
        &self,
        inputs: Vec<postgres_receive::In>,
    ) -> Result<postgres_receive::Output, Fault> {
        let wanted = postgres_receive::Wanted::ALL;
        let prepared =
            postgres_receive::Prepared::new(&self.prepare(), Ok(inputs), wanted, Policy::new());
        self.runs((&STEP, prepared.policy()), async |it, step| {
            let mut make = |cx| self.connection.create(cx, Ok(Vec::new()));
            self.connections.get(it, &mut make).await?;
            let mut make = |cx| {
                let needs = postgres_listener::Needs::NONE.connection(Some(&self.connections));
                self.listener.create(cx, needs, Ok(Vec::new()))
            };
            let listener = self.listeners.get(it, &mut make);
            let needs = postgres_receive::Needs::NONE.listener(listener);
            prepared.run(step, needs, &[]).await
        })
        .await
    }

    /// What the listener has counted so far.
    pub fn counted_by_listener(&self, metric: Counter) -> u64 {
        self.worker.counted_by_asset(&LISTENER, metric)
    }

    /// With a connection to this url.
    pub fn new(url: &str) -> Self {
        Self::with(vec![postgres_connection::In::Url(some(url))])
    }

    /// A query through a prepared step, as often as a test likes.
    pub fn prepared(&self, inputs: Vec<postgres_query::In>) -> postgres_query::Prepared {
        let wanted = postgres_query::Wanted::ALL;
        postgres_query::Prepared::new(&self.prepare(), Ok(inputs), wanted, Policy::new())
    }

    /// Runs a prepared step with what comes late.
    pub async fn asks(
        &self,
        prepared: &postgres_query::Prepared,
        late: &[postgres_query::Late<'_>],
    ) -> Result<postgres_query::Output, Fault> {
        self.runs((&STEP, prepared.policy()), async |it, step| {
            let mut make = |cx| self.connection.create(cx, Ok(Vec::new()));
            let connection = self.connections.get(it, &mut make);
            let connection = postgres_query::ConnectionGet::PostgresConnection(connection);
            let needs = postgres_query::Needs::NONE.connection(connection);
            prepared.run(step, needs, late).await
        })
        .await
    }

    /// The rows of a statement without parameters, as JSON.
    pub async fn rows(&self, sql: &str) -> Result<String, Fault> {
        let output = self.query(vec![text(sql)]).await?;
        Ok(encode_json(&output.rows))
    }

    /// The kind and the text of the failure of a statement.
    pub async fn fails(&self, sql: &str) -> (String, String) {
        told(self.rows(sql).await)
    }

    pub async fn begin(&self) -> Result<(), Fault> {
        self.begin_with(vec![]).await.map(drop)
    }

    pub async fn commit(&self) -> Result<(), Fault> {
        self.commit_with(vec![]).await.map(drop)
    }

    /// Whether there was a transaction.
    pub async fn roll_back(&self) -> Result<bool, Fault> {
        let output = self.rollback_with(vec![]).await?;
        Ok(output.rolled_back.is_true())
    }

    /// What the connection has counted so far.
    pub fn counted(&self, metric: Counter) -> u64 {
        self.worker.counted_by_asset(&CONNECTION, metric)
    }

    /// How many values it has recorded.
    pub fn recorded(&self, metric: Trend) -> u64 {
        self.worker.recorded_by_asset(&CONNECTION, metric)
    }

    /// What the steps have counted so far.
    pub fn counted_by_step(&self, metric: Counter) -> u64 {
        self.worker.counted_by(&STEP, metric)
    }

    /// How many values the steps have recorded.
    pub fn recorded_by_step(&self, metric: Trend) -> u64 {
        self.worker.recorded_by(&STEP, metric)
    }

    pub async fn leave(self) {
        self.user.scope.destroy().await;
    }
}

/// The text of a statement.
pub fn text(sql: &str) -> postgres_query::In {
    postgres_query::In::Sql(known(sql.to_owned()))
}

/// Its parameters.
pub fn params(values: Vec<Value>) -> postgres_query::In {
    postgres_query::In::Params(Early::Known(Some(Shape::Known(values.into()))))
}

/// The same of which some come late.
pub fn parts(items: Vec<Shape>) -> postgres_query::In {
    postgres_query::In::Params(Early::Known(Some(items.into())))
}

/// A number.
pub fn number(whole: i64) -> Value {
    Value::number(whole)
}
