//! A virtual user with a connection: each step gives its outputs or its fault.

use bggo_module_redis::{redis_command, redis_connection, redis_pipeline, redis_script};
use bggo_runtime::contract::testing::Policy;
use bggo_runtime::contract::{
    Counter, Early, Fault, Info, ResourceInfo, Shape, Trend, Value, encode_json,
};
use bggo_test_user::TestUser;
pub use bggo_test_user::{known, run, some, told};
use std::ops::Deref;
use std::rc::Rc;

static STEP: Info = Info::new("redis_command", "step", "test.hcl:1").slots(0..16);
static CONNECTION: ResourceInfo =
    ResourceInfo::new("redis_connection", "connection", "test.hcl:2").first_slot(16);

/// A user.
pub struct User {
    user: TestUser,
    connection: Rc<redis_connection::Prepared>,
    connections: redis_connection::Slot,
}

impl Deref for User {
    type Target = TestUser;

    fn deref(&self) -> &TestUser {
        &self.user
    }
}

macro_rules! step {
    ($name:ident, $runner:ident) => {
        /// A step whose inputs are all known early.
        pub async fn $name(&self, inputs: Vec<$runner::In>) -> Result<$runner::Output, Fault> {
            let prepared = $runner::Prepared::new(
                &self.prepare(),
                Ok(inputs),
                $runner::Wanted::ALL,
                Policy::new(),
            );
            self.runs((&STEP, prepared.policy()), async |it, step| {
                let mut make = |cx| self.connection.create(cx, Ok(Vec::new()));
                let connection = self.connections.get(it, &mut make);
                let needs = $runner::Needs::NONE.connection(connection);
                prepared.run(step, needs, &[]).await
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

    pub fn with(url: &str, mut inputs: Vec<redis_connection::In>) -> Self {
        let user = TestUser::default();
        let cx = user.prepare();
        inputs.push(redis_connection::In::Url(known(url.to_owned())));
        let connection = redis_connection::Prepared::new(&cx, Ok(inputs));
        let connections = redis_connection::Slot::new(&user.scope, &CONNECTION, 0, &[]);
        Self {
            user,
            connection,
            connections,
        }
    }

    step!(command, redis_command);
    step!(pipeline, redis_pipeline);
    step!(script, redis_script);

    /// A command of words: its value as JSON.
    pub async fn asks(&self, words: &[&str]) -> Result<String, Fault> {
        let output = self.command(vec![command(words)]).await?;
        Ok(encode_json(&output.value))
    }

    /// What the connection has counted so far.
    pub fn counted(&self, metric: Counter) -> u64 {
        self.worker.counted_by_asset(&CONNECTION, metric)
    }

    /// What the steps have counted so far.
    pub fn counted_by_step(&self, metric: Counter) -> u64 {
        self.worker.counted_by(&STEP, metric)
    }

    /// How many values the connection has recorded of a trend so far.
    pub fn recorded(&self, metric: Trend) -> u64 {
        self.worker.recorded_by_asset(&CONNECTION, metric)
    }

    pub async fn leave(self) {
        self.user.scope.destroy().await;
    }
}

/// A command of words that is known early.
pub fn command(words: &[&str]) -> redis_command::In {
    redis_command::In::Command(Early::Known(Shape::from(list(words))))
}

/// Words as a list.
pub fn list(words: &[&str]) -> Value {
    Value::from(
        words
            .iter()
            .map(|word| Value::from((*word).to_owned()))
            .collect::<Vec<_>>(),
    )
}
