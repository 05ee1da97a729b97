//! A virtual user with a connection: each step gives its outputs or its fault.

use bggo_module_mongo::{
    mongo_aggregate, mongo_command, mongo_connection, mongo_delete, mongo_find, mongo_insert,
    mongo_update,
};
use bggo_runtime::contract::testing::Policy;
use bggo_runtime::contract::{
    Counter, Early, Fault, Info, ResourceInfo, Shape, Text, Trend, Value, decode_json, encode_json,
};
use bggo_test_user::TestUser;
pub use bggo_test_user::{known, limit, run, some, told};
use std::ops::Deref;
use std::rc::Rc;

pub static FIND: Info = Info::new("mongo_find", "step", "test.hcl:1").slots(0..8);
pub static AGGREGATE: Info = Info::new("mongo_aggregate", "step", "test.hcl:1").slots(8..16);
pub static INSERT: Info = Info::new("mongo_insert", "step", "test.hcl:1").slots(16..24);
pub static UPDATE: Info = Info::new("mongo_update", "step", "test.hcl:1").slots(24..32);
pub static DELETE: Info = Info::new("mongo_delete", "step", "test.hcl:1").slots(32..40);
pub static COMMAND: Info = Info::new("mongo_command", "step", "test.hcl:1").slots(40..48);
static CONNECTION: ResourceInfo =
    ResourceInfo::new("mongo_connection", "connection", "test.hcl:2").first_slot(48);

/// A user.
pub struct User {
    user: TestUser,
    connection: Rc<mongo_connection::Prepared>,
    connections: mongo_connection::Slot,
}

impl Deref for User {
    type Target = TestUser;

    fn deref(&self) -> &TestUser {
        &self.user
    }
}

macro_rules! step {
    ($name:ident, $runner:ident, $info:ident) => {
        /// A step with what is known early, and what comes with its run.
        pub async fn $name(
            &self,
            inputs: Vec<$runner::In>,
            late: &[$runner::Late<'_>],
        ) -> Result<$runner::Output, Fault> {
            let prepared = $runner::Prepared::new(
                &self.prepare(),
                Ok(inputs),
                $runner::Wanted::ALL,
                Policy::new(),
            );
            self.runs((&$info, prepared.policy()), async |it, step| {
                let mut make = |cx| self.connection.create(cx, Ok(Vec::new()));
                let connection = self.connections.get(it, &mut make);
                let needs = $runner::Needs::NONE.connection(connection);
                prepared.run(step, needs, late).await
            })
            .await
        }
    };
}

impl User {
    /// With a connection to this url, which is opened by its first step.
    pub fn new(url: &str) -> Self {
        Self::with(url, Vec::new())
    }

    pub fn with(url: &str, mut inputs: Vec<mongo_connection::In>) -> Self {
        let user = TestUser::default();
        inputs.push(mongo_connection::In::Url(known(url.to_owned())));
        let connection = mongo_connection::Prepared::new(&user.prepare(), Ok(inputs));
        let connections = mongo_connection::Slot::new(&user.scope, &CONNECTION, 0, &[]);
        Self {
            user,
            connection,
            connections,
        }
    }

    step!(find, mongo_find, FIND);
    step!(aggregate, mongo_aggregate, AGGREGATE);
    step!(insert, mongo_insert, INSERT);
    step!(update, mongo_update, UPDATE);
    step!(delete, mongo_delete, DELETE);
    step!(command, mongo_command, COMMAND);

    /// Inserts documents, JSON, into `things`.
    pub async fn inserts(&self, documents: &str) -> Result<mongo_insert::Output, Fault> {
        let inputs = vec![
            mongo_insert::In::Collection(things()),
            mongo_insert::In::Documents(shape(documents)),
        ];
        self.insert(inputs, &[]).await
    }

    /// Documents of `things` that fit, as JSON.
    pub async fn finds(&self, filter: &str) -> Result<String, Fault> {
        let inputs = vec![
            mongo_find::In::Collection(things()),
            mongo_find::In::Filter(some_shape(filter)),
        ];
        let found = self.find(inputs, &[]).await?;
        Ok(encode_json(&found.documents))
    }

    /// The answer to a command, as JSON.
    pub async fn asks(&self, command: &str) -> Result<Value, Fault> {
        let inputs = vec![mongo_command::In::Command(shape(command))];
        self.command(inputs, &[]).await.map(|output| output.reply)
    }

    /// What the connection has counted so far.
    pub fn counted(&self, metric: Counter) -> u64 {
        self.worker.counted_by_asset(&CONNECTION, metric)
    }

    /// What the steps of a runner have counted so far.
    pub fn counted_by(&self, runner: &'static Info, metric: Counter) -> u64 {
        self.worker.counted_by(runner, metric)
    }

    /// How many values the connection has recorded of a trend so far.
    pub fn recorded(&self, metric: Trend) -> u64 {
        self.worker.recorded_by_asset(&CONNECTION, metric)
    }

    pub async fn leave(self) {
        self.user.scope.destroy().await;
    }
}

/// The collection that most tests use.
pub fn things() -> Early<Text> {
    known("things".to_owned())
}

/// JSON as a value.
pub fn json(text: &str) -> Value {
    decode_json(text).unwrap()
}

/// JSON as an argument that is known.
pub fn shape(text: &str) -> Early<Shape> {
    Early::Known(Shape::Known(json(text)))
}

/// The same of one that may be absent.
pub fn some_shape(text: &str) -> Early<Option<Shape>> {
    Early::Known(Some(Shape::Known(json(text))))
}
